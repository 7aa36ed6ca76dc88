/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "support/elementtest.h"

/* The plugin, and what both elements share: they are the ones of gst-plugins-bad to an
 * application, property for property. */

#define SECRET "sEcretKey"

static const gchar *const elements[] = { "rtmp2sink", "rtmp2src" };

static GstElement *
make (const gchar *name)
{
  GstElement *element = gst_element_factory_make (name, NULL);

  g_assert_nonnull (element);
  return gst_object_ref_sink (element);
}

/* -- Registration -- */

static void
test_registration (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (elements[i]);
    g_autoptr (GstPlugin) plugin = gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (factory));
    static const gchar *const keys[] = {
      GST_ELEMENT_METADATA_LONGNAME,
      GST_ELEMENT_METADATA_KLASS,
      GST_ELEMENT_METADATA_DESCRIPTION,
      GST_ELEMENT_METADATA_AUTHOR,
    };
    guint k;

    element_test_assert_ours (elements[i]);
    g_assert_cmpuint (gst_plugin_feature_get_rank (GST_PLUGIN_FEATURE (factory)), ==,
        GST_RANK_PRIMARY + 1);
    g_assert_cmpstr (gst_plugin_get_name (plugin), ==, "rtmp2");
    g_assert_cmpstr (gst_plugin_get_license (plugin), ==, "LGPL");
    for (k = 0; k < G_N_ELEMENTS (keys); k++)
      g_assert_cmpint (strlen (gst_element_factory_get_metadata (factory, keys[k])), >, 0);
  }
}

static void
test_pads (void)
{
  static const guint flags[] = { GST_ELEMENT_FLAG_SINK, GST_ELEMENT_FLAG_SOURCE };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) element = make (elements[i]);
    g_autoptr (GstPad) pad = gst_element_get_static_pad (element, i == 0 ? "sink" : "src");
    g_autoptr (GstCaps) caps = gst_pad_get_pad_template_caps (pad);
    g_autoptr (GstCaps) flv = gst_caps_new_empty_simple ("video/x-flv");

    g_assert_cmpuint (element->numpads, ==, 1);
    g_assert_true (gst_caps_is_equal (caps, flv));
    g_assert_true (GST_OBJECT_FLAG_IS_SET (element, flags[i]));
  }
}

/* -- Properties, as gst-inspect-1.0 describes them -- */

#define MUTABLE "changeable in NULL, READY, PAUSED or PLAYING state"

/* Every property that the elements of gst-plugins-bad 1.22 have of their own. @values: of an
 * enumeration or flags, number and nick each. @ours: (nullable): where we differ on purpose. */
typedef struct {
  const gchar *element; /* NULL: both */
  const gchar *name;
  const gchar *flags;
  const gchar *description;
  const gchar *values;
  const gchar *ours;
} Property;

static const Property properties[] = {
  { NULL, "application", "readable, writable", "String. Default: \"live\"", "", NULL },
  { NULL, "async-connect", "readable, writable", "Boolean. Default: true", "", NULL },
  { NULL, "authmod", "readable, writable", "Enum \"GstRtmpAuthmod\" Default: 1, \"auto\"",
      "(0): none (1): auto (2): adobe", NULL },
  { NULL, "host", "readable, writable", "String. Default: \"localhost\"", "", NULL },
  { NULL, "location", "readable, writable", "String. Default: \"rtmp://localhost/live/myStream\"",
      "", NULL },
  { NULL, "password", "readable, writable", "String. Default: null", "", NULL },
  { NULL, "port", "readable, writable", "Integer. Range: 1 - 65535 Default: 1935", "", NULL },
  { NULL, "scheme", "readable, writable", "Enum \"GstRtmpScheme\" Default: 0, \"rtmp\"",
      "(0): rtmp (1): rtmps", NULL },
  { NULL, "secure-token", "readable, writable", "String. Default: null", "", NULL },
  { NULL, "stats", "readable", "Boxed pointer of type \"GstStructure\"", "", NULL },
  { NULL, "stream", "readable, writable", "String. Default: \"myStream\"", "", NULL },
  { NULL, "timeout", "readable, writable", "Unsigned Integer. Range: 0 - 4294967295 Default: 5", "",
      NULL },
  { NULL, "tls-validation-flags", "readable, writable",
      "Flags \"GTlsCertificateFlags\" Default: 0x0000007f, \"validate-all\"",
      "(0x00000000): no-flags (0x00000001): unknown-ca (0x00000002): bad-identity "
      "(0x00000004): not-activated (0x00000008): expired (0x00000010): revoked "
      "(0x00000020): insecure (0x00000040): generic-error (0x0000007f): validate-all",
      NULL },
  { NULL, "username", "readable, writable", "String. Default: null", "", NULL },
  /* 65536 costs a third less CPU time than 4096, and every server takes it. */
  { "rtmp2sink", "chunk-size", "readable, writable, " MUTABLE,
      "Unsigned Integer. Range: 1 - 2147483647 Default: 128", "",
      "Unsigned Integer. Range: 1 - 2147483647 Default: 65536" },
  { "rtmp2sink", "peak-kbps", "readable, writable, " MUTABLE,
      "Unsigned Integer. Range: 0 - 17179869 Default: 0", "", NULL },
  { "rtmp2sink", "stop-commands", "readable, writable",
      "Flags \"GstRtmpStopCommands\" Default: 0x00000005, \"deletestream+fcunpublish\"",
      "(0x00000000): none (0x00000001): fcunpublish (0x00000002): closestream "
      "(0x00000004): deletestream",
      NULL },
  /* Some servers ask for authentication only then. */
  { "rtmp2sink", "flash-version", "readable, writable", "String. Default: \"LNX 10,0,32,18\"", "",
      "String. Default: \"FMLE/3.0 (compatible; GStreamer)\"" },
  { "rtmp2src", "flash-version", "readable, writable", "String. Default: \"LNX 10,0,32,18\"", "",
      NULL },
  { "rtmp2src", "idle-timeout", "readable, writable",
      "Unsigned Integer. Range: 0 - 4294967295 Default: 0", "", NULL },
};

/* Of later versions of gst-plugins-bad, as they are there; then ours. */
static const struct {
  const gchar *element;
  const gchar *name;
  const gchar *description;
} additions[] = {
  { NULL, "extra-connect-args", "String. Default: null" },
  { NULL, "fast-start", "Enum \"GstRtmpFastStart\" Default: 0, \"none\"" },
  { "rtmp2src", "no-eof-is-error", "Boolean. Default: true" },
  { NULL, "tls-database", "Object of type \"GTlsDatabase\"" },
  { NULL, "tls-interaction", "Object of type \"GTlsInteraction\"" },
  { "rtmp2src", "is-live", "Boolean. Default: true" },
  { "rtmp2src", "max-size-bytes", "Unsigned Integer. Range: 0 - 4294967295 Default: 33554432" },
  { "rtmp2src", "max-size-time",
      "Unsigned Integer64. Range: 0 - 18446744073709551615 Default: 10000000000" },
};

static gchar *
describe_enum (GParamSpec *pspec, const GValue *value)
{
  GEnumClass *klass = G_PARAM_SPEC_ENUM (pspec)->enum_class;
  GEnumValue *item = g_enum_get_value (klass, g_value_get_enum (value));

  return g_strdup_printf ("Enum \"%s\" Default: %d, \"%s\"", G_ENUM_CLASS_TYPE_NAME (klass),
      item->value, item->value_nick);
}

/* One nick for all of the flags, or those of its bits, the highest first. */
static gchar *
name_flags (const GFlagsClass *klass, guint flags)
{
  GString *nicks = g_string_new (NULL);
  guint i;

  for (i = 0; i < klass->n_values; i++) {
    if (klass->values[i].value == flags)
      return g_string_free (g_string_append (nicks, klass->values[i].value_nick), FALSE);
  }
  for (i = klass->n_values; i > 0; i--) {
    const GFlagsValue *value = &klass->values[i - 1];

    if (value->value == 0 || (value->value & ~flags) != 0)
      continue;
    g_string_append_printf (nicks, "%s%s", nicks->len ? "+" : "", value->value_nick);
    flags &= ~value->value;
  }
  return g_string_free (nicks, FALSE);
}

static gchar *
describe_flags (GParamSpec *pspec, const GValue *value)
{
  GFlagsClass *klass = G_PARAM_SPEC_FLAGS (pspec)->flags_class;
  guint flags = g_value_get_flags (value);
  g_autofree gchar *nicks = name_flags (klass, flags);

  return g_strdup_printf ("Flags \"%s\" Default: 0x%08x, \"%s\"", G_FLAGS_CLASS_TYPE_NAME (klass),
      flags, nicks);
}

static gchar *
describe_string (const GValue *value)
{
  const gchar *text = g_value_get_string (value);

  return text ? g_strdup_printf ("String. Default: \"%s\"", text)
              : g_strdup ("String. Default: null");
}

static gchar *
describe_number (GParamSpec *pspec, const GValue *value)
{
  if (G_IS_PARAM_SPEC_UINT (pspec))
    return g_strdup_printf ("Unsigned Integer. Range: %u - %u Default: %u",
        G_PARAM_SPEC_UINT (pspec)->minimum, G_PARAM_SPEC_UINT (pspec)->maximum,
        g_value_get_uint (value));
  if (G_IS_PARAM_SPEC_INT (pspec))
    return g_strdup_printf ("Integer. Range: %d - %d Default: %d",
        G_PARAM_SPEC_INT (pspec)->minimum, G_PARAM_SPEC_INT (pspec)->maximum,
        g_value_get_int (value));
  g_assert_true (G_IS_PARAM_SPEC_UINT64 (pspec));
  return g_strdup_printf ("Unsigned Integer64. Range: %" G_GUINT64_FORMAT " - %" G_GUINT64_FORMAT
                          " Default: %" G_GUINT64_FORMAT,
      G_PARAM_SPEC_UINT64 (pspec)->minimum, G_PARAM_SPEC_UINT64 (pspec)->maximum,
      g_value_get_uint64 (value));
}

/* The value that a new element has, which is to be the declared one as well. */
static gchar *
describe (GstElement *element, GParamSpec *pspec)
{
  g_auto (GValue) value = G_VALUE_INIT;

  if (G_IS_PARAM_SPEC_BOXED (pspec))
    return g_strdup_printf ("Boxed pointer of type \"%s\"",
        g_type_name (G_PARAM_SPEC_VALUE_TYPE (pspec)));
  if (G_IS_PARAM_SPEC_OBJECT (pspec))
    return g_strdup_printf ("Object of type \"%s\"", g_type_name (G_PARAM_SPEC_VALUE_TYPE (pspec)));
  g_value_init (&value, G_PARAM_SPEC_VALUE_TYPE (pspec));
  g_object_get_property (G_OBJECT (element), pspec->name, &value);
  g_assert_true (g_param_value_defaults (pspec, &value));
  if (G_IS_PARAM_SPEC_ENUM (pspec))
    return describe_enum (pspec, &value);
  if (G_IS_PARAM_SPEC_FLAGS (pspec))
    return describe_flags (pspec, &value);
  if (G_IS_PARAM_SPEC_STRING (pspec))
    return describe_string (&value);
  if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    return g_strdup_printf ("Boolean. Default: %s",
        g_value_get_boolean (&value) ? "true" : "false");
  return describe_number (pspec, &value);
}

static gchar *
describe_access (const GParamSpec *pspec)
{
  return g_strconcat (pspec->flags & G_PARAM_READABLE ? "readable" : "",
      pspec->flags & G_PARAM_WRITABLE ? ", writable" : "",
      pspec->flags & GST_PARAM_MUTABLE_PLAYING ? ", " MUTABLE : "", NULL);
}

/* Appends what gst-inspect-1.0 tells of an enumeration's or of flags' values. */
static gchar *
describe_values (GParamSpec *pspec)
{
  GString *out = g_string_new (NULL);
  guint i;

  if (G_IS_PARAM_SPEC_ENUM (pspec)) {
    GEnumClass *klass = G_PARAM_SPEC_ENUM (pspec)->enum_class;

    for (i = 0; i < klass->n_values; i++)
      g_string_append_printf (out, "%s(%d): %s", i ? " " : "", klass->values[i].value,
          klass->values[i].value_nick);
  } else if (G_IS_PARAM_SPEC_FLAGS (pspec)) {
    GFlagsClass *klass = G_PARAM_SPEC_FLAGS (pspec)->flags_class;

    for (i = 0; i < klass->n_values; i++)
      g_string_append_printf (out, "%s(0x%08x): %s", i ? " " : "", klass->values[i].value,
          klass->values[i].value_nick);
  }
  return g_string_free (out, FALSE);
}

static gboolean
is_for (const gchar *element, const gchar *name)
{
  return !element || strcmp (element, name) == 0;
}

static void
check_property (GstElement *element, const Property *property)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), property->name);
  g_autofree gchar *description = NULL, *access = NULL, *values = NULL;

  if (!pspec)
    g_error ("There is no property %s", property->name);
  description = describe (element, pspec);
  access = describe_access (pspec);
  values = describe_values (pspec);
  g_assert_cmpstr (description, ==, property->ours ? property->ours : property->description);
  g_assert_cmpstr (access, ==, property->flags);
  /* More values than theirs do no harm. */
  g_assert_true (g_str_has_prefix (values, property->values));
}

static void
test_properties (void)
{
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) element = make (elements[i]);

    for (k = 0; k < G_N_ELEMENTS (properties); k++) {
      if (is_for (properties[k].element, elements[i]))
        check_property (element, &properties[k]);
    }
  }
}

static void
test_properties_added (void)
{
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) element = make (elements[i]);
    GObjectClass *klass = G_OBJECT_GET_CLASS (element);
    GParamSpec *authmod = g_object_class_find_property (klass, "authmod");
    g_autofree gchar *values = describe_values (authmod);

    for (k = 0; k < G_N_ELEMENTS (additions); k++) {
      GParamSpec *pspec = g_object_class_find_property (klass, additions[k].name);
      g_autofree gchar *description = NULL;

      if (!is_for (additions[k].element, elements[i]))
        continue;
      g_assert_nonnull (pspec);
      description = describe (element, pspec);
      g_assert_cmpstr (description, ==, additions[k].description);
    }
    g_assert_cmpstr (values, ==, "(0): none (1): auto (2): adobe (3): llnw");
  }
}

static void
test_signal (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) element = make (elements[i]);
    GSignalQuery query;

    g_signal_query (g_signal_lookup ("accept-certificate", G_OBJECT_TYPE (element)), &query);
    g_assert_cmpuint (query.return_type, ==, G_TYPE_BOOLEAN);
    g_assert_cmpuint (query.n_params, ==, 3);
    g_assert_cmpuint (query.param_types[0], ==, G_TYPE_TLS_CONNECTION);
    g_assert_cmpuint (query.param_types[1], ==, G_TYPE_TLS_CERTIFICATE);
    g_assert_cmpuint (query.param_types[2], ==, G_TYPE_TLS_CERTIFICATE_FLAGS);
  }
}

/* -- The reference: gst-inspect-1.0 and gst-plugins-bad, in a process of their own -- */

/* (transfer full) (nullable): a folder with only the system's plugin in it. */
static gchar *
make_reference_folder (void)
{
  const gchar *system = g_getenv ("GST_PLUGIN_SYSTEM_PATH_1_0");
  g_autofree gchar *plugin = g_build_filename (system ? system : "", "libgstrtmp2.so", NULL);
  g_autofree gchar *folder = NULL, *link = NULL;
  g_autoptr (GFile) file = NULL;

  if (!g_file_test (plugin, G_FILE_TEST_EXISTS))
    return NULL;
  folder = g_dir_make_tmp ("rtmp2-XXXXXX", NULL);
  link = g_build_filename (folder, "libgstrtmp2.so", NULL);
  file = g_file_new_for_path (link);
  g_assert_true (g_file_make_symbolic_link (file, plugin, NULL, NULL));
  return g_steal_pointer (&folder);
}

static void
remove_reference_folder (const gchar *folder)
{
  static const gchar *const names[] = { "libgstrtmp2.so", "registry.bin" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = g_build_filename (folder, names[i], NULL);

    g_unlink (path);
  }
  g_rmdir (folder);
}

/* (transfer full) (nullable): what gst-inspect-1.0 prints with those arguments. */
static gchar *
inspect (const gchar *folder, const gchar *argument)
{
  const gchar *argv[] = { "gst-inspect-1.0", "--no-colors", argument, NULL };
  g_auto (GStrv) env = g_get_environ ();
  g_autofree gchar *registry = g_build_filename (folder, "registry.bin", NULL);
  g_autofree gchar *out = NULL, *err = NULL;
  gint status = -1;

  env = g_environ_setenv (env, "GST_PLUGIN_SYSTEM_PATH_1_0", folder, TRUE);
  env = g_environ_setenv (env, "GST_REGISTRY_1_0", registry, TRUE);
  env = g_environ_unsetenv (env, "GST_PLUGIN_PATH_1_0");
  env = g_environ_unsetenv (env, "GST_PLUGIN_PATH");
  env = g_environ_unsetenv (env, "G_DEBUG");
  env = g_environ_unsetenv (env, "LD_PRELOAD");
  if (!g_spawn_sync (NULL, (gchar **) argv, env, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
          &status, NULL)
      || status != 0)
    return NULL;
  return g_steal_pointer (&out);
}

/* (transfer full): the lines of one property, white space reduced, without the words that explain
 * it: "flags: ... TYPE ... (0): nick ..." */
static gchar *
find_property (const gchar *text, const gchar *name)
{
  g_autofree gchar *start = g_strdup_printf ("\n  %-20s: ", name);
  const gchar *line = strstr (text, start);
  GString *out = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;
  guint i;

  if (!line)
    g_error ("The reference has no property %s", name);
  lines = g_strsplit (line + 1, "\n", -1);
  for (i = 1; lines[i] && g_str_has_prefix (lines[i], "      "); i++) {
    gchar *item = g_strstrip (lines[i]);

    if (item[0] == '(' && strstr (item, " - "))
      *strstr (item, " - ") = '\0';
    g_string_append_printf (out, "%s%s", out->len ? " " : "", g_strchomp (item));
  }
  return g_string_free (out, FALSE);
}

static void
check_reference (const gchar *text, const gchar *element)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (properties); i++) {
    const Property *property = &properties[i];
    g_autofree gchar *theirs = NULL, *expected = NULL;

    if (!is_for (property->element, element))
      continue;
    theirs = find_property (text, property->name);
    expected = g_strdup_printf ("flags: %s %s%s%s", property->flags, property->description,
        *property->values ? " " : "", property->values);
    /* gst-inspect-1.0 also prints what stats holds. */
    if (strcmp (property->name, "stats") == 0)
      theirs[MIN (strlen (theirs), strlen (expected))] = '\0';
    g_assert_cmpstr (theirs, ==, expected);
  }
}

/* Nothing they have is missing here: a line that begins with a name and a colon. */
static void
check_complete (const gchar *text, const gchar *name)
{
  g_autoptr (GstElement) element = make (name);
  g_auto (GStrv) lines = g_strsplit (strstr (text, "Element Properties:"), "\n", -1);
  guint i, n = 0;

  for (i = 1; lines[i]; i++) {
    g_auto (GStrv) words = NULL;

    if (!g_str_has_prefix (lines[i], "  ") || lines[i][2] == ' ')
      continue;
    words = g_strsplit_set (lines[i] + 2, " :", 2);
    if (!g_object_class_find_property (G_OBJECT_GET_CLASS (element), words[0]))
      g_error ("%s has no property %s", name, words[0]);
    n++;
  }
  g_assert_cmpuint (n, >, 20);
}

/* The table above says what gst-plugins-bad 1.22 has, and the elements have all of it. */
static void
test_reference (void)
{
  g_autofree gchar *folder = make_reference_folder ();
  g_autofree gchar *version = folder ? inspect (folder, "--version") : NULL;
  guint i;

  for (i = 0; version && strstr (version, " 1.22.") && i < G_N_ELEMENTS (elements); i++) {
    g_autofree gchar *text = inspect (folder, elements[i]);

    g_assert_nonnull (text);
    g_assert_nonnull (strstr (text, "gst-plugins-bad"));
    check_reference (text, elements[i]);
    check_complete (text, elements[i]);
  }
  if (i == 0)
    g_test_skip ("There is no gst-plugins-bad 1.22");
  if (folder)
    remove_reference_folder (folder);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/plugin/registration", test_registration);
  g_test_add_func ("/plugin/pads", test_pads);
  g_test_add_func ("/plugin/properties/upstream", test_properties);
  g_test_add_func ("/plugin/properties/added", test_properties_added);
  g_test_add_func ("/plugin/properties/reference", test_reference);
  g_test_add_func ("/plugin/signal", test_signal);
  return element_test_run ();
}
