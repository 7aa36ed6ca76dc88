/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_ENUMS_H
#define GST_RTMP2_ENUMS_H

#include <glib-object.h>

G_BEGIN_DECLS

/* Types of enum properties, with the names and nicks that applications know
 * from gst-plugins-bad. */
#define GST_TYPE_RTMP_SCHEME (gst_rtmp2_scheme_get_type ())
GType gst_rtmp2_scheme_get_type (void);

#define GST_TYPE_RTMP_AUTHMOD (gst_rtmp2_authmod_get_type ())
GType gst_rtmp2_authmod_get_type (void);

#define GST_TYPE_RTMP_FAST_START (gst_rtmp2_fast_start_get_type ())
GType gst_rtmp2_fast_start_get_type (void);

#define GST_TYPE_RTMP_STOP_COMMANDS (gst_rtmp2_stop_commands_get_type ())
GType gst_rtmp2_stop_commands_get_type (void);

G_END_DECLS

#endif
