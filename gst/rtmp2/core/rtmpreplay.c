/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpreplay.h"

#include "rtmplimits.h"

struct _RtmpReplay {
  GPtrArray *messages; /* RtmpMessage, oldest first */
  guint64 bytes;
};

static GPtrArray *
message_array_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
}

RtmpReplay *
rtmp_replay_new (void)
{
  RtmpReplay *replay = g_new0 (RtmpReplay, 1);

  replay->messages = message_array_new ();
  return replay;
}

void
rtmp_replay_free (RtmpReplay *replay)
{
  g_ptr_array_unref (replay->messages);
  g_free (replay);
}

void
rtmp_replay_add (RtmpReplay *replay, RtmpMessage *message)
{
  g_ptr_array_add (replay->messages, rtmp_message_ref (message));
  replay->bytes += message->size;
}

GPtrArray *
rtmp_replay_confirm (RtmpReplay *replay)
{
  GPtrArray *confirmed = replay->messages;

  replay->messages = message_array_new ();
  replay->bytes = 0;
  return confirmed;
}

void
rtmp_replay_collect (const RtmpReplay *replay, GPtrArray *messages)
{
  guint i;

  for (i = 0; i < replay->messages->len; i++) {
    RtmpMessage *message = g_ptr_array_index (replay->messages, i);

    g_ptr_array_add (messages,
        rtmp_message_new_wrapped (message->type, 0, message->timestamp, message->vectors,
            message->n_vectors, rtmp_message_ref (message), (GDestroyNotify) rtmp_message_unref));
  }
}

gboolean
rtmp_replay_is_full (const RtmpReplay *replay)
{
  return replay->messages->len >= RTMP_MAX_REPLAY_MESSAGES
      || replay->bytes >= RTMP_MAX_REPLAY_BYTES;
}

guint
rtmp_replay_get_length (const RtmpReplay *replay)
{
  return replay->messages->len;
}

guint64
rtmp_replay_get_bytes (const RtmpReplay *replay)
{
  return replay->bytes;
}
