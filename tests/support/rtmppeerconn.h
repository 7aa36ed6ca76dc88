/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_PEER_CONN_H
#define RTMP_PEER_CONN_H

#include "rtmppeerrecord.h"

G_BEGIN_DECLS

/**
 * RtmpPeerHub: what a peer and its connections share.
 * @context: of the peer's thread
 * @lock: guards the connections' records; @cond tells of their changes
 * @passed: stages whose HOLD was ended; the peer's thread only
 * @pending: asynchronous operations under way; the peer's thread only
 */
typedef struct {
  GMainContext *context;
  GMutex lock;
  GCond cond;
  gboolean passed[RTMP_PEER_N_STAGES];
  guint pending;
} RtmpPeerHub;

/**
 * RtmpPeerConn: one connection of a peer. The peer's thread only, but for the record.
 */
typedef struct _RtmpPeerConn RtmpPeerConn;

/* @socket: accepted. (transfer full): begins at once */
RtmpPeerConn *rtmp_peer_conn_new (RtmpPeerHub *hub, const RtmpPeerConfig *config, GSocket *socket);
/* After rtmp_peer_conn_close() and with no operation pending. */
void rtmp_peer_conn_free (RtmpPeerConn *conn);
/* Closes the socket at once. */
void rtmp_peer_conn_close (RtmpPeerConn *conn);

/* Under hub->lock: what is known of it; whether all it had to say was written, or never can be. */
const RtmpPeerRecord *rtmp_peer_conn_get_record (RtmpPeerConn *conn);
gboolean rtmp_peer_conn_is_written (RtmpPeerConn *conn);

/* As the functions of the same name of a peer; @data as its last arguments. */
void rtmp_peer_conn_passed (RtmpPeerConn *conn, RtmpPeerStage stage);
void rtmp_peer_conn_end (RtmpPeerConn *conn, RtmpPeerAction action);
void rtmp_peer_conn_shut_down_output (RtmpPeerConn *conn);
void rtmp_peer_conn_set_reading (RtmpPeerConn *conn, gboolean reading);
void rtmp_peer_conn_say (RtmpPeerConn *conn, RtmpMessage *message);
void rtmp_peer_conn_say_bytes (RtmpPeerConn *conn, gconstpointer data, gsize size);
void rtmp_peer_conn_send_flv (RtmpPeerConn *conn, GBytes *flv);

/* For a few calls on the session; rtmp_peer_conn_flush() sends what they queued. NULL once it has
 * ended, or where the peer is raw. */
RtmpSession *rtmp_peer_conn_get_session (RtmpPeerConn *conn);
void rtmp_peer_conn_flush (RtmpPeerConn *conn);

G_END_DECLS

#endif
