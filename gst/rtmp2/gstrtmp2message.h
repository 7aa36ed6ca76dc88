/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_MESSAGE_H
#define GST_RTMP2_MESSAGE_H

#include <gst/gst.h>

#include "io/rtmplink.h"

G_BEGIN_DECLS

/**
 * gst_rtmp2_post_error:
 * @error: what happened, of domain RTMP_ERROR or any other
 * @opened: the stream had been accepted by the server before
 * @display: the address with its secrets masked; "" if it could not be used
 *
 * Posts an ERROR message. The text and the message's details structure
 * ("details": server-code, server-description, location) carry the server's own words.
 */
void gst_rtmp2_post_error (GstElement *element, const GError *error, gboolean publish,
    gboolean opened, const gchar *display);

/* (transfer full): the stats property's structure. */
GstStructure *gst_rtmp2_stats_to_structure (const RtmpLinkStats *stats, const gchar *display);

G_END_DECLS

#endif
