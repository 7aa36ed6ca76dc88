/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AMF_TEST_H
#define AMF_TEST_H

#include <math.h>
#include <string.h>

#include "core/rtmpamf.h"
#include "core/rtmperror.h"
#include "core/rtmplimits.h"

/* A value on the wire and what rtmp_amf_print() makes of it. */
typedef struct {
  const gchar *wire;
  const gchar *text;
} AmfCase;

/*
 * Bytes from text: pairs of hexadecimal digits, characters as they are between
 * single quotes, and spaces for the eye.
 */
static inline void
amf_append (GByteArray *bytes, const gchar *text)
{
  gboolean quoted = FALSE;

  for (; *text; text++) {
    guint8 byte = (guint8) *text;

    if (byte == '\'') {
      quoted = !quoted;
      continue;
    }
    if (!quoted) {
      if (byte == ' ')
        continue;
      g_assert_true (g_ascii_isxdigit (text[0]) && g_ascii_isxdigit (text[1]));
      byte = (guint8) (g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]));
      text++;
    }
    g_byte_array_append (bytes, &byte, 1);
  }
  g_assert_false (quoted);
}

static inline GByteArray *
amf_bytes (const gchar *text)
{
  GByteArray *bytes = g_byte_array_new ();

  amf_append (bytes, text);
  return bytes;
}

/* @text @times over. */
static inline void
amf_repeat (GByteArray *bytes, const gchar *text, guint times)
{
  g_autoptr (GByteArray) once = amf_bytes (text);
  guint i;

  for (i = 0; i < times; i++)
    g_byte_array_append (bytes, once->data, once->len);
}

static inline void
amf_fill (GByteArray *bytes, guint8 byte, guint size)
{
  guint start = bytes->len;

  g_byte_array_set_size (bytes, start + size);
  memset (bytes->data + start, byte, size);
}

/* Parses exactly @bytes as one value, from memory of exactly that size. */
static inline RtmpAmf *
amf_parse_bytes (const GByteArray *bytes)
{
  g_autofree guint8 *copy = g_memdup2 (bytes->data, bytes->len);
  guint budget = RTMP_AMF_MAX_VALUES;
  g_autoptr (GError) error = NULL;
  gsize consumed = 0;
  RtmpAmf *value = rtmp_amf_parse (copy, bytes->len, &consumed, &budget, &error);

  g_assert_no_error (error);
  g_assert_nonnull (value);
  g_assert_cmpuint (consumed, ==, bytes->len);
  return value;
}

static inline RtmpAmf *
amf_parse_text (const gchar *text)
{
  g_autoptr (GByteArray) bytes = amf_bytes (text);

  return amf_parse_bytes (bytes);
}

/* Asserts that @size bytes give an error of @code, and nothing else. */
static inline void
amf_assert_refused_data (const guint8 *data, gsize size, gint code)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  guint budget = RTMP_AMF_MAX_VALUES;
  g_autoptr (GError) error = NULL;
  gsize consumed = 4711;

  g_assert_null (rtmp_amf_parse (copy, size, &consumed, &budget, &error));
  g_assert_error (error, RTMP_ERROR, code);
  g_assert_cmpuint (consumed, ==, 4711);
  g_assert_cmpuint (budget, <=, RTMP_AMF_MAX_VALUES);
  /* Nobody has to ask for the error. */
  g_assert_null (rtmp_amf_parse (copy, size, NULL, &budget, NULL));
}

static inline void
amf_assert_refused_bytes (const GByteArray *bytes, gint code)
{
  amf_assert_refused_data (bytes->data, bytes->len, code);
}

static inline void
amf_assert_refused (const gchar *text, gint code)
{
  g_autoptr (GByteArray) bytes = amf_bytes (text);

  amf_assert_refused_bytes (bytes, code);
}

static inline void
amf_assert_text (const RtmpAmf *value, const gchar *text)
{
  g_autoptr (GString) printed = g_string_new (NULL);

  rtmp_amf_print (value, printed, G_MAXSIZE);
  g_assert_cmpstr (printed->str, ==, text);
}

static inline void
amf_assert_wire (const RtmpAmf *value, const gchar *wire)
{
  g_autoptr (GByteArray) want = amf_bytes (wire);
  g_autoptr (GByteArray) have = g_byte_array_new ();

  rtmp_amf_write (value, have);
  g_assert_cmpmem (have->data, have->len, want->data, want->len);
}

/* A value is whole only with its last byte, and takes no byte of what follows. */
static inline void
amf_assert_every_length (const gchar *wire)
{
  g_autoptr (GByteArray) bytes = amf_bytes (wire);
  guint budget = RTMP_AMF_MAX_VALUES;
  gsize consumed = 0;
  RtmpAmf *value;
  guint size = bytes->len;
  guint i;

  for (i = 0; i < size; i++)
    amf_assert_refused_data (bytes->data, i, RTMP_ERROR_PROTOCOL);
  amf_append (bytes, "09 FF 00");
  value = rtmp_amf_parse (bytes->data, bytes->len, &consumed, &budget, NULL);
  g_assert_nonnull (value);
  g_assert_cmpuint (consumed, ==, size);
  rtmp_amf_unref (value);
}

static inline void
amf_use (const RtmpAmf *value)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GString) printed = g_string_new (NULL);

  rtmp_amf_write (value, bytes);
  rtmp_amf_print (value, printed, 1024);
  g_assert_cmpuint (printed->len, <=, 1024);
  g_assert_true (g_utf8_validate (printed->str, -1, NULL));
}

/* Every byte of @wire replaced by every other: a value or an error, never both or
 * neither, and the value can be written again. */
static inline void
amf_assert_any_byte (const gchar *wire)
{
  g_autoptr (GByteArray) bytes = amf_bytes (wire);
  guint i, byte;

  for (i = 0; i < bytes->len; i++) {
    guint8 saved = bytes->data[i];

    for (byte = 0; byte < 256; byte++) {
      guint budget = RTMP_AMF_MAX_VALUES;
      g_autoptr (GError) error = NULL;
      g_autoptr (RtmpAmf) value = NULL;

      bytes->data[i] = (guint8) byte;
      value = rtmp_amf_parse (bytes->data, bytes->len, NULL, &budget, &error);
      g_assert_true ((value == NULL) == (error != NULL));
      if (value)
        amf_use (value);
      else
        g_assert_true (error->domain == RTMP_ERROR);
    }
    bytes->data[i] = saved;
  }
}

#endif
