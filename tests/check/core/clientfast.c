/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpclient.h"

#include "../../support/clientscript.h"

/* What a client does not wait for: in the strict order, and with a fast start, and what it makes of
 * answers that a fast start did not expect. */

static const RtmpFastStart fast_starts[] = { RTMP_FAST_START_PIPELINED, RTMP_FAST_START_IMMEDIATE };

static End *
fast_new (gboolean publish, RtmpFastStart fast_start)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  RtmpClientConfig config = test_client_config (location, publish);

  config.fast_start = fast_start;
  return end_new (rtmp_client_new (&config, SECOND), SECOND);
}

/* The handshake is over, everything was said, nothing was answered. */
static End *
fast_shaken (gboolean publish, RtmpFastStart fast_start, gsize step)
{
  End *client = fast_new (publish, fast_start);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  client->step = step;
  script_handshake (client, script, 3, TRUE);
  g_assert_true (end_script (client, script));
  assert_events (client, publish ? "sendable\n" : "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CONNECT);
  end_forget (client);
  return client;
}

static RtmpMessage *
make_frame (guint32 timestamp)
{
  return rtmp_message_new_copied (RTMP_MESSAGE_VIDEO, 0, timestamp, "\x17\x01\x00\x00\x00", 5);
}

/* -- What is waited for -- */

/* Everything that is ready to be sent, as it is lent at once. */
static GString *
take_flight (End *client)
{
  RtmpVector vectors[64];
  gsize size = 0;
  guint n, i;

  n = rtmp_session_peek (client->session, vectors, G_N_ELEMENTS (vectors));
  for (i = 0; i < n; i++) {
    end_read_own (client, vectors[i].base, vectors[i].size);
    g_byte_array_append (client->sent, vectors[i].base, (guint) vectors[i].size);
    size += vectors[i].size;
  }
  rtmp_session_consume (client->session, size);
  g_assert_false (rtmp_session_has_output (client->session));
  return client->output;
}

/* Names of what a flight holds, the handshake's bytes first. */
static gchar *
name_flight (End *client)
{
  GString *names = g_string_new (NULL);
  guint seen = client->handshake_seen;
  gchar **lines = g_strsplit (take_flight (client)->str, "\n", -1);
  guint i;

  if (client->handshake_seen > seen)
    g_string_append_printf (names, "%u bytes", client->handshake_seen - seen);
  for (i = 0; lines[i] && *lines[i]; i++) {
    gchar **words = g_strsplit (lines[i], " ", 3);
    const gchar *name = g_str_has_prefix (words[0], "20@") ? words[1] : words[0];

    g_string_append_printf (names, "%s%s", names->len > 0 ? " " : "", name);
    g_strfreev (words);
  }
  g_strfreev (lines);
  g_string_truncate (client->output, 0);
  return g_string_free (names, FALSE);
}

/* Runs client and server until the client is ready. Each line is what the client says in one go,
 * thus a line but the first is a wait for the server. */
static void
assert_flights (gboolean publish, RtmpFastStart fast_start, const gchar *expected)
{
  g_autoptr (End) client = fast_new (publish, fast_start);
  g_autoptr (End) server = server_end_new (TRUE);
  g_autoptr (GString) flights = g_string_new (NULL);

  while (!strstr (client->events->str, "ready")) {
    g_autofree gchar *flight = name_flight (client);

    g_assert_cmpstr (flight, !=, "");
    g_string_append_printf (flights, "%s\n", flight);
    g_assert_true (pass_bytes (client, server));
    g_assert_no_error (server->error);
    g_assert_true (pass_bytes (server, client));
    g_assert_no_error (client->error);
  }
  g_assert_cmpstr (flights->str, ==, expected);
}

/* Four waits, as the specification has it; each flight is all that may leave then. */
static void
test_flights_strict (void)
{
  assert_flights (TRUE, RTMP_FAST_START_NONE,
      "1537 bytes\n"
      "1536 bytes 1@0 connect\n"
      "5@0 releaseStream FCPublish createStream\n"
      "publish\n");
  assert_flights (FALSE, RTMP_FAST_START_NONE,
      "1537 bytes\n"
      "1536 bytes connect\n"
      "5@0 createStream\n"
      "play 4@0\n");
}

static void
test_flights_pipelined (void)
{
  assert_flights (TRUE, RTMP_FAST_START_PIPELINED,
      "1537 bytes\n"
      "1536 bytes 1@0 connect 5@0 releaseStream FCPublish createStream publish\n");
  assert_flights (FALSE, RTMP_FAST_START_PIPELINED,
      "1537 bytes\n"
      "1536 bytes connect 5@0 createStream play 4@0\n");
}

/* So a server, ours at least, can take everything at once, too. */
static void
test_flights_immediate (void)
{
  assert_flights (TRUE, RTMP_FAST_START_IMMEDIATE,
      "3073 bytes 1@0 connect 5@0 releaseStream FCPublish createStream publish\n");
  assert_flights (FALSE, RTMP_FAST_START_IMMEDIATE,
      "3073 bytes connect 5@0 createStream play 4@0\n");
}

/* protocol.md 2: a plain C1, and a C2 which is nothing that nobody said. */
static void
test_handshake_immediate (void)
{
  g_autoptr (End) client = fast_new (TRUE, RTMP_FAST_START_IMMEDIATE);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  g_autoptr (GByteArray) sent = NULL;

  end_send (client);
  g_assert_cmpuint (client->sent->len, >, HANDSHAKE_BYTES);
  g_assert_cmpmem (client->sent->data + 5, 4, "\0\0\0\0", 4);
  g_assert_cmpmem (client->sent->data + 1537, 1536, test_random () + 1536, 1536);
  sent = g_byte_array_append (g_byte_array_new (), client->sent->data, client->sent->len);
  g_string_truncate (client->output, 0);
  script_handshake (client, script, 3, TRUE);
  g_assert_true (end_script (client, script));
  /* S1 changes nothing of it, and nothing is said twice. */
  end_send (client);
  g_assert_cmpmem (client->sent->data, client->sent->len, sent->data, sent->len);
  assert_events (client, "sendable\n");
}

/* -- As expected -- */

static void
script_publish_answers (GByteArray *script, guint32 stream_id)
{
  g_autofree gchar *created = g_strdup_printf ("'_result' 4 null %u", stream_id);

  script_connected (script);
  script_command (script, 0, "'_result' 2 null undefined");
  script_command (script, 0, "'_result' 3 null undefined");
  script_command (script, 0, created);
  script_user_control (script, 0, stream_id);
  script_status (script, stream_id, "status", "NetStream.Publish.Start");
}

static void
check_publish (RtmpFastStart fast_start, gsize step)
{
  g_autoptr (End) client = fast_shaken (TRUE, fast_start, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  g_assert_cmpint (rtmp_client_get_fast_start (client->session), ==, (gint) fast_start);
  g_assert_true (rtmp_client_is_sendable (client->session));
  rtmp_session_send_media (client->session, make_frame (0));
  assert_output (client, "9@1 at 0, 5 bytes\n");
  script_publish_answers (script, 1);
  g_assert_true (end_script (client, script));
  assert_events (client, "ready status 'NetStream.Publish.Start'\n");
  assert_output (client, "");
  rtmp_session_send_media (client->session, make_frame (40));
  assert_output (client, "9@1 at 40, 5 bytes\n");
  if (step == 1)
    g_assert_cmpstr (client->stages->str, ==, " handshake connect create-stream start streaming");
}

static void
check_play (RtmpFastStart fast_start, gsize step)
{
  g_autoptr (End) client = fast_shaken (FALSE, fast_start, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  g_assert_false (rtmp_client_is_sendable (client->session));
  script_connected (script);
  script_command (script, 0, "'_result' 2 null 1");
  script_status (script, 1, "status", "NetStream.Play.Start");
  script_media (script, 9, 1, 0, "\x17\x01", 2, 20);
  g_assert_true (end_script (client, script));
  assert_events (client,
      "ready status 'NetStream.Play.Start'\n"
      "message 9 on 1 at 0, 20 bytes\n");
  assert_output (client, "");
}

static void
test_answers (void)
{
  static const gsize steps[] = { 0, 1, 2, 100 };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (fast_starts); i++) {
    for (j = 0; j < G_N_ELEMENTS (steps); j++) {
      check_publish (fast_starts[i], steps[j]);
      check_play (fast_starts[i], steps[j]);
    }
  }
}

/* Every order of connect, createStream and publish. Ready is what has all of them. */
static void
test_odd_order (void)
{
  static const guint orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
    { 2, 0, 1 }, { 2, 1, 0 } };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (orders); i++) {
    g_autoptr (End) client = fast_shaken (TRUE, RTMP_FAST_START_PIPELINED, 0);
    g_autoptr (GByteArray) script = g_byte_array_new ();

    for (j = 0; j < 3; j++) {
      assert_events (client, "");
      if (orders[i][j] == 0)
        script_connected (script);
      else if (orders[i][j] == 1)
        script_command (script, 0, "'_result' 4 null 1");
      else
        script_status (script, 1, "status", "NetStream.Publish.Start");
      g_assert_true (end_script (client, script));
    }
    assert_events (client, "ready status 'NetStream.Publish.Start'\n");
    g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_STREAMING);
  }
}

/* Playing, nothing counts before all was accepted: it would be given out again behind a second
 * start. */
static void
test_media_too_early (void)
{
  g_autoptr (End) client = fast_shaken (FALSE, RTMP_FAST_START_PIPELINED, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_status (script, 1, "status", "NetStream.Play.Start");
  script_media (script, 9, 1, 0, "\x17\x01", 2, 20);
  script_command (script, 0, "'_result' 2 null 1");
  script_media (script, 9, 1, 40, "\x27\x01", 2, 20);
  g_assert_true (end_script (client, script));
  assert_events (client, "");
  script_connected (script);
  script_media (script, 9, 1, 80, "\x17\x01", 2, 20);
  g_assert_true (end_script (client, script));
  assert_events (client,
      "ready status 'NetStream.Play.Start'\n"
      "message 9 on 1 at 80, 20 bytes\n");
}

/* peers.md Q4, with everything under way at once. */
static void
test_without_transactions (void)
{
  g_autoptr (End) client = fast_shaken (TRUE, RTMP_FAST_START_PIPELINED, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0, "'_result' 0 {} {code: 'NetConnection.Connect.Success'}");
  script_command (script, 0, "'_result' 0 null undefined");
  script_command (script, 0, "'_result' 0 null undefined");
  script_command (script, 0, "'_result' 0 null 1");
  script_status (script, 1, "status", "NetStream.Publish.Start");
  g_assert_true (end_script (client, script));
  assert_events (client, "ready status 'NetStream.Publish.Start'\n");
}

/* Handshake, commands and media in one piece, and in pieces. */
static void
test_server_takes_all (void)
{
  static const gsize steps[] = { 0, 1, 100 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autoptr (End) client = fast_new (TRUE, RTMP_FAST_START_IMMEDIATE);
    g_autoptr (End) server = server_end_new (TRUE);

    server->step = steps[i];
    rtmp_session_send_media (client->session, make_frame (0));
    rtmp_session_send_media (client->session, make_frame (40));
    g_assert_true (pass_bytes (client, server));
    g_assert_no_error (server->error);
    assert_events (server,
        "warning 'Handshake: C2 does not echo S1'\n"
        "connect?\n"
        "publish? 1 'myStream'\n"
        "message 9 on 1 at 0, 5 bytes\n"
        "message 9 on 1 at 40, 5 bytes\n");
    g_assert_true (pass_bytes (server, client));
    assert_events (client,
        "sendable\n"
        "ready status 'NetStream.Publish.Start'\n");
  }
}

/* -- Not as expected -- */

typedef struct {
  const gchar *answers; /* what comes before: c, s for connect and createStream */
  const gchar *command; /* on message stream 1 if it is a status */
  RtmpError code;
  const gchar *text;
} Refusal;

static const Refusal publish_refusals[] = {
  { "",
      "'_error' 1 null {level: 'error', code: 'NetConnection.Connect.Rejected',"
      " description: 'No.'}",
      RTMP_ERROR_REJECTED, "The server refused connect: No. (NetConnection.Connect.Rejected)" },
  { "c", "'_error' 4 null {level: 'error', code: 'NetConnection.Call.Failed', description: 'No.'}",
      RTMP_ERROR_REJECTED, "The server refused createStream: No. (NetConnection.Call.Failed)" },
  { "c", "'_result' 4 null 5", RTMP_ERROR_FAST_START,
      "The server created message stream 5, not 1" },
  { "c", "'_result' 4 null 0", RTMP_ERROR_FAST_START,
      "The server created message stream 0, not 1" },
  { "c", "'_result' 4 null 'one'", RTMP_ERROR_PROTOCOL,
      "The answer to createStream has no valid message stream id" },
  { "cs",
      "'onStatus' 0 null {level: 'error', code: 'NetStream.Publish.BadName',"
      " description: 'Taken.'}",
      RTMP_ERROR_BUSY, "The server refused publish: Taken. (NetStream.Publish.BadName)" },
  { "",
      "'onStatus' 0 null {level: 'error', code: 'NetStream.Publish.BadName',"
      " description: 'Taken.'}",
      RTMP_ERROR_BUSY, NULL },
  { "cs",
      "'_error' 5 null {level: 'error', code: 'NetStream.Publish.Unauthorized',"
      " description: 'No.'}",
      RTMP_ERROR_NOT_AUTHORIZED, NULL },
  { "c", "'close' 0 null", RTMP_ERROR_CLOSED, NULL },
};

static const Refusal play_refusals[] = {
  { "",
      "'_error' 1 null {level: 'error', code: 'NetConnection.Connect.InvalidApp',"
      " description: 'No.'}",
      RTMP_ERROR_NOT_FOUND, NULL },
  { "c", "'_result' 2 null 2", RTMP_ERROR_FAST_START, NULL },
  { "cs",
      "'onStatus' 0 null {level: 'error', code: 'NetStream.Play.StreamNotFound',"
      " description: 'No.'}",
      RTMP_ERROR_NOT_FOUND, NULL },
  { "cs", "'_error' 3 null {level: 'error', code: 'NetStream.Play.Failed', description: 'No.'}",
      RTMP_ERROR_REJECTED, NULL },
};

/* Media under way does not matter, nor how the refusal was cut. It is never READY before. */
static void
check_refusal (gboolean publish, RtmpFastStart fast_start, gsize step, const Refusal *refusal)
{
  g_autoptr (End) client = fast_shaken (publish, fast_start, step);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  if (publish)
    rtmp_session_send_media (client->session, make_frame (0));
  if (strchr (refusal->answers, 'c'))
    script_connected (script);
  if (strchr (refusal->answers, 's'))
    script_command (script, 0, publish ? "'_result' 4 null 1" : "'_result' 2 null 1");
  g_assert_true (script->len == 0 || end_script (client, script));
  script_command (script, g_str_has_prefix (refusal->command, "'onStatus'") ? 1 : 0,
      refusal->command);
  g_assert_false (end_script (client, script));
  assert_events (client, "");
  g_assert_error (client->error, RTMP_ERROR, (gint) refusal->code);
  if (refusal->text)
    g_assert_cmpstr (client->error->message, ==, refusal->text);
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_ENDED);
}

static void
test_refusals (void)
{
  static const gsize steps[] = { 0, 1 };
  guint i, j, k;

  for (i = 0; i < G_N_ELEMENTS (fast_starts); i++) {
    for (j = 0; j < G_N_ELEMENTS (steps); j++) {
      for (k = 0; k < G_N_ELEMENTS (publish_refusals); k++)
        check_refusal (TRUE, fast_starts[i], steps[j], &publish_refusals[k]);
      for (k = 0; k < G_N_ELEMENTS (play_refusals); k++)
        check_refusal (FALSE, fast_starts[i], steps[j], &play_refusals[k]);
    }
  }
}

/* peers.md Q1, Q2: those are optional here too. */
static void
test_optional (void)
{
  g_autoptr (End) client = fast_shaken (TRUE, RTMP_FAST_START_PIPELINED, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_connected (script);
  script_command (script, 0, "'_error' 2 null {code: 'a', description: 'b'}");
  script_command (script, 0, "'_result' 4 null 1");
  script_status (script, 1, "status", "NetStream.Publish.Start");
  g_assert_true (end_script (client, script));
  assert_events (client,
      "warning 'releaseStream was refused: a b'\n"
      "ready status 'NetStream.Publish.Start'\n");
}

static void
assert_times_out (End *client, const gchar *text)
{
  gint64 deadline = rtmp_session_get_deadline (client->session);

  g_assert_cmpint (deadline, ==, client->now + TEST_TIMEOUT);
  g_assert_true (rtmp_session_check_deadline (client->session, deadline - 1, NULL));
  g_assert_false (rtmp_session_check_deadline (client->session, deadline, &client->error));
  assert_failed (client, RTMP_ERROR_TIMEOUT, text);
}

/* Silence before each answer. Media under way does not put it off. */
static void
test_silence (void)
{
  static const gchar *const texts[] = { "Timed out waiting for the answer to connect",
    "Timed out waiting for the answer to createStream",
    "Timed out waiting for the answer to publish" };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (fast_starts); i++) {
    for (j = 0; j < G_N_ELEMENTS (texts); j++) {
      g_autoptr (End) client = fast_shaken (TRUE, fast_starts[i], 0);
      g_autoptr (GByteArray) script = g_byte_array_new ();

      if (j > 0)
        script_connected (script);
      if (j > 1)
        script_command (script, 0, "'_result' 4 null 1");
      client->now += SECOND;
      g_assert_true (script->len == 0 || end_script (client, script));
      if (j == 0)
        client->now -= SECOND;
      rtmp_session_send_media (client->session, make_frame (0));
      end_send (client);
      assert_times_out (client, texts[j]);
    }
  }
}

static void
test_silent_handshake (void)
{
  g_autoptr (End) client = fast_new (TRUE, RTMP_FAST_START_IMMEDIATE);

  end_send (client);
  assert_times_out (client, "Timed out waiting for the handshake");
}

/* -- Where it is not used -- */

static void
assert_strict (const RtmpLocation *location)
{
  RtmpClientConfig config = test_client_config (location, TRUE);
  g_autoptr (End) client = NULL;

  config.fast_start = RTMP_FAST_START_IMMEDIATE;
  client = end_new (rtmp_client_new (&config, SECOND), SECOND);
  g_assert_cmpint (rtmp_client_get_fast_start (client->session), ==, RTMP_FAST_START_NONE);
  g_assert_false (rtmp_client_is_sendable (client->session));
  end_send (client);
  g_assert_cmpuint (client->sent->len, ==, 1537);
}

static void
test_credentials (void)
{
  g_autoptr (RtmpLocation) user = rtmp_location_parse ("rtmp://user:word@host/live/key", NULL);
  g_autoptr (RtmpLocation) token = rtmp_location_parse ("rtmp://host/live/key token=abc", NULL);

  assert_strict (user);
  g_assert_cmpstr (token->secure_token, ==, "abc");
  assert_strict (token);
}

/* -- The end -- */

/* The stop commands name what was said, though nothing of it was answered. */
static void
test_stop (void)
{
  g_autoptr (End) client = fast_shaken (TRUE, RTMP_FAST_START_PIPELINED, 0);

  rtmp_client_stop (client->session, RTMP_STOP_FCUNPUBLISH | RTMP_STOP_DELETE_STREAM, client->now);
  assert_output (client,
      "20@0 FCUnpublish 6 null 'myStream'\n"
      "20@0 deleteStream 7 null 1\n");
}

/* Stopped in the handshake, nothing more is begun when that is over. */
static void
test_stop_early (void)
{
  g_autoptr (End) client = fast_new (TRUE, RTMP_FAST_START_PIPELINED);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_handshake (client, script, 3, TRUE);
  rtmp_client_stop (client->session, RTMP_STOP_FCUNPUBLISH | RTMP_STOP_DELETE_STREAM, client->now);
  g_assert_true (end_script (client, script));
  assert_output (client, "");
  assert_events (client, "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CLOSING);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client-fast/flights-strict", test_flights_strict);
  g_test_add_func ("/client-fast/flights-pipelined", test_flights_pipelined);
  g_test_add_func ("/client-fast/flights-immediate", test_flights_immediate);
  g_test_add_func ("/client-fast/handshake-immediate", test_handshake_immediate);
  g_test_add_func ("/client-fast/answers", test_answers);
  g_test_add_func ("/client-fast/odd-order", test_odd_order);
  g_test_add_func ("/client-fast/media-too-early", test_media_too_early);
  g_test_add_func ("/client-fast/without-transactions", test_without_transactions);
  g_test_add_func ("/client-fast/server-takes-all", test_server_takes_all);
  g_test_add_func ("/client-fast/refusals", test_refusals);
  g_test_add_func ("/client-fast/optional", test_optional);
  g_test_add_func ("/client-fast/silence", test_silence);
  g_test_add_func ("/client-fast/silent-handshake", test_silent_handshake);
  g_test_add_func ("/client-fast/credentials", test_credentials);
  g_test_add_func ("/client-fast/stop", test_stop);
  g_test_add_func ("/client-fast/stop-early", test_stop_early);
  return g_test_run ();
}
