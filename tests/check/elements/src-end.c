/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The source: how a stream ends, in order and otherwise. */

#include "support/srctest.h"

static void
play_and_wait (SrcTest *test)
{
  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
}

static gboolean
is_over (gpointer test)
{
  g_autoptr (GstStructure) stats = NULL;
  const gchar *state;

  g_object_get (((SrcTest *) test)->src, "stats", &stats, NULL);
  state = gst_structure_get_string (stats, "state");
  return strcmp (state, "ended") == 0 || strcmp (state, "failed") == 0;
}

/* Until the connection has come to its end, though the stream's end is not delivered yet. */
static void
wait_over (SrcTest *test)
{
  g_assert_true (test_wait_until (is_over, test));
}

/* -- In order -- */

/* A consumer that took nothing before the end gets everything that came before it. */
static void
check_end (RtmpPeerPlayEnd end, guint quirks, gboolean is_live)
{
  g_autoptr (GBytes) flv = test_flv_build (200, 0, 2000);
  g_autoptr (SrcTest) test = src_test_new (
      &(RtmpPeerConfig) { .flv = flv, .flv_end = end, .quirks = quirks }, "is-live", is_live, NULL);

  src_test_set_hold (test, TRUE);
  src_test_play (test);
  wait_over (test);
  g_assert_false (test->eos);
  src_test_set_hold (test, FALSE);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
  g_assert_cmpuint (element_test_count_messages (test->bus,
                        GST_MESSAGE_ERROR | GST_MESSAGE_WARNING),
      ==, 0);
}

static void
test_end (gconstpointer end)
{
  check_end ((RtmpPeerPlayEnd) GPOINTER_TO_INT (end), 0, TRUE);
  check_end ((RtmpPeerPlayEnd) GPOINTER_TO_INT (end), 0, FALSE);
}

/* peers.md Q36: StreamEOF of stream 0, where the media was. */
static void
test_end_on_stream_0 (void)
{
  check_end (RTMP_PEER_PLAY_EOF, RTMP_PEER_MEDIA_ON_STREAM_0, TRUE);
}

static void
send_eof (SrcTest *test, guint32 stream_id)
{
  rtmp_peer_send_message (test->peer, 0, rtmp_control_new_user (RTMP_USER_STREAM_EOF, stream_id));
}

/* StreamEOF of stream 0 is no end of a stream on 1, and that of any other stream never is. */
static void
test_eof_of_other_streams (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);

  play_and_wait (test);
  send_eof (test, 0);
  send_eof (test, 7);
  rtmp_peer_send_flv (test->peer, 0, flv);
  send_eof (test, 0);
  send_eof (test, 2);
  src_test_send_message (test, RTMP_MESSAGE_AUDIO, 1, 1000, "", 0);
  src_test_wait_items (test, 15);
  g_assert_false (test->eos);
  send_eof (test, 1);
  src_test_wait_eos (test);
}

/* onPlayStatus is a command with some servers and a data message with others. */
static void
test_play_complete_forms (gconstpointer as_data)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (RtmpCommand) command = rtmp_command_new ("onPlayStatus", 0);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "NetStream.Play.Complete", "");
  g_autoptr (GByteArray) flv = test_flv_new ();

  play_and_wait (test);
  test_flv_add_aac (flv, 0, 50, 1);
  src_test_send_tags (test, flv);
  if (!as_data)
    rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_command_add (command, rtmp_status_to_amf (status));
  rtmp_peer_send_message (test->peer, 0,
      as_data ? rtmp_command_to_data_message (command, 1, 0)
              : rtmp_command_to_message (command, 1));
  src_test_wait_eos (test);
  g_assert_cmpuint (test->items->len, ==, 2);
}

/* What comes behind the end is not delivered, and no error either. */
static void
test_nothing_behind_the_end (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);

  play_and_wait (test);
  src_test_set_hold (test, TRUE);
  rtmp_peer_send_flv (test->peer, 0, flv);
  rtmp_peer_notify_published (test->peer, 0, FALSE);
  rtmp_peer_send_flv (test->peer, 0, flv);
  rtmp_peer_close (test->peer, 0, RTMP_PEER_RST);
  wait_over (test);
  src_test_set_hold (test, FALSE);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

/* peers.md Q8: nobody publishes yet; the notice that nobody does is no end. */
static void
test_unpublished_before_start (void)
{
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .quirks = RTMP_PEER_NO_START },
      NULL);
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);

  play_and_wait (test);
  rtmp_peer_notify_published (test->peer, 0, FALSE);
  rtmp_peer_notify_published (test->peer, 0, TRUE);
  rtmp_peer_send_flv (test->peer, 0, flv);
  src_test_wait_items (test, 14);
  g_assert_false (test->eos);
  rtmp_peer_notify_published (test->peer, 0, FALSE);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
}

static void
test_plays_again_after_the_end (void)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv,
                                               .flv_end = RTMP_PEER_PLAY_STOP },
      NULL);

  src_test_play (test);
  src_test_wait_eos (test);
  src_test_set_state (test, GST_STATE_READY);
  g_assert_true (rtmp_peer_wait_ended (test->peer, 0));
  g_mutex_lock (&test->lock);
  test->eos = FALSE;
  g_array_set_size (test->items, 0);
  g_mutex_unlock (&test->lock);
  gst_pad_set_active (test->pad, FALSE);
  gst_pad_set_active (test->pad, TRUE);
  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 2);
}

/* -- Not in order -- */

/* The error comes behind what arrived before it. */
static void
check_loss (RtmpPeerPlayEnd end, gboolean no_eof_is_error)
{
  g_autoptr (GBytes) flv = test_flv_build (50, 0, 1000);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv }, "no-eof-is-error",
      no_eof_is_error, NULL);
  g_autoptr (GstMessage) message = NULL;

  src_test_set_hold (test, TRUE);
  src_test_play (test);
  src_test_wait_stat (test, "in-video-messages", 51);
  src_test_wait_stat (test, "in-audio-messages", 51);
  rtmp_peer_close (test->peer, 0, end == RTMP_PEER_PLAY_FIN ? RTMP_PEER_FIN : RTMP_PEER_RST);
  wait_over (test);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
  src_test_set_hold (test, FALSE);
  if (end == RTMP_PEER_PLAY_FIN && !no_eof_is_error) {
    src_test_wait_eos (test);
  } else {
    message = src_test_wait_error (test, GST_RESOURCE_ERROR_READ);
    element_test_assert_hides (message, (const gchar *[]) { SRC_TEST_KEY, NULL });
  }
  src_test_assert_flv (test, flv);
}

static void
test_plain_close (void)
{
  check_loss (RTMP_PEER_PLAY_FIN, TRUE);
  check_loss (RTMP_PEER_PLAY_FIN, FALSE);
}

static void
test_reset (void)
{
  check_loss (RTMP_PEER_PLAY_RST, TRUE);
  check_loss (RTMP_PEER_PLAY_RST, FALSE);
}

static void
test_idle_timeout (gconstpointer is_live)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv }, "idle-timeout", 1,
      "no-eof-is-error", FALSE, "is-live", GPOINTER_TO_INT (is_live), NULL);
  g_autoptr (GstMessage) message = NULL;
  gint64 begin = g_get_monotonic_time ();

  src_test_play (test);
  message = src_test_wait_error (test, GST_RESOURCE_ERROR_READ);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, G_TIME_SPAN_SECOND);
  src_test_assert_flv (test, flv);
}

/* Media that goes on keeps the idle timeout away; pings do not count as media. */
static void
test_pings_are_no_media (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, "idle-timeout", 1, NULL);
  g_autoptr (GstMessage) message = NULL;
  guint i;

  play_and_wait (test);
  for (i = 1; !message; i++) {
    rtmp_peer_ping (test->peer, 0);
    message = gst_bus_timed_pop_filtered (test->bus, 50 * GST_MSECOND, GST_MESSAGE_ERROR);
    g_assert_cmpuint (i, <, 400);
  }
}

static void
test_later_status (void)
{
  static const gchar *const codes[] = {
    "NetStream.Play.Failed",
    "NetStream.Play.StreamNotFound",
    "NetConnection.Connect.Rejected",
    "NetStream.Play.Unauthorized",
    "Some.Other.Code",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (codes); i++) {
    g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
    g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv }, NULL);
    g_autoptr (GstMessage) message = NULL;
    g_autofree gchar *code = NULL, *description = NULL;

    src_test_play (test);
    src_test_wait_items (test, 14);
    rtmp_peer_send_status (test->peer, 0, "error", codes[i], "It is over");
    message = src_test_wait_error (test, GST_RESOURCE_ERROR_READ);
    code = element_test_get_detail (message, "server-code");
    description = element_test_get_detail (message, "server-description");
    g_assert_cmpstr (code, ==, codes[i]);
    g_assert_cmpstr (description, ==, "It is over");
    src_test_assert_flv (test, flv);
  }
}

/* Warnings and what is merely told are no end. */
static void
test_harmless_status (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);

  play_and_wait (test);
  rtmp_peer_send_status (test->peer, 0, "warning", "NetStream.Play.InsufficientBW", "Slow");
  rtmp_peer_send_status (test->peer, 0, "status", "NetStream.Pause.Notify", "");
  rtmp_peer_send_status (test->peer, 0, "status", "NetStream.Unpublish.Success", "");
  rtmp_peer_send_status (test->peer, 0, "", "", "");
  rtmp_peer_send_flv (test->peer, 0, flv);
  src_test_wait_items (test, 14);
  g_assert_cmpuint (element_test_count_messages (test->bus,
                        GST_MESSAGE_ERROR | GST_MESSAGE_WARNING),
      ==, 0);
}

/* peers.md Q14: the server says that it goes. */
static void
test_close_command (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GstMessage) message = NULL;
  RtmpCommand *command = rtmp_command_new ("close", 0);

  rtmp_command_add (command, rtmp_amf_new_null ());
  play_and_wait (test);
  rtmp_peer_send_command (test->peer, 0, command, 0);
  message = src_test_wait_error (test, GST_RESOURCE_ERROR_READ);
}

/* Vector 10: Set Chunk Size of 0. */
static void
test_fault_in_mid_stream (void)
{
  static const guint8 fault[] = { 0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0 };
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv }, "no-eof-is-error",
      FALSE, NULL);
  g_autoptr (GstMessage) message = NULL;

  play_and_wait (test);
  rtmp_peer_send_bytes (test->peer, 0, fault, sizeof (fault));
  message = src_test_wait_error (test, GST_RESOURCE_ERROR_READ);
  src_test_assert_flv (test, flv);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_data_func ("/src/end/play-stop", GINT_TO_POINTER (RTMP_PEER_PLAY_STOP), test_end);
  g_test_add_data_func ("/src/end/play-complete", GINT_TO_POINTER (RTMP_PEER_PLAY_COMPLETE),
      test_end);
  g_test_add_data_func ("/src/end/unpublish-notify", GINT_TO_POINTER (RTMP_PEER_PLAY_UNPUBLISH),
      test_end);
  g_test_add_data_func ("/src/end/stream-eof", GINT_TO_POINTER (RTMP_PEER_PLAY_EOF), test_end);
  g_test_add_func ("/src/end/on-stream-0", test_end_on_stream_0);
  g_test_add_func ("/src/end/eof-of-other-streams", test_eof_of_other_streams);
  g_test_add_data_func ("/src/end/play-complete-command", GINT_TO_POINTER (FALSE),
      test_play_complete_forms);
  g_test_add_data_func ("/src/end/play-complete-data", GINT_TO_POINTER (TRUE),
      test_play_complete_forms);
  g_test_add_func ("/src/end/nothing-behind", test_nothing_behind_the_end);
  g_test_add_func ("/src/end/unpublished-before-start", test_unpublished_before_start);
  g_test_add_func ("/src/end/plays-again", test_plays_again_after_the_end);
  g_test_add_func ("/src/end/plain-close", test_plain_close);
  g_test_add_func ("/src/end/reset", test_reset);
  g_test_add_data_func ("/src/end/idle-timeout/live", GINT_TO_POINTER (TRUE), test_idle_timeout);
  g_test_add_data_func ("/src/end/idle-timeout/recorded", GINT_TO_POINTER (FALSE),
      test_idle_timeout);
  g_test_add_func ("/src/end/pings-are-no-media", test_pings_are_no_media);
  g_test_add_func ("/src/end/later-status", test_later_status);
  g_test_add_func ("/src/end/harmless-status", test_harmless_status);
  g_test_add_func ("/src/end/close-command", test_close_command);
  g_test_add_func ("/src/end/fault-in-mid-stream", test_fault_in_mid_stream);
  return element_test_run ();
}
