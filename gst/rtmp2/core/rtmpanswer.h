/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_ANSWER_H
#define RTMP_ANSWER_H

#include "rtmprole.h"

G_BEGIN_DECLS

/*
 *  What a server says (RTMP 1.0, 7.2; protocol.md 18 to 22)
 *  _result   transaction  null        value
 *  _result   transaction  properties  info         of connect
 *  _error    transaction  null        info
 *  onStatus  0            null        info         on the message stream
 *  info: {level, code, description ...}
 *
 *  Answers to what a client may ask as often as it likes are bounded: see
 *  rtmp_session_reply().
 */

/* Answers a call; one with transaction id 0 wants no answer (RTMP 1.0, 7.2.1.2).
 * @value: (transfer full) */
void rtmp_answer_result (RtmpSession *session, gdouble transaction, RtmpAmf *value);
/* Answers a call whatever its transaction id is. */
void rtmp_answer_error (RtmpSession *session, gdouble transaction, const RtmpStatus *status);
/* _error with NetConnection.Call.Failed, unless the transaction id is 0. */
void rtmp_answer_call_failed (RtmpSession *session, gdouble transaction, const gchar *description);

/* (transfer full): @name, such as "onStatus", with transaction id 0 and @status as its info */
RtmpCommand *rtmp_status_command_new (const gchar *name, const RtmpStatus *status);
/* onStatus on @stream_id. */
void rtmp_answer_status (RtmpSession *session, guint32 stream_id, const gchar *level,
    const gchar *code, const gchar *description);

/**
 * rtmp_answer_connect:
 * @caps_ex: E-RTMP capsEx, stated to a client that declared Enhanced RTMP
 *
 * The _result of connect. Commands are sent in AMF0 whatever the client could read,
 * so objectEncoding is 0.
 */
void rtmp_answer_connect (RtmpSession *session, gdouble transaction, guint caps_ex);

/* StreamBegin, NetStream.Publish.Start. */
void rtmp_answer_publish (RtmpSession *session, guint32 stream_id);
/* StreamBegin, NetStream.Play.Reset where @reset, NetStream.Play.Start, |RtmpSampleAccess. */
void rtmp_answer_play (RtmpSession *session, guint32 stream_id, gboolean reset);

/* FCPublish, FCUnpublish, FCSubscribe or FCUnsubscribe: as Flash Media Server does,
 * with _result and a command of its own, such as onFCPublish. */
void rtmp_answer_fc (RtmpSession *session, const RtmpCommand *command);

/* A player's stream got or lost its publisher: NetStream.Play.PublishNotify and StreamBegin,
 * or NetStream.Play.UnpublishNotify and StreamEOF. Not bounded, as no client asks for it. */
void rtmp_say_published (RtmpSession *session, guint32 stream_id, gboolean published);
/* [onPlayStatus Play.Complete,] NetStream.Play.Stop, StreamEOF. Not bounded either. */
void rtmp_say_play_end (RtmpSession *session, guint32 stream_id, gboolean complete);

G_END_DECLS

#endif
