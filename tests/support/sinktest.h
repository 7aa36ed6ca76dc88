/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SINK_TEST_H
#define SINK_TEST_H

#include "core/rtmpflv.h"
#include "support/elementtest.h"
#include "support/rtmppeer.h"
#include "support/testutil.h"

/* A stream's key that must not show up in any text. */
#define SINK_TEST_KEY "sEcretKey"

/**
 * SinkTest: a pipeline of one rtmp2sink that publishes to a peer, fed through @pad by the test.
 * @peer: (nullable): at "live/" SINK_TEST_KEY
 */
typedef struct {
  RtmpPeer *peer;
  GstElement *pipeline;
  GstElement *sink;
  GstPad *pad;
  GstBus *bus;
} SinkTest;

/* Properties of the sink follow, as for g_object_set(). @peer: (transfer full) (nullable) */
static inline SinkTest *
sink_test_new_with_peer (RtmpPeer *peer, const gchar *property, va_list args)
{
  SinkTest *test = g_new0 (SinkTest, 1);
  g_autoptr (GstPad) sink_pad = NULL;

  test->peer = peer;
  test->pipeline = gst_pipeline_new (NULL);
  test->sink = gst_element_factory_make ("rtmp2sink", NULL);
  g_object_set (test->sink, "sync", FALSE, NULL);
  if (peer) {
    g_autofree gchar *location = rtmp_peer_get_url (peer, "live/" SINK_TEST_KEY);

    g_object_set (test->sink, "location", location, NULL);
  }
  if (property)
    g_object_set_valist (G_OBJECT (test->sink), property, args);
  gst_bin_add (GST_BIN (test->pipeline), test->sink);

  test->bus = gst_element_get_bus (test->pipeline);
  test->pad = gst_pad_new ("src", GST_PAD_SRC);
  sink_pad = gst_element_get_static_pad (test->sink, "sink");
  g_assert_cmpint (gst_pad_link (test->pad, sink_pad), ==, GST_PAD_LINK_OK);
  return test;
}

/* @config: (nullable): as for rtmp_peer_new() */
static inline SinkTest *
sink_test_new (const RtmpPeerConfig *config, const gchar *property, ...)
{
  SinkTest *test;
  va_list args;

  va_start (args, property);
  test = sink_test_new_with_peer (rtmp_peer_new (config), property, args);
  va_end (args);
  return test;
}

/* Without a peer: the location is the test's. */
static inline SinkTest *
sink_test_new_alone (const gchar *property, ...)
{
  SinkTest *test;
  va_list args;

  va_start (args, property);
  test = sink_test_new_with_peer (NULL, property, args);
  va_end (args);
  return test;
}

static inline void
sink_test_set_state (SinkTest *test, GstState state)
{
  g_assert_cmpint (gst_element_set_state (test->pipeline, state), !=, GST_STATE_CHANGE_FAILURE);
}

/* Until the state change under way is over. */
static inline void
sink_test_wait_state (SinkTest *test)
{
  g_assert_cmpint (gst_element_get_state (test->pipeline, NULL, NULL, ELEMENT_TEST_PATIENCE), ==,
      GST_STATE_CHANGE_SUCCESS);
}

static inline void
sink_test_stop (SinkTest *test)
{
  gst_pad_set_active (test->pad, FALSE);
  g_assert_cmpint (gst_element_set_state (test->pipeline, GST_STATE_NULL), ==,
      GST_STATE_CHANGE_SUCCESS);
}

static inline void
sink_test_free (SinkTest *test)
{
  sink_test_stop (test);
  gst_object_unref (test->bus);
  gst_object_unref (test->pad);
  gst_object_unref (test->pipeline);
  g_clear_pointer (&test->peer, rtmp_peer_free);
  g_free (test);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SinkTest, sink_test_free)

/* -- Feeding -- */

/* (transfer full): caps of FLV; @headers: (nullable) (transfer none): FLV tags of streamheader,
 * each a buffer of its own, %NULL-terminated */
static inline GstCaps *
sink_test_make_caps (GByteArray *const *headers)
{
  GstCaps *caps = gst_caps_new_empty_simple ("video/x-flv");
  GValue array = G_VALUE_INIT;
  guint i;

  if (!headers)
    return caps;
  g_value_init (&array, GST_TYPE_ARRAY);
  for (i = 0; headers[i]; i++) {
    GValue value = G_VALUE_INIT;

    g_value_init (&value, GST_TYPE_BUFFER);
    gst_value_take_buffer (&value, gst_buffer_new_memdup (headers[i]->data, headers[i]->len));
    gst_value_array_append_and_take_value (&array, &value);
  }
  gst_caps_set_value (caps, "streamheader", &array);
  g_value_unset (&array);
  return caps;
}

/* @caps: (transfer full) */
static inline void
sink_test_push_caps (SinkTest *test, GstCaps *caps)
{
  g_assert_true (gst_pad_push_event (test->pad, gst_event_new_caps (caps)));
  gst_caps_unref (caps);
}

static inline void
sink_test_push_segment (SinkTest *test)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_pad_push_event (test->pad, gst_event_new_segment (&segment)));
}

/* What comes before buffers. @caps: (transfer full) (nullable): NULL is FLV without streamheader */
static inline void
sink_test_begin (SinkTest *test, GstCaps *caps)
{
  g_assert_true (gst_pad_set_active (test->pad, TRUE));
  g_assert_true (gst_pad_push_event (test->pad, gst_event_new_stream_start ("sink-test")));
  sink_test_push_caps (test, caps ? caps : sink_test_make_caps (NULL));
  sink_test_push_segment (test);
}

/* The same, in PLAYING. */
static inline void
sink_test_play (SinkTest *test, GstCaps *caps)
{
  sink_test_set_state (test, GST_STATE_PLAYING);
  sink_test_begin (test, caps);
}

static inline GstFlowReturn
sink_test_push_data (SinkTest *test, gconstpointer data, gsize size, GstBufferFlags flags)
{
  GstBuffer *buffer = gst_buffer_new_memdup (data, size);

  GST_BUFFER_FLAG_SET (buffer, flags);
  return gst_pad_push (test->pad, buffer);
}

/* @buffer: (transfer full) */
static inline void
sink_test_push_buffer (SinkTest *test, GstBuffer *buffer)
{
  g_assert_cmpint (gst_pad_push (test->pad, buffer), ==, GST_FLOW_OK);
}

/* @list: (transfer full) */
static inline void
sink_test_push_list (SinkTest *test, GstBufferList *list)
{
  g_assert_cmpint (gst_pad_push_list (test->pad, list), ==, GST_FLOW_OK);
}

/* All of it in one buffer. */
static inline void
sink_test_push (SinkTest *test, const GByteArray *flv)
{
  sink_test_push_buffer (test, gst_buffer_new_memdup (flv->data, flv->len));
}

static inline void
sink_test_push_bytes (SinkTest *test, GBytes *flv)
{
  sink_test_push_buffer (test, gst_buffer_new_wrapped_bytes (flv));
}

/* EOS, and until its message is there. */
static inline void
sink_test_end (SinkTest *test)
{
  g_assert_true (gst_pad_push_event (test->pad, gst_event_new_eos ()));
  element_test_wait_eos (test->bus);
}

/* -- Feeding from another thread: what may block -- */

typedef struct {
  GstPad *pad;
  GstMiniObject *object;
  GThread *thread;
  gint done; /* atomic */
} SinkFeed;

static inline gpointer
sink_feed_run (gpointer data)
{
  SinkFeed *feed = data;
  GstFlowReturn flow = GST_FLOW_OK;

  if (GST_IS_BUFFER (feed->object))
    flow = gst_pad_push (feed->pad, GST_BUFFER_CAST (feed->object));
  else if (!gst_pad_push_event (feed->pad, GST_EVENT_CAST (feed->object)))
    flow = GST_FLOW_ERROR;
  g_atomic_int_set (&feed->done, TRUE);
  return GINT_TO_POINTER (flow);
}

/* @object: (transfer full): a buffer or an event */
static inline SinkFeed *
sink_feed_begin (SinkTest *test, gpointer object)
{
  SinkFeed *feed = g_new0 (SinkFeed, 1);

  feed->pad = gst_object_ref (test->pad);
  feed->object = object;
  feed->thread = g_thread_new ("feed", sink_feed_run, feed);
  return feed;
}

/* @bytes: (transfer full) */
static inline SinkFeed *
sink_feed_begin_bytes (SinkTest *test, GBytes *bytes)
{
  GstBuffer *buffer = gst_buffer_new_wrapped_bytes (bytes);

  g_bytes_unref (bytes);
  return sink_feed_begin (test, buffer);
}

static inline gboolean
sink_feed_is_done (SinkFeed *feed)
{
  return g_atomic_int_get (&feed->done);
}

/* Waits for it. An event that was refused is GST_FLOW_ERROR. */
static inline GstFlowReturn
sink_feed_end (SinkFeed *feed)
{
  GstFlowReturn flow = (GstFlowReturn) GPOINTER_TO_INT (g_thread_join (feed->thread));

  gst_object_unref (feed->pad);
  g_free (feed);
  return flow;
}

/* -- Statistics -- */

/* (transfer full) */
static inline GstStructure *
sink_test_get_stats (SinkTest *test)
{
  GstStructure *stats;

  g_object_get (test->sink, "stats", &stats, NULL);
  return stats;
}

static inline guint64
sink_test_get_stat (SinkTest *test, const gchar *name)
{
  g_autoptr (GstStructure) stats = sink_test_get_stats (test);
  guint64 value = 0;

  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

static inline gboolean
sink_test_has_backlog (gpointer test)
{
  return sink_test_get_stat (test, "out-queue-bytes") > 0;
}

/* Bytes after which a stalling peer stops reading, and how the peer is told. */
#define SINK_TEST_STALL 10000
#define SINK_TEST_STALLED .stop_reading_after = SINK_TEST_STALL, .receive_buffer = 4096

/* Until such a peer has stopped reading, the socket is full and data waits for it. */
static inline void
sink_test_wait_stalled (SinkTest *test)
{
  g_assert_true (rtmp_peer_wait_bytes (test->peer, RTMP_PEER_LAST, SINK_TEST_STALL));
  g_assert_true (test_wait_until (sink_test_has_backlog, test));
}

/* The sink's socket; -1 if there is none. */
static inline gint
sink_test_find_socket (SinkTest *test)
{
  return test_find_socket (rtmp_peer_get_port (test->peer));
}

/* -- What arrives -- */

/* (transfer full) (element-type RtmpMessage): the tags of FLV as a publisher sends them */
static inline GPtrArray *
sink_test_expect (GBytes *flv)
{
  GPtrArray *messages = test_flv_split (flv);
  guint i;

  for (i = 0; i < messages->len; i++) {
    RtmpMessage *plain = messages->pdata[i];

    messages->pdata[i] = rtmp_flv_add_set_data_frame (plain);
    rtmp_message_unref (plain);
  }
  return messages;
}

/* Waits for as many messages as @flv has tags, and compares. */
static inline void
sink_test_assert_media (SinkTest *test, GBytes *flv)
{
  g_autoptr (GPtrArray) expected = sink_test_expect (flv);
  g_autoptr (RtmpPeerRecord) record = NULL;

  g_assert_true (rtmp_peer_wait_media (test->peer, RTMP_PEER_LAST, expected->len));
  record = rtmp_peer_get_record (test->peer, RTMP_PEER_LAST);
  test_assert_same_media (record->media, expected);
}

#endif
