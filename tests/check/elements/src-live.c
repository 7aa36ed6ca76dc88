/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The source and a consumer that is slow, or stopped: what a live one drops and goes on answering,
 * and what one that is not live holds back. */

#include "support/srctest.h"

static void
play_and_wait (SrcTest *test)
{
  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
}

/* @n_groups groups of a key frame and 9 others, 400 ms each, with audio. */
static void
send_groups (SrcTest *test, guint32 start, guint n_groups, gsize size)
{
  g_autoptr (GBytes) flv = test_flv_build (n_groups * 10, start, size);

  rtmp_peer_send_flv (test->peer, RTMP_PEER_LAST, flv);
}

static gboolean
is_key (SrcTest *test, guint index)
{
  guint8 head[RTMP_FLV_TAG_HEADER_SIZE + 2];

  gst_buffer_extract (src_test_item (test, index)->buffer, 0, head, sizeof (head));
  return head[0] == RTMP_MESSAGE_VIDEO && head[11] == 0x17 && head[12] == 1;
}

static gboolean
is_coded_video (SrcTest *test, guint index)
{
  guint8 head[RTMP_FLV_TAG_HEADER_SIZE + 2];

  gst_buffer_extract (src_test_item (test, index)->buffer, 0, head, sizeof (head));
  return head[0] == RTMP_MESSAGE_VIDEO && head[12] == 1;
}

/* A picture is never delivered without all those of its group before it: each has its number in
 * its time. Returns how often something is missing; DISCONT stands exactly there. */
static guint
assert_whole_groups (SrcTest *test, guint from)
{
  guint32 last = G_MAXUINT32;
  guint gaps = 0, i;

  for (i = from; i < test->items->len; i++) {
    gboolean gap;

    if (!is_coded_video (test, i))
      continue;
    gap = last != G_MAXUINT32 && src_test_timestamp (test, i) != last + 40;
    if (gap)
      g_assert_true (is_key (test, i));
    gaps += gap;
    last = src_test_timestamp (test, i);
  }
  return gaps;
}

static guint
count_discont (SrcTest *test, guint from)
{
  guint n = 0, i;

  for (i = from; i < test->items->len; i++)
    n += src_test_has_flag (test, i, GST_BUFFER_FLAG_DISCONT);
  return n;
}

static gboolean
has_timestamp (SrcTest *test, guint timestamp)
{
  return test->items->len > 4 && src_test_timestamp (test, test->items->len - 1) >= timestamp;
}

/* -- Live -- */

static void
check_overflow (const gchar *property, guint64 bound)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GstMessage) warning = NULL;

  if (strcmp (property, "max-size-bytes") == 0)
    g_object_set (test->src, property, (guint) bound, NULL);
  else
    g_object_set (test->src, property, bound, NULL);
  src_test_set_hold (test, TRUE);
  play_and_wait (test);
  send_groups (test, 0, 1, 1000);
  src_test_wait_blocked (test);
  send_groups (test, 400, 30, 1000);
  src_test_wait_stat (test, "in-video-messages", 312);
  src_test_wait_stat (test, "in-queue-dropped", 1);
  if (strcmp (property, "max-size-bytes") == 0)
    g_assert_cmpuint (src_test_get_stat (test, "in-queue-bytes"), <=, bound);
  else
    g_assert_cmpuint (src_test_get_stat (test, "in-queue-time"), <=, bound);
  src_test_set_hold (test, FALSE);
  src_test_wait (test, has_timestamp, 12370);

  g_assert_cmpuint (assert_whole_groups (test, 0), >=, 1);
  g_assert_cmpuint (count_discont (test, 5), >=, 1);
  warning = element_test_wait_message (test->bus, GST_MESSAGE_WARNING);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

static void
test_drops_groups_by_time (void)
{
  check_overflow ("max-size-time", 2 * GST_SECOND);
}

static void
test_drops_groups_by_bytes (void)
{
  check_overflow ("max-size-bytes", 50000);
}

/* Configuration in what is dropped is kept. */
static void
test_keeps_configuration (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, "max-size-time", (guint64) GST_SECOND, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  gboolean found = FALSE;
  guint i;

  src_test_set_hold (test, TRUE);
  play_and_wait (test);
  send_groups (test, 0, 1, 100);
  src_test_wait_blocked (test);
  test_flv_add_avc_config (flv, 400, 0x4D);
  src_test_send_tags (test, flv);
  send_groups (test, 400, 20, 100);
  src_test_wait_stat (test, "in-queue-dropped", 100);
  src_test_set_hold (test, FALSE);
  src_test_wait (test, has_timestamp, 8370);
  assert_whole_groups (test, 0);
  for (i = 1; i < test->items->len; i++)
    found |= src_test_has_flag (test, i, GST_BUFFER_FLAG_HEADER)
        && src_test_timestamp (test, i) == 0 && i > 4;
  g_assert_true (found);
}

/* The bounds can be set while the stream runs. */
static void
test_bound_set_while_playing (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);

  src_test_set_hold (test, TRUE);
  play_and_wait (test);
  send_groups (test, 0, 1, 100);
  src_test_wait_blocked (test);
  send_groups (test, 400, 10, 100);
  src_test_wait_stat (test, "in-queue-time", 3 * GST_SECOND);
  g_assert_cmpuint (src_test_get_stat (test, "in-queue-dropped"), ==, 0);
  g_object_set (test->src, "max-size-time", (guint64) GST_SECOND, NULL);
  src_test_wait_stat (test, "in-queue-dropped", 1);
  g_assert_cmpuint (src_test_get_stat (test, "in-queue-time"), <=, GST_SECOND);
}

/* What a server counts on comes however long downstream blocks. */
static void
check_answers (SrcTest *test)
{
  g_autoptr (RtmpPeerRecord) before = rtmp_peer_get_record (test->peer, 0);

  rtmp_peer_request_acks (test->peer, 0, 20000);
  rtmp_peer_ping (test->peer, 0);
  rtmp_peer_ping (test->peer, 0);
  g_assert_true (rtmp_peer_wait_pongs (test->peer, 0, before->n_pongs + 2));
  send_groups (test, 100000, 10, 5000);
  g_assert_true (rtmp_peer_wait_acks (test->peer, 0, before->n_acks + 1));
}

static void
test_answers_while_blocked (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, "max-size-bytes", 200000, NULL);

  src_test_set_hold (test, TRUE);
  play_and_wait (test);
  send_groups (test, 0, 1, 5000);
  src_test_wait_blocked (test);
  check_answers (test);
  g_assert_cmpuint (test->items->len, ==, 0);
}

static void
test_answers_in_paused (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);

  src_test_set_state (test, GST_STATE_PAUSED);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
  check_answers (test);
  g_assert_cmpuint (test->items->len, ==, 0);
  src_test_play (test);
  src_test_wait_items (test, 200);
  src_test_set_state (test, GST_STATE_PAUSED);
  check_answers (test);
}

/* A pause is unbounded: media that is dropped keeps the idle timeout away. */
static void
test_no_preroll (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);

  g_assert_cmpint (gst_element_set_state (test->pipeline, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_NO_PREROLL);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
  g_assert_cmpuint (test->items->len, ==, 0);
}

/* -- Not live -- */

static void
test_preroll (void)
{
  g_autoptr (GBytes) flv = test_flv_build (20, 3600000, 100);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .flv = flv,
      .flv_end = RTMP_PEER_PLAY_STOP });
  g_autofree gchar *url = rtmp_peer_get_url (peer, "live/" SRC_TEST_KEY);
  g_autofree gchar *launch =
      g_strdup_printf ("rtmp2src is-live=false location=%s ! fakesink sync=true", url);
  g_autoptr (GstElement) pipeline = gst_parse_launch (launch, NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_ASYNC);
  g_assert_cmpint (gst_element_get_state (pipeline, NULL, NULL, ELEMENT_TEST_PATIENCE), ==,
      GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  element_test_wait_eos (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* At the bound reading stops, so the server is held up; nothing is lost. */
static void
test_backpressure (gconstpointer property)
{
  g_autoptr (GBytes) flv = test_flv_build (400, 0, 20000);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv,
                                               .flv_end = RTMP_PEER_PLAY_STOP,
                                               .send_buffer = 65536 },
      "is-live", FALSE, "idle-timeout", 5, NULL);
  const guint64 bytes = g_bytes_get_size (flv);
  g_autoptr (RtmpPeerRecord) record = NULL;

  if (strcmp (property, "max-size-bytes") == 0)
    g_object_set (test->src, property, 200000, NULL);
  else
    g_object_set (test->src, property, (guint64) GST_SECOND, NULL);
  src_test_set_hold (test, TRUE);
  src_test_play (test);
  src_test_wait_blocked (test);
  src_test_wait_stat (test,
      strcmp (property, "max-size-bytes") == 0 ? "in-queue-bytes" : "in-queue-time",
      strcmp (property, "max-size-bytes") == 0 ? 200000 : GST_SECOND);
  g_assert_cmpuint (src_test_get_stat (test, "in-queue-bytes"), <, bytes / 2);
  g_assert_cmpuint (src_test_get_stat (test, "in-queue-dropped"), ==, 0);
  record = rtmp_peer_get_record (test->peer, 0);
  g_assert_cmpuint (record->bytes_out, <, bytes);

  src_test_set_hold (test, FALSE);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
  g_assert_cmpuint (element_test_count_messages (test->bus,
                        GST_MESSAGE_ERROR | GST_MESSAGE_WARNING),
      ==, 0);
  g_assert_cmpuint (count_discont (test, 1), ==, 0);
}

/* In PAUSED and back nothing is lost either, and the segment goes on. */
static void
test_pause_of_recorded (void)
{
  g_autoptr (GBytes) flv = test_flv_build (100, 0, 1000);
  g_autoptr (SrcTest) test = src_test_new (NULL, "is-live", FALSE, NULL);
  guint i;

  play_and_wait (test);
  for (i = 0; i < 3; i++)
    src_test_set_state (test, i % 2 ? GST_STATE_PLAYING : GST_STATE_PAUSED);
  rtmp_peer_send_flv (test->peer, 0, flv);
  src_test_play (test);
  src_test_wait_items (test, 204);
  src_test_assert_flv (test, flv);
  g_assert_cmpuint (test->n_segments, ==, 1);
  g_assert_cmpuint (count_discont (test, 1), ==, 0);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/src/live/drops-groups-by-time", test_drops_groups_by_time);
  g_test_add_func ("/src/live/drops-groups-by-bytes", test_drops_groups_by_bytes);
  g_test_add_func ("/src/live/keeps-configuration", test_keeps_configuration);
  g_test_add_func ("/src/live/bound-set-while-playing", test_bound_set_while_playing);
  g_test_add_func ("/src/live/answers-while-blocked", test_answers_while_blocked);
  g_test_add_func ("/src/live/answers-in-paused", test_answers_in_paused);
  g_test_add_func ("/src/live/no-preroll", test_no_preroll);
  g_test_add_func ("/src/recorded/preroll", test_preroll);
  g_test_add_data_func ("/src/recorded/backpressure/bytes", "max-size-bytes", test_backpressure);
  g_test_add_data_func ("/src/recorded/backpressure/time", "max-size-time", test_backpressure);
  g_test_add_func ("/src/recorded/pause", test_pause_of_recorded);
  return element_test_run ();
}
