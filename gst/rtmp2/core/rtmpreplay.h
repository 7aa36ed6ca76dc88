/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_REPLAY_H
#define RTMP_REPLAY_H

#include "rtmpmessage.h"

G_BEGIN_DECLS

/**
 * RtmpReplay: what a new connection must be sent again: media that was sent and that the server is
 * not known to have accepted, in order. Messages are referenced, not copied. Not locked.
 *
 * Nothing is ever dropped. At RTMP_MAX_REPLAY_BYTES of payload or RTMP_MAX_REPLAY_MESSAGES messages
 * it is full, and whoever adds is to wait until it was confirmed. What is added together all the
 * same is held.
 */
typedef struct _RtmpReplay RtmpReplay;

RtmpReplay *rtmp_replay_new (void);
void rtmp_replay_free (RtmpReplay *replay);

/* @message: (transfer none): about to be sent; one reference more is taken. Its stream id may still be
 * set: that is not looked at. */
void rtmp_replay_add (RtmpReplay *replay, RtmpMessage *message);

/* The server has accepted all that was added, or will never be sent it. Returns it (transfer full)
 * (element-type RtmpMessage): what frees a message's memory may be called when that is freed. */
GPtrArray *rtmp_replay_confirm (RtmpReplay *replay);

/**
 * rtmp_replay_collect:
 * @messages: (element-type RtmpMessage): what is to be sent is appended, (transfer full)
 *
 * Gives all that is not confirmed, the oldest first, and goes on holding it. A message that was sent
 * before may still wait in the old connection, with its stream id: each is given as a message of its
 * own, without other owners, that refers to the payload of the first.
 */
void rtmp_replay_collect (const RtmpReplay *replay, GPtrArray *messages);

/* At a bound, or past it. */
gboolean rtmp_replay_is_full (const RtmpReplay *replay);
guint rtmp_replay_get_length (const RtmpReplay *replay);
/* Of payload. */
guint64 rtmp_replay_get_bytes (const RtmpReplay *replay);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpReplay, rtmp_replay_free)

G_END_DECLS

#endif
