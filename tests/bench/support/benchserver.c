/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "benchserver.h"

void
bench_server_init (BenchServer *server, guint32 chunk_size)
{
  static const guint8 random[RTMP_SERVER_RANDOM_SIZE];
  const RtmpServerConfig config = { .chunk_size = chunk_size, .random = random };

  *server = (BenchServer) { rtmp_server_new (&config, g_get_monotonic_time ()), BENCH_SETUP };
}

void
bench_server_clear (BenchServer *server)
{
  g_clear_pointer (&server->session, rtmp_session_free);
}

static void
handle (BenchServer *server, const RtmpEvent *event)
{
  switch (event->type) {
    case RTMP_EVENT_PUBLISH_REQUEST:
    case RTMP_EVENT_PLAY_REQUEST:
      server->state = event->type == RTMP_EVENT_PLAY_REQUEST ? BENCH_PLAYING : BENCH_PUBLISHING;
      server->stream_id = event->stream_id;
      rtmp_server_accept (server->session, g_get_monotonic_time ());
      break;
    case RTMP_EVENT_CONNECT_REQUEST:
      rtmp_server_accept (server->session, g_get_monotonic_time ());
      break;
    case RTMP_EVENT_MESSAGE:
      server->media++;
      server->media_bytes += event->message->size;
      break;
    default:
      break;
  }
}

BenchState
bench_server_feed (BenchServer *server, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  gsize consumed;

  do {
    RtmpEvent event;

    if (!rtmp_session_feed (server->session, data, size, g_get_monotonic_time (), &consumed,
            &error)) {
      g_printerr ("the client sent what is wrong: %s\n", error->message);
      server->state = BENCH_FAILED;
      return server->state;
    }
    data += consumed;
    size -= consumed;
    while (rtmp_session_next_event (server->session, &event)) {
      handle (server, &event);
      rtmp_event_clear (&event);
    }
  } while (size > 0);
  return server->state;
}

void
bench_server_end_play (BenchServer *server)
{
  rtmp_server_notify_published (server->session, server->stream_id, FALSE);
  rtmp_server_end_play (server->session, server->stream_id, TRUE);
}
