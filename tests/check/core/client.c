/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpclient.h"

#include "../../support/clientscript.h"

/* What a client says, and what it makes of well-formed and of broken answers. The
 * quirks of servers are in clientquirks.c. */

/* -- What it says -- */

/* peers.md, defaults: the order, and what is waited for. */
static void
check_publish (gsize step)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  client->step = step;
  script_handshake (client, script, 3, TRUE);
  g_assert_true (end_script (client, script));
  end_send (client);
  g_assert_true (g_str_has_prefix (client->output->str,
      "1@0 4096\n"
      "20@0 connect 1 {'app': 'live', 'type': 'nonprivate',"
      " 'flashVer': 'FMLE/3.0 (compatible; GStreamer)', 'tcUrl': 'rtmp://localhost/live',"));
  g_string_truncate (client->output, 0);
  script_connected (script);
  g_assert_true (end_script (client, script));
  assert_output (client,
      "5@0 2500000\n"
      "20@0 releaseStream 2 null 'myStream'\n"
      "20@0 FCPublish 3 null 'myStream'\n"
      "20@0 createStream 4 null\n");
  script_command (script, 0, "'_result' 2 null undefined");
  script_command (script, 0, "'_result' 3 null undefined");
  script_command (script, 0, "'_result' 4 null 1");
  g_assert_true (end_script (client, script));
  assert_output (client, "20@1 publish 5 null 'myStream' 'live'\n");
  script_user_control (script, 0, 1);
  script_status (script, 1, "status", "NetStream.Publish.Start");
  g_assert_true (end_script (client, script));
  assert_output (client, "");
  assert_events (client, "ready status 'NetStream.Publish.Start'\n");
}

static void
check_play (gsize step)
{
  g_autoptr (End) client = client_end_new (FALSE);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  client->step = step;
  script_handshake (client, script, 3, TRUE);
  g_assert_true (end_script (client, script));
  end_send (client);
  g_assert_true (g_str_has_prefix (client->output->str,
      "20@0 connect 1 {'app': 'live',"
      " 'flashVer': 'LNX 10,0,32,18', 'tcUrl': 'rtmp://localhost/live', 'fpad': false,"));
  g_string_truncate (client->output, 0);
  script_connected (script);
  g_assert_true (end_script (client, script));
  assert_output (client,
      "5@0 2500000\n"
      "20@0 createStream 2 null\n");
  script_command (script, 0, "'_result' 2 null 1");
  g_assert_true (end_script (client, script));
  assert_output (client,
      "20@1 play 3 null 'myStream' -2\n"
      "4@0 3 1 3000\n");
  script_status (script, 1, "status", "NetStream.Play.Start");
  g_assert_true (end_script (client, script));
  assert_output (client, "");
  assert_events (client, "ready status 'NetStream.Play.Start'\n");
}

static void
test_sequence (void)
{
  static const gsize steps[] = { 0, 1, 2, 100 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (steps); i++) {
    check_publish (steps[i]);
    check_play (steps[i]);
  }
}

static void
assert_connect (const RtmpClientConfig *config, const gchar *part)
{
  g_autoptr (End) client = end_new (rtmp_client_new (config, SECOND), SECOND);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_handshake (client, script, 3, TRUE);
  g_assert_true (end_script (client, script));
  end_send (client);
  if (!strstr (client->output->str, part))
    g_error ("%s has no %s", client->output->str, part);
}

static void
test_connect_arguments (void)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  RtmpClientConfig config = test_client_config (location, TRUE);
  g_autoptr (GPtrArray) extra = rtmp_connect_extra_parse ("B:1 S:text", NULL);

  assert_connect (&config, "'tcUrl': 'rtmp://localhost/live'");
  config.flash_version = "Own 1,2";
  assert_connect (&config, "'flashVer': 'Own 1,2'");
  config.caps_ex = 7;
  assert_connect (&config, "'capsEx': 7}\n");
  config.extra_args = extra;
  assert_connect (&config, "'capsEx': 7} true 'text'\n");

  location->port = 1936;
  location->application = (g_free (location->application), g_strdup ("live?key=1"));
  assert_connect (&config, "'app': 'live?key=1'");
  assert_connect (&config, "'tcUrl': 'rtmp://localhost:1936/live?key=1'");
  location->tc_url = g_strdup ("rtmp://front.example/live");
  location->swf_url = g_strdup ("http://swf.example/a.swf");
  location->page_url = g_strdup ("http://page.example/");
  assert_connect (&config, "'tcUrl': 'rtmp://front.example/live'");
  assert_connect (&config, "'swfUrl': 'http://swf.example/a.swf'");
  assert_connect (&config, "'pageUrl': 'http://page.example/'");
}

/* Only live streams, and no buffer length. */
static void
test_play_arguments (void)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  RtmpClientConfig config = test_client_config (location, FALSE);
  g_autoptr (End) client = NULL;
  g_autoptr (GByteArray) script = g_byte_array_new ();

  location->live = 1;
  config.buffer_ms = 0;
  client = client_shaken (&config, 0);
  script_connected (script);
  script_command (script, 0, "'_result' 2 null 9");
  g_assert_true (end_script (client, script));
  assert_output (client,
      "5@0 2500000\n"
      "20@0 createStream 2 null\n"
      "20@9 play 3 null 'myStream' -1\n");
  g_assert_cmpuint (rtmp_client_get_stream_id (client->session), ==, 9);
}

/* A client whose handshake is not over has all that it can say ready at once. */
static void
test_first_output (void)
{
  g_autoptr (End) client = client_end_new (TRUE);
  RtmpVector vectors[2];

  g_assert_true (rtmp_session_has_output (client->session));
  g_assert_cmpuint (rtmp_session_peek (client->session, vectors, 2), ==, 1);
  g_assert_cmpuint (vectors[0].size, ==, 1537);
  g_assert_cmpuint (rtmp_session_peek (client->session, vectors, 0), ==, 0);
}

/* -- Answers to connect and createStream -- */

/* Vector 28: the properties may be an ECMA array, and what the server can do may be in
 * either argument. */
static void
check_capabilities (const gchar *values, gboolean declared, guint caps_ex)
{
  g_autoptr (End) client = client_connecting (TRUE, 1);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  const RtmpPeerCaps *caps = rtmp_session_get_peer_caps (client->session);

  script_command (script, 0, values);
  g_assert_true (end_script (client, script));
  assert_events (client, "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CREATE_STREAM);
  g_assert_cmpint (caps->declared, ==, declared);
  g_assert_cmpuint (caps->caps_ex, ==, caps_ex);
}

static void
test_capabilities (void)
{
  check_capabilities ("'_result' 1 {capabilities: 31}"
                      " {code: 'NetConnection.Connect.Success', objectEncoding: 0}",
      FALSE, 0);
  check_capabilities ("'_result' 1 array{capabilities: 31, capsEx: 3}"
                      " array{code: 'NetConnection.Connect.Success'}",
      TRUE, 3);
  check_capabilities ("'_result' 1 {capabilities: 31}"
                      " {code: 'NetConnection.Connect.Success', capsEx: 5}",
      TRUE, 5);
  check_capabilities ("'_result' 1 {capsEx: 1} {capsEx: 4}", TRUE, 5);
  check_capabilities ("'_result' 1 {fourCcList: ['av01', 'hvc1']} null", TRUE, 0);
  check_capabilities ("'_result' 1", FALSE, 0);
}

/* Vector 28: an answer that nobody asked for. */
static void
test_unknown_transaction (void)
{
  g_autoptr (End) client = client_creating (TRUE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0, "'_result' 77 null 3");
  script_command (script, 0, "'_error' 78 null {code: 'X', description: 'y'}");
  script_command (script, 0, "'_result' 1 null null");
  g_assert_true (end_script (client, script));
  assert_events (client,
      "warning 'An answer to no command of ours (transaction 77)'\n"
      "warning 'A command was refused: X y'\n"
      "warning 'An answer to no command of ours (transaction 1)'\n");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CREATE_STREAM);
}

/* Vector 28. */
static void
check_refused (End *client, const gchar *values, RtmpError code, const gchar *text)
{
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0, values);
  g_assert_false (end_script (client, script));
  assert_failed (client, code, text);
  end_free (client);
}

static void
test_refusals (void)
{
  check_refused (client_connecting (TRUE, 0),
      "'_error' 1 null {level: 'error',"
      " code: 'NetConnection.Connect.InvalidApp', description: 'No such application.'}",
      RTMP_ERROR_NOT_FOUND,
      "The server refused connect: No such application."
      " (NetConnection.Connect.InvalidApp)");
  check_refused (client_connecting (TRUE, 0), "'_error' 1", RTMP_ERROR_REJECTED,
      "The server refused connect: it gave no reason");
  check_refused (client_connecting (TRUE, 0), "'_error' 0 null {code: 'A'}", RTMP_ERROR_REJECTED,
      "The server refused connect: A");
  check_refused (client_creating (TRUE, 0), "'_error' 4 null {code: 'A', description: 'b'}",
      RTMP_ERROR_REJECTED, "The server refused createStream: b (A)");
  check_refused (client_starting (TRUE, 0), "'_error' 5 null {code: 'A', description: 'b'}",
      RTMP_ERROR_REJECTED, "The server refused publish: b (A)");
  check_refused (client_starting (FALSE, 0), "'_error' 3 null {code: 'A', description: 'b'}",
      RTMP_ERROR_REJECTED, "The server refused play: b (A)");
  check_refused (client_connecting (TRUE, 0),
      "'onStatus' 0 null {level: 'error',"
      " code: 'NetConnection.Connect.Failed', description: 'b'}",
      RTMP_ERROR_REJECTED, "The server refused connect: b (NetConnection.Connect.Failed)");
}

static void
test_stream_ids (void)
{
  static const struct {
    const gchar *value;
    gboolean valid;
    guint32 id;
  } cases[] = {
    { "0", TRUE, 0 },
    { "1.5", TRUE, 1 },
    { "4294967295", TRUE, 4294967295u },
    { "4294967296", FALSE, 0 },
    { "-1", FALSE, 0 },
    { "nan", FALSE, 0 },
    { "'1'", FALSE, 0 },
    { "null", FALSE, 0 },
    { "", FALSE, 0 },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (End) client = client_creating (TRUE, 0);
    g_autoptr (GByteArray) script = g_byte_array_new ();
    g_autofree gchar *values = g_strdup_printf ("'_result' 4 null %s", cases[i].value);

    script_command (script, 0, values);
    g_assert_cmpint (end_script (client, script), ==, cases[i].valid);
    if (cases[i].valid)
      g_assert_cmpuint (rtmp_client_get_stream_id (client->session), ==, cases[i].id);
    else
      assert_failed (client, RTMP_ERROR_PROTOCOL,
          "The answer to createStream has no valid message stream id");
  }
}

/* Vector 28: a status counts on message stream 0 too, but only when it is its turn. */
static void
test_early_start (void)
{
  g_autoptr (End) publisher = client_creating (TRUE, 0);
  g_autoptr (End) player = client_creating (FALSE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_status (script, 0, "status", "NetStream.Publish.Start");
  g_assert_true (end_script (publisher, script));
  assert_events (publisher, "");
  script_status (script, 0, "status", "NetStream.Play.Start");
  script_status (script, 0, "status", "NetStream.Play.Stop");
  script_user_control (script, 1, 0);
  script_media (script, 9, 0, 0, "\x17\x00", 2, 20);
  g_assert_true (end_script (player, script));
  assert_events (player, "status status 'NetStream.Play.Stop'\n");
  g_assert_cmpint (rtmp_session_get_stage (player->session), ==, RTMP_STAGE_CREATE_STREAM);
}

/* What is said of a stream that somebody else plays or publishes. */
static void
test_other_direction (void)
{
  g_autoptr (End) publisher = client_started (TRUE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  RtmpSessionStats stats;

  script_status (script, 1, "status", "NetStream.Play.UnpublishNotify");
  script_user_control (script, 1, 1);
  script_media (script, 9, 1, 0, "\x17\x00", 2, 20);
  g_assert_true (end_script (publisher, script));
  assert_events (publisher, "status status 'NetStream.Play.UnpublishNotify'\n");
  rtmp_session_get_stats (publisher->session, &stats);
  g_assert_cmpuint (stats.in_dropped, ==, 1);

  script_status (script, 1, "status", "NetStream.Unpublish.Success");
  g_assert_false (end_script (publisher, script));
  assert_failed (publisher, RTMP_ERROR_STREAM_FAILED,
      "The server refused to go on with the"
      " stream: So be it. (NetStream.Unpublish.Success)");
}

/* protocol.md 35: requests of another level are dropped. */
static void
test_reconnect_request (void)
{
  g_autoptr (End) client = client_started (TRUE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, 0,
      "'onStatus' 0 null {level: 'error',"
      " code: 'NetConnection.Connect.ReconnectRequest', tcUrl: 'rtmp://a.example/b'}");
  script_command (script, 0,
      "'onStatus' 0 null {level: 'status',"
      " code: 'NetConnection.Connect.ReconnectRequest', tcUrl: '/realtimeapp'}");
  script_status (script, 0, "status", "NetConnection.Connect.ReconnectRequest");
  g_assert_true (end_script (client, script));
  assert_events (client,
      "warning 'A request to reconnect of level \"error\" is ignored'\n"
      "status status 'NetConnection.Connect.ReconnectRequest' to tcUrl '/realtimeapp'\n"
      "status status 'NetConnection.Connect.ReconnectRequest'\n");
}

/* Data messages that are the server's own words; a broken one is no fault. */
static void
test_data_status (void)
{
  g_autoptr (End) client = client_started (FALSE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_message (script, 18, 1, 0, (const guint8 *) "\x02\x00\x08onStatus\x03\x00", 13);
  script_message (script, 18, 1, 0, (const guint8 *) "\x02\x00\x08onSt", 7);
  script_amf (script, 18, 1, "'onPlayStatus' {level: 'status', code: 'NetStream.Play.Complete'}");
  g_assert_true (end_script (client, script));
  assert_events (client,
      "message 18 on 1 at 0, 7 bytes\n"
      "end status 'NetStream.Play.Complete'\n");
}

/* -- AMF3 (vector 26) -- */

static void
check_type_17 (const gchar *payload, gsize size)
{
  g_autoptr (End) client = client_starting (TRUE, 1);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_message (script, 17, 1, 0, (const guint8 *) payload, (guint) size);
  g_assert_true (end_script (client, script));
  assert_events (client, "ready status 'NetStream.Publish.Start'\n");
}

static void
test_type_17 (void)
{
#define NAME "\x02\x00\x08onStatus"
#define ZERO "\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define INFO \
  "\x03\x00\x05level\x02\x00\x06status\x00\x04" \
  "code" \
  "\x02\x00\x17NetStream.Publish.Start\x00\x00\x09"
  /* null and { level: "status", code: "NetStream.Publish.Start" }, in AMF3 */
#define INFO3 \
  "\x11\x01\x11\x0A\x0B\x01\x0Blevel\x06\x0Dstatus\x09" \
  "code" \
  "\x06\x2FNetStream.Publish.Start\x01"
  check_type_17 ("\x00" NAME ZERO "\x05" INFO, sizeof ("\x00" NAME ZERO "\x05" INFO) - 1);
  check_type_17 (NAME ZERO "\x05" INFO, sizeof (NAME ZERO "\x05" INFO) - 1);
  check_type_17 ("\x00" NAME ZERO INFO3, sizeof ("\x00" NAME ZERO INFO3) - 1);
#undef NAME
#undef ZERO
#undef INFO
#undef INFO3
}

/* -- Secure token and authentication -- */

static void
check_secure_token (const gchar *own, const gchar *token, const gchar *events, const gchar *output)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  const RtmpClientConfig config = test_client_config (location, FALSE);
  g_autoptr (End) client = NULL;
  g_autoptr (GByteArray) script = g_byte_array_new ();
  g_autofree gchar *values = g_strdup_printf ("'_result' 1 null {secureToken: '%s'}", token);

  location->secure_token = g_strdup (own);
  client = client_shaken (&config, 1);
  script_command (script, 0, values);
  if (output) {
    g_assert_true (end_script (client, script));
    assert_output (client, output);
  } else {
    g_assert_false (end_script (client, script));
    g_assert_error (client->error, RTMP_ERROR, RTMP_ERROR_PROTOCOL);
    g_assert_null (strstr (client->error->message, own));
  }
  assert_events (client, events);
}

/* protocol.md 31, vector 23. */
static void
test_secure_token (void)
{
  static const gchar token[] = "4144aadabf24db23cea0560c76e64905";

  check_secure_token ("abcdefghijklmnop", token, "",
      "5@0 2500000\n"
      "20@0 secureTokenResponse 0 null '1234567890123456'\n"
      "20@0 createStream 2 null\n");
  check_secure_token (NULL, token, "warning 'The server asks for a secure token and none is set'\n",
      "5@0 2500000\n"
      "20@0 createStream 2 null\n");
  check_secure_token ("", token, "warning 'The server asks for a secure token and none is set'\n",
      "5@0 2500000\n"
      "20@0 createStream 2 null\n");
  check_secure_token ("abcdefghijklmnop", "41", "", NULL);
}

/* One connection whose connect carries @part and is refused with @description, or
 * accepted if that is NULL. */
static void
auth_round (RtmpAuth *auth, const gchar *part, const gchar *description)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  RtmpClientConfig config = test_client_config (location, TRUE);
  g_autofree gchar *values =
      g_strdup_printf ("'_error' 1 null {level: 'error',"
                       " code: 'NetConnection.Connect.Rejected', description: '%s'}",
          description ? description : "");
  g_autoptr (End) client = NULL;
  g_autoptr (GByteArray) script = g_byte_array_new ();

  config.auth = auth;
  assert_connect (&config, part);
  client = client_shaken (&config, 0);
  if (description)
    script_command (script, 0, values);
  else
    script_connected (script);
  g_assert_true (end_script (client, script));
  assert_events (client, description ? "authenticate\n" : "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==,
      description ? RTMP_STAGE_ENDED : RTMP_STAGE_CREATE_STREAM);
}

/* protocol.md 30, vector 22; the random bytes that config.random gives are the cnonce. */
static void
test_llnw (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_LLNW, "user", "pass");
  const guint8 *nonce = test_random () + RTMP_CLIENT_RANDOM_SIZE - 4;
  g_autofree gchar *cnonce = g_strdup_printf ("cnonce=%02x%02x%02x%02x", nonce[0], nonce[1],
      nonce[2], nonce[3]);

  auth_round (auth, "'app': 'live', ",
      "[ AccessManager.Reject ] :"
      " [ code=403 need auth; authmod=llnw ]");
  auth_round (auth, "'app': 'live?authmod=llnw&user=user', ",
      "[ authmod=llnw ] : ?reason=needauth&user=user&nonce=abcdef0123456789");
  auth_round (auth, cnonce, NULL);
}

static void
test_adobe (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_ADOBE, "user2020", "123456");

  auth_round (auth, "'tcUrl': 'rtmp://localhost/live', ",
      "[ AccessManager.Reject ] :"
      " [ code=403 need auth; authmod=adobe ] : ");
  auth_round (auth, "'tcUrl': 'rtmp://localhost/live?authmod=adobe&user=user2020', ",
      "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=user2020"
      "&salt=8wsAAA==&challenge=OzMAAA==&opaque=OzMAAA==");
  auth_round (auth, "'app': 'live?authmod=adobe&user=user2020&challenge=", NULL);
}

/* -- Hostile servers -- */

static void
check_flood (guint calls, guint answers)
{
  g_autoptr (End) client = client_started (TRUE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  RtmpSessionStats before, after;
  guint i;

  rtmp_session_get_stats (client->session, &before);
  for (i = 0; i < calls; i++)
    script_command (script, 0, "'somethingElse' 6 null");
  g_assert_true (end_script (client, script));
  rtmp_session_get_stats (client->session, &after);
  g_assert_cmpuint (after.out.messages[RTMP_COUNT_OTHER] - before.out.messages[RTMP_COUNT_OTHER],
      ==, answers);
  /* Once they have left there is room again. */
  end_forget (client);
  script_command (script, 0, "'somethingElse' 7 null");
  g_assert_true (end_script (client, script));
  assert_output (client, "20@0 _result 7 null null\n");
}

static void
test_flood (void)
{
  check_flood (RTMP_MAX_PENDING_REPLIES, RTMP_MAX_PENDING_REPLIES);
  check_flood (RTMP_MAX_PENDING_REPLIES + 1, RTMP_MAX_PENDING_REPLIES);
  check_flood (5000, RTMP_MAX_PENDING_REPLIES);
}

/* Of pings that come while nothing can be sent the newest are answered. */
static void
test_ping_flood (void)
{
  g_autoptr (End) client = client_started (TRUE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  g_autoptr (GString) expected = g_string_new (NULL);
  guint i;

  for (i = 0; i < 1000; i++)
    script_user_control (script, 6, i);
  g_assert_true (end_script (client, script));
  for (i = 1000 - RTMP_MAX_URGENT_MESSAGES; i < 1000; i++)
    g_string_append_printf (expected, "4@0 7 %u\n", i);
  assert_output (client, expected->str);
}

/* A message on message stream 1 that ends the session. */
static void
check_fault (guint type, const guint8 *data, guint size, RtmpError code)
{
  g_autoptr (End) client = client_started (FALSE, 0);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_message (script, type, 1, 0, data, size);
  g_assert_false (end_script (client, script));
  g_assert_error (client->error, RTMP_ERROR, (gint) code);
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_ENDED);
  g_assert_cmpint (rtmp_session_get_deadline (client->session), ==, -1);
}

static void
test_faults (void)
{
  static const guint8 zeros[8] = { 0 };
  g_autofree guint8 *large = g_malloc0 (RTMP_MAX_COMMAND_SIZE + 1);

  check_fault (1, zeros, 4, RTMP_ERROR_PROTOCOL); /* chunk size 0: vector 10 */
  check_fault (1, zeros, 3, RTMP_ERROR_PROTOCOL);
  check_fault (4, zeros, 0, RTMP_ERROR_PROTOCOL); /* vector 17 */
  check_fault (4, zeros, 1, RTMP_ERROR_PROTOCOL);
  check_fault (4, (const guint8 *) "\0\3\0\0\0\1", 6, RTMP_ERROR_PROTOCOL);
  check_fault (20, zeros, 0, RTMP_ERROR_PROTOCOL);
  check_fault (20, (const guint8 *) "\x02\x00\x08onSt", 7, RTMP_ERROR_PROTOCOL);
  check_fault (20, (const guint8 *) "\x05", 1, RTMP_ERROR_PROTOCOL);
  check_fault (20, large, RTMP_MAX_COMMAND_SIZE + 1, RTMP_ERROR_LIMIT);
  check_fault (22, zeros, 5, RTMP_ERROR_PROTOCOL);
}

/* Shared objects and undefined types are read and forgotten. */
static void
test_ignored_types (void)
{
  static const guint8 types[] = { 0, 7, 10, 11, 12, 13, 14, 16, 19, 21, 23, 255 };
  g_autoptr (End) client = client_started (FALSE, 1);
  g_autoptr (GByteArray) script = g_byte_array_new ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (types); i++)
    script_message (script, types[i], 1, 0, (const guint8 *) "whatever", 8);
  g_assert_true (end_script (client, script));
  assert_events (client, "");
  assert_output (client, "");
}

/* Vector 30: an aggregate's messages come out one by one; those before a fault count. */
static void
test_aggregate (void)
{
  static const guint8 aggregate[] = { 0x08, 0, 0, 2, 0, 0, 0x64, 0, 0, 0, 7, 0xAF, 0x01, 0, 0, 0,
    0x0D, 0x09, 0, 0, 3, 0, 0, 0x8C, 0, 0, 0, 7, 0x27, 0x01, 0, 0, 0, 0, 0x0E };
  g_autoptr (End) client = client_started (FALSE, 1);
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_message (script, 22, 1, 5000, aggregate, sizeof (aggregate));
  g_assert_true (end_script (client, script));
  assert_events (client,
      "message 8 on 1 at 5000, 2 bytes\n"
      "message 9 on 1 at 5040, 3 bytes\n");
  script_message (script, 22, 1, 6000, aggregate, 20);
  g_assert_false (end_script (client, script));
  assert_events (client, "message 8 on 1 at 6000, 2 bytes\n");
  g_assert_error (client->error, RTMP_ERROR, RTMP_ERROR_PROTOCOL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/sequence", test_sequence);
  g_test_add_func ("/client/connect-arguments", test_connect_arguments);
  g_test_add_func ("/client/play-arguments", test_play_arguments);
  g_test_add_func ("/client/first-output", test_first_output);
  g_test_add_func ("/client/capabilities", test_capabilities);
  g_test_add_func ("/client/unknown-transaction", test_unknown_transaction);
  g_test_add_func ("/client/refusals", test_refusals);
  g_test_add_func ("/client/stream-ids", test_stream_ids);
  g_test_add_func ("/client/early-start", test_early_start);
  g_test_add_func ("/client/other-direction", test_other_direction);
  g_test_add_func ("/client/reconnect-request", test_reconnect_request);
  g_test_add_func ("/client/data-status", test_data_status);
  g_test_add_func ("/client/type-17", test_type_17);
  g_test_add_func ("/client/secure-token", test_secure_token);
  g_test_add_func ("/client/llnw", test_llnw);
  g_test_add_func ("/client/adobe", test_adobe);
  g_test_add_func ("/client/flood", test_flood);
  g_test_add_func ("/client/ping-flood", test_ping_flood);
  g_test_add_func ("/client/faults", test_faults);
  g_test_add_func ("/client/ignored-types", test_ignored_types);
  g_test_add_func ("/client/aggregate", test_aggregate);
  return g_test_run ();
}
