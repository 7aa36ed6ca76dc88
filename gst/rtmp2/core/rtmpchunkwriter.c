/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpchunkwriter.h"

#include "rtmpchunkheader.h"
#include "rtmpcursor.h"
#include "rtmplimits.h"

/*
 * Messages are laid out as segments, in the order of the byte stream:
 *
 *   queue   | message 0     | message 1                     | message 2 ...
 *   window  | header payload| header payload header payload |  not yet laid out
 *           ^ boundary      ^ boundary      ^ boundary
 *
 * A window that was lent but not taken whole stays as it is; urgent messages
 * go in between at the first boundary that has not been passed. To be free to
 * do that without a look at what is laid out, chunk stream 2 has a whole
 * header (fmt 0) for every message, and no boundary inside a message.
 */
enum {
  SEGMENT_BOUNDARY = 1 << 0, /* urgent messages may go before it */
  SEGMENT_FIRST = 1 << 1,    /* of its message */
  SEGMENT_LAST = 1 << 2,     /* of its message */
};

typedef struct {
  const guint8 *base; /* payload; NULL for a header, whose bytes are here */
  guint32 size;
  guint8 flags;
  guint8 header[RTMP_CHUNK_HEADER_MAX];
} Segment;

typedef struct {
  RtmpMessage *message;
  guint32 chunk_size; /* in force where its first chunk was laid out */
} QueuedMessage;

typedef struct {
  RtmpMessage *message;
  guint header_len;
  guint8 header[RTMP_CHUNK_HEADER_MAX];
} UrgentMessage;

/* What the peer holds of the last header on a chunk stream. */
typedef struct {
  gboolean known;
  guint32 timestamp;
  guint32 length;
  guint32 stream_id;
  guint8 type;
} SentHeader;

/* The message of which a part is laid out. */
typedef struct {
  const RtmpMessage *message; /* NULL between messages */
  gboolean begun;
  guint piece;
  gsize piece_offset;
  guint32 message_left;
  guint32 chunk_left;
  RtmpChunkHeader next; /* of its next chunk */
} Layout;

/* Rings begin small, are powers of two and double. */
#define FIRST_RING_SIZE 16u
G_STATIC_ASSERT ((RTMP_MAX_VECTORS & (RTMP_MAX_VECTORS - 1)) == 0);
G_STATIC_ASSERT ((RTMP_MAX_URGENT_MESSAGES & (RTMP_MAX_URGENT_MESSAGES - 1)) == 0);

#define CHUNK_STREAMS (RTMP_CHUNK_STREAM_STREAM_COMMAND + 1)

struct _RtmpChunkWriter {
  guint32 chunk_size;
  guint32 smallest_chunk_size; /* that was ever in force */
  SentHeader sent[CHUNK_STREAMS];
  Layout layout;

  QueuedMessage *queue;
  guint queue_size;
  guint queue_head;
  guint n_queued;
  guint n_begun; /* of which the layout is begun */
  gsize queued_bytes;
  GPtrArray *sent_whole; /* nullable */

  Segment *window;
  guint window_size;
  guint window_head;
  guint n_segments;
  gsize segment_taken; /* bytes of the first segment */

  guint urgent_head;
  guint n_urgent;
  gsize urgent_taken; /* bytes of the first urgent message, its header included */
  UrgentMessage urgent[RTMP_MAX_URGENT_MESSAGES];
};

RtmpChunkWriter *
rtmp_chunk_writer_new (void)
{
  RtmpChunkWriter *writer = g_new0 (RtmpChunkWriter, 1);

  writer->chunk_size = RTMP_DEFAULT_CHUNK_SIZE;
  writer->smallest_chunk_size = RTMP_DEFAULT_CHUNK_SIZE;
  writer->queue_size = FIRST_RING_SIZE;
  writer->queue = g_new (QueuedMessage, writer->queue_size);
  writer->window_size = FIRST_RING_SIZE;
  writer->window = g_new (Segment, writer->window_size);
  return writer;
}

static QueuedMessage *
queue_at (const RtmpChunkWriter *writer, guint i)
{
  return &writer->queue[(writer->queue_head + i) & (writer->queue_size - 1)];
}

static Segment *
window_at (const RtmpChunkWriter *writer, guint i)
{
  return &writer->window[(writer->window_head + i) & (writer->window_size - 1)];
}

static UrgentMessage *
urgent_at (RtmpChunkWriter *writer, guint i)
{
  return &writer->urgent[(writer->urgent_head + i) & (RTMP_MAX_URGENT_MESSAGES - 1)];
}

void
rtmp_chunk_writer_free (RtmpChunkWriter *writer)
{
  guint i;

  for (i = 0; i < writer->n_queued; i++)
    rtmp_message_unref (queue_at (writer, i)->message);
  for (i = 0; i < writer->n_urgent; i++)
    rtmp_message_unref (urgent_at (writer, i)->message);
  g_free (writer->queue);
  g_free (writer->window);
  g_free (writer);
}

/* Doubles a full ring; its first element is then element 0. */
static gpointer
grow_ring (gpointer ring, gsize element_size, guint *size, guint *head)
{
  gsize before = *head * element_size;
  gsize behind = (*size - *head) * element_size;
  guint8 *grown = g_malloc_n (2 * (gsize) *size, element_size);

  memcpy (grown, (const guint8 *) ring + before, behind);
  memcpy (grown + behind, ring, before);
  g_free (ring);
  *size *= 2;
  *head = 0;
  return grown;
}

/* The size that a Set Chunk Size message announces; 0 if it is not valid (5.4.1). */
static guint32
announced_chunk_size (const RtmpMessage *message)
{
  guint8 payload[4] = { 0 };
  guint32 size;

  if (message->size != sizeof (payload))
    return 0;
  rtmp_message_peek (message, 0, payload, sizeof (payload));
  size = rtmp_read_u32 (payload);
  return size <= RTMP_MAX_CHUNK_SIZE ? size : 0;
}

void
rtmp_chunk_writer_queue (RtmpChunkWriter *writer, RtmpMessage *message)
{
  g_autoptr (RtmpMessage) owned = message;

  g_return_if_fail (message->size <= RTMP_MAX_MESSAGE_SIZE);
  if (message->type == RTMP_MESSAGE_SET_CHUNK_SIZE) {
    guint32 size = announced_chunk_size (message);

    g_return_if_fail (size > 0);
    writer->smallest_chunk_size = MIN (writer->smallest_chunk_size, size);
  }

  if (writer->n_queued == writer->queue_size)
    writer->queue = grow_ring (writer->queue, sizeof (QueuedMessage), &writer->queue_size,
        &writer->queue_head);
  writer->queued_bytes += message->size;
  queue_at (writer, writer->n_queued++)->message = g_steal_pointer (&owned);
}

/* -- The urgent lane -- */

static void
set_urgent (UrgentMessage *urgent, RtmpMessage *message)
{
  RtmpChunkHeader header = {
    .fmt = 0,
    .chunk_stream = RTMP_CHUNK_STREAM_CONTROL,
    .timestamp_field = message->timestamp,
    .extended = message->timestamp >= RTMP_EXTENDED_TIMESTAMP,
    .length = (guint32) message->size,
    .type = message->type,
    .stream_id = message->stream_id,
  };

  urgent->message = message;
  urgent->header_len = rtmp_chunk_header_write (&header, urgent->header);
}

/* Takes one out that has not begun to leave. */
static void
drop_urgent (RtmpChunkWriter *writer, guint i)
{
  rtmp_message_unref (urgent_at (writer, i)->message);
  for (; i + 1 < writer->n_urgent; i++)
    *urgent_at (writer, i) = *urgent_at (writer, i + 1);
  writer->n_urgent--;
}

static gboolean
replace_ack (RtmpChunkWriter *writer, guint first, RtmpMessage *message)
{
  guint i;

  for (i = first; i < writer->n_urgent; i++) {
    UrgentMessage *urgent = urgent_at (writer, i);

    if (urgent->message->type == RTMP_MESSAGE_ACK) {
      rtmp_message_unref (urgent->message);
      set_urgent (urgent, message);
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
rtmp_chunk_writer_takes_urgent (const RtmpChunkWriter *writer, const RtmpMessage *message)
{
  return message->size <= writer->smallest_chunk_size;
}

void
rtmp_chunk_writer_queue_urgent (RtmpChunkWriter *writer, RtmpMessage *message)
{
  g_autoptr (RtmpMessage) owned = message;
  guint first = writer->urgent_taken > 0 ? 1 : 0;

  g_return_if_fail (message->type != RTMP_MESSAGE_SET_CHUNK_SIZE);
  g_return_if_fail (rtmp_chunk_stream_for (message->type, 0) == RTMP_CHUNK_STREAM_CONTROL);
  g_return_if_fail (message->size <= writer->smallest_chunk_size);

  if (message->type == RTMP_MESSAGE_ACK && replace_ack (writer, first, message)) {
    g_steal_pointer (&owned);
    return;
  }
  if (writer->n_urgent == RTMP_MAX_URGENT_MESSAGES)
    drop_urgent (writer, first);
  set_urgent (urgent_at (writer, writer->n_urgent++), g_steal_pointer (&owned));
}

/* Lends what is left of @urgent behind its first @taken bytes. */
static guint
lend_urgent (const UrgentMessage *urgent, gsize taken, RtmpVector *vectors, guint n_vectors)
{
  const RtmpMessage *message = urgent->message;
  guint lent = 0, i;

  if (taken < urgent->header_len) {
    vectors[lent].base = urgent->header + taken;
    vectors[lent++].size = urgent->header_len - taken;
    taken = 0;
  } else {
    taken -= urgent->header_len;
  }
  for (i = 0; i < message->n_vectors && lent < n_vectors; i++) {
    const RtmpVector *piece = &message->vectors[i];
    gsize skip = MIN (taken, piece->size);

    taken -= skip;
    if (skip < piece->size) {
      vectors[lent].base = (const guint8 *) piece->base + skip;
      vectors[lent++].size = piece->size - skip;
    }
  }
  return lent;
}

static gsize
consume_urgent (RtmpChunkWriter *writer, gsize bytes)
{
  UrgentMessage *urgent = urgent_at (writer, 0);
  gsize size = urgent->header_len + urgent->message->size;

  bytes = MIN (bytes, size - writer->urgent_taken);
  writer->urgent_taken += bytes;
  if (writer->urgent_taken == size) {
    rtmp_message_unref (urgent->message);
    writer->urgent_head++;
    writer->n_urgent--;
    writer->urgent_taken = 0;
  }
  return bytes;
}

/* -- Layout of the ordinary lane -- */

/* The shortest header that says how @message differs from the last one on its
 * chunk stream (5.3.1.2). */
static void
choose_header (const SentHeader *last, const RtmpMessage *message, RtmpChunkHeader *header)
{
  guint32 delta = message->timestamp - last->timestamp;
  gboolean backward = delta >= 0x80000000u;

  if (!last->known || last->stream_id != message->stream_id || backward)
    header->fmt = 0;
  else if (last->length != message->size || last->type != message->type)
    header->fmt = 1;
  else
    header->fmt = 2;
  header->timestamp_field = header->fmt == 0 ? message->timestamp : delta;
  header->extended = header->timestamp_field >= RTMP_EXTENDED_TIMESTAMP;
  header->length = (guint32) message->size;
  header->type = message->type;
  header->stream_id = message->stream_id;
}

static gboolean
begin_message (RtmpChunkWriter *writer)
{
  Layout *layout = &writer->layout;
  QueuedMessage *queued;
  const RtmpMessage *message;
  SentHeader *last;

  if (writer->n_begun == writer->n_queued)
    return FALSE;
  queued = queue_at (writer, writer->n_begun++);
  queued->chunk_size = writer->chunk_size;
  message = queued->message;

  layout->message = message;
  layout->begun = FALSE;
  layout->piece = 0;
  layout->piece_offset = 0;
  layout->message_left = (guint32) message->size;
  layout->chunk_left = 0;
  layout->next.chunk_stream = rtmp_chunk_stream_for (message->type, message->stream_id);
  last = &writer->sent[layout->next.chunk_stream];
  choose_header (last, message, &layout->next);

  last->known = layout->next.chunk_stream != RTMP_CHUNK_STREAM_CONTROL;
  last->timestamp = message->timestamp;
  last->length = (guint32) message->size;
  last->stream_id = message->stream_id;
  last->type = message->type;
  return TRUE;
}

static void
end_message (RtmpChunkWriter *writer)
{
  if (writer->layout.message->type == RTMP_MESSAGE_SET_CHUNK_SIZE)
    writer->chunk_size = announced_chunk_size (writer->layout.message);
  writer->layout.message = NULL;
}

/* TRUE if urgent messages may go behind what is laid out so far. */
static gboolean
layout_at_boundary (const Layout *layout)
{
  return !layout->message || !layout->begun
      || (layout->chunk_left == 0 && layout->next.chunk_stream != RTMP_CHUNK_STREAM_CONTROL);
}

static void
lay_out_header (RtmpChunkWriter *writer, Segment *segment)
{
  Layout *layout = &writer->layout;

  segment->base = NULL;
  segment->flags = layout_at_boundary (layout) ? SEGMENT_BOUNDARY : 0;
  if (!layout->begun)
    segment->flags |= SEGMENT_FIRST;
  segment->size = rtmp_chunk_header_write (&layout->next, segment->header);
  layout->begun = TRUE;
  layout->next.fmt = 3;
  layout->chunk_left = MIN (writer->chunk_size, layout->message_left);
}

static void
lay_out_payload (RtmpChunkWriter *writer, Segment *segment)
{
  Layout *layout = &writer->layout;
  const RtmpVector *piece = &layout->message->vectors[layout->piece];

  segment->base = (const guint8 *) piece->base + layout->piece_offset;
  segment->size = (guint32) MIN (layout->chunk_left, piece->size - layout->piece_offset);
  segment->flags = 0;
  layout->chunk_left -= segment->size;
  layout->message_left -= segment->size;
  layout->piece_offset += segment->size;
  if (layout->piece_offset == piece->size) {
    layout->piece++;
    layout->piece_offset = 0;
  }
}

static void
lay_out (RtmpChunkWriter *writer, guint n_segments)
{
  Layout *layout = &writer->layout;

  n_segments = MIN (n_segments, RTMP_MAX_VECTORS);
  while (writer->n_segments < n_segments && (layout->message || begin_message (writer))) {
    Segment *segment;

    if (writer->n_segments == writer->window_size)
      writer->window = grow_ring (writer->window, sizeof (Segment), &writer->window_size,
          &writer->window_head);
    segment = window_at (writer, writer->n_segments++);
    if (layout->chunk_left == 0)
      lay_out_header (writer, segment);
    else
      lay_out_payload (writer, segment);
    if (layout->message_left == 0) {
      segment->flags |= SEGMENT_LAST;
      end_message (writer);
    }
  }
}

/* -- The way out -- */

/* TRUE if urgent messages may go before segment @i, or behind the window. */
static gboolean
at_boundary (const RtmpChunkWriter *writer, guint i)
{
  if (i == 0 && writer->segment_taken > 0)
    return FALSE;
  if (i == writer->n_segments)
    return layout_at_boundary (&writer->layout);
  return window_at (writer, i)->flags & SEGMENT_BOUNDARY;
}

static void
lend_segment (const RtmpChunkWriter *writer, guint i, RtmpVector *vector)
{
  const Segment *segment = window_at (writer, i);
  gsize taken = i == 0 ? writer->segment_taken : 0;

  vector->base = (segment->base ? segment->base : segment->header) + taken;
  vector->size = segment->size - taken;
}

/* The order depends on nothing but the state, so that consume() goes through
 * it again: the rest of a chunk that is begun, urgent messages, the rest. */
guint
rtmp_chunk_writer_peek (RtmpChunkWriter *writer, RtmpVector *vectors, guint n_vectors)
{
  guint lent = 0, segment = 0, i;

  lay_out (writer, n_vectors);
  while (lent < n_vectors && segment < writer->n_segments && !at_boundary (writer, segment))
    lend_segment (writer, segment++, &vectors[lent++]);
  if (at_boundary (writer, segment)) {
    for (i = 0; i < writer->n_urgent && lent < n_vectors; i++)
      lent += lend_urgent (urgent_at (writer, i), i == 0 ? writer->urgent_taken : 0, vectors + lent,
          n_vectors - lent);
    while (lent < n_vectors && segment < writer->n_segments)
      lend_segment (writer, segment++, &vectors[lent++]);
  }
  return lent;
}

static void
pop_message (RtmpChunkWriter *writer)
{
  RtmpMessage *message = queue_at (writer, 0)->message;

  writer->queue_head = (writer->queue_head + 1) & (writer->queue_size - 1);
  writer->n_queued--;
  writer->n_begun--;
  if (writer->sent_whole)
    g_ptr_array_add (writer->sent_whole, message);
  else
    rtmp_message_unref (message);
}

static gsize
consume_segment (RtmpChunkWriter *writer, gsize bytes)
{
  const Segment *segment = window_at (writer, 0);

  bytes = MIN (bytes, segment->size - writer->segment_taken);
  if (segment->base)
    writer->queued_bytes -= bytes;
  writer->segment_taken += bytes;
  if (writer->segment_taken == segment->size) {
    writer->window_head = (writer->window_head + 1) & (writer->window_size - 1);
    writer->n_segments--;
    writer->segment_taken = 0;
    if (segment->flags & SEGMENT_LAST)
      pop_message (writer);
  }
  return bytes;
}

void
rtmp_chunk_writer_set_sent (RtmpChunkWriter *writer, GPtrArray *sent)
{
  writer->sent_whole = sent;
}

void
rtmp_chunk_writer_consume (RtmpChunkWriter *writer, gsize bytes)
{
  while (bytes > 0) {
    gboolean urgent = writer->n_urgent > 0 && at_boundary (writer, 0);

    g_return_if_fail (urgent || writer->n_segments > 0);
    bytes -= urgent ? consume_urgent (writer, bytes) : consume_segment (writer, bytes);
  }
}

gsize
rtmp_chunk_writer_get_queued (const RtmpChunkWriter *writer)
{
  return writer->queued_bytes;
}

gboolean
rtmp_chunk_writer_is_empty (const RtmpChunkWriter *writer)
{
  return writer->n_queued == 0 && writer->n_urgent == 0;
}

guint32
rtmp_chunk_writer_get_chunk_size (const RtmpChunkWriter *writer)
{
  return writer->chunk_size;
}

/* -- Flush -- */

/* TRUE if bytes of the first message have left. */
static gboolean
first_message_begun (const RtmpChunkWriter *writer)
{
  if (writer->n_segments > 0)
    return writer->segment_taken > 0 || !(window_at (writer, 0)->flags & SEGMENT_FIRST);
  return writer->layout.message != NULL;
}

/* Undoes the layout of all but the first @keep messages. The peer's header
 * state is no longer known then, so each chunk stream begins anew with fmt 0. */
static void
roll_back (RtmpChunkWriter *writer, guint keep)
{
  guint n_segments = 0, ended = 0;

  while (ended < keep)
    if (window_at (writer, n_segments++)->flags & SEGMENT_LAST)
      ended++;
  writer->n_segments = n_segments;
  writer->n_begun = keep;
  writer->chunk_size = queue_at (writer, keep)->chunk_size;
  memset (&writer->layout, 0, sizeof (writer->layout));
  memset (writer->sent, 0, sizeof (writer->sent));
}

void
rtmp_chunk_writer_drop_queued (RtmpChunkWriter *writer)
{
  guint keep = first_message_begun (writer) ? 1 : 0;
  guint kept = keep, i;

  if (writer->n_begun > keep)
    roll_back (writer, keep);
  for (i = keep; i < writer->n_queued; i++) {
    QueuedMessage *queued = queue_at (writer, i);

    if (queued->message->type == RTMP_MESSAGE_SET_CHUNK_SIZE) {
      *queue_at (writer, kept++) = *queued;
    } else {
      writer->queued_bytes -= queued->message->size;
      rtmp_message_unref (queued->message);
    }
  }
  writer->n_queued = kept;
}
