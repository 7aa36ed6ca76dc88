/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A client's whole session against a server that says anything: publishing or playing, with every
 * start, with and without credentials.
 * Input: see fuzz_compare_runs()
 */
#include "fuzzsession.h"

static GString *
run (guint flags, guint32 decisions, const guint8 *data, gsize size, gsize step)
{
  const gboolean publish = (flags & FUZZ_PUBLISH) != 0;
  RtmpAuth *auth;
  FuzzEnd end;
  GString *log;

  fuzz_end_init (&end, fuzz_client_new (flags, &auth), decisions);
  fuzz_feed_parts (&end, flags, data, size, step);
  if (publish && rtmp_client_is_sendable (end.session))
    rtmp_session_send_media (end.session,
        rtmp_message_new_copied (RTMP_MESSAGE_VIDEO, 0, 40, "\x17\x01\0\0\0", 5));
  rtmp_client_stop (end.session,
      RTMP_STOP_FCUNPUBLISH | RTMP_STOP_CLOSE_STREAM | RTMP_STOP_DELETE_STREAM, FUZZ_NOW);
  g_string_append_printf (end.log, "query %s, stream %u\n", rtmp_auth_get_query (auth, "live"),
      rtmp_client_get_stream_id (end.session));
  log = fuzz_finish (&end, size);
  rtmp_auth_free (auth);
  return log;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_compare_runs (run, data, size);
  return 0;
}
