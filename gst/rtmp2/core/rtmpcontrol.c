/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpcontrol.h"

#include "rtmpcursor.h"
#include "rtmperror.h"
#include "rtmplimits.h"

/*
 * Protocol control messages (RTMP 1.0, 5.4) and user control (7.1.7), big endian:
 *
 *   1 Set Chunk Size       | 0, chunk size (31 bits)    4 |
 *   2 Abort                | chunk stream id            4 |
 *   3 Acknowledgement      | sequence number            4 |
 *   4 User Control         | event  2 | data, see below   |
 *       0, 1, 2, 4                    | stream id       4 |
 *       3 Set Buffer Length           | stream id       4 | milliseconds  4 |
 *       6, 7 Ping                     | timestamp       4 |
 *   5 Window Ack Size      | window size                4 |
 *   6 Set Peer Bandwidth   | window size                4 | limit type    1 |
 */
static const guint8 payload_sizes[] = {
  [RTMP_MESSAGE_SET_CHUNK_SIZE] = 4,
  [RTMP_MESSAGE_ABORT] = 4,
  [RTMP_MESSAGE_ACK] = 4,
  [RTMP_MESSAGE_USER_CONTROL] = 2,
  [RTMP_MESSAGE_WINDOW_ACK_SIZE] = 4,
  [RTMP_MESSAGE_SET_PEER_BANDWIDTH] = 5,
};

static const struct {
  guint16 event;
  guint8 data_size;
} events[] = {
  { RTMP_USER_STREAM_BEGIN, 4 },
  { RTMP_USER_STREAM_EOF, 4 },
  { RTMP_USER_STREAM_DRY, 4 },
  { RTMP_USER_SET_BUFFER_LENGTH, 8 },
  { RTMP_USER_STREAM_IS_RECORDED, 4 },
  { RTMP_USER_PING_REQUEST, 4 },
  { RTMP_USER_PING_RESPONSE, 4 },
  { RTMP_USER_SWF_VERIFY_REQUEST, 0 },
};

/* The largest of the layouts: Set Buffer Length. */
#define MAX_PAYLOAD 10

static gsize
event_data_size (guint16 event, gsize fallback)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (events); i++) {
    if (events[i].event == event)
      return events[i].data_size;
  }
  return fallback;
}

gboolean
rtmp_control_is_control (guint8 type)
{
  return type < G_N_ELEMENTS (payload_sizes) && payload_sizes[type] > 0;
}

/* An event's data may end early: only what RTMP 1.0 defines has a length. */
static gboolean
parse_event (RtmpCursor *cursor, RtmpControl *control)
{
  control->event = rtmp_cursor_u16 (cursor);
  if (rtmp_cursor_left (cursor) < event_data_size (control->event, 0))
    return FALSE;
  if (rtmp_cursor_left (cursor) >= 4)
    control->value = rtmp_cursor_u32 (cursor);
  if (control->event == RTMP_USER_SET_BUFFER_LENGTH)
    control->value2 = rtmp_cursor_u32 (cursor);
  return !cursor->failed;
}

static gboolean
parse_payload (RtmpCursor *cursor, RtmpControl *control)
{
  if (control->type == RTMP_MESSAGE_USER_CONTROL)
    return parse_event (cursor, control);

  control->value = rtmp_cursor_u32 (cursor);
  if (control->type == RTMP_MESSAGE_SET_PEER_BANDWIDTH)
    control->limit_type = rtmp_cursor_u8 (cursor);
  return !cursor->failed;
}

gboolean
rtmp_control_parse (const RtmpMessage *message, RtmpControl *control, GError **error)
{
  guint8 payload[MAX_PAYLOAD];
  gsize size = rtmp_message_peek (message, 0, payload, sizeof (payload));
  RtmpCursor cursor = RTMP_CURSOR_INIT (payload, size);
  RtmpControl parsed = { .type = message->type };

  if (!rtmp_control_is_control (message->type)) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL,
        "Message of type %u is not a control message", message->type);
    return FALSE;
  }
  if (message->size > RTMP_MAX_CONTROL_SIZE) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT,
        "Control message of type %u has %" G_GSIZE_FORMAT " bytes, more than %u", message->type,
        message->size, RTMP_MAX_CONTROL_SIZE);
    return FALSE;
  }
  if (!parse_payload (&cursor, &parsed)) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL,
        "Control message of type %u has only %" G_GSIZE_FORMAT " bytes", message->type,
        message->size);
    return FALSE;
  }
  if (parsed.type == RTMP_MESSAGE_SET_CHUNK_SIZE
      && (parsed.value == 0 || parsed.value > RTMP_MAX_CHUNK_SIZE)) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL, "Chunk size %u cannot be", parsed.value);
    return FALSE;
  }

  *control = parsed;
  return TRUE;
}

static gsize
write_event (const RtmpControl *control, guint8 *payload)
{
  rtmp_write_u16 (payload, control->event);
  rtmp_write_u32 (payload + 2, control->value);
  rtmp_write_u32 (payload + 6, control->value2);
  return 2 + event_data_size (control->event, 4);
}

RtmpMessage *
rtmp_control_to_message (const RtmpControl *control)
{
  guint8 payload[MAX_PAYLOAD];
  gsize size;

  g_return_val_if_fail (rtmp_control_is_control (control->type), NULL);

  if (control->type == RTMP_MESSAGE_USER_CONTROL) {
    size = write_event (control, payload);
  } else {
    rtmp_write_u32 (payload, control->value);
    payload[4] = control->limit_type;
    size = payload_sizes[control->type];
  }
  return rtmp_message_new_copied (control->type, 0, 0, payload, size);
}

RtmpMessage *
rtmp_control_new_u32 (RtmpMessageType type, guint32 value)
{
  const RtmpControl control = { .type = type, .value = value };

  return rtmp_control_to_message (&control);
}

RtmpMessage *
rtmp_control_new_peer_bandwidth (guint32 size, RtmpBandwidthType limit_type)
{
  const RtmpControl control = {
    .type = RTMP_MESSAGE_SET_PEER_BANDWIDTH,
    .value = size,
    .limit_type = limit_type,
  };

  return rtmp_control_to_message (&control);
}

RtmpMessage *
rtmp_control_new_user (RtmpUserEvent event, guint32 value)
{
  const RtmpControl control = {
    .type = RTMP_MESSAGE_USER_CONTROL,
    .event = event,
    .value = value,
  };

  return rtmp_control_to_message (&control);
}

RtmpMessage *
rtmp_control_new_set_buffer_length (guint32 stream_id, guint32 milliseconds)
{
  const RtmpControl control = {
    .type = RTMP_MESSAGE_USER_CONTROL,
    .event = RTMP_USER_SET_BUFFER_LENGTH,
    .value = stream_id,
    .value2 = milliseconds,
  };

  return rtmp_control_to_message (&control);
}
