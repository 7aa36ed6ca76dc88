/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_HEADERS_H
#define GST_RTMP2_HEADERS_H

#include <glib.h>

#include "core/rtmpflv.h"

G_BEGIN_DECLS

/**
 * GstRtmp2Headers: metadata and configuration of a publication: what the caps'
 * streamheader holds and is still to be sent, and what was sent last of each kind
 * and track, so that it is not sent twice.
 */
typedef struct _GstRtmp2Headers GstRtmp2Headers;

GstRtmp2Headers *gst_rtmp2_headers_new (void);
void gst_rtmp2_headers_free (GstRtmp2Headers *headers);

/* Forgets everything. */
void gst_rtmp2_headers_reset (GstRtmp2Headers *headers);

/* Nothing of what was taken as sent has left: all of the streamheader is to be sent. */
void gst_rtmp2_headers_begin_anew (GstRtmp2Headers *headers);

/* @messages: (element-type RtmpMessage) (transfer full) (nullable): the streamheader's tags */
void gst_rtmp2_headers_set_streamheader (GstRtmp2Headers *headers, GPtrArray *messages);

/* Appends (transfer full) what of the streamheader is new to @messages, and takes it as sent. */
void gst_rtmp2_headers_take_pending (GstRtmp2Headers *headers, GPtrArray *messages);

/**
 * gst_rtmp2_headers_note:
 * @is_header: the message came in a buffer with the HEADER flag
 *
 * Looks at a message that is about to be sent.
 *
 * Returns: %FALSE if it repeats what was sent: it is not to be sent
 */
gboolean gst_rtmp2_headers_note (GstRtmp2Headers *headers, RtmpMessage *message,
    gboolean is_header);

G_END_DECLS

#endif
