/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmppeer.h"

#include <string.h>
#include <sys/socket.h>

#include "rtmppeerconfig.h"
#include "rtmppeerprivate.h"

/* Connections the kernel keeps until they are accepted. */
#define BACKLOG 64

struct _RtmpPeer {
  RtmpPeerHub hub;
  GMainLoop *loop;
  GThread *thread;
  guint16 port;
  gboolean ipv6;
  gboolean tls;     /* under hub.lock */
  GPtrArray *conns; /* RtmpPeerConn; changed under hub.lock */

  /* The peer's thread only. */
  RtmpPeerConfig *config;
  GSocket *listener;
  GSource *accept_source;
};

/* -- The thread -- */

static void
accept_one (RtmpPeer *peer, GSocket *socket)
{
  RtmpPeerConn *conn = rtmp_peer_conn_new (&peer->hub, peer->config, socket);

  g_mutex_lock (&peer->hub.lock);
  g_ptr_array_add (peer->conns, conn);
  g_cond_broadcast (&peer->hub.cond);
  g_mutex_unlock (&peer->hub.lock);
}

static gboolean
on_acceptable (GSocket *listener, GIOCondition condition, gpointer data)
{
  RtmpPeer *peer = data;
  g_autoptr (GSocket) socket = g_socket_accept (listener, NULL, NULL);

  (void) condition;
  if (socket)
    accept_one (peer, socket);
  return G_SOURCE_CONTINUE;
}

static void
stop_accepting (RtmpPeer *peer)
{
  if (!peer->accept_source)
    return;
  g_source_destroy (peer->accept_source);
  g_clear_pointer (&peer->accept_source, g_source_unref);
}

static void
update_accepting (RtmpPeer *peer)
{
  gboolean hold = peer->config->reactions[RTMP_PEER_ACCEPT].action == RTMP_PEER_HOLD
      && !peer->hub.passed[RTMP_PEER_ACCEPT];

  if (hold || g_socket_is_closed (peer->listener)) {
    stop_accepting (peer);
  } else if (!peer->accept_source) {
    peer->accept_source = g_socket_create_source (peer->listener, G_IO_IN, NULL);
    g_source_set_callback (peer->accept_source, G_SOURCE_FUNC (on_acceptable), peer, NULL);
    g_source_attach (peer->accept_source, peer->hub.context);
  }
}

static void
close_all (RtmpPeer *peer)
{
  guint i;

  stop_accepting (peer);
  g_socket_close (peer->listener, NULL);
  for (i = 0; i < peer->conns->len; i++)
    rtmp_peer_conn_close (g_ptr_array_index (peer->conns, i));
  while (peer->hub.pending > 0)
    g_main_context_iteration (peer->hub.context, TRUE);
  g_ptr_array_set_size (peer->conns, 0);
  while (g_main_context_iteration (peer->hub.context, FALSE))
    ;
}

static gpointer
peer_run (gpointer data)
{
  RtmpPeer *peer = data;

  g_main_context_push_thread_default (peer->hub.context);
  update_accepting (peer);
  g_main_loop_run (peer->loop);
  close_all (peer);
  g_main_context_pop_thread_default (peer->hub.context);
  return NULL;
}

typedef struct {
  void (*func) (RtmpPeer *peer, gpointer data);
  RtmpPeer *peer;
  gpointer data;
  gboolean done;
} Call;

static gboolean
call_run (gpointer data)
{
  Call *call = data;
  RtmpPeerHub *hub = &call->peer->hub;

  call->func (call->peer, call->data);
  g_mutex_lock (&hub->lock);
  call->done = TRUE;
  g_cond_broadcast (&hub->cond);
  g_mutex_unlock (&hub->lock);
  return G_SOURCE_REMOVE;
}

void
rtmp_peer_call (RtmpPeer *peer, void (*func) (RtmpPeer *peer, gpointer data), gpointer data)
{
  Call call = { func, peer, data, FALSE };
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, call_run, &call, NULL);
  g_source_attach (source, peer->hub.context);
  g_source_unref (source);
  g_mutex_lock (&peer->hub.lock);
  while (!call.done)
    g_cond_wait (&peer->hub.cond, &peer->hub.lock);
  g_mutex_unlock (&peer->hub.lock);
}

/* -- Beginning and end -- */

/* Returns: (transfer full) (nullable) */
static GSocket *
listen_on_loopback (gboolean ipv6, guint receive_buffer, guint16 *port)
{
  GSocketFamily family = ipv6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (family);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
      NULL);

  if (!socket || !g_socket_bind (socket, any_port, FALSE, NULL))
    return NULL;
  /* Connections inherit it, and the window's scale is agreed when they begin. */
  if (receive_buffer > 0)
    g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, (gint) receive_buffer, NULL);
  g_socket_set_listen_backlog (socket, BACKLOG);
  g_socket_set_blocking (socket, FALSE);
  if (!g_socket_listen (socket, NULL))
    return NULL;
  address = g_socket_get_local_address (socket, NULL);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  return g_steal_pointer (&socket);
}

RtmpPeer *
rtmp_peer_new (const RtmpPeerConfig *config)
{
  gboolean ipv6 = config && config->ipv6;
  guint16 port = 0;
  GSocket *listener = listen_on_loopback (ipv6, config ? config->receive_buffer : 0, &port);
  RtmpPeer *peer;

  if (!listener)
    return NULL;
  peer = g_new0 (RtmpPeer, 1);
  g_mutex_init (&peer->hub.lock);
  g_cond_init (&peer->hub.cond);
  peer->hub.context = g_main_context_new ();
  peer->loop = g_main_loop_new (peer->hub.context, FALSE);
  peer->port = port;
  peer->ipv6 = ipv6;
  peer->config = rtmp_peer_config_copy (config);
  peer->tls = peer->config->certificate != NULL;
  peer->listener = listener;
  peer->conns = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_peer_conn_free);
  peer->thread = g_thread_new ("rtmp-peer", peer_run, peer);
  return peer;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
rtmp_peer_free (RtmpPeer *peer)
{
  GSource *source = g_idle_source_new ();

  g_source_set_callback (source, quit, peer->loop, NULL);
  g_source_attach (source, peer->hub.context);
  g_source_unref (source);
  g_thread_join (peer->thread);
  g_object_unref (peer->listener);
  g_ptr_array_unref (peer->conns);
  rtmp_peer_config_free (peer->config);
  g_main_loop_unref (peer->loop);
  g_main_context_unref (peer->hub.context);
  g_mutex_clear (&peer->hub.lock);
  g_cond_clear (&peer->hub.cond);
  g_free (peer);
}

static void
set_config (RtmpPeer *peer, gpointer config)
{
  rtmp_peer_config_free (peer->config);
  peer->config = rtmp_peer_config_copy (config);
  g_mutex_lock (&peer->hub.lock);
  peer->tls = peer->config->certificate != NULL;
  g_mutex_unlock (&peer->hub.lock);
  memset (peer->hub.passed, 0, sizeof (peer->hub.passed));
  update_accepting (peer);
}

void
rtmp_peer_set_config (RtmpPeer *peer, const RtmpPeerConfig *config)
{
  rtmp_peer_call (peer, set_config, (gpointer) config);
}

static void
stop_listening (RtmpPeer *peer, gpointer data)
{
  (void) data;
  stop_accepting (peer);
  g_socket_close (peer->listener, NULL);
}

void
rtmp_peer_stop_listening (RtmpPeer *peer)
{
  rtmp_peer_call (peer, stop_listening, NULL);
}

guint16
rtmp_peer_get_port (const RtmpPeer *peer)
{
  return peer->port;
}

gchar *
rtmp_peer_get_url (const RtmpPeer *peer, const gchar *path)
{
  RtmpPeer *unlocked = (RtmpPeer *) peer;
  gboolean tls;

  g_mutex_lock (&unlocked->hub.lock);
  tls = peer->tls;
  g_mutex_unlock (&unlocked->hub.lock);
  return g_strdup_printf ("%s://%s:%u/%s", tls ? "rtmps" : "rtmp",
      peer->ipv6 ? "[::1]" : "127.0.0.1", peer->port, path);
}

/* -- What came -- */

RtmpPeerConn *
rtmp_peer_find_conn (RtmpPeer *peer, guint connection)
{
  if (connection == RTMP_PEER_LAST)
    connection = peer->conns->len - 1;
  return connection < peer->conns->len ? g_ptr_array_index (peer->conns, connection) : NULL;
}

RtmpPeerRecord *
rtmp_peer_get_record (RtmpPeer *peer, guint connection)
{
  RtmpPeerRecord *record = NULL;
  RtmpPeerConn *conn;

  g_mutex_lock (&peer->hub.lock);
  conn = rtmp_peer_find_conn (peer, connection);
  if (conn)
    record = rtmp_peer_record_copy (rtmp_peer_conn_get_record (conn));
  g_mutex_unlock (&peer->hub.lock);
  return record;
}

guint
rtmp_peer_count_connections (RtmpPeer *peer)
{
  guint n;

  g_mutex_lock (&peer->hub.lock);
  n = peer->conns->len;
  g_mutex_unlock (&peer->hub.lock);
  return n;
}

static guint
count_open_locked (RtmpPeer *peer)
{
  guint n = 0, i;

  for (i = 0; i < peer->conns->len; i++)
    n += rtmp_peer_conn_get_record (rtmp_peer_find_conn (peer, i))->end == RTMP_PEER_OPEN;
  return n;
}

guint
rtmp_peer_count_open (RtmpPeer *peer)
{
  guint n;

  g_mutex_lock (&peer->hub.lock);
  n = count_open_locked (peer);
  g_mutex_unlock (&peer->hub.lock);
  return n;
}

/* -- Waiting -- */

typedef gboolean (*PeerCondition) (RtmpPeer *peer, guint connection, gconstpointer data);

static gboolean
wait_for (RtmpPeer *peer, guint connection, PeerCondition condition, gconstpointer data)
{
  gint64 deadline = g_get_monotonic_time () + RTMP_PEER_TIMEOUT;
  gboolean done;

  g_mutex_lock (&peer->hub.lock);
  while (!(done = condition (peer, connection, data))) {
    if (!g_cond_wait_until (&peer->hub.cond, &peer->hub.lock, deadline))
      break;
  }
  g_mutex_unlock (&peer->hub.lock);
  return done;
}

static const RtmpPeerRecord *
find_record (RtmpPeer *peer, guint connection)
{
  RtmpPeerConn *conn = rtmp_peer_find_conn (peer, connection);

  return conn ? rtmp_peer_conn_get_record (conn) : NULL;
}

typedef struct {
  RtmpPeerCondition condition;
  gpointer user_data;
} UserCondition;

static gboolean
ask_user (RtmpPeer *peer, guint connection, gconstpointer data)
{
  const UserCondition *user = data;

  return user->condition (find_record (peer, connection), user->user_data);
}

gboolean
rtmp_peer_wait (RtmpPeer *peer, guint connection, RtmpPeerCondition condition, gpointer user_data)
{
  const UserCondition user = { condition, user_data };

  return wait_for (peer, connection, ask_user, &user);
}

static gboolean
has_connections (RtmpPeer *peer, guint n, gconstpointer data)
{
  (void) data;
  return peer->conns->len >= n;
}

gboolean
rtmp_peer_wait_connections (RtmpPeer *peer, guint n)
{
  return wait_for (peer, n, has_connections, NULL);
}

static gboolean
all_ended (RtmpPeer *peer, guint connection, gconstpointer data)
{
  (void) connection;
  (void) data;
  return count_open_locked (peer) == 0;
}

gboolean
rtmp_peer_wait_all_ended (RtmpPeer *peer)
{
  return wait_for (peer, 0, all_ended, NULL);
}

static gboolean
has_ended (RtmpPeer *peer, guint connection, gconstpointer data)
{
  const RtmpPeerRecord *record = find_record (peer, connection);

  (void) data;
  return record && record->end != RTMP_PEER_OPEN;
}

gboolean
rtmp_peer_wait_ended (RtmpPeer *peer, guint connection)
{
  return wait_for (peer, connection, has_ended, NULL);
}

static gboolean
has_stage (RtmpPeer *peer, guint connection, gconstpointer data)
{
  const RtmpPeerRecord *record = find_record (peer, connection);

  return record && record->stage >= *(const RtmpPeerStage *) data;
}

gboolean
rtmp_peer_wait_stage (RtmpPeer *peer, guint connection, RtmpPeerStage stage)
{
  return wait_for (peer, connection, has_stage, &stage);
}

static gboolean
has_media (RtmpPeer *peer, guint connection, gconstpointer data)
{
  const RtmpPeerRecord *record = find_record (peer, connection);

  return record && record->n_media >= *(const guint *) data;
}

gboolean
rtmp_peer_wait_media (RtmpPeer *peer, guint connection, guint n)
{
  return wait_for (peer, connection, has_media, &n);
}

static gboolean
has_bytes (RtmpPeer *peer, guint connection, gconstpointer data)
{
  const RtmpPeerRecord *record = find_record (peer, connection);

  return record && record->bytes_in >= *(const guint64 *) data;
}

gboolean
rtmp_peer_wait_bytes (RtmpPeer *peer, guint connection, guint64 n)
{
  return wait_for (peer, connection, has_bytes, &n);
}

static gboolean
has_pongs (RtmpPeer *peer, guint connection, gconstpointer data)
{
  const RtmpPeerRecord *record = find_record (peer, connection);

  return record && record->n_pongs >= *(const guint *) data;
}

gboolean
rtmp_peer_wait_pongs (RtmpPeer *peer, guint connection, guint n)
{
  return wait_for (peer, connection, has_pongs, &n);
}

static gboolean
has_acks (RtmpPeer *peer, guint connection, gconstpointer data)
{
  const RtmpPeerRecord *record = find_record (peer, connection);

  return record && record->n_acks >= *(const guint *) data;
}

gboolean
rtmp_peer_wait_acks (RtmpPeer *peer, guint connection, guint n)
{
  return wait_for (peer, connection, has_acks, &n);
}

typedef struct {
  const gchar *name;
  guint n;
} CommandCount;

static gboolean
has_command (RtmpPeer *peer, guint connection, gconstpointer data)
{
  const CommandCount *wanted = data;
  const RtmpPeerRecord *record = find_record (peer, connection);
  g_auto (GStrv) names = NULL;
  guint n = 0, i;

  if (!record)
    return FALSE;
  names = g_strsplit (record->commands, " ", -1);
  for (i = 0; names[i]; i++)
    n += strcmp (names[i], wanted->name) == 0;
  return n >= wanted->n;
}

gboolean
rtmp_peer_wait_command (RtmpPeer *peer, guint connection, const gchar *name, guint n)
{
  const CommandCount wanted = { name, n };

  return wait_for (peer, connection, has_command, &wanted);
}

static gboolean
is_written (RtmpPeer *peer, guint connection, gconstpointer data)
{
  RtmpPeerConn *conn = rtmp_peer_find_conn (peer, connection);

  (void) data;
  return conn && rtmp_peer_conn_is_written (conn);
}

gboolean
rtmp_peer_wait_written (RtmpPeer *peer, guint connection)
{
  return wait_for (peer, connection, is_written, NULL);
}

/* -- Acting -- */

static void
pass (RtmpPeer *peer, gpointer data)
{
  RtmpPeerStage stage = *(RtmpPeerStage *) data;
  guint i;

  peer->hub.passed[stage] = TRUE;
  update_accepting (peer);
  for (i = 0; i < peer->conns->len; i++)
    rtmp_peer_conn_passed (g_ptr_array_index (peer->conns, i), stage);
}

void
rtmp_peer_pass (RtmpPeer *peer, RtmpPeerStage stage)
{
  rtmp_peer_call (peer, pass, &stage);
}
