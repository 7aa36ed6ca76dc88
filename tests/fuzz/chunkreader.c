/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The chunk reader: any stream of bytes; whole, and in pieces with a pool of memory, the same messages
 * come of it.
 * Input: step1 | stream
 */
#include "support/chunkfeed.h"

#include "fuzz.h"

/* Memory for partial messages grows with what arrived for them, and what a read may still hold for one
 * of them. */
static void
check_assembly (const RtmpChunkReader *reader, gsize received)
{
  const gsize held = rtmp_chunk_reader_get_assembly_bytes (reader);
  const gsize blocks = MIN (received, RTMP_MAX_CHUNK_STREAMS);

  g_assert_cmpuint (held, <=, RTMP_MAX_ASSEMBLY_BYTES);
  g_assert_cmpuint (held, <=,
      2 * RTMP_ASSEMBLY_GROWTH * received
          + blocks * (RTMP_MIN_ASSEMBLY_BLOCK + 2 * RTMP_MESSAGE_BLOCK_ROOM));
}

static GString *
read_stream (const guint8 *data, gsize size, gsize step, RtmpBlockPool *pool)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (GError) error = NULL;
  GString *log = g_string_new (NULL);
  gsize done = 0;
  guint i;

  if (pool)
    rtmp_chunk_reader_set_block_pool (reader, pool);
  while (done < size && !error) {
    const gsize part = MIN (step, size - done);

    feed (reader, data + done, part, messages, &error);
    done += part;
    check_assembly (reader, done);
    for (i = 0; i < messages->len; i++)
      fuzz_log_message (log, messages->pdata[i]);
    g_ptr_array_set_size (messages, 0);
  }
  if (error)
    fuzz_log_error (log, error);
  g_string_append_printf (log, "%" G_GUINT64_FORMAT " dropped\n",
      rtmp_chunk_reader_get_dropped (reader));
  rtmp_chunk_reader_free (reader);
  return log;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  const gsize step = 1 + rtmp_cursor_u8 (&in);
  g_autoptr (RtmpBlockPool) pool = rtmp_block_pool_new ();
  GString *whole = read_stream (in.pos, rtmp_cursor_left (&in), G_MAXSIZE, NULL);
  GString *parts = read_stream (in.pos, rtmp_cursor_left (&in), step, pool);

  g_assert_cmpstr (whole->str, ==, parts->str);
  g_assert_cmpuint (rtmp_block_pool_get_kept (pool), <=, RTMP_MAX_POOLED_BYTES);
  g_string_free (whole, TRUE);
  g_string_free (parts, TRUE);
  return 0;
}
