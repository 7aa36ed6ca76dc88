/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpdataframe.h"

#include <string.h>

#include "rtmplimits.h"

#define AMF0_SELECTOR 0x00u
#define ON_METADATA_SIZE 13u

const guint8 rtmp_set_data_frame[RTMP_SET_DATA_FRAME_SIZE] = { 0x02, 0x00, 0x0D, '@', 's', 'e', 't',
  'D', 'a', 't', 'a', 'F', 'r', 'a', 'm', 'e' };

static const guint8 on_metadata[ON_METADATA_SIZE] = { 0x02, 0x00, 0x0A, 'o', 'n', 'M', 'e', 't',
  'a', 'D', 'a', 't', 'a' };

/* Switch to AMF3, string, inline of 10 bytes (AMF0 3.1; AMF3 3.8). */
static const guint8 on_metadata_amf3[ON_METADATA_SIZE] = { 0x11, 0x06, 0x15, 'o', 'n', 'M', 'e',
  't', 'a', 'D', 'a', 't', 'a' };

static gboolean
is_data (const RtmpMessage *message)
{
  return message->type == RTMP_MESSAGE_DATA_AMF0 || message->type == RTMP_MESSAGE_DATA_AMF3;
}

static gboolean
has_bytes (const RtmpMessage *message, gsize offset, const guint8 *bytes, gsize size)
{
  guint8 found[RTMP_SET_DATA_FRAME_SIZE];

  return rtmp_message_peek (message, offset, found, size) == size
      && memcmp (found, bytes, size) == 0;
}

static gsize
selector_len (const RtmpMessage *message)
{
  static const guint8 selector = AMF0_SELECTOR;

  return message->type == RTMP_MESSAGE_DATA_AMF3 && has_bytes (message, 0, &selector, 1);
}

gsize
rtmp_flv_set_data_frame_len (const RtmpMessage *message)
{
  if (is_data (message)
      && has_bytes (message, selector_len (message), rtmp_set_data_frame, RTMP_SET_DATA_FRAME_SIZE))
    return RTMP_SET_DATA_FRAME_SIZE;
  return 0;
}

gsize
rtmp_flv_on_metadata_offset (const RtmpMessage *message)
{
  gsize offset;

  if (!is_data (message))
    return 0;
  offset = selector_len (message) + rtmp_flv_set_data_frame_len (message);
  if (has_bytes (message, offset, on_metadata, ON_METADATA_SIZE)
      || (message->type == RTMP_MESSAGE_DATA_AMF3
          && has_bytes (message, offset, on_metadata_amf3, ON_METADATA_SIZE)))
    return offset + ON_METADATA_SIZE;
  return 0;
}

gboolean
rtmp_flv_is_on_metadata (const RtmpMessage *message)
{
  return rtmp_flv_on_metadata_offset (message) != 0;
}

/* Appends the payload's pieces from @offset on; returns how many. */
static guint
append_pieces (const RtmpMessage *message, gsize offset, RtmpVector *dest)
{
  guint i, n = 0;

  for (i = 0; i < message->n_vectors; i++) {
    const RtmpVector *piece = &message->vectors[i];
    const gsize skip = MIN (offset, piece->size);

    dest[n].base = (const guint8 *) piece->base + skip;
    dest[n].size = piece->size - skip;
    offset -= skip;
    n++;
  }
  return n;
}

RtmpMessage *
rtmp_flv_add_set_data_frame (RtmpMessage *message)
{
  static const guint8 selector = AMF0_SELECTOR;
  g_autofree RtmpVector *pieces = NULL;
  gsize n_selector;
  guint n;

  if (!rtmp_flv_is_on_metadata (message) || rtmp_flv_set_data_frame_len (message) > 0
      || message->size > RTMP_MAX_MESSAGE_SIZE - RTMP_SET_DATA_FRAME_SIZE)
    return rtmp_message_ref (message);

  n_selector = selector_len (message);
  pieces = g_new (RtmpVector, message->n_vectors + 2);
  pieces[0] = (RtmpVector) { &selector, n_selector };
  pieces[1] = (RtmpVector) { rtmp_set_data_frame, RTMP_SET_DATA_FRAME_SIZE };
  n = 2 + append_pieces (message, n_selector, pieces + 2);
  return rtmp_message_new_wrapped (message->type, message->stream_id, message->timestamp, pieces, n,
      rtmp_message_ref (message), (GDestroyNotify) rtmp_message_unref);
}

RtmpMessage *
rtmp_flv_strip_set_data_frame (RtmpMessage *message)
{
  const gsize size = rtmp_flv_set_data_frame_len (message);
  guint8 *room;

  if (size == 0)
    return rtmp_message_ref (message);
  room = rtmp_message_get_room (message);
  g_return_val_if_fail (room != NULL, rtmp_message_ref (message));

  if (selector_len (message) > 0)
    room[RTMP_MESSAGE_HEADROOM + size] = AMF0_SELECTOR;
  return rtmp_message_new_sub (message, message->type, message->timestamp, size,
      message->size - size);
}
