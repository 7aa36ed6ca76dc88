/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHUNK_FEED_H
#define CHUNK_FEED_H

#include "core/rtmpchunkreader.h"
#include "core/rtmplimits.h"

#include "chunktest.h"

/* What a session does on its way: Set Chunk Size and Abort are applied. */
static inline void
apply_control (RtmpChunkReader *reader, const RtmpMessage *message)
{
  guint32 value = message->size == 4 ? message_u32 (message) : 0;

  if (message->type == RTMP_MESSAGE_SET_CHUNK_SIZE && value > 0 && value <= RTMP_MAX_CHUNK_SIZE)
    rtmp_chunk_reader_set_chunk_size (reader, value);
  else if (message->type == RTMP_MESSAGE_ABORT)
    rtmp_chunk_reader_abort (reader, value);
}

/* Feeds a copy of exactly @size bytes, so that reading past them is seen. */
static inline gboolean
feed (RtmpChunkReader *reader, const guint8 *data, gsize size, GPtrArray *messages, GError **error)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  gsize consumed, done = 0;
  RtmpMessage *message;

  do {
    if (!rtmp_chunk_reader_read (reader, copy ? copy + done : NULL, size - done, &consumed,
            &message, error)) {
      g_assert_null (message);
      return FALSE;
    }
    g_assert_cmpuint (consumed, <=, size - done);
    done += consumed;
    if (message) {
      apply_control (reader, message);
      g_ptr_array_add (messages, message);
    } else {
      g_assert_cmpuint (done, ==, size);
    }
  } while (message);
  return TRUE;
}

static inline void
feed_valid (RtmpChunkReader *reader, const guint8 *data, gsize size, GPtrArray *messages)
{
  g_autoptr (GError) error = NULL;

  feed (reader, data, size, messages, &error);
  g_assert_no_error (error);
}

static inline gboolean
feed_text (RtmpChunkReader *reader, const gchar *text, GPtrArray *messages, GError **error)
{
  g_autoptr (GByteArray) wire = wire_new (text);

  return feed (reader, wire->data, wire->len, messages, error);
}

#endif
