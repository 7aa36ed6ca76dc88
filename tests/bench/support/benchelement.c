/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "benchelement.h"

#include <gio/gio.h>

static gboolean
trust (const gchar *ca, GError **error)
{
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (ca, error);

  if (!database)
    return FALSE;
  g_tls_backend_set_default_database (g_tls_backend_get_default (), database);
  return TRUE;
}

gboolean
bench_options_parse (BenchOptions *options, const GOptionEntry *entries, int *argc, char ***argv)
{
  const GOptionEntry common[] = { { "location", 0, 0, G_OPTION_ARG_STRING, &options->location,
                                      "address of the stream", "URI" },
    { "ca", 0, 0, G_OPTION_ARG_FILENAME, &options->ca, "authority to trust", "FILE" },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->settings, "property of the element",
        "NAME=VALUE" },
    { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, common, NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (g_option_context_parse (context, argc, argv, &error)
      && (!options->ca || trust (options->ca, &error)))
    return TRUE;
  g_printerr ("%s\n", error->message);
  return FALSE;
}

void
bench_options_clear (BenchOptions *options)
{
  g_clear_pointer (&options->location, g_free);
  g_clear_pointer (&options->ca, g_free);
  g_clear_pointer (&options->settings, g_strfreev);
}

GstElement *
bench_element_new (const BenchOptions *options, const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);
  gchar **setting;

  if (!element)
    g_error ("there is no element %s", factory);
  g_object_set (element, "location", options->location, NULL);
  for (setting = options->settings; setting && *setting; setting++) {
    g_auto (GStrv) words = g_strsplit (*setting, "=", 2);

    gst_util_set_object_arg (G_OBJECT (element), words[0], words[1]);
  }
  return element;
}

gchar *
bench_plugin_file (const gchar *factory)
{
  g_autoptr (GstElementFactory) found = gst_element_factory_find (factory);
  g_autoptr (GstPlugin) plugin = found ? gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (found))
                                       : NULL;

  return g_strdup (plugin ? gst_plugin_get_filename (plugin) : "");
}

gboolean
bench_wait_eos (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    return TRUE;
  gst_message_parse_error (message, &error, NULL);
  g_printerr ("%s\n", error->message);
  return FALSE;
}
