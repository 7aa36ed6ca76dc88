/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SESSION_TEST_H
#define SESSION_TEST_H

#include <string.h>

#include "core/rtmpchunkreader.h"
#include "core/rtmpclient.h"
#include "core/rtmpcontrol.h"
#include "core/rtmperror.h"
#include "core/rtmplimits.h"
#include "core/rtmpserver.h"

/* Bytes of a handshake, one way. */
#define HANDSHAKE_BYTES (1 + 2 * 1536)
#define SECOND G_GINT64_CONSTANT (1000000)

/**
 * End: one session under test, with a log of what it said to its owner and one of
 * what it sent.
 * @step: bytes per feed and per consume; 0 = as many as there are
 * @accept: requests of a client are accepted at once
 * @waiting: bytes that were not fed because a decision is due
 * @sent: bytes it sent that were not taken by take_sent()
 * @stages: the stages it was found in after each feed
 * @events: one line an event other than a change of stage, strings in single quotes
 * @output: one line a message it sent
 * @media: payloads of the media messages it received
 */
typedef struct {
  RtmpSession *session;
  gint64 now;
  gsize step;
  gboolean accept;
  GByteArray *waiting;
  GByteArray *sent;
  guint handshake_seen;
  RtmpChunkReader *reader;
  GString *stages;
  GString *events;
  GString *output;
  GPtrArray *media;
  GError *error;
} End;

static inline const guint8 *
test_random (void)
{
  static guint8 bytes[RTMP_CLIENT_RANDOM_SIZE];
  guint i;

  for (i = 0; i < sizeof (bytes); i++)
    bytes[i] = (guint8) (i * 167 + (i >> 8) * 13 + 1);
  return bytes;
}

static inline End *
end_new (RtmpSession *session, gint64 now)
{
  End *end = g_new0 (End, 1);

  end->session = session;
  end->now = now;
  end->waiting = g_byte_array_new ();
  end->sent = g_byte_array_new ();
  end->reader = rtmp_chunk_reader_new ();
  end->stages = g_string_new (NULL);
  end->events = g_string_new (NULL);
  end->output = g_string_new (NULL);
  end->media = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
  return end;
}

static inline void
end_free (End *end)
{
  rtmp_session_free (end->session);
  g_byte_array_unref (end->waiting);
  g_byte_array_unref (end->sent);
  rtmp_chunk_reader_free (end->reader);
  g_string_free (end->stages, TRUE);
  g_string_free (end->events, TRUE);
  g_string_free (end->output, TRUE);
  g_ptr_array_unref (end->media);
  g_clear_error (&end->error);
  g_free (end);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (End, end_free)

/* A session of either role as the tests want it, unless they say otherwise. */
#define TEST_TIMEOUT (5 * SECOND)
#define TEST_IDLE_TIMEOUT (30 * SECOND)

static inline RtmpClientConfig
test_client_config (const RtmpLocation *location, gboolean publish)
{
  return (RtmpClientConfig) {
    .publish = publish,
    .location = location,
    .chunk_size = publish ? 4096 : RTMP_DEFAULT_CHUNK_SIZE,
    .window_size = 2500000,
    .buffer_ms = publish ? 0 : 3000,
    .timeout = TEST_TIMEOUT,
    .idle_timeout = TEST_IDLE_TIMEOUT,
    .random = test_random (),
  };
}

static inline End *
client_end_new (gboolean publish)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  const RtmpClientConfig config = test_client_config (location, publish);

  return end_new (rtmp_client_new (&config, SECOND), SECOND);
}

static inline RtmpServerConfig
test_server_config (void)
{
  return (RtmpServerConfig) {
    .chunk_size = 60000,
    .window_size = 5000000,
    .caps_ex = 1,
    .timeout = TEST_TIMEOUT,
    .random = test_random (),
  };
}

static inline End *
server_end_new (gboolean accept)
{
  const RtmpServerConfig config = test_server_config ();
  End *end = end_new (rtmp_server_new (&config, SECOND), SECOND);

  end->accept = accept;
  return end;
}

/* -- What it says to its owner -- */

static inline void
log_status (GString *log, const RtmpStatus *status)
{
  g_string_append_printf (log, " %s '%s'", status->level, status->code);
  if (status->redirect)
    g_string_append_printf (log, " to %s '%s'", status->redirect_is_url ? "URL" : "tcUrl",
        status->redirect);
}

static inline void
log_event (End *end, const RtmpEvent *event)
{
  static const gchar *const names[] = {
    NULL,
    "sendable",
    "ready",
    "message",
    "status",
    "end",
    "authenticate",
    "warning",
    "connect?",
    "publish?",
    "play?",
    "closed",
  };

  g_string_append (end->events, names[event->type]);
  if (event->type >= RTMP_EVENT_PUBLISH_REQUEST)
    g_string_append_printf (end->events, " %u", event->stream_id);
  if (event->text)
    g_string_append_printf (end->events, " '%s'", event->text);
  if (event->status)
    log_status (end->events, event->status);
  if (event->message)
    g_string_append_printf (end->events, " %u on %u at %u, %" G_GSIZE_FORMAT " bytes",
        event->message->type, event->stream_id, event->message->timestamp, event->message->size);
  g_string_append_c (end->events, '\n');
}

/* Of stages that were passed in one feed only the last can be told. */
static inline void
log_stage (End *end)
{
  g_autofree gchar *name = g_strconcat (" ",
      rtmp_stage_to_string (rtmp_session_get_stage (end->session)), NULL);

  if (!g_str_has_suffix (end->stages->str, name))
    g_string_append (end->stages, name);
}

static inline void
end_take_events (End *end)
{
  RtmpEvent event;

  while (rtmp_session_next_event (end->session, &event)) {
    if (event.type == RTMP_EVENT_STAGE)
      log_stage (end);
    else
      log_event (end, &event);
    if (event.message)
      g_ptr_array_add (end->media, g_steal_pointer (&event.message));
    if (end->accept && event.type >= RTMP_EVENT_CONNECT_REQUEST
        && event.type <= RTMP_EVENT_PLAY_REQUEST)
      rtmp_server_accept (end->session, end->now);
    rtmp_event_clear (&event);
  }
}

/* Asserts what the session has said since the last time. */
static inline void
assert_events (End *end, const gchar *expected)
{
  end_take_events (end);
  g_assert_cmpstr (end->events->str, ==, expected);
  g_string_truncate (end->events, 0);
}

/* -- What it receives -- */

/* Returns: FALSE if the session failed, with end->error, or waits for a decision */
static inline gboolean
end_feed_waiting (End *end)
{
  gsize pos = 0, consumed = 1;

  while (pos < end->waiting->len && consumed > 0 && !end->error) {
    gsize size = end->waiting->len - pos;

    if (end->step)
      size = MIN (size, end->step);
    rtmp_session_feed (end->session, end->waiting->data + pos, size, end->now, &consumed,
        &end->error);
    g_assert_cmpuint (consumed, <=, size);
    pos += consumed;
    end_take_events (end);
  }
  if (pos > 0)
    g_byte_array_remove_range (end->waiting, 0, (guint) pos);
  return !end->error && consumed > 0;
}

static inline gboolean
end_feed (End *end, const guint8 *data, gsize size)
{
  g_byte_array_append (end->waiting, data, (guint) size);
  return end_feed_waiting (end);
}

/* Feeds the script and empties it. */
static inline gboolean
end_script (End *end, GByteArray *script)
{
  gboolean ok = end_feed (end, script->data, script->len);

  g_byte_array_set_size (script, 0);
  return ok;
}

static inline void
assert_failed (End *end, RtmpError code, const gchar *text)
{
  g_assert_error (end->error, RTMP_ERROR, (gint) code);
  g_assert_cmpstr (end->error->message, ==, text);
  g_assert_cmpint (rtmp_session_get_stage (end->session), ==, RTMP_STAGE_ENDED);
  g_clear_error (&end->error);
}

/* -- What it sends -- */

static inline void
log_control (GString *log, const RtmpMessage *message)
{
  RtmpControl control;

  g_assert_true (rtmp_control_parse (message, &control, NULL));
  if (control.type == RTMP_MESSAGE_USER_CONTROL)
    g_string_append_printf (log, " %u", control.event);
  g_string_append_printf (log, " %u", control.value);
  if (control.type == RTMP_MESSAGE_SET_PEER_BANDWIDTH)
    g_string_append_printf (log, " %u", control.limit_type);
  if (control.event == RTMP_USER_SET_BUFFER_LENGTH)
    g_string_append_printf (log, " %u", control.value2);
}

static inline void
log_command (GString *log, const RtmpMessage *message)
{
  g_autoptr (RtmpCommand) command = rtmp_command_parse (message, NULL);
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  guint i;

  g_string_append_printf (log, " %s", command->name);
  if (message->type == RTMP_MESSAGE_COMMAND_AMF0)
    g_string_append_printf (log, " %s",
        g_ascii_formatd (text, sizeof (text), "%g", command->transaction));
  for (i = 0; i < command->args->len; i++) {
    g_string_append_c (log, ' ');
    rtmp_amf_print (rtmp_command_get (command, i), log, 4096);
  }
}

static inline gboolean
is_command (const RtmpMessage *message)
{
  g_autoptr (RtmpCommand) command = NULL;

  if (message->type != RTMP_MESSAGE_COMMAND_AMF0 && message->type != RTMP_MESSAGE_DATA_AMF0)
    return FALSE;
  command = rtmp_command_parse (message, NULL);
  return command != NULL;
}

/* "type@stream ...": commands and data with their values, control messages with
 * their numbers, media (and data that is none) with timestamp and size. */
static inline void
log_message (GString *log, const RtmpMessage *message)
{
  gsize start = log->len;

  g_string_append_printf (log, "%u@%u", message->type, message->stream_id);
  if (rtmp_control_is_control (message->type))
    log_control (log, message);
  else if (is_command (message))
    log_command (log, message);
  else
    g_string_append_printf (log, " at %u, %" G_GSIZE_FORMAT " bytes", message->timestamp,
        message->size);
  g_strdelimit (log->str + start, "\"", '\'');
  g_string_append_c (log, '\n');
}

static inline void
end_read_own (End *end, const guint8 *data, gsize size)
{
  gsize skip = MIN (size, HANDSHAKE_BYTES - end->handshake_seen);

  end->handshake_seen += (guint) skip;
  data += skip;
  size -= skip;
  while (size > 0) {
    RtmpMessage *message = NULL;
    gsize consumed = 0;

    g_assert_true (rtmp_chunk_reader_read (end->reader, data, size, &consumed, &message, NULL));
    data += consumed;
    size -= consumed;
    if (!message)
      continue;
    log_message (end->output, message);
    if (message->type == RTMP_MESSAGE_SET_CHUNK_SIZE) {
      RtmpControl control;

      g_assert_true (rtmp_control_parse (message, &control, NULL));
      rtmp_chunk_reader_set_chunk_size (end->reader, control.value);
    }
    rtmp_message_unref (message);
  }
}

/* Moves all output to end->sent and into the log. */
static inline void
end_send (End *end)
{
  RtmpVector vectors[4];
  guint n, i;

  while ((n = rtmp_session_peek (end->session, vectors, G_N_ELEMENTS (vectors))) > 0) {
    gsize taken = 0;

    g_assert_true (rtmp_session_has_output (end->session));
    for (i = 0; i < n && !(end->step && taken); i++) {
      gsize size = end->step ? MIN (end->step, vectors[i].size) : vectors[i].size;

      end_read_own (end, vectors[i].base, size);
      g_byte_array_append (end->sent, vectors[i].base, (guint) size);
      taken += size;
    }
    rtmp_session_consume (end->session, taken);
  }
  g_assert_false (rtmp_session_has_output (end->session));
}

/* What was sent so far has been looked at. */
static inline void
end_forget (End *end)
{
  end_send (end);
  g_string_truncate (end->output, 0);
  g_byte_array_set_size (end->sent, 0);
}

/* Asserts what the session has sent since the last time, the handshake apart. */
static inline void
assert_output (End *end, const gchar *expected)
{
  end_send (end);
  g_assert_cmpstr (end->output->str, ==, expected);
  g_string_truncate (end->output, 0);
}

/* -- Two of them -- */

static inline gboolean
pass_bytes (End *from, End *to)
{
  g_autoptr (GByteArray) bytes = NULL;

  end_send (from);
  if (from->sent->len == 0)
    return FALSE;
  bytes = from->sent;
  from->sent = g_byte_array_new ();
  end_feed (to, bytes->data, bytes->len);
  return TRUE;
}

/* Both at the same time. */
static inline void
set_time (End *a, End *b, gint64 now)
{
  a->now = now;
  b->now = now;
}

/* Until neither has anything to say. */
static inline void
run_pair (End *a, End *b)
{
  gboolean moved;

  do {
    moved = pass_bytes (a, b);
    moved |= pass_bytes (b, a);
  } while (moved && !a->error && !b->error);
}

#endif
