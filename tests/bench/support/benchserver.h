/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include "core/rtmpserver.h"

typedef enum {
  BENCH_SETUP,
  BENCH_PUBLISHING, /* what the client sends from now on is media */
  BENCH_PLAYING,    /* media is to be sent */
  BENCH_FAILED,
} BenchState;

/**
 * BenchServer: core's server role that takes every client, whatever it wants. Without I/O: the
 * owner carries bytes from and to @session.
 * @media, @media_bytes: messages and payload bytes that were fed after the set-up
 */
typedef struct {
  RtmpSession *session;
  BenchState state;
  guint32 stream_id;
  guint64 media;
  guint64 media_bytes;
} BenchServer;

/* @chunk_size: announced to the client, for what is sent to it */
void bench_server_init (BenchServer *server, guint32 chunk_size);
void bench_server_clear (BenchServer *server);

/* Takes bytes of the client; then the session may have output. Returns the new state. */
BenchState bench_server_feed (BenchServer *server, const guint8 *data, gsize size);

/* Says in every way that clients know that a play is over. */
void bench_server_end_play (BenchServer *server);

#endif
