/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpanswer.h"

#include <string.h>

/* What servers call themselves in the answer to connect; clients read it as a capability. */
#define SERVER_VERSION "FMS/3,0,1,123"
#define SERVER_CAPABILITIES 31
/* E-RTMP, FourCcInfoMask: media passes through unchanged. */
#define FOURCC_CAN_FORWARD 4

void
rtmp_answer_result (RtmpSession *session, gdouble transaction, RtmpAmf *value)
{
  RtmpCommand *answer;

  if (transaction == 0) {
    rtmp_amf_unref (value);
    return;
  }
  answer = rtmp_command_new ("_result", transaction);
  rtmp_command_add (answer, rtmp_amf_new_null ());
  rtmp_command_add (answer, value);
  rtmp_session_reply_command (session, answer, 0);
}

void
rtmp_answer_error (RtmpSession *session, gdouble transaction, const RtmpStatus *status)
{
  RtmpCommand *answer = rtmp_command_new ("_error", transaction);

  rtmp_command_add (answer, rtmp_amf_new_null ());
  rtmp_command_add (answer, rtmp_status_to_amf (status));
  rtmp_session_reply_command (session, answer, 0);
}

void
rtmp_answer_call_failed (RtmpSession *session, gdouble transaction, const gchar *description)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", "NetConnection.Call.Failed",
      description);

  if (transaction != 0)
    rtmp_answer_error (session, transaction, status);
}

RtmpCommand *
rtmp_status_command_new (const gchar *name, const RtmpStatus *status)
{
  RtmpCommand *command = rtmp_command_new (name, 0);

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_command_add (command, rtmp_status_to_amf (status));
  return command;
}

void
rtmp_answer_status (RtmpSession *session, guint32 stream_id, const gchar *level, const gchar *code,
    const gchar *description)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new (level, code, description);

  rtmp_session_reply_command (session, rtmp_status_command_new ("onStatus", status), stream_id);
}

static RtmpAmf *
new_fourcc_map (void)
{
  RtmpAmf *map = rtmp_amf_new_object ();

  rtmp_amf_set_number (map, "*", FOURCC_CAN_FORWARD);
  return map;
}

/* Enhanced RTMP v2, "Enhancing NetConnection connect Command": the client declares
 * its support, and the server states its own in the answer. */
static void
add_caps (RtmpAmf *info, guint caps_ex)
{
  RtmpAmf *list = rtmp_amf_new_strict_array ();

  rtmp_amf_append (list, rtmp_amf_new_string ("*"));
  rtmp_amf_set (info, "fourCcList", list);
  rtmp_amf_set (info, "videoFourCcInfoMap", new_fourcc_map ());
  rtmp_amf_set (info, "audioFourCcInfoMap", new_fourcc_map ());
  rtmp_amf_set_number (info, "capsEx", caps_ex);
}

static RtmpAmf *
new_connect_properties (void)
{
  RtmpAmf *properties = rtmp_amf_new_object ();

  rtmp_amf_set_string (properties, "fmsVer", SERVER_VERSION);
  rtmp_amf_set_number (properties, "capabilities", SERVER_CAPABILITIES);
  rtmp_amf_set_number (properties, "mode", 1);
  return properties;
}

void
rtmp_answer_connect (RtmpSession *session, gdouble transaction, guint caps_ex)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "NetConnection.Connect.Success",
      "Connection succeeded.");
  RtmpCommand *result = rtmp_command_new ("_result", transaction);
  RtmpAmf *info = rtmp_status_to_amf (status);

  rtmp_amf_set_number (info, "objectEncoding", 0);
  if (rtmp_session_get_peer_caps (session)->declared)
    add_caps (info, caps_ex);
  rtmp_command_add (result, new_connect_properties ());
  rtmp_command_add (result, info);
  rtmp_session_send_command (session, result, 0);
}

void
rtmp_answer_publish (RtmpSession *session, guint32 stream_id)
{
  rtmp_session_reply (session, rtmp_control_new_user (RTMP_USER_STREAM_BEGIN, stream_id));
  rtmp_answer_status (session, stream_id, "status", "NetStream.Publish.Start", "Publishing.");
}

/* What Flash players need before they look into the media. */
static void
answer_sample_access (RtmpSession *session, guint32 stream_id)
{
  g_autoptr (RtmpCommand) access = rtmp_command_new ("|RtmpSampleAccess", 0);

  rtmp_command_add (access, rtmp_amf_new_boolean (TRUE));
  rtmp_command_add (access, rtmp_amf_new_boolean (TRUE));
  rtmp_session_reply (session, rtmp_command_to_data_message (access, stream_id, 0));
}

void
rtmp_answer_play (RtmpSession *session, guint32 stream_id, gboolean reset)
{
  rtmp_session_reply (session, rtmp_control_new_user (RTMP_USER_STREAM_BEGIN, stream_id));
  if (reset)
    rtmp_answer_status (session, stream_id, "status", "NetStream.Play.Reset",
        "Playing and resetting.");
  rtmp_answer_status (session, stream_id, "status", "NetStream.Play.Start", "Playing.");
  answer_sample_access (session, stream_id);
}

static const struct {
  const gchar *name;
  const gchar *notice;
  const gchar *code;
} fc_commands[] = {
  { "FCPublish", "onFCPublish", "NetStream.Publish.Start" },
  { "FCUnpublish", "onFCUnpublish", "NetStream.Unpublish.Success" },
  { "FCSubscribe", "onFCSubscribe", "NetStream.Play.Start" },
  { "FCUnsubscribe", "onFCUnsubscribe", "NetStream.Play.Stop" },
};

void
rtmp_answer_fc (RtmpSession *session, const RtmpCommand *command)
{
  const gchar *stream = rtmp_amf_get_string (rtmp_command_get (command, 1));
  guint i;

  rtmp_answer_result (session, command->transaction, rtmp_amf_new_undefined ());
  for (i = 0; i < G_N_ELEMENTS (fc_commands); i++) {
    g_autoptr (RtmpStatus) status = NULL;

    if (strcmp (fc_commands[i].name, command->name) != 0)
      continue;
    status = rtmp_status_new ("status", fc_commands[i].code, stream);
    rtmp_session_reply_command (session, rtmp_status_command_new (fc_commands[i].notice, status),
        0);
  }
}

/* -- What the server says without being asked -- */

static void
say (RtmpSession *session, guint32 stream_id, const gchar *code, const gchar *description)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", code, description);

  rtmp_session_send_command (session, rtmp_status_command_new ("onStatus", status), stream_id);
}

void
rtmp_say_published (RtmpSession *session, guint32 stream_id, gboolean published)
{
  if (published)
    say (session, stream_id, "NetStream.Play.PublishNotify", "The stream is published.");
  else
    say (session, stream_id, "NetStream.Play.UnpublishNotify",
        "The stream is no longer published.");
  rtmp_session_send (session,
      rtmp_control_new_user (published ? RTMP_USER_STREAM_BEGIN : RTMP_USER_STREAM_EOF, stream_id));
}

static void
say_play_complete (RtmpSession *session, guint32 stream_id)
{
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "NetStream.Play.Complete",
      "The stream was played to its end.");
  g_autoptr (RtmpCommand) command = rtmp_command_new ("onPlayStatus", 0);

  rtmp_command_add (command, rtmp_status_to_amf (status));
  rtmp_session_send (session, rtmp_command_to_data_message (command, stream_id, 0));
}

void
rtmp_say_play_end (RtmpSession *session, guint32 stream_id, gboolean complete)
{
  if (complete)
    say_play_complete (session, stream_id);
  say (session, stream_id, "NetStream.Play.Stop", "The stream has ended.");
  rtmp_session_send (session, rtmp_control_new_user (RTMP_USER_STREAM_EOF, stream_id));
}
