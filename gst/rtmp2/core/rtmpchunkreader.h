/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CHUNK_READER_H
#define RTMP_CHUNK_READER_H

#include "rtmpmessage.h"

G_BEGIN_DECLS

/**
 * RtmpChunkReader: chunks in, messages out (RTMP 1.0, 5.3; protocol.md 4 to 11,
 * peers.md Q16 to Q25).
 */
typedef struct _RtmpChunkReader RtmpChunkReader;

RtmpChunkReader *rtmp_chunk_reader_new (void);
void rtmp_chunk_reader_free (RtmpChunkReader *reader);

/**
 * rtmp_chunk_reader_read:
 * @data: (array length=size) (nullable): any part of the byte stream behind the handshake
 * @consumed: (out): bytes of @data taken; all of them unless a message was completed
 * @message: (out) (transfer full) (nullable): the message completed by these bytes, %NULL
 *   if more are needed
 *
 * Stops behind the first message that completes, so that the caller applies
 * Set Chunk Size and Abort before the next chunk is read. To be called until
 * all is consumed and no message comes out. The message has room for an FLV
 * tag around its payload. Memory for a message grows with the bytes that
 * arrived for it; there is no allocation for a chunk.
 *
 * A type 3 chunk may repeat the extended timestamp or leave it out (peers.md
 * Q20). Where its payload begins like what is expected, that is known some
 * bytes later only: they are kept, and count as consumed.
 *
 * Returns: %FALSE with RTMP_ERROR_PROTOCOL (a chunk stream begins with type 2 or 3) or
 *   RTMP_ERROR_LIMIT (RTMP_MAX_CHUNK_STREAMS, the message size, RTMP_MAX_ASSEMBLY_BYTES or memory);
 *   the reader is then of no further use (each later call fails in the same way)
 */
gboolean rtmp_chunk_reader_read (RtmpChunkReader *reader, const guint8 *data, gsize size,
    gsize *consumed, RtmpMessage **message, GError **error);

/* Set Chunk Size: effective at once, for the rest of partial messages too
 * (protocol.md 10). @chunk_size: 1 to RTMP_MAX_CHUNK_SIZE. */
void rtmp_chunk_reader_set_chunk_size (RtmpChunkReader *reader, guint32 chunk_size);
guint32 rtmp_chunk_reader_get_chunk_size (const RtmpChunkReader *reader);

/* @pool: (transfer none): where the messages' memory comes from, for as long as bytes are read */
void rtmp_chunk_reader_set_block_pool (RtmpChunkReader *reader, RtmpBlockPool *pool);

/* Largest message accepted, in bytes; RTMP_MAX_MESSAGE_SIZE unless set. */
void rtmp_chunk_reader_set_max_message_size (RtmpChunkReader *reader, guint32 bytes);

/* Abort: drops the partial message of @chunk_stream, if there is one (protocol.md 11). The rest of
 * a chunk of it that has begun is skipped. */
void rtmp_chunk_reader_abort (RtmpChunkReader *reader, guint32 chunk_stream);

/* Partial messages dropped so far because a new header or an Abort cut them. */
guint64 rtmp_chunk_reader_get_dropped (const RtmpChunkReader *reader);
/* Bytes that were asked for to hold partial messages, the room around them included; at most
 * RTMP_MAX_ASSEMBLY_BYTES. A pool's blocks are up to a quarter larger, and 512 bytes at least. */
gsize rtmp_chunk_reader_get_assembly_bytes (const RtmpChunkReader *reader);

G_END_DECLS

#endif
