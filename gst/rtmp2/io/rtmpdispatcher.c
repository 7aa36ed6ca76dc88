/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpdispatcher.h"

typedef struct {
  void (*func) (gpointer data);
  gpointer data;
  GDestroyNotify notify;
} Call;

/* The owner holds one reference, and a run in the pool another. */
struct _RtmpDispatcher {
  gatomicrefcount refcount;
  GMutex lock;
  GQueue calls;
  gboolean running; /* a thread of the pool is at work, or was asked for */
};

static void
dispatcher_unref (RtmpDispatcher *dispatcher)
{
  if (!g_atomic_ref_count_dec (&dispatcher->refcount))
    return;
  g_mutex_clear (&dispatcher->lock);
  g_free (dispatcher);
}

static Call *
next_call (RtmpDispatcher *dispatcher)
{
  Call *call;

  g_mutex_lock (&dispatcher->lock);
  call = g_queue_pop_head (&dispatcher->calls);
  if (!call)
    dispatcher->running = FALSE;
  g_mutex_unlock (&dispatcher->lock);
  return call;
}

static void
dispatcher_run (gpointer data, gpointer user_data)
{
  RtmpDispatcher *dispatcher = data;
  Call *call;

  (void) user_data;
  while ((call = next_call (dispatcher))) {
    call->func (call->data);
    if (call->notify)
      call->notify (call->data);
    g_free (call);
  }
  dispatcher_unref (dispatcher);
}

/* Unbounded, since each of its threads may be held by an application; its idle
 * threads are GLib's to end. */
static GThreadPool *
get_pool (void)
{
  static gsize once = 0;
  static GThreadPool *pool;

  if (g_once_init_enter (&once)) {
    pool = g_thread_pool_new (dispatcher_run, NULL, -1, FALSE, NULL);
    g_once_init_leave (&once, 1);
  }
  return pool;
}

RtmpDispatcher *
rtmp_dispatcher_new (void)
{
  RtmpDispatcher *dispatcher = g_new0 (RtmpDispatcher, 1);

  g_atomic_ref_count_init (&dispatcher->refcount);
  g_mutex_init (&dispatcher->lock);
  g_queue_init (&dispatcher->calls);
  return dispatcher;
}

void
rtmp_dispatcher_free (RtmpDispatcher *dispatcher)
{
  dispatcher_unref (dispatcher);
}

void
rtmp_dispatcher_push (RtmpDispatcher *dispatcher, void (*func) (gpointer data), gpointer data,
    GDestroyNotify notify)
{
  Call *call = g_new (Call, 1);
  gboolean start;

  *call = (Call) { func, data, notify };
  g_mutex_lock (&dispatcher->lock);
  g_queue_push_tail (&dispatcher->calls, call);
  start = !dispatcher->running;
  dispatcher->running = TRUE;
  if (start)
    g_atomic_ref_count_inc (&dispatcher->refcount);
  g_mutex_unlock (&dispatcher->lock);
  if (start)
    g_thread_pool_push (get_pool (), dispatcher, NULL);
}
