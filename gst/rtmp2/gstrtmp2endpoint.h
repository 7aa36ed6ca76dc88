/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_RTMP2_ENDPOINT_H
#define GST_RTMP2_ENDPOINT_H

#include <gst/gst.h>

#include "gstrtmp2properties.h"
#include "io/rtmplink.h"

G_BEGIN_DECLS

/**
 * GstRtmp2Endpoint: what both elements share, written once: the properties
 * of an address and a connection, the URI handler, the accept-certificate
 * signal, bus messages, statistics, and the link from start to stop.
 */
typedef struct _GstRtmp2Endpoint GstRtmp2Endpoint;

/**
 * GstRtmp2EndpointClass: what an element tells about itself.
 * @publish: the element is a sink
 * @configure: fills in what only this element's link needs
 * @add_stats: (nullable): adds what only this element knows
 */
typedef struct {
  gboolean publish;
  void (*configure) (GstElement *element, RtmpLinkConfig *config);
  void (*add_stats) (GstElement *element, GstStructure *stats);
} GstRtmp2EndpointClass;

/* Installs the shared properties and the accept-certificate signal; for class_init. */
void gst_rtmp2_endpoint_class_init (GObjectClass *klass, gboolean publish);

/* For the GstURIHandler interface of an element whose type is GST_URI_SRC or GST_URI_SINK;
 * @get_endpoint finds the endpoint of an instance. */
void gst_rtmp2_endpoint_uri_handler_init (GstURIHandlerInterface *iface, gboolean publish);

/* (transfer full): for instance_init. @element is not referenced. */
GstRtmp2Endpoint *gst_rtmp2_endpoint_new (GstElement *element, const GstRtmp2EndpointClass *klass);
void gst_rtmp2_endpoint_free (GstRtmp2Endpoint *endpoint);

/* Return FALSE for ids that are not shared ones. */
gboolean gst_rtmp2_endpoint_set_property (GstRtmp2Endpoint *endpoint, guint id,
    const GValue *value);
gboolean gst_rtmp2_endpoint_get_property (GstRtmp2Endpoint *endpoint, guint id, GValue *value);

/**
 * gst_rtmp2_endpoint_start:
 *
 * Makes the link, and begins to connect if async-connect says so.
 *
 * Returns: %FALSE after posting an ERROR message: the settings cannot be used
 */
gboolean gst_rtmp2_endpoint_start (GstRtmp2Endpoint *endpoint);

/* Ends the link at once. */
void gst_rtmp2_endpoint_stop (GstRtmp2Endpoint *endpoint);

/* (transfer none): the link, begun to connect; streaming thread only, between start and stop. */
RtmpLink *gst_rtmp2_endpoint_get_link (GstRtmp2Endpoint *endpoint);
/* The link has begun to connect. */
gboolean gst_rtmp2_endpoint_is_started (GstRtmp2Endpoint *endpoint);

void gst_rtmp2_endpoint_set_flushing (GstRtmp2Endpoint *endpoint, gboolean flushing);

/* Calls @func with the link if there is one; from any thread. */
void gst_rtmp2_endpoint_with_link (GstRtmp2Endpoint *endpoint,
    void (*func) (RtmpLink *link, gpointer data), gpointer data);

/* Posts an ERROR message for @error, at most once between start and stop. */
void gst_rtmp2_endpoint_post_error (GstRtmp2Endpoint *endpoint, const GError *error);

/* A sink's link that failed is told of by the dispatcher. Waits until that message is out, or for a
 * flush: what the streaming thread returns makes upstream post an error of its own, which must not
 * come first. */
void gst_rtmp2_endpoint_wait_error (GstRtmp2Endpoint *endpoint);

G_END_DECLS

#endif
