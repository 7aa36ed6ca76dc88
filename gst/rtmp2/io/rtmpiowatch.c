/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpiowatch.h"

struct _RtmpIoWatch {
  RtmpIoEpollEntry entry; /* first */
  gatomicrefcount refcount;
  GMainContext *context;
  RtmpIoEpoll *epoll; /* NULL: by sources */
  GIOStream *stream;

  /* The context's thread only. */
  RtmpIoWatchFunc func;
  gpointer user_data;
  GDestroyNotify user_data_unref;
  gboolean calling;

  /* Under the lock, with which nothing is called back. */
  GMutex lock;
  guint interest;
  gboolean removed;
  GSource *read_source;
  GSource *write_source;
};

RtmpIoWatch *
rtmp_io_watch_ref (RtmpIoWatch *watch)
{
  g_atomic_ref_count_inc (&watch->refcount);
  return watch;
}

void
rtmp_io_watch_unref (RtmpIoWatch *watch)
{
  if (!g_atomic_ref_count_dec (&watch->refcount))
    return;
  g_main_context_unref (watch->context);
  g_object_unref (watch->stream);
  g_mutex_clear (&watch->lock);
  g_free (watch);
}

/* -- Calling back (the context's thread) -- */

static void
release_user_data (RtmpIoWatch *watch)
{
  GDestroyNotify unref = watch->user_data_unref;

  watch->user_data_unref = NULL;
  if (unref)
    unref (watch->user_data);
}

static void
call (RtmpIoWatch *watch, guint ready)
{
  gboolean removed;

  g_mutex_lock (&watch->lock);
  ready = watch->removed ? 0 : ready & watch->interest;
  g_mutex_unlock (&watch->lock);
  if (ready == 0)
    return;

  rtmp_io_watch_ref (watch);
  watch->calling = TRUE;
  watch->func (ready, watch->user_data);
  watch->calling = FALSE;
  g_mutex_lock (&watch->lock);
  removed = watch->removed;
  g_mutex_unlock (&watch->lock);
  if (removed)
    release_user_data (watch);
  rtmp_io_watch_unref (watch);
}

static void
on_entry_ready (RtmpIoEpollEntry *entry, guint ready)
{
  call ((RtmpIoWatch *) entry, ready);
}

static gboolean
on_readable (GObject *input, gpointer data)
{
  (void) input;
  call (data, RTMP_IO_READABLE);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_writable (GObject *output, gpointer data)
{
  (void) output;
  call (data, RTMP_IO_WRITABLE);
  return G_SOURCE_CONTINUE;
}

/* -- What is wanted -- */

static GSource *
attach (RtmpIoWatch *watch, GSource *source, GSourceFunc func)
{
  g_source_set_callback (source, func, rtmp_io_watch_ref (watch),
      (GDestroyNotify) rtmp_io_watch_unref);
  g_source_attach (source, watch->context);
  return source;
}

static void
drop_source (GSource **source)
{
  if (!*source)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
update_sources_locked (RtmpIoWatch *watch)
{
  GPollableInputStream *input =
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (watch->stream));
  GPollableOutputStream *output =
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (watch->stream));

  if (!(watch->interest & RTMP_IO_READABLE))
    drop_source (&watch->read_source);
  else if (!watch->read_source)
    watch->read_source = attach (watch, g_pollable_input_stream_create_source (input, NULL),
        G_SOURCE_FUNC (on_readable));
  if (!(watch->interest & RTMP_IO_WRITABLE))
    drop_source (&watch->write_source);
  else if (!watch->write_source)
    watch->write_source = attach (watch, g_pollable_output_stream_create_source (output, NULL),
        G_SOURCE_FUNC (on_writable));
}

void
rtmp_io_watch_want (RtmpIoWatch *watch, RtmpIoReady ready, gboolean wanted)
{
  guint interest;

  g_mutex_lock (&watch->lock);
  interest = wanted ? watch->interest | ready : watch->interest & ~(guint) ready;
  if (!watch->removed && interest != watch->interest) {
    watch->interest = interest;
    if (watch->epoll)
      rtmp_io_epoll_watch (watch->epoll, &watch->entry, interest);
    else
      update_sources_locked (watch);
  }
  g_mutex_unlock (&watch->lock);
}

/* -- Beginning and end -- */

RtmpIoWatch *
rtmp_io_watch_new (GMainContext *context, RtmpIoEpoll *epoll, GIOStream *stream, GSocket *socket,
    RtmpIoWatchFunc func, gpointer user_data, GDestroyNotify user_data_unref)
{
  RtmpIoWatch *self = g_new0 (RtmpIoWatch, 1);

  g_atomic_ref_count_init (&self->refcount);
  g_mutex_init (&self->lock);
  self->context = g_main_context_ref (context);
  self->stream = g_object_ref (stream);
  self->func = func;
  self->user_data = user_data;
  self->user_data_unref = user_data_unref;
  self->entry.ready = on_entry_ready;
  self->entry.fd = socket ? g_socket_get_fd (socket) : -1;
  if (epoll && socket && rtmp_io_epoll_add (epoll, &self->entry))
    self->epoll = epoll;
  return self;
}

void
rtmp_io_watch_remove (RtmpIoWatch *watch)
{
  gboolean first;

  g_mutex_lock (&watch->lock);
  first = !watch->removed;
  watch->removed = TRUE;
  watch->interest = 0;
  if (first && watch->epoll)
    rtmp_io_epoll_remove (watch->epoll, &watch->entry);
  else
    update_sources_locked (watch);
  g_mutex_unlock (&watch->lock);
  if (first && !watch->calling)
    release_user_data (watch);
}
