/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_AMF_H
#define RTMP_AMF_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * RtmpAmfType: kinds of values; AMF3's are mapped onto AMF0's (AMF0 2.1).
 */
typedef enum {
  RTMP_AMF_NUMBER,
  RTMP_AMF_BOOLEAN,
  RTMP_AMF_STRING, /* long strings too */
  RTMP_AMF_OBJECT, /* typed objects too, with a class name */
  RTMP_AMF_NULL,
  RTMP_AMF_UNDEFINED, /* unsupported (0x0D) too */
  RTMP_AMF_ECMA_ARRAY,
  RTMP_AMF_STRICT_ARRAY,
  RTMP_AMF_DATE,
  RTMP_AMF_XML,
  RTMP_AMF_BYTE_ARRAY, /* AMF3 only; never written */
} RtmpAmfType;

/**
 * RtmpAmf:
 *
 * A value: reference counted (not atomically), immutable once it is part of
 * another or was parsed. Shared parts (AMF0 and AMF3 references) are shared here
 * too; a value that would contain itself is refused when parsed.
 *
 * Strings are bytes as the wire had them, not necessarily UTF-8.
 */
typedef struct _RtmpAmf RtmpAmf;

/* (transfer full): a value with one reference. */
RtmpAmf *rtmp_amf_new_number (gdouble value);
RtmpAmf *rtmp_amf_new_boolean (gboolean value);
/* A string longer than 65535 bytes is written as a long string. */
RtmpAmf *rtmp_amf_new_string (const gchar *value);
RtmpAmf *rtmp_amf_new_string_len (const gchar *value, gsize size);
RtmpAmf *rtmp_amf_new_null (void);
RtmpAmf *rtmp_amf_new_undefined (void);
RtmpAmf *rtmp_amf_new_object (void);
RtmpAmf *rtmp_amf_new_ecma_array (void);
RtmpAmf *rtmp_amf_new_strict_array (void);

RtmpAmf *rtmp_amf_ref (RtmpAmf *amf);
void rtmp_amf_unref (RtmpAmf *amf);

/* Containers; @value: (transfer full). A name that exists is replaced, in its
 * place. A name has at most 65535 bytes, as many as AMF0 can write. */
void rtmp_amf_set (RtmpAmf *object, const gchar *name, RtmpAmf *value);
void rtmp_amf_set_number (RtmpAmf *object, const gchar *name, gdouble value);
void rtmp_amf_set_boolean (RtmpAmf *object, const gchar *name, gboolean value);
/* A NULL @value sets nothing. */
void rtmp_amf_set_string (RtmpAmf *object, const gchar *name, const gchar *value);
/* Adds a member without looking for one of that name: for names that may repeat. */
void rtmp_amf_add (RtmpAmf *object, const gchar *name, RtmpAmf *value);
void rtmp_amf_append (RtmpAmf *strict_array, RtmpAmf *value);

RtmpAmfType rtmp_amf_get_type (const RtmpAmf *amf);

/* Readers accept NULL and any type, and then answer with the fallback (NULL for
 * strings): wire data is of any shape. Numbers are read from NUMBER, BOOLEAN and
 * DATE (milliseconds since 1970) and may be NaN or infinite; booleans from BOOLEAN
 * and NUMBER; strings from STRING and XML (transfer none; NUL-terminated; @size is
 * what the wire said, and 0 with NULL). */
gdouble rtmp_amf_get_number (const RtmpAmf *amf, gdouble fallback);
/* A number cut to an integer; @fallback too where it is not within 0 .. 2^32 - 1. */
guint32 rtmp_amf_get_uint (const RtmpAmf *amf, guint32 fallback);
gboolean rtmp_amf_get_boolean (const RtmpAmf *amf, gboolean fallback);
const gchar *rtmp_amf_get_string (const RtmpAmf *amf);
const gchar *rtmp_amf_get_string_len (const RtmpAmf *amf, gsize *size);
/* (transfer none) (nullable): the class name of a typed object. */
const gchar *rtmp_amf_get_class_name (const RtmpAmf *amf);

/* TRUE for OBJECT and ECMA_ARRAY (accept either wherever an object is expected). */
gboolean rtmp_amf_is_object (const RtmpAmf *amf);
/* Entries of OBJECT, ECMA_ARRAY, STRICT_ARRAY; 0 for all else. A name that came
 * twice counts twice. */
guint rtmp_amf_get_size (const RtmpAmf *amf);
/* (transfer none) (nullable): NULL past the end, and for the name in a strict array.
 * Of a name that came twice rtmp_amf_get() gives the last. */
const RtmpAmf *rtmp_amf_get_nth (const RtmpAmf *amf, guint index);
const gchar *rtmp_amf_get_nth_name (const RtmpAmf *amf, guint index);
const RtmpAmf *rtmp_amf_get (const RtmpAmf *object, const gchar *name);
const gchar *rtmp_amf_get_member_string (const RtmpAmf *object, const gchar *name);
gdouble rtmp_amf_get_member_number (const RtmpAmf *object, const gchar *name, gdouble fallback);

/**
 * rtmp_amf_parse:
 * @data: (array length=size): AMF0 values; each may switch to AMF3 for itself by marker 0x11
 * @consumed: (out) (optional): bytes the value took; untouched on failure
 * @budget: (inout): values that may still be made; start with RTMP_AMF_MAX_VALUES
 *
 * Parses one AMF0 value without recursing on the input. Bounded by
 * RTMP_AMF_MAX_DEPTH, RTMP_AMF_MAX_STRING and by @budget. A reference takes as
 * much of @budget as what it stands for, so a parsed value is never much larger
 * written out than it was on the wire. A class's member names (AMF3) take one each.
 *
 * Refused: what would contain itself; movie clip, record set and unknown markers of
 * AMF0; externalizable objects, vectors and dictionaries of AMF3; truncated values,
 * a missing end marker included. Sources: AMF0 specification, 2; AMF3, 3;
 * protocol.md 15 and "AMF0".
 *
 * Returns: (transfer full) (nullable): the value, or %NULL with RTMP_ERROR_PROTOCOL
 *   (malformed) or RTMP_ERROR_LIMIT; the text holds no wire data
 */
RtmpAmf *rtmp_amf_parse (const guint8 *data, gsize size, gsize *consumed, guint *budget,
    GError **error);

/**
 * rtmp_amf_parse_all:
 * @data: (array length=size): AMF0 values up to the end, and nothing else
 * @budget: (inout): as for rtmp_amf_parse()
 *
 * Parses the values of one message, which share their reference tables (AMF3
 * specification, 4.1: the tables are reset for each message).
 *
 * Returns: (transfer full) (nullable) (element-type RtmpAmf): the values, none for
 *   a @size of 0, or %NULL with an error as from rtmp_amf_parse()
 */
GPtrArray *rtmp_amf_parse_all (const guint8 *data, gsize size, guint *budget, GError **error);

/* Appends the value in AMF0; what is shared is written each time. A byte array is
 * written as unsupported (0x0D). */
void rtmp_amf_write (const RtmpAmf *amf, GByteArray *out);

/* Appends a readable form for logs, cut to @max bytes ("..." at the end where there
 * is room for it); strings are quoted and escaped, and the result is UTF-8. It hides
 * nothing: not for values that hold credentials. */
void rtmp_amf_print (const RtmpAmf *amf, GString *out, gsize max);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpAmf, rtmp_amf_unref)

G_END_DECLS

#endif
