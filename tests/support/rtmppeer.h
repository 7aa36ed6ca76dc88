/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_PEER_H
#define RTMP_PEER_H

#include <gio/gio.h>

#include "core/rtmpserver.h"

G_BEGIN_DECLS

/**
 * RtmpPeer: a scripted RTMP server for tests, made of the core's server role over sockets.
 *
 * It listens on loopback, has one thread for all its connections, records everything it
 * receives, and reacts as its RtmpPeerConfig says. Every function may be called from any thread
 * but the peer's own. Connections count from 0 in the order they were accepted.
 * Functions that wait return %FALSE when their condition has not come true within
 * RTMP_PEER_TIMEOUT; wrap them in g_assert_true().
 *
 * |[
 *   g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .window_size = 5000000 });
 *   g_autofree gchar *url = rtmp_peer_get_url (peer, "live/key");
 *   ... publish 10 messages to url ...
 *   g_assert_true (rtmp_peer_wait_media (peer, RTMP_PEER_LAST, 10));
 *   g_autoptr (RtmpPeerRecord) record = rtmp_peer_get_record (peer, RTMP_PEER_LAST);
 *   g_assert_cmpstr (record->commands, ==, "connect releaseStream FCPublish ...");
 * ]|
 */
typedef struct _RtmpPeer RtmpPeer;

/* Microseconds; only a failing test waits that long. */
#define RTMP_PEER_TIMEOUT (60 * G_TIME_SPAN_SECOND)
/* In place of a connection's number: the newest one. */
#define RTMP_PEER_LAST G_MAXUINT

/**
 * RtmpPeerStage: what a connection goes through. It is in a stage from the moment the peer
 * has seen what begins it: a TCP connection, the first byte of the handshake, the commands connect,
 * createStream, and publish or play; MEDIA once publish or play was accepted.
 */
typedef enum {
  RTMP_PEER_ACCEPT,
  RTMP_PEER_HANDSHAKE,
  RTMP_PEER_CONNECT,
  RTMP_PEER_CREATE_STREAM,
  RTMP_PEER_START,
  RTMP_PEER_MEDIA,
  RTMP_PEER_N_STAGES
} RtmpPeerStage;

/**
 * RtmpPeerAction: what the peer does in a stage.
 *
 * At ACCEPT: PASS; HOLD does not accept, so that only the kernel does (and the client waits for
 * the handshake); FIN and RST. At HANDSHAKE: PASS; HOLD answers nothing; FIN and RST as soon as the
 * first byte came. REJECT is for CONNECT, CREATE_STREAM and START. At MEDIA: FIN and RST after
 * @close_after_messages or @close_after_bytes, whichever comes first.
 *
 * After FIN the peer reads on until the client closes, so that what the client still sends is
 * answered by no reset.
 */
typedef enum {
  RTMP_PEER_PASS,
  RTMP_PEER_REJECT,           /* says the reaction's status, stays open */
  RTMP_PEER_REJECT_AND_CLOSE, /* says it, then closes */
  RTMP_PEER_HOLD,             /* says nothing until rtmp_peer_pass(), for ever without it */
  RTMP_PEER_FIN,              /* closes without a word */
  RTMP_PEER_RST,              /* resets */
} RtmpPeerAction;

/* @code, @description, @redirect, @redirect_is_url: of REJECT; @level "error" if NULL. */
typedef struct {
  RtmpPeerAction action;
  const gchar *level;
  const gchar *code;
  const gchar *description;
  const gchar *redirect;
  gboolean redirect_is_url;
} RtmpPeerReaction;

/* What servers do that the core's server role does not. */
typedef enum {
  RTMP_PEER_ZERO_TRANSACTIONS = 1 << 0, /* every answer has transaction id 0 (peers.md Q4) */
  RTMP_PEER_START_ON_STREAM_0 = 1 << 1, /* onStatus after publish or play on 0 (Q7) */
  RTMP_PEER_MEDIA_ON_STREAM_0 = 1 << 2, /* media, StreamBegin and StreamEOF too (Q36) */
  RTMP_PEER_NO_START = 1 << 3,          /* Play.Start or Publish.Start never comes (Q8) */
  RTMP_PEER_NO_PLAY_RESET = 1 << 4,     /* Play.Reset is left out (Q6) */
  RTMP_PEER_NO_FC_ANSWERS = 1 << 5,     /* silence to releaseStream, FC*, ... (Q1) */
  RTMP_PEER_FC_ERRORS = 1 << 6,         /* _error to them (Q2) */
  RTMP_PEER_REJECT_BY_STATUS = 1 << 7,  /* connect is refused by onStatus (Q12) */
  RTMP_PEER_NO_ACKS = 1 << 8,           /* received bytes are never acknowledged (Q28) */
} RtmpPeerQuirks;

/* Messages around each answer to connect, createStream, and publish or play. */
typedef enum {
  RTMP_PEER_SAY_BW_DONE = 1 << 0,       /* onBWDone with a transaction id of 0 (Q14) */
  RTMP_PEER_SAY_PING = 1 << 1,          /* user control 6 */
  RTMP_PEER_SAY_PING_COMMAND = 1 << 2,  /* command ping, transaction id 77 */
  RTMP_PEER_SAY_UNKNOWN_CALL = 1 << 3,  /* command peerTest, transaction id 78 */
  RTMP_PEER_SAY_PLAY_RESET = 1 << 4,    /* onStatus Play.Reset on the stream; START only */
  RTMP_PEER_SAY_DATA_START = 1 << 5,    /* onStatus Data.Start on the stream; START only */
  RTMP_PEER_SAY_BUFFER_READY = 1 << 6,  /* user control 32 (Q15) */
  RTMP_PEER_SAY_ON_FC_PUBLISH = 1 << 7, /* onFCPublish without a transaction id (Q3) */
} RtmpPeerSayings;

/* What follows an RtmpPeerConfig's @flv. */
typedef enum {
  RTMP_PEER_PLAY_ON,        /* nothing */
  RTMP_PEER_PLAY_STOP,      /* Play.Stop, StreamEOF */
  RTMP_PEER_PLAY_COMPLETE,  /* onPlayStatus Play.Complete, Play.Stop, StreamEOF */
  RTMP_PEER_PLAY_UNPUBLISH, /* Play.UnpublishNotify, StreamEOF */
  RTMP_PEER_PLAY_EOF,       /* StreamEOF only */
  RTMP_PEER_PLAY_FIN,
  RTMP_PEER_PLAY_RST,
} RtmpPeerPlayEnd;

/**
 * RtmpPeerConfig: borrowed for the call; what is kept is copied. All zero is a plain server that
 * accepts everything and has no media of its own.
 *
 * @ipv6: listens on ::1 instead of 127.0.0.1
 * @certificate: (nullable): speaks TLS with it
 * @request_certificate: demands one of the client's, and takes any
 * @username, @password: (nullable): authentication is demanded where both are set: adobe, or
 *   llnw where @llnw
 * @secure_token: (nullable): hexadecimal digits sent with the answer to connect
 * @chunk_size, @window_size: as in RtmpServerConfig
 * @caps_ex: E-RTMP capsEx answered
 * @reactions: what to do in each stage
 * @close_after_messages, @close_after_bytes: of media; when @reactions[RTMP_PEER_MEDIA] acts
 * @quirks: RtmpPeerQuirks
 * @say_before, @say_after: RtmpPeerSayings before and behind each answer
 * @flv: (nullable): an FLV file that each player is sent after Play.Start
 * @flv_end: what it is sent behind @flv
 * @never_read: accepts and never reads
 * @stop_reading_after: bytes after which it reads no more; 0 = never. See rtmp_peer_set_reading().
 * @read_size, @read_interval: reads @read_size bytes each @read_interval ms; 0 = all at once
 * @receive_buffer: bytes the kernel keeps for it (SO_RCVBUF), for backpressure; 0 = its default.
 *   Below 128 KiB the kernel drops segments on loopback, and is slow when reading is resumed.
 * @send_buffer: likewise SO_SNDBUF
 * @dribble: writes one byte at a time
 * @raw: no RTMP: sends what it is told, records what comes (RtmpPeerRecord.raw)
 * @raw_bytes: (nullable): @raw: sent at once
 * @keep_open: does not close when the client has closed its output
 * @record_raw: keeps every byte received without @raw too
 * @drop_media: media is counted but not kept
 */
typedef struct {
  gboolean ipv6;
  GTlsCertificate *certificate;
  gboolean request_certificate;
  const gchar *username;
  const gchar *password;
  gboolean llnw;
  const gchar *secure_token;
  guint32 chunk_size;
  guint32 window_size;
  guint caps_ex;
  RtmpPeerReaction reactions[RTMP_PEER_N_STAGES];
  guint close_after_messages;
  guint64 close_after_bytes;
  guint quirks;
  guint say_before;
  guint say_after;
  GBytes *flv;
  RtmpPeerPlayEnd flv_end;
  gboolean never_read;
  guint64 stop_reading_after;
  gsize read_size;
  guint read_interval;
  guint receive_buffer;
  guint send_buffer;
  gboolean dribble;
  gboolean raw;
  GBytes *raw_bytes;
  gboolean record_raw;
  gboolean drop_media;
  gboolean keep_open;
} RtmpPeerConfig;

/* (transfer full) (nullable): a peer that listens; NULL where the address family is missing.
 * @config: (nullable): NULL is all zero */
RtmpPeer *rtmp_peer_new (const RtmpPeerConfig *config);
/* Closes every connection and the port, joins the thread. */
void rtmp_peer_free (RtmpPeer *peer);
/* For connections accepted from here on. @ipv6 and @receive_buffer stay as they were. */
void rtmp_peer_set_config (RtmpPeer *peer, const RtmpPeerConfig *config);
/* Closes the port: who comes now is refused. Connections go on. */
void rtmp_peer_stop_listening (RtmpPeer *peer);

guint16 rtmp_peer_get_port (const RtmpPeer *peer);
/* (transfer full): "rtmp[s]://127.0.0.1:PORT/" and @path, such as "app/stream" */
gchar *rtmp_peer_get_url (const RtmpPeer *peer, const gchar *path);

/* -- What came -- */

typedef enum {
  RTMP_PEER_OPEN,
  RTMP_PEER_ENDED_EOF,     /* the client closed, or half-closed, in order */
  RTMP_PEER_ENDED_RST,     /* the client's side was reset */
  RTMP_PEER_ENDED_BY_PEER, /* the peer closed first: a reaction, or rtmp_peer_close() */
  RTMP_PEER_ENDED_FAULT,   /* what the client sent is no RTMP: @fault, and the peer closed */
} RtmpPeerEnd;

/**
 * RtmpPeerRecord: a copy of what is known of one connection.
 *
 * @app, @tc_url, @flash_version: (nullable): of connect, as sent; @stream: of publish or play
 * @stream_id: the message stream of publish or play, 0 before
 * @stage: the last one it came to
 * @commands: names of all commands in their order, with a space between
 * @messages: (element-type RtmpMessage): all that came except media, in order
 * @media: (element-type RtmpMessage): audio, video and data (8, 9, 15, 18, 22), in order, as
 *   sent, whether or not it was on a stream that is published
 * @n_media, @media_bytes: how much of it
 * @chunk_sizes: (element-type guint32): values of all Set Chunk Size
 * @n_window_ack_sizes, @n_acks, @n_pongs: messages of each kind
 * @n_stream_closed: publications and plays the client ended by command
 * @bytes_in, @bytes_out: of the RTMP connection, handshake included
 * @raw: bytes received, where they are kept (@raw, @record_raw), else empty
 * @was_reset: a reset came by the time it ended, be it behind an end in order
 * @fault: (nullable): why it is RTMP_PEER_ENDED_FAULT
 */
typedef struct {
  RtmpPeerEnd end;
  RtmpPeerStage stage;
  gchar *app;
  gchar *tc_url;
  gchar *flash_version;
  gchar *stream;
  guint32 stream_id;
  gchar *commands;
  GPtrArray *messages;
  GPtrArray *media;
  guint n_media;
  guint64 media_bytes;
  GArray *chunk_sizes;
  guint n_window_ack_sizes;
  guint n_acks;
  guint n_pongs;
  guint n_stream_closed;
  guint64 bytes_in;
  guint64 bytes_out;
  GByteArray *raw;
  gboolean was_reset;
  gchar *fault;
} RtmpPeerRecord;

/* (transfer full) (nullable): NULL if there is no such connection. */
RtmpPeerRecord *rtmp_peer_get_record (RtmpPeer *peer, guint connection);
void rtmp_peer_record_free (RtmpPeerRecord *record);
/* (transfer full) (nullable): the @nth command of that name, from 0; NULL if there was none. */
RtmpCommand *rtmp_peer_record_get_command (const RtmpPeerRecord *record, const gchar *name,
    guint nth);
/* (transfer full): the payload of record->media[@index]. */
GBytes *rtmp_peer_record_get_payload (const RtmpPeerRecord *record, guint index);

/* Connections accepted so far, and those still open. */
guint rtmp_peer_count_connections (RtmpPeer *peer);
guint rtmp_peer_count_open (RtmpPeer *peer);

/* -- Waiting -- */

/* Until @condition is TRUE, which is looked at after each change, on the caller's thread. It is
 * given what is known of @connection, NULL before that was accepted, and may not call the peer. */
typedef gboolean (*RtmpPeerCondition) (const RtmpPeerRecord *record, gpointer user_data);
gboolean rtmp_peer_wait (RtmpPeer *peer, guint connection, RtmpPeerCondition condition,
    gpointer user_data);

/* Until at least @n connections were accepted. */
gboolean rtmp_peer_wait_connections (RtmpPeer *peer, guint n);
/* Until all connections have ended (their @end is not OPEN). */
gboolean rtmp_peer_wait_all_ended (RtmpPeer *peer);
/* Until @connection has ended, for whatever reason. */
gboolean rtmp_peer_wait_ended (RtmpPeer *peer, guint connection);
/* Until it came to @stage or beyond. */
gboolean rtmp_peer_wait_stage (RtmpPeer *peer, guint connection, RtmpPeerStage stage);
/* Until at least @n media messages, bytes in all, pongs or acknowledgements came. */
gboolean rtmp_peer_wait_media (RtmpPeer *peer, guint connection, guint n);
gboolean rtmp_peer_wait_bytes (RtmpPeer *peer, guint connection, guint64 n);
gboolean rtmp_peer_wait_pongs (RtmpPeer *peer, guint connection, guint n);
gboolean rtmp_peer_wait_acks (RtmpPeer *peer, guint connection, guint n);
/* Until at least @n commands of that name came. */
gboolean rtmp_peer_wait_command (RtmpPeer *peer, guint connection, const gchar *name, guint n);
/* Until everything that was queued for it was written to the socket (or it has ended). */
gboolean rtmp_peer_wait_written (RtmpPeer *peer, guint connection);

/* -- Acting, from CONNECT on: each call has been carried out, as far as the socket allows, when it
 * returns. Does nothing if @connection has ended. -- */

/* Ends a HOLD in that stage, on all connections and for those to come. */
void rtmp_peer_pass (RtmpPeer *peer, RtmpPeerStage stage);

/* To a player, on the stream it plays: every tag of an FLV file (its header may be missing). */
void rtmp_peer_send_flv (RtmpPeer *peer, guint connection, GBytes *flv);
/* One message; @type 8, 9, 15, 18 or 22. */
void rtmp_peer_send_media (RtmpPeer *peer, guint connection, guint8 type, guint32 timestamp,
    GBytes *payload);
/* Any message at all; @message: (transfer full): sent on its own stream id. */
void rtmp_peer_send_message (RtmpPeer *peer, guint connection, RtmpMessage *message);
/* A command; @command: (transfer full). */
void rtmp_peer_send_command (RtmpPeer *peer, guint connection, RtmpCommand *command,
    guint32 stream_id);
/* onStatus on the stream that is published or played. */
void rtmp_peer_send_status (RtmpPeer *peer, guint connection, const gchar *level, const gchar *code,
    const gchar *description);
void rtmp_peer_send_stream_eof (RtmpPeer *peer, guint connection);
/* Play.PublishNotify and StreamBegin, or Play.UnpublishNotify and StreamEOF. */
void rtmp_peer_notify_published (RtmpPeer *peer, guint connection, gboolean published);
/* [Play.Complete,] Play.Stop, StreamEOF. */
void rtmp_peer_end_play (RtmpPeer *peer, guint connection, gboolean complete);
/* See rtmp_peer_wait_pongs(). */
void rtmp_peer_ping (RtmpPeer *peer, guint connection);
/* Window Acknowledgement Size: the client owes an acknowledgement for each @window_size bytes. */
void rtmp_peer_request_acks (RtmpPeer *peer, guint connection, guint32 window_size);
void rtmp_peer_set_chunk_size (RtmpPeer *peer, guint connection, guint32 chunk_size);
/* Bytes as they are; where the peer is not @raw, only between messages of its own. */
void rtmp_peer_send_bytes (RtmpPeer *peer, guint connection, gconstpointer data, gsize size);
/* TRUE ends @never_read and @stop_reading_after too. A peer that does not read does not learn that
 * the client has ended. */
void rtmp_peer_set_reading (RtmpPeer *peer, guint connection, gboolean reading);
/* @action: RTMP_PEER_FIN sends what is queued first; RTMP_PEER_RST drops it. */
void rtmp_peer_close (RtmpPeer *peer, guint connection, RtmpPeerAction action);
/* Closes the peer's output behind what is queued, and goes on reading. */
void rtmp_peer_shut_down_output (RtmpPeer *peer, guint connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpPeer, rtmp_peer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpPeerRecord, rtmp_peer_record_free)

G_END_DECLS

#endif
