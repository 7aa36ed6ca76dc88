/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Dispatchers: calls in their order, held by nobody but themselves. */

#include <string.h>

#include "io/rtmpdispatcher.h"
#include "support/testutil.h"

/* A log of the calls, and a gate that holds one of them. */
typedef struct {
  GMutex lock;
  GCond cond;
  GString *log;
  guint n_notified;
  gboolean gate_reached;
  gboolean gate_open;
  RtmpDispatcher *dispatcher;
} Fixture;

typedef struct {
  Fixture *fixture;
  gchar letter;
  GThread *thread;
} Call;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_mutex_init (&fixture->lock);
  g_cond_init (&fixture->cond);
  fixture->log = g_string_new (NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_string_free (fixture->log, TRUE);
  g_mutex_clear (&fixture->lock);
  g_cond_clear (&fixture->cond);
}

/* Waits on the lock until @expression is TRUE. */
#define WAIT(fixture, expression) \
  G_STMT_START \
  { \
    gint64 deadline = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND; \
    g_mutex_lock (&(fixture)->lock); \
    while (!(expression)) \
      g_assert_true (g_cond_wait_until (&(fixture)->cond, &(fixture)->lock, deadline)); \
    g_mutex_unlock (&(fixture)->lock); \
  } \
  G_STMT_END

static void
log_letter (gpointer data)
{
  Call *call = data;

  g_mutex_lock (&call->fixture->lock);
  call->thread = g_thread_self ();
  g_string_append_c (call->fixture->log, call->letter);
  g_cond_broadcast (&call->fixture->cond);
  g_mutex_unlock (&call->fixture->lock);
}

static void
call_done (gpointer data)
{
  Call *call = data;

  g_mutex_lock (&call->fixture->lock);
  g_assert_true (call->thread == g_thread_self ());
  call->fixture->n_notified++;
  g_cond_broadcast (&call->fixture->cond);
  g_mutex_unlock (&call->fixture->lock);
  g_free (call);
}

static Call *
call_new (Fixture *fixture, gchar letter)
{
  Call *call = g_new (Call, 1);

  *call = (Call) { fixture, letter, NULL };
  return call;
}

static void
push_letter (Fixture *fixture, RtmpDispatcher *dispatcher, gchar letter)
{
  rtmp_dispatcher_push (dispatcher, log_letter, call_new (fixture, letter), call_done);
}

static void
pass_gate (gpointer data)
{
  Fixture *fixture = data;

  g_mutex_lock (&fixture->lock);
  fixture->gate_reached = TRUE;
  g_cond_broadcast (&fixture->cond);
  while (!fixture->gate_open)
    g_cond_wait (&fixture->cond, &fixture->lock);
  g_mutex_unlock (&fixture->lock);
}

static void
open_gate (Fixture *fixture)
{
  g_mutex_lock (&fixture->lock);
  fixture->gate_open = TRUE;
  g_cond_broadcast (&fixture->cond);
  g_mutex_unlock (&fixture->lock);
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  RtmpDispatcher *dispatcher = rtmp_dispatcher_new ();
  g_autoptr (GString) expected = g_string_new (NULL);
  guint i;

  (void) data;
  for (i = 0; i < 1000; i++) {
    g_string_append_c (expected, (gchar) ('a' + i % 26));
    push_letter (fixture, dispatcher, (gchar) ('a' + i % 26));
  }
  WAIT (fixture, fixture->n_notified == 1000);
  g_assert_cmpstr (fixture->log->str, ==, expected->str);
  rtmp_dispatcher_free (dispatcher);
}

/* One that is held keeps neither the caller nor another dispatcher waiting. */
static void
test_stall (Fixture *fixture, gconstpointer data)
{
  RtmpDispatcher *held = rtmp_dispatcher_new ();
  RtmpDispatcher *others[20];
  guint i;

  (void) data;
  rtmp_dispatcher_push (held, pass_gate, fixture, NULL);
  WAIT (fixture, fixture->gate_reached);
  push_letter (fixture, held, 'z');
  for (i = 0; i < G_N_ELEMENTS (others); i++) {
    others[i] = rtmp_dispatcher_new ();
    push_letter (fixture, others[i], 'a');
  }
  WAIT (fixture, fixture->n_notified == G_N_ELEMENTS (others));
  g_assert_null (strchr (fixture->log->str, 'z'));
  open_gate (fixture);
  WAIT (fixture, fixture->n_notified == G_N_ELEMENTS (others) + 1);
  g_assert_cmpint (fixture->log->str[G_N_ELEMENTS (others)], ==, 'z');
  for (i = 0; i < G_N_ELEMENTS (others); i++)
    rtmp_dispatcher_free (others[i]);
  rtmp_dispatcher_free (held);
}

/* What was queued before is called after the owner is gone, and freeing does not wait. */
static void
test_free_pending (Fixture *fixture, gconstpointer data)
{
  RtmpDispatcher *dispatcher = rtmp_dispatcher_new ();

  (void) data;
  rtmp_dispatcher_push (dispatcher, pass_gate, fixture, NULL);
  push_letter (fixture, dispatcher, 'a');
  push_letter (fixture, dispatcher, 'b');
  rtmp_dispatcher_free (dispatcher);
  g_assert_cmpuint (fixture->n_notified, ==, 0);
  open_gate (fixture);
  WAIT (fixture, fixture->n_notified == 2);
  g_assert_cmpstr (fixture->log->str, ==, "ab");
}

static void
free_dispatcher (gpointer data)
{
  Call *call = data;

  rtmp_dispatcher_free (call->fixture->dispatcher);
  log_letter (call);
}

static void
test_free_from_inside (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->dispatcher = rtmp_dispatcher_new ();
  rtmp_dispatcher_push (fixture->dispatcher, pass_gate, fixture, NULL);
  rtmp_dispatcher_push (fixture->dispatcher, free_dispatcher, call_new (fixture, 'f'), call_done);
  push_letter (fixture, fixture->dispatcher, 'a');
  open_gate (fixture);
  WAIT (fixture, fixture->n_notified == 2);
  g_assert_cmpstr (fixture->log->str, ==, "fa");
}

static void
push_more (gpointer data)
{
  Call *call = data;

  log_letter (call);
  if (call->letter < 'e')
    rtmp_dispatcher_push (call->fixture->dispatcher, push_more,
        call_new (call->fixture, (gchar) (call->letter + 1)), call_done);
}

static void
test_push_from_inside (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->dispatcher = rtmp_dispatcher_new ();
  rtmp_dispatcher_push (fixture->dispatcher, push_more, call_new (fixture, 'a'), call_done);
  WAIT (fixture, fixture->n_notified == 5);
  g_assert_cmpstr (fixture->log->str, ==, "abcde");
  rtmp_dispatcher_free (fixture->dispatcher);
}

/* One at a time, also where calls come while the last one ends. */
static void
count_up (gpointer data)
{
  Fixture *fixture = data;

  g_assert_true (g_mutex_trylock (&fixture->lock));
  fixture->n_notified++;
  g_cond_broadcast (&fixture->cond);
  g_mutex_unlock (&fixture->lock);
}

static gpointer
push_many (gpointer data)
{
  Fixture *fixture = data;
  guint i;

  for (i = 0; i < 2000; i++)
    rtmp_dispatcher_push (fixture->dispatcher, count_up, fixture, NULL);
  return NULL;
}

static gboolean
is_counted (gpointer data)
{
  Fixture *fixture = data;

  return g_atomic_int_get (&fixture->n_notified) == 8000;
}

static void
test_contended (Fixture *fixture, gconstpointer data)
{
  GThread *threads[4];
  guint i;

  (void) data;
  fixture->dispatcher = rtmp_dispatcher_new ();
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("pusher", push_many, fixture);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_true (test_wait_until (is_counted, fixture));
  rtmp_dispatcher_free (fixture->dispatcher);
}

static void
test_unused (Fixture *fixture, gconstpointer data)
{
  (void) fixture;
  (void) data;
  rtmp_dispatcher_free (rtmp_dispatcher_new ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/dispatcher/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("order", test_order);
  ADD ("stall", test_stall);
  ADD ("free-pending", test_free_pending);
  ADD ("free-from-inside", test_free_from_inside);
  ADD ("push-from-inside", test_push_from_inside);
  ADD ("contended", test_contended);
  ADD ("unused", test_unused);
  return g_test_run ();
}
