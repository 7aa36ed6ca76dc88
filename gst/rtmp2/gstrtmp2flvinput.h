/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_FLV_INPUT_H
#define GST_RTMP2_FLV_INPUT_H

#include <gst/gst.h>

#include "core/rtmpmessage.h"

G_BEGIN_DECLS

/**
 * GstRtmp2FlvInput: buffers of FLV in any slicing in, messages out. The
 * messages refer to the buffers' memory.
 */
typedef struct _GstRtmp2FlvInput GstRtmp2FlvInput;

GstRtmp2FlvInput *gst_rtmp2_flv_input_new (void);
void gst_rtmp2_flv_input_free (GstRtmp2FlvInput *input);

/* Forgets a tag that is not whole yet; the next byte begins a tag or a file. */
void gst_rtmp2_flv_input_reset (GstRtmp2FlvInput *input);

/* Bytes of a tag that is not whole yet. */
gsize gst_rtmp2_flv_input_get_pending (const GstRtmp2FlvInput *input);

/**
 * gst_rtmp2_flv_input_push:
 * @buffer: (transfer none): the next piece
 * @messages: (element-type RtmpMessage): (transfer full) elements are appended: every tag that is
 *   whole now. onMetaData is preceded by "@setDataFrame" (protocol.md D).
 *
 * File headers are skipped wherever a tag may begin.
 *
 * Returns: %FALSE with RTMP_ERROR_SYNTAX: this is not FLV; the input is as after a reset
 */
gboolean gst_rtmp2_flv_input_push (GstRtmp2FlvInput *input, GstBuffer *buffer, GPtrArray *messages,
    GError **error);

G_END_DECLS

#endif
