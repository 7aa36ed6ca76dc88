/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For SO_MAX_PACING_RATE, which plain C11 hides. */
#define _DEFAULT_SOURCE

#include "rtmpconnection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/rtmperror.h"
#include "core/rtmplimits.h"

/* A TLS record holds up to 16 KiB (RFC 8446, 5.1), and costs its seal whatever it holds. */
#define TLS_RECORD_SIZE (16u * 1024)

/* Input up to which each piece is acknowledged at once. Servers write small answers one by one
 * with Nagle's algorithm on (nginx-rtmp), and each then waits for the acknowledgement that we would
 * delay by 40 ms. */
#define QUICK_ACK_BYTES (16u * 1024)

/* Filled reads of one connection, before the others have their turn; and events, behind which there
 * is no other read: 64 KiB may be as many messages, without a payload. */
#define READS_AT_ONCE 8u
#define EVENTS_AT_ONCE 1024u

/* Events that are told of together, at most. */
#define MAX_BATCH 128u

/* Messages that are released together without an allocation. */
#define SENT_AT_ONCE 64u

/* What unread input is discarded of before closing, at most. */
#define MAX_DISCARD (4u * 1024 * 1024)

struct _RtmpConnection {
  gatomicrefcount refcount;
  RtmpIoLoop *loop; /* the owner keeps it alive until close */
  GIOStream *stream;
  GPollableInputStream *input;
  GPollableOutputStream *output;
  GSocket *socket;
  gchar *remote_address;
  RtmpConnectionCallbacks callbacks;
  gpointer user_data;
  RtmpIoWatch *watch;

  /* Under the lock. */
  GMutex lock;
  RtmpSession *session;
  GPtrArray *sent; /* RtmpMessage: to be released without the lock */
  guint8 *record;  /* TLS only: bytes taken from the session and not yet written */
  gsize record_size;
  gsize record_sent;
  gboolean is_full;      /* the watch waits until it can be written */
  GCancellable *closing; /* TLS only: cancels its goodbye */
  gboolean want_reading;
  gint64 last_progress;
  GError *write_error;
  gboolean broken; /* writing is over: write_error, closed or shut down */

  /* The I/O thread's only. */
  RtmpIoTimer *timer;
  gsize quick_acked; /* bytes read that were acknowledged at once */
  guint unsettled;   /* events told since the owner was told that they are */
  gboolean closed;
};

RtmpConnection *
rtmp_connection_ref (RtmpConnection *connection)
{
  g_atomic_ref_count_inc (&connection->refcount);
  return connection;
}

void
rtmp_connection_unref (RtmpConnection *connection)
{
  if (!g_atomic_ref_count_dec (&connection->refcount))
    return;
  rtmp_io_watch_unref (connection->watch);
  rtmp_session_free (connection->session);
  g_ptr_array_unref (connection->sent);
  g_clear_error (&connection->write_error);
  g_free (connection->record);
  g_free (connection->remote_address);
  g_clear_object (&connection->closing);
  g_object_unref (connection->stream);
  g_object_unref (connection->socket);
  g_mutex_clear (&connection->lock);
  g_free (connection);
}

/* What a message refers to is the application's, whose function that frees it may do as it likes. So
 * nothing is released with the lock held. */
static void
unlock (RtmpConnection *self)
{
  gpointer few[SENT_AT_ONCE];
  gpointer *sent = few;
  g_autofree gpointer *many = NULL;
  gsize n = self->sent->len, i;

  if (n > G_N_ELEMENTS (few)) {
    sent = many = g_ptr_array_steal (self->sent, &n);
  } else if (n > 0) {
    memcpy (few, self->sent->pdata, n * sizeof (gpointer));
    self->sent->len = 0;
  }
  g_mutex_unlock (&self->lock);
  for (i = 0; i < n; i++)
    rtmp_message_unref (sent[i]);
}

/* -- Writing -- */

G_STATIC_ASSERT (sizeof (RtmpVector) == sizeof (GOutputVector));
G_STATIC_ASSERT (G_STRUCT_OFFSET (RtmpVector, base) == G_STRUCT_OFFSET (GOutputVector, buffer));
G_STATIC_ASSERT (G_STRUCT_OFFSET (RtmpVector, size) == G_STRUCT_OFFSET (GOutputVector, size));

static void
set_full_locked (RtmpConnection *self, gboolean is_full)
{
  if (self->is_full == is_full)
    return;
  self->is_full = is_full;
  rtmp_io_watch_want (self->watch, RTMP_IO_WRITABLE, is_full);
}

static gsize
vectors_size (const RtmpVector *vectors, guint n_vectors)
{
  gsize size = 0;
  guint i;

  for (i = 0; i < n_vectors; i++)
    size += vectors[i].size;
  return size;
}

/* Writes what the session lends. Returns FALSE when the socket is full. Where less is lent than
 * could be, there is no more. */
static gboolean
write_vectors (RtmpConnection *self, GError **error)
{
  RtmpVector vectors[RTMP_MAX_VECTORS];
  guint n;

  do {
    gsize lent, written = 0;

    n = rtmp_session_peek (self->session, vectors, G_N_ELEMENTS (vectors));
    if (n == 0)
      break;
    lent = vectors_size (vectors, n);
    if (g_pollable_output_stream_writev_nonblocking (self->output, (GOutputVector *) vectors, n,
            &written, NULL, error)
        != G_POLLABLE_RETURN_OK)
      return FALSE;
    rtmp_session_consume (self->session, written);
    self->last_progress = g_get_monotonic_time ();
    if (written < lent)
      return FALSE;
  } while (n == G_N_ELEMENTS (vectors));
  return TRUE;
}

static void
fill_record (RtmpConnection *self)
{
  RtmpVector vectors[64];
  guint n, i;

  self->record_size = self->record_sent = 0;
  while (self->record_size < TLS_RECORD_SIZE
      && (n = rtmp_session_peek (self->session, vectors, G_N_ELEMENTS (vectors))) > 0) {
    gsize taken = 0;

    for (i = 0; i < n && self->record_size + taken < TLS_RECORD_SIZE; i++) {
      gsize size = MIN (vectors[i].size, TLS_RECORD_SIZE - self->record_size - taken);

      memcpy (self->record + self->record_size + taken, vectors[i].base, size);
      taken += size;
    }
    rtmp_session_consume (self->session, taken);
    self->record_size += taken;
  }
}

/* TLS must be offered the same bytes again after it was full, so what was taken
 * from the session stays in the record until it is written. */
static gboolean
write_records (RtmpConnection *self, GError **error)
{
  for (;;) {
    gssize written;

    if (self->record_sent == self->record_size)
      fill_record (self);
    if (self->record_size == 0)
      return TRUE;
    written = g_pollable_output_stream_write_nonblocking (self->output,
        self->record + self->record_sent, self->record_size - self->record_sent, NULL, error);
    if (written < 0)
      return FALSE;
    self->record_sent += (gsize) written;
    self->last_progress = g_get_monotonic_time ();
  }
}

static void
set_reading_locked (RtmpConnection *self, gboolean reading)
{
  if (reading)
    rtmp_session_touch (self->session, g_get_monotonic_time ());
  self->want_reading = reading;
  rtmp_io_watch_want (self->watch, RTMP_IO_READABLE, reading);
}

/* A write that fails is not reported at once: what the peer said before it
 * closed is still to be read, and says more. Shutting the socket down ends the
 * reading behind that. */
static void
fail_locked (RtmpConnection *self, GError *error)
{
  self->write_error = error;
  self->broken = TRUE;
  set_full_locked (self, FALSE);
  g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  set_reading_locked (self, TRUE);
}

static void
flush_locked (RtmpConnection *self)
{
  GError *error = NULL;
  gboolean done;

  if (self->broken)
    return;
  done = self->record ? write_records (self, &error) : write_vectors (self, &error);
  if (done) {
    set_full_locked (self, FALSE);
  } else if (!error || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    g_clear_error (&error);
    set_full_locked (self, TRUE);
  } else {
    fail_locked (self, error);
  }
}

static gboolean
has_output_locked (RtmpConnection *self)
{
  return self->record_sent < self->record_size || rtmp_session_has_output (self->session);
}

static void
on_writable (RtmpConnection *self)
{
  g_mutex_lock (&self->lock);
  flush_locked (self);
  unlock (self);
  self->callbacks.writable (self->user_data);
}

RtmpSession *
rtmp_connection_lock (RtmpConnection *connection)
{
  g_mutex_lock (&connection->lock);
  return connection->session;
}

void
rtmp_connection_unlock (RtmpConnection *connection)
{
  if (!connection->is_full) {
    /* Nothing waited before. */
    connection->last_progress = g_get_monotonic_time ();
    flush_locked (connection);
  }
  unlock (connection);
}

gboolean
rtmp_connection_send (RtmpConnection *connection, RtmpMessage **messages, guint n_messages)
{
  gboolean usable;
  guint i;

  g_mutex_lock (&connection->lock);
  usable = !connection->broken;
  for (i = 0; i < n_messages; i++) {
    if (usable)
      rtmp_session_send_media (connection->session, messages[i]);
    else
      g_ptr_array_add (connection->sent, messages[i]);
  }
  rtmp_connection_unlock (connection);
  return usable;
}

void
rtmp_connection_get_backlog (RtmpConnection *connection, RtmpBacklog *backlog)
{
  g_mutex_lock (&connection->lock);
  backlog->bytes = rtmp_session_get_queued (connection->session)
      + (connection->record_size - connection->record_sent);
  backlog->is_empty = !has_output_locked (connection);
  backlog->last_progress = connection->last_progress;
  g_mutex_unlock (&connection->lock);
}

gint
rtmp_connection_get_unacknowledged (RtmpConnection *connection)
{
  gint bytes = -1;

#ifdef SIOCOUTQ
  if (ioctl (g_socket_get_fd (connection->socket), SIOCOUTQ, &bytes) != 0)
    bytes = -1;
#endif
  return bytes;
}

/* -- Events and the end (I/O thread) -- */

typedef struct {
  RtmpEvent events[MAX_BATCH];
  guint n;
} Batch;

static void
take_events_locked (RtmpConnection *self, Batch *batch)
{
  batch->n = 0;
  while (batch->n < MAX_BATCH && rtmp_session_next_event (self->session, &batch->events[batch->n]))
    batch->n++;
}

/* @batch: filled; then all that there is besides. */
static void
deliver_events (RtmpConnection *self, Batch *batch)
{
  while (batch->n > 0) {
    gboolean is_full = batch->n == MAX_BATCH;
    guint i;

    if (!self->closed)
      self->callbacks.events (batch->events, batch->n, self->user_data);
    self->unsettled += batch->n;
    for (i = 0; i < batch->n; i++)
      rtmp_event_clear (&batch->events[i]);
    if (!is_full)
      break;
    g_mutex_lock (&self->lock);
    take_events_locked (self, batch);
    g_mutex_unlock (&self->lock);
  }
}

static void
settle (RtmpConnection *self)
{
  if (self->unsettled > 0 && !self->closed)
    self->callbacks.settled (self->user_data);
  self->unsettled = 0;
}

static void
stop_watching (RtmpConnection *self)
{
  g_clear_pointer (&self->timer, rtmp_io_timer_free);
  g_mutex_lock (&self->lock);
  self->broken = TRUE;
  self->is_full = FALSE;
  g_mutex_unlock (&self->lock);
  rtmp_io_watch_remove (self->watch);
}

/* @error: (nullable). A failed write before it is the better reason than the end it led to. */
static void
end (RtmpConnection *self, const GError *error)
{
  g_autoptr (GError) write_error = NULL;
  g_autoptr (GError) reason = NULL;

  if (self->closed)
    return;
  stop_watching (self);
  self->closed = TRUE;
  g_mutex_lock (&self->lock);
  write_error = g_steal_pointer (&self->write_error);
  g_mutex_unlock (&self->lock);
  if (error && error->domain == RTMP_ERROR)
    reason = g_error_copy (error);
  else if (error || write_error)
    reason = g_error_new (RTMP_ERROR, RTMP_ERROR_IO, "The connection broke: %s",
        error ? error->message : write_error->message);
  self->callbacks.closed (reason, self->user_data);
}

/* -- Deadlines (I/O thread) -- */

static void
on_timer (gpointer data)
{
  RtmpConnection *self = data;
  g_autoptr (GError) error = NULL;
  gint64 deadline;
  Batch batch;

  g_mutex_lock (&self->lock);
  if (self->want_reading)
    rtmp_session_check_deadline (self->session, g_get_monotonic_time (), &error);
  else
    rtmp_session_touch (self->session, g_get_monotonic_time ());
  take_events_locked (self, &batch);
  deadline = rtmp_session_get_deadline (self->session);
  g_mutex_unlock (&self->lock);

  rtmp_io_timer_set (self->timer, deadline);
  deliver_events (self, &batch);
  settle (self);
  if (error)
    end (self, error);
}

/* The timer is only ever brought forward: a deadline that moves away, as with
 * each message, is looked at when the timer is due. */
static void
update_timer (RtmpConnection *self, gint64 deadline)
{
  gint64 due = self->timer ? rtmp_io_timer_get_due (self->timer) : 0;

  if (deadline >= 0 && (due < 0 || due > deadline))
    rtmp_io_timer_set (self->timer, deadline);
}

/* -- Reading (I/O thread) -- */

static void
feed (RtmpConnection *self, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  gint64 deadline;
  gsize consumed;
  Batch batch;

  g_mutex_lock (&self->lock);
  rtmp_session_feed (self->session, data, size, g_get_monotonic_time (), &consumed, &error);
  take_events_locked (self, &batch);
  deadline = rtmp_session_get_deadline (self->session);
  rtmp_connection_unlock (self);

  update_timer (self, deadline);
  deliver_events (self, &batch);
  if (error)
    end (self, error);
}

static void
acknowledge_at_once (RtmpConnection *self, gsize bytes)
{
#ifdef TCP_QUICKACK
  if (self->quick_acked >= QUICK_ACK_BYTES)
    return;
  self->quick_acked += bytes;
  g_socket_set_option (self->socket, IPPROTO_TCP, TCP_QUICKACK, 1, NULL);
#endif
}

/* Returns TRUE if there may be more. */
static gboolean
read_once (RtmpConnection *self)
{
  g_autoptr (GError) error = NULL;
  guint8 *scratch = rtmp_io_loop_get_scratch (self->loop);
  gssize n;

  n = g_pollable_input_stream_read_nonblocking (self->input, scratch, RTMP_IO_LOOP_SCRATCH_SIZE,
      NULL, &error);
  if (n > 0) {
    feed (self, scratch, (gsize) n);
    acknowledge_at_once (self, (gsize) n);
  } else if (n == 0) {
    end (self, NULL);
  } else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    end (self, error);
  }
  return n == RTMP_IO_LOOP_SCRATCH_SIZE;
}

static gboolean
wants_reading (RtmpConnection *self)
{
  gboolean wanted;

  g_mutex_lock (&self->lock);
  wanted = self->want_reading;
  g_mutex_unlock (&self->lock);
  return wanted;
}

/* A read that is filled is followed by another: asking first costs two more system calls. */
static void
on_readable (RtmpConnection *self)
{
  guint i;

  for (i = 0; i < READS_AT_ONCE; i++) {
    if (!read_once (self) || self->closed || self->unsettled >= EVENTS_AT_ONCE
        || !wants_reading (self))
      break;
  }
  settle (self);
}

static void
on_ready (guint ready, gpointer data)
{
  RtmpConnection *self = data;

  if (ready & RTMP_IO_READABLE)
    on_readable (self);
  if ((ready & RTMP_IO_WRITABLE) && !self->closed)
    on_writable (self);
}

void
rtmp_connection_set_reading (RtmpConnection *connection, gboolean reading)
{
  g_mutex_lock (&connection->lock);
  set_reading_locked (connection, reading);
  g_mutex_unlock (&connection->lock);
}

/* -- Beginning and end -- */

/* GSocket asks for the socket's pending error when it first gives the address, and the kernel tells
 * that only once: to be asked before there may be one. */
static gchar *
remote_address_of (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_remote_address (socket, NULL);

  return address ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address)) : NULL;
}

/* Not TLS, our own or that of a proxy (https), which GSocketClient wraps as a connection of a socket. */
static gboolean
is_plain (GIOStream *stream)
{
  return G_IS_SOCKET_CONNECTION (stream) && !G_IS_TCP_WRAPPER_CONNECTION (stream);
}

RtmpConnection *
rtmp_connection_new (RtmpIoLoop *loop, GIOStream *stream, GSocket *socket, RtmpSession *session,
    const RtmpConnectionCallbacks *callbacks, gpointer user_data)
{
  RtmpConnection *self = g_new0 (RtmpConnection, 1);

  g_atomic_ref_count_init (&self->refcount);
  g_mutex_init (&self->lock);
  self->loop = loop;
  self->stream = g_object_ref (stream);
  self->input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  self->output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  self->socket = g_object_ref (socket);
  self->remote_address = remote_address_of (socket);
  self->session = session;
  self->sent = g_ptr_array_new ();
  rtmp_session_set_sent (session, self->sent);
  rtmp_session_set_block_pool (session, rtmp_io_loop_get_block_pool (loop));
  self->callbacks = *callbacks;
  self->user_data = user_data;
  self->last_progress = g_get_monotonic_time ();
  if (!is_plain (stream)) {
    self->record = g_malloc (TLS_RECORD_SIZE);
    self->closing = g_cancellable_new ();
  }

  self->watch = rtmp_io_loop_watch (loop, stream, is_plain (stream) ? socket : NULL, on_ready,
      rtmp_connection_ref (self), (GDestroyNotify) rtmp_connection_unref);
  self->timer = rtmp_io_loop_timer (loop, on_timer, rtmp_connection_ref (self),
      (GDestroyNotify) rtmp_connection_unref);
  update_timer (self, rtmp_session_get_deadline (session));
  rtmp_connection_set_reading (self, TRUE);
  rtmp_connection_lock (self);
  rtmp_connection_unlock (self);
  return self;
}

static void
on_output_closed (GObject *output, GAsyncResult *result, gpointer data)
{
  RtmpConnection *self = data;

  g_output_stream_close_finish (G_OUTPUT_STREAM (output), result, NULL);
  g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
  rtmp_connection_unref (self);
}

static gboolean
close_tls_output (gpointer data)
{
  RtmpConnection *self = data;

  if (!self->closed)
    g_output_stream_close_async (G_OUTPUT_STREAM (self->output), G_PRIORITY_DEFAULT, self->closing,
        on_output_closed, rtmp_connection_ref (self));
  return G_SOURCE_REMOVE;
}

/* TLS has an end of its own to send first (close_notify; RFC 8446, 6.1). */
void
rtmp_connection_shut_down_output (RtmpConnection *connection)
{
  gboolean first;

  g_mutex_lock (&connection->lock);
  first = !connection->broken;
  connection->broken = TRUE;
  set_full_locked (connection, FALSE);
  g_mutex_unlock (&connection->lock);
  if (!first)
    return;
  if (connection->record)
    rtmp_io_loop_invoke (connection->loop, close_tls_output, rtmp_connection_ref (connection),
        (GDestroyNotify) rtmp_connection_unref);
  else
    g_socket_shutdown (connection->socket, FALSE, TRUE, NULL);
}

/* Closing with unread input makes TCP reset the connection, which can take away
 * from the peer what it has not read yet. */
static void
discard_input (RtmpConnection *self)
{
  gchar *scratch = (gchar *) rtmp_io_loop_get_scratch (self->loop);
  gsize discarded = 0;
  gssize n;

  do {
    n = g_socket_receive_with_blocking (self->socket, scratch, RTMP_IO_LOOP_SCRATCH_SIZE, FALSE,
        NULL, NULL);
    if (n > 0)
      discarded += (gsize) n;
  } while (n > 0 && discarded < MAX_DISCARD);
}

static void
close_on_loop (gpointer data)
{
  RtmpConnection *self = data;

  if (!self->closed)
    stop_watching (self);
  self->closed = TRUE;
  if (self->closing)
    g_cancellable_cancel (self->closing);
  if (g_socket_is_closed (self->socket))
    return;
  g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
  discard_input (self);
  g_socket_close (self->socket, NULL);
}

void
rtmp_connection_close (RtmpConnection *connection)
{
  rtmp_io_loop_invoke_sync (connection->loop, close_on_loop, connection);
}

gchar *
rtmp_connection_get_remote_address (RtmpConnection *connection)
{
  return g_strdup (connection->remote_address);
}

gboolean
rtmp_connection_set_pacing (RtmpConnection *connection, guint64 bits_per_second)
{
#ifdef SO_MAX_PACING_RATE
  guint64 bytes = bits_per_second / 8;
  guint32 rate = bits_per_second == 0 || bytes > G_MAXUINT32 ? G_MAXUINT32 : (guint32) bytes;

  return g_socket_set_option (connection->socket, SOL_SOCKET, SO_MAX_PACING_RATE, (gint) rate,
      NULL);
#else
  (void) connection;
  return bits_per_second == 0;
#endif
}
