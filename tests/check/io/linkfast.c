/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Links that start fast: what is sent before it is accepted, and what becomes of it. */

#include "support/linktest.h"

static const RtmpFastStart fast_starts[] = { RTMP_FAST_START_PIPELINED, RTMP_FAST_START_IMMEDIATE };

static LinkTest *
fast_new (gboolean publish, RtmpFastStart fast_start)
{
  LinkTest *test = link_test_new (publish);

  test->config.fast_start = fast_start;
  return test;
}

/* (transfer full): a peer that says nothing in that stage, to its first connection. */
static RtmpPeer *
holding_peer (RtmpPeerStage stage)
{
  RtmpPeerConfig config = { 0 };

  config.reactions[stage].action = RTMP_PEER_HOLD;
  return rtmp_peer_new (&config);
}

static void
send_some (LinkTest *test, GPtrArray *messages, guint from, guint to)
{
  guint i;

  for (i = from; i < to; i++) {
    g_assert_cmpint (link_test_send_one (test, messages->pdata[i], NULL), ==, RTMP_LINK_OK);
    g_assert_cmpint (rtmp_link_wait_sent (test->link, NULL), ==, RTMP_LINK_OK);
  }
}

static void
assert_fallbacks (LinkTest *test, guint fallbacks)
{
  RtmpLinkStats stats;

  rtmp_link_get_stats (test->link, &stats);
  g_free (stats.address);
  g_assert_cmpuint (stats.fast_start_fallbacks, ==, fallbacks);
  g_assert_cmpuint (stats.connections, ==, fallbacks + 1);
  if (fallbacks > 0)
    g_assert_cmpint (stats.fast_start, ==, RTMP_FAST_START_NONE);
}

static void
assert_recorded (RtmpPeer *peer, guint connection, GPtrArray *messages)
{
  g_autoptr (RtmpPeerRecord) record = NULL;

  g_assert_true (rtmp_peer_wait_ended (peer, connection));
  record = rtmp_peer_get_record (peer, connection);
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
  g_assert_true (g_str_has_prefix (record->commands, PUBLISH_COMMANDS " "));
  g_assert_true (g_str_has_suffix (record->commands, " " STOP_COMMANDS));
  g_assert_cmpuint (record->n_stream_closed, ==, 1);
  g_assert_cmpuint (record->stream_id, ==, 1);
  test_assert_same_media (record->media, messages);
}

/* -- Accepted -- */

/* Media is at the server before anything is accepted, and once only. */
static void
test_ahead (void)
{
  static const RtmpPeerStage stages[] = { RTMP_PEER_CONNECT, RTMP_PEER_CREATE_STREAM,
    RTMP_PEER_START };
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 2000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (fast_starts); i++) {
    for (j = 0; j < G_N_ELEMENTS (stages); j++) {
      g_autoptr (RtmpPeer) peer = holding_peer (stages[j]);
      g_autoptr (LinkTest) test = fast_new (TRUE, fast_starts[i]);

      link_test_start (test, peer, "live/key");
      link_test_wait_ready (test);
      send_some (test, messages, 0, 5);
      g_assert_true (rtmp_peer_wait_media (peer, 0, 5));
      g_assert_false (rtmp_link_was_ready (test->link));
      rtmp_peer_pass (peer, stages[j]);
      send_some (test, messages, 5, messages->len);
      link_test_drain (test);
      g_assert_true (rtmp_link_was_ready (test->link));
      assert_recorded (peer, 0, messages);
      assert_fallbacks (test, 0);
      link_test_wait (test,
          g_str_equal (test->states->str, "connecting negotiating streaming closing"));
      g_assert_cmpuint (test->n_failed, ==, 0);
    }
  }
}

/* Not even the handshake was answered. */
static void
test_ahead_of_handshake (void)
{
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 2000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_HANDSHAKE);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_IMMEDIATE);

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  send_some (test, messages, 0, messages->len);
  g_assert_true (rtmp_peer_wait_bytes (peer, 0, 3073 + 20000));
  rtmp_peer_pass (peer, RTMP_PEER_HANDSHAKE);
  link_test_drain (test);
  assert_recorded (peer, 0, messages);
  assert_fallbacks (test, 0);
}

static void
test_odd_servers (void)
{
  static const RtmpPeerConfig configs[] = {
    { .quirks = RTMP_PEER_ZERO_TRANSACTIONS },
    { .quirks = RTMP_PEER_NO_FC_ANSWERS | RTMP_PEER_START_ON_STREAM_0 },
    { .window_size = 2500, .chunk_size = 1000, .dribble = TRUE },
    { .say_before = G_MAXUINT, .say_after = G_MAXUINT },
    { .read_size = 100, .read_interval = 1 },
  };
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (fast_starts); i++) {
    for (j = 0; j < G_N_ELEMENTS (configs); j++) {
      g_autoptr (RtmpPeer) peer = rtmp_peer_new (&configs[j]);
      g_autoptr (LinkTest) test = fast_new (TRUE, fast_starts[i]);

      link_test_start (test, peer, "live/key");
      link_test_wait_ready (test);
      send_some (test, messages, 0, messages->len);
      link_test_drain (test);
      assert_recorded (peer, 0, messages);
      assert_fallbacks (test, 0);
    }
  }
}

static void
test_tls (void)
{
  g_autoptr (TestCertificates) certificates = test_certificates_new ();
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 50000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  guint i;

  if (!certificates) {
    g_test_skip ("openssl or GIO's TLS is missing");
    return;
  }
  for (i = 0; i < G_N_ELEMENTS (fast_starts); i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) {
        .certificate = certificates->good });
    g_autoptr (LinkTest) test = fast_new (TRUE, fast_starts[i]);

    test->config.tls_database = certificates->ca;
    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    send_some (test, messages, 0, messages->len);
    link_test_drain (test);
    assert_recorded (peer, 0, messages);
    assert_fallbacks (test, 0);
  }
}

static void
count_release (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

/* What is confirmed is let go of, and later media is not held at all. */
static void
test_release (void)
{
  g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);
  const RtmpVector vector = { "\x17\x01\0\0\0", 5 };
  gint released = 0;
  gint i;

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  for (i = 0; i < 2; i++) {
    RtmpMessage *message = rtmp_message_new_wrapped (RTMP_MESSAGE_VIDEO, 0, 0, &vector, 1,
        &released, count_release);

    g_assert_cmpint (rtmp_link_send (test->link, &message, 1, NULL), ==, RTMP_LINK_OK);
    g_assert_true (rtmp_peer_wait_media (peer, 0, (guint) i + 1));
    g_assert_cmpint (g_atomic_int_get (&released), ==, 2 * i);
    rtmp_peer_pass (peer, RTMP_PEER_START);
    /* Before that is told everything was let go of. */
    link_test_wait (test, strstr (test->states->str, "streaming"));
    g_assert_cmpint (g_atomic_int_get (&released), ==, i + 1);
  }
}

/* -- Refused, then accepted -- */

static void
do_fin (RtmpPeer *peer)
{
  rtmp_peer_close (peer, 0, RTMP_PEER_FIN);
}

static void
do_rst (RtmpPeer *peer)
{
  rtmp_peer_close (peer, 0, RTMP_PEER_RST);
}

static void
do_bad_name (RtmpPeer *peer)
{
  rtmp_peer_send_status (peer, 0, "error", "NetStream.Publish.BadName", "Key is taken");
}

static void
do_other_id (RtmpPeer *peer)
{
  RtmpCommand *command = rtmp_command_new ("_result", 4);

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_command_add (command, rtmp_amf_new_number (7));
  rtmp_peer_send_command (peer, 0, command, 0);
}

static void
do_refuse_connect (RtmpPeer *peer)
{
  RtmpCommand *command = rtmp_command_new ("_error", 1);

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_peer_send_command (peer, 0, command, 0);
}

/* What is no RTMP at all. */
static void
do_nonsense (RtmpPeer *peer)
{
  rtmp_peer_send_bytes (peer, 0, "\xFF\xFF\xFF\xFF", 4);
}

static const struct {
  RtmpPeerStage held;
  void (*act) (RtmpPeer *peer);
} troubles[] = {
  { RTMP_PEER_CONNECT, do_fin },
  { RTMP_PEER_CONNECT, do_rst },
  { RTMP_PEER_CONNECT, do_refuse_connect },
  { RTMP_PEER_CONNECT, do_other_id },
  { RTMP_PEER_CONNECT, do_nonsense },
  { RTMP_PEER_CREATE_STREAM, do_fin },
  { RTMP_PEER_CREATE_STREAM, do_rst },
  { RTMP_PEER_START, do_fin },
  { RTMP_PEER_START, do_rst },
  { RTMP_PEER_START, do_bad_name },
  { RTMP_PEER_HANDSHAKE, do_fin },
  { RTMP_PEER_HANDSHAKE, do_rst },
  { RTMP_PEER_HANDSHAKE, do_nonsense },
};

/* The first connection is in trouble at a moment of the test's; the second is accepted. All media
 * arrives there, what was sent before, in between and behind, in order and once. */
static void
check_fallback (RtmpFastStart fast_start, guint trouble)
{
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 2000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  g_autoptr (RtmpPeer) peer = holding_peer (troubles[trouble].held);
  g_autoptr (LinkTest) test = fast_new (TRUE, fast_start);
  guint third = messages->len / 3;

  link_test_start (test, peer, "live/secretKey");
  link_test_wait_ready (test);
  send_some (test, messages, 0, third);
  g_assert_true (rtmp_peer_wait_stage (peer, 0, troubles[trouble].held));
  /* The answer to createStream is held behind those that went before. */
  if (troubles[trouble].held != RTMP_PEER_HANDSHAKE)
    g_assert_true (rtmp_peer_wait_media (peer, 0, third));
  rtmp_peer_set_config (peer, NULL);
  troubles[trouble].act (peer);
  send_some (test, messages, third, 2 * third);
  g_assert_true (rtmp_peer_wait_media (peer, 1, 1));
  send_some (test, messages, 2 * third, messages->len);
  link_test_drain (test);
  assert_recorded (peer, 1, messages);
  assert_fallbacks (test, 1);
  g_assert_cmpuint (test->n_failed, ==, 0);
  link_test_wait (test, test->warnings->len > 0);
  g_assert_true (g_str_has_prefix (test->warnings->str,
      "The fast start failed, now in the strict order: "));
}

static void
test_fallback (void)
{
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (fast_starts); i++) {
    for (j = 0; j < G_N_ELEMENTS (troubles); j++) {
      if (troubles[j].held != RTMP_PEER_HANDSHAKE || fast_starts[i] == RTMP_FAST_START_IMMEDIATE)
        check_fallback (fast_starts[i], j);
    }
  }
}

#define RACE_MESSAGES 600u

static gpointer
send_without_pause (gpointer data)
{
  LinkTest *test = data;
  guint32 i;

  for (i = 0; i < RACE_MESSAGES; i++) {
    RtmpMessage *frame = link_test_frame (1000, i);

    g_assert_cmpint (rtmp_link_send (test->link, &frame, 1, NULL), ==, RTMP_LINK_OK);
    if (rtmp_link_is_congested (test->link))
      g_assert_cmpint (rtmp_link_wait_sent (test->link, NULL), ==, RTMP_LINK_OK);
  }
  return NULL;
}

/* The connection breaks, and another takes its place, while a thread goes on sending. */
static void
test_race (void)
{
  guint i, j;

  for (i = 0; i < 50; i++) {
    g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
    g_autoptr (LinkTest) test = fast_new (TRUE, fast_starts[i % 2]);
    g_autoptr (RtmpPeerRecord) record = NULL;
    GThread *thread;

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    thread = g_thread_new ("sender", send_without_pause, test);
    g_assert_true (rtmp_peer_wait_media (peer, 0, 1 + i * 5));
    rtmp_peer_set_config (peer, NULL);
    rtmp_peer_close (peer, 0, i % 3 ? RTMP_PEER_RST : RTMP_PEER_FIN);
    g_thread_join (thread);
    link_test_drain (test);
    g_assert_true (rtmp_peer_wait_ended (peer, 1));
    record = rtmp_peer_get_record (peer, 1);
    g_assert_cmpuint (record->media->len, ==, RACE_MESSAGES);
    for (j = 0; j < RACE_MESSAGES; j++)
      g_assert_cmpuint (((RtmpMessage *) record->media->pdata[j])->timestamp, ==, j);
  }
}

/* What the server said is told, but for what it repeats of a secret. */
static void
test_reason (void)
{
  g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);

  link_test_start (test, peer, "live/secretKey");
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_START));
  rtmp_peer_set_config (peer, NULL);
  rtmp_peer_send_status (peer, 0, "error", "NetStream.Publish.BadName", "secretKey is taken");
  link_test_wait (test, test->warnings->len > 0);
  g_assert_nonnull (strstr (test->warnings->str, "(NetStream.Publish.BadName)"));
  g_assert_null (strstr (test->warnings->str, "secretKey"));
  link_test_wait (test, strstr (test->states->str, "streaming"));
  g_assert_cmpstr (test->states->str, ==,
      "connecting negotiating connecting negotiating streaming");
}

/* Silence for as long as an answer may take. */
static void
test_silence (void)
{
  static const RtmpPeerStage stages[] = { RTMP_PEER_CONNECT, RTMP_PEER_CREATE_STREAM,
    RTMP_PEER_START };
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 2000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (stages); i++) {
    g_autoptr (RtmpPeer) peer = holding_peer (stages[i]);
    g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);

    test->config.timeout = MEDIUM_TIMEOUT;
    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    send_some (test, messages, 0, messages->len);
    g_assert_true (rtmp_peer_wait_stage (peer, 0, stages[i]));
    rtmp_peer_set_config (peer, NULL);
    link_test_drain (test);
    assert_recorded (peer, 1, messages);
    assert_fallbacks (test, 1);
    g_assert_nonnull (strstr (test->warnings->str, "Timed out waiting for the answer to "));
  }
}

/* A server that takes no more either, and answers at times: what it takes is no matter of its own
 * then, and does not end the link before its next answer is due. */
static void
test_stall (void)
{
  RtmpPeerConfig config = { .stop_reading_after = 50000, .receive_buffer = 128 * 1024 };
  g_autoptr (RtmpPeer) peer = NULL;
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);
  g_autoptr (GPtrArray) messages = link_test_message_list ();
  LinkCall *call;
  guint i;

  config.reactions[RTMP_PEER_CONNECT].action = RTMP_PEER_HOLD;
  config.reactions[RTMP_PEER_START].action = RTMP_PEER_HOLD;
  peer = rtmp_peer_new (&config);
  test->config.timeout = MEDIUM_TIMEOUT;
  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  for (i = 0; i < 20; i++) {
    g_ptr_array_add (messages, link_test_frame (256 * 1024, i * 40));
    g_assert_cmpint (link_test_send_one (test, messages->pdata[i], NULL), ==, RTMP_LINK_OK);
  }
  g_assert_true (rtmp_link_is_congested (test->link));
  call = link_call_start (test, rtmp_link_wait_sent);
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_START));
  rtmp_peer_set_config (peer, NULL);
  link_test_assert_goes_on (test, MEDIUM_TIMEOUT / 2);
  rtmp_peer_pass (peer, RTMP_PEER_CONNECT);
  g_assert_cmpint (link_call_finish (call, NULL), ==, RTMP_LINK_OK);
  link_test_drain (test);
  assert_recorded (peer, 1, messages);
  assert_fallbacks (test, 1);
}

/* -- Refused twice -- */

/* The second refusal is the error, in the server's words, as without a fast start. */
static void
test_refused (void)
{
  static const struct {
    gboolean publish;
    RtmpPeerStage stage;
    const gchar *code;
    gint error;
  } cases[] = {
    { TRUE, RTMP_PEER_CONNECT, "NetConnection.Connect.InvalidApp", RTMP_ERROR_NOT_FOUND },
    { TRUE, RTMP_PEER_CREATE_STREAM, "NetConnection.Call.Failed", RTMP_ERROR_REJECTED },
    { TRUE, RTMP_PEER_START, "NetStream.Publish.BadName", RTMP_ERROR_BUSY },
    { FALSE, RTMP_PEER_CONNECT, "NetConnection.Connect.Rejected", RTMP_ERROR_REJECTED },
    { FALSE, RTMP_PEER_START, "NetStream.Play.StreamNotFound", RTMP_ERROR_NOT_FOUND },
  };
  guint i, j;

  for (i = 0; i < 2 * G_N_ELEMENTS (fast_starts); i++) {
    for (j = 0; j < G_N_ELEMENTS (cases); j++) {
      RtmpPeerConfig config = { 0 };
      g_autoptr (RtmpPeer) peer = NULL;
      g_autoptr (LinkTest) test = fast_new (cases[j].publish, fast_starts[i / 2]);

      config.reactions[cases[j].stage] = (RtmpPeerReaction) {
        .action = i % 2 ? RTMP_PEER_REJECT_AND_CLOSE : RTMP_PEER_REJECT,
        .code = cases[j].code,
        .description = "So be it",
      };
      peer = rtmp_peer_new (&config);
      link_test_start (test, peer, "live/key");
      link_test_wait (test, test->n_failed == 1);
      g_assert_error (test->error, RTMP_ERROR, cases[j].error);
      g_assert_cmpstr (rtmp_error_get_code (test->error), ==, cases[j].code);
      g_assert_cmpstr (rtmp_error_get_description (test->error), ==, "So be it");
      assert_fallbacks (test, 1);
      g_assert_cmpuint (rtmp_peer_count_connections (peer), ==, 2);
    }
  }
}

/* What waits for a confirmation ends with the error. */
static void
test_waits_fail (void)
{
  g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);
  g_autoptr (GError) error = NULL;
  RtmpMessage *frame = link_test_frame (100, 0);
  LinkCall *call;

  test->config.timeout = SHORT_TIMEOUT;
  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  g_assert_cmpint (rtmp_link_send (test->link, &frame, 1, NULL), ==, RTMP_LINK_OK);
  call = link_call_start (test, rtmp_link_drain);
  g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_ERROR);
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
  g_assert_cmpstr (error->message, ==, "Timed out waiting for the answer to publish");
  assert_fallbacks (test, 1);
}

/* Nobody listens any more when it comes again. */
static void
test_no_second_connection (void)
{
  g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);

  link_test_start (test, peer, "live/key");
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_START));
  rtmp_peer_stop_listening (peer);
  do_fin (peer);
  link_test_wait (test, test->n_failed == 1);
  g_assert_error (test->error, RTMP_ERROR, RTMP_ERROR_CONNECT);
}

/* Once accepted, an end is an end. */
static void
test_no_fallback_later (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);

  link_test_start (test, peer, "live/key");
  link_test_wait (test, strstr (test->states->str, "streaming"));
  do_fin (peer);
  link_test_wait (test, test->n_failed == 1);
  g_assert_error (test->error, RTMP_ERROR, RTMP_ERROR_CLOSED);
  assert_fallbacks (test, 0);
}

/* -- The end, and interruptions -- */

/* The stream is at its end before anything was accepted. It waits, in case it is needed again. */
static void
test_short_stream (void)
{
  guint i;

  for (i = 0; i < 4; i++) {
    g_autoptr (GBytes) flv = test_flv_build (2, 0, 500);
    g_autoptr (GPtrArray) messages = test_flv_split (flv);
    g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
    g_autoptr (LinkTest) test = fast_new (TRUE, fast_starts[i % 2]);
    g_autoptr (GError) error = NULL;
    LinkCall *call;

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    send_some (test, messages, 0, messages->len);
    call = link_call_start (test, rtmp_link_drain);
    g_assert_true (rtmp_peer_wait_media (peer, 0, messages->len));
    rtmp_peer_set_config (peer, NULL);
    if (i < 2)
      do_rst (peer);
    else
      rtmp_peer_pass (peer, RTMP_PEER_START);
    g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_OK);
    assert_recorded (peer, i < 2, messages);
    assert_fallbacks (test, i < 2);
  }
}

/* Nothing was sent: there is nothing to wait for. */
static void
test_empty_stream (void)
{
  g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  link_test_drain (test);
  assert_fallbacks (test, 0);
}

static void
fill_replay (LinkTest *test)
{
  guint i;

  for (i = 0; i < RTMP_MAX_REPLAY_MESSAGES; i++) {
    RtmpMessage *frame = link_test_frame (10, i);

    if (i == RTMP_MAX_REPLAY_MESSAGES - 1)
      g_assert_false (rtmp_link_is_congested (test->link));
    g_assert_cmpint (rtmp_link_send (test->link, &frame, 1, NULL), ==, RTMP_LINK_OK);
    if (i < RTMP_MAX_REPLAY_MESSAGES - 1)
      g_assert_cmpint (rtmp_link_wait_sent (test->link, NULL), ==, RTMP_LINK_OK);
  }
  g_assert_true (rtmp_link_is_congested (test->link));
}

/* At the bound of what is held the sender waits, and nothing is lost. */
static void
check_bound (gboolean falls_back)
{
  g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);
  g_autoptr (RtmpPeerRecord) record = NULL;
  LinkCall *call;
  guint i;

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  fill_replay (test);
  call = link_call_start (test, rtmp_link_wait_sent);
  rtmp_link_set_flushing (test->link, TRUE);
  g_assert_cmpint (link_call_finish (call, NULL), ==, RTMP_LINK_FLUSHING);
  rtmp_link_set_flushing (test->link, FALSE);
  call = link_call_start (test, rtmp_link_wait_sent);
  g_assert_true (rtmp_peer_wait_media (peer, 0, RTMP_MAX_REPLAY_MESSAGES));
  rtmp_peer_set_config (peer, NULL);
  if (falls_back)
    do_fin (peer);
  else
    rtmp_peer_pass (peer, RTMP_PEER_START);
  g_assert_cmpint (link_call_finish (call, NULL), ==, RTMP_LINK_OK);
  link_test_drain (test);
  g_assert_true (rtmp_peer_wait_ended (peer, falls_back));
  record = rtmp_peer_get_record (peer, falls_back);
  g_assert_cmpuint (record->media->len, ==, RTMP_MAX_REPLAY_MESSAGES);
  for (i = 0; i < record->media->len; i++)
    g_assert_cmpuint (((RtmpMessage *) record->media->pdata[i])->timestamp, ==, i);
}

static void
test_bound (void)
{
  check_bound (FALSE);
  check_bound (TRUE);
}

/* Flush and stop end every wait for a confirmation. */
static void
test_interruptions (void)
{
  static RtmpLinkResult (*const waits[]) (RtmpLink * link, GError * *error) = { rtmp_link_wait_sent,
    rtmp_link_drain };
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (waits); i++) {
    g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_CONNECT);
    g_autoptr (LinkTest) test = fast_new (TRUE, fast_starts[i / 2]);
    LinkCall *call;

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    fill_replay (test);
    call = link_call_start (test, waits[i % 2]);
    rtmp_link_set_flushing (test->link, TRUE);
    g_assert_cmpint (link_call_finish (call, NULL), ==, RTMP_LINK_FLUSHING);
    rtmp_link_set_flushing (test->link, FALSE);
    call = link_call_start (test, waits[i % 2]);
    rtmp_link_stop (test->link);
    g_assert_cmpint (link_call_finish (call, NULL), ==, RTMP_LINK_FLUSHING);
    g_assert_true (rtmp_peer_wait_all_ended (peer));
  }
}

/* Stopped at any moment of a fallback, nothing is left. */
static void
test_stop_while_falling_back (void)
{
  guint i;

  for (i = 0; i < 60; i++) {
    g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
    g_autoptr (LinkTest) test = fast_new (TRUE, fast_starts[i % 2]);
    RtmpMessage *frame = link_test_frame (1000, 0);

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    g_assert_cmpint (rtmp_link_send (test->link, &frame, 1, NULL), ==, RTMP_LINK_OK);
    g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_START));
    do_rst (peer);
    if (i % 3 == 1)
      g_assert_true (rtmp_peer_wait_connections (peer, 2));
    if (i % 3 == 2)
      g_assert_true (rtmp_peer_wait_stage (peer, 1, RTMP_PEER_CONNECT));
    rtmp_link_stop (test->link);
    g_assert_true (rtmp_peer_wait_all_ended (peer));
  }
}

/* -- Credentials -- */

static void
test_credentials (void)
{
  const RtmpPeerConfig config = { .username = "user", .password = "pass" };
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&config);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_IMMEDIATE);
  g_autofree gchar *url = g_strdup_printf ("rtmp://user:pass@127.0.0.1:%u/live/key",
      rtmp_peer_get_port (peer));
  RtmpLinkStats stats;

  link_test_start_url (test, url);
  link_test_wait_ready (test);
  g_assert_true (rtmp_link_was_ready (test->link));
  rtmp_link_get_stats (test->link, &stats);
  g_free (stats.address);
  g_assert_cmpuint (stats.fast_start_fallbacks, ==, 0);
  g_assert_cmpuint (stats.connections, ==, 3);
}

/* A server that asks for credentials nobody gave is told of as ever. */
static void
test_credentials_missing (void)
{
  const RtmpPeerConfig config = { .username = "user", .password = "pass" };
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&config);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);

  link_test_start (test, peer, "live/key");
  link_test_wait (test, test->n_failed == 1);
  g_assert_error (test->error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED);
  assert_fallbacks (test, 1);
}

/* -- Playing -- */

static void
test_play (void)
{
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 2000);
  g_autoptr (GPtrArray) expected = test_flv_split (flv);
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (fast_starts); i++) {
    const RtmpPeerConfig config = { .flv = flv,
      .flv_end = RTMP_PEER_PLAY_STOP,
      .quirks = i % 2 ? RTMP_PEER_NO_START : 0 };
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&config);
    g_autoptr (LinkTest) test = fast_new (FALSE, fast_starts[i / 2]);
    g_autoptr (GPtrArray) messages = link_test_message_list ();
    g_autoptr (RtmpPeerRecord) record = NULL;

    link_test_start (test, peer, "live/key");
    g_assert_cmpint (link_test_receive (test, messages, G_MAXUINT, NULL), ==, RTMP_LINK_EOS);
    test_assert_same_media (messages, expected);
    assert_fallbacks (test, 0);
    record = rtmp_peer_get_record (peer, 0);
    g_assert_true (g_str_has_prefix (record->commands, PLAY_COMMANDS));
  }
}

/* Everything is asked before anything is answered. */
static void
test_play_ahead (void)
{
  static const RtmpPeerStage stages[] = { RTMP_PEER_HANDSHAKE, RTMP_PEER_CONNECT };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (stages); i++) {
    g_autoptr (RtmpPeer) peer = holding_peer (stages[i]);
    g_autoptr (LinkTest) test = fast_new (FALSE,
        i == 0 ? RTMP_FAST_START_IMMEDIATE : RTMP_FAST_START_PIPELINED);

    link_test_start (test, peer, "live/key");
    g_assert_true (rtmp_peer_wait_command (peer, 0, "play", 1));
    rtmp_peer_pass (peer, stages[i]);
    link_test_wait_ready (test);
    assert_fallbacks (test, 0);
  }
}

/* Media that came too early does not come twice. */
static void
test_play_fallback (void)
{
  static void (*const acts[]) (RtmpPeer *) = { do_fin, do_rst, do_refuse_connect };
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 2000);
  g_autoptr (GPtrArray) expected = test_flv_split (flv);
  const RtmpPeerConfig playing = { .flv = flv, .flv_end = RTMP_PEER_PLAY_STOP };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (acts); i++) {
    g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_CONNECT);
    g_autoptr (LinkTest) test = fast_new (FALSE, RTMP_FAST_START_PIPELINED);
    g_autoptr (GPtrArray) messages = link_test_message_list ();
    g_autoptr (RtmpMessage) frame = link_test_frame (100, 0);

    link_test_start (test, peer, "live/key");
    g_assert_true (rtmp_peer_wait_command (peer, 0, "play", 1));
    rtmp_peer_set_config (peer, &playing);
    frame->stream_id = 1;
    rtmp_peer_send_message (peer, 0, rtmp_message_ref (frame));
    acts[i](peer);
    g_assert_cmpint (link_test_receive (test, messages, G_MAXUINT, NULL), ==, RTMP_LINK_EOS);
    test_assert_same_media (messages, expected);
    assert_fallbacks (test, 1);
  }
}

/* Nobody publishes: that is not waited for twice. */
static void
test_play_idle (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .quirks = RTMP_PEER_NO_START });
  g_autoptr (LinkTest) test = fast_new (FALSE, RTMP_FAST_START_PIPELINED);

  test->config.idle_timeout = SHORT_TIMEOUT;
  link_test_start (test, peer, "live/key");
  link_test_wait (test, test->n_failed == 1);
  g_assert_error (test->error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
  g_assert_cmpstr (test->error->message, ==, "Timed out waiting for media");
  assert_fallbacks (test, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link/fast/ahead", test_ahead);
  g_test_add_func ("/link/fast/ahead-of-handshake", test_ahead_of_handshake);
  g_test_add_func ("/link/fast/odd-servers", test_odd_servers);
  g_test_add_func ("/link/fast/tls", test_tls);
  g_test_add_func ("/link/fast/release", test_release);
  g_test_add_func ("/link/fast/fallback", test_fallback);
  g_test_add_func ("/link/fast/race", test_race);
  g_test_add_func ("/link/fast/reason", test_reason);
  g_test_add_func ("/link/fast/silence", test_silence);
  g_test_add_func ("/link/fast/stall", test_stall);
  g_test_add_func ("/link/fast/refused", test_refused);
  g_test_add_func ("/link/fast/waits-fail", test_waits_fail);
  g_test_add_func ("/link/fast/no-second-connection", test_no_second_connection);
  g_test_add_func ("/link/fast/no-fallback-later", test_no_fallback_later);
  g_test_add_func ("/link/fast/short-stream", test_short_stream);
  g_test_add_func ("/link/fast/empty-stream", test_empty_stream);
  g_test_add_func ("/link/fast/bound", test_bound);
  g_test_add_func ("/link/fast/interruptions", test_interruptions);
  g_test_add_func ("/link/fast/stop-while-falling-back", test_stop_while_falling_back);
  g_test_add_func ("/link/fast/credentials", test_credentials);
  g_test_add_func ("/link/fast/credentials-missing", test_credentials_missing);
  g_test_add_func ("/link/fast/play", test_play);
  g_test_add_func ("/link/fast/play-ahead", test_play_ahead);
  g_test_add_func ("/link/fast/play-fallback", test_play_fallback);
  g_test_add_func ("/link/fast/play-idle", test_play_idle);
  return g_test_run ();
}
