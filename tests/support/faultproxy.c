/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "faultproxy.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faultconn.h"

#define BACKLOG 64

/**
 * FaultProxy:
 * @reserved: a socket bound to the port that never listens, and so keeps the port while @listener
 *   is closed
 * @listener: -1 = closed
 * @wake: an eventfd: something was asked of the thread
 * @lock: guards all below, and the connections; the thread holds it except while it polls
 * @faults: (element-type Fault): for connections to come
 * @orders: (element-type Fault): to be injected; @n_orders have been given, @n_obeyed carried out
 * @refusals: connections that are still to be refused
 */
struct _FaultProxy {
  guint16 port, target;
  gint reserved, listener, wake;
  GThread *thread;

  GMutex lock;
  GCond cond;
  GPtrArray *connections;
  GArray *faults;
  GArray *events;
  guint n_faults;
  GArray *orders;
  guint n_orders, n_obeyed;
  guint refusals;
  gboolean listening;
  gboolean stop;
};

/* -- What happened -- */

static void
note (FaultProxy *proxy, const FaultConn *connection, FaultEventType type, FaultKind kind)
{
  const FaultEvent event = {
    .type = type,
    .time = g_get_monotonic_time (),
    .connection = connection->number,
    .kind = kind,
    .out = connection->ways[FAULT_CLIENT].passed,
    .in = connection->ways[FAULT_SERVER].passed,
  };

  g_array_append_val (proxy->events, event);
}

static void
on_fault (FaultConn *connection, FaultKind kind, gpointer data)
{
  FaultProxy *proxy = data;

  proxy->n_faults++;
  note (proxy, connection, FAULT_EVENT_FAULT, kind);
}

GArray *
fault_proxy_get_events (FaultProxy *proxy)
{
  GArray *events = g_array_new (FALSE, FALSE, sizeof (FaultEvent));

  g_mutex_lock (&proxy->lock);
  g_array_append_vals (events, proxy->events->data, proxy->events->len);
  g_mutex_unlock (&proxy->lock);
  return events;
}

static const gchar *
describe (const FaultEvent *event)
{
  static const gchar *const types[] = {
    [FAULT_EVENT_ACCEPTED] = "accepted",
    [FAULT_EVENT_REFUSED] = "refused",
    [FAULT_EVENT_ENDED] = "ended",
  };
  static const gchar *const kinds[] = {
    [FAULT_DELAY] = "delay",
    [FAULT_RATE] = "rate",
    [FAULT_STALL] = "stall",
    [FAULT_BLACK_HOLE] = "black-hole",
    [FAULT_FIN] = "fin",
    [FAULT_RST] = "rst",
    [FAULT_CORRUPT] = "corrupt",
    [FAULT_RESUME] = "resume",
  };

  return event->type == FAULT_EVENT_FAULT ? kinds[event->kind] : types[event->type];
}

gchar *
fault_proxy_get_log (FaultProxy *proxy)
{
  g_autoptr (GArray) events = fault_proxy_get_events (proxy);
  GString *log = g_string_new (NULL);
  guint i;

  for (i = 0; i < events->len; i++) {
    const FaultEvent *event = &g_array_index (events, FaultEvent, i);

    g_string_append_printf (log, "%s%u %s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
        i > 0 ? ", " : "", event->connection, describe (event), event->out, event->in);
  }
  return g_string_free (log, FALSE);
}

static guint64
get_bytes_locked (FaultProxy *proxy, guint connection, FaultWays way)
{
  if (connection >= proxy->connections->len)
    return 0;
  return fault_conn_get_way (proxy->connections->pdata[connection], way)->passed;
}

guint64
fault_proxy_get_bytes (FaultProxy *proxy, guint connection, FaultWays way)
{
  guint64 passed;

  g_mutex_lock (&proxy->lock);
  passed = get_bytes_locked (proxy, connection, way);
  g_mutex_unlock (&proxy->lock);
  return passed;
}

/* -- Sockets -- */

static struct sockaddr_in
make_address (guint16 port)
{
  return (struct sockaddr_in) {
    .sin_family = AF_INET,
    .sin_port = htons (port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
}

/* More than one socket may be bound to a port, as long as none of them listens. */
static gint
bind_socket (guint16 port)
{
  const struct sockaddr_in address = make_address (port);
  gint fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof (on)), ==, 0);
  g_assert_cmpint (bind (fd, (const struct sockaddr *) &address, sizeof (address)), ==, 0);
  return fd;
}

static guint16
get_port (gint fd)
{
  struct sockaddr_in address = { 0 };
  socklen_t size = sizeof (address);

  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size), ==, 0);
  return ntohs (address.sin_port);
}

static void
set_no_delay (gint fd)
{
  gint on = 1;

  (void) setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof (on));
}

/* Returns: -1 if nobody listens there */
static gint
connect_to (guint16 port)
{
  const struct sockaddr_in address = make_address (port);
  gint fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  if (connect (fd, (const struct sockaddr *) &address, sizeof (address)) == 0) {
    set_no_delay (fd);
    return fd;
  }
  (void) close (fd);
  return -1;
}

static void
close_with_reset (gint fd)
{
  const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  (void) setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof (linger));
  (void) close (fd);
}

/* -- The thread; with the lock held -- */

static void
take_connection (FaultProxy *proxy, gint client)
{
  gboolean refuse = proxy->refusals > 0;
  gint server = refuse ? -1 : connect_to (proxy->target);
  FaultConn *connection;
  guint i;

  if (refuse)
    proxy->refusals--;
  set_no_delay (client);
  if (server < 0)
    close_with_reset (client);
  connection = fault_conn_new (proxy->connections->len, server < 0 ? -1 : client, server, on_fault,
      proxy);
  g_ptr_array_add (proxy->connections, connection);
  note (proxy, connection, server < 0 ? FAULT_EVENT_REFUSED : FAULT_EVENT_ACCEPTED, 0);
  for (i = 0; server >= 0 && i < proxy->faults->len; i++) {
    const Fault *fault = &g_array_index (proxy->faults, Fault, i);

    if (fault->connection == FAULT_EVERY || fault->connection == connection->number)
      fault_conn_add (connection, fault);
  }
}

static void
accept_all (FaultProxy *proxy)
{
  gint client;

  while (proxy->listener >= 0
      && (client = accept4 (proxy->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
    take_connection (proxy, client);
}

static void
obey (FaultProxy *proxy)
{
  guint i, j;

  for (i = 0; i < proxy->orders->len; i++) {
    const Fault *fault = &g_array_index (proxy->orders, Fault, i);

    for (j = 0; j < proxy->connections->len; j++) {
      if (fault->connection == FAULT_EVERY || fault->connection == j)
        fault_conn_inject (proxy->connections->pdata[j], fault);
    }
  }
  g_array_set_size (proxy->orders, 0);
  if (proxy->listening && proxy->listener < 0) {
    proxy->listener = bind_socket (proxy->port);
    g_assert_cmpint (listen (proxy->listener, BACKLOG), ==, 0);
  } else if (!proxy->listening && proxy->listener >= 0) {
    (void) close (proxy->listener);
    proxy->listener = -1;
  }
  proxy->n_obeyed = proxy->n_orders;
}

static void
move_all (FaultProxy *proxy)
{
  gint64 now = g_get_monotonic_time ();
  guint i;

  for (i = 0; i < proxy->connections->len; i++) {
    FaultConn *connection = proxy->connections->pdata[i];

    if (fault_conn_has_ended (connection))
      continue;
    fault_conn_move (connection, now);
    if (fault_conn_has_ended (connection))
      note (proxy, connection, FAULT_EVENT_ENDED, 0);
  }
}

static void
add_poll (GArray *polls, gint fd, gint events)
{
  const struct pollfd item = { .fd = fd, .events = (short) events };

  if (fd >= 0 && events)
    g_array_append_val (polls, item);
}

/* Returns: when something is to be done in any case. */
static gint64
prepare (FaultProxy *proxy, GArray *polls)
{
  gint64 deadline = G_MAXINT64;
  guint i, side;

  g_array_set_size (polls, 0);
  add_poll (polls, proxy->wake, POLLIN);
  add_poll (polls, proxy->listener, POLLIN);
  for (i = 0; i < proxy->connections->len; i++) {
    const FaultConn *connection = proxy->connections->pdata[i];

    for (side = 0; side < FAULT_N_SIDES && !fault_conn_has_ended (connection); side++) {
      const FaultWay *from = &connection->ways[side], *to = &connection->ways[!side];

      add_poll (polls, connection->fds[side],
          (fault_way_wants_input (from) ? POLLIN : 0)
              | (fault_way_wants_output (to) ? POLLOUT : 0));
      deadline = MIN (deadline, fault_way_get_deadline (from));
    }
  }
  return deadline;
}

static void
wait_for_input (FaultProxy *proxy, GArray *polls)
{
  gint64 deadline = prepare (proxy, polls);
  gint64 left = MAX (deadline - g_get_monotonic_time (), 0);
  struct timespec timeout = { .tv_sec = left / G_TIME_SPAN_SECOND,
    .tv_nsec = left % G_TIME_SPAN_SECOND * 1000 };
  guint64 count;

  g_mutex_unlock (&proxy->lock);
  (void) ppoll ((struct pollfd *) polls->data, polls->len, deadline == G_MAXINT64 ? NULL : &timeout,
      NULL);
  g_mutex_lock (&proxy->lock);
  if (read (proxy->wake, &count, sizeof (count)) < 0)
    return;
}

static gpointer
run (gpointer data)
{
  FaultProxy *proxy = data;
  g_autoptr (GArray) polls = g_array_new (FALSE, FALSE, sizeof (struct pollfd));

  g_mutex_lock (&proxy->lock);
  while (!proxy->stop) {
    obey (proxy);
    accept_all (proxy);
    move_all (proxy);
    g_cond_broadcast (&proxy->cond);
    wait_for_input (proxy, polls);
  }
  g_mutex_unlock (&proxy->lock);
  return NULL;
}

/* -- Beginning and end -- */

FaultProxy *
fault_proxy_new (guint16 port)
{
  FaultProxy *proxy = g_new0 (FaultProxy, 1);

  proxy->target = port;
  proxy->reserved = bind_socket (0);
  proxy->port = get_port (proxy->reserved);
  proxy->listener = -1;
  proxy->wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  g_mutex_init (&proxy->lock);
  g_cond_init (&proxy->cond);
  proxy->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) fault_conn_free);
  proxy->faults = g_array_new (FALSE, FALSE, sizeof (Fault));
  proxy->events = g_array_new (FALSE, FALSE, sizeof (FaultEvent));
  proxy->orders = g_array_new (FALSE, FALSE, sizeof (Fault));
  proxy->thread = g_thread_new ("fault-proxy", run, proxy);
  fault_proxy_set_listening (proxy, TRUE);
  return proxy;
}

static void
wake (FaultProxy *proxy)
{
  const guint64 one = 1;

  g_assert_cmpint (write (proxy->wake, &one, sizeof (one)), ==, sizeof (one));
}

void
fault_proxy_free (FaultProxy *proxy)
{
  g_mutex_lock (&proxy->lock);
  proxy->stop = TRUE;
  wake (proxy);
  g_mutex_unlock (&proxy->lock);
  g_thread_join (proxy->thread);
  g_ptr_array_unref (proxy->connections);
  g_array_unref (proxy->faults);
  g_array_unref (proxy->events);
  g_array_unref (proxy->orders);
  if (proxy->listener >= 0)
    (void) close (proxy->listener);
  (void) close (proxy->reserved);
  (void) close (proxy->wake);
  g_mutex_clear (&proxy->lock);
  g_cond_clear (&proxy->cond);
  g_free (proxy);
}

guint16
fault_proxy_get_port (const FaultProxy *proxy)
{
  return proxy->port;
}

/* -- Faults -- */

/* Until the thread has done what was asked of it. */
static void
wait_obeyed_locked (FaultProxy *proxy)
{
  guint number = ++proxy->n_orders;

  wake (proxy);
  while (proxy->n_obeyed < number)
    g_cond_wait (&proxy->cond, &proxy->lock);
}

void
fault_proxy_add (FaultProxy *proxy, const Fault *fault)
{
  guint i;

  g_assert_true (fault->of == FAULT_OUT || fault->of == FAULT_IN);
  g_mutex_lock (&proxy->lock);
  g_array_append_vals (proxy->faults, fault, 1);
  for (i = 0; i < proxy->connections->len; i++) {
    if (fault->connection == FAULT_EVERY || fault->connection == i)
      fault_conn_add (proxy->connections->pdata[i], fault);
  }
  wait_obeyed_locked (proxy);
  g_mutex_unlock (&proxy->lock);
}

void
fault_proxy_inject (FaultProxy *proxy, const Fault *fault)
{
  g_mutex_lock (&proxy->lock);
  g_array_append_vals (proxy->orders, fault, 1);
  wait_obeyed_locked (proxy);
  g_mutex_unlock (&proxy->lock);
}

void
fault_proxy_refuse (FaultProxy *proxy, guint n)
{
  g_mutex_lock (&proxy->lock);
  proxy->refusals += n;
  g_mutex_unlock (&proxy->lock);
}

void
fault_proxy_set_listening (FaultProxy *proxy, gboolean listening)
{
  g_mutex_lock (&proxy->lock);
  proxy->listening = listening;
  wait_obeyed_locked (proxy);
  g_mutex_unlock (&proxy->lock);
}

/* -- Waiting -- */

typedef struct {
  guint connection;
  FaultWays way;
  guint64 n;
} Wanted;

typedef gboolean (*Condition) (FaultProxy *proxy, const Wanted *wanted);

static gboolean
wait_for (FaultProxy *proxy, Condition condition, guint connection, FaultWays way, guint64 n)
{
  const Wanted wanted = { connection, way, n };
  gint64 deadline = g_get_monotonic_time () + FAULT_PROXY_TIMEOUT;
  gboolean done;

  g_mutex_lock (&proxy->lock);
  while (!(done = condition (proxy, &wanted))) {
    if (!g_cond_wait_until (&proxy->cond, &proxy->lock, deadline))
      break;
  }
  g_mutex_unlock (&proxy->lock);
  return done;
}

static gboolean
has_connections (FaultProxy *proxy, const Wanted *wanted)
{
  return proxy->connections->len >= wanted->n;
}

static gboolean
has_bytes (FaultProxy *proxy, const Wanted *wanted)
{
  return get_bytes_locked (proxy, wanted->connection, wanted->way) >= wanted->n;
}

static gboolean
has_faults (FaultProxy *proxy, const Wanted *wanted)
{
  return proxy->n_faults >= wanted->n;
}

static gboolean
has_ended (FaultProxy *proxy, const Wanted *wanted)
{
  return wanted->connection < proxy->connections->len
      && fault_conn_has_ended (proxy->connections->pdata[wanted->connection]);
}

gboolean
fault_proxy_wait_connections (FaultProxy *proxy, guint n)
{
  return wait_for (proxy, has_connections, 0, 0, n);
}

gboolean
fault_proxy_wait_bytes (FaultProxy *proxy, guint connection, FaultWays way, guint64 n)
{
  return wait_for (proxy, has_bytes, connection, way, n);
}

gboolean
fault_proxy_wait_faults (FaultProxy *proxy, guint n)
{
  return wait_for (proxy, has_faults, 0, 0, n);
}

gboolean
fault_proxy_wait_ended (FaultProxy *proxy, guint connection)
{
  return wait_for (proxy, has_ended, connection, 0, 0);
}
