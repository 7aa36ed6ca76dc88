/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_PEER_VOICE_H
#define RTMP_PEER_VOICE_H

#include "rtmppeerrecord.h"

G_BEGIN_DECLS

/**
 * RtmpPeerVoice: what a peer says: the output of the server role, taken apart into messages,
 * changed as the quirks of an RtmpPeerConfig want it, and put together again.
 */
typedef struct _RtmpPeerVoice RtmpPeerVoice;

/* @config, @tap: lent for the voice's life. (transfer full) */
RtmpPeerVoice *rtmp_peer_voice_new (const RtmpPeerConfig *config, RtmpPeerTap *tap);
void rtmp_peer_voice_free (RtmpPeerVoice *voice);

/* Takes everything that @session has to say. */
void rtmp_peer_voice_take (RtmpPeerVoice *voice, RtmpSession *session);
/* Says a message as it is; @message: (transfer full). */
void rtmp_peer_voice_say (RtmpPeerVoice *voice, RtmpMessage *message);
/* From the answer to createStream on everything is kept back; ends with FALSE. */
void rtmp_peer_voice_hold_stream (RtmpPeerVoice *voice, gboolean hold);
/* Appends what is to be written, and forgets it. */
void rtmp_peer_voice_write (RtmpPeerVoice *voice, GByteArray *out);

G_END_DECLS

#endif
