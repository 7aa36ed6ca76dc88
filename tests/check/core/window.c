/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpwindow.h"

#define GIB (G_GUINT64_CONSTANT (1) << 30)

static void
assert_not_due (RtmpWindow *window, gsize bytes)
{
  guint32 sequence = 77;

  g_assert_false (rtmp_window_received (window, bytes, &sequence));
  g_assert_cmpuint (sequence, ==, 77);
}

static void
assert_due (RtmpWindow *window, gsize bytes, guint32 expected)
{
  guint32 sequence = 77;

  g_assert_true (rtmp_window_received (window, bytes, &sequence));
  g_assert_cmpuint (sequence, ==, expected);
}

static void
test_init (void)
{
  RtmpWindow window = { 1, 2, 3, 4, 5, 6, 7, TRUE };

  rtmp_window_init (&window);
  g_assert_cmpuint (window.in_window, ==, 0);
  g_assert_cmpuint (window.in_bytes, ==, 0);
  g_assert_cmpuint (window.in_acked, ==, 0);
  g_assert_cmpuint (window.out_window, ==, 0);
  g_assert_cmpuint (window.out_sent, ==, 0);
  g_assert_cmpuint (window.out_bytes, ==, 0);
  g_assert_cmpuint (window.out_acked, ==, 0);
  g_assert_false (window.limit_was_hard);
}

/* Vector 15: window 1000, 2500 bytes. */
static void
test_due (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  window.in_window = 1000;
  assert_not_due (&window, 0);
  assert_not_due (&window, 499);
  assert_due (&window, 1, 500);
  assert_not_due (&window, 499);
  assert_due (&window, 501, 1500);
  assert_due (&window, 1000, 2500);
  g_assert_cmpuint (window.in_bytes, ==, 2500);
  g_assert_cmpuint (window.in_acked, ==, 2500);
}

/* However the bytes come in, never more than a window goes unacknowledged. */
static void
test_due_steps (void)
{
  guint step;

  for (step = 1; step <= 500; step++) {
    RtmpWindow window;
    guint32 sequence;

    rtmp_window_init (&window);
    window.in_window = 1000;
    while (window.in_bytes < 5000) {
      rtmp_window_received (&window, step, &sequence);
      g_assert_cmpuint (window.in_bytes - window.in_acked, <, 1000);
    }
    g_assert_cmpuint (window.in_acked, >=, 4000);
  }
}

static void
test_never_asked (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  assert_not_due (&window, 5000);
  g_assert_cmpuint (window.in_bytes, ==, 5000);
  window.in_window = 10000;
  assert_due (&window, 0, 5000);
}

/* Windows as small as a hostile peer likes: one acknowledgement a call. */
static void
test_tiny (void)
{
  guint32 size;

  for (size = 1; size <= 3; size++) {
    RtmpWindow window;

    rtmp_window_init (&window);
    window.in_window = size;
    assert_not_due (&window, 0);
    assert_due (&window, 1, 1);
    assert_due (&window, 100000, 100001);
  }
}

static void
test_largest (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  window.in_window = G_MAXUINT32;
  assert_not_due (&window, 0x7FFFFFFE);
  assert_due (&window, 1, 0x7FFFFFFF);
}

/* Vector 15: the counter crosses 2^32. */
static void
test_due_wraps (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  window.in_window = 1000;
  window.in_bytes = window.in_acked = 4 * GIB - 300;
  assert_not_due (&window, 299);
  assert_due (&window, 300, 299);
  assert_not_due (&window, 499);
  assert_due (&window, 1, 799);
  g_assert_cmpuint (window.in_bytes, ==, 4 * GIB + 799);
}

static void
acked (RtmpWindow *window, guint64 out_bytes, guint32 sequence, guint64 expected)
{
  window->out_bytes = out_bytes;
  rtmp_window_acked (window, sequence);
  g_assert_cmpuint (window->out_acked, ==, expected);
}

static void
test_acked (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  acked (&window, 0, 0, 0);
  acked (&window, 1000, 0, 0);
  acked (&window, 1000, 600, 600);
  acked (&window, 1000, 600, 600);
  acked (&window, 1000, 599, 600);
  acked (&window, 1000, 1000, 1000);
}

/* A peer that counts more than was sent, and nonsense. */
static void
test_acked_tolerant (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  acked (&window, 1000, 1001, 1000);
  acked (&window, 2000, 5073, 2000);
  acked (&window, 3000, 3000u + 0x7FFFFFFFu, 3000);
  rtmp_window_init (&window);
  acked (&window, 3000, 3000u + 0x80000000u, 3000);
  rtmp_window_init (&window);
  acked (&window, 3000, 3000u + 0x80000001u, 0);
  acked (&window, 3000, G_MAXUINT32, 0);
}

static void
test_acked_wraps (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  acked (&window, 4 * GIB - 1, 0xFFFFFFF0, 4 * GIB - 16);
  acked (&window, 4 * GIB + 100, 0xFFFFFFFF, 4 * GIB - 1);
  acked (&window, 4 * GIB + 100, 0, 4 * GIB);
  acked (&window, 4 * GIB + 100, 100, 4 * GIB + 100);
  acked (&window, 4 * GIB + 100, 0xFFFFFFF0, 4 * GIB + 100);
}

/* peers.md Q28: acknowledges once in a long while. */
static void
test_acked_rarely (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  acked (&window, 13 * GIB, (guint32) (13 * GIB - 5), 13 * GIB - 5);
  acked (&window, 40 * GIB + 7, 3, 40 * GIB + 3);
}

static void
assert_reply (RtmpWindow *window, guint32 size, guint8 limit_type, guint32 expected)
{
  guint32 window_size = 77;

  g_assert_true (rtmp_window_set_peer_bandwidth (window, size, limit_type, &window_size));
  g_assert_cmpuint (window_size, ==, expected);
  g_assert_cmpuint (window->out_sent, ==, expected);
  g_assert_cmpuint (window->out_window, ==, expected);
}

static void
assert_no_reply (RtmpWindow *window, guint32 size, guint8 limit_type, guint32 out_window)
{
  guint32 window_size = 77;

  g_assert_false (rtmp_window_set_peer_bandwidth (window, size, limit_type, &window_size));
  g_assert_cmpuint (window_size, ==, 77);
  g_assert_cmpuint (window->out_window, ==, out_window);
}

/* Vector 16. */
static void
test_bandwidth (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  assert_reply (&window, 5000, RTMP_BANDWIDTH_HARD, 5000);
  assert_no_reply (&window, 10000, RTMP_BANDWIDTH_SOFT, 5000);
  assert_no_reply (&window, 2000, RTMP_BANDWIDTH_DYNAMIC, 5000);

  assert_no_reply (&window, 5000, RTMP_BANDWIDTH_HARD, 5000);
  assert_reply (&window, 2000, RTMP_BANDWIDTH_DYNAMIC, 2000);
  assert_reply (&window, 3000, RTMP_BANDWIDTH_DYNAMIC, 3000);
  assert_no_reply (&window, 1000, 7, 3000);
  assert_no_reply (&window, 1000, 3, 3000);
  assert_no_reply (&window, 1000, 255, 3000);
  assert_reply (&window, 4000, RTMP_BANDWIDTH_DYNAMIC, 4000);

  assert_reply (&window, 1000, RTMP_BANDWIDTH_SOFT, 1000);
  assert_no_reply (&window, 500, RTMP_BANDWIDTH_DYNAMIC, 1000);
  assert_reply (&window, G_MAXUINT32, RTMP_BANDWIDTH_HARD, G_MAXUINT32);
}

static void
test_bandwidth_first (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  assert_no_reply (&window, 2000, RTMP_BANDWIDTH_DYNAMIC, 0);
  assert_reply (&window, 2000, RTMP_BANDWIDTH_SOFT, 2000);
}

static void
test_bandwidth_zero (void)
{
  RtmpWindow window;
  guint8 type;

  rtmp_window_init (&window);
  assert_reply (&window, 5000, RTMP_BANDWIDTH_HARD, 5000);
  for (type = RTMP_BANDWIDTH_HARD; type <= RTMP_BANDWIDTH_DYNAMIC; type++)
    assert_no_reply (&window, 0, type, 5000);
  assert_reply (&window, 4000, RTMP_BANDWIDTH_DYNAMIC, 4000);
}

/* peers.md Q34: what was announced before is not announced again. */
static void
test_bandwidth_announced (void)
{
  RtmpWindow window;

  rtmp_window_init (&window);
  window.out_sent = 2500000;
  assert_no_reply (&window, 2500000, RTMP_BANDWIDTH_HARD, 2500000);
  assert_no_reply (&window, 2500000, RTMP_BANDWIDTH_DYNAMIC, 2500000);
  assert_reply (&window, 5000000, RTMP_BANDWIDTH_HARD, 5000000);
  assert_no_reply (&window, 5000000, RTMP_BANDWIDTH_HARD, 5000000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window/init", test_init);
  g_test_add_func ("/window/received/due", test_due);
  g_test_add_func ("/window/received/steps", test_due_steps);
  g_test_add_func ("/window/received/never-asked", test_never_asked);
  g_test_add_func ("/window/received/tiny", test_tiny);
  g_test_add_func ("/window/received/largest", test_largest);
  g_test_add_func ("/window/received/wraps", test_due_wraps);
  g_test_add_func ("/window/acked/order", test_acked);
  g_test_add_func ("/window/acked/tolerant", test_acked_tolerant);
  g_test_add_func ("/window/acked/wraps", test_acked_wraps);
  g_test_add_func ("/window/acked/rarely", test_acked_rarely);
  g_test_add_func ("/window/bandwidth/types", test_bandwidth);
  g_test_add_func ("/window/bandwidth/first", test_bandwidth_first);
  g_test_add_func ("/window/bandwidth/zero", test_bandwidth_zero);
  g_test_add_func ("/window/bandwidth/announced", test_bandwidth_announced);
  return g_test_run ();
}
