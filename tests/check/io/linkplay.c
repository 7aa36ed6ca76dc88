/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Playbacks over a link: what arrives, in what order, and how they end. */

#include "support/linktest.h"

/* -- What arrives -- */

static LinkTest *
player_new (RtmpPeer *peer)
{
  LinkTest *test = link_test_new (FALSE);

  link_test_start (test, peer, "live/key");
  return test;
}

/* Plays until the end and asserts that all of @flv came. Returns what ended it. */
static RtmpLinkResult
play_all (const RtmpPeerConfig *config, GBytes *flv, GError **error)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (config);
  g_autoptr (LinkTest) test = player_new (peer);
  g_autoptr (GPtrArray) expected = test_flv_split (flv);
  g_autoptr (GPtrArray) messages = link_test_message_list ();
  RtmpLinkResult result = link_test_receive (test, messages, G_MAXUINT, error);

  test_assert_same_media (messages, expected);
  return result;
}

/* All that was sent before the end comes, whatever the end is. */
static void
test_ends (void)
{
  static const struct {
    RtmpPeerPlayEnd end;
    RtmpLinkResult result;
    gint code;
  } cases[] = {
    { RTMP_PEER_PLAY_STOP, RTMP_LINK_EOS, 0 },
    { RTMP_PEER_PLAY_COMPLETE, RTMP_LINK_EOS, 0 },
    { RTMP_PEER_PLAY_UNPUBLISH, RTMP_LINK_EOS, 0 },
    { RTMP_PEER_PLAY_EOF, RTMP_LINK_EOS, 0 },
    { RTMP_PEER_PLAY_FIN, RTMP_LINK_ERROR, RTMP_ERROR_CLOSED },
    { RTMP_PEER_PLAY_RST, RTMP_LINK_ERROR, RTMP_ERROR_IO },
  };
  g_autoptr (GBytes) flv = test_flv_build (10, 1000, 1000);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    const RtmpPeerConfig config = { .flv = flv, .flv_end = cases[i].end };

    g_assert_cmpint (play_all (&config, flv, &error), ==, cases[i].result);
    if (cases[i].result == RTMP_LINK_ERROR)
      g_assert_error (error, RTMP_ERROR, cases[i].code);
    else
      g_assert_no_error (error);
  }
}

static void
test_files (void)
{
  static const gchar *const names[] = { "testsrc.flv", "mptestsrc.flv" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GBytes) flv = test_media_load (names[i]);
    const RtmpPeerConfig config = { .flv = flv,
      .flv_end = RTMP_PEER_PLAY_STOP,
      .chunk_size = 4096,
      .window_size = 5000000 };

    g_assert_cmpint (play_all (&config, flv, NULL), ==, RTMP_LINK_EOS);
  }
}

static void
test_dribble (void)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0xFFFFFFF0, 300);
  const RtmpPeerConfig config = { .flv = flv,
    .flv_end = RTMP_PEER_PLAY_STOP,
    .window_size = 5000000,
    .dribble = TRUE };

  g_assert_cmpint (play_all (&config, flv, NULL), ==, RTMP_LINK_EOS);
}

/* peers.md Q6, Q7, Q8, Q14, Q15, Q36. */
static void
test_quirks (void)
{
  static const struct {
    guint quirks;
    guint sayings;
  } cases[] = {
    { RTMP_PEER_START_ON_STREAM_0, 0 },
    { RTMP_PEER_MEDIA_ON_STREAM_0, 0 },
    { RTMP_PEER_START_ON_STREAM_0 | RTMP_PEER_MEDIA_ON_STREAM_0, 0 },
    { RTMP_PEER_NO_START, 0 },
    { RTMP_PEER_NO_PLAY_RESET, 0 },
    { RTMP_PEER_ZERO_TRANSACTIONS, 0 },
    { RTMP_PEER_NO_ACKS, 0 },
    { 0, RTMP_PEER_SAY_PLAY_RESET | RTMP_PEER_SAY_DATA_START },
    { 0, RTMP_PEER_SAY_BW_DONE | RTMP_PEER_SAY_PING | RTMP_PEER_SAY_BUFFER_READY },
  };
  static const RtmpPeerPlayEnd ends[] = { RTMP_PEER_PLAY_STOP, RTMP_PEER_PLAY_COMPLETE,
    RTMP_PEER_PLAY_EOF };
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases) * G_N_ELEMENTS (ends); i++) {
    const RtmpPeerConfig config = {
      .flv = flv,
      .flv_end = ends[i % G_N_ELEMENTS (ends)],
      .quirks = cases[i / G_N_ELEMENTS (ends)].quirks,
      .say_before = cases[i / G_N_ELEMENTS (ends)].sayings,
      .say_after = cases[i / G_N_ELEMENTS (ends)].sayings,
    };

    g_assert_cmpint (play_all (&config, flv, NULL), ==, RTMP_LINK_EOS);
  }
}

static void
test_commands (void)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .flv = flv });
  g_autoptr (LinkTest) test = player_new (peer);
  g_autoptr (RtmpPeerRecord) record = NULL;
  RtmpLinkStats stats;

  link_test_wait (test, g_str_has_suffix (test->states->str, "streaming"));
  rtmp_link_stop (test->link);
  g_assert_true (rtmp_peer_wait_ended (peer, 0));
  record = rtmp_peer_get_record (peer, 0);
  g_assert_true (g_str_has_prefix (record->commands, PLAY_COMMANDS));
  g_assert_true (g_str_has_suffix (record->commands, "deleteStream"));
  g_assert_cmpstr (record->stream, ==, "key");
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
  g_assert_cmpuint (record->n_media, ==, 0);
  rtmp_link_get_stats (test->link, &stats);
  g_assert_cmpint (stats.ready_time, >, 0);
  g_free (stats.address);
}

/* -- Waiting for media -- */

/* peers.md Q8: the timeout for answers does not count once play was sent. */
static void
test_withheld_start (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) {
      .reactions[RTMP_PEER_START].action = RTMP_PEER_HOLD });
  g_autoptr (LinkTest) test = link_test_new (FALSE);
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  g_autoptr (GPtrArray) messages = link_test_message_list ();

  test->config.timeout = MEDIUM_TIMEOUT;
  link_test_start (test, peer, "live/key");
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_START));
  link_test_assert_goes_on (test, MEDIUM_TIMEOUT + MEDIUM_TIMEOUT / 4);
  g_assert_false (rtmp_link_was_ready (test->link));

  rtmp_peer_pass (peer, RTMP_PEER_START);
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_MEDIA));
  rtmp_peer_send_flv (peer, 0, flv);
  g_assert_cmpint (link_test_receive (test, messages, 10, NULL), ==, RTMP_LINK_OK);
  g_assert_true (rtmp_link_was_ready (test->link));
}

/* A publisher that comes counts as a start (Q6), one that leaves ends the stream. */
static void
test_notify (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .quirks = RTMP_PEER_NO_START });
  g_autoptr (LinkTest) test = player_new (peer);
  g_autoptr (GError) error = NULL;
  LinkCall *call;

  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_MEDIA));
  rtmp_peer_notify_published (peer, 0, TRUE);
  link_test_wait_ready (test);
  call = link_call_start (test, link_call_receive);
  rtmp_peer_notify_published (peer, 0, FALSE);
  link_test_wait (test, g_str_has_suffix (test->states->str, "ended"));
  link_call_finish (call, NULL);
  g_assert_cmpint (link_call_receive (test->link, &error), ==, RTMP_LINK_EOS);
  g_assert_no_error (error);
  g_assert_cmpuint (test->n_failed, ==, 0);
}

static void
test_idle_timeout (void)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .flv = flv });
  g_autoptr (LinkTest) test = link_test_new (FALSE);
  g_autoptr (GPtrArray) messages = link_test_message_list ();
  g_autoptr (GError) error = NULL;

  test->config.idle_timeout = SHORT_TIMEOUT;
  link_test_start (test, peer, "live/key");
  g_assert_cmpint (link_test_receive (test, messages, G_MAXUINT, &error), ==, RTMP_LINK_ERROR);
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
  g_assert_nonnull (strstr (error->message, "media"));
  g_assert_cmpuint (messages->len, >=, 13);
  link_test_wait (test, test->n_failed == 1);
  g_assert_error (test->error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
}

static void
test_stream_not_found (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = player_new (peer);
  g_autoptr (GPtrArray) messages = link_test_message_list ();
  g_autoptr (GError) error = NULL;

  link_test_wait_ready (test);
  rtmp_peer_send_status (peer, 0, "error", "NetStream.Play.Failed", "The encoder is gone");
  g_assert_cmpint (link_test_receive (test, messages, G_MAXUINT, &error), ==, RTMP_LINK_ERROR);
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_STREAM_FAILED);
  g_assert_cmpstr (rtmp_error_get_code (error), ==, "NetStream.Play.Failed");
  g_assert_cmpstr (rtmp_error_get_description (error), ==, "The encoder is gone");
}

/* -- A consumer that stalls -- */

/* All that test_leaky() sends is in the queue, or was dropped from it. */
static gboolean
is_all_queued (gpointer data)
{
  LinkTest *test = data;
  RtmpLinkStats stats;

  rtmp_link_get_stats (test->link, &stats);
  g_free (stats.address);
  return stats.queue_length + stats.queue_dropped >= 403;
}

/* The queue drops whole groups, and pings and acknowledgements are answered all the while. */
static void
test_leaky (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = link_test_new (FALSE);
  g_autoptr (GBytes) flv = test_flv_build (200, 0, 10000);
  g_autoptr (GPtrArray) messages = link_test_message_list ();
  RtmpQueueItem item;
  RtmpLinkStats stats;
  guint n, n_discont = 0;

  test->config.queue_bytes = 200 * 1000;
  link_test_start (test, peer, "live/key");
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_MEDIA));
  rtmp_peer_request_acks (peer, 0, 100 * 1000);
  rtmp_peer_send_flv (peer, 0, flv);
  rtmp_peer_ping (peer, 0);
  g_assert_true (rtmp_peer_wait_pongs (peer, 0, 1));
  g_assert_true (rtmp_peer_wait_acks (peer, 0, 5));
  link_test_wait (test, test->n_lost > 0);
  g_assert_true (test_wait_until (is_all_queued, test));

  rtmp_link_get_stats (test->link, &stats);
  g_free (stats.address);
  g_assert_cmpuint (stats.queue_bytes, <=, 200 * 1000);
  g_assert_cmpuint (stats.queue_dropped, >, 0);
  for (; stats.queue_length > 0; stats.queue_length--) {
    g_assert_cmpint (rtmp_link_receive (test->link, &item, 1, &n, NULL), ==, RTMP_LINK_OK);
    g_ptr_array_add (messages, item.message);
    if (item.discont)
      g_assert_true (item.kind == RTMP_TAG_KEY && n_discont++ == 0);
  }
  g_assert_cmpuint (n_discont, ==, 1);
  /* What a decoder must be told is kept. */
  g_assert_cmpuint (((RtmpMessage *) messages->pdata[0])->type, ==, RTMP_MESSAGE_DATA_AMF0);
}

/* Reading stops at the bound, nothing is lost, and the idle timeout stands still. */
static void
test_not_leaky (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .send_buffer = 8192 });
  g_autoptr (LinkTest) test = link_test_new (FALSE);
  g_autoptr (GBytes) flv = test_flv_build (400, 0, 40000);
  g_autoptr (GPtrArray) expected = test_flv_split (flv);
  g_autoptr (GPtrArray) messages = link_test_message_list ();
  g_autoptr (RtmpPeerRecord) record = NULL;
  RtmpLinkStats stats;

  test->config.leaky = FALSE;
  test->config.queue_bytes = 200 * 1000;
  test->config.idle_timeout = MEDIUM_TIMEOUT;
  link_test_start (test, peer, "live/key");
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_MEDIA));
  rtmp_peer_send_flv (peer, 0, flv);
  link_test_assert_goes_on (test, MEDIUM_TIMEOUT + MEDIUM_TIMEOUT / 4);
  record = rtmp_peer_get_record (peer, 0);
  g_assert_cmpuint (record->bytes_out, <, g_bytes_get_size (flv));
  rtmp_link_get_stats (test->link, &stats);
  g_free (stats.address);
  /* What one read brought may exceed the bound. */
  g_assert_cmpuint (stats.queue_bytes, <, 200 * 1000 + RTMP_IO_LOOP_SCRATCH_SIZE + 40000);

  rtmp_peer_end_play (peer, 0, FALSE);
  g_assert_cmpint (link_test_receive (test, messages, G_MAXUINT, NULL), ==, RTMP_LINK_EOS);
  test_assert_same_media (messages, expected);
  g_assert_cmpuint (test->n_lost, ==, 0);
}

static gboolean
is_full (gpointer data)
{
  LinkTest *test = data;
  RtmpLinkStats stats;

  rtmp_link_get_stats (test->link, &stats);
  g_free (stats.address);
  return stats.queue_bytes >= 200 * 1000;
}

/* Raising the bound, and dropping what is queued, make a stalled link read again. */
static void
test_reading_resumes (gconstpointer data)
{
  gboolean resync = GPOINTER_TO_INT (data);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .send_buffer = 8192 });
  g_autoptr (LinkTest) test = link_test_new (FALSE);
  g_autoptr (GPtrArray) messages = link_test_message_list ();
  g_autoptr (GBytes) flv = test_flv_build (400, 0, 40000);

  test->config.leaky = FALSE;
  test->config.queue_bytes = 200 * 1000;
  link_test_start (test, peer, "live/key");
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_MEDIA));
  rtmp_peer_send_flv (peer, 0, flv);
  g_assert_true (test_wait_until (is_full, test));
  if (resync) {
    rtmp_link_resync (test->link);
    g_assert_cmpint (link_test_receive (test, messages, 400, NULL), ==, RTMP_LINK_OK);
  } else {
    rtmp_link_set_queue_limits (test->link, 100 * 1000 * 1000, 0);
    g_assert_true (rtmp_peer_wait_written (peer, 0));
  }
}

/* After a pause it begins again at a key frame. */
static void
test_resync (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = player_new (peer);
  g_autoptr (GBytes) flv = test_flv_build (25, 0, 1000);
  RtmpQueueItem item;
  gboolean discont = FALSE;
  guint n;

  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_MEDIA));
  rtmp_peer_send_flv (peer, 0, flv);
  rtmp_peer_ping (peer, 0);
  g_assert_true (rtmp_peer_wait_pongs (peer, 0, 1));
  rtmp_link_resync (test->link);
  while (!discont) {
    g_assert_cmpint (rtmp_link_receive (test->link, &item, 1, &n, NULL), ==, RTMP_LINK_OK);
    g_assert_cmpint (n, ==, 1);
    discont = item.discont;
    if (discont) {
      g_assert_cmpint (item.kind, ==, RTMP_TAG_KEY);
      g_assert_cmpuint (item.message->timestamp, ==, 20 * 40);
    }
    rtmp_message_unref (item.message);
  }
}

/* -- Flush and stop -- */

static void
test_flush (void)
{
  g_autoptr (GBytes) flv = test_flv_build (1, 0, 1000);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = player_new (peer);
  g_autoptr (GPtrArray) messages = link_test_message_list ();
  g_autoptr (GError) error = NULL;
  LinkCall *call;
  gint64 begin;
  guint i;

  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_MEDIA));
  for (i = 0; i < 20; i++) {
    call = link_call_start (test, link_call_receive);
    begin = g_get_monotonic_time ();
    rtmp_link_set_flushing (test->link, TRUE);
    g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_FLUSHING);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
    g_assert_no_error (error);
    rtmp_link_set_flushing (test->link, FALSE);
  }
  rtmp_peer_send_flv (peer, 0, flv);
  g_assert_cmpint (link_test_receive (test, messages, 5, NULL), ==, RTMP_LINK_OK);
  call = link_call_start (test, link_call_receive);
  rtmp_link_stop (test->link);
  g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_FLUSHING);
  g_assert_no_error (error);
}

static void
test_stats (void)
{
  g_autoptr (GBytes) flv = test_flv_build (10, 1000, 1000);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .flv = flv,
      .flv_end = RTMP_PEER_PLAY_STOP });
  g_autoptr (LinkTest) test = player_new (peer);
  RtmpLinkStats stats;

  link_test_wait (test, g_str_has_suffix (test->states->str, "ended"));
  rtmp_link_get_stats (test->link, &stats);
  g_free (stats.address);
  g_assert_cmpint (stats.state, ==, RTMP_LINK_ENDED);
  g_assert_cmpuint (stats.queue_length, ==, 23);
  g_assert_cmpuint (stats.queue_bytes, >, 10000);
  g_assert_cmpuint (stats.queue_time, ==, 370);
  g_assert_cmpuint (stats.queue_dropped, ==, 0);
  g_assert_cmpint (stats.media_time, >, 0);
  g_assert_cmpuint (stats.session.in.messages[RTMP_COUNT_VIDEO], ==, 11);
  g_assert_cmpuint (stats.session.in.messages[RTMP_COUNT_AUDIO], ==, 11);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link/play/ends", test_ends);
  g_test_add_func ("/link/play/files", test_files);
  g_test_add_func ("/link/play/dribble", test_dribble);
  g_test_add_func ("/link/play/quirks", test_quirks);
  g_test_add_func ("/link/play/commands", test_commands);
  g_test_add_func ("/link/play/withheld-start", test_withheld_start);
  g_test_add_func ("/link/play/notify", test_notify);
  g_test_add_func ("/link/play/idle-timeout", test_idle_timeout);
  g_test_add_func ("/link/play/fails-later", test_stream_not_found);
  g_test_add_func ("/link/play/leaky", test_leaky);
  g_test_add_func ("/link/play/not-leaky", test_not_leaky);
  g_test_add_data_func ("/link/play/limits-resume", GINT_TO_POINTER (FALSE), test_reading_resumes);
  g_test_add_data_func ("/link/play/resync-resumes", GINT_TO_POINTER (TRUE), test_reading_resumes);
  g_test_add_func ("/link/play/resync", test_resync);
  g_test_add_func ("/link/play/flush", test_flush);
  g_test_add_func ("/link/play/stats", test_stats);
  return g_test_run ();
}
