/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * The inside of a value, for the AMF files only.
 */
#ifndef RTMP_AMF_PRIVATE_H
#define RTMP_AMF_PRIVATE_H

#include "rtmpamf.h"

G_BEGIN_DECLS

/* Names and strings are shared: AMF3 sends each once and then its index. */
typedef struct {
  GRefString *name; /* NULL in strict arrays */
  RtmpAmf *value;
} RtmpAmfMember;

struct _RtmpAmf {
  guint refcount;
  RtmpAmfType type;
  gint16 timezone; /* DATE: minutes; sent back as it came (AMF0, 2.13) */
  guint8 height;   /* parsed containers: levels from here down, at least 1 */
  union {
    guint64 cost;  /* while alive and parsed: values and string units inside */
    RtmpAmf *next; /* while being freed */
  };
  gdouble number;     /* NUMBER, BOOLEAN, DATE */
  GRefString *string; /* STRING, XML, BYTE_ARRAY; OBJECT: class name or NULL */
  GArray *members;    /* (element-type RtmpAmfMember): NULL while there are none */
};

/* (transfer full): a value of @type, empty. */
RtmpAmf *rtmp_amf_alloc (RtmpAmfType type);

/* @name: (transfer full) (nullable), @value: (transfer full). */
void rtmp_amf_add_member (RtmpAmf *container, GRefString *name, RtmpAmf *value);

static inline RtmpAmfMember *
rtmp_amf_member (const RtmpAmf *container, guint index)
{
  return &g_array_index (container->members, RtmpAmfMember, index);
}

G_END_DECLS

#endif
