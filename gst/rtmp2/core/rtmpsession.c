/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpsession.h"

#include "rtmpchunkreader.h"
#include "rtmpchunkwriter.h"
#include "rtmperror.h"
#include "rtmpflv.h"
#include "rtmplimits.h"
#include "rtmprole.h"

/* An array of events that is longer goes when they were taken: a burst leaves nothing behind. */
#define KEPT_EVENTS 32u

typedef struct {
  gdouble transaction;
  const gchar *name; /* interned */
  gint64 sent;
} PendingCall;

struct _RtmpSession {
  const RtmpRole *role;
  gpointer data;

  RtmpHandshake *handshake; /* NULL once it is over and all of it was sent */
  gboolean handshaken;
  RtmpChunkReader *reader;
  RtmpChunkWriter *writer;
  RtmpWindow window;

  RtmpStage stage;
  gboolean undecided;
  gint64 timeout;
  gint64 idle_timeout;
  gint64 deadline;
  const gchar *awaited;

  GArray *events; /* RtmpEvent, the first events_taken of them are gone */
  guint events_taken;
  GArray *calls; /* PendingCall, oldest first */

  guint64 queued; /* payload bytes queued in the ordinary lane, ever */
  guint64 reply_ends[RTMP_MAX_PENDING_REPLIES]; /* @queued behind the last replies */
  guint replies;                                /* ever */
  gboolean has_media_stream;
  guint32 media_stream;
  RtmpPeerCaps peer_caps;
  RtmpCounters in;
  RtmpCounters out;
  guint64 dropped;
  gint64 round_trip;
};

static const struct {
  const gchar *name;
  const gchar *awaited;
} stages[] = {
  [RTMP_STAGE_HANDSHAKE] = { "handshake", "the handshake" },
  [RTMP_STAGE_CONNECT] = { "connect", "the answer to connect" },
  [RTMP_STAGE_CREATE_STREAM] = { "create-stream", "the answer to createStream" },
  [RTMP_STAGE_START] = { "start", "the answer to publish" },
  [RTMP_STAGE_STREAMING] = { "streaming", NULL },
  [RTMP_STAGE_CLOSING] = { "closing", NULL },
  [RTMP_STAGE_ENDED] = { "ended", NULL },
};

const gchar *
rtmp_stage_to_string (RtmpStage stage)
{
  return stages[stage].name;
}

void
rtmp_event_clear (RtmpEvent *event)
{
  g_clear_pointer (&event->message, rtmp_message_unref);
  g_clear_pointer (&event->status, rtmp_status_free);
  g_clear_pointer (&event->command, rtmp_command_free);
  g_clear_pointer (&event->text, g_free);
}

RtmpSession *
rtmp_session_new (const RtmpRole *role, gpointer data, RtmpHandshake *handshake, gint64 timeout,
    gint64 now)
{
  RtmpSession *self = g_new0 (RtmpSession, 1);

  self->role = role;
  self->data = data;
  self->handshake = handshake;
  self->reader = rtmp_chunk_reader_new ();
  self->writer = rtmp_chunk_writer_new ();
  rtmp_window_init (&self->window);
  self->events = g_array_new (FALSE, FALSE, sizeof (RtmpEvent));
  self->calls = g_array_new (FALSE, FALSE, sizeof (PendingCall));
  self->timeout = timeout;
  self->round_trip = -1;
  rtmp_session_set_stage (self, RTMP_STAGE_HANDSHAKE, now);
  return self;
}

void
rtmp_session_free (RtmpSession *session)
{
  RtmpEvent event;

  if (!session)
    return;
  while (rtmp_session_next_event (session, &event))
    rtmp_event_clear (&event);
  session->role->free (session->data);
  g_clear_pointer (&session->handshake, rtmp_handshake_free);
  rtmp_chunk_reader_free (session->reader);
  rtmp_chunk_writer_free (session->writer);
  g_array_unref (session->events);
  g_array_unref (session->calls);
  g_free (session);
}

void
rtmp_session_set_block_pool (RtmpSession *session, RtmpBlockPool *pool)
{
  rtmp_chunk_reader_set_block_pool (session->reader, pool);
}

void
rtmp_session_set_sent (RtmpSession *session, GPtrArray *sent)
{
  rtmp_chunk_writer_set_sent (session->writer, sent);
}

gpointer
rtmp_session_get_role_data (const RtmpSession *session)
{
  return session->data;
}

/* -- Stages and deadlines -- */

void
rtmp_session_set_stage (RtmpSession *session, RtmpStage stage, gint64 now)
{
  const gchar *awaited = stages[stage].awaited;
  gint64 deadline = awaited && session->timeout > 0 ? now + session->timeout : -1;

  session->stage = stage;
  rtmp_session_set_deadline (session, deadline, awaited);
  rtmp_session_push_event (session, &(RtmpEvent) { .type = RTMP_EVENT_STAGE, .stage = stage });
}

void
rtmp_session_set_deadline (RtmpSession *session, gint64 deadline, const gchar *what)
{
  session->deadline = deadline;
  session->awaited = what;
}

RtmpStage
rtmp_session_get_stage (const RtmpSession *session)
{
  return session->stage;
}

gint64
rtmp_session_get_deadline (const RtmpSession *session)
{
  return session->deadline;
}

gboolean
rtmp_session_check_deadline (RtmpSession *session, gint64 now, GError **error)
{
  const gchar *awaited = session->awaited;

  if (session->deadline < 0 || now < session->deadline)
    return TRUE;
  rtmp_session_set_stage (session, RTMP_STAGE_ENDED, now);
  g_set_error (error, RTMP_ERROR, RTMP_ERROR_TIMEOUT, "Timed out waiting for %s", awaited);
  return FALSE;
}

void
rtmp_session_begin_idle (RtmpSession *session, gint64 idle_timeout, gint64 now)
{
  session->idle_timeout = idle_timeout;
  rtmp_session_set_deadline (session, -1, "media");
  rtmp_session_touch (session, now);
}

void
rtmp_session_touch (RtmpSession *session, gint64 now)
{
  if (session->idle_timeout > 0 && session->stage == RTMP_STAGE_STREAMING)
    session->deadline = now + session->idle_timeout;
}

/* -- Events -- */

void
rtmp_session_push_event (RtmpSession *session, const RtmpEvent *event)
{
  g_array_append_val (session->events, *event);
}

void
rtmp_session_push_status (RtmpSession *session, RtmpEventType type, const RtmpStatus *status)
{
  rtmp_session_push_event (session,
      &(RtmpEvent) { .type = type, .status = rtmp_status_copy (status) });
}

void
rtmp_session_push_warning (RtmpSession *session, const gchar *format, ...)
{
  RtmpEvent event = { .type = RTMP_EVENT_WARNING };
  va_list args;

  va_start (args, format);
  event.text = g_strdup_vprintf (format, args);
  va_end (args);
  rtmp_session_push_event (session, &event);
}

static void
reset_events (RtmpSession *session)
{
  session->events_taken = 0;
  if (session->events->len <= KEPT_EVENTS) {
    g_array_set_size (session->events, 0);
  } else {
    g_array_unref (session->events);
    session->events = g_array_new (FALSE, FALSE, sizeof (RtmpEvent));
  }
}

gboolean
rtmp_session_next_event (RtmpSession *session, RtmpEvent *event)
{
  if (session->events_taken == session->events->len)
    return FALSE;
  *event = g_array_index (session->events, RtmpEvent, session->events_taken);
  session->events_taken++;
  if (session->events_taken == session->events->len)
    reset_events (session);
  return TRUE;
}

void
rtmp_session_set_undecided (RtmpSession *session, gboolean undecided)
{
  session->undecided = undecided;
}

/* -- Commands that are answered -- */

void
rtmp_session_call (RtmpSession *session, RtmpCommand *command, guint32 stream_id, gint64 now)
{
  PendingCall call = { command->transaction, g_intern_string (command->name), now };

  if (session->calls->len >= RTMP_MAX_PENDING_COMMANDS)
    g_array_remove_index (session->calls, 0);
  g_array_append_val (session->calls, call);
  rtmp_session_send_command (session, command, stream_id);
}

const gchar *
rtmp_session_answered (RtmpSession *session, gdouble transaction, gint64 now)
{
  guint i;

  for (i = 0; i < session->calls->len; i++) {
    PendingCall call = g_array_index (session->calls, PendingCall, i);

    if (call.transaction != transaction)
      continue;
    g_array_remove_index (session->calls, i);
    session->round_trip = now - call.sent;
    return call.name;
  }
  return NULL;
}

void
rtmp_session_set_round_trip (RtmpSession *session, gint64 round_trip)
{
  session->round_trip = round_trip;
}

/* -- Output -- */

static RtmpCount
count_kind (guint8 type)
{
  switch (type) {
    case RTMP_MESSAGE_AUDIO:
      return RTMP_COUNT_AUDIO;
    case RTMP_MESSAGE_VIDEO:
      return RTMP_COUNT_VIDEO;
    case RTMP_MESSAGE_DATA_AMF0:
    case RTMP_MESSAGE_DATA_AMF3:
      return RTMP_COUNT_DATA;
    default:
      return RTMP_COUNT_OTHER;
  }
}

static void
count_message (RtmpCounters *counters, const RtmpMessage *message)
{
  RtmpCount kind = count_kind (message->type);

  counters->messages[kind]++;
  counters->bytes[kind] += message->size;
}

void
rtmp_session_send (RtmpSession *session, RtmpMessage *message)
{
  count_message (&session->out, message);
  session->queued += message->size;
  rtmp_chunk_writer_queue (session->writer, message);
}

void
rtmp_session_send_command (RtmpSession *session, RtmpCommand *command, guint32 stream_id)
{
  rtmp_session_send (session, rtmp_command_to_message (command, stream_id));
  rtmp_command_free (command);
}

/* The oldest of as many replies as may wait has left when all that was queued up to it has. */
void
rtmp_session_reply (RtmpSession *session, RtmpMessage *message)
{
  guint64 *end = &session->reply_ends[session->replies % RTMP_MAX_PENDING_REPLIES];

  if (*end > session->queued - rtmp_session_get_queued (session)) {
    rtmp_message_unref (message);
    return;
  }
  rtmp_session_send (session, message);
  *end = session->queued;
  session->replies++;
}

static void
send_urgent (RtmpSession *session, RtmpMessage *message)
{
  if (!rtmp_chunk_writer_takes_urgent (session->writer, message)) {
    rtmp_session_reply (session, message);
    return;
  }
  count_message (&session->out, message);
  rtmp_chunk_writer_queue_urgent (session->writer, message);
}

void
rtmp_session_reply_command (RtmpSession *session, RtmpCommand *command, guint32 stream_id)
{
  rtmp_session_reply (session, rtmp_command_to_message (command, stream_id));
  rtmp_command_free (command);
}

void
rtmp_session_send_media (RtmpSession *session, RtmpMessage *message)
{
  g_return_if_fail (session->has_media_stream);

  message->stream_id = session->media_stream;
  rtmp_session_send (session, message);
}

void
rtmp_session_set_chunk_size (RtmpSession *session, guint32 chunk_size)
{
  rtmp_session_send (session, rtmp_control_new_u32 (RTMP_MESSAGE_SET_CHUNK_SIZE, chunk_size));
}

void
rtmp_session_announce_window (RtmpSession *session, guint32 size)
{
  if (session->window.out_sent != 0)
    return;
  session->window.out_sent = size;
  rtmp_session_send (session, rtmp_control_new_u32 (RTMP_MESSAGE_WINDOW_ACK_SIZE, size));
}

guint
rtmp_session_peek (RtmpSession *session, RtmpVector *vectors, guint n_vectors)
{
  guint n = 0;

  if (session->handshake && n_vectors > 0)
    n = rtmp_handshake_peek (session->handshake, vectors);
  return n + rtmp_chunk_writer_peek (session->writer, vectors + n, n_vectors - n);
}

static gsize
consume_handshake (RtmpSession *session, gsize bytes)
{
  RtmpVector vector;
  gsize taken = 0;

  if (rtmp_handshake_peek (session->handshake, &vector) > 0) {
    taken = MIN (bytes, vector.size);
    rtmp_handshake_consume (session->handshake, taken);
  }
  if (session->handshaken && rtmp_handshake_peek (session->handshake, &vector) == 0)
    g_clear_pointer (&session->handshake, rtmp_handshake_free);
  return taken;
}

void
rtmp_session_consume (RtmpSession *session, gsize bytes)
{
  session->window.out_bytes += bytes;
  if (session->handshake)
    bytes -= consume_handshake (session, bytes);
  if (bytes > 0)
    rtmp_chunk_writer_consume (session->writer, bytes);
}

gboolean
rtmp_session_has_output (const RtmpSession *session)
{
  RtmpVector vector;

  if (session->handshake && rtmp_handshake_peek (session->handshake, &vector) > 0)
    return TRUE;
  return !rtmp_chunk_writer_is_empty (session->writer);
}

gsize
rtmp_session_get_queued (const RtmpSession *session)
{
  return rtmp_chunk_writer_get_queued (session->writer);
}

/* -- Input -- */

static gboolean
handle_user_control (RtmpSession *session, const RtmpControl *control, gint64 now, GError **error)
{
  if (control->event != RTMP_USER_PING_REQUEST)
    return session->role->user_control (session, control, now, error);
  send_urgent (session, rtmp_control_new_user (RTMP_USER_PING_RESPONSE, control->value));
  return TRUE;
}

static gboolean
handle_control (RtmpSession *session, const RtmpMessage *message, gint64 now, GError **error)
{
  RtmpControl control;
  guint32 window_size;

  if (!rtmp_control_parse (message, &control, error))
    return FALSE;

  switch (control.type) {
    case RTMP_MESSAGE_SET_CHUNK_SIZE:
      rtmp_chunk_reader_set_chunk_size (session->reader, control.value);
      return TRUE;
    case RTMP_MESSAGE_ABORT:
      rtmp_chunk_reader_abort (session->reader, control.value);
      return TRUE;
    case RTMP_MESSAGE_ACK:
      rtmp_window_acked (&session->window, control.value);
      return TRUE;
    case RTMP_MESSAGE_WINDOW_ACK_SIZE:
      session->window.in_window = control.value;
      return TRUE;
    case RTMP_MESSAGE_SET_PEER_BANDWIDTH:
      if (rtmp_window_set_peer_bandwidth (&session->window, control.value, control.limit_type,
              &window_size))
        rtmp_session_reply (session,
            rtmp_control_new_u32 (RTMP_MESSAGE_WINDOW_ACK_SIZE, window_size));
      return TRUE;
    default:
      return handle_user_control (session, &control, now, error);
  }
}

static gboolean
handle_command (RtmpSession *session, const RtmpMessage *message, gint64 now, GError **error)
{
  g_autoptr (RtmpCommand) command = rtmp_command_parse (message, error);

  return command && session->role->command (session, command, message->stream_id, now, error);
}

static gboolean handle_message (RtmpSession *session, RtmpMessage *message, gint64 now,
    GError **error);

static gboolean
handle_aggregate (RtmpSession *session, RtmpMessage *aggregate, gint64 now, GError **error)
{
  g_autoptr (GPtrArray) parts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
  g_autoptr (GError) fault = NULL;
  guint i;

  rtmp_aggregate_expand (aggregate, parts, &fault);
  for (i = 0; i < parts->len; i++) {
    /* Parts are never aggregates, so this does not go deeper. */
    if (!handle_message (session, rtmp_message_ref (parts->pdata[i]), now, error))
      return FALSE;
  }
  if (fault) {
    g_propagate_error (error, g_steal_pointer (&fault));
    return FALSE;
  }
  return TRUE;
}

/* @message: (transfer full) */
static gboolean
handle_message (RtmpSession *session, RtmpMessage *message, gint64 now, GError **error)
{
  gboolean ok = TRUE;

  switch (message->type) {
    case RTMP_MESSAGE_AUDIO:
    case RTMP_MESSAGE_VIDEO:
    case RTMP_MESSAGE_DATA_AMF0:
    case RTMP_MESSAGE_DATA_AMF3:
      count_message (&session->in, message);
      return session->role->media (session, message, now, error);
    case RTMP_MESSAGE_COMMAND_AMF0:
    case RTMP_MESSAGE_COMMAND_AMF3:
      count_message (&session->in, message);
      ok = handle_command (session, message, now, error);
      break;
    case RTMP_MESSAGE_AGGREGATE:
      ok = handle_aggregate (session, message, now, error);
      break;
    default:
      count_message (&session->in, message);
      if (rtmp_control_is_control (message->type))
        ok = handle_control (session, message, now, error);
      break;
  }
  rtmp_message_unref (message);
  return ok;
}

static gboolean
feed_handshake (RtmpSession *session, const guint8 *data, gsize size, gint64 now, gsize *taken,
    GError **error)
{
  const gchar *note;

  if (!rtmp_handshake_feed (session->handshake, data, size, (guint32) (now / 1000), taken, error))
    return FALSE;
  if (!rtmp_handshake_is_done (session->handshake))
    return TRUE;

  session->handshaken = TRUE;
  note = rtmp_handshake_get_note (session->handshake);
  if (note)
    rtmp_session_push_warning (session, "Handshake: %s", note);
  consume_handshake (session, 0);
  return session->role->handshaken (session, now, error);
}

static gboolean
feed_chunks (RtmpSession *session, const guint8 *data, gsize size, gint64 now, gsize *taken,
    GError **error)
{
  RtmpMessage *message = NULL;

  if (!rtmp_chunk_reader_read (session->reader, data, size, taken, &message, error))
    return FALSE;
  return !message || handle_message (session, message, now, error);
}

static gboolean
feed_some (RtmpSession *session, const guint8 *data, gsize size, gint64 now, gsize *taken,
    GError **error)
{
  g_autoptr (GError) fault = NULL;

  if (session->stage == RTMP_STAGE_ENDED) {
    *taken = size;
    return TRUE;
  }
  if (session->handshaken ? feed_chunks (session, data, size, now, taken, &fault)
                          : feed_handshake (session, data, size, now, taken, &fault))
    return TRUE;

  *taken = size;
  if (session->stage == RTMP_STAGE_CLOSING) {
    rtmp_session_set_stage (session, RTMP_STAGE_ENDED, now);
    return TRUE;
  }
  rtmp_session_set_stage (session, RTMP_STAGE_ENDED, now);
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

gboolean
rtmp_session_feed (RtmpSession *session, const guint8 *data, gsize size, gint64 now,
    gsize *consumed, GError **error)
{
  gboolean ok = TRUE;
  gsize pos = 0;
  guint32 sequence;

  while (ok && pos < size && !session->undecided) {
    gsize taken = 0;

    ok = feed_some (session, data + pos, size - pos, now, &taken, error);
    pos += taken;
  }
  *consumed = pos;
  if (rtmp_window_received (&session->window, pos, &sequence) && session->handshaken && ok)
    send_urgent (session, rtmp_control_new_u32 (RTMP_MESSAGE_ACK, sequence));
  return ok;
}

/* -- Small things for the roles and for the owner -- */

void
rtmp_session_set_media_stream (RtmpSession *session, guint32 stream_id)
{
  session->media_stream = stream_id;
  session->has_media_stream = TRUE;
}

void
rtmp_session_count_dropped (RtmpSession *session)
{
  session->dropped++;
}

RtmpPeerCaps *
rtmp_session_edit_peer_caps (RtmpSession *session)
{
  return &session->peer_caps;
}

const RtmpPeerCaps *
rtmp_session_get_peer_caps (const RtmpSession *session)
{
  return &session->peer_caps;
}

void
rtmp_session_get_stats (const RtmpSession *session, RtmpSessionStats *stats)
{
  *stats = (RtmpSessionStats) {
    .in_chunk_size = rtmp_chunk_reader_get_chunk_size (session->reader),
    .out_chunk_size = rtmp_chunk_writer_get_chunk_size (session->writer),
    .in_window_ack_size = session->window.in_window,
    .out_window_ack_size = session->window.out_sent,
    .in_bytes_total = session->window.in_bytes,
    .out_bytes_total = session->window.out_bytes,
    .in_bytes_acked = session->window.in_acked,
    .out_bytes_acked = session->window.out_acked,
    .in = session->in,
    .out = session->out,
    .in_dropped = session->dropped + rtmp_chunk_reader_get_dropped (session->reader),
    .round_trip = session->round_trip,
  };
}
