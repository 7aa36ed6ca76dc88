/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * The machine that AMF0 and AMF3 parsing share: a stack of open containers
 * instead of recursion, the budget, and the reference tables. For the AMF files
 * only; callers use rtmp_amf_parse().
 */
#ifndef RTMP_AMF_PARSER_H
#define RTMP_AMF_PARSER_H

#include "rtmpamf.h"
#include "rtmpcursor.h"
#include "rtmperror.h"
#include "rtmplimits.h"

G_BEGIN_DECLS

/* What an open container expects next. */
typedef enum {
  RTMP_AMF0_MEMBERS,     /* name and value, or the end marker */
  RTMP_AMF0_ELEMENTS,    /* a value, @left times */
  RTMP_AMF3_ASSOCIATIVE, /* an array's named part: name and value, or an empty name */
  RTMP_AMF3_DENSE,       /* an array's counted part: a value, @left times */
  RTMP_AMF3_SEALED,      /* the values of the class's members */
  RTMP_AMF3_DYNAMIC,     /* further members: name and value, or an empty name */
} RtmpAmfState;

/* A class: its name, the names of its sealed members, and whether more may follow. */
typedef struct {
  GRefString *class_name;
  GPtrArray *names;
  gboolean dynamic;
} RtmpAmf3Traits;

typedef struct {
  RtmpAmf *container;
  RtmpAmfState state;
  guint32 left;
  guint32 index; /* of the next dense element or sealed member */
  const RtmpAmf3Traits *traits;
  GRefString *name; /* of the value that is being read */
} RtmpAmfFrame;

typedef struct {
  const guint8 *start;
  RtmpCursor cursor;
  guint *budget;
  GError *error;
  guint depth;
  RtmpAmfFrame frames[RTMP_AMF_MAX_DEPTH];
  RtmpAmf *result;       /* the outermost value once it is complete */
  GPtrArray *references; /* AMF0's table; borrows, as the next one does */
  GPtrArray *objects;    /* AMF3's three tables */
  GPtrArray *strings;
  GPtrArray *traits;
} RtmpAmfParser;

/* All of these return %FALSE or %NULL with @parser->error set, and consume what
 * they are given (transfer full) in either case. */

gboolean rtmp_amf_parser_fail (RtmpAmfParser *parser, RtmpError code, const gchar *text);

/* Takes @cost from the budget. */
gboolean rtmp_amf_parser_charge (RtmpAmfParser *parser, guint64 cost);

/* %FALSE with an error once a read went past the end. */
gboolean rtmp_amf_parser_check (RtmpAmfParser *parser);

gdouble rtmp_amf_parser_double (RtmpAmfParser *parser);

/* (transfer full): the next @size bytes, at most @max. */
GRefString *rtmp_amf_parser_bytes (RtmpAmfParser *parser, gsize size, gsize max);

/* (transfer full): an empty value, paid for. */
RtmpAmf *rtmp_amf_parser_new_value (RtmpAmfParser *parser, RtmpAmfType type);

/* Hands a complete value to the container it is in. */
gboolean rtmp_amf_parser_deliver (RtmpAmfParser *parser, RtmpAmf *value);

/* The same for a value that ends with a string, %NULL if reading that failed. */
gboolean rtmp_amf_parser_deliver_string (RtmpAmfParser *parser, RtmpAmfType type,
    GRefString *string);

/* Opens a container. @table: (nullable): where later references look for it. */
RtmpAmfFrame *rtmp_amf_parser_push (RtmpAmfParser *parser, RtmpAmfType type, RtmpAmfState state,
    GPtrArray *table);

/* Closes the innermost container and delivers it. */
gboolean rtmp_amf_parser_pop (RtmpAmfParser *parser);

/* Delivers entry @index of @table once more. */
gboolean rtmp_amf_parser_deliver_reference (RtmpAmfParser *parser, const GPtrArray *table,
    guint32 index);

G_END_DECLS

#endif
