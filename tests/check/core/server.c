/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpserver.h"

#include "../../support/chunktest.h"
#include "../../support/serverscript.h"

/* A server against hand-written clients: set-up, message streams, and what clients do
 * wrong. Playing is in serverplay.c. */

#define CALL_FAILED(description) \
  " null {'level': 'error'," \
  " 'code': 'NetConnection.Call.Failed', 'description': '" description "'}\n"
#define STATUS(level, code, description) \
  "onStatus 0 null {'level': '" level "'," \
  " 'code': '" code "', 'description': '" description "'}\n"
#define PROPERTIES "{'fmsVer': 'FMS/3,0,1,123', 'capabilities': 31, 'mode': 1}"
#define SUCCESS \
  "{'level': 'status', 'code': 'NetConnection.Connect.Success'," \
  " 'description': 'Connection succeeded.', 'objectEncoding': 0"
#define PUBLISHING(id) \
  "4@0 0 " id "\n" \
  "20@" id " " STATUS ("status", "NetStream.Publish.Start", "Publishing.")

static void
say (End *server, guint32 stream_id, const gchar *values)
{
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, stream_id, values);
  g_assert_true (end_script (server, script));
}

/* -- Handshake -- */

/* Vector 18: what is no RTMP client is told apart by its first byte; versions below 32 are
 * answered with 3. */
static void
test_handshake (void)
{
  g_autoptr (End) browser = server_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  g_assert_false (end_feed (browser, (const guint8 *) "GET / HTTP/1.1\r\n\r\n", 18));
  g_assert_error (browser->error, RTMP_ERROR, RTMP_ERROR_HANDSHAKE);
  assert_output (browser, "");
  g_assert_cmpuint (browser->sent->len, ==, 0);

  script_client_handshake (script, 4);
  g_assert_true (end_script (server, script));
  end_send (server);
  g_assert_cmpuint (server->sent->len, ==, HANDSHAKE_BYTES);
  g_assert_cmpuint (server->sent->data[0], ==, 3);
}

/* -- connect -- */

static void
check_connect (const RtmpServerConfig *config, const gchar *connect, const gchar *output,
    gsize step)
{
  g_autoptr (End) server = server_shaken (config, step);

  say (server, 0, connect);
  assert_events (server, "connect?\n");
  assert_output (server, "");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_CONNECT);
  rtmp_server_accept (server->session, server->now);
  assert_output (server, output);
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_START);
}

/* protocol.md 18 and 33. */
static void
test_connect (void)
{
  const RtmpServerConfig config = test_server_config ();
  RtmpServerConfig bare = config;
  RtmpServerConfig plain = config;

  check_connect (&config, "'connect' 1 {app: 'live', objectEncoding: 3}",
      "5@0 5000000\n"
      "6@0 5000000 2\n"
      "1@0 60000\n"
      "4@0 0 0\n"
      "20@0 _result 1 " PROPERTIES " " SUCCESS "}\n",
      0);
  check_connect (&config, "'connect' 3 array{app: 'live', fourCcList: ['av01']}",
      "5@0 5000000\n"
      "6@0 5000000 2\n"
      "1@0 60000\n"
      "4@0 0 0\n"
      "20@0 _result 3 " PROPERTIES " " SUCCESS
      ", 'fourCcList': ['*'], 'videoFourCcInfoMap': {'*': 4},"
      " 'audioFourCcInfoMap': {'*': 4}, 'capsEx': 1}\n",
      1);
  bare.window_size = 0;
  bare.chunk_size = 0;
  check_connect (&bare, "'connect' 1 {app: 'live'}",
      "4@0 0 0\n"
      "20@0 _result 1 " PROPERTIES " " SUCCESS "}\n",
      1);
  plain.chunk_size = RTMP_DEFAULT_CHUNK_SIZE;
  check_connect (&plain, "'connect' 1 {app: 'live'}",
      "5@0 5000000\n"
      "6@0 5000000 2\n"
      "4@0 0 0\n"
      "20@0 _result 1 " PROPERTIES " " SUCCESS "}\n",
      0);
}

static void
assert_connect_args (const gchar *connect, const gchar *app, const gchar *tc_url,
    const gchar *flash_version)
{
  g_autoptr (End) server = server_awaiting_connect (0);

  g_assert_null (rtmp_server_get_app (server->session));
  say (server, 0, connect);
  g_assert_cmpstr (rtmp_server_get_app (server->session), ==, app);
  g_assert_cmpstr (rtmp_server_get_tc_url (server->session), ==, tc_url);
  g_assert_cmpstr (rtmp_server_get_flash_version (server->session), ==, flash_version);
}

static void
test_connect_arguments (void)
{
  assert_connect_args ("'connect' 1 {app: 'live/inst', tcUrl: 'rtmp', flashVer: 'LNX'}",
      "live/inst", "rtmp", "LNX");
  assert_connect_args ("'connect' 1 {app: 'live', flashver: 'WIN'}", "live", NULL, "WIN");
  assert_connect_args ("'connect' 1 {app: 'live?authmod=adobe&user=U&key=1'}", "live?key=1", NULL,
      NULL);
  assert_connect_args ("'connect' 1 {app: 7, tcUrl: null}", "", NULL, NULL);
  assert_connect_args ("'connect' 1 null 'extra'", "", NULL, NULL);
  assert_connect_args ("'connect'", "", NULL, NULL);
}

/* The owner sees the whole command. */
static void
test_connect_event (void)
{
  g_autoptr (End) server = server_awaiting_connect (0);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  RtmpEvent event;
  gsize consumed;

  script_command (script, 0, "'connect' 1 {app: 'live', type: 'nonprivate'} 'extra'");
  g_assert_true (rtmp_session_feed (server->session, script->data, script->len, SECOND, &consumed,
      NULL));
  g_assert_cmpuint (consumed, ==, script->len);
  g_assert_true (rtmp_session_next_event (server->session, &event));
  g_assert_cmpint (event.type, ==, RTMP_EVENT_CONNECT_REQUEST);
  g_assert_cmpstr (event.command->name, ==, "connect");
  g_assert_cmpfloat (event.command->transaction, ==, 1);
  g_assert_cmpuint (event.command->args->len, ==, 2);
  g_assert_cmpstr (rtmp_amf_get_member_string (rtmp_command_get (event.command, 0), "type"), ==,
      "nonprivate");
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (event.command, 1)), ==, "extra");
  rtmp_event_clear (&event);
}

/* While a decision is due nothing is read, not even what came with the question. */
static void
test_undecided (void)
{
  g_autoptr (End) server = server_awaiting_connect (0);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  gsize connect_size, consumed;

  script_command (script, 0, "'connect' 1 {app: 'live'}");
  connect_size = script->len;
  script_command (script, 0, "'createStream' 2 null");
  g_assert_true (rtmp_session_feed (server->session, script->data, script->len, SECOND, &consumed,
      NULL));
  g_assert_cmpuint (consumed, ==, connect_size);
  g_assert_true (rtmp_session_feed (server->session, script->data + consumed,
      script->len - consumed, SECOND, &consumed, NULL));
  g_assert_cmpuint (consumed, ==, 0);
  rtmp_server_accept (server->session, SECOND);
  end_forget (server);
  g_assert_true (end_feed (server, script->data + connect_size, script->len - connect_size));
  assert_output (server, "20@0 _result 2 null 1\n");
}

/* A client that was refused may ask again; one that was accepted need not. */
static void
test_connect_again (void)
{
  g_autoptr (End) server = server_awaiting_connect (0);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", "NetConnection.Connect.InvalidApp",
      "No.");

  say (server, 0, "'connect' 1 {app: 'first', capsEx: 1}");
  rtmp_server_reject (server->session, status, SECOND);
  assert_output (server,
      "20@0 _error 1 null {'level': 'error',"
      " 'code': 'NetConnection.Connect.InvalidApp', 'description': 'No.'}\n");
  say (server, 0, "'connect' 2 {app: 'second'}");
  assert_events (server,
      "connect?\n"
      "connect?\n");
  g_assert_cmpstr (rtmp_server_get_app (server->session), ==, "second");
  g_assert_false (rtmp_session_get_peer_caps (server->session)->declared);
  rtmp_server_accept (server->session, SECOND);
  end_forget (server);
  say (server, 0, "'connect' 3 {app: 'third'}");
  assert_events (server, "");
  assert_output (server, "20@0 _error 3" CALL_FAILED ("Connected already."));
  g_assert_cmpstr (rtmp_server_get_app (server->session), ==, "second");

  /* There is nothing to decide. */
  rtmp_server_accept (server->session, SECOND);
  rtmp_server_reject (server->session, status, SECOND);
  assert_output (server, "");
}

static void
test_before_connect (void)
{
  g_autoptr (End) server = server_awaiting_connect (1);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  RtmpSessionStats stats;

  script_command (script, 0, "'createStream' 1 null");
  script_command (script, 1, "'publish' 0 null 'key'");
  script_media (script, 9, 1, 0, "\x17\x00", 2, 20);
  script_media (script, 9, 0, 0, "\x17\x00", 2, 20);
  g_assert_true (end_script (server, script));
  assert_events (server, "");
  assert_output (server, "20@0 _error 1" CALL_FAILED ("Not connected."));
  rtmp_session_get_stats (server->session, &stats);
  g_assert_cmpuint (stats.in_dropped, ==, 2);
}

/* protocol.md 29: so many times may a client try on one connection, and not once more. */
static void
test_auth_rounds (void)
{
  RtmpServerConfig config = test_server_config ();
  g_autoptr (End) server = NULL;
  g_autoptr (GByteArray) script = g_byte_array_new ();
  guint i;

  config.username = "user";
  config.password = "pass";
  config.auth_salt = "0a1b2c3d";
  config.auth_challenge = "4e5f6071";
  server = server_shaken (&config, 0);
  for (i = 0; i < RTMP_MAX_AUTH_ROUNDS; i++) {
    say (server, 0, "'connect' 1 {app: 'live'}");
    assert_events (server, "");
    end_send (server);
    g_assert_true (g_str_has_prefix (server->output->str,
        "20@0 _error 1 null {'level': 'error',"
        " 'code': 'NetConnection.Connect.Rejected', 'description': '[ AccessManager.Reject"));
    g_string_truncate (server->output, 0);
  }
  script_command (script, 0, "'connect' 1 {app: 'live'}");
  g_assert_false (end_script (server, script));
  assert_failed (server, RTMP_ERROR_NOT_AUTHORIZED,
      "The client came too often without valid credentials");
}

/* -- Publishing -- */

/* As FFmpeg, librtmp and OBS do, in one go; none waits for the answers to all of it. */
static void
check_publish (const gchar *publish, gsize step)
{
  g_autoptr (End) server = server_connected (step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_control (script, 5, 2500000);
  script_command (script, 0, "'releaseStream' 2 null 'key'");
  script_command (script, 0, "'FCPublish' 3 null 'key'");
  script_command (script, 0, "'createStream' 4 null");
  script_command (script, 0, "'_checkbw' 5 null");
  script_command (script, 1, publish);
  script_amf (script, 18, 1, "'@setDataFrame' 'onMetaData' array{width: 640}");
  script_media (script, 9, 1, 0, "\x17\x00", 2, 20);
  script_media (script, 8, 1, 0, "\xAF\x00", 2, 4);
  g_assert_true (end_script (server, script));
  assert_events (server,
      "publish? 1 'key'\n"
      "message 18 on 1 at 0, 53 bytes\n"
      "message 9 on 1 at 0, 20 bytes\n"
      "message 8 on 1 at 0, 4 bytes\n");
  assert_output (server,
      "20@0 _result 2 null undefined\n"
      "20@0 _result 3 null undefined\n"
      "20@0 onFCPublish 0 null {'level': 'status', 'code': 'NetStream.Publish.Start',"
      " 'description': 'key'}\n"
      "20@0 _result 4 null 1\n"
      "20@0 _result 5 null undefined\n" PUBLISHING ("1"));

  script_command (script, 0, "'FCUnpublish' 6 null 'key'");
  script_command (script, 0, "'deleteStream' 7 null 1");
  script_media (script, 9, 1, 40, "\x17\x01", 2, 20);
  g_assert_true (end_script (server, script));
  assert_events (server, "closed 1\n");
  assert_output (server,
      "20@0 _result 6 null undefined\n"
      "20@0 onFCUnpublish 0 null {'level': 'status', 'code': 'NetStream.Unpublish.Success',"
      " 'description': 'key'}\n");
}

static void
test_publish (void)
{
  check_publish ("'publish' 0 null 'key' 'live'", 0);
  check_publish ("'publish' 5 null 'key' 'live'", 1);
  check_publish ("'publish' 5 null 'key'", 3);
}

/* Names are the owner's business, whatever they look like (peers.md Q30). */
static void
test_publish_names (void)
{
  static const struct {
    const gchar *command;
    const gchar *event;
  } cases[] = {
    { "'publish' 0 null '?streamname=a&key=b' 'live'", "publish? 1 '?streamname=a&key=b'\n" },
    { "'publish' 0 null '' 'live'", "publish? 1 ''\n" },
    { "'publish' 0 null null 'live'", "publish? 1 ''\n" },
    { "'publish' 0 null", "publish? 1 ''\n" },
    { "'publish' 0 null true", "publish? 1 ''\n" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (End) server = server_with_stream (0);

    say (server, 1, cases[i].command);
    assert_events (server, cases[i].event);
  }
}

static void
test_publish_refused (void)
{
  g_autoptr (End) server = server_with_stream (0);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", "NetStream.Publish.Denied", "No.");

  server->accept = FALSE;
  say (server, 0, "'publish' 0 null 'key'");
  say (server, 2, "'publish' 0 null 'key'");
  assert_events (server, "");
  assert_output (server,
      "20@0 " STATUS ("error", "NetStream.Failed",
          "No such message stream.") "20@2 " STATUS ("error", "NetStream.Failed",
          "No such message stream."));

  say (server, 1, "'publish' 0 null 'key'");
  rtmp_server_reject (server->session, status, SECOND);
  assert_output (server, "20@1 " STATUS ("error", "NetStream.Publish.Denied", "No."));
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_START);
  say (server, 1, "'publish' 0 null 'other'");
  rtmp_server_accept (server->session, SECOND);
  assert_events (server,
      "publish? 1 'key'\n"
      "publish? 1 'other'\n");
  end_forget (server);
  say (server, 1, "'publish' 0 null 'key'");
  assert_events (server, "");
  assert_output (server,
      "20@1 " STATUS ("error", "NetStream.Publish.BadName", "The message stream is in use."));
}

/* The ways to end a publication; what a stream is for may change then. */
static void
test_unpublish (void)
{
  static const struct {
    guint32 stream_id;
    const gchar *command;
    const gchar *output;
  } cases[] = {
    { 0, "'deleteStream' 0 null 1", "" },
    { 1, "'deleteStream' 5 null", "" },
    { 1, "'closeStream' 0 null",
        "20@1 " STATUS ("status", "NetStream.Unpublish.Success",
            "The stream is no longer published.") },
    { 1, "'publish' 0 null false", "" },
    { 1, "'play' 0 null false", "" },
    { 0, "'close' 0 null", "" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (End) server = server_streaming (TRUE, i & 1);

    say (server, cases[i].stream_id, cases[i].command);
    assert_events (server, "closed 1\n");
    assert_output (server, cases[i].output);
    g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_START);
    g_assert_cmpint (rtmp_session_get_deadline (server->session), ==, SECOND + TEST_TIMEOUT);
    say (server, cases[i].stream_id, cases[i].command);
    assert_events (server, "");
    assert_output (server, "");
    if (i > 1) {
      say (server, 1, "'play' 0 null 'key'");
      assert_events (server, "play? 1 'key'\n");
    }
  }
}

/* What names no message stream of the client's. */
static void
test_delete_nothing (void)
{
  static const gchar *const commands[] = {
    "'deleteStream' 0 null 2",
    "'deleteStream' 0 null 0",
    "'deleteStream' 0 null 17",
    "'deleteStream' 0 null -1",
    "'deleteStream' 0 null nan",
    "'deleteStream' 0 null 4294967297",
    "'deleteStream' 0 null null",
    "'deleteStream' 0 null",
    "'closeStream' 0 null",
  };
  g_autoptr (End) server = server_streaming (TRUE, 0);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (commands); i++)
    say (server, 0, commands[i]);
  assert_events (server, "");
  assert_output (server, "");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_STREAMING);
}

/* -- Message streams -- */

/* createStream several times, up to the limit; ids are used again. */
static void
test_streams (void)
{
  g_autoptr (End) server = server_connected (0);
  guint i;

  for (i = 1; i <= RTMP_MAX_MESSAGE_STREAMS; i++) {
    g_autofree gchar *output = g_strdup_printf ("20@0 _result 2 null %u\n", i);

    say (server, 0, "'createStream' 2 null");
    assert_output (server, output);
  }
  say (server, 0, "'createStream' 3 null");
  assert_output (server, "20@0 _error 3" CALL_FAILED ("Too many message streams."));
  say (server, 17, "'publish' 0 null 'key'");
  assert_output (server, "20@17 " STATUS ("error", "NetStream.Failed", "No such message stream."));
  say (server, 16, "'publish' 0 null 'key'");
  assert_events (server, "publish? 16 'key'\n");
  say (server, 0, "'deleteStream' 0 null 5");
  end_forget (server);
  say (server, 0, "'createStream' 4 null");
  assert_output (server, "20@0 _result 4 null 5\n");
}

/* Two publications and a play at once. */
static void
test_several (void)
{
  g_autoptr (End) server = server_streaming (TRUE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  RtmpSessionStats stats;

  script_media (script, 9, 0, 7, "\x17\x00", 2, 20);
  say (server, 0, "'createStream' 3 null");
  say (server, 0, "'createStream' 4 null");
  say (server, 3, "'play' 0 null 'c'");
  g_assert_true (end_script (server, script));
  say (server, 2, "'publish' 0 null 'b'");
  assert_events (server,
      "play? 3 'c'\n"
      "message 9 on 1 at 7, 20 bytes\n"
      "publish? 2 'b'\n");
  g_assert_cmpuint (((RtmpMessage *) server->media->pdata[0])->stream_id, ==, 1);

  /* On message stream 0 it could now be either's; on 3 and 4 nobody publishes. */
  script_media (script, 9, 0, 0, "\x17\x00", 2, 20);
  script_media (script, 9, 3, 0, "\x17\x00", 2, 20);
  script_media (script, 9, 4, 0, "\x17\x00", 2, 20);
  script_media (script, 9, 2, 0, "\x17\x00", 2, 21);
  script_media (script, 9, 1, 0, "\x17\x00", 2, 22);
  g_assert_true (end_script (server, script));
  assert_events (server,
      "message 9 on 2 at 0, 21 bytes\n"
      "message 9 on 1 at 0, 22 bytes\n");
  rtmp_session_get_stats (server->session, &stats);
  g_assert_cmpuint (stats.in_dropped, ==, 3);

  say (server, 1, "'closeStream' 0 null");
  say (server, 3, "'closeStream' 0 null");
  assert_events (server,
      "closed 1\n"
      "closed 3\n");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_STREAMING);
  g_assert_cmpint (rtmp_session_get_deadline (server->session), ==, -1);
  say (server, 0, "'close' 0 null");
  assert_events (server, "closed 2\n");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_START);
}

/* -- Other commands -- */

/* peers.md Q14; RTMP 1.0, 7.2.1.2: a call with transaction id 0 is not answered. */
static void
test_calls (void)
{
  static const struct {
    const gchar *command;
    const gchar *output;
  } cases[] = {
    { "'getStreamLength' 3 null 'key'", "20@0 _result 3 null 0\n" },
    { "'getStreamLength' 0 null 'key'", "" },
    { "'releaseStream' 0 null 'key'", "" },
    { "'FCSubscribe' 4 null 'key'",
        "20@0 _result 4 null undefined\n"
        "20@0 onFCSubscribe 0 null {'level': 'status', 'code': 'NetStream.Play.Start',"
        " 'description': 'key'}\n" },
    { "'FCUnsubscribe' 0 null",
        "20@0 onFCUnsubscribe 0 null {'level': 'status',"
        " 'code': 'NetStream.Play.Stop', 'description': ''}\n" },
    { "'ping' 7 null", "20@0 pong 7 null\n" },
    { "'pong' 7 null", "" },
    { "'_result' 8 null", "" },
    { "'_error' 8 null", "" },
    { "'onStatus' 8 null", "" },
    { "'secureTokenResponse' 0 null 'x'", "" },
    { "'somethingElse' 9 null", "20@0 _error 9" CALL_FAILED ("Method not found.") },
    { "'somethingElse' 0 null", "" },
    { "'seek' 2 null 1000", "20@0 _error 2" CALL_FAILED ("Method not found.") },
    { "'pause' 2 null true 0", "" },
    { "'receiveAudio' 2 null true", "" },
    { "'receiveVideo' 2 null true", "" },
    { "'createStream' 0", "" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (End) server = server_connected (i & 1);

    say (server, 0, cases[i].command);
    assert_output (server, cases[i].output);
    assert_events (server, "");
  }
}

static guint64
get_sent_messages (const End *server)
{
  RtmpSessionStats stats;

  rtmp_session_get_stats (server->session, &stats);
  return stats.out.messages[RTMP_COUNT_OTHER];
}

/* A client that asks and asks and does not read. */
static void
check_flood (const gchar *command, guint times)
{
  g_autoptr (End) server = server_connected (0);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  guint64 before = get_sent_messages (server);
  guint i;

  for (i = 0; i < times; i++)
    script_command (script, 0, command);
  g_assert_true (end_script (server, script));
  g_assert_cmpuint (get_sent_messages (server) - before, ==, MIN (times, RTMP_MAX_PENDING_REPLIES));
  end_forget (server);
  say (server, 0, "'ping' 7 null");
  assert_output (server, "20@0 pong 7 null\n");
}

static void
test_flood (void)
{
  check_flood ("'ping' 1 null", RTMP_MAX_PENDING_REPLIES);
  check_flood ("'ping' 1 null", RTMP_MAX_PENDING_REPLIES + 1);
  check_flood ("'somethingElse' 1 null", 3000);
  check_flood ("'createStream' 1 null", 3000);
}

/* Starting and stopping without end is bounded likewise. */
static void
test_restart_flood (void)
{
  g_autoptr (End) server = server_with_stream (0);
  guint64 before = get_sent_messages (server);
  guint i;

  for (i = 0; i < 1000; i++) {
    say (server, 1, "'publish' 0 null 'key'");
    say (server, 1, "'closeStream' 0 null");
  }
  g_assert_cmpuint (get_sent_messages (server) - before, ==, RTMP_MAX_PENDING_REPLIES);
}

/* -- Control messages -- */

/* Q23: librtmp's pong begins its chunk stream with type 1. */
static void
test_pong (void)
{
  g_autoptr (End) server = server_streaming (TRUE, 1);
  g_autoptr (GByteArray) early = wire_new ("42 000000 000006 04 0007 000007D0");
  g_autoptr (GByteArray) wrong = wire_new ("42 000000 000006 04 0007 000007D1");
  g_autoptr (GByteArray) right = wire_new ("42 000000 000006 04 0007 000007D0");
  g_autoptr (GByteArray) again = wire_new ("42 000000 000006 04 0007 000007D0");
  RtmpSessionStats stats;

  g_assert_true (end_script (server, early));
  server->now = 2 * SECOND;
  rtmp_server_ping (server->session, server->now);
  assert_output (server, "4@0 6 2000\n");
  server->now += 1000;
  g_assert_true (end_script (server, wrong));
  rtmp_session_get_stats (server->session, &stats);
  g_assert_cmpint (stats.round_trip, ==, -1);
  server->now += 1000;
  g_assert_true (end_script (server, right));
  server->now += 1000;
  g_assert_true (end_script (server, again));
  rtmp_session_get_stats (server->session, &stats);
  g_assert_cmpint (stats.round_trip, ==, 2000);
}

/* The client's own pings, buffer lengths and whatever else. */
static void
test_user_control (void)
{
  g_autoptr (End) server = server_streaming (FALSE, 1);
  g_autoptr (GByteArray) script = wire_new ("02 000000 00000A 04 00000000 0003 00000001 00000BB8"
                                            "02 000000 000006 04 00000000 0006 00000009"
                                            "02 000000 000006 04 00000000 7777 00000009");

  g_assert_true (end_script (server, script));
  assert_events (server, "");
  assert_output (server, "4@0 7 9\n");
}

static void
check_fault (guint type, const gchar *data, guint size)
{
  g_autoptr (End) server = server_streaming (TRUE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_message (script, type, 1, 0, (const guint8 *) data, size);
  g_assert_false (end_script (server, script));
  g_assert_error (server->error, RTMP_ERROR, RTMP_ERROR_PROTOCOL);
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_ENDED);
}

static void
test_faults (void)
{
  check_fault (1, "\0\0\0\0", 4);
  check_fault (1, "\x80\0\0\1", 4);
  check_fault (20, "\x02\x00\x07publ", 7);
  check_fault (20, "\x05", 1);
  check_fault (17, "", 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/handshake", test_handshake);
  g_test_add_func ("/server/connect/accepted", test_connect);
  g_test_add_func ("/server/connect/arguments", test_connect_arguments);
  g_test_add_func ("/server/connect/event", test_connect_event);
  g_test_add_func ("/server/connect/undecided", test_undecided);
  g_test_add_func ("/server/connect/again", test_connect_again);
  g_test_add_func ("/server/connect/before", test_before_connect);
  g_test_add_func ("/server/connect/auth-rounds", test_auth_rounds);
  g_test_add_func ("/server/publish/accepted", test_publish);
  g_test_add_func ("/server/publish/names", test_publish_names);
  g_test_add_func ("/server/publish/refused", test_publish_refused);
  g_test_add_func ("/server/publish/ended", test_unpublish);
  g_test_add_func ("/server/streams/delete-nothing", test_delete_nothing);
  g_test_add_func ("/server/streams/limit", test_streams);
  g_test_add_func ("/server/streams/several", test_several);
  g_test_add_func ("/server/calls", test_calls);
  g_test_add_func ("/server/flood", test_flood);
  g_test_add_func ("/server/restart-flood", test_restart_flood);
  g_test_add_func ("/server/pong", test_pong);
  g_test_add_func ("/server/user-control", test_user_control);
  g_test_add_func ("/server/faults", test_faults);
  return g_test_run ();
}
