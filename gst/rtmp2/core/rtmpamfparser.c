/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpamfparser.h"

#include "rtmpamf3.h"
#include "rtmpamfprivate.h"

gboolean
rtmp_amf_parser_fail (RtmpAmfParser *parser, RtmpError code, const gchar *text)
{
  if (!parser->error)
    parser->error = g_error_new (RTMP_ERROR, code, "AMF: %s before byte %" G_GSIZE_FORMAT, text,
        (gsize) (parser->cursor.pos - parser->start));
  return FALSE;
}

gboolean
rtmp_amf_parser_charge (RtmpAmfParser *parser, guint64 cost)
{
  if (cost > *parser->budget)
    return rtmp_amf_parser_fail (parser, RTMP_ERROR_LIMIT, "too many values");
  *parser->budget -= (guint) cost;
  return TRUE;
}

gboolean
rtmp_amf_parser_check (RtmpAmfParser *parser)
{
  if (parser->cursor.failed)
    return rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL, "a value is cut short");
  return TRUE;
}

gdouble
rtmp_amf_parser_double (RtmpAmfParser *parser)
{
  guint64 bits = (guint64) rtmp_cursor_u32 (&parser->cursor) << 32;
  gdouble value;

  bits |= rtmp_cursor_u32 (&parser->cursor);
  memcpy (&value, &bits, sizeof (value));
  return value;
}

GRefString *
rtmp_amf_parser_bytes (RtmpAmfParser *parser, gsize size, gsize max)
{
  const guint8 *bytes;

  if (size > max) {
    rtmp_amf_parser_fail (parser, RTMP_ERROR_LIMIT, "a string is too long");
    return NULL;
  }
  bytes = rtmp_cursor_bytes (&parser->cursor, size);
  if (!rtmp_amf_parser_check (parser))
    return NULL;
  return g_ref_string_new_len ((const gchar *) bytes, size);
}

RtmpAmf *
rtmp_amf_parser_new_value (RtmpAmfParser *parser, RtmpAmfType type)
{
  RtmpAmf *value;

  if (!rtmp_amf_parser_charge (parser, 1))
    return NULL;
  value = rtmp_amf_alloc (type);
  value->cost = 1;
  return value;
}

gboolean
rtmp_amf_parser_deliver (RtmpAmfParser *parser, RtmpAmf *value)
{
  RtmpAmfFrame *frame;
  RtmpAmf *container;

  if (parser->depth == 0) {
    parser->result = value;
    return TRUE;
  }
  frame = &parser->frames[parser->depth - 1];
  container = frame->container;
  container->height = MAX (container->height, value->height + 1);
  container->cost += value->cost;
  if (frame->name)
    container->cost += g_ref_string_length (frame->name) / RTMP_AMF_REFERENCE_UNIT;
  rtmp_amf_add_member (container, g_steal_pointer (&frame->name), value);
  return TRUE;
}

gboolean
rtmp_amf_parser_deliver_string (RtmpAmfParser *parser, RtmpAmfType type, GRefString *string)
{
  RtmpAmf *value;

  if (!string)
    return FALSE;
  value = rtmp_amf_parser_new_value (parser, type);
  if (!value) {
    g_ref_string_release (string);
    return FALSE;
  }
  value->string = string;
  value->cost += g_ref_string_length (string) / RTMP_AMF_REFERENCE_UNIT;
  return rtmp_amf_parser_deliver (parser, value);
}

RtmpAmfFrame *
rtmp_amf_parser_push (RtmpAmfParser *parser, RtmpAmfType type, RtmpAmfState state, GPtrArray *table)
{
  RtmpAmfFrame *frame;
  RtmpAmf *container;

  if (parser->depth == RTMP_AMF_MAX_DEPTH) {
    rtmp_amf_parser_fail (parser, RTMP_ERROR_LIMIT, "too many nested values");
    return NULL;
  }
  container = rtmp_amf_parser_new_value (parser, type);
  if (!container)
    return NULL;
  container->height = 1;
  if (table)
    g_ptr_array_add (table, container);
  frame = &parser->frames[parser->depth++];
  *frame = (RtmpAmfFrame) { .container = container, .state = state };
  return frame;
}

gboolean
rtmp_amf_parser_pop (RtmpAmfParser *parser)
{
  RtmpAmf *container = parser->frames[--parser->depth].container;

  return rtmp_amf_parser_deliver (parser, container);
}

static gboolean
is_open (const RtmpAmfParser *parser, const RtmpAmf *value)
{
  guint i;

  for (i = 0; i < parser->depth; i++) {
    if (parser->frames[i].container == value)
      return TRUE;
  }
  return FALSE;
}

/* A reference is paid for as what it stands for, and nests as deep: else a few
 * hundred bytes of references to references would stand for more values than any
 * memory holds. */
gboolean
rtmp_amf_parser_deliver_reference (RtmpAmfParser *parser, const GPtrArray *table, guint32 index)
{
  RtmpAmf *target;

  if (!rtmp_amf_parser_check (parser))
    return FALSE;
  if (index >= table->len)
    return rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL, "a reference to nothing");
  target = g_ptr_array_index (table, index);
  if (is_open (parser, target))
    return rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL, "a value that contains itself");
  if (parser->depth + target->height > RTMP_AMF_MAX_DEPTH)
    return rtmp_amf_parser_fail (parser, RTMP_ERROR_LIMIT, "too many nested values");
  if (!rtmp_amf_parser_charge (parser, target->cost))
    return FALSE;
  return rtmp_amf_parser_deliver (parser, rtmp_amf_ref (target));
}

/* AMF0 values (AMF0 specification, 2), each behind a marker byte:
 *
 *   00 number       double(8)
 *   01 boolean      byte(1)
 *   02 string       size(2) bytes
 *   03 object       { size(2) name value }* 00 00 09
 *   05 null, 06 undefined, 0D unsupported
 *   07 reference    index(2)
 *   08 ECMA array   count(4) { size(2) name value }* 00 00 09    count only a hint
 *   0A strict array count(4) value*
 *   0B date         double(8) time zone(2)
 *   0C long string  size(4) bytes
 *   0F XML          size(4) bytes
 *   10 typed object size(2) class name, then as an object
 *   11              one AMF3 value
 */

static gboolean
read_number (RtmpAmfParser *parser)
{
  gdouble number = rtmp_amf_parser_double (parser);
  RtmpAmf *value;

  if (!rtmp_amf_parser_check (parser)
      || !(value = rtmp_amf_parser_new_value (parser, RTMP_AMF_NUMBER)))
    return FALSE;
  value->number = number;
  return rtmp_amf_parser_deliver (parser, value);
}

static gboolean
read_boolean (RtmpAmfParser *parser)
{
  gdouble number = rtmp_cursor_u8 (&parser->cursor) != 0;
  RtmpAmf *value;

  if (!rtmp_amf_parser_check (parser)
      || !(value = rtmp_amf_parser_new_value (parser, RTMP_AMF_BOOLEAN)))
    return FALSE;
  value->number = number;
  return rtmp_amf_parser_deliver (parser, value);
}

/* The sizes are 0 where they could not be read; then the bytes cannot either. */
static GRefString *
read_short_string (RtmpAmfParser *parser)
{
  guint32 size = rtmp_cursor_u16 (&parser->cursor);

  return rtmp_amf_parser_bytes (parser, size, G_MAXUINT16);
}

static GRefString *
read_long_string (RtmpAmfParser *parser)
{
  guint32 size = rtmp_cursor_u32 (&parser->cursor);

  return rtmp_amf_parser_bytes (parser, size, RTMP_AMF_MAX_STRING);
}

static gboolean
read_string (RtmpAmfParser *parser)
{
  return rtmp_amf_parser_deliver_string (parser, RTMP_AMF_STRING, read_short_string (parser));
}

static gboolean
read_string_long (RtmpAmfParser *parser)
{
  return rtmp_amf_parser_deliver_string (parser, RTMP_AMF_STRING, read_long_string (parser));
}

static gboolean
read_xml (RtmpAmfParser *parser)
{
  return rtmp_amf_parser_deliver_string (parser, RTMP_AMF_XML, read_long_string (parser));
}

static gboolean
read_null (RtmpAmfParser *parser)
{
  RtmpAmf *value = rtmp_amf_parser_new_value (parser, RTMP_AMF_NULL);

  return value && rtmp_amf_parser_deliver (parser, value);
}

static gboolean
read_undefined (RtmpAmfParser *parser)
{
  RtmpAmf *value = rtmp_amf_parser_new_value (parser, RTMP_AMF_UNDEFINED);

  return value && rtmp_amf_parser_deliver (parser, value);
}

static gboolean
read_reference (RtmpAmfParser *parser)
{
  guint32 index = rtmp_cursor_u16 (&parser->cursor);

  return rtmp_amf_parser_deliver_reference (parser, parser->references, index);
}

static gboolean
read_date (RtmpAmfParser *parser)
{
  gdouble number = rtmp_amf_parser_double (parser);
  gint16 timezone = (gint16) rtmp_cursor_u16 (&parser->cursor);
  RtmpAmf *value;

  if (!rtmp_amf_parser_check (parser)
      || !(value = rtmp_amf_parser_new_value (parser, RTMP_AMF_DATE)))
    return FALSE;
  value->number = number;
  value->timezone = timezone;
  return rtmp_amf_parser_deliver (parser, value);
}

static gboolean
read_object (RtmpAmfParser *parser)
{
  return rtmp_amf_parser_push (parser, RTMP_AMF_OBJECT, RTMP_AMF0_MEMBERS, parser->references)
      != NULL;
}

static gboolean
read_typed_object (RtmpAmfParser *parser)
{
  GRefString *class_name = read_short_string (parser);
  RtmpAmf *object;

  if (!class_name)
    return FALSE;
  if (!read_object (parser)) {
    g_ref_string_release (class_name);
    return FALSE;
  }
  object = parser->frames[parser->depth - 1].container;
  object->string = class_name;
  object->cost += g_ref_string_length (class_name) / RTMP_AMF_REFERENCE_UNIT;
  return TRUE;
}

static gboolean
read_ecma_array (RtmpAmfParser *parser)
{
  rtmp_cursor_u32 (&parser->cursor);
  return rtmp_amf_parser_check (parser)
      && rtmp_amf_parser_push (parser, RTMP_AMF_ECMA_ARRAY, RTMP_AMF0_MEMBERS, parser->references);
}

static gboolean
read_strict_array (RtmpAmfParser *parser)
{
  guint32 count = rtmp_cursor_u32 (&parser->cursor);
  RtmpAmfFrame *frame;

  if (!rtmp_amf_parser_check (parser))
    return FALSE;
  frame = rtmp_amf_parser_push (parser, RTMP_AMF_STRICT_ARRAY, RTMP_AMF0_ELEMENTS,
      parser->references);
  if (!frame)
    return FALSE;
  frame->left = count;
  return TRUE;
}

#define OBJECT_END 0x09

static const struct {
  gboolean (*read) (RtmpAmfParser *parser);
  const gchar *refusal;
} markers[] = {
  [0x00] = { read_number, NULL },
  [0x01] = { read_boolean, NULL },
  [0x02] = { read_string, NULL },
  [0x03] = { read_object, NULL },
  [0x04] = { NULL, "a movie clip, which AMF0 reserves," },
  [0x05] = { read_null, NULL },
  [0x06] = { read_undefined, NULL },
  [0x07] = { read_reference, NULL },
  [0x08] = { read_ecma_array, NULL },
  [OBJECT_END] = { NULL, "the end of an object that did not begin" },
  [0x0A] = { read_strict_array, NULL },
  [0x0B] = { read_date, NULL },
  [0x0C] = { read_string_long, NULL },
  [0x0D] = { read_undefined, NULL },
  [0x0E] = { NULL, "a record set, which AMF0 reserves," },
  [0x0F] = { read_xml, NULL },
  [0x10] = { read_typed_object, NULL },
  [0x11] = { rtmp_amf3_read_value, NULL },
};

static gboolean
read_value (RtmpAmfParser *parser)
{
  guint8 marker = rtmp_cursor_u8 (&parser->cursor);

  if (!rtmp_amf_parser_check (parser))
    return FALSE;
  if (marker >= G_N_ELEMENTS (markers))
    return rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL, "an unknown marker");
  if (!markers[marker].read)
    return rtmp_amf_parser_fail (parser, RTMP_ERROR_PROTOCOL, markers[marker].refusal);
  return markers[marker].read (parser);
}

/* Only the end marker behind an empty name ends an object: ActionScript allows a
 * member without a name. */
static gboolean
step_members (RtmpAmfParser *parser, RtmpAmfFrame *frame)
{
  RtmpCursor *cursor = &parser->cursor;

  frame->name = read_short_string (parser);
  if (!frame->name)
    return FALSE;
  if (g_ref_string_length (frame->name) == 0 && rtmp_cursor_left (cursor) > 0
      && *cursor->pos == OBJECT_END) {
    g_clear_pointer (&frame->name, g_ref_string_release);
    cursor->pos++;
    return rtmp_amf_parser_pop (parser);
  }
  return read_value (parser);
}

static gboolean
step (RtmpAmfParser *parser)
{
  RtmpAmfFrame *frame;

  if (parser->depth == 0)
    return read_value (parser);
  frame = &parser->frames[parser->depth - 1];
  switch (frame->state) {
    case RTMP_AMF0_MEMBERS:
      return step_members (parser, frame);
    case RTMP_AMF0_ELEMENTS:
      if (frame->left == 0)
        return rtmp_amf_parser_pop (parser);
      frame->left--;
      return read_value (parser);
    default:
      return rtmp_amf3_step (parser, frame);
  }
}

/* (transfer full) (nullable): the next value; every step takes a byte or closes a
 * container. */
static RtmpAmf *
parse_one (RtmpAmfParser *parser)
{
  while (!parser->result) {
    if (!step (parser))
      return NULL;
  }
  return g_steal_pointer (&parser->result);
}

static void
parser_init (RtmpAmfParser *parser, const guint8 *data, gsize size, guint *budget)
{
  /* The frames are set up as they are pushed. */
  parser->start = size > 0 ? data : (const guint8 *) "";
  parser->cursor = (RtmpCursor) RTMP_CURSOR_INIT (parser->start, size);
  parser->budget = budget;
  parser->error = NULL;
  parser->depth = 0;
  parser->result = NULL;
  parser->references = g_ptr_array_new ();
  parser->objects = g_ptr_array_new ();
  parser->strings = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ref_string_release);
  parser->traits = g_ptr_array_new_with_free_func (rtmp_amf3_traits_free);
}

/* Hands the error over. */
static void
parser_clear (RtmpAmfParser *parser, GError **error)
{
  while (parser->depth > 0) {
    RtmpAmfFrame *frame = &parser->frames[--parser->depth];

    g_clear_pointer (&frame->name, g_ref_string_release);
    rtmp_amf_unref (frame->container);
  }
  g_ptr_array_unref (parser->references);
  g_ptr_array_unref (parser->objects);
  g_ptr_array_unref (parser->strings);
  g_ptr_array_unref (parser->traits);
  if (parser->error)
    g_propagate_error (error, parser->error);
}

RtmpAmf *
rtmp_amf_parse (const guint8 *data, gsize size, gsize *consumed, guint *budget, GError **error)
{
  RtmpAmfParser parser;
  RtmpAmf *value;

  parser_init (&parser, data, size, budget);
  value = parse_one (&parser);
  if (value && consumed)
    *consumed = parser.cursor.pos - parser.start;
  parser_clear (&parser, error);
  return value;
}

GPtrArray *
rtmp_amf_parse_all (const guint8 *data, gsize size, guint *budget, GError **error)
{
  GPtrArray *values = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_amf_unref);
  RtmpAmfParser parser;

  parser_init (&parser, data, size, budget);
  while (rtmp_cursor_left (&parser.cursor) > 0) {
    RtmpAmf *value = parse_one (&parser);

    if (!value) {
      g_clear_pointer (&values, g_ptr_array_unref);
      break;
    }
    g_ptr_array_add (values, value);
  }
  parser_clear (&parser, error);
  return values;
}
