/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What chunking costs, without any I/O: messages to vectors, and bytes in
 * blocks of 64 KiB to messages. The floor for reading is one memcpy() of the
 * same payload into a block allocated for each message. Best of several runs.
 */
#include <stdio.h>
#include <string.h>
#include <glib.h>

#include "core/rtmpchunkreader.h"
#include "core/rtmpchunkwriter.h"
#include "core/rtmpcursor.h"
#include "core/rtmplimits.h"

#define WIRE_BYTES (8u * 1024 * 1024)
#define READ_BLOCK (64u * 1024)
#define RUNS 25

typedef struct {
  guint32 message_size;
  guint32 chunk_size;
  guint n_messages;
  guint8 *payload;
  GByteArray *wire;
} Bench;

static void
queue_chunk_size (const Bench *bench, RtmpChunkWriter *writer)
{
  guint8 payload[4];

  rtmp_write_u32 (payload, bench->chunk_size);
  rtmp_chunk_writer_queue (writer,
      rtmp_message_new_copied (RTMP_MESSAGE_SET_CHUNK_SIZE, 0, 0, payload, sizeof (payload)));
}

static void
queue_video (const Bench *bench, RtmpChunkWriter *writer, guint i)
{
  const RtmpVector vector = { bench->payload, bench->message_size };

  rtmp_chunk_writer_queue (writer,
      rtmp_message_new_wrapped (RTMP_MESSAGE_VIDEO, 1, i * 20, &vector, 1, NULL, NULL));
}

/* All that is queued; @wire may be NULL. */
static gsize
drain (RtmpChunkWriter *writer, GByteArray *wire)
{
  RtmpVector vectors[RTMP_MAX_VECTORS];
  gsize total = 0;
  guint n, i;

  while ((n = rtmp_chunk_writer_peek (writer, vectors, G_N_ELEMENTS (vectors))) > 0) {
    gsize size = 0;

    for (i = 0; i < n; i++) {
      if (wire)
        g_byte_array_append (wire, vectors[i].base, (guint) vectors[i].size);
      size += vectors[i].size;
    }
    rtmp_chunk_writer_consume (writer, size);
    total += size;
  }
  return total;
}

static gint64
run_writer (Bench *bench)
{
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  gint64 start;
  guint i;

  queue_chunk_size (bench, writer);
  drain (writer, NULL);
  start = g_get_monotonic_time ();
  for (i = 0; i < bench->n_messages; i++) {
    queue_video (bench, writer, i);
    drain (writer, NULL);
  }
  start = g_get_monotonic_time () - start;
  rtmp_chunk_writer_free (writer);
  return start;
}

static guint
read_block (RtmpChunkReader *reader, const guint8 *data, gsize size)
{
  RtmpMessage *message;
  gsize consumed;
  guint n = 0;

  for (;;) {
    if (!rtmp_chunk_reader_read (reader, data, size, &consumed, &message, NULL))
      g_error ("what the writer wrote cannot be read");
    if (!message)
      return n;
    rtmp_message_unref (message);
    data += consumed;
    size -= consumed;
    n++;
  }
}

static gint64
run_reader (Bench *bench)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  gint64 start = g_get_monotonic_time ();
  guint done, n = 0;

  rtmp_chunk_reader_set_chunk_size (reader, bench->chunk_size);
  for (done = 0; done < bench->wire->len; done += READ_BLOCK)
    n += read_block (reader, bench->wire->data + done, MIN (READ_BLOCK, bench->wire->len - done));
  start = g_get_monotonic_time () - start;
  g_assert_cmpuint (n, ==, bench->n_messages);
  rtmp_chunk_reader_free (reader);
  return start;
}

static gint64
run_floor (Bench *bench)
{
  gint64 start = g_get_monotonic_time ();
  gsize offset = 0;
  guint i;

  for (i = 0; i < bench->n_messages; i++) {
    guint8 *block = g_malloc (bench->message_size);

    memcpy (block, bench->wire->data + offset, bench->message_size);
    /* Keeps the copy from being optimized away. */
    __asm__ volatile("" : : "r"(block) : "memory");
    g_free (block);
    offset += bench->message_size;
  }
  return g_get_monotonic_time () - start;
}

static void
print_best (const gchar *name, Bench *bench, gint64 (*run) (Bench *))
{
  gint64 best = G_MAXINT64;
  gdouble bytes = (gdouble) bench->n_messages * bench->message_size;
  guint i;

  for (i = 0; i < RUNS; i++)
    best = MIN (best, MAX (run (bench), 1));
  printf ("  %s %9.0f ns %8.0f MB/s", name, 1000.0 * best / bench->n_messages, bytes / best);
}

static void
bench_one (guint32 message_size, guint32 chunk_size)
{
  Bench bench = { message_size, chunk_size, WIRE_BYTES / message_size, NULL, NULL };
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  guint i;

  bench.payload = g_malloc (message_size);
  memset (bench.payload, 0x55, message_size);
  bench.wire = g_byte_array_new ();
  queue_chunk_size (&bench, writer);
  drain (writer, NULL);
  for (i = 0; i < bench.n_messages; i++)
    queue_video (&bench, writer, i);
  drain (writer, bench.wire);
  rtmp_chunk_writer_free (writer);

  printf ("%6u B in chunks of %5u:", message_size, chunk_size);
  print_best ("write", &bench, run_writer);
  print_best ("read", &bench, run_reader);
  print_best ("floor", &bench, run_floor);
  printf ("\n");
  g_free (bench.payload);
  g_byte_array_unref (bench.wire);
}

int
main (void)
{
  static const guint32 message_sizes[] = { 1000, 20000, 200000 };
  static const guint32 chunk_sizes[] = { 128, 4096, 65536 };
  guint i, j;

  printf ("per message, and payload per second\n");
  for (i = 0; i < G_N_ELEMENTS (message_sizes); i++)
    for (j = 0; j < G_N_ELEMENTS (chunk_sizes); j++)
      bench_one (message_sizes[i], chunk_sizes[j]);
  return 0;
}
