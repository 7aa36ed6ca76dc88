/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Addresses: what was parsed is written as an address of the same meaning.
 * Input: address | NUL | redirection
 */
#include "core/rtmplocation.h"

#include "fuzz.h"

static void
check_written (const RtmpLocation *location)
{
  g_autofree gchar *uri = rtmp_location_to_uri (location);
  g_autofree gchar *display = rtmp_location_to_display (location);
  g_autofree gchar *tc_url = rtmp_location_to_tc_url (location);
  g_autoptr (RtmpLocation) again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_utf8_validate (display, -1, NULL));
  g_assert_nonnull (tc_url);
  again = rtmp_location_parse (uri, &error);
  /* Escapes make it longer. */
  if (strlen (uri) > RTMP_MAX_LOCATION)
    return;
  g_assert_no_error (error);
  g_assert_cmpint (again->scheme, ==, location->scheme);
  g_assert_cmpstr (again->host, ==, location->host);
  g_assert_cmpstr (again->application, ==, location->application);
  g_assert_cmpstr (again->stream, ==, location->stream);
  g_assert_cmpuint (rtmp_location_get_port (again), ==, rtmp_location_get_port (location));
  g_assert_null (again->password);
}

static void
check_redirect (const RtmpLocation *location, const gchar *target, gboolean is_url)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RtmpLocation) to = rtmp_location_resolve_redirect (location, target, is_url, &error);

  if (!to) {
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_REDIRECT);
    return;
  }
  g_assert_cmpint (to->scheme, >=, location->scheme);
  if (g_ascii_strcasecmp (to->host, location->host) != 0) {
    g_assert_null (to->username);
    g_assert_null (to->password);
    g_assert_null (to->secure_token);
    g_assert_null (to->connect_args);
  }
  check_written (to);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  g_autofree gchar *uri = fuzz_text (&in);
  g_autoptr (RtmpLocation) location = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *target = NULL;

  in.pos = data + MIN (size, strlen (uri) + 1);
  target = fuzz_text (&in);
  location = rtmp_location_parse (uri, &error);
  if (!location) {
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_ADDRESS);
    return 0;
  }
  check_written (location);
  check_redirect (location, target, FALSE);
  check_redirect (location, target, TRUE);
  return 0;
}
