/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The injector of faults itself: each fault, both ways, at exact counts of bytes. */

#include "support/faultproxy.h"

#include <string.h>

#include "support/testutil.h"

/* Seconds that a socket waits; only a failing test waits that long. */
#define PATIENCE 20
#define MAX_CONNECTIONS 4

/**
 * Net: a server that the test plays itself, the proxy before it, and connections between.
 * @near: the sender's socket of each way of the first connection, FAULT_OUT and FAULT_IN;
 *   @far: its receiver's
 */
typedef struct {
  GSocket *listener;
  FaultProxy *proxy;
  GSocket *clients[MAX_CONNECTIONS], *servers[MAX_CONNECTIONS];
  guint n;
  GSocket *near[FAULT_BOTH], *far[FAULT_BOTH];
} Net;

static GSocket *
new_socket (void)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
      NULL);

  g_assert_nonnull (socket);
  g_socket_set_timeout (socket, PATIENCE);
  return socket;
}

static GSocketAddress *
make_address (guint16 port)
{
  return g_inet_socket_address_new_from_string ("127.0.0.1", port);
}

static guint16
get_port (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

static Net *
net_new (void)
{
  Net *net = g_new0 (Net, 1);
  g_autoptr (GSocketAddress) address = make_address (0);

  net->listener = new_socket ();
  g_assert_true (g_socket_bind (net->listener, address, TRUE, NULL));
  g_assert_true (g_socket_listen (net->listener, NULL));
  net->proxy = fault_proxy_new (get_port (net->listener));
  return net;
}

static GSocket *
dial (Net *net, GError **error)
{
  g_autoptr (GSocketAddress) address = make_address (fault_proxy_get_port (net->proxy));
  GSocket *client = new_socket ();

  (void) g_socket_connect (client, address, NULL, error);
  return client;
}

static void
connect_one (Net *net)
{
  g_autoptr (GError) error = NULL;
  GSocket *client = dial (net, &error), *server;

  g_assert_no_error (error);
  server = g_socket_accept (net->listener, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_timeout (server, PATIENCE);
  if (net->n == 0) {
    net->near[FAULT_OUT] = net->far[FAULT_IN] = client;
    net->far[FAULT_OUT] = net->near[FAULT_IN] = server;
  }
  net->clients[net->n] = client;
  net->servers[net->n++] = server;
}

static Net *
net_new_connected (void)
{
  Net *net = net_new ();

  connect_one (net);
  return net;
}

static void
net_free (Net *net)
{
  guint i;

  for (i = 0; i < net->n; i++) {
    g_clear_object (&net->clients[i]);
    g_clear_object (&net->servers[i]);
  }
  fault_proxy_free (net->proxy);
  g_object_unref (net->listener);
  g_free (net);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Net, net_free)

/* -- Bytes -- */

static guint8
byte_at (guint64 pos)
{
  return (guint8) (pos * 31 + pos / 256);
}

/* Sends the bytes of a sequence from @pos on. */
static void
send_bytes (GSocket *socket, guint64 pos, gsize size)
{
  g_autofree gchar *bytes = g_malloc (size);
  gsize i;
  gssize n;

  for (i = 0; i < size; i++)
    bytes[i] = (gchar) byte_at (pos + i);
  for (i = 0; i < size; i += (gsize) n) {
    g_autoptr (GError) error = NULL;

    n = g_socket_send (socket, bytes + i, size - i, NULL, &error);
    g_assert_no_error (error);
  }
}

/* Reads @size bytes, which are those of the sequence from @pos on. */
static void
expect_bytes (GSocket *socket, guint64 pos, gsize size)
{
  g_autofree guint8 *bytes = g_malloc (size);
  gsize i, have;
  gssize n;

  for (have = 0; have < size; have += (gsize) n) {
    g_autoptr (GError) error = NULL;

    n = g_socket_receive (socket, (gchar *) bytes + have, size - have, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpint (n, >, 0);
  }
  for (i = 0; i < size; i++)
    g_assert_cmphex (bytes[i], ==, byte_at (pos + i));
}

static void
expect_end (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  gchar byte;

  g_assert_cmpint (g_socket_receive (socket, &byte, 1, NULL, &error), ==, 0);
  g_assert_no_error (error);
}

static void
expect_reset (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  gchar byte;

  g_assert_cmpint (g_socket_receive (socket, &byte, 1, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

/* Connecting shows it, or reading does. */
static void
expect_reset_at_once (Net *net)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) client = dial (net, &error);

  if (error)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  else
    expect_reset (client);
}

/* Nothing has come so far: no byte, no end, no reset. */
static void
expect_nothing (GSocket *socket)
{
  g_assert_false (g_socket_condition_check (socket, G_IO_IN | G_IO_HUP | G_IO_ERR) != 0);
}

static void
add (Net *net, FaultKind kind, FaultWays ways, FaultWays of, guint64 at)
{
  fault_proxy_add (net->proxy, &(Fault) { .kind = kind, .ways = ways, .of = of, .at = at });
}

static void
inject (Net *net, FaultKind kind, FaultWays ways)
{
  fault_proxy_inject (net->proxy, &(Fault) { .kind = kind, .ways = ways });
}

static void
assert_log (Net *net, const gchar *expected)
{
  g_autofree gchar *log = fault_proxy_get_log (net->proxy);

  g_assert_cmpstr (log, ==, expected);
}

static FaultWays
other_way (FaultWays way)
{
  return FAULT_BOTH ^ way;
}

/* -- Without a fault -- */

static void
test_passes (void)
{
  g_autoptr (Net) net = net_new_connected ();

  send_bytes (net->clients[0], 0, 100000);
  expect_bytes (net->servers[0], 0, 100000);
  send_bytes (net->servers[0], 7, 100000);
  expect_bytes (net->clients[0], 7, 100000);
  g_assert_cmpuint (fault_proxy_get_bytes (net->proxy, 0, FAULT_OUT), ==, 100000);
  g_assert_cmpuint (fault_proxy_get_bytes (net->proxy, 0, FAULT_IN), ==, 100000);
  g_assert_true (g_socket_shutdown (net->clients[0], FALSE, TRUE, NULL));
  expect_end (net->servers[0]);
  send_bytes (net->servers[0], 100007, 10);
  expect_bytes (net->clients[0], 100007, 10);
  g_assert_true (g_socket_close (net->servers[0], NULL));
  expect_end (net->clients[0]);
  g_assert_true (fault_proxy_wait_ended (net->proxy, 0));
  assert_log (net, "0 accepted 0 0, 0 ended 100000 100010");
}

/* A reset by one side is one for the other. */
static void
check_passes_reset (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  g_autoptr (Net) net = net_new_connected ();

  /* Closed with unread bytes is reset (RFC 9293, 3.6.1 says so of data that is lost). */
  send_bytes (net->far[way], 0, 10);
  g_assert_true (g_socket_condition_wait (net->near[way], G_IO_IN, NULL, NULL));
  g_assert_true (g_socket_close (net->near[way], NULL));
  expect_reset (net->far[way]);
  g_assert_true (fault_proxy_wait_ended (net->proxy, 0));
}

static void
test_nobody_there (void)
{
  g_autoptr (Net) net = net_new ();

  g_assert_true (g_socket_close (net->listener, NULL));
  expect_reset_at_once (net);
  assert_log (net, "0 refused 0 0");
}

/* -- Faults at a count of bytes -- */

static const guint64 counts[] = { 0, 1, 1537, 70000 };

/* Passes @at bytes, and sends ten more. */
static void
reach (Net *net, FaultWays way, guint64 at)
{
  if (at > 0) {
    send_bytes (net->near[way], 0, at - 1);
    expect_bytes (net->far[way], 0, at - 1);
    g_assert_cmpuint (fault_proxy_get_bytes (net->proxy, 0, way), ==, at - 1);
    send_bytes (net->near[way], at - 1, 11);
    expect_bytes (net->far[way], at - 1, 1);
  } else {
    send_bytes (net->near[way], 0, 10);
  }
  g_assert_true (fault_proxy_wait_faults (net->proxy, 1));
}

static void
check_stall (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (Net) net = net_new_connected ();
    guint64 at = counts[i];

    add (net, FAULT_STALL, way, way, at);
    reach (net, way, at);
    send_bytes (net->far[way], 3, 5);
    expect_bytes (net->near[way], 3, 5);
    expect_nothing (net->far[way]);
    g_assert_cmpuint (fault_proxy_get_bytes (net->proxy, 0, way), ==, at);
    inject (net, FAULT_RESUME, way);
    expect_bytes (net->far[way], at, 10);
    g_assert_cmpuint (fault_proxy_get_bytes (net->proxy, 0, way), ==, at + 10);
  }
}

/* What a sender can get rid of into a way that is stalled has an end. */
static void
check_stall_fills (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  g_autoptr (Net) net = net_new_connected ();
  g_autofree gchar *bytes = g_malloc0 (1000000);
  g_autoptr (GError) error = NULL;
  guint64 sent = 0;
  gssize n;

  inject (net, FAULT_STALL, way);
  g_socket_set_blocking (net->near[way], FALSE);
  while ((n = g_socket_send (net->near[way], bytes, 1000000, NULL, &error)) > 0)
    sent += (guint64) n;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (sent, <, 100000000);
  g_assert_cmpuint (fault_proxy_get_bytes (net->proxy, 0, way), ==, 0);
}

static void
check_black_hole (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (Net) net = net_new_connected ();
    guint64 at = counts[i];

    add (net, FAULT_BLACK_HOLE, way, way, at);
    reach (net, way, at);
    g_assert_true (fault_proxy_wait_bytes (net->proxy, 0, way, at + 10));
    send_bytes (net->near[way], at + 10, 10000000);
    g_assert_true (fault_proxy_wait_bytes (net->proxy, 0, way, at + 10000010));
    expect_nothing (net->far[way]);
    inject (net, FAULT_RESUME, way);
    send_bytes (net->near[way], 5, 5);
    expect_bytes (net->far[way], 5, 5);
  }
}

/* Nor does an end, or a reset, come out of it. */
static void
check_black_hole_end (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  g_autoptr (Net) net = net_new_connected ();

  connect_one (net);
  inject (net, FAULT_BLACK_HOLE, way);
  g_assert_true (g_socket_shutdown (net->near[way], FALSE, TRUE, NULL));
  send_bytes (net->far[way], 0, 5);
  expect_bytes (net->near[way], 0, 5);
  send_bytes (net->far[way], 5, 5);
  g_assert_true (g_socket_condition_wait (net->near[way], G_IO_IN, NULL, NULL));
  g_assert_true (g_socket_close (net->near[way], NULL));
  send_bytes (net->servers[1], 0, 5);
  expect_bytes (net->clients[1], 0, 5);
  expect_nothing (net->far[way]);
}

static void
check_fin (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (Net) net = net_new_connected ();

    add (net, FAULT_FIN, way, way, counts[i]);
    reach (net, way, counts[i]);
    expect_end (net->far[way]);
    send_bytes (net->far[way], 0, 10);
    expect_bytes (net->near[way], 0, 10);
    g_assert_true (g_socket_close (net->far[way], NULL));
    expect_end (net->near[way]);
    g_assert_true (g_socket_close (net->near[way], NULL));
    g_assert_true (fault_proxy_wait_ended (net->proxy, 0));
  }
}

static void
test_fin_both (void)
{
  g_autoptr (Net) net = net_new_connected ();

  add (net, FAULT_FIN, FAULT_BOTH, FAULT_OUT, 5);
  send_bytes (net->clients[0], 0, 10);
  expect_bytes (net->servers[0], 0, 5);
  expect_end (net->servers[0]);
  expect_end (net->clients[0]);
  send_bytes (net->servers[0], 0, 5);
  g_assert_true (fault_proxy_wait_bytes (net->proxy, 0, FAULT_IN, 5));
  g_assert_true (g_socket_close (net->servers[0], NULL));
  g_assert_true (g_socket_close (net->clients[0], NULL));
  g_assert_true (fault_proxy_wait_ended (net->proxy, 0));
}

/* The other side does not learn of it, whatever it does. */
static void
check_rst (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (Net) net = net_new_connected ();

    add (net, FAULT_RST, way, way, counts[i]);
    reach (net, way, counts[i]);
    expect_reset (net->far[way]);
    send_bytes (net->near[way], 0, 10000000);
    g_assert_true (fault_proxy_wait_bytes (net->proxy, 0, way, counts[i] + 10000010));
    expect_nothing (net->near[way]);
    g_assert_true (g_socket_close (net->near[way], NULL));
    g_assert_true (fault_proxy_wait_ended (net->proxy, 0));
  }
}

static void
check_rst_both (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (Net) net = net_new_connected ();

    add (net, FAULT_RST, FAULT_BOTH, way, counts[i]);
    /* At 0 sending would fail already, and leave nothing to be seen. */
    if (counts[i] > 0)
      reach (net, way, counts[i]);
    expect_reset (net->clients[0]);
    expect_reset (net->servers[0]);
    g_assert_true (fault_proxy_wait_ended (net->proxy, 0));
  }
}

static void
check_corrupt (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (Net) net = net_new_connected ();
    guint64 at = counts[i];
    guint8 byte;

    fault_proxy_add (net->proxy,
        &(Fault) { .kind = FAULT_CORRUPT, .ways = way, .of = way, .at = at, .value = 0x40 });
    send_bytes (net->near[way], 0, at + 10);
    if (at > 0)
      expect_bytes (net->far[way], 0, at);
    g_assert_cmpint (g_socket_receive (net->far[way], (gchar *) &byte, 1, NULL, NULL), ==, 1);
    g_assert_cmphex (byte, ==, byte_at (at) ^ 0x40);
    expect_bytes (net->far[way], at + 1, 9);
  }
}

static gint64
time_passing (Net *net, FaultWays way, gsize size)
{
  gint64 begin = g_get_monotonic_time ();

  send_bytes (net->near[way], 0, size);
  expect_bytes (net->far[way], 0, size);
  return g_get_monotonic_time () - begin;
}

/* No sooner; how much later is the machine's. */
static void
check_delay (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  g_autoptr (Net) net = net_new_connected ();

  fault_proxy_add (net->proxy,
      &(Fault) { .kind = FAULT_DELAY, .ways = way, .of = way, .at = 10, .value = 60 });
  (void) time_passing (net, way, 10);
  g_assert_cmpint (time_passing (net, way, 1000000), >=, 60 * G_TIME_SPAN_MILLISECOND);
  g_assert_true (g_socket_shutdown (net->near[way], FALSE, TRUE, NULL));
  expect_end (net->far[way]);
}

static void
check_rate (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  g_autoptr (Net) net = net_new_connected ();

  fault_proxy_add (net->proxy,
      &(Fault) { .kind = FAULT_RATE, .ways = way, .of = way, .value = 1000000 });
  g_assert_cmpint (time_passing (net, way, 110000), >=, 100 * G_TIME_SPAN_MILLISECOND);
}

/* -- Scripts -- */

/* The bytes of one way decide about the other, in an order. */
static void
check_script (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data), other = other_way (way);
  g_autoptr (Net) net = net_new_connected ();

  add (net, FAULT_STALL, other, way, 100);
  add (net, FAULT_RESUME, other, way, 200);
  add (net, FAULT_FIN, other, way, 200);
  send_bytes (net->near[way], 0, 100);
  expect_bytes (net->far[way], 0, 100);
  g_assert_true (fault_proxy_wait_faults (net->proxy, 1));
  send_bytes (net->near[other], 0, 10);
  expect_nothing (net->far[other]);
  send_bytes (net->near[way], 100, 100);
  expect_bytes (net->far[way], 100, 100);
  expect_end (net->far[other]);
  assert_log (net,
      way == FAULT_OUT ? "0 accepted 0 0, 0 stall 100 0, 0 resume 200 0, 0 fin 200 0"
                       : "0 accepted 0 0, 0 stall 0 100, 0 resume 0 200, 0 fin 0 200");
}

static void
check_duration (gconstpointer data)
{
  FaultWays way = (FaultWays) GPOINTER_TO_INT (data);
  g_autoptr (Net) net = net_new_connected ();
  gint64 begin = g_get_monotonic_time ();

  fault_proxy_add (net->proxy,
      &(Fault) { .kind = FAULT_STALL, .ways = way, .of = way, .at = 5, .duration = 50 });
  send_bytes (net->near[way], 0, 10);
  expect_bytes (net->far[way], 0, 10);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 50 * G_TIME_SPAN_MILLISECOND);
}

static void
test_by_connection (void)
{
  g_autoptr (Net) net = net_new ();
  guint i;

  fault_proxy_add (net->proxy,
      &(Fault) { .kind = FAULT_RST,
          .ways = FAULT_BOTH,
          .connection = 1,
          .of = FAULT_OUT,
          .at = 5 });
  fault_proxy_add (net->proxy,
      &(Fault) { .kind = FAULT_FIN,
          .ways = FAULT_OUT,
          .connection = FAULT_EVERY,
          .of = FAULT_OUT,
          .at = 20 });
  for (i = 0; i < 3; i++) {
    connect_one (net);
    send_bytes (net->clients[i], 0, 30);
    expect_bytes (net->servers[i], 0, i == 1 ? 5 : 20);
    if (i == 1)
      expect_reset (net->servers[i]);
    else
      expect_end (net->servers[i]);
  }
  /* That count is over. */
  add (net, FAULT_RST, FAULT_BOTH, FAULT_OUT, 10);
  send_bytes (net->servers[0], 0, 5);
  expect_bytes (net->clients[0], 0, 5);
  fault_proxy_inject (net->proxy,
      &(Fault) { .kind = FAULT_RST, .ways = FAULT_BOTH, .connection = 2 });
  expect_reset (net->clients[2]);
  expect_nothing (net->clients[0]);
}

static void
test_refuse (void)
{
  g_autoptr (Net) net = net_new ();
  guint i;

  fault_proxy_refuse (net->proxy, 2);
  for (i = 0; i < 2; i++)
    expect_reset_at_once (net);
  connect_one (net);
  send_bytes (net->clients[0], 0, 5);
  expect_bytes (net->servers[0], 0, 5);
  g_assert_true (fault_proxy_wait_connections (net->proxy, 3));
  assert_log (net, "0 refused 0 0, 1 refused 0 0, 2 accepted 0 0");
}

/* Who is there stays; the port comes back. */
static void
test_not_listening (void)
{
  g_autoptr (Net) net = net_new_connected ();
  g_autoptr (GSocket) client = NULL;
  g_autoptr (GError) error = NULL;

  fault_proxy_set_listening (net->proxy, FALSE);
  client = dial (net, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  send_bytes (net->clients[0], 0, 5);
  expect_bytes (net->servers[0], 0, 5);
  fault_proxy_set_listening (net->proxy, TRUE);
  connect_one (net);
  send_bytes (net->clients[1], 0, 5);
  expect_bytes (net->servers[1], 0, 5);
}

/* -- What is left -- */

static void
test_counts (void)
{
  guint threads = test_count_threads (), descriptors = test_count_descriptors ();
  FaultKind kind;

  for (kind = FAULT_DELAY; kind <= FAULT_RESUME; kind++) {
    g_autoptr (Net) net = net_new_connected ();

    connect_one (net);
    fault_proxy_add (net->proxy,
        &(Fault) { .kind = kind, .ways = FAULT_BOTH, .of = FAULT_OUT, .at = 5, .value = 10000 });
    send_bytes (net->clients[0], 0, 100000);
    g_assert_true (fault_proxy_wait_faults (net->proxy, 1));
    fault_proxy_set_listening (net->proxy, FALSE);
    net_free (g_steal_pointer (&net));
    g_assert_true (test_wait_counts (threads, descriptors));
  }
}

static void
add_test (const gchar *name, GTestDataFunc func)
{
  g_autofree gchar *out = g_strconcat ("/faultproxy/", name, "/out", NULL);
  g_autofree gchar *in = g_strconcat ("/faultproxy/", name, "/in", NULL);

  g_test_add_data_func (out, GINT_TO_POINTER (FAULT_OUT), func);
  g_test_add_data_func (in, GINT_TO_POINTER (FAULT_IN), func);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/faultproxy/passes", test_passes);
  add_test ("passes-reset", check_passes_reset);
  g_test_add_func ("/faultproxy/nobody-there", test_nobody_there);
  add_test ("stall", check_stall);
  add_test ("stall-fills", check_stall_fills);
  add_test ("black-hole", check_black_hole);
  add_test ("black-hole-end", check_black_hole_end);
  add_test ("fin", check_fin);
  g_test_add_func ("/faultproxy/fin/both", test_fin_both);
  add_test ("rst", check_rst);
  add_test ("rst-both", check_rst_both);
  add_test ("corrupt", check_corrupt);
  add_test ("delay", check_delay);
  add_test ("rate", check_rate);
  add_test ("script", check_script);
  add_test ("duration", check_duration);
  g_test_add_func ("/faultproxy/by-connection", test_by_connection);
  g_test_add_func ("/faultproxy/refuse", test_refuse);
  g_test_add_func ("/faultproxy/not-listening", test_not_listening);
  g_test_add_func ("/faultproxy/counts", test_counts);
  return g_test_run ();
}
