/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CONNECTION_H
#define RTMP_CONNECTION_H

#include <gio/gio.h>

#include "core/rtmpsession.h"
#include "io/rtmpioloop.h"

G_BEGIN_DECLS

/**
 * RtmpConnection: one stream of bytes and one session; pumps bytes both ways.
 *
 * Reading happens on the I/O thread. Writing happens on the thread that sends
 * as long as the socket takes it all; what is left is sent by the I/O thread
 * when the socket is writable again. One lock guards the session; no callback
 * is called with it held.
 */
typedef struct _RtmpConnection RtmpConnection;

/**
 * RtmpConnectionCallbacks: called on the I/O thread, never after rtmp_connection_close() has
 * returned.
 * @events: the session's events, in order. What is taken out of an event is set to
 *   %NULL there; the rest is cleared by the caller.
 * @settled: after one or more calls of @events, when no more is read at once: for waking whoever
 *   waits for them
 * @writable: after the socket had been full: some of the backlog has left, or all
 * @closed: the last call: the peer closed (@error is %NULL), or a fault
 */
typedef struct {
  void (*events) (RtmpEvent *events, guint n_events, gpointer user_data);
  void (*settled) (gpointer user_data);
  void (*writable) (gpointer user_data);
  void (*closed) (const GError *error, gpointer user_data);
} RtmpConnectionCallbacks;

/**
 * rtmp_connection_new:
 * @stream: an established connection; its input and output are pollable
 * @socket: the socket below it
 * @session: (transfer full): a session that has not been fed
 *
 * Begins to read and write at once. To be called on @loop's thread.
 *
 * Returns: (transfer full)
 */
RtmpConnection *rtmp_connection_new (RtmpIoLoop *loop, GIOStream *stream, GSocket *socket,
    RtmpSession *session, const RtmpConnectionCallbacks *callbacks, gpointer user_data);

RtmpConnection *rtmp_connection_ref (RtmpConnection *connection);
void rtmp_connection_unref (RtmpConnection *connection);

/**
 * rtmp_connection_lock:
 *
 * For a few calls on the session. rtmp_connection_unlock() sends what they queued, as far as the
 * socket takes it.
 *
 * Returns: (transfer none): the session
 */
RtmpSession *rtmp_connection_lock (RtmpConnection *connection);
void rtmp_connection_unlock (RtmpConnection *connection);

/**
 * rtmp_connection_send:
 * @messages: (array length=n_messages): (transfer full) elements, audio, video or data
 *
 * Sends messages, together, with as few system calls as the socket allows.
 *
 * Returns: %FALSE if the connection is closed or broken: the messages are gone, and
 *   the closed callback says why
 */
gboolean rtmp_connection_send (RtmpConnection *connection, RtmpMessage **messages,
    guint n_messages);

/**
 * RtmpBacklog:
 * @bytes: payload queued that the socket has not taken; with TLS, also what waits in a record
 * @is_empty: nothing at all waits, control messages included
 * @last_progress: when the socket last took bytes, or when what waits was queued behind
 *   nothing; monotonic microseconds
 */
typedef struct {
  gsize bytes;
  gboolean is_empty;
  gint64 last_progress;
} RtmpBacklog;

void rtmp_connection_get_backlog (RtmpConnection *connection, RtmpBacklog *backlog);

/* Bytes that the kernel has taken and the peer's has not acknowledged; -1 where the platform does
 * not tell. */
gint rtmp_connection_get_unacknowledged (RtmpConnection *connection);

/* Stops or resumes reading (backpressure). From any thread. */
void rtmp_connection_set_reading (RtmpConnection *connection, gboolean reading);

/* Half-closes: nothing is sent any more; reading goes on, what is read is discarded by the
 * session. From any thread. */
void rtmp_connection_shut_down_output (RtmpConnection *connection);

/**
 * rtmp_connection_close:
 *
 * Closes at once. No callback is called once this has returned. Unread input is discarded first, so
 * that TCP does not reset the connection under what was sent. From any thread; waits for the I/O thread.
 */
void rtmp_connection_close (RtmpConnection *connection);

/* (transfer full) (nullable): "192.0.2.1:1935", or "[2001:db8::1]:1935" */
gchar *rtmp_connection_get_remote_address (RtmpConnection *connection);

/* Paces the socket's output where the platform can: bits per second, 0 = unlimited.
 * Returns FALSE where it cannot. */
gboolean rtmp_connection_set_pacing (RtmpConnection *connection, guint64 bits_per_second);

G_END_DECLS

#endif
