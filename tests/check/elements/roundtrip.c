/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What our sink publishes, a server keeps and our source plays is what went in (vector 44). */

#include "support/sinktest.h"
#include "support/srctest.h"

/* Bytes of one buffer pushed: tags lie across buffers, and several in one. */
#define SLICE 4099

static void
push_slices (SinkTest *sink, GBytes *flv)
{
  gsize size = g_bytes_get_size (flv), pos;

  for (pos = 0; pos < size; pos += SLICE) {
    g_autoptr (GBytes) slice = g_bytes_new_from_bytes (flv, pos, MIN (SLICE, size - pos));

    sink_test_push_bytes (sink, slice);
  }
}

/* (transfer full): what a server that keeps everything as it came plays to a player */
static GBytes *
publish (GBytes *flv)
{
  g_autoptr (SinkTest) sink = sink_test_new (NULL, "sync", FALSE, NULL);
  g_autoptr (RtmpPeerRecord) record = NULL;
  GByteArray *recorded = test_flv_new ();
  guint i;

  sink_test_play (sink, NULL);
  push_slices (sink, flv);
  sink_test_end (sink);
  sink_test_assert_media (sink, flv);

  record = rtmp_peer_get_record (sink->peer, RTMP_PEER_LAST);
  for (i = 0; i < record->media->len; i++) {
    const RtmpMessage *message = record->media->pdata[i];
    g_autoptr (GBytes) payload = rtmp_peer_record_get_payload (record, i);
    gsize size;
    gconstpointer data = g_bytes_get_data (payload, &size);

    test_flv_add_tag (recorded, message->type, message->timestamp, data, size);
  }
  return g_byte_array_free_to_bytes (recorded);
}

static void
play_and_compare (GBytes *recorded, GBytes *flv, guint32 chunk_size)
{
  g_autoptr (SrcTest) src = src_test_new (&(RtmpPeerConfig) { .flv = recorded,
                                              .flv_end = RTMP_PEER_PLAY_STOP,
                                              .chunk_size = chunk_size },
      "is-live", FALSE, NULL);

  src_test_play (src);
  src_test_wait_eos (src);
  src_test_assert_flv (src, flv);
}

static void
round_trip (GBytes *flv)
{
  g_autoptr (GBytes) recorded = publish (flv);

  play_and_compare (recorded, flv, 0);
  play_and_compare (recorded, flv, 4096);
}

static void
test_asset (gconstpointer name)
{
  g_autoptr (GBytes) flv = test_media_load (name);

  round_trip (flv);
}

static void
test_avc_aac (void)
{
  g_autoptr (GBytes) flv = test_flv_build (100, 0, 5000);

  round_trip (flv);
}

/* Both sides of 2^24 ms and of 2^32 ms (peers.md Q33). */
static void
test_timestamps (void)
{
  g_autoptr (GBytes) below = test_flv_build (50, 0x1000000 - 1000, 500);
  g_autoptr (GBytes) wrapping = test_flv_build (50, G_MAXUINT32 - 1000, 500);

  round_trip (below);
  round_trip (wrapping);
}

/* Vectors 34, 36 and 37, and a packet type nobody knows. */
static void
test_multitrack_and_unknown (void)
{
  static const guint8 tags[][12] = {
    { 0x97, 0x02, 0x0F, 0x42, 0x3F, 0x01, 'a', 'v', '0', '1', 0xAA, 0 },
    { 0x96, 0x10, 'h', 'v', 'c', '1', 0x00, 0x00, 0x00, 0x02, 0xAA, 0xBB },
    { 0x9F, 'x', 'x', 'x', 'x', 1, 2, 3, 4, 5, 6, 7 },
    { 0xA6, 0x01, 'a', 'v', 'c', '1', 0x01, 0x00, 0x00, 0x0A, 0xFF, 0 },
  };
  GByteArray *array = test_flv_new ();
  g_autoptr (GBytes) flv = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tags); i++)
    test_flv_add_tag (array, RTMP_MESSAGE_VIDEO, i * 40, tags[i], sizeof (tags[i]));
  flv = g_byte_array_free_to_bytes (array);
  round_trip (flv);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_data_func ("/roundtrip/testsrc", "testsrc.flv", test_asset);
  g_test_add_data_func ("/roundtrip/mptestsrc", "mptestsrc.flv", test_asset);
  g_test_add_func ("/roundtrip/avc-aac", test_avc_aac);
  g_test_add_func ("/roundtrip/timestamps", test_timestamps);
  g_test_add_func ("/roundtrip/multitrack-and-unknown", test_multitrack_and_unknown);
  return element_test_run ();
}
