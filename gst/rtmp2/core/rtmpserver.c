/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpserver.h"

#include <string.h>

#include "rtmpanswer.h"
#include "rtmpauth.h"
#include "rtmpcrypto.h"
#include "rtmperror.h"
#include "rtmplimits.h"
#include "rtmpserverstreams.h"

/*
 * What a server waits for, and what it answers (protocol.md 18 to 22):
 *
 *   handshake
 *   connect        -> WindowAckSize, SetPeerBandwidth, SetChunkSize, StreamBegin (0), _result
 *   releaseStream  -> _result (FCPublish and others likewise)
 *   createStream   -> _result with the message stream's id
 *   publish        -> StreamBegin, onStatus Publish.Start             <- media
 *   play           -> StreamBegin, [onStatus Play.Reset,] onStatus Play.Start,
 *                     |RtmpSampleAccess, media
 *   deleteStream
 */

typedef enum { REQUEST_NONE, REQUEST_CONNECT, REQUEST_PUBLISH, REQUEST_PLAY } RequestType;

/* What the owner was asked and has not decided yet. */
typedef struct {
  RequestType type;
  gdouble transaction;
  guint32 stream_id;
  gboolean reset;
} Request;

typedef struct {
  guint32 chunk_size;
  guint32 window_size;
  gchar *username;
  gchar *password;
  gchar *auth_salt;
  gchar *auth_challenge;
  guint caps_ex;
  gint64 timeout;

  gboolean connected;
  guint auth_rounds;
  gchar *app;
  gchar *tc_url;
  gchar *flash_version;
  Request request;
  RtmpServerStreams streams;

  gboolean ping_sent;
  guint32 ping_timestamp;
  gint64 ping_time;
} RtmpServer;

/* A command that is being handled. */
typedef struct {
  RtmpSession *session;
  RtmpServer *server;
  const RtmpCommand *command;
  guint32 stream_id;
  gint64 now;
} Call;

static RtmpServer *
get_server (const RtmpSession *session)
{
  return rtmp_session_get_role_data (session);
}

static void
server_free (gpointer data)
{
  RtmpServer *server = data;

  g_free (server->username);
  rtmp_secret_free (server->password);
  g_free (server->auth_salt);
  g_free (server->auth_challenge);
  g_free (server->app);
  g_free (server->tc_url);
  g_free (server->flash_version);
  g_free (server);
}

/* -- Stages -- */

/* The time that the client has for its next step, from now on. */
static void
await_client (RtmpSession *session, gint64 now)
{
  RtmpServer *server = get_server (session);
  RtmpStage stage = rtmp_session_get_stage (session);
  gint64 deadline = server->timeout > 0 ? now + server->timeout : -1;

  if (stage == RTMP_STAGE_CONNECT)
    rtmp_session_set_deadline (session, deadline, "connect");
  else if (stage == RTMP_STAGE_START)
    rtmp_session_set_deadline (session, deadline, "publish or play");
}

static void
enter_stage (RtmpSession *session, RtmpStage stage, gint64 now)
{
  if (rtmp_session_get_stage (session) == stage)
    return;
  rtmp_session_set_stage (session, stage, now);
  await_client (session, now);
}

/* Once connected. */
static void
update_stage (RtmpSession *session, gint64 now)
{
  gboolean used = rtmp_server_streams_are_used (&get_server (session)->streams);

  enter_stage (session, used ? RTMP_STAGE_STREAMING : RTMP_STAGE_START, now);
}

static gboolean
server_handshaken (RtmpSession *session, gint64 now, GError **error)
{
  (void) error;
  enter_stage (session, RTMP_STAGE_CONNECT, now);
  return TRUE;
}

static void
close_stream (RtmpSession *session, guint32 stream_id, gint64 now)
{
  RtmpServerStream *stream = rtmp_server_streams_find (&get_server (session)->streams, stream_id);

  if (stream && stream->use != RTMP_STREAM_IDLE) {
    rtmp_server_stream_use (stream, RTMP_STREAM_IDLE);
    rtmp_session_push_event (session,
        &(RtmpEvent) { .type = RTMP_EVENT_STREAM_CLOSED, .stream_id = stream_id });
  }
  update_stage (session, now);
}

/* -- What the owner is asked -- */

static void
ask (const Call *call, RequestType type, const RtmpEvent *event)
{
  call->server->request = (Request) {
    .type = type,
    .transaction = call->command->transaction,
    .stream_id = call->stream_id,
    .reset = rtmp_amf_get_number (rtmp_command_get (call->command, 4), 0) != 0,
  };
  rtmp_session_push_event (call->session, event);
  rtmp_session_set_undecided (call->session, TRUE);
  /* It is the owner's turn; the client must not be blamed for its pace. */
  rtmp_session_set_deadline (call->session, -1, NULL);
}

static RtmpCommand *
copy_command (const RtmpCommand *command)
{
  RtmpCommand *copy = rtmp_command_new (command->name, command->transaction);
  guint i;

  for (i = 0; i < command->args->len; i++)
    rtmp_command_add (copy, rtmp_amf_ref (command->args->pdata[i]));
  return copy;
}

static void
keep_text (gchar **dest, const gchar *text)
{
  g_free (*dest);
  *dest = g_strdup (text);
}

static void
keep_connect_args (const Call *call, const gchar *app)
{
  const RtmpAmf *object = rtmp_command_get (call->command, 0);
  const gchar *flash_version = rtmp_amf_get_member_string (object, "flashVer");
  RtmpPeerCaps *caps = rtmp_session_edit_peer_caps (call->session);
  guint i;

  /* RTMP 1.0, 7.2.1.1 spells it "flashver". */
  if (!flash_version)
    flash_version = rtmp_amf_get_member_string (object, "flashver");
  keep_text (&call->server->flash_version, flash_version);
  keep_text (&call->server->tc_url, rtmp_amf_get_member_string (object, "tcUrl"));
  g_free (call->server->app);
  call->server->app = rtmp_auth_strip_query (app);

  memset (caps, 0, sizeof (*caps));
  for (i = 0; i < call->command->args->len; i++)
    rtmp_peer_caps_read (caps, rtmp_command_get (call->command, i));
}

/* Returns: FALSE if the client was refused, with an error if that was once too often */
static gboolean
check_auth (const Call *call, const gchar *app, GError **error)
{
  RtmpServer *server = call->server;
  g_autoptr (RtmpStatus) status = NULL;
  g_autofree gchar *description = NULL;
  RtmpAuthVerdict verdict;

  if (!server->username || !server->password)
    return TRUE;
  if (++server->auth_rounds > RTMP_MAX_AUTH_ROUNDS) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED,
        "The client came too often without valid credentials");
    return FALSE;
  }
  verdict = rtmp_auth_check (app, server->username, server->password, server->auth_salt,
      server->auth_challenge, &description);
  if (verdict == RTMP_AUTH_ACCEPTED)
    return TRUE;
  if (verdict == RTMP_AUTH_REFUSED)
    rtmp_session_push_warning (call->session, "The client's credentials were refused");
  status = rtmp_status_new ("error", "NetConnection.Connect.Rejected", description);
  rtmp_answer_error (call->session, call->command->transaction, status);
  return FALSE;
}

static gboolean
on_connect (const Call *call, GError **error)
{
  const gchar *app = rtmp_amf_get_member_string (rtmp_command_get (call->command, 0), "app");
  GError *fault = NULL;

  if (call->server->connected) {
    rtmp_answer_call_failed (call->session, call->command->transaction, "Connected already.");
    return TRUE;
  }
  if (!app)
    app = "";
  if (!check_auth (call, app, &fault)) {
    if (fault)
      g_propagate_error (error, fault);
    return !fault;
  }
  keep_connect_args (call, app);
  ask (call, REQUEST_CONNECT,
      &(RtmpEvent) { .type = RTMP_EVENT_CONNECT_REQUEST, .command = copy_command (call->command) });
  return TRUE;
}

/* publish (false) and play (false) end what the stream does. */
static gboolean
is_stop (const Call *call)
{
  const RtmpAmf *name = rtmp_command_get (call->command, 1);

  return name && rtmp_amf_get_type (name) == RTMP_AMF_BOOLEAN
      && !rtmp_amf_get_boolean (name, FALSE);
}

static void
ask_stream (const Call *call, RequestType request, RtmpEventType event)
{
  const gchar *name = rtmp_amf_get_string (rtmp_command_get (call->command, 1));

  ask (call, request,
      &(RtmpEvent) { .type = event,
          .stream_id = call->stream_id,
          .text = g_strdup (name ? name : "") });
}

static void
refuse_stream (const Call *call, const gchar *code, const gchar *description)
{
  rtmp_answer_status (call->session, call->stream_id, "error", code, description);
}

static void
on_publish (const Call *call)
{
  RtmpServerStream *stream = rtmp_server_streams_find (&call->server->streams, call->stream_id);

  if (is_stop (call))
    close_stream (call->session, call->stream_id, call->now);
  else if (!stream)
    refuse_stream (call, "NetStream.Failed", "No such message stream.");
  else if (stream->use != RTMP_STREAM_IDLE)
    refuse_stream (call, "NetStream.Publish.BadName", "The message stream is in use.");
  else
    ask_stream (call, REQUEST_PUBLISH, RTMP_EVENT_PUBLISH_REQUEST);
}

/* A second play takes the place of the first: playlists are not kept. */
static void
on_play (const Call *call)
{
  RtmpServerStream *stream = rtmp_server_streams_find (&call->server->streams, call->stream_id);

  if (!stream) {
    refuse_stream (call, "NetStream.Failed", "No such message stream.");
    return;
  }
  if (stream->use == RTMP_STREAM_PUBLISHING && !is_stop (call)) {
    refuse_stream (call, "NetStream.Play.Failed", "The message stream is in use.");
    return;
  }
  close_stream (call->session, call->stream_id, call->now);
  if (!is_stop (call))
    ask_stream (call, REQUEST_PLAY, RTMP_EVENT_PLAY_REQUEST);
}

/* -- What the server answers by itself -- */

static void
on_create_stream (const Call *call)
{
  guint32 stream_id = rtmp_server_streams_create (&call->server->streams);

  if (stream_id == 0)
    rtmp_answer_call_failed (call->session, call->command->transaction,
        "Too many message streams.");
  else
    rtmp_answer_result (call->session, call->command->transaction, rtmp_amf_new_number (stream_id));
}

/* Some clients name the stream only by the message stream they say it on. */
static void
on_delete_stream (const Call *call)
{
  const RtmpAmf *arg = rtmp_command_get (call->command, 1);
  guint32 id = arg ? rtmp_amf_get_uint (arg, 0) : call->stream_id;

  if (!rtmp_server_streams_find (&call->server->streams, id))
    return;
  close_stream (call->session, id, call->now);
  rtmp_server_streams_delete (&call->server->streams, id);
}

static void
on_close_stream (const Call *call)
{
  RtmpServerStream *stream = rtmp_server_streams_find (&call->server->streams, call->stream_id);

  if (!stream)
    return;
  if (stream->use == RTMP_STREAM_PUBLISHING)
    rtmp_answer_status (call->session, call->stream_id, "status", "NetStream.Unpublish.Success",
        "The stream is no longer published.");
  close_stream (call->session, call->stream_id, call->now);
}

static void
on_close (const Call *call)
{
  guint32 id;

  for (id = 1; id <= RTMP_MAX_MESSAGE_STREAMS; id++)
    close_stream (call->session, id, call->now);
}

static gboolean
get_flag (const Call *call)
{
  return rtmp_amf_get_boolean (rtmp_command_get (call->command, 1), FALSE);
}

static void
on_pause (const Call *call)
{
  RtmpServerStream *stream = rtmp_server_streams_find_player (&call->server->streams,
      call->stream_id);

  if (!stream)
    return;
  stream->paused = get_flag (call);
  stream->wants_key |= stream->paused;
  rtmp_answer_status (call->session, call->stream_id, "status",
      stream->paused ? "NetStream.Pause.Notify" : "NetStream.Unpause.Notify",
      stream->paused ? "Paused." : "Playing again.");
}

/* receiveAudio and receiveVideo: only what is switched on is answered (RTMP 1.0,
 * 7.2.2.4 and 7.2.2.5). */
static void
confirm_receive (const Call *call)
{
  if (!get_flag (call))
    return;
  rtmp_answer_status (call->session, call->stream_id, "status", "NetStream.Seek.Notify",
      "Seeking.");
  rtmp_answer_status (call->session, call->stream_id, "status", "NetStream.Play.Start", "Playing.");
}

static void
on_receive_audio (const Call *call)
{
  RtmpServerStream *stream = rtmp_server_streams_find_player (&call->server->streams,
      call->stream_id);

  if (!stream)
    return;
  stream->without_audio = !get_flag (call);
  confirm_receive (call);
}

static void
on_receive_video (const Call *call)
{
  RtmpServerStream *stream = rtmp_server_streams_find_player (&call->server->streams,
      call->stream_id);

  if (!stream)
    return;
  stream->without_video = !get_flag (call);
  stream->wants_key |= stream->without_video;
  confirm_receive (call);
}

static void
on_done (const Call *call)
{
  rtmp_answer_result (call->session, call->command->transaction, rtmp_amf_new_undefined ());
}

/* What is played is live, so its length is not known. */
static void
on_get_stream_length (const Call *call)
{
  rtmp_answer_result (call->session, call->command->transaction, rtmp_amf_new_number (0));
}

static void
on_ping (const Call *call)
{
  RtmpCommand *pong = rtmp_command_new ("pong", call->command->transaction);

  rtmp_command_add (pong, rtmp_amf_new_null ());
  rtmp_session_reply_command (call->session, pong, 0);
}

static void
on_fc (const Call *call)
{
  rtmp_answer_fc (call->session, call->command);
}

/* Answers to commands of ours, and what peers say in passing. */
static void
on_ignored (const Call *call)
{
  (void) call;
}

static const struct {
  const gchar *name;
  void (*handle) (const Call *call);
} client_commands[] = {
  { "createStream", on_create_stream },
  { "publish", on_publish },
  { "play", on_play },
  { "deleteStream", on_delete_stream },
  { "closeStream", on_close_stream },
  { "close", on_close },
  { "pause", on_pause },
  { "receiveAudio", on_receive_audio },
  { "receiveVideo", on_receive_video },
  { "releaseStream", on_done },
  { "FCPublish", on_fc },
  { "FCUnpublish", on_fc },
  { "FCSubscribe", on_fc },
  { "FCUnsubscribe", on_fc },
  { "getStreamLength", on_get_stream_length },
  { "_checkbw", on_done },
  { "ping", on_ping },
  { "pong", on_ignored },
  { "onStatus", on_ignored },
  { "_result", on_ignored },
  { "_error", on_ignored },
};

static void
dispatch (const Call *call)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (client_commands); i++) {
    if (strcmp (call->command->name, client_commands[i].name) == 0) {
      client_commands[i].handle (call);
      return;
    }
  }
  rtmp_answer_call_failed (call->session, call->command->transaction, "Method not found.");
}

static gboolean
server_command (RtmpSession *session, const RtmpCommand *command, guint32 stream_id, gint64 now,
    GError **error)
{
  const Call call = { session, get_server (session), command, stream_id, now };

  if (strcmp (command->name, "connect") == 0)
    return on_connect (&call, error);
  if (call.server->connected)
    dispatch (&call);
  else
    rtmp_answer_call_failed (session, command->transaction, "Not connected.");
  return TRUE;
}

/* -- Other messages -- */

static gboolean
server_media (RtmpSession *session, RtmpMessage *message, gint64 now, GError **error)
{
  guint32 stream_id = rtmp_server_streams_get_publication (&get_server (session)->streams,
      message->stream_id);

  (void) now;
  (void) error;
  if (stream_id == 0) {
    rtmp_session_count_dropped (session);
    rtmp_message_unref (message);
    return TRUE;
  }
  message->stream_id = stream_id;
  rtmp_session_push_event (session,
      &(RtmpEvent) { .type = RTMP_EVENT_MESSAGE, .stream_id = stream_id, .message = message });
  return TRUE;
}

static gboolean
server_user_control (RtmpSession *session, const RtmpControl *control, gint64 now, GError **error)
{
  RtmpServer *server = get_server (session);

  (void) error;
  if (control->event != RTMP_USER_PING_RESPONSE || !server->ping_sent
      || control->value != server->ping_timestamp)
    return TRUE;
  server->ping_sent = FALSE;
  rtmp_session_set_round_trip (session, now - server->ping_time);
  return TRUE;
}

static const RtmpRole server_role = {
  .name = "server",
  .handshaken = server_handshaken,
  .command = server_command,
  .media = server_media,
  .user_control = server_user_control,
  .free = server_free,
};

RtmpSession *
rtmp_server_new (const RtmpServerConfig *config, gint64 now)
{
  RtmpServer *server = g_new0 (RtmpServer, 1);
  RtmpHandshake *handshake = rtmp_handshake_new_server ((guint32) (now / 1000), config->random);

  server->chunk_size = config->chunk_size;
  server->window_size = config->window_size;
  server->username = g_strdup (config->username);
  server->password = g_strdup (config->password);
  server->auth_salt = g_strdup (config->auth_salt);
  server->auth_challenge = g_strdup (config->auth_challenge);
  server->caps_ex = config->caps_ex;
  server->timeout = config->timeout;
  return rtmp_session_new (&server_role, server, handshake, config->timeout, now);
}

const gchar *
rtmp_server_get_app (const RtmpSession *session)
{
  return get_server (session)->app;
}

const gchar *
rtmp_server_get_tc_url (const RtmpSession *session)
{
  return get_server (session)->tc_url;
}

const gchar *
rtmp_server_get_flash_version (const RtmpSession *session)
{
  return get_server (session)->flash_version;
}

/* -- Decisions -- */

static void
accept_connect (RtmpSession *session, const Request *request)
{
  RtmpServer *server = get_server (session);

  server->connected = TRUE;
  if (server->window_size > 0) {
    rtmp_session_announce_window (session, server->window_size);
    rtmp_session_send (session,
        rtmp_control_new_peer_bandwidth (server->window_size, RTMP_BANDWIDTH_DYNAMIC));
  }
  if (server->chunk_size > 0 && server->chunk_size != RTMP_DEFAULT_CHUNK_SIZE)
    rtmp_session_set_chunk_size (session, server->chunk_size);
  rtmp_session_send (session, rtmp_control_new_user (RTMP_USER_STREAM_BEGIN, 0));
  rtmp_answer_connect (session, request->transaction, server->caps_ex);
}

static void
accept_stream (RtmpSession *session, const Request *request)
{
  RtmpServerStream *stream = rtmp_server_streams_find (&get_server (session)->streams,
      request->stream_id);

  if (request->type == REQUEST_PUBLISH) {
    rtmp_server_stream_use (stream, RTMP_STREAM_PUBLISHING);
    rtmp_answer_publish (session, request->stream_id);
  } else {
    rtmp_server_stream_use (stream, RTMP_STREAM_PLAYING);
    rtmp_answer_play (session, request->stream_id, request->reset);
  }
}

/* Returns: FALSE if nothing waits for a decision */
static gboolean
take_request (RtmpSession *session, Request *request)
{
  RtmpServer *server = get_server (session);

  *request = server->request;
  server->request.type = REQUEST_NONE;
  rtmp_session_set_undecided (session, FALSE);
  return request->type != REQUEST_NONE;
}

void
rtmp_server_accept (RtmpSession *session, gint64 now)
{
  Request request;

  if (!take_request (session, &request))
    return;
  if (request.type == REQUEST_CONNECT)
    accept_connect (session, &request);
  else
    accept_stream (session, &request);
  update_stage (session, now);
}

void
rtmp_server_reject (RtmpSession *session, const RtmpStatus *status, gint64 now)
{
  Request request;

  if (!take_request (session, &request))
    return;
  if (request.type == REQUEST_CONNECT)
    rtmp_answer_error (session, request.transaction, status);
  else
    rtmp_session_reply_command (session, rtmp_status_command_new ("onStatus", status),
        request.stream_id);
  await_client (session, now);
}

/* -- Towards players -- */

void
rtmp_server_send_media (RtmpSession *session, guint32 stream_id, RtmpMessage *message)
{
  RtmpServerStream *stream = rtmp_server_streams_find_player (&get_server (session)->streams,
      stream_id);

  if (!stream || !rtmp_server_stream_wants (stream, message)) {
    rtmp_message_unref (message);
    return;
  }
  message->stream_id = stream_id;
  rtmp_session_send (session, message);
}

void
rtmp_server_send_status (RtmpSession *session, guint32 stream_id, const RtmpStatus *status)
{
  rtmp_session_send_command (session, rtmp_status_command_new ("onStatus", status), stream_id);
}

void
rtmp_server_notify_published (RtmpSession *session, guint32 stream_id, gboolean published)
{
  if (rtmp_server_streams_find_player (&get_server (session)->streams, stream_id))
    rtmp_say_published (session, stream_id, published);
}

void
rtmp_server_end_play (RtmpSession *session, guint32 stream_id, gboolean complete)
{
  RtmpServerStream *stream = rtmp_server_streams_find_player (&get_server (session)->streams,
      stream_id);

  if (!stream)
    return;
  rtmp_say_play_end (session, stream_id, complete);
  rtmp_server_stream_use (stream, RTMP_STREAM_IDLE);
}

void
rtmp_server_ping (RtmpSession *session, gint64 now)
{
  RtmpServer *server = get_server (session);

  server->ping_sent = TRUE;
  server->ping_time = now;
  server->ping_timestamp = (guint32) (now / 1000);
  rtmp_session_send (session,
      rtmp_control_new_user (RTMP_USER_PING_REQUEST, server->ping_timestamp));
}
