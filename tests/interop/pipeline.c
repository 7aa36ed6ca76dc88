/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* pipeline: runs a pipeline description to its end, as gst-launch-1.0 does, with what that cannot
 * do: trust a certificate authority of one's own, answer accept-certificate, prove which plugin
 * file the elements come from, and print an error so that a program can read it.
 *
 *   pipeline [--ca FILE] [--accept-certificate] [--plugin-dir DIR] DESCRIPTION
 *
 * Prints one line for what ended the pipeline:
 *   eos
 *   error CODE TEXT            CODE is the nick in GstResourceError, or domain:number
 * and after an error one line "details STRUCTURE" if the message carries them.
 * Exit status: 0 after EOS, 1 after an error, 2 for a fault of the call. */

#include <gst/gst.h>
#include <gio/gio.h>

typedef struct {
  gchar *ca_file;
  gchar *plugin_dir;
  gboolean accept_certificate;
  gchar **description;
} Options;

static gboolean
accept_certificate_cb (GstElement *element, GTlsConnection *connection,
    GTlsCertificate *certificate, GTlsCertificateFlags errors, gpointer user_data)
{
  return TRUE;
}

/* The whole process trusts the database, so that elements without a property for it do as well. */
static GTlsDatabase *
load_trust (const gchar *ca_file, GError **error)
{
  GTlsDatabase *database = g_tls_file_database_new (ca_file, error);

  if (database)
    g_tls_backend_set_default_database (g_tls_backend_get_default (), database);
  return database;
}

static gboolean
is_rtmp2 (GstElement *element)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  return factory && g_str_has_prefix (GST_OBJECT_NAME (factory), "rtmp2");
}

static gboolean
check_origin (GstElement *element, const gchar *plugin_dir)
{
  g_autoptr (GstPlugin) plugin =
      gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (gst_element_get_factory (element)));
  g_autofree gchar *directory = g_path_get_dirname (gst_plugin_get_filename (plugin));
  g_autofree gchar *found = g_canonicalize_filename (directory, NULL);
  g_autofree gchar *expected = g_canonicalize_filename (plugin_dir, NULL);

  if (g_str_equal (found, expected))
    return TRUE;
  g_printerr ("%s comes from %s\n", GST_OBJECT_NAME (element), found);
  return FALSE;
}

static gboolean
prepare_element (GstElement *element, const Options *options, GTlsDatabase *database)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (element);

  if (options->plugin_dir && !check_origin (element, options->plugin_dir))
    return FALSE;
  if (database && g_object_class_find_property (klass, "tls-database"))
    g_object_set (element, "tls-database", database, NULL);
  if (!options->accept_certificate)
    return TRUE;
  if (!g_signal_lookup ("accept-certificate", G_OBJECT_TYPE (element))) {
    g_printerr ("%s has no signal accept-certificate\n", GST_OBJECT_NAME (element));
    return FALSE;
  }
  g_signal_connect (element, "accept-certificate", G_CALLBACK (accept_certificate_cb), NULL);
  return TRUE;
}

static gboolean
prepare (GstElement *pipeline, const Options *options, GTlsDatabase *database)
{
  g_autoptr (GstIterator) elements = gst_bin_iterate_recurse (GST_BIN (pipeline));
  g_auto (GValue) item = G_VALUE_INIT;
  gboolean ok = TRUE;

  while (gst_iterator_next (elements, &item) == GST_ITERATOR_OK) {
    GstElement *element = g_value_get_object (&item);

    if (is_rtmp2 (element))
      ok = prepare_element (element, options, database) && ok;
    g_value_reset (&item);
  }
  return ok;
}

static void
print_error (GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  const GstStructure *details = NULL;
  g_autofree gchar *text = NULL;

  gst_message_parse_error (message, &error, NULL);
  gst_message_parse_error_details (message, &details);
  g_strdelimit (error->message, "\r\n", ' ');
  if (error->domain == GST_RESOURCE_ERROR) {
    g_autoptr (GEnumClass) codes = g_type_class_ref (GST_TYPE_RESOURCE_ERROR);
    GEnumValue *code = g_enum_get_value (codes, error->code);

    g_print ("error %s %s\n", code ? code->value_nick : "unknown", error->message);
  } else {
    g_print ("error %s:%d %s\n", g_quark_to_string (error->domain), error->code, error->message);
  }
  if (details) {
    text = gst_structure_to_string (details);
    g_print ("details %s\n", text);
  }
}

static gint
run (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  gint status = 0;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    print_error (message);
    status = 1;
  } else {
    g_print ("eos\n");
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return status;
}

static gint
start (const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsDatabase) database = NULL;
  g_autoptr (GstElement) pipeline = NULL;

  if (options->ca_file)
    database = load_trust (options->ca_file, &error);
  if (!error)
    pipeline = gst_parse_launch (options->description[0], &error);
  if (error) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  gst_object_ref_sink (pipeline);
  return prepare (pipeline, options, database) ? run (pipeline) : 2;
}

int
main (int argc, char **argv)
{
  Options options = { 0 };
  const GOptionEntry entries[] = { { "ca", 0, 0, G_OPTION_ARG_FILENAME, &options.ca_file,
                                       "certificates to trust", "FILE" },
    { "accept-certificate", 0, 0, G_OPTION_ARG_NONE, &options.accept_certificate,
        "accept any certificate through the signal", NULL },
    { "plugin-dir", 0, 0, G_OPTION_ARG_FILENAME, &options.plugin_dir,
        "where rtmp2src and rtmp2sink must come from", "DIR" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.description, NULL,
        "DESCRIPTION" },
    { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  gint status;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error) || !options.description) {
    g_printerr ("%s\n", error ? error->message : "no pipeline description");
    return 2;
  }
  status = start (&options);
  g_strfreev (options.description);
  g_free (options.ca_file);
  g_free (options.plugin_dir);
  return status;
}
