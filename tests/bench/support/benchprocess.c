/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "benchprocess.h"

#include <string.h>

guint64
bench_memory (void)
{
  g_autofree gchar *text = NULL;
  const gchar *found;

  if (!g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL))
    return 0;
  found = strstr (text, "\nAnonymous:");
  return found ? g_ascii_strtoull (found + strlen ("\nAnonymous:"), NULL, 10) * 1024 : 0;
}

/* (transfer full) (nullable): NULL for a thread that has ended meanwhile. */
static gchar *
thread_name (const gchar *thread)
{
  g_autofree gchar *path = g_build_filename ("/proc/self/task", thread, "comm", NULL);
  gchar *name = NULL;
  gchar *c, *to;

  if (!g_file_get_contents (path, &name, NULL, NULL))
    return NULL;
  /* Runs of digits become one '#'; what JSON would have to escape does not occur. */
  for (c = to = g_strstrip (name); *c; c++) {
    if (!g_ascii_isdigit (*c))
      *to++ = g_ascii_isprint (*c) && *c != '"' && *c != '\\' ? *c : '?';
    else if (to == name || to[-1] != '#')
      *to++ = '#';
  }
  *to = '\0';
  return name;
}

static GHashTable *
count_names (void)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *thread;

  while (dir && (thread = g_dir_read_name (dir))) {
    gchar *name = thread_name (thread);

    if (name) {
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, name));

      g_hash_table_insert (counts, name, GUINT_TO_POINTER (n + 1));
    }
  }
  return counts;
}

gchar *
bench_threads (void)
{
  g_autoptr (GHashTable) counts = count_names ();
  GString *json = g_string_new ("{");
  GHashTableIter iter;
  gpointer name, count;

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &name, &count))
    g_string_append_printf (json, "%s\"%s\": %u", json->len > 1 ? ", " : "", (gchar *) name,
        GPOINTER_TO_UINT (count));
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}
