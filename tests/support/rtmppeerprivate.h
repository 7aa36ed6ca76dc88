/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_PEER_PRIVATE_H
#define RTMP_PEER_PRIVATE_H

#include "rtmppeerconn.h"

G_BEGIN_DECLS

/* Calls @func on the peer's thread and waits until it has returned. */
void rtmp_peer_call (RtmpPeer *peer, void (*func) (RtmpPeer *peer, gpointer data), gpointer data);
/* On the peer's thread, or under its hub's lock. (transfer none) (nullable) */
RtmpPeerConn *rtmp_peer_find_conn (RtmpPeer *peer, guint connection);

G_END_DECLS

#endif
