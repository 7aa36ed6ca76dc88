/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Links that start fast: what is sent before it is accepted, and what becomes of it. */

#include "support/linkfasttest.h"

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

typedef struct {
  LinkTest *test;
  gint n; /* atomic */
} Releases;

/* What frees a message's memory may ask the link. */
static void
count_release (gpointer data)
{
  Releases *releases = data;
  RtmpLinkStats stats;

  rtmp_link_get_stats (releases->test->link, &stats);
  g_free (stats.address);
  g_atomic_int_inc (&releases->n);
}

static gboolean
is_released (gpointer data)
{
  return g_atomic_int_get (&((Releases *) data)->n) == 1;
}

static void
send_releasing (LinkTest *test, Releases *releases)
{
  const RtmpVector vector = { "\x17\x01\0\0\0", 5 };
  RtmpMessage *message = rtmp_message_new_wrapped (RTMP_MESSAGE_VIDEO, 0, 0, &vector, 1, releases,
      count_release);

  g_assert_cmpint (rtmp_link_send (test->link, &message, 1, NULL), ==, RTMP_LINK_OK);
}

/* What is confirmed is let go of, and later media is not held at all. */
static void
test_release (void)
{
  g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);
  Releases releases = { test };

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  send_releasing (test, &releases);
  g_assert_true (rtmp_peer_wait_media (peer, 0, 1));
  g_assert_cmpint (g_atomic_int_get (&releases.n), ==, 0);
  rtmp_peer_pass (peer, RTMP_PEER_START);
  g_assert_true (test_wait_until (is_released, &releases));

  send_releasing (test, &releases);
  g_assert_cmpint (g_atomic_int_get (&releases.n), ==, 2);
}

/* So is what will never be sent again, since the second connection failed. */
static void
test_release_failed (void)
{
  g_autoptr (RtmpPeer) peer = holding_peer (RTMP_PEER_START);
  g_autoptr (LinkTest) test = fast_new (TRUE, RTMP_FAST_START_PIPELINED);
  Releases releases = { test };

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  send_releasing (test, &releases);
  g_assert_true (rtmp_peer_wait_media (peer, 0, 1));
  do_fin (peer);
  g_assert_true (rtmp_peer_wait_stage (peer, 1, RTMP_PEER_START));
  g_assert_cmpint (g_atomic_int_get (&releases.n), ==, 0);
  rtmp_peer_close (peer, 1, RTMP_PEER_FIN);
  g_assert_true (test_wait_until (is_released, &releases));
  link_test_wait (test, test->n_failed == 1);
}

/* -- Refused, then accepted -- */

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link/fast/ahead", test_ahead);
  g_test_add_func ("/link/fast/ahead-of-handshake", test_ahead_of_handshake);
  g_test_add_func ("/link/fast/odd-servers", test_odd_servers);
  g_test_add_func ("/link/fast/tls", test_tls);
  g_test_add_func ("/link/fast/release", test_release);
  g_test_add_func ("/link/fast/release-failed", test_release_failed);
  g_test_add_func ("/link/fast/fallback", test_fallback);
  g_test_add_func ("/link/fast/race", test_race);
  g_test_add_func ("/link/fast/reason", test_reason);
  g_test_add_func ("/link/fast/silence", test_silence);
  g_test_add_func ("/link/fast/stall", test_stall);
  return g_test_run ();
}
