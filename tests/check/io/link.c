/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Publications over a link: what arrives, and how they end. */

#include "support/linktest.h"

/* A socket that is full soon. */
#define SMALL_BUFFER (128 * 1024)

static GPtrArray *
get_names (const RtmpPeerRecord *record)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  gchar **split = g_strsplit (record->commands, " ", -1);
  guint i;

  for (i = 0; split[i]; i++)
    g_ptr_array_add (names, split[i]);
  g_free (split);
  return names;
}

/* -- What arrives -- */

static void
publish_all (GPtrArray *messages, const RtmpPeerConfig *config)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (config);
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (RtmpPeerRecord) record = NULL;

  link_test_start (test, peer, "live/key?token=a/b");
  link_test_wait_ready (test);
  link_test_send (test, messages);
  link_test_drain (test);
  g_assert_true (rtmp_peer_wait_ended (peer, 0));

  record = rtmp_peer_get_record (peer, 0);
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
  g_assert_cmpstr (record->commands, ==, PUBLISH_COMMANDS " " STOP_COMMANDS);
  g_assert_cmpstr (record->app, ==, "live");
  g_assert_cmpstr (record->stream, ==, "key?token=a/b");
  g_assert_cmpuint (record->n_stream_closed, ==, 1);
  g_assert_cmpuint (record->n_window_ack_sizes, ==, 1);
  g_assert_cmpuint (record->chunk_sizes->len, ==, 1);
  g_assert_cmpuint (g_array_index (record->chunk_sizes, guint32, 0), ==, 65536);
  test_assert_same_media (record->media, messages);
  g_assert_cmpuint (rtmp_peer_count_connections (peer), ==, 1);
  link_test_wait (test,
      g_str_equal (test->states->str, "connecting negotiating streaming closing"));
  g_assert_cmpuint (test->n_failed, ==, 0);
  g_assert_cmpstr (test->warnings->str, ==, "");
}

static void
test_identical (void)
{
  g_autoptr (GBytes) flv = test_flv_build (50, 0xFFFFF0, 5000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);

  publish_all (messages, &(RtmpPeerConfig) { .window_size = 5000000, .chunk_size = 4096 });
}

static void
test_files (void)
{
  static const gchar *const names[] = { "testsrc.flv", "mptestsrc.flv" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GBytes) flv = test_media_load (names[i]);
    g_autoptr (GPtrArray) messages = test_flv_split (flv);

    publish_all (messages, NULL);
  }
}

/* Timestamps pass 2^32. */
static void
test_wrap (void)
{
  g_autoptr (GBytes) flv = test_flv_build (50, 0xFFFFFF00, 300);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);

  publish_all (messages, NULL);
}

static void
test_dribble (void)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 300);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);

  publish_all (messages, &(RtmpPeerConfig) { .window_size = 5000000, .dribble = TRUE });
}

static void
test_ipv6 (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .ipv6 = TRUE });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autofree gchar *tc_url = NULL;
  RtmpLinkStats stats;

  if (!peer) {
    g_test_skip ("There is no IPv6 here");
    return;
  }
  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  record = rtmp_peer_get_record (peer, 0);
  tc_url = rtmp_peer_get_url (peer, "live");
  g_assert_cmpstr (record->tc_url, ==, tc_url);
  rtmp_link_get_stats (test->link, &stats);
  g_assert_true (g_str_has_prefix (stats.address, "[::1]:"));
  g_free (stats.address);
}

/* Several messages in one call leave together, and in order. */
static void
test_batch (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (GBytes) flv = test_flv_build (20, 0, 2000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  g_autoptr (GPtrArray) copies = test_flv_split (flv);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autofree gpointer *batch = NULL;
  gsize n;

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  batch = g_ptr_array_steal (copies, &n);
  g_assert_cmpint (rtmp_link_send (test->link, (RtmpMessage **) batch, (guint) n, NULL), ==,
      RTMP_LINK_OK);
  g_assert_true (rtmp_peer_wait_media (peer, 0, messages->len));
  record = rtmp_peer_get_record (peer, 0);
  test_assert_same_media (record->media, messages);
}

static void
test_chunk_size (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 2000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  g_autoptr (RtmpPeerRecord) record = NULL;

  test->config.chunk_size = 4096;
  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  link_test_send (test, messages);
  rtmp_link_set_chunk_size (test->link, 1000);
  link_test_send (test, messages);
  g_assert_true (rtmp_peer_wait_media (peer, 0, 2 * messages->len));
  record = rtmp_peer_get_record (peer, 0);
  g_assert_cmpuint (record->chunk_sizes->len, ==, 2);
  g_assert_cmpuint (g_array_index (record->chunk_sizes, guint32, 0), ==, 4096);
  g_assert_cmpuint (g_array_index (record->chunk_sizes, guint32, 1), ==, 1000);
}

/* A chunk size that is set while the link connects is the one that is announced. */
static void
test_chunk_size_early (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) {
      .reactions[RTMP_PEER_ACCEPT].action = RTMP_PEER_HOLD });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (RtmpPeerRecord) record = NULL;
  guint i, last;

  link_test_start (test, peer, "live/key");
  rtmp_link_set_chunk_size (test->link, 1234);
  rtmp_peer_pass (peer, RTMP_PEER_ACCEPT);
  link_test_wait_ready (test);
  record = rtmp_peer_get_record (peer, 0);
  last = record->chunk_sizes->len - 1;
  g_assert_cmpuint (g_array_index (record->chunk_sizes, guint32, last), ==, 1234);
  for (i = 0; i < record->messages->len; i++)
    g_assert_cmpuint (((RtmpMessage *) record->messages->pdata[i])->type, !=, RTMP_MESSAGE_AUDIO);
}

static void
test_pacing (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 2000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);

  test->config.pacing = 100 * 1000 * 1000;
  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  link_test_send (test, messages);
  rtmp_link_set_pacing (test->link, 0);
  link_test_send (test, messages);
  g_assert_true (rtmp_peer_wait_media (peer, 0, 2 * messages->len));
}

/* -- The end -- */

/* The server reads slowly: everything it is owed leaves before drain returns. */
static void
test_drain (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .read_size = 50000,
      .read_interval = 5,
      .receive_buffer = SMALL_BUFFER });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (GBytes) flv = test_flv_build (40, 0, 50000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (RtmpCommand) stop = NULL;
  guint i;

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  for (i = 0; i < messages->len; i++)
    g_assert_cmpint (link_test_send_one (test, messages->pdata[i], NULL), ==, RTMP_LINK_OK);
  link_test_drain (test);
  g_assert_true (rtmp_peer_wait_ended (peer, 0));
  record = rtmp_peer_get_record (peer, 0);
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
  test_assert_same_media (record->media, messages);
  g_assert_cmpstr (record->commands, ==, PUBLISH_COMMANDS " " STOP_COMMANDS);
  stop = rtmp_peer_record_get_command (record, "FCUnpublish", 0);
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (stop, 1)), ==, "key");
  g_clear_pointer (&stop, rtmp_command_free);
  stop = rtmp_peer_record_get_command (record, "deleteStream", 0);
  g_assert_cmpfloat (rtmp_amf_get_number (rtmp_command_get (stop, 1), -1), ==, record->stream_id);
}

static void
test_stop_commands (void)
{
  static const struct {
    RtmpStopCommands commands;
    const gchar *names;
  } cases[] = {
    { 0, "" },
    { RTMP_STOP_FCUNPUBLISH, " FCUnpublish" },
    { RTMP_STOP_CLOSE_STREAM, " closeStream" },
    { RTMP_STOP_DELETE_STREAM, " deleteStream" },
    { RTMP_STOP_FCUNPUBLISH | RTMP_STOP_CLOSE_STREAM | RTMP_STOP_DELETE_STREAM,
        " FCUnpublish closeStream deleteStream" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (RtmpPeerRecord) record = NULL;
    g_autofree gchar *expected = g_strconcat (PUBLISH_COMMANDS, cases[i].names, NULL);

    test->config.stop_commands = cases[i].commands;
    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    link_test_drain (test);
    g_assert_true (rtmp_peer_wait_ended (peer, 0));
    record = rtmp_peer_get_record (peer, 0);
    g_assert_cmpstr (record->commands, ==, expected);
  }
}

/* The server does not close: drain gives up waiting and all is well. */
static void
test_linger (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .keep_open = TRUE });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (RtmpPeerRecord) record = NULL;
  gint64 begin = g_get_monotonic_time ();

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  link_test_drain (test);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, G_TIME_SPAN_SECOND);
  g_assert_true (rtmp_peer_wait_ended (peer, 0));
  record = rtmp_peer_get_record (peer, 0);
  g_assert_cmpstr (record->commands, ==, PUBLISH_COMMANDS " " STOP_COMMANDS);
}

/* peers.md Q35: closing in answer to the stop commands, in whatever way, is a normal end. */
static void
test_closed_in_answer (void)
{
  static const RtmpPeerAction actions[] = { RTMP_PEER_FIN, RTMP_PEER_RST };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (actions); i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .keep_open = TRUE });
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (GError) error = NULL;
    gint64 begin;
    LinkCall *call;

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    begin = g_get_monotonic_time ();
    call = link_call_start (test, rtmp_link_drain);
    g_assert_true (rtmp_peer_wait_command (peer, 0, "FCUnpublish", 1));
    rtmp_peer_close (peer, 0, actions[i]);
    g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_OK);
    g_assert_no_error (error);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
    g_assert_cmpuint (test->n_failed, ==, 0);
  }
}

/* Words that come after our own goodbye lead nowhere. */
static void
test_late_words (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .keep_open = TRUE });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (GError) error = NULL;
  LinkCall *call;

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  call = link_call_start (test, rtmp_link_drain);
  g_assert_true (rtmp_peer_wait_command (peer, 0, "deleteStream", 1));
  rtmp_peer_send_status (peer, 0, "error", "NetStream.Publish.BadName", "Late");
  rtmp_peer_send_bytes (peer, 0, "\xC0garbage", 8);
  rtmp_peer_close (peer, 0, RTMP_PEER_FIN);
  g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_OK);
  g_assert_no_error (error);
}

/* Drain ends with a flush, and may be called again. */
static void
test_drain_again (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .stop_reading_after = 60000,
      .receive_buffer = SMALL_BUFFER });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (RtmpPeerRecord) record = NULL;
  LinkCall *call;
  RtmpLinkStats stats;

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  link_test_fill (test);
  call = link_call_start (test, rtmp_link_drain);
  link_test_wait (test, g_str_has_suffix (test->states->str, "closing"));
  rtmp_link_set_flushing (test->link, TRUE);
  g_assert_cmpint (link_call_finish (call, NULL), ==, RTMP_LINK_FLUSHING);
  rtmp_link_set_flushing (test->link, FALSE);
  rtmp_peer_set_reading (peer, 0, TRUE);
  link_test_drain (test);
  rtmp_link_get_stats (test->link, &stats);
  g_free (stats.address);
  g_assert_cmpuint (stats.backlog, ==, 0);
  g_assert_true (rtmp_peer_wait_ended (peer, 0));
  record = rtmp_peer_get_record (peer, 0);
  g_assert_cmpuint (record->n_media, ==, stats.session.out.messages[RTMP_COUNT_VIDEO]);
  g_assert_cmpstr (record->commands, ==, PUBLISH_COMMANDS " " STOP_COMMANDS);
}

/* A stop while a drain comes to its end. */
static void
test_stop_while_draining (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  guint i;

  for (i = 0; i < 100; i++) {
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    RtmpLinkResult result;
    LinkCall *call;

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    call = link_call_start (test, rtmp_link_drain);
    if (i % 2)
      g_assert_true (rtmp_peer_wait_ended (peer, RTMP_PEER_LAST));
    rtmp_link_stop (test->link);
    result = link_call_finish (call, NULL);
    g_assert_true (result == RTMP_LINK_OK || result == RTMP_LINK_FLUSHING);
  }
}

/* Stopping without drain says goodbye too where the socket is free. */
static void
test_stop (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) error = NULL;
  RtmpMessage *frame = link_test_frame (100, 0);

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  rtmp_link_stop (test->link);
  g_assert_true (rtmp_peer_wait_ended (peer, 0));
  record = rtmp_peer_get_record (peer, 0);
  names = get_names (record);
  g_assert_cmpstr (names->pdata[names->len - 1], ==, "deleteStream");
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);

  /* What is called afterwards returns at once. */
  g_assert_cmpint (rtmp_link_send (test->link, &frame, 1, &error), ==, RTMP_LINK_FLUSHING);
  g_assert_cmpint (rtmp_link_wait_sent (test->link, &error), ==, RTMP_LINK_FLUSHING);
  g_assert_cmpint (rtmp_link_wait_ready (test->link, &error), ==, RTMP_LINK_FLUSHING);
  g_assert_cmpint (rtmp_link_drain (test->link, &error), ==, RTMP_LINK_FLUSHING);
  g_assert_no_error (error);
  rtmp_link_set_chunk_size (test->link, 128);
  rtmp_link_set_pacing (test->link, 1000);
  rtmp_link_stop (test->link);
}

/* A link that was never started. */
static void
test_idle (void)
{
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  RtmpLinkStats stats;

  test->config.location = location;
  test->link = rtmp_link_new (&test->config, &link_test_callbacks, test);
  g_assert_false (rtmp_link_was_ready (test->link));
  rtmp_link_get_stats (test->link, &stats);
  g_assert_cmpint (stats.state, ==, RTMP_LINK_IDLE);
  g_assert_null (stats.address);
  g_assert_cmpint (stats.ready_time, ==, -1);
  g_assert_cmpint (stats.media_time, ==, -1);
  rtmp_link_free (NULL);
}

/* -- Statistics -- */

static void
test_stats (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .window_size = 20000,
      .chunk_size = 4096 });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (GBytes) flv = test_flv_build (20, 0, 3000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  g_autofree gchar *address = g_strdup_printf ("127.0.0.1:%u", rtmp_peer_get_port (peer));
  RtmpLinkStats stats;

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  g_assert_true (rtmp_link_was_ready (test->link));
  link_test_send (test, messages);
  g_assert_true (rtmp_peer_wait_media (peer, 0, messages->len));

  rtmp_link_get_stats (test->link, &stats);
  g_assert_cmpint (stats.state, ==, RTMP_LINK_STREAMING);
  g_assert_cmpstr (stats.address, ==, address);
  g_assert_cmpuint (stats.connections, ==, 1);
  g_assert_cmpint (stats.ready_time, >, 0);
  g_assert_cmpint (stats.media_time, >=, stats.ready_time);
  g_assert_cmpuint (stats.backlog, ==, 0);
  g_assert_cmpuint (stats.session.out.messages[RTMP_COUNT_VIDEO], ==, 21);
  g_assert_cmpuint (stats.session.out.messages[RTMP_COUNT_AUDIO], ==, 21);
  g_assert_cmpuint (stats.session.out.messages[RTMP_COUNT_DATA], ==, 1);
  g_assert_cmpuint (stats.session.out_chunk_size, ==, 65536);
  g_assert_cmpuint (stats.session.in_chunk_size, ==, 4096);
  g_assert_cmpuint (stats.session.in_window_ack_size, ==, 20000);
  g_assert_cmpint (stats.session.round_trip, >=, 0);
  g_free (stats.address);

  /* Those of the last connection are kept. */
  rtmp_link_stop (test->link);
  rtmp_link_get_stats (test->link, &stats);
  g_assert_cmpint (stats.state, ==, RTMP_LINK_IDLE);
  g_assert_cmpuint (stats.session.out.messages[RTMP_COUNT_VIDEO], ==, 21);
  g_assert_cmpuint (stats.session.out_bytes_total, >, 60000);
  g_free (stats.address);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link/publish/identical", test_identical);
  g_test_add_func ("/link/publish/files", test_files);
  g_test_add_func ("/link/publish/wrap", test_wrap);
  g_test_add_func ("/link/publish/dribble", test_dribble);
  g_test_add_func ("/link/publish/ipv6", test_ipv6);
  g_test_add_func ("/link/publish/batch", test_batch);
  g_test_add_func ("/link/publish/chunk-size", test_chunk_size);
  g_test_add_func ("/link/publish/chunk-size-early", test_chunk_size_early);
  g_test_add_func ("/link/publish/pacing", test_pacing);
  g_test_add_func ("/link/drain/slow-server", test_drain);
  g_test_add_func ("/link/drain/stop-commands", test_stop_commands);
  g_test_add_func ("/link/drain/linger", test_linger);
  g_test_add_func ("/link/drain/closed-in-answer", test_closed_in_answer);
  g_test_add_func ("/link/drain/late-words", test_late_words);
  g_test_add_func ("/link/drain/again", test_drain_again);
  g_test_add_func ("/link/stop/goodbye", test_stop);
  g_test_add_func ("/link/stop/while-draining", test_stop_while_draining);
  g_test_add_func ("/link/idle", test_idle);
  g_test_add_func ("/link/stats", test_stats);
  return g_test_run ();
}
