/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpamf.h"

#include <string.h>

#include "rtmpamfprivate.h"
#include "rtmpcursor.h"

/* The wire form is drawn in rtmpamfparser.c. */
enum {
  MARKER_NUMBER = 0x00,
  MARKER_BOOLEAN = 0x01,
  MARKER_STRING = 0x02,
  MARKER_OBJECT = 0x03,
  MARKER_NULL = 0x05,
  MARKER_UNDEFINED = 0x06,
  MARKER_ECMA_ARRAY = 0x08,
  MARKER_OBJECT_END = 0x09,
  MARKER_STRICT_ARRAY = 0x0A,
  MARKER_DATE = 0x0B,
  MARKER_LONG_STRING = 0x0C,
  MARKER_UNSUPPORTED = 0x0D,
  MARKER_XML = 0x0F,
  MARKER_TYPED_OBJECT = 0x10,
};

/* A container that is being written, and its next entry. */
typedef struct {
  const RtmpAmf *container;
  guint next;
} Level;

static void
put_u8 (GByteArray *out, guint8 value)
{
  g_byte_array_append (out, &value, 1);
}

static void
put_u16 (GByteArray *out, guint32 value)
{
  guint8 bytes[2];

  rtmp_write_u16 (bytes, value);
  g_byte_array_append (out, bytes, sizeof (bytes));
}

static void
put_u32 (GByteArray *out, guint32 value)
{
  guint8 bytes[4];

  rtmp_write_u32 (bytes, value);
  g_byte_array_append (out, bytes, sizeof (bytes));
}

static void
put_double (GByteArray *out, gdouble value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof (bits));
  put_u32 (out, (guint32) (bits >> 32));
  put_u32 (out, (guint32) bits);
}

static void
put_bytes (GByteArray *out, GRefString *string)
{
  g_byte_array_append (out, (const guint8 *) string, g_ref_string_length (string));
}

static void
put_short_string (GByteArray *out, GRefString *string)
{
  put_u16 (out, g_ref_string_length (string));
  put_bytes (out, string);
}

static void
put_long_string (GByteArray *out, guint8 marker, GRefString *string)
{
  put_u8 (out, marker);
  put_u32 (out, g_ref_string_length (string));
  put_bytes (out, string);
}

static void
write_string (GByteArray *out, GRefString *string)
{
  if (g_ref_string_length (string) > G_MAXUINT16) {
    put_long_string (out, MARKER_LONG_STRING, string);
    return;
  }
  put_u8 (out, MARKER_STRING);
  put_short_string (out, string);
}

static void
write_object_head (GByteArray *out, GRefString *class_name)
{
  put_u8 (out, class_name ? MARKER_TYPED_OBJECT : MARKER_OBJECT);
  if (class_name)
    put_short_string (out, class_name);
}

static void
write_array_head (GByteArray *out, guint8 marker, const RtmpAmf *amf)
{
  put_u8 (out, marker);
  put_u32 (out, rtmp_amf_get_size (amf));
}

/* Writes a value without what it contains. */
static void
write_head (const RtmpAmf *amf, GByteArray *out)
{
  switch (amf->type) {
    case RTMP_AMF_NUMBER:
      put_u8 (out, MARKER_NUMBER);
      put_double (out, amf->number);
      break;
    case RTMP_AMF_BOOLEAN:
      put_u8 (out, MARKER_BOOLEAN);
      put_u8 (out, amf->number != 0);
      break;
    case RTMP_AMF_STRING:
      write_string (out, amf->string);
      break;
    case RTMP_AMF_OBJECT:
      write_object_head (out, amf->string);
      break;
    case RTMP_AMF_NULL:
      put_u8 (out, MARKER_NULL);
      break;
    case RTMP_AMF_UNDEFINED:
      put_u8 (out, MARKER_UNDEFINED);
      break;
    case RTMP_AMF_ECMA_ARRAY:
      write_array_head (out, MARKER_ECMA_ARRAY, amf);
      break;
    case RTMP_AMF_STRICT_ARRAY:
      write_array_head (out, MARKER_STRICT_ARRAY, amf);
      break;
    case RTMP_AMF_DATE:
      put_u8 (out, MARKER_DATE);
      put_double (out, amf->number);
      put_u16 (out, (guint16) amf->timezone);
      break;
    case RTMP_AMF_XML:
      put_long_string (out, MARKER_XML, amf->string);
      break;
    case RTMP_AMF_BYTE_ARRAY:
      put_u8 (out, MARKER_UNSUPPORTED);
      break;
  }
}

static gboolean
is_container (const RtmpAmf *amf)
{
  return rtmp_amf_is_object (amf) || amf->type == RTMP_AMF_STRICT_ARRAY;
}

static void
open_level (GArray *levels, const RtmpAmf *amf)
{
  Level level = { amf, 0 };

  if (is_container (amf))
    g_array_append_val (levels, level);
}

/* The next entry of the innermost container, or NULL if it is complete. */
static const RtmpAmfMember *
next_member (GArray *levels)
{
  Level *level = &g_array_index (levels, Level, levels->len - 1);

  if (level->next == rtmp_amf_get_size (level->container))
    return NULL;
  return rtmp_amf_member (level->container, level->next++);
}

static const RtmpAmf *
close_level (GArray *levels)
{
  const RtmpAmf *container = g_array_index (levels, Level, levels->len - 1).container;

  g_array_set_size (levels, levels->len - 1);
  return container;
}

void
rtmp_amf_write (const RtmpAmf *amf, GByteArray *out)
{
  g_autoptr (GArray) levels = g_array_new (FALSE, FALSE, sizeof (Level));

  write_head (amf, out);
  open_level (levels, amf);
  while (levels->len > 0) {
    const RtmpAmfMember *member = next_member (levels);

    if (!member) {
      if (rtmp_amf_is_object (close_level (levels))) {
        put_u16 (out, 0);
        put_u8 (out, MARKER_OBJECT_END);
      }
      continue;
    }
    if (member->name)
      put_short_string (out, member->name);
    write_head (member->value, out);
    open_level (levels, member->value);
  }
}

/* Appends one character, or one byte that is none, so that it can be read in a
 * log. Returns what follows it. */
static const gchar *
print_char (GString *out, const gchar *pos, const gchar *end)
{
  gunichar c = g_utf8_get_char_validated (pos, end - pos);

  if (c == '"' || c == '\\') {
    g_string_append_printf (out, "\\%c", (gchar) c);
  } else if (c < (gunichar) -2 && c != 0 && !g_unichar_iscntrl (c)) {
    g_string_append_unichar (out, c);
  } else {
    g_string_append_printf (out, "\\x%02X", (guint8) *pos);
    return pos + 1;
  }
  return g_utf8_next_char (pos);
}

/* Stops once @out is longer than @limit: what follows would be cut anyway. */
static void
print_string (GString *out, gsize limit, GRefString *string)
{
  const gchar *pos = string;
  const gchar *end = string + g_ref_string_length (string);

  g_string_append_c (out, '"');
  while (pos < end && out->len <= limit)
    pos = print_char (out, pos, end);
  g_string_append_c (out, '"');
}

static void
print_number (GString *out, gdouble number)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (out, g_ascii_formatd (text, sizeof (text), "%.15g", number));
}

static void
print_head (const RtmpAmf *amf, GString *out, gsize limit)
{
  switch (amf->type) {
    case RTMP_AMF_NUMBER:
      print_number (out, amf->number);
      break;
    case RTMP_AMF_BOOLEAN:
      g_string_append (out, amf->number != 0 ? "true" : "false");
      break;
    case RTMP_AMF_STRING:
      print_string (out, limit, amf->string);
      break;
    case RTMP_AMF_OBJECT:
      if (amf->string)
        print_string (out, limit, amf->string);
      g_string_append_c (out, '{');
      break;
    case RTMP_AMF_NULL:
      g_string_append (out, "null");
      break;
    case RTMP_AMF_UNDEFINED:
      g_string_append (out, "undefined");
      break;
    case RTMP_AMF_ECMA_ARRAY:
      g_string_append (out, "array{");
      break;
    case RTMP_AMF_STRICT_ARRAY:
      g_string_append_c (out, '[');
      break;
    case RTMP_AMF_DATE:
      g_string_append (out, "date ");
      print_number (out, amf->number);
      break;
    case RTMP_AMF_XML:
      g_string_append (out, "xml ");
      print_string (out, limit, amf->string);
      break;
    case RTMP_AMF_BYTE_ARRAY:
      g_string_append_printf (out, "%" G_GSIZE_FORMAT " bytes", g_ref_string_length (amf->string));
      break;
  }
}

static void
print_member_start (GArray *levels, const RtmpAmfMember *member, GString *out, gsize limit)
{
  if (g_array_index (levels, Level, levels->len - 1).next > 1)
    g_string_append (out, ", ");
  if (member->name) {
    print_string (out, limit, member->name);
    g_string_append (out, ": ");
  }
}

/* Cuts @out to @limit bytes at the end of a character. */
static void
cut_text (GString *out, gsize start, gsize limit)
{
  const gsize dots = limit - start >= 3 ? 3 : 0;
  gsize len = limit - dots;

  while (len > start && ((guint8) out->str[len] & 0xC0) == 0x80)
    len--;
  g_string_truncate (out, len);
  if (dots)
    g_string_append (out, "...");
}

void
rtmp_amf_print (const RtmpAmf *amf, GString *out, gsize max)
{
  g_autoptr (GArray) levels = g_array_new (FALSE, FALSE, sizeof (Level));
  const gsize start = out->len;
  const gsize limit = start + MIN (max, G_MAXSIZE - start);

  print_head (amf, out, limit);
  open_level (levels, amf);
  while (levels->len > 0 && out->len <= limit) {
    const RtmpAmfMember *member = next_member (levels);

    if (!member) {
      g_string_append_c (out, rtmp_amf_is_object (close_level (levels)) ? '}' : ']');
      continue;
    }
    print_member_start (levels, member, out, limit);
    print_head (member->value, out, limit);
    open_level (levels, member->value);
  }
  if (out->len > limit)
    cut_text (out, start, limit);
}
