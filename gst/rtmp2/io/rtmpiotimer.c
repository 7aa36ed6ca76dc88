/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpiotimer.h"

/* Children of heap[i] are heap[2 * i + 1] and heap[2 * i + 2], and due no earlier than it. */
struct _RtmpIoTimers {
  GSource *source;
  GPtrArray *heap; /* RtmpIoTimer */
  guint64 turn;
  RtmpIoTimer *calling;
  gboolean calling_freed;
};

struct _RtmpIoTimer {
  RtmpIoTimers *timers;
  void (*func) (gpointer user_data);
  gpointer user_data;
  GDestroyNotify user_data_unref;
  gint64 due;   /* -1 = not in the heap */
  guint64 turn; /* in which it was set */
  guint index;
};

/* -- The heap -- */

static RtmpIoTimer *
nth (const RtmpIoTimers *self, guint i)
{
  return self->heap->pdata[i];
}

static gboolean
is_before (const RtmpIoTimer *a, const RtmpIoTimer *b)
{
  return a->due < b->due || (a->due == b->due && a->turn < b->turn);
}

static void
place (RtmpIoTimers *self, RtmpIoTimer *timer, guint i)
{
  self->heap->pdata[i] = timer;
  timer->index = i;
}

static void
sift_up (RtmpIoTimers *self, RtmpIoTimer *timer)
{
  guint i = timer->index;

  while (i > 0 && is_before (timer, nth (self, (i - 1) / 2))) {
    place (self, nth (self, (i - 1) / 2), i);
    i = (i - 1) / 2;
  }
  place (self, timer, i);
}

static void
sift_down (RtmpIoTimers *self, RtmpIoTimer *timer)
{
  guint i = timer->index;
  guint child;

  while ((child = 2 * i + 1) < self->heap->len) {
    if (child + 1 < self->heap->len && is_before (nth (self, child + 1), nth (self, child)))
      child++;
    if (!is_before (nth (self, child), timer))
      break;
    place (self, nth (self, child), i);
    i = child;
  }
  place (self, timer, i);
}

static void
insert (RtmpIoTimers *self, RtmpIoTimer *timer)
{
  timer->index = self->heap->len;
  g_ptr_array_add (self->heap, timer);
  sift_up (self, timer);
}

static void
take_out (RtmpIoTimers *self, RtmpIoTimer *timer)
{
  guint i = timer->index;
  RtmpIoTimer *last = g_ptr_array_steal_index_fast (self->heap, self->heap->len - 1);

  timer->due = -1;
  if (last == timer)
    return;
  place (self, last, i);
  sift_up (self, last);
  sift_down (self, last);
}

/* -- The source -- */

typedef struct {
  GSource source;
  RtmpIoTimers *timers;
} TimerSource;

static RtmpIoTimers *
timers_of (GSource *source)
{
  return ((TimerSource *) source)->timers;
}

static gboolean
prepare (GSource *source, gint *timeout)
{
  const RtmpIoTimers *self = timers_of (source);
  gint64 left;

  *timeout = -1;
  if (self->heap->len == 0)
    return FALSE;
  left = nth (self, 0)->due - g_source_get_time (source);
  *timeout = left <= 0 ? 0 : (gint) MIN ((left + 999) / 1000, G_MAXINT);
  return left <= 0;
}

static gboolean
check (GSource *source)
{
  const RtmpIoTimers *self = timers_of (source);

  return self->heap->len > 0 && nth (self, 0)->due <= g_source_get_time (source);
}

static void
call (RtmpIoTimers *self, RtmpIoTimer *timer)
{
  self->calling = timer;
  self->calling_freed = FALSE;
  timer->func (timer->user_data);
  self->calling = NULL;
  if (!self->calling_freed)
    return;
  if (timer->user_data_unref)
    timer->user_data_unref (timer->user_data);
  g_free (timer);
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  RtmpIoTimers *self = timers_of (source);
  gint64 now = g_source_get_time (source);
  guint64 turn = ++self->turn;

  (void) callback;
  (void) data;
  while (self->heap->len > 0 && nth (self, 0)->due <= now && nth (self, 0)->turn < turn) {
    RtmpIoTimer *timer = nth (self, 0);

    take_out (self, timer);
    call (self, timer);
  }
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { prepare, check, dispatch, NULL, NULL, NULL };

/* -- Beginning and end -- */

RtmpIoTimers *
rtmp_io_timers_new (GMainContext *context)
{
  RtmpIoTimers *self = g_new0 (RtmpIoTimers, 1);

  self->heap = g_ptr_array_new ();
  self->source = g_source_new (&source_funcs, sizeof (TimerSource));
  ((TimerSource *) self->source)->timers = self;
  g_source_attach (self->source, context);
  return self;
}

void
rtmp_io_timers_free (RtmpIoTimers *timers)
{
  g_source_destroy (timers->source);
  g_source_unref (timers->source);
  g_ptr_array_unref (timers->heap);
  g_free (timers);
}

RtmpIoTimer *
rtmp_io_timer_new (RtmpIoTimers *timers, void (*func) (gpointer user_data), gpointer user_data,
    GDestroyNotify user_data_unref)
{
  RtmpIoTimer *self = g_new0 (RtmpIoTimer, 1);

  self->timers = timers;
  self->func = func;
  self->user_data = user_data;
  self->user_data_unref = user_data_unref;
  self->due = -1;
  return self;
}

void
rtmp_io_timer_free (RtmpIoTimer *timer)
{
  RtmpIoTimers *timers = timer->timers;

  rtmp_io_timer_set (timer, -1);
  if (timers->calling == timer) {
    timers->calling_freed = TRUE;
    return;
  }
  if (timer->user_data_unref)
    timer->user_data_unref (timer->user_data);
  g_free (timer);
}

void
rtmp_io_timer_set (RtmpIoTimer *timer, gint64 due)
{
  RtmpIoTimers *timers = timer->timers;

  if (timer->due >= 0)
    take_out (timers, timer);
  if (due < 0)
    return;
  timer->due = due;
  timer->turn = timers->turn;
  insert (timers, timer);
}

gint64
rtmp_io_timer_get_due (const RtmpIoTimer *timer)
{
  return timer->due;
}
