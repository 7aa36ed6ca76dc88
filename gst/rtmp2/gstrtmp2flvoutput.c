/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstrtmp2flvoutput.h"

#include <string.h>

#define FILE_HEADER_SIZE (RTMP_FLV_FILE_HEADER_SIZE + RTMP_FLV_TAG_TRAILER_SIZE)

void
gst_rtmp2_flv_output_init (GstRtmp2FlvOutput *output)
{
  memset (output, 0, sizeof *output);
}

gboolean
gst_rtmp2_flv_output_is_coded (const RtmpQueueItem *item)
{
  switch (item->kind) {
    case RTMP_TAG_KEY:
    case RTMP_TAG_INTER:
    case RTMP_TAG_DISPOSABLE:
    case RTMP_TAG_AUDIO:
      return TRUE;
    default:
      return FALSE;
  }
}

/* What the stream holds, if it begins with metadata that tells; a demuxer waits for both else. */
static guint8
file_flags (const RtmpQueueItem *first)
{
  guint8 flags = 0;

  if (first->kind == RTMP_TAG_METADATA)
    flags = rtmp_flv_metadata_flags (first->message);
  return flags ? flags : RTMP_FLV_HAS_AUDIO | RTMP_FLV_HAS_VIDEO;
}

static GstBuffer *
new_file_header (const RtmpQueueItem *first)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, FILE_HEADER_SIZE, NULL);
  guint8 header[FILE_HEADER_SIZE];

  rtmp_flv_write_file_header (header, file_flags (first));
  gst_buffer_fill (buffer, 0, header, sizeof header);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_HEADER);
  return buffer;
}

static void
set_flags (GstRtmp2FlvOutput *self, const RtmpQueueItem *item, GstBuffer *buffer)
{
  RtmpTagKind kind = item->kind;

  self->has_video |= item->is_video;
  if (kind == RTMP_TAG_CONFIG || kind == RTMP_TAG_METADATA)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_HEADER);
  else if (self->has_video && kind != RTMP_TAG_KEY)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  if (item->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
}

/* Serial arithmetic (RFC 1982), from the first coded tag on. */
static void
advance_time (GstRtmp2FlvOutput *self, guint32 timestamp)
{
  if (self->has_time)
    self->time += (gint32) (timestamp - self->last_timestamp);
  else
    self->time = timestamp;
  self->has_time = TRUE;
  self->last_timestamp = timestamp;
}

void
gst_rtmp2_flv_output_write (GstRtmp2FlvOutput *output, RtmpQueueItem *item, GPtrArray *buffers,
    gboolean timestamp)
{
  RtmpMessage *message = item->message;
  gsize size = RTMP_FLV_TAG_HEADER_SIZE + message->size + RTMP_FLV_TAG_TRAILER_SIZE;
  guint8 *tag = rtmp_flv_finish_tag (message, message->timestamp);
  GstBuffer *buffer = gst_buffer_new_wrapped_full (0, tag, size, 0, size, message,
      (GDestroyNotify) rtmp_message_unref);

  if (!output->file_header_sent)
    g_ptr_array_add (buffers, new_file_header (item));
  output->file_header_sent = TRUE;

  if (gst_rtmp2_flv_output_is_coded (item))
    advance_time (output, message->timestamp);
  if (timestamp && output->has_time && output->time >= 0)
    GST_BUFFER_DTS (buffer) = (guint64) output->time * GST_MSECOND;
  set_flags (output, item, buffer);
  g_ptr_array_add (buffers, buffer);
}
