/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socksproxy.h"

/*
 *  RFC 1928, 3 to 6
 *  client  5 nMethods1 methods | 5 command1 0 addressType1 address port2
 *  proxy   5 method1           | 5 reply1 0 1 address4 port2
 *  address type 1: 4 bytes, 3: size1 name, 4: 16 bytes
 */
#define REPLY_OK 0
#define REPLY_REFUSED 5

struct _SocksProxy {
  SocksProxyMode mode;
  GSocketService *service;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  guint16 port;
  GCancellable *cancellable;
  GMutex lock;
  GCond cond;
  guint running;
  gboolean asked;
  gchar *host;
};

static gboolean
read_bytes (SocksProxy *proxy, GIOStream *client, guint8 *bytes, gsize size)
{
  gsize n;

  return g_input_stream_read_all (g_io_stream_get_input_stream (client), bytes, size, &n,
             proxy->cancellable, NULL)
      && n == size;
}

static gboolean
write_bytes (SocksProxy *proxy, GIOStream *client, const guint8 *bytes, gsize size)
{
  return g_output_stream_write_all (g_io_stream_get_output_stream (client), bytes, size, NULL,
      proxy->cancellable, NULL);
}

static void
note_asked (SocksProxy *proxy, const gchar *host)
{
  g_mutex_lock (&proxy->lock);
  proxy->asked = TRUE;
  if (host) {
    g_free (proxy->host);
    proxy->host = g_strdup (host);
  }
  g_cond_broadcast (&proxy->cond);
  g_mutex_unlock (&proxy->lock);
}

static gboolean
read_request (SocksProxy *proxy, GIOStream *client, guint16 *port)
{
  guint8 head[4], size = 0, port_bytes[2];
  guint8 address[256] = { 0 };
  g_autofree gchar *host = NULL;

  if (!read_bytes (proxy, client, head, sizeof (head)))
    return FALSE;
  if (head[3] == 3 && !read_bytes (proxy, client, &size, 1))
    return FALSE;
  if (head[3] != 3)
    size = head[3] == 1 ? 4 : 16;
  if (!read_bytes (proxy, client, address, size)
      || !read_bytes (proxy, client, port_bytes, sizeof (port_bytes)))
    return FALSE;
  *port = (guint16) (port_bytes[0] << 8 | port_bytes[1]);
  host = head[3] == 3 ? g_strdup ((gchar *) address) : g_strdup ("an address");
  note_asked (proxy, host);
  return TRUE;
}

/* Returns: (transfer full) (nullable): a stream to the wanted port */
static GIOStream *
negotiate (SocksProxy *proxy, GIOStream *client)
{
  g_autoptr (GSocketClient) target = g_socket_client_new ();
  GSocketConnection *connection = NULL;
  guint8 greeting[2], methods[255];
  guint8 reply[10] = { 5, REPLY_OK, 0, 1 };
  guint16 port;

  if (!read_bytes (proxy, client, greeting, sizeof (greeting))
      || !read_bytes (proxy, client, methods, greeting[1])
      || !write_bytes (proxy, client, (const guint8 *) "\5\0", 2)
      || !read_request (proxy, client, &port))
    return NULL;
  g_socket_client_set_enable_proxy (target, FALSE);
  if (proxy->mode == SOCKS_PROXY_CONNECT)
    connection = g_socket_client_connect_to_host (target, "127.0.0.1", port, proxy->cancellable,
        NULL);
  if (!connection)
    reply[1] = REPLY_REFUSED;
  write_bytes (proxy, client, reply, sizeof (reply));
  return connection ? G_IO_STREAM (connection) : NULL;
}

typedef struct {
  GIOStream *from;
  GIOStream *to;
  GCancellable *cancellable;
} OneWay;

static gpointer
carry (gpointer data)
{
  const OneWay *way = data;
  guint8 bytes[4096];
  gssize n;

  while ((n = g_input_stream_read (g_io_stream_get_input_stream (way->from), bytes, sizeof (bytes),
              way->cancellable, NULL))
          > 0
      && g_output_stream_write_all (g_io_stream_get_output_stream (way->to), bytes, (gsize) n, NULL,
          way->cancellable, NULL))
    ;
  g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (way->to)), FALSE, TRUE,
      NULL);
  return NULL;
}

static void
carry_both (SocksProxy *proxy, GIOStream *client, GIOStream *target)
{
  OneWay out = { client, target, proxy->cancellable };
  OneWay back = { target, client, proxy->cancellable };
  GThread *thread = g_thread_new ("socks-proxy", carry, &back);

  carry (&out);
  g_thread_join (thread);
}

/* Counted before its thread begins, which socks_proxy_free() waits for. */
static gboolean
on_incoming (GSocketService *service, GSocketConnection *client, GObject *source, gpointer data)
{
  SocksProxy *proxy = data;

  (void) service;
  (void) client;
  (void) source;
  g_mutex_lock (&proxy->lock);
  proxy->running++;
  g_mutex_unlock (&proxy->lock);
  return FALSE;
}

static gboolean
on_run (GThreadedSocketService *service, GSocketConnection *client, GObject *source, gpointer data)
{
  SocksProxy *proxy = data;
  g_autoptr (GIOStream) target = NULL;
  guint8 byte;

  (void) service;
  (void) source;
  if (proxy->mode == SOCKS_PROXY_SILENT) {
    note_asked (proxy, NULL);
    while (read_bytes (proxy, G_IO_STREAM (client), &byte, 1))
      ;
  } else {
    target = negotiate (proxy, G_IO_STREAM (client));
  }
  if (target)
    carry_both (proxy, G_IO_STREAM (client), target);
  g_mutex_lock (&proxy->lock);
  proxy->running--;
  g_cond_broadcast (&proxy->cond);
  g_mutex_unlock (&proxy->lock);
  return TRUE;
}

static gpointer
proxy_run (gpointer data)
{
  SocksProxy *proxy = data;

  g_main_context_push_thread_default (proxy->context);
  g_main_loop_run (proxy->loop);
  g_socket_service_stop (proxy->service);
  g_socket_listener_close (G_SOCKET_LISTENER (proxy->service));
  while (g_main_context_iteration (proxy->context, FALSE))
    ;
  g_main_context_pop_thread_default (proxy->context);
  return NULL;
}

SocksProxy *
socks_proxy_new (SocksProxyMode mode)
{
  SocksProxy *proxy = g_new0 (SocksProxy, 1);

  proxy->mode = mode;
  g_mutex_init (&proxy->lock);
  g_cond_init (&proxy->cond);
  proxy->cancellable = g_cancellable_new ();
  proxy->context = g_main_context_new ();
  proxy->loop = g_main_loop_new (proxy->context, FALSE);
  g_main_context_push_thread_default (proxy->context);
  proxy->service = g_threaded_socket_service_new (16);
  g_signal_connect (proxy->service, "incoming", G_CALLBACK (on_incoming), proxy);
  g_signal_connect (proxy->service, "run", G_CALLBACK (on_run), proxy);
  proxy->port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (proxy->service), NULL,
      NULL);
  g_main_context_pop_thread_default (proxy->context);
  g_assert_cmpuint (proxy->port, !=, 0);
  proxy->thread = g_thread_new ("socks-proxy", proxy_run, proxy);
  return proxy;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
socks_proxy_free (SocksProxy *proxy)
{
  GSource *source = g_idle_source_new ();

  g_source_set_callback (source, quit, proxy->loop, NULL);
  g_source_attach (source, proxy->context);
  g_source_unref (source);
  g_thread_join (proxy->thread);
  g_cancellable_cancel (proxy->cancellable);
  g_mutex_lock (&proxy->lock);
  while (proxy->running > 0)
    g_cond_wait (&proxy->cond, &proxy->lock);
  g_mutex_unlock (&proxy->lock);
  g_signal_handlers_disconnect_by_data (proxy->service, proxy);
  g_object_unref (proxy->service);
  g_object_unref (proxy->cancellable);
  g_main_loop_unref (proxy->loop);
  g_main_context_unref (proxy->context);
  g_mutex_clear (&proxy->lock);
  g_cond_clear (&proxy->cond);
  g_free (proxy->host);
  g_free (proxy);
}

GProxyResolver *
socks_proxy_get_resolver (SocksProxy *proxy)
{
  g_autofree gchar *uri = g_strdup_printf ("socks5://127.0.0.1:%u", proxy->port);

  return g_simple_proxy_resolver_new (uri, NULL);
}

gchar *
socks_proxy_get_host (SocksProxy *proxy)
{
  gchar *host;

  g_mutex_lock (&proxy->lock);
  host = g_strdup (proxy->host);
  g_mutex_unlock (&proxy->lock);
  return host;
}

gboolean
socks_proxy_wait_asked (SocksProxy *proxy)
{
  gint64 deadline = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  gboolean asked;

  g_mutex_lock (&proxy->lock);
  while (!proxy->asked && g_cond_wait_until (&proxy->cond, &proxy->lock, deadline))
    ;
  asked = proxy->asked;
  g_mutex_unlock (&proxy->lock);
  return asked;
}
