/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CLIENT_H
#define RTMP_CLIENT_H

#include "rtmpauth.h"
#include "rtmplocation.h"
#include "rtmpsession.h"

G_BEGIN_DECLS

/* Random bytes a client needs: 3072 for the handshake, 4 for authentication. */
#define RTMP_CLIENT_RANDOM_SIZE 3076u

/* Values are those of the stop-commands property. */
typedef enum {
  RTMP_STOP_FCUNPUBLISH = 1 << 0,
  RTMP_STOP_CLOSE_STREAM = 1 << 1,
  RTMP_STOP_DELETE_STREAM = 1 << 2,
} RtmpStopCommands;

/**
 * RtmpFastStart: what a client waits for before it sends its commands, and media behind them.
 * Values are those of the fast-start property.
 * @RTMP_FAST_START_NONE: for each answer, in the strict order of the protocol
 * @RTMP_FAST_START_PIPELINED: for the handshake
 * @RTMP_FAST_START_IMMEDIATE: for nothing; the handshake is plain, and its C2 echoes nothing
 */
typedef enum {
  RTMP_FAST_START_NONE,
  RTMP_FAST_START_PIPELINED,
  RTMP_FAST_START_IMMEDIATE,
} RtmpFastStart;

/* The message stream that a server is expected to create first, which a fast start uses unseen. */
#define RTMP_CLIENT_EXPECTED_STREAM_ID 1u

/* Flash versions that make servers behave (peers.md, defaults). */
#define RTMP_FLASH_VERSION_PUBLISH "FMLE/3.0 (compatible; GStreamer)"
#define RTMP_FLASH_VERSION_PLAY "LNX 10,0,32,18"

/**
 * RtmpClientConfig: borrowed for the call; rtmp_client_new() copies what it keeps.
 * @publish: publish, else play
 * @fast_start: not used where @location holds a user name or a secure token, which are used in
 *   answers: the strict order is used then
 * @location: app, stream and, for tcUrl, the rest
 * @flash_version: (nullable): NULL = the default of the direction
 * @auth: (nullable): lent to the session for its whole life
 * @extra_args: (nullable) (element-type RtmpAmf): optional arguments of connect
 * @chunk_size: announced before connect; RTMP_DEFAULT_CHUNK_SIZE announces nothing
 * @window_size: our Window Acknowledgement Size
 * @caps_ex: E-RTMP capsEx that are offered
 * @buffer_ms: playing: Set Buffer Length; 0 sends none
 * @timeout: microseconds for each answer that is required; 0 = for ever
 * @idle_timeout: playing: microseconds without media; 0 = for ever
 * @random: (array fixed-size=3076)
 */
typedef struct {
  gboolean publish;
  RtmpFastStart fast_start;
  const RtmpLocation *location;
  const gchar *flash_version;
  RtmpAuth *auth;
  GPtrArray *extra_args;
  guint32 chunk_size;
  guint32 window_size;
  guint caps_ex;
  guint32 buffer_ms;
  gint64 timeout;
  gint64 idle_timeout;
  const guint8 *random;
} RtmpClientConfig;

/**
 * rtmp_client_new:
 *
 * A session that publishes or plays one stream: handshake, connect,
 * createStream, publish or play in the order that practice has proven
 * (peers.md, defaults), then media. The first output is there at once.
 *
 * Ends with RTMP_EVENT_READY, RTMP_EVENT_AUTHENTICATE or an error from feed.
 * A redirection is RTMP_ERROR_REDIRECT, and the status that holds the address comes as
 * RTMP_EVENT_STATUS before it. What the server breaks off after READY is
 * RTMP_ERROR_STREAM_FAILED. A NetConnection.Connect.ReconnectRequest comes as
 * RTMP_EVENT_STATUS if its level is "status", else as a warning.
 * Playing is READY with Play.Start, Play.PublishNotify or the first media,
 * whichever is first; from the moment play was sent only @idle_timeout counts.
 *
 * With a fast start everything is sent at once, and the stages are those of the answers: each is
 * awaited as in the strict order, and READY is given when connect, createStream and publish or play
 * were all accepted, in whichever order the answers came. Publishing, media may be sent from
 * RTMP_EVENT_SENDABLE on (see rtmp_client_is_sendable()); playing, none is given before READY.
 * Whatever ends the session before READY, RTMP_ERROR_FAST_START or another error, a reset of the
 * connection too, says only that this server cannot be hurried or refuses: a session in strict
 * order, on a connection of its own, is to find out.
 *
 * Returns: (transfer full): a session
 */
RtmpSession *rtmp_client_new (const RtmpClientConfig *config, gint64 now);

/**
 * rtmp_client_stop:
 *
 * Queues the stop commands behind all media that is queued (peers.md: FCUnpublish
 * with the name, deleteStream with the stream id) as far as the session has come,
 * and enters RTMP_STAGE_CLOSING: whatever the peer says after that is no error.
 * Does nothing the second time.
 */
void rtmp_client_stop (RtmpSession *session, RtmpStopCommands commands, gint64 now);

/* Which start is under way or was made: the configured one, or NONE where that is not used. */
RtmpFastStart rtmp_client_get_fast_start (const RtmpSession *session);

/* Media may be sent: with RTMP_FAST_START_IMMEDIATE before the first event can be taken. */
gboolean rtmp_client_is_sendable (const RtmpSession *session);

/* The message stream the server created, or is expected to; 0 before. */
guint32 rtmp_client_get_stream_id (const RtmpSession *session);

G_END_DECLS

#endif
