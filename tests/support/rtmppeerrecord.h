/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_PEER_RECORD_H
#define RTMP_PEER_RECORD_H

#include "rtmppeer.h"

G_BEGIN_DECLS

/**
 * RtmpPeerTap: reads along what a client sends, and writes it down.
 */
typedef struct _RtmpPeerTap RtmpPeerTap;

/* @keep_raw, @keep_media: what of it is kept. (transfer full) */
RtmpPeerTap *rtmp_peer_tap_new (gboolean keep_raw, gboolean keep_media);
void rtmp_peer_tap_free (RtmpPeerTap *tap);
/* (transfer none): what was written down; it grows with each feed. */
RtmpPeerRecord *rtmp_peer_tap_get_record (RtmpPeerTap *tap);
/* @chunks: FALSE: bytes are counted and kept, but not understood. */
void rtmp_peer_tap_feed (RtmpPeerTap *tap, const guint8 *data, gsize size, gboolean chunks);
/* (transfer none) (nullable): the name of the command with that transaction id */
const gchar *rtmp_peer_tap_get_call (RtmpPeerTap *tap, gdouble transaction);

/* (transfer full) */
RtmpPeerRecord *rtmp_peer_record_copy (const RtmpPeerRecord *record);

G_END_DECLS

#endif
