/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a server says in onStatus and in refusals: its meaning, the error made of it, where it
 * redirects to, and the authentication it asks for.
 * Input: an AMF value
 */
#include "core/rtmpauth.h"
#include "core/rtmpclientstatus.h"
#include "core/rtmplocation.h"
#include "core/rtmpstatus.h"

#include "fuzz.h"

static void
check_text (const gchar *text)
{
  g_assert_cmpuint (strlen (text), <=, RTMP_MAX_STATUS_TEXT);
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

static void
check_round_trip (const RtmpStatus *status)
{
  g_autoptr (RtmpAmf) amf = rtmp_status_to_amf (status);
  g_autoptr (RtmpStatus) again = rtmp_status_parse (amf);

  g_assert_cmpstr (again->level, ==, status->level);
  g_assert_cmpstr (again->code, ==, status->code);
  g_assert_cmpstr (again->description, ==, status->description);
  g_assert_cmpstr (again->redirect, ==, status->redirect);
  g_assert_cmpint (again->redirect_is_url, ==, status->redirect_is_url);
}

/* From rtmps never to rtmp, and the password never to another host. */
static void
check_redirect (const RtmpStatus *status)
{
  g_autoptr (RtmpLocation) from = rtmp_location_parse ("rtmps://user:" FUZZ_PASSWORD
                                                       "@host.test/app/name",
      NULL);
  g_autoptr (RtmpLocation) to = NULL;
  g_autoptr (GError) error = NULL;

  if (!status->redirect)
    return;
  check_text (status->redirect);
  to = rtmp_location_resolve_redirect (from, status->redirect, status->redirect_is_url, &error);
  if (!to) {
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_REDIRECT);
    return;
  }
  g_assert_cmpint (to->scheme, ==, RTMP_SCHEME_RTMPS);
  if (g_ascii_strcasecmp (to->host, from->host) != 0)
    g_assert_null (to->password);
  else
    g_assert_cmpstr (to->password, ==, FUZZ_PASSWORD);
}

/* Whatever is asked, it ends. */
static void
check_authentication (const RtmpStatus *status)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user", FUZZ_PASSWORD);
  g_autoptr (GError) error = NULL;
  guint rounds = 0;

  while (rtmp_auth_rejected (auth, "app", status->description, 0x12345678, &error)) {
    g_assert_false (fuzz_is_revealed (rtmp_auth_get_query (auth, "app"), status->description));
    rounds++;
    g_assert_cmpuint (rounds, <, RTMP_MAX_AUTH_ROUNDS);
  }
  if (error)
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  guint budget = RTMP_AMF_MAX_VALUES;
  g_autoptr (RtmpAmf) info = rtmp_amf_parse (data, size, NULL, &budget, NULL);
  g_autoptr (RtmpStatus) status = rtmp_status_parse (info);
  g_autoptr (GError) error = rtmp_status_to_error (status, "publish");

  check_text (status->level);
  check_text (status->code);
  check_text (status->description);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  check_round_trip (status);
  rtmp_client_status_action (status, TRUE);
  rtmp_client_status_action (status, FALSE);
  check_redirect (status);
  check_authentication (status);
  return 0;
}
