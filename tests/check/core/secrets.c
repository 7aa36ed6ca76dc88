/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpsecrets.h"

#include "core/rtmperror.h"

static RtmpLocation *
make_location (void)
{
  RtmpLocation *location = rtmp_location_parse (
      "rtmp://user:passw0rd@host/live?auth=app-secret/key-name?token=tok-123&e=12&sig=sig-456",
      NULL);

  g_assert_nonnull (location);
  location->secure_token = g_strdup ("secure-token");
  return location;
}

static void
assert_hidden (const gchar *text, const gchar *expected)
{
  g_autoptr (RtmpLocation) location = make_location ();
  g_autofree gchar *hidden = rtmp_secrets_hide (location, text);

  g_assert_cmpstr (hidden, ==, expected);
}

static void
test_hide (void)
{
  g_autoptr (RtmpLocation) location = make_location ();
  g_autofree gchar *mask = rtmp_mask_secret (location->stream);
  g_autofree gchar *said = g_strdup_printf ("no '%s' here", location->stream);
  g_autofree gchar *masked = g_strdup_printf ("no '%s' here", mask);

  assert_hidden (said, masked);
  assert_hidden ("key-name: not found", "ke***: not found");
  assert_hidden ("tok-123 or sig-456 expired", "to*** or si*** expired");
  assert_hidden ("auth=app-secret", "auth=ap***");
  assert_hidden ("passw0rd, secure-token", "pa***, se***");
  assert_hidden ("key-name key-name", "ke*** ke***");
}

/* "12" is a value too, and a word of other texts. */
static void
test_short_stays (void)
{
  assert_hidden ("12 streams on host, live", "12 streams on host, live");
}

static void
test_lengths (void)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  g_autofree gchar *three = NULL, *four = NULL;

  g_free (location->stream);
  location->stream = g_strdup ("abc");
  three = rtmp_secrets_hide (location, "abc");
  g_assert_cmpstr (three, ==, "abc");
  g_free (location->stream);
  location->stream = g_strdup ("abcd");
  four = rtmp_secrets_hide (location, "abcd");
  g_assert_cmpstr (four, ==, "a***");
}

static void
test_error (void)
{
  g_autoptr (RtmpLocation) location = make_location ();
  g_autoptr (GError) error = g_error_new (RTMP_ERROR, RTMP_ERROR_BUSY, "key-name is taken");

  rtmp_error_set_status (error, "NetStream.Publish.BadName", "key-name is in use");
  rtmp_secrets_hide_in_error (location, error);
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, "ke*** is taken");
  g_assert_cmpstr (rtmp_error_get_code (error), ==, "NetStream.Publish.BadName");
  g_assert_cmpstr (rtmp_error_get_description (error), ==, "ke*** is in use");
}

static void
test_error_without_status (void)
{
  g_autoptr (RtmpLocation) location = make_location ();
  g_autoptr (GError) error = g_error_new (G_MARKUP_ERROR, G_MARKUP_ERROR_EMPTY, "key-name");

  rtmp_secrets_hide_in_error (location, error);
  g_assert_cmpstr (error->message, ==, "ke***");
  g_assert_null (rtmp_error_get_description (error));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secrets/hide", test_hide);
  g_test_add_func ("/secrets/short-stays", test_short_stays);
  g_test_add_func ("/secrets/lengths", test_lengths);
  g_test_add_func ("/secrets/error", test_error);
  g_test_add_func ("/secrets/error-without-status", test_error_without_status);
  return g_test_run ();
}
