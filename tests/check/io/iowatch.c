/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Watches, through epoll and by sources of their own: what they tell, that it is fair, and that
 * nothing comes after the end. */

#include <string.h>
#include <sys/socket.h>

#include "io/rtmpiowatch.h"
#include "support/testutil.h"

typedef struct _Fixture Fixture;

/**
 * Pair: two sockets, the first of which is watched.
 * @ready: flags of all calls together
 * @ends, @ends_others: what a call does
 * @reopens: and then it opens another pair
 */
typedef struct {
  Fixture *fixture;
  GSocket *near;
  GSocket *far;
  GIOStream *stream;
  RtmpIoWatch *watch;
  guint calls;
  guint ready;
  guint n_unrefs;
  gboolean calling;
  gboolean has_ended;
  gboolean ends;
  gboolean ends_others;
  gboolean reopens;
} Pair;

#define N_PAIRS 200

struct _Fixture {
  GMainContext *context;
  RtmpIoEpoll *epoll;
  Pair pairs[N_PAIRS + 1];
  guint n_pairs;
};

static void
set_up (Fixture *fixture, gconstpointer use_epoll)
{
  fixture->context = g_main_context_new ();
  if (use_epoll)
    fixture->epoll = rtmp_io_epoll_new (fixture->context);
}

static void
pair_end (Pair *pair)
{
  if (pair->has_ended)
    return;
  pair->has_ended = TRUE;
  rtmp_io_watch_remove (pair->watch);
  g_socket_close (pair->near, NULL);
  g_socket_close (pair->far, NULL);
}

static void
pair_unref (gpointer data)
{
  Pair *pair = data;

  g_assert_false (pair->calling);
  pair->n_unrefs++;
}

static void
tear_down (Fixture *fixture, gconstpointer use_epoll)
{
  guint i;

  (void) use_epoll;
  for (i = 0; i < fixture->n_pairs; i++) {
    Pair *pair = &fixture->pairs[i];

    pair_end (pair);
    g_assert_cmpuint (pair->n_unrefs, ==, 1);
    rtmp_io_watch_unref (pair->watch);
    g_object_unref (pair->stream);
    g_object_unref (pair->near);
    g_object_unref (pair->far);
  }
  rtmp_io_epoll_free (fixture->epoll);
  g_main_context_unref (fixture->context);
}

static GSocket *
socket_from (gint fd)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new_from_fd (fd, &error);

  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  return socket;
}

static void on_ready (guint ready, gpointer data);

static Pair *
add_pair (Fixture *fixture)
{
  Pair *pair = &fixture->pairs[fixture->n_pairs++];
  gint fds[2];

  g_assert_cmpuint (fixture->n_pairs, <=, G_N_ELEMENTS (fixture->pairs));
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  pair->fixture = fixture;
  pair->near = socket_from (fds[0]);
  pair->far = socket_from (fds[1]);
  pair->stream = g_object_new (G_TYPE_SOCKET_CONNECTION, "socket", pair->near, NULL);
  pair->watch = rtmp_io_watch_new (fixture->context, fixture->epoll, pair->stream, pair->near,
      on_ready, pair, pair_unref);
  return pair;
}

static void
put (Pair *pair)
{
  g_assert_cmpint (g_socket_send (pair->far, "x", 1, NULL, NULL), ==, 1);
}

static void
get (Pair *pair)
{
  gchar byte;

  g_assert_cmpint (g_socket_receive (pair->near, &byte, 1, NULL, NULL), ==, 1);
}

static void
end_others (Pair *pair)
{
  Fixture *fixture = pair->fixture;
  guint n = fixture->n_pairs, i;

  for (i = 0; i < n; i++)
    if (&fixture->pairs[i] != pair)
      pair_end (&fixture->pairs[i]);
  if (pair->reopens)
    rtmp_io_watch_want (add_pair (fixture)->watch, RTMP_IO_READABLE, TRUE);
}

static void
on_ready (guint ready, gpointer data)
{
  Pair *pair = data;

  g_assert_false (pair->has_ended);
  g_assert_cmpuint (pair->n_unrefs, ==, 0);
  pair->calling = TRUE;
  pair->calls++;
  pair->ready |= ready;
  if (pair->ends_others)
    end_others (pair);
  if (pair->ends)
    pair_end (pair);
  pair->calling = FALSE;
}

/* Returns how often @pair was called meanwhile. */
static guint
turns (Pair *pair, guint n)
{
  guint before = pair->calls;

  while (n-- > 0)
    g_main_context_iteration (pair->fixture->context, FALSE);
  return pair->calls - before;
}

/* -- What is told -- */

static void
test_readable (Fixture *fixture, gconstpointer data)
{
  Pair *pair = add_pair (fixture);

  (void) data;
  put (pair);
  g_assert_cmpuint (turns (pair, 3), ==, 0);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  /* As long as it is so. */
  g_assert_cmpuint (turns (pair, 3), ==, 3);
  g_assert_cmpuint (pair->ready, ==, RTMP_IO_READABLE);
  get (pair);
  g_assert_cmpuint (turns (pair, 3), ==, 0);
  put (pair);
  g_assert_cmpuint (turns (pair, 1), ==, 1);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, FALSE);
  g_assert_cmpuint (turns (pair, 3), ==, 0);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  g_assert_cmpuint (turns (pair, 1), ==, 1);
}

static void
test_writable (Fixture *fixture, gconstpointer data)
{
  static gchar block[65536];
  Pair *pair = add_pair (fixture);

  (void) data;
  while (g_socket_send (pair->near, block, sizeof (block), NULL, NULL) > 0)
    ;
  rtmp_io_watch_want (pair->watch, RTMP_IO_WRITABLE, TRUE);
  g_assert_cmpuint (turns (pair, 3), ==, 0);
  while (g_socket_receive (pair->far, block, sizeof (block), NULL, NULL) > 0)
    ;
  g_assert_cmpuint (turns (pair, 3), ==, 3);
  g_assert_cmpuint (pair->ready, ==, RTMP_IO_WRITABLE);
  rtmp_io_watch_want (pair->watch, RTMP_IO_WRITABLE, FALSE);
  g_assert_cmpuint (turns (pair, 3), ==, 0);
}

/* Each is wanted by itself. */
static void
test_both (Fixture *fixture, gconstpointer data)
{
  Pair *pair = add_pair (fixture);

  (void) data;
  put (pair);
  rtmp_io_watch_want (pair->watch, RTMP_IO_WRITABLE, TRUE);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  turns (pair, 1);
  g_assert_cmpuint (pair->ready, ==, RTMP_IO_READABLE | RTMP_IO_WRITABLE);
  rtmp_io_watch_want (pair->watch, RTMP_IO_WRITABLE, FALSE);
  pair->ready = 0;
  turns (pair, 1);
  g_assert_cmpuint (pair->ready, ==, RTMP_IO_READABLE);
}

/* An end that nobody wants to know of keeps nobody busy, and is not forgotten. */
static void
test_hang_up (Fixture *fixture, gconstpointer data)
{
  Pair *pair = add_pair (fixture);
  guint busy = 0, i;

  (void) data;
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, FALSE);
  g_socket_close (pair->far, NULL);
  for (i = 0; i < 10; i++)
    busy += g_main_context_iteration (fixture->context, FALSE);
  g_assert_cmpuint (busy, <=, 1);
  g_assert_cmpuint (pair->calls, ==, 0);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  g_assert_cmpuint (turns (pair, 2), ==, 2);
  g_assert_cmpuint (pair->ready, ==, RTMP_IO_READABLE);
}

/* A stream that is ready otherwise than its socket is watched by its own sources. */
static void
test_without_socket (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GInputStream) input = g_memory_input_stream_new_from_data ("x", 1, NULL);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) stream = g_simple_io_stream_new (input, output);
  Pair pair = { .fixture = fixture };

  (void) data;
  pair.watch = rtmp_io_watch_new (fixture->context, fixture->epoll, stream, NULL, on_ready, &pair,
      pair_unref);
  g_assert_cmpuint (turns (&pair, 2), ==, 0);
  rtmp_io_watch_want (pair.watch, RTMP_IO_READABLE, TRUE);
  g_assert_cmpuint (turns (&pair, 2), ==, 2);
  g_assert_cmpuint (pair.ready, ==, RTMP_IO_READABLE);
  rtmp_io_watch_remove (pair.watch);
  g_assert_cmpuint (turns (&pair, 2), ==, 0);
  rtmp_io_watch_unref (pair.watch);
}

/* -- Many -- */

/* With more that are ready than are told of at once, each has its turn. */
static void
test_fair (Fixture *fixture, gconstpointer data)
{
  guint fewest = G_MAXUINT, most = 0, i;

  (void) data;
  for (i = 0; i < N_PAIRS; i++) {
    Pair *pair = add_pair (fixture);

    put (pair);
    rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  }
  turns (&fixture->pairs[0], 50);
  for (i = 0; i < N_PAIRS; i++) {
    fewest = MIN (fewest, fixture->pairs[i].calls);
    most = MAX (most, fixture->pairs[i].calls);
  }
  g_assert_cmpuint (fewest, >, 0);
  g_assert_cmpuint (most - fewest, <=, 1);
}

static guint
count_polled (Fixture *fixture)
{
  GPollFD fds[2 * N_PAIRS];
  gint timeout, priority, n;

  g_assert_true (g_main_context_acquire (fixture->context));
  g_main_context_prepare (fixture->context, &priority);
  n = g_main_context_query (fixture->context, priority, &timeout, fds, G_N_ELEMENTS (fds));
  g_main_context_check (fixture->context, priority, fds, n);
  g_main_context_release (fixture->context);
  return (guint) n;
}

/* What a turn costs does not grow with what is watched. */
static void
test_one_descriptor (Fixture *fixture, gconstpointer use_epoll)
{
  guint before = count_polled (fixture), i;

  for (i = 0; i < 100; i++)
    rtmp_io_watch_want (add_pair (fixture)->watch, RTMP_IO_READABLE, TRUE);
  g_assert_cmpuint (count_polled (fixture) - before, ==, use_epoll ? 0 : 100);
}

/* -- The end -- */

static void
test_remove (Fixture *fixture, gconstpointer data)
{
  Pair *pair = add_pair (fixture);

  (void) data;
  put (pair);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  rtmp_io_watch_remove (pair->watch);
  g_assert_cmpuint (pair->n_unrefs, ==, 1);
  rtmp_io_watch_remove (pair->watch);
  rtmp_io_watch_want (pair->watch, RTMP_IO_WRITABLE, TRUE);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  g_assert_cmpuint (turns (pair, 3), ==, 0);
}

/* The user's data stay until the call has returned (asserted in pair_unref()). */
static void
test_remove_from_inside (Fixture *fixture, gconstpointer data)
{
  Pair *pair = add_pair (fixture);

  (void) data;
  pair->ends = TRUE;
  put (pair);
  rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  rtmp_io_watch_want (pair->watch, RTMP_IO_WRITABLE, TRUE);
  g_assert_cmpuint (turns (pair, 3), ==, 1);
  g_assert_cmpuint (pair->n_unrefs, ==, 1);
}

/* Whoever is called first ends the others, which are ready too and are not called any more
 * (asserted in on_ready()). */
static void
test_remove_others (Fixture *fixture, gconstpointer data)
{
  guint calls = 0, i;

  (void) data;
  for (i = 0; i < 20; i++) {
    Pair *pair = add_pair (fixture);

    pair->ends_others = TRUE;
    put (pair);
    rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  }
  g_main_context_iteration (fixture->context, FALSE);
  for (i = 0; i < 20; i++)
    calls += fixture->pairs[i].calls;
  g_assert_cmpuint (calls, ==, 1);
}

/* What was ready on a descriptor says nothing of the socket that has its number next. */
static void
test_reopen (Fixture *fixture, gconstpointer data)
{
  guint i;

  (void) data;
  for (i = 0; i < 2; i++) {
    Pair *pair = add_pair (fixture);

    pair->ends_others = pair->reopens = TRUE;
    put (pair);
    rtmp_io_watch_want (pair->watch, RTMP_IO_READABLE, TRUE);
  }
  g_main_context_iteration (fixture->context, FALSE);
  g_assert_cmpuint (fixture->n_pairs, ==, 3);
  g_assert_cmpuint (fixture->pairs[0].calls + fixture->pairs[1].calls, ==, 1);
  g_assert_cmpuint (fixture->pairs[2].calls, ==, 0);
}

/* -- Entries without a watch -- */

static RtmpIoEpoll *entries_epoll;
static RtmpIoEpollEntry entries[2];
static guint entry_calls;

static void
on_entry (RtmpIoEpollEntry *entry, guint ready)
{
  g_assert_cmpuint (ready, ==, RTMP_IO_READABLE);
  entry_calls++;
  rtmp_io_epoll_remove (entries_epoll, entry == entries ? entries + 1 : entries);
}

/* The memory of an entry that was removed is not looked at any more, in that turn neither. */
static void
test_entries (Fixture *fixture, gconstpointer data)
{
  guint i;

  (void) data;
  entries_epoll = fixture->epoll;
  entry_calls = 0;
  for (i = 0; i < G_N_ELEMENTS (entries); i++) {
    Pair *pair = add_pair (fixture);

    rtmp_io_watch_remove (pair->watch);
    put (pair);
    entries[i] = (RtmpIoEpollEntry) { g_socket_get_fd (pair->near), on_entry };
    g_assert_true (rtmp_io_epoll_add (fixture->epoll, &entries[i]));
    rtmp_io_epoll_watch (fixture->epoll, &entries[i], RTMP_IO_READABLE);
  }
  g_main_context_iteration (fixture->context, FALSE);
  g_assert_cmpuint (entry_calls, ==, 1);
  g_main_context_iteration (fixture->context, FALSE);
  g_assert_cmpuint (entry_calls, ==, 2);
  rtmp_io_epoll_remove (fixture->epoll, &entries[0]);
  rtmp_io_epoll_remove (fixture->epoll, &entries[1]);
}

/* What cannot be watched is refused. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  RtmpIoEpollEntry entry = { -1, on_entry };

  (void) data;
  g_assert_false (rtmp_io_epoll_add (fixture->epoll, &entry));
}

/* -- Several threads -- */

typedef struct {
  GMainContext *context;
  GMainLoop *main_loop;
  GThread *thread;
  RtmpIoWatch *watch;
  gint calls; /* atomic */
} Runner;

static gpointer
run (gpointer data)
{
  Runner *runner = data;

  g_main_context_push_thread_default (runner->context);
  g_main_loop_run (runner->main_loop);
  g_main_context_pop_thread_default (runner->context);
  return NULL;
}

static void
on_ready_elsewhere (guint ready, gpointer data)
{
  Runner *runner = data;

  g_assert_true (g_thread_self () == runner->thread);
  g_assert_cmpuint (ready, ==, RTMP_IO_WRITABLE);
  g_atomic_int_inc (&runner->calls);
}

static gboolean
remove_and_quit (gpointer data)
{
  Runner *runner = data;

  rtmp_io_watch_remove (runner->watch);
  g_main_loop_quit (runner->main_loop);
  return G_SOURCE_REMOVE;
}

static gboolean
was_called (gpointer data)
{
  Runner *runner = data;

  return g_atomic_int_get (&runner->calls) > 0;
}

static void
runner_start (Runner *runner, Fixture *fixture, Pair *pair)
{
  runner->context = fixture->context;
  runner->main_loop = g_main_loop_new (fixture->context, FALSE);
  runner->watch = rtmp_io_watch_new (fixture->context, fixture->epoll, pair->stream, pair->near,
      on_ready_elsewhere, runner, NULL);
  runner->thread = g_thread_new ("runner", run, runner);
}

/* One thread says what it wants, again and again, while the other is called and removes. */
static void
test_threads (Fixture *fixture, gconstpointer data)
{
  guint round, i;

  (void) data;
  for (round = 0; round < 50; round++) {
    Pair *pair = add_pair (fixture);
    Runner runner = { 0 };
    gint calls;

    rtmp_io_watch_remove (pair->watch);
    runner_start (&runner, fixture, pair);
    rtmp_io_watch_want (runner.watch, RTMP_IO_WRITABLE, TRUE);
    g_assert_true (test_wait_until (was_called, &runner));
    for (i = 0; i < 1000; i++) {
      if (i == 500)
        g_main_context_invoke_full (fixture->context, G_PRIORITY_DEFAULT, remove_and_quit, &runner,
            NULL);
      rtmp_io_watch_want (runner.watch, RTMP_IO_WRITABLE, i % 2);
    }
    g_thread_join (runner.thread);
    calls = g_atomic_int_get (&runner.calls);
    rtmp_io_watch_want (runner.watch, RTMP_IO_WRITABLE, TRUE);
    g_main_context_iteration (fixture->context, FALSE);
    g_assert_cmpint (g_atomic_int_get (&runner.calls), ==, calls);
    rtmp_io_watch_unref (runner.watch);
    g_main_loop_unref (runner.main_loop);
  }
}

/* A turn that waits in the kernel learns of it. */
static void
test_wakes (Fixture *fixture, gconstpointer data)
{
  Pair *pair = add_pair (fixture);
  Runner runner = { 0 };
  gint calls;

  (void) data;
  rtmp_io_watch_remove (pair->watch);
  runner_start (&runner, fixture, pair);
  calls = 0;
  while (calls < 100) {
    rtmp_io_watch_want (runner.watch, RTMP_IO_WRITABLE, TRUE);
    g_assert_true (test_wait_until (was_called, &runner));
    rtmp_io_watch_want (runner.watch, RTMP_IO_WRITABLE, FALSE);
    g_atomic_int_set (&runner.calls, 0);
    calls++;
  }
  g_main_context_invoke_full (fixture->context, G_PRIORITY_DEFAULT, remove_and_quit, &runner, NULL);
  g_thread_join (runner.thread);
  rtmp_io_watch_unref (runner.watch);
  g_main_loop_unref (runner.main_loop);
}

typedef void (*TestFunc) (Fixture *fixture, gconstpointer use_epoll);

static void
add_epoll (const gchar *path, TestFunc func)
{
  static const gboolean yes = TRUE;
  g_autofree gchar *name = g_strdup_printf ("/iowatch/epoll/%s", path);
  g_autoptr (GMainContext) context = g_main_context_new ();
  RtmpIoEpoll *epoll = rtmp_io_epoll_new (context);

  if (epoll)
    g_test_add (name, Fixture, &yes, set_up, func, tear_down);
  rtmp_io_epoll_free (epoll);
}

static void
add_both (const gchar *path, TestFunc func)
{
  g_autofree gchar *name = g_strdup_printf ("/iowatch/sources/%s", path);

  add_epoll (path, func);
  g_test_add (name, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_both ("readable", test_readable);
  add_both ("writable", test_writable);
  add_both ("both", test_both);
  add_both ("hang-up", test_hang_up);
  add_both ("without-socket", test_without_socket);
  add_both ("fair", test_fair);
  add_both ("one-descriptor", test_one_descriptor);
  add_both ("remove", test_remove);
  add_both ("remove-from-inside", test_remove_from_inside);
  add_both ("remove-others", test_remove_others);
  add_both ("reopen", test_reopen);
  add_epoll ("entries", test_entries);
  add_epoll ("refused", test_refused);
  add_both ("threads", test_threads);
  add_both ("wakes", test_wakes);
  return g_test_run ();
}
