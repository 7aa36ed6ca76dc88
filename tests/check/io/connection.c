/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections: bytes both ways, events in order, backlog, deadlines, and the end. */

#include <string.h>
#include <sys/socket.h>

#include "core/rtmpclient.h"
#include "core/rtmperror.h"
#include "io/rtmpconnection.h"
#include "io/rtmpconnector.h"
#include "support/rtmppeer.h"
#include "support/testutil.h"

#define SHORT_TIMEOUT (200 * G_TIME_SPAN_MILLISECOND)
/* One that passes nowhere by chance on a slow machine. */
#define MEDIUM_TIMEOUT (1500 * G_TIME_SPAN_MILLISECOND)
#define LONG_TIMEOUT (60 * G_TIME_SPAN_SECOND)

/**
 * Fixture: a connection of a client's, made by fixture_connect().
 * @config: of its session, to be changed before that
 * @peer_config: likewise, of the peer
 * @events: the types of its events, "ready" and the like, a space between
 * @messages: what it received
 * @close_in_events: closes it from within its callback
 * @unsettled: events told, and not yet that they were
 * @most_unsettled: at once, ever
 */
typedef struct {
  RtmpClientConfig config;
  RtmpPeerConfig peer_config;
  RtmpPeer *peer;
  RtmpLocation *location;
  RtmpIoLoop *loop;
  RtmpConnection *connection;
  GSocket *socket;
  GMutex lock;
  GCond cond;
  GString *events;
  GPtrArray *messages;
  guint n_writable;
  guint n_closed;
  GError *error;
  gboolean close_in_events;
  guint unsettled;
  guint most_unsettled;
  gboolean is_closed;
  gint n_released; /* atomic */
} Fixture;

#define WAIT(fixture, expression) \
  G_STMT_START \
  { \
    gint64 deadline = g_get_monotonic_time () + RTMP_PEER_TIMEOUT; \
    g_mutex_lock (&(fixture)->lock); \
    while (!(expression)) \
      g_assert_true (g_cond_wait_until (&(fixture)->cond, &(fixture)->lock, deadline)); \
    g_mutex_unlock (&(fixture)->lock); \
  } \
  G_STMT_END

static const guint8 *
get_random (void)
{
  static guint8 bytes[RTMP_CLIENT_RANDOM_SIZE];
  guint i;

  for (i = 0; i < sizeof (bytes); i++)
    bytes[i] = (guint8) (i * 167 + 1);
  return bytes;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_mutex_init (&fixture->lock);
  g_cond_init (&fixture->cond);
  fixture->location = rtmp_location_new ();
  fixture->events = g_string_new (NULL);
  fixture->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
  fixture->config = (RtmpClientConfig) {
    .publish = TRUE,
    .location = fixture->location,
    .chunk_size = 4096,
    .window_size = 2500000,
    .timeout = LONG_TIMEOUT,
    .random = get_random (),
  };
}

static void
fixture_close (Fixture *fixture)
{
  if (!fixture->connection)
    return;
  rtmp_connection_close (fixture->connection);
  g_mutex_lock (&fixture->lock);
  fixture->is_closed = TRUE;
  g_mutex_unlock (&fixture->lock);
  g_clear_pointer (&fixture->connection, rtmp_connection_unref);
  g_clear_object (&fixture->socket);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture_close (fixture);
  g_clear_pointer (&fixture->loop, rtmp_io_loop_release);
  g_clear_pointer (&fixture->peer, rtmp_peer_free);
  rtmp_location_free (fixture->location);
  g_string_free (fixture->events, TRUE);
  g_ptr_array_unref (fixture->messages);
  g_clear_error (&fixture->error);
  g_mutex_clear (&fixture->lock);
  g_cond_clear (&fixture->cond);
}

/* -- Its callbacks -- */

static void
log_event (Fixture *fixture, RtmpEvent *event)
{
  static const gchar *const names[] = {
    [RTMP_EVENT_READY] = "ready",
    [RTMP_EVENT_STATUS] = "status",
    [RTMP_EVENT_END] = "end",
    [RTMP_EVENT_WARNING] = "warning",
  };

  if (event->message)
    g_ptr_array_add (fixture->messages, g_steal_pointer (&event->message));
  else if (event->type < G_N_ELEMENTS (names) && names[event->type])
    g_string_append_printf (fixture->events, "%s ", names[event->type]);
  else if (event->type == RTMP_EVENT_STAGE)
    g_string_append_printf (fixture->events, "%s ", rtmp_stage_to_string (event->stage));
}

static void
on_events (RtmpEvent *events, guint n_events, gpointer data)
{
  Fixture *fixture = data;
  guint i;

  g_assert_true (rtmp_io_loop_is_current (fixture->loop));
  g_mutex_lock (&fixture->lock);
  g_assert_false (fixture->is_closed);
  for (i = 0; i < n_events; i++)
    log_event (fixture, &events[i]);
  fixture->unsettled += n_events;
  fixture->most_unsettled = MAX (fixture->most_unsettled, fixture->unsettled);
  if (fixture->close_in_events) {
    rtmp_connection_close (fixture->connection);
    fixture->is_closed = TRUE;
  }
  g_cond_broadcast (&fixture->cond);
  g_mutex_unlock (&fixture->lock);
}

/* Only behind events. */
static void
on_settled (gpointer data)
{
  Fixture *fixture = data;

  g_assert_true (rtmp_io_loop_is_current (fixture->loop));
  g_mutex_lock (&fixture->lock);
  g_assert_false (fixture->is_closed);
  g_assert_cmpuint (fixture->unsettled, >, 0);
  fixture->unsettled = 0;
  g_cond_broadcast (&fixture->cond);
  g_mutex_unlock (&fixture->lock);
}

static void
on_writable (gpointer data)
{
  Fixture *fixture = data;

  g_assert_true (rtmp_io_loop_is_current (fixture->loop));
  g_mutex_lock (&fixture->lock);
  g_assert_false (fixture->is_closed);
  fixture->n_writable++;
  g_cond_broadcast (&fixture->cond);
  g_mutex_unlock (&fixture->lock);
}

static void
on_closed (const GError *error, gpointer data)
{
  Fixture *fixture = data;

  g_assert_true (rtmp_io_loop_is_current (fixture->loop));
  g_mutex_lock (&fixture->lock);
  g_assert_false (fixture->is_closed);
  fixture->n_closed++;
  fixture->error = error ? g_error_copy (error) : NULL;
  g_cond_broadcast (&fixture->cond);
  g_mutex_unlock (&fixture->lock);
}

static const RtmpConnectionCallbacks callbacks = {
  on_events,
  on_settled,
  on_writable,
  on_closed,
};

/* -- Beginning -- */

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = rtmp_connector_connect_finish (result, &socket, &error);
  RtmpSession *session;

  (void) source;
  g_assert_no_error (error);
  session = rtmp_client_new (&fixture->config, g_get_monotonic_time ());
  g_mutex_lock (&fixture->lock);
  fixture->connection = rtmp_connection_new (fixture->loop, stream, socket, session, &callbacks,
      fixture);
  fixture->socket = g_steal_pointer (&socket);
  g_cond_broadcast (&fixture->cond);
  g_mutex_unlock (&fixture->lock);
}

static void
connect_on_loop (gpointer data)
{
  Fixture *fixture = data;
  const RtmpConnectorConfig config = { .location = fixture->location };

  rtmp_connector_connect_async (fixture->loop, &config, NULL, on_connected, fixture);
}

static void
fixture_connect (Fixture *fixture)
{
  fixture->peer = rtmp_peer_new (&fixture->peer_config);
  fixture->location->port = rtmp_peer_get_port (fixture->peer);
  g_free (fixture->location->host);
  fixture->location->host = g_strdup ("127.0.0.1");
  fixture->loop = rtmp_io_loop_acquire ();
  rtmp_io_loop_invoke_sync (fixture->loop, connect_on_loop, fixture);
  WAIT (fixture, fixture->connection);
}

static gboolean
has_event (Fixture *fixture, const gchar *name)
{
  return strstr (fixture->events->str, name) != NULL;
}

static void
fixture_publish (Fixture *fixture)
{
  fixture_connect (fixture);
  WAIT (fixture, has_event (fixture, "ready") && fixture->unsettled == 0);
}

static RtmpMessage *
frame_new (gsize size, guint32 timestamp)
{
  g_autofree guint8 *data = g_malloc0 (size);

  data[0] = 0x27;
  return rtmp_message_new_copied (RTMP_MESSAGE_VIDEO, 0, timestamp, data, size);
}

static gboolean
send_frame (Fixture *fixture, gsize size)
{
  RtmpMessage *frame = frame_new (size, 0);

  return rtmp_connection_send (fixture->connection, &frame, 1);
}

static void
fill (Fixture *fixture)
{
  RtmpBacklog backlog = { 0 };
  guint i;

  for (i = 0; backlog.bytes < 500 * 1000; i++) {
    g_assert_cmpuint (i, <, 1000);
    g_assert_true (send_frame (fixture, 100 * 1000));
    rtmp_connection_get_backlog (fixture->connection, &backlog);
  }
}

/* -- Both ways -- */

static void
test_publish (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) flv = test_flv_build (20, 0, 20000);
  g_autoptr (GPtrArray) expected = test_flv_split (flv);
  g_autoptr (GPtrArray) split = test_flv_split (flv);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autofree gpointer *messages = NULL;
  g_autofree gchar *address = NULL;
  g_autofree gchar *expected_address = NULL;
  RtmpBacklog backlog;
  gsize n;

  (void) data;
  fixture_publish (fixture);
  g_assert_cmpstr (fixture->events->str, ==,
      "handshake connect create-stream start streaming ready ");
  messages = g_ptr_array_steal (split, &n);
  g_assert_true (rtmp_connection_send (fixture->connection, (RtmpMessage **) messages, (guint) n));
  g_assert_true (rtmp_peer_wait_media (fixture->peer, 0, (guint) n));
  record = rtmp_peer_get_record (fixture->peer, 0);
  test_assert_same_media (record->media, expected);
  rtmp_connection_get_backlog (fixture->connection, &backlog);
  g_assert_cmpuint (backlog.bytes, ==, 0);
  g_assert_true (backlog.is_empty);
  address = rtmp_connection_get_remote_address (fixture->connection);
  expected_address = g_strdup_printf ("127.0.0.1:%u", rtmp_peer_get_port (fixture->peer));
  g_assert_cmpstr (address, ==, expected_address);
  g_assert_true (rtmp_connection_set_pacing (fixture->connection, 8 * 1000 * 1000));
  g_assert_true (rtmp_connection_set_pacing (fixture->connection, G_MAXUINT64));
  g_assert_true (rtmp_connection_set_pacing (fixture->connection, 0));
}

static void
test_play (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) flv = test_flv_build (20, 0, 20000);
  g_autoptr (GPtrArray) expected = test_flv_split (flv);

  (void) data;
  fixture->config.publish = FALSE;
  fixture->peer_config.flv = flv;
  fixture->peer_config.flv_end = RTMP_PEER_PLAY_STOP;
  fixture_connect (fixture);
  WAIT (fixture, has_event (fixture, "end"));
  test_assert_same_media (fixture->messages, expected);
}

/* What is queued under the lock leaves when it is given back. */
static void
test_lock (Fixture *fixture, gconstpointer data)
{
  g_autoptr (RtmpPeerRecord) record = NULL;
  RtmpSession *session;

  (void) data;
  fixture_publish (fixture);
  session = rtmp_connection_lock (fixture->connection);
  rtmp_session_set_chunk_size (session, 9999);
  rtmp_connection_unlock (fixture->connection);
  g_assert_true (send_frame (fixture, 100));
  g_assert_true (rtmp_peer_wait_media (fixture->peer, 0, 1));
  record = rtmp_peer_get_record (fixture->peer, 0);
  g_assert_cmpuint (g_array_index (record->chunk_sizes, guint32, 1), ==, 9999);
}

typedef struct {
  Fixture *fixture;
  guint8 id;
} Sender;

static gpointer
send_many (gpointer data)
{
  const Sender *sender = data;
  guint i;

  for (i = 0; i < 100; i++) {
    guint8 bytes[5000];
    RtmpMessage *message;

    memset (bytes, sender->id, sizeof (bytes));
    message = rtmp_message_new_copied (RTMP_MESSAGE_AUDIO, 0, i, bytes, sizeof (bytes));
    rtmp_connection_send (sender->fixture->connection, &message, 1);
  }
  return NULL;
}

/* Messages of several threads never mix, and each thread's stay in order, also where the socket
 * is full. */
static void
test_threads (Fixture *fixture, gconstpointer data)
{
  g_autoptr (RtmpPeerRecord) record = NULL;
  GThread *threads[4];
  Sender senders[4];
  guint32 next[4] = { 0 };
  guint i;

  (void) data;
  fixture->peer_config.receive_buffer = 128 * 1024;
  fixture_publish (fixture);
  for (i = 0; i < G_N_ELEMENTS (threads); i++) {
    senders[i] = (Sender) { fixture, (guint8) i };
    threads[i] = g_thread_new ("sender", send_many, &senders[i]);
  }
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_true (rtmp_peer_wait_media (fixture->peer, 0, 400));
  record = rtmp_peer_get_record (fixture->peer, 0);
  for (i = 0; i < record->media->len; i++) {
    g_autoptr (GBytes) payload = rtmp_peer_record_get_payload (record, i);
    const guint8 *bytes = g_bytes_get_data (payload, NULL);
    const RtmpMessage *message = record->media->pdata[i];

    g_assert_cmpuint (g_bytes_get_size (payload), ==, 5000);
    g_assert_cmpuint (bytes[0], <, G_N_ELEMENTS (next));
    g_assert_true (bytes[0] == bytes[2500] && bytes[0] == bytes[4999]);
    g_assert_cmpuint (message->timestamp, ==, next[bytes[0]]++);
  }
}

/* -- Backlog -- */

static void
test_backlog (Fixture *fixture, gconstpointer data)
{
  RtmpBacklog backlog;
  gint64 stalled;

  (void) data;
  fixture->peer_config.receive_buffer = 128 * 1024;
  fixture->peer_config.stop_reading_after = 50000;
  fixture_publish (fixture);
  fill (fixture);
  rtmp_connection_get_backlog (fixture->connection, &backlog);
  g_assert_false (backlog.is_empty);
  stalled = backlog.last_progress;
  g_assert_cmpint (stalled, <=, g_get_monotonic_time ());

  rtmp_peer_set_reading (fixture->peer, 0, TRUE);
  WAIT (fixture, fixture->n_writable > 0);
  do {
    guint before = fixture->n_writable;

    rtmp_connection_get_backlog (fixture->connection, &backlog);
    if (!backlog.is_empty)
      WAIT (fixture, fixture->n_writable > before);
  } while (!backlog.is_empty);
  g_assert_cmpuint (backlog.bytes, ==, 0);
  g_assert_cmpint (backlog.last_progress, >, stalled);
}

/* -- Releasing -- */

static void
on_release (gpointer data)
{
  Fixture *fixture = data;
  RtmpBacklog backlog;

  rtmp_connection_get_backlog (fixture->connection, &backlog);
  g_atomic_int_inc (&fixture->n_released);
}

static RtmpMessage *
releasing_message_new (Fixture *fixture)
{
  static const guint8 payload[1000] = { 0x27, 1 };
  const RtmpVector vector = { payload, sizeof (payload) };

  return rtmp_message_new_wrapped (RTMP_MESSAGE_VIDEO, 0, 0, &vector, 1, fixture, on_release);
}

static gboolean
is_released (gpointer data)
{
  Fixture *fixture = data;

  return g_atomic_int_get (&fixture->n_released) == 80;
}

/* What frees a message's memory may ask the connection: on the I/O thread, for many at once, and
 * where a connection takes nothing any more. */
static void
test_release (Fixture *fixture, gconstpointer data)
{
  RtmpMessage *message;
  guint i;

  (void) data;
  fixture_publish (fixture);
  rtmp_peer_set_reading (fixture->peer, 0, FALSE);
  fill (fixture);
  for (i = 0; i < 80; i++) {
    message = releasing_message_new (fixture);
    g_assert_true (rtmp_connection_send (fixture->connection, &message, 1));
  }
  g_assert_cmpint (g_atomic_int_get (&fixture->n_released), ==, 0);
  rtmp_peer_set_reading (fixture->peer, 0, TRUE);
  g_assert_true (test_wait_until (is_released, fixture));

  rtmp_connection_close (fixture->connection);
  message = releasing_message_new (fixture);
  g_assert_false (rtmp_connection_send (fixture->connection, &message, 1));
  g_assert_cmpint (g_atomic_int_get (&fixture->n_released), ==, 81);
}

/* -- Stopping to read -- */

static void
test_reading (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) flv = test_flv_build (200, 0, 40000);
  gint64 until;

  (void) data;
  fixture->config.publish = FALSE;
  fixture->config.idle_timeout = MEDIUM_TIMEOUT;
  fixture->peer_config.send_buffer = 8192;
  fixture_connect (fixture);
  g_assert_true (rtmp_peer_wait_stage (fixture->peer, 0, RTMP_PEER_MEDIA));
  rtmp_connection_set_reading (fixture->connection, FALSE);
  rtmp_connection_set_reading (fixture->connection, FALSE);
  rtmp_peer_send_flv (fixture->peer, 0, flv);
  /* The wait for media does not count meanwhile. */
  until = g_get_monotonic_time () + MEDIUM_TIMEOUT + MEDIUM_TIMEOUT / 4;
  g_mutex_lock (&fixture->lock);
  while (g_cond_wait_until (&fixture->cond, &fixture->lock, until))
    ;
  g_assert_cmpuint (fixture->messages->len, <, 400);
  g_assert_cmpuint (fixture->n_closed, ==, 0);
  g_mutex_unlock (&fixture->lock);

  rtmp_connection_set_reading (fixture->connection, TRUE);
  WAIT (fixture, fixture->messages->len == 403);
  /* And begins anew: now nothing comes. */
  WAIT (fixture, fixture->n_closed == 1);
  g_assert_error (fixture->error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
}

static void
wrap_on_loop (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GInputStream) input = g_memory_input_stream_new_from_data ("\3", 1, NULL);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) base = g_simple_io_stream_new (input, output);
  g_autoptr (GSocketConnection) stream = g_tcp_wrapper_connection_new (base, fixture->socket);

  fixture->connection = rtmp_connection_new (fixture->loop, G_IO_STREAM (stream), fixture->socket,
      rtmp_client_new (&fixture->config, g_get_monotonic_time ()), &callbacks, fixture);
}

/* (transfer full): connected, with a peer that says nothing until @listener is freed */
static GSocket *
silent_socket_new (GSocket **listener)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *socket;

  *listener = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
      &error);
  g_assert_no_error (error);
  g_assert_true (g_socket_bind (*listener, any, TRUE, NULL) && g_socket_listen (*listener, NULL));
  address = g_socket_get_local_address (*listener, NULL);
  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_socket_connect (socket, address, NULL, &error);
  g_assert_no_error (error);
  return socket;
}

/* A stream may hold what its socket knows nothing of, such as that of a proxy that speaks TLS. */
static void
test_wrapped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocket) listener = NULL;

  (void) data;
  fixture->socket = silent_socket_new (&listener);
  fixture->loop = rtmp_io_loop_acquire ();
  rtmp_io_loop_invoke_sync (fixture->loop, wrap_on_loop, fixture);
  WAIT (fixture, fixture->n_closed == 1);
  g_assert_no_error (fixture->error);
}

#define SMALL_SIZE 10u

/* (transfer full): messages of audio with @SMALL_SIZE bytes each, on a chunk stream of their own;
 * all but the first have a header of one byte */
static GByteArray *
small_messages_new (guint n)
{
  static const guint8 first[] = { 20, 0, 0, 0, 0, 0, SMALL_SIZE, RTMP_MESSAGE_AUDIO, 1, 0, 0, 0 };
  static const guint8 next[] = { 0xC0 | 20 };
  static const guint8 payload[SMALL_SIZE] = { 0xAF, 1 };
  GByteArray *bytes = g_byte_array_new ();
  guint i;

  for (i = 0; i < n; i++) {
    g_byte_array_append (bytes, i == 0 ? first : next, i == 0 ? sizeof (first) : sizeof (next));
    g_byte_array_append (bytes, payload, sizeof (payload));
  }
  return bytes;
}

static gboolean
holds_two_reads (gpointer data)
{
  Fixture *fixture = data;

  return g_socket_get_available_bytes (fixture->socket) >= 2 * (gssize) RTMP_IO_LOOP_SCRATCH_SIZE;
}

/* A peer with very many messages has no more of the I/O thread than one read of them takes. */
static void
test_small_messages (Fixture *fixture, gconstpointer data)
{
  const guint n_messages = 15000;
  const guint of_a_read = RTMP_IO_LOOP_SCRATCH_SIZE / (1 + SMALL_SIZE) + 1;
  g_autoptr (GByteArray) bytes = small_messages_new (n_messages);

  (void) data;
  fixture->config.publish = FALSE;
  fixture_connect (fixture);
  g_assert_true (rtmp_peer_wait_stage (fixture->peer, 0, RTMP_PEER_MEDIA));
  WAIT (fixture, has_event (fixture, "streaming") && fixture->unsettled == 0);
  rtmp_connection_set_reading (fixture->connection, FALSE);
  g_socket_set_option (fixture->socket, SOL_SOCKET, SO_RCVBUF, 1024 * 1024, NULL);
  rtmp_peer_send_bytes (fixture->peer, 0, bytes->data, bytes->len);
  g_assert_true (test_wait_until (holds_two_reads, fixture));

  rtmp_connection_set_reading (fixture->connection, TRUE);
  WAIT (fixture, fixture->messages->len == n_messages && fixture->unsettled == 0);
  g_assert_cmpuint (fixture->most_unsettled, >=, 1024);
  g_assert_cmpuint (fixture->most_unsettled, <, 1024 + of_a_read);
}

/* -- Deadlines -- */

static void
test_deadline (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->config.timeout = SHORT_TIMEOUT;
  fixture->peer_config.reactions[RTMP_PEER_CONNECT].action = RTMP_PEER_HOLD;
  fixture_connect (fixture);
  WAIT (fixture, fixture->n_closed == 1);
  g_assert_error (fixture->error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
  g_assert_true (g_str_has_suffix (fixture->events->str, "ended "));
}

/* -- The end -- */

static void
test_peer_closes (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture_publish (fixture);
  rtmp_peer_close (fixture->peer, 0, RTMP_PEER_FIN);
  WAIT (fixture, fixture->n_closed == 1);
  g_assert_no_error (fixture->error);
  /* It is of no use any more. */
  g_assert_false (send_frame (fixture, 100));
  rtmp_connection_shut_down_output (fixture->connection);
  rtmp_connection_set_reading (fixture->connection, TRUE);
}

static void
test_peer_resets (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture_publish (fixture);
  rtmp_peer_close (fixture->peer, 0, RTMP_PEER_RST);
  WAIT (fixture, fixture->n_closed == 1);
  g_assert_error (fixture->error, RTMP_ERROR, RTMP_ERROR_IO);
}

/* Events that came before a fault are told before it. */
static void
test_fault (Fixture *fixture, gconstpointer data)
{
  static const guint8 zero_chunk_size[16] = { 2, 0, 0, 0, 0, 0, 4, 1 };
  g_autoptr (GBytes) flv = test_flv_build (2, 0, 100);

  (void) data;
  fixture->config.publish = FALSE;
  fixture_connect (fixture);
  g_assert_true (rtmp_peer_wait_stage (fixture->peer, 0, RTMP_PEER_MEDIA));
  rtmp_peer_send_flv (fixture->peer, 0, flv);
  rtmp_peer_send_bytes (fixture->peer, 0, zero_chunk_size, sizeof (zero_chunk_size));
  WAIT (fixture, fixture->n_closed == 1);
  g_assert_error (fixture->error, RTMP_ERROR, RTMP_ERROR_PROTOCOL);
  g_assert_cmpuint (fixture->messages->len, ==, 7);
}

/* A write fails while nothing is read: what the peer said last is read, and told. */
static void
test_write_fails (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture_publish (fixture);
  rtmp_connection_set_reading (fixture->connection, FALSE);
  rtmp_peer_set_reading (fixture->peer, 0, FALSE);
  rtmp_peer_send_status (fixture->peer, 0, "error", "NetStream.Publish.BadName", "Last words");
  rtmp_peer_close (fixture->peer, 0, RTMP_PEER_RST);
  while (send_frame (fixture, 1000))
    ;
  WAIT (fixture, fixture->n_closed == 1);
  g_assert_error (fixture->error, RTMP_ERROR, RTMP_ERROR_STREAM_FAILED);
  g_assert_nonnull (strstr (fixture->error->message, "Last words"));
}

static void
test_half_close (Fixture *fixture, gconstpointer data)
{
  g_autoptr (RtmpPeerRecord) record = NULL;

  (void) data;
  fixture->peer_config.keep_open = TRUE;
  fixture_publish (fixture);
  g_assert_true (send_frame (fixture, 100));
  rtmp_connection_shut_down_output (fixture->connection);
  rtmp_connection_shut_down_output (fixture->connection);
  g_assert_false (send_frame (fixture, 100));
  g_assert_true (rtmp_peer_wait_ended (fixture->peer, 0));
  record = rtmp_peer_get_record (fixture->peer, 0);
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
  g_assert_cmpuint (record->n_media, ==, 1);
  /* The other way goes on. */
  rtmp_peer_send_status (fixture->peer, 0, "status", "NetStream.Data.Start", "");
  WAIT (fixture, has_event (fixture, "status"));
  rtmp_peer_close (fixture->peer, 0, RTMP_PEER_FIN);
  WAIT (fixture, fixture->n_closed == 1);
  g_assert_no_error (fixture->error);
}

/* Input that nobody read does not make the close a reset, which would take away what the peer
 * has not read yet. */
static void
test_close_with_unread_input (Fixture *fixture, gconstpointer data)
{
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 5000);

  (void) data;
  fixture->config.publish = FALSE;
  fixture_connect (fixture);
  g_assert_true (rtmp_peer_wait_stage (fixture->peer, 0, RTMP_PEER_MEDIA));
  WAIT (fixture, has_event (fixture, "ready"));
  rtmp_connection_set_reading (fixture->connection, FALSE);
  rtmp_peer_send_flv (fixture->peer, 0, flv);
  g_assert_true (rtmp_peer_wait_written (fixture->peer, 0));
  /* It looks only when all that the close brings has come. */
  rtmp_peer_set_reading (fixture->peer, 0, FALSE);
  fixture_close (fixture);
  rtmp_peer_set_reading (fixture->peer, 0, TRUE);
  g_assert_true (rtmp_peer_wait_ended (fixture->peer, 0));
  record = rtmp_peer_get_record (fixture->peer, 0);
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
  g_assert_false (record->was_reset);
}

/* No callback comes once close has returned (the callbacks assert that), whatever comes in. */
static void
test_close_under_load (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) flv = test_flv_build (100, 0, 10000);

  (void) data;
  fixture->config.publish = FALSE;
  fixture->peer_config.flv = flv;
  fixture_connect (fixture);
  WAIT (fixture, fixture->messages->len > 0);
  fixture_close (fixture);
  g_assert_true (rtmp_peer_wait_ended (fixture->peer, 0));
  g_assert_cmpuint (fixture->n_closed, ==, 0);
}

static void
test_close_from_inside (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->close_in_events = TRUE;
  fixture_connect (fixture);
  WAIT (fixture, fixture->is_closed);
  g_assert_true (rtmp_peer_wait_ended (fixture->peer, 0));
  g_assert_false (send_frame (fixture, 100));
  rtmp_connection_close (fixture->connection);
}

/* A full socket does not hold the close. */
static void
test_close_when_full (Fixture *fixture, gconstpointer data)
{
  gint64 begin;

  (void) data;
  fixture->peer_config.receive_buffer = 128 * 1024;
  fixture->peer_config.stop_reading_after = 50000;
  fixture_publish (fixture);
  fill (fixture);
  begin = g_get_monotonic_time ();
  fixture_close (fixture);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, G_TIME_SPAN_SECOND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/connection/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("publish", test_publish);
  ADD ("play", test_play);
  ADD ("lock", test_lock);
  ADD ("threads", test_threads);
  ADD ("backlog", test_backlog);
  ADD ("release", test_release);
  ADD ("reading", test_reading);
  ADD ("wrapped", test_wrapped);
  ADD ("small-messages", test_small_messages);
  ADD ("deadline", test_deadline);
  ADD ("end/peer-closes", test_peer_closes);
  ADD ("end/peer-resets", test_peer_resets);
  ADD ("end/fault", test_fault);
  ADD ("end/write-fails", test_write_fails);
  ADD ("end/half-close", test_half_close);
  ADD ("close/unread-input", test_close_with_unread_input);
  ADD ("close/under-load", test_close_under_load);
  ADD ("close/from-inside", test_close_from_inside);
  ADD ("close/when-full", test_close_when_full);
  return g_test_run ();
}
