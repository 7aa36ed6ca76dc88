/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpchunkreader.h"

#include "core/rtmperror.h"

#include "../../support/chunkfeed.h"

typedef struct {
  guint8 type;
  guint32 stream_id;
  guint32 timestamp;
  const gchar *payload; /* as for wire_new() */
} Expected;

/* The room around each payload may be written. */
static void
assert_expected (GPtrArray *messages, const Expected *expected, guint n_expected)
{
  guint i;

  g_assert_cmpuint (messages->len, ==, n_expected);
  for (i = 0; i < n_expected; i++) {
    g_autoptr (GByteArray) payload = wire_new (expected[i].payload);
    const RtmpMessage *message = messages->pdata[i];
    guint8 *room = rtmp_message_get_room (message);

    g_assert_cmpuint (message->type, ==, expected[i].type);
    g_assert_cmpuint (message->stream_id, ==, expected[i].stream_id);
    g_assert_cmpuint (message->timestamp, ==, expected[i].timestamp);
    g_assert_nonnull (room);
    memset (room, 0xFF, RTMP_MESSAGE_HEADROOM);
    memset (room + RTMP_MESSAGE_HEADROOM + message->size, 0xFF, RTMP_MESSAGE_TAILROOM);
    g_assert_cmpmem (room + RTMP_MESSAGE_HEADROOM, message->size, payload->data, payload->len);
  }
}

/* Reads @wire in feeds of @step bytes, but first one of @first. */
static void
check_split (const GByteArray *wire, gsize first, gsize step, const Expected *expected,
    guint n_expected, guint64 dropped)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  gsize done = 0, size;

  for (size = first; done < wire->len; size = step) {
    size = MIN (size, wire->len - done);
    feed_valid (reader, wire->data + done, size, messages);
    done += size;
  }
  assert_expected (messages, expected, n_expected);
  g_assert_cmpuint (rtmp_chunk_reader_get_dropped (reader), ==, dropped);
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==, 0);
  rtmp_chunk_reader_free (reader);
}

/* Whole, in steps of 1 to 5 bytes, and split at every position. */
static void
check (const gchar *text, const Expected *expected, guint n_expected, guint64 dropped)
{
  g_autoptr (GByteArray) wire = wire_new (text);
  gsize i;

  check_split (wire, wire->len, wire->len, expected, n_expected, dropped);
  for (i = 1; i <= 5; i++)
    check_split (wire, i, i, expected, n_expected, dropped);
  for (i = 1; i < wire->len; i++)
    check_split (wire, i, wire->len, expected, n_expected, dropped);
}

#define CHECK(text, expected) check (text, expected, G_N_ELEMENTS (expected), 0)
#define CHECK_DROPPED(text, expected, dropped) \
  check (text, expected, G_N_ELEMENTS (expected), dropped)

/* The same error whole and byte by byte, and on each later call. */
static void
check_error (const gchar *text, RtmpError code, const Expected *expected, guint n_expected)
{
  g_autoptr (GByteArray) wire = wire_new (text);
  const gsize steps[] = { wire->len, 1 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (steps); i++) {
    RtmpChunkReader *reader = rtmp_chunk_reader_new ();
    g_autoptr (GPtrArray) messages = message_array_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) again = NULL;
    gsize done;

    for (done = 0; !error && done < wire->len; done += steps[i])
      feed (reader, wire->data + done, steps[i], messages, &error);
    g_assert_error (error, RTMP_ERROR, (gint) code);
    g_assert_cmpuint (done, ==, wire->len);
    assert_expected (messages, expected, n_expected);

    g_assert_false (feed (reader, wire->data, 0, messages, &again));
    g_assert_error (again, RTMP_ERROR, (gint) code);
    g_assert_cmpstr (again->message, ==, error->message);
    g_assert_false (feed (reader, wire->data, wire->len, messages, NULL));
    rtmp_chunk_reader_free (reader);
  }
}

/* -- Headers -- */

/* vector 1 */
static void
test_four_audio (void)
{
  static const Expected expected[] = {
    { 8, 12345, 1000, "A+32" },
    { 8, 12345, 1020, "B+32" },
    { 8, 12345, 1040, "C+32" },
    { 8, 12345, 1060, "D+32" },
  };

  CHECK ("03 0003E8 000020 08 39300000 A+32  83 000014 B+32  C3 C+32  C3 D+32", expected);
}

/* vector 2 */
static void
test_three_chunks (void)
{
  static const Expected expected[] = { { 9, 12346, 1000, "A+307" } };

  CHECK ("04 0003E8 000133 09 3A300000 A+128  C4 A+128  C4 A+51", expected);
}

/* vector 3; the two long forms of 64 mean one chunk stream. */
static void
test_chunk_stream_ids (void)
{
  static const Expected expected[] = {
    { 8, 1, 1, "A+2" },
    { 8, 1, 2, "B+2" },
    { 9, 1, 7, "E+1" },
    { 8, 1, 5, "C+130" },
    { 9, 1, 6, "D+130" },
    { 9, 1, 14, "F+1" },
  };

  CHECK ("00 00 000001 000002 08 01000000 A+2"
         "  81 00 00 000001 B+2"
         "  00 FF 000005 000082 08 01000000 C+128"
         "  01 2D 01 000006 000082 09 01000000 D+128"
         "  01 FF FF 000007 000001 09 01000000 E+1"
         "  C0 FF C+2"
         "  C1 2D 01 D+2"
         "  C1 FF FF F+1",
      expected);
}

/* vector 4 */
static void
test_extended_boundary (void)
{
  static const Expected expected[] = {
    { 9, 1, 16777214, "A+1" },
    { 9, 1, 16777215, "B+1" },
  };

  CHECK ("04 FFFFFE 000001 09 01000000 A+1"
         "  04 FFFFFF 000001 09 01000000 00FFFFFF B+1",
      expected);
}

/* vector 5, Q20: repeated, left out, and both on one chunk stream. */
static void
test_extended_continuation (void)
{
  static const Expected expected[] = { { 9, 1, 0x01000000, "A+300" } };

  CHECK ("04 FFFFFF 00012C 09 01000000 01000000 A+128 C4 01000000 A+128 C4 01000000 A+44",
      expected);
  CHECK ("04 FFFFFF 00012C 09 01000000 01000000 A+128 C4 A+128 C4 A+44", expected);
  CHECK ("04 FFFFFF 00012C 09 01000000 01000000 A+128 C4 A+128 C4 01000000 A+44", expected);
}

/* vector 6 and Q21: the extended value of types 1 and 2 is a delta. Its
 * repetition may be that delta, the absolute timestamp (0x01002710), or
 * absent. */
static void
test_extended_delta (void)
{
  static const Expected deltas[] = {
    { 9, 1, 11000, "A+1" },
    { 9, 1, 16787216, "B+128" },
    { 9, 1, 33563432, "C+128" },
  };
  static const Expected continued[] = {
    { 9, 1, 11000, "A+1" },
    { 9, 1, 16787216, "B+130" },
  };

  CHECK ("04 002AF8 000001 09 01000000 A+1"
         "  44 FFFFFF 000080 09 00FFFC18 B+128"
         "  84 FFFFFF 00FFFC18 C+128",
      deltas);
  CHECK ("04 002AF8 000001 09 01000000 A+1"
         "  44 FFFFFF 000082 09 00FFFC18 B+128 C4 00FFFC18 B+2",
      continued);
  CHECK ("04 002AF8 000001 09 01000000 A+1"
         "  44 FFFFFF 000082 09 00FFFC18 B+128 C4 01002710 B+2",
      continued);
  CHECK ("04 002AF8 000001 09 01000000 A+1"
         "  44 FFFFFF 000082 09 00FFFC18 B+128 C4 B+2",
      continued);
}

/* The flag is the last type 0, 1 or 2 header's: a short delta ends it. */
static void
test_extended_ends (void)
{
  static const Expected expected[] = {
    { 9, 1, 0x01000000, "A+1" },
    { 9, 1, 0x01000010, "B+129" },
    { 9, 1, 0x01000020, "C+129" },
  };

  CHECK ("04 FFFFFF 000001 09 01000000 01000000 A+1"
         "  44 000010 000081 09 B+128 C4 B+1"
         "  84 000010 C+128 C4 C+1",
      expected);
}

/* Payload that begins like the timestamp left out, and has fewer bytes: what
 * was looked at is payload first, and then the next chunk. */
static void
test_extended_lookalike (void)
{
  static const Expected one[] = { { 9, 1, 0x01000000, "A+128 01" }, { 9, 1, 1, "B+2" } };
  static const Expected two[] = { { 9, 1, 0x01000000, "A+128 0100" }, { 9, 1, 1, "B+2" } };
  static const Expected three[] = { { 9, 1, 0x01000000, "A+128 010000" }, { 9, 1, 1, "B+2" } };
  static const Expected four[] = { { 9, 1, 0x01000000, "A+128 01000001" }, { 9, 1, 1, "B+2" } };

  CHECK ("04 FFFFFF 000081 09 01000000 01000000 A+128 C4 01  06 000001 000002 09 01000000 B+2",
      one);
  CHECK ("04 FFFFFF 000082 09 01000000 01000000 A+128 C4 0100  06 000001 000002 09 01000000 B+2",
      two);
  CHECK ("04 FFFFFF 000083 09 01000000 01000000 A+128 C4 010000 06 000001 000002 09 01000000 B+2",
      three);
  CHECK ("04 FFFFFF 000084 09 01000000 01000000 A+128 C4 01000001"
         "  06 000001 000002 09 01000000 B+2",
      four);
}

/* The bytes looked at contain the next chunk's header, of a chunk stream whose
 * timestamp is looked for in turn. */
static void
test_extended_lookalike_nested (void)
{
  static const Expected expected[] = {
    { 9, 1, 0x01C6010A, "A+128 01" },
    { 8, 1, 0x01070000, "B+128 010B" },
  };

  CHECK ("04 FFFFFF 000081 09 01000000 01C6010A A+128"
         "  06 FFFFFF 000082 08 01000000 01070000 B+128"
         "  C4 01  C6 010B",
      expected);
}

/* Chunk size 1 with a timestamp left out: looked for at every byte. */
static void
test_extended_tiny_chunks (void)
{
  static const Expected expected[] = {
    { 1, 0, 0, "00000001" },
    { 9, 1, 0x01C40100, "01 C4 01 C4 C4 00" },
    { 9, 1, 0x01C40100, "01 C4 01 00 01" },
  };

  CHECK ("02 000000 000004 01 00000000 00000001"
         "  04 FFFFFF 000006 09 01000000 01C40100 01 C4C4 C401 C4C4 C4C4 C400"
         "  04 FFFFFF 000005 09 01000000 01C40100 01"
         "  C4 01C40100 C4 C4 01C40100 01 C4 01C40100 00 C4 01C40100 01",
      expected);
}

/* vector 7, Q22 */
static void
test_repeated_delta (void)
{
  static const Expected expected[] = {
    { 8, 1, 1000, "A+1" },
    { 8, 1, 2000, "B+1" },
    { 8, 1, 2010, "C+1" },
    { 8, 1, 2020, "D+1" },
  };
  static const Expected extended[] = {
    { 8, 1, 0x01000000, "A+1" },
    { 8, 1, 0x02000000, "B+1" },
    { 8, 1, 0x03000000, "C+1" },
    { 8, 1, 0x04000000, "D+1" },
  };

  CHECK ("03 0003E8 000001 08 01000000 A+1  C3 B+1  83 00000A C+1  C3 D+1", expected);
  /* The second repeats the field, the third its own timestamp, the fourth nothing. */
  CHECK ("03 FFFFFF 000001 08 01000000 01000000 A+1  C3 01000000 B+1  C3 03000000 C+1  C3 D+1",
      extended);
}

/* vector 8, Q25: deltas wrap, and so a large one goes back. */
static void
test_wrap (void)
{
  static const Expected expected[] = {
    { 8, 1, 0xFFFFFFF0, "A+1" },
    { 8, 1, 0x10, "B+1" },
    { 8, 1, 0x0F, "C+1" },
  };

  CHECK ("03 FFFFFF 000001 08 01000000 FFFFFFF0 A+1  83 000020 B+1  83 FFFFFF FFFFFFFF C+1",
      expected);
}

/* vector 12, Q23 */
static void
test_first_type_1 (void)
{
  static const Expected expected[] = { { 4, 0, 20, "0007 12345678" } };

  CHECK ("42 000014 000006 04 0007 12345678", expected);
}

/* vector 12 */
static void
test_first_type_2_or_3 (void)
{
  static const Expected before[] = { { 8, 1, 1, "A+1" } };

  check_error ("82 000014", RTMP_ERROR_PROTOCOL, NULL, 0);
  check_error ("C2", RTMP_ERROR_PROTOCOL, NULL, 0);
  check_error ("C1 FF FF", RTMP_ERROR_PROTOCOL, NULL, 0);
  check_error ("81 FF FF FFFFFF 00000000", RTMP_ERROR_PROTOCOL, NULL, 0);
  check_error ("03 000001 000001 08 01000000 A+1 C4", RTMP_ERROR_PROTOCOL, before, 1);
  /* Chunk stream 65 is unknown though 64 has made the table. */
  check_error ("00 00 000001 000001 08 01000000 A+1 C0 01", RTMP_ERROR_PROTOCOL, before, 1);
}

/* -- Messages -- */

static void
test_interleaved (void)
{
  static const Expected expected[] = {
    { 8, 1, 5, "B+10" },
    { 4, 0, 0, "0006 00000001" },
    { 9, 1, 1, "A+300" },
    { 18, 1, 9, "C+200" },
  };

  CHECK ("06 000001 00012C 09 01000000 A+128"
         "  04 000005 00000A 08 01000000 B+10"
         "  C6 A+128"
         "  05 000009 0000C8 12 01000000 C+128"
         "  02 000000 000006 04 00000000 0006 00000001"
         "  C6 A+44"
         "  C5 C+72",
      expected);
}

/* Q16: a control message on another chunk stream than 2 is a message like any other. */
static void
test_control_anywhere (void)
{
  static const Expected expected[] = {
    { 1, 7, 3, "00000100" },
    { 8, 1, 3, "A+200" },
  };

  CHECK ("05 000003 000004 01 07000000 00000100  04 000003 0000C8 08 01000000 A+200", expected);
}

static void
test_empty (void)
{
  static const Expected expected[] = {
    { 8, 1, 5, "" },
    { 8, 1, 6, "" },
    { 8, 1, 7, "" },
    { 8, 1, 7, "A+1" },
    { 8, 1, 0x01000000, "" },
    { 8, 1, 0x02000000, "" },
    { 8, 1, 0x03000000, "" },
    { 8, 1, 0x04000000, "" },
    { 8, 1, 0x04000001, "B+1" },
  };

  /* The last but one repeats no timestamp: the bytes behind it are a header. */
  CHECK ("04 000005 000000 08 01000000  84 000001  C4  44 000000 000001 08 A+1"
         "  04 FFFFFF 000000 08 01000000 01000000  C4 01000000  C4 03000000  C4"
         "  44 000001 000001 08 B+1",
      expected);
}

/* Bytes that were looked at as a timestamp after an empty message's header
 * begin the next chunk, here of a chunk stream beyond 64. */
static void
test_empty_lookalike (void)
{
  static const Expected expected[] = {
    { 8, 1, 0x01000000, "" },
    { 8, 1, 0x02000000, "" },
    { 8, 1, 0x03, "A+1" },
  };

  CHECK ("04 FFFFFF 000000 08 01000000 01000000  C4  01 00 01 000003 000001 08 01000000 A+1",
      expected);
}

/* vector 9 */
static void
test_chunk_size_mid_message (void)
{
  static const Expected larger[] = { { 1, 0, 0, "00001000" }, { 9, 1, 1, "A+1000" } };
  static const Expected smaller[] = { { 1, 0, 0, "00000010" }, { 9, 1, 1, "A+150" } };

  CHECK ("06 000001 0003E8 09 01000000 A+128"
         "  02 000000 000004 01 00000000 00001000"
         "  C6 A+872",
      larger);
  CHECK ("06 000001 000096 09 01000000 A+128"
         "  02 000000 000004 01 00000000 00000010"
         "  C6 A+16 C6 A+6",
      smaller);
}

/* Q18 and vector 10: the smallest and the largest chunk size. */
static void
test_chunk_size_extremes (void)
{
  static const Expected expected[] = {
    { 1, 0, 0, "00000001" },
    { 8, 1, 1, "A+3" },
    { 1, 0, 0, "7FFFFFFF" },
    { 9, 1, 1, "B+700" },
  };
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();

  CHECK ("02 000000 000004 01 00000000 00000001"
         "  04 000001 000003 08 01000000 A+1 C4 A+1 C4 A+1"
         "  02 000000 000004 01 00000000 7F C2 FF C2 FF C2 FF"
         "  06 000001 0002BC 09 01000000 B+700",
      expected);

  g_assert_cmpuint (rtmp_chunk_reader_get_chunk_size (reader), ==, 128);
  rtmp_chunk_reader_set_chunk_size (reader, RTMP_MAX_CHUNK_SIZE);
  g_assert_cmpuint (rtmp_chunk_reader_get_chunk_size (reader), ==, 0x7FFFFFFF);
  rtmp_chunk_reader_free (reader);
}

/* vector 13, Q24: a header inside a message drops the part there was. */
static void
test_header_mid_message (void)
{
  static const Expected type_0[] = { { 9, 1, 2, "B+130" } };
  static const Expected type_1[] = { { 8, 1, 3, "B+10" } };
  static const Expected type_2[] = { { 9, 1, 3, "B+300" } };
  static const Expected empty[] = { { 9, 1, 2, "" }, { 9, 1, 2, "C+1" } };

  CHECK_DROPPED ("06 000001 00012C 09 01000000 A+128  06 000002 000082 09 01000000 B+128 C6 B+2",
      type_0, 1);
  CHECK_DROPPED ("06 000001 00012C 09 01000000 A+128  46 000002 00000A 08 B+10", type_1, 1);
  CHECK_DROPPED ("06 000001 00012C 09 01000000 A+128 C6 A+128"
                 "  86 000002 B+128 C6 B+128 C6 B+44",
      type_2, 1);
  CHECK_DROPPED ("06 000001 00012C 09 01000000 A+128  06 000002 000000 09 01000000"
                 "  06 000002 000001 09 01000000 C+1",
      empty, 1);
  CHECK_DROPPED ("06 000000 00012C 09 01000000 A+128  06 000001 00012C 09 01000000 A+128"
                 "  06 000002 000082 09 01000000 B+128 C6 B+2",
      type_0, 2);
}

/* vector 11, Q19: the part is dropped, and type 3 begins a message again.
 * Aborting a chunk stream that is unknown or between messages changes nothing. */
static void
test_abort (void)
{
  static const Expected mid[] = { { 2, 0, 0, "00000006" }, { 9, 1, 2, "B+200" } };
  static const Expected idle[] = {
    { 2, 0, 0, "00000006" },
    { 9, 1, 1, "A+1" },
    { 2, 0, 0, "00000006" },
    { 2, 0, 0, "00010000" },
    { 2, 0, 0, "FFFFFFFF" },
    { 9, 1, 2, "B+1" },
  };
  static const Expected beyond[] = { { 2, 0, 0, "00000041" }, { 9, 1, 2, "B+1" } };

  CHECK_DROPPED ("06 000001 0000C8 09 01000000 A+128"
                 "  02 000000 000004 02 00000000 00000006"
                 "  C6 B+128 C6 B+72",
      mid, 1);
  CHECK ("02 000000 000004 02 00000000 00000006"
         "  06 000001 000001 09 01000000 A+1"
         "  02 000000 000004 02 00000000 00000006"
         "  02 000000 000004 02 00000000 00010000"
         "  02 000000 000004 02 00000000 FFFFFFFF"
         "  C6 B+1",
      idle);
  CHECK_DROPPED ("00 01 000001 0000C8 09 01000000 A+128"
                 "  02 000000 000004 02 00000000 00000041"
                 "  40 01 000001 000001 09 B+1",
      beyond, 1);
}

/* An Abort by the caller's own decision may come inside a chunk: the rest of
 * that chunk is skipped, what follows is read. */
static void
test_abort_mid_chunk (void)
{
  static const Expected expected[] = { { 9, 1, 2, "B+1" } };
  static const struct {
    const gchar *before, *chunk;
    guint header;
  } cases[] = {
    { "", "06 000001 000082 09 01000000 A+128", 12 },
    { "06 000001 000082 09 01000000 A+128", "C6 A+2", 1 },
    { "06 FFFFFF 000082 09 01000000 01000000 A+128", "C6 01000000 A+2", 1 },
    { "06 FFFFFF 000082 09 01000000 01000000 A+128", "C6 A+2", 1 },
  };
  guint i, cut;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) chunk = wire_new (cases[i].chunk);

    for (cut = cases[i].header; cut < chunk->len; cut++) {
      RtmpChunkReader *reader = rtmp_chunk_reader_new ();
      g_autoptr (GPtrArray) messages = message_array_new ();

      feed_text (reader, cases[i].before, messages, NULL);
      feed (reader, chunk->data, cut, messages, NULL);
      rtmp_chunk_reader_abort (reader, 6);
      g_assert_cmpuint (rtmp_chunk_reader_get_dropped (reader), ==, 1);
      g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==, 0);
      g_assert_true (feed (reader, chunk->data + cut, chunk->len - cut, messages, NULL));
      g_assert_true (feed_text (reader, "06 000002 000001 09 01000000 B+1", messages, NULL));
      assert_expected (messages, expected, 1);
      rtmp_chunk_reader_free (reader);
    }
  }
}

/* The reader stops behind each message and says how far it came. */
static void
test_stops_behind_message (void)
{
  g_autoptr (GByteArray) wire = wire_new ("04 000001 000002 08 01000000 A+2  84 000001 B+2");
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  RtmpMessage *message;
  gsize consumed;

  g_assert_true (rtmp_chunk_reader_read (reader, wire->data, wire->len, &consumed, &message, NULL));
  g_assert_nonnull (message);
  g_assert_cmpuint (consumed, ==, 14);
  rtmp_message_unref (message);
  g_assert_true (rtmp_chunk_reader_read (reader, wire->data + 14, wire->len - 14, &consumed,
      &message, NULL));
  g_assert_nonnull (message);
  g_assert_cmpuint (consumed, ==, wire->len - 14);
  rtmp_message_unref (message);
  g_assert_true (rtmp_chunk_reader_read (reader, NULL, 0, &consumed, &message, NULL));
  g_assert_null (message);
  g_assert_cmpuint (consumed, ==, 0);
  rtmp_chunk_reader_free (reader);
}

/* A message outlives the reader. */
static void
test_outlives_reader (void)
{
  static const Expected expected[] = { { 8, 1, 1, "A+2" }, { 8, 1, 2, "B+2" } };
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();

  feed_text (reader, "04 000001 000002 08 01000000 A+2  84 000001 B+2  84 000001 C+1", messages,
      NULL);
  rtmp_chunk_reader_free (reader);
  assert_expected (messages, expected, G_N_ELEMENTS (expected));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunkreader/header/four-audio", test_four_audio);
  g_test_add_func ("/chunkreader/header/three-chunks", test_three_chunks);
  g_test_add_func ("/chunkreader/header/chunk-stream-ids", test_chunk_stream_ids);
  g_test_add_func ("/chunkreader/header/repeated-delta", test_repeated_delta);
  g_test_add_func ("/chunkreader/header/wrap", test_wrap);
  g_test_add_func ("/chunkreader/header/first-type-1", test_first_type_1);
  g_test_add_func ("/chunkreader/header/first-type-2-or-3", test_first_type_2_or_3);
  g_test_add_func ("/chunkreader/extended/boundary", test_extended_boundary);
  g_test_add_func ("/chunkreader/extended/continuation", test_extended_continuation);
  g_test_add_func ("/chunkreader/extended/delta", test_extended_delta);
  g_test_add_func ("/chunkreader/extended/ends", test_extended_ends);
  g_test_add_func ("/chunkreader/extended/lookalike", test_extended_lookalike);
  g_test_add_func ("/chunkreader/extended/lookalike-nested", test_extended_lookalike_nested);
  g_test_add_func ("/chunkreader/extended/tiny-chunks", test_extended_tiny_chunks);
  g_test_add_func ("/chunkreader/message/interleaved", test_interleaved);
  g_test_add_func ("/chunkreader/message/control-anywhere", test_control_anywhere);
  g_test_add_func ("/chunkreader/message/empty", test_empty);
  g_test_add_func ("/chunkreader/message/empty-lookalike", test_empty_lookalike);
  g_test_add_func ("/chunkreader/message/chunk-size", test_chunk_size_mid_message);
  g_test_add_func ("/chunkreader/message/chunk-size-extremes", test_chunk_size_extremes);
  g_test_add_func ("/chunkreader/message/cut-by-header", test_header_mid_message);
  g_test_add_func ("/chunkreader/message/abort", test_abort);
  g_test_add_func ("/chunkreader/message/abort-mid-chunk", test_abort_mid_chunk);
  g_test_add_func ("/chunkreader/message/stops-behind", test_stops_behind_message);
  g_test_add_func ("/chunkreader/message/outlives-reader", test_outlives_reader);
  return g_test_run ();
}
