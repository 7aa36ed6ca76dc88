/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sinktest.h"
#include "support/srctest.h"

/* fast-start: what goes out before it is accepted, and what the application sees of it. */

static const gchar *const fast_starts[] = { "pipelined", "immediate" };

/* (transfer full): publishes to a peer that holds back its answer to publish. */
static SinkTest *
ahead_test_new (const gchar *fast_start)
{
  RtmpPeerConfig config = { 0 };
  SinkTest *test;

  config.reactions[RTMP_PEER_START].action = RTMP_PEER_HOLD;
  test = sink_test_new (&config, NULL);
  gst_util_set_object_arg (G_OBJECT (test->sink), "fast-start", fast_start);
  return test;
}

static guint
count_fallbacks (GstElement *element)
{
  g_autoptr (GstStructure) stats = NULL;
  guint fallbacks = G_MAXUINT;

  g_object_get (element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint (stats, "fast-start-fallbacks", &fallbacks));
  return fallbacks;
}

static void
assert_recorded (SinkTest *test, guint connection, GPtrArray *messages)
{
  g_autoptr (RtmpPeerRecord) record = NULL;

  g_assert_true (rtmp_peer_wait_ended (test->peer, connection));
  record = rtmp_peer_get_record (test->peer, connection);
  test_assert_same_media (record->media, messages);
}

/* -- rtmp2sink -- */

/* render() does not wait for the server; EOS does. */
static void
test_ahead (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (fast_starts); i++) {
    g_autoptr (SinkTest) test = ahead_test_new (fast_starts[i]);
    g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
    g_autoptr (GPtrArray) messages = sink_test_expect (flv);
    SinkFeed *feed;

    sink_test_play (test, NULL);
    sink_test_push_bytes (test, flv);
    g_assert_true (rtmp_peer_wait_media (test->peer, 0, messages->len));
    feed = sink_feed_begin (test, gst_event_new_eos ());
    g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_EOS), ==, 0);
    rtmp_peer_pass (test->peer, RTMP_PEER_START);
    g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_OK);
    element_test_wait_eos (test->bus);
    g_assert_cmpuint (count_fallbacks (test->sink), ==, 0);
    assert_recorded (test, 0, messages);
    g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 1);
  }
}

/* The server resets the connection, with the end of the stream on its way or before it: the
 * streamheader and all media arrive over the second one. */
static void
test_fallback (void)
{
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (fast_starts); i++) {
    g_autoptr (SinkTest) test = ahead_test_new (fast_starts[i / 2]);
    g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
    g_autoptr (GPtrArray) messages = sink_test_expect (flv);
    SinkFeed *feed = NULL;

    sink_test_play (test, NULL);
    sink_test_push_bytes (test, flv);
    g_assert_true (rtmp_peer_wait_media (test->peer, 0, messages->len));
    if (i % 2)
      feed = sink_feed_begin (test, gst_event_new_eos ());
    rtmp_peer_set_config (test->peer, NULL);
    rtmp_peer_close (test->peer, 0, RTMP_PEER_RST);
    if (feed)
      g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_OK);
    else
      g_assert_true (gst_pad_push_event (test->pad, gst_event_new_eos ()));
    element_test_wait_eos (test->bus);
    g_assert_cmpuint (count_fallbacks (test->sink), ==, 1);
    g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
    assert_recorded (test, 1, messages);
  }
}

/* As without it: the server's words, and one message. */
static void
test_refused (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (fast_starts); i++) {
    const RtmpPeerConfig config = {
      .reactions[RTMP_PEER_START] = { RTMP_PEER_REJECT_AND_CLOSE, NULL, "NetStream.Publish.BadName",
          "Taken" },
    };
    g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
    g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
    g_autoptr (GstMessage) message = NULL;
    g_autofree gchar *code = NULL;

    gst_util_set_object_arg (G_OBJECT (test->sink), "fast-start", fast_starts[i]);
    sink_test_play (test, NULL);
    gst_pad_push (test->pad, gst_buffer_new_wrapped_bytes (flv));
    message = element_test_wait_error (test->bus, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY);
    code = element_test_get_detail (message, "server-code");
    g_assert_cmpstr (code, ==, "NetStream.Publish.BadName");
    g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 2);
  }
}

/* EOS waits for the server: a flush and a state change end that, and a flush is not the end. */
static void
test_interruptions (void)
{
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (fast_starts); i++) {
    g_autoptr (SinkTest) test = ahead_test_new (fast_starts[i / 2]);
    g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
    g_autoptr (GPtrArray) messages = sink_test_expect (flv);
    SinkFeed *feed;

    sink_test_play (test, NULL);
    sink_test_push_bytes (test, flv);
    g_assert_true (rtmp_peer_wait_media (test->peer, 0, messages->len));
    feed = sink_feed_begin (test, gst_event_new_eos ());
    if (i % 2) {
      sink_test_stop (test);
      sink_feed_end (feed);
    } else {
      g_assert_true (gst_pad_push_event (test->pad, gst_event_new_flush_start ()));
      sink_feed_end (feed);
      rtmp_peer_pass (test->peer, RTMP_PEER_START);
      g_assert_true (gst_pad_push_event (test->pad, gst_event_new_flush_stop (TRUE)));
      sink_test_push_segment (test);
      sink_test_push_bytes (test, flv);
      sink_test_end (test);
      g_assert_true (rtmp_peer_wait_all_ended (test->peer));
    }
    g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
  }
}

/* With a user name the order is the strict one. */
static void
test_credentials (void)
{
  RtmpPeerConfig config = { .username = "user", .password = "pass" };
  g_autoptr (SinkTest) test = sink_test_new (&config, "username", "user", "password", "pass", NULL);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
  g_autoptr (GPtrArray) messages = sink_test_expect (flv);

  gst_util_set_object_arg (G_OBJECT (test->sink), "fast-start", "immediate");
  sink_test_play (test, NULL);
  sink_test_push_bytes (test, flv);
  sink_test_end (test);
  g_assert_cmpuint (count_fallbacks (test->sink), ==, 0);
  assert_recorded (test, 2, messages);
}

/* -- rtmp2src -- */

static SrcTest *
src_fast_new (const RtmpPeerConfig *config, const gchar *fast_start)
{
  SrcTest *test = src_test_new (config, NULL);

  gst_util_set_object_arg (G_OBJECT (test->src), "fast-start", fast_start);
  return test;
}

/* A buffer for each message, and the file header, whether or not it was accepted at once. */
static void
test_play (void)
{
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (fast_starts); i++) {
    g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
    g_autoptr (GPtrArray) messages = sink_test_expect (flv);
    const RtmpPeerConfig playing = { .flv = flv, .flv_end = RTMP_PEER_PLAY_STOP };
    RtmpPeerConfig config = playing;
    g_autoptr (SrcTest) test = NULL;

    if (i % 2)
      config.reactions[RTMP_PEER_CONNECT].action = RTMP_PEER_HOLD;
    test = src_fast_new (&config, fast_starts[i / 2]);
    src_test_play (test);
    if (i % 2) {
      g_assert_true (rtmp_peer_wait_command (test->peer, 0, "play", 1));
      rtmp_peer_set_config (test->peer, &playing);
      rtmp_peer_close (test->peer, 0, RTMP_PEER_FIN);
    }
    src_test_wait (test, src_test_has_eos, 0);
    g_assert_cmpuint (test->items->len, ==, messages->len + 1);
    g_assert_cmpuint (count_fallbacks (test->src), ==, i % 2);
    g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
  }
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);
  g_test_add_func ("/fast-start/ahead", test_ahead);
  g_test_add_func ("/fast-start/fallback", test_fallback);
  g_test_add_func ("/fast-start/refused", test_refused);
  g_test_add_func ("/fast-start/interruptions", test_interruptions);
  g_test_add_func ("/fast-start/credentials", test_credentials);
  g_test_add_func ("/fast-start/play", test_play);
  return element_test_run ();
}
