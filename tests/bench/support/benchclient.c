/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "benchclient.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "core/rtmpclient.h"

#define MAX_VECTORS 16
#define READ_BYTES 65536

static GIOStream *
connect_tcp (guint port, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GSocketConnection *connection = g_socket_client_connect_to_host (client, "127.0.0.1",
      (guint16) port, NULL, error);

  if (!connection)
    return NULL;
  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, 1,
      NULL);
  return G_IO_STREAM (connection);
}

static GIOStream *
add_tls (GIOStream *tcp, const gchar *ca, GError **error)
{
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (ca, error);
  g_autoptr (GSocketConnectable) identity = g_network_address_new ("127.0.0.1", 0);
  g_autoptr (GIOStream) tls = NULL;

  if (!database)
    return NULL;
  tls = g_tls_client_connection_new (tcp, identity, error);
  if (!tls)
    return NULL;
  g_tls_connection_set_database (G_TLS_CONNECTION (tls), database);
  if (!g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, error))
    return NULL;
  return g_steal_pointer (&tls);
}

static RtmpSession *
new_session (gboolean publish, guint32 chunk_size)
{
  static const guint8 random[RTMP_CLIENT_RANDOM_SIZE];
  g_autoptr (GError) error = NULL;
  RtmpLocation *location = rtmp_location_parse ("rtmp://127.0.0.1/live/bench", &error);
  const RtmpClientConfig config = { .publish = publish,
    .location = location,
    .chunk_size = chunk_size,
    .window_size = 2500000,
    .random = random };
  RtmpSession *session = rtmp_client_new (&config, g_get_monotonic_time ());

  rtmp_location_free (location);
  return session;
}

static gboolean
write_out (RtmpSession *session, GOutputStream *output, GError **error)
{
  RtmpVector vectors[MAX_VECTORS];
  guint n, i;

  while ((n = rtmp_session_peek (session, vectors, MAX_VECTORS)) > 0) {
    g_autoptr (GByteArray) bytes = g_byte_array_new ();

    for (i = 0; i < n; i++)
      g_byte_array_append (bytes, vectors[i].base, (guint) vectors[i].size);
    if (!g_output_stream_write_all (output, bytes->data, bytes->len, NULL, NULL, error))
      return FALSE;
    rtmp_session_consume (session, bytes->len);
  }
  return TRUE;
}

static gboolean
read_in (RtmpSession *session, GInputStream *input, GError **error)
{
  guint8 data[READ_BYTES];
  gssize n = g_input_stream_read (input, data, sizeof (data), NULL, error);
  gsize consumed;

  if (n == 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "the server closed");
  if (n <= 0)
    return FALSE;
  return rtmp_session_feed (session, data, (gsize) n, g_get_monotonic_time (), &consumed, error);
}

static gboolean
is_ready (RtmpSession *session)
{
  gboolean ready = FALSE;
  RtmpEvent event;

  while (rtmp_session_next_event (session, &event)) {
    ready = ready || event.type == RTMP_EVENT_READY;
    rtmp_event_clear (&event);
  }
  return ready;
}

static gboolean
set_up (GIOStream *stream, gboolean publish, guint32 chunk_size, GError **error)
{
  g_autoptr (RtmpSession) session = new_session (publish, chunk_size);

  while (!is_ready (session)) {
    if (!write_out (session, g_io_stream_get_output_stream (stream), error))
      return FALSE;
    if (!read_in (session, g_io_stream_get_input_stream (stream), error))
      return FALSE;
  }
  return write_out (session, g_io_stream_get_output_stream (stream), error);
}

GIOStream *
bench_client_open (guint port, const gchar *ca, gboolean publish, guint32 chunk_size,
    GError **error)
{
  g_autoptr (GIOStream) stream = connect_tcp (port, error);

  if (stream && ca) {
    GIOStream *tls = add_tls (stream, ca, error);

    g_object_unref (stream);
    stream = tls;
  }
  if (!stream || !set_up (stream, publish, chunk_size, error))
    return NULL;
  return g_steal_pointer (&stream);
}

gint
bench_client_get_fd (GIOStream *stream)
{
  gint fd = g_socket_get_fd (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)));

  /* GSocket has it non-blocking, whatever its own blocking mode is. */
  fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

void
bench_print_result (guint64 bytes, gdouble wall, gdouble cpu)
{
  g_print ("{\"bytes\": %" G_GUINT64_FORMAT ", \"wall\": %.6f, \"cpu\": %.6f}\n", bytes, wall, cpu);
}
