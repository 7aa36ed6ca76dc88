/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpchunkreader.h"

#include "core/rtmperror.h"
#include "core/rtmplimits.h"

#include "../../support/chunkfeed.h"
#include "../../support/countalloc.h"

/* What a peer can make the chunk reader hold, and what it cannot. */

#define ROOM RTMP_MESSAGE_BLOCK_ROOM

static void
test_max_message_size (void)
{
  static const gchar *const over[] = {
    "04 000001 000065 08 01000000",
    "44 000001 000065 08",
    "04 000001 FFFFFF 08 01000000",
  };
  RtmpChunkReader *reader;
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (GError) error = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (over); i++) {
    reader = rtmp_chunk_reader_new ();
    rtmp_chunk_reader_set_max_message_size (reader, 100);
    g_assert_true (feed_text (reader, "05 000001 000064 08 01000000 A+100", messages, NULL));
    g_assert_false (feed_text (reader, over[i], messages, &error));
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
    g_clear_error (&error);
    rtmp_chunk_reader_free (reader);
  }
  g_assert_cmpuint (messages->len, ==, G_N_ELEMENTS (over));
}

/* A limit set later holds for the messages that repeat a length too. */
static void
test_max_message_size_repeated (void)
{
  static const gchar *const repeating[] = { "84 000001", "C4" };
  g_autoptr (GPtrArray) messages = message_array_new ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (repeating); i++) {
    RtmpChunkReader *reader = rtmp_chunk_reader_new ();
    g_autoptr (GError) error = NULL;

    feed_text (reader, "04 000001 000064 08 01000000 A+100", messages, NULL);
    rtmp_chunk_reader_set_max_message_size (reader, 99);
    g_assert_false (feed_text (reader, repeating[i], messages, &error));
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
    rtmp_chunk_reader_free (reader);
  }
}

static void
append_header (GByteArray *wire, guint32 chunk_stream, guint32 length)
{
  guint8 header[14] = { 0x01 };

  header[1] = (guint8) (chunk_stream - 64);
  header[2] = (guint8) ((chunk_stream - 64) >> 8);
  rtmp_write_u24 (header + 6, length);
  header[9] = RTMP_MESSAGE_VIDEO;
  g_byte_array_append (wire, header, sizeof (header));
}

/* vector 14: as many chunk streams as there may be, each with a large message
 * begun, hold little memory; one more is an error. */
static void
test_max_chunk_streams (void)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (GError) error = NULL;
  guint32 id;

  for (id = 64; id < 64 + RTMP_MAX_CHUNK_STREAMS; id++) {
    g_autoptr (GByteArray) wire = g_byte_array_new ();

    append_header (wire, 64 + (id - 64) * 251, 0xFFFFFF);
    g_assert_true (feed (reader, wire->data, wire->len, messages, NULL));
    g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==,
        (id - 64) * (RTMP_ASSEMBLY_GROWTH * 128 + ROOM));
    run_append (wire, 'A', 0, 128);
    g_assert_true (feed (reader, wire->data + 14, 128, messages, NULL));
  }
  /* Those that are known go on. */
  g_assert_true (feed_text (reader, "C1 0000 A+128", messages, NULL));
  g_assert_false (feed_text (reader, "02 000000 000004 01 00000000 00001000", messages, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
  g_assert_cmpuint (messages->len, ==, 0);
  rtmp_chunk_reader_free (reader);
}

/* All in one read, which is one message's at most, whatever it begins. */
static void
test_max_chunk_streams_at_once (void)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  guint i;

  for (i = 0; i < RTMP_MAX_CHUNK_STREAMS; i++) {
    append_header (wire, 64 + i, 0xFFFFFF);
    run_append (wire, 'A', 0, 128);
  }
  feed_valid (reader, wire->data, wire->len, messages);
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), <=,
      RTMP_ASSEMBLY_GROWTH * wire->len
          + RTMP_MAX_CHUNK_STREAMS * (RTMP_ASSEMBLY_GROWTH * 128 + ROOM));
  rtmp_chunk_reader_free (reader);
}

/* The limit is one for both kinds of ids together. */
static void
test_max_chunk_streams_mixed (void)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (GError) error = NULL;
  guint32 id;

  for (id = 2; id < 64; id++) {
    g_autofree gchar *text = g_strdup_printf ("%02X 000001 000001 08 01000000 A+1", id);

    g_assert_true (feed_text (reader, text, messages, NULL));
  }
  for (; id < 2 + RTMP_MAX_CHUNK_STREAMS; id++) {
    g_autoptr (GByteArray) wire = g_byte_array_new ();

    append_header (wire, id, 0);
    g_assert_true (feed (reader, wire->data, wire->len, messages, NULL));
  }
  g_assert_cmpuint (messages->len, ==, RTMP_MAX_CHUNK_STREAMS);
  g_assert_false (feed_text (reader, "01 FFFF 000001 000001 08 01000000 A+1", messages, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
  rtmp_chunk_reader_free (reader);
}

/* One message holds as much as a message can; the other gets exactly what is
 * left, and then not a byte more. */
static void
test_max_assembly_bytes (void)
{
  const guint32 held = RTMP_MAX_MESSAGE_SIZE - 1;
  const guint32 half = RTMP_MAX_MESSAGE_SIZE / 2 + 1;
  const guint32 left = RTMP_MAX_ASSEMBLY_BYTES - (RTMP_MAX_MESSAGE_SIZE + ROOM) - ROOM;
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) wire = g_byte_array_new ();

  append_header (wire, 64, RTMP_MAX_MESSAGE_SIZE);
  g_byte_array_set_size (wire, 14 + held);
  memset (wire->data + 14, 'a', held);
  rtmp_chunk_reader_set_chunk_size (reader, held);
  g_assert_true (feed (reader, wire->data, 14 + half, messages, NULL));
  g_assert_true (feed (reader, wire->data + 14 + half, held - half, messages, NULL));
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==,
      RTMP_MAX_MESSAGE_SIZE + ROOM);

  wire->data[1] = 1;
  rtmp_chunk_reader_set_chunk_size (reader, held);
  g_assert_true (feed (reader, wire->data, 14 + left - 1, messages, NULL));
  g_assert_true (feed (reader, wire->data, 1, messages, NULL));
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==, RTMP_MAX_ASSEMBLY_BYTES);
  g_assert_false (feed (reader, wire->data, 1, messages, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
  rtmp_chunk_reader_free (reader);
}

/* What a message holds follows what arrived for it, at most RTMP_ASSEMBLY_GROWTH times that, and
 * never exceeds what it declared. */
static void
test_memory_grows (void)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  const guint length = 100000;
  guint i;

  rtmp_chunk_reader_set_chunk_size (reader, RTMP_MAX_CHUNK_SIZE);
  append_header (wire, 64, length);
  run_append (wire, 'A', 0, length);
  feed (reader, wire->data, 14, messages, NULL);
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==, 0);
  for (i = 0; i < length - 1; i += 7) {
    gsize received = MIN (i + 7, length - 1), held;

    feed (reader, wire->data + 14 + i, received - i, messages, NULL);
    held = rtmp_chunk_reader_get_assembly_bytes (reader);
    g_assert_cmpuint (held, >=, received + ROOM);
    g_assert_cmpuint (held, <=,
        MAX (RTMP_ASSEMBLY_GROWTH * received, RTMP_MIN_ASSEMBLY_BLOCK) + ROOM);
    g_assert_cmpuint (held, <=, length + ROOM);
  }
  feed (reader, wire->data + 14 + length - 1, 1, messages, NULL);
  g_assert_cmpuint (messages->len, ==, 1);
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==, 0);
  rtmp_chunk_reader_free (reader);
}

/* -- Memory -- */

static GByteArray *
chunked (guint length, guint chunk_size)
{
  GByteArray *wire = g_byte_array_new ();
  guint done;

  append_header (wire, 64, length);
  for (done = 0; done < length; done += chunk_size) {
    if (done > 0)
      g_byte_array_append (wire, (const guint8 *) "\xC1\0\0", 3);
    run_append (wire, 'A', done, MIN (chunk_size, length - done));
  }
  return wire;
}

static guint64
count_allocations (guint length, guint chunk_size)
{
  g_autoptr (GByteArray) wire = chunked (length, chunk_size);
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  RtmpMessage *message;
  gsize consumed;
  guint64 calls = count_alloc_calls;

  rtmp_chunk_reader_set_chunk_size (reader, chunk_size);
  g_assert_true (rtmp_chunk_reader_read (reader, wire->data, wire->len, &consumed, &message, NULL));
  g_assert_nonnull (message);
  calls = count_alloc_calls - calls;
  rtmp_message_unref (message);
  rtmp_chunk_reader_free (reader);
  return calls;
}

/* A message in hand costs the same few allocations in one chunk or in 10000. */
static void
test_allocations (void)
{
  guint64 one = count_allocations (100000, 100000);

  /* The table of high ids, this one's state, the block, the message. */
  g_assert_cmpuint (one, <=, 4);
  g_assert_cmpuint (count_allocations (100000, 128), ==, one);
  g_assert_cmpuint (count_allocations (100000, 10), ==, one);
}

/* Memory that cannot be had is a limit, not an abort. */
static void
test_out_of_memory (void)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (GError) error = NULL;
  guint i;

  feed_text (reader, "04 000001 001000 08 01000000 A+128", messages, NULL);
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==,
      RTMP_ASSEMBLY_GROWTH * 128 + ROOM);
  count_alloc_tries_left = 0;
  for (i = 1; i < RTMP_ASSEMBLY_GROWTH; i++)
    g_assert_true (feed_text (reader, "C4 A+128", messages, NULL));
  g_assert_false (feed_text (reader, "C4 A+128", messages, &error));
  count_alloc_tries_left = G_MAXUINT64;
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
  rtmp_chunk_reader_free (reader);
}

/* Whatever the bytes are, the reader neither crashes nor holds more than it may. */
static void
test_noise (void)
{
  static const guint8 values[] = { 0, 0, 0, 1, 2, 3, 4, 0x43, 0x83, 0xC3, 0x44, 0x84, 0xC4, 0xFF,
    0xFF, 0xFF };
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240229);
  guint round, i;

  for (round = 0; round < 3000; round++) {
    RtmpChunkReader *reader = rtmp_chunk_reader_new ();
    g_autoptr (GPtrArray) messages = message_array_new ();
    guint8 noise[600];
    gsize done = 0, size;

    /* Few different values, so that headers find each other. */
    for (i = 0; i < sizeof (noise); i++)
      noise[i] = values[g_rand_int_range (rand, 0, sizeof (values))];
    rtmp_chunk_reader_set_chunk_size (reader, g_rand_int_range (rand, 1, 20));
    do {
      size = g_rand_int_range (rand, 1, 40);
      size = MIN (size, sizeof (noise) - done);
      if (!feed (reader, noise + done, size, messages, NULL))
        break;
      done += size;
      g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), <, 64 * 1024);
    } while (done < sizeof (noise));
    rtmp_chunk_reader_free (reader);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunklimits/message-size", test_max_message_size);
  g_test_add_func ("/chunklimits/message-size-repeated", test_max_message_size_repeated);
  g_test_add_func ("/chunklimits/chunk-streams", test_max_chunk_streams);
  g_test_add_func ("/chunklimits/chunk-streams-at-once", test_max_chunk_streams_at_once);
  g_test_add_func ("/chunklimits/chunk-streams-mixed", test_max_chunk_streams_mixed);
  g_test_add_func ("/chunklimits/assembly-bytes", test_max_assembly_bytes);
  g_test_add_func ("/chunklimits/memory/grows", test_memory_grows);
  g_test_add_func ("/chunklimits/memory/allocations", test_allocations);
  g_test_add_func ("/chunklimits/memory/out", test_out_of_memory);
  g_test_add_func ("/chunklimits/noise", test_noise);
  return g_test_run ();
}
