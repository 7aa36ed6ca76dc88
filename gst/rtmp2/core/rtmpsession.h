/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_SESSION_H
#define RTMP_SESSION_H

#include "rtmpcommand.h"
#include "rtmpmessage.h"

G_BEGIN_DECLS

/**
 * RtmpSession: one RTMP connection without its socket. Bytes in, bytes and
 * events out; made by rtmp_client_new() or rtmp_server_new(). Not locked. Time is
 * passed in as monotonic microseconds.
 *
 * |[
 *   feed (bytes from the socket) -> next_event () until there is none
 *   peek () -> write to the socket -> consume (bytes taken), until there is none
 *   check_deadline () at get_deadline ()
 * ]|
 */
typedef struct _RtmpSession RtmpSession;

/**
 * RtmpStage: how far a session has come.
 */
typedef enum {
  RTMP_STAGE_HANDSHAKE,
  RTMP_STAGE_CONNECT, /* connect was sent, or is awaited */
  RTMP_STAGE_CREATE_STREAM,
  RTMP_STAGE_START, /* publish or play was sent, or is awaited */
  RTMP_STAGE_STREAMING,
  RTMP_STAGE_CLOSING, /* the stop commands are queued */
  RTMP_STAGE_ENDED,   /* failed, or the stream ended */
} RtmpStage;

typedef enum {
  RTMP_EVENT_STAGE,           /* @stage was entered */
  RTMP_EVENT_SENDABLE,        /* client: media may be sent, though publish is not accepted yet */
  RTMP_EVENT_READY,           /* publish or play was accepted; @status is the server's */
  RTMP_EVENT_MESSAGE,         /* @message: audio, video or data of our stream */
  RTMP_EVENT_STATUS,          /* @status: something the peer said in passing */
  RTMP_EVENT_END,             /* client: the peer ended the stream; @status says how */
  RTMP_EVENT_AUTHENTICATE,    /* client: connect again, with the RtmpAuth's new query */
  RTMP_EVENT_WARNING,         /* @text: something strange that was tolerated */
  RTMP_EVENT_CONNECT_REQUEST, /* server: @command; decide (see rtmpserver.h) */
  RTMP_EVENT_PUBLISH_REQUEST, /* server: @stream_id, @text is the name; decide */
  RTMP_EVENT_PLAY_REQUEST,    /* server: @stream_id, @text is the name; decide */
  RTMP_EVENT_STREAM_CLOSED,   /* server: @stream_id was closed by the client */
} RtmpEventType;

/**
 * RtmpEvent: members that the type does not name are NULL or 0.
 */
typedef struct {
  RtmpEventType type;
  RtmpStage stage;
  guint32 stream_id;
  RtmpMessage *message;
  RtmpStatus *status;
  RtmpCommand *command;
  gchar *text;
} RtmpEvent;

/* Releases what the event owns. */
void rtmp_event_clear (RtmpEvent *event);

/* Kinds of messages that are counted. */
typedef enum {
  RTMP_COUNT_AUDIO,
  RTMP_COUNT_VIDEO,
  RTMP_COUNT_DATA,
  RTMP_COUNT_OTHER, /* control and commands */
  RTMP_N_COUNTS
} RtmpCount;

typedef struct {
  guint64 messages[RTMP_N_COUNTS];
  guint64 bytes[RTMP_N_COUNTS]; /* payload */
} RtmpCounters;

/**
 * RtmpSessionStats:
 * @round_trip: microseconds from the last command that was answered to its answer; -1 = none yet
 * @in_dropped: received messages that were cut or on streams that are not ours
 */
typedef struct {
  guint32 in_chunk_size;
  guint32 out_chunk_size;
  guint32 in_window_ack_size;
  guint32 out_window_ack_size;
  guint64 in_bytes_total;
  guint64 out_bytes_total;
  guint64 in_bytes_acked;
  guint64 out_bytes_acked;
  RtmpCounters in;
  RtmpCounters out;
  guint64 in_dropped;
  gint64 round_trip;
} RtmpSessionStats;

void rtmp_session_free (RtmpSession *session);

/* @pool: (transfer none): where the memory of received messages comes from; to outlive the
 * last feed, by its owner's thread */
void rtmp_session_set_block_pool (RtmpSession *session, RtmpBlockPool *pool);
/* @sent: (transfer none): see rtmp_chunk_writer_set_sent() */
void rtmp_session_set_sent (RtmpSession *session, GPtrArray *sent);

/**
 * rtmp_session_feed:
 * @now: monotonic microseconds
 * @consumed: (out): bytes taken: all of them, unless an event that asks for a
 *   decision is waiting (server role); then feed the rest again after the decision
 *
 * Takes bytes from the peer. Events may have been queued even where this fails:
 * what came before the fault counts.
 *
 * Returns: %FALSE with a fault of domain RTMP_ERROR: the session has ended
 */
gboolean rtmp_session_feed (RtmpSession *session, const guint8 *data, gsize size, gint64 now,
    gsize *consumed, GError **error);

/* Takes the oldest event; the caller clears it. FALSE if there is none. */
gboolean rtmp_session_next_event (RtmpSession *session, RtmpEvent *event);

/* Output, lent and committed as in rtmpchunkwriter.h. */
guint rtmp_session_peek (RtmpSession *session, RtmpVector *vectors, guint n_vectors);
void rtmp_session_consume (RtmpSession *session, gsize bytes);
gboolean rtmp_session_has_output (const RtmpSession *session);
/* Payload bytes of media queued and not yet consumed. */
gsize rtmp_session_get_queued (const RtmpSession *session);

/**
 * rtmp_session_send_media:
 * @message: (transfer full): audio, video or data; its stream id is set here
 *
 * Queues media on the session's stream. Before READY or SENDABLE was given this is the
 * caller's bug.
 */
void rtmp_session_send_media (RtmpSession *session, RtmpMessage *message);

/* Announces a new chunk size for what is sent from here on. While the stage is HANDSHAKE this is the
 * caller's bug: it would go ahead of the handshake's end. */
void rtmp_session_set_chunk_size (RtmpSession *session, guint32 chunk_size);

/**
 * rtmp_session_get_deadline:
 *
 * Returns: when rtmp_session_check_deadline() is to be called, in monotonic
 *   microseconds; -1 = not at all. Changes with each feed and stage.
 */
gint64 rtmp_session_get_deadline (const RtmpSession *session);

/* Returns: FALSE with RTMP_ERROR_TIMEOUT, naming what was waited for, when the deadline has
 * passed: the session has ended. */
gboolean rtmp_session_check_deadline (RtmpSession *session, gint64 now, GError **error);

/* The caller did not read for a while (backpressure): the wait for media begins anew. */
void rtmp_session_touch (RtmpSession *session, gint64 now);

RtmpStage rtmp_session_get_stage (const RtmpSession *session);
const gchar *rtmp_stage_to_string (RtmpStage stage);
/* What the peer declared of Enhanced RTMP. */
const RtmpPeerCaps *rtmp_session_get_peer_caps (const RtmpSession *session);
void rtmp_session_get_stats (const RtmpSession *session, RtmpSessionStats *stats);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpSession, rtmp_session_free)

G_END_DECLS

#endif
