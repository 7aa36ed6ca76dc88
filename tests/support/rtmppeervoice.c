/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmppeervoice.h"

#include <string.h>

#include "core/rtmpchunkreader.h"
#include "core/rtmpchunkwriter.h"
#include "core/rtmpcontrol.h"
#include "core/rtmphandshake.h"
#include "rtmppeerconfig.h"

/* S0, S1 and S2. */
#define HANDSHAKE_BYTES (1 + 2 * RTMP_HANDSHAKE_SIZE)

struct _RtmpPeerVoice {
  const RtmpPeerConfig *config;
  RtmpPeerTap *tap;
  GByteArray *handshake; /* not yet written */
  gsize handshake_seen;
  RtmpChunkReader *reader; /* of the session's output */
  RtmpChunkWriter *writer;
  gboolean hold_stream;
  GQueue held; /* RtmpMessage */
  gboolean holding;
};

RtmpPeerVoice *
rtmp_peer_voice_new (const RtmpPeerConfig *config, RtmpPeerTap *tap)
{
  RtmpPeerVoice *voice = g_new0 (RtmpPeerVoice, 1);

  voice->config = config;
  voice->tap = tap;
  voice->handshake = g_byte_array_new ();
  voice->reader = rtmp_chunk_reader_new ();
  voice->writer = rtmp_chunk_writer_new ();
  g_queue_init (&voice->held);
  return voice;
}

void
rtmp_peer_voice_free (RtmpPeerVoice *voice)
{
  g_byte_array_unref (voice->handshake);
  rtmp_chunk_reader_free (voice->reader);
  rtmp_chunk_writer_free (voice->writer);
  g_queue_clear_full (&voice->held, (GDestroyNotify) rtmp_message_unref);
  g_free (voice);
}

static gboolean
has_quirk (const RtmpPeerVoice *voice, RtmpPeerQuirks quirk)
{
  return (voice->config->quirks & quirk) != 0;
}

void
rtmp_peer_voice_say (RtmpPeerVoice *voice, RtmpMessage *message)
{
  rtmp_chunk_writer_queue (voice->writer, message);
}

static void
say_command (RtmpPeerVoice *voice, const RtmpCommand *command, guint32 stream_id)
{
  rtmp_peer_voice_say (voice, rtmp_command_to_message (command, stream_id));
}

static void
say_status (RtmpPeerVoice *voice, guint32 stream_id, const gchar *code, const gchar *description)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", code, description);
  g_autoptr (RtmpCommand) command = rtmp_command_new ("onStatus", 0);

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_command_add (command, rtmp_status_to_amf (status));
  say_command (voice, command, stream_id);
}

/* -- Sayings around answers -- */

static void
say_call (RtmpPeerVoice *voice, const gchar *name, gdouble transaction)
{
  g_autoptr (RtmpCommand) command = rtmp_command_new (name, transaction);

  rtmp_command_add (command, rtmp_amf_new_null ());
  say_command (voice, command, 0);
}

/* peers.md Q3: no transaction id, and no command object either. */
static void
say_on_fc_publish (RtmpPeerVoice *voice)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "NetStream.Publish.Start", "");
  g_autoptr (RtmpAmf) name = rtmp_amf_new_string ("onFCPublish");
  g_autoptr (RtmpAmf) info = rtmp_status_to_amf (status);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  rtmp_amf_write (name, bytes);
  rtmp_amf_write (info, bytes);
  rtmp_peer_voice_say (voice,
      rtmp_message_new_copied (RTMP_MESSAGE_COMMAND_AMF0, 0, 0, bytes->data, bytes->len));
}

/* @stream_id: 0 unless it is publish or play that is answered */
static void
say_all (RtmpPeerVoice *voice, guint sayings, guint32 stream_id)
{
  if (sayings & RTMP_PEER_SAY_BW_DONE)
    say_call (voice, "onBWDone", 0);
  if (sayings & RTMP_PEER_SAY_PING)
    rtmp_peer_voice_say (voice, rtmp_control_new_user (RTMP_USER_PING_REQUEST, 4711));
  if (sayings & RTMP_PEER_SAY_PING_COMMAND)
    say_call (voice, "ping", 77);
  if (sayings & RTMP_PEER_SAY_UNKNOWN_CALL)
    say_call (voice, "peerTest", 78);
  if (sayings & RTMP_PEER_SAY_PLAY_RESET && stream_id > 0)
    say_status (voice, stream_id, "NetStream.Play.Reset", "Resetting.");
  if (sayings & RTMP_PEER_SAY_DATA_START && stream_id > 0)
    say_status (voice, stream_id, "NetStream.Data.Start", "Data.");
  if (sayings & RTMP_PEER_SAY_BUFFER_READY)
    rtmp_peer_voice_say (voice, rtmp_control_new_user (RTMP_USER_BUFFER_READY, stream_id));
  if (sayings & RTMP_PEER_SAY_ON_FC_PUBLISH)
    say_on_fc_publish (voice);
}

/* -- Answers -- */

static const gchar *const fc_calls[] = { "releaseStream", "FCPublish", "FCUnpublish", "FCSubscribe",
  "FCUnsubscribe", "getStreamLength", "_checkbw", NULL };

/* (transfer full): _error in place of @command */
static RtmpCommand *
error_new (const RtmpCommand *command, const RtmpStatus *status)
{
  RtmpCommand *refusal = rtmp_command_new ("_error", command->transaction);

  rtmp_command_add (refusal, rtmp_amf_new_null ());
  rtmp_command_add (refusal, rtmp_status_to_amf (status));
  return refusal;
}

/* Returns: (transfer full): what is said as an answer to FCPublish and its like */
static RtmpCommand *
change_fc_answer (const RtmpPeerVoice *voice, RtmpCommand *command)
{
  g_autoptr (RtmpStatus) status = NULL;
  RtmpCommand *refusal;

  if (!has_quirk (voice, RTMP_PEER_FC_ERRORS))
    return command;
  status = rtmp_status_new ("error", "NetConnection.Call.Failed", "Method not found");
  refusal = error_new (command, status);
  rtmp_command_free (command);
  return refusal;
}

/* The token stands in the information object, which the answer's second argument is. */
static RtmpCommand *
change_connect_answer (const RtmpPeerVoice *voice, RtmpCommand *command)
{
  RtmpCommand *status;

  if (voice->config->secure_token && strcmp (command->name, "_result") == 0)
    rtmp_amf_set_string ((RtmpAmf *) rtmp_command_get (command, 1), "secureToken",
        voice->config->secure_token);
  if (!has_quirk (voice, RTMP_PEER_REJECT_BY_STATUS) || strcmp (command->name, "_error") != 0)
    return command;
  status = rtmp_command_new ("onStatus", 0);
  rtmp_command_add (status, rtmp_amf_new_null ());
  rtmp_command_add (status, rtmp_amf_ref ((RtmpAmf *) rtmp_command_get (command, 1)));
  rtmp_command_free (command);
  return status;
}

static RtmpCommand *
change_stream_answer (const RtmpPeerVoice *voice, RtmpCommand *command)
{
  const RtmpPeerReaction *reaction = &voice->config->reactions[RTMP_PEER_CREATE_STREAM];
  g_autoptr (RtmpStatus) status = NULL;
  RtmpCommand *refusal;

  if (reaction->action != RTMP_PEER_REJECT && reaction->action != RTMP_PEER_REJECT_AND_CLOSE)
    return command;
  status = rtmp_peer_reaction_to_status (reaction);
  refusal = error_new (command, status);
  rtmp_command_free (command);
  return refusal;
}

static void
say_answer (RtmpPeerVoice *voice, RtmpCommand *command, guint32 stream_id)
{
  if (has_quirk (voice, RTMP_PEER_ZERO_TRANSACTIONS))
    command->transaction = 0;
  say_command (voice, command, stream_id);
}

/* @command: (transfer full): _result or _error */
static void
pass_answer (RtmpPeerVoice *voice, RtmpCommand *command)
{
  const gchar *call = rtmp_peer_tap_get_call (voice->tap, command->transaction);
  gboolean is_fc = call && g_strv_contains (fc_calls, call);
  gboolean is_connect = call && strcmp (call, "connect") == 0;
  gboolean is_stream = call && strcmp (call, "createStream") == 0;

  if (is_fc)
    command = change_fc_answer (voice, command);
  else if (is_connect)
    command = change_connect_answer (voice, command);
  else if (is_stream)
    command = change_stream_answer (voice, command);

  if (is_connect || is_stream)
    say_all (voice, voice->config->say_before, 0);
  if (!is_fc || !has_quirk (voice, RTMP_PEER_NO_FC_ANSWERS))
    say_answer (voice, command, 0);
  if (is_connect || is_stream)
    say_all (voice, voice->config->say_after, 0);
  rtmp_command_free (command);
}

static void
pass_status (RtmpPeerVoice *voice, RtmpCommand *command, guint32 stream_id)
{
  const gchar *code = rtmp_amf_get_member_string (rtmp_command_get (command, 1), "code");
  gboolean starts = g_strcmp0 (code, "NetStream.Publish.Start") == 0
      || g_strcmp0 (code, "NetStream.Play.Start") == 0;
  gboolean mute = (starts && has_quirk (voice, RTMP_PEER_NO_START))
      || (has_quirk (voice, RTMP_PEER_NO_PLAY_RESET)
          && g_strcmp0 (code, "NetStream.Play.Reset") == 0);

  if (starts)
    say_all (voice, voice->config->say_before, stream_id);
  if (!mute)
    say_command (voice, command, has_quirk (voice, RTMP_PEER_START_ON_STREAM_0) ? 0 : stream_id);
  if (starts)
    say_all (voice, voice->config->say_after, stream_id);
}

/* @message: (transfer full) */
static void
pass_command (RtmpPeerVoice *voice, RtmpMessage *message)
{
  g_autoptr (RtmpCommand) command = rtmp_command_parse (message, NULL);

  g_assert_nonnull (command);
  if (strcmp (command->name, "_result") == 0 || strcmp (command->name, "_error") == 0)
    pass_answer (voice, g_steal_pointer (&command));
  else if (strcmp (command->name, "onStatus") == 0)
    pass_status (voice, command, message->stream_id);
  else if (!g_str_has_prefix (command->name, "onFC")
      || !has_quirk (voice, RTMP_PEER_NO_FC_ANSWERS | RTMP_PEER_FC_ERRORS))
    say_command (voice, command, message->stream_id);
  rtmp_message_unref (message);
}

/* -- Other messages -- */

/* @message: (transfer full) */
static void
pass_user_control (RtmpPeerVoice *voice, RtmpMessage *message)
{
  RtmpControl control = { 0 };

  rtmp_control_parse (message, &control, NULL);
  if (has_quirk (voice, RTMP_PEER_MEDIA_ON_STREAM_0)
      && (control.event == RTMP_USER_STREAM_BEGIN || control.event == RTMP_USER_STREAM_EOF)) {
    control.value = 0;
    rtmp_message_unref (message);
    message = rtmp_control_to_message (&control);
  }
  rtmp_peer_voice_say (voice, message);
}

static gboolean
is_stream_answer (const RtmpPeerVoice *voice, const RtmpMessage *message)
{
  g_autoptr (RtmpCommand) command = NULL;

  if (message->type != RTMP_MESSAGE_COMMAND_AMF0)
    return FALSE;
  command = rtmp_command_parse (message, NULL);
  return command && strcmp (command->name, "_result") == 0
      && g_strcmp0 (rtmp_peer_tap_get_call (voice->tap, command->transaction), "createStream") == 0;
}

/* @message: (transfer full), with no other owner */
static void
pass_message (RtmpPeerVoice *voice, RtmpMessage *message)
{
  if (voice->hold_stream && is_stream_answer (voice, message))
    voice->holding = TRUE;
  if (voice->holding) {
    g_queue_push_tail (&voice->held, message);
    return;
  }
  switch (message->type) {
    case RTMP_MESSAGE_COMMAND_AMF0:
      pass_command (voice, message);
      break;
    case RTMP_MESSAGE_USER_CONTROL:
      pass_user_control (voice, message);
      break;
    case RTMP_MESSAGE_ACK:
      if (has_quirk (voice, RTMP_PEER_NO_ACKS))
        rtmp_message_unref (message);
      else
        rtmp_peer_voice_say (voice, message);
      break;
    default:
      if (has_quirk (voice, RTMP_PEER_MEDIA_ON_STREAM_0))
        message->stream_id = 0;
      rtmp_peer_voice_say (voice, message);
      break;
  }
}

void
rtmp_peer_voice_hold_stream (RtmpPeerVoice *voice, gboolean hold)
{
  RtmpMessage *message;

  voice->hold_stream = hold;
  if (hold)
    return;
  voice->holding = FALSE;
  while ((message = g_queue_pop_head (&voice->held)))
    pass_message (voice, message);
}

/* -- Taking and giving bytes -- */

static void
read_message (RtmpPeerVoice *voice, RtmpMessage *message)
{
  RtmpControl control;

  if (message->type == RTMP_MESSAGE_SET_CHUNK_SIZE && rtmp_control_parse (message, &control, NULL))
    rtmp_chunk_reader_set_chunk_size (voice->reader, control.value);
  pass_message (voice, message);
}

static void
take_bytes (RtmpPeerVoice *voice, const guint8 *data, gsize size)
{
  gsize skip = MIN (size, HANDSHAKE_BYTES - voice->handshake_seen);

  voice->handshake_seen += skip;
  g_byte_array_append (voice->handshake, data, (guint) skip);
  data += skip;
  size -= skip;
  while (size > 0) {
    RtmpMessage *message = NULL;
    gsize consumed = 0;

    g_assert_true (rtmp_chunk_reader_read (voice->reader, data, size, &consumed, &message, NULL));
    data += consumed;
    size -= consumed;
    if (message)
      read_message (voice, message);
  }
}

void
rtmp_peer_voice_take (RtmpPeerVoice *voice, RtmpSession *session)
{
  RtmpVector vectors[64];
  guint n, i;

  while ((n = rtmp_session_peek (session, vectors, G_N_ELEMENTS (vectors))) > 0) {
    gsize taken = 0;

    for (i = 0; i < n; i++) {
      take_bytes (voice, vectors[i].base, vectors[i].size);
      taken += vectors[i].size;
    }
    rtmp_session_consume (session, taken);
  }
}

void
rtmp_peer_voice_write (RtmpPeerVoice *voice, GByteArray *out)
{
  RtmpVector vectors[64];
  guint n, i;

  g_byte_array_append (out, voice->handshake->data, voice->handshake->len);
  g_byte_array_set_size (voice->handshake, 0);
  while ((n = rtmp_chunk_writer_peek (voice->writer, vectors, G_N_ELEMENTS (vectors))) > 0) {
    gsize taken = 0;

    for (i = 0; i < n; i++) {
      g_byte_array_append (out, vectors[i].base, (guint) vectors[i].size);
      taken += vectors[i].size;
    }
    rtmp_chunk_writer_consume (voice->writer, taken);
  }
}
