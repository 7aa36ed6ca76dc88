/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ELEMENT_TEST_H
#define ELEMENT_TEST_H

#include <gst/gst.h>
#include <string.h>

/* What the programs that test elements share: the beginning and end of each program, and what a
 * bus says. Only a failing test waits as long as this. */
#define ELEMENT_TEST_PATIENCE (60 * GST_SECOND)

/* -- The plugin -- */

/* Ends the program unless the element is ours: where our plugin cannot be loaded, GStreamer
 * silently takes the element of the same name out of gst-plugins-bad. */
static inline void
element_test_assert_ours (const gchar *name)
{
  const gchar *wanted = g_getenv ("RTMP2_PLUGIN_DIR");
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (name);
  g_autoptr (GstPluginFeature) feature = NULL;
  g_autoptr (GstPlugin) plugin = NULL;
  g_autofree gchar *dir = NULL;

  g_assert_nonnull (wanted);
  g_assert_nonnull (factory);
  feature = gst_plugin_feature_load (GST_PLUGIN_FEATURE (factory));
  g_assert_nonnull (feature);
  plugin = gst_plugin_feature_get_plugin (feature);
  dir = g_path_get_dirname (gst_plugin_get_filename (plugin));
  g_assert_cmpstr (dir, ==, wanted);
}

static inline void
element_test_init (int *argc, char ***argv)
{
  g_test_init (argc, argv, NULL);
  gst_init (NULL, NULL);
  element_test_assert_ours ("rtmp2sink");
  element_test_assert_ours ("rtmp2src");
}

/* In place of g_test_run(): what GStreamer keeps to its end is no leak of ours. */
static inline int
element_test_run (void)
{
  int status = g_test_run ();

  gst_deinit ();
  return status;
}

/* -- Messages -- */

/* (transfer full): the next message of one of @types; fails where none comes. */
static inline GstMessage *
element_test_wait_message (GstBus *bus, GstMessageType types)
{
  GstMessage *message = gst_bus_timed_pop_filtered (bus, ELEMENT_TEST_PATIENCE, types);

  g_assert_nonnull (message);
  return message;
}

/* Until the pipeline is at its end; fails with the text of an error. */
static inline void
element_test_wait_eos (GstBus *bus)
{
  g_autoptr (GstMessage) message = element_test_wait_message (bus,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  g_assert_no_error (error);
}

/* How many messages of @types are there now; takes them away. */
static inline guint
element_test_count_messages (GstBus *bus, GstMessageType types)
{
  GstMessage *message;
  guint n = 0;

  for (; (message = gst_bus_pop_filtered (bus, types)); n++)
    gst_message_unref (message);
  return n;
}

/* Fails where one of @texts stands anywhere in an error message: in its texts or its details. */
static inline void
element_test_assert_hides (GstMessage *message, const gchar *const *texts)
{
  const GstStructure *structure = gst_message_get_structure (message);
  g_autofree gchar *all = gst_structure_to_string (structure);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  guint i;

  gst_message_parse_error (message, &error, &debug);
  for (i = 0; texts[i]; i++) {
    g_assert_null (strstr (all, texts[i]));
    g_assert_null (strstr (error->message, texts[i]));
    g_assert_null (strstr (debug ? debug : "", texts[i]));
  }
}

/* (transfer full): the next ERROR message, which must be of @domain and @code. */
static inline GstMessage *
element_test_wait_error (GstBus *bus, GQuark domain, gint code)
{
  GstMessage *message = element_test_wait_message (bus, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  g_test_message ("error: %s", error->message);
  g_assert_error (error, domain, code);
  return message;
}

/* (transfer full) (nullable): a field of the message's details structure. */
static inline gchar *
element_test_get_detail (GstMessage *message, const gchar *name)
{
  const GstStructure *details = NULL;

  gst_message_parse_error_details (message, &details);
  return details ? g_strdup (gst_structure_get_string (details, name)) : NULL;
}

#endif
