/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CHUNK_HEADER_H
#define RTMP_CHUNK_HEADER_H

#include <glib.h>

G_BEGIN_DECLS

/*
 *  Basic header (RTMP 1.0, 5.3.1.1)        Message header (5.3.1.2)
 *  +--+------+--------+--------+     fmt 0: ts3 len3 type1 stream4(LE)
 *  |fm| csid |(csid-64) 1-2 B  |     fmt 1: delta3 len3 type1
 *  +--+------+--------+--------+     fmt 2: delta3
 *                                    fmt 3: nothing
 *  then 4 bytes of extended timestamp where the 3-byte field is 0xFFFFFF (5.3.1.3)
 */

/* 3 basic + 11 message + 4 extended timestamp. */
#define RTMP_CHUNK_HEADER_MAX 18u

#define RTMP_EXTENDED_TIMESTAMP 0xFFFFFFu

/* Chunk stream ids, as every peer takes them (peers.md). */
enum {
  RTMP_CHUNK_STREAM_CONTROL = 2,
  RTMP_CHUNK_STREAM_COMMAND = 3,
  RTMP_CHUNK_STREAM_AUDIO = 4, /* and data */
  RTMP_CHUNK_STREAM_VIDEO = 6,
  RTMP_CHUNK_STREAM_STREAM_COMMAND = 8, /* publish and play */
};

/**
 * RtmpChunkHeader:
 * @fmt: 0 to 3
 * @chunk_stream: 2 to 65599
 * @timestamp_field: milliseconds; the 3-byte field, or the 4-byte one where that is
 *   extended: absolute for @fmt 0, a delta for 1 and 2
 * @extended: the 4 bytes are (or were) there; to be set by a writer where @timestamp_field is
 *   RTMP_EXTENDED_TIMESTAMP or more, and for @fmt 3 where the message's first header had them
 * @length: payload bytes of the whole message; @fmt 0 and 1
 * @type: message type; @fmt 0 and 1
 * @stream_id: message stream; @fmt 0
 */
typedef struct {
  guint8 fmt;
  guint32 chunk_stream;
  guint32 timestamp_field;
  gboolean extended;
  guint32 length;
  guint8 type;
  guint32 stream_id;
} RtmpChunkHeader;

/* Bytes of the basic header that begins with @first: 1, 2 or 3. */
guint rtmp_chunk_basic_header_len (guint8 first);
/* Bytes of the message header of @fmt: 11, 7, 3 or 0. */
guint rtmp_chunk_message_header_len (guint8 fmt);

/**
 * rtmp_chunk_header_read:
 * @data: (array length=size): where a chunk begins
 * @header: (out caller-allocates): set only if the whole header is there; what its @fmt leaves
 *   out is 0
 *
 * For fmt 3 no extended timestamp is read: whether one follows depends on the
 * chunk stream (protocol.md 6). Any bytes are a valid header.
 *
 * Returns: bytes of the header, or 0 if @size is too small
 */
guint rtmp_chunk_header_read (const guint8 *data, gsize size, RtmpChunkHeader *header);

/* Bytes that rtmp_chunk_header_write() would write. */
guint rtmp_chunk_header_len (const RtmpChunkHeader *header);
/* Writes the header with the basic header in its smallest form (protocol.md 4). @dest has
 * RTMP_CHUNK_HEADER_MAX bytes. Returns bytes written. */
guint rtmp_chunk_header_write (const RtmpChunkHeader *header, guint8 *dest);
/* The chunk stream that a message of @type on @stream_id is sent on. */
guint32 rtmp_chunk_stream_for (guint8 type, guint32 stream_id);

G_END_DECLS

#endif
