/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>

#include "support/absenttest.h"
#include "support/elementtest.h"

/* Properties that both elements have: what is set is read back, in whatever order it was set, and
 * what cannot be used is an error when the element starts. */

#define SECRET "sEcretKey"

static const gchar *const elements[] = { "rtmp2sink", "rtmp2src" };

static GstElement *
make (const gchar *name)
{
  GstElement *element = gst_element_factory_make (name, NULL);

  g_assert_nonnull (element);
  return gst_object_ref_sink (element);
}

/* From text, whatever the property's type is. */
static void
set (GstElement *element, const gchar *name, const gchar *text)
{
  gst_util_set_object_arg (G_OBJECT (element), name, text);
}

static void
assert_is (GstElement *element, const gchar *name, const gchar *expected)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), name);
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree gchar *text = NULL;

  g_value_init (&value, G_PARAM_SPEC_VALUE_TYPE (pspec));
  g_object_get_property (G_OBJECT (element), name, &value);
  text = G_VALUE_HOLDS_STRING (&value) ? g_value_dup_string (&value) : gst_value_serialize (&value);
  if (g_strcmp0 (text, expected) != 0)
    g_error ("%s is %s, expected %s", name, text, expected);
}

/* -- Reading back -- */

static const struct {
  const gchar *element; /* NULL: both */
  const gchar *name;
  const gchar *values[3];
} rows[] = {
  { NULL, "scheme", { "rtmps", "rtmp", "rtmps" } },
  { NULL, "host", { "example.org", "192.0.2.1", "2001:db8::1" } },
  { NULL, "port", { "1", "1936", "65535" } },
  { NULL, "application", { "app/inst", "live2?backup=1", "" } },
  { NULL, "stream", { "key?token=a/b", "mp4:dir/file", "" } },
  { NULL, "username", { "user", "us:er", "" } },
  { NULL, "password", { "pass", "p@ss/word", "" } },
  { NULL, "secure-token", { "abcdefghijklmnop", "x", "" } },
  { NULL, "authmod", { "none", "adobe", "llnw" } },
  { NULL, "timeout", { "0", "1", "4294967295" } },
  { NULL, "tls-validation-flags", { "expired", "no-flags", "validate-all" } },
  { NULL, "flash-version", { "LNX 9,0,124,2", "x", "" } },
  { NULL, "async-connect", { "false", "true", "false" } },
  { NULL, "fast-start", { "pipelined", "immediate", "none" } },
  { NULL, "extra-connect-args", { "conn=S:a conn=B:1", "Z:", "" } },
  { "rtmp2sink", "chunk-size", { "1", "4096", "2147483647" } },
  { "rtmp2sink", "peak-kbps", { "0", "8000", "17179869" } },
  { "rtmp2sink", "stop-commands", { "none", "closestream", "fcunpublish+deletestream" } },
  { "rtmp2src", "idle-timeout", { "0", "10", "4294967295" } },
  { "rtmp2src", "no-eof-is-error", { "false", "true", "false" } },
};

/* The number that text stands for, in the property's type, as text again. */
static gchar *
normalize (GstElement *element, const gchar *name, const gchar *text)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), name);
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_PARAM_SPEC_VALUE_TYPE (pspec));
  if (G_VALUE_HOLDS_STRING (&value))
    return g_strdup (text);
  g_assert_true (gst_value_deserialize (&value, text));
  return gst_value_serialize (&value);
}

static void
test_read_back (void)
{
  guint i, k, n;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) element = make (elements[i]);

    for (k = 0; k < 3 * G_N_ELEMENTS (rows); k++) {
      const gchar *name = rows[k / 3].name;
      g_autofree gchar *expected = NULL;

      if (rows[k / 3].element && strcmp (rows[k / 3].element, elements[i]) != 0)
        continue;
      set (element, name, rows[k / 3].values[k % 3]);
      expected = normalize (element, name, rows[k / 3].values[k % 3]);
      assert_is (element, name, expected);
    }
    /* The later ones left the earlier ones alone. */
    for (n = 0; n < G_N_ELEMENTS (rows); n++) {
      g_autofree gchar *expected = NULL;

      if (rows[n].element && strcmp (rows[n].element, elements[i]) != 0)
        continue;
      expected = normalize (element, rows[n].name, rows[n].values[2]);
      assert_is (element, rows[n].name, expected);
    }
  }
}

/* NULL is what there was in the beginning. */
static void
test_null (void)
{
  static const struct {
    const gchar *name;
    const gchar *value;
  } strings[] = {
    { "location", "rtmp://localhost/live/myStream" },
    { "username", NULL },
    { "password", NULL },
    { "secure-token", NULL },
    { "extra-connect-args", NULL },
    { "host", "localhost" },
  };
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) element = make (elements[i]);
    g_autofree gchar *flash_version = NULL;

    g_object_get (element, "flash-version", &flash_version, NULL);
    set (element, "location", "rtmp://u:p@example.org/a/b");
    set (element, "flash-version", "x");
    for (k = 0; k < G_N_ELEMENTS (strings); k++) {
      g_object_set (element, strings[k].name, NULL, NULL);
      assert_is (element, strings[k].name, strings[k].value);
    }
    g_object_set (element, "flash-version", NULL, NULL);
    assert_is (element, "flash-version", flash_version);
  }
}

/* Objects are referenced as long as they are set. */
static void
test_objects (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    GstElement *element = make (elements[i]);
    GTlsInteraction *interaction = g_object_new (G_TYPE_TLS_INTERACTION, NULL);
    GTlsDatabase *database = g_tls_backend_get_default_database (g_tls_backend_get_default ());
    gpointer set_interaction = NULL, set_database = NULL;

    g_object_set (element, "tls-interaction", interaction, "tls-database", database, NULL);
    g_object_get (element, "tls-interaction", &set_interaction, "tls-database", &set_database,
        NULL);
    g_assert_true (set_interaction == interaction);
    g_assert_true (set_database == database);
    g_object_unref (set_interaction);
    g_clear_object (&set_database);
    g_clear_object (&database);
    g_object_add_weak_pointer (G_OBJECT (interaction), (gpointer *) &interaction);
    g_object_unref (interaction);
    g_assert_nonnull (interaction);
    gst_object_unref (element);
    g_assert_null (interaction);
  }
}

/* -- Addresses -- */

static const struct {
  const gchar *location;
  const gchar *scheme;
  const gchar *host;
  const gchar *port;
  const gchar *application;
  const gchar *stream;
} locations[] = {
  { "rtmp://example.org/live/key", "rtmp", "example.org", "1935", "live", "key" },
  { "rtmps://example.org/live/key", "rtmps", "example.org", "443", "live", "key" },
  { "rtmps://example.org:1935/live/key", "rtmps", "example.org", "1935", "live", "key" },
  { "rtmp://[2001:db8::1]:1936/a/b", "rtmp", "2001:db8::1", "1936", "a", "b" },
  { "rtmp://h/app/key?token=a/b", "rtmp", "h", "1935", "app", "key?token=a/b" },
  { "rtmp://h/app/inst/key", "rtmp", "h", "1935", "app/inst", "key" },
  { "rtmp://h/live2?backup=1/key", "rtmp", "h", "1935", "live2?backup=1", "key" },
  { "rtmp://h/app/mp4:d/f", "rtmp", "h", "1935", "app", "mp4:d/f" },
  { "rtmp://h/app", "rtmp", "h", "1935", "app", "" },
  { "rtmp://h/x app=y playpath=z live=1", "rtmp", "h", "1935", "y", "z" },
};

static void
assert_location (GstElement *element, guint row)
{
  assert_is (element, "scheme", locations[row].scheme);
  assert_is (element, "host", locations[row].host);
  assert_is (element, "port", locations[row].port);
  assert_is (element, "application", locations[row].application);
  assert_is (element, "stream", locations[row].stream);
}

/* What is read back as the location means the same. */
static void
test_location (void)
{
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    for (k = 0; k < G_N_ELEMENTS (locations); k++) {
      g_autoptr (GstElement) element = make (elements[i]), copy = make (elements[i]);
      g_autofree gchar *location = NULL;

      set (element, "location", locations[k].location);
      assert_location (element, k);
      g_object_get (element, "location", &location, NULL);
      g_object_set (copy, "location", location, NULL);
      assert_location (copy, k);
    }
  }
}

static void
test_credentials (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) element = make (elements[i]);

    set (element, "location", "rtmp://us%3Aer:p%40ss@h/a/b");
    assert_is (element, "username", "us:er");
    assert_is (element, "password", "p@ss");
    /* An address that is read back may be shown to people. */
    assert_is (element, "location", "rtmp://h/a/b");
    /* One without credentials leaves those that were set. */
    set (element, "location", "rtmp://h2/a/b");
    assert_is (element, "username", "us:er");
    set (element, "location", "rtmp://other@h2/a/b");
    assert_is (element, "username", "other");
    assert_is (element, "password", NULL);
  }
}

static const struct {
  const gchar *name;
  const gchar *value;
} parts[] = {
  { "scheme", "rtmps" },
  { "host", "example.org" },
  { "port", "1936" },
  { "application", "app/inst" },
  { "stream", "key?a=b/c" },
  { "password", "pass" },
};

static void
assert_parts (GstElement *element)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (parts); i++)
    assert_is (element, parts[i].name, parts[i].value);
  assert_is (element, "location", "rtmps://example.org:1936/app/inst/key?a=b/c");
}

/* @order: the first @n are chosen; goes through every choice of the rest. */
static void
check_orders (GstElement *element, guint order[G_N_ELEMENTS (parts)], guint n)
{
  guint i, k;

  for (i = 0; n < G_N_ELEMENTS (parts) && i < G_N_ELEMENTS (parts); i++) {
    for (k = 0; k < n && order[k] != i; k++)
      ;
    order[n] = i;
    if (k == n)
      check_orders (element, order, n + 1);
  }
  if (n < G_N_ELEMENTS (parts))
    return;
  g_object_set (element, "location", NULL, "password", NULL, NULL);
  for (i = 0; i < n; i++)
    set (element, parts[order[i]].name, parts[order[i]].value);
  assert_parts (element);
}

static void
test_orders (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) element = make (elements[i]);
    guint order[G_N_ELEMENTS (parts)];

    check_orders (element, order, 0);
  }
}

/* A part overrides the address it comes behind; an address says everything anew. */
static void
test_overrides (void)
{
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) element = make (elements[i]);

    set (element, "location", "rtmp://one/two/three");
    for (k = 0; k < G_N_ELEMENTS (parts); k++)
      set (element, parts[k].name, parts[k].value);
    assert_parts (element);
    set (element, "location", "rtmp://one/two/three");
    assert_is (element, "location", "rtmp://one/two/three");
    assert_is (element, "scheme", "rtmp");
    assert_is (element, "port", "1935");
  }
}

/* -- The URI handler -- */

static void
test_uri (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    GstURIType type = i == 0 ? GST_URI_SINK : GST_URI_SRC;
    g_autoptr (GError) error = NULL;
    g_autoptr (GstElement) element = gst_element_make_from_uri (type,
        "rtmps://example.org/live/key", NULL, &error);
    const gchar *const *protocols;
    g_autofree gchar *uri = NULL;

    g_assert_no_error (error);
    gst_object_ref_sink (element);
    g_assert_cmpstr (GST_OBJECT_NAME (gst_element_get_factory (element)), ==, elements[i]);
    g_assert_cmpint (gst_uri_handler_get_uri_type (GST_URI_HANDLER (element)), ==, type);
    protocols = gst_uri_handler_get_protocols (GST_URI_HANDLER (element));
    g_assert_cmpuint (g_strv_length ((gchar **) protocols), ==, 2);
    g_assert_true (g_strv_contains (protocols, "rtmp") && g_strv_contains (protocols, "rtmps"));
    uri = gst_uri_handler_get_uri (GST_URI_HANDLER (element));
    g_assert_cmpstr (uri, ==, "rtmps://example.org/live/key");
    assert_is (element, "scheme", "rtmps");
    assert_is (element, "stream", "key");
  }
}

static const gchar *const bad_locations[] = {
  "rtmp://",
  "rtmp:///app/" SECRET,
  "rtmp://host:0x/app/" SECRET,
  "rtmp://[::1/app/" SECRET,
  "rtmp://host:70000/app/" SECRET,
  "rtmp://u:" SECRET "@/app/x",
  "rtmp://host/app/" SECRET " jtv=" SECRET,
  "rtmp://host/app/" SECRET "\n",
};

static void
test_uri_bad (void)
{
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    for (k = 0; k < G_N_ELEMENTS (bad_locations); k++) {
      g_autoptr (GstElement) element = make (elements[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (gst_uri_handler_set_uri (GST_URI_HANDLER (element), bad_locations[k],
          &error));
      g_assert_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI);
      g_assert_null (strstr (error->message, SECRET));
    }
  }
}

/* -- What cannot be used -- */

/* The element does not start, says why, once, and starts when that is put right: the property is
 * @good, NULL for its default. */
static void
check_settings_error (const gchar *name, const gchar *property, const gchar *bad, const gchar *good)
{
  static const gchar *const secrets[] = { SECRET, NULL };
  g_autoptr (GstElement) element = make (name);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  FullPort silent;

  gst_element_set_bus (element, bus);
  set (element, "location", "rtmp://127.0.0.1/live/" SECRET);
  g_object_set (element, property, bad, NULL);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  message = element_test_wait_error (bus, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  element_test_assert_hides (message, secrets);
  /* GstBaseSrc posts one of its own behind that, whatever the reason was. */
  g_assert_cmpuint (element_test_count_messages (bus, GST_MESSAGE_ERROR), ==,
      GST_OBJECT_FLAG_IS_SET (element, GST_ELEMENT_FLAG_SOURCE));
  gst_element_set_state (element, GST_STATE_NULL);

  full_port_init (&silent);
  g_object_set (element, property, good, NULL);
  g_object_set (element, "host", "127.0.0.1", "port", (gint) silent.port, NULL);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), !=, GST_STATE_CHANGE_FAILURE);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpuint (element_test_count_messages (bus, GST_MESSAGE_ERROR), ==, 0);
  gst_element_set_bus (element, NULL);
  full_port_clear (&silent);
}

static void
test_settings_location (void)
{
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    for (k = 0; k < G_N_ELEMENTS (bad_locations); k++)
      check_settings_error (elements[i], "location", bad_locations[k], "rtmp://host/live/key");
    check_settings_error (elements[i], "location", "http://127.0.0.1/live/" SECRET,
        "rtmps://host/live/key");
    check_settings_error (elements[i], "location", "", NULL);
  }
}

static void
test_settings_extra_connect_args (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    check_settings_error (elements[i], "extra-connect-args", "conn=B:" SECRET, "conn=S:x");
    check_settings_error (elements[i], "extra-connect-args", "conn=O:1 conn=NS:x:" SECRET, NULL);
  }
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/properties/read-back", test_read_back);
  g_test_add_func ("/properties/null", test_null);
  g_test_add_func ("/properties/objects", test_objects);
  g_test_add_func ("/properties/location/split", test_location);
  g_test_add_func ("/properties/location/credentials", test_credentials);
  g_test_add_func ("/properties/location/overrides", test_overrides);
  g_test_add_func ("/properties/orders", test_orders);
  g_test_add_func ("/properties/uri/good", test_uri);
  g_test_add_func ("/properties/uri/bad", test_uri_bad);
  g_test_add_func ("/properties/settings/location", test_settings_location);
  g_test_add_func ("/properties/settings/extra-connect-args", test_settings_extra_connect_args);
  return element_test_run ();
}
