/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpioloop.h"

struct _RtmpIoLoop {
  guint users;
  GMainContext *context;
  GMainLoop *main_loop;
  RtmpIoEpoll *epoll; /* NULL: sockets are watched by sources of their own */
  RtmpIoTimers *timers;
  GThread *thread;
  guint8 *scratch;
  RtmpBlockPool *block_pool;
};

static GMutex shared_lock;
static RtmpIoLoop *shared;

static gpointer
io_loop_run (gpointer data)
{
  RtmpIoLoop *loop = data;

  g_main_context_push_thread_default (loop->context);
  g_main_loop_run (loop->main_loop);
  /* What was cancelled at the end still has to be told so. */
  while (g_main_context_iteration (loop->context, FALSE))
    ;
  g_main_context_pop_thread_default (loop->context);

  rtmp_io_epoll_free (loop->epoll);
  rtmp_io_timers_free (loop->timers);
  g_main_loop_unref (loop->main_loop);
  g_main_context_unref (loop->context);
  g_free (loop->scratch);
  rtmp_block_pool_close (loop->block_pool);
  g_free (loop);
  return NULL;
}

static RtmpIoLoop *
io_loop_new (void)
{
  RtmpIoLoop *loop = g_new0 (RtmpIoLoop, 1);

  loop->context = g_main_context_new ();
  loop->main_loop = g_main_loop_new (loop->context, FALSE);
#ifndef RTMP_IO_LOOP_WITHOUT_EPOLL
  loop->epoll = rtmp_io_epoll_new (loop->context);
#endif
  loop->timers = rtmp_io_timers_new (loop->context);
  loop->scratch = g_malloc (RTMP_IO_LOOP_SCRATCH_SIZE);
  loop->block_pool = rtmp_block_pool_new ();
  loop->thread = g_thread_new ("rtmp2-io", io_loop_run, loop);
  return loop;
}

RtmpIoLoop *
rtmp_io_loop_acquire (void)
{
  RtmpIoLoop *loop;

  g_mutex_lock (&shared_lock);
  if (!shared)
    shared = io_loop_new ();
  loop = shared;
  loop->users++;
  g_mutex_unlock (&shared_lock);
  return loop;
}

static gboolean
io_loop_quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

void
rtmp_io_loop_release (RtmpIoLoop *loop)
{
  GMainContext *context;
  GThread *thread;

  g_mutex_lock (&shared_lock);
  if (--loop->users > 0) {
    g_mutex_unlock (&shared_lock);
    return;
  }
  shared = NULL;
  g_mutex_unlock (&shared_lock);

  /* The thread frees the loop as soon as it is told to, so this is its last use here, and the
   * context must outlive the telling. */
  thread = loop->thread;
  context = g_main_context_ref (loop->context);
  rtmp_io_loop_invoke (loop, io_loop_quit, g_main_loop_ref (loop->main_loop),
      (GDestroyNotify) g_main_loop_unref);
  g_main_context_unref (context);
  if (thread == g_thread_self ())
    g_thread_unref (thread);
  else
    g_thread_join (thread);
}

GMainContext *
rtmp_io_loop_get_context (RtmpIoLoop *loop)
{
  return loop->context;
}

gboolean
rtmp_io_loop_is_current (RtmpIoLoop *loop)
{
  return loop->thread == g_thread_self ();
}

guint8 *
rtmp_io_loop_get_scratch (RtmpIoLoop *loop)
{
  return loop->scratch;
}

RtmpIoWatch *
rtmp_io_loop_watch (RtmpIoLoop *loop, GIOStream *stream, GSocket *socket, RtmpIoWatchFunc func,
    gpointer user_data, GDestroyNotify user_data_unref)
{
  return rtmp_io_watch_new (loop->context, loop->epoll, stream, socket, func, user_data,
      user_data_unref);
}

RtmpIoTimer *
rtmp_io_loop_timer (RtmpIoLoop *loop, void (*func) (gpointer user_data), gpointer user_data,
    GDestroyNotify user_data_unref)
{
  return rtmp_io_timer_new (loop->timers, func, user_data, user_data_unref);
}

RtmpBlockPool *
rtmp_io_loop_get_block_pool (RtmpIoLoop *loop)
{
  return loop->block_pool;
}

void
rtmp_io_loop_invoke (RtmpIoLoop *loop, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, notify);
  g_source_attach (source, loop->context);
  g_source_unref (source);
}

typedef struct {
  void (*func) (gpointer data);
  gpointer data;
  GMutex lock;
  GCond cond;
  gboolean done;
} SyncCall;

static gboolean
sync_call_run (gpointer data)
{
  SyncCall *call = data;

  call->func (call->data);
  g_mutex_lock (&call->lock);
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->lock);
  return G_SOURCE_REMOVE;
}

void
rtmp_io_loop_invoke_sync (RtmpIoLoop *loop, void (*func) (gpointer data), gpointer data)
{
  SyncCall call = { .func = func, .data = data };

  if (rtmp_io_loop_is_current (loop)) {
    func (data);
    return;
  }
  g_mutex_init (&call.lock);
  g_cond_init (&call.cond);
  rtmp_io_loop_invoke (loop, sync_call_run, &call, NULL);
  g_mutex_lock (&call.lock);
  while (!call.done)
    g_cond_wait (&call.cond, &call.lock);
  g_mutex_unlock (&call.lock);
  g_mutex_clear (&call.lock);
  g_cond_clear (&call.cond);
}
