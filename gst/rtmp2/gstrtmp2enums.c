/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstrtmp2enums.h"

#include "core/rtmpauth.h"
#include "core/rtmpclient.h"
#include "core/rtmplocation.h"

GType
gst_rtmp2_scheme_get_type (void)
{
  static gsize once = 0;
  static const GEnumValue values[] = {
    { RTMP_SCHEME_RTMP, "GST_RTMP_SCHEME_RTMP", "rtmp" },
    { RTMP_SCHEME_RTMPS, "GST_RTMP_SCHEME_RTMPS", "rtmps" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&once))
    g_once_init_leave (&once, g_enum_register_static ("GstRtmpScheme", values));
  return once;
}

GType
gst_rtmp2_authmod_get_type (void)
{
  static gsize once = 0;
  static const GEnumValue values[] = {
    { RTMP_AUTHMOD_NONE, "GST_RTMP_AUTHMOD_NONE", "none" },
    { RTMP_AUTHMOD_AUTO, "GST_RTMP_AUTHMOD_AUTO", "auto" },
    { RTMP_AUTHMOD_ADOBE, "GST_RTMP_AUTHMOD_ADOBE", "adobe" },
    { RTMP_AUTHMOD_LLNW, "GST_RTMP_AUTHMOD_LLNW", "llnw" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&once))
    g_once_init_leave (&once, g_enum_register_static ("GstRtmpAuthmod", values));
  return once;
}

/* Not one of gst-plugins-bad's: gst-inspect-1.0 shows the names. */
GType
gst_rtmp2_fast_start_get_type (void)
{
  static gsize once = 0;
  static const GEnumValue values[] = {
    { RTMP_FAST_START_NONE, "Wait for each of the server's answers", "none" },
    { RTMP_FAST_START_PIPELINED, "Wait for the handshake only", "pipelined" },
    { RTMP_FAST_START_IMMEDIATE, "Wait for nothing", "immediate" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&once))
    g_once_init_leave (&once, g_enum_register_static ("GstRtmpFastStart", values));
  return once;
}

GType
gst_rtmp2_stop_commands_get_type (void)
{
  static gsize once = 0;
  static const GFlagsValue values[] = {
    { 0, "No command", "none" },
    { RTMP_STOP_FCUNPUBLISH, "FCUnpublish", "fcunpublish" },
    { RTMP_STOP_CLOSE_STREAM, "closeStream", "closestream" },
    { RTMP_STOP_DELETE_STREAM, "deleteStream", "deletestream" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&once))
    g_once_init_leave (&once, g_flags_register_static ("GstRtmpStopCommands", values));
  return once;
}
