/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The source and time: segments, timestamps that wrap, joining late, PAUSED and flushes. */

#include <gst/check/gsttestclock.h>

#include "support/srctest.h"

/* A camera that has run for 5 hours. */
#define HOURS_MS (5u * 3600 * 1000)

static void
play_and_wait (SrcTest *test)
{
  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
}

/* Configuration at 0, then a key frame and audio. */
static void
send_start (SrcTest *test, guint32 timestamp)
{
  g_autoptr (GByteArray) flv = test_flv_new ();

  test_flv_add_avc_config (flv, 0, 0x42);
  test_flv_add_aac_config (flv, 0);
  test_flv_add_key (flv, timestamp, 100, 1);
  test_flv_add_aac (flv, timestamp + 10, 100, 1);
  src_test_send_tags (test, flv);
}

static void
send_key (SrcTest *test, guint32 timestamp, guint8 seed)
{
  g_autoptr (GByteArray) flv = test_flv_new ();

  test_flv_add_key (flv, timestamp, 100, seed);
  src_test_send_tags (test, flv);
}

static void
send_inter (SrcTest *test, guint32 timestamp, guint8 seed)
{
  g_autoptr (GByteArray) flv = test_flv_new ();

  test_flv_add_inter (flv, timestamp, 100, seed);
  src_test_send_tags (test, flv);
}

static GstClockTime
get_dts (SrcTest *test, guint index)
{
  return GST_BUFFER_DTS (src_test_item (test, index)->buffer);
}

/* (transfer full): a pipeline whose clock the test moves, now at 100 s */
static GstTestClock *
use_test_clock (SrcTest *test)
{
  GstClock *clock = gst_test_clock_new_with_start_time (100 * GST_SECOND);

  gst_pipeline_use_clock (GST_PIPELINE (test->pipeline), clock);
  return GST_TEST_CLOCK (clock);
}

/* -- The segment -- */

static void
test_segment_starts_at_first_frame (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, "is-live", FALSE, NULL);

  play_and_wait (test);
  send_start (test, HOURS_MS);
  src_test_wait_items (test, 5);
  g_assert_cmpuint (test->n_segments, ==, 1);
  g_assert_cmpint (test->segment.format, ==, GST_FORMAT_TIME);
  g_assert_cmpuint (test->segment.start, ==, HOURS_MS * GST_MSECOND);
  g_assert_cmpuint (test->segment.time, ==, HOURS_MS * GST_MSECOND);
  g_assert_cmpuint (test->segment.base, ==, 0);
  g_assert_cmpuint (src_test_item (test, 3)->running_time, ==, 0);
  g_assert_cmpuint (src_test_item (test, 4)->running_time, ==, 10 * GST_MSECOND);
  /* What the tags say is left alone. */
  g_assert_cmpuint (src_test_timestamp (test, 1), ==, 0);
  g_assert_cmpuint (src_test_timestamp (test, 3), ==, HOURS_MS);
}

/* First buffer's running time is now, whatever the stream's time. */
static void
test_joins_at_once (gconstpointer data)
{
  const guint32 timestamp = GPOINTER_TO_UINT (data);
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GstTestClock) clock = use_test_clock (test);

  play_and_wait (test);
  gst_test_clock_advance_time (clock, 7 * GST_SECOND);
  send_start (test, timestamp);
  src_test_wait_items (test, 5);
  g_assert_cmpuint (test->segment.start, ==, timestamp * GST_MSECOND);
  g_assert_cmpuint (test->segment.base, ==, 7 * GST_SECOND);
  g_assert_cmpuint (src_test_item (test, 3)->running_time, ==, 7 * GST_SECOND);
  g_assert_cmpuint (src_test_item (test, 4)->running_time, ==, 7 * GST_SECOND + 10 * GST_MSECOND);
}

/* A sink that waits for the clock shows a frame as soon as it is there. */
static void
test_plays_clock_synchronised (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autofree gchar *url = rtmp_peer_get_url (peer, "live/" SRC_TEST_KEY);
  g_autofree gchar *launch =
      g_strdup_printf ("rtmp2src location=%s ! fakesink sync=true async=false", url);
  g_autoptr (GstElement) pipeline = gst_parse_launch (launch, NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GBytes) flv = test_flv_build (1, HOURS_MS, 100);
  gint64 begin = g_get_monotonic_time ();

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_MEDIA));
  rtmp_peer_send_flv (peer, 0, flv);
  rtmp_peer_send_stream_eof (peer, 0);
  element_test_wait_eos (bus);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 10 * G_TIME_SPAN_SECOND);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* Tags that are no coded media have to wait, but not without end. */
static void
test_only_script_data (void)
{
  static const guint8 cue_point[] = "\x02\x00\x0AonCuePoint\x05";
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  guint i;

  play_and_wait (test);
  for (i = 0; i < 300; i++)
    test_flv_add_tag (flv, RTMP_MESSAGE_DATA_AMF0, i, cue_point, sizeof (cue_point) - 1);
  src_test_send_tags (test, flv);
  src_test_wait_items (test, 301);
  g_assert_cmpuint (test->n_segments, ==, 1);
}

/* An end before the first coded frame delivers what there is. */
static void
test_end_before_first_frame (void)
{
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);

  play_and_wait (test);
  test_flv_add_metadata (flv, 0);
  test_flv_add_avc_config (flv, 0, 0x42);
  src_test_send_tags (test, flv);
  rtmp_peer_send_stream_eof (test->peer, 0);
  src_test_wait_eos (test);
  g_assert_cmpuint (test->items->len, ==, 3);
}

/* -- Timestamps -- */

static void
check_crossing (guint32 start)
{
  g_autoptr (GBytes) flv = test_flv_build (100, start, 100);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv,
                                               .flv_end = RTMP_PEER_PLAY_STOP },
      "is-live", FALSE, NULL);
  guint i;

  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
  g_assert_cmpuint (test->n_segments, ==, 1);
  for (i = 0; i < 100; i++) {
    g_assert_cmpuint (get_dts (test, 4 + 2 * i), ==,
        (start + i * G_GUINT64_CONSTANT (40)) * GST_MSECOND);
    g_assert_cmpuint (src_test_item (test, 4 + 2 * i)->running_time, ==, i * 40 * GST_MSECOND);
  }
}

/* Vectors 4 and 8, peers.md Q33: DTS goes on over 2^24 and 2^32. */
static void
test_crossings (void)
{
  check_crossing (0xFFFFFF - 2000);
  check_crossing (0xFFFFFF);
  check_crossing (G_MAXUINT32 - 2000);
  check_crossing (0x80000000u - 2000);
}

/* OBS's configuration comes with a time before what came last (peers.md Q25). */
static void
test_back_in_time (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();

  play_and_wait (test);
  send_start (test, 5000);
  test_flv_add_inter (flv, 4990, 100, 2);
  test_flv_add_avc_config (flv, 100, 0x43);
  test_flv_add_inter (flv, 5040, 100, 3);
  src_test_send_tags (test, flv);
  src_test_wait_items (test, 8);
  g_assert_cmpuint (get_dts (test, 5), ==, 4990 * GST_MSECOND);
  g_assert_cmpuint (src_test_timestamp (test, 6), ==, 100);
  g_assert_cmpuint (get_dts (test, 6), ==, 4990 * GST_MSECOND);
  g_assert_cmpuint (get_dts (test, 7), ==, 5040 * GST_MSECOND);
}

/* -- PAUSED and flushes -- */

static void
pause_src (SrcTest *test)
{
  src_test_set_state (test, GST_STATE_PAUSED);
  g_assert_cmpint (gst_element_get_state (test->pipeline, NULL, NULL, ELEMENT_TEST_PATIENCE), ==,
      GST_STATE_CHANGE_NO_PREROLL);
}

static void
test_resumes_at_key_frame (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GstTestClock) clock = use_test_clock (test);

  play_and_wait (test);
  send_start (test, 5000);
  src_test_wait_items (test, 5);
  gst_test_clock_advance_time (clock, 2 * GST_SECOND);
  pause_src (test);
  send_inter (test, 5040, 2);
  send_key (test, 8000, 3);
  send_inter (test, 8040, 4);
  src_test_wait_stat (test, "in-video-messages", 5);
  g_assert_cmpuint (test->items->len, ==, 5);
  gst_test_clock_advance_time (clock, 30 * GST_SECOND);
  src_test_play (test);
  src_test_wait_items (test, 7);

  /* 30 s of pause are no running time. */
  g_assert_cmpuint (test->n_segments, ==, 2);
  g_assert_cmpuint (src_test_timestamp (test, 5), ==, 8000);
  g_assert_true (src_test_has_flag (test, 5, GST_BUFFER_FLAG_DISCONT));
  g_assert_false (src_test_has_flag (test, 5, GST_BUFFER_FLAG_DELTA_UNIT));
  g_assert_cmpuint (src_test_item (test, 5)->segment, ==, 2);
  g_assert_cmpuint (src_test_item (test, 5)->running_time, ==, 2 * GST_SECOND);
  g_assert_false (src_test_has_flag (test, 6, GST_BUFFER_FLAG_DISCONT));
}

/* No key frame came in PAUSED: the next one is waited for. New configuration is not lost. */
static void
test_resumes_at_next_key_frame (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();

  play_and_wait (test);
  send_start (test, 5000);
  src_test_wait_items (test, 5);
  pause_src (test);
  test_flv_add_avc_config (flv, 5020, 0x43);
  src_test_send_tags (test, flv);
  send_inter (test, 5040, 2);
  src_test_wait_stat (test, "in-video-messages", 4);
  src_test_play (test);
  src_test_wait_stat (test, "in-queue-dropped", 1);
  send_inter (test, 5080, 3);
  send_key (test, 5120, 4);
  src_test_wait_items (test, 7);
  g_assert_true (src_test_has_flag (test, 5, GST_BUFFER_FLAG_HEADER));
  g_assert_cmpuint (src_test_timestamp (test, 6), ==, 5120);
  g_assert_true (src_test_has_flag (test, 6, GST_BUFFER_FLAG_DISCONT));
  g_assert_cmpuint (test->n_segments, ==, 2);
}

/* A flush begins running time anew. */
static void
test_flush (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GstTestClock) clock = use_test_clock (test);

  play_and_wait (test);
  send_start (test, 5000);
  src_test_wait_items (test, 5);
  gst_test_clock_advance_time (clock, 3 * GST_SECOND);
  g_assert_true (gst_element_send_event (test->src, gst_event_new_flush_start ()));
  g_assert_true (gst_element_send_event (test->src, gst_event_new_flush_stop (TRUE)));
  send_inter (test, 5040, 2);
  send_key (test, 8000, 3);
  src_test_wait_items (test, 6);
  g_assert_cmpuint (src_test_timestamp (test, 5), ==, 8000);
  g_assert_true (src_test_has_flag (test, 5, GST_BUFFER_FLAG_DISCONT));
  g_assert_cmpuint (src_test_item (test, 5)->running_time, ==, 3 * GST_SECOND);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 1);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/src/time/segment-starts-at-first-frame", test_segment_starts_at_first_frame);
  g_test_add_data_func ("/src/time/joins-at-once/hours", GUINT_TO_POINTER (HOURS_MS),
      test_joins_at_once);
  g_test_add_data_func ("/src/time/joins-at-once/0", GUINT_TO_POINTER (0), test_joins_at_once);
  g_test_add_data_func ("/src/time/joins-at-once/49-days", GUINT_TO_POINTER (0xFFFFFF00u),
      test_joins_at_once);
  g_test_add_func ("/src/time/plays-clock-synchronised", test_plays_clock_synchronised);
  g_test_add_func ("/src/time/only-script-data", test_only_script_data);
  g_test_add_func ("/src/time/end-before-first-frame", test_end_before_first_frame);
  g_test_add_func ("/src/time/crossings", test_crossings);
  g_test_add_func ("/src/time/back-in-time", test_back_in_time);
  g_test_add_func ("/src/time/resumes-at-key-frame", test_resumes_at_key_frame);
  g_test_add_func ("/src/time/resumes-at-next-key-frame", test_resumes_at_next_key_frame);
  g_test_add_func ("/src/time/flush", test_flush);
  return element_test_run ();
}
