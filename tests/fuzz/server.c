/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A server's whole session against a client that says anything; the owner accepts and refuses as the
 * input has it.
 * Input: see fuzz_compare_runs()
 */
#include "fuzzsession.h"

/* What an owner does by itself, on a stream that the client may have, or may be publishing on. */
static void
act (RtmpSession *session)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "NetStream.Play.Reset", "again");
  const guint32 stream_id = 1;

  if (rtmp_session_get_stage (session) == RTMP_STAGE_HANDSHAKE)
    return;
  rtmp_server_send_media (session, stream_id,
      rtmp_message_new_copied (RTMP_MESSAGE_AUDIO, 0, 40, "\xAF\x01\0", 3));
  rtmp_server_notify_published (session, stream_id, TRUE);
  rtmp_server_notify_published (session, stream_id, FALSE);
  rtmp_server_send_status (session, stream_id, status);
  rtmp_server_ping (session, FUZZ_NOW);
  rtmp_server_end_play (session, stream_id, TRUE);
}

static GString *
run (guint flags, guint32 decisions, const guint8 *data, gsize size, gsize step)
{
  const gchar *app, *tc_url, *flash_version;
  FuzzEnd end;

  fuzz_end_init (&end, fuzz_server_new (flags), decisions);
  fuzz_feed_parts (&end, flags, data, size, step);
  act (end.session);
  app = rtmp_server_get_app (end.session);
  tc_url = rtmp_server_get_tc_url (end.session);
  flash_version = rtmp_server_get_flash_version (end.session);
  g_string_append_printf (end.log, "app '%s', tcUrl '%s', flashVer '%s'\n", app ? app : "",
      tc_url ? tc_url : "", flash_version ? flash_version : "");
  return fuzz_finish (&end, size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_compare_runs (run, data, size);
  return 0;
}
