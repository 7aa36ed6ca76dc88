/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpchunkheader.h"

#include "../../support/chunktest.h"

typedef struct {
  const gchar *wire;
  RtmpChunkHeader header;
} Case;

/* fmt, chunk stream, timestamp field, extended, length, type, message stream */
static const Case cases[] = {
  /* vector 1 */
  { "03 0003E8 000020 08 39300000", { 0, 3, 1000, FALSE, 32, 8, 12345 } },
  { "83 000014", { 2, 3, 20, FALSE, 0, 0, 0 } },
  { "C3", { 3, 3, 0, FALSE, 0, 0, 0 } },
  /* vector 2 */
  { "04 0003E8 000133 09 3A300000", { 0, 4, 1000, FALSE, 307, 9, 12346 } },
  /* vector 3 */
  { "C2", { 3, 2, 0, FALSE, 0, 0, 0 } },
  { "FF", { 3, 63, 0, FALSE, 0, 0, 0 } },
  { "C0 00", { 3, 64, 0, FALSE, 0, 0, 0 } },
  { "C0 FF", { 3, 319, 0, FALSE, 0, 0, 0 } },
  { "C1 00 01", { 3, 320, 0, FALSE, 0, 0, 0 } },
  { "C1 2D 01", { 3, 365, 0, FALSE, 0, 0, 0 } },
  { "C1 FF FF", { 3, 65599, 0, FALSE, 0, 0, 0 } },
  /* vector 4 */
  { "04 FFFFFE 000001 09 01000000", { 0, 4, 16777214, FALSE, 1, 9, 1 } },
  { "04 FFFFFF 000001 09 01000000 00FFFFFF", { 0, 4, 16777215, TRUE, 1, 9, 1 } },
  /* vector 6 */
  { "44 FFFFFF 000080 09 00FFFC18", { 1, 4, 0xFFFC18, TRUE, 128, 9, 0 } },
  { "44 000010 FFFFFF 16", { 1, 4, 16, FALSE, 0xFFFFFF, 22, 0 } },
  { "80 05 FFFFFF FFFFFFFF", { 2, 69, 0xFFFFFFFF, TRUE, 0, 0, 0 } },
  { "01 FF FF FFFFFF 123456 FF FEFFFFFF 80000000",
      { 0, 65599, 0x80000000, TRUE, 0x123456, 255, 0xFFFFFFFE } },
};

static void
assert_same_header (const RtmpChunkHeader *a, const RtmpChunkHeader *b)
{
  g_assert_cmpuint (a->fmt, ==, b->fmt);
  g_assert_cmpuint (a->chunk_stream, ==, b->chunk_stream);
  g_assert_cmpuint (a->timestamp_field, ==, b->timestamp_field);
  g_assert_cmpint (a->extended, ==, b->extended);
  g_assert_cmpuint (a->length, ==, b->length);
  g_assert_cmpuint (a->type, ==, b->type);
  g_assert_cmpuint (a->stream_id, ==, b->stream_id);
}

static void
test_write (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) wire = wire_new (cases[i].wire);
    guint8 dest[RTMP_CHUNK_HEADER_MAX];
    guint len = rtmp_chunk_header_write (&cases[i].header, dest);

    g_assert_cmpmem (dest, len, wire->data, wire->len);
    g_assert_cmpuint (rtmp_chunk_header_len (&cases[i].header), ==, len);
  }
}

/* The repeated extended timestamp of a continuation (vector 5). */
static void
test_write_continuation (void)
{
  static const RtmpChunkHeader header = { 3, 4, 0x01000000, TRUE, 0, 0, 0 };
  static const guint8 expected[] = { 0xC4, 0x01, 0x00, 0x00, 0x00 };
  guint8 dest[RTMP_CHUNK_HEADER_MAX];

  g_assert_cmpuint (rtmp_chunk_header_len (&header), ==, sizeof (expected));
  g_assert_cmpmem (dest, rtmp_chunk_header_write (&header, dest), expected, sizeof (expected));
}

/* Each header cut at each length; the memory read is exactly as long. */
static void
test_read (void)
{
  guint i, size;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) wire = wire_new (cases[i].wire);

    for (size = 0; size <= wire->len; size++) {
      g_autofree guint8 *part = g_memdup2 (wire->data, size);
      RtmpChunkHeader header = { 9 };
      guint len = rtmp_chunk_header_read (part, size, &header);

      if (size < wire->len) {
        g_assert_cmpuint (len, ==, 0);
        g_assert_cmpuint (header.fmt, ==, 9);
      } else {
        g_assert_cmpuint (len, ==, wire->len);
        assert_same_header (&header, &cases[i].header);
      }
    }
  }
}

/* Forms that are longer than need be are read too (protocol.md 4). */
static void
test_read_long_form (void)
{
  static const guint8 wire[] = { 0xC1, 0x00, 0x00, 0xAA };
  RtmpChunkHeader header;

  g_assert_cmpuint (rtmp_chunk_header_read (wire, sizeof (wire), &header), ==, 3);
  g_assert_cmpuint (header.chunk_stream, ==, 64);
}

/* An extended value that would have fitted the short field counts as it stands. */
static void
test_read_small_extended (void)
{
  static const guint8 wire[] = { 0x84, 0xFF, 0xFF, 0xFF, 0, 0, 0, 5 };
  RtmpChunkHeader header;

  g_assert_cmpuint (rtmp_chunk_header_read (wire, sizeof (wire), &header), ==, sizeof (wire));
  g_assert_true (header.extended);
  g_assert_cmpuint (header.timestamp_field, ==, 5);
}

static void
test_lengths (void)
{
  static const guint message_lens[] = { 11, 7, 3, 0 };
  guint first;

  for (first = 0; first < 256; first++) {
    guint id = first & 0x3F;

    g_assert_cmpuint (rtmp_chunk_basic_header_len ((guint8) first), ==, id > 1 ? 1 : id + 2);
    g_assert_cmpuint (rtmp_chunk_message_header_len ((guint8) (first >> 6)), ==,
        message_lens[first >> 6]);
  }
}

static void
test_chunk_streams (void)
{
  static const struct {
    guint8 type;
    guint32 on_0, on_1;
  } expected[] = {
    { 0, 3, 3 },
    { 1, 2, 2 },
    { 2, 2, 2 },
    { 3, 2, 2 },
    { 4, 2, 2 },
    { 5, 2, 2 },
    { 6, 2, 2 },
    { 7, 3, 3 },
    { 8, 4, 4 },
    { 9, 6, 6 },
    { 10, 3, 3 },
    { 14, 3, 3 },
    { 15, 4, 4 },
    { 16, 4, 4 },
    { 17, 3, 8 },
    { 18, 4, 4 },
    { 19, 4, 4 },
    { 20, 3, 8 },
    { 21, 3, 3 },
    { 22, 6, 6 },
    { 23, 3, 3 },
    { 255, 3, 3 },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_assert_cmpuint (rtmp_chunk_stream_for (expected[i].type, 0), ==, expected[i].on_0);
    g_assert_cmpuint (rtmp_chunk_stream_for (expected[i].type, 1), ==, expected[i].on_1);
    g_assert_cmpuint (rtmp_chunk_stream_for (expected[i].type, G_MAXUINT32), ==, expected[i].on_1);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunkheader/write", test_write);
  g_test_add_func ("/chunkheader/write/continuation", test_write_continuation);
  g_test_add_func ("/chunkheader/read", test_read);
  g_test_add_func ("/chunkheader/read/long-form", test_read_long_form);
  g_test_add_func ("/chunkheader/read/small-extended", test_read_small_extended);
  g_test_add_func ("/chunkheader/lengths", test_lengths);
  g_test_add_func ("/chunkheader/chunk-streams", test_chunk_streams);
  return g_test_run ();
}
