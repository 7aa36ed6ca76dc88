/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <glib.h>
#include <sys/resource.h>

/* CPU seconds, user and system, of this process and all its threads so far. */
static inline gdouble
bench_cpu_seconds (void)
{
  struct rusage usage = { 0 };

  getrusage (RUSAGE_SELF, &usage);
  return (gdouble) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + (gdouble) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* As many descriptors as the system allows: a connection needs one or more. */
static inline void
bench_raise_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit (RLIMIT_NOFILE, &limit);
  }
}

#endif
