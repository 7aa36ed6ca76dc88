/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The source: state changes and flushes at any time, what is left behind, and a real demuxer. */

#include "support/srctest.h"

/* Much more than it needs, much less than any timeout. */
#define PROMPT G_TIME_SPAN_SECOND

static RtmpPeerConfig
silent_at (RtmpPeerStage stage)
{
  RtmpPeerConfig config = { 0 };

  if (stage < RTMP_PEER_MEDIA)
    config.reactions[stage].action = RTMP_PEER_HOLD;
  return config;
}

/* Until the source waits for what does not come. */
static void
wait_silence (SrcTest *test, RtmpPeerStage stage)
{
  if (stage > RTMP_PEER_ACCEPT)
    src_test_wait_stage (test, stage);
}

static void
set_state_promptly (SrcTest *test, GstState state)
{
  gint64 begin = g_get_monotonic_time ();

  g_assert_cmpint (gst_element_set_state (test->pipeline, state), !=, GST_STATE_CHANGE_FAILURE);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
}

/* -- With a silent peer -- */

static void
test_stop (gconstpointer data)
{
  const RtmpPeerStage stage = (RtmpPeerStage) GPOINTER_TO_INT (data);
  const RtmpPeerConfig config = silent_at (stage);
  gboolean async;

  for (async = FALSE; async <= TRUE; async++) {
    g_autoptr (SrcTest) test = src_test_new (&config, "async-connect", async, NULL);

    src_test_play (test);
    wait_silence (test, stage);
    set_state_promptly (test, GST_STATE_PAUSED);
    set_state_promptly (test, GST_STATE_PLAYING);
    set_state_promptly (test, GST_STATE_NULL);
    g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
  }
}

/* The connection is none of the flush's business: it goes on, and plays. */
static void
test_flush (gconstpointer data)
{
  const RtmpPeerStage stage = (RtmpPeerStage) GPOINTER_TO_INT (data);
  const RtmpPeerConfig config = silent_at (stage);
  g_autoptr (SrcTest) test = src_test_new (&config, NULL);
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);
  gint64 begin;

  src_test_play (test);
  wait_silence (test, stage);
  begin = g_get_monotonic_time ();
  g_assert_true (gst_element_send_event (test->src, gst_event_new_flush_start ()));
  g_assert_true (gst_element_send_event (test->src, gst_event_new_flush_stop (TRUE)));
  g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);

  if (stage < RTMP_PEER_MEDIA)
    rtmp_peer_pass (test->peer, stage);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
  rtmp_peer_send_flv (test->peer, 0, flv);
  src_test_wait_items (test, 2);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 1);
}

/* Downstream blocks, and the queue is full. */
static void
test_stop_while_blocked (gconstpointer is_live)
{
  g_autoptr (GBytes) flv = test_flv_build (400, 0, 10000);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv }, "is-live",
      GPOINTER_TO_INT (is_live), "max-size-bytes", 300000, NULL);
  gint64 begin;

  src_test_set_hold (test, TRUE);
  src_test_play (test);
  src_test_wait_blocked (test);
  begin = g_get_monotonic_time ();
  src_test_stop (test);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
  g_assert_true (rtmp_peer_wait_ended (test->peer, 0));
}

/* -- When it connects -- */

static void
test_connects_in_paused (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);

  src_test_set_state (test, GST_STATE_READY);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 0);
  src_test_set_state (test, GST_STATE_PAUSED);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
}

/* async-connect=false: with the first buffer that is asked for. */
static void
test_connects_with_first_buffer (void)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv,
                                               .flv_end = RTMP_PEER_PLAY_STOP },
      "async-connect", FALSE, NULL);
  g_autoptr (GstStructure) stats = NULL;

  src_test_set_state (test, GST_STATE_PAUSED);
  g_object_get (test->src, "stats", &stats, NULL);
  g_assert_cmpstr (gst_structure_get_string (stats, "state"), ==, "idle");
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 0);
  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
}

/* -- What is left -- */

static void
cycle (SrcTest *test)
{
  guint n = rtmp_peer_count_connections (test->peer);

  g_mutex_lock (&test->lock);
  g_array_set_size (test->items, 0);
  test->flushing = FALSE;
  g_mutex_unlock (&test->lock);
  gst_pad_set_active (test->pad, TRUE);
  src_test_play (test);
  src_test_wait_items (test, 14);
  src_test_stop (test);
  g_assert_true (rtmp_peer_wait_ended (test->peer, n));
}

static void
test_cycles (void)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv }, NULL);
  guint threads, descriptors, i;

  for (i = 0; i < 5; i++)
    cycle (test);
  threads = test_count_threads ();
  descriptors = test_count_descriptors ();
  for (; i < 50; i++)
    cycle (test);
  g_assert_true (test_wait_counts (threads, descriptors));
}

/* Stopped at any moment of its beginning. */
static void
test_cycles_while_connecting (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  guint threads = 0, descriptors = 0, i;

  for (i = 0; i < 50; i++) {
    gst_pad_set_active (test->pad, TRUE);
    test->flushing = FALSE;
    src_test_play (test);
    if (i % 3 > 0)
      g_assert_true (rtmp_peer_wait_connections (test->peer, 1));
    if (i % 3 > 1)
      src_test_wait_stage (test, (RtmpPeerStage) (i / 3 % RTMP_PEER_N_STAGES));
    src_test_stop (test);
    g_assert_true (rtmp_peer_wait_all_ended (test->peer));
    if (i == 5) {
      threads = test_count_threads ();
      descriptors = test_count_descriptors ();
    }
  }
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
  g_assert_true (test_wait_counts (threads + 1, descriptors + 3));
}

/* -- flvdemux -- */

typedef struct {
  GstElement *pipeline;
  gint video; /* buffers, atomic */
  gint audio;
} Demuxed;

static void
on_handoff (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer count)
{
  (void) sink;
  (void) buffer;
  (void) pad;
  g_atomic_int_inc ((gint *) count);
}

static void
on_pad_added (GstElement *demux, GstPad *pad, gpointer data)
{
  Demuxed *demuxed = data;
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) sink_pad = gst_element_get_static_pad (sink, "sink");
  g_autofree gchar *name = gst_pad_get_name (pad);

  (void) demux;
  g_object_set (sink, "signal-handoffs", TRUE, "sync", TRUE, "async", FALSE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff),
      strcmp (name, "video") == 0 ? &demuxed->video : &demuxed->audio);
  gst_bin_add (GST_BIN (demuxed->pipeline), sink);
  g_assert_cmpint (gst_pad_link (pad, sink_pad), ==, GST_PAD_LINK_OK);
  gst_element_sync_state_with_parent (sink);
}

static gboolean
has_audio (gpointer data)
{
  return g_atomic_int_get (&((Demuxed *) data)->audio) > 0;
}

static gboolean
has_both (gpointer data)
{
  return has_audio (data) && g_atomic_int_get (&((Demuxed *) data)->video) > 0;
}

/* The stream goes on while the test looks: it is no end that makes the demuxer give out. */
static void
demux (GBytes *flv, gboolean (*condition) (gpointer data))
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .flv = flv });
  g_autofree gchar *url = rtmp_peer_get_url (peer, "live/" SRC_TEST_KEY);
  g_autofree gchar *launch = g_strdup_printf ("rtmp2src location=%s ! flvdemux name=demux", url);
  g_autoptr (GstElement) pipeline = gst_parse_launch (launch, NULL);
  g_autoptr (GstElement) demuxer = gst_bin_get_by_name (GST_BIN (pipeline), "demux");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  Demuxed demuxed = { pipeline, 0, 0 };

  g_signal_connect (demuxer, "pad-added", G_CALLBACK (on_pad_added), &demuxed);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_assert_true (test_wait_until (condition, &demuxed));
  rtmp_peer_notify_published (peer, 0, FALSE);
  element_test_wait_eos (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static gboolean
demuxer_is_missing (void)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find ("flvdemux");

  if (!factory)
    g_test_skip ("flvdemux is missing");
  return !factory;
}

static void
test_demux (void)
{
  g_autoptr (GBytes) flv = test_flv_build (20, 3600000, 500);

  if (!demuxer_is_missing ())
    demux (flv, has_both);
}

/* Sound plays at once, though no picture comes. */
static void
test_demux_audio_only (void)
{
  g_autoptr (RtmpAmf) name = rtmp_amf_new_string ("onMetaData");
  g_autoptr (RtmpAmf) values = rtmp_amf_new_ecma_array ();
  g_autoptr (GByteArray) metadata = g_byte_array_new ();
  g_autoptr (GBytes) flv = NULL;
  GByteArray *array;
  guint i;

  if (demuxer_is_missing ())
    return;
  rtmp_amf_set_number (values, "audiocodecid", 10);
  rtmp_amf_write (name, metadata);
  rtmp_amf_write (values, metadata);
  array = test_flv_new ();
  test_flv_add_tag (array, RTMP_MESSAGE_DATA_AMF0, 0, metadata->data, metadata->len);
  test_flv_add_aac_config (array, 0);
  for (i = 0; i < 20; i++)
    test_flv_add_aac (array, 5000 + i * 23, 100, (guint8) i);
  flv = g_byte_array_free_to_bytes (array);
  demux (flv, has_audio);
}

static void
add_for_stages (const gchar *prefix, GTestDataFunc func)
{
  static const gchar *const stages[] = { "accept", "handshake", "connect", "create-stream", "start",
    "media" };
  gint i;

  for (i = 0; i < (gint) G_N_ELEMENTS (stages); i++) {
    g_autofree gchar *path = g_strconcat (prefix, stages[i], NULL);

    g_test_add_data_func (path, GINT_TO_POINTER (i), func);
  }
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  add_for_stages ("/src/state/stop/", test_stop);
  add_for_stages ("/src/state/flush/", test_flush);
  g_test_add_data_func ("/src/state/stop-while-blocked/live", GINT_TO_POINTER (TRUE),
      test_stop_while_blocked);
  g_test_add_data_func ("/src/state/stop-while-blocked/recorded", GINT_TO_POINTER (FALSE),
      test_stop_while_blocked);
  g_test_add_func ("/src/state/connects-in-paused", test_connects_in_paused);
  g_test_add_func ("/src/state/connects-with-first-buffer", test_connects_with_first_buffer);
  g_test_add_func ("/src/state/cycles", test_cycles);
  g_test_add_func ("/src/state/cycles-while-connecting", test_cycles_while_connecting);
  g_test_add_func ("/src/state/demux", test_demux);
  g_test_add_func ("/src/state/demux-audio-only", test_demux_audio_only);
  return element_test_run ();
}
