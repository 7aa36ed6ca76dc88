/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a fuzz target without an engine.
 * usage: TARGET [FILE | FOLDER]...: each file once; without arguments standard input. AFL++ gives
 * inputs either way. A folder without files is an error.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static guint runs;

static void
run (const guint8 *data, gsize size)
{
  /* Of exactly that size, so that a read past the end meets the sanitizer. */
  g_autofree guint8 *copy = g_memdup2 (data, size);

  LLVMFuzzerTestOneInput (copy ? copy : (const guint8 *) "", size);
  runs++;
}

static void
run_file (const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *data = NULL;
  gsize size;

  if (!g_file_get_contents (path, &data, &size, &error)) {
    fprintf (stderr, "%s\n", error->message);
    exit (2);
  }
  /* Said before, for it may be the last that is said. */
  printf ("%s: %" G_GSIZE_FORMAT " bytes\n", path, size);
  (void) fflush (stdout);
  run ((const guint8 *) data, size);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(gchar *const *) a, *(gchar *const *) b);
}

static void
run_folder (const gchar *path)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GDir *dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint i;

  while (dir && (name = g_dir_read_name (dir)))
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_clear_pointer (&dir, g_dir_close);
  if (names->len == 0) {
    fprintf (stderr, "%s: no inputs\n", path);
    exit (2);
  }
  g_ptr_array_sort (names, compare_names);
  for (i = 0; i < names->len; i++)
    run_file (names->pdata[i]);
}

static void
run_standard_input (void)
{
  g_autoptr (GByteArray) input = g_byte_array_new ();
  guint8 buffer[4096];
  gsize size;

  while ((size = fread (buffer, 1, sizeof (buffer), stdin)) > 0)
    g_byte_array_append (input, buffer, (guint) size);
  run (input->data, input->len);
}

int
main (int argc, char **argv)
{
  int i;

  LLVMFuzzerInitialize (&argc, &argv);
  for (i = 1; i < argc; i++) {
    if (g_file_test (argv[i], G_FILE_TEST_IS_DIR))
      run_folder (argv[i]);
    else
      run_file (argv[i]);
  }
  if (argc == 1)
    run_standard_input ();
  printf ("%u inputs\n", runs);
  return 0;
}
