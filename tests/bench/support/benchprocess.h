/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <glib.h>

/* Bytes of memory of this process that no file is behind: heap, stacks, what was written in
 * libraries. (The resident or the proportional set also changes with what other processes map.) */
guint64 bench_memory (void);

/* (transfer full): the threads of this process as a JSON object, name -> number. Numbers in
 * names are replaced by '#', so that the threads of all elements count together. */
gchar *bench_threads (void);

#endif
