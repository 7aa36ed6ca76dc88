/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_DISPATCHER_H
#define RTMP_DISPATCHER_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * RtmpDispatcher: calls functions one after the other, in their order, on a
 * thread of a pool. It may stall, since application code runs there,
 * without stalling the I/O thread or another dispatcher.
 */
typedef struct _RtmpDispatcher RtmpDispatcher;

/* (transfer full) */
RtmpDispatcher *rtmp_dispatcher_new (void);

/* Calls what was queued already, then nothing more. Does not wait: may be called
 * from a dispatched function. */
void rtmp_dispatcher_free (RtmpDispatcher *dispatcher);

/* Queues @func; @notify (nullable) is called with @data behind it, on the same thread. */
void rtmp_dispatcher_push (RtmpDispatcher *dispatcher, void (*func) (gpointer data), gpointer data,
    GDestroyNotify notify);

G_END_DECLS

#endif
