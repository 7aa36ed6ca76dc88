/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpserverstreams.h"

/* The table by itself; what a client makes of it is in server.c and serverplay.c. */

static void
test_ids (void)
{
  RtmpServerStreams streams = { 0 };
  guint32 id;

  g_assert_null (rtmp_server_streams_find (&streams, 1));
  for (id = 1; id <= RTMP_MAX_MESSAGE_STREAMS; id++)
    g_assert_cmpuint (rtmp_server_streams_create (&streams), ==, id);
  g_assert_cmpuint (rtmp_server_streams_create (&streams), ==, 0);

  g_assert_null (rtmp_server_streams_find (&streams, 0));
  g_assert_nonnull (rtmp_server_streams_find (&streams, 1));
  g_assert_nonnull (rtmp_server_streams_find (&streams, RTMP_MAX_MESSAGE_STREAMS));
  g_assert_null (rtmp_server_streams_find (&streams, RTMP_MAX_MESSAGE_STREAMS + 1));
  g_assert_null (rtmp_server_streams_find (&streams, G_MAXUINT32));

  rtmp_server_streams_delete (&streams, 7);
  g_assert_null (rtmp_server_streams_find (&streams, 7));
  g_assert_cmpuint (rtmp_server_streams_create (&streams), ==, 7);
}

/* An id that is used again begins anew. */
static void
test_use (void)
{
  RtmpServerStreams streams = { 0 };
  guint32 id = rtmp_server_streams_create (&streams);
  RtmpServerStream *stream = rtmp_server_streams_find (&streams, id);

  g_assert_false (rtmp_server_streams_are_used (&streams));
  g_assert_null (rtmp_server_streams_find_player (&streams, id));
  rtmp_server_stream_use (stream, RTMP_STREAM_PLAYING);
  g_assert_true (rtmp_server_streams_are_used (&streams));
  g_assert_true (rtmp_server_streams_find_player (&streams, id) == stream);
  stream->paused = stream->wants_key = TRUE;

  rtmp_server_stream_use (stream, RTMP_STREAM_PUBLISHING);
  g_assert_true (rtmp_server_streams_are_used (&streams));
  g_assert_null (rtmp_server_streams_find_player (&streams, id));
  g_assert_false (stream->paused);
  g_assert_false (stream->wants_key);

  rtmp_server_streams_delete (&streams, id);
  g_assert_false (rtmp_server_streams_are_used (&streams));
}

/* peers.md Q32. */
static void
test_publication (void)
{
  RtmpServerStreams streams = { 0 };

  while (rtmp_server_streams_create (&streams) != 0)
    continue;
  g_assert_cmpuint (rtmp_server_streams_get_publication (&streams, 0), ==, 0);
  g_assert_cmpuint (rtmp_server_streams_get_publication (&streams, 16), ==, 0);

  rtmp_server_stream_use (rtmp_server_streams_find (&streams, 16), RTMP_STREAM_PUBLISHING);
  rtmp_server_stream_use (rtmp_server_streams_find (&streams, 1), RTMP_STREAM_PLAYING);
  g_assert_cmpuint (rtmp_server_streams_get_publication (&streams, 0), ==, 16);
  g_assert_cmpuint (rtmp_server_streams_get_publication (&streams, 16), ==, 16);
  g_assert_cmpuint (rtmp_server_streams_get_publication (&streams, 1), ==, 0);
  g_assert_cmpuint (rtmp_server_streams_get_publication (&streams, 17), ==, 0);

  rtmp_server_stream_use (rtmp_server_streams_find (&streams, 3), RTMP_STREAM_PUBLISHING);
  g_assert_cmpuint (rtmp_server_streams_get_publication (&streams, 0), ==, 0);
  g_assert_cmpuint (rtmp_server_streams_get_publication (&streams, 3), ==, 3);
  g_assert_cmpuint (rtmp_server_streams_get_publication (&streams, 16), ==, 16);
}

static gboolean
wants (RtmpServerStream *stream, guint8 type, const gchar *payload, gsize size)
{
  g_autoptr (RtmpMessage) message = rtmp_message_new_copied (type, 1, 0, payload, size);

  return rtmp_server_stream_wants (stream, message);
}

/* A tag that cannot be classified is no key frame, and no reason to fail. */
static void
test_wants (void)
{
  RtmpServerStream stream = { .created = TRUE, .use = RTMP_STREAM_PLAYING };

  g_assert_true (wants (&stream, RTMP_MESSAGE_VIDEO, "", 0));
  g_assert_true (wants (&stream, RTMP_MESSAGE_AUDIO, "", 0));
  stream.wants_key = TRUE;
  g_assert_false (wants (&stream, RTMP_MESSAGE_VIDEO, "", 0));
  g_assert_false (wants (&stream, RTMP_MESSAGE_VIDEO, "\x27\x01\0\0\0", 5));
  g_assert_true (wants (&stream, RTMP_MESSAGE_AUDIO, "", 0));
  g_assert_true (wants (&stream, RTMP_MESSAGE_VIDEO, "\x17\x00\0\0\0", 5));
  g_assert_true (stream.wants_key);
  g_assert_true (wants (&stream, RTMP_MESSAGE_VIDEO, "\x91hvc1\0\0\0\0", 9));
  g_assert_false (stream.wants_key);
  g_assert_true (wants (&stream, RTMP_MESSAGE_VIDEO, "\x27\x01\0\0\0", 5));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-streams/ids", test_ids);
  g_test_add_func ("/server-streams/use", test_use);
  g_test_add_func ("/server-streams/publication", test_publication);
  g_test_add_func ("/server-streams/wants", test_wants);
  return g_test_run ();
}
