/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SRC_TEST_H
#define SRC_TEST_H

#include <gst/base/gstbasesrc.h>

#include "core/rtmpcontrol.h"
#include "core/rtmpcursor.h"
#include "core/rtmpflv.h"
#include "support/elementtest.h"
#include "support/rtmppeer.h"
#include "support/testutil.h"

/* A stream's key that must not show up in any text. */
#define SRC_TEST_KEY "sEcretKey"
#define SRC_TEST_FILE_HEADER_SIZE 13

/* What arrived, in its order. @segment counts from 1. */
typedef struct {
  GstBuffer *buffer;
  GstClockTime running_time; /* of DTS; GST_CLOCK_TIME_NONE without one */
  guint segment;
} SrcItem;

/**
 * SrcTest: a pipeline of one rtmp2src that plays from a peer at "live/" SRC_TEST_KEY; what it
 * pushes is collected by a pad of the test's.
 * @hold: the pad blocks in the middle of a push
 */
typedef struct {
  RtmpPeer *peer;
  GstElement *pipeline;
  GstElement *src;
  GstPad *pad;
  GstBus *bus;

  GMutex lock;
  GCond cond;
  GArray *items;
  GstSegment segment;
  guint n_segments;
  guint n_lists;
  guint n_singles;
  guint n_blocked;
  gboolean hold;
  gboolean flushing;
  gboolean eos;
} SrcTest;

/* -- The pad -- */

static inline void
src_item_clear (gpointer item)
{
  gst_buffer_unref (((SrcItem *) item)->buffer);
}

static inline gboolean
src_test_pass_locked (SrcTest *test)
{
  test->n_blocked++;
  g_cond_broadcast (&test->cond);
  while (test->hold && !test->flushing)
    g_cond_wait (&test->cond, &test->lock);
  test->n_blocked--;
  return !test->flushing;
}

/* @buffer: (transfer full) */
static inline void
src_test_keep_locked (SrcTest *test, GstBuffer *buffer)
{
  SrcItem item = { buffer, GST_CLOCK_TIME_NONE, test->n_segments };

  if (GST_BUFFER_DTS_IS_VALID (buffer))
    item.running_time = gst_segment_to_running_time (&test->segment, GST_FORMAT_TIME,
        GST_BUFFER_DTS (buffer));
  g_array_append_val (test->items, item);
}

static inline GstFlowReturn
src_test_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  SrcTest *test = gst_pad_get_element_private (pad);
  gboolean pass;

  (void) parent;
  g_mutex_lock (&test->lock);
  pass = src_test_pass_locked (test);
  if (pass) {
    test->n_singles++;
    src_test_keep_locked (test, buffer);
  }
  g_cond_broadcast (&test->cond);
  g_mutex_unlock (&test->lock);
  if (!pass)
    gst_buffer_unref (buffer);
  return pass ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

static inline GstFlowReturn
src_test_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  SrcTest *test = gst_pad_get_element_private (pad);
  gboolean pass;
  guint i;

  (void) parent;
  g_mutex_lock (&test->lock);
  pass = src_test_pass_locked (test);
  test->n_lists += pass;
  for (i = 0; pass && i < gst_buffer_list_length (list); i++)
    src_test_keep_locked (test, gst_buffer_ref (gst_buffer_list_get (list, i)));
  g_cond_broadcast (&test->cond);
  g_mutex_unlock (&test->lock);
  gst_buffer_list_unref (list);
  return pass ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

static inline gboolean
src_test_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  SrcTest *test = gst_pad_get_element_private (pad);

  (void) parent;
  g_mutex_lock (&test->lock);
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &test->segment);
      test->n_segments++;
      break;
    case GST_EVENT_EOS:
      test->eos = TRUE;
      break;
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
      test->flushing = GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START;
      break;
    default:
      break;
  }
  g_cond_broadcast (&test->cond);
  g_mutex_unlock (&test->lock);
  gst_event_unref (event);
  return TRUE;
}

static inline void
src_test_set_hold (SrcTest *test, gboolean hold)
{
  g_mutex_lock (&test->lock);
  test->hold = hold;
  g_cond_broadcast (&test->cond);
  g_mutex_unlock (&test->lock);
}

/* -- Beginning and end -- */

static inline void
src_test_add_pad (SrcTest *test)
{
  g_autoptr (GstPad) src_pad = gst_element_get_static_pad (test->src, "src");

  test->pad = gst_object_ref_sink (gst_pad_new ("sink", GST_PAD_SINK));
  gst_pad_set_element_private (test->pad, test);
  gst_pad_set_chain_function (test->pad, src_test_chain);
  gst_pad_set_chain_list_function (test->pad, src_test_chain_list);
  gst_pad_set_event_function (test->pad, src_test_event);
  gst_pad_set_active (test->pad, TRUE);
  g_assert_cmpint (gst_pad_link (src_pad, test->pad), ==, GST_PAD_LINK_OK);
}

/* Properties of the source follow, as for g_object_set(). @peer: (transfer full) (nullable) */
static inline SrcTest *
src_test_new_with_peer (RtmpPeer *peer, const gchar *property, va_list args)
{
  SrcTest *test = g_new0 (SrcTest, 1);

  g_mutex_init (&test->lock);
  g_cond_init (&test->cond);
  test->items = g_array_new (FALSE, FALSE, sizeof (SrcItem));
  g_array_set_clear_func (test->items, src_item_clear);
  gst_segment_init (&test->segment, GST_FORMAT_TIME);
  test->peer = peer;
  test->pipeline = gst_pipeline_new (NULL);
  test->src = gst_element_factory_make ("rtmp2src", NULL);
  if (peer) {
    g_autofree gchar *location = rtmp_peer_get_url (peer, "live/" SRC_TEST_KEY);

    g_object_set (test->src, "location", location, NULL);
  }
  if (property)
    g_object_set_valist (G_OBJECT (test->src), property, args);
  gst_bin_add (GST_BIN (test->pipeline), test->src);
  test->bus = gst_element_get_bus (test->pipeline);
  src_test_add_pad (test);
  return test;
}

/* @config: (nullable): as for rtmp_peer_new() */
static inline SrcTest *
src_test_new (const RtmpPeerConfig *config, const gchar *property, ...)
{
  SrcTest *test;
  va_list args;

  va_start (args, property);
  test = src_test_new_with_peer (rtmp_peer_new (config), property, args);
  va_end (args);
  return test;
}

/* Without a peer: the location is the test's. */
static inline SrcTest *
src_test_new_alone (const gchar *property, ...)
{
  SrcTest *test;
  va_list args;

  va_start (args, property);
  test = src_test_new_with_peer (NULL, property, args);
  va_end (args);
  return test;
}

static inline void
src_test_set_state (SrcTest *test, GstState state)
{
  g_assert_cmpint (gst_element_set_state (test->pipeline, state), !=, GST_STATE_CHANGE_FAILURE);
}

static inline void
src_test_play (SrcTest *test)
{
  src_test_set_state (test, GST_STATE_PLAYING);
}

static inline void
src_test_stop (SrcTest *test)
{
  g_mutex_lock (&test->lock);
  test->flushing = TRUE;
  g_cond_broadcast (&test->cond);
  g_mutex_unlock (&test->lock);
  g_assert_cmpint (gst_element_set_state (test->pipeline, GST_STATE_NULL), ==,
      GST_STATE_CHANGE_SUCCESS);
  gst_pad_set_active (test->pad, FALSE);
}

static inline void
src_test_free (SrcTest *test)
{
  src_test_stop (test);
  gst_object_unref (test->bus);
  gst_object_unref (test->pipeline);
  gst_object_unref (test->pad);
  g_clear_pointer (&test->peer, rtmp_peer_free);
  g_array_unref (test->items);
  g_mutex_clear (&test->lock);
  g_cond_clear (&test->cond);
  g_free (test);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SrcTest, src_test_free)

/* -- Waiting -- */

typedef gboolean (*SrcCondition) (SrcTest *test, guint n);

/* What the pipeline says, for whoever looks for the reason. */
static inline void
src_test_explain (SrcTest *test)
{
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (test->bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING))) {
    g_autofree gchar *text = gst_structure_to_string (gst_message_get_structure (message));

    g_test_message ("%s", text);
    gst_message_unref (message);
  }
  g_test_message ("%u buffers, %u segments, eos %d", test->items->len, test->n_segments, test->eos);
}

static inline void
src_test_wait (SrcTest *test, SrcCondition condition, guint n)
{
  gint64 deadline = g_get_monotonic_time () + ELEMENT_TEST_PATIENCE / GST_USECOND;
  gboolean done;

  g_mutex_lock (&test->lock);
  while (!(done = condition (test, n))) {
    if (!g_cond_wait_until (&test->cond, &test->lock, deadline))
      break;
  }
  g_mutex_unlock (&test->lock);
  if (!done)
    src_test_explain (test);
  g_assert_true (done);
}

static inline gboolean
src_test_has_items (SrcTest *test, guint n)
{
  return test->items->len >= n;
}

static inline gboolean
src_test_has_segments (SrcTest *test, guint n)
{
  return test->n_segments >= n;
}

static inline gboolean
src_test_has_eos (SrcTest *test, guint n)
{
  (void) n;
  return test->eos;
}

static inline gboolean
src_test_is_blocked (SrcTest *test, guint n)
{
  return test->n_blocked >= n;
}

/* Until @n buffers have arrived; the FLV file header is the first one. */
static inline void
src_test_wait_items (SrcTest *test, guint n)
{
  src_test_wait (test, src_test_has_items, n);
}

static inline void
src_test_wait_eos (SrcTest *test)
{
  src_test_wait (test, src_test_has_eos, 0);
}

/* Until a push is blocked by @hold. */
static inline void
src_test_wait_blocked (SrcTest *test)
{
  src_test_wait (test, src_test_is_blocked, 1);
}

/* Until the peer is in that stage. */
static inline void
src_test_wait_stage (SrcTest *test, RtmpPeerStage stage)
{
  g_assert_true (rtmp_peer_wait_stage (test->peer, RTMP_PEER_LAST, stage));
}

/* (transfer full): the ERROR message of that GstResourceError. */
static inline GstMessage *
src_test_wait_error (SrcTest *test, GstResourceError code)
{
  return element_test_wait_error (test->bus, GST_RESOURCE_ERROR, code);
}

/* -- What arrived -- */

/* (transfer none): valid until more arrives */
static inline SrcItem *
src_test_item (SrcTest *test, guint index)
{
  g_assert_cmpuint (index, <, test->items->len);
  return &g_array_index (test->items, SrcItem, index);
}

static inline gboolean
src_test_has_flag (SrcTest *test, guint index, GstBufferFlags flag)
{
  return GST_BUFFER_FLAG_IS_SET (src_test_item (test, index)->buffer, flag);
}

/* The tag's timestamp. */
static inline guint32
src_test_timestamp (SrcTest *test, guint index)
{
  RtmpFlvTagHeader tag = { 0 };
  guint8 header[RTMP_FLV_TAG_HEADER_SIZE];

  g_assert_cmpuint (gst_buffer_extract (src_test_item (test, index)->buffer, 0, header,
                        sizeof (header)),
      ==, sizeof (header));
  g_assert_true (rtmp_flv_parse_tag_header (header, &tag, NULL));
  return tag.timestamp;
}

/* (transfer full): all buffers, one behind the other */
static inline GBytes *
src_test_get_flv (SrcTest *test)
{
  g_autoptr (GByteArray) flv = g_byte_array_new ();
  guint i;

  g_mutex_lock (&test->lock);
  for (i = 0; i < test->items->len; i++) {
    GstBuffer *buffer = src_test_item (test, i)->buffer;
    GstMapInfo map;

    g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
    g_byte_array_append (flv, map.data, (guint) map.size);
    gst_buffer_unmap (buffer, &map);
  }
  g_mutex_unlock (&test->lock);
  return g_byte_array_free_to_bytes (g_steal_pointer (&flv));
}

/* What arrived is an FLV file of the same tags. */
static inline void
src_test_assert_flv (SrcTest *test, GBytes *expected)
{
  g_autoptr (GBytes) flv = src_test_get_flv (test);
  g_autoptr (GPtrArray) actual_tags = test_flv_split (flv);
  g_autoptr (GPtrArray) expected_tags = test_flv_split (expected);

  g_assert_cmpmem (g_bytes_get_data (flv, NULL), 3, "FLV", 3);
  test_assert_same_media (actual_tags, expected_tags);
}

/* -- Statistics -- */

static inline guint64
src_test_get_stat (SrcTest *test, const gchar *name)
{
  g_autoptr (GstStructure) stats = NULL;
  const GValue *value;

  g_object_get (test->src, "stats", &stats, NULL);
  value = gst_structure_get_value (stats, name);
  g_assert_nonnull (value);
  return G_VALUE_HOLDS_UINT (value) ? g_value_get_uint (value) : g_value_get_uint64 (value);
}

typedef struct {
  SrcTest *test;
  const gchar *name;
  guint64 least;
} SrcStat;

static inline gboolean
src_test_stat_is_there (gpointer data)
{
  const SrcStat *stat = data;

  return src_test_get_stat (stat->test, stat->name) >= stat->least;
}

static inline void
src_test_wait_stat (SrcTest *test, const gchar *name, guint64 least)
{
  SrcStat stat = { test, name, least };

  g_assert_true (test_wait_until (src_test_stat_is_there, &stat));
}

/* -- Sending -- */

/* What the peer has sent so far, as FLV, for src_test_assert_flv(). */
static inline void
src_test_send_tags (SrcTest *test, GByteArray *flv)
{
  g_autoptr (GBytes) bytes = g_bytes_new (flv->data, flv->len);

  rtmp_peer_send_flv (test->peer, RTMP_PEER_LAST, bytes);
}

/* One message of bytes, on any message stream. */
static inline void
src_test_send_message (SrcTest *test, guint8 type, guint32 stream_id, guint32 timestamp,
    gconstpointer data, gsize size)
{
  rtmp_peer_send_message (test->peer, RTMP_PEER_LAST,
      rtmp_message_new_copied (type, stream_id, timestamp, data, size));
}

#endif
