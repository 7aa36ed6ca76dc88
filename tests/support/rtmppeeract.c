/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpcontrol.h"
#include "rtmppeerprivate.h"

/* What a test tells a peer to do with one of its connections. */

/**
 * Act: what is to be done with a connection that has not ended.
 * @func: @session is NULL where there is none
 */
typedef struct _Act Act;
struct _Act {
  guint connection;
  void (*func) (RtmpPeerConn *conn, RtmpSession *session, const Act *act);
  gboolean needs_session;
  gconstpointer data;
  gsize size;
  guint32 number;
};

static void
act_on_thread (RtmpPeer *peer, gpointer data)
{
  const Act *act = data;
  RtmpPeerConn *conn = rtmp_peer_find_conn (peer, act->connection);
  RtmpSession *session = conn ? rtmp_peer_conn_get_session (conn) : NULL;

  if (!conn || (act->needs_session && !session))
    return;
  act->func (conn, session, act);
  if (session)
    rtmp_peer_conn_flush (conn);
}

static void
act (RtmpPeer *peer, const Act *what)
{
  rtmp_peer_call (peer, act_on_thread, (gpointer) what);
}

/* The stream that is published or played. */
static guint32
get_stream_id (RtmpPeerConn *conn)
{
  return rtmp_peer_conn_get_record (conn)->stream_id;
}

static void
send_flv (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  (void) session;
  rtmp_peer_conn_send_flv (conn, (GBytes *) what->data);
}

void
rtmp_peer_send_flv (RtmpPeer *peer, guint connection, GBytes *flv)
{
  act (peer, &(Act) { connection, send_flv, TRUE, flv, 0, 0 });
}

static void
send_media (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  const RtmpMessage *message = what->data;

  rtmp_server_send_media (session, get_stream_id (conn),
      rtmp_message_new_wrapped (message->type, 0, message->timestamp, message->vectors,
          message->n_vectors, rtmp_message_ref ((RtmpMessage *) message),
          (GDestroyNotify) rtmp_message_unref));
}

void
rtmp_peer_send_media (RtmpPeer *peer, guint connection, guint8 type, guint32 timestamp,
    GBytes *payload)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (payload, &size);
  g_autoptr (RtmpMessage) message = rtmp_message_new_copied (type, 0, timestamp, data, size);

  act (peer, &(Act) { connection, send_media, TRUE, message, 0, 0 });
}

static void
send_message (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  (void) session;
  rtmp_peer_conn_say (conn, rtmp_message_ref ((RtmpMessage *) what->data));
}

void
rtmp_peer_send_message (RtmpPeer *peer, guint connection, RtmpMessage *message)
{
  act (peer, &(Act) { connection, send_message, TRUE, message, 0, 0 });
  rtmp_message_unref (message);
}

void
rtmp_peer_send_command (RtmpPeer *peer, guint connection, RtmpCommand *command, guint32 stream_id)
{
  rtmp_peer_send_message (peer, connection, rtmp_command_to_message (command, stream_id));
  rtmp_command_free (command);
}

static void
send_status (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  rtmp_server_send_status (session, get_stream_id (conn), what->data);
}

void
rtmp_peer_send_status (RtmpPeer *peer, guint connection, const gchar *level, const gchar *code,
    const gchar *description)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new (level, code, description);

  act (peer, &(Act) { connection, send_status, TRUE, status, 0, 0 });
}

static void
send_stream_eof (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  (void) session;
  (void) what;
  rtmp_peer_conn_say (conn, rtmp_control_new_user (RTMP_USER_STREAM_EOF, get_stream_id (conn)));
}

void
rtmp_peer_send_stream_eof (RtmpPeer *peer, guint connection)
{
  act (peer, &(Act) { connection, send_stream_eof, TRUE, NULL, 0, 0 });
}

static void
notify_published (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  rtmp_server_notify_published (session, get_stream_id (conn), (gboolean) what->number);
}

void
rtmp_peer_notify_published (RtmpPeer *peer, guint connection, gboolean published)
{
  act (peer, &(Act) { connection, notify_published, TRUE, NULL, 0, (guint32) published });
}

static void
end_play (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  rtmp_server_end_play (session, get_stream_id (conn), (gboolean) what->number);
}

void
rtmp_peer_end_play (RtmpPeer *peer, guint connection, gboolean complete)
{
  act (peer, &(Act) { connection, end_play, TRUE, NULL, 0, (guint32) complete });
}

static void
ping (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  (void) conn;
  (void) what;
  rtmp_server_ping (session, g_get_monotonic_time ());
}

void
rtmp_peer_ping (RtmpPeer *peer, guint connection)
{
  act (peer, &(Act) { connection, ping, TRUE, NULL, 0, 0 });
}

void
rtmp_peer_request_acks (RtmpPeer *peer, guint connection, guint32 window_size)
{
  rtmp_peer_send_message (peer, connection,
      rtmp_control_new_u32 (RTMP_MESSAGE_WINDOW_ACK_SIZE, window_size));
}

static void
set_chunk_size (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  (void) conn;
  rtmp_session_set_chunk_size (session, what->number);
}

void
rtmp_peer_set_chunk_size (RtmpPeer *peer, guint connection, guint32 chunk_size)
{
  act (peer, &(Act) { connection, set_chunk_size, TRUE, NULL, 0, chunk_size });
}

static void
send_bytes (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  (void) session;
  rtmp_peer_conn_say_bytes (conn, what->data, what->size);
}

void
rtmp_peer_send_bytes (RtmpPeer *peer, guint connection, gconstpointer data, gsize size)
{
  act (peer, &(Act) { connection, send_bytes, FALSE, data, size, 0 });
}

static void
set_reading (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  (void) session;
  rtmp_peer_conn_set_reading (conn, (gboolean) what->number);
}

void
rtmp_peer_set_reading (RtmpPeer *peer, guint connection, gboolean reading)
{
  act (peer, &(Act) { connection, set_reading, FALSE, NULL, 0, (guint32) reading });
}

static void
close_conn (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  (void) session;
  rtmp_peer_conn_end (conn, (RtmpPeerAction) what->number);
}

void
rtmp_peer_close (RtmpPeer *peer, guint connection, RtmpPeerAction action)
{
  act (peer, &(Act) { connection, close_conn, FALSE, NULL, 0, (guint32) action });
}

static void
shut_down (RtmpPeerConn *conn, RtmpSession *session, const Act *what)
{
  (void) session;
  (void) what;
  rtmp_peer_conn_shut_down_output (conn);
}

void
rtmp_peer_shut_down_output (RtmpPeer *peer, guint connection)
{
  act (peer, &(Act) { connection, shut_down, FALSE, NULL, 0, 0 });
}
