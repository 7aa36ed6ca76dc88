/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For memmem() and clock_nanosleep(). */
#define _GNU_SOURCE

#include "benchsamples.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NANOSECONDS G_GINT64_CONSTANT (1000000000)

static const guint8 stamp_mark[8] = { 0xb3, 'n', 'c', 'h', 0xf1, 's', 't', 0xa7 };

gint64
bench_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * NANOSECONDS + now.tv_nsec;
}

void
bench_sleep_until (gint64 moment)
{
  const struct timespec until = { moment / NANOSECONDS, moment % NANOSECONDS };

  while (clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
    ;
}

void
bench_stamp_write (guint8 *dest)
{
  gint64 now = bench_now ();

  memcpy (dest, stamp_mark, sizeof (stamp_mark));
  memcpy (dest + sizeof (stamp_mark), &now, sizeof (now));
}

gint64
bench_stamp_find (const guint8 *data, gsize size, gsize *end)
{
  const guint8 *found = memmem (data, size, stamp_mark, sizeof (stamp_mark));
  gint64 moment;

  if (!found || (gsize) (found - data) + BENCH_STAMP_SIZE > size)
    return -1;
  memcpy (&moment, found + sizeof (stamp_mark), sizeof (moment));
  *end = (gsize) (found - data) + BENCH_STAMP_SIZE;
  return moment;
}

void
bench_samples_init (BenchSamples *samples)
{
  *samples = (BenchSamples) { g_array_new (FALSE, FALSE, sizeof (gint64)) };
}

void
bench_samples_clear (BenchSamples *samples)
{
  g_clear_pointer (&samples->values, g_array_unref);
}

void
bench_samples_add (BenchSamples *samples, gint64 nanoseconds)
{
  if (samples->n_skipped < BENCH_WARM_UP)
    samples->n_skipped++;
  else
    g_array_append_val (samples->values, nanoseconds);
}

void
bench_samples_print (const BenchSamples *samples, const gchar *plugin)
{
  guint i;

  printf ("{\"plugin\": \"%s\", \"samples\": [", plugin ? plugin : "");
  for (i = 0; i < samples->values->len; i++)
    printf ("%s%.1f", i > 0 ? ", " : "",
        (gdouble) g_array_index (samples->values, gint64, i) / 1e3);
  printf ("]}\n");
  (void) fflush (stdout);
}
