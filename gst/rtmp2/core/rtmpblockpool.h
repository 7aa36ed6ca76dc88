/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_BLOCK_POOL_H
#define RTMP_BLOCK_POOL_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * RtmpBlockPool: memory of received messages that is used again.
 *
 * One thread fills messages and others free them, at a rate at which the C library gives pages
 * back to the kernel and takes them again, page fault by page fault: a third of what playing
 * costs. The pool keeps up to RTMP_MAX_POOLED_BYTES of freed blocks, in classes of sizes a
 * quarter of an octave apart.
 *
 * One thread, the owner, takes; any thread gives back. Neither waits for the other.
 */
typedef struct _RtmpBlockPool RtmpBlockPool;

/* (transfer full) */
RtmpBlockPool *rtmp_block_pool_new (void);

/* The owner takes no more, and nothing is kept any longer. Blocks may still be given back; the pool is
 * freed with the last. */
void rtmp_block_pool_close (RtmpBlockPool *pool);

/**
 * rtmp_block_pool_take:
 * @size: bytes
 * @capacity: (out): bytes there are, at least @size; rtmp_block_pool_give() wants it back
 *
 * Returns: (transfer full) (nullable): memory that is not cleared; %NULL if there is none, or
 *   @size is more than the pool deals in (RTMP_MAX_POOLED_BLOCK)
 */
gpointer rtmp_block_pool_take (RtmpBlockPool *pool, gsize size, gsize *capacity);

/* @memory: (transfer full): taken from this pool. From any thread. */
void rtmp_block_pool_give (RtmpBlockPool *pool, gpointer memory, gsize capacity);

/* Bytes that are kept for use again. */
gsize rtmp_block_pool_get_kept (const RtmpBlockPool *pool);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpBlockPool, rtmp_block_pool_close)

G_END_DECLS

#endif
