/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpclientsend.h"

#include "rtmpcrypto.h"
#include "rtmplimits.h"
#include "rtmprole.h"

static RtmpClient *
get_client (const RtmpSession *session)
{
  return rtmp_session_get_role_data (session);
}

/* (transfer full): a command with the next transaction id and a null object */
static RtmpCommand *
new_call (RtmpClient *client, const gchar *name)
{
  RtmpCommand *command = rtmp_command_new (name, ++client->last_transaction);

  rtmp_command_add (command, rtmp_amf_new_null ());
  return command;
}

static RtmpCommand *
new_named_call (RtmpClient *client, const gchar *name)
{
  RtmpCommand *command = new_call (client, name);

  rtmp_command_add (command, rtmp_amf_new_string (client->stream));
  return command;
}

/* -- The beginning -- */

void
rtmp_client_send_connect (RtmpSession *session, gint64 now)
{
  RtmpClient *client = get_client (session);

  if (client->chunk_size != RTMP_DEFAULT_CHUNK_SIZE)
    rtmp_session_set_chunk_size (session, client->chunk_size);
  client->last_transaction = client->connect_transaction = client->connect->transaction;
  rtmp_session_call (session, g_steal_pointer (&client->connect), 0, now);
}

gboolean
rtmp_client_send_secure_token_response (RtmpSession *session, const gchar *token, GError **error)
{
  RtmpClient *client = get_client (session);
  RtmpCommand *command;
  gchar *answer;

  if (!client->secure_token || !*client->secure_token) {
    rtmp_session_push_warning (session, "The server asks for a secure token and none is set");
    return TRUE;
  }
  answer = rtmp_secure_token_decrypt (client->secure_token, token, error);
  if (!answer)
    return FALSE;
  command = rtmp_command_new ("secureTokenResponse", 0);
  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_command_add (command, rtmp_amf_new_string (answer));
  rtmp_session_send_command (session, command, 0);
  rtmp_secret_free (answer);
  return TRUE;
}

void
rtmp_client_send_create_stream (RtmpSession *session, gint64 now)
{
  RtmpClient *client = get_client (session);

  if (client->publish) {
    rtmp_session_call (session, new_named_call (client, "releaseStream"), 0, now);
    rtmp_session_call (session, new_named_call (client, "FCPublish"), 0, now);
  }
  rtmp_session_call (session, new_call (client, "createStream"), 0, now);
  client->create_transaction = client->last_transaction;
}

static void
send_publish (RtmpSession *session, gint64 now)
{
  RtmpClient *client = get_client (session);
  RtmpCommand *command = new_named_call (client, "publish");

  rtmp_command_add (command, rtmp_amf_new_string ("live"));
  rtmp_session_call (session, command, client->stream_id, now);
}

static void
send_play (RtmpSession *session, gint64 now)
{
  RtmpClient *client = get_client (session);
  RtmpCommand *command = new_named_call (client, "play");

  rtmp_command_add (command, rtmp_amf_new_number (client->live == 1 ? -1 : -2));
  rtmp_session_call (session, command, client->stream_id, now);
  if (client->buffer_ms > 0)
    rtmp_session_send (session,
        rtmp_control_new_set_buffer_length (client->stream_id, client->buffer_ms));
}

void
rtmp_client_send_start (RtmpSession *session, guint32 stream_id, gint64 now)
{
  RtmpClient *client = get_client (session);

  client->stream_id = stream_id;
  client->start_sent = TRUE;
  if (client->publish)
    send_publish (session, now);
  else
    send_play (session, now);
}

void
rtmp_client_send_all (RtmpSession *session, gint64 now)
{
  RtmpClient *client = get_client (session);

  rtmp_client_send_connect (session, now);
  rtmp_session_announce_window (session, client->window_size);
  rtmp_client_send_create_stream (session, now);
  rtmp_client_send_start (session, RTMP_CLIENT_EXPECTED_STREAM_ID, now);
  if (!client->publish)
    return;
  rtmp_session_set_media_stream (session, client->stream_id);
  rtmp_session_push_event (session, &(RtmpEvent) { .type = RTMP_EVENT_SENDABLE });
}

/* -- The end -- */

static void
send_fc_unpublish (RtmpSession *session)
{
  rtmp_session_send_command (session, new_named_call (get_client (session), "FCUnpublish"), 0);
}

static void
send_close_stream (RtmpSession *session)
{
  RtmpCommand *command = rtmp_command_new ("closeStream", 0);

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_session_send_command (session, command, get_client (session)->stream_id);
}

static void
send_delete_stream (RtmpSession *session)
{
  RtmpClient *client = get_client (session);
  RtmpCommand *command = new_call (client, "deleteStream");

  rtmp_command_add (command, rtmp_amf_new_number (client->stream_id));
  rtmp_session_send_command (session, command, 0);
}

void
rtmp_client_stop (RtmpSession *session, RtmpStopCommands commands, gint64 now)
{
  RtmpClient *client = get_client (session);

  if (rtmp_session_get_stage (session) >= RTMP_STAGE_CLOSING)
    return;
  if (client->create_transaction > 0 && client->publish && commands & RTMP_STOP_FCUNPUBLISH)
    send_fc_unpublish (session);
  if (client->start_sent && commands & RTMP_STOP_CLOSE_STREAM)
    send_close_stream (session);
  if (client->start_sent && commands & RTMP_STOP_DELETE_STREAM)
    send_delete_stream (session);
  rtmp_session_set_stage (session, RTMP_STAGE_CLOSING, now);
}
