/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmplink.h"

#include <string.h>

#include "core/rtmperror.h"
#include "io/rtmpconnection.h"

/* Payload that may wait for a full socket before rtmp_link_wait_sent() waits:
 * enough for the I/O thread to fill the socket while a streaming thread wakes up. */
#define MAX_BACKLOG (128u * 1024)

/* How long the peer's close is waited for after our half-close. */
#define LINGER_TIME G_TIME_SPAN_SECOND

struct _RtmpLink {
  gatomicrefcount refcount;
  RtmpLinkCallbacks callbacks;
  gpointer user_data;
  RtmpNotifier *notifier;

  RtmpLinkConfig config;        /* chunk_size and pacing under the lock; the rest is constant */

  /* The I/O thread's only. */
  RtmpAuth *auth;

  GMutex lock;
  GCond cond;
  RtmpIoLoop *loop;             /* between start and stop */
  GCancellable *cancellable;
  RtmpConnection *connection;
  guint32 announced_chunk_size;
  RtmpLinkState state;
  GError *error;
  gboolean flushing;
  gboolean stopped;
  gboolean ready;
  gboolean ended;
  gboolean peer_closed;
  gint64 linger_until;          /* 0 before the half-close */
  gsize stop_bytes;             /* of the stop commands */

  RtmpQueue *queue;             /* playing */
  gboolean reading_stopped;

  gint64 start_time;
  gint64 ready_time;
  gint64 media_time;
  guint connections;
  gchar *address;
  RtmpSessionStats last_stats;
};

static RtmpLink *
link_ref (RtmpLink *link)
{
  g_atomic_ref_count_inc (&link->refcount);
  return link;
}

static void
link_unref (RtmpLink *link)
{
  if (!g_atomic_ref_count_dec (&link->refcount))
    return;
  rtmp_notifier_free (link->notifier);
  rtmp_link_config_clear (&link->config);
  rtmp_auth_free (link->auth);
  g_object_unref (link->cancellable);
  g_clear_error (&link->error);
  rtmp_queue_free (link->queue);
  g_free (link->address);
  g_mutex_clear (&link->lock);
  g_cond_clear (&link->cond);
  g_free (link);
}

static void
set_state_locked (RtmpLink *link, RtmpLinkState state)
{
  if (link->state == state)
    return;
  link->state = state;
  g_cond_broadcast (&link->cond);
  rtmp_notifier_state (link->notifier, state);
}

/* @error: (transfer full): only the first counts */
static void
fail_locked (RtmpLink *link, GError *error)
{
  if (link->error || link->stopped || link->ended) {
    g_error_free (error);
    return;
  }
  rtmp_link_config_hide_in_error (&link->config, error);
  link->error = error;
  set_state_locked (link, RTMP_LINK_FAILED);
  rtmp_notifier_failed (link->notifier, error);
}

/* -- The connection's callbacks (I/O thread) -- */

static void start_connecting (RtmpLink *link);

static void
drop_connection (RtmpLink *link)
{
  RtmpConnection *connection;
  RtmpSessionStats stats;

  g_mutex_lock (&link->lock);
  connection = g_steal_pointer (&link->connection);
  g_mutex_unlock (&link->lock);
  if (!connection)
    return;
  rtmp_session_get_stats (rtmp_connection_lock (connection), &stats);
  rtmp_connection_unlock (connection);
  rtmp_connection_close (connection);
  rtmp_connection_unref (connection);

  g_mutex_lock (&link->lock);
  link->last_stats = stats;
  g_mutex_unlock (&link->lock);
}

static void
on_ready_locked (RtmpLink *link)
{
  link->ready = TRUE;
  link->ready_time = g_get_monotonic_time () - link->start_time;
  if (link->state < RTMP_LINK_STREAMING)
    set_state_locked (link, RTMP_LINK_STREAMING);
}

static void
on_message_locked (RtmpLink *link, RtmpMessage *message)
{
  guint dropped;

  if (link->media_time < 0 && (message->type == RTMP_MESSAGE_AUDIO
          || message->type == RTMP_MESSAGE_VIDEO))
    link->media_time = g_get_monotonic_time () - link->start_time;
  dropped = rtmp_queue_push (link->queue, message);
  if (dropped > 0)
    rtmp_notifier_warning (link->notifier,
        g_strdup_printf ("The receive queue is full: dropped %u messages", dropped), TRUE);
  if (!link->config.leaky && !link->reading_stopped && rtmp_queue_is_full (link->queue)) {
    link->reading_stopped = TRUE;
    rtmp_connection_set_reading (link->connection, FALSE);
  }
}

static void
warn_locked (RtmpLink *link, const gchar *text)
{
  rtmp_notifier_warning (link->notifier, rtmp_link_config_hide (&link->config, text), FALSE);
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
  set_state_locked (link, RTMP_LINK_ENDED);
}

/* The session announces what it began with, once the handshake is over. */
static void
announce_chunk_size_locked (RtmpLink *link)
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
  if (link->state != RTMP_LINK_CONNECTING || stage <= RTMP_STAGE_HANDSHAKE)
    return;
  set_state_locked (link, RTMP_LINK_NEGOTIATING);
  announce_chunk_size_locked (link);
}

/* Returns TRUE when the connection is to be made anew, with credentials. */
static gboolean
handle_event_locked (RtmpLink *link, RtmpEvent *event)
{
  switch (event->type) {
    case RTMP_EVENT_STAGE:
      on_stage_locked (link, event->stage);
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

static void
on_events (RtmpEvent *events, guint n_events, gpointer user_data)
{
  RtmpLink *link = user_data;
  gboolean again = FALSE;
  guint i;

  g_mutex_lock (&link->lock);
  for (i = 0; i < n_events && !link->stopped; i++)
    again |= handle_event_locked (link, &events[i]);
  g_cond_broadcast (&link->cond);
  /* A stop that finds no connection does not wait for this thread. */
  if (again)
    link_ref (link);
  g_mutex_unlock (&link->lock);
  if (again) {
    drop_connection (link);
    start_connecting (link);
    link_unref (link);
  }
}

static void
on_writable (gpointer user_data)
{
  RtmpLink *link = user_data;

  g_mutex_lock (&link->lock);
  g_cond_broadcast (&link->cond);
  g_mutex_unlock (&link->lock);
}

/* Many servers refuse a stream key by closing without a word (peers.md Q9). */
static GError *
plain_close_error (RtmpLink *link)
{
  const gchar *when = "";

  if (link->state == RTMP_LINK_CONNECTING)
    when = " during the handshake";
  else if (!link->ready)
    when = " during set-up: it may have refused the stream's name or its key";
  return g_error_new (RTMP_ERROR, RTMP_ERROR_CLOSED, "The server closed the connection%s", when);
}

/* Closing in answer to the stop commands, even before all of them have left, is a
 * normal end (peers.md Q35). */
static gboolean
is_normal_end_locked (RtmpLink *link)
{
  RtmpBacklog backlog;

  if (link->state != RTMP_LINK_CLOSING || !link->connection)
    return FALSE;
  rtmp_connection_get_backlog (link->connection, &backlog);
  return backlog.bytes <= link->stop_bytes;
}

static void
on_closed (const GError *error, gpointer user_data)
{
  RtmpLink *link = user_data;

  g_mutex_lock (&link->lock);
  link->peer_closed = TRUE;
  if (!is_normal_end_locked (link))
    fail_locked (link, error ? g_error_copy (error) : plain_close_error (link));
  g_cond_broadcast (&link->cond);
  g_mutex_unlock (&link->lock);
}

static const RtmpConnectionCallbacks connection_callbacks = {
  on_events, on_writable, on_closed
};

/* -- Connecting (I/O thread) -- */

static void
adopt_stream (RtmpLink *link, GIOStream *stream, GSocket *socket)
{
  g_mutex_lock (&link->lock);
  if (!link->stopped) {
    link->connection = rtmp_connection_new (link->loop, stream, socket,
        rtmp_link_config_new_session (&link->config, link->auth), &connection_callbacks, link);
    link->announced_chunk_size = link->config.chunk_size;
    link->connections++;
    g_free (link->address);
    link->address = rtmp_connection_get_remote_address (link->connection);
    if (link->config.pacing > 0)
      rtmp_connection_set_pacing (link->connection, link->config.pacing);
  }
  g_mutex_unlock (&link->lock);
}

typedef struct {
  RtmpLink *link;
  RtmpIoLoop *loop;             /* kept until the attempt is over */
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
    fail_locked (link, error);
    g_mutex_unlock (&link->lock);
  }
  link_unref (link);
  rtmp_io_loop_release (attempt->loop);
  g_free (attempt);
}

static void
start_connecting (RtmpLink *link)
{
  RtmpConnectorConfig config = {
    .accept_certificate = link->callbacks.accept_certificate,
    .user_data = link->user_data,
    .user_data_ref = link->callbacks.user_data_ref,
    .user_data_unref = link->callbacks.user_data_unref,
  };
  Attempt *attempt;

  g_mutex_lock (&link->lock);
  if (link->stopped) {
    g_mutex_unlock (&link->lock);
    return;
  }
  set_state_locked (link, RTMP_LINK_CONNECTING);

  /* Under the lock: once the link is stopped its loop and its owner may go away. */
  rtmp_link_config_get_connector (&link->config, &config);
  attempt = g_new (Attempt, 1);
  *attempt = (Attempt) { link_ref (link), rtmp_io_loop_acquire () };
  rtmp_connector_connect_async (attempt->loop, &config, link->cancellable, on_connected, attempt);
  g_mutex_unlock (&link->lock);
}

static gboolean
start_on_loop (gpointer data)
{
  start_connecting (data);
  return G_SOURCE_REMOVE;
}

/* -- Life -- */

RtmpLink *
rtmp_link_new (const RtmpLinkConfig *config, const RtmpLinkCallbacks *callbacks,
    gpointer user_data)
{
  RtmpLink *link = g_new0 (RtmpLink, 1);

  g_atomic_ref_count_init (&link->refcount);
  g_mutex_init (&link->lock);
  g_cond_init (&link->cond);
  link->callbacks = *callbacks;
  link->user_data = user_data;
  link->notifier = rtmp_notifier_new (callbacks, user_data);
  link->cancellable = g_cancellable_new ();
  rtmp_link_config_copy (config, &link->config);
  link->auth = rtmp_auth_new (config->authmod, config->location->username,
      config->location->password);
  link->queue = rtmp_queue_new (config->leaky, config->queue_bytes, config->queue_time);
  link->ready_time = link->media_time = -1;
  link->last_stats.round_trip = -1;
  return link;
}

void
rtmp_link_free (RtmpLink *link)
{
  if (!link)
    return;
  rtmp_link_stop (link);
  link_unref (link);
}

void
rtmp_link_start (RtmpLink *link)
{
  g_mutex_lock (&link->lock);
  g_return_if_fail (!link->loop && !link->stopped);
  link->loop = rtmp_io_loop_acquire ();
  link->start_time = g_get_monotonic_time ();
  set_state_locked (link, RTMP_LINK_CONNECTING);
  g_mutex_unlock (&link->lock);
  rtmp_io_loop_invoke (link->loop, start_on_loop, link_ref (link), (GDestroyNotify) link_unref);
}

static void
say_goodbye (RtmpLink *link, RtmpConnection *connection)
{
  RtmpSession *session = rtmp_connection_lock (connection);
  gsize queued = rtmp_session_get_queued (session);

  rtmp_client_stop (session, link->config.stop_commands, g_get_monotonic_time ());
  link->stop_bytes = MAX (link->stop_bytes, rtmp_session_get_queued (session) - queued);
  rtmp_connection_unlock (connection);
}

void
rtmp_link_stop (RtmpLink *link)
{
  RtmpConnection *connection;
  RtmpIoLoop *loop;

  g_mutex_lock (&link->lock);
  link->stopped = TRUE;
  rtmp_notifier_stop (link->notifier);
  link->state = RTMP_LINK_IDLE;
  loop = g_steal_pointer (&link->loop);
  connection = link->connection ? rtmp_connection_ref (link->connection) : NULL;
  g_cond_broadcast (&link->cond);
  g_mutex_unlock (&link->lock);

  g_cancellable_cancel (link->cancellable);
  if (connection) {
    say_goodbye (link, connection);
    drop_connection (link);
    rtmp_connection_unref (connection);
  }
  if (loop)
    rtmp_io_loop_release (loop);
}

void
rtmp_link_set_flushing (RtmpLink *link, gboolean flushing)
{
  g_mutex_lock (&link->lock);
  link->flushing = flushing;
  g_cond_broadcast (&link->cond);
  g_mutex_unlock (&link->lock);
}

/* -- Waiting -- */

/* What a waiting call must return at once; RTMP_LINK_OK when it may go on. */
static RtmpLinkResult
check_locked (RtmpLink *link, GError **error)
{
  if (link->flushing || link->stopped)
    return RTMP_LINK_FLUSHING;
  if (link->error) {
    g_propagate_error (error, g_error_copy (link->error));
    return RTMP_LINK_ERROR;
  }
  return link->ended ? RTMP_LINK_EOS : RTMP_LINK_OK;
}

RtmpLinkResult
rtmp_link_wait_ready (RtmpLink *link, GError **error)
{
  RtmpLinkResult result;

  g_mutex_lock (&link->lock);
  while ((result = check_locked (link, error)) == RTMP_LINK_OK && !link->ready)
    g_cond_wait (&link->cond, &link->lock);
  g_mutex_unlock (&link->lock);
  return result;
}

gboolean
rtmp_link_was_ready (RtmpLink *link)
{
  gboolean ready;

  g_mutex_lock (&link->lock);
  ready = link->ready;
  g_mutex_unlock (&link->lock);
  return ready;
}

static RtmpLinkResult
no_progress_locked (RtmpLink *link, GError **error)
{
  fail_locked (link, g_error_new (RTMP_ERROR, RTMP_ERROR_TIMEOUT,
      "The server took no data for %" G_GINT64_FORMAT " ms", link->config.timeout / 1000));
  return check_locked (link, error);
}

/* Waits until no more than @bytes wait for the socket, or, with @bytes 0, nothing at all. What
 * passed before this wait, in PAUSED perhaps, is not held against the server. */
static RtmpLinkResult
wait_backlog_locked (RtmpLink *link, gsize bytes, GError **error)
{
  gint64 begin = g_get_monotonic_time ();
  RtmpLinkResult result;

  while ((result = check_locked (link, error)) == RTMP_LINK_OK && link->connection
      && !link->peer_closed) {
    RtmpBacklog backlog;
    gint64 deadline;

    rtmp_connection_get_backlog (link->connection, &backlog);
    if (backlog.is_empty || (bytes > 0 && backlog.bytes <= bytes))
      break;
    deadline = MAX (begin, backlog.last_progress) + link->config.timeout;
    if (link->config.timeout <= 0)
      g_cond_wait (&link->cond, &link->lock);
    else if (g_get_monotonic_time () >= deadline)
      return no_progress_locked (link, error);
    else
      g_cond_wait_until (&link->cond, &link->lock, deadline);
  }
  return result;
}

/* -- Publishing -- */

RtmpLinkResult
rtmp_link_send (RtmpLink *link, RtmpMessage **messages, guint n_messages, GError **error)
{
  RtmpLinkResult result;
  RtmpConnection *connection = NULL;
  guint i;

  g_mutex_lock (&link->lock);
  result = check_locked (link, error);
  if (result == RTMP_LINK_FLUSHING && !link->stopped)
    result = RTMP_LINK_OK;
  if (result == RTMP_LINK_OK && link->connection)
    connection = rtmp_connection_ref (link->connection);
  if (link->media_time < 0)
    link->media_time = g_get_monotonic_time () - link->start_time;
  g_mutex_unlock (&link->lock);

  if (connection) {
    /* A broken connection's reason is on its way: the next wait gives it. */
    rtmp_connection_send (connection, messages, n_messages);
    rtmp_connection_unref (connection);
    return result;
  }
  for (i = 0; i < n_messages; i++)
    rtmp_message_unref (messages[i]);
  return result;
}

RtmpLinkResult
rtmp_link_wait_sent (RtmpLink *link, GError **error)
{
  RtmpLinkResult result;

  g_mutex_lock (&link->lock);
  result = wait_backlog_locked (link, MAX_BACKLOG, error);
  g_mutex_unlock (&link->lock);
  return result;
}

static RtmpLinkResult
wait_peer_close_locked (RtmpLink *link, GError **error)
{
  RtmpLinkResult result;

  while ((result = check_locked (link, error)) == RTMP_LINK_OK && !link->peer_closed) {
    if (!g_cond_wait_until (&link->cond, &link->lock, link->linger_until))
      break;
  }
  return result;
}

RtmpLinkResult
rtmp_link_drain (RtmpLink *link, GError **error)
{
  RtmpConnection *connection = NULL;
  RtmpLinkResult result;

  g_mutex_lock (&link->lock);
  result = check_locked (link, error);
  if (result == RTMP_LINK_OK && link->connection)
    connection = rtmp_connection_ref (link->connection);
  if (connection)
    set_state_locked (link, RTMP_LINK_CLOSING);
  g_mutex_unlock (&link->lock);
  if (!connection)
    return result;

  say_goodbye (link, connection);
  g_mutex_lock (&link->lock);
  result = wait_backlog_locked (link, 0, error);
  if (result == RTMP_LINK_OK && link->linger_until == 0) {
    rtmp_connection_shut_down_output (connection);
    link->linger_until = g_get_monotonic_time () + LINGER_TIME;
  }
  if (result == RTMP_LINK_OK)
    result = wait_peer_close_locked (link, error);
  g_mutex_unlock (&link->lock);
  rtmp_connection_unref (connection);
  if (result == RTMP_LINK_OK)
    drop_connection (link);
  return result;
}

void
rtmp_link_set_chunk_size (RtmpLink *link, guint32 chunk_size)
{
  g_mutex_lock (&link->lock);
  link->config.chunk_size = chunk_size;
  announce_chunk_size_locked (link);
  g_mutex_unlock (&link->lock);
}

void
rtmp_link_set_pacing (RtmpLink *link, guint64 bits_per_second)
{
  g_mutex_lock (&link->lock);
  link->config.pacing = bits_per_second;
  if (link->connection)
    rtmp_connection_set_pacing (link->connection, bits_per_second);
  g_mutex_unlock (&link->lock);
}

/* -- Playing -- */

/* After whatever may have made room in the queue. */
static void
resume_reading_locked (RtmpLink *link)
{
  if (!link->reading_stopped || !link->connection || rtmp_queue_is_full (link->queue))
    return;
  link->reading_stopped = FALSE;
  rtmp_connection_set_reading (link->connection, TRUE);
}

static guint
pop_locked (RtmpLink *link, RtmpQueueItem *items, guint max_items)
{
  guint n = 0;

  while (n < max_items && rtmp_queue_pop (link->queue, &items[n]))
    n++;
  resume_reading_locked (link);
  return n;
}

RtmpLinkResult
rtmp_link_receive (RtmpLink *link, RtmpQueueItem *items, guint max_items, guint *n_items,
    GError **error)
{
  RtmpLinkResult result = RTMP_LINK_OK;

  *n_items = 0;
  g_mutex_lock (&link->lock);
  while (!link->flushing && !link->stopped) {
    *n_items = pop_locked (link, items, max_items);
    if (*n_items > 0 || (result = check_locked (link, error)) != RTMP_LINK_OK)
      break;
    g_cond_wait (&link->cond, &link->lock);
  }
  if (*n_items == 0 && result == RTMP_LINK_OK)
    result = RTMP_LINK_FLUSHING;
  g_mutex_unlock (&link->lock);
  return result;
}

void
rtmp_link_resync (RtmpLink *link)
{
  g_mutex_lock (&link->lock);
  rtmp_queue_resync (link->queue);
  resume_reading_locked (link);
  g_mutex_unlock (&link->lock);
}

void
rtmp_link_set_queue_limits (RtmpLink *link, guint64 bytes, guint32 time)
{
  g_mutex_lock (&link->lock);
  rtmp_queue_set_limits (link->queue, bytes, time);
  resume_reading_locked (link);
  g_mutex_unlock (&link->lock);
}

/* -- Statistics -- */

static void
get_connection_stats_locked (RtmpLink *link, RtmpLinkStats *stats)
{
  RtmpBacklog backlog;

  rtmp_session_get_stats (rtmp_connection_lock (link->connection), &stats->session);
  rtmp_connection_unlock (link->connection);
  rtmp_connection_get_backlog (link->connection, &backlog);
  stats->backlog = backlog.bytes;
}

void
rtmp_link_get_stats (RtmpLink *link, RtmpLinkStats *stats)
{
  g_mutex_lock (&link->lock);
  *stats = (RtmpLinkStats) {
    .state = link->state,
    .address = g_strdup (link->address),
    .session = link->last_stats,
    .ready_time = link->ready_time,
    .media_time = link->media_time,
    .queue_length = rtmp_queue_get_length (link->queue),
    .queue_bytes = rtmp_queue_get_bytes (link->queue),
    .queue_time = rtmp_queue_get_time (link->queue),
    .queue_dropped = rtmp_queue_get_dropped (link->queue),
    .connections = link->connections,
  };
  if (link->connection)
    get_connection_stats_locked (link, stats);
  g_mutex_unlock (&link->lock);
}
