/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "benchfeed.h"

#include <string.h>

#include "benchwire.h"
#include "core/rtmpcursor.h"
#include "core/rtmpflv.h"
#include "core/rtmpmessage.h"

#define TAG_OVERHEAD (RTMP_FLV_TAG_HEADER_SIZE + RTMP_FLV_TAG_TRAILER_SIZE)

typedef struct {
  GstBuffer *buffer;
  guint8 *data;
} Slot;

/* Buffers of one size; the sink lets go of them in the order in which it got them. */
typedef struct {
  guint8 type;
  guint size;
  GQueue slots;
} Pool;

struct _BenchFeed {
  GstPad *pad;
  Pool video;
  Pool audio;
  guint n_pictures;
};

/* -- Buffers -- */

static Slot *
slot_new (const Pool *pool)
{
  gsize size = pool->size + TAG_OVERHEAD;
  Slot *slot = g_new (Slot, 1);

  slot->data = g_malloc (size);
  memset (slot->data, 0x55, size);
  rtmp_write_u32 (slot->data + RTMP_FLV_TAG_HEADER_SIZE + pool->size,
      RTMP_FLV_TAG_HEADER_SIZE + pool->size);
  slot->buffer = gst_buffer_new_wrapped (slot->data, size);
  return slot;
}

static void
slot_free (gpointer data)
{
  Slot *slot = data;

  gst_buffer_unref (slot->buffer);
  g_free (slot);
}

/* (transfer none): the oldest slot if nobody has its buffer any more, else a new one. */
static Slot *
take_slot (Pool *pool, guint32 timestamp)
{
  const RtmpFlvTagHeader header = { pool->type, pool->size, timestamp };
  Slot *slot = g_queue_peek_head (&pool->slots);

  if (slot && GST_MINI_OBJECT_REFCOUNT_VALUE (slot->buffer) == 1)
    g_queue_push_tail_link (&pool->slots, g_queue_pop_head_link (&pool->slots));
  else
    g_queue_push_tail (&pool->slots, slot = slot_new (pool));
  rtmp_flv_write_tag_header (slot->data, &header);
  GST_BUFFER_DTS (slot->buffer) = timestamp * GST_MSECOND;
  GST_BUFFER_PTS (slot->buffer) = timestamp * GST_MSECOND;
  return slot;
}

static GstBuffer *
take_picture (BenchFeed *feed, guint32 timestamp)
{
  Slot *slot = take_slot (&feed->video, timestamp);
  gboolean key = feed->n_pictures++ % BENCH_KEY_INTERVAL == 0;

  bench_write_picture (slot->data + RTMP_FLV_TAG_HEADER_SIZE, key);
  if (key)
    GST_BUFFER_FLAG_UNSET (slot->buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  else
    GST_BUFFER_FLAG_SET (slot->buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  return gst_buffer_ref (slot->buffer);
}

/* -- What begins a stream -- */

static void
push_events (BenchFeed *feed)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("video/x-flv");
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (feed->pad, gst_event_new_stream_start ("bench"));
  gst_pad_push_event (feed->pad, gst_event_new_caps (caps));
  gst_pad_push_event (feed->pad, gst_event_new_segment (&segment));
}

static void
push_header (BenchFeed *feed, const guint8 *data, gsize size)
{
  GstBuffer *buffer = gst_buffer_new_memdup (data, size);

  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_HEADER);
  GST_BUFFER_PTS (buffer) = GST_BUFFER_DTS (buffer) = 0;
  gst_pad_push (feed->pad, buffer);
}

static void
push_headers (BenchFeed *feed)
{
  const RtmpFlvTagHeader header = { RTMP_MESSAGE_VIDEO, bench_avc_config_size, 0 };
  guint8 file[RTMP_FLV_FILE_HEADER_SIZE + RTMP_FLV_TAG_TRAILER_SIZE];
  guint8 tag[256];

  rtmp_flv_write_file_header (file, RTMP_FLV_HAS_VIDEO | RTMP_FLV_HAS_AUDIO);
  push_header (feed, file, sizeof (file));
  rtmp_flv_write_tag_header (tag, &header);
  memcpy (tag + RTMP_FLV_TAG_HEADER_SIZE, bench_avc_config, bench_avc_config_size);
  rtmp_write_u32 (tag + RTMP_FLV_TAG_HEADER_SIZE + bench_avc_config_size,
      RTMP_FLV_TAG_HEADER_SIZE + bench_avc_config_size);
  push_header (feed, tag, bench_avc_config_size + TAG_OVERHEAD);
}

/* -- Interface -- */

BenchFeed *
bench_feed_new (guint video_size, guint audio_size)
{
  BenchFeed *feed = g_new0 (BenchFeed, 1);

  feed->video.type = RTMP_MESSAGE_VIDEO;
  feed->video.size = video_size;
  g_queue_push_tail (&feed->video.slots, slot_new (&feed->video));
  feed->audio.type = RTMP_MESSAGE_AUDIO;
  feed->audio.size = audio_size;
  g_queue_push_tail (&feed->audio.slots, slot_new (&feed->audio));
  feed->pad = gst_object_ref_sink (gst_pad_new ("src", GST_PAD_SRC));
  return feed;
}

void
bench_feed_start (BenchFeed *feed, GstElement *sink)
{
  g_autoptr (GstPad) peer = gst_element_get_static_pad (sink, "sink");

  gst_pad_set_active (feed->pad, TRUE);
  if (gst_pad_link (feed->pad, peer) != GST_PAD_LINK_OK)
    g_error ("the sink takes no pad");
  push_events (feed);
  push_headers (feed);
}

void
bench_feed_free (BenchFeed *feed)
{
  g_queue_clear_full (&feed->video.slots, slot_free);
  g_queue_clear_full (&feed->audio.slots, slot_free);
  gst_pad_set_active (feed->pad, FALSE);
  gst_object_unref (feed->pad);
  g_free (feed);
}

GstFlowReturn
bench_feed_push_video (BenchFeed *feed, guint32 timestamp)
{
  return gst_pad_push (feed->pad, take_picture (feed, timestamp));
}

GstFlowReturn
bench_feed_push_audio (BenchFeed *feed, guint32 timestamp)
{
  Slot *slot = take_slot (&feed->audio, timestamp);

  slot->data[RTMP_FLV_TAG_HEADER_SIZE] = 0xaf;
  slot->data[RTMP_FLV_TAG_HEADER_SIZE + 1] = 1;
  return gst_pad_push (feed->pad, gst_buffer_ref (slot->buffer));
}

GstFlowReturn
bench_feed_push_list (BenchFeed *feed, guint32 timestamp, guint interval, guint n)
{
  GstBufferList *list = gst_buffer_list_new_sized (n);
  guint i;

  for (i = 0; i < n; i++)
    gst_buffer_list_add (list, take_picture (feed, timestamp + i * interval));
  return gst_pad_push_list (feed->pad, list);
}

void
bench_feed_push_eos (BenchFeed *feed)
{
  gst_pad_push_event (feed->pad, gst_event_new_eos ());
}
