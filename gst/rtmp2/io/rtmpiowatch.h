/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_IO_WATCH_H
#define RTMP_IO_WATCH_H

#include <gio/gio.h>

#include "io/rtmpioepoll.h"

G_BEGIN_DECLS

/**
 * RtmpIoWatch: tells when a stream can be read, and when it can be written.
 *
 * A socket is watched through an RtmpIoEpoll. Where there is none, and for a stream that may hold
 * bytes that its socket knows nothing of (TLS), the stream's own sources are used, as long as they
 * are wanted.
 */
typedef struct _RtmpIoWatch RtmpIoWatch;

/* @ready: RtmpIoReady flags, of those that are wanted */
typedef void (*RtmpIoWatchFunc) (guint ready, gpointer user_data);

/**
 * rtmp_io_watch_new:
 * @context: on whose thread @func is called, and this too is to be
 * @epoll: (nullable): of the same context
 * @stream: whose input and output are pollable
 * @socket: (nullable): which is ready whenever @stream is; %NULL where that is not so
 * @user_data_unref: called when @func is not called any more and has returned
 *
 * Watches for nothing at first. The socket is to be closed after rtmp_io_watch_remove() only.
 *
 * Returns: (transfer full)
 */
RtmpIoWatch *rtmp_io_watch_new (GMainContext *context, RtmpIoEpoll *epoll, GIOStream *stream,
    GSocket *socket, RtmpIoWatchFunc func, gpointer user_data, GDestroyNotify user_data_unref);

RtmpIoWatch *rtmp_io_watch_ref (RtmpIoWatch *watch);
void rtmp_io_watch_unref (RtmpIoWatch *watch);

/* Whether @func is called when the stream is @ready, one of the flags. From any thread; what is
 * going on on the context's meanwhile may still be a call for what is not wanted any more. After
 * rtmp_io_watch_remove() it does nothing. */
void rtmp_io_watch_want (RtmpIoWatch *watch, RtmpIoReady ready, gboolean wanted);

/* On the context's thread: @func is not called any more. May be called from within it, and again. */
void rtmp_io_watch_remove (RtmpIoWatch *watch);

G_END_DECLS

#endif
