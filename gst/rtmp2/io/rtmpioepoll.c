/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpioepoll.h"

#ifdef HAVE_EPOLL

#include <errno.h>
#include <glib-unix.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Of one turn: one system call tells of so many. */
#define MAX_EVENTS 64

struct _RtmpIoEpoll {
  gint fd;
  GSource *source;

  /* The context's thread only. */
  struct epoll_event events[MAX_EVENTS];
  gint n_events;
};

typedef struct {
  GSource source;
  RtmpIoEpoll *epoll;
} EpollSource;

static guint
ready_for (guint32 events)
{
  guint ready = 0;

  if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
    ready |= RTMP_IO_READABLE;
  if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
    ready |= RTMP_IO_WRITABLE;
  return ready;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  RtmpIoEpoll *self = ((EpollSource *) source)->epoll;
  gint i;

  (void) callback;
  (void) data;
  self->n_events = epoll_wait (self->fd, self->events, MAX_EVENTS, 0);
  for (i = 0; i < self->n_events; i++) {
    RtmpIoEpollEntry *entry = self->events[i].data.ptr;

    if (entry)
      entry->ready (entry, ready_for (self->events[i].events));
  }
  self->n_events = 0;
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { NULL, NULL, dispatch, NULL, NULL, NULL };

RtmpIoEpoll *
rtmp_io_epoll_new (GMainContext *context)
{
  RtmpIoEpoll *self;
  gint fd = epoll_create1 (EPOLL_CLOEXEC);

  if (fd < 0)
    return NULL;
  self = g_new0 (RtmpIoEpoll, 1);
  self->fd = fd;
  self->source = g_source_new (&source_funcs, sizeof (EpollSource));
  ((EpollSource *) self->source)->epoll = self;
  g_source_add_unix_fd (self->source, fd, G_IO_IN);
  /* Nothing recurses. But for the time of each dispatch GLib takes away the descriptors of a source
   * that may not, and wakes the context for that: three system calls and one more turn. */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_attach (self->source, context);
  return self;
}

void
rtmp_io_epoll_free (RtmpIoEpoll *epoll)
{
  if (!epoll)
    return;
  g_source_destroy (epoll->source);
  g_source_unref (epoll->source);
  close (epoll->fd);
  g_free (epoll);
}

static gint
control (RtmpIoEpoll *self, gint operation, RtmpIoEpollEntry *entry, guint interest)
{
  struct epoll_event event = { .data.ptr = entry };

  if (interest & RTMP_IO_READABLE)
    event.events |= EPOLLIN;
  if (interest & RTMP_IO_WRITABLE)
    event.events |= EPOLLOUT;
  /* Errors and hang-ups are told whatever is asked for: while nothing is, told once, not again and
   * again. */
  if (interest == 0)
    event.events |= EPOLLET;
  return epoll_ctl (self->fd, operation, entry->fd, &event);
}

gboolean
rtmp_io_epoll_add (RtmpIoEpoll *epoll, RtmpIoEpollEntry *entry)
{
  return control (epoll, EPOLL_CTL_ADD, entry, 0) == 0;
}

void
rtmp_io_epoll_watch (RtmpIoEpoll *epoll, RtmpIoEpollEntry *entry, guint interest)
{
  if (control (epoll, EPOLL_CTL_MOD, entry, interest) != 0)
    g_critical ("epoll_ctl: %s", g_strerror (errno));
}

void
rtmp_io_epoll_remove (RtmpIoEpoll *epoll, RtmpIoEpollEntry *entry)
{
  gint i;

  control (epoll, EPOLL_CTL_DEL, entry, 0);
  for (i = 0; i < epoll->n_events; i++)
    if (epoll->events[i].data.ptr == entry)
      epoll->events[i].data.ptr = NULL;
}

#else

RtmpIoEpoll *
rtmp_io_epoll_new (GMainContext *context)
{
  (void) context;
  return NULL;
}

void
rtmp_io_epoll_free (RtmpIoEpoll *epoll)
{
  (void) epoll;
}

gboolean
rtmp_io_epoll_add (RtmpIoEpoll *epoll, RtmpIoEpollEntry *entry)
{
  (void) epoll;
  (void) entry;
  return FALSE;
}

void
rtmp_io_epoll_watch (RtmpIoEpoll *epoll, RtmpIoEpollEntry *entry, guint interest)
{
  (void) epoll;
  (void) entry;
  (void) interest;
}

void
rtmp_io_epoll_remove (RtmpIoEpoll *epoll, RtmpIoEpollEntry *entry)
{
  (void) epoll;
  (void) entry;
}

#endif
