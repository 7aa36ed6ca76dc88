/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpmessage.h"

#include <string.h>

#include "rtmplimits.h"

/* The payload's pieces, and a copied payload, follow in the same allocation. */
typedef struct {
  RtmpMessage public;
  gatomicrefcount refcount;
  guint8 *room;
  gpointer owner;
  GDestroyNotify release;
  RtmpBlockPool *pool; /* of which this is a block; NULL = from g_malloc() */
  gsize block_size;
  RtmpVector pieces[];
} Message;

/* A block begins so far in front of its payload, which is aligned then. */
#define BLOCK_HEAD 128u
G_STATIC_ASSERT (sizeof (Message) + sizeof (RtmpVector) + RTMP_MESSAGE_HEADROOM <= BLOCK_HEAD);
G_STATIC_ASSERT (BLOCK_HEAD + RTMP_MESSAGE_TAILROOM <= RTMP_MESSAGE_BLOCK_ROOM);

static Message *
message_init (Message *self, guint8 type, guint32 stream_id, guint32 timestamp)
{
  memset (self, 0, sizeof (Message));
  g_atomic_ref_count_init (&self->refcount);
  self->public.type = type;
  self->public.stream_id = stream_id;
  self->public.timestamp = timestamp;
  self->public.vectors = self->pieces;
  return self;
}

static Message *
message_alloc (guint8 type, guint32 stream_id, guint32 timestamp, guint max_pieces, gsize extra)
{
  return message_init (g_malloc (sizeof (Message) + max_pieces * sizeof (RtmpVector) + extra), type,
      stream_id, timestamp);
}

static void
message_add (Message *self, gconstpointer base, gsize size)
{
  if (size == 0)
    return;
  self->pieces[self->public.n_vectors].base = base;
  self->pieces[self->public.n_vectors].size = size;
  self->public.n_vectors++;
  self->public.size += size;
}

/* -- Blocks -- */

static Message *
block_message (guint8 *block)
{
  return (Message *) (gpointer) (block - BLOCK_HEAD);
}

static void
message_free_memory (Message *self)
{
  if (self->pool)
    rtmp_block_pool_give (self->pool, self, self->block_size);
  else
    g_free (self);
}

/* (nullable): of its fields only those about the memory are set. */
static Message *
take_memory (RtmpBlockPool *pool, gsize size)
{
  Message *self = pool ? rtmp_block_pool_take (pool, size, &size) : NULL;

  if (!self) {
    pool = NULL;
    self = g_try_malloc (size);
  }
  if (self) {
    self->pool = pool;
    self->block_size = size;
  }
  return self;
}

/* Memory of the C library may grow where it is. */
static Message *
grow_plain (Message *old, gsize size)
{
  Message *self = g_try_realloc (old, size);

  if (self)
    self->block_size = size;
  return self;
}

static Message *
move_memory (RtmpBlockPool *pool, Message *old, gsize used, gsize size)
{
  Message *self = take_memory (pool, size);

  if (self) {
    memcpy ((guint8 *) self + BLOCK_HEAD, (guint8 *) old + BLOCK_HEAD, used);
    message_free_memory (old);
  }
  return self;
}

guint8 *
rtmp_message_block_resize (RtmpBlockPool *pool, guint8 *block, gsize used, gsize capacity)
{
  gsize size = RTMP_MESSAGE_BLOCK_ROOM + capacity;
  Message *self = block ? block_message (block) : NULL;

  if (!self)
    self = take_memory (pool, size);
  else if (!self->pool)
    self = grow_plain (self, size);
  else if (self->block_size < size)
    self = move_memory (pool, self, used, size);
  return self ? (guint8 *) self + BLOCK_HEAD : NULL;
}

void
rtmp_message_block_free (guint8 *block)
{
  if (block)
    message_free_memory (block_message (block));
}

/* -- Messages -- */

RtmpMessage *
rtmp_message_new_wrapped (guint8 type, guint32 stream_id, guint32 timestamp,
    const RtmpVector *vectors, guint n_vectors, gpointer owner, GDestroyNotify release)
{
  Message *self = message_alloc (type, stream_id, timestamp, n_vectors, 0);
  guint i;

  for (i = 0; i < n_vectors; i++)
    message_add (self, vectors[i].base, vectors[i].size);
  self->owner = owner;
  self->release = release;
  g_warn_if_fail (self->public.size <= RTMP_MAX_MESSAGE_SIZE);
  return &self->public;
}

RtmpMessage *
rtmp_message_new_copied (guint8 type, guint32 stream_id, guint32 timestamp, gconstpointer data,
    gsize size)
{
  Message *self = message_alloc (type, stream_id, timestamp, 1, size);

  if (size > 0) {
    guint8 *copy = (guint8 *) (self->pieces + 1);

    memcpy (copy, data, size);
    message_add (self, copy, size);
  }
  return &self->public;
}

RtmpMessage *
rtmp_message_new_taken (guint8 type, guint32 stream_id, guint32 timestamp, guint8 *block,
    gsize size)
{
  Message *self = block_message (block);
  RtmpBlockPool *pool = self->pool;
  gsize block_size = self->block_size;

  message_init (self, type, stream_id, timestamp);
  self->pool = pool;
  self->block_size = block_size;
  self->room = block - RTMP_MESSAGE_HEADROOM;
  message_add (self, block, size);
  return &self->public;
}

RtmpMessage *
rtmp_message_new_sub (RtmpMessage *parent, guint8 type, guint32 timestamp, gsize offset, gsize size)
{
  Message *self;

  g_return_val_if_fail (rtmp_message_get_room (parent) != NULL, NULL);
  g_return_val_if_fail (offset >= RTMP_MESSAGE_HEADROOM && offset <= parent->size
          && size <= parent->size - offset,
      NULL);

  self = message_alloc (type, parent->stream_id, timestamp, 1, 0);
  /* The parent's payload lies HEADROOM behind its room, so the part's room,
   * HEADROOM before its payload, lies offset behind it. */
  self->room = rtmp_message_get_room (parent) + offset;
  self->owner = rtmp_message_ref (parent);
  self->release = (GDestroyNotify) rtmp_message_unref;
  message_add (self, self->room + RTMP_MESSAGE_HEADROOM, size);
  return &self->public;
}

RtmpMessage *
rtmp_message_ref (RtmpMessage *message)
{
  g_atomic_ref_count_inc (&((Message *) message)->refcount);
  return message;
}

void
rtmp_message_unref (RtmpMessage *message)
{
  Message *self = (Message *) message;

  if (!g_atomic_ref_count_dec (&self->refcount))
    return;
  if (self->release)
    self->release (self->owner);
  message_free_memory (self);
}

guint8 *
rtmp_message_get_room (const RtmpMessage *message)
{
  return ((const Message *) message)->room;
}

gsize
rtmp_message_peek (const RtmpMessage *message, gsize offset, guint8 *dest, gsize size)
{
  gsize copied = 0;
  guint i;

  for (i = 0; i < message->n_vectors && copied < size; i++) {
    const RtmpVector *piece = &message->vectors[i];
    gsize take;

    if (offset >= piece->size) {
      offset -= piece->size;
      continue;
    }
    take = MIN (piece->size - offset, size - copied);
    memcpy (dest + copied, (const guint8 *) piece->base + offset, take);
    copied += take;
    offset = 0;
  }
  return copied;
}

GBytes *
rtmp_message_get_payload (RtmpMessage *message)
{
  guint8 *data;

  if (message->n_vectors == 0)
    return g_bytes_new (NULL, 0);
  if (message->n_vectors == 1)
    return g_bytes_new_with_free_func (message->vectors[0].base, message->size,
        (GDestroyNotify) rtmp_message_unref, rtmp_message_ref (message));

  data = g_malloc (message->size);
  rtmp_message_peek (message, 0, data, message->size);
  return g_bytes_new_take (data, message->size);
}
