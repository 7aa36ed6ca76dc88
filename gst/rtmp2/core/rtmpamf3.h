/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * AMF3 values (AMF3 specification, 3) inside AMF0, each behind marker 0x11.
 */
#ifndef RTMP_AMF3_H
#define RTMP_AMF3_H

#include "rtmpamfparser.h"

G_BEGIN_DECLS

/* Reads one value, or the beginning of a container. */
gboolean rtmp_amf3_read_value (RtmpAmfParser *parser);

/* Continues with the innermost container, which is in one of the AMF3 states. */
gboolean rtmp_amf3_step (RtmpAmfParser *parser, RtmpAmfFrame *frame);

/* An RtmpAmf3Traits; a GDestroyNotify. */
void rtmp_amf3_traits_free (gpointer traits);

G_END_DECLS

#endif
