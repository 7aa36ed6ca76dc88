/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/rtmplinkprivate.h"

#include <string.h>

#include "core/rtmperror.h"
#include "core/rtmpsecrets.h"

/* How often lost media is told of, which may be lost message by message. */
#define LOSS_INTERVAL G_TIME_SPAN_SECOND

/* -- The connection's callbacks (I/O thread) -- */

void
rtmp_link_drop_connection (RtmpLink *link)
{
  RtmpConnection *connection;
  RtmpSessionStats stats;
  RtmpIoLoop *loop = NULL;

  g_mutex_lock (&link->lock);
  connection = g_steal_pointer (&link->connection);
  /* A stop that finds no connection lets go of the loop at once. */
  if (connection)
    loop = rtmp_io_loop_acquire ();
  g_mutex_unlock (&link->lock);
  if (!connection)
    return;
  rtmp_session_get_stats (rtmp_connection_lock (connection), &stats);
  rtmp_connection_unlock (connection);
  rtmp_connection_close (connection);
  rtmp_connection_unref (connection);
  rtmp_io_loop_release (loop);

  g_mutex_lock (&link->lock);
  link->last_stats = stats;
  g_mutex_unlock (&link->lock);
}

/* Behind a fast start that was given up: what the server has not accepted goes before all else. */
static void
resend_locked (RtmpLink *link)
{
  g_autoptr (GPtrArray) messages = g_ptr_array_new ();

  rtmp_replay_collect (link->replay, messages);
  if (messages->len == 0 || !link->connection) {
    g_ptr_array_set_free_func (messages, (GDestroyNotify) rtmp_message_unref);
    return;
  }
  link->media_time = g_get_monotonic_time () - link->start_time;
  rtmp_connection_send (link->connection, (RtmpMessage **) messages->pdata, messages->len);
}

/* From here on messages go to the connection only. */
static void
on_ready_locked (RtmpLink *link)
{
  if (!link->sendable)
    resend_locked (link);
  rtmp_link_confirm_locked (link);
  link->sendable = TRUE;
  link->ready = TRUE;
  link->ready_time = g_get_monotonic_time () - link->start_time;
  if (link->state < RTMP_LINK_STREAMING)
    rtmp_link_set_state_locked (link, RTMP_LINK_STREAMING);
}

static void
count_lost_locked (RtmpLink *link, guint dropped)
{
  gint64 now;

  link->resyncing = link->resyncing && rtmp_queue_waits_for_key (link->queue);
  if (dropped == 0 || link->resyncing)
    return;
  link->lost += dropped;
  now = g_get_monotonic_time ();
  if (link->lost_told > 0 && now - link->lost_told < LOSS_INTERVAL)
    return;
  rtmp_notifier_warning (link->notifier,
      g_strdup_printf ("The receive queue is full: dropped %u messages", link->lost), TRUE);
  link->lost = 0;
  link->lost_told = now;
}

static void
on_message_locked (RtmpLink *link, RtmpMessage *message)
{
  if (link->media_time < 0
      && (message->type == RTMP_MESSAGE_AUDIO || message->type == RTMP_MESSAGE_VIDEO))
    link->media_time = g_get_monotonic_time () - link->start_time;
  count_lost_locked (link, rtmp_queue_push (link->queue, message));
  if (!link->config.leaky && !link->reading_stopped && rtmp_queue_is_full (link->queue)) {
    link->reading_stopped = TRUE;
    rtmp_connection_set_reading (link->connection, FALSE);
  }
}

static void
warn_locked (RtmpLink *link, const gchar *text)
{
  rtmp_notifier_warning (link->notifier, rtmp_secrets_hide (link->config.location, text), FALSE);
}

static void
on_status_locked (RtmpLink *link, const RtmpStatus *status)
{
  g_autofree gchar *text = NULL;

  if (strcmp (status->level, "warning") != 0)
    return;
  text = g_strdup_printf ("The server warns: %s: %s", status->code, status->description);
  warn_locked (link, text);
}

static void
on_end_locked (RtmpLink *link)
{
  link->ended = TRUE;
  rtmp_link_set_state_locked (link, RTMP_LINK_ENDED);
}

/* The session announces what it began with, once the handshake is over. */
void
rtmp_link_announce_chunk_size_locked (RtmpLink *link)
{
  guint32 chunk_size = link->config.chunk_size;

  if (!link->connection || chunk_size == link->announced_chunk_size
      || (link->state != RTMP_LINK_NEGOTIATING && link->state != RTMP_LINK_STREAMING))
    return;
  link->announced_chunk_size = chunk_size;
  rtmp_session_set_chunk_size (rtmp_connection_lock (link->connection), chunk_size);
  rtmp_connection_unlock (link->connection);
}

static void
on_stage_locked (RtmpLink *link, RtmpStage stage)
{
  if (stage < RTMP_STAGE_CLOSING)
    link->stage = stage;
  if (link->state != RTMP_LINK_CONNECTING || stage <= RTMP_STAGE_HANDSHAKE)
    return;
  rtmp_link_set_state_locked (link, RTMP_LINK_NEGOTIATING);
  rtmp_link_announce_chunk_size_locked (link);
}

/* Returns TRUE when the connection is to be made anew, with credentials. */
static gboolean
handle_event_locked (RtmpLink *link, RtmpEvent *event)
{
  switch (event->type) {
    case RTMP_EVENT_STAGE:
      on_stage_locked (link, event->stage);
      break;
    case RTMP_EVENT_SENDABLE:
      link->sendable = TRUE;
      break;
    case RTMP_EVENT_READY:
      on_ready_locked (link);
      break;
    case RTMP_EVENT_MESSAGE:
      on_message_locked (link, g_steal_pointer (&event->message));
      break;
    case RTMP_EVENT_STATUS:
      on_status_locked (link, event->status);
      break;
    case RTMP_EVENT_END:
      on_end_locked (link);
      break;
    case RTMP_EVENT_WARNING:
      warn_locked (link, event->text);
      break;
    case RTMP_EVENT_AUTHENTICATE:
      return TRUE;
    default:
      break;
  }
  return FALSE;
}

/* The link is kept by the caller: a stop that finds no connection does not wait for this thread. */
static void
connect_again (RtmpLink *link)
{
  rtmp_link_drop_connection (link);
  rtmp_link_connect (link);
  rtmp_link_unref (link);
}

static void
on_events (RtmpEvent *events, guint n_events, gpointer user_data)
{
  RtmpLink *link = user_data;
  gboolean again = FALSE;
  guint i;

  g_mutex_lock (&link->lock);
  for (i = 0; i < n_events && !link->stopped; i++)
    again |= handle_event_locked (link, &events[i]);
  /* A stop that finds no connection does not wait for this thread. */
  if (again)
    rtmp_link_ref (link);
  rtmp_link_unlock (link);
  if (again)
    connect_again (link);
}

/* Without the lock, which is what a thread that wakes up needs. */
static void
on_settled (gpointer user_data)
{
  RtmpLink *link = user_data;
  gboolean waiting;

  g_mutex_lock (&link->lock);
  waiting = link->waiting > 0;
  rtmp_link_ref (link);
  g_mutex_unlock (&link->lock);
  if (waiting)
    g_cond_broadcast (&link->cond);
  rtmp_link_unref (link);
}

/* Large messages take many of these, and only the one that leaves little enough is waited for. */
static void
on_writable (gpointer user_data)
{
  RtmpLink *link = user_data;
  RtmpBacklog backlog = { .is_empty = TRUE };

  g_mutex_lock (&link->lock);
  if (link->connection)
    rtmp_connection_get_backlog (link->connection, &backlog);
  if (backlog.is_empty || backlog.bytes <= link->awaited_backlog)
    rtmp_link_wake_locked (link);
  g_mutex_unlock (&link->lock);
}

/* Many servers refuse a stream key by closing without a word (peers.md Q9), and what was being sent
 * then breaks the connection. */
static GError *
close_error (RtmpLink *link, const GError *error)
{
  const gchar *when = "";

  if (error && (link->ready || error->code != RTMP_ERROR_IO))
    return g_error_copy (error);
  if (link->state == RTMP_LINK_CONNECTING)
    when = " during the handshake";
  else if (!link->ready)
    when = " during set-up: it may have refused the stream's name or its key";
  if (error)
    return g_error_new (RTMP_ERROR, RTMP_ERROR_IO, "%s%s", error->message, when);
  return g_error_new (RTMP_ERROR, RTMP_ERROR_CLOSED, "The server closed the connection%s", when);
}

/* The stop commands' chunk headers, which a TLS record holds beside them. */
#define STOP_HEADERS 48u

/* Closing in answer to the stop commands, even before all of them have left, is a
 * normal end (peers.md Q35). */
static gboolean
is_normal_end_locked (RtmpLink *link)
{
  RtmpBacklog backlog;

  if (link->state != RTMP_LINK_CLOSING || !link->connection)
    return FALSE;
  rtmp_connection_get_backlog (link->connection, &backlog);
  return backlog.bytes <= link->stop_bytes + STOP_HEADERS;
}

/* Nobody publishes, and play was sent where it belongs: the strict order would wait in vain, too. */
static gboolean
is_idle_timeout (const RtmpLink *link, const GError *error)
{
  return link->stage == RTMP_STAGE_STREAMING
      && g_error_matches (error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
}

/* Returns TRUE if the end of the connection, for whatever reason, is one of a fast start. */
static gboolean
fall_back_locked (RtmpLink *link, const GError *error)
{
  g_autofree gchar *text = NULL;

  if (!rtmp_link_is_unconfirmed_locked (link) || link->stopped || link->error
      || link->state == RTMP_LINK_CLOSING || is_idle_timeout (link, error))
    return FALSE;
  text = g_strdup_printf ("The fast start failed, now in the strict order: %s",
      error ? error->message : "the server closed the connection");
  warn_locked (link, text);
  link->config.fast_start = RTMP_FAST_START_NONE;
  link->sendable = FALSE;
  link->media_time = -1;
  link->fallbacks++;
  return TRUE;
}

static void
on_closed (const GError *error, gpointer user_data)
{
  RtmpLink *link = user_data;
  gboolean again;

  g_mutex_lock (&link->lock);
  again = fall_back_locked (link, error);
  if (again) {
    rtmp_link_ref (link);
  } else {
    link->peer_closed = TRUE;
    if (!is_normal_end_locked (link))
      rtmp_link_fail_locked (link, close_error (link, error));
  }
  rtmp_link_wake_locked (link);
  rtmp_link_unlock (link);
  if (again)
    connect_again (link);
}

static const RtmpConnectionCallbacks connection_callbacks = {
  on_events,
  on_settled,
  on_writable,
  on_closed,
};

/* -- Connecting (I/O thread) -- */

static void
adopt_stream (RtmpLink *link, GIOStream *stream, GSocket *socket)
{
  RtmpSession *session;

  g_mutex_lock (&link->lock);
  if (!link->stopped) {
    session = rtmp_link_config_new_session (&link->config, link->auth);
    link->fast_start = rtmp_client_get_fast_start (session);
    link->stage = rtmp_session_get_stage (session);
    link->sendable = rtmp_client_is_sendable (session);
    link->connection = rtmp_connection_new (link->loop, stream, socket, session,
        &connection_callbacks, link);
    link->announced_chunk_size = link->config.chunk_size;
    link->connections++;
    g_free (link->address);
    link->address = rtmp_connection_get_remote_address (link->connection);
    if (link->config.pacing > 0)
      rtmp_connection_set_pacing (link->connection, link->config.pacing);
    rtmp_link_wake_locked (link);
  }
  g_mutex_unlock (&link->lock);
}

typedef struct {
  RtmpLink *link;
  RtmpIoLoop *loop; /* kept until the attempt is over */
} Attempt;

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  Attempt *attempt = data;
  RtmpLink *link = attempt->link;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GIOStream) stream = NULL;
  GError *error = NULL;

  (void) source;
  stream = rtmp_connector_connect_finish (result, &socket, &error);
  if (stream) {
    adopt_stream (link, stream, socket);
  } else {
    g_mutex_lock (&link->lock);
    rtmp_link_fail_locked (link, error);
    rtmp_link_unlock (link);
  }
  rtmp_link_unref (link);
  rtmp_io_loop_release (attempt->loop);
  g_free (attempt);
}

void
rtmp_link_connect (RtmpLink *link)
{
  RtmpConnectorConfig config = {
    .accept_certificate = rtmp_notifier_accept_certificate,
    .user_data_unref = rtmp_notifier_release,
  };
  Attempt *attempt;

  g_mutex_lock (&link->lock);
  if (link->stopped) {
    g_mutex_unlock (&link->lock);
    return;
  }
  rtmp_link_set_state_locked (link, RTMP_LINK_CONNECTING);

  /* Under the lock: once the link is stopped its loop and its owner may go away. */
  rtmp_link_config_get_connector (&link->config, &config);
  config.user_data = rtmp_notifier_hold (link->notifier);
  attempt = g_new (Attempt, 1);
  *attempt = (Attempt) { rtmp_link_ref (link), rtmp_io_loop_acquire () };
  rtmp_connector_connect_async (attempt->loop, &config, link->cancellable, on_connected, attempt);
  g_mutex_unlock (&link->lock);
}
