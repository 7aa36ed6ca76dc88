/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_FEED_H
#define BENCH_FEED_H

#include <gst/gst.h>

/**
 * BenchFeed: the cheapest upstream of an rtmp2sink: a pad that gives FLV as flvmux gives it, one
 * tag in each buffer, in one memory. A buffer and its memory are used again as soon as the sink has
 * let go of them, so that a sink that sends at once gets the same memory each time, warm in
 * the cache, as the floor does; one that queues gets as many as it queues.
 */
typedef struct _BenchFeed BenchFeed;

/* A pad and one buffer of each kind. @video_size, @audio_size: payload bytes of pictures and of AAC
 * frames */
BenchFeed *bench_feed_new (guint video_size, guint audio_size);
/* The sink must have let go of all buffers. */
void bench_feed_free (BenchFeed *feed);

/* Links the pad to @sink's and pushes stream-start, caps, segment, and in buffers the FLV header and
 * an AVC configuration. The sink must be at least PAUSED. */
void bench_feed_start (BenchFeed *feed, GstElement *sink);

/* Pushes the next picture, or AAC frame. */
GstFlowReturn bench_feed_push_video (BenchFeed *feed, guint32 timestamp);
GstFlowReturn bench_feed_push_audio (BenchFeed *feed, guint32 timestamp);
/* Pushes @n pictures as a list, @interval milliseconds apart. */
GstFlowReturn bench_feed_push_list (BenchFeed *feed, guint32 timestamp, guint interval, guint n);
void bench_feed_push_eos (BenchFeed *feed);

#endif
