/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_SCRIPT_H
#define CLIENT_SCRIPT_H

#include "sessiontest.h"
#include "wirescript.h"

/*
 * A client against a hand-written server, brought to where a test begins: what
 * happened until then was as it should be, and is not in the logs any more.
 */

/* S0, S1 and S2; the version is plain, so nothing but the echo can be wrong. */
static inline void
script_handshake (End *client, GByteArray *out, guint8 version, gboolean right_echo)
{
  guint8 s1[1536] = { 0, 0, 0x12, 0x34 };
  guint8 s2[1536] = { 0 };

  end_send (client);
  g_assert_cmpuint (client->sent->len, >=, 1537);
  g_assert_cmpuint (client->sent->data[0], ==, 3);
  if (right_echo)
    memcpy (s2, client->sent->data + 1, sizeof (s2));
  script_u8 (out, version);
  g_byte_array_append (out, s1, sizeof (s1));
  g_byte_array_append (out, s2, sizeof (s2));
}

/* After the handshake: connect was sent. */
static inline End *
client_shaken (const RtmpClientConfig *config, gsize step)
{
  End *client = end_new (rtmp_client_new (config, SECOND), SECOND);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  client->step = step;
  script_handshake (client, script, 3, TRUE);
  g_assert_true (end_script (client, script));
  assert_events (client, "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CONNECT);
  end_forget (client);
  return client;
}

static inline End *
client_connecting (gboolean publish, gsize step)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  const RtmpClientConfig config = test_client_config (location, publish);

  return client_shaken (&config, step);
}

/* What servers say to connect, but for Set Chunk Size: scripts are in chunks of 128 bytes. */
static inline void
script_connected (GByteArray *out)
{
  script_control (out, 5, 5000000);
  script_peer_bandwidth (out, 5000000, 2);
  script_command (out, 0,
      "'_result' 1 {fmsVer: 'FMS/3,0,1,123', capabilities: 31}"
      " {level: 'status', code: 'NetConnection.Connect.Success',"
      " description: 'Connection succeeded.', objectEncoding: 0}");
}

/* connect was answered: createStream was sent. */
static inline End *
client_creating (gboolean publish, gsize step)
{
  End *client = client_connecting (publish, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_connected (script);
  g_assert_true (end_script (client, script));
  assert_events (client, "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CREATE_STREAM);
  end_forget (client);
  return client;
}

/* createStream was answered: publish or play was sent, on message stream 1. */
static inline End *
client_starting (gboolean publish, gsize step)
{
  End *client = client_creating (publish, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0, publish ? "'_result' 4 null 1" : "'_result' 2 null 1");
  g_assert_true (end_script (client, script));
  assert_events (client, "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==,
      publish ? RTMP_STAGE_START : RTMP_STAGE_STREAMING);
  end_forget (client);
  return client;
}

/* Publishing, or playing. */
static inline End *
client_started (gboolean publish, gsize step)
{
  End *client = client_starting (publish, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_status (script, 1, "status", publish ? "NetStream.Publish.Start" : "NetStream.Play.Start");
  g_assert_true (end_script (client, script));
  assert_events (client,
      publish ? "ready status 'NetStream.Publish.Start'\n"
              : "ready status 'NetStream.Play.Start'\n");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_STREAMING);
  end_forget (client);
  return client;
}

#endif
