/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* That what the guard counts is what happens: known calls, made by GLib and by GIO. */
#include "calls.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gio.h>

static gboolean
skip (void)
{
  if (guard_get_obstacle ())
    g_test_skip (guard_get_obstacle ());
  return guard_get_obstacle () != NULL;
}

static GuardCounts
end_counts (void)
{
  GuardCounts counts = { 0 };

  guard_end ();
  guard_add_counts (NULL, &counts);
  return counts;
}

static void
test_memory (void)
{
  GuardCounts counts;
  gpointer block, other;

  if (skip ())
    return;
  guard_begin ();
  block = g_malloc (100);
  block = g_realloc (block, 1000);
  other = g_slice_alloc (50);
  guard_suspend ();
  g_free (g_malloc (1));
  guard_resume ();
  counts = end_counts ();
  g_free (block);
  g_slice_free1 (50, other);
  g_assert_cmpuint (counts.allocations, ==, 3);
  g_assert_cmpuint (counts.allocated, ==, 1150);
  g_assert_cmpuint (guard_count_calls (&counts), ==, 0);
}

static gpointer
allocate (gpointer data)
{
  (void) data;
  return g_malloc (100);
}

/* What another thread does is not the caller's. */
static void
test_threads (void)
{
  GuardCounts counts = { 0 };
  GThread *thread;

  if (skip ())
    return;
  guard_begin ();
  guard_suspend ();
  thread = g_thread_new ("other", allocate, NULL);
  g_free (g_thread_join (thread));
  guard_resume ();
  counts = end_counts ();
  g_assert_cmpuint (counts.allocations, ==, 0);
}

static void
test_sockets (void)
{
  const gchar text[] = "0123456789";
  const GOutputVector vectors[] = { { "head", 4 }, { text + 2, 5 } };
  g_autoptr (GSocket) socket = NULL;
  GuardCounts counts;
  gchar received[16];
  int fds[2];

  if (skip ())
    return;
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  socket = g_socket_new_from_fd (fds[0], NULL);
  guard_set_payload (text, sizeof (text));
  guard_begin ();
  g_assert_cmpint (g_socket_send_message (socket, NULL, (GOutputVector *) vectors, 2, NULL, 0, 0,
                       NULL, NULL),
      ==, 9);
  g_assert_cmpint (write (fds[1], "abc", 3), ==, 3);
  g_assert_cmpint (g_socket_receive (socket, received, sizeof (received), NULL, NULL), ==, 3);
  counts = end_counts ();
  guard_set_payload (NULL, 0);
  close (fds[1]);
  g_assert_cmpuint (counts.calls[GUARD_SEND], ==, 2);
  g_assert_cmpuint (counts.sent, ==, 12);
  g_assert_cmpuint (counts.sent_in_place, ==, 5);
  g_assert_cmpuint (counts.calls[GUARD_RECEIVE], ==, 1);
  g_assert_cmpuint (counts.received, ==, 3);
  g_assert_cmpuint (counts.calls[GUARD_WAKE], ==, 0);
}

/* A condition, an eventfd, a main context. */
static void
test_wake_ups (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  const guint64 one = 1;
  GuardCounts counts;
  GCond cond;
  int fd;

  if (skip ())
    return;
  g_cond_init (&cond);
  fd = eventfd (0, EFD_NONBLOCK);
  guard_begin ();
  g_cond_signal (&cond);
  g_assert_cmpint (write (fd, &one, sizeof (one)), ==, sizeof (one));
  g_main_context_wakeup (context);
  counts = end_counts ();
  g_cond_clear (&cond);
  close (fd);
  g_assert_cmpuint (counts.calls[GUARD_WAKE], ==, 1);
  g_assert_cmpuint (counts.calls[GUARD_SIGNAL], ==, 2);
  g_assert_cmpuint (guard_count_calls (&counts), ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guard/selftest/memory", test_memory);
  g_test_add_func ("/guard/selftest/threads", test_threads);
  g_test_add_func ("/guard/selftest/sockets", test_sockets);
  g_test_add_func ("/guard/selftest/wake-ups", test_wake_ups);
  return g_test_run ();
}
