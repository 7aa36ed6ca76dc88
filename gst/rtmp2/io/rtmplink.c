/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmplink.h"

#include "core/rtmperror.h"
#include "core/rtmpsecrets.h"
#include "io/rtmplinkprivate.h"

/* Payload that may wait for a full socket before rtmp_link_wait_sent() waits:
 * enough for the I/O thread to fill the socket while a streaming thread wakes up. */
#define MAX_BACKLOG (128u * 1024)

/* How long the peer's close is waited for, once it has received everything. */
#define LINGER_TIME G_TIME_SPAN_SECOND
/* How often it is asked whether it has. */
#define LINGER_INTERVAL (20 * G_TIME_SPAN_MILLISECOND)

typedef struct {
  gint left;       /* bytes the peer has not acknowledged */
  gint64 progress; /* when that last became less; 0 = not looked at */
} Linger;

RtmpLink *
rtmp_link_ref (RtmpLink *link)
{
  g_atomic_ref_count_inc (&link->refcount);
  return link;
}

void
rtmp_link_unref (RtmpLink *link)
{
  if (!g_atomic_ref_count_dec (&link->refcount))
    return;
  rtmp_notifier_free (link->notifier);
  rtmp_link_config_clear (&link->config);
  rtmp_auth_free (link->auth);
  g_object_unref (link->cancellable);
  g_clear_error (&link->error);
  rtmp_queue_free (link->queue);
  rtmp_replay_free (link->replay);
  g_clear_pointer (&link->confirmed, g_ptr_array_unref);
  g_free (link->address);
  g_mutex_clear (&link->lock);
  g_cond_clear (&link->cond);
  g_free (link);
}

/* -- Waking -- */

void
rtmp_link_wake_locked (RtmpLink *link)
{
  if (link->waiting > 0)
    g_cond_broadcast (&link->cond);
}

/* @until: monotonic microseconds; 0 = for ever */
static void
wait_locked (RtmpLink *link, gint64 until)
{
  link->waiting++;
  if (until > 0)
    g_cond_wait_until (&link->cond, &link->lock, until);
  else
    g_cond_wait (&link->cond, &link->lock);
  link->waiting--;
}

/* -- Letting go -- */

void
rtmp_link_confirm_locked (RtmpLink *link)
{
  GPtrArray *confirmed = rtmp_replay_confirm (link->replay);

  if (link->confirmed)
    g_ptr_array_extend_and_steal (link->confirmed, confirmed);
  else
    link->confirmed = confirmed;
}

/* What frees the media's memory is the application's, and may ask for the statistics. */
void
rtmp_link_unlock (RtmpLink *link)
{
  g_autoptr (GPtrArray) confirmed = g_steal_pointer (&link->confirmed);

  g_mutex_unlock (&link->lock);
}

/* -- State -- */

void
rtmp_link_set_state_locked (RtmpLink *link, RtmpLinkState state)
{
  if (link->state == state)
    return;
  link->state = state;
  rtmp_link_wake_locked (link);
  rtmp_notifier_state (link->notifier, state);
}

void
rtmp_link_fail_locked (RtmpLink *link, GError *error)
{
  if (link->error || link->stopped || link->ended) {
    g_error_free (error);
    return;
  }
  rtmp_secrets_hide_in_error (link->config.location, error);
  link->error = error;
  rtmp_link_confirm_locked (link);
  rtmp_link_set_state_locked (link, RTMP_LINK_FAILED);
  rtmp_notifier_failed (link->notifier, error);
}

gboolean
rtmp_link_is_unconfirmed_locked (const RtmpLink *link)
{
  return !link->ready && link->fast_start != RTMP_FAST_START_NONE;
}

/* -- Life -- */

RtmpLink *
rtmp_link_new (const RtmpLinkConfig *config, const RtmpLinkCallbacks *callbacks, gpointer user_data)
{
  RtmpLink *link = g_new0 (RtmpLink, 1);

  g_atomic_ref_count_init (&link->refcount);
  g_mutex_init (&link->lock);
  g_cond_init (&link->cond);
  link->notifier = rtmp_notifier_new (callbacks, user_data);
  link->cancellable = g_cancellable_new ();
  rtmp_link_config_copy (config, &link->config);
  link->auth = rtmp_auth_new (config->authmod, config->location->username,
      config->location->password);
  link->replay = rtmp_replay_new ();
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
  rtmp_link_unref (link);
}

static gboolean
start_on_loop (gpointer data)
{
  rtmp_link_connect (data);
  return G_SOURCE_REMOVE;
}

void
rtmp_link_start (RtmpLink *link)
{
  g_mutex_lock (&link->lock);
  g_return_if_fail (!link->loop && !link->stopped);
  link->loop = rtmp_io_loop_acquire ();
  link->start_time = g_get_monotonic_time ();
  rtmp_link_set_state_locked (link, RTMP_LINK_CONNECTING);
  g_mutex_unlock (&link->lock);
  rtmp_io_loop_invoke (link->loop, start_on_loop, rtmp_link_ref (link),
      (GDestroyNotify) rtmp_link_unref);
}

static void
say_goodbye (RtmpLink *link, RtmpConnection *connection)
{
  RtmpSession *session;
  gsize queued;

  g_mutex_lock (&link->lock);
  session = rtmp_connection_lock (connection);
  queued = rtmp_session_get_queued (session);
  rtmp_client_stop (session, link->config.stop_commands, g_get_monotonic_time ());
  link->stop_bytes = MAX (link->stop_bytes, rtmp_session_get_queued (session) - queued);
  rtmp_connection_unlock (connection);
  g_mutex_unlock (&link->lock);
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
  rtmp_link_wake_locked (link);
  g_mutex_unlock (&link->lock);

  g_cancellable_cancel (link->cancellable);
  if (connection) {
    say_goodbye (link, connection);
    rtmp_link_drop_connection (link);
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
  rtmp_link_wake_locked (link);
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
  while ((result = check_locked (link, error)) == RTMP_LINK_OK && !link->sendable)
    wait_locked (link, 0);
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

/* Waits until publish is accepted, while there are as many messages held for a second connection as
 * @is_due says. Each answer has a deadline of its own. */
static RtmpLinkResult
wait_confirmed_locked (RtmpLink *link, gboolean (*is_due) (const RtmpReplay *replay),
    GError **error)
{
  RtmpLinkResult result;

  while ((result = check_locked (link, error)) == RTMP_LINK_OK && !link->ready
      && is_due (link->replay))
    wait_locked (link, 0);
  return result;
}

static gboolean
holds_any (const RtmpReplay *replay)
{
  return rtmp_replay_get_length (replay) > 0;
}

static RtmpLinkResult
no_progress_locked (RtmpLink *link, GError **error)
{
  rtmp_link_fail_locked (link,
      g_error_new (RTMP_ERROR, RTMP_ERROR_TIMEOUT,
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

  link->awaited_backlog = bytes;
  while ((result = check_locked (link, error)) == RTMP_LINK_OK && link->connection
      && !link->peer_closed) {
    RtmpBacklog backlog;
    gint64 deadline;

    rtmp_connection_get_backlog (link->connection, &backlog);
    if (backlog.is_empty || (bytes > 0 && backlog.bytes <= bytes))
      break;
    deadline = MAX (begin, backlog.last_progress) + link->config.timeout;
    /* Of a fast start the answers have deadlines, and what misses one is tried again. */
    if (link->config.timeout <= 0
        || (rtmp_link_is_unconfirmed_locked (link) && link->state != RTMP_LINK_CLOSING))
      wait_locked (link, 0);
    else if (g_get_monotonic_time () >= deadline)
      return no_progress_locked (link, error);
    else
      wait_locked (link, deadline);
  }
  return result;
}

/* -- Publishing -- */

/* With the lock held: so what the connection is given, and what a second one is, cannot differ. */
static void
hold_locked (RtmpLink *link, RtmpMessage **messages, guint n_messages)
{
  guint i;

  for (i = 0; i < n_messages; i++)
    rtmp_replay_add (link->replay, messages[i]);
}

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
  if (result == RTMP_LINK_OK && link->connection && link->sendable)
    connection = rtmp_connection_ref (link->connection);
  if (result == RTMP_LINK_OK && !link->ready)
    hold_locked (link, messages, n_messages);
  if (link->media_time < 0 && connection)
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

gboolean
rtmp_link_is_congested (RtmpLink *link)
{
  RtmpBacklog backlog = { 0 };
  gboolean held;

  g_mutex_lock (&link->lock);
  if (link->connection)
    rtmp_connection_get_backlog (link->connection, &backlog);
  held = !link->ready && rtmp_replay_is_full (link->replay);
  g_mutex_unlock (&link->lock);
  return held || backlog.bytes > MAX_BACKLOG;
}

RtmpLinkResult
rtmp_link_wait_sent (RtmpLink *link, GError **error)
{
  RtmpLinkResult result;

  g_mutex_lock (&link->lock);
  result = wait_confirmed_locked (link, rtmp_replay_is_full, error);
  if (result == RTMP_LINK_OK)
    result = wait_backlog_locked (link, MAX_BACKLOG, error);
  g_mutex_unlock (&link->lock);
  return result;
}

/* When to look again, or 0 when it was waited long enough. The time to linger begins when the peer
 * has all: closing under what the kernel still has to send would lose it. */
static gint64
linger_locked (RtmpLink *link, Linger *linger)
{
  gint64 now = g_get_monotonic_time ();
  gint left = rtmp_connection_get_unacknowledged (link->connection);

  if (left < linger->left || linger->progress == 0) {
    linger->left = left;
    linger->progress = now;
  }
  if (left <= 0)
    return now < linger->progress + LINGER_TIME ? linger->progress + LINGER_TIME : 0;
  if (link->config.timeout > 0 && now >= linger->progress + link->config.timeout)
    return 0;
  return now + LINGER_INTERVAL;
}

static RtmpLinkResult
wait_peer_close_locked (RtmpLink *link, GError **error)
{
  Linger linger = { 0 };
  RtmpLinkResult result;
  gint64 until;

  while ((result = check_locked (link, error)) == RTMP_LINK_OK && !link->peer_closed
      && link->connection) {
    until = linger_locked (link, &linger);
    if (until == 0)
      return linger.left > 0 ? no_progress_locked (link, error) : RTMP_LINK_OK;
    wait_locked (link, until);
  }
  return result;
}

RtmpLinkResult
rtmp_link_drain (RtmpLink *link, GError **error)
{
  RtmpConnection *connection = NULL;
  RtmpLinkResult result;

  g_mutex_lock (&link->lock);
  result = wait_confirmed_locked (link, holds_any, error);
  if (result == RTMP_LINK_OK && link->connection)
    connection = rtmp_connection_ref (link->connection);
  if (connection)
    rtmp_link_set_state_locked (link, RTMP_LINK_CLOSING);
  g_mutex_unlock (&link->lock);
  if (!connection)
    return result;

  say_goodbye (link, connection);
  g_mutex_lock (&link->lock);
  result = wait_backlog_locked (link, 0, error);
  if (result == RTMP_LINK_OK) {
    rtmp_connection_shut_down_output (connection);
    result = wait_peer_close_locked (link, error);
  }
  g_mutex_unlock (&link->lock);
  rtmp_connection_unref (connection);
  if (result == RTMP_LINK_OK)
    rtmp_link_drop_connection (link);
  return result;
}

void
rtmp_link_set_chunk_size (RtmpLink *link, guint32 chunk_size)
{
  g_mutex_lock (&link->lock);
  link->config.chunk_size = chunk_size;
  rtmp_link_announce_chunk_size_locked (link);
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

/* After whatever may have made room in the queue; once there is much of it, not for each message of a
 * full one. */
static void
resume_reading_locked (RtmpLink *link)
{
  if (!link->reading_stopped || !link->connection || !rtmp_queue_is_half_empty (link->queue))
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
  while (!link->flushing && !link->stopped && !link->resynced) {
    if (!link->paused) {
      *n_items = pop_locked (link, items, max_items);
      if (*n_items > 0 || (result = check_locked (link, error)) != RTMP_LINK_OK)
        break;
    }
    wait_locked (link, 0);
  }
  if (*n_items == 0 && result == RTMP_LINK_OK)
    result = link->flushing || link->stopped ? RTMP_LINK_FLUSHING : RTMP_LINK_RESYNCED;
  g_mutex_unlock (&link->lock);
  return result;
}

static void
resync_locked (RtmpLink *link)
{
  rtmp_queue_resync (link->queue);
  link->resyncing = rtmp_queue_waits_for_key (link->queue);
  resume_reading_locked (link);
}

void
rtmp_link_resync (RtmpLink *link)
{
  g_mutex_lock (&link->lock);
  resync_locked (link);
  g_mutex_unlock (&link->lock);
}

void
rtmp_link_set_paused (RtmpLink *link, gboolean paused)
{
  g_mutex_lock (&link->lock);
  if (link->paused && !paused) {
    resync_locked (link);
    link->resynced = TRUE;
  }
  link->paused = paused;
  rtmp_link_wake_locked (link);
  g_mutex_unlock (&link->lock);
}

gboolean
rtmp_link_take_resynced (RtmpLink *link)
{
  gboolean resynced;

  g_mutex_lock (&link->lock);
  resynced = link->resynced;
  link->resynced = FALSE;
  g_mutex_unlock (&link->lock);
  return resynced;
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
    .fast_start = link->fast_start,
    .fast_start_fallbacks = link->fallbacks,
  };
  if (link->connection)
    get_connection_stats_locked (link, stats);
  g_mutex_unlock (&link->lock);
}
