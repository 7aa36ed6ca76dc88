/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_LINK_CONFIG_H
#define RTMP_LINK_CONFIG_H

#include <gio/gio.h>

#include "core/rtmpauth.h"
#include "core/rtmpclient.h"
#include "io/rtmpconnector.h"

G_BEGIN_DECLS

/**
 * RtmpLinkConfig: what a link is to do.
 *
 * @publish: publish, else play
 * @fast_start: as in RtmpClientConfig
 * @location: the address; credentials and secure token too
 * @authmod: which authentication may be used
 * @flash_version: (nullable): NULL = the default of the direction
 * @extra_args: (nullable) (element-type RtmpAmf): optional arguments of connect
 * @chunk_size, @caps_ex, @buffer_ms: as in RtmpClientConfig
 * @timeout: microseconds for each answer that is required, and for a write without
 *   progress; 0 = for ever
 * @idle_timeout: playing: microseconds without media; 0 = for ever
 * @stop_commands: what is sent at the end
 * @pacing: bits per second; 0 = unlimited
 * @leaky: playing: at the queue's bound groups of pictures are dropped, else reading stops
 * @queue_bytes, @queue_time: playing: the queue's bound in bytes and ms; 0 = unbounded
 * @tls_flags, @tls_database, @tls_interaction, @proxy_resolver: as in RtmpConnectorConfig
 */
typedef struct {
  gboolean publish;
  RtmpFastStart fast_start;
  const RtmpLocation *location;
  RtmpAuthmod authmod;
  const gchar *flash_version;
  GPtrArray *extra_args;
  guint32 chunk_size;
  guint caps_ex;
  guint32 buffer_ms;
  gint64 timeout;
  gint64 idle_timeout;
  RtmpStopCommands stop_commands;
  guint64 pacing;
  gboolean leaky;
  guint64 queue_bytes;
  guint32 queue_time;
  GTlsCertificateFlags tls_flags;
  GTlsDatabase *tls_database;
  GTlsInteraction *tls_interaction;
  GProxyResolver *proxy_resolver;
} RtmpLinkConfig;

/* Makes @copy own copies of, or references to, all that @config lends. */
void rtmp_link_config_copy (const RtmpLinkConfig *config, RtmpLinkConfig *copy);
/* Releases what a copy owns. */
void rtmp_link_config_clear (RtmpLinkConfig *copy);

/* Fills in what the configuration says of a connection; the rest of @connector is left alone. */
void rtmp_link_config_get_connector (const RtmpLinkConfig *config, RtmpConnectorConfig *connector);

/* (transfer full): a client session, begun now; @auth is lent to it. */
RtmpSession *rtmp_link_config_new_session (const RtmpLinkConfig *config, RtmpAuth *auth);

G_END_DECLS

#endif
