/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connectors: each step succeeds, fails, times out and is cancelled. */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/connectortest.h"
#include "support/socksproxy.h"
#include "support/testresolver.h"

/* -- Resolving -- */

static void
test_resolve_fails (void)
{
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt_run (attempt, "rtmp", "host.invalid", 1935);
  assert_failed (attempt, RTMP_ERROR_RESOLVE, "resolving the host name");
}

static void
test_resolve_timeout (void)
{
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt->config.timeout = SHORT_TIMEOUT;
  attempt_run (attempt, "rtmp", "silent.test", 1935);
  assert_failed (attempt, RTMP_ERROR_TIMEOUT, "resolving the host name");
}

static void
test_resolve_cancel (void)
{
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt_start (attempt, "rtmp", "silent.test", 1935);
  attempt_cancel (attempt);
}

static void
test_bad_host (void)
{
  static const gchar *const hosts[] = { "a b", "a/b", "a:b:c", "" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (hosts); i++) {
    g_autoptr (Attempt) attempt = attempt_new ();

    attempt_run (attempt, "rtmp", hosts[i], 1935);
    g_assert_cmpint (attempt->error->domain, ==, RTMP_ERROR);
    g_assert_true (attempt->error->code == RTMP_ERROR_ADDRESS
        || attempt->error->code == RTMP_ERROR_RESOLVE);
  }
}

static void
test_cancelled_before (void)
{
  g_autoptr (Attempt) attempt = attempt_new ();

  g_cancellable_cancel (attempt->cancellable);
  attempt_run (attempt, "rtmp", "127.0.0.1", 1935);
  g_assert_error (attempt->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* -- TCP -- */

static gint
get_option (GSocket *socket, gint level, gint option)
{
  gint value = 0;

  g_assert_true (g_socket_get_option (socket, level, option, &value, NULL));
  return value;
}

static void
test_tcp (gconstpointer data)
{
  gboolean ipv6 = GPOINTER_TO_INT (data);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .ipv6 = ipv6 });
  g_autoptr (Attempt) attempt = attempt_new ();

  if (!peer) {
    g_test_skip ("There is no IPv6 here");
    return;
  }
  attempt_run (attempt, "rtmp", ipv6 ? "::1" : "127.0.0.1", rtmp_peer_get_port (peer));
  g_assert_no_error (attempt->error);
  g_assert_true (G_IS_SOCKET_CONNECTION (attempt->stream));
  g_assert_true (g_socket_get_keepalive (attempt->socket));
  g_assert_cmpint (get_option (attempt->socket, IPPROTO_TCP, TCP_NODELAY), !=, 0);
  g_assert_true (rtmp_peer_wait_connections (peer, 1));
  g_assert_cmpuint (attempt->n_asked, ==, 0);
}

/* Without a timeout, and without anybody to cancel. */
static void
test_plainest (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt->config.timeout = 0;
  attempt->config.user_data_ref = NULL;
  attempt->config.user_data_unref = NULL;
  attempt->config.accept_certificate = NULL;
  attempt_run (attempt, "rtmp", "localhost", rtmp_peer_get_port (peer));
  g_assert_no_error (attempt->error);
}

/* Of several addresses the one that answers is taken. */
static void
test_second_address (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt_run (attempt, "rtmp", "both.test", rtmp_peer_get_port (peer));
  g_assert_no_error (attempt->error);
  g_assert_true (rtmp_peer_wait_connections (peer, 1));
}

static void
test_refused (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (Attempt) attempt = attempt_new ();

  rtmp_peer_stop_listening (peer);
  attempt_run (attempt, "rtmp", "127.0.0.1", rtmp_peer_get_port (peer));
  assert_failed (attempt, RTMP_ERROR_CONNECT, "connecting");
}

/* A port whose queue is full: who comes now hears nothing. */
typedef struct {
  GSocket *listener;
  GPtrArray *waiting;
  guint port;
} BlackHole;

static void
black_hole_free (BlackHole *hole)
{
  g_ptr_array_unref (hole->waiting);
  g_object_unref (hole->listener);
  g_free (hole);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BlackHole, black_hole_free)

static GSocket *
tcp_socket_new (void)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
      NULL);

  g_assert_nonnull (socket);
  g_socket_set_blocking (socket, FALSE);
  return socket;
}

static BlackHole *
black_hole_new (void)
{
  BlackHole *hole = g_new0 (BlackHole, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;
  guint i;

  hole->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  hole->listener = tcp_socket_new ();
  g_assert_true (g_socket_bind (hole->listener, any_port, FALSE, NULL));
  g_socket_set_listen_backlog (hole->listener, 0);
  g_assert_true (g_socket_listen (hole->listener, NULL));
  address = g_socket_get_local_address (hole->listener, NULL);
  hole->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  for (i = 0; i < 8; i++) {
    g_ptr_array_add (hole->waiting, tcp_socket_new ());
    g_socket_connect (hole->waiting->pdata[i], address, NULL, NULL);
  }
  return hole;
}

static void
test_tcp_timeout (void)
{
  g_autoptr (BlackHole) hole = black_hole_new ();
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt->config.timeout = SHORT_TIMEOUT;
  attempt_run (attempt, "rtmp", "127.0.0.1", hole->port);
  assert_failed (attempt, RTMP_ERROR_TIMEOUT, "connecting");
}

static void
test_tcp_cancel (void)
{
  g_autoptr (BlackHole) hole = black_hole_new ();
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt_start (attempt, "rtmp", "127.0.0.1", hole->port);
  attempt_cancel (attempt);
}

/* -- Proxies -- */

static void
test_proxy (void)
{
  g_autoptr (SocksProxy) proxy = socks_proxy_new (SOCKS_PROXY_CONNECT);
  g_autoptr (GProxyResolver) resolver = socks_proxy_get_resolver (proxy);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (Attempt) attempt = attempt_new ();
  g_autofree gchar *host = NULL;
  g_autofree guint8 *hello = g_malloc0 (1537);

  attempt->config.proxy_resolver = resolver;
  /* The name is the proxy's to resolve. */
  attempt_run (attempt, "rtmp", "media.test", rtmp_peer_get_port (peer));
  g_assert_no_error (attempt->error);
  host = socks_proxy_get_host (proxy);
  g_assert_cmpstr (host, ==, "media.test");
  hello[0] = 3;
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (attempt->stream), hello,
      1537, NULL, NULL, NULL));
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_HANDSHAKE));
  g_assert_true (rtmp_peer_wait_bytes (peer, 0, 1537));
}

static void
test_proxy_tls (void)
{
  g_autoptr (TestCertificates) certificates = test_certificates_new ();
  g_autoptr (SocksProxy) proxy = socks_proxy_new (SOCKS_PROXY_CONNECT);
  g_autoptr (GProxyResolver) resolver = socks_proxy_get_resolver (proxy);
  g_autoptr (RtmpPeer) peer = NULL;
  g_autoptr (Attempt) attempt = attempt_new ();

  if (!certificates) {
    g_test_skip ("openssl or GIO's TLS is missing");
    return;
  }
  peer = rtmp_peer_new (&(RtmpPeerConfig) { .certificate = certificates->good });
  attempt->config.proxy_resolver = resolver;
  attempt->config.tls_database = certificates->ca;
  attempt_run (attempt, "rtmps", "localhost", rtmp_peer_get_port (peer));
  g_assert_no_error (attempt->error);
  g_assert_true (G_IS_TLS_CONNECTION (attempt->stream));
}

static void
test_proxy_refuses (void)
{
  g_autoptr (SocksProxy) proxy = socks_proxy_new (SOCKS_PROXY_REFUSE);
  g_autoptr (GProxyResolver) resolver = socks_proxy_get_resolver (proxy);
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt->config.proxy_resolver = resolver;
  attempt_run (attempt, "rtmp", "media.test", 1935);
  assert_failed (attempt, RTMP_ERROR_CONNECT, "negotiating with the proxy");
}

static void
test_proxy_timeout (void)
{
  g_autoptr (SocksProxy) proxy = socks_proxy_new (SOCKS_PROXY_SILENT);
  g_autoptr (GProxyResolver) resolver = socks_proxy_get_resolver (proxy);
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt->config.proxy_resolver = resolver;
  attempt->config.timeout = SHORT_TIMEOUT;
  attempt_run (attempt, "rtmp", "media.test", 1935);
  assert_failed (attempt, RTMP_ERROR_TIMEOUT, "negotiating with the proxy");
}

static void
test_proxy_cancel (void)
{
  g_autoptr (SocksProxy) proxy = socks_proxy_new (SOCKS_PROXY_SILENT);
  g_autoptr (GProxyResolver) resolver = socks_proxy_get_resolver (proxy);
  g_autoptr (Attempt) attempt = attempt_new ();

  attempt->config.proxy_resolver = resolver;
  attempt_start (attempt, "rtmp", "media.test", 1935);
  g_assert_true (socks_proxy_wait_asked (proxy));
  attempt_cancel (attempt);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  test_resolver_install ();
  g_test_add_func ("/connector/resolve/fails", test_resolve_fails);
  g_test_add_func ("/connector/resolve/timeout", test_resolve_timeout);
  g_test_add_func ("/connector/resolve/cancel", test_resolve_cancel);
  g_test_add_func ("/connector/resolve/bad-host", test_bad_host);
  g_test_add_func ("/connector/cancelled-before", test_cancelled_before);
  g_test_add_data_func ("/connector/tcp/ipv4", GINT_TO_POINTER (FALSE), test_tcp);
  g_test_add_data_func ("/connector/tcp/ipv6", GINT_TO_POINTER (TRUE), test_tcp);
  g_test_add_func ("/connector/tcp/plainest", test_plainest);
  g_test_add_func ("/connector/tcp/second-address", test_second_address);
  g_test_add_func ("/connector/tcp/refused", test_refused);
  g_test_add_func ("/connector/tcp/timeout", test_tcp_timeout);
  g_test_add_func ("/connector/tcp/cancel", test_tcp_cancel);
  g_test_add_func ("/connector/proxy/plain", test_proxy);
  g_test_add_func ("/connector/proxy/tls", test_proxy_tls);
  g_test_add_func ("/connector/proxy/refuses", test_proxy_refuses);
  g_test_add_func ("/connector/proxy/timeout", test_proxy_timeout);
  g_test_add_func ("/connector/proxy/cancel", test_proxy_cancel);
  result = g_test_run ();
  test_resolver_remove ();
  return result;
}
