/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpchunkreader.h"

#include "rtmpchunkheader.h"
#include "rtmpcursor.h"
#include "rtmperror.h"
#include "rtmplimits.h"

/*
 *   +--------+  +-------------------------------+  +---------------+
 *   | header |->| repeated extended timestamp,  |->| chunk payload |--> next header,
 *   +--------+  | fmt 3 only, perhaps left out  |  +---------------+    or a message
 *               +-------------------------------+
 */
typedef enum {
  STATE_HEADER,
  STATE_REPEATED_TIMESTAMP,
  STATE_PAYLOAD,
} State;

/* Ids below this one, all that real peers use, are looked up directly. */
#define DIRECT_STREAMS 64u
/* Slots for the others: a power of two, half of them free at least. */
#define OTHER_SLOTS (2 * RTMP_MAX_CHUNK_STREAMS)
G_STATIC_ASSERT ((OTHER_SLOTS & (OTHER_SLOTS - 1)) == 0);

/* The header in force, and the message that it began. */
typedef struct {
  guint32 id;
  gboolean known;
  guint32 timestamp;
  guint32 timestamp_field;
  gboolean extended;
  guint32 length;
  guint32 stream_id;
  guint8 type;

  gboolean assembling;
  guint32 received;
  guint32 capacity; /* of block */
  guint8 *block;
} ChunkStream;

typedef struct {
  const guint8 *start;
  const guint8 *pos;
  const guint8 *end;
} Input;

struct _RtmpChunkReader {
  State state;
  guint32 chunk_size;
  guint32 max_message_size;
  RtmpBlockPool *pool;
  ChunkStream *current;
  guint32 chunk_left;

  guint8 header[RTMP_CHUNK_HEADER_MAX]; /* the part of one that has arrived */
  guint header_len;
  guint32 repeated; /* first bytes of what may be a timestamp */
  guint repeated_len;
  guint8 pushed_back[4]; /* those bytes, when they turned out to be payload */
  guint pushed_back_len;

  RtmpMessage *completed;
  GError *error;
  guint64 dropped;
  gsize assembly_bytes;

  guint n_streams;
  ChunkStream **others; /* open addressing, OTHER_SLOTS; made when needed */
  ChunkStream direct[DIRECT_STREAMS];
};

RtmpChunkReader *
rtmp_chunk_reader_new (void)
{
  RtmpChunkReader *reader = g_new0 (RtmpChunkReader, 1);

  reader->chunk_size = RTMP_DEFAULT_CHUNK_SIZE;
  reader->max_message_size = RTMP_MAX_MESSAGE_SIZE;
  return reader;
}

void
rtmp_chunk_reader_free (RtmpChunkReader *reader)
{
  guint i;

  for (i = 0; i < DIRECT_STREAMS; i++)
    rtmp_message_block_free (reader->direct[i].block);
  for (i = 0; reader->others && i < OTHER_SLOTS; i++) {
    if (reader->others[i])
      rtmp_message_block_free (reader->others[i]->block);
    g_free (reader->others[i]);
  }
  g_free (reader->others);
  g_clear_error (&reader->error);
  g_free (reader);
}

/* The slot of @id, or the free one where it belongs. */
static ChunkStream **
other_slot (const RtmpChunkReader *reader, guint32 id)
{
  guint i = id * 2654435761u >> 16;

  for (;; i++) {
    ChunkStream **slot = &reader->others[i & (OTHER_SLOTS - 1)];

    if (*slot == NULL || (*slot)->id == id)
      return slot;
  }
}

static ChunkStream *
find_stream (RtmpChunkReader *reader, guint32 id)
{
  if (G_LIKELY (id < DIRECT_STREAMS))
    return reader->direct[id].known ? &reader->direct[id] : NULL;
  return reader->others ? *other_slot (reader, id) : NULL;
}

static ChunkStream *
add_stream (RtmpChunkReader *reader, guint32 id)
{
  ChunkStream *stream;

  if (reader->n_streams >= RTMP_MAX_CHUNK_STREAMS) {
    g_set_error (&reader->error, RTMP_ERROR, RTMP_ERROR_LIMIT,
        "The peer uses more than %u chunk streams", RTMP_MAX_CHUNK_STREAMS);
    return NULL;
  }
  if (id < DIRECT_STREAMS) {
    stream = &reader->direct[id];
  } else {
    if (!reader->others)
      reader->others = g_new0 (ChunkStream *, OTHER_SLOTS);
    stream = g_new0 (ChunkStream, 1);
    *other_slot (reader, id) = stream;
  }
  stream->id = id;
  stream->known = TRUE;
  reader->n_streams++;
  return stream;
}

static gsize
block_size (const ChunkStream *stream)
{
  return stream->block ? stream->capacity + RTMP_MESSAGE_BLOCK_ROOM : 0;
}

static void
drop_partial (RtmpChunkReader *reader, ChunkStream *stream)
{
  if (!stream->assembling)
    return;
  reader->assembly_bytes -= block_size (stream);
  g_clear_pointer (&stream->block, rtmp_message_block_free);
  stream->capacity = 0;
  stream->assembling = FALSE;
  reader->dropped++;
}

static gboolean
check_first_chunk (RtmpChunkReader *reader, const ChunkStream *stream,
    const RtmpChunkHeader *header)
{
  guint32 length = stream ? stream->length : 0;

  /* Type 1 leaves out no more than the message stream, which is then 0 (peers Q23). */
  if (!stream && header->fmt >= 2) {
    g_set_error (&reader->error, RTMP_ERROR, RTMP_ERROR_PROTOCOL,
        "Chunk stream %u begins with a type %u chunk", header->chunk_stream, header->fmt);
    return FALSE;
  }
  if (header->fmt < 2)
    length = header->length;
  if (length > reader->max_message_size) {
    g_set_error (&reader->error, RTMP_ERROR, RTMP_ERROR_LIMIT,
        "A message of %u bytes is larger than the %u allowed", length, reader->max_message_size);
    return FALSE;
  }
  return TRUE;
}

/* The fields that the header leaves out are those of the chunk stream's last
 * message; a type 3 header repeats its delta, or after type 0 its timestamp
 * (5.3.1.2.4). */
static ChunkStream *
begin_message (RtmpChunkReader *reader, ChunkStream *stream, const RtmpChunkHeader *header)
{
  if (!check_first_chunk (reader, stream, header))
    return NULL;
  if (!stream && !(stream = add_stream (reader, header->chunk_stream)))
    return NULL;
  drop_partial (reader, stream);

  if (header->fmt < 3) {
    stream->timestamp_field = header->timestamp_field;
    stream->extended = header->extended;
  }
  if (header->fmt < 2) {
    stream->length = header->length;
    stream->type = header->type;
  }
  if (header->fmt == 0) {
    stream->timestamp = header->timestamp_field;
    stream->stream_id = header->stream_id;
  } else {
    stream->timestamp += stream->timestamp_field;
  }
  stream->assembling = TRUE;
  stream->received = 0;
  return stream;
}

/* Makes room for @size more bytes, of @in_hand that may be the message's: of one message's, for a read
 * that begins many must not be counted for each of them. What a header declares is only ever an
 * upper bound. */
static gboolean
grow_block (RtmpChunkReader *reader, ChunkStream *stream, guint32 size, gsize in_hand)
{
  gsize others = reader->assembly_bytes - block_size (stream);
  gsize budget = RTMP_MAX_ASSEMBLY_BYTES - others;
  gsize needed = (gsize) stream->received + size + RTMP_MESSAGE_BLOCK_ROOM;
  gsize capacity = RTMP_ASSEMBLY_GROWTH * (stream->received + (others > 0 ? size : in_hand));
  guint8 *block = NULL;

  capacity = MIN (MAX (capacity, RTMP_MIN_ASSEMBLY_BLOCK), stream->length);
  if (needed <= budget) {
    capacity = MIN (capacity, budget - RTMP_MESSAGE_BLOCK_ROOM);
    block = rtmp_message_block_resize (reader->pool, stream->block, stream->received, capacity);
  }
  if (!block) {
    g_set_error (&reader->error, RTMP_ERROR, RTMP_ERROR_LIMIT,
        "No memory for a message of %u bytes, with %" G_GSIZE_FORMAT " bytes held for others",
        stream->length, others);
    return FALSE;
  }
  stream->block = block;
  stream->capacity = (guint32) capacity;
  reader->assembly_bytes = others + block_size (stream);
  return TRUE;
}

/* Returns FALSE if that was the message's last chunk, or there is no memory for it. */
static gboolean
end_chunk (RtmpChunkReader *reader)
{
  ChunkStream *stream = reader->current;

  reader->state = STATE_HEADER;
  if (!stream->assembling || stream->received < stream->length)
    return TRUE;

  if (!stream->block && !grow_block (reader, stream, 0, 0))
    return FALSE;
  reader->assembly_bytes -= block_size (stream);
  reader->completed = rtmp_message_new_taken (stream->type, stream->stream_id, stream->timestamp,
      g_steal_pointer (&stream->block), stream->length);
  stream->capacity = 0;
  stream->assembling = FALSE;
  return FALSE;
}

static gboolean
begin_payload (RtmpChunkReader *reader)
{
  ChunkStream *stream = reader->current;

  reader->chunk_left = MIN (reader->chunk_size, stream->length - stream->received);
  if (reader->chunk_left == 0)
    return end_chunk (reader);
  reader->state = STATE_PAYLOAD;
  return TRUE;
}

/* Takes a whole header, piecing it together over several feeds where it was
 * cut. Returns FALSE if more is needed; all input is then taken. */
static gboolean
collect_header (RtmpChunkReader *reader, Input *in, RtmpChunkHeader *header)
{
  gsize size = in->end - in->pos;
  guint len, before = reader->header_len;

  if (before == 0) {
    len = rtmp_chunk_header_read (in->pos, size, header);
  } else {
    size = MIN (size, RTMP_CHUNK_HEADER_MAX - before);
    memcpy (reader->header + before, in->pos, size);
    len = rtmp_chunk_header_read (reader->header, before + size, header);
  }
  if (len > 0) {
    in->pos += len - before;
    reader->header_len = 0;
    return TRUE;
  }
  if (before == 0)
    memcpy (reader->header, in->pos, size);
  reader->header_len = before + (guint) size;
  in->pos = in->end;
  return FALSE;
}

/* The next chunk of a message, with a header of one byte: nearly all chunks are
 * that where they are small. Anything else is left to the general case. */
static gboolean
take_short_header (RtmpChunkReader *reader, Input *in)
{
  ChunkStream *stream = &reader->direct[*in->pos & 0x3F];

  if (*in->pos < 0xC2 || reader->header_len > 0 || !stream->assembling || stream->extended)
    return FALSE;
  in->pos++;
  reader->current = stream;
  return TRUE;
}

static gboolean
take_header (RtmpChunkReader *reader, Input *in)
{
  RtmpChunkHeader header;
  ChunkStream *stream;

  if (take_short_header (reader, in))
    return begin_payload (reader);
  if (!collect_header (reader, in, &header))
    return FALSE;
  stream = find_stream (reader, header.chunk_stream);
  if (!(header.fmt == 3 && stream && stream->assembling)
      && !(stream = begin_message (reader, stream, &header)))
    return FALSE;

  reader->current = stream;
  if (header.fmt < 3 || !stream->extended)
    return begin_payload (reader);
  reader->state = STATE_REPEATED_TIMESTAMP;
  reader->repeated = 0;
  reader->repeated_len = 0;
  return TRUE;
}

/* The bytes taken for a timestamp are input again: those of this run by going
 * back, those of earlier ones from a copy. Returns FALSE if there is a copy,
 * which must then be read first. */
static gboolean
push_back (RtmpChunkReader *reader, Input *in)
{
  guint in_run = (guint) MIN ((gsize) (in->pos - in->start), reader->repeated_len);
  guint earlier = reader->repeated_len - in_run;
  guint8 bytes[4];

  in->pos -= in_run;
  rtmp_write_u32 (bytes, reader->repeated << (32 - 8 * reader->repeated_len));
  memcpy (reader->pushed_back, bytes, earlier);
  reader->pushed_back_len = earlier;
  return earlier == 0;
}

/* Type 3 repeats the extended timestamp (5.3.1.3), but some peers leave it out
 * (peers Q20), and some repeat the absolute one after a delta, where that is
 * extended itself. So a byte counts as part of it only as long as all of them
 * agree with what is expected. */
static gboolean
take_repeated_timestamp (RtmpChunkReader *reader, Input *in)
{
  const ChunkStream *stream = reader->current;
  guint32 field = stream->timestamp_field;
  guint32 other = stream->timestamp >= RTMP_EXTENDED_TIMESTAMP ? stream->timestamp : field;

  while (in->pos < in->end) {
    guint32 value = reader->repeated << 8 | *in->pos;
    guint shift = 24 - 8 * reader->repeated_len;

    if (value != field >> shift && value != other >> shift) {
      gboolean go_on = reader->repeated_len == 0 || push_back (reader, in);

      return begin_payload (reader) && go_on;
    }
    in->pos++;
    reader->repeated = value;
    if (++reader->repeated_len == 4)
      return begin_payload (reader);
  }
  return TRUE;
}

/* The chunks that follow, where they are the message's own, whole and not its last, and their
 * headers one byte: with small chunks that is nearly all of the input. */
static void
take_whole_chunks (RtmpChunkReader *reader, Input *in)
{
  ChunkStream *stream = reader->current;
  const gsize chunk_size = reader->chunk_size;
  const guint8 header = (guint8) (0xC0 | stream->id);
  const guint32 room = MIN (stream->capacity, stream->length - 1) - stream->received;
  const guint8 *pos = in->pos;
  gsize taken = 0;

  if (stream->id >= DIRECT_STREAMS || stream->extended)
    return;
  while (room - taken >= chunk_size && (gsize) (in->end - pos) > chunk_size && *pos == header) {
    memcpy (stream->block + stream->received + taken, pos + 1, chunk_size);
    taken += chunk_size;
    pos += 1 + chunk_size;
  }
  stream->received += (guint32) taken;
  in->pos = pos;
}

static gboolean
take_payload (RtmpChunkReader *reader, Input *in)
{
  ChunkStream *stream = reader->current;
  gsize in_hand = in->end - in->pos;
  guint32 size = (guint32) MIN (in_hand, reader->chunk_left);

  /* The rest of a chunk whose message was aborted in its midst is skipped. */
  if (G_LIKELY (stream->assembling)) {
    if (stream->capacity - stream->received < size && !grow_block (reader, stream, size, in_hand))
      return FALSE;
    memcpy (stream->block + stream->received, in->pos, size);
    stream->received += size;
  }
  in->pos += size;
  reader->chunk_left -= size;
  if (reader->chunk_left > 0)
    return TRUE;
  if (stream->assembling && stream->received < stream->length)
    take_whole_chunks (reader, in);
  return end_chunk (reader);
}

/* Reads until the input is used up, a message is complete, bytes have been
 * pushed back or an error is set. */
static void
run (RtmpChunkReader *reader, Input *in)
{
  gboolean go_on = TRUE;

  while (go_on && in->pos < in->end) {
    switch (reader->state) {
      case STATE_HEADER:
        go_on = take_header (reader, in);
        break;
      case STATE_REPEATED_TIMESTAMP:
        go_on = take_repeated_timestamp (reader, in);
        break;
      case STATE_PAYLOAD:
        go_on = take_payload (reader, in);
        break;
    }
  }
}

/* Nothing more is pushed back meanwhile: a timestamp that begins in these
 * bytes and ends in them is gone back over. */
static void
run_pushed_back (RtmpChunkReader *reader)
{
  guint8 bytes[sizeof (reader->pushed_back)];
  Input in = { bytes, bytes, bytes + reader->pushed_back_len };

  memcpy (bytes, reader->pushed_back, sizeof (bytes));
  reader->pushed_back_len = 0;
  run (reader, &in);
  reader->pushed_back_len = (guint) (in.end - in.pos);
  memcpy (reader->pushed_back, in.pos, reader->pushed_back_len);
}

gboolean
rtmp_chunk_reader_read (RtmpChunkReader *reader, const guint8 *data, gsize size, gsize *consumed,
    RtmpMessage **message, GError **error)
{
  Input in = { data, data, size > 0 ? data + size : data };

  while (!reader->error && !reader->completed) {
    if (reader->pushed_back_len > 0)
      run_pushed_back (reader);
    else if (in.pos < in.end)
      run (reader, &in);
    else
      break;
  }

  *consumed = size - (gsize) (in.end - in.pos);
  *message = g_steal_pointer (&reader->completed);
  if (!reader->error)
    return TRUE;
  g_propagate_error (error, g_error_copy (reader->error));
  return FALSE;
}

void
rtmp_chunk_reader_set_chunk_size (RtmpChunkReader *reader, guint32 chunk_size)
{
  g_return_if_fail (chunk_size >= 1 && chunk_size <= RTMP_MAX_CHUNK_SIZE);

  reader->chunk_size = chunk_size;
}

guint32
rtmp_chunk_reader_get_chunk_size (const RtmpChunkReader *reader)
{
  return reader->chunk_size;
}

void
rtmp_chunk_reader_set_block_pool (RtmpChunkReader *reader, RtmpBlockPool *pool)
{
  reader->pool = pool;
}

void
rtmp_chunk_reader_set_max_message_size (RtmpChunkReader *reader, guint32 bytes)
{
  reader->max_message_size = bytes;
}

void
rtmp_chunk_reader_abort (RtmpChunkReader *reader, guint32 chunk_stream)
{
  ChunkStream *stream = find_stream (reader, chunk_stream);

  if (stream)
    drop_partial (reader, stream);
}

guint64
rtmp_chunk_reader_get_dropped (const RtmpChunkReader *reader)
{
  return reader->dropped;
}

gsize
rtmp_chunk_reader_get_assembly_bytes (const RtmpChunkReader *reader)
{
  return reader->assembly_bytes;
}
