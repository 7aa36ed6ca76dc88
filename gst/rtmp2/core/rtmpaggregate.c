/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpaggregate.h"

#include <string.h>

#include "rtmpcursor.h"
#include "rtmperror.h"
#include "rtmplimits.h"

/*
 *  sub-message*: type1 size3 timestamp3 timestampExtended1 streamId3 | data | backPointer4
 *
 *  RTMP 1.0, 7.1.6. Peers write the timestamp as FLV does, its high byte last, and not as the
 *  plain 32 bits of 6.1.
 */
#define BACK_POINTER_SIZE RTMP_MESSAGE_TAILROOM
/* Parts of less than one in so many of the aggregate's bytes are copied. */
#define SHARE_DIVISOR 4u

typedef struct {
  guint8 type;
  guint32 timestamp;
  gsize offset; /* of the data, in the aggregate's payload */
  gsize size;
} Sub;

static gboolean
is_media (guint8 type)
{
  return type == RTMP_MESSAGE_AUDIO || type == RTMP_MESSAGE_VIDEO || type == RTMP_MESSAGE_DATA_AMF0
      || type == RTMP_MESSAGE_DATA_AMF3;
}

static gboolean
read_sub (RtmpCursor *cursor, const guint8 *payload, Sub *sub, GError **error)
{
  sub->type = rtmp_cursor_u8 (cursor);
  sub->size = rtmp_cursor_u24 (cursor);
  sub->timestamp = rtmp_cursor_u24 (cursor);
  sub->timestamp |= (guint32) rtmp_cursor_u8 (cursor) << 24;
  rtmp_cursor_bytes (cursor, 3);
  sub->offset = (gsize) (cursor->pos - payload);
  rtmp_cursor_bytes (cursor, sub->size);

  if (cursor->failed) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL,
        "Sub-message runs past the end of its aggregate message");
    return FALSE;
  }
  if (sub->type == RTMP_MESSAGE_AGGREGATE) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL,
        "Aggregate message in an aggregate");
    return FALSE;
  }
  rtmp_cursor_bytes (cursor, MIN (BACK_POINTER_SIZE, rtmp_cursor_left (cursor)));
  return TRUE;
}

static RtmpMessage *
sub_message (RtmpMessage *aggregate, const guint8 *payload, const Sub *sub, guint32 timestamp)
{
  guint8 *block = NULL;

  if (sub->size < aggregate->size / SHARE_DIVISOR)
    block = rtmp_message_block_resize (NULL, NULL, 0, sub->size);
  if (!block)
    return rtmp_message_new_sub (aggregate, sub->type, timestamp, sub->offset, sub->size);

  memcpy (block, payload + sub->offset, sub->size);
  return rtmp_message_new_taken (sub->type, aggregate->stream_id, timestamp, block, sub->size);
}

gboolean
rtmp_aggregate_expand (RtmpMessage *aggregate, GPtrArray *messages, GError **error)
{
  const guint8 *room = rtmp_message_get_room (aggregate);
  const guint8 *payload;
  guint32 shift = 0;
  RtmpCursor cursor;
  guint n;

  g_return_val_if_fail (room != NULL, FALSE);

  payload = room + RTMP_MESSAGE_HEADROOM;
  cursor = (RtmpCursor) RTMP_CURSOR_INIT (payload, aggregate->size);
  for (n = 0; rtmp_cursor_left (&cursor) > 0; n++) {
    Sub sub;

    if (n == RTMP_MAX_AGGREGATE_MESSAGES) {
      g_set_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT, "Aggregate of more than %u messages",
          RTMP_MAX_AGGREGATE_MESSAGES);
      return FALSE;
    }
    if (!read_sub (&cursor, payload, &sub, error))
      return FALSE;
    if (n == 0)
      shift = aggregate->timestamp - sub.timestamp;
    if (is_media (sub.type))
      g_ptr_array_add (messages, sub_message (aggregate, payload, &sub, sub.timestamp + shift));
  }
  return TRUE;
}
