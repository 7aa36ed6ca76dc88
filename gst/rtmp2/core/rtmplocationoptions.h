/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * The " key=value" options that may follow an RTMP address (librtmp(3)). For rtmplocation.c.
 */
#ifndef RTMP_LOCATION_OPTIONS_H
#define RTMP_LOCATION_OPTIONS_H

#include "rtmplocation.h"

G_BEGIN_DECLS

/**
 * rtmp_location_parse_options:
 * @location: takes what the options say
 * @text: what follows the address: words separated by spaces
 *
 * Which options are understood, ignored and refused: rtmp_location_parse().
 *
 * Returns: %FALSE with RTMP_ERROR_ADDRESS; @location then holds some of them and is to be freed
 */
gboolean rtmp_location_parse_options (RtmpLocation *location, const gchar *text, GError **error);

/* Whether @text can stand in an address as it is: UTF-8, no control characters, no white space. */
gboolean rtmp_location_is_plain (const gchar *text);

/* Appends @text such that it can stand as an option's value: \HH for every byte of what cannot. */
void rtmp_location_append_escaped (GString *out, const gchar *text);

G_END_DECLS

#endif
