/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_MESSAGE_H
#define GST_RTMP2_MESSAGE_H

#include <gst/gst.h>

#include "io/rtmplink.h"

G_BEGIN_DECLS

/**
 * gst_rtmp2_hide_secrets:
 * @text: what may hold a server's words
 * @location: the address in use
 *
 * Servers repeat the stream's name, which may be a key, in their descriptions.
 *
 * Returns: (transfer full): @text with the stream's name, what its query holds and the password
 *   masked
 */
gchar *gst_rtmp2_hide_secrets (const gchar *text, const RtmpLocation *location);

/* (transfer full): a copy of @error without secrets, in the server's words too. */
GError *gst_rtmp2_clean_error (const GError *error, const RtmpLocation *location);

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
