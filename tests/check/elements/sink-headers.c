/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sinktest.h"

/* rtmp2sink: what a decoder needs first. It comes in the caps' streamheader, in buffers with the
 * HEADER flag, in both (flvmux), or just in the stream. */

#define PROFILE_A 0x42
#define PROFILE_B 0x4D

static GByteArray *
make_file_header (void)
{
  return test_flv_new ();
}

static GByteArray *
make_metadata (void)
{
  GByteArray *flv = g_byte_array_new ();

  test_flv_add_metadata (flv, 0);
  return flv;
}

static GByteArray *
make_config (guint8 profile)
{
  GByteArray *flv = g_byte_array_new ();

  test_flv_add_avc_config (flv, 0, profile);
  return flv;
}

static GByteArray *
make_tag (guint8 type, const gchar *data, gsize size)
{
  GByteArray *flv = g_byte_array_new ();

  test_flv_add_tag (flv, type, 0, data, size);
  return flv;
}

/* (transfer full): caps with a streamheader as flvmux makes it. */
static GstCaps *
make_caps (guint8 profile)
{
  g_autoptr (GByteArray) file_header = make_file_header ();
  g_autoptr (GByteArray) metadata = make_metadata ();
  g_autoptr (GByteArray) config = make_config (profile);
  GByteArray *const headers[] = { file_header, metadata, config, NULL };

  return sink_test_make_caps (headers);
}

/* What is pushed, and what is expected to arrive, beginning with @expected's file header. */
typedef struct {
  SinkTest *test;
  GByteArray *expected;
} Run;

static void
run_begin (Run *run, GstCaps *caps)
{
  run->test = sink_test_new (NULL, NULL);
  run->expected = test_flv_new ();
  sink_test_play (run->test, caps);
}

/* @flv: (transfer full) */
static void
expect (Run *run, GByteArray *flv)
{
  g_byte_array_append (run->expected, flv->data, flv->len);
  g_byte_array_unref (flv);
}

/* @flv: (transfer full): arrives where @sent */
static void
push (Run *run, GByteArray *flv, GstBufferFlags flags, gboolean sent)
{
  g_assert_cmpint (sink_test_push_data (run->test, flv->data, flv->len, flags), ==, GST_FLOW_OK);
  if (sent)
    expect (run, g_byte_array_ref (flv));
  g_byte_array_unref (flv);
}

static void
push_header (Run *run, GByteArray *flv, gboolean sent)
{
  push (run, flv, GST_BUFFER_FLAG_HEADER, sent);
}

/* A frame that marks a place: whatever came before it is there before it. */
static void
push_frame (Run *run, guint32 timestamp)
{
  GByteArray *flv = g_byte_array_new ();

  test_flv_add_key (flv, timestamp, 30, (guint8) timestamp);
  push (run, flv, 0, TRUE);
}

static void
run_check (Run *run)
{
  g_autoptr (GBytes) expected = g_bytes_new (run->expected->data, run->expected->len);

  sink_test_assert_media (run->test, expected);
}

static void
run_end (Run *run)
{
  run_check (run);
  sink_test_free (run->test);
  g_byte_array_unref (run->expected);
}

/* -- Streamheader -- */

/* As flvmux does: the same buffers come twice. */
static void
test_caps_and_buffers (void)
{
  Run run;

  run_begin (&run, make_caps (PROFILE_A));
  expect (&run, make_metadata ());
  expect (&run, make_config (PROFILE_A));
  push_header (&run, make_file_header (), FALSE);
  push_header (&run, make_metadata (), FALSE);
  push_header (&run, make_config (PROFILE_A), FALSE);
  push_frame (&run, 0);
  run_end (&run);
}

/* A branch of a tee that joins late gets the caps only. */
static void
test_caps_only (void)
{
  Run run;

  run_begin (&run, make_caps (PROFILE_A));
  expect (&run, make_metadata ());
  expect (&run, make_config (PROFILE_A));
  push_frame (&run, 60000);
  push_frame (&run, 60040);
  run_end (&run);
}

static void
test_caps_in_list (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (3, 0, 100);
  g_autoptr (GByteArray) all = g_byte_array_new ();
  GByteArray *const headers[] = { all, NULL };
  GstBufferList *list = gst_buffer_list_new ();
  GstBuffer *buffer = gst_buffer_new_wrapped_bytes (flv);

  /* The streamheader may as well be one buffer. */
  test_flv_add_metadata (all, 0);
  test_flv_add_avc_config (all, 0, PROFILE_A);
  test_flv_add_aac_config (all, 0);
  sink_test_play (test, sink_test_make_caps (headers));
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_HEADER);
  gst_buffer_list_add (list, buffer);
  sink_test_push_list (test, list);
  sink_test_assert_media (test, flv);
}

/* What of the streamheader has changed is sent again: B after A, and A after B. */
static void
test_caps_changed (void)
{
  Run run;

  run_begin (&run, make_caps (PROFILE_A));
  expect (&run, make_metadata ());
  expect (&run, make_config (PROFILE_A));
  push_frame (&run, 0);
  sink_test_push_caps (run.test, make_caps (PROFILE_B));
  expect (&run, make_config (PROFILE_B));
  push_header (&run, make_config (PROFILE_B), FALSE);
  push_frame (&run, 40);
  sink_test_push_caps (run.test, make_caps (PROFILE_A));
  expect (&run, make_config (PROFILE_A));
  push_frame (&run, 80);
  run_end (&run);
}

/* Other caps with the same streamheader say nothing new. */
static void
test_caps_repeated (void)
{
  GstCaps *caps = make_caps (PROFILE_A);
  Run run;

  run_begin (&run, make_caps (PROFILE_A));
  expect (&run, make_metadata ());
  expect (&run, make_config (PROFILE_A));
  push_frame (&run, 0);
  gst_caps_set_simple (caps, "test", G_TYPE_INT, 1, NULL);
  sink_test_push_caps (run.test, caps);
  push_frame (&run, 40);
  run_end (&run);
}

/* Caps without streamheader take back one that was not sent yet. */
static void
test_caps_taken_back (void)
{
  Run run;

  run_begin (&run, make_caps (PROFILE_A));
  sink_test_push_caps (run.test, sink_test_make_caps (NULL));
  push_frame (&run, 0);
  run_end (&run);
}

static void
test_caps_not_flv (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) noise = g_byte_array_append (g_byte_array_new (),
      (const guint8 *) "This is no FLV at all", 21);
  GByteArray *const headers[] = { noise, NULL };

  sink_test_play (test, NULL);
  sink_test_push_caps (test, sink_test_make_caps (headers));
  g_assert_cmpint (gst_pad_push (test->pad, gst_buffer_new ()), ==, GST_FLOW_NOT_NEGOTIATED);
}

/* -- HEADER buffers -- */

static void
test_buffers_repeated (void)
{
  Run run;

  run_begin (&run, NULL);
  push_header (&run, make_metadata (), TRUE);
  push_header (&run, make_config (PROFILE_A), TRUE);
  push_frame (&run, 0);
  push_header (&run, make_metadata (), FALSE);
  push_header (&run, make_config (PROFILE_A), FALSE);
  push_frame (&run, 40);
  push_header (&run, make_config (PROFILE_B), TRUE);
  push_frame (&run, 80);
  push_header (&run, make_config (PROFILE_A), TRUE);
  push_header (&run, make_config (PROFILE_A), FALSE);
  push_frame (&run, 120);
  run_end (&run);
}

/* Without the flag, what comes is sent, however often. */
static void
test_buffers_without_flag (void)
{
  Run run;

  run_begin (&run, NULL);
  push (&run, make_metadata (), 0, TRUE);
  push (&run, make_config (PROFILE_A), 0, TRUE);
  push (&run, make_config (PROFILE_A), 0, TRUE);
  push_frame (&run, 0);
  push (&run, make_metadata (), 0, TRUE);
  push_header (&run, make_config (PROFILE_A), FALSE);
  push_frame (&run, 40);
  run_end (&run);
}

/* protocol.md D: the end of a sequence clears its configuration. */
static void
test_buffers_after_sequence_end (void)
{
  Run run;

  run_begin (&run, NULL);
  push_header (&run, make_config (PROFILE_A), TRUE);
  push_frame (&run, 0);
  push (&run, make_tag (9, "\x17\x02\x00\x00\x00", 5), 0, TRUE);
  push_header (&run, make_config (PROFILE_A), TRUE);
  push_frame (&run, 40);
  run_end (&run);
}

/* Each track has its own; a tag for several counts for each (vector 36). */
static void
test_buffers_tracks (void)
{
  static const gchar both[] = "\x96\x10hvc1\0\0\0\x02\xAA\xBB\x01\0\0\x01\xCC";
  static const gchar first[] = "\x96\0hvc1\0\xAA\xBB";
  static const gchar second[] = "\x96\0hvc1\x01\xDD";
  static const gchar audio[] = "\x90Opus\x01";
  Run run;

  run_begin (&run, NULL);
  push_header (&run, make_tag (9, both, sizeof (both) - 1), TRUE);
  push_header (&run, make_tag (8, audio, sizeof (audio) - 1), TRUE);
  push_header (&run, make_tag (9, both, sizeof (both) - 1), FALSE);
  push_header (&run, make_tag (9, first, sizeof (first) - 1), TRUE);
  push_header (&run, make_tag (9, second, sizeof (second) - 1), TRUE);
  push_header (&run, make_tag (9, first, sizeof (first) - 1), FALSE);
  push_header (&run, make_tag (9, both, sizeof (both) - 1), TRUE);
  push_header (&run, make_tag (8, audio, sizeof (audio) - 1), FALSE);
  push_frame (&run, 0);
  run_end (&run);
}

/* -- New beginnings -- */

/* A flush while the connection is being made drops what waited, but not what all that follows
 * depends on. */
static void
test_flush_before_ready (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_CONNECT] = { .action = RTMP_PEER_HOLD },
  };
  Run run = { sink_test_new (&config, NULL), test_flv_new () };
  GByteArray *frame = g_byte_array_new ();
  SinkFeed *feed;

  sink_test_play (run.test, make_caps (PROFILE_A));
  test_flv_add_key (frame, 0, 10, 1);
  feed = sink_feed_begin_bytes (run.test, g_byte_array_free_to_bytes (frame));
  g_assert_true (rtmp_peer_wait_stage (run.test->peer, 0, RTMP_PEER_CONNECT));
  g_assert_true (gst_pad_push_event (run.test->pad, gst_event_new_flush_start ()));
  g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_FLUSHING);
  g_assert_true (gst_pad_push_event (run.test->pad, gst_event_new_flush_stop (TRUE)));
  sink_test_push_segment (run.test);

  rtmp_peer_pass (run.test->peer, RTMP_PEER_CONNECT);
  expect (&run, make_metadata ());
  expect (&run, make_config (PROFILE_A));
  push_frame (&run, 40);
  run_end (&run);
}

/* What was sent in one run is sent in the next, and nothing is left of a stream that was
 * another. */
static void
check_restart (gconstpointer through)
{
  guint i;
  Run run;

  run_begin (&run, make_caps (PROFILE_A));
  for (i = 0; i < 3; i++) {
    if (i < 2) {
      expect (&run, make_metadata ());
      expect (&run, make_config (PROFILE_A));
    }
    push_header (&run, make_config (PROFILE_A), i == 2);
    push_frame (&run, i);
    run_check (&run);

    gst_pad_set_active (run.test->pad, FALSE);
    sink_test_set_state (run.test, (GstState) GPOINTER_TO_INT (through));
    g_byte_array_unref (run.expected);
    run.expected = test_flv_new ();
    sink_test_play (run.test, i == 0 ? make_caps (PROFILE_A) : NULL);
    g_assert_true (rtmp_peer_wait_connections (run.test->peer, i + 2));
  }
  run_end (&run);
}

/* -- With flvmux -- */

typedef struct {
  RtmpPeer *peers[2];
  GstElement *pipeline;
  GstElement *tee;
  GstPad *pad;
} Tee;

static void
tee_add_branch (Tee *tee, guint n)
{
  g_autofree gchar *url = NULL;
  GstElement *queue = gst_element_factory_make ("queue", NULL);
  GstElement *sink = gst_element_factory_make ("rtmp2sink", NULL);

  tee->peers[n] = rtmp_peer_new (NULL);
  url = rtmp_peer_get_url (tee->peers[n], "live/branch");
  g_object_set (sink, "location", url, "async", FALSE, "sync", FALSE, NULL);
  gst_bin_add_many (GST_BIN (tee->pipeline), queue, sink, NULL);
  g_assert_true (gst_element_link_many (tee->tee, queue, sink, NULL));
  g_assert_true (gst_element_sync_state_with_parent (sink));
  g_assert_true (gst_element_sync_state_with_parent (queue));
}

static void
tee_begin (Tee *tee)
{
  static const guint8 config[] = { 0x01, 0x42, 0xC0, 0x15, 0xFF, 0xE1, 0x00, 0x0F, 0x67, 0x42, 0xC0,
    0x15, 0xD9, 0x01, 0x41, 0xFB, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x01, 0x00, 0x04, 0x68,
    0xCB, 0x83, 0xCB };
  GstElement *mux = gst_element_factory_make ("flvmux", NULL);
  g_autoptr (GstBuffer) codec_data = gst_buffer_new_memdup (config, sizeof (config));
  g_autoptr (GstPad) video = NULL;
  g_autoptr (GstCaps) caps = gst_caps_new_simple ("video/x-h264", "stream-format", G_TYPE_STRING,
      "avc", "alignment", G_TYPE_STRING, "au", "width", G_TYPE_INT, 320, "height", G_TYPE_INT, 240,
      "framerate", GST_TYPE_FRACTION, 25, 1, "codec_data", GST_TYPE_BUFFER, codec_data, NULL);
  GstSegment segment;

  tee->pipeline = gst_pipeline_new (NULL);
  tee->tee = gst_element_factory_make ("tee", NULL);
  gst_bin_add_many (GST_BIN (tee->pipeline), mux, tee->tee, NULL);
  g_object_set (mux, "streamable", TRUE, NULL);
  g_assert_true (gst_element_link (mux, tee->tee));
  tee_add_branch (tee, 0);
  gst_element_set_state (tee->pipeline, GST_STATE_PLAYING);

  tee->pad = gst_pad_new ("src", GST_PAD_SRC);
  video = gst_element_request_pad_simple (mux, "video");
  gst_pad_set_active (tee->pad, TRUE);
  g_assert_cmpint (gst_pad_link (tee->pad, video), ==, GST_PAD_LINK_OK);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (tee->pad, gst_event_new_stream_start ("video"));
  gst_pad_push_event (tee->pad, gst_event_new_caps (caps));
  gst_pad_push_event (tee->pad, gst_event_new_segment (&segment));
}

static void
tee_push_frame (Tee *tee, guint n)
{
  GstBuffer *buffer = gst_buffer_new_memdup ("\0\0\0\4exyz", 8);

  GST_BUFFER_PTS (buffer) = GST_BUFFER_DTS (buffer) = n * 40 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 40 * GST_MSECOND;
  g_assert_cmpint (gst_pad_push (tee->pad, buffer), ==, GST_FLOW_OK);
}

/* Metadata first, then the configuration, both once; then frames. */
static void
check_branch (Tee *tee, guint n, guint n_frames)
{
  g_autoptr (RtmpPeerRecord) record = NULL;
  guint i;

  g_assert_true (rtmp_peer_wait_media (tee->peers[n], 0, 2 + n_frames));
  record = rtmp_peer_get_record (tee->peers[n], 0);
  for (i = 0; i < 2 + n_frames; i++) {
    g_autoptr (GBytes) payload = rtmp_peer_record_get_payload (record, i);
    const guint8 *data = g_bytes_get_data (payload, NULL);

    if (i == 0)
      g_assert_cmpmem (data, RTMP_SET_DATA_FRAME_SIZE, rtmp_set_data_frame,
          RTMP_SET_DATA_FRAME_SIZE);
    else
      g_assert_cmpmem (data, 2, i == 1 ? "\x17\x00" : "\x17\x01", 2);
  }
}

static void
test_flvmux (void)
{
  g_autoptr (GstElementFactory) flvmux = gst_element_factory_find ("flvmux");
  Tee tee = { { NULL } };
  guint i;

  if (!flvmux) {
    g_test_skip ("flvmux is missing");
    return;
  }
  tee_begin (&tee);
  for (i = 0; i < 5; i++)
    tee_push_frame (&tee, i);
  check_branch (&tee, 0, 3);
  tee_add_branch (&tee, 1);
  for (; i < 10; i++)
    tee_push_frame (&tee, i);
  check_branch (&tee, 1, 3);
  check_branch (&tee, 0, 8);
  gst_element_set_state (tee.pipeline, GST_STATE_NULL);
  gst_pad_set_active (tee.pad, FALSE);
  gst_object_unref (tee.pad);
  gst_object_unref (tee.pipeline);
  for (i = 0; i < 2; i++)
    rtmp_peer_free (tee.peers[i]);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/sink-headers/caps/and-buffers", test_caps_and_buffers);
  g_test_add_func ("/sink-headers/caps/only", test_caps_only);
  g_test_add_func ("/sink-headers/caps/in-list", test_caps_in_list);
  g_test_add_func ("/sink-headers/caps/changed", test_caps_changed);
  g_test_add_func ("/sink-headers/caps/repeated", test_caps_repeated);
  g_test_add_func ("/sink-headers/caps/taken-back", test_caps_taken_back);
  g_test_add_func ("/sink-headers/caps/not-flv", test_caps_not_flv);
  g_test_add_func ("/sink-headers/buffers/repeated", test_buffers_repeated);
  g_test_add_func ("/sink-headers/buffers/without-flag", test_buffers_without_flag);
  g_test_add_func ("/sink-headers/buffers/after-sequence-end", test_buffers_after_sequence_end);
  g_test_add_func ("/sink-headers/buffers/tracks", test_buffers_tracks);
  g_test_add_func ("/sink-headers/anew/flush-before-ready", test_flush_before_ready);
  g_test_add_data_func ("/sink-headers/anew/through-null", GINT_TO_POINTER (GST_STATE_NULL),
      check_restart);
  g_test_add_data_func ("/sink-headers/anew/through-ready", GINT_TO_POINTER (GST_STATE_READY),
      check_restart);
  g_test_add_func ("/sink-headers/flvmux", test_flvmux);
  return element_test_run ();
}
