/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* latency-serve: the server of latency-play, for one client.
 *
 *   latency-serve --message-size N --count N --rate N
 *
 * Prints {"port": N}; sends --rate pictures a second, each with the moment in it and by one call;
 * ends the stream behind --count of them. Exit status 1 if the client left before. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/benchsamples.h"
#include "support/benchserver.h"
#include "support/benchwire.h"

#define CHUNK_SIZE 65536
#define MAX_VECTORS 16
#define KEEP_OPEN_MS 10000

typedef struct {
  gint message_size;
  gint count;
  gint rate;
  gint fd;
  BenchServer server;
  guint8 *picture;
} Serve;

/* -- The socket -- */

static gint
accept_one (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t size = sizeof (address);
  gint listener = socket (AF_INET, SOCK_STREAM, 0);
  gint on = 1;
  gint fd;

  if (bind (listener, (struct sockaddr *) &address, size) != 0 || listen (listener, 1) != 0
      || getsockname (listener, (struct sockaddr *) &address, &size) != 0)
    g_error ("cannot listen: %s", g_strerror (errno));
  printf ("{\"port\": %u}\n", ntohs (address.sin_port));
  (void) fflush (stdout);
  fd = accept (listener, NULL, NULL);
  close (listener);
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof (on));
  return fd;
}

/* All that the session has to say, by one call. */
static gboolean
write_session (Serve *serve)
{
  RtmpVector vectors[MAX_VECTORS];
  struct msghdr message = { .msg_iov = (struct iovec *) vectors };
  gssize n;

  G_STATIC_ASSERT (sizeof (RtmpVector) == sizeof (struct iovec));
  while ((message.msg_iovlen = rtmp_session_peek (serve->server.session, vectors, MAX_VECTORS))) {
    n = sendmsg (serve->fd, &message, MSG_NOSIGNAL);
    if (n < 0)
      return FALSE;
    rtmp_session_consume (serve->server.session, (gsize) n);
  }
  return TRUE;
}

/* Takes what the client says for @milliseconds. FALSE when it has left. */
static gboolean
read_client (Serve *serve, gint milliseconds)
{
  struct pollfd watched = { .fd = serve->fd, .events = POLLIN };
  guint8 data[4096];
  gssize n;

  if (poll (&watched, 1, milliseconds) <= 0)
    return TRUE;
  n = recv (serve->fd, data, sizeof (data), 0);
  if (n <= 0)
    return FALSE;
  return bench_server_feed (&serve->server, data, (gsize) n) != BENCH_FAILED
      && write_session (serve);
}

/* -- Media -- */

static void
queue_media (Serve *serve, guint32 timestamp, gconstpointer data, gsize size)
{
  const RtmpVector vector = { data, size };

  rtmp_server_send_media (serve->server.session, serve->server.stream_id,
      rtmp_message_new_wrapped (RTMP_MESSAGE_VIDEO, 0, timestamp, &vector, 1, NULL, NULL));
}

static gboolean
send_picture (Serve *serve, guint i)
{
  bench_write_picture (serve->picture, i % BENCH_KEY_INTERVAL == 0);
  queue_media (serve, i * 10, serve->picture, (gsize) serve->message_size);
  bench_stamp_write (serve->picture + BENCH_STAMP_OFFSET);
  return write_session (serve);
}

static gboolean
send_all (Serve *serve)
{
  const gint64 interval = 1000000000 / serve->rate;
  guint n = (guint) serve->count + BENCH_WARM_UP;
  gint64 due = bench_now ();
  guint i;

  queue_media (serve, 0, bench_avc_config, bench_avc_config_size);
  for (i = 0; i < n; i++) {
    if (!send_picture (serve, i))
      return FALSE;
    due += interval;
    if (!read_client (serve, 0))
      return FALSE;
    bench_sleep_until (due);
  }
  return TRUE;
}

static gboolean
run (Serve *serve)
{
  gboolean ok;

  bench_server_init (&serve->server, CHUNK_SIZE);
  serve->fd = accept_one ();
  while (serve->server.state == BENCH_SETUP) {
    if (!read_client (serve, KEEP_OPEN_MS))
      return FALSE;
  }
  ok = serve->server.state == BENCH_PLAYING && send_all (serve);
  bench_server_end_play (&serve->server);
  ok = ok && write_session (serve);
  shutdown (serve->fd, SHUT_WR);
  while (ok && read_client (serve, KEEP_OPEN_MS))
    ;
  return ok;
}

int
main (int argc, char **argv)
{
  Serve serve = { .message_size = 20000, .count = 1000, .rate = 100 };
  const GOptionEntry entries[] = { { "message-size", 0, 0, G_OPTION_ARG_INT, &serve.message_size,
                                       "payload", "BYTES" },
    { "count", 0, 0, G_OPTION_ARG_INT, &serve.count, "samples", "N" },
    { "rate", 0, 0, G_OPTION_ARG_INT, &serve.rate, "pictures a second", "N" }, { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean ok;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || serve.rate < 1
      || serve.message_size < (gint) (BENCH_STAMP_OFFSET + BENCH_STAMP_SIZE)) {
    g_printerr ("%s\n", error ? error->message : "no such rate or size");
    return 2;
  }
  serve.picture = g_malloc0 ((gsize) serve.message_size);
  ok = run (&serve);
  printf ("{\"sent\": %d}\n", serve.count);
  bench_server_clear (&serve.server);
  g_free (serve.picture);
  return ok ? 0 : 1;
}
