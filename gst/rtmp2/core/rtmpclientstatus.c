/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpclientstatus.h"

#include <string.h>

#define PASS RTMP_CLIENT_STATUS_PASS
#define READY RTMP_CLIENT_STATUS_READY
#define END RTMP_CLIENT_STATUS_END
#define FAIL RTMP_CLIENT_STATUS_FAIL

/* Codes that mean the same whatever level a server gives them (protocol.md 22). */
static const struct {
  const gchar *code;
  RtmpClientStatus publishing;
  RtmpClientStatus playing;
} actions[] = {
  { "NetStream.Publish.Start", READY, PASS },
  { "NetStream.Publish.BadName", FAIL, FAIL },
  { "NetStream.Publish.Rejected", FAIL, FAIL },
  { "NetStream.Publish.Denied", FAIL, FAIL },
  { "NetStream.Publish.Unauthorized", FAIL, FAIL },
  { "NetStream.Publish.Failed", FAIL, FAIL },
  { "NetStream.Unpublish.Success", FAIL, PASS },
  { "NetStream.Play.Start", PASS, READY },
  { "NetStream.Play.PublishNotify", PASS, READY },
  { "NetStream.Play.UnpublishNotify", PASS, END },
  { "NetStream.Play.Stop", PASS, END },
  { "NetStream.Play.Complete", PASS, END },
  { "NetStream.Play.StreamNotFound", FAIL, FAIL },
  { "NetStream.Play.Failed", FAIL, FAIL },
  { "NetStream.Play.Unauthorized", FAIL, FAIL },
  { "NetConnection.Connect.Rejected", FAIL, FAIL },
  { "NetConnection.Connect.Failed", FAIL, FAIL },
  { "NetConnection.Connect.InvalidApp", FAIL, FAIL },
  { "NetConnection.Connect.Closed", FAIL, FAIL },
  { "NetConnection.Connect.AppShutdown", FAIL, FAIL },
};

/* protocol.md 35: a request to reconnect is of level "status", or none. */
static gboolean
is_void (const RtmpStatus *status)
{
  return strcmp (status->code, "NetConnection.Connect.ReconnectRequest") == 0
      && strcmp (status->level, "status") != 0;
}

RtmpClientStatus
rtmp_client_status_action (const RtmpStatus *status, gboolean publishing)
{
  guint i;

  if (is_void (status))
    return RTMP_CLIENT_STATUS_VOID;
  for (i = 0; i < G_N_ELEMENTS (actions); i++) {
    if (strcmp (status->code, actions[i].code) == 0)
      return publishing ? actions[i].publishing : actions[i].playing;
  }
  return strcmp (status->level, "error") == 0 ? FAIL : PASS;
}
