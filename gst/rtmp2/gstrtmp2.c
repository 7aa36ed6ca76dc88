/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/gst.h>

#include "gstrtmp2sink.h"
#include "gstrtmp2src.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (plugin, "rtmp2sink", GST_RANK_PRIMARY + 1, GST_TYPE_RTMP2_SINK)
      && gst_element_register (plugin, "rtmp2src", GST_RANK_PRIMARY + 1, GST_TYPE_RTMP2_SRC);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, rtmp2, "RTMP plugin", plugin_init,
    PACKAGE_VERSION, "LGPL", PACKAGE_NAME, PACKAGE_ORIGIN)
