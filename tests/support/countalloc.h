/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef COUNT_ALLOC_H
#define COUNT_ALLOC_H

#include <stdlib.h>
#include <string.h>
#include <glib.h>

/*
 * Counts what the code under test allocates. A program's own definition of a
 * GLib function takes the place of the library's for all code linked into the
 * program, while GLib itself goes on with its own. To be included by one file
 * of a program. GLib frees with free(), so memory may come from malloc().
 */
#undef g_malloc
#undef g_malloc0
#undef g_malloc_n
#undef g_malloc0_n
#undef g_realloc
#undef g_try_malloc
#undef g_try_realloc

static guint64 count_alloc_calls;
/* How many g_try_*() calls still succeed. */
static guint64 count_alloc_tries_left = G_MAXUINT64;

static gpointer
count_alloc_checked (gpointer memory, gsize size)
{
  count_alloc_calls++;
  if (!memory && size > 0)
    abort ();
  return memory;
}

gpointer
g_malloc (gsize size)
{
  return count_alloc_checked (size > 0 ? malloc (size) : NULL, size);
}

gpointer
g_malloc0 (gsize size)
{
  return count_alloc_checked (size > 0 ? calloc (1, size) : NULL, size);
}

gpointer
g_malloc_n (gsize n, gsize size)
{
  g_assert_true (size == 0 || n <= G_MAXSIZE / size);
  return g_malloc (n * size);
}

gpointer
g_malloc0_n (gsize n, gsize size)
{
  g_assert_true (size == 0 || n <= G_MAXSIZE / size);
  return g_malloc0 (n * size);
}

gpointer
g_realloc (gpointer memory, gsize size)
{
  return count_alloc_checked (realloc (memory, size), size);
}

gpointer
g_try_realloc (gpointer memory, gsize size)
{
  count_alloc_calls++;
  if (count_alloc_tries_left == 0)
    return NULL;
  count_alloc_tries_left--;
  return realloc (memory, size);
}

gpointer
g_try_malloc (gsize size)
{
  return g_try_realloc (NULL, size);
}

#endif
