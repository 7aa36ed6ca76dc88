/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpchunkheader.h"

#include "rtmpcursor.h"

/* Chunk stream ids from here on take a second byte, and a third (5.3.1.1). */
#define FIRST_TWO_BYTE_ID 64u
#define FIRST_THREE_BYTE_ID 320u

/* By message type; the others go with the commands. */
static const guint8 chunk_streams[] = {
  [1] = RTMP_CHUNK_STREAM_CONTROL,
  [2] = RTMP_CHUNK_STREAM_CONTROL,
  [3] = RTMP_CHUNK_STREAM_CONTROL,
  [4] = RTMP_CHUNK_STREAM_CONTROL,
  [5] = RTMP_CHUNK_STREAM_CONTROL,
  [6] = RTMP_CHUNK_STREAM_CONTROL,
  [8] = RTMP_CHUNK_STREAM_AUDIO,
  [9] = RTMP_CHUNK_STREAM_VIDEO,
  [15] = RTMP_CHUNK_STREAM_AUDIO,
  [16] = RTMP_CHUNK_STREAM_AUDIO,
  [17] = RTMP_CHUNK_STREAM_STREAM_COMMAND,
  [18] = RTMP_CHUNK_STREAM_AUDIO,
  [19] = RTMP_CHUNK_STREAM_AUDIO,
  [20] = RTMP_CHUNK_STREAM_STREAM_COMMAND,
  [22] = RTMP_CHUNK_STREAM_VIDEO,
};

guint
rtmp_chunk_basic_header_len (guint8 first)
{
  guint id = first & 0x3F;

  return id == 0 ? 2 : id == 1 ? 3 : 1;
}

guint
rtmp_chunk_message_header_len (guint8 fmt)
{
  static const guint8 lens[] = { 11, 7, 3, 0 };

  return lens[fmt & 3];
}

static guint32
read_chunk_stream (const guint8 *data, guint len)
{
  switch (len) {
    case 1:
      return data[0] & 0x3F;
    case 2:
      return FIRST_TWO_BYTE_ID + data[1];
    default:
      return FIRST_TWO_BYTE_ID + data[1] + ((guint32) data[2] << 8);
  }
}

guint
rtmp_chunk_header_read (const guint8 *data, gsize size, RtmpChunkHeader *header)
{
  guint8 fmt;
  guint basic_len, len;
  const guint8 *fields;
  gboolean extended;

  if (size == 0)
    return 0;
  fmt = data[0] >> 6;
  basic_len = rtmp_chunk_basic_header_len (data[0]);
  len = basic_len + rtmp_chunk_message_header_len (fmt);
  if (size < len)
    return 0;
  fields = data + basic_len;
  extended = fmt < 3 && rtmp_read_u24 (fields) == RTMP_EXTENDED_TIMESTAMP;
  if (extended && size < len + 4)
    return 0;

  memset (header, 0, sizeof (*header));
  header->fmt = fmt;
  header->chunk_stream = read_chunk_stream (data, basic_len);
  if (fmt < 3)
    header->timestamp_field = extended ? rtmp_read_u32 (data + len) : rtmp_read_u24 (fields);
  header->extended = extended;
  if (fmt < 2) {
    header->length = rtmp_read_u24 (fields + 3);
    header->type = fields[6];
  }
  if (fmt == 0)
    header->stream_id = rtmp_read_u32_le (fields + 7);
  return extended ? len + 4 : len;
}

static guint
basic_header_len_for (guint32 chunk_stream)
{
  return chunk_stream < FIRST_TWO_BYTE_ID ? 1 : chunk_stream < FIRST_THREE_BYTE_ID ? 2 : 3;
}

guint
rtmp_chunk_header_len (const RtmpChunkHeader *header)
{
  return basic_header_len_for (header->chunk_stream) + rtmp_chunk_message_header_len (header->fmt)
      + (header->extended ? 4 : 0);
}

static guint8 *
write_basic_header (const RtmpChunkHeader *header, guint8 *dest)
{
  guint8 fmt = (guint8) (header->fmt << 6);
  guint len = basic_header_len_for (header->chunk_stream);
  guint32 above = header->chunk_stream - FIRST_TWO_BYTE_ID;

  if (len == 1) {
    dest[0] = fmt | (guint8) header->chunk_stream;
  } else {
    dest[0] = fmt | (guint8) (len - 2);
    dest[1] = (guint8) above;
    if (len == 3)
      dest[2] = (guint8) (above >> 8);
  }
  return dest + len;
}

guint
rtmp_chunk_header_write (const RtmpChunkHeader *header, guint8 *dest)
{
  guint8 *p = write_basic_header (header, dest);

  if (header->fmt < 3)
    rtmp_write_u24 (p, header->extended ? RTMP_EXTENDED_TIMESTAMP : header->timestamp_field);
  if (header->fmt < 2) {
    rtmp_write_u24 (p + 3, header->length);
    p[6] = header->type;
  }
  if (header->fmt == 0)
    rtmp_write_u32_le (p + 7, header->stream_id);
  p += rtmp_chunk_message_header_len (header->fmt);
  if (header->extended) {
    rtmp_write_u32 (p, header->timestamp_field);
    p += 4;
  }
  return (guint) (p - dest);
}

guint32
rtmp_chunk_stream_for (guint8 type, guint32 stream_id)
{
  guint32 chunk_stream = type < G_N_ELEMENTS (chunk_streams) ? chunk_streams[type] : 0;

  if (chunk_stream == 0)
    return RTMP_CHUNK_STREAM_COMMAND;
  /* Commands to the connection itself keep a chunk stream of their own. */
  if (chunk_stream == RTMP_CHUNK_STREAM_STREAM_COMMAND && stream_id == 0)
    return RTMP_CHUNK_STREAM_COMMAND;
  return chunk_stream;
}
