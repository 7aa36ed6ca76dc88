/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpblockpool.h"

#include "rtmplimits.h"

/*
 *   take <-- front | owner's     given <-- give, any thread
 *              ^                   |
 *              '---- all at once --'   when front is empty
 *
 * Only whole lists are taken from @given, so that nothing can be put in the place of what another
 * thread is looking at.
 */
typedef struct _Block Block;
struct _Block {
  Block *next;
};

typedef struct {
  Block *front;
  Block *given; /* atomic */
} Class;

#define STEPS 4u /* classes in an octave */
#define FIRST_SIZE 512u
#define OCTAVES 11u
#define N_CLASSES (OCTAVES * STEPS + 1)
G_STATIC_ASSERT (FIRST_SIZE << OCTAVES == RTMP_MAX_POOLED_BLOCK);

struct _RtmpBlockPool {
  gsize taken; /* ever; the owner's */
  gssize kept; /* bytes; atomic */
  /* Minus the blocks that came back ever, and from the closing on the blocks that are out; atomic. */
  gssize balance;
  Class classes[N_CLASSES];
};

RtmpBlockPool *
rtmp_block_pool_new (void)
{
  return g_new0 (RtmpBlockPool, 1);
}

/* Class 0 is all up to FIRST_SIZE; of @size in (2^n, 2^(n+1)] the class is the quarter it lies in. */
static guint
find_class (gsize size, gsize *class_size)
{
  guint octave, quarter;
  gsize base;

  if (size <= FIRST_SIZE) {
    *class_size = FIRST_SIZE;
    return 0;
  }
  octave = g_bit_storage (size - 1) - 1;
  base = (gsize) 1 << octave;
  quarter = (guint) ((size - 1 - base) / (base / STEPS));
  *class_size = base + (quarter + 1) * (base / STEPS);
  return (octave - (g_bit_storage (FIRST_SIZE) - 1)) * STEPS + quarter + 1;
}

static void
free_list (Block *block)
{
  while (block) {
    Block *next = block->next;

    g_free (block);
    block = next;
  }
}

static void
free_given (RtmpBlockPool *pool)
{
  guint i;

  for (i = 0; i < N_CLASSES; i++)
    free_list (g_atomic_pointer_exchange (&pool->classes[i].given, NULL));
}

/* What is given while it closes may still be kept. */
static void
free_pool (RtmpBlockPool *pool)
{
  free_given (pool);
  g_free (pool);
}

void
rtmp_block_pool_close (RtmpBlockPool *pool)
{
  gssize taken = (gssize) pool->taken;
  guint i;

  for (i = 0; i < N_CLASSES; i++)
    free_list (pool->classes[i].front);
  free_given (pool);
  if (g_atomic_pointer_add (&pool->balance, taken) + taken == 0)
    free_pool (pool);
}

gpointer
rtmp_block_pool_take (RtmpBlockPool *pool, gsize size, gsize *capacity)
{
  Class *class;
  Block *block;

  if (size > RTMP_MAX_POOLED_BLOCK)
    return NULL;
  class = &pool->classes[find_class (size, capacity)];
  if (!class->front)
    class->front = g_atomic_pointer_exchange (&class->given, NULL);
  block = class->front;
  if (block) {
    class->front = block->next;
    g_atomic_pointer_add (&pool->kept, -(gssize) *capacity);
  } else if (!(block = g_try_malloc (*capacity))) {
    return NULL;
  }
  pool->taken++;
  return block;
}

static void
keep (RtmpBlockPool *pool, Block *block, gsize capacity)
{
  gsize class_size;
  Class *class = &pool->classes[find_class (capacity, &class_size)];

  do {
    block->next = g_atomic_pointer_get (&class->given);
  } while (!g_atomic_pointer_compare_and_exchange (&class->given, block->next, block));
}

/* If TRUE, @capacity counts as kept. A closed pool keeps nothing: the application may hold the last
 * block for long. */
static gboolean
may_keep (RtmpBlockPool *pool, gsize capacity)
{
  gssize kept;

  if ((gssize) g_atomic_pointer_get (&pool->balance) > 0)
    return FALSE;
  kept = g_atomic_pointer_add (&pool->kept, (gssize) capacity) + (gssize) capacity;
  if (kept <= (gssize) RTMP_MAX_POOLED_BYTES)
    return TRUE;
  g_atomic_pointer_add (&pool->kept, -(gssize) capacity);
  return FALSE;
}

void
rtmp_block_pool_give (RtmpBlockPool *pool, gpointer memory, gsize capacity)
{
  if (may_keep (pool, capacity))
    keep (pool, memory, capacity);
  else
    g_free (memory);
  if (g_atomic_pointer_add (&pool->balance, -1) == 1)
    free_pool (pool);
}

gsize
rtmp_block_pool_get_kept (const RtmpBlockPool *pool)
{
  return (gsize) g_atomic_pointer_get (&((RtmpBlockPool *) pool)->kept);
}
