/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Links that start fast: how they end, what interrupts them, and playing. */

#include "support/linkfasttest.h"

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
  g_test_add_func ("/link/fast-end/refused", test_refused);
  g_test_add_func ("/link/fast-end/waits-fail", test_waits_fail);
  g_test_add_func ("/link/fast-end/no-second-connection", test_no_second_connection);
  g_test_add_func ("/link/fast-end/no-fallback-later", test_no_fallback_later);
  g_test_add_func ("/link/fast-end/short-stream", test_short_stream);
  g_test_add_func ("/link/fast-end/empty-stream", test_empty_stream);
  g_test_add_func ("/link/fast-end/bound", test_bound);
  g_test_add_func ("/link/fast-end/interruptions", test_interruptions);
  g_test_add_func ("/link/fast-end/stop-while-falling-back", test_stop_while_falling_back);
  g_test_add_func ("/link/fast-end/credentials", test_credentials);
  g_test_add_func ("/link/fast-end/credentials-missing", test_credentials_missing);
  g_test_add_func ("/link/fast-end/play", test_play);
  g_test_add_func ("/link/fast-end/play-ahead", test_play_ahead);
  g_test_add_func ("/link/fast-end/play-fallback", test_play_fallback);
  g_test_add_func ("/link/fast-end/play-idle", test_play_idle);
  return g_test_run ();
}
