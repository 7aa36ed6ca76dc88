/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CHUNK_WRITER_H
#define RTMP_CHUNK_WRITER_H

#include "rtmpmessage.h"

G_BEGIN_DECLS

/**
 * RtmpChunkWriter: messages in, vectors out (RTMP 1.0, 5.3; protocol.md 4 to 9).
 *
 * Output is lent: rtmp_chunk_writer_peek() gives vectors that point at chunk
 * headers in the writer and at slices of the messages' payloads;
 * rtmp_chunk_writer_consume() says how many of those bytes were taken. In between,
 * nothing else may be called. No allocation per chunk.
 *
 * There are two lanes. Messages of the ordinary lane leave in their order.
 * Those of the urgent lane (acknowledgements, pongs) leave at the next chunk
 * boundary, ahead of everything that is not begun. An ordinary Set Chunk
 * Size takes effect for the chunks behind it.
 *
 * fmt 0 is written first on a chunk stream, when the timestamp goes back and when
 * the message stream changes; for every message on chunk stream 2, where urgent ones
 * come in between; and first behind a flush. fmt 3 never begins a message
 * (protocol.md 7).
 */
typedef struct _RtmpChunkWriter RtmpChunkWriter;

RtmpChunkWriter *rtmp_chunk_writer_new (void);
void rtmp_chunk_writer_free (RtmpChunkWriter *writer);

/* Queues a message; @message: (transfer full). A Set Chunk Size message (type 1)
 * queued here sets the chunk size of what follows it; one with any other payload than 4 bytes
 * of 1 to RTMP_MAX_CHUNK_SIZE is the caller's bug and not sent. */
void rtmp_chunk_writer_queue (RtmpChunkWriter *writer, RtmpMessage *message);

/* Queues an urgent control message; @message: (transfer full). Its type is 2 to 6, and it must fit
 * in one chunk of RTMP_DEFAULT_CHUNK_SIZE, or of the smallest size ever queued: anything else is
 * the caller's bug and not sent. Bounded by RTMP_MAX_URGENT_MESSAGES: an acknowledgement (type 3)
 * replaces one that has not begun to leave; past the bound the oldest that has not begun is
 * dropped. */
void rtmp_chunk_writer_queue_urgent (RtmpChunkWriter *writer, RtmpMessage *message);
/* FALSE for a message that does not fit in one chunk: it must go with the others. */
gboolean rtmp_chunk_writer_takes_urgent (const RtmpChunkWriter *writer, const RtmpMessage *message);

/**
 * rtmp_chunk_writer_peek:
 * @vectors: (out caller-allocates) (array length=n_vectors)
 *
 * Lends what is to be sent next, in order: up to RTMP_MAX_VECTORS of ordinary messages
 * and the urgent ones. Asking again without rtmp_chunk_writer_consume() gives the same.
 *
 * Returns: vectors filled; 0 when nothing is queued
 */
guint rtmp_chunk_writer_peek (RtmpChunkWriter *writer, RtmpVector *vectors, guint n_vectors);

/* @sent: (transfer none) (nullable): where ordinary messages go that were sent whole, (transfer full);
 * %NULL: they are released */
void rtmp_chunk_writer_set_sent (RtmpChunkWriter *writer, GPtrArray *sent);

/* Takes @bytes of what was last lent as sent, no more than that was. Messages sent whole are
 * released, or as rtmp_chunk_writer_set_sent() says. */
void rtmp_chunk_writer_consume (RtmpChunkWriter *writer, gsize bytes);

/* Payload bytes of ordinary messages queued and not sent, a part of a begun one included. */
gsize rtmp_chunk_writer_get_queued (const RtmpChunkWriter *writer);
/* TRUE when nothing is queued or half sent in either lane. */
gboolean rtmp_chunk_writer_is_empty (const RtmpChunkWriter *writer);
/* The chunk size in force for the next chunk to be prepared. */
guint32 rtmp_chunk_writer_get_chunk_size (const RtmpChunkWriter *writer);

/* Drops ordinary messages that have not begun to leave (flush). Set Chunk
 * Size among them is kept. */
void rtmp_chunk_writer_drop_queued (RtmpChunkWriter *writer);

G_END_DECLS

#endif
