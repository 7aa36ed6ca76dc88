/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpchunkwriter.h"

#include "core/rtmplimits.h"

#include "../../support/chunktake.h"

/* What leaves out of its order: urgent messages earlier, flushed ones never. */

static RtmpMessage *
ack (guint32 bytes)
{
  guint8 payload[4];

  rtmp_write_u32 (payload, bytes);
  return rtmp_message_new_copied (RTMP_MESSAGE_ACK, 0, 0, payload, sizeof (payload));
}

static RtmpMessage *
pong (guint32 timestamp)
{
  guint8 payload[6] = { 0, 7 };

  rtmp_write_u32 (payload + 2, timestamp);
  return rtmp_message_new_copied (RTMP_MESSAGE_USER_CONTROL, 0, 0, payload, sizeof (payload));
}

static void
fill_video (RtmpChunkWriter *writer)
{
  queue (writer, 9, 1, 1, 'A', 300);
  queue (writer, 8, 1, 1, 'B', 2);
}

/* The bytes of fill_video() with @urgent at the first chunk boundary that
 * @sent bytes do not go beyond. */
static GByteArray *
insert_urgent (gsize sent, const gchar *urgent)
{
  static const guint boundaries[] = { 0, 140, 269, 314, 328 };
  GByteArray *all = wire_new ("06 000001 00012C 09 01000000 A+128 C6 A+128 C6 A+44"
                              "  04 000001 000002 08 01000000 B+2");
  g_autoptr (GByteArray) inserted = wire_new (urgent);
  GByteArray *result = g_byte_array_new ();
  guint i = 0;

  while (boundaries[i] < sent)
    i++;
  g_byte_array_append (result, all->data, boundaries[i]);
  g_byte_array_append (result, inserted->data, inserted->len);
  g_byte_array_append (result, all->data + boundaries[i], all->len - boundaries[i]);
  g_byte_array_unref (all);
  return result;
}

/* Queued when any number of bytes have left, with much or little laid out. */
static void
test_urgent (void)
{
  static const guint lent[] = { 1, 2, 3, 1024 };
  guint i;
  gsize sent, step;

  for (i = 0; i < G_N_ELEMENTS (lent); i++) {
    for (sent = 0; sent <= 328; sent++) {
      g_autoptr (GByteArray) expected = insert_urgent (sent,
          "02 000000 000006 04 00000000 0007 12345678  02 000000 000004 03 00000000 000003E8");

      for (step = 1; step <= 400; step = step * 3 + 1) {
        RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
        g_autoptr (GByteArray) wire = g_byte_array_new ();

        fill_video (writer);
        take_exactly (writer, lent[i], sent, wire);
        rtmp_chunk_writer_queue_urgent (writer, pong (0x12345678));
        rtmp_chunk_writer_queue_urgent (writer, ack (1000));
        g_assert_false (rtmp_chunk_writer_is_empty (writer));
        drain (writer, lent[i], step, wire);
        g_assert_cmpmem (wire->data, wire->len, expected->data, expected->len);
        rtmp_chunk_writer_free (writer);
      }
    }
  }
}

/* Nor inside a chunk of more pieces than are laid out at once. */
static void
test_urgent_many_pieces (void)
{
  g_autoptr (GByteArray) expected = wire_new ("02 000000 000004 01 00000000 00000BB7"
                                              "  06 000001 000BB8 09 01000000 A+2999"
                                              "  02 000000 000004 03 00000000 00000001  C6 A+1");
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  guint released = 0;

  rtmp_chunk_writer_queue (writer, chunk_size_message (2999));
  rtmp_chunk_writer_queue (writer, pieces_message (3000, 1, &released));
  take_exactly (writer, 1024, 16 + 12 + 1000, wire);
  rtmp_chunk_writer_queue_urgent (writer, ack (1));
  drain (writer, 1024, G_MAXSIZE, wire);
  g_assert_cmpmem (wire->data, wire->len, expected->data, expected->len);
  rtmp_chunk_writer_free (writer);
}

/* Nor between the chunks of a message on their own chunk stream. */
static void
test_urgent_mid_control (void)
{
  g_autoptr (GByteArray) expected = wire_new ("02 000000 000004 01 00000000 00000008"
                                              "  02 000000 00000A 04 00000000 A+8 C2 A+2"
                                              "  02 000000 000004 03 00000000 00000001"
                                              "  02 000000 00000A 04 00000000 B+8 C2 B+2");
  gsize sent;

  for (sent = 16 + 1; sent <= 16 + 12 + 11; sent++) {
    RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
    g_autoptr (GByteArray) wire = g_byte_array_new ();

    rtmp_chunk_writer_queue (writer, chunk_size_message (8));
    queue (writer, 4, 0, 0, 'A', 10);
    queue (writer, 4, 0, 0, 'B', 10);
    take_exactly (writer, 2, sent, wire);
    rtmp_chunk_writer_queue_urgent (writer, ack (1));
    drain (writer, 3, 5, wire);
    g_assert_cmpmem (wire->data, wire->len, expected->data, expected->len);
    rtmp_chunk_writer_free (writer);
  }
}

/* Payloads in pieces, empty ones, and extended timestamps. */
static void
fill_urgent_kinds (RtmpChunkWriter *writer)
{
  static const RtmpVector vectors[] = { { "ab", 2 }, { "cde", 3 }, { "f", 1 } };

  rtmp_chunk_writer_queue_urgent (writer,
      rtmp_message_new_wrapped (4, 0, 0x01000000, vectors, 3, NULL, NULL));
  rtmp_chunk_writer_queue_urgent (writer, rtmp_message_new_copied (5, 7, 1, NULL, 0));
  rtmp_chunk_writer_queue_urgent (writer, run_message (6, 0, 0, 'A', 128));
}

static void
test_urgent_kinds (void)
{
  check (fill_urgent_kinds,
      "02 FFFFFF 000006 04 00000000 01000000 616263646566"
      "  02 000001 000000 05 07000000  02 000000 000080 06 00000000 A+128");
}

/* An acknowledgement replaces the one that waits, not one that has begun. */
static void
test_urgent_ack (void)
{
  gsize sent;

  for (sent = 0; sent <= 16; sent++) {
    RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
    g_autoptr (GByteArray) wire = g_byte_array_new ();
    g_autoptr (GByteArray) expected = wire_new (sent == 0
            ? "02 000000 000004 03 00000000 00000003  02 000000 000006 04 00000000 0007 00000009"
            : "02 000000 000004 03 00000000 00000001"
              "  02 000000 000006 04 00000000 0007 00000009"
              "  02 000000 000004 03 00000000 00000003");

    rtmp_chunk_writer_queue_urgent (writer, ack (1));
    rtmp_chunk_writer_queue_urgent (writer, pong (9));
    take_exactly (writer, 4, sent, wire);
    rtmp_chunk_writer_queue_urgent (writer, ack (2));
    rtmp_chunk_writer_queue_urgent (writer, ack (3));
    drain (writer, 4, 7, wire);
    g_assert_cmpmem (wire->data, wire->len, expected->data, expected->len);
    rtmp_chunk_writer_free (writer);
  }
}

/* RTMP_MAX_URGENT_MESSAGES wait; of more, those go that waited longest, but
 * not one that is begun. */
static void
test_urgent_limit (void)
{
  gsize sent;
  guint i, n;

  for (n = RTMP_MAX_URGENT_MESSAGES; n <= RTMP_MAX_URGENT_MESSAGES + 2; n++) {
    for (sent = 0; sent <= 1; sent++) {
      RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
      g_autoptr (GByteArray) wire = g_byte_array_new ();
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GByteArray) expected = NULL;

      for (i = 0; i < n; i++) {
        rtmp_chunk_writer_queue_urgent (writer, pong (i));
        if (i == 0)
          take_exactly (writer, 1, sent, wire);
        if ((i == 0 && sent > 0) || i >= n - RTMP_MAX_URGENT_MESSAGES + sent)
          g_string_append_printf (text, "02 000000 000006 04 00000000 0007 %08X ", i);
      }
      expected = wire_new (text->str);
      drain (writer, 1024, G_MAXSIZE, wire);
      g_assert_cmpmem (wire->data, wire->len, expected->data, expected->len);
      rtmp_chunk_writer_free (writer);
    }
  }
}

/* What cannot be urgent is the caller's bug; it is not sent. */
static void
test_urgent_invalid (void)
{
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*SET_CHUNK_SIZE*");
  rtmp_chunk_writer_queue_urgent (writer, chunk_size_message (200));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*CHUNK_STREAM_CONTROL*");
  rtmp_chunk_writer_queue_urgent (writer, run_message (20, 0, 0, 'A', 4));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*chunk_size*");
  rtmp_chunk_writer_queue_urgent (writer, run_message (4, 0, 0, 'A', 129));
  g_assert_true (rtmp_chunk_writer_is_empty (writer));

  rtmp_chunk_writer_queue (writer, chunk_size_message (5));
  rtmp_chunk_writer_queue_urgent (writer, run_message (4, 0, 0, 'A', 5));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*chunk_size*");
  rtmp_chunk_writer_queue_urgent (writer, run_message (4, 0, 0, 'A', 6));
  drain (writer, 4, 100, wire);
  g_assert_cmpuint (wire->len, ==, 12 + 4 + 12 + 5);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*n_segments*");
  rtmp_chunk_writer_consume (writer, 1);
  g_test_assert_expected_messages ();
  rtmp_chunk_writer_free (writer);
}

/* -- Flush -- */

static void
fill_before_flush (RtmpChunkWriter *writer, GPtrArray *copies)
{
  guint i;

  g_ptr_array_add (copies, run_message (8, 1, 10, 'A', 10));
  g_ptr_array_add (copies, chunk_size_message (100));
  g_ptr_array_add (copies, run_message (9, 1, 0x01000000, 'B', 250));
  g_ptr_array_add (copies, run_message (8, 1, 20, 'C', 10));
  g_ptr_array_add (copies, chunk_size_message (300));
  g_ptr_array_add (copies, run_message (9, 1, 0x01000005, 'D', 250));
  for (i = 0; i < copies->len; i++)
    rtmp_chunk_writer_queue (writer, rtmp_message_ref (copies->pdata[i]));
}

/* Queued bytes of what a flush leaves when @begun messages have begun to leave. */
static gsize
kept_bytes (GPtrArray *copies, guint begun)
{
  gsize bytes = 0;
  guint i;

  for (i = 0; i < copies->len; i++) {
    const RtmpMessage *message = copies->pdata[i];

    if (i < begun || message->type == RTMP_MESSAGE_SET_CHUNK_SIZE)
      bytes += message->size;
  }
  return bytes;
}

/* Flushed after any number of bytes, with much or little laid out: what was
 * begun is finished, each Set Chunk Size remains, and what is queued afterwards
 * is read correctly. */
static void
check_flush (gsize sent, guint n_vectors)
{
  static const gsize starts[] = { 0, 22, 38, 314, 328, 344 };
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  g_autoptr (GPtrArray) copies = message_array_new ();
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  g_autoptr (RtmpMessage) behind = run_message (9, 1, 0x01000010, 'E', 350);
  guint begun = 0, i, read = 0;

  fill_before_flush (writer, copies);
  take_exactly (writer, n_vectors, sent, wire);
  while (begun < copies->len && starts[begun] < sent)
    begun++;
  rtmp_chunk_writer_drop_queued (writer);
  if (begun == 0)
    g_assert_cmpuint (rtmp_chunk_writer_get_queued (writer), ==, kept_bytes (copies, 0));
  rtmp_chunk_writer_queue_urgent (writer, pong (1));
  rtmp_chunk_writer_queue (writer, rtmp_message_ref (behind));
  drain (writer, n_vectors, 50, wire);

  messages = read_back (wire);
  for (i = 0; i < messages->len; i++)
    if (((RtmpMessage *) messages->pdata[i])->type == RTMP_MESSAGE_USER_CONTROL)
      break;
  g_assert_cmpuint (i, <, messages->len);
  g_ptr_array_remove_index (messages, i);
  for (i = 0; i < copies->len; i++)
    if (i < begun || i == 1 || i == 4)
      assert_same_message (messages->pdata[read++], copies->pdata[i]);
  assert_same_message (messages->pdata[read++], behind);
  g_assert_cmpuint (read, ==, messages->len);
  g_assert_cmpuint (rtmp_chunk_writer_get_chunk_size (writer), ==, 300);
  rtmp_chunk_writer_free (writer);
}

static void
test_flush (void)
{
  static const guint lent[] = { 1, 2, 5, 1024 };
  guint i;
  gsize sent;

  for (i = 0; i < G_N_ELEMENTS (lent); i++)
    for (sent = 0; sent <= 344 + 12; sent++)
      check_flush (sent, lent[i]);
}

/* A chunk size that was laid out but not sent is not in force for its own
 * announcement. */
static void
test_flush_chunk_size (void)
{
  g_autoptr (GByteArray) expected = wire_new ("02 000000 000004 01 00000000 00000002"
                                              "  04 000001 000003 08 01000000 B+2 C4 B+1");
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  RtmpVector vectors[16];

  queue (writer, 8, 1, 1, 'A', 3);
  rtmp_chunk_writer_queue (writer, chunk_size_message (2));
  queue (writer, 8, 1, 1, 'A', 3);
  g_assert_cmpuint (rtmp_chunk_writer_peek (writer, vectors, 16), ==, 8);
  g_assert_cmpuint (rtmp_chunk_writer_get_chunk_size (writer), ==, 2);
  rtmp_chunk_writer_drop_queued (writer);
  g_assert_cmpuint (rtmp_chunk_writer_get_chunk_size (writer), ==, 128);
  queue (writer, 8, 1, 1, 'B', 3);
  drain (writer, 16, G_MAXSIZE, wire);
  g_assert_cmpmem (wire->data, wire->len, expected->data, expected->len);
  rtmp_chunk_writer_free (writer);
}

/* Dropped messages are released at once, the one begun is not. */
static void
test_flush_releases (void)
{
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  guint released = 0, i;

  for (i = 0; i < 20; i++)
    rtmp_chunk_writer_queue (writer, pieces_message (3, 100, &released));
  take_exactly (writer, 1024, 20, wire);
  rtmp_chunk_writer_drop_queued (writer);
  g_assert_cmpuint (released, ==, 19);
  g_assert_cmpuint (rtmp_chunk_writer_get_queued (writer), ==, 292);
  rtmp_chunk_writer_drop_queued (writer);
  g_assert_cmpuint (rtmp_chunk_writer_get_queued (writer), ==, 292);
  drain (writer, 1024, G_MAXSIZE, wire);
  g_assert_cmpuint (released, ==, 20);
  g_assert_cmpuint (wire->len, ==, 12 + 128 + 1 + 128 + 1 + 44);
  rtmp_chunk_writer_free (writer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunkurgent/anywhere", test_urgent);
  g_test_add_func ("/chunkurgent/many-pieces", test_urgent_many_pieces);
  g_test_add_func ("/chunkurgent/mid-control", test_urgent_mid_control);
  g_test_add_func ("/chunkurgent/kinds", test_urgent_kinds);
  g_test_add_func ("/chunkurgent/ack", test_urgent_ack);
  g_test_add_func ("/chunkurgent/limit", test_urgent_limit);
  g_test_add_func ("/chunkurgent/invalid", test_urgent_invalid);
  g_test_add_func ("/chunkurgent/flush", test_flush);
  g_test_add_func ("/chunkurgent/flush/chunk-size", test_flush_chunk_size);
  g_test_add_func ("/chunkurgent/flush/releases", test_flush_releases);
  return g_test_run ();
}
