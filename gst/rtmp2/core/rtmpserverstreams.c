/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpserverstreams.h"

#include "rtmptag.h"

guint32
rtmp_server_streams_create (RtmpServerStreams *self)
{
  guint i;

  for (i = 0; i < RTMP_MAX_MESSAGE_STREAMS; i++) {
    if (self->streams[i].created)
      continue;
    rtmp_server_stream_use (&self->streams[i], RTMP_STREAM_IDLE);
    return i + 1;
  }
  return 0;
}

void
rtmp_server_streams_delete (RtmpServerStreams *self, guint32 stream_id)
{
  self->streams[stream_id - 1] = (RtmpServerStream) { .created = FALSE };
}

RtmpServerStream *
rtmp_server_streams_find (RtmpServerStreams *self, guint32 stream_id)
{
  if (stream_id == 0 || stream_id > RTMP_MAX_MESSAGE_STREAMS
      || !self->streams[stream_id - 1].created)
    return NULL;
  return &self->streams[stream_id - 1];
}

RtmpServerStream *
rtmp_server_streams_find_player (RtmpServerStreams *self, guint32 stream_id)
{
  RtmpServerStream *stream = rtmp_server_streams_find (self, stream_id);

  return stream && stream->use == RTMP_STREAM_PLAYING ? stream : NULL;
}

void
rtmp_server_stream_use (RtmpServerStream *stream, RtmpStreamUse use)
{
  *stream = (RtmpServerStream) { .created = TRUE, .use = use };
}

gboolean
rtmp_server_streams_are_used (const RtmpServerStreams *self)
{
  guint i;

  for (i = 0; i < RTMP_MAX_MESSAGE_STREAMS; i++) {
    if (self->streams[i].use != RTMP_STREAM_IDLE)
      return TRUE;
  }
  return FALSE;
}

guint32
rtmp_server_streams_get_publication (const RtmpServerStreams *self, guint32 stream_id)
{
  guint32 id, found = 0;

  for (id = 1; id <= RTMP_MAX_MESSAGE_STREAMS; id++) {
    if (self->streams[id - 1].use != RTMP_STREAM_PUBLISHING)
      continue;
    if (id == stream_id)
      return id;
    if (stream_id == 0 && found != 0)
      return 0;
    found = id;
  }
  return stream_id == 0 ? found : 0;
}

gboolean
rtmp_server_stream_wants (RtmpServerStream *stream, const RtmpMessage *message)
{
  RtmpTagInfo info;

  rtmp_flv_classify (message, &info);
  if (info.kind == RTMP_TAG_CONFIG || !(info.is_audio || info.is_video))
    return TRUE;
  if (info.is_audio)
    return !stream->paused && !stream->without_audio;
  if (stream->paused || stream->without_video)
    return FALSE;
  if (info.kind == RTMP_TAG_KEY)
    stream->wants_key = FALSE;
  return !stream->wants_key;
}
