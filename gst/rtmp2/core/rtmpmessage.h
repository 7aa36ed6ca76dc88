/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_MESSAGE_H
#define RTMP_MESSAGE_H

#include <glib.h>

#include "rtmpblockpool.h"

G_BEGIN_DECLS

/**
 * RtmpVector:
 * @base: first byte
 * @size: bytes
 *
 * A borrowed piece of memory, laid out like GIO's GOutputVector (io asserts
 * that), so that an array of them can be handed to a gathering write.
 */
typedef struct {
  gconstpointer base;
  gsize size;
} RtmpVector;

/**
 * RtmpMessageType: message type ids (RTMP 1.0, 5.4, 6.2 and 7.1).
 */
typedef enum {
  RTMP_MESSAGE_SET_CHUNK_SIZE = 1,
  RTMP_MESSAGE_ABORT = 2,
  RTMP_MESSAGE_ACK = 3,
  RTMP_MESSAGE_USER_CONTROL = 4,
  RTMP_MESSAGE_WINDOW_ACK_SIZE = 5,
  RTMP_MESSAGE_SET_PEER_BANDWIDTH = 6,
  RTMP_MESSAGE_AUDIO = 8,
  RTMP_MESSAGE_VIDEO = 9,
  RTMP_MESSAGE_DATA_AMF3 = 15,
  RTMP_MESSAGE_SHARED_OBJECT_AMF3 = 16,
  RTMP_MESSAGE_COMMAND_AMF3 = 17,
  RTMP_MESSAGE_DATA_AMF0 = 18,
  RTMP_MESSAGE_SHARED_OBJECT_AMF0 = 19,
  RTMP_MESSAGE_COMMAND_AMF0 = 20,
  RTMP_MESSAGE_AGGREGATE = 22,
} RtmpMessageType;

/* Room that a received message keeps before and after its payload, so that an
 * FLV tag is finished in place (FLV 10.1, E.4.1). */
#define RTMP_MESSAGE_HEADROOM 11u
#define RTMP_MESSAGE_TAILROOM 4u

/**
 * RtmpMessage:
 * @type: an RtmpMessageType, or any other value a peer sent
 * @stream_id: message stream id
 * @timestamp: milliseconds modulo 2^32
 * @size: payload bytes, the sum over @vectors
 * @n_vectors: pieces of the payload, 0 for an empty one
 * @vectors: the pieces, in order
 *
 * One RTMP message with a payload that is referenced, never copied. A message
 * is immutable once it is shared; its reference count is atomic. The public
 * fields are for reading; @timestamp and @stream_id may be written by the only
 * owner.
 */
typedef struct _RtmpMessage RtmpMessage;
struct _RtmpMessage {
  guint8 type;
  guint32 stream_id;
  guint32 timestamp;
  gsize size;
  guint n_vectors;
  const RtmpVector *vectors;
};

/**
 * rtmp_message_new_wrapped:
 * @vectors: (array length=n_vectors): the payload; the array is copied, the
 *   memory it points at is not
 * @owner: (nullable): what keeps that memory alive
 * @release: (nullable): called once with @owner when the message is freed,
 *   from whichever thread drops the last reference
 *
 * One allocation whatever @n_vectors is. Pieces of 0 bytes are left out. The
 * total must not exceed RTMP_MAX_MESSAGE_SIZE (a caller's bug otherwise).
 *
 * Returns: (transfer full): a message
 */
RtmpMessage *rtmp_message_new_wrapped (guint8 type, guint32 stream_id, guint32 timestamp,
    const RtmpVector *vectors, guint n_vectors, gpointer owner, GDestroyNotify release);

/**
 * rtmp_message_new_copied:
 * @data: (array length=size): payload, copied into the message's own
 *   allocation
 *
 * For small messages: control and commands.
 *
 * Returns: (transfer full): a message
 */
RtmpMessage *rtmp_message_new_copied (guint8 type, guint32 stream_id, guint32 timestamp,
    gconstpointer data, gsize size);

/* Bytes that a block takes beside its payload. */
#define RTMP_MESSAGE_BLOCK_ROOM 144u

/**
 * rtmp_message_block_resize:
 * @pool: (nullable): where the memory comes from, whose owner the caller is
 * @block: (transfer full) (nullable): a block, or %NULL for a new one
 * @used: bytes of its payload that are to be kept
 * @capacity: payload bytes it is to hold, at least @used
 *
 * Memory for a payload that is still to come. The message that it becomes
 * lies in front of the payload, so that a received message is one allocation:
 *
 *     | message, its one piece | headroom | payload ... | tailroom |
 *                                         ^ block
 *
 * Returns: (transfer full) (nullable): where the payload begins. %NULL without memory: @block
 *   is as it was
 */
guint8 *rtmp_message_block_resize (RtmpBlockPool *pool, guint8 *block, gsize used, gsize capacity);
/* @block: (transfer full) (nullable) */
void rtmp_message_block_free (guint8 *block);

/**
 * rtmp_message_new_taken:
 * @block: (transfer full): from rtmp_message_block_resize(), of at least @size
 *   bytes, and filled
 *
 * For the chunk reader.
 *
 * Returns: (transfer full): a message with room, in the block's memory
 */
RtmpMessage *rtmp_message_new_taken (guint8 type, guint32 stream_id, guint32 timestamp,
    guint8 *block, gsize size);

/**
 * rtmp_message_new_sub:
 * @parent: (transfer none): a message with room, of which this is a part
 * @offset: where the payload begins in the parent's payload; at least
 *   RTMP_MESSAGE_HEADROOM
 *
 * For aggregates, whose parts lie as FLV tags do. The new message keeps a
 * reference to @parent and has room of its own: the bytes around it, which no
 * other part's payload overlaps.
 *
 * Returns: (transfer full): a message with room
 */
RtmpMessage *rtmp_message_new_sub (RtmpMessage *parent, guint8 type, guint32 timestamp,
    gsize offset, gsize size);

RtmpMessage *rtmp_message_ref (RtmpMessage *message);
void rtmp_message_unref (RtmpMessage *message);

/**
 * rtmp_message_get_room:
 *
 * Returns: (transfer none) (nullable): where the message's writable block
 *   begins: RTMP_MESSAGE_HEADROOM bytes, then the payload in one piece, then
 *   RTMP_MESSAGE_TAILROOM bytes; %NULL for a message made otherwise
 */
guint8 *rtmp_message_get_room (const RtmpMessage *message);

/**
 * rtmp_message_peek:
 * @offset: first byte wanted
 * @dest: (out caller-allocates) (array length=size)
 *
 * Copies a few bytes out, across pieces: for looking at headers.
 *
 * Returns: bytes copied, fewer than @size at the payload's end
 */
gsize rtmp_message_peek (const RtmpMessage *message, gsize offset, guint8 *dest, gsize size);

/**
 * rtmp_message_get_payload:
 *
 * Returns: (transfer full): the payload as one piece; no copy if it is in one
 *   piece already (the bytes then hold a reference to @message)
 */
GBytes *rtmp_message_get_payload (RtmpMessage *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpMessage, rtmp_message_unref)

G_END_DECLS

#endif
