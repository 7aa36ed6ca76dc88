/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* tlspeer: a TLS server that takes one publisher after the other and discards what it sends.
 *
 *   tlspeer [--connections N]
 *
 * Prints {"port": N, "ca": FILE} at first, and for each connection what it got and the CPU time that
 * took. The certificates are made anew and removed at the end. */
#include <gio/gio.h>

#include "support/benchcpu.h"
#include "support/benchserver.h"
#include "support/testutil.h"

#define READ_BYTES (256u * 1024)
#define MAX_VECTORS 16

static gboolean
write_session (RtmpSession *session, GOutputStream *output)
{
  RtmpVector vectors[MAX_VECTORS];
  guint n, i;

  while ((n = rtmp_session_peek (session, vectors, MAX_VECTORS)) > 0) {
    gsize size = 0;

    for (i = 0; i < n; i++) {
      if (!g_output_stream_write_all (output, vectors[i].base, vectors[i].size, NULL, NULL, NULL))
        return FALSE;
      size += vectors[i].size;
    }
    rtmp_session_consume (session, size);
  }
  return TRUE;
}

/* Reads to the end of the stream, however the client ends it; bytes behind the set-up. */
static guint64
discard (GIOStream *stream, guint8 *data)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);
  BenchServer server;
  guint64 received = 0;
  gssize n;

  bench_server_init (&server, 4096);
  while ((n = g_input_stream_read (input, data, READ_BYTES, NULL, NULL)) > 0) {
    if (server.state == BENCH_PUBLISHING) {
      received += (guint64) n;
    } else if (bench_server_feed (&server, data, (gsize) n) == BENCH_FAILED
        || !write_session (server.session, g_io_stream_get_output_stream (stream))) {
      break;
    }
  }
  bench_server_clear (&server);
  return received;
}

static guint64
serve (GSocketConnection *tcp, GTlsCertificate *certificate, guint8 *data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) tls = g_tls_server_connection_new (G_IO_STREAM (tcp), certificate, &error);
  guint64 received = 0;

  if (tls && g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, &error)) {
    received = discard (tls, data);
    g_io_stream_close (tls, NULL, NULL);
  } else {
    g_printerr ("%s\n", error->message);
  }
  return received;
}

static gint
run (GSocketListener *listener, const TestCertificates *certificates, gint n_connections)
{
  g_autofree guint8 *data = g_malloc (READ_BYTES);
  gint i;

  for (i = 0; i < n_connections; i++) {
    g_autoptr (GSocketConnection) tcp = g_socket_listener_accept (listener, NULL, NULL, NULL);
    gdouble cpu = bench_cpu_seconds ();
    guint64 received;

    if (!tcp)
      return 1;
    received = serve (tcp, certificates->good, data);
    g_print ("{\"received\": %" G_GUINT64_FORMAT ", \"cpu\": %.6f}\n", received,
        bench_cpu_seconds () - cpu);
  }
  return 0;
}

/* Returns: the port; 0 if there is none */
static guint16
listen_on_loopback (GSocketListener *listener)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;

  if (!g_socket_listener_add_address (listener, any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
          NULL, &address, NULL))
    return 0;
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

int
main (int argc, char **argv)
{
  gint n_connections = 1;
  const GOptionEntry entries[] = {
    { "connections", 0, 0, G_OPTION_ARG_INT, &n_connections, "that are served", "N" }, { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  TestCertificates *certificates;
  gint status;
  guint16 port;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  certificates = test_certificates_new ();
  port = listen_on_loopback (listener);
  if (!certificates || port == 0) {
    g_printerr ("no TLS backend, no openssl or no port\n");
    return 77;
  }
  g_print ("{\"port\": %u, \"ca\": \"%s/ca.pem\"}\n", port, certificates->folder);
  status = run (listener, certificates, n_connections);
  test_certificates_free (certificates);
  return status;
}
