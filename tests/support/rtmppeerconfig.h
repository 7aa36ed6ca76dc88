/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_PEER_CONFIG_H
#define RTMP_PEER_CONFIG_H

#include "rtmppeer.h"

G_BEGIN_DECLS

/* (transfer full). @config: (nullable): NULL is all zero */
RtmpPeerConfig *rtmp_peer_config_copy (const RtmpPeerConfig *config);
void rtmp_peer_config_free (RtmpPeerConfig *config);
/* (transfer full): what a reaction of REJECT says. */
RtmpStatus *rtmp_peer_reaction_to_status (const RtmpPeerReaction *reaction);
/* (transfer full): the server role for one connection. */
RtmpSession *rtmp_peer_config_new_session (const RtmpPeerConfig *config);
/* (transfer full): TLS over @tcp, as a server. */
GIOStream *rtmp_peer_config_new_tls (const RtmpPeerConfig *config, GIOStream *tcp);
/* Limelight's authentication (protocol.md 30). @app: of connect, with its query. (transfer full)
 * (nullable): why it is refused; NULL when it may pass */
gchar *rtmp_peer_config_check_llnw (const RtmpPeerConfig *config, const gchar *app);

G_END_DECLS

#endif
