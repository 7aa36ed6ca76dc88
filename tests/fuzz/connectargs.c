/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Additional arguments of connect in librtmp's notation, and the connect command that carries them;
 * the same text as an application that a client names, which a server looks into for credentials.
 * Input: text
 */
#include "core/rtmpauth.h"
#include "core/rtmpcommand.h"

#include "fuzz.h"

static void
check_command (const gchar *text, GPtrArray *extra)
{
  const RtmpConnectArgs args = { .app = text,
    .tc_url = "rtmp://host.test/app",
    .enhanced = TRUE,
    .extra = extra };
  g_autoptr (RtmpCommand) command = rtmp_connect_command_new (&args);
  g_autoptr (RtmpMessage) message = rtmp_command_to_message (command, 0);
  g_autoptr (RtmpCommand) again = NULL;
  g_autoptr (GError) error = NULL;

  again = rtmp_command_parse (message, &error);
  if (again)
    g_assert_cmpuint (again->args->len, ==, 1 + extra->len);
  else
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
}

static void
check_application (const gchar *app)
{
  g_autofree gchar *description = NULL;
  g_autofree gchar *stripped = rtmp_auth_strip_query (app);
  const RtmpAuthVerdict verdict = rtmp_auth_check (app, "user", FUZZ_PASSWORD, "01234567",
      "89abcdef", &description);

  g_assert_cmpuint (strlen (stripped), <=, strlen (app));
  g_assert_cmpint (verdict == RTMP_AUTH_ACCEPTED, ==, description == NULL);
  if (description)
    g_assert_false (fuzz_is_revealed (description, app));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  g_autofree gchar *text = fuzz_text (&in);
  g_autoptr (GPtrArray) extra = NULL;
  g_autoptr (GError) error = NULL;

  check_application (text);
  extra = rtmp_connect_extra_parse (text, &error);
  if (extra)
    check_command (text, extra);
  else
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_SYNTAX);
  return 0;
}
