/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* scan: lets GStreamer look at every plugin on its paths and writes the registry of what it found
 * to each FILE, so that each element test begins with one of its own.
 *
 *   scan FILE...
 */

#include <gst/gst.h>

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *data = NULL;
  gsize size;
  int i;

  if (argc < 2) {
    g_printerr ("usage: scan FILE...\n");
    return 2;
  }
  g_setenv ("GST_REGISTRY_1_0", argv[1], TRUE);
  gst_init (NULL, NULL);

  if (!g_file_get_contents (argv[1], &data, &size, &error)) {
    g_printerr ("scan: no registry was written: %s\n", error->message);
    return 1;
  }
  for (i = 2; i < argc; i++) {
    if (!g_file_set_contents (argv[i], data, (gssize) size, &error)) {
      g_printerr ("scan: %s\n", error->message);
      return 1;
    }
  }
  return 0;
}
