/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CLIENT_STATUS_H
#define RTMP_CLIENT_STATUS_H

#include "rtmpstatus.h"

G_BEGIN_DECLS

/**
 * RtmpClientStatus: what an onStatus of the server's means to a client.
 */
typedef enum {
  RTMP_CLIENT_STATUS_PASS,  /* nothing that it must act on */
  RTMP_CLIENT_STATUS_READY, /* publish or play was accepted */
  RTMP_CLIENT_STATUS_END,   /* the stream ended */
  RTMP_CLIENT_STATUS_FAIL,  /* a refusal, or a failure later */
  RTMP_CLIENT_STATUS_VOID,  /* to be ignored: it contradicts itself */
} RtmpClientStatus;

/* By code; where the code says nothing, by level (protocol.md 22 and 35). */
RtmpClientStatus rtmp_client_status_action (const RtmpStatus *status, gboolean publishing);

G_END_DECLS

#endif
