/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <glib.h>

/* A live stream of 5 Mbit/s: a picture of 24300 bytes and two audio frames of 350 bytes in
 * every tick of 40 ms. */
#define BENCH_LIVE_TICK_MS 40u
#define BENCH_LIVE_VIDEO_SIZE 24300u
#define BENCH_LIVE_AUDIO_SIZE 350u
#define BENCH_LIVE_TICK_AUDIOS 2u
/* Message size that stands for this layout; any other is video of that size only. */
#define BENCH_LIVE 0u
/* Bytes per millisecond of a stream of 5 Mbit/s. */
#define BENCH_BYTES_PER_MS 625u
/* Every so many pictures one is a key frame. */
#define BENCH_KEY_INTERVAL 50u

/**
 * BenchWire: the bytes that a server sends to a player, laid out once by the core's chunk
 * writer: @prefix bytes (configuration and the first picture, whose headers are whole), then a
 * block of @block bytes that may be repeated for ever, because all its timestamps are constant
 * deltas.
 * @data: (array length=prefix+block): owned
 * @block_messages: messages in the block; the first picture of it is a key frame
 * @tick: bytes of BENCH_LIVE_TICK_MS in the block of a live layout, else 0
 */
typedef struct {
  guint8 *data;
  gsize prefix;
  gsize block;
  gsize tick;
  guint prefix_messages;
  guint block_messages;
} BenchWire;

/* @message_size: payload bytes, or BENCH_LIVE. */
void bench_wire_init (BenchWire *wire, guint message_size, guint32 chunk_size);
void bench_wire_clear (BenchWire *wire);

/* The first bytes of an AVC picture's payload, as in an FLV tag (FLV 10.1, E.4.3). */
void bench_write_picture (guint8 dest[5], gboolean key);
/* Milliseconds between messages of @message_size at 5 Mbit/s, at least 1. */
guint bench_interval_ms (guint message_size);

/* Payload of an AVC configuration that demuxers take. */
extern const guint8 bench_avc_config[];
extern const guint bench_avc_config_size;

#endif
