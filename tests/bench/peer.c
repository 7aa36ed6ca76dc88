/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* peer: the server that contenders are measured against, cheaper than any of them. What is
 * published is discarded in the kernel; what is played was laid out beforehand, and is sent over and
 * over. (sendfile() from a memory file was tried: cheaper neither here nor for the receiver, whose
 * copy is then made page by page.)
 *
 *   peer [--chunk-size N] [--message-size N] [--count N] [--connections N] [--low-water N] [--check]
 *
 * Prints {"port": N} at once and, when so many connections have ended, what they sent or got and
 * its own CPU time. Gives up when for STALL_SECONDS nothing moves. Exit status 1 then, and for a
 * client that broke the protocol. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "support/benchcpu.h"
#include "support/benchserver.h"
#include "support/benchwire.h"

#define STALL_SECONDS 20
#define READ_BYTES (64u * 1024)
/* What one recv() may discard. */
#define DISCARD_BYTES (256u * 1024 * 1024)
/* What must have come before the peer is woken: more than any message below 1 MB, so that nobody
 * pays for waking it and the socket is free for the next one, as on a link that keeps up. When it is
 * full instead, TCP puts many small messages in a packet, and a message costs a quarter. */
#define LOW_WATER (512 * 1024)
#define MAX_EVENTS 64
#define MAX_VECTORS 16
/* Paced connections are served in so many groups in a tick, so that not all send at once. */
#define MAX_PACE_GROUPS 40

typedef struct {
  gint fd;
  guint number;
  BenchServer server;
  guint64 received;
  guint64 sent; /* of the wire's bytes */
  guint64 due;  /* what may have been sent by now */
  guint32 events;
  gboolean ended; /* nothing more is sent */
} Conn;

typedef struct {
  gint chunk_size;
  gint message_size;
  gint64 count;
  gint connections;
  gint low_water;
  gboolean check;

  gint listener;
  gint epoll;
  gint timer;
  guint pace_groups;
  guint pace_group;
  BenchWire wire;
  guint64 total;    /* bytes that a player is sent */
  guint64 messages; /* in them */
  guint64 received;
  guint64 sent;
  guint64 media;
  gint n_ended;
  gboolean failed;
  GPtrArray *conns;
} Peer;

/* -- Sockets -- */

static void
watch (Peer *peer, gint fd, guint32 events, gint operation, gpointer data)
{
  struct epoll_event event = { .events = events, .data = { .ptr = data } };

  if (epoll_ctl (peer->epoll, operation, fd, &event) != 0)
    g_error ("epoll_ctl: %s", g_strerror (errno));
}

static void
watch_conn (Peer *peer, Conn *conn, guint32 events)
{
  if (conn->events != events)
    watch (peer, conn->fd, events, conn->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, conn);
  conn->events = events;
}

static guint
open_listener (Peer *peer)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t size = sizeof (address);

  peer->listener = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind (peer->listener, (struct sockaddr *) &address, size) != 0
      || listen (peer->listener, SOMAXCONN) != 0
      || getsockname (peer->listener, (struct sockaddr *) &address, &size) != 0)
    g_error ("cannot listen: %s", g_strerror (errno));
  watch (peer, peer->listener, EPOLLIN, EPOLL_CTL_ADD, NULL);
  return ntohs (address.sin_port);
}

static void
accept_one (Peer *peer)
{
  gint fd = accept4 (peer->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  gint on = 1;
  Conn *conn;

  if (fd < 0)
    return;
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof (on));
  conn = g_new0 (Conn, 1);
  conn->fd = fd;
  conn->number = peer->conns->len;
  bench_server_init (&conn->server, (guint32) peer->chunk_size);
  g_ptr_array_add (peer->conns, conn);
  watch_conn (peer, conn, EPOLLIN);
}

static void
close_conn (Peer *peer, Conn *conn)
{
  if (conn->fd < 0)
    return;
  close (conn->fd);
  conn->fd = -1;
  peer->received += conn->received;
  peer->sent += conn->sent;
  peer->media += conn->server.media;
  peer->failed = peer->failed || conn->server.state == BENCH_FAILED
      || conn->server.state == BENCH_SETUP;
  peer->n_ended++;
  bench_server_clear (&conn->server);
}

/* What the session has to say: little, and the socket is empty then. */
static gboolean
write_session (Conn *conn)
{
  RtmpVector vectors[MAX_VECTORS];
  guint n, i;

  while ((n = rtmp_session_peek (conn->server.session, vectors, MAX_VECTORS)) > 0) {
    gsize size = 0;

    for (i = 0; i < n; i++) {
      gssize written = send (conn->fd, vectors[i].base, vectors[i].size, MSG_NOSIGNAL);

      if (written != (gssize) vectors[i].size)
        return FALSE;
      size += vectors[i].size;
    }
    rtmp_session_consume (conn->server.session, size);
  }
  return TRUE;
}

/* -- Playing -- */

static gboolean
send_wire (const Peer *peer, Conn *conn)
{
  const BenchWire *wire = &peer->wire;

  while (conn->sent < conn->due) {
    guint64 offset = conn->sent;
    guint64 left = conn->due - conn->sent;
    gssize n;

    if (conn->sent >= wire->prefix)
      offset = wire->prefix + (conn->sent - wire->prefix) % wire->block;
    left = MIN (left, wire->prefix + wire->block - offset);
    n = send (conn->fd, wire->data + offset, left, MSG_NOSIGNAL);
    if (n <= 0)
      return n < 0 && errno == EAGAIN;
    conn->sent += (guint64) n;
  }
  return TRUE;
}

static void
go_on_playing (Peer *peer, Conn *conn)
{
  if (!send_wire (peer, conn)) {
    close_conn (peer, conn);
    return;
  }
  if (conn->sent < peer->total) {
    watch_conn (peer, conn, conn->sent < conn->due ? EPOLLIN | EPOLLOUT : EPOLLIN);
    return;
  }
  if (conn->ended)
    return;
  conn->ended = TRUE;
  bench_server_end_play (&conn->server);
  if (!write_session (conn)) {
    close_conn (peer, conn);
    return;
  }
  shutdown (conn->fd, SHUT_WR);
  watch_conn (peer, conn, EPOLLIN);
}

/* A group of the paced connections gets its next tick. */
static void
on_timer (Peer *peer)
{
  guint64 expired;
  guint i;

  if (read (peer->timer, &expired, sizeof (expired)) != sizeof (expired))
    return;
  for (; expired > 0; expired--) {
    peer->pace_group = (peer->pace_group + 1) % peer->pace_groups;
    for (i = peer->pace_group; i < peer->conns->len; i += peer->pace_groups) {
      Conn *conn = g_ptr_array_index (peer->conns, i);

      if (conn->fd < 0 || conn->server.state != BENCH_PLAYING || conn->ended)
        continue;
      conn->due = MIN (conn->due + peer->wire.tick, peer->total);
      go_on_playing (peer, conn);
    }
  }
}

static void
start_timer (Peer *peer)
{
  struct timespec period = { 0, BENCH_LIVE_TICK_MS * 1000000L };
  struct itimerspec spec;

  peer->pace_groups = (guint) CLAMP (peer->connections, 1, MAX_PACE_GROUPS);
  period.tv_nsec /= peer->pace_groups;
  spec = (struct itimerspec) { period, period };
  peer->timer = timerfd_create (CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  timerfd_settime (peer->timer, 0, &spec, NULL);
  watch (peer, peer->timer, EPOLLIN, EPOLL_CTL_ADD, peer);
}

static void
begin_playing (Peer *peer, Conn *conn)
{
  gboolean paced = peer->wire.tick > 0;

  if (paced && peer->timer == 0)
    start_timer (peer);
  conn->due = paced ? peer->wire.prefix : peer->total;
  go_on_playing (peer, conn);
}

/* -- Reading -- */

/* Returns what came, 0 at the end of the connection, -1 if there is nothing now. */
static gssize
receive (Peer *peer, Conn *conn)
{
  static guint8 data[READ_BYTES];
  gboolean look = conn->server.state == BENCH_SETUP
      || (peer->check && conn->server.state == BENCH_PUBLISHING);
  gssize n = look ? recv (conn->fd, data, sizeof (data), 0)
                  /* cppcheck-suppress nullPointer; nothing is copied */
                  : recv (conn->fd, NULL, DISCARD_BYTES, MSG_TRUNC);

  if (n < 0)
    return errno == EAGAIN || errno == EINTR ? -1 : 0;
  if (n > 0 && look)
    bench_server_feed (&conn->server, data, (gsize) n);
  return n;
}

static void
begin_publishing (const Peer *peer, Conn *conn)
{
  conn->received = 0;
  setsockopt (conn->fd, SOL_SOCKET, SO_RCVLOWAT, &peer->low_water, sizeof (peer->low_water));
}

static void
read_conn (Peer *peer, Conn *conn)
{
  BenchState before = conn->server.state;
  gssize n = receive (peer, conn);

  if (n < 0)
    return;
  conn->received += (guint64) n;
  if (n == 0 || conn->server.state == BENCH_FAILED || !write_session (conn)) {
    close_conn (peer, conn);
    return;
  }
  if (before == BENCH_SETUP && conn->server.state == BENCH_PLAYING)
    begin_playing (peer, conn);
  else if (before == BENCH_SETUP && conn->server.state == BENCH_PUBLISHING)
    begin_publishing (peer, conn);
}

static void
on_event (Peer *peer, const struct epoll_event *event)
{
  Conn *conn = event->data.ptr;

  if (!conn) {
    accept_one (peer);
  } else if (event->data.ptr == peer) {
    on_timer (peer);
  } else {
    if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
      read_conn (peer, conn);
    if (conn->fd >= 0 && event->events & EPOLLOUT)
      go_on_playing (peer, conn);
  }
}

static void
serve (Peer *peer)
{
  while (peer->n_ended < peer->connections && !peer->failed) {
    struct epoll_event events[MAX_EVENTS];
    gint n = epoll_wait (peer->epoll, events, MAX_EVENTS, STALL_SECONDS * 1000), i;

    if (n == 0 || (n < 0 && errno != EINTR)) {
      g_printerr ("nothing moved for %d s\n", STALL_SECONDS);
      peer->failed = TRUE;
    }
    for (i = 0; i < n; i++)
      on_event (peer, &events[i]);
  }
}

/* -- The program -- */

static void
prepare (Peer *peer)
{
  const BenchWire *wire = &peer->wire;
  guint64 blocks;

  peer->epoll = epoll_create1 (EPOLL_CLOEXEC);
  peer->conns = g_ptr_array_new_with_free_func (g_free);
  bench_wire_init (&peer->wire, (guint) peer->message_size, (guint32) peer->chunk_size);
  blocks = ((guint64) peer->count + wire->block_messages - 1) / wire->block_messages;
  peer->total = wire->prefix + blocks * wire->block;
  peer->messages = wire->prefix_messages + blocks * wire->block_messages;
}

static void
clear (Peer *peer)
{
  guint i;

  for (i = 0; i < peer->conns->len; i++)
    close_conn (peer, g_ptr_array_index (peer->conns, i));
  g_ptr_array_unref (peer->conns);
  bench_wire_clear (&peer->wire);
  if (peer->timer > 0)
    close (peer->timer);
  close (peer->listener);
  close (peer->epoll);
}

static gboolean
parse (Peer *peer, int *argc, char ***argv)
{
  const GOptionEntry entries[] = { { "chunk-size", 0, 0, G_OPTION_ARG_INT, &peer->chunk_size,
                                       "announced to players", "BYTES" },
    { "message-size", 0, 0, G_OPTION_ARG_INT, &peer->message_size,
        "of pictures; 0 = a paced stream of 5 Mbit/s", "BYTES" },
    { "count", 0, 0, G_OPTION_ARG_INT64, &peer->count, "messages that a player is sent at least",
        "N" },
    { "connections", 0, 0, G_OPTION_ARG_INT, &peer->connections, "that are served", "N" },
    { "low-water", 0, 0, G_OPTION_ARG_INT, &peer->low_water,
        "bytes of what is published that wake the peer", "N" },
    { "check", 0, 0, G_OPTION_ARG_NONE, &peer->check, "read what is published", NULL }, { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (g_option_context_parse (context, argc, argv, &error))
    return TRUE;
  g_printerr ("%s\n", error->message);
  return FALSE;
}

int
main (int argc, char **argv)
{
  Peer peer = { .chunk_size = 4096,
    .message_size = 20000,
    .connections = 1,
    .low_water = LOW_WATER };

  if (!parse (&peer, &argc, &argv))
    return 2;
  bench_raise_descriptors ();
  prepare (&peer);
  g_print ("{\"port\": %u}\n", open_listener (&peer));
  serve (&peer);
  g_print ("{\"received\": %" G_GUINT64_FORMAT ", \"sent\": %" G_GUINT64_FORMAT
           ", \"messages\": %" G_GUINT64_FORMAT ", \"cpu\": %.6f}\n",
      peer.received, peer.sent, peer.check ? peer.media : peer.messages, bench_cpu_seconds ());
  clear (&peer);
  return peer.failed ? 1 : 0;
}
