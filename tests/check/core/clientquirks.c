/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpclient.h"

#include "../../support/chunktest.h"
#include "../../support/clientscript.h"

/* The quirks of servers, by their numbers in peers.md. Each is met whole and byte
 * by byte. */

/* -- Commands -- */

/* No answer to releaseStream and FCPublish. */
static void
quirk_1 (gsize step)
{
  g_autoptr (End) client = client_creating (TRUE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0, "'_result' 4 null 1");
  g_assert_true (end_script (client, script));
  assert_output (client, "20@1 publish 5 null 'myStream' 'live'\n");
  script_status (script, 1, "status", "NetStream.Publish.Start");
  g_assert_true (end_script (client, script));
  assert_events (client, "ready status 'NetStream.Publish.Start'\n");
}

/* _error for them. */
static void
quirk_2 (gsize step)
{
  g_autoptr (End) client = client_creating (TRUE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0,
      "'_error' 2 null {level: 'error',"
      " code: 'NetConnection.Call.Failed', description: 'Method not found (releaseStream).'}");
  script_command (script, 0,
      "'_error' 3 null {level: 'error',"
      " code: 'NetConnection.Call.Failed', description: 'Method not found (FCPublish).'}");
  script_command (script, 0, "'_result' 4 null 1");
  g_assert_true (end_script (client, script));
  assert_events (client,
      "warning 'releaseStream was refused: NetConnection.Call.Failed"
      " Method not found (releaseStream).'\n"
      "warning 'FCPublish was refused: NetConnection.Call.Failed"
      " Method not found (FCPublish).'\n");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_START);
}

/* onFCPublish without a transaction id, and with one. */
static void
quirk_3 (gsize step)
{
  g_autoptr (End) client = client_creating (TRUE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0, "'onFCPublish'");
  script_command (script, 0, "'onFCPublish' null {code: 'NetStream.Publish.Start'}");
  script_command (script, 0, "'onFCPublish' 0 null {code: 'NetStream.Publish.Start'}");
  script_command (script, 0, "'onFCSubscribe' 3 null {code: 'NetStream.Play.Start'}");
  script_command (script, 0, "'_result' 4 null 1");
  g_assert_true (end_script (client, script));
  assert_events (client, "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_START);
}

/* Results with transaction id 0: of connect, and of createStream. */
static void
quirk_4 (gsize step)
{
  g_autoptr (End) client = client_connecting (TRUE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0, "'_result' 0 null {code: 'NetConnection.Connect.Success'}");
  g_assert_true (end_script (client, script));
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CREATE_STREAM);
  script_command (script, 0, "'_result' 0 null 7");
  g_assert_true (end_script (client, script));
  g_assert_cmpuint (rtmp_client_get_stream_id (client->session), ==, 7);
  script_command (script, 0, "'_result' 0 null");
  g_assert_true (end_script (client, script));
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_START);
  assert_events (client, "warning 'An answer to no command of ours (transaction 0)'\n");
}

/* onStatus with a transaction id. */
static void
quirk_5 (gsize step)
{
  g_autoptr (End) client = client_starting (TRUE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 1,
      "'onStatus' 5 null {level: 'status',"
      " code: 'NetStream.Publish.Start', description: 'publish start'}");
  g_assert_true (end_script (client, script));
  assert_events (client, "ready status 'NetStream.Publish.Start'\n");
  assert_output (client, "");
}

/* What may come before and after Play.Start. */
static void
quirk_6 (gsize step)
{
  g_autoptr (End) client = client_starting (FALSE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_user_control (script, 0, 1);
  script_status (script, 1, "status", "NetStream.Play.Reset");
  script_status (script, 1, "status", "NetStream.Play.Start");
  script_amf (script, 18, 1, "'|RtmpSampleAccess' true true");
  script_amf (script, 18, 1, "'onStatus' {code: 'NetStream.Data.Start'}");
  script_status (script, 1, "status", "NetStream.Play.PublishNotify");
  g_assert_true (end_script (client, script));
  assert_events (client,
      "status status 'NetStream.Play.Reset'\n"
      "ready status 'NetStream.Play.Start'\n"
      "status  'NetStream.Data.Start'\n");
}

static void
quirk_6_publish_notify (gsize step)
{
  g_autoptr (End) client = client_starting (FALSE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_status (script, 1, "status", "NetStream.Play.PublishNotify");
  script_status (script, 1, "status", "NetStream.Play.Start");
  g_assert_true (end_script (client, script));
  assert_events (client, "ready status 'NetStream.Play.PublishNotify'\n");
}

/* Play.Start, and Publish.Start, on message stream 0. */
static void
quirk_7 (gsize step)
{
  g_autoptr (End) player = client_starting (FALSE, step);
  g_autoptr (End) publisher = client_starting (TRUE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_status (script, 0, "status", "NetStream.Play.Start");
  script_media (script, 9, 1, 0, "\x17\x01", 2, 20);
  g_assert_true (end_script (player, script));
  assert_events (player,
      "ready status 'NetStream.Play.Start'\n"
      "message 9 on 1 at 0, 20 bytes\n");
  script_status (script, 0, "status", "NetStream.Publish.Start");
  g_assert_true (end_script (publisher, script));
  assert_events (publisher, "ready status 'NetStream.Publish.Start'\n");
}

/* Start withheld until a publisher arrives, which may be with the media itself: it
 * is only the idle timeout that ends the wait. */
static void
quirk_8 (gsize step)
{
  g_autoptr (End) client = client_starting (FALSE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  g_assert_true (rtmp_session_check_deadline (client->session, SECOND + TEST_TIMEOUT, NULL));
  g_assert_cmpint (rtmp_session_get_deadline (client->session), ==, SECOND + TEST_IDLE_TIMEOUT);
  client->now = 20 * SECOND;
  script_media (script, 8, 1, 0, "\xAF\x00", 2, 4);
  script_status (script, 1, "status", "NetStream.Play.Start");
  g_assert_true (end_script (client, script));
  assert_events (client,
      "ready status ''\n"
      "message 8 on 1 at 0, 4 bytes\n");
}

/* A refusal by silence, with the connection left open; likewise Q37. */
static void
quirk_9_37 (gsize step)
{
  g_autoptr (End) publisher = client_starting (TRUE, step);
  g_autoptr (End) player = client_starting (FALSE, step);

  g_assert_false (rtmp_session_check_deadline (publisher->session, SECOND + TEST_TIMEOUT,
      &publisher->error));
  assert_failed (publisher, RTMP_ERROR_TIMEOUT, "Timed out waiting for the answer to publish");
  g_assert_false (rtmp_session_check_deadline (player->session, SECOND + TEST_IDLE_TIMEOUT,
      &player->error));
  assert_failed (player, RTMP_ERROR_TIMEOUT, "Timed out waiting for media");
}

/* Refusals on a connection that is left open. */
static void
quirk_10_11 (gsize step)
{
  static const struct {
    gboolean publish;
    const gchar *level;
    const gchar *code;
    RtmpError error;
  } cases[] = {
    { TRUE, "error", "NetStream.Publish.BadName", RTMP_ERROR_BUSY },
    { TRUE, "status", "NetStream.Publish.BadName", RTMP_ERROR_BUSY },
    { TRUE, "error", "NetStream.Publish.Unauthorized", RTMP_ERROR_NOT_AUTHORIZED },
    { TRUE, "error", "NetStream.Publish.NeverHeardOf", RTMP_ERROR_REJECTED },
    { FALSE, "error", "NetStream.Play.Failed", RTMP_ERROR_REJECTED },
    { FALSE, "error", "NetStream.Play.StreamNotFound", RTMP_ERROR_NOT_FOUND },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (End) client = client_starting (cases[i].publish, step);
    g_autoptr (GByteArray) script = g_byte_array_new ();

    script_status (script, 1, cases[i].level, cases[i].code);
    g_assert_false (end_script (client, script));
    g_assert_error (client->error, RTMP_ERROR, (gint) cases[i].error);
    g_assert_cmpstr (rtmp_error_get_code (client->error), ==, cases[i].code);
    g_assert_cmpstr (rtmp_error_get_description (client->error), ==, "So be it.");
  }
}

/* Redirections: SRS's form, and that of Flash Media Server. */
static void
quirk_12 (gsize step)
{
  static const struct {
    const gchar *values;
    const gchar *events;
  } cases[] = {
    { "'onStatus' 0 null {level: 'error', code: 'NetConnection.Connect.Rejected',"
      " description: 'RTMP 302 Redirect', ex: {code: 302,"
      " redirect: 'rtmp://192.0.2.1/live',"
      " redirect2: 'rtmp://192.0.2.1/live/secret'}}",
        "status error 'NetConnection.Connect.Rejected' to URL"
        " 'rtmp://192.0.2.1/live/secret'\n" },
    { "'_error' 1 null {level: 'error', code: 'NetConnection.Connect.Rejected',"
      " description: 'Connection failed', ex: {code: 302, redirect: 'rtmp://192.0.2.1/live'}}",
        "status error 'NetConnection.Connect.Rejected' to tcUrl 'rtmp://192.0.2.1/live'\n" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (End) client = client_connecting (TRUE, step);
    g_autoptr (GByteArray) script = g_byte_array_new ();

    script_command (script, 0, cases[i].values);
    g_assert_false (end_script (client, script));
    assert_events (client, cases[i].events);
    g_assert_error (client->error, RTMP_ERROR, RTMP_ERROR_REDIRECT);
    g_assert_null (strstr (client->error->message, "secret"));
  }
}

static void
quirk_14 (gsize step)
{
  g_autoptr (End) client = client_started (TRUE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0, "'onBWDone' 0 null 8192");
  script_command (script, 0, "'onBWDone' 2 null");
  script_command (script, 0, "'_onbwcheck' 0 null");
  script_command (script, 0, "'_onbwcheck' 3 null");
  script_command (script, 0, "'_onbwdone' 4 null");
  script_command (script, 0, "'ping' 5 null");
  script_command (script, 0, "'somethingElse' 6 null 'x'");
  script_command (script, 0, "'somethingElse' 0 null 'x'");
  g_assert_true (end_script (client, script));
  assert_events (client, "");
  assert_output (client,
      "20@0 _result 3 null null\n"
      "20@0 pong 5 null\n"
      "20@0 _result 6 null null\n");

  script_command (script, 0, "'close' 0 null");
  g_assert_false (end_script (client, script));
  assert_failed (client, RTMP_ERROR_CLOSED, "The server asked to close the connection");
}

/* -- Control messages -- */

static void
quirk_15 (gsize step)
{
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_user_control (script, 31, 1);
  script_user_control (script, 32, 1);
  script_user_control (script, 2, 1);
  script_user_control (script, 4, 1);
  script_user_control (script, 0x7777, 1);
  script_message (script, 4, 0, 0, (const guint8 *) "\x00\x1A", 2);
  g_assert_true (end_script (client, script));
  assert_events (client, "warning 'The server asks for SWF verification'\n");
  assert_output (client, "");
}

/* Control messages on other chunk streams than 2, and on a message stream. */
static void
quirk_16 (gsize step)
{
  static const guint8 chunk_size[] = { 0, 0, 2, 0 };
  static const guint8 ping[] = { 0, 6, 0x12, 0x34, 0x56, 0x78 };
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  g_autoptr (GByteArray) video = g_byte_array_new ();
  RtmpSessionStats stats;

  script_chunks (script, 3, 1, 0, 0, chunk_size, sizeof (chunk_size), 128);
  script_chunks (script, 8, 4, 1, 0, ping, sizeof (ping), 128);
  run_append (video, 'V', 0, 1100);
  script_chunks (script, 6, 9, 1, 40, video->data, video->len, 512);
  g_assert_true (end_script (client, script));
  rtmp_session_get_stats (client->session, &stats);
  g_assert_cmpuint (stats.in_chunk_size, ==, 512);
  assert_events (client, "message 9 on 1 at 40, 1100 bytes\n");
  assert_output (client, "4@0 7 305419896\n");
}

/* Vector 17. */
static void
quirk_17 (gsize step)
{
  g_autoptr (End) client = client_started (TRUE, step);
  g_autoptr (GByteArray) script = wire_new ("02 000000 000006 04 00000000 0006 12345678");

  end_forget (client);
  g_assert_true (end_script (client, script));
  end_send (client);
  g_assert_cmpmem (client->sent->data + client->sent->len - 6, 6, "\x00\x07\x12\x34\x56\x78", 6);
  assert_output (client, "4@0 7 305419896\n");
}

static void
quirk_18 (gsize step)
{
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  g_autoptr (GByteArray) video = g_byte_array_new ();
  RtmpMessage *message;
  g_autoptr (GBytes) payload = NULL;

  script_control (script, 1, 1);
  run_append (video, 'V', 0, 700);
  script_chunks (script, 6, 9, 1, 40, video->data, video->len, 1);
  g_assert_true (end_script (client, script));
  g_assert_cmpuint (client->media->len, ==, 1);
  message = client->media->pdata[0];
  payload = rtmp_message_get_payload (message);
  g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), video->data,
      video->len);
}

/* Abort in the middle of a message, and of a chunk stream that has none (vector 11). */
static void
quirk_19 (gsize step)
{
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script = wire_new ("06 000028 0000C8 09 01000000 A+128 "
                                            "02 000000 000004 02 00000000 00000006"
                                            "02 000000 000004 02 00000000 0000FFFF"
                                            "C6 B+128 C6 B+72");
  RtmpSessionStats stats;

  g_assert_true (end_script (client, script));
  assert_events (client, "message 9 on 1 at 80, 200 bytes\n");
  rtmp_session_get_stats (client->session, &stats);
  g_assert_cmpuint (stats.in_dropped, ==, 1);
}

/* Vector 15, and one acknowledgement for bytes that came together. */
static void
test_acknowledgements (void)
{
  g_autoptr (End) client = client_started (FALSE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  RtmpSessionStats stats;
  guint i;

  script_control (script, 5, 1000);
  g_assert_true (end_script (client, script));
  rtmp_session_get_stats (client->session, &stats);
  g_assert_cmpuint (stats.in_bytes_acked, ==, stats.in_bytes_total);
  end_forget (client);
  for (i = 0; i < 5; i++) {
    g_autofree gchar *ack = NULL;

    script_media (script, 8, 1, i, "\xAF\x01", 2, 485);
    g_assert_cmpuint (script->len, ==, 500);
    g_assert_true (end_script (client, script));
    rtmp_session_get_stats (client->session, &stats);
    ack = g_strdup_printf ("3@0 %u\n", (guint) stats.in_bytes_total);
    assert_output (client, ack);
  }
}

/* Peers that never acknowledge. */
static void
quirk_28 (gsize step)
{
  static guint8 payload[100000];
  g_autoptr (End) client = client_started (TRUE, 0);
  RtmpSessionStats stats;
  guint i;

  (void) step;
  for (i = 0; i < 60; i++)
    rtmp_session_send_media (client->session,
        rtmp_message_new_copied (RTMP_MESSAGE_VIDEO, 0, i, payload, sizeof (payload)));
  end_send (client);
  rtmp_session_get_stats (client->session, &stats);
  g_assert_cmpuint (stats.out_bytes_total, >, 2 * stats.out_window_ack_size);
  g_assert_cmpuint (stats.out_bytes_acked, ==, 0);
  g_assert_cmpuint (rtmp_session_get_queued (client->session), ==, 0);
}

/* One Window Acknowledgement Size a connection, whatever the server asks for. */
static void
quirk_34 (gsize step)
{
  g_autoptr (End) client = client_connecting (TRUE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_control (script, 5, 2500000);
  script_peer_bandwidth (script, 2500000, 2);
  script_connected (script);
  script_peer_bandwidth (script, 2500000, 2);
  script_peer_bandwidth (script, 2500000, 0);
  g_assert_true (end_script (client, script));
  assert_output (client,
      "5@0 2500000\n"
      "20@0 releaseStream 2 null 'myStream'\n"
      "20@0 FCPublish 3 null 'myStream'\n"
      "20@0 createStream 4 null\n");
}

/* Nor is another sent of our own accord after the server has ordered one (vector 16). */
static void
quirk_34_ordered (gsize step)
{
  g_autoptr (End) client = client_connecting (TRUE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_peer_bandwidth (script, 5000, 0);
  g_assert_true (end_script (client, script));
  assert_output (client, "5@0 5000\n");
  script_peer_bandwidth (script, 10000, 1);
  script_peer_bandwidth (script, 2000, 7);
  script_connected (script);
  g_assert_true (end_script (client, script));
  assert_output (client,
      "20@0 releaseStream 2 null 'myStream'\n"
      "20@0 FCPublish 3 null 'myStream'\n"
      "20@0 createStream 4 null\n");
}

/* -- Chunks -- */

/* Q20: type 3 chunks that leave the extended timestamp out, and that repeat it. */
static void
quirk_20 (gsize step)
{
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script =
      wire_new ("06 FFFFFF 0000C8 09 01000000 01000000 A+128 C6 A+72 "
                "06 FFFFFF 0000C8 09 01000000 01000028 B+128 C6 01000028 B+72");

  g_assert_true (end_script (client, script));
  assert_events (client,
      "message 9 on 1 at 16777216, 200 bytes\n"
      "message 9 on 1 at 16777256, 200 bytes\n");
}

/* Q21: the extended value of types 1 and 2 is a delta. */
static void
quirk_21 (gsize step)
{
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script =
      wire_new ("06 000064 000003 09 01000000 A+3 "
                "46 FFFFFF 000003 09 01000000 A+3 86 FFFFFF 02000000 A+3");

  g_assert_true (end_script (client, script));
  assert_events (client,
      "message 9 on 1 at 100, 3 bytes\n"
      "message 9 on 1 at 16777316, 3 bytes\n"
      "message 9 on 1 at 50331748, 3 bytes\n");
}

/* Q22, vector 7: type 3 begins a message after type 0. */
static void
quirk_22 (gsize step)
{
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script = wire_new ("06 0003E8 000003 09 01000000 A+3 C6 A+3");

  g_assert_true (end_script (client, script));
  assert_events (client,
      "message 9 on 1 at 1000, 3 bytes\n"
      "message 9 on 1 at 2000, 3 bytes\n");
}

/* Q23: a chunk stream begins with type 1; its messages are then on message stream 0. */
static void
quirk_23 (gsize step)
{
  g_autoptr (End) client = client_started (TRUE, step);
  g_autoptr (GByteArray) script = wire_new ("42 000000 000006 04 0006 00000009");

  g_assert_true (end_script (client, script));
  assert_events (client, "");
  assert_output (client, "4@0 7 9\n");
}

/* Q24, vector 13: a new header inside a message. */
static void
quirk_24 (gsize step)
{
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script = wire_new ("06 000064 0000C8 09 01000000 A+128 "
                                            "06 00008C 000003 09 01000000 B+3");
  RtmpSessionStats stats;

  g_assert_true (end_script (client, script));
  assert_events (client, "message 9 on 1 at 140, 3 bytes\n");
  rtmp_session_get_stats (client->session, &stats);
  g_assert_cmpuint (stats.in_dropped, ==, 1);
}

/* -- Handshake -- */

/* Q27, vector 18: a wrong echo, and another version, are noted and no more. */
static void
check_handshake (guint8 version, gboolean right_echo, gsize step)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  client->step = step;
  script_handshake (client, script, version, right_echo);
  g_assert_true (end_script (client, script));
  end_take_events (client);
  g_assert_true (g_str_has_prefix (client->events->str, "warning 'Handshake: "));
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CONNECT);
}

static void
quirk_27 (gsize step)
{
  check_handshake (3, FALSE, step);
  check_handshake (0, TRUE, step);
  check_handshake (31, TRUE, step);
}

/* Something that is no RTMP server, and says so with its first byte. */
static void
test_no_server (void)
{
  g_autoptr (End) client = client_end_new (TRUE);

  g_assert_false (end_feed (client, (const guint8 *) "HTTP/1.1 400 Bad Request\r\n", 26));
  g_assert_error (client->error, RTMP_ERROR, RTMP_ERROR_HANDSHAKE);
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_ENDED);
}

/* S0 to the answer to connect in one piece. */
static void
quirk_38 (gsize step)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  client->step = step;
  script_handshake (client, script, 3, TRUE);
  script_connected (script);
  g_assert_true (end_script (client, script));
  assert_events (client, "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CREATE_STREAM);
}

/* -- Media -- */

/* Metadata on message stream 0. */
static void
quirk_32 (gsize step)
{
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_amf (script, 18, 0, "'onMetaData' array{width: 640}");
  script_media (script, 9, 1, 0, "\x17\x00", 2, 20);
  g_assert_true (end_script (client, script));
  assert_events (client,
      "message 18 on 0 at 0, 37 bytes\n"
      "message 9 on 1 at 0, 20 bytes\n");
}

/* All media, and the end, on message stream 0; other message streams are not ours. */
static void
quirk_36 (gsize step)
{
  g_autoptr (End) client = client_starting (FALSE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  RtmpSessionStats stats;

  script_media (script, 9, 0, 0, "\x17\x00", 2, 20);
  script_media (script, 9, 2, 0, "\x17\x00", 2, 21);
  script_user_control (script, 1, 2);
  script_media (script, 8, 0, 0, "\xAF\x00", 2, 4);
  script_user_control (script, 1, 0);
  g_assert_true (end_script (client, script));
  assert_events (client,
      "ready status ''\n"
      "message 9 on 0 at 0, 20 bytes\n"
      "message 8 on 0 at 0, 4 bytes\n"
      "end status 'StreamEOF'\n");
  rtmp_session_get_stats (client->session, &stats);
  g_assert_cmpuint (stats.in_dropped, ==, 1);
}

/* The last message before StreamEOF is not lost, nor does one follow the end. */
static void
quirk_39 (gsize step)
{
  g_autoptr (End) client = client_started (FALSE, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_media (script, 9, 1, 40, "\x27\x01", 2, 500);
  script_user_control (script, 1, 1);
  script_media (script, 9, 1, 80, "\x27\x01", 2, 500);
  g_assert_true (end_script (client, script));
  assert_events (client,
      "message 9 on 1 at 40, 500 bytes\n"
      "end status 'StreamEOF'\n");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_ENDED);
}

/* Vector 42: "@setDataFrame" goes, in both encodings; what never had it stays as it is. */
static void
test_set_data_frame (void)
{
  g_autoptr (End) client = client_started (FALSE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  g_autoptr (GByteArray) plain = g_byte_array_new ();
  g_autoptr (GByteArray) amf3 = g_byte_array_new ();
  guint i;

  script_values (plain, "'onMetaData' array{width: 640}");
  script_values (amf3, "'@setDataFrame' 'onMetaData' array{width: 640}");
  script_amf (script, 18, 1, "'@setDataFrame' 'onMetaData' array{width: 640}");
  script_amf (script, 18, 1, "'onMetaData' array{width: 640}");
  g_byte_array_prepend (amf3, (const guint8 *) "", 1);
  script_message (script, 15, 1, 0, amf3->data, amf3->len);
  g_assert_true (end_script (client, script));
  assert_events (client,
      "message 18 on 1 at 0, 37 bytes\n"
      "message 18 on 1 at 0, 37 bytes\n"
      "message 15 on 1 at 0, 38 bytes\n");
  g_byte_array_remove_index (amf3, 0);
  for (i = 0; i < 3; i++) {
    g_autoptr (GBytes) payload = rtmp_message_get_payload (client->media->pdata[i]);
    const guint8 *data = g_bytes_get_data (payload, NULL);

    if (i == 2)
      g_assert_cmpuint (*data, ==, 0);
    g_assert_cmpmem (data + (i == 2), g_bytes_get_size (payload) - (i == 2), plain->data,
        plain->len);
  }
}

static const struct {
  const gchar *name;
  void (*run) (gsize step);
} quirks[] = {
  { "Q1", quirk_1 },
  { "Q2", quirk_2 },
  { "Q3", quirk_3 },
  { "Q4", quirk_4 },
  { "Q5", quirk_5 },
  { "Q6", quirk_6 },
  { "Q6-publish-notify", quirk_6_publish_notify },
  { "Q7", quirk_7 },
  { "Q8", quirk_8 },
  { "Q9-Q37", quirk_9_37 },
  { "Q10-Q11", quirk_10_11 },
  { "Q12", quirk_12 },
  { "Q14", quirk_14 },
  { "Q15", quirk_15 },
  { "Q16", quirk_16 },
  { "Q17", quirk_17 },
  { "Q18", quirk_18 },
  { "Q19", quirk_19 },
  { "Q20", quirk_20 },
  { "Q21", quirk_21 },
  { "Q22", quirk_22 },
  { "Q23", quirk_23 },
  { "Q24", quirk_24 },
  { "Q27", quirk_27 },
  { "Q28", quirk_28 },
  { "Q32", quirk_32 },
  { "Q34", quirk_34 },
  { "Q34-ordered", quirk_34_ordered },
  { "Q36", quirk_36 },
  { "Q38", quirk_38 },
  { "Q39", quirk_39 },
};

static void
test_quirk (gconstpointer data)
{
  quirks[GPOINTER_TO_UINT (data)].run (0);
  quirks[GPOINTER_TO_UINT (data)].run (1);
  quirks[GPOINTER_TO_UINT (data)].run (5);
}

int
main (int argc, char **argv)
{
  guint i;

  g_test_init (&argc, &argv, NULL);
  for (i = 0; i < G_N_ELEMENTS (quirks); i++) {
    g_autofree gchar *path = g_strconcat ("/client/quirk/", quirks[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_quirk);
  }
  g_test_add_func ("/client/no-server", test_no_server);
  g_test_add_func ("/client/acknowledgements", test_acknowledgements);
  g_test_add_func ("/client/set-data-frame", test_set_data_frame);
  return g_test_run ();
}
