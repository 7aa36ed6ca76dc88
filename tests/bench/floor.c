/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* floor: what the transport alone costs. The set-up is that of a real client; then no library is
 * on the path.
 *
 *   floor publish --port N --message-size N --chunk-size N --count N
 *       one writev() for each message: chunk headers and slices of one payload
 *   floor play --port N
 *       recv() of 256 KiB until the server ends
 *   floor tls --port N --ca FILE --message-size N --count N
 *       writes of 16 KiB to a GTlsClientConnection, as many bytes as publish has payload */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "support/benchclient.h"
#include "support/benchcpu.h"
#include "support/benchwire.h"

#define RECV_BYTES (256u * 1024)
#define TLS_WRITE_BYTES (16u * 1024)
/* Chunk stream of video. */
#define CHUNK_STREAM 6u
#define FMT_0_SIZE 12
#define FMT_2_SIZE 4

typedef struct {
  gint port;
  gint message_size;
  gint chunk_size;
  gint64 count;
  gchar *ca;
} Options;

/* -- Publishing -- */

/* A message as vectors: the header of its first chunk, then slices of the payload with the header
 * of a type 3 chunk between. */
static guint
lay_out (struct iovec *vectors, guint8 *header, gsize header_size, guint8 *payload, gsize size,
    gsize chunk_size)
{
  static guint8 type_3 = 0xC0 | CHUNK_STREAM;
  guint n = 0;
  gsize done;

  for (done = 0; done < size; done += chunk_size) {
    vectors[n++] = done == 0 ? (struct iovec) { header, header_size }
                             : (struct iovec) { &type_3, 1 };
    vectors[n++] = (struct iovec) { payload + done, MIN (chunk_size, size - done) };
  }
  return n;
}

/* What a call left, in a copy: the vectors are used again for the next message. */
static gboolean
write_rest (gint fd, const struct iovec *vectors, guint n, gsize written)
{
  guint i;

  for (i = 0; i < n; i++) {
    const guint8 *base = vectors[i].iov_base;
    gsize done = MIN (written, vectors[i].iov_len);

    written -= done;
    while (done < vectors[i].iov_len) {
      gssize sent = send (fd, base + done, vectors[i].iov_len - done, MSG_NOSIGNAL);

      if (sent <= 0)
        return FALSE;
      done += (gsize) sent;
    }
  }
  return TRUE;
}

static gboolean
write_message (gint fd, const struct iovec *vectors, guint n_vectors)
{
  while (n_vectors > 0) {
    guint n = MIN (n_vectors, IOV_MAX), i;
    gssize written = writev (fd, vectors, (int) n);
    gsize size = 0;

    if (written < 0)
      return FALSE;
    for (i = 0; i < n; i++)
      size += vectors[i].iov_len;
    if ((gsize) written < size && !write_rest (fd, vectors, n, (gsize) written))
      return FALSE;
    vectors += n;
    n_vectors -= n;
  }
  return TRUE;
}

static gboolean
write_all (const Options *options, gint fd)
{
  gsize size = (gsize) options->message_size, chunk_size = (gsize) options->chunk_size;
  guint32 interval = bench_interval_ms ((guint) size);
  guint8 first[FMT_0_SIZE] = { CHUNK_STREAM, 0, 0, 0, (guint8) (size >> 16), (guint8) (size >> 8),
    (guint8) size, 9, 1, 0, 0, 0 };
  guint8 later[FMT_2_SIZE] = { 0x80 | CHUNK_STREAM, (guint8) (interval >> 16),
    (guint8) (interval >> 8), (guint8) interval };
  g_autofree struct iovec *vectors = g_new (struct iovec,
      2 * ((size + chunk_size - 1) / chunk_size));
  g_autofree guint8 *payload = g_malloc (size);
  gboolean ok = TRUE;
  gint64 i;
  guint n;

  memset (payload, 0x55, size);
  n = lay_out (vectors, first, sizeof (first), payload, size, chunk_size);
  for (i = 0; ok && i < options->count; i++) {
    bench_write_picture (payload, i % BENCH_KEY_INTERVAL == 0);
    ok = write_message (fd, vectors, n);
    if (i == 0)
      vectors[0] = (struct iovec) { later, sizeof (later) };
  }
  return ok;
}

/* Reads until the server closes: closing before it with something unread would break off what is
 * still to be sent. */
static gboolean
finish (gint fd)
{
  guint8 data[4096];
  gssize n;

  if (shutdown (fd, SHUT_WR) != 0)
    return FALSE;
  while ((n = recv (fd, data, sizeof (data), 0)) > 0)
    ;
  return n == 0;
}

static gboolean
run_publish (const Options *options, GIOStream *stream, guint64 *bytes)
{
  gint fd = bench_client_get_fd (stream);
  gboolean ok = write_all (options, fd) && finish (fd);

  *bytes = (guint64) options->message_size * (guint64) options->count;
  return ok;
}

/* -- Playing -- */

static gboolean
run_play (const Options *options, GIOStream *stream, guint64 *bytes)
{
  gint fd = bench_client_get_fd (stream);
  g_autofree guint8 *data = g_malloc (RECV_BYTES);
  gssize n;

  (void) options;
  while ((n = recv (fd, data, RECV_BYTES, 0)) > 0)
    *bytes += (guint64) n;
  return n == 0;
}

/* -- TLS -- */

static gboolean
run_tls (const Options *options, GIOStream *stream, guint64 *bytes)
{
  GOutputStream *output = g_io_stream_get_output_stream (stream);
  guint64 total = (guint64) options->message_size * (guint64) options->count;
  g_autofree guint8 *data = g_malloc (TLS_WRITE_BYTES);

  memset (data, 0x55, TLS_WRITE_BYTES);
  for (*bytes = 0; *bytes < total; *bytes += TLS_WRITE_BYTES) {
    if (!g_output_stream_write_all (output, data, TLS_WRITE_BYTES, NULL, NULL, NULL))
      return FALSE;
  }
  return g_io_stream_close (stream, NULL, NULL);
}

/* -- The program -- */

typedef struct {
  const gchar *name;
  gboolean publish;
  gboolean (*run) (const Options *options, GIOStream *stream, guint64 *bytes);
} Mode;

static const Mode modes[] = {
  { "publish", TRUE, run_publish },
  { "play", FALSE, run_play },
  { "tls", TRUE, run_tls },
};

static const Mode *
find_mode (const gchar *name)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (modes); i++) {
    if (g_strcmp0 (modes[i].name, name) == 0)
      return &modes[i];
  }
  return NULL;
}

static gboolean
run (const Mode *mode, const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = bench_client_open ((guint) options->port, options->ca,
      mode->publish, (guint32) options->chunk_size, &error);
  gint64 start = g_get_monotonic_time ();
  gdouble cpu = bench_cpu_seconds ();
  guint64 bytes = 0;

  if (!stream) {
    g_printerr ("%s\n", error->message);
    return FALSE;
  }
  if (!mode->run (options, stream, &bytes)) {
    g_printerr ("broken off: %s\n", g_strerror (errno));
    return FALSE;
  }
  bench_print_result (bytes, (gdouble) (g_get_monotonic_time () - start) / 1e6,
      bench_cpu_seconds () - cpu);
  return TRUE;
}

int
main (int argc, char **argv)
{
  Options options = { .message_size = 20000, .chunk_size = 65536 };
  const GOptionEntry entries[] = { { "port", 0, 0, G_OPTION_ARG_INT, &options.port, "of the server",
                                       "N" },
    { "message-size", 0, 0, G_OPTION_ARG_INT, &options.message_size, "payload", "BYTES" },
    { "chunk-size", 0, 0, G_OPTION_ARG_INT, &options.chunk_size, "of what is sent", "BYTES" },
    { "count", 0, 0, G_OPTION_ARG_INT64, &options.count, "messages", "N" },
    { "ca", 0, 0, G_OPTION_ARG_FILENAME, &options.ca, "authority to trust", "FILE" }, { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new ("publish|play|tls");
  g_autoptr (GError) error = NULL;
  const Mode *mode;
  gint status;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  mode = argc == 2 ? find_mode (argv[1]) : NULL;
  status = !mode ? 2 : run (mode, &options) ? 0 : 1;
  g_free (options.ca);
  return status;
}
