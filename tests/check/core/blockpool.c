/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <glib.h>

#include "core/rtmpblockpool.h"
#include "core/rtmplimits.h"
#include "core/rtmpmessage.h"

static gint n_freed; /* atomic */

/* In the place of GLib's, for the code under test. */
#undef g_free
void
g_free (gpointer memory)
{
  g_atomic_int_inc (&n_freed);
  free (memory);
}

/* What is given is taken again, the last first, and only for what it is large enough for. */
static void
test_again (void)
{
  RtmpBlockPool *pool = rtmp_block_pool_new ();
  gsize small, large;
  gpointer first = rtmp_block_pool_take (pool, 1000, &small);
  gpointer second = rtmp_block_pool_take (pool, 1000, &small);
  gpointer third = rtmp_block_pool_take (pool, small + 1, &large);

  g_assert_cmpuint (large, >, small);
  rtmp_block_pool_give (pool, first, small);
  rtmp_block_pool_give (pool, second, small);
  rtmp_block_pool_give (pool, third, large);
  g_assert_cmpuint (rtmp_block_pool_get_kept (pool), ==, 2 * small + large);

  g_assert_true (rtmp_block_pool_take (pool, 1000, &small) == second);
  g_assert_true (rtmp_block_pool_take (pool, large, &large) == third);
  g_assert_true (rtmp_block_pool_take (pool, small, &small) == first);
  g_assert_cmpuint (rtmp_block_pool_get_kept (pool), ==, 0);
  rtmp_block_pool_give (pool, first, small);
  rtmp_block_pool_give (pool, second, small);
  rtmp_block_pool_give (pool, third, large);
  rtmp_block_pool_close (pool);
}

/* Every size gets a block that holds it and is no more than a quarter larger. */
static void
test_classes (void)
{
  RtmpBlockPool *pool = rtmp_block_pool_new ();
  gsize size;

  for (size = 1; size <= RTMP_MAX_POOLED_BLOCK; size += 1 + size / 97) {
    gsize capacity = 0;
    gpointer memory = rtmp_block_pool_take (pool, size, &capacity);

    g_assert_nonnull (memory);
    g_assert_cmpuint (capacity, >=, size);
    g_assert_cmpuint (capacity, <=, MAX (512, size + size / 4 + 1));
    memset (memory, 0xA5, capacity);
    rtmp_block_pool_give (pool, memory, capacity);
    g_assert_cmpuint (rtmp_block_pool_get_kept (pool), <=, RTMP_MAX_POOLED_BYTES);
  }
  rtmp_block_pool_close (pool);
}

static void
test_largest (void)
{
  RtmpBlockPool *pool = rtmp_block_pool_new ();
  gsize capacity;
  gpointer memory = rtmp_block_pool_take (pool, RTMP_MAX_POOLED_BLOCK, &capacity);

  g_assert_nonnull (memory);
  g_assert_cmpuint (capacity, ==, RTMP_MAX_POOLED_BLOCK);
  g_assert_null (rtmp_block_pool_take (pool, RTMP_MAX_POOLED_BLOCK + 1, &capacity));
  rtmp_block_pool_give (pool, memory, RTMP_MAX_POOLED_BLOCK);
  rtmp_block_pool_close (pool);
}

/* As much as the bound is kept, and not a block more. */
static void
test_bound (void)
{
  enum { N = RTMP_MAX_POOLED_BYTES / RTMP_MAX_POOLED_BLOCK + 1 };
  RtmpBlockPool *pool = rtmp_block_pool_new ();
  gpointer blocks[N];
  gsize capacity;
  guint i;

  for (i = 0; i < N; i++)
    blocks[i] = rtmp_block_pool_take (pool, RTMP_MAX_POOLED_BLOCK, &capacity);
  for (i = 0; i + 1 < N; i++)
    rtmp_block_pool_give (pool, blocks[i], capacity);
  g_assert_cmpuint (rtmp_block_pool_get_kept (pool), ==, RTMP_MAX_POOLED_BYTES);
  rtmp_block_pool_give (pool, blocks[i], capacity);
  g_assert_cmpuint (rtmp_block_pool_get_kept (pool), ==, RTMP_MAX_POOLED_BYTES);
  rtmp_block_pool_close (pool);
}

/* Messages outlive the pool's closing: the last of them frees it (a leak checker tells). */
static void
test_closed_first (void)
{
  RtmpBlockPool *pool = rtmp_block_pool_new ();
  RtmpMessage *messages[2];
  guint i;

  for (i = 0; i < 2; i++) {
    guint8 *block = rtmp_message_block_resize (pool, NULL, 0, 1000);

    memset (block, (int) i, 1000);
    messages[i] = rtmp_message_new_taken (RTMP_MESSAGE_VIDEO, 1, 0, block, 1000);
  }
  rtmp_message_unref (messages[0]);
  rtmp_block_pool_close (pool);
  g_assert_cmpuint (((const guint8 *) messages[1]->vectors[0].base)[999], ==, 1);
  rtmp_message_unref (messages[1]);
}

/* A closed pool keeps nothing for as long as blocks are out. */
static void
test_closed_keeps_nothing (void)
{
  RtmpBlockPool *pool = rtmp_block_pool_new ();
  gpointer blocks[5];
  gsize capacity;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (blocks); i++)
    blocks[i] = rtmp_block_pool_take (pool, 1000, &capacity);
  for (i = 0; i < 3; i++)
    rtmp_block_pool_give (pool, blocks[i], capacity);
  g_assert_true (rtmp_block_pool_take (pool, 1000, &capacity) == blocks[2]);
  rtmp_block_pool_give (pool, blocks[2], capacity);

  g_atomic_int_set (&n_freed, 0);
  rtmp_block_pool_close (pool);
  g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 3);
  rtmp_block_pool_give (pool, blocks[3], capacity);
  g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 4);
  rtmp_block_pool_give (pool, blocks[4], capacity);
  g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 6);
}

/* What a block holds stays when it grows, in the pool, out of it and beyond. */
static void
test_resize (void)
{
  static const gsize sizes[] = { 1, 300, 400, 5000, RTMP_MAX_POOLED_BLOCK - RTMP_MESSAGE_BLOCK_ROOM,
    RTMP_MAX_POOLED_BLOCK, 3 * RTMP_MAX_POOLED_BLOCK };
  RtmpBlockPool *pool = rtmp_block_pool_new ();
  guint8 *block = NULL;
  gsize used = 0;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    gsize j;

    block = rtmp_message_block_resize (pool, block, used, sizes[i]);
    for (j = 0; j < used; j++)
      g_assert_cmpuint (block[j], ==, j % 251);
    for (used = sizes[i]; j < used; j++)
      block[j] = (guint8) (j % 251);
  }
  rtmp_message_block_free (block);
  rtmp_block_pool_close (pool);
}

/* -- Two threads -- */

#define ROUNDS 20000u

static gpointer
give_all (gpointer data)
{
  GAsyncQueue *queue = data;
  RtmpMessage *message;
  guint n;

  for (n = 0; n < ROUNDS; n++) {
    message = g_async_queue_pop (queue);
    g_assert_cmpuint (((const guint8 *) message->vectors[0].base)[message->size - 1], ==,
        message->timestamp % 256);
    rtmp_message_unref (message);
  }
  return NULL;
}

static void
test_threads (void)
{
  RtmpBlockPool *pool = rtmp_block_pool_new ();
  GAsyncQueue *queue = g_async_queue_new ();
  GThread *thread = g_thread_new ("give", give_all, queue);
  guint n;

  for (n = 0; n < ROUNDS; n++) {
    gsize size = 1 + n * 7919 % 5000;
    guint8 *block = rtmp_message_block_resize (pool, NULL, 0, size);

    block[size - 1] = (guint8) n;
    g_async_queue_push (queue, rtmp_message_new_taken (RTMP_MESSAGE_VIDEO, 1, n, block, size));
  }
  rtmp_block_pool_close (pool);
  g_thread_join (thread);
  g_async_queue_unref (queue);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/block-pool/again", test_again);
  g_test_add_func ("/block-pool/classes", test_classes);
  g_test_add_func ("/block-pool/largest", test_largest);
  g_test_add_func ("/block-pool/bound", test_bound);
  g_test_add_func ("/block-pool/closed-first", test_closed_first);
  g_test_add_func ("/block-pool/closed-keeps-nothing", test_closed_keeps_nothing);
  g_test_add_func ("/block-pool/resize", test_resize);
  g_test_add_func ("/block-pool/threads", test_threads);
  return g_test_run ();
}
