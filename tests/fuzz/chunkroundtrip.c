/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the chunk writer writes the chunk reader reads back: sizes, chunk sizes, interleavings and
 * timestamps are the input's, and so is where the stream is cut.
 * Input: operations, see run_operation()
 */
#include "core/rtmpchunkreader.h"
#include "core/rtmpchunkwriter.h"
#include "core/rtmpcontrol.h"

#include "support/chunktest.h"

#include "fuzz.h"

#define MAX_OPERATIONS 512

/* Pings are what goes in the urgent lane, and nothing else is of that type. */
typedef struct {
  RtmpChunkWriter *writer;
  RtmpChunkReader *reader;
  GString *queued;
  GString *received;
  guint32 pings_queued;
  guint32 pings_received;
  guint32 pings_lost; /* at most */
} RoundTrip;

static RtmpMessage *
next_message (RtmpCursor *in)
{
  static const guint8 types[] = { RTMP_MESSAGE_AUDIO, RTMP_MESSAGE_VIDEO, RTMP_MESSAGE_DATA_AMF0,
    RTMP_MESSAGE_COMMAND_AMF0, RTMP_MESSAGE_AGGREGATE, RTMP_MESSAGE_ACK, 200 };
  const guint8 type = types[rtmp_cursor_u8 (in) % G_N_ELEMENTS (types)];
  const guint8 stream_id = rtmp_cursor_u8 (in);
  const guint32 timestamp = rtmp_cursor_u32 (in);
  const guint size = rtmp_cursor_u16 (in) % 5000;

  return run_message (type, stream_id, timestamp, (gchar) ('A' + size % 26), size);
}

static void
queue (RoundTrip *trip, RtmpMessage *message)
{
  fuzz_log_message (trip->queued, message);
  rtmp_chunk_writer_queue (trip->writer, message);
}

static void
queue_ping (RoundTrip *trip)
{
  RtmpMessage *message = rtmp_control_new_user (RTMP_USER_PING_REQUEST, trip->pings_queued + 1);

  if (rtmp_chunk_writer_takes_urgent (trip->writer, message)) {
    trip->pings_queued++;
    if (trip->pings_queued - trip->pings_received > RTMP_MAX_URGENT_MESSAGES)
      trip->pings_lost++;
    rtmp_chunk_writer_queue_urgent (trip->writer, rtmp_message_ref (message));
  }
  rtmp_message_unref (message);
}

static void
receive (RoundTrip *trip, RtmpMessage *message)
{
  RtmpControl control;

  if (message->type == RTMP_MESSAGE_USER_CONTROL) {
    g_assert_true (rtmp_control_parse (message, &control, NULL));
    g_assert_cmpuint (control.value, >, trip->pings_received);
    g_assert_cmpuint (control.value, <=, trip->pings_queued);
    trip->pings_lost -= MIN (trip->pings_lost, control.value - trip->pings_received - 1);
    trip->pings_received = control.value;
  } else {
    if (message->type == RTMP_MESSAGE_SET_CHUNK_SIZE)
      rtmp_chunk_reader_set_chunk_size (trip->reader, message_u32 (message));
    fuzz_log_message (trip->received, message);
  }
  rtmp_message_unref (message);
}

static void
read_bytes (RoundTrip *trip, const guint8 *data, gsize size)
{
  gsize done = 0, consumed;
  RtmpMessage *message;

  do {
    g_assert_true (rtmp_chunk_reader_read (trip->reader, data + done, size - done, &consumed,
        &message, NULL));
    done += consumed;
    if (message)
      receive (trip, message);
  } while (message);
  g_assert_cmpuint (done, ==, size);
}

/* Up to @max bytes, which end anywhere. */
static void
transfer (RoundTrip *trip, guint n_vectors, gsize max)
{
  RtmpVector vectors[16];
  const guint n = rtmp_chunk_writer_peek (trip->writer, vectors,
      MIN (n_vectors, G_N_ELEMENTS (vectors)));
  gsize taken = 0;
  guint i;

  for (i = 0; i < n && taken < max; i++) {
    const gsize part = MIN (vectors[i].size, max - taken);

    read_bytes (trip, vectors[i].base, part);
    taken += part;
  }
  rtmp_chunk_writer_consume (trip->writer, taken);
}

static void
run_operation (RoundTrip *trip, RtmpCursor *in)
{
  switch (rtmp_cursor_u8 (in) % 8) {
    case 0:
      queue (trip, chunk_size_message (1 + rtmp_cursor_u16 (in)));
      break;
    case 1:
      queue_ping (trip);
      break;
    case 2:
    case 3:
      transfer (trip, 1 + rtmp_cursor_u8 (in), rtmp_cursor_u16 (in));
      break;
    default:
      queue (trip, next_message (in));
      break;
  }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  RoundTrip trip = { rtmp_chunk_writer_new (), rtmp_chunk_reader_new (), g_string_new (NULL),
    g_string_new (NULL), 0, 0, 0 };
  guint i;

  for (i = 0; i < MAX_OPERATIONS && rtmp_cursor_left (&in) > 0; i++)
    run_operation (&trip, &in);
  while (!rtmp_chunk_writer_is_empty (trip.writer))
    transfer (&trip, 16, G_MAXSIZE);
  g_assert_cmpstr (trip.queued->str, ==, trip.received->str);
  g_assert_cmpuint (trip.pings_received, ==, trip.pings_queued);
  g_assert_cmpuint (rtmp_chunk_writer_get_queued (trip.writer), ==, 0);
  g_assert_cmpuint (rtmp_chunk_reader_get_assembly_bytes (trip.reader), ==, 0);
  rtmp_chunk_writer_free (trip.writer);
  rtmp_chunk_reader_free (trip.reader);
  g_string_free (trip.queued, TRUE);
  g_string_free (trip.received, TRUE);
  return 0;
}
