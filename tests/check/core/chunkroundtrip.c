/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpchunkheader.h"
#include "core/rtmpchunkreader.h"
#include "core/rtmpchunkwriter.h"
#include "core/rtmplimits.h"

#include "../../support/chunkfeed.h"

/* The seeds are fixed, so that a failure is found again. */
#define ROUNDS 400

static guint32
pick (GRand *rand, const guint32 *values, guint n_values)
{
  return values[g_rand_int_range (rand, 0, (gint32) n_values)];
}

/* Sizes around the limits of a chunk, and others. */
static guint32
random_size (GRand *rand)
{
  static const guint32 sizes[] = { 0, 1, 2, 3, 4, 5, 127, 128, 129, 255, 256, 257 };

  if (g_rand_boolean (rand))
    return pick (rand, sizes, G_N_ELEMENTS (sizes));
  return (guint32) g_rand_int_range (rand, 0, 1500);
}

/* Steps that stay, creep, need the extended field, go back or wrap. */
static guint32
random_step (GRand *rand)
{
  static const guint32 steps[] = {
    0,
    1,
    23,
    40,
    0xFFFFFE,
    0xFFFFFF,
    0x1000000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    0xFFFFFFD8,
  };

  if (g_rand_int_range (rand, 0, 10) == 0)
    return g_rand_int (rand);
  return pick (rand, steps, G_N_ELEMENTS (steps));
}

static guint32
random_start (GRand *rand)
{
  static const guint32 starts[] = { 0, 1000, 0xFFFFF0, 0xFFFFFF, 0x1000000, 0xFFFFFFF0 };

  return pick (rand, starts, G_N_ELEMENTS (starts));
}

static guint8 *
random_bytes (GRand *rand, gsize size)
{
  guint8 *bytes = g_malloc (size + 1);
  gsize i;

  for (i = 0; i < size; i++)
    bytes[i] = (guint8) g_rand_int (rand);
  return bytes;
}

/* A payload in up to 6 pieces. */
static RtmpMessage *
random_message (GRand *rand, guint32 timestamp)
{
  static const guint32 types[] = { 5, 7, 8, 8, 9, 9, 15, 17, 18, 20, 22 };
  gsize size = random_size (rand), done = 0;
  guint8 *payload = random_bytes (rand, size);
  RtmpVector pieces[6];
  guint n;

  for (n = 0; n < G_N_ELEMENTS (pieces); n++) {
    gsize piece = n + 1 < G_N_ELEMENTS (pieces) ? g_rand_int (rand) % (size - done + 1)
                                                : size - done;

    pieces[n].base = payload + done;
    pieces[n].size = piece;
    done += piece;
  }
  return rtmp_message_new_wrapped ((guint8) pick (rand, types, G_N_ELEMENTS (types)),
      g_rand_int_range (rand, 0, 3), timestamp, pieces, n, payload, g_free);
}

static void
assert_same_messages (GPtrArray *a, GPtrArray *b)
{
  guint i;

  g_assert_cmpuint (a->len, ==, b->len);
  for (i = 0; i < a->len; i++)
    assert_same_message (a->pdata[i], b->pdata[i]);
}

/* Feeds @first bytes, then random steps of up to @max_step. */
static void
check_read (const GByteArray *wire, GPtrArray *expected, gsize first, gsize max_step, GRand *rand)
{
  RtmpChunkReader *reader = rtmp_chunk_reader_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  gsize done = 0, size = first;

  while (done < wire->len) {
    size = MIN (size, wire->len - done);
    feed_valid (reader, wire->data + done, size, messages);
    done += size;
    size = 1 + g_rand_int (rand) % max_step;
  }
  assert_same_messages (messages, expected);
  g_assert_cmpuint (rtmp_chunk_reader_get_dropped (reader), ==, 0);
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (reader), ==, 0);
  rtmp_chunk_reader_free (reader);
}

/* -- Writer to reader -- */

typedef struct {
  GRand *rand;
  RtmpChunkWriter *writer;
  RtmpChunkReader *reader;
  GByteArray *wire;
  GPtrArray *read;     /* ordinary and urgent */
  GPtrArray *ordinary; /* as queued */
  guint pongs_queued;
  guint32 timestamps[3];
} Pair;

static void
pair_queue (Pair *pair)
{
  static const guint32 chunk_sizes[] = { 6, 7, 128, 129, 1000, 4096, RTMP_MAX_CHUNK_SIZE };
  guint32 *timestamp = &pair->timestamps[g_rand_int_range (pair->rand, 0, 3)];
  RtmpMessage *message;

  if (g_rand_int_range (pair->rand, 0, 8) == 0) {
    message = chunk_size_message (pick (pair->rand, chunk_sizes, G_N_ELEMENTS (chunk_sizes)));
  } else {
    *timestamp += random_step (pair->rand);
    message = random_message (pair->rand, *timestamp);
  }
  g_ptr_array_add (pair->ordinary, rtmp_message_ref (message));
  rtmp_chunk_writer_queue (pair->writer, message);
}

static void
pair_queue_pong (Pair *pair)
{
  guint8 payload[6] = { 0, 7 };

  rtmp_write_u32 (payload + 2, pair->pongs_queued++);
  rtmp_chunk_writer_queue_urgent (pair->writer,
      rtmp_message_new_copied (RTMP_MESSAGE_USER_CONTROL, 0, 0, payload, sizeof (payload)));
}

/* Sends some of what is lent, cut anywhere. */
static void
pair_send (Pair *pair, guint n_vectors, gsize limit)
{
  g_autofree RtmpVector *vectors = g_new (RtmpVector, n_vectors);
  guint n = rtmp_chunk_writer_peek (pair->writer, vectors, n_vectors), i;
  gsize taken = 0;

  for (i = 0; i < n && taken < limit; i++) {
    gsize size = MIN (vectors[i].size, limit - taken);

    feed_valid (pair->reader, vectors[i].base, size, pair->read);
    g_byte_array_append (pair->wire, vectors[i].base, size);
    taken += size;
  }
  rtmp_chunk_writer_consume (pair->writer, taken);
}

/* The ordinary messages come in their order, the pongs in theirs. */
static void
pair_check (Pair *pair)
{
  guint i, ordinary = 0, pongs = 0;

  for (i = 0; i < pair->read->len; i++) {
    RtmpMessage *message = pair->read->pdata[i];

    if (message->type == RTMP_MESSAGE_USER_CONTROL) {
      guint8 payload[6];

      rtmp_message_peek (message, 0, payload, sizeof (payload));
      g_assert_cmpuint (rtmp_read_u32 (payload + 2), ==, pongs++);
    } else {
      g_assert_cmpuint (ordinary, <, pair->ordinary->len);
      assert_same_message (message, pair->ordinary->pdata[ordinary++]);
    }
  }
  g_assert_cmpuint (ordinary, ==, pair->ordinary->len);
  g_assert_cmpuint (pongs, ==, pair->pongs_queued);
}

static void
pair_run (Pair *pair)
{
  guint step, urgent_waiting = 0;

  for (step = 0; step < 60; step++) {
    switch (g_rand_int_range (pair->rand, 0, 4)) {
      case 0:
        pair_queue (pair);
        break;
      case 1:
        if (urgent_waiting++ < RTMP_MAX_URGENT_MESSAGES)
          pair_queue_pong (pair);
        break;
      default:
        pair_send (pair, g_rand_int_range (pair->rand, 0, 12),
            g_rand_int_range (pair->rand, 0, 300));
        break;
    }
  }
  while (!rtmp_chunk_writer_is_empty (pair->writer))
    pair_send (pair, g_rand_int_range (pair->rand, 1, 1500),
        g_rand_int_range (pair->rand, 1, 5000));
}

static void
test_writer_to_reader (void)
{
  guint round, i;

  for (round = 0; round < ROUNDS; round++) {
    Pair pair = { .rand = g_rand_new_with_seed (round) };

    pair.writer = rtmp_chunk_writer_new ();
    pair.reader = rtmp_chunk_reader_new ();
    pair.wire = g_byte_array_new ();
    pair.read = message_array_new ();
    pair.ordinary = message_array_new ();
    for (i = 0; i < G_N_ELEMENTS (pair.timestamps); i++)
      pair.timestamps[i] = random_start (pair.rand);

    pair_run (&pair);
    pair_check (&pair);
    check_read (pair.wire, pair.read, pair.wire->len, 1, pair.rand);
    check_read (pair.wire, pair.read, 1, 1, pair.rand);

    g_assert_cmpuint (rtmp_chunk_writer_get_queued (pair.writer), ==, 0);
    rtmp_chunk_writer_free (pair.writer);
    rtmp_chunk_reader_free (pair.reader);
    g_byte_array_unref (pair.wire);
    g_ptr_array_unref (pair.read);
    g_ptr_array_unref (pair.ordinary);
    g_rand_free (pair.rand);
  }
}

/* -- All that a peer may send to reader -- */

/* A chunk stream of a peer that makes use of all header types, interleaves
 * freely, and repeats an extended timestamp or not. */
typedef struct {
  guint32 id;
  gboolean used;
  RtmpMessage *last;
  guint32 field;
  gboolean extended;
  RtmpMessage *sending;
  gsize sent;
} PeerStream;

typedef struct {
  GRand *rand;
  guint32 chunk_size;
  PeerStream streams[9];
  GByteArray *wire;
  GPtrArray *expected;
} Peer;

static RtmpMessage *
peer_message (Peer *peer, const RtmpMessage *last, guint fmt, guint32 field)
{
  guint32 timestamp = fmt == 0 ? field : last->timestamp + field;
  gsize size = fmt < 2 ? random_size (peer->rand) : last->size;
  guint8 type = fmt < 2 ? (guint8) g_rand_int_range (peer->rand, 7, 23) : last->type;
  guint32 stream_id = fmt == 0 ? g_rand_int (peer->rand) : last->stream_id;
  g_autofree guint8 *payload = random_bytes (peer->rand, size);

  return rtmp_message_new_copied (type, stream_id, timestamp, payload, size);
}

static void
peer_write_header (Peer *peer, const PeerStream *stream, guint8 fmt, gboolean extended,
    guint32 field)
{
  RtmpChunkHeader header = { fmt, stream->id, field, extended, (guint32) stream->sending->size,
    stream->sending->type, stream->sending->stream_id };
  guint8 bytes[RTMP_CHUNK_HEADER_MAX];

  g_byte_array_append (peer->wire, bytes, rtmp_chunk_header_write (&header, bytes));
}

/* Q20: an extended timestamp is repeated as the field, as the absolute one, or
 * not at all. Small ones, and those of empty messages, are always repeated:
 * nobody can tell them from another header. */
static void
peer_write_type_3 (Peer *peer, const PeerStream *stream)
{
  guint32 timestamp = stream->sending->timestamp;
  gboolean absolute = timestamp >= RTMP_EXTENDED_TIMESTAMP && g_rand_boolean (peer->rand);
  gboolean left_out = stream->field > RTMP_EXTENDED_TIMESTAMP && stream->sending->size > 0
      && g_rand_int_range (peer->rand, 0, 3) == 0;

  peer_write_header (peer, stream, 3, stream->extended && !left_out,
      absolute ? timestamp : stream->field);
}

static void
peer_begin (Peer *peer, PeerStream *stream)
{
  guint8 fmt = (guint8) g_rand_int_range (peer->rand, 0, stream->used ? 4 : 1);
  guint32 field = fmt == 0 ? random_start (peer->rand) : random_step (peer->rand);

  if (fmt == 3)
    field = stream->field;
  stream->sending = peer_message (peer, stream->last, fmt, field);
  stream->sent = 0;
  if (fmt == 3) {
    peer_write_type_3 (peer, stream);
  } else {
    /* Even where the short field would do (vector 6). */
    stream->extended = field >= RTMP_EXTENDED_TIMESTAMP || g_rand_int_range (peer->rand, 0, 4) == 0;
    stream->field = field;
    peer_write_header (peer, stream, fmt, stream->extended, field);
  }
  stream->used = TRUE;
  g_clear_pointer (&stream->last, rtmp_message_unref);
  stream->last = rtmp_message_ref (stream->sending);
}

static void
peer_send_chunk (Peer *peer, PeerStream *stream)
{
  g_autofree guint8 *payload = NULL;
  gsize size;

  if (!stream->sending)
    peer_begin (peer, stream);
  else
    peer_write_type_3 (peer, stream);
  size = MIN (peer->chunk_size, stream->sending->size - stream->sent);
  payload = g_malloc (size + 1);
  rtmp_message_peek (stream->sending, stream->sent, payload, size);
  g_byte_array_append (peer->wire, payload, size);
  stream->sent += size;
  if (stream->sent == stream->sending->size)
    g_ptr_array_add (peer->expected, g_steal_pointer (&stream->sending));
}

/* On a chunk stream of its own, cut into chunks where it must be. */
static void
peer_send_chunk_size (Peer *peer)
{
  static const guint32 sizes[] = { 1, 2, 3, 5, 16, 128, 128, 200, 4096, RTMP_MAX_CHUNK_SIZE };
  guint32 chunk_size = pick (peer->rand, sizes, G_N_ELEMENTS (sizes));
  PeerStream control = { .id = 2 };

  control.sending = chunk_size_message (chunk_size);
  peer_write_header (peer, &control, 0, FALSE, 0);
  for (;;) {
    guint8 byte[4];
    gsize size = MIN (peer->chunk_size, 4 - control.sent);

    rtmp_message_peek (control.sending, control.sent, byte, size);
    g_byte_array_append (peer->wire, byte, size);
    control.sent += size;
    if (control.sent == 4)
      break;
    peer_write_header (peer, &control, 3, FALSE, 0);
  }
  g_ptr_array_add (peer->expected, control.sending);
  peer->chunk_size = chunk_size;
}

static gboolean
peer_finish (Peer *peer)
{
  gboolean busy = FALSE;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (peer->streams); i++) {
    if (peer->streams[i].sending) {
      peer_send_chunk (peer, &peer->streams[i]);
      busy = TRUE;
    }
  }
  return busy;
}

static void
peer_init (Peer *peer, guint32 seed)
{
  /* Not 63, whose type 3 headers, 0xFF, look like a delta that goes back. */
  static const guint32 ids[] = { 3, 4, 6, 62, 64, 319, 320, 365, 65599 };
  guint i;

  memset (peer, 0, sizeof (*peer));
  peer->rand = g_rand_new_with_seed (seed);
  peer->chunk_size = RTMP_DEFAULT_CHUNK_SIZE;
  peer->wire = g_byte_array_new ();
  peer->expected = message_array_new ();
  for (i = 0; i < G_N_ELEMENTS (ids); i++)
    peer->streams[i].id = ids[i];
}

static void
peer_clear (Peer *peer)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (peer->streams); i++)
    g_clear_pointer (&peer->streams[i].last, rtmp_message_unref);
  g_rand_free (peer->rand);
  g_byte_array_unref (peer->wire);
  g_ptr_array_unref (peer->expected);
}

static void
peer_run (Peer *peer, guint steps)
{
  guint step;

  for (step = 0; step < steps; step++) {
    if (g_rand_int_range (peer->rand, 0, 8) == 0)
      peer_send_chunk_size (peer);
    else
      peer_send_chunk (peer,
          &peer->streams[g_rand_int_range (peer->rand, 0, G_N_ELEMENTS (peer->streams))]);
  }
  while (peer_finish (peer))
    ;
}

static void
test_peer_to_reader (void)
{
  guint round;

  for (round = 0; round < ROUNDS; round++) {
    Peer peer;

    peer_init (&peer, round);
    peer_run (&peer, 100);
    check_read (peer.wire, peer.expected, peer.wire->len, 1, peer.rand);
    check_read (peer.wire, peer.expected, 1, 1, peer.rand);
    check_read (peer.wire, peer.expected, 1, 7, peer.rand);
    check_read (peer.wire, peer.expected, 1, 1000, peer.rand);
    peer_clear (&peer);
  }
}

static void
test_every_split (void)
{
  guint round;
  gsize split;

  for (round = 0; round < 6; round++) {
    Peer peer;

    peer_init (&peer, 100000 + round);
    peer_run (&peer, 8);
    for (split = 1; split < peer.wire->len; split++)
      check_read (peer.wire, peer.expected, split, G_MAXUINT32, peer.rand);
    peer_clear (&peer);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunkroundtrip/writer-to-reader", test_writer_to_reader);
  g_test_add_func ("/chunkroundtrip/peer-to-reader", test_peer_to_reader);
  g_test_add_func ("/chunkroundtrip/every-split", test_every_split);
  return g_test_run ();
}
