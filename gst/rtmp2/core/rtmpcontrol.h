/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CONTROL_H
#define RTMP_CONTROL_H

#include "rtmpmessage.h"
#include "rtmpwindow.h"

G_BEGIN_DECLS

/* User control events (RTMP 1.0, 7.1.7; the rest protocol.md 14). */
typedef enum {
  RTMP_USER_STREAM_BEGIN = 0,
  RTMP_USER_STREAM_EOF = 1,
  RTMP_USER_STREAM_DRY = 2,
  RTMP_USER_SET_BUFFER_LENGTH = 3,
  RTMP_USER_STREAM_IS_RECORDED = 4,
  RTMP_USER_PING_REQUEST = 6,
  RTMP_USER_PING_RESPONSE = 7,
  RTMP_USER_SWF_VERIFY_REQUEST = 26,
  RTMP_USER_SWF_VERIFY_RESPONSE = 27,
  RTMP_USER_BUFFER_EMPTY = 31,
  RTMP_USER_BUFFER_READY = 32,
} RtmpUserEvent;

/**
 * RtmpControl:
 * @type: message type, 1 to 6
 * @value: chunk size; chunk stream id (Abort); sequence number (Ack); window size;
 *   or the event's first 4 bytes (stream id or timestamp; 0 if it has fewer)
 * @limit_type: Set Peer Bandwidth: the limit type byte, any value
 * @event: User Control: event type, any value
 * @value2: Set Buffer Length: milliseconds
 *
 * A decoded protocol or user control message. Fields the type does not have are 0.
 */
typedef struct {
  guint8 type;
  guint32 value;
  guint8 limit_type;
  guint16 event;
  guint32 value2;
} RtmpControl;

/* Types 1 to 6 (RTMP 1.0, 5.4 and 6.2). */
gboolean rtmp_control_is_control (guint8 type);

/**
 * rtmp_control_parse:
 * @message: of type 1 to 6, on any message stream: peers use others than 0 (peers.md Q16)
 * @control: (out)
 *
 * Longer payloads than the type needs are accepted, up to RTMP_MAX_CONTROL_SIZE; shorter ones
 * are refused. Of user control events only those of RTMP 1.0 have a length; any other
 * may have any of at least 2.
 *
 * Returns: %FALSE with RTMP_ERROR_PROTOCOL (another type; too short; Set Chunk Size of 0 or with
 *   the top bit) or RTMP_ERROR_LIMIT (too long); @control is then unchanged
 */
gboolean rtmp_control_parse (const RtmpMessage *message, RtmpControl *control, GError **error);

/**
 * rtmp_control_to_message:
 * @control: of type 1 to 6
 *
 * A user control event that RTMP 1.0 does not define is written with 4 bytes of data, but SWF
 * verification requests with none. SWF verification responses carry more than an RtmpControl and
 * cannot be written by this.
 *
 * Returns: (transfer full): the message, on message stream 0, timestamp 0
 */
RtmpMessage *rtmp_control_to_message (const RtmpControl *control);

/* Constructors (transfer full). rtmp_control_new_u32() is for types 1, 2, 3 and 5. */
RtmpMessage *rtmp_control_new_u32 (RtmpMessageType type, guint32 value);
RtmpMessage *rtmp_control_new_peer_bandwidth (guint32 size, RtmpBandwidthType limit_type);
RtmpMessage *rtmp_control_new_user (RtmpUserEvent event, guint32 value);
RtmpMessage *rtmp_control_new_set_buffer_length (guint32 stream_id, guint32 milliseconds);

G_END_DECLS

#endif
