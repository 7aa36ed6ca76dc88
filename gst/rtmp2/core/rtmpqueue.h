/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_QUEUE_H
#define RTMP_QUEUE_H

#include "rtmpflv.h"

G_BEGIN_DECLS

/**
 * RtmpQueue: received media that waits for the element, bounded in bytes and time. Not locked.
 *
 * When @leaky (a live source), at the bound whole groups of pictures are dropped, oldest first:
 * from the queue's head up to the next key frame; where the queue holds no other key frame
 * everything goes, and what comes is dropped up to the next key frame. Audio goes with the group it
 * lies in; an audio-only stream is cut at any tag.
 *
 * The newest configuration of each kind and track (and onMetaData, and video metadata) among what
 * is dropped is kept, in the order of RtmpConfigSet, ahead of what follows. Sequence ends and
 * script data other than onMetaData in a dropped group go with it; a sequence end takes the kept
 * configuration of its tracks along. Configuration that exceeds the bound by itself is dropped
 * too, the largest message first.
 *
 * A stream counts as audio-only until its first coded video, and again while its audio is more than
 * 10 s past its last: a camera that was switched off must not silence the microphone. Video
 * begins again with a key frame in any case. In a multitrack stream the key frames
 * meant here are those of the lowest track that was seen.
 *
 * When not leaky nothing is dropped (but see rtmp_queue_resync()); rtmp_queue_is_full() tells to
 * stop reading.
 */
typedef struct _RtmpQueue RtmpQueue;

/**
 * RtmpQueueItem: small, since items go from one processor's cache to another's.
 * @kind, @is_video: as in RtmpTagInfo
 * @track: the lowest of the message's; 255 if it has none
 * @discont: something was dropped just before this; on coded media only
 */
typedef struct {
  RtmpMessage *message;
  RtmpTagKind kind;
  gboolean is_video;
  gboolean discont;
  guint8 track;
} RtmpQueueItem;

/* @max_bytes (of payload), @max_time (ms): 0 = unbounded. RTMP_MAX_QUEUE_MESSAGES holds in any
 * case. */
RtmpQueue *rtmp_queue_new (gboolean leaky, guint64 max_bytes, guint32 max_time);
void rtmp_queue_free (RtmpQueue *queue);
/* A leaky queue drops what exceeds the new limits at once. */
void rtmp_queue_set_limits (RtmpQueue *queue, guint64 max_bytes, guint32 max_time);

/* @message: (transfer full), of type 8, 9, 15 or 18. Returns the messages dropped by this: media,
 * script data and replaced configuration, @message itself included. Once the ring has grown
 * only configuration that must be kept allocates. */
guint rtmp_queue_push (RtmpQueue *queue, RtmpMessage *message);
/* FALSE if empty; else the oldest; item->message: (transfer full). */
gboolean rtmp_queue_pop (RtmpQueue *queue, RtmpQueueItem *item);

/**
 * rtmp_queue_resync:
 *
 * To begin again at a key frame (after PAUSED, or at the start of a stream): drops up to the newest
 * key frame in the queue, or all and what comes until the next, configuration kept as above; the
 * next coded item is marked discont. Audio-only streams keep only what arrives from now on. As long
 * as no video was seen audio passes.
 *
 * Returns: messages dropped
 */
guint rtmp_queue_resync (RtmpQueue *queue);
/* Back to what it was when made, limits and totals apart; what was in it does not count as
 * dropped. */
void rtmp_queue_clear (RtmpQueue *queue);

/* TRUE while what comes is dropped up to the next key frame. */
gboolean rtmp_queue_waits_for_key (const RtmpQueue *queue);
/* TRUE at the bound or past it. */
gboolean rtmp_queue_is_full (const RtmpQueue *queue);
/* TRUE at half of each bound or below. */
gboolean rtmp_queue_is_half_empty (const RtmpQueue *queue);
guint rtmp_queue_get_length (const RtmpQueue *queue);
/* Of payload. */
guint64 rtmp_queue_get_bytes (const RtmpQueue *queue);
/* Newest minus oldest coded media timestamp, ms, serial arithmetic; 0 when it would be negative. */
guint32 rtmp_queue_get_time (const RtmpQueue *queue);
/* Totals since made. */
guint64 rtmp_queue_get_dropped (const RtmpQueue *queue);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpQueue, rtmp_queue_free)

G_END_DECLS

#endif
