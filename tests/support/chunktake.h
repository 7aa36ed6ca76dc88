/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHUNK_TAKE_H
#define CHUNK_TAKE_H

#include "core/rtmpchunkwriter.h"

#include "chunkfeed.h"

/* Takes up to @limit bytes of what is lent at once. Returns bytes taken. */
static inline gsize
take (RtmpChunkWriter *writer, guint n_vectors, gsize limit, GByteArray *wire)
{
  g_autofree RtmpVector *vectors = g_new (RtmpVector, n_vectors);
  guint n = rtmp_chunk_writer_peek (writer, vectors, n_vectors), i;
  gsize taken = 0;

  g_assert_cmpuint (n, <=, n_vectors);
  for (i = 0; i < n && taken < limit; i++) {
    gsize size = MIN (vectors[i].size, limit - taken);

    g_assert_cmpuint (vectors[i].size, >, 0);
    g_byte_array_append (wire, vectors[i].base, size);
    taken += size;
  }
  rtmp_chunk_writer_consume (writer, taken);
  return taken;
}

/* Takes @size bytes, however many times that needs asking. */
static inline void
take_exactly (RtmpChunkWriter *writer, guint n_vectors, gsize size, GByteArray *wire)
{
  while (size > 0) {
    gsize taken = take (writer, n_vectors, size, wire);

    g_assert_cmpuint (taken, >, 0);
    size -= taken;
  }
}

static inline void
drain (RtmpChunkWriter *writer, guint n_vectors, gsize step, GByteArray *wire)
{
  while (!rtmp_chunk_writer_is_empty (writer))
    g_assert_cmpuint (take (writer, n_vectors, step, wire), >, 0);
  g_assert_cmpuint (take (writer, n_vectors, step, wire), ==, 0);
  g_assert_cmpuint (rtmp_chunk_writer_get_queued (writer), ==, 0);
}

typedef void (*Fill) (RtmpChunkWriter *writer);

/* The same bytes whatever is lent and taken at a time. */
static inline void
check (Fill fill, const gchar *text)
{
  static const guint lent[] = { 1, 2, 3, 16, 17, 1024, 5000 };
  static const gsize steps[] = { 1, 2, 3, 5, 7, 11, 12, 13, 64, 127, 128, 129, 140, G_MAXSIZE };
  g_autoptr (GByteArray) expected = wire_new (text);
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (lent); i++) {
    for (j = 0; j < G_N_ELEMENTS (steps); j++) {
      RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
      g_autoptr (GByteArray) wire = g_byte_array_new ();

      fill (writer);
      drain (writer, lent[i], steps[j], wire);
      g_assert_cmpmem (wire->data, wire->len, expected->data, expected->len);
      rtmp_chunk_writer_free (writer);
    }
  }
}

static inline void
queue (RtmpChunkWriter *writer, guint8 type, guint32 stream_id, guint32 timestamp, gchar run,
    guint size)
{
  rtmp_chunk_writer_queue (writer, run_message (type, stream_id, timestamp, run, size));
}

static guint8 pieces_memory[3000];

static inline void
count_release (gpointer count)
{
  ++*(guint *) count;
}

/* @n pieces of the run 'A' by @size bytes each, in order. */
static inline RtmpMessage *
pieces_message (guint n, gsize size, guint *released)
{
  g_autofree RtmpVector *vectors = g_new (RtmpVector, n);
  guint i;

  g_assert_cmpuint (n * size, <=, sizeof (pieces_memory));
  for (i = 0; i < sizeof (pieces_memory); i++)
    pieces_memory[i] = run_byte ('A', i);
  for (i = 0; i < n; i++) {
    vectors[i].base = pieces_memory + i * size;
    vectors[i].size = size;
  }
  return rtmp_message_new_wrapped (9, 1, 1, vectors, n, released, count_release);
}

/* The messages in @wire, which holds whole ones only. */
static inline GPtrArray *
read_back (const GByteArray *wire)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  GPtrArray *messages = message_array_new ();

  feed_valid (reader, wire->data, wire->len, messages);
  g_assert_cmpuint (rtmp_chunk_reader_get_dropped (reader), ==, 0);
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==, 0);
  rtmp_chunk_reader_free (reader);
  return messages;
}

#endif
