/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_SECRETS_H
#define RTMP_SECRETS_H

#include "rtmplocation.h"

G_BEGIN_DECLS

/**
 * rtmp_secrets_hide:
 * @location: the address in use
 * @text: what may hold a peer's words
 *
 * Servers repeat the stream's name, which may be a key, in what they say. Names and values of fewer
 * than 4 bytes are words that a text may hold anyway, and stay.
 *
 * Returns: (transfer full): @text with the stream's name, the name without its query, the values of
 *   the stream's and the application's query, the password and the secure token masked
 */
gchar *rtmp_secrets_hide (const RtmpLocation *location, const gchar *text);

/* The same in an error's message and in the server's description it carries. */
void rtmp_secrets_hide_in_error (const RtmpLocation *location, GError *error);

G_END_DECLS

#endif
