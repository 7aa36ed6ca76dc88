/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Timers: in order, once each, and none after its end. */

#include "io/rtmpiotimer.h"

#define N_TIMERS 100

typedef struct _Fixture Fixture;

/**
 * Timed: a timer and what its function does.
 * @again: sets itself to this; 0 = does not
 * @frees, @sets, @clears: (nullable): others to be freed, set to be due at once, set to never
 */
typedef struct _Timed Timed;
struct _Timed {
  Fixture *fixture;
  RtmpIoTimer *timer;
  gint64 due;
  guint calls;
  guint n_unrefs;
  gboolean calling;
  gint64 again;
  Timed *frees;
  Timed *sets;
  Timed *clears;
};

struct _Fixture {
  GMainContext *context;
  RtmpIoTimers *timers;
  Timed timed[N_TIMERS];
  gint64 last_due;
  guint calls;
};

static void
timed_free (Timed *timed)
{
  g_clear_pointer (&timed->timer, rtmp_io_timer_free);
}

static void
timed_set (Timed *timed, gint64 due)
{
  timed->due = due;
  rtmp_io_timer_set (timed->timer, due);
  g_assert_cmpint (rtmp_io_timer_get_due (timed->timer), ==, due);
}

static void
on_due (gpointer data)
{
  Timed *timed = data;

  g_assert_nonnull (timed->timer);
  g_assert_cmpuint (timed->n_unrefs, ==, 0);
  g_assert_cmpint (timed->due, >, 0);
  g_assert_cmpint (g_get_monotonic_time (), >=, timed->due);
  g_assert_cmpint (rtmp_io_timer_get_due (timed->timer), ==, -1);
  g_assert_cmpint (timed->due, >=, timed->fixture->last_due);
  timed->fixture->last_due = timed->due;
  timed->fixture->calls++;
  timed->calls++;
  timed->calling = TRUE;
  timed->due = -1;
  if (timed->again > 0)
    timed_set (timed, timed->again);
  if (timed->sets)
    timed_set (timed->sets, timed->fixture->last_due);
  if (timed->clears)
    timed_set (timed->clears, -1);
  if (timed->frees)
    timed_free (timed->frees);
  timed->calling = FALSE;
}

static void
on_unref (gpointer data)
{
  Timed *timed = data;

  g_assert_false (timed->calling);
  timed->n_unrefs++;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  guint i;

  (void) data;
  fixture->context = g_main_context_new ();
  fixture->timers = rtmp_io_timers_new (fixture->context);
  for (i = 0; i < N_TIMERS; i++) {
    Timed *timed = &fixture->timed[i];

    timed->fixture = fixture;
    timed->due = -1;
    timed->timer = rtmp_io_timer_new (fixture->timers, on_due, timed, on_unref);
  }
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  guint i;

  (void) data;
  for (i = 0; i < N_TIMERS; i++) {
    timed_free (&fixture->timed[i]);
    g_assert_cmpuint (fixture->timed[i].n_unrefs, ==, 1);
  }
  rtmp_io_timers_free (fixture->timers);
  g_main_context_unref (fixture->context);
}

/* Returns how many were called. */
static guint
turn (Fixture *fixture)
{
  guint before = fixture->calls;

  g_main_context_iteration (fixture->context, FALSE);
  return fixture->calls - before;
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  gint64 now = g_get_monotonic_time ();
  guint i;

  (void) data;
  g_assert_cmpuint (turn (fixture), ==, 0);
  for (i = 0; i < N_TIMERS; i++)
    timed_set (&fixture->timed[i], now - g_test_rand_int_range (0, 30));
  g_assert_cmpuint (turn (fixture), ==, N_TIMERS);
  g_assert_cmpuint (turn (fixture), ==, 0);
}

/* Set, moved and cleared at random: those that are due, and no others. */
static void
test_random (Fixture *fixture, gconstpointer data)
{
  gint64 now = g_get_monotonic_time ();
  guint round, i;

  (void) data;
  for (round = 0; round < 200; round++) {
    guint expected = 0;

    for (i = 0; i < 300; i++) {
      Timed *timed = &fixture->timed[g_test_rand_int_range (0, N_TIMERS)];
      gint64 offset = g_test_rand_int_range (-50, 50);

      timed_set (timed, offset == 0 ? -1 : now + (offset < 0 ? offset : G_TIME_SPAN_HOUR + offset));
    }
    for (i = 0; i < N_TIMERS; i++)
      expected += fixture->timed[i].due >= 0 && fixture->timed[i].due < now;
    g_assert_cmpuint (turn (fixture), ==, expected);
    fixture->last_due = 0;
  }
}

/* It is waited for, and not by looking again and again. */
static void
test_waits (Fixture *fixture, gconstpointer data)
{
  guint turns = 0;

  (void) data;
  timed_set (&fixture->timed[0], g_get_monotonic_time () + 30 * G_TIME_SPAN_MILLISECOND);
  timed_set (&fixture->timed[1], g_get_monotonic_time () + 20 * G_TIME_SPAN_MILLISECOND);
  for (; fixture->calls < 2; turns++)
    g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpuint (turns, <=, 4);
}

/* One that sets itself is called once a turn, and does not keep others from theirs. */
static void
test_again (Fixture *fixture, gconstpointer data)
{
  gint64 now = g_get_monotonic_time ();

  (void) data;
  fixture->timed[0].again = now - 1;
  timed_set (&fixture->timed[0], now - 3);
  timed_set (&fixture->timed[1], now - 2);
  g_assert_cmpuint (turn (fixture), ==, 2);
  g_assert_cmpuint (turn (fixture), ==, 1);
  g_assert_cmpuint (fixture->timed[0].calls, ==, 2);
}

/* What a function does to others that are due as well. */
static void
test_others (Fixture *fixture, gconstpointer data)
{
  gint64 now = g_get_monotonic_time ();
  guint i;

  (void) data;
  for (i = 0; i < 4; i++)
    timed_set (&fixture->timed[i], now - 10 + i);
  fixture->timed[0].frees = &fixture->timed[1];
  fixture->timed[0].clears = &fixture->timed[2];
  fixture->timed[3].sets = &fixture->timed[4];
  g_assert_cmpuint (turn (fixture), ==, 2);
  g_assert_cmpuint (fixture->timed[1].n_unrefs, ==, 1);
  g_assert_cmpuint (fixture->timed[0].calls + fixture->timed[3].calls, ==, 2);
  g_assert_cmpuint (turn (fixture), ==, 1);
  g_assert_cmpuint (fixture->timed[4].calls, ==, 1);
}

/* The user's data stay until the call has returned (asserted in on_unref()). */
static void
test_free_from_inside (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->timed[0].frees = &fixture->timed[0];
  fixture->timed[0].again = 1;
  timed_set (&fixture->timed[0], g_get_monotonic_time ());
  g_assert_cmpuint (turn (fixture), ==, 1);
  g_assert_cmpuint (fixture->timed[0].n_unrefs, ==, 1);
  g_assert_cmpuint (turn (fixture), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/iotimer/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("order", test_order);
  ADD ("random", test_random);
  ADD ("waits", test_waits);
  ADD ("again", test_again);
  ADD ("others", test_others);
  ADD ("free-from-inside", test_free_from_inside);
  return g_test_run ();
}
