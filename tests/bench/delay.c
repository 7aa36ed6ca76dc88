/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* delay: a link of some milliseconds between a client and a server, that knows when media passes.
 *
 *   delay --port SERVER --delay MS
 *
 * Prints {"port": N}, takes connections there, opens one to the server for each, and passes what
 * comes on by so many milliseconds later, either way. When the first audio or video message has
 * been passed on as a whole, prints which way it went and how many milliseconds after the first
 * connection was taken. TCP's own handshake and acknowledgements are not delayed. Goes on until it
 * is killed; gives up, with exit status 1, when there is no media within GIVE_UP_SECONDS of the
 * first connection. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/rtmpchunkreader.h"
#include "core/rtmpcursor.h"
#include "core/rtmpmessage.h"
#include "support/benchsamples.h"

#define MAX_LINKS 16
#define READ_BYTES (64u * 1024)
#define GIVE_UP_SECONDS 20
/* C0, C1 and C2, and as much the other way (RTMP 1.0, 5.2). */
#define HANDSHAKE_BYTES (1u + 2 * 1536)
#define MILLISECOND G_GINT64_CONSTANT (1000000)

typedef struct {
  gint64 due;
  GBytes *bytes; /* none of them: the end */
} Piece;

/**
 * Way: one direction of a link.
 * @handshake: bytes of it that are still to come
 * @ended: the end was read; nothing more comes
 */
typedef struct {
  const gchar *name;
  gint from, to;
  GQueue pieces;
  guint handshake;
  RtmpChunkReader *reader;
  gboolean ended;
} Way;

typedef struct {
  gint port;
  gint delay;
  gint listener;
  Way ways[2 * MAX_LINKS];
  guint n_ways;
  gint64 begin;
  gboolean told;
} Delay;

/* -- What passes -- */

static void
note_message (Delay *delay, Way *way, const RtmpMessage *message)
{
  guint8 payload[4];

  if (message->type == RTMP_MESSAGE_SET_CHUNK_SIZE
      && rtmp_message_peek (message, 0, payload, sizeof (payload)) == sizeof (payload))
    rtmp_chunk_reader_set_chunk_size (way->reader, rtmp_read_u32 (payload));
  if (delay->told || (message->type != RTMP_MESSAGE_AUDIO && message->type != RTMP_MESSAGE_VIDEO))
    return;
  delay->told = TRUE;
  printf ("{\"way\": \"%s\", \"ms\": %.2f}\n", way->name,
      (gdouble) (bench_now () - delay->begin) / MILLISECOND);
  (void) fflush (stdout);
}

/* Looks at bytes that were passed on. */
static void
note (Delay *delay, Way *way, const guint8 *data, gsize size)
{
  gsize skip = MIN (way->handshake, size);

  way->handshake -= (guint) skip;
  data += skip;
  size -= skip;
  while (way->reader) {
    RtmpMessage *message = NULL;
    gsize consumed;

    if (!rtmp_chunk_reader_read (way->reader, data, size, &consumed, &message, NULL))
      g_clear_pointer (&way->reader, rtmp_chunk_reader_free);
    if (!message)
      return;
    data += consumed;
    size -= consumed;
    note_message (delay, way, message);
    rtmp_message_unref (message);
  }
}

/* -- Passing on -- */

static void
read_some (Delay *delay, Way *way)
{
  static guint8 data[READ_BYTES];
  gssize n = recv (way->from, data, sizeof (data), 0);
  Piece *piece = g_new (Piece, 1);

  way->ended = n <= 0;
  piece->due = bench_now () + delay->delay * MILLISECOND;
  piece->bytes = g_bytes_new (data, n > 0 ? (gsize) n : 0);
  g_queue_push_tail (&way->pieces, piece);
}

static void
write_all (gint fd, const guint8 *data, gsize size)
{
  while (size > 0) {
    gssize n = send (fd, data, size, MSG_NOSIGNAL);

    if (n <= 0)
      return;
    data += n;
    size -= (gsize) n;
  }
}

static void
pass_on (Delay *delay, Way *way)
{
  Piece *piece = g_queue_pop_head (&way->pieces);
  gsize size;
  const guint8 *data = g_bytes_get_data (piece->bytes, &size);

  if (size > 0) {
    write_all (way->to, data, size);
    note (delay, way, data, size);
  } else {
    shutdown (way->to, SHUT_WR);
  }
  g_bytes_unref (piece->bytes);
  g_free (piece);
}

/* -- Links -- */

static void
init_way (Way *way, const gchar *name, gint from, gint to)
{
  gint on = 1;

  setsockopt (to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof (on));
  *way = (Way) { .name = name, .from = from, .to = to, .handshake = HANDSHAKE_BYTES };
  g_queue_init (&way->pieces);
  way->reader = rtmp_chunk_reader_new ();
}

static void
take_link (Delay *delay)
{
  const struct sockaddr_in address = { .sin_family = AF_INET,
    .sin_addr = { htonl (INADDR_LOOPBACK) },
    .sin_port = htons ((guint16) delay->port) };
  gint client = accept (delay->listener, NULL, NULL);
  gint server = socket (AF_INET, SOCK_STREAM, 0);

  if (delay->begin == 0)
    delay->begin = bench_now ();
  if (delay->n_ways == G_N_ELEMENTS (delay->ways)
      || connect (server, (const struct sockaddr *) &address, sizeof (address)) != 0) {
    close (client);
    close (server);
    return;
  }
  init_way (&delay->ways[delay->n_ways++], "publish", client, server);
  init_way (&delay->ways[delay->n_ways++], "play", server, client);
}

static guint
open_listener (Delay *delay)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t size = sizeof (address);

  delay->listener = socket (AF_INET, SOCK_STREAM, 0);
  if (bind (delay->listener, (struct sockaddr *) &address, size) != 0
      || listen (delay->listener, MAX_LINKS) != 0
      || getsockname (delay->listener, (struct sockaddr *) &address, &size) != 0)
    g_error ("cannot listen: %s", g_strerror (errno));
  return ntohs (address.sin_port);
}

/* Nanoseconds until there is something to pass on; at most a second. */
static gint64
next_due (Delay *delay)
{
  gint64 now = bench_now ();
  gint64 wait = 1000 * MILLISECOND;
  guint i;

  for (i = 0; i < delay->n_ways; i++) {
    const Piece *piece = g_queue_peek_head (&delay->ways[i].pieces);

    if (piece)
      wait = CLAMP (piece->due - now, 0, wait);
  }
  return wait;
}

static void
pass_on_due (Delay *delay)
{
  guint i;

  for (i = 0; i < delay->n_ways; i++) {
    const Piece *piece;

    while ((piece = g_queue_peek_head (&delay->ways[i].pieces)) && piece->due <= bench_now ())
      pass_on (delay, &delay->ways[i]);
  }
}

static void
wait_and_read (Delay *delay)
{
  struct pollfd watched[2 * MAX_LINKS + 1];
  gint64 wait = next_due (delay);
  const struct timespec timeout = { wait / (1000 * MILLISECOND), wait % (1000 * MILLISECOND) };
  guint n = delay->n_ways;
  guint i;

  watched[n] = (struct pollfd) { .fd = delay->listener, .events = POLLIN };
  for (i = 0; i < n; i++)
    watched[i] = (struct pollfd) { .fd = delay->ways[i].ended ? -1 : delay->ways[i].from,
      .events = POLLIN };
  if (ppoll (watched, n + 1, &timeout, NULL) <= 0)
    return;
  for (i = 0; i < n; i++) {
    if (watched[i].revents)
      read_some (delay, &delay->ways[i]);
  }
  if (watched[n].revents)
    take_link (delay);
}

int
main (int argc, char **argv)
{
  static Delay delay = { .delay = 50 };
  const GOptionEntry entries[] = { { "port", 0, 0, G_OPTION_ARG_INT, &delay.port, "of the server",
                                       "PORT" },
    { "delay", 0, 0, G_OPTION_ARG_INT, &delay.delay, "each way", "MS" }, { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  printf ("{\"port\": %u}\n", open_listener (&delay));
  (void) fflush (stdout);
  while (delay.told || delay.begin == 0
      || bench_now () < delay.begin + GIVE_UP_SECONDS * 1000 * MILLISECOND) {
    wait_and_read (&delay);
    pass_on_due (&delay);
  }
  g_printerr ("no media in %d s\n", GIVE_UP_SECONDS);
  return 1;
}
