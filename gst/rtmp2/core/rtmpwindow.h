/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_WINDOW_H
#define RTMP_WINDOW_H

#include <glib.h>

G_BEGIN_DECLS

/* Limit types of Set Peer Bandwidth (RTMP 1.0, 5.4.5). */
typedef enum {
  RTMP_BANDWIDTH_HARD = 0,
  RTMP_BANDWIDTH_SOFT = 1,
  RTMP_BANDWIDTH_DYNAMIC = 2,
} RtmpBandwidthType;

/**
 * RtmpWindow: acknowledgement bookkeeping of one session (RTMP 1.0, 5.4.3 to 5.4.5;
 * protocol.md 12 and 13). Plain data; zero-initialise with rtmp_window_init().
 * @in_window: acknowledge after this many received bytes; 0 = never asked. Written by the
 *   session on the peer's Window Acknowledgement Size
 * @in_bytes: bytes received since the session began, handshake included
 * @in_acked: what the last acknowledgement said, in 64 bits
 * @out_window: window we were told to announce (Set Peer Bandwidth), 0 = none
 * @out_sent: the Window Acknowledgement Size last sent, 0 = none. Written by the session when
 *   it announces one of its own accord
 * @out_bytes: bytes sent, handshake included. Written by the session
 * @out_acked: bytes the peer is known to have received, in 64 bits
 * @limit_was_hard: the last Set Peer Bandwidth that counted was hard, or treated as hard
 *
 * Nothing here holds output back: peers that never acknowledge are common (peers.md Q28).
 */
typedef struct {
  guint32 in_window;
  guint64 in_bytes;
  guint64 in_acked;
  guint32 out_window;
  guint32 out_sent;
  guint64 out_bytes;
  guint64 out_acked;
  gboolean limit_was_hard;
} RtmpWindow;

void rtmp_window_init (RtmpWindow *window);

/**
 * rtmp_window_received:
 * @bytes: bytes that arrived since the last call
 * @sequence: (out): the acknowledgement's number, modulo 2^32; untouched if none is due
 *
 * Counts received bytes. Acknowledgements fall due each half window, as every peer does
 * (peers.md), so never later than a window if the calls are no further apart than half of one;
 * one acknowledgement covers everything received so far.
 *
 * Returns: %TRUE when an acknowledgement is due; the bookkeeping takes it as sent
 */
gboolean rtmp_window_received (RtmpWindow *window, gsize bytes, guint32 *sequence);

/**
 * rtmp_window_acked:
 * @sequence: the number in the peer's acknowledgement
 *
 * Extends it to 64 bits, tolerantly (protocol.md 12): @out_acked never moves backward, never
 * past @out_bytes. A number less than 2^31 ahead of @out_bytes is a peer that counts otherwise and
 * counts as everything sent; one from before the session's first byte is ignored.
 */
void rtmp_window_acked (RtmpWindow *window, guint32 sequence);

/**
 * rtmp_window_set_peer_bandwidth:
 * @size: bytes
 * @limit_type: the message's limit type byte, any value
 * @window_size: (out): the window to announce; untouched if none is
 *
 * The peer's Set Peer Bandwidth (protocol.md 13, vector 16). Unknown limit types and a size of 0,
 * which no window can have, are ignored.
 *
 * Returns: %TRUE when a Window Acknowledgement Size must be sent in reply, because it
 *   differs from the one last sent (peers.md Q34); the bookkeeping takes it as sent
 */
gboolean rtmp_window_set_peer_bandwidth (RtmpWindow *window, guint32 size, guint8 limit_type,
    guint32 *window_size);

G_END_DECLS

#endif
