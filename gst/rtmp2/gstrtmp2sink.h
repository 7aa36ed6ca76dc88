/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_SINK_H
#define GST_RTMP2_SINK_H

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_RTMP2_SINK (gst_rtmp2_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstRtmp2Sink, gst_rtmp2_sink, GST, RTMP2_SINK, GstBaseSink)

G_END_DECLS

#endif
