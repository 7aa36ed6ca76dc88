/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpchunkwriter.h"

#include "core/rtmplimits.h"

#include "../../support/chunktake.h"
#include "../../support/countalloc.h"

/* -- Headers -- */

static void
test_nothing (void)
{
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  RtmpVector vector;

  g_assert_true (rtmp_chunk_writer_is_empty (writer));
  g_assert_cmpuint (rtmp_chunk_writer_peek (writer, &vector, 1), ==, 0);
  g_assert_cmpuint (rtmp_chunk_writer_peek (writer, NULL, 0), ==, 0);
  rtmp_chunk_writer_consume (writer, 0);
  g_assert_cmpuint (rtmp_chunk_writer_get_queued (writer), ==, 0);
  g_assert_cmpuint (rtmp_chunk_writer_get_chunk_size (writer), ==, 128);
  rtmp_chunk_writer_drop_queued (writer);
  rtmp_chunk_writer_free (writer);
}

/* vector 1 as this writer sends it: type 2 where only the time differs. */
static void
fill_four_audio (RtmpChunkWriter *writer)
{
  queue (writer, 8, 12345, 1000, 'A', 32);
  queue (writer, 8, 12345, 1020, 'B', 32);
  queue (writer, 8, 12345, 1040, 'C', 32);
  queue (writer, 8, 12345, 1060, 'D', 32);
}

static void
test_four_audio (void)
{
  check (fill_four_audio,
      "04 0003E8 000020 08 39300000 A+32  84 000014 B+32  84 000014 C+32"
      "  84 000014 D+32");
}

/* vector 2, then sizes around the chunk size */
static void
fill_chunks (RtmpChunkWriter *writer)
{
  queue (writer, 9, 12346, 1000, 'A', 307);
  queue (writer, 9, 12346, 1000, 'B', 128);
  queue (writer, 9, 12346, 1001, 'C', 129);
  queue (writer, 9, 12346, 1001, 'D', 129);
  queue (writer, 9, 12346, 1001, 'E', 256);
  queue (writer, 9, 12346, 1001, 'F', 0);
  queue (writer, 9, 12346, 1001, 'G', 0);
}

static void
test_chunks (void)
{
  check (fill_chunks,
      "06 0003E8 000133 09 3A300000 A+128 C6 A+128 C6 A+51"
      "  46 000000 000080 09 B+128"
      "  46 000001 000081 09 C+128 C6 C+1"
      "  86 000000 D+128 C6 D+1"
      "  46 000000 000100 09 E+128 C6 E+128"
      "  46 000000 000000 09"
      "  86 000000");
}

/* One reason for each type of header, and each chunk stream by itself. */
static void
fill_header_types (RtmpChunkWriter *writer)
{
  queue (writer, 20, 0, 0, 'A', 10);
  queue (writer, 20, 1, 0, 'B', 10);
  queue (writer, 18, 1, 5, 'C', 10);
  queue (writer, 8, 1, 7, 'D', 10); /* another type */
  queue (writer, 8, 1, 9, 'E', 11); /* another length */
  queue (writer, 8, 1, 9, 'F', 11); /* nothing new */
  queue (writer, 8, 2, 9, 'G', 11); /* another message stream */
  queue (writer, 8, 2, 8, 'H', 11); /* back in time (vector 8) */
  queue (writer, 9, 1, 3, 'I', 10);
  queue (writer, 22, 1, 4, 'J', 10);
  queue (writer, 7, 0, 0, 'K', 10);
}

static void
test_header_types (void)
{
  check (fill_header_types,
      "03 000000 00000A 14 00000000 A+10"
      "  08 000000 00000A 14 01000000 B+10"
      "  04 000005 00000A 12 01000000 C+10"
      "  44 000002 00000A 08 D+10"
      "  44 000002 00000B 08 E+11"
      "  84 000000 F+11"
      "  04 000009 00000B 08 02000000 G+11"
      "  04 000008 00000B 08 02000000 H+11"
      "  06 000003 00000A 09 01000000 I+10"
      "  46 000001 00000A 16 J+10"
      "  43 000000 00000A 07 K+10");
}

/* Chunk stream 2 has type 0 only, so that urgent messages may come in between. */
static void
fill_control (RtmpChunkWriter *writer)
{
  queue (writer, 5, 0, 0, 'A', 4);
  queue (writer, 5, 0, 0, 'B', 4);
  queue (writer, 4, 0, 0, 'C', 10);
}

static void
test_control (void)
{
  check (fill_control,
      "02 000000 000004 05 00000000 A+4  02 000000 000004 05 00000000 B+4"
      "  02 000000 00000A 04 00000000 C+10");
}

/* vectors 4 and 5 */
static void
fill_extended (RtmpChunkWriter *writer)
{
  queue (writer, 9, 1, 16777214, 'A', 200);
  queue (writer, 9, 1, 16777215, 'B', 200);
  queue (writer, 8, 1, 0x01000000, 'C', 200);
  queue (writer, 8, 1, 0x01000001, 'D', 200);
}

static void
test_extended (void)
{
  check (fill_extended,
      "06 FFFFFE 0000C8 09 01000000 A+128 C6 A+72"
      "  86 000001 B+128 C6 B+72"
      "  04 FFFFFF 0000C8 08 01000000 01000000 C+128 C4 01000000 C+72"
      "  84 000001 D+128 C4 D+72");
}

/* vector 6: the extended value of types 1 and 2 is the delta. One below
 * 0xFFFFFF needs none here. */
static void
fill_extended_delta (RtmpChunkWriter *writer)
{
  queue (writer, 9, 1, 11000, 'A', 1);
  queue (writer, 9, 1, 16787216, 'B', 129);
  queue (writer, 9, 1, 16787216 + 0xFFFFFF, 'C', 129);
  queue (writer, 9, 1, 16787216 + 0xFFFFFF + 0xFFFFFE, 'D', 129);
  queue (writer, 9, 1, 16787216 + 0xFFFFFF + 0xFFFFFE + 0x7FFFFFFFu, 'E', 1);
}

static void
test_extended_delta (void)
{
  check (fill_extended_delta,
      "06 002AF8 000001 09 01000000 A+1"
      "  46 FFFC18 000081 09 B+128 C6 B+1"
      "  86 FFFFFF 00FFFFFF C+128 C6 00FFFFFF C+1"
      "  86 FFFFFE D+128 C6 D+1"
      "  46 FFFFFF 000001 09 7FFFFFFF E+1");
}

/* vector 8: time is compared serially. Half way round counts as back. */
static void
fill_wrap (RtmpChunkWriter *writer)
{
  queue (writer, 8, 1, 0xFFFFFFF0, 'A', 1);
  queue (writer, 8, 1, 0x10, 'B', 1);
  queue (writer, 8, 1, 0xFFFFFFFF, 'C', 1);
  queue (writer, 8, 1, 0x7FFFFFFF, 'D', 1);
}

static void
test_wrap (void)
{
  check (fill_wrap,
      "04 FFFFFF 000001 08 01000000 FFFFFFF0 A+1"
      "  84 000020 B+1"
      "  04 FFFFFF 000001 08 01000000 FFFFFFFF C+1"
      "  04 FFFFFF 000001 08 01000000 7FFFFFFF D+1");
}

/* -- Chunk size -- */

static void
fill_chunk_size (RtmpChunkWriter *writer)
{
  queue (writer, 9, 1, 1, 'A', 200);
  rtmp_chunk_writer_queue (writer, chunk_size_message (64));
  queue (writer, 9, 1, 1, 'B', 200);
  rtmp_chunk_writer_queue (writer, chunk_size_message (0x7FFFFFFF));
  queue (writer, 9, 1, 1, 'C', 200);
  rtmp_chunk_writer_queue (writer, chunk_size_message (1));
  rtmp_chunk_writer_queue (writer, chunk_size_message (3));
  queue (writer, 8, 1, 1, 'D', 5);
}

/* It holds for what lies behind it, itself not included (Q18: down to 1). */
static void
test_chunk_size (void)
{
  check (fill_chunk_size,
      "06 000001 0000C8 09 01000000 A+128 C6 A+72"
      "  02 000000 000004 01 00000000 00000040"
      "  86 000000 B+64 C6 B+64 C6 B+64 C6 B+8"
      "  02 000000 000004 01 00000000 7FFFFFFF"
      "  86 000000 C+200"
      "  02 000000 000004 01 00000000 00000001"
      "  02 000000 000004 01 00000000 00 C2 00 C2 00 C2 03"
      "  04 000001 000005 08 01000000 D+3 C4 D+2");
}

static void
test_chunk_size_reported (void)
{
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();

  rtmp_chunk_writer_queue (writer, chunk_size_message (4096));
  g_assert_cmpuint (rtmp_chunk_writer_get_chunk_size (writer), ==, 128);
  drain (writer, 2, 1, wire);
  g_assert_cmpuint (rtmp_chunk_writer_get_chunk_size (writer), ==, 4096);
  rtmp_chunk_writer_free (writer);
}

/* One that is not valid is the caller's bug; it is not sent. */
static void
test_chunk_size_invalid (void)
{
  static const guint8 payload[] = { 0, 0, 0, 0, 1 };
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  RtmpMessage *invalid[] = {
    chunk_size_message (0),
    chunk_size_message (0x80000001),
    rtmp_message_new_copied (RTMP_MESSAGE_SET_CHUNK_SIZE, 0, 0, payload + 1, 3),
    rtmp_message_new_copied (RTMP_MESSAGE_SET_CHUNK_SIZE, 0, 0, payload, 5),
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (invalid); i++) {
    g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*size > 0*");
    rtmp_chunk_writer_queue (writer, invalid[i]);
    g_test_assert_expected_messages ();
  }
  g_assert_true (rtmp_chunk_writer_is_empty (writer));
  rtmp_chunk_writer_free (writer);
}

/* -- Payload -- */

static guint pieces_released;

static void
fill_pieces (RtmpChunkWriter *writer)
{
  pieces_released = 0;
  rtmp_chunk_writer_queue (writer, pieces_message (7, 43, &pieces_released));
}

/* A chunk spans pieces, a piece spans chunks. */
static void
test_pieces (void)
{
  check (fill_pieces, "06 000001 00012D 09 01000000 A+128 C6 A+128 C6 A+45");
  g_assert_cmpuint (pieces_released, ==, 1);
}

/* More pieces in a chunk than vectors are prepared at once. */
static void
fill_many_pieces (RtmpChunkWriter *writer)
{
  pieces_released = 0;
  rtmp_chunk_writer_queue (writer, chunk_size_message (2999));
  rtmp_chunk_writer_queue (writer, pieces_message (3000, 1, &pieces_released));
}

static void
test_many_pieces (void)
{
  check (fill_many_pieces,
      "02 000000 000004 01 00000000 00000BB7"
      "  06 000001 000BB8 09 01000000 A+2999 C6 A+1");
}

/* However many vectors are asked for, no more are prepared. */
static void
test_window_limit (void)
{
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  RtmpVector vectors[RTMP_MAX_VECTORS + 2];

  fill_many_pieces (writer);
  g_assert_cmpuint (rtmp_chunk_writer_peek (writer, vectors, RTMP_MAX_VECTORS - 1), ==,
      RTMP_MAX_VECTORS - 1);
  g_assert_cmpuint (rtmp_chunk_writer_peek (writer, vectors, G_N_ELEMENTS (vectors)), ==,
      RTMP_MAX_VECTORS);
  rtmp_chunk_writer_free (writer);
}

/* What is lent of a payload is that memory itself, until it is taken whole. */
static void
test_not_copied (void)
{
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  RtmpVector vectors[16];
  guint released = 0;

  rtmp_chunk_writer_queue (writer, pieces_message (2, 150, &released));
  g_assert_cmpuint (rtmp_chunk_writer_peek (writer, vectors, 16), ==, 7);
  g_assert_cmpuint (vectors[0].size, ==, 12);
  g_assert_true (vectors[1].base == pieces_memory);
  g_assert_cmpuint (vectors[1].size, ==, 128);
  g_assert_cmpuint (vectors[2].size, ==, 1);
  g_assert_true (vectors[3].base == pieces_memory + 128);
  g_assert_cmpuint (vectors[3].size, ==, 22);
  g_assert_true (vectors[4].base == pieces_memory + 150);
  g_assert_cmpuint (vectors[4].size, ==, 106);
  g_assert_true (vectors[6].base == pieces_memory + 256);
  g_assert_cmpuint (vectors[6].size, ==, 44);

  rtmp_chunk_writer_consume (writer, 12 + 100);
  g_assert_cmpuint (rtmp_chunk_writer_peek (writer, vectors, 16), ==, 6);
  g_assert_true (vectors[0].base == pieces_memory + 100);
  g_assert_cmpuint (vectors[0].size, ==, 28);
  g_assert_cmpuint (rtmp_chunk_writer_get_queued (writer), ==, 200);

  rtmp_chunk_writer_consume (writer, 28 + 1 + 128 + 1 + 43);
  g_assert_cmpuint (released, ==, 0);
  rtmp_chunk_writer_consume (writer, 1);
  g_assert_cmpuint (released, ==, 1);
  rtmp_chunk_writer_free (writer);
}

/* Messages are released one by one, and all of them with the writer. */
static void
test_release (void)
{
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  guint released = 0, i;

  for (i = 0; i < 40; i++)
    rtmp_chunk_writer_queue (writer, pieces_message (1, 10, &released));
  g_assert_cmpuint (rtmp_chunk_writer_get_queued (writer), ==, 400);
  take_exactly (writer, 1024, 12 + 10, wire);
  g_assert_cmpuint (released, ==, 1);
  take_exactly (writer, 1, 4 + 9, wire);
  g_assert_cmpuint (released, ==, 1);
  g_assert_cmpuint (rtmp_chunk_writer_get_queued (writer), ==, 381);
  rtmp_chunk_writer_queue_urgent (writer, run_message (3, 0, 0, 'B', 4));
  rtmp_chunk_writer_free (writer);
  g_assert_cmpuint (released, ==, 40);
}

/* A message larger than any may be is the caller's bug; it is not sent. */
static void
test_oversized (void)
{
  const RtmpVector vector = { pieces_memory, RTMP_MAX_MESSAGE_SIZE + 1 };
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  RtmpMessage *message;
  guint released = 0;

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*RTMP_MAX_MESSAGE_SIZE*");
  message = rtmp_message_new_wrapped (9, 1, 0, &vector, 1, &released, count_release);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*RTMP_MAX_MESSAGE_SIZE*");
  rtmp_chunk_writer_queue (writer, message);
  g_test_assert_expected_messages ();
  g_assert_true (rtmp_chunk_writer_is_empty (writer));
  g_assert_cmpuint (released, ==, 1);
  rtmp_chunk_writer_free (writer);
}

/* Allocations for a message of 200000 bytes once the writer has run for a while. */
static guint64
count_allocations (RtmpChunkWriter *writer, guint32 chunk_size)
{
  static guint8 payload[200000];
  const RtmpVector vector = { payload, sizeof (payload) };
  RtmpVector vectors[RTMP_MAX_VECTORS];
  guint64 calls = 0;
  guint round;

  rtmp_chunk_writer_queue (writer, chunk_size_message (chunk_size));
  for (round = 0; round < 3; round++) {
    rtmp_chunk_writer_queue (writer,
        rtmp_message_new_wrapped (9, 1, round, &vector, 1, NULL, NULL));
    calls = count_alloc_calls;
    while (!rtmp_chunk_writer_is_empty (writer)) {
      guint n = rtmp_chunk_writer_peek (writer, vectors, G_N_ELEMENTS (vectors));
      gsize size = 0;

      while (n > 0)
        size += vectors[--n].size;
      rtmp_chunk_writer_consume (writer, size);
    }
    calls = count_alloc_calls - calls;
  }
  return calls;
}

/* None at all, in one chunk or in 20000; before that the window has doubled a
 * few times. */
static void
test_allocations (void)
{
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  guint64 calls = count_alloc_calls;

  count_allocations (writer, 10);
  g_assert_cmpuint (count_alloc_calls - calls, <=, 12);
  g_assert_cmpuint (count_allocations (writer, 10), ==, 0);
  g_assert_cmpuint (count_allocations (writer, 128), ==, 0);
  g_assert_cmpuint (count_allocations (writer, 65536), ==, 0);
  rtmp_chunk_writer_free (writer);
}

/* The rings go round many times, with queue and window of all lengths. */
static void
test_rings (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  g_autoptr (GPtrArray) messages = NULL;
  guint round, i, queued = 0;

  for (round = 0; round < 200; round++) {
    guint n = g_rand_int_range (rand, 0, 40);

    for (i = 0; i < n; i++, queued++)
      queue (writer, 8, 1, queued, 'A' + queued % 26, queued % 300);
    n = g_rand_int_range (rand, 0, 60);
    for (i = 0; i < n; i++)
      take (writer, g_rand_int_range (rand, 1, 100), g_rand_int_range (rand, 1, 2000), wire);
  }
  drain (writer, 1024, G_MAXSIZE, wire);
  rtmp_chunk_writer_free (writer);

  messages = read_back (wire);
  g_assert_cmpuint (messages->len, ==, queued);
  for (i = 0; i < queued; i++) {
    g_autoptr (RtmpMessage) expected = run_message (8, 1, i, 'A' + i % 26, i % 300);

    assert_same_message (messages->pdata[i], expected);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunkwriter/nothing", test_nothing);
  g_test_add_func ("/chunkwriter/header/four-audio", test_four_audio);
  g_test_add_func ("/chunkwriter/header/chunks", test_chunks);
  g_test_add_func ("/chunkwriter/header/types", test_header_types);
  g_test_add_func ("/chunkwriter/header/control", test_control);
  g_test_add_func ("/chunkwriter/header/extended", test_extended);
  g_test_add_func ("/chunkwriter/header/extended-delta", test_extended_delta);
  g_test_add_func ("/chunkwriter/header/wrap", test_wrap);
  g_test_add_func ("/chunkwriter/chunk-size", test_chunk_size);
  g_test_add_func ("/chunkwriter/chunk-size/reported", test_chunk_size_reported);
  g_test_add_func ("/chunkwriter/chunk-size/invalid", test_chunk_size_invalid);
  g_test_add_func ("/chunkwriter/payload/pieces", test_pieces);
  g_test_add_func ("/chunkwriter/payload/many-pieces", test_many_pieces);
  g_test_add_func ("/chunkwriter/payload/window-limit", test_window_limit);
  g_test_add_func ("/chunkwriter/payload/not-copied", test_not_copied);
  g_test_add_func ("/chunkwriter/payload/release", test_release);
  g_test_add_func ("/chunkwriter/payload/oversized", test_oversized);
  g_test_add_func ("/chunkwriter/payload/allocations", test_allocations);
  g_test_add_func ("/chunkwriter/payload/rings", test_rings);
  return g_test_run ();
}
