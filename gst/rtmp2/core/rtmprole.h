/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_ROLE_H
#define RTMP_ROLE_H

#include "rtmpcontrol.h"
#include "rtmphandshake.h"
#include "rtmpsession.h"

G_BEGIN_DECLS

/**
 * RtmpRole: the seam between a session, which speaks the protocol, and a role,
 * which runs a command sequence. For rtmpclient.c and rtmpserver.c only.
 *
 * Handlers that return %FALSE set an error, which ends the session.
 * @handshaken: the peer's handshake is complete: the role may send
 * @command: a command (types 17, 20) on @stream_id
 * @media: audio, video or data; @message: (transfer full)
 * @user_control: a user control event other than pings, which the session answers
 * @free: frees the role's data
 */
typedef struct {
  const gchar *name;
  gboolean (*handshaken) (RtmpSession *session, gint64 now, GError **error);
  gboolean (*command) (RtmpSession *session, const RtmpCommand *command, guint32 stream_id,
      gint64 now, GError **error);
  gboolean (*media) (RtmpSession *session, RtmpMessage *message, gint64 now, GError **error);
  gboolean (*user_control) (RtmpSession *session, const RtmpControl *control, gint64 now,
      GError **error);
  void (*free) (gpointer data);
} RtmpRole;

/**
 * rtmp_session_new:
 * @data: (transfer full): the role's own state
 * @handshake: (transfer full): the role's side of the handshake
 * @timeout: microseconds each stage may take; 0 = for ever
 * @now: monotonic microseconds
 *
 * Returns: (transfer full): a session in RTMP_STAGE_HANDSHAKE
 */
RtmpSession *rtmp_session_new (const RtmpRole *role, gpointer data, RtmpHandshake *handshake,
    gint64 timeout, gint64 now);

gpointer rtmp_session_get_role_data (const RtmpSession *session);

/* Enters @stage and begins its deadline (@timeout of rtmp_session_new(); none while
 * STREAMING, CLOSING or ENDED). Queues a STAGE event. */
void rtmp_session_set_stage (RtmpSession *session, RtmpStage stage, gint64 now);
/* Replaces the present deadline: monotonic microseconds, -1 = none; @what is a static string. */
void rtmp_session_set_deadline (RtmpSession *session, gint64 deadline, const gchar *what);

/* From now on the wait for media counts: @idle_timeout microseconds from each
 * rtmp_session_touch(), 0 = for ever. */
void rtmp_session_begin_idle (RtmpSession *session, gint64 idle_timeout, gint64 now);

/* Queues an event; takes over what it owns. */
void rtmp_session_push_event (RtmpSession *session, const RtmpEvent *event);
void rtmp_session_push_status (RtmpSession *session, RtmpEventType type, const RtmpStatus *status);
void rtmp_session_push_warning (RtmpSession *session, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3);
/* The server role waits for a decision: feed stops taking bytes until this is reset. */
void rtmp_session_set_undecided (RtmpSession *session, gboolean undecided);

/* Queues any message; @message: (transfer full). */
void rtmp_session_send (RtmpSession *session, RtmpMessage *message);
/* Queues a command; @command: (transfer full). */
void rtmp_session_send_command (RtmpSession *session, RtmpCommand *command, guint32 stream_id);
/* Queues an answer to something the peer may ask as often as it likes; @message: (transfer
 * full). With RTMP_MAX_PENDING_REPLIES waiting for the socket it is dropped. */
void rtmp_session_reply (RtmpSession *session, RtmpMessage *message);
void rtmp_session_reply_command (RtmpSession *session, RtmpCommand *command, guint32 stream_id);

/**
 * rtmp_session_call:
 * @command: (transfer full): with a nonzero transaction id
 *
 * Queues a command and remembers that its _result or _error is awaited, for
 * rtmp_session_answered(). At RTMP_MAX_PENDING_COMMANDS the oldest is forgotten.
 */
void rtmp_session_call (RtmpSession *session, RtmpCommand *command, guint32 stream_id, gint64 now);

/**
 * rtmp_session_answered:
 * @transaction: of a _result or _error
 *
 * Finds and forgets the command that is answered.
 *
 * Returns: (transfer none) (nullable): its name, as an interned string
 */
const gchar *rtmp_session_answered (RtmpSession *session, gdouble transaction, gint64 now);

/* Notes how long an answer took that rtmp_session_answered() does not see, in microseconds. */
void rtmp_session_set_round_trip (RtmpSession *session, gint64 round_trip);

/* Sends Window Acknowledgement Size unless one was sent before (peers.md Q34). */
void rtmp_session_announce_window (RtmpSession *session, guint32 size);
/* The message stream that rtmp_session_send_media() uses, which may be used from now on. */
void rtmp_session_set_media_stream (RtmpSession *session, guint32 stream_id);
/* Counts a received message that is not passed on. */
void rtmp_session_count_dropped (RtmpSession *session);
RtmpPeerCaps *rtmp_session_edit_peer_caps (RtmpSession *session);

G_END_DECLS

#endif
