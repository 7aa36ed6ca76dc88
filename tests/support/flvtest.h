/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FLV_TEST_H
#define FLV_TEST_H

#include <string.h>
#include <glib.h>

#include "chunktest.h"
#include "core/rtmptag.h"

/* A message with room, as the chunk reader makes it. */
static inline RtmpMessage *
room_message (guint8 type, guint32 timestamp, gconstpointer data, gsize size)
{
  guint8 *block = rtmp_message_block_resize (NULL, NULL, 0, size);

  if (size > 0)
    memcpy (block, data, size);
  return rtmp_message_new_taken (type, 1, timestamp, block, size);
}

/* The same from text (see wire_new). */
static inline RtmpMessage *
hex_message (guint8 type, guint32 timestamp, const gchar *text)
{
  g_autoptr (GByteArray) bytes = wire_new (text);

  return room_message (type, timestamp, bytes->data, bytes->len);
}

/* A message whose payload lies in pieces, each in a block of its own: a first one of @first bytes,
 * then others of @rest bytes. A read past a piece's end meets the sanitizer. */
static inline RtmpMessage *
pieces_message (guint8 type, const guint8 *data, gsize size, gsize first, gsize rest)
{
  g_autoptr (GArray) vectors = g_array_new (FALSE, FALSE, sizeof (RtmpVector));
  GPtrArray *blocks = g_ptr_array_new_with_free_func (g_free);
  gsize done = 0;

  while (done < size) {
    const gsize take = MIN (done == 0 && first > 0 ? first : rest, size - done);
    const RtmpVector vector = { g_memdup2 (data + done, take), take };

    g_ptr_array_add (blocks, (gpointer) vector.base);
    g_array_append_val (vectors, vector);
    done += take;
  }
  return rtmp_message_new_wrapped (type, 1, 0, (const RtmpVector *) (gpointer) vectors->data,
      vectors->len, blocks, (GDestroyNotify) g_ptr_array_unref);
}

static inline void
assert_same_info (const RtmpTagInfo *a, const RtmpTagInfo *b)
{
  const gsize size = G_STRUCT_OFFSET (RtmpTagInfo, tracks);
  guint i;

  g_assert_cmpmem (a, size, b, size);
  for (i = 0; i < a->n_tracks; i++) {
    g_assert_cmpuint (a->tracks[i].track, ==, b->tracks[i].track);
    g_assert_cmphex (a->tracks[i].fourcc, ==, b->tracks[i].fourcc);
    g_assert_cmpuint (a->tracks[i].codec, ==, b->tracks[i].codec);
  }
}

#endif
