/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_IO_EPOLL_H
#define RTMP_IO_EPOLL_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * RtmpIoEpoll: many descriptors behind one source of a GMainContext, by epoll(7).
 *
 * What a GMainContext does in each turn grows with its sources and descriptors;
 * what epoll does grows with those that are ready. Level-triggered. In each turn
 * every ready descriptor, up to 64, is told of once; those behind them come first
 * in the next turn.
 */
typedef struct _RtmpIoEpoll RtmpIoEpoll;

/* What a descriptor is ready for, or is to be watched for. */
typedef enum {
  RTMP_IO_READABLE = 1 << 0,
  RTMP_IO_WRITABLE = 1 << 1,
} RtmpIoReady;

typedef struct _RtmpIoEpollEntry RtmpIoEpollEntry;

/**
 * RtmpIoEpollEntry: one descriptor; the caller's memory, from rtmp_io_epoll_add() to
 * rtmp_io_epoll_remove().
 * @fd: the descriptor, open for that time
 * @ready: called on the context's thread; @ready: RtmpIoReady flags. An error or a hang-up counts
 *   as both, and is told once even while nothing is watched for.
 */
struct _RtmpIoEpollEntry {
  gint fd;
  void (*ready) (RtmpIoEpollEntry *entry, guint ready);
};

/* (transfer full) (nullable): NULL where there is no epoll, or no descriptor left for it. */
RtmpIoEpoll *rtmp_io_epoll_new (GMainContext *context);
/* On the context's thread, or when it does not run any more. Every entry was removed before. */
void rtmp_io_epoll_free (RtmpIoEpoll *epoll);

/* Adds @entry, to be watched for nothing at first. Returns %FALSE where the kernel takes no more
 * (epoll_ctl(2): ENOSPC, ENOMEM); nothing has changed then. */
gboolean rtmp_io_epoll_add (RtmpIoEpoll *epoll, RtmpIoEpollEntry *entry);

/* Replaces what is watched for: RtmpIoReady flags. From any thread, which wakes the context's only
 * if the descriptor is ready. */
void rtmp_io_epoll_watch (RtmpIoEpoll *epoll, RtmpIoEpollEntry *entry, guint interest);

/* On the context's thread: @ready is not called any more. */
void rtmp_io_epoll_remove (RtmpIoEpoll *epoll, RtmpIoEpollEntry *entry);

G_END_DECLS

#endif
