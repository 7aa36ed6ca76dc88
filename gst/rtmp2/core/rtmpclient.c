/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpclient.h"

#include <string.h>

#include "rtmpclientsend.h"
#include "rtmpclientstatus.h"
#include "rtmpcrypto.h"
#include "rtmpcursor.h"
#include "rtmpdataframe.h"
#include "rtmperror.h"
#include "rtmplimits.h"
#include "rtmprole.h"

/*
 * What a client sends, and what it waits for in the strict order (peers.md, defaults):
 *
 *   handshake            -> SetChunkSize, connect
 *   connect's _result    -> WindowAckSize, [secureTokenResponse],
 *                           [releaseStream, FCPublish,] createStream
 *   createStream _result -> publish, or play and SetBufferLength
 *   onStatus             -> media
 *
 * A fast start sends all of the right side behind the handshake, or with it, and then goes through
 * the same stages as the answers come.
 */
static void
client_free (gpointer data)
{
  RtmpClient *client = data;

  g_clear_pointer (&client->connect, rtmp_command_free);
  g_clear_pointer (&client->started, rtmp_status_free);
  g_free (client->app);
  g_free (client->stream);
  rtmp_secret_free (client->secure_token);
  g_free (client);
}

static RtmpClient *
get_client (const RtmpSession *session)
{
  return rtmp_session_get_role_data (session);
}

/* -- Stages -- */

/* After rtmp_client_stop() nothing the server says leads any further. */
static gboolean
is_stopped (const RtmpSession *session)
{
  return rtmp_session_get_stage (session) >= RTMP_STAGE_CLOSING;
}

static void
become_ready (RtmpSession *session, const RtmpStatus *status, gint64 now)
{
  RtmpClient *client = get_client (session);

  if (client->ready)
    return;
  client->ready = TRUE;
  if (client->publish) {
    rtmp_session_set_media_stream (session, client->stream_id);
    rtmp_session_set_stage (session, RTMP_STAGE_STREAMING, now);
  }
  rtmp_session_push_status (session, RTMP_EVENT_READY, status);
}

/* The earliest answer that is missing makes the stage. No answer to play is required: a server may
 * withhold Play.Start until somebody publishes (peers.md Q8, Q37). */
static RtmpStage
find_stage (const RtmpClient *client)
{
  if (!client->connected)
    return RTMP_STAGE_CONNECT;
  if (!client->stream_created)
    return RTMP_STAGE_CREATE_STREAM;
  return client->publish ? RTMP_STAGE_START : RTMP_STAGE_STREAMING;
}

static void
enter_stage (RtmpSession *session, gint64 now)
{
  RtmpClient *client = get_client (session);
  RtmpStage stage = find_stage (client);

  if (stage == rtmp_session_get_stage (session))
    return;
  rtmp_session_set_stage (session, stage, now);
  if (stage == RTMP_STAGE_STREAMING)
    rtmp_session_begin_idle (session, client->idle_timeout, now);
  if (client->started && stage >= RTMP_STAGE_START)
    become_ready (session, client->started, now);
}

static gboolean
client_handshaken (RtmpSession *session, gint64 now, GError **error)
{
  (void) error;
  if (is_stopped (session))
    return TRUE;
  switch (get_client (session)->fast_start) {
    case RTMP_FAST_START_NONE:
      rtmp_client_send_connect (session, now);
      break;
    case RTMP_FAST_START_PIPELINED:
      rtmp_client_send_all (session, now);
      break;
    case RTMP_FAST_START_IMMEDIATE:
      break;
  }
  enter_stage (session, now);
  return TRUE;
}

/* In the strict order only what was asked for can be accepted. */
static void
take_start (RtmpSession *session, const RtmpStatus *status, gint64 now)
{
  RtmpClient *client = get_client (session);

  if (rtmp_session_get_stage (session)
      >= (client->publish ? RTMP_STAGE_START : RTMP_STAGE_STREAMING)) {
    become_ready (session, status, now);
  } else if (client->start_sent && !client->started) {
    client->started = rtmp_status_copy (status);
  }
}

/* -- Statuses -- */

static void
end_stream (RtmpSession *session, const RtmpStatus *status, gint64 now)
{
  rtmp_session_push_status (session, RTMP_EVENT_END, status);
  rtmp_session_set_stage (session, RTMP_STAGE_ENDED, now);
}

static GError *
redirect_error (const RtmpStatus *status)
{
  g_autoptr (RtmpLocation) target = rtmp_location_parse (status->redirect, NULL);
  g_autofree gchar *display = target ? rtmp_location_to_display (target) : NULL;
  GError *error = g_error_new (RTMP_ERROR, RTMP_ERROR_REDIRECT, "The server redirects to %s",
      display ? display : "another address");

  rtmp_error_set_status (error, status->code, status->description);
  return error;
}

/* What goes wrong after the start is no refusal, whatever its code says. */
static GError *
status_error (const RtmpClient *client, const RtmpStatus *status, const gchar *context)
{
  GError *error = rtmp_status_to_error (status,
      client->ready ? "to go on with the stream" : context);

  if (client->ready)
    error->code = RTMP_ERROR_STREAM_FAILED;
  return error;
}

/* Of a redirection the owner needs the address, which an error does not carry. */
static gboolean
fail_with_status (RtmpSession *session, const RtmpStatus *status, const gchar *context,
    GError **error)
{
  if (status->redirect) {
    rtmp_session_push_status (session, RTMP_EVENT_STATUS, status);
    g_propagate_error (error, redirect_error (status));
  } else {
    g_propagate_error (error, status_error (get_client (session), status, context));
  }
  return FALSE;
}

static const gchar *
status_context (const RtmpSession *session)
{
  if (rtmp_session_get_stage (session) <= RTMP_STAGE_CONNECT)
    return "connect";
  return get_client (session)->publish ? "publish" : "play";
}

static gboolean
handle_status (RtmpSession *session, const RtmpStatus *status, gint64 now, GError **error)
{
  RtmpClient *client = get_client (session);

  switch (rtmp_client_status_action (status, client->publish)) {
    case RTMP_CLIENT_STATUS_READY:
      take_start (session, status, now);
      return TRUE;
    case RTMP_CLIENT_STATUS_END:
      if (client->ready)
        end_stream (session, status, now);
      else
        rtmp_session_push_status (session, RTMP_EVENT_STATUS, status);
      return TRUE;
    case RTMP_CLIENT_STATUS_FAIL:
      return fail_with_status (session, status, status_context (session), error);
    case RTMP_CLIENT_STATUS_VOID:
      rtmp_session_push_warning (session, "A request to reconnect of level \"%s\" is ignored",
          status->level);
      return TRUE;
    default:
      rtmp_session_push_status (session, RTMP_EVENT_STATUS, status);
      return TRUE;
  }
}

/* -- Commands of the server -- */

static const RtmpAmf *
find_info (const RtmpCommand *command)
{
  guint i;

  for (i = 0; i < command->args->len; i++) {
    const RtmpAmf *arg = rtmp_command_get (command, i);

    if (rtmp_amf_get (arg, "code") || rtmp_amf_get (arg, "description"))
      return arg;
  }
  return NULL;
}

/* Playing or publishing, a status may come on any message stream (peers.md Q5, Q7). */
static gboolean
on_status (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  g_autoptr (RtmpStatus) status = rtmp_status_parse (find_info (command));

  return handle_status (session, status, now, error);
}

static gboolean
on_close (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  (void) session;
  (void) command;
  (void) now;
  g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_CLOSED,
      "The server asked to close the connection");
  return FALSE;
}

static gboolean
on_ping (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  RtmpCommand *pong = rtmp_command_new ("pong", command->transaction);

  (void) now;
  (void) error;
  rtmp_command_add (pong, rtmp_amf_new_null ());
  rtmp_session_reply_command (session, pong, 0);
  return TRUE;
}

static gboolean
on_ignored (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  (void) session;
  (void) command;
  (void) now;
  (void) error;
  return TRUE;
}

/* Any other call of the server's that waits for an answer gets an empty one. */
static gboolean
on_unknown (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  RtmpCommand *reply;

  (void) now;
  (void) error;
  if (command->transaction == 0)
    return TRUE;
  reply = rtmp_command_new ("_result", command->transaction);
  rtmp_command_add (reply, rtmp_amf_new_null ());
  rtmp_command_add (reply, rtmp_amf_new_null ());
  rtmp_session_reply_command (session, reply, 0);
  return TRUE;
}

static gboolean
connected (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  RtmpClient *client = get_client (session);
  const gchar *token = NULL;
  guint i;

  for (i = 0; i < command->args->len; i++) {
    const RtmpAmf *arg = rtmp_command_get (command, i);

    rtmp_peer_caps_read (rtmp_session_edit_peer_caps (session), arg);
    if (!token)
      token = rtmp_amf_get_member_string (arg, "secureToken");
  }
  rtmp_session_announce_window (session, client->window_size);
  if (token && !rtmp_client_send_secure_token_response (session, token, error))
    return FALSE;
  client->connected = TRUE;
  if (client->fast_start == RTMP_FAST_START_NONE)
    rtmp_client_send_create_stream (session, now);
  enter_stage (session, now);
  return TRUE;
}

static gboolean
connect_refused (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  RtmpClient *client = get_client (session);
  g_autoptr (RtmpStatus) status = rtmp_status_parse (find_info (command));
  g_autoptr (GError) fault = NULL;

  if (status->redirect)
    return fail_with_status (session, status, "connect", error);
  if (client->auth
      && rtmp_auth_rejected (client->auth, client->app, status->description, client->auth_nonce,
          &fault)) {
    rtmp_session_push_event (session, &(RtmpEvent) { .type = RTMP_EVENT_AUTHENTICATE });
    rtmp_session_set_stage (session, RTMP_STAGE_ENDED, now);
    return TRUE;
  }
  if (!fault)
    return fail_with_status (session, status, "connect", error);
  rtmp_error_set_status (fault, status->code, status->description);
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

static gboolean
stream_created (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  RtmpClient *client = get_client (session);
  gdouble id = rtmp_amf_get_number (rtmp_command_get (command, 1), -1);

  if (!(id >= 0 && id <= G_MAXUINT32)) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL,
        "The answer to createStream has no valid message stream id");
    return FALSE;
  }
  if (client->start_sent && (guint32) id != client->stream_id) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_FAST_START,
        "The server created message stream %u, not %u", (guint32) id, client->stream_id);
    return FALSE;
  }
  client->stream_created = TRUE;
  if (!client->start_sent)
    rtmp_client_send_start (session, (guint32) id, now);
  enter_stage (session, now);
  return TRUE;
}

static gdouble
awaited_transaction (const RtmpClient *client)
{
  return client->connected ? client->create_transaction : client->connect_transaction;
}

/* Of the commands that go ahead of createStream; what holds no stream id cannot answer that. */
static const gchar *
answered_optional (RtmpSession *session, const RtmpCommand *command, gint64 now)
{
  const RtmpAmf *id = rtmp_command_get (command, 1);
  const gdouble awaited = awaited_transaction (get_client (session));
  const gchar *call;

  if (rtmp_session_get_stage (session) != RTMP_STAGE_CREATE_STREAM
      || (id && rtmp_amf_get_type (id) == RTMP_AMF_NUMBER))
    return NULL;
  call = rtmp_session_answered (session, awaited - 2, now);
  return call ? call : rtmp_session_answered (session, awaited - 1, now);
}

/* Q4: an answer without its transaction id is the one that is waited for, if it can be. */
static const gchar *
answered_call (RtmpSession *session, const RtmpCommand *command, gint64 now)
{
  const gchar *call;

  if (command->transaction != 0)
    return rtmp_session_answered (session, command->transaction, now);
  call = answered_optional (session, command, now);
  return call ? call
              : rtmp_session_answered (session, awaited_transaction (get_client (session)), now);
}

static gboolean
on_result (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  const gchar *call = answered_call (session, command, now);

  if (!call)
    rtmp_session_push_warning (session, "An answer to no command of ours (transaction %g)",
        command->transaction);
  else if (strcmp (call, "connect") == 0)
    return connected (session, command, now, error);
  else if (strcmp (call, "createStream") == 0)
    return stream_created (session, command, now, error);
  return TRUE;
}

/* Q2: refusing the optional commands is no fault. */
static gboolean
on_error (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error)
{
  const gchar *call = answered_call (session, command, now);
  g_autoptr (RtmpStatus) status = rtmp_status_parse (find_info (command));

  if (g_strcmp0 (call, "connect") == 0)
    return connect_refused (session, command, now, error);
  if (g_strcmp0 (call, "createStream") == 0 || g_strcmp0 (call, "publish") == 0
      || g_strcmp0 (call, "play") == 0)
    return fail_with_status (session, status, call, error);
  rtmp_session_push_warning (session, "%s was refused: %s %s", call ? call : "A command",
      status->code, status->description);
  return TRUE;
}

static const struct {
  const gchar *name;
  gboolean (*handle) (RtmpSession *session, const RtmpCommand *command, gint64 now, GError **error);
} server_commands[] = {
  { "_result", on_result },
  { "_error", on_error },
  { "onStatus", on_status },
  { "onPlayStatus", on_status },
  { "close", on_close },
  { "ping", on_ping },
  { "onBWDone", on_ignored },
  { "_onbwdone", on_ignored },
  { "onFCPublish", on_ignored },
  { "onFCUnpublish", on_ignored },
  { "onFCSubscribe", on_ignored },
  { "onFCUnsubscribe", on_ignored },
};

static gboolean
client_command (RtmpSession *session, const RtmpCommand *command, guint32 stream_id, gint64 now,
    GError **error)
{
  guint i;

  (void) stream_id;
  if (is_stopped (session))
    return TRUE;
  for (i = 0; i < G_N_ELEMENTS (server_commands); i++) {
    if (strcmp (command->name, server_commands[i].name) == 0)
      return server_commands[i].handle (session, command, now, error);
  }
  return on_unknown (session, command, now, error);
}

/* -- Media -- */

static gboolean
is_ours (RtmpClient *client, const RtmpMessage *message)
{
  if (client->publish || !client->connected || !client->stream_created)
    return FALSE;
  if (message->stream_id == 0
      && (message->type == RTMP_MESSAGE_AUDIO || message->type == RTMP_MESSAGE_VIDEO))
    client->media_on_zero = TRUE;
  return message->stream_id == 0 || message->stream_id == client->stream_id;
}

static gboolean
has_name (const RtmpMessage *message, const gchar *name)
{
  gsize offset = message->type == RTMP_MESSAGE_DATA_AMF3 ? 1 : 0;
  gsize size = strlen (name);
  guint8 head[3 + 32];

  g_return_val_if_fail (size <= 32, FALSE);
  return rtmp_message_peek (message, offset, head, 3 + size) == 3 + size && head[0] == 0x02
      && rtmp_read_u16 (head + 1) == size && memcmp (head + 3, name, size) == 0;
}

/* Data messages that speak to the client rather than belong to the stream. */
static gboolean
handle_data_status (RtmpSession *session, RtmpMessage *message, gint64 now, GError **error)
{
  g_autoptr (RtmpCommand) command = rtmp_command_parse (message, NULL);

  rtmp_message_unref (message);
  return !command || on_status (session, command, now, error);
}

static RtmpMessage *
strip_set_data_frame (RtmpMessage *message)
{
  RtmpMessage *stripped = rtmp_flv_strip_set_data_frame (message);

  rtmp_message_unref (message);
  return stripped;
}

static gboolean
client_media (RtmpSession *session, RtmpMessage *message, gint64 now, GError **error)
{
  RtmpClient *client = get_client (session);
  gboolean is_data = message->type == RTMP_MESSAGE_DATA_AMF0
      || message->type == RTMP_MESSAGE_DATA_AMF3;

  if (is_stopped (session)) {
    rtmp_message_unref (message);
    return TRUE;
  }
  if (is_data && (has_name (message, "onStatus") || has_name (message, "onPlayStatus")))
    return handle_data_status (session, message, now, error);
  if (!is_ours (client, message) || (is_data && has_name (message, "|RtmpSampleAccess"))) {
    rtmp_session_count_dropped (session);
    rtmp_message_unref (message);
    return TRUE;
  }
  if (!client->ready) {
    g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "", "");

    become_ready (session, status, now);
  }
  rtmp_session_touch (session, now);
  if (is_data)
    message = strip_set_data_frame (message);
  rtmp_session_push_event (session,
      &(RtmpEvent) { .type = RTMP_EVENT_MESSAGE,
          .stream_id = message->stream_id,
          .message = message });
  return TRUE;
}

static gboolean
client_user_control (RtmpSession *session, const RtmpControl *control, gint64 now, GError **error)
{
  RtmpClient *client = get_client (session);
  g_autoptr (RtmpStatus) status = NULL;

  (void) error;
  if (is_stopped (session))
    return TRUE;
  if (control->event == RTMP_USER_SWF_VERIFY_REQUEST)
    rtmp_session_push_warning (session, "The server asks for SWF verification");
  if (control->event != RTMP_USER_STREAM_EOF || client->publish || !client->ready)
    return TRUE;
  if (control->value != client->stream_id && !(control->value == 0 && client->media_on_zero))
    return TRUE;
  status = rtmp_status_new ("status", "StreamEOF", "The server ended the stream");
  end_stream (session, status, now);
  return TRUE;
}

static const RtmpRole client_role = {
  .name = "client",
  .handshaken = client_handshaken,
  .command = client_command,
  .media = client_media,
  .user_control = client_user_control,
  .free = client_free,
};

/* -- Construction -- */

static RtmpCommand *
new_connect (const RtmpClientConfig *config)
{
  const RtmpLocation *location = config->location;
  const gchar *query = config->auth ? rtmp_auth_get_query (config->auth, location->application)
                                    : "";
  g_autofree gchar *app = g_strconcat (location->application, query, NULL);
  g_autofree gchar *plain_tc_url = rtmp_location_to_tc_url (location);
  g_autofree gchar *tc_url = g_strconcat (plain_tc_url, query, NULL);
  RtmpConnectArgs args = {
    .app = app,
    .tc_url = tc_url,
    .swf_url = location->swf_url,
    .page_url = location->page_url,
    .flash_version = config->flash_version,
    .publishing = config->publish,
    .enhanced = TRUE,
    .caps_ex = config->caps_ex,
    .extra = config->extra_args,
  };

  if (!args.flash_version)
    args.flash_version = config->publish ? RTMP_FLASH_VERSION_PUBLISH : RTMP_FLASH_VERSION_PLAY;
  return rtmp_connect_command_new (&args);
}

/* What an answer must be computed for cannot be hurried. */
static RtmpFastStart
choose_fast_start (const RtmpClientConfig *config)
{
  const RtmpLocation *location = config->location;

  if ((location->username && *location->username)
      || (location->secure_token && *location->secure_token))
    return RTMP_FAST_START_NONE;
  return config->fast_start;
}

static RtmpClient *
client_new (const RtmpClientConfig *config)
{
  const RtmpLocation *location = config->location;
  RtmpClient *client = g_new0 (RtmpClient, 1);

  client->publish = config->publish;
  client->fast_start = choose_fast_start (config);
  client->app = g_strdup (location->application);
  client->stream = g_strdup (location->stream);
  client->secure_token = g_strdup (location->secure_token);
  client->live = location->live;
  client->auth = config->auth;
  client->auth_nonce = rtmp_read_u32 (config->random + RTMP_CLIENT_RANDOM_SIZE - 4);
  client->chunk_size = config->chunk_size;
  client->window_size = config->window_size;
  client->buffer_ms = config->buffer_ms;
  client->idle_timeout = config->idle_timeout;
  client->connect = new_connect (config);
  return client;
}

RtmpSession *
rtmp_client_new (const RtmpClientConfig *config, gint64 now)
{
  RtmpClient *client = client_new (config);
  gboolean immediate = client->fast_start == RTMP_FAST_START_IMMEDIATE;
  RtmpHandshake *handshake = rtmp_handshake_new_client (immediate ? RTMP_HANDSHAKE_PLAIN
                                                                  : RTMP_HANDSHAKE_DIGEST_1,
      (guint32) (now / 1000), config->random);
  RtmpSession *session = rtmp_session_new (&client_role, client, handshake, config->timeout, now);

  if (immediate) {
    rtmp_handshake_hurry (handshake);
    rtmp_client_send_all (session, now);
  }
  return session;
}

RtmpFastStart
rtmp_client_get_fast_start (const RtmpSession *session)
{
  return get_client (session)->fast_start;
}

gboolean
rtmp_client_is_sendable (const RtmpSession *session)
{
  const RtmpClient *client = get_client (session);

  return client->publish
      && (client->ready || (client->fast_start != RTMP_FAST_START_NONE && client->start_sent));
}

guint32
rtmp_client_get_stream_id (const RtmpSession *session)
{
  return get_client (session)->stream_id;
}
