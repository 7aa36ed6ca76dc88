/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_PROPERTIES_H
#define GST_RTMP2_PROPERTIES_H

#include <glib-object.h>

G_BEGIN_DECLS

/* The shared property ids; an element's own begin behind them. */
enum {
  GST_RTMP2_PROP_0,
  GST_RTMP2_PROP_LOCATION,
  GST_RTMP2_PROP_SCHEME,
  GST_RTMP2_PROP_HOST,
  GST_RTMP2_PROP_PORT,
  GST_RTMP2_PROP_APPLICATION,
  GST_RTMP2_PROP_STREAM,
  GST_RTMP2_PROP_USERNAME,
  GST_RTMP2_PROP_PASSWORD,
  GST_RTMP2_PROP_SECURE_TOKEN,
  GST_RTMP2_PROP_AUTHMOD,
  GST_RTMP2_PROP_TIMEOUT,
  GST_RTMP2_PROP_TLS_VALIDATION_FLAGS,
  GST_RTMP2_PROP_TLS_DATABASE,
  GST_RTMP2_PROP_TLS_INTERACTION,
  GST_RTMP2_PROP_FLASH_VERSION,
  GST_RTMP2_PROP_ASYNC_CONNECT,
  GST_RTMP2_PROP_EXTRA_CONNECT_ARGS,
  GST_RTMP2_PROP_FAST_START,
  GST_RTMP2_PROP_STATS,
  GST_RTMP2_PROP_LAST,
};

#define GST_RTMP2_DEFAULT_LOCATION "rtmp://localhost/live/myStream"
#define GST_RTMP2_DEFAULT_TIMEOUT 5
#define GST_RTMP2_DEFAULT_ASYNC_CONNECT TRUE

/* The flash version told to servers where none is set: an FMLE one when publishing. */
const gchar *gst_rtmp2_default_flash_version (gboolean publish);

/* Installs the properties that both elements have; for class_init. */
void gst_rtmp2_properties_install (GObjectClass *klass, gboolean publish);

G_END_DECLS

#endif
