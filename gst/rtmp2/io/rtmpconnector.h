/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CONNECTOR_H
#define RTMP_CONNECTOR_H

#include <gio/gio.h>

#include "core/rtmplocation.h"
#include "io/rtmpioloop.h"

G_BEGIN_DECLS

/**
 * RtmpAcceptCertificateFunc:
 *
 * Asks whether a certificate with @errors is to be accepted all the same. Called on a
 * thread that does nothing but this TLS handshake, so it may take its time.
 */
typedef gboolean (*RtmpAcceptCertificateFunc) (GTlsConnection *connection,
    GTlsCertificate *certificate, GTlsCertificateFlags errors, gpointer user_data);

/**
 * RtmpConnectorConfig: borrowed for the call; what is kept is copied.
 * @location: scheme, host and port
 * @timeout: microseconds for each step: resolving, TCP (each address), proxy, TLS; 0 = for ever
 * @tls_flags: what of a certificate is checked
 * @tls_database: (nullable): certificate authorities; NULL = the system's
 * @tls_interaction: (nullable): asked for a client certificate or password
 * @proxy_resolver: (nullable): NULL = the system's
 * @accept_certificate: (nullable): asked about certificates that fail @tls_flags
 * @user_data: for @accept_certificate; kept alive by @user_data_ref until the last call is over
 */
typedef struct {
  const RtmpLocation *location;
  gint64 timeout;
  GTlsCertificateFlags tls_flags;
  GTlsDatabase *tls_database;
  GTlsInteraction *tls_interaction;
  GProxyResolver *proxy_resolver;
  RtmpAcceptCertificateFunc accept_certificate;
  gpointer user_data;
  gpointer (*user_data_ref) (gpointer user_data);
  GDestroyNotify user_data_unref;
} RtmpConnectorConfig;

/**
 * rtmp_connector_connect_async:
 * @callback: called on @loop's thread
 *
 * From an address to an established connection: resolves (through a proxy
 * resolver), connects, and for rtmps does the TLS handshake, which checks the
 * certificate. The socket has TCP_NODELAY and keepalive on. To be called on @loop's thread.
 */
void rtmp_connector_connect_async (RtmpIoLoop *loop, const RtmpConnectorConfig *config,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/**
 * rtmp_connector_connect_finish:
 * @socket: (out) (transfer full): the socket below the stream
 *
 * Returns: (transfer full) (nullable): the stream, or %NULL with RTMP_ERROR_RESOLVE,
 *   _CONNECT, _TLS, _CERTIFICATE, _TIMEOUT, or G_IO_ERROR_CANCELLED
 */
GIOStream *rtmp_connector_connect_finish (GAsyncResult *result, GSocket **socket, GError **error);

G_END_DECLS

#endif
