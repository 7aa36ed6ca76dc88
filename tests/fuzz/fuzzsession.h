/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUZZ_SESSION_H
#define FUZZ_SESSION_H

#include "core/rtmpchunkreader.h"
#include "core/rtmpclient.h"
#include "core/rtmpcontrol.h"
#include "core/rtmphandshake.h"
#include "core/rtmpserver.h"

#include "fuzz.h"

#define FUZZ_NOW G_GINT64_CONSTANT (1000000)
/* Bytes of a handshake, one way. */
#define FUZZ_HANDSHAKE_SIZE (1 + 2 * RTMP_HANDSHAKE_SIZE)

/* The first byte of an input, for clients and servers. */
enum {
  FUZZ_SHAKEN =
      1 << 0, /* the peer's handshake is none of the input's bytes: plain, echoing zeros */
  FUZZ_PUBLISH = 1 << 1, /* client: publish */
  FUZZ_AUTH = 1 << 2,    /* client: has credentials; server: demands them */
  FUZZ_START_SHIFT = 3,  /* client: an RtmpFastStart, two bits */
  FUZZ_TOKEN = 1 << 5,   /* client: has a secure token */
};

static inline const guint8 *
fuzz_random (void)
{
  static guint8 bytes[RTMP_CLIENT_RANDOM_SIZE];
  guint i;

  for (i = 0; i < sizeof (bytes); i++)
    bytes[i] = (guint8) (i * 167 + (i >> 8) * 13 + 1);
  return bytes;
}

/* @auth: (out): belongs to the session, and is to be freed behind it */
static inline RtmpSession *
fuzz_client_new (guint flags, RtmpAuth **auth)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  const gboolean publish = (flags & FUZZ_PUBLISH) != 0;
  RtmpClientConfig config = { .publish = publish,
    .fast_start = (RtmpFastStart) ((flags >> FUZZ_START_SHIFT & 3) % 3),
    .location = location,
    .chunk_size = 4096,
    .window_size = 2500000,
    .caps_ex = RTMP_CAPS_EX_RECONNECT | RTMP_CAPS_EX_MULTITRACK,
    .buffer_ms = 3000,
    .timeout = 5 * FUZZ_NOW,
    .idle_timeout = 30 * FUZZ_NOW,
    .random = fuzz_random () };

  if (flags & FUZZ_AUTH) {
    location->username = g_strdup ("user");
    location->password = g_strdup (FUZZ_PASSWORD);
  }
  if (flags & FUZZ_TOKEN)
    location->secure_token = g_strdup ("abcdefghijklmnop");
  *auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, location->username, location->password);
  config.auth = *auth;
  return rtmp_client_new (&config, FUZZ_NOW);
}

static inline RtmpSession *
fuzz_server_new (guint flags)
{
  RtmpServerConfig config = { .chunk_size = 60000,
    .window_size = 5000000,
    .caps_ex = RTMP_CAPS_EX_RECONNECT,
    .timeout = 5 * FUZZ_NOW,
    .random = fuzz_random () };

  if (flags & FUZZ_AUTH) {
    config.username = "user";
    config.password = FUZZ_PASSWORD;
    config.auth_salt = "01234567";
    config.auth_challenge = "89abcdef";
  }
  return rtmp_server_new (&config, FUZZ_NOW);
}

/**
 * FuzzEnd: a session with what it said to its owner and what it sent.
 * @decisions: the owner's, a bit each, the lowest first: 1 refuses
 * @log: its events but for changes of stage, of which only the last of a feed is told, and but for
 *   warnings, of which only so many wait
 * @events: how many there were
 * @decided: how many of them asked for a decision
 */
typedef struct {
  RtmpSession *session;
  guint32 decisions;
  GString *log;
  guint64 events;
  guint decided;
  GError *error;
} FuzzEnd;

static inline void
fuzz_end_init (FuzzEnd *end, RtmpSession *session, guint32 decisions)
{
  *end = (FuzzEnd) { .session = session, .decisions = decisions, .log = g_string_new (NULL) };
}

static inline void
fuzz_end_clear (FuzzEnd *end)
{
  rtmp_session_free (end->session);
  g_string_free (end->log, TRUE);
  g_clear_error (&end->error);
}

static inline void
fuzz_log_event (GString *log, const RtmpEvent *event)
{
  if (event->type == RTMP_EVENT_STAGE || event->type == RTMP_EVENT_WARNING)
    return;
  g_string_append_printf (log, "event %d on %u", event->type, event->stream_id);
  if (event->text)
    g_string_append_printf (log, " '%s'", event->text);
  if (event->status)
    g_string_append_printf (log, " %s %s", event->status->level, event->status->code);
  g_string_append_c (log, '\n');
  if (event->message)
    fuzz_log_message (log, event->message);
}

static inline void
fuzz_decide (FuzzEnd *end)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", "NetStream.Play.StreamNotFound", "no");

  if (end->decisions & 1)
    rtmp_server_reject (end->session, status, FUZZ_NOW);
  else
    rtmp_server_accept (end->session, FUZZ_NOW);
  end->decisions >>= 1;
  end->decided++;
}

static inline void
fuzz_take_events (FuzzEnd *end)
{
  RtmpEvent event;

  while (rtmp_session_next_event (end->session, &event)) {
    end->events++;
    fuzz_log_event (end->log, &event);
    if (event.type >= RTMP_EVENT_CONNECT_REQUEST && event.type <= RTMP_EVENT_PLAY_REQUEST)
      fuzz_decide (end);
    rtmp_event_clear (&event);
  }
}

/* Feeds all of it, deciding where the session asks. Returns: FALSE once it has failed */
static inline gboolean
fuzz_feed (FuzzEnd *end, const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = fuzz_copy (data, size);
  gsize done = 0;

  while (done < size && !end->error) {
    gsize consumed;

    rtmp_session_feed (end->session, copy + done, size - done, FUZZ_NOW, &consumed, &end->error);
    g_assert_cmpuint (consumed, <=, size - done);
    done += consumed;
    fuzz_take_events (end);
  }
  return !end->error;
}

/* -- What it sends -- */

static inline GByteArray *
fuzz_take_output (RtmpSession *session)
{
  GByteArray *out = g_byte_array_new ();
  RtmpVector vectors[16];
  guint n, i;

  while ((n = rtmp_session_peek (session, vectors, G_N_ELEMENTS (vectors))) > 0) {
    gsize taken = 0;

    for (i = 0; i < n; i++) {
      g_byte_array_append (out, vectors[i].base, (guint) vectors[i].size);
      taken += vectors[i].size;
    }
    rtmp_session_consume (session, taken);
  }
  g_assert_false (rtmp_session_has_output (session));
  return out;
}

/* Acknowledgements fall due where feeds end, and of pongs only so many wait beside them. */
static inline gboolean
fuzz_is_urgent (const RtmpMessage *message)
{
  RtmpControl control;

  if (!rtmp_control_is_control (message->type))
    return FALSE;
  g_assert_true (rtmp_control_parse (message, &control, NULL));
  return control.type == RTMP_MESSAGE_ACK || control.event == RTMP_USER_PING_RESPONSE;
}

/* What a session sent is chunks that can be read. Returns: messages among them */
static inline guint
fuzz_log_output (GString *log, const GByteArray *out)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  guint messages = 0;
  gsize done = MIN (out->len, FUZZ_HANDSHAKE_SIZE);

  g_string_append_printf (log, "handshake %08x\n", fuzz_hash (FUZZ_HASH_INIT, out->data, done));
  while (done < out->len) {
    RtmpMessage *message;
    gsize consumed;

    g_assert_true (rtmp_chunk_reader_read (reader, out->data + done, out->len - done, &consumed,
        &message, NULL));
    done += consumed;
    if (!message)
      continue;
    messages++;
    if (!fuzz_is_urgent (message))
      fuzz_log_message (log, message);
    if (message->type == RTMP_MESSAGE_SET_CHUNK_SIZE)
      rtmp_chunk_reader_set_chunk_size (reader, rtmp_read_u32 (message->vectors[0].base));
    rtmp_message_unref (message);
  }
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==, 0);
  rtmp_chunk_reader_free (reader);
  return messages;
}

static inline void
fuzz_log_stats (GString *log, const RtmpSession *session)
{
  RtmpSessionStats stats;
  guint i;

  rtmp_session_get_stats (session, &stats);
  for (i = 0; i < RTMP_N_COUNTS; i++)
    g_string_append_printf (log, "in %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " bytes\n",
        stats.in.messages[i], stats.in.bytes[i]);
  g_string_append_printf (log, "%s, dropped %" G_GUINT64_FORMAT ", chunk size %u, window %u\n",
      rtmp_stage_to_string (rtmp_session_get_stage (session)), stats.in_dropped,
      stats.in_chunk_size, stats.in_window_ack_size);
  g_string_append_printf (log, "deadline %" G_GINT64_FORMAT "\n",
      rtmp_session_get_deadline (session));
}

/* -- Bounds -- */

/* What a session holds grows with what it received. With nothing taken from it, what it has to say is
 * so many answers, some of which repeat a name of the peer's, so many urgent messages, what follows a
 * decision, and the steps of a client's. */
#define FUZZ_MAX_HELD(received) (1024u * 1024 + (16 + 2 * RTMP_ASSEMBLY_GROWTH) * (received))
#define FUZZ_MAX_OUTPUT(received) (256u * 1024 + 16 * (received))
#define FUZZ_MAX_MESSAGES(decided) \
  (RTMP_MAX_PENDING_REPLIES + RTMP_MAX_URGENT_MESSAGES + 32 + 8 * (decided))

static inline void
fuzz_check_held (const FuzzEnd *end, gsize before, gsize received)
{
  const gsize held = fuzz_get_held ();

  g_assert_cmpuint (held, <=,
      before + end->log->allocated_len + FUZZ_MAX_HELD (received + FUZZ_HANDSHAKE_SIZE));
  g_assert_cmpuint (end->events, <=, 64 + received);
}

/* Feeds @data in parts of @step bytes. */
static inline void
fuzz_feed_parts (FuzzEnd *end, guint flags, const guint8 *data, gsize size, gsize step)
{
  static const guint8 plain[FUZZ_HANDSHAKE_SIZE] = { 3 };
  const gsize before = fuzz_get_held ();
  gsize done = 0, checked = 0;

  if (flags & FUZZ_SHAKEN)
    fuzz_feed (end, plain, sizeof (plain));
  while (done < size && !end->error) {
    const gsize part = MIN (step, size - done);

    fuzz_feed (end, data + done, part);
    done += part;
    if (done - checked >= 1024 || done == size) {
      fuzz_check_held (end, before, done);
      checked = done;
    }
  }
}

/* Nothing is waited for longer than the session says. */
static inline void
fuzz_pass_deadline (FuzzEnd *end, GString *log)
{
  const gint64 deadline = rtmp_session_get_deadline (end->session);
  g_autoptr (GError) error = NULL;

  if (deadline < 0)
    return;
  g_assert_false (rtmp_session_check_deadline (end->session, deadline, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
  fuzz_log_error (log, error);
}

/* Logs how the session ended up, and ends it. */
static inline GString *
fuzz_finish (FuzzEnd *end, gsize received)
{
  g_autoptr (GByteArray) out = fuzz_take_output (end->session);
  GString *log = g_string_new_len (end->log->str, (gssize) end->log->len);

  g_assert_cmpuint (out->len, <=, FUZZ_MAX_OUTPUT (received + FUZZ_HANDSHAKE_SIZE));
  g_assert_cmpuint (fuzz_log_output (log, out), <=, FUZZ_MAX_MESSAGES (end->decided));
  fuzz_log_stats (log, end->session);
  if (end->error) {
    g_assert_cmpint (rtmp_session_get_stage (end->session), ==, RTMP_STAGE_ENDED);
    fuzz_log_error (log, end->error);
  }
  fuzz_pass_deadline (end, log);
  fuzz_end_clear (end);
  return log;
}

/* The log that a role's run leaves behind, whole and in parts. */
typedef GString *(*FuzzRun) (guint flags, guint32 decisions, const guint8 *data, gsize size,
    gsize step);

/* Input: flags1 step1 decisions1 | the peer's bytes */
static inline void
fuzz_compare_runs (FuzzRun run, const guint8 *data, gsize size)
{
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  const guint flags = rtmp_cursor_u8 (&in);
  const gsize step = 1 + rtmp_cursor_u8 (&in);
  const guint32 decisions = rtmp_cursor_u8 (&in);
  GString *whole = run (flags, decisions, in.pos, rtmp_cursor_left (&in), G_MAXSIZE);
  GString *parts = run (flags, decisions, in.pos, rtmp_cursor_left (&in), step);

  g_assert_cmpstr (whole->str, ==, parts->str);
  g_string_free (whole, TRUE);
  g_string_free (parts, TRUE);
}

#endif
