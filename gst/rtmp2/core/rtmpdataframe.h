/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_DATA_FRAME_H
#define RTMP_DATA_FRAME_H

#include "rtmpmessage.h"

G_BEGIN_DECLS

/*
 *  Data messages (types 15 and 18; RTMP 1.0, 7.1.2; FLV 10.1, E.4.4)
 *  type 18:      name | value ...
 *  type 15:  00 | name | value ...        00: AMF0 follows; some peers leave it out
 *  published:    "@setDataFrame" | "onMetaData" | value      02 000D ... 02 000A ...
 *  played, FLV:  "onMetaData" | value
 */

/* The 16 bytes of the AMF0 string "@setDataFrame". */
#define RTMP_SET_DATA_FRAME_SIZE 16u
extern const guint8 rtmp_set_data_frame[RTMP_SET_DATA_FRAME_SIZE];

/* Payload bytes to skip for the name of a type 15 or 18 message that begins with @setDataFrame
 * (as AMF0 string): 16, or 0. In type 15 the name stands behind the selector byte, which stays. */
gsize rtmp_flv_set_data_frame_len (const RtmpMessage *message);
/* TRUE if a script message is onMetaData (directly, or behind @setDataFrame), so that a sink
 * prefixes it. */
gboolean rtmp_flv_is_on_metadata (const RtmpMessage *message);
/* Where the value of onMetaData begins in the payload; 0 if the message is none. In type 15 the
 * name may be an AMF3 string. */
gsize rtmp_flv_on_metadata_offset (const RtmpMessage *message);

/**
 * rtmp_flv_add_set_data_frame:
 * @message: (transfer none): any message
 *
 * For a sink: puts @setDataFrame before onMetaData. The payload is referred to, not copied.
 *
 * Returns: (transfer full): a new message that keeps a reference to @message; or @message itself
 *   if it is no onMetaData, has the prefix already or would exceed RTMP_MAX_MESSAGE_SIZE with it
 */
RtmpMessage *rtmp_flv_add_set_data_frame (RtmpMessage *message);

/**
 * rtmp_flv_strip_set_data_frame:
 * @message: (transfer none): any message; one with the prefix must have room and no other user,
 *   for in type 15 the selector is written over the end of the prefix
 *
 * For a source: takes @setDataFrame off whatever data follows it.
 *
 * Returns: (transfer full): a message with room of its own within @message's memory; or @message
 *   itself if it has no prefix
 */
RtmpMessage *rtmp_flv_strip_set_data_frame (RtmpMessage *message);

G_END_DECLS

#endif
