/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SERVER_SCRIPT_H
#define SERVER_SCRIPT_H

#include "sessiontest.h"
#include "wirescript.h"

/*
 * A server against a hand-written client, brought to where a test begins: what
 * happened until then was as it should be, and is not in the logs any more.
 */

/* C0, C1 and C2, without waiting for anything; the echo is of nothing. */
static inline void
script_client_handshake (GByteArray *out, guint8 version)
{
  guint8 zeros[2 * 1536] = { 0 };

  script_u8 (out, version);
  g_byte_array_append (out, zeros, sizeof (zeros));
}

/* After the handshake. */
static inline End *
server_shaken (const RtmpServerConfig *config, gsize step)
{
  End *server = end_new (rtmp_server_new (config, SECOND), SECOND);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  server->step = step;
  script_client_handshake (script, 3);
  g_assert_true (end_script (server, script));
  end_take_events (server);
  g_string_truncate (server->events, 0);
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_CONNECT);
  end_forget (server);
  return server;
}

static inline End *
server_awaiting_connect (gsize step)
{
  const RtmpServerConfig config = test_server_config ();

  return server_shaken (&config, step);
}

/* connect was accepted; all else will be. */
static inline End *
server_connected (gsize step)
{
  End *server = server_awaiting_connect (step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  server->accept = TRUE;
  script_command (script, 0, "'connect' 1 {app: 'live'}");
  g_assert_true (end_script (server, script));
  assert_events (server, "connect?\n");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_START);
  end_forget (server);
  return server;
}

/* Message stream 1 is there. */
static inline End *
server_with_stream (gsize step)
{
  End *server = server_connected (step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0, "'createStream' 2 null");
  g_assert_true (end_script (server, script));
  assert_output (server, "20@0 _result 2 null 1\n");
  assert_events (server, "");
  end_forget (server);
  return server;
}

/* Message stream 1 is published to or played from. */
static inline End *
server_streaming (gboolean publish, gsize step)
{
  End *server = server_with_stream (step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 1, publish ? "'publish' 0 null 'key' 'live'" : "'play' 0 null 'key'");
  g_assert_true (end_script (server, script));
  assert_events (server, publish ? "publish? 1 'key'\n" : "play? 1 'key'\n");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_STREAMING);
  end_forget (server);
  return server;
}

#endif
