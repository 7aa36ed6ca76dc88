/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_SCRIPT_H
#define WIRE_SCRIPT_H

#include <string.h>
#include <glib.h>

/*
 * What a peer sends, written without the project's own writers, so that a
 * mistake of theirs is not made twice.
 *
 * Values as text, AMF0 on the wire: 1.5 nan 'text' true null undefined
 * {name: value, ...} array{name: value, ...} [value, ...]
 */

static inline void
script_u8 (GByteArray *out, guint value)
{
  guint8 byte = (guint8) value;

  g_byte_array_append (out, &byte, 1);
}

static inline void
script_uint (GByteArray *out, guint bytes, guint64 value)
{
  while (bytes-- > 0)
    script_u8 (out, (guint) (value >> 8 * bytes) & 0xFF);
}

static inline void
script_text (GByteArray *out, const gchar *text, gsize size)
{
  script_uint (out, 2, size);
  g_byte_array_append (out, (const guint8 *) text, (guint) size);
}

static inline const gchar *
script_skip (const gchar *text)
{
  while (*text == ' ' || *text == ',')
    text++;
  return text;
}

static inline const gchar *
script_number (GByteArray *out, const gchar *text)
{
  gchar *end;
  gdouble number = g_ascii_strtod (text, &end);
  guint64 bits;

  g_assert_true (end != text);
  memcpy (&bits, &number, sizeof (bits));
  script_u8 (out, 0x00);
  script_uint (out, 8, bits);
  return end;
}

static inline const gchar *
script_string (GByteArray *out, const gchar *text)
{
  const gchar *end = strchr (text + 1, '\'');

  g_assert_nonnull (end);
  script_u8 (out, 0x02);
  script_text (out, text + 1, (gsize) (end - text - 1));
  return end + 1;
}

static inline const gchar *
script_word (GByteArray *out, const gchar *text)
{
  static const struct {
    const gchar *word;
    guint8 size;
    guint8 bytes[2];
  } words[] = {
    { "true", 2, { 0x01, 0x01 } },
    { "false", 2, { 0x01, 0x00 } },
    { "null", 1, { 0x05 } },
    { "undefined", 1, { 0x06 } },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (words); i++) {
    if (!g_str_has_prefix (text, words[i].word))
      continue;
    g_byte_array_append (out, words[i].bytes, words[i].size);
    return text + strlen (words[i].word);
  }
  g_assert_not_reached ();
}

static inline const gchar *script_value (GByteArray *out, const gchar *text);

static inline const gchar *
script_members (GByteArray *out, const gchar *text)
{
  for (text = script_skip (text); *text != '}'; text = script_skip (text)) {
    const gchar *end = strchr (text, ':');

    g_assert_nonnull (end);
    script_text (out, text, (gsize) (end - text));
    text = script_value (out, end + 1);
  }
  script_uint (out, 3, 0x000009);
  return text + 1;
}

static inline const gchar *
script_strict_array (GByteArray *out, const gchar *text)
{
  guint start = out->len + 1;
  guint n = 0;

  script_u8 (out, 0x0A);
  script_uint (out, 4, 0);
  for (text = script_skip (text); *text != ']'; text = script_skip (text), n++)
    text = script_value (out, text);
  out->data[start + 3] = (guint8) n;
  return text + 1;
}

static inline const gchar *
script_value (GByteArray *out, const gchar *text)
{
  text = script_skip (text);
  if (*text == '\'')
    return script_string (out, text);
  if (*text == '{') {
    script_u8 (out, 0x03);
    return script_members (out, text + 1);
  }
  if (*text == '[')
    return script_strict_array (out, text + 1);
  if (g_str_has_prefix (text, "array{")) {
    script_u8 (out, 0x08);
    script_uint (out, 4, 0);
    return script_members (out, text + 6);
  }
  if (g_ascii_isalpha (*text) && !g_str_has_prefix (text, "nan"))
    return script_word (out, text);
  return script_number (out, text);
}

static inline void
script_values (GByteArray *out, const gchar *text)
{
  for (text = script_skip (text); *text; text = script_skip (text))
    text = script_value (out, text);
}

/* One message of type @type: a type 0 chunk on @chunk_stream (2 to 63), and type 3
 * chunks if it is longer than @chunk_size. */
static inline void
script_chunks (GByteArray *out, guint chunk_stream, guint type, guint32 stream_id,
    guint32 timestamp, const guint8 *data, guint size, guint chunk_size)
{
  guint done;

  g_assert_cmpuint (timestamp, <, 0xFFFFFF);
  script_u8 (out, chunk_stream);
  script_uint (out, 3, timestamp);
  script_uint (out, 3, size);
  script_u8 (out, type);
  script_uint (out, 4, GUINT32_SWAP_LE_BE (stream_id));
  for (done = 0; done < size; done += chunk_size) {
    if (done > 0)
      script_u8 (out, 0xC0 | chunk_stream);
    g_byte_array_append (out, data + done, MIN (chunk_size, size - done));
  }
}

/* In chunks of 128 bytes, on the chunk stream that most servers use for the type. */
static inline void
script_message (GByteArray *out, guint type, guint32 stream_id, guint32 timestamp,
    const guint8 *data, guint size)
{
  guint chunk_stream = type < 8 ? 2 : type == 8 ? 4 : type == 9 ? 6 : type == 20 ? 3 : 5;

  script_chunks (out, chunk_stream, type, stream_id, timestamp, data, size, 128);
}

/* A message of AMF values: a command (20) or data (18). */
static inline void
script_amf (GByteArray *out, guint type, guint32 stream_id, const gchar *values)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  script_values (payload, values);
  script_message (out, type, stream_id, 0, payload->data, payload->len);
}

static inline void
script_command (GByteArray *out, guint32 stream_id, const gchar *values)
{
  script_amf (out, 20, stream_id, values);
}

static inline void
script_status (GByteArray *out, guint32 stream_id, const gchar *level, const gchar *code)
{
  g_autofree gchar *values = g_strdup_printf (
      "'onStatus' 0 null {level: '%s', code: '%s', description: 'So be it.'}", level, code);

  script_command (out, stream_id, values);
}

/* A control message of one number: Set Chunk Size, Abort, Ack, Window Acknowledgement Size. */
static inline void
script_control (GByteArray *out, guint type, guint32 value)
{
  guint8 data[4] = { value >> 24, (value >> 16) & 0xFF, (value >> 8) & 0xFF, value & 0xFF };

  script_message (out, type, 0, 0, data, sizeof (data));
}

static inline void
script_peer_bandwidth (GByteArray *out, guint32 value, guint8 limit_type)
{
  guint8 data[5] = { value >> 24, (value >> 16) & 0xFF, (value >> 8) & 0xFF, value & 0xFF,
    limit_type };

  script_message (out, 6, 0, 0, data, sizeof (data));
}

static inline void
script_user_control (GByteArray *out, guint event, guint32 value)
{
  guint8 data[6] = { (guint8) (event >> 8), (guint8) event, value >> 24, (value >> 16) & 0xFF,
    (value >> 8) & 0xFF, value & 0xFF };

  script_message (out, 4, 0, 0, data, sizeof (data));
}

/* Media: the @n bytes at @first, then filling up to @size bytes. */
static inline void
script_media (GByteArray *out, guint type, guint32 stream_id, guint32 timestamp, const gchar *first,
    guint n, guint size)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  guint i;

  g_byte_array_append (payload, (const guint8 *) first, n);
  for (i = n; i < size; i++)
    script_u8 (payload, i * 11 & 0xFF);
  script_message (out, type, stream_id, timestamp, payload->data, size);
}

#endif
