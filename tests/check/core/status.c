/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../support/amftest.h"
#include "core/rtmpstatus.h"

static RtmpStatus *
parse (const gchar *wire)
{
  g_autoptr (RtmpAmf) info = amf_parse_text (wire);

  return rtmp_status_parse (info);
}

static void
assert_status (const RtmpStatus *status, const gchar *level, const gchar *code,
    const gchar *description)
{
  g_assert_cmpstr (status->level, ==, level);
  g_assert_cmpstr (status->code, ==, code);
  g_assert_cmpstr (status->description, ==, description);
}

static void
test_parse (void)
{
  g_autoptr (RtmpStatus) object = parse ("03 0005 'level' 02 0005 'error' 0004 'code' 02 0001 'c'"
                                         " 000B 'description' 02 0001 'd' 000009");
  g_autoptr (RtmpStatus) array = parse ("08 00000000 0004 'code' 02 0001 'c' 000009");

  assert_status (object, "error", "c", "d");
  g_assert_null (object->redirect);
  g_assert_false (object->redirect_is_url);
  assert_status (array, "", "c", "");
}

/* Wire data of any shape. */
static void
test_parse_odd (void)
{
  g_autoptr (RtmpStatus) none = rtmp_status_parse (NULL);
  g_autoptr (RtmpStatus) null = parse ("05");
  g_autoptr (RtmpStatus) number = parse ("00 0000000000000000");
  g_autoptr (RtmpStatus) text = parse ("02 0002 'no'");
  g_autoptr (RtmpStatus) wrong =
      parse ("03 0005 'level' 05 0004 'code' 00 0000000000000000"
             " 000B 'description' 03 000009 0002 'ex' 02 0001 'x' 000009");

  assert_status (none, "", "", "");
  assert_status (null, "", "", "");
  assert_status (number, "", "", "");
  assert_status (text, "", "", "no");
  assert_status (wrong, "", "", "");
  g_assert_null (wrong->redirect);
}

static void
test_text_valid (void)
{
  g_autoptr (RtmpStatus) status = parse ("03 0004 'code' 02 0003 'a' FF 'b'"
                                         " 000B 'description' 02 0003 'c' 00 'd' 000009");

  assert_status (status, "",
      "a\xef\xbf\xbd"
      "b",
      "c");
}

static void
check_cut (const gchar *unit, guint times, const gchar *tail, gsize want)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (RtmpStatus) status = NULL;
  guint i;

  for (i = 0; i < times; i++)
    g_string_append (text, unit);
  g_string_append (text, tail);
  status = rtmp_status_new (text->str, text->str, text->str);
  g_assert_cmpuint (strlen (status->level), ==, want);
  g_assert_cmpuint (strlen (status->code), ==, want);
  g_assert_cmpuint (strlen (status->description), ==, want);
  g_assert_true (g_utf8_validate (status->description, -1, NULL));
  if (g_utf8_validate (text->str, -1, NULL))
    g_assert_true (g_str_has_prefix (text->str, status->description));
}

static void
test_text_cut (void)
{
  G_STATIC_ASSERT (RTMP_MAX_STATUS_TEXT == 2048);
  check_cut ("x", 2047, "", 2047);
  check_cut ("x", 2048, "", 2048);
  check_cut ("x", 2049, "", 2048);
  /* Not inside a character of 2, 3 or 4 bytes. */
  check_cut ("x", 2047, "\xc3\xa9", 2047);
  check_cut ("x", 2046, "\xc3\xa9", 2048);
  check_cut ("\xe2\x82\xac", 683, "", 2046);
  check_cut ("x", 2045, "\xf0\x9f\x98\x80", 2045);
  check_cut ("x", 2044, "\xf0\x9f\x98\x80z", 2048);
  /* Bad bytes become three each. */
  check_cut ("\xff", 2048, "", 2046);
  check_cut ("\x80", 4000, "", 2046);
}

static void
test_new (void)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "code", NULL);
  g_autoptr (RtmpStatus) empty = rtmp_status_new (NULL, NULL, NULL);

  assert_status (status, "status", "code", "");
  assert_status (empty, "", "", "");
  g_assert_null (status->redirect);
}

static void
test_copy (void)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("a", "b", "c");
  g_autoptr (RtmpStatus) copy = NULL;

  status->redirect = g_strdup ("rtmp://host/app/x");
  status->redirect_is_url = TRUE;
  copy = rtmp_status_copy (status);
  g_clear_pointer (&status, rtmp_status_free);
  assert_status (copy, "a", "b", "c");
  g_assert_cmpstr (copy->redirect, ==, "rtmp://host/app/x");
  g_assert_true (copy->redirect_is_url);
}

#define REJECTED "0004 'code' 02 001E 'NetConnection.Connect.Rejected'"
#define RECONNECT "0004 'code' 02 0026 'NetConnection.Connect.ReconnectRequest'"

/* peers.md Q12 */
static void
test_redirect (void)
{
  g_autoptr (RtmpStatus) app =
      parse ("03 " REJECTED " 0002 'ex' 03"
             " 0004 'code' 00 4072E00000000000 0008 'redirect' 02 0008 'rtmp://h' 000009 000009");
  g_autoptr (RtmpStatus) url =
      parse ("03 " REJECTED " 0002 'ex' 08 00000000"
             " 0008 'redirect' 02 0008 'rtmp://h' 0009 'redirect2' 02 000C 'rtmp://h/a/s'"
             " 000009 000009");
  g_autoptr (RtmpStatus) none = parse ("03 " REJECTED " 0002 'ex' 03 000009 000009");

  g_assert_cmpstr (app->redirect, ==, "rtmp://h");
  g_assert_false (app->redirect_is_url);
  g_assert_cmpstr (url->redirect, ==, "rtmp://h/a/s");
  g_assert_true (url->redirect_is_url);
  g_assert_null (none->redirect);
  g_assert_false (none->redirect_is_url);
}

/* vector 29: tcUrl absolute, relative and absent; it means something there only */
static void
test_reconnect (void)
{
  g_autoptr (RtmpStatus) absolute = parse ("03 " RECONNECT " 0005 'tcUrl' 02 0008 'rtmp://h'"
                                           " 000009");
  g_autoptr (RtmpStatus) relative = parse ("03 " RECONNECT " 0005 'tcUrl' 02 000C '/realtimeapp'"
                                           " 000009");
  g_autoptr (RtmpStatus) absent = parse ("03 " RECONNECT " 000009");
  g_autoptr (RtmpStatus) other = parse ("03 " REJECTED " 0005 'tcUrl' 02 0008 'rtmp://h' 000009");

  g_assert_cmpstr (absolute->redirect, ==, "rtmp://h");
  g_assert_false (absolute->redirect_is_url);
  g_assert_cmpstr (relative->redirect, ==, "/realtimeapp");
  g_assert_null (absent->redirect);
  g_assert_null (other->redirect);
}

static gchar *
redirect_of (const gchar *address, gsize size)
{
  g_autoptr (RtmpAmf) info = rtmp_amf_new_object ();
  RtmpAmf *ex = rtmp_amf_new_object ();
  g_autoptr (RtmpStatus) status = NULL;

  rtmp_amf_set (ex, "redirect", rtmp_amf_new_string_len (address, size));
  rtmp_amf_set (info, "ex", ex);
  status = rtmp_status_parse (info);
  return g_steal_pointer (&status->redirect);
}

static void
assert_redirect (const gchar *address, gsize size, gboolean taken)
{
  g_autofree gchar *redirect = redirect_of (address, size);

  g_assert_cmpstr (redirect, ==, taken ? address : NULL);
}

/* An address is taken whole or not at all: a piece of it is another address, and
 * options may follow a space. */
static void
test_redirect_odd (void)
{
  g_autofree gchar *limit = g_strnfill (RTMP_MAX_STATUS_TEXT, 'x');
  g_autofree gchar *over = g_strnfill (RTMP_MAX_STATUS_TEXT + 1, 'x');

  assert_redirect (limit, RTMP_MAX_STATUS_TEXT, TRUE);
  assert_redirect (over, RTMP_MAX_STATUS_TEXT + 1, FALSE);
  assert_redirect ("rtmp://h/\xc3\xa9", 11, TRUE);
  assert_redirect ("", 0, FALSE);
  assert_redirect ("rtmp://h/a b", 12, FALSE);
  assert_redirect ("rtmp://h/a\nb", 12, FALSE);
  assert_redirect ("rtmp://h/a\x7f", 11, FALSE);
  assert_redirect ("rtmp://h/a\0b", 12, FALSE);
  assert_redirect ("rtmp://h/\xff", 10, FALSE);
}

static void
check_round_trip (const gchar *code, const gchar *redirect, gboolean is_url)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", code, "why");
  g_autoptr (RtmpStatus) back = NULL;
  g_autoptr (RtmpAmf) info = NULL;

  status->redirect = g_strdup (redirect);
  status->redirect_is_url = is_url;
  info = rtmp_status_to_amf (status);
  back = rtmp_status_parse (info);
  assert_status (back, "error", code, "why");
  g_assert_cmpstr (back->redirect, ==, redirect);
  g_assert_cmpint (back->redirect_is_url, ==, is_url);
}

static void
test_to_amf (void)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "code", "text");
  g_autoptr (RtmpAmf) info = rtmp_status_to_amf (status);
  g_autoptr (RtmpAmf) moved = NULL;

  amf_assert_text (info, "{\"level\": \"status\", \"code\": \"code\", \"description\": \"text\"}");
  status->redirect = g_strdup ("rtmp://h");
  moved = rtmp_status_to_amf (status);
  amf_assert_text (moved,
      "{\"level\": \"status\", \"code\": \"code\", \"description\": \"text\","
      " \"ex\": {\"code\": 302, \"redirect\": \"rtmp://h\"}}");
  check_round_trip ("NetStream.Publish.Start", NULL, FALSE);
  check_round_trip ("NetConnection.Connect.Rejected", "rtmp://h/app", FALSE);
  check_round_trip ("NetConnection.Connect.Rejected", "rtmp://h/app/s", TRUE);
  check_round_trip ("NetConnection.Connect.ReconnectRequest", "rtmp://h/app", FALSE);
  check_round_trip ("NetConnection.Connect.ReconnectRequest", NULL, FALSE);
}

/* protocol.md 22, peers.md Q9 to Q11 */
static void
test_error_codes (void)
{
  static const struct {
    const gchar *code;
    const gchar *description;
    RtmpError error;
  } refusals[] = {
    { "NetStream.Publish.BadName", "", RTMP_ERROR_BUSY },
    { "NetStream.Play.StreamNotFound", "", RTMP_ERROR_NOT_FOUND },
    { "NetStream.Play.FileNotFound", "", RTMP_ERROR_NOT_FOUND },
    { "NetConnection.Connect.InvalidApp", "", RTMP_ERROR_NOT_FOUND },
    { "NetStream.Publish.Unauthorized", "", RTMP_ERROR_NOT_AUTHORIZED },
    { "NetStream.Play.Unauthorized", "", RTMP_ERROR_NOT_AUTHORIZED },
    { "NetStream.Record.NoAccess", "", RTMP_ERROR_NOT_AUTHORIZED },
    { "NetStream.Play.Failed", "", RTMP_ERROR_REJECTED },
    { "NetConnection.Connect.Failed", "", RTMP_ERROR_REJECTED },
    { "NetConnection.Connect.AppShutdown", "", RTMP_ERROR_REJECTED },
    { "NetConnection.Connect.ReconnectRequest", "", RTMP_ERROR_REDIRECT },
    { "NetConnection.Connect.Rejected", "", RTMP_ERROR_REJECTED },
    { "NetConnection.Connect.Rejected", "too many connections", RTMP_ERROR_REJECTED },
    { "NetConnection.Connect.Rejected", "[ code=403 need auth; authmod=adobe ]",
        RTMP_ERROR_NOT_AUTHORIZED },
    { "NetConnection.Connect.Rejected", "?reason=needauth&user=u", RTMP_ERROR_NOT_AUTHORIZED },
    { "NetConnection.Connect.Rejected", "?reason=authfailed", RTMP_ERROR_NOT_AUTHORIZED },
    { "NetConnection.Connect.Rejected", "?reason=nosuchuser", RTMP_ERROR_NOT_AUTHORIZED },
    { "NetConnection.Connect.Rejected", "Authentication required", RTMP_ERROR_NOT_AUTHORIZED },
    { "NetStream.Play.Failed", "authmod=adobe", RTMP_ERROR_REJECTED },
    { "NetStream.Publish.BadName.More", "", RTMP_ERROR_REJECTED },
    { "Unauthorized", "", RTMP_ERROR_REJECTED },
    { "", "", RTMP_ERROR_REJECTED },
    { "something", "else", RTMP_ERROR_REJECTED },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autoptr (RtmpStatus) status = rtmp_status_new ("error", refusals[i].code,
        refusals[i].description);
    g_autoptr (GError) error = rtmp_status_to_error (status, "publish");

    g_assert_error (error, RTMP_ERROR, (gint) refusals[i].error);
  }
}

static void
test_error_redirect (void)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", "NetConnection.Connect.Rejected",
      "authmod=adobe");
  g_autoptr (GError) error = NULL;

  status->redirect = g_strdup ("rtmp://h");
  error = rtmp_status_to_error (status, "connect");
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_REDIRECT);
}

static void
check_error_text (const gchar *code, const gchar *description, const gchar *text)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", code, description);
  g_autoptr (GError) error = rtmp_status_to_error (status, "publish");

  g_assert_cmpstr (error->message, ==, text);
  g_assert_cmpstr (rtmp_error_get_code (error), ==, code[0] ? code : NULL);
  g_assert_cmpstr (rtmp_error_get_description (error), ==, description[0] ? description : NULL);
}

static void
test_error_text (void)
{
  check_error_text ("Code", "Words", "The server refused publish: Words (Code)");
  check_error_text ("Code", "", "The server refused publish: Code");
  check_error_text ("", "100% full", "The server refused publish: 100% full");
  check_error_text ("", "", "The server refused publish: it gave no reason");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/status/parse", test_parse);
  g_test_add_func ("/status/parse/odd", test_parse_odd);
  g_test_add_func ("/status/text/valid", test_text_valid);
  g_test_add_func ("/status/text/cut", test_text_cut);
  g_test_add_func ("/status/new", test_new);
  g_test_add_func ("/status/copy", test_copy);
  g_test_add_func ("/status/redirect", test_redirect);
  g_test_add_func ("/status/redirect/odd", test_redirect_odd);
  g_test_add_func ("/status/reconnect", test_reconnect);
  g_test_add_func ("/status/to-amf", test_to_amf);
  g_test_add_func ("/status/error/codes", test_error_codes);
  g_test_add_func ("/status/error/redirect", test_error_redirect);
  g_test_add_func ("/status/error/text", test_error_text);
  return g_test_run ();
}
