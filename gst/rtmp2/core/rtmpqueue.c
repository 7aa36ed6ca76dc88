/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpqueue.h"

#include "rtmpconfig.h"
#include "rtmplimits.h"

/*
 *  pop <- kept configuration | head ... first coded ... tail <- push
 *                            '---------- ring ---------'
 */
#define MIN_CAPACITY 16u
/* A ring that is larger goes when the queue is empty: a burst leaves nothing behind. */
#define KEPT_CAPACITY 64u
/* Audio this far past the last coded video makes the stream audio-only, ms. */
#define VIDEO_GONE_TIME 10000

/* @head, @first_coded and @tail count items since the queue was made; the ring is indexed by them
 * modulo its capacity, a power of two. */
struct _RtmpQueue {
  gboolean leaky;
  guint64 max_bytes;
  guint32 max_time;

  RtmpQueueItem *ring; /* NULL before the first push */
  guint64 capacity;
  guint64 head;
  guint64 first_coded; /* oldest coded item, or @tail */
  guint64 tail;
  guint64 ring_bytes;
  guint n_video;  /* coded video in the ring */
  guint32 newest; /* timestamp of the coded item pushed last */

  RtmpConfigSet *kept; /* of dropped groups, delivered before the ring */

  gboolean has_video;
  guint8 gate_track;    /* lowest video track seen */
  guint32 last_video;   /* timestamp */
  gboolean need_key;    /* video is dropped up to a key frame */
  gboolean audio_waits; /* and everything else but configuration too */
  gboolean lost;        /* the next coded item is a discont */

  guint64 dropped;
};

static RtmpQueueItem *
nth_item (const RtmpQueue *queue, guint64 index)
{
  return &queue->ring[index & (queue->capacity - 1)];
}

static gboolean
is_coded_video (const RtmpQueueItem *item)
{
  return item->kind == RTMP_TAG_KEY || item->kind == RTMP_TAG_INTER
      || item->kind == RTMP_TAG_DISPOSABLE;
}

/* What cannot be told is taken for media that needs no key frame. */
static gboolean
is_coded (const RtmpQueueItem *item)
{
  return is_coded_video (item) || item->kind == RTMP_TAG_AUDIO || item->kind == RTMP_TAG_UNKNOWN;
}

static guint8
lowest_track (const RtmpTagInfo *info)
{
  guint8 lowest = G_MAXUINT8;
  guint i;

  for (i = 0; i < info->n_tracks; i++)
    lowest = MIN (lowest, info->tracks[i].track);
  return lowest;
}

static gboolean
opens_gate (const RtmpQueue *queue, const RtmpQueueItem *item)
{
  return item->kind == RTMP_TAG_KEY && item->track <= queue->gate_track;
}

static void
fill_item (RtmpQueueItem *item, RtmpMessage *message, const RtmpTagInfo *info)
{
  *item = (RtmpQueueItem) {
    .message = message,
    .kind = info->kind,
    .is_video = info->is_video,
    .track = lowest_track (info),
  };
}

RtmpQueue *
rtmp_queue_new (gboolean leaky, guint64 max_bytes, guint32 max_time)
{
  RtmpQueue *queue = g_new0 (RtmpQueue, 1);

  queue->leaky = leaky;
  queue->max_bytes = max_bytes;
  queue->max_time = max_time;
  queue->kept = rtmp_config_set_new ();
  queue->gate_track = G_MAXUINT8;
  return queue;
}

void
rtmp_queue_free (RtmpQueue *queue)
{
  rtmp_queue_clear (queue);
  rtmp_config_set_free (queue->kept);
  g_free (queue->ring);
  g_free (queue);
}

static void
grow (RtmpQueue *queue)
{
  const guint64 capacity = MAX (queue->capacity * 2, MIN_CAPACITY);
  RtmpQueueItem *ring = g_new (RtmpQueueItem, capacity);
  guint64 i;

  for (i = queue->head; i < queue->tail; i++)
    ring[i & (capacity - 1)] = *nth_item (queue, i);
  g_free (queue->ring);
  queue->ring = ring;
  queue->capacity = capacity;
}

static void
shrink (RtmpQueue *queue)
{
  if (queue->head < queue->tail || queue->capacity <= KEPT_CAPACITY)
    return;
  g_clear_pointer (&queue->ring, g_free);
  queue->capacity = 0;
}

/* Amortized O(1): it only ever moves forward. */
static void
find_first_coded (RtmpQueue *queue)
{
  queue->first_coded = MAX (queue->first_coded, queue->head);
  while (queue->first_coded < queue->tail && !is_coded (nth_item (queue, queue->first_coded)))
    queue->first_coded++;
}

/* Takes the item at the head out; it stays readable until the next push. */
static RtmpQueueItem *
take_head (RtmpQueue *queue)
{
  RtmpQueueItem *item = nth_item (queue, queue->head);

  queue->head++;
  queue->ring_bytes -= item->message->size;
  if (is_coded_video (item))
    queue->n_video--;
  find_first_coded (queue);
  return item;
}

/* Returns the messages dropped. */
static guint
keep_config (RtmpQueue *queue, RtmpMessage *message)
{
  RtmpTagInfo info;

  rtmp_flv_classify (message, &info);
  return rtmp_config_set_add (queue->kept, message, &info);
}

/* Drops from the head up to @end, keeping configuration. Returns the messages dropped. */
static guint
drop_until (RtmpQueue *queue, guint64 end)
{
  guint dropped = 0;

  while (queue->head < end) {
    RtmpQueueItem *item = take_head (queue);

    if (is_coded (item))
      queue->lost = TRUE;
    dropped += keep_config (queue, item->message);
  }
  return dropped;
}

static void
close_gate (RtmpQueue *queue)
{
  queue->need_key = TRUE;
  queue->audio_waits = queue->has_video;
}

/* Drops the oldest group: everything before the next key frame that is not the head. */
static guint
drop_group (RtmpQueue *queue)
{
  guint64 end = queue->head + 1;

  if (queue->n_video == 0 && !queue->has_video) {
    queue->need_key = TRUE;
    return drop_until (queue, end);
  }
  while (end < queue->tail && !opens_gate (queue, nth_item (queue, end)))
    end++;
  if (end == queue->tail)
    close_gate (queue);
  return drop_until (queue, end);
}

static gboolean
exceeds (const RtmpQueue *queue, guint64 bytes, guint64 time, guint length)
{
  return (queue->max_bytes > 0 && bytes > queue->max_bytes)
      || (queue->max_time > 0 && time > queue->max_time) || length > RTMP_MAX_QUEUE_MESSAGES;
}

static guint
enforce_limits (RtmpQueue *queue)
{
  guint dropped = 0;

  while (exceeds (queue, rtmp_queue_get_bytes (queue), rtmp_queue_get_time (queue),
      rtmp_queue_get_length (queue))) {
    if (queue->first_coded < queue->tail)
      dropped += drop_group (queue);
    else if (queue->head < queue->tail)
      dropped += drop_until (queue, queue->tail);
    else
      dropped += rtmp_config_set_drop_largest (queue->kept);
  }
  if (queue->lost && queue->first_coded < queue->tail) {
    nth_item (queue, queue->first_coded)->discont = TRUE;
    queue->lost = FALSE;
  }
  return dropped;
}

void
rtmp_queue_set_limits (RtmpQueue *queue, guint64 max_bytes, guint32 max_time)
{
  queue->max_bytes = max_bytes;
  queue->max_time = max_time;
  if (queue->leaky)
    queue->dropped += enforce_limits (queue);
}

static void
watch_video (RtmpQueue *queue, const RtmpQueueItem *item)
{
  guint32 timestamp = item->message->timestamp;

  if (is_coded_video (item)) {
    queue->has_video = TRUE;
    queue->last_video = timestamp;
    queue->gate_track = MIN (queue->gate_track, item->track);
  } else if (item->kind == RTMP_TAG_AUDIO && queue->has_video
      && (gint32) (timestamp - queue->last_video) > VIDEO_GONE_TIME) {
    queue->has_video = FALSE;
    queue->audio_waits = FALSE;
  }
}

/* TRUE if the message may not go into the ring before the next key frame. */
static gboolean
is_gated (RtmpQueue *queue, const RtmpQueueItem *item)
{
  if (!queue->need_key)
    return FALSE;
  if (opens_gate (queue, item)) {
    queue->need_key = FALSE;
    queue->audio_waits = FALSE;
    queue->lost = TRUE;
    return FALSE;
  }
  return queue->audio_waits || is_coded_video (item);
}

/* Adds the item that was written behind the tail. */
static void
append (RtmpQueue *queue, RtmpQueueItem *item)
{
  if (is_coded (item)) {
    item->discont = queue->lost;
    queue->lost = FALSE;
    queue->newest = item->message->timestamp;
  }
  if (is_coded_video (item))
    queue->n_video++;
  queue->ring_bytes += item->message->size;
  queue->tail++;
  find_first_coded (queue);
}

guint
rtmp_queue_push (RtmpQueue *queue, RtmpMessage *message)
{
  RtmpQueueItem *item;
  RtmpTagInfo info;
  guint dropped = 0;

  if (queue->tail - queue->head == queue->capacity)
    grow (queue);
  item = nth_item (queue, queue->tail);
  rtmp_flv_classify (message, &info);
  fill_item (item, message, &info);

  watch_video (queue, item);
  if (is_gated (queue, item))
    dropped = rtmp_config_set_add (queue->kept, message, &info);
  else
    append (queue, item);
  if (queue->leaky)
    dropped += enforce_limits (queue);
  queue->dropped += dropped;
  return dropped;
}

gboolean
rtmp_queue_pop (RtmpQueue *queue, RtmpQueueItem *item)
{
  RtmpMessage *message;
  RtmpTagInfo info;

  if (rtmp_config_set_pop (queue->kept, &message, &info)) {
    fill_item (item, message, &info);
    return TRUE;
  }
  if (queue->head == queue->tail)
    return FALSE;
  *item = *take_head (queue);
  shrink (queue);
  return TRUE;
}

guint
rtmp_queue_resync (RtmpQueue *queue)
{
  guint64 start = queue->tail;
  guint dropped;

  while (start > queue->head && !opens_gate (queue, nth_item (queue, start - 1)))
    start--;
  if (start > queue->head) {
    start--;
    nth_item (queue, start)->discont = TRUE;
    dropped = drop_until (queue, start);
    queue->lost = FALSE;
  } else {
    close_gate (queue);
    dropped = drop_until (queue, queue->tail);
    queue->lost = TRUE;
  }
  queue->dropped += dropped;
  return dropped;
}

void
rtmp_queue_clear (RtmpQueue *queue)
{
  while (queue->head < queue->tail)
    rtmp_message_unref (take_head (queue)->message);
  shrink (queue);
  rtmp_config_set_clear (queue->kept);
  queue->has_video = FALSE;
  queue->gate_track = G_MAXUINT8;
  queue->need_key = FALSE;
  queue->audio_waits = FALSE;
  queue->lost = FALSE;
}

gboolean
rtmp_queue_waits_for_key (const RtmpQueue *queue)
{
  return queue->need_key;
}

gboolean
rtmp_queue_is_full (const RtmpQueue *queue)
{
  return (queue->max_bytes > 0 && rtmp_queue_get_bytes (queue) >= queue->max_bytes)
      || (queue->max_time > 0 && rtmp_queue_get_time (queue) >= queue->max_time)
      || rtmp_queue_get_length (queue) >= RTMP_MAX_QUEUE_MESSAGES;
}

gboolean
rtmp_queue_is_half_empty (const RtmpQueue *queue)
{
  return (queue->max_bytes == 0 || rtmp_queue_get_bytes (queue) <= queue->max_bytes / 2)
      && (queue->max_time == 0 || rtmp_queue_get_time (queue) <= queue->max_time / 2)
      && rtmp_queue_get_length (queue) <= RTMP_MAX_QUEUE_MESSAGES / 2;
}

guint
rtmp_queue_get_length (const RtmpQueue *queue)
{
  return (guint) (queue->tail - queue->head) + rtmp_config_set_get_length (queue->kept);
}

guint64
rtmp_queue_get_bytes (const RtmpQueue *queue)
{
  return queue->ring_bytes + rtmp_config_set_get_bytes (queue->kept);
}

guint32
rtmp_queue_get_time (const RtmpQueue *queue)
{
  gint32 time;

  if (queue->first_coded == queue->tail)
    return 0;
  time = (gint32) (queue->newest - nth_item (queue, queue->first_coded)->message->timestamp);
  return (guint32) MAX (time, 0);
}

guint64
rtmp_queue_get_dropped (const RtmpQueue *queue)
{
  return queue->dropped;
}
