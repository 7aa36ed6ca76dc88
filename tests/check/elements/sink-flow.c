/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/absenttest.h"
#include "support/sinktest.h"

/* rtmp2sink: what waits for a server can be interrupted at every stage, and a server that does not
 * read holds the stream back without anything being lost or copied. */

/* -- Servers that keep a sink waiting -- */

typedef enum {
  WAIT_RESOLVE,
  WAIT_TCP,
  WAIT_TLS,
  WAIT_ACCEPT, /* this and the next ones: the peer's stages, which it holds */
  WAIT_HANDSHAKE,
  WAIT_CONNECT,
  WAIT_CREATE_STREAM,
  WAIT_START,
  WAIT_WRITE,
  N_WAITS
} Wait;

/* A sink that waits: a frame was pushed and is held up. */
typedef struct {
  Wait wait;
  FullPort full;
  SinkTest *test;
  SinkFeed *feed;
} Waiting;

static GBytes *
make_frame (guint32 timestamp, gsize size)
{
  GByteArray *flv = test_flv_new ();

  test_flv_add_key (flv, timestamp, size, (guint8) timestamp);
  return g_byte_array_free_to_bytes (flv);
}

static gboolean
holds (Wait wait)
{
  return wait >= WAIT_ACCEPT && wait <= WAIT_START;
}

static RtmpPeerStage
get_stage (Wait wait)
{
  return (RtmpPeerStage) (RTMP_PEER_ACCEPT + (wait - WAIT_ACCEPT));
}

static SinkTest *
make_waiting_sink (Wait wait, const FullPort *full)
{
  RtmpPeerConfig config = { 0 };

  if (wait == WAIT_RESOLVE)
    return sink_test_new_alone ("host", ABSENT_TEST_SILENT, NULL);
  if (wait == WAIT_TCP)
    return sink_test_new_alone ("host", "127.0.0.1", "port", (gint) full->port, NULL);
  config.raw = wait == WAIT_TLS;
  if (holds (wait))
    config.reactions[get_stage (wait)].action = RTMP_PEER_HOLD;
  config.receive_buffer = 4096;
  config.stop_reading_after = wait == WAIT_WRITE ? SINK_TEST_STALL : 0;
  return sink_test_new (&config, NULL);
}

static gboolean
is_connecting (gpointer test)
{
  g_autoptr (GstStructure) stats = sink_test_get_stats (test);

  return g_strcmp0 (gst_structure_get_string (stats, "state"), "connecting") == 0;
}

static void
wait_until_waiting (Waiting *waiting)
{
  SinkTest *test = waiting->test;

  if (waiting->wait == WAIT_WRITE)
    sink_test_wait_stalled (test);
  else if (waiting->wait == WAIT_TLS)
    g_assert_true (rtmp_peer_wait_bytes (test->peer, 0, 1));
  else if (holds (waiting->wait) && waiting->wait != WAIT_ACCEPT)
    g_assert_true (rtmp_peer_wait_stage (test->peer, 0, get_stage (waiting->wait)));
  else
    g_assert_true (test_wait_until (is_connecting, test));
}

/* For ever, unless it is interrupted. */
static void
waiting_init (Waiting *waiting, Wait wait)
{
  waiting->wait = wait;
  absent_test_install ();
  full_port_init (&waiting->full);
  waiting->test = make_waiting_sink (wait, &waiting->full);
  g_object_set (waiting->test->sink, "timeout", 0, NULL);
  if (wait == WAIT_TLS)
    gst_util_set_object_arg (G_OBJECT (waiting->test->sink), "scheme", "rtmps");
  sink_test_play (waiting->test, NULL);
  waiting->feed = sink_feed_begin_bytes (waiting->test,
      make_frame (0, wait == WAIT_WRITE ? 12000000 : 1000));
  sink_test_wait_state (waiting->test);
  wait_until_waiting (waiting);
}

static void
waiting_clear (Waiting *waiting)
{
  sink_test_free (waiting->test);
  full_port_clear (&waiting->full);
  absent_test_remove ();
}

static void
assert_quiet (SinkTest *test)
{
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR | GST_MESSAGE_EOS),
      ==, 0);
}

/* -- Interruptions -- */

/* The shortest of a few times tells what the element takes when nothing else takes the time. */
#define ATTEMPTS 3
#define PROMPT (G_TIME_SPAN_SECOND / 4)

static void
check_stop (gconstpointer data)
{
  Wait wait = (Wait) GPOINTER_TO_INT (data);
  gint64 best = G_MAXINT64;
  guint i;

  for (i = 0; i < ATTEMPTS; i++) {
    Waiting waiting;
    gint64 begin;

    waiting_init (&waiting, wait);
    begin = g_get_monotonic_time ();
    sink_test_set_state (waiting.test, GST_STATE_READY);
    g_assert_cmpint (sink_feed_end (waiting.feed), ==, GST_FLOW_FLUSHING);
    best = MIN (best, g_get_monotonic_time () - begin);
    assert_quiet (waiting.test);
    waiting_clear (&waiting);
  }
  g_assert_cmpint (best, <, PROMPT);
}

/* FLUSHING, without a word; then the stream goes on over the same connection. */
static void
check_flush (gconstpointer data)
{
  Wait wait = (Wait) GPOINTER_TO_INT (data);
  gint64 best = G_MAXINT64;
  guint i;

  for (i = 0; i < ATTEMPTS; i++) {
    Waiting waiting;
    gint64 begin;

    waiting_init (&waiting, wait);
    begin = g_get_monotonic_time ();
    g_assert_true (gst_pad_push_event (waiting.test->pad, gst_event_new_flush_start ()));
    g_assert_cmpint (sink_feed_end (waiting.feed), ==, GST_FLOW_FLUSHING);
    best = MIN (best, g_get_monotonic_time () - begin);
    g_assert_true (gst_pad_push_event (waiting.test->pad, gst_event_new_flush_stop (TRUE)));
    assert_quiet (waiting.test);
    if (holds (wait)) {
      g_autoptr (GBytes) frame = make_frame (40, 1000);

      sink_test_push_segment (waiting.test);
      rtmp_peer_pass (waiting.test->peer, get_stage (wait));
      sink_test_push_bytes (waiting.test, frame);
      sink_test_assert_media (waiting.test, frame);
      g_assert_cmpuint (rtmp_peer_count_connections (waiting.test->peer), ==, 1);
    }
    waiting_clear (&waiting);
  }
  g_assert_cmpint (best, <, PROMPT);
}

/* To PAUSED and back, and the frame is still there. */
static void
check_pause (gconstpointer data)
{
  Wait wait = (Wait) GPOINTER_TO_INT (data);
  Waiting waiting;
  guint i;

  waiting_init (&waiting, wait);
  for (i = 0; i < 3; i++) {
    sink_test_set_state (waiting.test, GST_STATE_PAUSED);
    sink_test_wait_state (waiting.test);
    g_assert_false (sink_feed_is_done (waiting.feed));
    sink_test_set_state (waiting.test, GST_STATE_PLAYING);
    sink_test_wait_state (waiting.test);
  }
  assert_quiet (waiting.test);
  if (holds (wait) || wait == WAIT_WRITE) {
    g_autoptr (GBytes) frame = make_frame (0, wait == WAIT_WRITE ? 12000000 : 1000);

    if (holds (wait))
      rtmp_peer_pass (waiting.test->peer, get_stage (wait));
    else
      rtmp_peer_set_reading (waiting.test->peer, 0, TRUE);
    g_assert_cmpint (sink_feed_end (waiting.feed), ==, GST_FLOW_OK);
    sink_test_assert_media (waiting.test, frame);
  } else {
    sink_test_set_state (waiting.test, GST_STATE_READY);
    g_assert_cmpint (sink_feed_end (waiting.feed), ==, GST_FLOW_FLUSHING);
  }
  waiting_clear (&waiting);
}

/* -- At the end -- */

/* A peer that stops reading while something is left to be sent, and EOS that waits for it. */
static SinkFeed *
begin_stalled_eos (SinkTest *test)
{
  g_autoptr (GBytes) frame = make_frame (0, 30000);

  sink_test_play (test, NULL);
  while (sink_test_get_stat (test, "out-queue-bytes") == 0)
    sink_test_push_bytes (test, frame);
  sink_test_wait_stalled (test);
  return sink_feed_begin (test, gst_event_new_eos ());
}

static const RtmpPeerConfig stalled_config = {
  SINK_TEST_STALLED,
};

static void
test_eos_stopped (void)
{
  g_autoptr (SinkTest) test = sink_test_new (&stalled_config, "timeout", 0, NULL);
  SinkFeed *eos = begin_stalled_eos (test);

  sink_test_set_state (test, GST_STATE_READY);
  g_assert_cmpint (sink_feed_end (eos), ==, GST_FLOW_ERROR);
  assert_quiet (test);
}

static void
test_eos_paused (void)
{
  g_autoptr (SinkTest) test = sink_test_new (&stalled_config, "timeout", 0, NULL);
  SinkFeed *eos = begin_stalled_eos (test);
  guint i;

  for (i = 0; i < 3; i++) {
    sink_test_set_state (test, GST_STATE_PAUSED);
    sink_test_wait_state (test);
    sink_test_set_state (test, GST_STATE_PLAYING);
    sink_test_wait_state (test);
  }
  assert_quiet (test);
  rtmp_peer_set_reading (test->peer, 0, TRUE);
  g_assert_cmpint (sink_feed_end (eos), ==, GST_FLOW_OK);
  element_test_wait_eos (test->bus);
  g_assert_true (rtmp_peer_wait_command (test->peer, 0, "deleteStream", 1));
}

static void
test_eos_flushed (void)
{
  g_autoptr (SinkTest) test = sink_test_new (&stalled_config, "timeout", 0, NULL);
  SinkFeed *eos = begin_stalled_eos (test);

  g_assert_true (gst_pad_push_event (test->pad, gst_event_new_flush_start ()));
  g_assert_cmpint (sink_feed_end (eos), ==, GST_FLOW_ERROR);
  g_assert_true (gst_pad_push_event (test->pad, gst_event_new_flush_stop (TRUE)));
  assert_quiet (test);
}

/* -- What has no bound -- */

static void
wait_timeout (SinkTest *test)
{
  g_autoptr (GstMessage) message = element_test_wait_error (test->bus, GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_WRITE);
}

/* PAUSED, and upstream that has no data, may last: another sink's timeout tells that as much time
 * has passed. */
static void
test_unbounded (void)
{
  g_autoptr (SinkTest) paused = sink_test_new (&stalled_config, "timeout", 1, NULL);
  g_autoptr (SinkTest) idle = sink_test_new (NULL, "timeout", 1, NULL);
  g_autoptr (SinkTest) clock = sink_test_new (&stalled_config, "timeout", 1, NULL);
  g_autoptr (GBytes) frame = make_frame (0, 1000);
  g_autoptr (GBytes) large = make_frame (0, 12000000);
  SinkFeed *feed, *clock_feed;

  sink_test_play (idle, NULL);
  sink_test_push_bytes (idle, frame);
  sink_test_play (paused, NULL);
  feed = sink_feed_begin_bytes (paused, g_bytes_ref (large));
  sink_test_wait_stalled (paused);
  sink_test_set_state (paused, GST_STATE_PAUSED);
  sink_test_wait_state (paused);

  sink_test_play (clock, NULL);
  clock_feed = sink_feed_begin_bytes (clock, g_bytes_ref (large));
  wait_timeout (clock);
  g_assert_cmpint (sink_feed_end (clock_feed), ==, GST_FLOW_ERROR);

  assert_quiet (paused);
  assert_quiet (idle);
  sink_test_set_state (paused, GST_STATE_PLAYING);
  rtmp_peer_set_reading (paused->peer, 0, TRUE);
  g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_OK);
  sink_test_assert_media (paused, large);
  sink_test_push_bytes (idle, frame);
  g_assert_true (rtmp_peer_wait_media (idle->peer, 0, 2));
}

/* -- Backpressure -- */

/* A slow server holds the stream back, PAUSED comes between, and every frame arrives. */
static void
test_slow_peer (void)
{
  const RtmpPeerConfig config = { SINK_TEST_STALLED };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  g_autoptr (GBytes) flv = test_flv_build (200, 0, 100000);
  g_autoptr (GPtrArray) expected = sink_test_expect (flv);
  SinkFeed *feed;
  guint n;

  sink_test_play (test, NULL);
  feed = sink_feed_begin_bytes (test, g_bytes_ref (flv));
  sink_test_wait_stalled (test);
  for (n = 10; n < expected->len - 100; n += 100) {
    rtmp_peer_set_reading (test->peer, 0, TRUE);
    g_assert_true (rtmp_peer_wait_media (test->peer, 0, n));
    rtmp_peer_set_reading (test->peer, 0, FALSE);
    sink_test_set_state (test, GST_STATE_PAUSED);
    sink_test_wait_state (test);
    sink_test_set_state (test, GST_STATE_PLAYING);
  }
  rtmp_peer_set_reading (test->peer, 0, TRUE);
  g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_OK);
  sink_test_assert_media (test, flv);
  sink_test_end (test);
}

/* A flush drops what upstream had; what the link has goes on, and chunks are not torn. */
static void
test_flush_stalled (void)
{
  g_autoptr (SinkTest) test = sink_test_new (&stalled_config, "timeout", 0, NULL);
  g_autoptr (GBytes) frame = make_frame (40, 1000);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (GBytes) last = NULL;
  SinkFeed *feed;

  sink_test_play (test, NULL);
  feed = sink_feed_begin_bytes (test, make_frame (0, 12000000));
  sink_test_wait_stalled (test);
  g_assert_true (gst_pad_push_event (test->pad, gst_event_new_flush_start ()));
  g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_FLUSHING);
  g_assert_true (gst_pad_push_event (test->pad, gst_event_new_flush_stop (TRUE)));
  sink_test_push_segment (test);
  rtmp_peer_set_reading (test->peer, 0, TRUE);
  sink_test_push_bytes (test, frame);
  sink_test_end (test);
  record = rtmp_peer_get_record (test->peer, 0);
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
  last = rtmp_peer_record_get_payload (record, record->media->len - 1);
  g_assert_cmpuint (g_bytes_get_size (last), ==, 1010);
}

/* -- Payload is not copied -- */

/* A tag so large that its end cannot leave while the peer does not read; what is written over that
 * end arrives, since the message refers to the buffer's memory. In @n buffers. */
static void
check_not_copied (gconstpointer n_buffers)
{
  g_autoptr (SinkTest) test = sink_test_new (&stalled_config, "enable-last-sample", FALSE, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  guint n = GPOINTER_TO_UINT (n_buffers);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (GBytes) payload = NULL;
  const guint8 *data;
  SinkFeed *feed;
  gsize slice, i, size;

  test_flv_add_key (flv, 0, 12000000, 1);
  slice = flv->len / n;
  sink_test_play (test, NULL);
  for (i = 0; i + 1 < n; i++)
    sink_test_push_buffer (test,
        gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, flv->data + i * slice, slice, 0,
            slice, NULL, NULL));
  size = flv->len - i * slice;
  feed = sink_feed_begin (test,
      gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, flv->data + i * slice, size, 0, size,
          NULL, NULL));
  sink_test_wait_stalled (test);
  memcpy (flv->data + flv->len - RTMP_FLV_TAG_TRAILER_SIZE - 8, "overlaid", 8);
  rtmp_peer_set_reading (test->peer, 0, TRUE);
  g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_OK);

  g_assert_true (rtmp_peer_wait_media (test->peer, 0, 1));
  record = rtmp_peer_get_record (test->peer, 0);
  payload = rtmp_peer_record_get_payload (record, 0);
  data = g_bytes_get_data (payload, &size);
  g_assert_cmpmem (data + size - 8, 8, "overlaid", 8);
  sink_test_end (test);
}

/* What was sent is let go of. */
static void
test_memory_released (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, "enable-last-sample", FALSE, NULL);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
  GstBuffer *buffer = gst_buffer_new_wrapped_bytes (flv);
  GstMemory *memory = gst_buffer_get_memory (buffer, 0);

  sink_test_play (test, NULL);
  sink_test_push_buffer (test, buffer);
  sink_test_assert_media (test, flv);
  sink_test_end (test);
  g_assert_cmpint (GST_MINI_OBJECT_REFCOUNT_VALUE (memory), ==, 1);
  gst_memory_unref (memory);
}

int
main (int argc, char **argv)
{
  static const gchar *const names[N_WAITS] = { "resolve", "tcp", "tls", "accept", "handshake",
    "connect", "create-stream", "publish", "write" };
  guint i;

  element_test_init (&argc, &argv);

  for (i = 0; i < N_WAITS; i++) {
    g_autofree gchar *stop = g_strdup_printf ("/sink-flow/stop/in-%s", names[i]);
    g_autofree gchar *flush = g_strdup_printf ("/sink-flow/flush/in-%s", names[i]);
    g_autofree gchar *pause = g_strdup_printf ("/sink-flow/pause/in-%s", names[i]);

    g_test_add_data_func (stop, GUINT_TO_POINTER (i), check_stop);
    g_test_add_data_func (flush, GUINT_TO_POINTER (i), check_flush);
    g_test_add_data_func (pause, GUINT_TO_POINTER (i), check_pause);
  }
  g_test_add_func ("/sink-flow/eos/stopped", test_eos_stopped);
  g_test_add_func ("/sink-flow/eos/paused", test_eos_paused);
  g_test_add_func ("/sink-flow/eos/flushed", test_eos_flushed);
  g_test_add_func ("/sink-flow/unbounded", test_unbounded);
  g_test_add_func ("/sink-flow/backpressure/slow-peer", test_slow_peer);
  g_test_add_func ("/sink-flow/backpressure/flushed", test_flush_stalled);
  g_test_add_data_func ("/sink-flow/not-copied/one-buffer", GUINT_TO_POINTER (1), check_not_copied);
  g_test_add_data_func ("/sink-flow/not-copied/three-buffers", GUINT_TO_POINTER (3),
      check_not_copied);
  g_test_add_func ("/sink-flow/released", test_memory_released);
  return element_test_run ();
}
