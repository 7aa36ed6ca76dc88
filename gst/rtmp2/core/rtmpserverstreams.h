/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_SERVER_STREAMS_H
#define RTMP_SERVER_STREAMS_H

#include "rtmplimits.h"
#include "rtmpmessage.h"

G_BEGIN_DECLS

typedef enum {
  RTMP_STREAM_IDLE,
  RTMP_STREAM_PUBLISHING, /* the client sends media */
  RTMP_STREAM_PLAYING,    /* the client receives media */
} RtmpStreamUse;

/**
 * RtmpServerStream: one message stream of a client.
 * @paused, @without_audio, @without_video: what a player does not want
 * @wants_key: video was left out: it goes on at a key frame
 */
typedef struct {
  gboolean created;
  RtmpStreamUse use;
  gboolean paused;
  gboolean without_audio;
  gboolean without_video;
  gboolean wants_key;
} RtmpServerStream;

/**
 * RtmpServerStreams: the message streams one client created, at most
 * RTMP_MAX_MESSAGE_STREAMS. Plain data, to be initialised with zeros. Message stream
 * ids begin with 1; an id that was deleted is given out again.
 */
typedef struct {
  RtmpServerStream streams[RTMP_MAX_MESSAGE_STREAMS];
} RtmpServerStreams;

/* The new stream's id; 0 at the limit. */
guint32 rtmp_server_streams_create (RtmpServerStreams *self);
/* @stream_id: of a stream that exists */
void rtmp_server_streams_delete (RtmpServerStreams *self, guint32 stream_id);

/* (transfer none) (nullable): @stream_id: any value a peer sent */
RtmpServerStream *rtmp_server_streams_find (RtmpServerStreams *self, guint32 stream_id);
/* (transfer none) (nullable): only a stream that is played */
RtmpServerStream *rtmp_server_streams_find_player (RtmpServerStreams *self, guint32 stream_id);

/* Begins @use, with nothing left of an earlier one. */
void rtmp_server_stream_use (RtmpServerStream *stream, RtmpStreamUse use);
/* TRUE if anything is published or played. */
gboolean rtmp_server_streams_are_used (const RtmpServerStreams *self);

/**
 * rtmp_server_streams_get_publication:
 * @stream_id: message stream that media came on
 *
 * Media on message stream 0 belongs to the only publication, if there is exactly
 * one (peers.md Q32).
 *
 * Returns: the message stream that the media is published on; 0 if there is none
 */
guint32 rtmp_server_streams_get_publication (const RtmpServerStreams *self, guint32 stream_id);

/**
 * rtmp_server_stream_wants:
 * @message: media on its way to the player of @stream
 *
 * Obeys pause, receiveAudio and receiveVideo. Configuration and data are always
 * wanted; video that was left out goes on at a key frame.
 */
gboolean rtmp_server_stream_wants (RtmpServerStream *stream, const RtmpMessage *message);

G_END_DECLS

#endif
