/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CALLS_H
#define GUARD_CALLS_H

#include <glib.h>

G_BEGIN_DECLS

/*
 * Counts what each thread asks of the kernel and of the heap.
 *
 * The program that links this defines the C library's functions for system calls and for memory
 * itself; its definitions take the place of the library's for GLib, GStreamer and the plugin too,
 * count, and pass the call on. What the C library does inside of itself is not seen: the locks of
 * pthread among it (GLib's mutexes and conditions go through syscall() and are). A trace shows all;
 * see `trace`.
 *
 * Threads are told apart, so that a peer in the same process is not counted in.
 */

/* The kinds of system calls. */
typedef enum {
  GUARD_SEND,    /* send*() and writev(), write() to a socket */
  GUARD_RECEIVE, /* recv*() and readv(), read() from a socket; EAGAIN too */
  GUARD_WAIT,    /* poll(), epoll_wait() and their like; waiting for a futex */
  GUARD_WAKE,    /* waking at a futex */
  GUARD_SIGNAL,  /* write() to what is no socket: an eventfd that wakes a main context */
  GUARD_OTHER,   /* options, ioctl(), epoll_ctl(), read() from an eventfd, syscall() */
  GUARD_N_CALLS
} GuardCall;

/**
 * GuardCounts:
 * @calls: system calls of each kind
 * @allocations: blocks taken from the heap; growing one with realloc() counts too
 * @allocated: their bytes
 * @sent: bytes that the kernel took
 * @sent_in_place: those of them that lay where guard_set_payload() says
 * @received: bytes the kernel gave
 */
typedef struct {
  guint calls[GUARD_N_CALLS];
  guint allocations;
  guint64 allocated;
  guint64 sent;
  guint64 sent_in_place;
  guint64 received;
} GuardCounts;

/* (nullable): why nothing can be counted in this build, as "built with a sanitizer"; NULL if it
 * can. */
const gchar *guard_get_obstacle (void);

/* Sets all counts to 0 and counts from here on. Threads must be idle, or what they do not matter. */
void guard_begin (void);
/* Counts no more; the counts stay. */
void guard_end (void);
/* The calling thread is not counted in between: for what a test does in a thread it looks at. */
void guard_suspend (void);
void guard_resume (void);

/* Adds what the threads of that name (of 15 characters at most) counted; @name: (nullable): NULL is
 * the calling thread. Threads that have ended are left out. */
void guard_add_counts (const gchar *name, GuardCounts *counts);
guint guard_count_calls (const GuardCounts *counts);

/* The payload that is to be sent from where it lies; @base: (nullable). */
void guard_set_payload (gconstpointer base, gsize size);

/* Whoever receives from that descriptor is held up in front of the call; -1 lets it go. */
void guard_hold_receiving (gint fd);
/* Until a thread of that name is in a call of GUARD_WAIT that may block. */
void guard_wait_idle (const gchar *name);

G_END_DECLS

#endif
