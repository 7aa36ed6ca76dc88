/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The I/O thread: one for all, in order, ended with its last user. */

#include "io/rtmpioloop.h"
#include "support/testutil.h"

typedef struct {
  GMutex lock;
  GCond cond;
  RtmpIoLoop *loop;
  GString *log;
  GThread *thread;
  guint n_notified;
  guint calls;
} Fixture;

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
  g_assert_true (test_wait_counts (1, G_MAXUINT));
}

static void
note_thread (gpointer data)
{
  Fixture *fixture = data;

  fixture->thread = g_thread_self ();
  g_assert_true (rtmp_io_loop_is_current (fixture->loop));
  g_assert_true (g_main_context_get_thread_default () == rtmp_io_loop_get_context (fixture->loop));
}

/* Many users share one thread, and it has ended when the last has released it. */
static void
test_shared (Fixture *fixture, gconstpointer data)
{
  RtmpIoLoop *loops[50];
  guint before = test_count_threads (), i;
  GThread *thread = NULL;

  (void) data;
  for (i = 0; i < G_N_ELEMENTS (loops); i++) {
    loops[i] = rtmp_io_loop_acquire ();
    g_assert_true (loops[i] == loops[0]);
    fixture->loop = loops[i];
    rtmp_io_loop_invoke_sync (loops[i], note_thread, fixture);
    g_assert_true (!thread || thread == fixture->thread);
    thread = fixture->thread;
  }
  g_assert_cmpuint (test_count_threads (), ==, before + 1);
  g_assert_false (rtmp_io_loop_is_current (loops[0]));
  g_assert_true (thread != g_thread_self ());
  for (i = 0; i + 1 < G_N_ELEMENTS (loops); i++)
    rtmp_io_loop_release (loops[i]);
  rtmp_io_loop_invoke_sync (loops[0], note_thread, fixture);
  rtmp_io_loop_release (loops[i]);
  g_assert_true (test_wait_counts (before, G_MAXUINT));
}

static void
test_again (Fixture *fixture, gconstpointer data)
{
  guint descriptors, i;

  (void) data;
  fixture->loop = rtmp_io_loop_acquire ();
  rtmp_io_loop_release (fixture->loop);
  descriptors = test_count_descriptors ();
  for (i = 0; i < 50; i++) {
    fixture->loop = rtmp_io_loop_acquire ();
    rtmp_io_loop_invoke_sync (fixture->loop, note_thread, fixture);
    rtmp_io_loop_release (fixture->loop);
  }
  g_assert_true (test_wait_counts (1, descriptors));
}

typedef struct {
  Fixture *fixture;
  gchar letter;
} Letter;

static gboolean
log_letter (gpointer data)
{
  const Letter *letter = data;

  g_assert_true (rtmp_io_loop_is_current (letter->fixture->loop));
  g_string_append_c (letter->fixture->log, letter->letter);
  return G_SOURCE_REMOVE;
}

static void
letter_free (gpointer data)
{
  Letter *letter = data;

  letter->fixture->n_notified++;
  g_free (letter);
}

static void
invoke_letter (Fixture *fixture, gchar letter)
{
  Letter *copy = g_new (Letter, 1);

  *copy = (Letter) { fixture, letter };
  rtmp_io_loop_invoke (fixture->loop, log_letter, copy, letter_free);
}

static void
nothing (gpointer data)
{
  (void) data;
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  gchar letter;

  (void) data;
  fixture->loop = rtmp_io_loop_acquire ();
  for (letter = 'a'; letter <= 'z'; letter++)
    invoke_letter (fixture, letter);
  rtmp_io_loop_invoke_sync (fixture->loop, nothing, NULL);
  g_assert_cmpstr (fixture->log->str, ==, "abcdefghijklmnopqrstuvwxyz");
  g_assert_cmpuint (fixture->n_notified, ==, 26);
  rtmp_io_loop_release (fixture->loop);
}

/* What was asked for before the last release is still done. */
static void
test_release_runs_the_rest (Fixture *fixture, gconstpointer data)
{
  guint i;

  (void) data;
  for (i = 0; i < 100; i++) {
    fixture->loop = rtmp_io_loop_acquire ();
    invoke_letter (fixture, 'x');
    rtmp_io_loop_release (fixture->loop);
    g_assert_cmpuint (fixture->log->len, ==, i + 1);
    g_assert_cmpuint (fixture->n_notified, ==, i + 1);
  }
}

static void
nested (gpointer data)
{
  Fixture *fixture = data;

  fixture->calls++;
  if (fixture->calls < 3)
    rtmp_io_loop_invoke_sync (fixture->loop, nested, fixture);
}

/* On the loop's own thread a call that waits is made directly. */
static void
test_nested (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->loop = rtmp_io_loop_acquire ();
  rtmp_io_loop_invoke_sync (fixture->loop, nested, fixture);
  g_assert_cmpuint (fixture->calls, ==, 3);
  rtmp_io_loop_release (fixture->loop);
}

static gboolean
release_on_loop (gpointer data)
{
  Fixture *fixture = data;

  rtmp_io_loop_release (fixture->loop);
  g_mutex_lock (&fixture->lock);
  fixture->calls++;
  g_cond_signal (&fixture->cond);
  g_mutex_unlock (&fixture->lock);
  return G_SOURCE_REMOVE;
}

/* The last user may be the thread itself. */
static void
test_release_from_inside (Fixture *fixture, gconstpointer data)
{
  RtmpIoLoop *next;

  (void) data;
  fixture->loop = rtmp_io_loop_acquire ();
  rtmp_io_loop_invoke (fixture->loop, release_on_loop, fixture, NULL);
  g_mutex_lock (&fixture->lock);
  while (fixture->calls == 0)
    g_cond_wait (&fixture->cond, &fixture->lock);
  g_mutex_unlock (&fixture->lock);
  /* Who comes now gets a thread of its own. */
  next = rtmp_io_loop_acquire ();
  rtmp_io_loop_invoke_sync (next, nothing, NULL);
  rtmp_io_loop_release (next);
  g_assert_true (test_wait_counts (1, G_MAXUINT));
}

static void
fill_scratch (gpointer data)
{
  RtmpIoLoop *loop = data;
  guint8 *scratch = rtmp_io_loop_get_scratch (loop);

  scratch[0] = 1;
  scratch[RTMP_IO_LOOP_SCRATCH_SIZE - 1] = 1;
}

static void
test_scratch (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->loop = rtmp_io_loop_acquire ();
  rtmp_io_loop_invoke_sync (fixture->loop, fill_scratch, fixture->loop);
  rtmp_io_loop_release (fixture->loop);
}

static gpointer
use_loop (gpointer data)
{
  guint i;

  for (i = 0; i < 200; i++) {
    RtmpIoLoop *loop = rtmp_io_loop_acquire ();

    rtmp_io_loop_invoke_sync (loop, nothing, data);
    rtmp_io_loop_release (loop);
  }
  return NULL;
}

/* Users that come and go at the same time on many threads. */
static void
test_contended (Fixture *fixture, gconstpointer data)
{
  GThread *threads[8];
  guint i;

  (void) data;
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", use_loop, fixture);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/ioloop/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("shared", test_shared);
  ADD ("again", test_again);
  ADD ("order", test_order);
  ADD ("release-runs-the-rest", test_release_runs_the_rest);
  ADD ("nested", test_nested);
  ADD ("release-from-inside", test_release_from_inside);
  ADD ("scratch", test_scratch);
  ADD ("contended", test_contended);
  return g_test_run ();
}
