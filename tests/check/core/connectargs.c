/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../support/amftest.h"
#include "core/rtmpcommand.h"

/* -- The connect command -- */

static void
assert_object (const RtmpConnectArgs *args, const gchar *text)
{
  g_autoptr (RtmpCommand) command = rtmp_connect_command_new (args);

  g_assert_cmpstr (command->name, ==, "connect");
  g_assert_cmpfloat (command->transaction, ==, 1);
  g_assert_cmpuint (command->args->len, ==, 1);
  amf_assert_text (rtmp_command_get (command, 0), text);
}

static const RtmpConnectArgs all_args = {
  .app = "live",
  .flash_version = "FV",
  .swf_url = "SWF",
  .tc_url = "rtmp://h/live",
  .page_url = "PAGE",
};

/* peers.md, Defaults */
static void
test_publishing (void)
{
  RtmpConnectArgs args = all_args;

  args.publishing = TRUE;
  assert_object (&args,
      "{\"app\": \"live\", \"type\": \"nonprivate\", \"flashVer\": \"FV\","
      " \"swfUrl\": \"SWF\", \"tcUrl\": \"rtmp://h/live\", \"pageUrl\": \"PAGE\","
      " \"objectEncoding\": 0}");
}

static void
test_playing (void)
{
  assert_object (&all_args,
      "{\"app\": \"live\", \"flashVer\": \"FV\", \"swfUrl\": \"SWF\","
      " \"tcUrl\": \"rtmp://h/live\", \"fpad\": false, \"capabilities\": 15,"
      " \"audioCodecs\": 4095, \"videoCodecs\": 255, \"videoFunction\": 1,"
      " \"pageUrl\": \"PAGE\", \"objectEncoding\": 0}");
}

/* What is NULL is left out; what is empty is not. */
static void
test_left_out (void)
{
  RtmpConnectArgs args = { .publishing = TRUE };

  assert_object (&args, "{\"type\": \"nonprivate\", \"objectEncoding\": 0}");
  args.app = "";
  assert_object (&args, "{\"app\": \"\", \"type\": \"nonprivate\", \"objectEncoding\": 0}");
}

#define VIDEO "\"av01\", \"avc1\", \"hvc1\", \"vvc1\", \"vp08\", \"vp09\""
#define AUDIO "\"ac-3\", \"ec-3\", \"Opus\", \".mp3\", \"fLaC\", \"mp4a\""

/* protocol.md 32 and 40 */
static void
test_publishing_enhanced (void)
{
  RtmpConnectArgs args = { .app = "a", .publishing = TRUE, .enhanced = TRUE, .caps_ex = 5 };

  assert_object (&args,
      "{\"app\": \"a\", \"type\": \"nonprivate\", \"videoFunction\": 6,"
      " \"objectEncoding\": 0, \"fourCcList\": [" VIDEO ", " AUDIO "],"
      " \"videoFourCcInfoMap\": {\"*\": 4, \"av01\": 6, \"avc1\": 6, \"hvc1\": 6, \"vvc1\": 6,"
      " \"vp08\": 6, \"vp09\": 6},"
      " \"audioFourCcInfoMap\": {\"*\": 4, \"ac-3\": 6, \"ec-3\": 6, \"Opus\": 6, \".mp3\": 6,"
      " \"fLaC\": 6, \"mp4a\": 6}, \"capsEx\": 5}");
}

static void
test_playing_enhanced (void)
{
  RtmpConnectArgs args = { .app = "a", .enhanced = TRUE, .caps_ex = 0 };

  assert_object (&args,
      "{\"app\": \"a\", \"fpad\": false, \"capabilities\": 15,"
      " \"audioCodecs\": 4095, \"videoCodecs\": 255, \"videoFunction\": 7,"
      " \"objectEncoding\": 0, \"fourCcList\": [\"*\", " VIDEO ", " AUDIO "],"
      " \"videoFourCcInfoMap\": {\"*\": 4, \"av01\": 5, \"avc1\": 5, \"hvc1\": 5, \"vvc1\": 5,"
      " \"vp08\": 5, \"vp09\": 5},"
      " \"audioFourCcInfoMap\": {\"*\": 4, \"ac-3\": 5, \"ec-3\": 5, \"Opus\": 5, \".mp3\": 5,"
      " \"fLaC\": 5, \"mp4a\": 5}, \"capsEx\": 0}");
}

/* On each connection of an authentication the same values go out again. */
static void
test_extra (void)
{
  g_autoptr (GPtrArray) extra = rtmp_connect_extra_parse ("S:one N:2", NULL);
  RtmpConnectArgs args = { .app = "a", .publishing = TRUE, .extra = extra };
  guint round;

  for (round = 0; round < 2; round++) {
    g_autoptr (RtmpCommand) command = rtmp_connect_command_new (&args);

    g_assert_cmpuint (command->args->len, ==, 3);
    g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (command, 1)), ==, "one");
    g_assert_cmpfloat (rtmp_amf_get_number (rtmp_command_get (command, 2), 0), ==, 2);
  }
  g_assert_cmpuint (extra->len, ==, 2);
}

/* -- The peer's capabilities -- */

static void
check_caps (const gchar *wire, gboolean declared, guint caps_ex, guint video_function)
{
  g_autoptr (RtmpAmf) object = amf_parse_text (wire);
  RtmpPeerCaps caps = {
    0,
  };

  rtmp_peer_caps_read (&caps, object);
  g_assert_cmpint (caps.declared, ==, declared);
  g_assert_cmpuint (caps.caps_ex, ==, caps_ex);
  g_assert_cmpuint (caps.video_function, ==, video_function);
}

static void
test_caps (void)
{
  check_caps ("03 0006 'capsEx' 00 4014000000000000 000009", TRUE, 5, 0);
  check_caps ("08 00000000 0006 'capsEx' 00 4014000000000000 000009", TRUE, 5, 0);
  check_caps ("03 0006 'capsEx' 00 0000000000000000 000009", TRUE, 0, 0);
  check_caps ("03 000A 'fourCcList' 0A 00000001 02 0001 '*' 000009", TRUE, 0, 0);
  check_caps ("03 0012 'videoFourCcInfoMap' 03 000009 000009", TRUE, 0, 0);
  check_caps ("03 0012 'audioFourCcInfoMap' 08 00000000 000009 000009", TRUE, 0, 0);
  check_caps ("03 000D 'videoFunction' 00 4018000000000000 000009", TRUE, 0, 6);
  /* RTMP 1.0 already has seeking. */
  check_caps ("03 000D 'videoFunction' 00 3FF0000000000000 000009", FALSE, 0, 1);
  check_caps ("03 000009", FALSE, 0, 0);
}

static void
test_caps_odd (void)
{
  RtmpPeerCaps caps = {
    0,
  };

  rtmp_peer_caps_read (&caps, NULL);
  g_assert_false (caps.declared);
  check_caps ("05", FALSE, 0, 0);
  check_caps ("02 0006 'capsEx'", FALSE, 0, 0);
  check_caps ("0A 00000001 05", FALSE, 0, 0);
  check_caps ("03 0006 'capsEx' 01 01 000009", FALSE, 0, 0);
  check_caps ("03 0006 'capsEx' 02 0001 '5' 000009", FALSE, 0, 0);
  check_caps ("03 0006 'capsEx' 00 7FF8000000000000 000009", TRUE, 0, 0);
  check_caps ("03 0006 'capsEx' 00 BFF0000000000000 000009", TRUE, 0, 0);
  check_caps ("03 0006 'capsEx' 00 41F0000000000000 000009", TRUE, 0, 0);
  check_caps ("03 0006 'capsEx' 00 41EFFFFFFFE00000 000009", TRUE, G_MAXUINT32, 0);
  check_caps ("03 000A 'fourCcList' 0A 00000000 000009", FALSE, 0, 0);
  check_caps ("03 000A 'fourCcList' 02 0001 '*' 000009", FALSE, 0, 0);
  check_caps ("03 0012 'videoFourCcInfoMap' 05 000009", FALSE, 0, 0);
}

/* Both arguments of a _result count, whichever has what. */
static void
test_caps_or (void)
{
  g_autoptr (RtmpAmf) first = rtmp_amf_new_object ();
  g_autoptr (RtmpAmf) second = rtmp_amf_new_ecma_array ();
  RtmpPeerCaps caps = {
    0,
  };

  rtmp_amf_set_number (first, "capsEx", RTMP_CAPS_EX_RECONNECT);
  rtmp_amf_set_number (first, "videoFunction", RTMP_VIDEO_FUNCTION_HDR);
  rtmp_amf_set_number (second, "capsEx", RTMP_CAPS_EX_MODEX);
  rtmp_amf_set_number (second, "videoFunction", RTMP_VIDEO_FUNCTION_TILE);
  rtmp_peer_caps_read (&caps, first);
  rtmp_peer_caps_read (&caps, second);
  rtmp_peer_caps_read (&caps, NULL);
  g_assert_true (caps.declared);
  g_assert_cmpuint (caps.caps_ex, ==, RTMP_CAPS_EX_RECONNECT | RTMP_CAPS_EX_MODEX);
  g_assert_cmpuint (caps.video_function, ==, RTMP_VIDEO_FUNCTION_HDR | RTMP_VIDEO_FUNCTION_TILE);
}

/* The other side understands what we offer. */
static void
test_caps_of_ours (void)
{
  RtmpConnectArgs args = { .enhanced = TRUE, .caps_ex = RTMP_CAPS_EX_MODEX };
  g_autoptr (RtmpCommand) enhanced = rtmp_connect_command_new (&args);
  g_autoptr (RtmpCommand) legacy = rtmp_connect_command_new (&all_args);
  RtmpPeerCaps caps = {
    0,
  };

  rtmp_peer_caps_read (&caps, rtmp_command_get (legacy, 0));
  g_assert_false (caps.declared);
  rtmp_peer_caps_read (&caps, rtmp_command_get (enhanced, 0));
  g_assert_true (caps.declared);
  g_assert_cmpuint (caps.caps_ex, ==, RTMP_CAPS_EX_MODEX);
  g_assert_cmpuint (caps.video_function, ==,
      RTMP_VIDEO_FUNCTION_SEEK | RTMP_VIDEO_FUNCTION_HDR | RTMP_VIDEO_FUNCTION_METADATA);
}

/* -- librtmp's notation -- */

static void
assert_extra (const gchar *text, const gchar *want)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) values = rtmp_connect_extra_parse (text, &error);
  g_autoptr (GString) printed = g_string_new (NULL);
  guint i;

  g_assert_no_error (error);
  g_assert_nonnull (values);
  for (i = 0; i < values->len; i++) {
    if (i > 0)
      g_string_append_c (printed, ' ');
    rtmp_amf_print (g_ptr_array_index (values, i), printed, G_MAXSIZE);
  }
  g_assert_cmpstr (printed->str, ==, want);
}

static void
test_extra_values (void)
{
  assert_extra (NULL, "");
  assert_extra ("", "");
  assert_extra (" \t\n", "");
  assert_extra ("conn=B:1", "true");
  assert_extra ("conn=B:0 conn=B:1", "false true");
  assert_extra ("conn=N:1.5 conn=N:-2e3 conn=N:0", "1.5 -2000 0");
  assert_extra ("conn=S:authMe conn=S:", "\"authMe\" \"\"");
  assert_extra ("conn=S:a:b:c", "\"a:b:c\"");
  assert_extra ("conn=Z: conn=Z conn=Z:0", "null null null");
  /* The prefix may be missing, and the spaces may be many. */
  assert_extra ("  B:1\t\tconn=S:x\nN:2 ", "true \"x\" 2");
}

static void
test_extra_objects (void)
{
  assert_extra ("conn=O:1 conn=O:0", "{}");
  assert_extra ("conn=B:1 conn=S:authMe conn=O:1 conn=NN:code:1.23 conn=NS:flag:ok conn=O:0",
      "true \"authMe\" {\"code\": 1.23, \"flag\": \"ok\"}");
  assert_extra ("O:1 NB:b:1 NZ:z: NZ:y NS:s:a:b O:0 S:after",
      "{\"b\": true, \"z\": null, \"y\": null, \"s\": \"a:b\"} \"after\"");
  assert_extra ("O:1 NO:in:1 NN:n:1 O:0 NN:m:2 O:0", "{\"in\": {\"n\": 1}, \"m\": 2}");
  assert_extra ("O:1 NO:in:1 NO:in:0 NN:m:2 O:0", "{\"in\": {}, \"m\": 2}");
  /* Names are only allowed, not demanded. */
  assert_extra ("O:1 S:a O:1 O:0 NS::b O:0", "{\"\": \"a\", \"\": {}, \"\": \"b\"}");
}

static void
test_extra_escapes (void)
{
  g_autoptr (GPtrArray) nul = rtmp_connect_extra_parse ("S:a\\00b", NULL);
  gsize size;

  assert_extra ("S:a\\20b\\5Cc\\5c", "\"a b\\\\c\\\\\"");
  assert_extra ("O:1 NS:a\\3ab:c O:0", "{\"a:b\": \"c\"}");
  assert_extra ("N:\\31", "1");
  g_assert_cmpmem (rtmp_amf_get_string_len (g_ptr_array_index (nul, 0), &size), size, "a\0b", 3);
}

static void
assert_extra_refused (const gchar *text, guint word)
{
  g_autofree gchar *where = g_strdup_printf ("ord %u ", word);
  g_autoptr (GError) error = NULL;

  g_assert_null (rtmp_connect_extra_parse (text, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_SYNTAX);
  g_assert_nonnull (strstr (error->message, where));
  g_assert_null (strstr (error->message, "secret"));
}

static void
test_extra_refused (void)
{
  static const gchar *const words[] = {
    "conn=",
    "x",
    "B",
    "B:",
    "B:2",
    "B:true",
    "B:01",
    "N",
    "N:",
    "N:1x",
    "N:x",
    "N:nan",
    "N:inf",
    "N:1e999",
    "S",
    "O",
    "O:",
    "O:2",
    "O:0",
    "b:1",
    "X:1",
    "NX:a:1",
    "BB:1",
    ":1",
    "NBB:a:1",
    "conn=conn=B:1",
    "S:\\",
    "S:\\2",
    "S:\\2g",
    "S:\\g2",
    "NB:a:1",
    "NS:secret:secret",
    "NO:a:1",
    "secret",
    "S:secret\\x",
  };
  static const gchar *const named[] = {
    "NB:a",
    "NB:a:2",
    "NN:1",
    "NS:a",
    "NZ",
    "NO:a",
    "NB:\\00:1",
    "NB:\\:1",
    "NN:n:secret",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (words); i++) {
    g_autofree gchar *text = g_strdup_printf ("S:secret  %s O:1", words[i]);

    assert_extra_refused (text, 2);
  }
  for (i = 0; i < G_N_ELEMENTS (named); i++) {
    g_autofree gchar *text = g_strdup_printf ("O:1 NS:secret:secret %s O:0", named[i]);

    assert_extra_refused (text, 3);
  }
  assert_extra_refused ("O:1", 1);
  assert_extra_refused ("O:1 O:1 O:0", 3);
  assert_extra_refused ("O:1 O:0 O:0", 3);
  g_assert_null (rtmp_connect_extra_parse ("x", NULL));
}

static void
test_extra_limits (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree gchar *long_name = g_strnfill (65536, 'n');
  g_autofree gchar *over = g_strdup_printf ("O:1 NZ:%s: O:0", long_name);
  g_autofree gchar *limit = g_strdup_printf ("O:1 NZ:%s: O:0", long_name + 1);
  g_autoptr (GPtrArray) deep = NULL;
  g_autoptr (GPtrArray) named = NULL;
  guint i;

  for (i = 0; i < RTMP_AMF_MAX_DEPTH; i++)
    g_string_append (text, "O:1 ");
  for (i = 0; i < RTMP_AMF_MAX_DEPTH; i++)
    g_string_append (text, "O:0 ");
  deep = rtmp_connect_extra_parse (text->str, NULL);
  g_assert_cmpuint (deep->len, ==, 1);
  g_string_prepend (text, "O:1 ");
  g_string_append (text, "O:0 ");
  assert_extra_refused (text->str, RTMP_AMF_MAX_DEPTH + 1);
  named = rtmp_connect_extra_parse (limit, NULL);
  g_assert_nonnull (named);
  assert_extra_refused (over, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/connectargs/publishing", test_publishing);
  g_test_add_func ("/connectargs/playing", test_playing);
  g_test_add_func ("/connectargs/left-out", test_left_out);
  g_test_add_func ("/connectargs/publishing/enhanced", test_publishing_enhanced);
  g_test_add_func ("/connectargs/playing/enhanced", test_playing_enhanced);
  g_test_add_func ("/connectargs/extra", test_extra);
  g_test_add_func ("/connectargs/caps", test_caps);
  g_test_add_func ("/connectargs/caps/odd", test_caps_odd);
  g_test_add_func ("/connectargs/caps/or", test_caps_or);
  g_test_add_func ("/connectargs/caps/of-ours", test_caps_of_ours);
  g_test_add_func ("/connectargs/extra/values", test_extra_values);
  g_test_add_func ("/connectargs/extra/objects", test_extra_objects);
  g_test_add_func ("/connectargs/extra/escapes", test_extra_escapes);
  g_test_add_func ("/connectargs/extra/refused", test_extra_refused);
  g_test_add_func ("/connectargs/extra/limits", test_extra_limits);
  return g_test_run ();
}
