/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For RTLD_NEXT, ppoll() and the *mmsg() calls. */
#define _GNU_SOURCE

#include "calls.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) \
    || defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define OBSTACLE "built with a sanitizer, which takes the same functions for itself"
#elif !defined(__linux__) || !defined(__GLIBC__)
#define OBSTACLE "only on Linux with the GNU C library"
#endif

#ifdef OBSTACLE

const gchar *
guard_get_obstacle (void)
{
  return OBSTACLE;
}

void
guard_begin (void)
{
}

void
guard_end (void)
{
}

void
guard_suspend (void)
{
}

void
guard_resume (void)
{
}

void
guard_add_counts (const gchar *name, GuardCounts *counts)
{
  (void) name;
  (void) counts;
}

void
guard_set_payload (gconstpointer base, gsize size)
{
  (void) base;
  (void) size;
}

void
guard_hold_receiving (gint fd)
{
  (void) fd;
}

void
guard_wait_idle (const gchar *name)
{
  (void) name;
}

#else

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Threads a test program ever has; one more ends it. */
#define MAX_THREADS 128
#define IDLE_PATIENCE (60 * G_TIME_SPAN_SECOND)

/* @counts and @idle are written by the thread itself; a test reads them when it is idle. */
typedef struct {
  gint tid;
  gint idle;
  guint generation;
  GuardCounts counts;
} Slot;

static Slot slots[MAX_THREADS];
static gint n_slots;
static _Thread_local Slot *own_slot;
static _Thread_local gint suspended;

static gint counting;
static guint generation;
static const guint8 *payload;
static gsize payload_size;

static pthread_mutex_t hold_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hold_cond = PTHREAD_COND_INITIALIZER;
static gint held_fd = -1;

/* -- Threads -- */

/* May be called from malloc(): neither allocates nor locks. */
static Slot *
get_slot (void)
{
  gint i;

  if (own_slot)
    return own_slot;
  i = g_atomic_int_add (&n_slots, 1);
  if (i >= MAX_THREADS)
    abort ();
  own_slot = &slots[i];
  g_atomic_int_set (&own_slot->tid, (gint) gettid ());
  return own_slot;
}

/* (nullable): where to count; NULL when it is not the time. */
static GuardCounts *
get_counts (void)
{
  Slot *slot;

  if (!g_atomic_int_get (&counting) || suspended)
    return NULL;
  slot = get_slot ();
  if (slot->generation != generation) {
    memset (&slot->counts, 0, sizeof (slot->counts));
    slot->generation = generation;
  }
  return &slot->counts;
}

static void
count_call (GuardCall call)
{
  GuardCounts *counts = get_counts ();

  if (counts)
    counts->calls[call]++;
}

static gboolean
has_name (const Slot *slot, const gchar *name)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/self/task/%d/comm", slot->tid);
  g_autofree gchar *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  return strcmp (g_strchomp (text), name) == 0;
}

/* (nullable): the next one behind @slot, or the first. */
static Slot *
find_slot (const gchar *name, Slot *slot)
{
  Slot *end = slots + g_atomic_int_get (&n_slots);

  for (slot = slot ? slot + 1 : slots; slot < end; slot++) {
    if (g_atomic_int_get (&slot->tid) && (name ? has_name (slot, name) : slot == own_slot))
      return slot;
  }
  return NULL;
}

/* -- For tests -- */

const gchar *
guard_get_obstacle (void)
{
  return NULL;
}

void
guard_begin (void)
{
  generation++;
  g_atomic_int_set (&counting, TRUE);
}

void
guard_end (void)
{
  g_atomic_int_set (&counting, FALSE);
}

void
guard_suspend (void)
{
  suspended++;
}

void
guard_resume (void)
{
  suspended--;
}

void
guard_add_counts (const gchar *name, GuardCounts *counts)
{
  Slot *slot = NULL;
  guint i;

  while ((slot = find_slot (name, slot))) {
    if (slot->generation != generation)
      continue;
    for (i = 0; i < GUARD_N_CALLS; i++)
      counts->calls[i] += slot->counts.calls[i];
    counts->allocations += slot->counts.allocations;
    counts->allocated += slot->counts.allocated;
    counts->sent += slot->counts.sent;
    counts->sent_in_place += slot->counts.sent_in_place;
    counts->received += slot->counts.received;
  }
}

void
guard_set_payload (gconstpointer base, gsize size)
{
  payload = base;
  payload_size = size;
}

void
guard_hold_receiving (gint fd)
{
  pthread_mutex_lock (&hold_lock);
  held_fd = fd;
  pthread_cond_broadcast (&hold_cond);
  pthread_mutex_unlock (&hold_lock);
}

void
guard_wait_idle (const gchar *name)
{
  gint64 deadline = g_get_monotonic_time () + IDLE_PATIENCE;
  Slot *slot;

  while (!(slot = find_slot (name, NULL)) || !g_atomic_int_get (&slot->idle)) {
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    g_usleep (200);
  }
}

/* -- Memory -- */

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *block, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);

static void
count_allocation (size_t size)
{
  GuardCounts *counts = get_counts ();

  if (!counts)
    return;
  counts->allocations++;
  counts->allocated += size;
}

void *
malloc (size_t size)
{
  count_allocation (size);
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  count_allocation (n * size);
  return __libc_calloc (n, size);
}

void *
realloc (void *block, size_t size)
{
  count_allocation (size);
  return __libc_realloc (block, size);
}

void *
memalign (size_t alignment, size_t size)
{
  count_allocation (size);
  return __libc_memalign (alignment, size);
}

void *
aligned_alloc (size_t alignment, size_t size)
{
  return memalign (alignment, size);
}

int
posix_memalign (void **block, size_t alignment, size_t size)
{
  void *memory = memalign (alignment, size);

  if (memory)
    *block = memory;
  return memory ? 0 : ENOMEM;
}

/* -- System calls -- */

/* Declares `real` as the C library's function of that name. */
#define FIND_REAL(name) \
  static __typeof__ (name) *real; \
  if (!real) \
  real = (__typeof__ (real)) dlsym (RTLD_NEXT, #name)

static gboolean
is_socket (int fd)
{
  struct stat status;

  return fstat (fd, &status) == 0 && S_ISSOCK (status.st_mode);
}

static gsize
count_in_place (const guint8 *base, gsize size)
{
  const guint8 *begin = MAX (base, payload);
  const guint8 *end = MIN (base + size, payload + payload_size);

  return payload && begin < end ? (gsize) (end - begin) : 0;
}

/* @n: what the call returned */
static void
count_sent (const struct iovec *vectors, gsize n_vectors, ssize_t n)
{
  GuardCounts *counts = get_counts ();
  gsize left = n > 0 ? (gsize) n : 0;
  gsize i;

  if (!counts)
    return;
  counts->calls[GUARD_SEND]++;
  counts->sent += left;
  for (i = 0; i < n_vectors && left > 0; i++) {
    gsize size = MIN (vectors[i].iov_len, left);

    counts->sent_in_place += count_in_place (vectors[i].iov_base, size);
    left -= size;
  }
}

static void
count_sent_block (const void *data, size_t size, ssize_t n)
{
  struct iovec vector = { (void *) data, size };

  count_sent (&vector, 1, n);
}

static void
count_received (ssize_t n)
{
  GuardCounts *counts = get_counts ();

  if (!counts)
    return;
  counts->calls[GUARD_RECEIVE]++;
  counts->received += n > 0 ? (guint64) n : 0;
}

static void
wait_while_held (int fd)
{
  if (g_atomic_int_get (&held_fd) != fd)
    return;
  pthread_mutex_lock (&hold_lock);
  while (held_fd == fd)
    pthread_cond_wait (&hold_cond, &hold_lock);
  pthread_mutex_unlock (&hold_lock);
}

ssize_t
send (int fd, const void *data, size_t size, int flags)
{
  ssize_t n;

  FIND_REAL (send);
  n = real (fd, data, size, flags);
  count_sent_block (data, size, n);
  return n;
}

ssize_t
sendto (int fd, const void *data, size_t size, int flags, const struct sockaddr *address,
    socklen_t address_size)
{
  ssize_t n;

  FIND_REAL (sendto);
  n = real (fd, data, size, flags, address, address_size);
  count_sent_block (data, size, n);
  return n;
}

ssize_t
sendmsg (int fd, const struct msghdr *message, int flags)
{
  ssize_t n;

  FIND_REAL (sendmsg);
  n = real (fd, message, flags);
  count_sent (message->msg_iov, message->msg_iovlen, n);
  return n;
}

int
sendmmsg (int fd, struct mmsghdr *messages, unsigned int n_messages, int flags)
{
  int n, i;

  FIND_REAL (sendmmsg);
  n = real (fd, messages, n_messages, flags);
  /* One call, whatever it carries. */
  count_sent (NULL, 0, 0);
  for (i = 0; i < n; i++) {
    const struct msghdr *header = &messages[i].msg_hdr;

    count_sent (header->msg_iov, header->msg_iovlen, (ssize_t) messages[i].msg_len);
    if (get_counts ())
      get_counts ()->calls[GUARD_SEND]--;
  }
  return n;
}

ssize_t
writev (int fd, const struct iovec *vectors, int n_vectors)
{
  ssize_t n;

  FIND_REAL (writev);
  n = real (fd, vectors, n_vectors);
  count_sent (vectors, (gsize) n_vectors, n);
  return n;
}

ssize_t
write (int fd, const void *data, size_t size)
{
  ssize_t n;

  FIND_REAL (write);
  n = real (fd, data, size);
  if (is_socket (fd))
    count_sent_block (data, size, n);
  else
    count_call (GUARD_SIGNAL);
  return n;
}

ssize_t
recv (int fd, void *data, size_t size, int flags)
{
  ssize_t n;

  FIND_REAL (recv);
  wait_while_held (fd);
  n = real (fd, data, size, flags);
  count_received (n);
  return n;
}

ssize_t
recvfrom (int fd, void *data, size_t size, int flags, struct sockaddr *address,
    socklen_t *address_size)
{
  ssize_t n;

  FIND_REAL (recvfrom);
  wait_while_held (fd);
  n = real (fd, data, size, flags, address, address_size);
  count_received (n);
  return n;
}

ssize_t
recvmsg (int fd, struct msghdr *message, int flags)
{
  ssize_t n;

  FIND_REAL (recvmsg);
  wait_while_held (fd);
  n = real (fd, message, flags);
  count_received (n);
  return n;
}

ssize_t
readv (int fd, const struct iovec *vectors, int n_vectors)
{
  ssize_t n;

  FIND_REAL (readv);
  wait_while_held (fd);
  n = real (fd, vectors, n_vectors);
  count_received (n);
  return n;
}

ssize_t
read (int fd, void *data, size_t size)
{
  ssize_t n;

  FIND_REAL (read);
  wait_while_held (fd);
  n = real (fd, data, size);
  if (is_socket (fd))
    count_received (n);
  else
    count_call (GUARD_OTHER);
  return n;
}

static Slot *
begin_wait (gboolean may_block)
{
  Slot *slot = get_slot ();

  count_call (GUARD_WAIT);
  g_atomic_int_set (&slot->idle, may_block);
  return slot;
}

static void
end_wait (Slot *slot)
{
  int error = errno;

  g_atomic_int_set (&slot->idle, FALSE);
  errno = error;
}

/* The body of a call that waits as @wait does. A thread that finds something at once was not idle,
 * so it looks without blocking first. */
#define WAIT(name, may_block, wait, look) \
  Slot *slot = begin_wait (FALSE); \
  int n = 0; \
  FIND_REAL (name); \
  if (may_block) \
    n = (look); \
  if (n == 0) { \
    g_atomic_int_set (&slot->idle, (may_block)); \
    n = (wait); \
  } \
  end_wait (slot); \
  return n

int
poll (struct pollfd *fds, nfds_t n_fds, int timeout)
{
  WAIT (poll, timeout != 0, real (fds, n_fds, timeout), real (fds, n_fds, 0));
}

int
ppoll (struct pollfd *fds, nfds_t n_fds, const struct timespec *timeout, const sigset_t *mask)
{
  const struct timespec none = { 0, 0 };

  WAIT (ppoll, !timeout || timeout->tv_sec != 0 || timeout->tv_nsec != 0,
      real (fds, n_fds, timeout, mask), real (fds, n_fds, &none, mask));
}

int
epoll_wait (int fd, struct epoll_event *events, int n_events, int timeout)
{
  WAIT (epoll_wait, timeout != 0, real (fd, events, n_events, timeout),
      real (fd, events, n_events, 0));
}

int
epoll_pwait (int fd, struct epoll_event *events, int n_events, int timeout, const sigset_t *mask)
{
  WAIT (epoll_pwait, timeout != 0, real (fd, events, n_events, timeout, mask),
      real (fd, events, n_events, 0, mask));
}

int
epoll_ctl (int fd, int operation, int watched, struct epoll_event *event)
{
  FIND_REAL (epoll_ctl);
  count_call (GUARD_OTHER);
  return real (fd, operation, watched, event);
}

int
setsockopt (int fd, int level, int name, const void *value, socklen_t size)
{
  FIND_REAL (setsockopt);
  count_call (GUARD_OTHER);
  return real (fd, level, name, value, size);
}

int
getsockopt (int fd, int level, int name, void *value, socklen_t *size)
{
  FIND_REAL (getsockopt);
  count_call (GUARD_OTHER);
  return real (fd, level, name, value, size);
}

int
ioctl (int fd, unsigned long request, ...)
{
  va_list arguments;
  void *argument;

  FIND_REAL (ioctl);
  va_start (arguments, request);
  argument = va_arg (arguments, void *);
  va_end (arguments);
  count_call (GUARD_OTHER);
  return real (fd, request, argument);
}

static GuardCall
classify_futex (long operation)
{
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
      return GUARD_WAIT;
    default:
      return GUARD_WAKE;
  }
}

long
syscall (long number, ...)
{
  GuardCall call = GUARD_OTHER;
  Slot *slot = NULL;
  long values[6];
  va_list arguments;
  long result;
  guint i;

  FIND_REAL (syscall);
  va_start (arguments, number);
  for (i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = va_arg (arguments, long);
  va_end (arguments);
  if (number == SYS_futex)
    call = classify_futex (values[1]);
  if (call == GUARD_WAIT)
    slot = begin_wait (TRUE);
  else
    count_call (call);
  result = real (number, values[0], values[1], values[2], values[3], values[4], values[5]);
  if (slot)
    end_wait (slot);
  return result;
}

#endif

guint
guard_count_calls (const GuardCounts *counts)
{
  guint n = 0;
  guint i;

  for (i = 0; i < GUARD_N_CALLS; i++)
    n += counts->calls[i];
  return n;
}
