/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_SERVER_H
#define RTMP_SERVER_H

#include "rtmpsession.h"

G_BEGIN_DECLS

/* Random bytes a server needs, for the handshake. */
#define RTMP_SERVER_RANDOM_SIZE 3072u

/**
 * RtmpServerConfig: borrowed for the call; rtmp_server_new() copies what it keeps.
 * @chunk_size: announced with the answer to connect; 0 and RTMP_DEFAULT_CHUNK_SIZE announce
 *   nothing
 * @window_size: Window Acknowledgement Size and Set Peer Bandwidth; 0 sends neither
 * @username, @password: (nullable): Adobe authentication is demanded where both are set
 * @auth_salt, @auth_challenge: 8 hexadecimal digits each, the same for all connections of a
 *   server; never %NULL where authentication is demanded
 * @caps_ex: E-RTMP capsEx that are answered to a client that declares any
 * @timeout: microseconds for handshake, connect and publish or play each; 0 = for ever
 * @random: (array fixed-size=3072)
 */
typedef struct {
  guint32 chunk_size;
  guint32 window_size;
  const gchar *username;
  const gchar *password;
  const gchar *auth_salt;
  const gchar *auth_challenge;
  guint caps_ex;
  gint64 timeout;
  const guint8 *random;
} RtmpServerConfig;

/**
 * rtmp_server_new:
 * @now: monotonic microseconds
 *
 * A session that serves one client (RTMP 1.0, 7.2; protocol.md 17 to 22, 29, 33). It
 * answers by itself: createStream, deleteStream, closeStream, close, releaseStream,
 * FCPublish, FCUnpublish, FCSubscribe, FCUnsubscribe, getStreamLength, _checkbw, pause,
 * receiveAudio, receiveVideo and ping; any other call with _error
 * NetConnection.Call.Failed. It asks its owner about connect, publish and play: after
 * an event *_REQUEST rtmp_session_feed() takes no more until rtmp_server_accept() or
 * rtmp_server_reject(). One client may publish and play on several message streams, up
 * to RTMP_MAX_MESSAGE_STREAMS.
 *
 * With authentication, the owner is asked about connect only once the credentials were
 * right. A client that comes without, or with wrong ones, is refused and may try again on
 * the same connection, RTMP_MAX_AUTH_ROUNDS times: then the session fails with
 * RTMP_ERROR_NOT_AUTHORIZED.
 *
 * Media of a stream that is being published comes as RTMP_EVENT_MESSAGE with the event's
 * stream_id, as it was sent (with @setDataFrame, if any). Media on message stream 0
 * belongs to the only publication, if there is exactly one (peers.md Q32); other media is
 * counted as dropped. RTMP_EVENT_STREAM_CLOSED follows when the client ends a publication
 * or a play that was accepted, be it by deleteStream, closeStream, close, publish (false)
 * or another play in its place; when the connection is lost there is none.
 *
 * Stages: HANDSHAKE, CONNECT, START while nothing is published or played, STREAMING while
 * something is. The time of a stage stands still while the owner decides, and begins
 * anew when the owner has refused. There are no READY and END events.
 *
 * Returns: (transfer full): a session
 */
RtmpSession *rtmp_server_new (const RtmpServerConfig *config, gint64 now);

/* The application of the connect command, without authentication query; tcUrl and flashVer
 * as sent. (transfer none) (nullable): NULL before connect, or where the client left it out; the
 * application is then "". May hold a token of the application's own: not for logs. */
const gchar *rtmp_server_get_app (const RtmpSession *session);
const gchar *rtmp_server_get_tc_url (const RtmpSession *session);
const gchar *rtmp_server_get_flash_version (const RtmpSession *session);

/* Accepts what was last asked: connect (the whole sequence of protocol.md 18), publish
 * (StreamBegin, NetStream.Publish.Start) or play (StreamBegin, NetStream.Play.Reset if the
 * client asked for it, NetStream.Play.Start, |RtmpSampleAccess). Does nothing if nothing
 * waits for a decision. */
void rtmp_server_accept (RtmpSession *session, gint64 now);

/* Refuses it: _error for connect, onStatus for publish and play. The connection
 * stays open; closing it is the owner's. @status: (transfer none) */
void rtmp_server_reject (RtmpSession *session, const RtmpStatus *status, gint64 now);

/* Sends media to a player: @message: (transfer full), with no other owner; its stream id is
 * set to @stream_id. What the player does not want is left out (pause, receiveAudio,
 * receiveVideo), and so is everything when it does not play any more. */
void rtmp_server_send_media (RtmpSession *session, guint32 stream_id, RtmpMessage *message);

/* Sends onStatus on @stream_id. */
void rtmp_server_send_status (RtmpSession *session, guint32 stream_id, const RtmpStatus *status);

/* To a player whose stream's publisher came or left: Play.PublishNotify and StreamBegin, or
 * Play.UnpublishNotify and StreamEOF. Nothing if @stream_id is not played. */
void rtmp_server_notify_published (RtmpSession *session, guint32 stream_id, gboolean published);

/* Ends a play: Play.Stop (onPlayStatus Play.Complete before it where @complete) and StreamEOF.
 * Nothing if @stream_id is not played. The stage changes when the client next closes or
 * deletes a stream. */
void rtmp_server_end_play (RtmpSession *session, guint32 stream_id, gboolean complete);

/* Pings the client behind what is queued; the answer to the last ping counts as round trip. While the
 * stage is HANDSHAKE this is the caller's bug. */
void rtmp_server_ping (RtmpSession *session, gint64 now);

G_END_DECLS

#endif
