/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHUNK_TEST_H
#define CHUNK_TEST_H

#include <string.h>
#include <glib.h>

#include "core/rtmpcursor.h"
#include "core/rtmpmessage.h"

/*
 * Wire bytes as text: pairs of hex digits, and "A+32" for the next 32 bytes of
 * run A. A run is a payload whose bytes all differ from their neighbours and
 * from other runs' at the same place; there is one for each capital letter.
 */
static inline guint8
run_byte (gchar run, guint i)
{
  return (guint8) (run * 37 + i * 7 + (i >> 8));
}

static inline void
run_append (GByteArray *bytes, gchar run, guint start, guint size)
{
  guint i;

  for (i = 0; i < size; i++) {
    guint8 byte = run_byte (run, start + i);

    g_byte_array_append (bytes, &byte, 1);
  }
}

static inline GByteArray *
wire_new (const gchar *text)
{
  GByteArray *bytes = g_byte_array_new ();
  guint done[26] = { 0 };

  while (*text) {
    if (g_ascii_isspace (*text)) {
      text++;
    } else if (text[1] == '+') {
      gchar run = *text;
      gchar *end;
      guint size = (guint) g_ascii_strtoull (text + 2, &end, 10);

      g_assert_true (run >= 'A' && run <= 'Z');
      run_append (bytes, run, done[run - 'A'], size);
      done[run - 'A'] += size;
      text = end;
    } else {
      guint8 byte;

      g_assert_true (g_ascii_isxdigit (text[0]) && g_ascii_isxdigit (text[1]));
      byte = (guint8) (g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]));
      g_byte_array_append (bytes, &byte, 1);
      text += 2;
    }
  }
  return bytes;
}

/* A message whose payload is the beginning of a run. */
static inline RtmpMessage *
run_message (guint8 type, guint32 stream_id, guint32 timestamp, gchar run, guint size)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  run_append (bytes, run, 0, size);
  return rtmp_message_new_copied (type, stream_id, timestamp, bytes->data, size);
}

static inline RtmpMessage *
chunk_size_message (guint32 chunk_size)
{
  guint8 payload[4];

  rtmp_write_u32 (payload, chunk_size);
  return rtmp_message_new_copied (RTMP_MESSAGE_SET_CHUNK_SIZE, 0, 0, payload, sizeof (payload));
}

static inline guint32
message_u32 (const RtmpMessage *message)
{
  guint8 payload[4];

  g_assert_cmpuint (rtmp_message_peek (message, 0, payload, 4), ==, 4);
  return rtmp_read_u32 (payload);
}

static inline GPtrArray *
message_array_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
}

static inline void
assert_same_message (RtmpMessage *a, RtmpMessage *b)
{
  g_autoptr (GBytes) payload_a = rtmp_message_get_payload (a);
  g_autoptr (GBytes) payload_b = rtmp_message_get_payload (b);

  g_assert_cmpuint (a->type, ==, b->type);
  g_assert_cmpuint (a->stream_id, ==, b->stream_id);
  g_assert_cmpuint (a->timestamp, ==, b->timestamp);
  g_assert_cmpuint (a->size, ==, b->size);
  g_assert_true (g_bytes_equal (payload_a, payload_b));
}

#endif
