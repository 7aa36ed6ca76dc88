/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_LINK_H
#define RTMP_LINK_H

#include <gio/gio.h>

#include "core/rtmpqueue.h"
#include "core/rtmpsession.h"
#include "io/rtmplinkconfig.h"
#include "io/rtmpnotifier.h"

G_BEGIN_DECLS

/**
 * RtmpLink: a publication or a playback, from the first connection to the
 * last. It connects (and connects again where authentication asks for it),
 * carries media between a streaming thread and the I/O thread, and ends in order.
 *
 * A fast start (RtmpLinkConfig) that the server refuses, in whatever way, does not fail the link:
 * it connects again, once, in the strict order, and sends again all that was sent, with a warning.
 * What goes wrong then is the error. A name, TCP or TLS that fails is one in any case, and
 * playing so is an idle timeout once play was sent to the message stream it was meant for.
 *
 * The calls that wait end with rtmp_link_set_flushing(), rtmp_link_stop(), a
 * fault, or the timeouts of RtmpLinkConfig.
 */
typedef struct _RtmpLink RtmpLink;

/* (transfer full): a link that is idle. @callbacks: see rtmpnotifier.h */
RtmpLink *rtmp_link_new (const RtmpLinkConfig *config, const RtmpLinkCallbacks *callbacks,
    gpointer user_data);

/* Stops it first. */
void rtmp_link_free (RtmpLink *link);

/* Begins to connect; does not wait. Once. */
void rtmp_link_start (RtmpLink *link);

/**
 * rtmp_link_stop:
 *
 * Ends at once: says goodbye if the socket takes it (the stop commands), closes.
 * Waiting calls return RTMP_LINK_FLUSHING. Does not block on the peer.
 */
void rtmp_link_stop (RtmpLink *link);

/* While set, calls that wait return RTMP_LINK_FLUSHING. The connection goes on. */
void rtmp_link_set_flushing (RtmpLink *link, gboolean flushing);

typedef enum {
  RTMP_LINK_OK,
  RTMP_LINK_FLUSHING,
  RTMP_LINK_EOS, /* the server ended the stream */
  RTMP_LINK_ERROR,
  RTMP_LINK_RESYNCED, /* see rtmp_link_take_resynced() */
} RtmpLinkResult;

/* Publish or play was accepted at some time: READY came. */
gboolean rtmp_link_was_ready (RtmpLink *link);

/* -- Publishing -- */

/* Waits until media may be sent: publish is accepted or, with a fast start, on its way. */
RtmpLinkResult rtmp_link_wait_ready (RtmpLink *link, GError **error);

/**
 * rtmp_link_send:
 * @messages: (array length=n_messages): (transfer full) elements: audio, video, data
 *
 * Sends messages together. Where the socket is full they are kept and
 * rtmp_link_wait_sent() waits for it. rtmp_link_wait_ready() must have returned RTMP_LINK_OK.
 * Until publish is accepted they are held for a second connection, too (rtmpreplay.h).
 *
 * Returns: RTMP_LINK_OK or RTMP_LINK_ERROR
 */
RtmpLinkResult rtmp_link_send (RtmpLink *link, RtmpMessage **messages, guint n_messages,
    GError **error);

/* So much is kept or held that rtmp_link_wait_sent() would wait. */
gboolean rtmp_link_is_congested (RtmpLink *link);

/* Waits until little enough is kept that more may be sent, and little enough held. RTMP_ERROR_TIMEOUT
 * without progress for the configured timeout. */
RtmpLinkResult rtmp_link_wait_sent (RtmpLink *link, GError **error);

/**
 * rtmp_link_drain:
 *
 * The end of a publication: publish is accepted if anything was sent before it was, everything
 * that was sent and the stop commands leave, then the output is half-closed, and what the peer still says is read
 * until it closes, a second at most; then the connection is closed. May be called again after
 * RTMP_LINK_FLUSHING.
 */
RtmpLinkResult rtmp_link_drain (RtmpLink *link, GError **error);

/* Announces a new chunk size, now or when connected. */
void rtmp_link_set_chunk_size (RtmpLink *link, guint32 chunk_size);
/* Bits per second, 0 = unlimited. */
void rtmp_link_set_pacing (RtmpLink *link, guint64 bits_per_second);

/* -- Playing -- */

/**
 * rtmp_link_receive:
 * @items: (out caller-allocates) (array length=max_items): (transfer full) messages
 * @n_items: (out)
 *
 * Waits for media and takes what is there, up to @max_items. What arrived before the end or a
 * fault is given out first.
 */
RtmpLinkResult rtmp_link_receive (RtmpLink *link, RtmpQueueItem *items, guint max_items,
    guint *n_items, GError **error);

/* Begins again at the newest key frame (after PAUSED). */
void rtmp_link_resync (RtmpLink *link);

/**
 * rtmp_link_set_paused:
 *
 * While paused rtmp_link_receive() waits and takes nothing, so that what arrives in the meantime
 * stays in the queue. After it the queue begins again as with rtmp_link_resync(), and
 * rtmp_link_receive() returns RTMP_LINK_RESYNCED until rtmp_link_take_resynced() was called.
 */
void rtmp_link_set_paused (RtmpLink *link, gboolean paused);
/* TRUE once after each pause: nothing that is received from here on came before it. */
gboolean rtmp_link_take_resynced (RtmpLink *link);

void rtmp_link_set_queue_limits (RtmpLink *link, guint64 bytes, guint32 time);

/* -- Both -- */

/**
 * RtmpLinkStats:
 * @address: (nullable): address and port in use; g_free()
 * @session: of the present or the last connection
 * @ready_time, @media_time: microseconds from start to the accepted publish or play, and to the
 *   first audio or video message sent or received; -1 = not yet
 * @backlog: payload bytes the socket has not taken
 * @queue_length, @queue_bytes, @queue_time (ms), @queue_dropped: of the receive queue
 * @connections: connections established so far
 * @fast_start: what the present or the last connection began with
 * @fast_start_fallbacks: fast starts given up for the strict order: 0 or 1
 */
typedef struct {
  RtmpLinkState state;
  gchar *address;
  RtmpSessionStats session;
  gint64 ready_time;
  gint64 media_time;
  gsize backlog;
  guint queue_length;
  guint64 queue_bytes;
  guint32 queue_time;
  guint64 queue_dropped;
  guint connections;
  RtmpFastStart fast_start;
  guint fast_start_fallbacks;
} RtmpLinkStats;

void rtmp_link_get_stats (RtmpLink *link, RtmpLinkStats *stats);

G_END_DECLS

#endif
