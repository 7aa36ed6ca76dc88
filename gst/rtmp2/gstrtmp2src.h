/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_SRC_H
#define GST_RTMP2_SRC_H

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_RTMP2_SRC (gst_rtmp2_src_get_type ())
G_DECLARE_FINAL_TYPE (GstRtmp2Src, gst_rtmp2_src, GST, RTMP2_SRC, GstPushSrc)

G_END_DECLS

#endif
