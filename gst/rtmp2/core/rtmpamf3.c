/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpamf3.h"

#include "rtmpamfprivate.h"

/* AMF3 values (AMF3 specification, 3), each behind a marker byte. U29 is 1 to 4
 * bytes, below; str is U29 (bit 0 set: size << 1, then the bytes; bit 0 clear:
 * index << 1 into the strings sent so far).
 *
 *   00 undefined, 01 null, 02 false, 03 true
 *   04 integer     U29, a signed value of 29 bits
 *   05 double      double(8)
 *   06 string      str
 *   07, 0B XML     U29 size << 1 | 1, bytes
 *   08 date        U29 1, double(8)
 *   09 array       U29 count << 1 | 1, { str name, value }* 01, count values
 *   0A object      U29 index << 2 | 1                           a class sent before
 *                  U29 count << 4 | dynamic << 3 | 3, str class, count str names
 *                  then a value for each name; if dynamic { str name, value }* 01
 *   0C byte array  U29 size << 1 | 1, bytes
 *
 * 07 to 0C instead have U29 index << 1 for an object, array, date, XML or byte array
 * sent before. 0D to 11, vectors and dictionaries, are refused, and so are classes
 * that write themselves (U29 & 7 == 7): nothing tells how long they are.
 */

static gboolean
read_u29 (RtmpAmfParser *parser, guint32 *value)
{
  guint32 v = 0;
  guint8 byte;
  guint i;

  for (i = 0; i < 3; i++) {
    byte = rtmp_cursor_u8 (&parser->cursor);
    v = v << 7 | (byte & 0x7F);
    if (!(byte & 0x80)) {
      *value = v;
      return rtmp_amf_parser_check (parser);
    }
  }
  *value = v << 8 | rtmp_cursor_u8 (&parser->cursor);
  return rtmp_amf_parser_check (parser);
}

static GRefString *
repeat_string (RtmpAmfParser *parser, guint32 index)
{
  GRefString *string;

  if (index >= parser->strings->len) {
    rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL, "a reference to no string");
    return NULL;
  }
  string = g_ptr_array_index (parser->strings, index);
  if (!rtmp_amf_parser_charge (parser, g_ref_string_length (string) / RTMP_AMF_REFERENCE_UNIT))
    return NULL;
  return g_ref_string_acquire (string);
}

/* (transfer full): the empty string never has a place in the table (1.3.2). */
static GRefString *
read_string (RtmpAmfParser *parser, gsize max)
{
  GRefString *string;
  guint32 u29;

  if (!read_u29 (parser, &u29))
    return NULL;
  if (!(u29 & 1))
    return repeat_string (parser, u29 >> 1);
  string = rtmp_amf_parser_bytes (parser, u29 >> 1, max);
  if (string && u29 >> 1 > 0)
    g_ptr_array_add (parser->strings, g_ref_string_acquire (string));
  return string;
}

/* Names as long as AMF0 can write them; a repeated string may be longer. */
static GRefString *
read_name (RtmpAmfParser *parser)
{
  GRefString *name = read_string (parser, G_MAXUINT16);

  if (name && g_ref_string_length (name) > G_MAXUINT16) {
    rtmp_amf_parser_fail (parser, RTMP_ERROR_LIMIT, "a name is too long");
    g_clear_pointer (&name, g_ref_string_release);
  }
  return name;
}

/* Reads what begins every value of the object table. Returns %TRUE if the value
 * itself follows, *@rest being what the U29 tells of it; else *@delivered says
 * whether it was a good reference. */
static gboolean
read_object_header (RtmpAmfParser *parser, guint32 *rest, gboolean *delivered)
{
  guint32 u29;

  *delivered = FALSE;
  if (!read_u29 (parser, &u29))
    return FALSE;
  *rest = u29 >> 1;
  if (u29 & 1)
    return TRUE;
  *delivered = rtmp_amf_parser_deliver_reference (parser, parser->objects, *rest);
  return FALSE;
}

static gboolean
deliver_scalar (RtmpAmfParser *parser, RtmpAmfType type, gdouble number)
{
  RtmpAmf *value;

  if (!rtmp_amf_parser_check (parser) || !(value = rtmp_amf_parser_new_value (parser, type)))
    return FALSE;
  value->number = number;
  if (type == RTMP_AMF_DATE)
    g_ptr_array_add (parser->objects, value);
  return rtmp_amf_parser_deliver (parser, value);
}

static gboolean
read_undefined (RtmpAmfParser *parser)
{
  return deliver_scalar (parser, RTMP_AMF_UNDEFINED, 0);
}

static gboolean
read_null (RtmpAmfParser *parser)
{
  return deliver_scalar (parser, RTMP_AMF_NULL, 0);
}

static gboolean
read_false (RtmpAmfParser *parser)
{
  return deliver_scalar (parser, RTMP_AMF_BOOLEAN, 0);
}

static gboolean
read_true (RtmpAmfParser *parser)
{
  return deliver_scalar (parser, RTMP_AMF_BOOLEAN, 1);
}

static gboolean
read_integer (RtmpAmfParser *parser)
{
  guint32 u29;
  gint32 value;

  if (!read_u29 (parser, &u29))
    return FALSE;
  value = (gint32) u29;
  if (u29 & 0x10000000)
    value -= 0x20000000;
  return deliver_scalar (parser, RTMP_AMF_NUMBER, value);
}

static gboolean
read_double (RtmpAmfParser *parser)
{
  return deliver_scalar (parser, RTMP_AMF_NUMBER, rtmp_amf_parser_double (parser));
}

static gboolean
read_text (RtmpAmfParser *parser)
{
  return rtmp_amf_parser_deliver_string (parser, RTMP_AMF_STRING,
      read_string (parser, RTMP_AMF_MAX_STRING));
}

static gboolean
read_date (RtmpAmfParser *parser)
{
  gboolean delivered;
  guint32 rest;

  if (!read_object_header (parser, &rest, &delivered))
    return delivered;
  return deliver_scalar (parser, RTMP_AMF_DATE, rtmp_amf_parser_double (parser));
}

static gboolean
read_bytes_value (RtmpAmfParser *parser, RtmpAmfType type)
{
  GRefString *bytes;
  RtmpAmf *value;
  gboolean delivered;
  guint32 size;

  if (!read_object_header (parser, &size, &delivered))
    return delivered;
  bytes = rtmp_amf_parser_bytes (parser, size, RTMP_AMF_MAX_STRING);
  if (!bytes)
    return FALSE;
  value = rtmp_amf_parser_new_value (parser, type);
  if (!value) {
    g_ref_string_release (bytes);
    return FALSE;
  }
  value->string = bytes;
  value->cost += size / RTMP_AMF_REFERENCE_UNIT;
  g_ptr_array_add (parser->objects, value);
  return rtmp_amf_parser_deliver (parser, value);
}

static gboolean
read_xml (RtmpAmfParser *parser)
{
  return read_bytes_value (parser, RTMP_AMF_XML);
}

static gboolean
read_byte_array (RtmpAmfParser *parser)
{
  return read_bytes_value (parser, RTMP_AMF_BYTE_ARRAY);
}

static gboolean
read_array (RtmpAmfParser *parser)
{
  RtmpAmfFrame *frame;
  gboolean delivered;
  guint32 count;

  if (!read_object_header (parser, &count, &delivered))
    return delivered;
  frame = rtmp_amf_parser_push (parser, RTMP_AMF_ECMA_ARRAY, RTMP_AMF3_ASSOCIATIVE,
      parser->objects);
  if (!frame)
    return FALSE;
  frame->left = count;
  return TRUE;
}

void
rtmp_amf3_traits_free (gpointer data)
{
  RtmpAmf3Traits *traits = data;

  if (traits->class_name)
    g_ref_string_release (traits->class_name);
  g_ptr_array_unref (traits->names);
  g_free (traits);
}

/* Reads a new class into the table. @bits: the U29 behind its lowest three bits. */
static const RtmpAmf3Traits *
read_traits (RtmpAmfParser *parser, guint32 bits)
{
  RtmpAmf3Traits *traits = g_new0 (RtmpAmf3Traits, 1);
  guint32 left = bits >> 1;

  traits->names = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ref_string_release);
  traits->dynamic = bits & 1;
  g_ptr_array_add (parser->traits, traits);
  traits->class_name = read_name (parser);
  if (!traits->class_name)
    return NULL;
  for (; left > 0; left--) {
    GRefString *name;

    if (!rtmp_amf_parser_charge (parser, 1) || !(name = read_name (parser)))
      return NULL;
    g_ptr_array_add (traits->names, name);
  }
  return traits;
}

/* @bits: the U29 behind its lowest bit. */
static const RtmpAmf3Traits *
find_traits (RtmpAmfParser *parser, guint32 bits)
{
  if (!(bits & 1)) {
    if (bits >> 1 < parser->traits->len)
      return g_ptr_array_index (parser->traits, bits >> 1);
    rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL, "a reference to no class");
    return NULL;
  }
  if (!(bits & 2))
    return read_traits (parser, bits >> 2);
  rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL,
      "an externalizable object, which is not supported,");
  return NULL;
}

static gboolean
set_class_name (RtmpAmfParser *parser, RtmpAmf *object, GRefString *class_name)
{
  guint64 cost = g_ref_string_length (class_name) / RTMP_AMF_REFERENCE_UNIT;

  if (g_ref_string_length (class_name) == 0)
    return TRUE;
  object->string = g_ref_string_acquire (class_name);
  object->cost += cost;
  return rtmp_amf_parser_charge (parser, cost);
}

static gboolean
read_object (RtmpAmfParser *parser)
{
  const RtmpAmf3Traits *traits;
  RtmpAmfFrame *frame;
  gboolean delivered;
  guint32 bits;

  if (!read_object_header (parser, &bits, &delivered))
    return delivered;
  traits = find_traits (parser, bits);
  if (!traits)
    return FALSE;
  frame = rtmp_amf_parser_push (parser, RTMP_AMF_OBJECT, RTMP_AMF3_SEALED, parser->objects);
  if (!frame)
    return FALSE;
  frame->traits = traits;
  return set_class_name (parser, frame->container, traits->class_name);
}

static const struct {
  gboolean (*read) (RtmpAmfParser *parser);
  const gchar *refusal;
} markers[] = {
  [0x00] = { read_undefined, NULL },
  [0x01] = { read_null, NULL },
  [0x02] = { read_false, NULL },
  [0x03] = { read_true, NULL },
  [0x04] = { read_integer, NULL },
  [0x05] = { read_double, NULL },
  [0x06] = { read_text, NULL },
  [0x07] = { read_xml, NULL },
  [0x08] = { read_date, NULL },
  [0x09] = { read_array, NULL },
  [0x0A] = { read_object, NULL },
  [0x0B] = { read_xml, NULL },
  [0x0C] = { read_byte_array, NULL },
  [0x0D] = { NULL, "an AMF3 vector, which is not supported," },
  [0x0E] = { NULL, "an AMF3 vector, which is not supported," },
  [0x0F] = { NULL, "an AMF3 vector, which is not supported," },
  [0x10] = { NULL, "an AMF3 vector, which is not supported," },
  [0x11] = { NULL, "an AMF3 dictionary, which is not supported," },
};

gboolean
rtmp_amf3_read_value (RtmpAmfParser *parser)
{
  guint8 marker = rtmp_cursor_u8 (&parser->cursor);

  if (!rtmp_amf_parser_check (parser))
    return FALSE;
  if (marker >= G_N_ELEMENTS (markers))
    return rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL, "an unknown AMF3 marker");
  if (!markers[marker].read)
    return rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL, markers[marker].refusal);
  return markers[marker].read (parser);
}

/* An array with nothing but its counted part is AMF0's strict array. */
static gboolean
step_associative (RtmpAmfParser *parser, RtmpAmfFrame *frame)
{
  frame->name = read_name (parser);
  if (!frame->name)
    return FALSE;
  if (g_ref_string_length (frame->name) > 0)
    return rtmp_amf3_read_value (parser);
  g_clear_pointer (&frame->name, g_ref_string_release);
  if (rtmp_amf_get_size (frame->container) == 0)
    frame->container->type = RTMP_AMF_STRICT_ARRAY;
  frame->state = RTMP_AMF3_DENSE;
  return TRUE;
}

/* In an ECMA array even the counted entries have names (AMF0 specification, 2.10). */
static gboolean
step_dense (RtmpAmfParser *parser, RtmpAmfFrame *frame)
{
  if (frame->left == 0)
    return rtmp_amf_parser_pop (parser);
  frame->left--;
  if (frame->container->type == RTMP_AMF_ECMA_ARRAY) {
    gchar name[16];

    g_snprintf (name, sizeof (name), "%u", frame->index++);
    frame->name = g_ref_string_new (name);
  }
  return rtmp_amf3_read_value (parser);
}

static gboolean
step_sealed (RtmpAmfParser *parser, RtmpAmfFrame *frame)
{
  const GPtrArray *names = frame->traits->names;
  GRefString *name;

  if (frame->index == names->len) {
    if (!frame->traits->dynamic)
      return rtmp_amf_parser_pop (parser);
    frame->state = RTMP_AMF3_DYNAMIC;
    return TRUE;
  }
  name = g_ptr_array_index (names, frame->index++);
  if (!rtmp_amf_parser_charge (parser, g_ref_string_length (name) / RTMP_AMF_REFERENCE_UNIT))
    return FALSE;
  frame->name = g_ref_string_acquire (name);
  return rtmp_amf3_read_value (parser);
}

static gboolean
step_dynamic (RtmpAmfParser *parser, RtmpAmfFrame *frame)
{
  frame->name = read_name (parser);
  if (!frame->name)
    return FALSE;
  if (g_ref_string_length (frame->name) > 0)
    return rtmp_amf3_read_value (parser);
  g_clear_pointer (&frame->name, g_ref_string_release);
  return rtmp_amf_parser_pop (parser);
}

gboolean
rtmp_amf3_step (RtmpAmfParser *parser, RtmpAmfFrame *frame)
{
  switch (frame->state) {
    case RTMP_AMF3_ASSOCIATIVE:
      return step_associative (parser, frame);
    case RTMP_AMF3_DENSE:
      return step_dense (parser, frame);
    case RTMP_AMF3_SEALED:
      return step_sealed (parser, frame);
    default:
      return step_dynamic (parser, frame);
  }
}
