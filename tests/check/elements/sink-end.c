/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpchunkreader.h"
#include "core/rtmpcontrol.h"
#include "core/rtmphandshake.h"
#include "support/sinktest.h"

/* rtmp2sink: how a publication ends: at the stream's end, and when it is stopped. */

#define GOODBYE " FCUnpublish deleteStream"
#define HELLO "connect releaseStream FCPublish createStream publish"

/* A peer that stops reading early, with as little room as the kernel allows. */
static const RtmpPeerConfig stalled_config = {
  SINK_TEST_STALLED,
  .record_raw = TRUE,
};

static void
play_frames (SinkTest *test, guint n)
{
  g_autoptr (GBytes) flv = test_flv_build (n, 0, 1000);

  sink_test_play (test, NULL);
  sink_test_push_bytes (test, flv);
}

static void
assert_commands (SinkTest *test, const gchar *commands)
{
  g_autoptr (RtmpPeerRecord) record = rtmp_peer_get_record (test->peer, RTMP_PEER_LAST);

  g_assert_cmpstr (record->commands, ==, commands);
}

static void
assert_ended_in_order (SinkTest *test)
{
  g_autoptr (RtmpPeerRecord) record = NULL;

  g_assert_true (rtmp_peer_wait_ended (test->peer, RTMP_PEER_LAST));
  record = rtmp_peer_get_record (test->peer, RTMP_PEER_LAST);
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
}

/* -- EOS -- */

static void
test_eos (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (RtmpCommand) unpublish = NULL, delete = NULL;

  play_frames (test, 10);
  sink_test_end (test);
  sink_test_assert_media (test, flv);
  assert_commands (test, HELLO GOODBYE);
  assert_ended_in_order (test);

  record = rtmp_peer_get_record (test->peer, 0);
  unpublish = rtmp_peer_record_get_command (record, "FCUnpublish", 0);
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (unpublish, 1)), ==, SINK_TEST_KEY);
  delete = rtmp_peer_record_get_command (record, "deleteStream", 0);
  g_assert_cmpfloat (rtmp_amf_get_number (rtmp_command_get (delete, 1), -1), ==, record->stream_id);
  g_assert_cmpuint (record->n_stream_closed, ==, 1);
}

/* (transfer full) (element-type RtmpMessage): every message of a recorded connection. */
static GPtrArray *
read_raw (const RtmpPeerRecord *record)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  gsize pos = 1 + 2 * RTMP_HANDSHAKE_SIZE;

  while (pos < record->raw->len) {
    RtmpMessage *message = NULL;
    RtmpControl control;
    gsize consumed = 0;

    g_assert_true (rtmp_chunk_reader_read (reader, record->raw->data + pos, record->raw->len - pos,
        &consumed, &message, NULL));
    pos += consumed;
    if (message && message->type == RTMP_MESSAGE_SET_CHUNK_SIZE
        && rtmp_control_parse (message, &control, NULL))
      rtmp_chunk_reader_set_chunk_size (reader, control.value);
    if (message)
      g_ptr_array_add (messages, message);
  }
  rtmp_chunk_reader_free (reader);
  return messages;
}

static gboolean
is_closing (gpointer test)
{
  g_autoptr (GstStructure) stats = sink_test_get_stats (test);

  return g_strcmp0 (gst_structure_get_string (stats, "state"), "closing") == 0;
}

/* Pushes until some of it waits for the peer. Returns how many frames that were. */
static guint
fill_socket (SinkTest *test)
{
  g_autoptr (GByteArray) flv = test_flv_new ();
  guint n;

  test_flv_add_key (flv, 0, 30000, 1);
  for (n = 0; sink_test_get_stat (test, "out-queue-bytes") == 0; n++)
    sink_test_push (test, flv);
  sink_test_wait_stalled (test);
  return n;
}

/* The message comes when the last byte has left, and the stop commands are the last. */
static void
test_eos_after_all (void)
{
  g_autoptr (SinkTest) test = sink_test_new (&stalled_config, NULL);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (GPtrArray) messages = NULL;
  SinkFeed *eos;
  guint n;

  sink_test_play (test, NULL);
  n = fill_socket (test);
  eos = sink_feed_begin (test, gst_event_new_eos ());
  g_assert_true (test_wait_until (is_closing, test));
  g_assert_false (sink_feed_is_done (eos));
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_EOS), ==, 0);
  g_assert_cmpuint (sink_test_get_stat (test, "out-queue-bytes"), >, 0);

  rtmp_peer_set_reading (test->peer, 0, TRUE);
  g_assert_cmpint (sink_feed_end (eos), ==, GST_FLOW_OK);
  element_test_wait_eos (test->bus);
  assert_ended_in_order (test);

  record = rtmp_peer_get_record (test->peer, 0);
  g_assert_cmpuint (record->n_media, ==, n);
  g_assert_true (g_str_has_suffix (record->commands, GOODBYE));
  messages = read_raw (record);
  g_assert_cmpint (((RtmpMessage *) messages->pdata[messages->len - 3])->type, ==,
      RTMP_MESSAGE_VIDEO);
}

/* A peer that closes in answer, in order or not, has had everything (peers.md Q35). */
static void
check_eos_peer_closes (gconstpointer action)
{
  const RtmpPeerConfig config = { .keep_open = TRUE };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  SinkFeed *eos;

  play_frames (test, 10);
  eos = sink_feed_begin (test, gst_event_new_eos ());
  g_assert_true (rtmp_peer_wait_command (test->peer, 0, "deleteStream", 1));
  rtmp_peer_close (test->peer, 0, (RtmpPeerAction) GPOINTER_TO_INT (action));
  g_assert_cmpint (sink_feed_end (eos), ==, GST_FLOW_OK);
  element_test_wait_eos (test->bus);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

/* The peer's close is not waited for longer than a second; where it comes, no longer than for
 * it. */
static void
test_eos_peer_stays (void)
{
  const RtmpPeerConfig config = { .keep_open = TRUE };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  gint64 begin;

  play_frames (test, 10);
  begin = g_get_monotonic_time ();
  sink_test_end (test);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, G_TIME_SPAN_SECOND * 9 / 10);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_TIME_SPAN_SECOND);
  assert_ended_in_order (test);
}

static void
test_eos_at_once (void)
{
  gint64 best = G_MAXINT64;
  guint i;

  for (i = 0; i < 5; i++) {
    g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
    gint64 begin;

    play_frames (test, 10);
    begin = g_get_monotonic_time ();
    sink_test_end (test);
    best = MIN (best, g_get_monotonic_time () - begin);
  }
  g_assert_cmpint (best, <, G_TIME_SPAN_SECOND / 2);
}

static gboolean
is_disconnected (gpointer test)
{
  return sink_test_find_socket (test) < 0;
}

/* What was waited for in vain is not waited for any more: the socket is closed. */
static void
test_eos_closes (void)
{
  const RtmpPeerConfig config = { .keep_open = TRUE };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  guint64 bytes;

  play_frames (test, 10);
  g_assert_cmpint (sink_test_find_socket (test), >=, 0);
  sink_test_end (test);
  g_assert_true (test_wait_until (is_disconnected, test));
  bytes = sink_test_get_stat (test, "out-video-bytes");
  g_assert_cmpuint (bytes, >, 10 * 1000);
}

static void
test_eos_without_media (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);

  sink_test_play (test, NULL);
  g_assert_true (rtmp_peer_wait_stage (test->peer, 0, RTMP_PEER_MEDIA));
  sink_test_end (test);
  assert_ended_in_order (test);
  assert_commands (test, HELLO GOODBYE);
}

/* There is nothing to be sent, so there is no reason to wait for a server that is silent. */
static void
check_eos_while_connecting (gconstpointer data)
{
  RtmpPeerStage stage = (RtmpPeerStage) GPOINTER_TO_INT (data);
  RtmpPeerConfig config = { 0 };
  g_autoptr (SinkTest) test = NULL;

  config.reactions[stage].action = RTMP_PEER_HOLD;
  test = sink_test_new (&config, "timeout", 0, NULL);
  sink_test_play (test, NULL);
  g_assert_true (rtmp_peer_wait_stage (test->peer, 0, stage));
  sink_test_end (test);
}

/* Frames that wait for the connection are sent before the end. */
static void
test_eos_behind_waiting_frame (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_START] = { .action = RTMP_PEER_HOLD },
  };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
  SinkFeed *feed;

  sink_test_play (test, NULL);
  feed = sink_feed_begin_bytes (test, g_bytes_ref (flv));
  g_assert_true (rtmp_peer_wait_stage (test->peer, 0, RTMP_PEER_START));
  g_assert_false (sink_feed_is_done (feed));
  rtmp_peer_pass (test->peer, RTMP_PEER_START);
  g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_OK);
  sink_test_end (test);
  sink_test_assert_media (test, flv);
}

/* -- Beginning again behind the end -- */

/* A seek back to the beginning, as when a file is published in a loop: a new publication. */
static void
test_again_after_flush (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
  guint i;

  sink_test_play (test, NULL);
  for (i = 0; i < 3; i++) {
    sink_test_push_bytes (test, flv);
    sink_test_end (test);
    sink_test_assert_media (test, flv);
    assert_commands (test, HELLO GOODBYE);
    assert_ended_in_order (test);
    g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, i + 1);
    g_assert_true (gst_pad_push_event (test->pad, gst_event_new_flush_start ()));
    g_assert_true (gst_pad_push_event (test->pad, gst_event_new_flush_stop (TRUE)));
    sink_test_push_segment (test);
  }
}

static void
check_again_through (gconstpointer state)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
  guint i;

  for (i = 0; i < 3; i++) {
    sink_test_play (test, NULL);
    sink_test_push_bytes (test, flv);
    sink_test_end (test);
    sink_test_assert_media (test, flv);
    g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, i + 1);
    gst_pad_set_active (test->pad, FALSE);
    sink_test_set_state (test, (GstState) GPOINTER_TO_INT (state));
  }
}

/* -- Stopping without an end -- */

static void
check_stop (gconstpointer state)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);

  play_frames (test, 10);
  gst_pad_set_active (test->pad, FALSE);
  sink_test_set_state (test, (GstState) GPOINTER_TO_INT (state));
  assert_ended_in_order (test);
  sink_test_assert_media (test, flv);
  assert_commands (test, HELLO GOODBYE);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

/* Closing a socket with unread bytes makes TCP reset the connection and drop what has not been
 * read yet: here a server that reads slowly and speaks all the time. */
static void
test_stop_keeps_tail (void)
{
  const RtmpPeerConfig config = { .read_size = 2000, .read_interval = 1, .receive_buffer = 4096 };
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 2000);
  guint i, j;

  for (i = 0; i < 10; i++) {
    g_autoptr (SinkTest) test = sink_test_new (&config, NULL);

    sink_test_play (test, NULL);
    g_assert_true (rtmp_peer_wait_stage (test->peer, 0, RTMP_PEER_MEDIA));
    for (j = 0; j < 20; j++)
      rtmp_peer_ping (test->peer, 0);
    sink_test_push_bytes (test, flv);
    for (j = 0; j < 20; j++)
      rtmp_peer_ping (test->peer, 0);
    sink_test_stop (test);
    sink_test_assert_media (test, flv);
    g_assert_true (rtmp_peer_wait_command (test->peer, 0, "deleteStream", 1));
  }
}

/* stop-commands */
static void
test_stop_commands (void)
{
  static const struct {
    const gchar *flags;
    const gchar *commands;
  } rows[] = {
    { "none", HELLO },
    { "fcunpublish", HELLO " FCUnpublish" },
    { "closestream", HELLO " closeStream" },
    { "deletestream", HELLO " deleteStream" },
    { "fcunpublish+closestream+deletestream", HELLO " FCUnpublish closeStream deleteStream" },
  };
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (rows); i++) {
    g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);

    gst_util_set_object_arg (G_OBJECT (test->sink), "stop-commands", rows[i / 2].flags);
    play_frames (test, 3);
    if (i % 2 == 0)
      sink_test_end (test);
    else
      sink_test_stop (test);
    assert_ended_in_order (test);
    assert_commands (test, rows[i / 2].commands);
  }
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/sink-end/eos/plain", test_eos);
  g_test_add_func ("/sink-end/eos/after-all", test_eos_after_all);
  g_test_add_data_func ("/sink-end/eos/peer-closes", GINT_TO_POINTER (RTMP_PEER_FIN),
      check_eos_peer_closes);
  g_test_add_data_func ("/sink-end/eos/peer-resets", GINT_TO_POINTER (RTMP_PEER_RST),
      check_eos_peer_closes);
  g_test_add_func ("/sink-end/eos/peer-stays", test_eos_peer_stays);
  g_test_add_func ("/sink-end/eos/at-once", test_eos_at_once);
  g_test_add_func ("/sink-end/eos/closes", test_eos_closes);
  g_test_add_func ("/sink-end/eos/without-media", test_eos_without_media);
  g_test_add_data_func ("/sink-end/eos/in-handshake", GINT_TO_POINTER (RTMP_PEER_HANDSHAKE),
      check_eos_while_connecting);
  g_test_add_data_func ("/sink-end/eos/in-connect", GINT_TO_POINTER (RTMP_PEER_CONNECT),
      check_eos_while_connecting);
  g_test_add_data_func ("/sink-end/eos/in-publish", GINT_TO_POINTER (RTMP_PEER_START),
      check_eos_while_connecting);
  g_test_add_func ("/sink-end/eos/behind-waiting-frame", test_eos_behind_waiting_frame);
  g_test_add_func ("/sink-end/again/after-flush", test_again_after_flush);
  g_test_add_data_func ("/sink-end/again/through-null", GINT_TO_POINTER (GST_STATE_NULL),
      check_again_through);
  g_test_add_data_func ("/sink-end/again/through-ready", GINT_TO_POINTER (GST_STATE_READY),
      check_again_through);
  g_test_add_data_func ("/sink-end/stop/to-null", GINT_TO_POINTER (GST_STATE_NULL), check_stop);
  g_test_add_data_func ("/sink-end/stop/to-ready", GINT_TO_POINTER (GST_STATE_READY), check_stop);
  g_test_add_func ("/sink-end/stop/keeps-tail", test_stop_keeps_tail);
  g_test_add_func ("/sink-end/stop/commands", test_stop_commands);
  return element_test_run ();
}
