/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmppeerconn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "core/rtmpcontrol.h"
#include "rtmppeerconfig.h"
#include "rtmppeervoice.h"
#include "testutil.h"

/* Bytes one read takes at most. */
#define READ_SIZE (64u * 1024)

struct _RtmpPeerConn {
  RtmpPeerHub *hub;
  RtmpPeerConfig *config;
  GSocket *socket;
  GIOStream *stream;
  GPollableInputStream *input;
  GPollableOutputStream *output;
  GCancellable *cancellable;

  RtmpSession *session; /* NULL where the peer is raw */
  RtmpPeerTap *tap;     /* under hub->lock */
  RtmpPeerVoice *voice;
  GByteArray *waiting;   /* received, and not yet taken by the session */
  RtmpPeerStage reached; /* whose reaction was carried out */
  RtmpEvent held;        /* a request that waits: its type (STAGE for none) and stream */
  guint32 play_stream;   /* being played, 0 for none */

  GByteArray *out; /* not yet written */
  gsize written;   /* of @out */
  GSource *read_source;
  GSource *write_source;
  RtmpPeerAction end_when_written; /* PASS for none */
  gboolean shut_when_written;
  gboolean output_closed;
  gboolean closed;
};

/* -- The record -- */

const RtmpPeerRecord *
rtmp_peer_conn_get_record (RtmpPeerConn *conn)
{
  return rtmp_peer_tap_get_record (conn->tap);
}

gboolean
rtmp_peer_conn_is_written (RtmpPeerConn *conn)
{
  return conn->written == conn->out->len || conn->output_closed;
}

static RtmpPeerRecord *
edit_record (RtmpPeerConn *conn)
{
  g_mutex_lock (&conn->hub->lock);
  return rtmp_peer_tap_get_record (conn->tap);
}

static void
edited (RtmpPeerConn *conn)
{
  g_cond_broadcast (&conn->hub->cond);
  g_mutex_unlock (&conn->hub->lock);
}

/* The first reason counts. */
static void
note_end (RtmpPeerConn *conn, RtmpPeerEnd end)
{
  RtmpPeerRecord *record = edit_record (conn);

  if (record->end == RTMP_PEER_OPEN)
    record->end = end;
  edited (conn);
}

/* -- Closing -- */

static void
drop_source (GSource **source)
{
  if (!*source)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
rtmp_peer_conn_close (RtmpPeerConn *conn)
{
  if (conn->closed)
    return;
  conn->closed = TRUE;
  drop_source (&conn->read_source);
  drop_source (&conn->write_source);
  g_cancellable_cancel (conn->cancellable);
  g_socket_close (conn->socket, NULL);
  g_mutex_lock (&conn->hub->lock);
  conn->output_closed = TRUE;
  edited (conn);
}

/* A socket that does not linger is reset instead of closed. */
static void
reset (RtmpPeerConn *conn)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (g_socket_get_fd (conn->socket), SOL_SOCKET, SO_LINGER, &linger, sizeof (linger));
  note_end (conn, RTMP_PEER_ENDED_BY_PEER);
  rtmp_peer_conn_close (conn);
}

static void
on_tls_output_closed (GObject *output, GAsyncResult *result, gpointer data)
{
  RtmpPeerConn *conn = data;

  g_output_stream_close_finish (G_OUTPUT_STREAM (output), result, NULL);
  if (!conn->closed)
    g_socket_shutdown (conn->socket, FALSE, TRUE, NULL);
  conn->hub->pending--;
}

/* TLS says its own goodbye first. */
static void
shut_down_output (RtmpPeerConn *conn)
{
  if (conn->output_closed)
    return;
  g_mutex_lock (&conn->hub->lock);
  conn->output_closed = TRUE;
  edited (conn);
  drop_source (&conn->write_source);
  if (!G_IS_TLS_CONNECTION (conn->stream)) {
    g_socket_shutdown (conn->socket, FALSE, TRUE, NULL);
    return;
  }
  conn->hub->pending++;
  g_output_stream_close_async (G_OUTPUT_STREAM (conn->output), G_PRIORITY_DEFAULT,
      conn->cancellable, on_tls_output_closed, conn);
}

static void
end_now (RtmpPeerConn *conn, RtmpPeerAction action)
{
  if (conn->closed)
    return;
  if (action == RTMP_PEER_RST) {
    reset (conn);
  } else {
    note_end (conn, RTMP_PEER_ENDED_BY_PEER);
    shut_down_output (conn);
  }
}

/* -- Writing -- */

static gboolean
is_transient (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* Returns FALSE when the socket is full or the connection is over. */
static gboolean
write_some (RtmpPeerConn *conn)
{
  g_autoptr (GError) error = NULL;
  gsize left = conn->out->len - conn->written;
  gssize n;

  n = g_pollable_output_stream_write_nonblocking (conn->output, conn->out->data + conn->written,
      conn->config->dribble ? 1 : left, conn->cancellable, &error);
  if (n < 0 && !is_transient (error)) {
    note_end (conn, RTMP_PEER_ENDED_RST);
    rtmp_peer_conn_close (conn);
  }
  if (n < 0)
    return FALSE;
  g_mutex_lock (&conn->hub->lock);
  conn->written += (gsize) n;
  rtmp_peer_tap_get_record (conn->tap)->bytes_out += (guint64) n;
  edited (conn);
  return TRUE;
}

static gboolean on_writable (GObject *output, gpointer data);

static void
write_out (RtmpPeerConn *conn)
{
  if (conn->output_closed || !conn->output)
    return;
  while (conn->written < conn->out->len && write_some (conn))
    ;
  if (conn->closed)
    return;
  if (conn->written < conn->out->len) {
    if (conn->write_source)
      return;
    conn->write_source = g_pollable_output_stream_create_source (conn->output, NULL);
    g_source_set_callback (conn->write_source, G_SOURCE_FUNC (on_writable), conn, NULL);
    g_source_attach (conn->write_source, conn->hub->context);
    return;
  }
  drop_source (&conn->write_source);
  if (conn->end_when_written != RTMP_PEER_PASS)
    end_now (conn, conn->end_when_written);
  else if (conn->shut_when_written)
    shut_down_output (conn);
}

static gboolean
on_writable (GObject *output, gpointer data)
{
  RtmpPeerConn *conn = data;

  (void) output;
  write_out (conn);
  return G_SOURCE_CONTINUE;
}

RtmpSession *
rtmp_peer_conn_get_session (RtmpPeerConn *conn)
{
  return conn->closed || conn->output_closed ? NULL : conn->session;
}

void
rtmp_peer_conn_flush (RtmpPeerConn *conn)
{
  g_mutex_lock (&conn->hub->lock);
  if (conn->session) {
    rtmp_peer_voice_take (conn->voice, conn->session);
    rtmp_peer_voice_write (conn->voice, conn->out);
  }
  edited (conn);
  write_out (conn);
}

void
rtmp_peer_conn_say (RtmpPeerConn *conn, RtmpMessage *message)
{
  rtmp_peer_voice_take (conn->voice, conn->session);
  rtmp_peer_voice_say (conn->voice, message);
  rtmp_peer_conn_flush (conn);
}

void
rtmp_peer_conn_say_bytes (RtmpPeerConn *conn, gconstpointer data, gsize size)
{
  g_mutex_lock (&conn->hub->lock);
  g_byte_array_append (conn->out, data, (guint) size);
  edited (conn);
  rtmp_peer_conn_flush (conn);
}

void
rtmp_peer_conn_end (RtmpPeerConn *conn, RtmpPeerAction action)
{
  if (action == RTMP_PEER_RST) {
    end_now (conn, action);
    return;
  }
  conn->end_when_written = action;
  rtmp_peer_conn_flush (conn);
}

void
rtmp_peer_conn_shut_down_output (RtmpPeerConn *conn)
{
  conn->shut_when_written = TRUE;
  rtmp_peer_conn_flush (conn);
}

/* -- Reactions -- */

static gboolean
is_held (const RtmpPeerConn *conn)
{
  return conn->held.type != RTMP_EVENT_STAGE;
}

static RtmpPeerAction
get_action (RtmpPeerConn *conn, RtmpPeerStage stage)
{
  RtmpPeerAction action = conn->config->reactions[stage].action;

  return action == RTMP_PEER_HOLD && conn->hub->passed[stage] ? RTMP_PEER_PASS : action;
}

/* Carries out FIN and RST of the stages that were just reached. Returns FALSE if it is over. */
static gboolean
react (RtmpPeerConn *conn)
{
  RtmpPeerStage stage;

  g_mutex_lock (&conn->hub->lock);
  stage = rtmp_peer_tap_get_record (conn->tap)->stage;
  g_mutex_unlock (&conn->hub->lock);
  while (conn->reached < MIN (stage, RTMP_PEER_START)) {
    RtmpPeerAction action = get_action (conn, ++conn->reached);

    if (action == RTMP_PEER_FIN || action == RTMP_PEER_RST) {
      end_now (conn, action);
      return FALSE;
    }
    /* The refusals of connect, publish and play are the session's, see refuse(). */
    if (action == RTMP_PEER_REJECT_AND_CLOSE && conn->reached == RTMP_PEER_CREATE_STREAM)
      conn->end_when_written = RTMP_PEER_FIN;
  }
  return !conn->closed;
}

static void
react_to_media (RtmpPeerConn *conn)
{
  const RtmpPeerConfig *config = conn->config;
  RtmpPeerAction action = get_action (conn, RTMP_PEER_MEDIA);
  const RtmpPeerRecord *record;
  gboolean due;

  if (conn->closed || (action != RTMP_PEER_FIN && action != RTMP_PEER_RST))
    return;
  g_mutex_lock (&conn->hub->lock);
  record = rtmp_peer_tap_get_record (conn->tap);
  due = (config->close_after_messages > 0 && record->n_media >= config->close_after_messages)
      || (config->close_after_bytes > 0 && record->media_bytes >= config->close_after_bytes);
  g_mutex_unlock (&conn->hub->lock);
  if (due)
    end_now (conn, action);
}

static void
refuse (RtmpPeerConn *conn, RtmpPeerStage stage)
{
  const RtmpPeerReaction *reaction = &conn->config->reactions[stage];
  g_autoptr (RtmpStatus) status = rtmp_peer_reaction_to_status (reaction);

  rtmp_server_reject (conn->session, status, g_get_monotonic_time ());
  if (reaction->action == RTMP_PEER_REJECT_AND_CLOSE)
    conn->end_when_written = RTMP_PEER_FIN;
}

static void
end_flv (RtmpPeerConn *conn)
{
  guint32 stream_id = conn->play_stream;

  switch (conn->config->flv_end) {
    case RTMP_PEER_PLAY_STOP:
    case RTMP_PEER_PLAY_COMPLETE:
      rtmp_server_end_play (conn->session, stream_id,
          conn->config->flv_end == RTMP_PEER_PLAY_COMPLETE);
      break;
    case RTMP_PEER_PLAY_UNPUBLISH:
      rtmp_server_notify_published (conn->session, stream_id, FALSE);
      break;
    case RTMP_PEER_PLAY_EOF:
      rtmp_peer_conn_say (conn,
          rtmp_control_new_user (RTMP_USER_STREAM_EOF,
              conn->config->quirks & RTMP_PEER_MEDIA_ON_STREAM_0 ? 0 : stream_id));
      break;
    case RTMP_PEER_PLAY_FIN:
      conn->end_when_written = RTMP_PEER_FIN;
      break;
    case RTMP_PEER_PLAY_RST:
      conn->end_when_written = RTMP_PEER_RST;
      break;
    default:
      break;
  }
}

void
rtmp_peer_conn_send_flv (RtmpPeerConn *conn, GBytes *flv)
{
  g_autoptr (GPtrArray) split = test_flv_split (flv);
  g_autofree gpointer *messages = NULL;
  gsize n, i;

  messages = g_ptr_array_steal (split, &n);
  for (i = 0; i < n; i++)
    rtmp_server_send_media (conn->session, conn->play_stream, messages[i]);
  rtmp_peer_conn_flush (conn);
}

static void
accept_request (RtmpPeerConn *conn, const RtmpEvent *event)
{
  rtmp_server_accept (conn->session, g_get_monotonic_time ());
  if (event->type == RTMP_EVENT_CONNECT_REQUEST)
    return;
  edit_record (conn)->stage = RTMP_PEER_MEDIA;
  edited (conn);
  if (event->type != RTMP_EVENT_PLAY_REQUEST)
    return;
  conn->play_stream = event->stream_id;
  if (!conn->config->flv)
    return;
  rtmp_peer_conn_send_flv (conn, conn->config->flv);
  end_flv (conn);
}

static void
decide (RtmpPeerConn *conn, const RtmpEvent *event, RtmpPeerStage stage)
{
  switch (get_action (conn, stage)) {
    case RTMP_PEER_REJECT:
    case RTMP_PEER_REJECT_AND_CLOSE:
      refuse (conn, stage);
      break;
    case RTMP_PEER_HOLD:
      conn->held = (RtmpEvent) { .type = event->type, .stream_id = event->stream_id };
      break;
    default:
      accept_request (conn, event);
      break;
  }
}

static void
on_connect_request (RtmpPeerConn *conn, const RtmpEvent *event)
{
  const RtmpPeerConfig *config = conn->config;
  g_autofree gchar *app =
      g_strdup (rtmp_amf_get_member_string (rtmp_command_get (event->command, 0), "app"));
  g_autofree gchar *description = NULL;
  g_autoptr (RtmpStatus) status = NULL;

  if (config->llnw && config->username && config->password)
    description = rtmp_peer_config_check_llnw (config, app ? app : "");
  if (!description) {
    decide (conn, event, RTMP_PEER_CONNECT);
    return;
  }
  status = rtmp_status_new ("error", "NetConnection.Connect.Rejected", description);
  rtmp_server_reject (conn->session, status, g_get_monotonic_time ());
}

static void
handle_event (RtmpPeerConn *conn, const RtmpEvent *event)
{
  switch (event->type) {
    case RTMP_EVENT_CONNECT_REQUEST:
      on_connect_request (conn, event);
      break;
    case RTMP_EVENT_PUBLISH_REQUEST:
    case RTMP_EVENT_PLAY_REQUEST:
      decide (conn, event, RTMP_PEER_START);
      break;
    case RTMP_EVENT_STREAM_CLOSED:
      edit_record (conn)->n_stream_closed++;
      edited (conn);
      if (event->stream_id == conn->play_stream)
        conn->play_stream = 0;
      break;
    default:
      break;
  }
}

/* -- Reading -- */

static void
fail (RtmpPeerConn *conn, const GError *error)
{
  edit_record (conn)->fault = g_strdup (error->message);
  edited (conn);
  note_end (conn, RTMP_PEER_ENDED_FAULT);
  rtmp_peer_conn_close (conn);
}

/* Returns FALSE if the session takes no more for now. */
static gboolean
feed_session (RtmpPeerConn *conn)
{
  g_autoptr (GError) error = NULL;
  gsize consumed = 0;
  RtmpEvent event;
  gboolean ok;

  ok = rtmp_session_feed (conn->session, conn->waiting->data, conn->waiting->len,
      g_get_monotonic_time (), &consumed, &error);
  if (consumed > 0)
    g_byte_array_remove_range (conn->waiting, 0, (guint) consumed);
  while (!conn->closed && rtmp_session_next_event (conn->session, &event)) {
    handle_event (conn, &event);
    rtmp_event_clear (&event);
  }
  if (!ok) {
    rtmp_peer_conn_flush (conn);
    fail (conn, error);
  }
  return ok && consumed > 0;
}

static void
take_input (RtmpPeerConn *conn)
{
  if (conn->closed || get_action (conn, RTMP_PEER_HANDSHAKE) == RTMP_PEER_HOLD)
    return;
  while (!conn->closed && !is_held (conn) && conn->waiting->len > 0 && feed_session (conn))
    ;
  if (!conn->closed)
    rtmp_peer_conn_flush (conn);
}

static void
on_bytes (RtmpPeerConn *conn, const guint8 *data, gsize size)
{
  g_mutex_lock (&conn->hub->lock);
  rtmp_peer_tap_feed (conn->tap, data, size, conn->session != NULL);
  edited (conn);
  if (!conn->session || conn->output_closed || !react (conn))
    return;
  g_byte_array_append (conn->waiting, data, (guint) size);
  take_input (conn);
  react_to_media (conn);
}

/* The kernel tells of an end before it tells of a reset that came behind it. */
static gboolean
was_reset (GSocket *socket)
{
  gint error = 0;

  return !g_socket_get_option (socket, SOL_SOCKET, SO_ERROR, &error, NULL) || error != 0;
}

/* A client that closes without TLS's goodbye has closed all the same. */
static void
on_input_end (RtmpPeerConn *conn, const GError *error)
{
  gboolean in_order = !error || error->domain == G_TLS_ERROR;

  edit_record (conn)->was_reset = !in_order || was_reset (conn->socket);
  edited (conn);
  note_end (conn, in_order ? RTMP_PEER_ENDED_EOF : RTMP_PEER_ENDED_RST);
  drop_source (&conn->read_source);
  if (!in_order || !conn->config->keep_open)
    rtmp_peer_conn_close (conn);
}

static gsize
read_limit (RtmpPeerConn *conn)
{
  const RtmpPeerConfig *config = conn->config;
  gsize limit = config->read_size > 0 ? MIN (config->read_size, READ_SIZE) : READ_SIZE;
  guint64 bytes_in;

  if (config->stop_reading_after == 0)
    return limit;
  g_mutex_lock (&conn->hub->lock);
  bytes_in = rtmp_peer_tap_get_record (conn->tap)->bytes_in;
  g_mutex_unlock (&conn->hub->lock);
  if (bytes_in >= config->stop_reading_after)
    return 0;
  return (gsize) MIN (limit, config->stop_reading_after - bytes_in);
}

static gboolean
read_some (RtmpPeerConn *conn)
{
  g_autoptr (GError) error = NULL;
  guint8 bytes[READ_SIZE];
  gsize limit = read_limit (conn);
  gssize n;

  if (limit == 0) {
    conn->config->stop_reading_after = 0;
    drop_source (&conn->read_source);
    return FALSE;
  }
  n = g_pollable_input_stream_read_nonblocking (conn->input, bytes, limit, conn->cancellable,
      &error);
  if (n > 0)
    on_bytes (conn, bytes, (gsize) n);
  else if (n == 0 || !is_transient (error))
    on_input_end (conn, error);
  return conn->read_source != NULL;
}

static gboolean
on_readable (GObject *input, gpointer data)
{
  (void) input;
  return read_some (data);
}

static gboolean
on_tick (gpointer data)
{
  return read_some (data);
}

static void
resume_reading (RtmpPeerConn *conn)
{
  if (conn->closed || !conn->input || conn->read_source)
    return;
  if (conn->config->read_interval > 0) {
    conn->read_source = g_timeout_source_new (conn->config->read_interval);
    g_source_set_callback (conn->read_source, on_tick, conn, NULL);
  } else {
    conn->read_source = g_pollable_input_stream_create_source (conn->input, NULL);
    g_source_set_callback (conn->read_source, G_SOURCE_FUNC (on_readable), conn, NULL);
  }
  g_source_attach (conn->read_source, conn->hub->context);
}

void
rtmp_peer_conn_set_reading (RtmpPeerConn *conn, gboolean reading)
{
  if (!reading) {
    drop_source (&conn->read_source);
    return;
  }
  conn->config->stop_reading_after = 0;
  resume_reading (conn);
}

void
rtmp_peer_conn_passed (RtmpPeerConn *conn, RtmpPeerStage stage)
{
  const RtmpEvent held = conn->held;

  if (conn->closed || !conn->session)
    return;
  if (stage == RTMP_PEER_CREATE_STREAM)
    rtmp_peer_voice_hold_stream (conn->voice, FALSE);
  if (is_held (conn)
      && stage == (held.type == RTMP_EVENT_CONNECT_REQUEST ? RTMP_PEER_CONNECT : RTMP_PEER_START)) {
    conn->held.type = RTMP_EVENT_STAGE;
    accept_request (conn, &held);
  }
  take_input (conn);
}

/* -- Beginning and end -- */

/* @stream: (transfer full) */
static void
begin (RtmpPeerConn *conn, GIOStream *stream)
{
  conn->stream = stream;
  conn->input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  conn->output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  if (conn->config->raw && conn->config->raw_bytes) {
    gsize size;
    gconstpointer data = g_bytes_get_data (conn->config->raw_bytes, &size);

    rtmp_peer_conn_say_bytes (conn, data, size);
  }
  if (!conn->config->never_read)
    resume_reading (conn);
  write_out (conn);
}

static void
on_tls_handshaken (GObject *stream, GAsyncResult *result, gpointer data)
{
  RtmpPeerConn *conn = data;
  gboolean ok = g_tls_connection_handshake_finish (G_TLS_CONNECTION (stream), result, NULL);

  conn->hub->pending--;
  if (ok && !conn->closed) {
    begin (conn, g_object_ref (G_IO_STREAM (stream)));
    return;
  }
  note_end (conn, RTMP_PEER_ENDED_EOF);
  rtmp_peer_conn_close (conn);
}

static void
begin_tls (RtmpPeerConn *conn, GIOStream *tcp)
{
  g_autoptr (GIOStream) tls = rtmp_peer_config_new_tls (conn->config, tcp);

  conn->hub->pending++;
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, conn->cancellable,
      on_tls_handshaken, conn);
}

static void
set_up_socket (RtmpPeerConn *conn)
{
  g_socket_set_blocking (conn->socket, FALSE);
  g_socket_set_option (conn->socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  if (conn->config->send_buffer > 0)
    g_socket_set_option (conn->socket, SOL_SOCKET, SO_SNDBUF, (gint) conn->config->send_buffer,
        NULL);
}

RtmpPeerConn *
rtmp_peer_conn_new (RtmpPeerHub *hub, const RtmpPeerConfig *config, GSocket *socket)
{
  RtmpPeerConn *conn = g_new0 (RtmpPeerConn, 1);
  RtmpPeerAction action;
  g_autoptr (GIOStream) tcp = NULL;

  conn->hub = hub;
  conn->config = rtmp_peer_config_copy (config);
  conn->socket = g_object_ref (socket);
  conn->cancellable = g_cancellable_new ();
  conn->tap = rtmp_peer_tap_new (config->raw || config->record_raw, !config->drop_media);
  conn->waiting = g_byte_array_new ();
  conn->out = g_byte_array_new ();
  if (!config->raw) {
    conn->session = rtmp_peer_config_new_session (config);
    conn->voice = rtmp_peer_voice_new (conn->config, conn->tap);
    rtmp_peer_voice_hold_stream (conn->voice,
        get_action (conn, RTMP_PEER_CREATE_STREAM) == RTMP_PEER_HOLD);
  }
  set_up_socket (conn);
  tcp = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  action = get_action (conn, RTMP_PEER_ACCEPT);
  if (action == RTMP_PEER_FIN || action == RTMP_PEER_RST)
    begin (conn, g_steal_pointer (&tcp));
  else if (config->certificate && !config->never_read)
    begin_tls (conn, tcp);
  else
    begin (conn, g_steal_pointer (&tcp));
  if (action == RTMP_PEER_FIN || action == RTMP_PEER_RST)
    end_now (conn, action);
  return conn;
}

void
rtmp_peer_conn_free (RtmpPeerConn *conn)
{
  g_clear_object (&conn->stream);
  g_object_unref (conn->socket);
  g_object_unref (conn->cancellable);
  g_clear_pointer (&conn->session, rtmp_session_free);
  g_clear_pointer (&conn->voice, rtmp_peer_voice_free);
  rtmp_peer_tap_free (conn->tap);
  g_byte_array_unref (conn->waiting);
  g_byte_array_unref (conn->out);
  rtmp_peer_config_free (conn->config);
  g_free (conn);
}
