/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_FLV_OUTPUT_H
#define GST_RTMP2_FLV_OUTPUT_H

#include <gst/gst.h>

#include "core/rtmpqueue.h"

G_BEGIN_DECLS

/**
 * GstRtmp2FlvOutput: received messages in, buffers of FLV out, a tag each, in the messages' own
 * memory. Knows the stream's time: RTMP's 32-bit milliseconds are unrolled to 64 bits.
 */
typedef struct {
  gboolean file_header_sent;
  gboolean has_video;
  gboolean has_time;
  guint32 last_timestamp;
  gint64 time; /* ms, of the last tag */
} GstRtmp2FlvOutput;

void gst_rtmp2_flv_output_init (GstRtmp2FlvOutput *output);

/* TRUE for coded audio and video, which have a time of their own; servers send the rest
 * with any. */
gboolean gst_rtmp2_flv_output_is_coded (const RtmpQueueItem *item);

/**
 * gst_rtmp2_flv_output_write:
 * @item: item->message: (transfer full)
 * @buffers: the tag's buffer is appended, behind the file header if it is the first
 * @timestamp: the buffers get DTS
 *
 * Sets HEADER on configuration and metadata, DELTA_UNIT on what a decoder cannot start
 * with, DISCONT behind a loss.
 */
void gst_rtmp2_flv_output_write (GstRtmp2FlvOutput *output, RtmpQueueItem *item, GPtrArray *buffers,
    gboolean timestamp);

G_END_DECLS

#endif
