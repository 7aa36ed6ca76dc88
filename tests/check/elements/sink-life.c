/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sinktest.h"

/* rtmp2sink: what it tells of itself, on which threads, and what it leaves behind. */

static GBytes *
make_flv (void)
{
  return test_flv_build (10, 0, 1000);
}

/* -- What is left behind -- */

static void
run_cycle (SinkTest *test, guint n)
{
  g_autoptr (GBytes) flv = make_flv ();

  sink_test_play (test, NULL);
  sink_test_push_bytes (test, flv);
  sink_test_assert_media (test, flv);
  if (n % 2 == 0)
    sink_test_end (test);
  sink_test_stop (test);
  g_assert_true (rtmp_peer_wait_all_ended (test->peer));
}

/* Also where the connection is not there yet when it is given up. */
static void
run_short_cycle (SinkTest *test)
{
  sink_test_play (test, NULL);
  sink_test_stop (test);
}

static void
test_cycles (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  guint threads = 0, descriptors = 0;
  guint i;

  for (i = 1; i <= 50; i++) {
    run_cycle (test, i);
    run_short_cycle (test);
    g_assert_true (rtmp_peer_wait_all_ended (test->peer));
    if (i == 5) {
      threads = test_count_threads ();
      descriptors = test_count_descriptors ();
    }
  }
  g_assert_true (test_wait_counts (threads, descriptors));
}

/* Refused, every time. */
static void
test_cycles_of_errors (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_START] = { RTMP_PEER_REJECT, NULL, "NetStream.Publish.BadName", "Taken" },
  };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  guint threads = 0, descriptors = 0;
  guint i;

  for (i = 1; i <= 50; i++) {
    g_autoptr (GstMessage) message = NULL;

    sink_test_play (test, NULL);
    message = element_test_wait_error (test->bus, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY);
    sink_test_stop (test);
    g_assert_true (rtmp_peer_wait_all_ended (test->peer));
    if (i == 5) {
      threads = test_count_threads ();
      descriptors = test_count_descriptors ();
    }
  }
  g_assert_true (test_wait_counts (threads, descriptors));
}

/* However many sinks there are, one thread does their input and output. */
static void
test_one_thread (void)
{
  SinkTest *tests[20];
  guint before, i;

  for (i = 0; i < G_N_ELEMENTS (tests); i++)
    tests[i] = sink_test_new (NULL, NULL);
  before = test_count_threads ();
  for (i = 0; i < G_N_ELEMENTS (tests); i++) {
    g_autoptr (GBytes) flv = make_flv ();

    sink_test_play (tests[i], NULL);
    sink_test_push_bytes (tests[i], flv);
    sink_test_assert_media (tests[i], flv);
  }
  g_assert_true (test_wait_counts (before + 1, G_MAXUINT));
  for (i = 0; i < G_N_ELEMENTS (tests); i++)
    sink_test_free (tests[i]);
}

/* -- Application code -- */

/* Held up in a sync handler of the bus until it is let go. */
typedef struct {
  GMutex lock;
  GCond cond;
  gboolean held;
  gboolean let_go;
  gchar *thread;
} Stall;

static GstBusSyncReply
on_sync_message (GstBus *bus, GstMessage *message, gpointer data)
{
  Stall *stall = data;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR)
    return GST_BUS_PASS;
  g_mutex_lock (&stall->lock);
  g_assert_true (g_file_get_contents ("/proc/thread-self/comm", &stall->thread, NULL, NULL));
  stall->held = TRUE;
  g_cond_broadcast (&stall->cond);
  while (!stall->let_go)
    g_cond_wait (&stall->cond, &stall->lock);
  g_mutex_unlock (&stall->lock);
  return GST_BUS_PASS;
}

static void
stall_begin (Stall *stall, GstBus *bus)
{
  *stall = (Stall) { .held = FALSE };
  g_mutex_init (&stall->lock);
  g_cond_init (&stall->cond);
  gst_bus_set_sync_handler (bus, on_sync_message, stall, NULL);
}

static void
stall_wait (Stall *stall)
{
  g_mutex_lock (&stall->lock);
  while (!stall->held)
    g_cond_wait (&stall->cond, &stall->lock);
  g_mutex_unlock (&stall->lock);
}

static void
stall_end (Stall *stall)
{
  g_mutex_lock (&stall->lock);
  stall->let_go = TRUE;
  g_cond_broadcast (&stall->cond);
  g_mutex_unlock (&stall->lock);
}

static void
stall_clear (Stall *stall)
{
  g_free (stall->thread);
  g_mutex_clear (&stall->lock);
  g_cond_clear (&stall->cond);
}

/* One application's handler that takes its time holds no other element up: not even in making its
 * connection, nor in ending it. */
static void
test_stalled_handler (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_CONNECT] = { RTMP_PEER_REJECT, NULL, "NetConnection.Connect.Failed", "" },
  };
  SinkTest *stalled = sink_test_new (&config, NULL);
  g_autoptr (GstMessage) message = NULL;
  Stall stall;
  guint i;

  stall_begin (&stall, stalled->bus);
  sink_test_play (stalled, NULL);
  stall_wait (&stall);
  g_assert_cmpstr (stall.thread, !=, "rtmp2-io\n");
  for (i = 0; i < 3; i++) {
    g_autoptr (SinkTest) other = sink_test_new (NULL, NULL);
    g_autoptr (GBytes) flv = make_flv ();

    sink_test_play (other, NULL);
    sink_test_push_bytes (other, flv);
    sink_test_end (other);
    sink_test_assert_media (other, flv);
  }
  stall_end (&stall);
  message = element_test_wait_error (stalled->bus, GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_OPEN_WRITE);
  sink_test_free (stalled);
  stall_clear (&stall);
}

/* A message that the streaming thread's flow error could overtake is waited for. */
static void
test_stalled_handler_first (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_CONNECT] = { RTMP_PEER_REJECT, NULL, "NetConnection.Connect.Failed", "" },
  };
  SinkTest *stalled = sink_test_new (&config, "async", FALSE, NULL);
  SinkFeed *feed;
  Stall stall;

  stall_begin (&stall, stalled->bus);
  sink_test_play (stalled, NULL);
  feed = sink_feed_begin_bytes (stalled, make_flv ());
  stall_wait (&stall);
  g_assert_false (sink_feed_is_done (feed));
  stall_end (&stall);
  g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_ERROR);
  g_assert_cmpuint (element_test_count_messages (stalled->bus, GST_MESSAGE_ERROR), ==, 1);
  sink_test_free (stalled);
  stall_clear (&stall);
}

/* The application may stop the pipeline, from another thread, before its handler returns. */
static void
test_stalled_handler_stopped (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_CONNECT] = { RTMP_PEER_REJECT, NULL, "NetConnection.Connect.Failed", "" },
  };
  SinkTest *stalled = sink_test_new (&config, "async", FALSE, NULL);
  SinkFeed *feed;
  Stall stall;

  stall_begin (&stall, stalled->bus);
  sink_test_play (stalled, NULL);
  feed = sink_feed_begin_bytes (stalled, make_flv ());
  stall_wait (&stall);
  sink_test_set_state (stalled, GST_STATE_READY);
  g_assert_cmpint (sink_feed_end (feed), !=, GST_FLOW_OK);
  stall_end (&stall);
  sink_test_free (stalled);
  stall_clear (&stall);
}

/* -- Statistics -- */

static const struct {
  const gchar *name;
  GType type;
} fields[] = {
  /* Those of gst-plugins-bad. */
  { "in-chunk-size", G_TYPE_UINT },
  { "out-chunk-size", G_TYPE_UINT },
  { "in-window-ack-size", G_TYPE_UINT },
  { "out-window-ack-size", G_TYPE_UINT },
  { "in-bytes-total", G_TYPE_UINT64 },
  { "out-bytes-total", G_TYPE_UINT64 },
  { "in-bytes-acked", G_TYPE_UINT64 },
  { "out-bytes-acked", G_TYPE_UINT64 },
  /* Ours. */
  { "state", G_TYPE_STRING },
  { "location", G_TYPE_STRING },
  { "address", G_TYPE_STRING },
  { "connections", G_TYPE_UINT },
  { "round-trip-time", G_TYPE_UINT64 },
  { "time-to-ready", G_TYPE_UINT64 },
  { "time-to-first-media", G_TYPE_UINT64 },
  { "in-dropped-messages", G_TYPE_UINT64 },
  { "out-queue-bytes", G_TYPE_UINT64 },
  { "rendered", G_TYPE_UINT64 },
  { "dropped", G_TYPE_UINT64 },
};

static void
assert_fields (SinkTest *test)
{
  static const gchar *const kinds[] = { "audio", "video", "data", "other" };
  g_autoptr (GstStructure) stats = sink_test_get_stats (test);
  g_autofree gchar *text = gst_structure_to_string (stats);
  guint i;

  g_assert_null (strstr (text, SINK_TEST_KEY));
  for (i = 0; i < G_N_ELEMENTS (fields); i++) {
    if (!gst_structure_has_field_typed (stats, fields[i].name, fields[i].type))
      g_error ("%s is missing, or of another type", fields[i].name);
  }
  for (i = 0; i < 2 * G_N_ELEMENTS (kinds); i++) {
    const gchar *direction = i % 2 ? "in" : "out";
    g_autofree gchar *messages = g_strdup_printf ("%s-%s-messages", direction, kinds[i / 2]);
    g_autofree gchar *bytes = g_strdup_printf ("%s-%s-bytes", direction, kinds[i / 2]);

    g_assert_true (gst_structure_has_field_typed (stats, messages, G_TYPE_UINT64));
    g_assert_true (gst_structure_has_field_typed (stats, bytes, G_TYPE_UINT64));
  }
}

/* In each state of the element. */
static void
test_stats_fields (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = make_flv ();

  assert_fields (test);
  sink_test_play (test, NULL);
  assert_fields (test);
  sink_test_push_bytes (test, flv);
  sink_test_assert_media (test, flv);
  assert_fields (test);
  sink_test_end (test);
  assert_fields (test);
  sink_test_set_state (test, GST_STATE_NULL);
  assert_fields (test);
}

static guint
get_uint (const GstStructure *stats, const gchar *name)
{
  guint value = 0;

  g_assert_true (gst_structure_get_uint (stats, name, &value));
  return value;
}

static guint64
get_uint64 (const GstStructure *stats, const gchar *name)
{
  guint64 value = 0;

  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

static void
assert_text (const GstStructure *stats, const gchar *name, const gchar *format, guint port)
{
  g_autofree gchar *expected = g_strdup_printf ("%s:%u%s", format, port,
      g_str_has_prefix (format, "rtmp") ? "/live/sE***" : "");

  g_assert_cmpstr (gst_structure_get_string (stats, name), ==, expected);
}

static void
assert_counts (const GstStructure *stats, GBytes *flv)
{
  g_autoptr (GPtrArray) messages = sink_test_expect (flv);
  guint64 n[32] = { 0 }, bytes[32] = { 0 };
  guint i;

  for (i = 0; i < messages->len; i++) {
    const RtmpMessage *message = messages->pdata[i];

    n[message->type]++;
    bytes[message->type] += message->size;
  }
  g_assert_cmpuint (get_uint64 (stats, "out-audio-messages"), ==, n[8]);
  g_assert_cmpuint (get_uint64 (stats, "out-audio-bytes"), ==, bytes[8]);
  g_assert_cmpuint (get_uint64 (stats, "out-video-messages"), ==, n[9]);
  g_assert_cmpuint (get_uint64 (stats, "out-video-bytes"), ==, bytes[9]);
  g_assert_cmpuint (get_uint64 (stats, "out-data-messages"), ==, n[18]);
  g_assert_cmpuint (get_uint64 (stats, "out-data-bytes"), ==, bytes[18]);
  g_assert_cmpuint (get_uint64 (stats, "out-other-messages"), >=, 5);
}

static gboolean
is_acked (gpointer test)
{
  return sink_test_get_stat (test, "out-bytes-acked") > 0;
}

static void
test_stats_values (void)
{
  const RtmpPeerConfig config = { .window_size = 12345, .chunk_size = 4096 };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  g_autoptr (GBytes) flv = test_flv_build (30, 0, 100000);
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (RtmpPeerRecord) record = NULL;

  sink_test_play (test, NULL);
  sink_test_push_bytes (test, flv);
  sink_test_assert_media (test, flv);
  g_assert_true (test_wait_until (is_acked, test));
  g_assert_true (rtmp_peer_wait_written (test->peer, 0));
  stats = sink_test_get_stats (test);
  record = rtmp_peer_get_record (test->peer, 0);

  g_assert_cmpstr (gst_structure_get_string (stats, "state"), ==, "streaming");
  assert_text (stats, "location", "rtmp://127.0.0.1", rtmp_peer_get_port (test->peer));
  assert_text (stats, "address", "127.0.0.1", rtmp_peer_get_port (test->peer));
  g_assert_cmpuint (get_uint (stats, "connections"), ==, 1);
  g_assert_cmpuint (get_uint (stats, "in-chunk-size"), ==, 4096);
  g_assert_cmpuint (get_uint (stats, "out-chunk-size"), ==, 65536);
  g_assert_cmpuint (get_uint (stats, "in-window-ack-size"), ==, 12345);
  g_assert_cmpuint (get_uint (stats, "out-window-ack-size"), ==, 2500000);
  g_assert_cmpuint (get_uint64 (stats, "out-bytes-total"), ==, record->bytes_in);
  g_assert_cmpuint (get_uint64 (stats, "in-bytes-total"), <=, record->bytes_out);
  g_assert_cmpuint (get_uint64 (stats, "in-bytes-total"), >, 3073);
  g_assert_cmpuint (get_uint64 (stats, "out-bytes-acked"), <=, record->bytes_in);
  g_assert_cmpuint (get_uint64 (stats, "out-queue-bytes"), ==, 0);
  g_assert_cmpuint (get_uint64 (stats, "round-trip-time"), <, 20 * GST_SECOND);
  g_assert_cmpuint (get_uint64 (stats, "time-to-ready"), >, 0);
  g_assert_cmpuint (get_uint64 (stats, "time-to-first-media"), >=,
      get_uint64 (stats, "time-to-ready"));
  g_assert_cmpuint (get_uint64 (stats, "rendered"), ==, 1);
  g_assert_cmpuint (get_uint64 (stats, "dropped"), ==, 0);
  assert_counts (stats, flv);
}

static void
assert_state (SinkTest *test, const gchar *state)
{
  g_autoptr (GstStructure) stats = sink_test_get_stats (test);

  g_assert_cmpstr (gst_structure_get_string (stats, "state"), ==, state);
}

static void
test_stats_states (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_HANDSHAKE] = { RTMP_PEER_HOLD },
    .reactions[RTMP_PEER_START] = { RTMP_PEER_HOLD },
  };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  g_autoptr (GstMessage) message = NULL;

  assert_state (test, "idle");
  sink_test_play (test, NULL);
  g_assert_true (rtmp_peer_wait_stage (test->peer, 0, RTMP_PEER_HANDSHAKE));
  assert_state (test, "connecting");
  rtmp_peer_pass (test->peer, RTMP_PEER_HANDSHAKE);
  g_assert_true (rtmp_peer_wait_stage (test->peer, 0, RTMP_PEER_START));
  assert_state (test, "negotiating");
  rtmp_peer_close (test->peer, 0, RTMP_PEER_RST);
  message = element_test_wait_error (test->bus, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE);
  assert_state (test, "failed");
}

/* Asked for while the stream runs, starts and stops. */
static gpointer
ask_all_the_time (gpointer data)
{
  SinkTest *test = data;

  while (!g_object_get_data (G_OBJECT (test->pipeline), "done")) {
    g_autoptr (GstStructure) stats = sink_test_get_stats (test);
    g_autofree gchar *location = NULL;

    g_object_get (test->sink, "location", &location, NULL);
    g_assert_nonnull (stats);
  }
  return NULL;
}

static void
test_stats_at_any_time (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  GThread *thread = g_thread_new ("asks", ask_all_the_time, test);
  guint i;

  for (i = 0; i < 10; i++)
    run_cycle (test, i);
  g_object_set_data (G_OBJECT (test->pipeline), "done", test);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/sink-life/cycles/plain", test_cycles);
  g_test_add_func ("/sink-life/cycles/of-errors", test_cycles_of_errors);
  g_test_add_func ("/sink-life/one-thread", test_one_thread);
  g_test_add_func ("/sink-life/application/stalled", test_stalled_handler);
  g_test_add_func ("/sink-life/application/stalled-first", test_stalled_handler_first);
  g_test_add_func ("/sink-life/application/stalled-stopped", test_stalled_handler_stopped);
  g_test_add_func ("/sink-life/stats/fields", test_stats_fields);
  g_test_add_func ("/sink-life/stats/values", test_stats_values);
  g_test_add_func ("/sink-life/stats/states", test_stats_states);
  g_test_add_func ("/sink-life/stats/at-any-time", test_stats_at_any_time);
  return element_test_run ();
}
