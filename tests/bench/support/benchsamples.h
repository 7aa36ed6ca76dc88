/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <glib.h>

/* What comes before the samples that count: set-up, caches, the socket's buffers. */
#define BENCH_WARM_UP 50u
/* Bytes of a picture that carries the moment it was sent: its header, a mark, the moment. */
#define BENCH_STAMP_OFFSET 5u
#define BENCH_STAMP_SIZE 16u

/* Nanoseconds of CLOCK_MONOTONIC, which all processes share. */
gint64 bench_now (void);
/* Sleeps until then. */
void bench_sleep_until (gint64 moment);

/* Writes BENCH_STAMP_SIZE bytes, the present moment in them. */
void bench_stamp_write (guint8 *dest);
/* The moment in the next stamp in @data, and in *@end the bytes up to behind it; -1 if there is
 * none. */
gint64 bench_stamp_find (const guint8 *data, gsize size, gsize *end);

/**
 * BenchSamples: latencies in nanoseconds. Those of the first BENCH_WARM_UP messages are left out.
 */
typedef struct {
  GArray *values;
  guint n_skipped;
} BenchSamples;

void bench_samples_init (BenchSamples *samples);
void bench_samples_clear (BenchSamples *samples);
void bench_samples_add (BenchSamples *samples, gint64 nanoseconds);
/* One line of JSON: {"samples": [...], "plugin": FILE}, samples in microseconds. @plugin:
 * (nullable) */
void bench_samples_print (const BenchSamples *samples, const gchar *plugin);

#endif
