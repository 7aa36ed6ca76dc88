/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_IO_TIMER_H
#define RTMP_IO_TIMER_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * RtmpIoTimers: any number of timers behind one source of a GMainContext, in a binary heap.
 * Everything here is for the context's thread only, which is why nothing wakes it.
 */
typedef struct _RtmpIoTimers RtmpIoTimers;

/**
 * RtmpIoTimer: calls a function when it is due, once for each time that it was set.
 */
typedef struct _RtmpIoTimer RtmpIoTimer;

/* (transfer full): may be called before the context's thread runs. */
RtmpIoTimers *rtmp_io_timers_new (GMainContext *context);
/* Likewise after it. Every timer was freed before. */
void rtmp_io_timers_free (RtmpIoTimers *timers);

/**
 * rtmp_io_timer_new:
 * @user_data_unref: called when @func is not called any more and has returned
 *
 * Returns: (transfer full): not set
 */
RtmpIoTimer *rtmp_io_timer_new (RtmpIoTimers *timers, void (*func) (gpointer user_data),
    gpointer user_data, GDestroyNotify user_data_unref);

/* From within its function too: then nothing touches it once that has returned. */
void rtmp_io_timer_free (RtmpIoTimer *timer);

/* Sets it, also when it was set before: @due: monotonic microseconds, rounded up to what the
 * context's poll can wait for; -1 = never. O(log timers). What is set from within a timer's
 * function is called in the next turn at the earliest. */
void rtmp_io_timer_set (RtmpIoTimer *timer, gint64 due);

/* -1 = not set */
gint64 rtmp_io_timer_get_due (const RtmpIoTimer *timer);

G_END_DECLS

#endif
