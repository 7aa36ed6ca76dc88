/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "benchwire.h"

#include <string.h>

#include "core/rtmpchunkwriter.h"
#include "core/rtmpcursor.h"
#include "core/rtmplimits.h"

/* About the bytes of a block: more than is sent at once, less than a cache holds. */
#define BLOCK_BYTES (1024u * 1024)
/* The message stream that core's server role creates first. */
#define STREAM_ID 1u

/* AVCDecoderConfigurationRecord of a Baseline stream of 320x240 (ISO/IEC 14496-15, 5.2.4.1). */
const guint8 bench_avc_config[] = { 0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, 0x0d, 0xff, 0xe1, 0, 0x0e,
  0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xe8, 0x40, 0, 0, 0x03, 0, 0x40, 1, 0, 4, 0x68, 0xce,
  0x3c, 0x80 };
const guint bench_avc_config_size = sizeof (bench_avc_config);
static const guint8 aac_config[] = { 0xaf, 0, 0x11, 0x90 };

typedef struct {
  RtmpChunkWriter *writer;
  GByteArray *bytes;
  guint8 *payload;
  guint32 time;
  guint n_pictures;
} Layout;

void
bench_write_picture (guint8 dest[5], gboolean key)
{
  dest[0] = key ? 0x17 : 0x27;
  dest[1] = 1;
  memset (dest + 2, 0, 3);
}

guint
bench_interval_ms (guint message_size)
{
  return MAX (message_size / BENCH_BYTES_PER_MS, 1);
}

static void
drain (Layout *layout)
{
  RtmpVector vectors[RTMP_MAX_VECTORS];
  guint n, i;

  while ((n = rtmp_chunk_writer_peek (layout->writer, vectors, G_N_ELEMENTS (vectors))) > 0) {
    gsize size = 0;

    for (i = 0; i < n; i++) {
      g_byte_array_append (layout->bytes, vectors[i].base, (guint) vectors[i].size);
      size += vectors[i].size;
    }
    rtmp_chunk_writer_consume (layout->writer, size);
  }
}

static void
add (Layout *layout, guint8 type, guint32 time, gconstpointer data, gsize size)
{
  const RtmpVector vector = { data, size };

  rtmp_chunk_writer_queue (layout->writer,
      rtmp_message_new_wrapped (type, STREAM_ID, time, &vector, 1, NULL, NULL));
  drain (layout);
}

static void
add_picture (Layout *layout, guint size)
{
  bench_write_picture (layout->payload, layout->n_pictures++ % BENCH_KEY_INTERVAL == 0);
  add (layout, RTMP_MESSAGE_VIDEO, layout->time, layout->payload, size);
}

static void
add_audio (Layout *layout, guint32 time)
{
  guint8 payload[BENCH_LIVE_AUDIO_SIZE] = { 0xaf, 1 };

  add (layout, RTMP_MESSAGE_AUDIO, time, payload, sizeof (payload));
}

/* The chunk size itself is announced by the session, not here. */
static void
set_chunk_size (Layout *layout, guint32 chunk_size)
{
  guint8 payload[4];

  rtmp_write_u32 (payload, chunk_size);
  add (layout, RTMP_MESSAGE_SET_CHUNK_SIZE, 0, payload, sizeof (payload));
  g_byte_array_set_size (layout->bytes, 0);
}

static void
lay_out_video (Layout *layout, BenchWire *wire, guint message_size)
{
  guint interval = bench_interval_ms (message_size);
  guint n = MAX (BLOCK_BYTES / message_size, 2);

  add (layout, RTMP_MESSAGE_VIDEO, 0, bench_avc_config, bench_avc_config_size);
  add_picture (layout, message_size);
  wire->prefix_messages = 2;
  wire->prefix = layout->bytes->len;
  layout->n_pictures = 0;
  for (wire->block_messages = 0; wire->block_messages < n; wire->block_messages++) {
    layout->time += interval;
    add_picture (layout, message_size);
  }
}

static void
lay_out_live (Layout *layout, BenchWire *wire)
{
  guint i, j;

  add (layout, RTMP_MESSAGE_VIDEO, 0, bench_avc_config, bench_avc_config_size);
  add (layout, RTMP_MESSAGE_AUDIO, 0, aac_config, sizeof (aac_config));
  add_picture (layout, BENCH_LIVE_VIDEO_SIZE);
  for (j = 0; j < BENCH_LIVE_TICK_AUDIOS; j++)
    add_audio (layout, j * BENCH_LIVE_TICK_MS / BENCH_LIVE_TICK_AUDIOS);
  wire->prefix_messages = 3 + BENCH_LIVE_TICK_AUDIOS;
  wire->prefix = layout->bytes->len;
  layout->n_pictures = 0;
  for (i = 0; i < BENCH_KEY_INTERVAL; i++) {
    layout->time += BENCH_LIVE_TICK_MS;
    add_picture (layout, BENCH_LIVE_VIDEO_SIZE);
    for (j = 0; j < BENCH_LIVE_TICK_AUDIOS; j++)
      add_audio (layout, layout->time + j * BENCH_LIVE_TICK_MS / BENCH_LIVE_TICK_AUDIOS);
  }
  wire->block_messages = BENCH_KEY_INTERVAL * (1 + BENCH_LIVE_TICK_AUDIOS);
  wire->tick = (layout->bytes->len - wire->prefix) / BENCH_KEY_INTERVAL;
}

void
bench_wire_init (BenchWire *wire, guint message_size, guint32 chunk_size)
{
  Layout layout = { rtmp_chunk_writer_new (), g_byte_array_new (), NULL, 0, 0 };

  memset (wire, 0, sizeof (*wire));
  layout.payload = g_malloc0 (MAX (message_size, BENCH_LIVE_VIDEO_SIZE));
  set_chunk_size (&layout, chunk_size);
  if (message_size == BENCH_LIVE)
    lay_out_live (&layout, wire);
  else
    lay_out_video (&layout, wire, message_size);
  wire->block = layout.bytes->len - wire->prefix;
  wire->data = g_byte_array_free (layout.bytes, FALSE);
  rtmp_chunk_writer_free (layout.writer);
  g_free (layout.payload);
}

void
bench_wire_clear (BenchWire *wire)
{
  g_clear_pointer (&wire->data, g_free);
}
