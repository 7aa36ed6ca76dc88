/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Received media in a queue, aggregates taken apart: nothing is lost that is not counted, and no
 * bound is exceeded.
 * Input: flags1 bytes2 time2 | operations, see run_operation()
 */
#include "core/rtmpqueue.h"

#include "support/flvtest.h"

#include "fuzz.h"

typedef struct {
  RtmpQueue *queue;
  gboolean leaky;
  guint64 max_bytes;
  guint64 pushed;
  guint64 left; /* popped, dropped or cleared */
} QueueRun;

static void
push (QueueRun *run, RtmpMessage *message)
{
  run->pushed++;
  run->left += rtmp_queue_push (run->queue, message);
  if (run->leaky)
    g_assert_cmpuint (rtmp_queue_get_bytes (run->queue), <=, run->max_bytes);
}

static void
push_aggregate (QueueRun *run, RtmpMessage *aggregate)
{
  g_autoptr (GPtrArray) messages = message_array_new ();
  guint i;

  rtmp_aggregate_expand (aggregate, messages, NULL);
  g_assert_cmpuint (messages->len, <=, aggregate->size / 11);
  for (i = 0; i < messages->len; i++) {
    RtmpMessage *message = messages->pdata[i];

    g_assert_cmpuint (message->stream_id, ==, aggregate->stream_id);
    g_assert_nonnull (rtmp_message_get_room (message));
    push (run, rtmp_message_ref (message));
  }
}

static void
push_message (QueueRun *run, RtmpCursor *in)
{
  static const guint8 types[] = { RTMP_MESSAGE_VIDEO, RTMP_MESSAGE_AUDIO, RTMP_MESSAGE_DATA_AMF0,
    RTMP_MESSAGE_DATA_AMF3, RTMP_MESSAGE_AGGREGATE };
  const guint8 type = types[rtmp_cursor_u8 (in) % G_N_ELEMENTS (types)];
  const guint32 timestamp = rtmp_cursor_u32 (in);
  const gsize wanted = rtmp_cursor_u8 (in);
  const gsize size = MIN (wanted, rtmp_cursor_left (in));
  RtmpMessage *message = room_message (type, timestamp, rtmp_cursor_bytes (in, size), size);

  if (type == RTMP_MESSAGE_AGGREGATE) {
    push_aggregate (run, message);
    rtmp_message_unref (message);
  } else {
    push (run, message);
  }
}

static gboolean
pop (QueueRun *run)
{
  RtmpQueueItem item;

  if (!rtmp_queue_pop (run->queue, &item))
    return FALSE;
  if (item.message->size > 0)
    rtmp_flv_finish_tag (item.message, 0);
  rtmp_message_unref (item.message);
  run->left++;
  return TRUE;
}

static void
run_operation (QueueRun *run, RtmpCursor *in)
{
  switch (rtmp_cursor_u8 (in) % 16) {
    case 0:
    case 1:
      pop (run);
      break;
    case 2:
      run->left += rtmp_queue_resync (run->queue);
      break;
    case 3:
      run->left += rtmp_queue_get_length (run->queue);
      rtmp_queue_clear (run->queue);
      break;
    default:
      push_message (run, in);
      break;
  }
  g_assert_cmpuint (rtmp_queue_get_length (run->queue), <=, RTMP_MAX_QUEUE_MESSAGES);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  const gboolean leaky = rtmp_cursor_u8 (&in) & 1;
  const guint64 max_bytes = 1 + rtmp_cursor_u16 (&in);
  QueueRun run = { rtmp_queue_new (leaky, max_bytes, rtmp_cursor_u16 (&in)), leaky, max_bytes, 0,
    0 };

  while (rtmp_cursor_left (&in) > 0)
    run_operation (&run, &in);
  while (pop (&run))
    ;
  g_assert_cmpuint (run.left, ==, run.pushed);
  g_assert_cmpuint (rtmp_queue_get_bytes (run.queue), ==, 0);
  rtmp_queue_free (run.queue);
  return 0;
}
