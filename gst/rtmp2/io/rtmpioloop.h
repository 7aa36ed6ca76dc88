/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_IO_LOOP_H
#define RTMP_IO_LOOP_H

#include <gio/gio.h>

#include "core/rtmpblockpool.h"
#include "io/rtmpiotimer.h"
#include "io/rtmpiowatch.h"

G_BEGIN_DECLS

/**
 * RtmpIoLoop: the one I/O thread that all connections of the process share. It
 * starts with the first rtmp_io_loop_acquire() and has ended when the last
 * rtmp_io_loop_release() returns. Nothing that may block, and no code of the
 * application, runs on it.
 *
 * Its context has a handful of sources however many connections there are: it watches
 * sockets through one RtmpIoEpoll, where there is epoll, and has one source for timers.
 */
typedef struct _RtmpIoLoop RtmpIoLoop;

/* Bytes one read takes at most. */
#define RTMP_IO_LOOP_SCRATCH_SIZE (64u * 1024)

/* (transfer full): to be given back with rtmp_io_loop_release(). */
RtmpIoLoop *rtmp_io_loop_acquire (void);

/* Waits for the thread to end if this was the last user, unless called on that
 * thread itself. */
void rtmp_io_loop_release (RtmpIoLoop *loop);

GMainContext *rtmp_io_loop_get_context (RtmpIoLoop *loop);
gboolean rtmp_io_loop_is_current (RtmpIoLoop *loop);

/* RTMP_IO_LOOP_SCRATCH_SIZE bytes to read into; the loop's own thread only. */
guint8 *rtmp_io_loop_get_scratch (RtmpIoLoop *loop);

/* (transfer none): memory for what is received; the loop's own thread is its owner. */
RtmpBlockPool *rtmp_io_loop_get_block_pool (RtmpIoLoop *loop);

/* (transfer full): see rtmp_io_watch_new(). The loop's own thread only; to be removed before the
 * loop is released. */
RtmpIoWatch *rtmp_io_loop_watch (RtmpIoLoop *loop, GIOStream *stream, GSocket *socket,
    RtmpIoWatchFunc func, gpointer user_data, GDestroyNotify user_data_unref);

/* (transfer full): see rtmp_io_timer_new(). The loop's own thread only; to be freed before the
 * loop is released. */
RtmpIoTimer *rtmp_io_loop_timer (RtmpIoLoop *loop, void (*func) (gpointer user_data),
    gpointer user_data, GDestroyNotify user_data_unref);

/* Calls @func on the loop's thread, in the order of the calls. */
void rtmp_io_loop_invoke (RtmpIoLoop *loop, GSourceFunc func, gpointer data, GDestroyNotify notify);

/* The same, and waits until @func has returned; calls it directly on the loop's thread. */
void rtmp_io_loop_invoke_sync (RtmpIoLoop *loop, void (*func) (gpointer data), gpointer data);

G_END_DECLS

#endif
