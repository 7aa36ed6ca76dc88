/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpcursor.h"
#include "core/rtmplimits.h"
#include "support/sinktest.h"

/* rtmp2sink: FLV in any slicing goes in, messages come out (protocol.md D, vectors 42 to 44). */

#define FILE_HEADER_SIZE (RTMP_FLV_FILE_HEADER_SIZE + RTMP_FLV_TAG_TRAILER_SIZE)
/* A buffer has room for that many pieces of memory before GStreamer joins them. */
#define MAX_MEMORIES 16

/* A file of a few tags of every type, one of them empty. */
static GByteArray *
make_small (void)
{
  GByteArray *flv = test_flv_new ();

  test_flv_add_metadata (flv, 0);
  test_flv_add_avc_config (flv, 0, 0x42);
  test_flv_add_aac_config (flv, 0);
  test_flv_add_key (flv, 40, 20, 1);
  test_flv_add_tag (flv, RTMP_MESSAGE_AUDIO, 45, NULL, 0);
  test_flv_add_inter (flv, 80, 1, 2);
  return flv;
}

static GBytes *
to_bytes (const GByteArray *flv)
{
  return g_bytes_new (flv->data, flv->len);
}

/* The file once, then its tags @n - 1 times more. */
static GBytes *
repeat (const GByteArray *flv, guint n)
{
  GByteArray *all = g_byte_array_new ();
  guint i;

  g_byte_array_append (all, flv->data, flv->len);
  for (i = 1; i < n; i++)
    g_byte_array_append (all, flv->data + FILE_HEADER_SIZE, flv->len - FILE_HEADER_SIZE);
  return g_byte_array_free_to_bytes (all);
}

/* -- Slices -- */

static GstBuffer *
slice_buffer (GBytes *flv, gsize offset, gsize size)
{
  g_autoptr (GBytes) slice = g_bytes_new_from_bytes (flv, offset, size);

  return gst_buffer_new_wrapped_bytes (slice);
}

static void
push_slices (SinkTest *test, GBytes *flv, gsize slice)
{
  gsize size = g_bytes_get_size (flv);
  gsize pos;

  for (pos = 0; pos < size; pos += slice)
    sink_test_push_buffer (test, slice_buffer (flv, pos, MIN (slice, size - pos)));
}

/* Frames larger than a slice, but not by far. */
static GBytes *
make_frames (gconstpointer slice)
{
  return test_flv_build (30, 0, GPOINTER_TO_SIZE (slice) < 100 ? 30 : 3000);
}

static void
check_slices (gconstpointer slice)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = make_frames (slice);

  sink_test_play (test, NULL);
  push_slices (test, flv, GPOINTER_TO_SIZE (slice));
  sink_test_assert_media (test, flv);
  sink_test_end (test);
}

/* As flvmux does: one buffer holds the file's header, each other one tag. */
static void
test_slices_tags (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) array = make_small ();
  g_autoptr (GBytes) flv = to_bytes (array);
  gsize pos = FILE_HEADER_SIZE;

  sink_test_play (test, NULL);
  sink_test_push_buffer (test, slice_buffer (flv, 0, pos));
  while (pos < array->len) {
    gsize size = rtmp_read_u24 (array->data + pos + 1) + RTMP_FLV_TAG_HEADER_SIZE
        + RTMP_FLV_TAG_TRAILER_SIZE;

    sink_test_push_buffer (test, slice_buffer (flv, pos, size));
    pos += size;
  }
  sink_test_assert_media (test, flv);
}

static void
test_slices_everywhere (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) array = make_small ();
  g_autoptr (GBytes) flv = to_bytes (array);
  g_autoptr (GBytes) all = repeat (array, array->len - 1);
  gsize split;

  sink_test_play (test, NULL);
  for (split = 1; split < array->len; split++) {
    sink_test_push_buffer (test, slice_buffer (flv, 0, split));
    sink_test_push_buffer (test, slice_buffer (flv, split, array->len - split));
  }
  sink_test_assert_media (test, all);
}

/* -- Memories -- */

/* A buffer of @flv in @n memories, all but the last of @size bytes. */
static GstBuffer *
memories_buffer (GBytes *flv, gsize size, guint n)
{
  GstBuffer *buffer = gst_buffer_new ();
  gsize total = g_bytes_get_size (flv);
  guint i;

  for (i = 0; i < n; i++) {
    GstBuffer *piece = slice_buffer (flv, i * size, i + 1 < n ? size : total - i * size);

    gst_buffer_append_memory (buffer, gst_buffer_get_memory (piece, 0));
    gst_buffer_unref (piece);
  }
  g_assert_cmpuint (gst_buffer_n_memory (buffer), ==, n);
  return buffer;
}

static void
test_memories_everywhere (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) array = make_small ();
  g_autoptr (GBytes) flv = to_bytes (array);
  g_autoptr (GBytes) all = repeat (array, array->len - 1);
  gsize split;

  sink_test_play (test, NULL);
  for (split = 1; split < array->len; split++)
    sink_test_push_buffer (test, memories_buffer (flv, split, 2));
  sink_test_assert_media (test, all);
}

/* Each tag's data lies in as many pieces as a buffer can have, @setDataFrame before them. */
static void
test_memories_most (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) array = test_flv_new ();
  g_autoptr (GBytes) flv = NULL;
  gsize size;

  test_flv_add_metadata (array, 0);
  flv = to_bytes (array);
  sink_test_play (test, NULL);
  for (size = 1; size <= array->len / MAX_MEMORIES; size++)
    sink_test_push_buffer (test, memories_buffer (flv, size, MAX_MEMORIES));
  g_clear_pointer (&flv, g_bytes_unref);
  flv = repeat (array, (guint) size - 1);
  sink_test_assert_media (test, flv);
}

/* -- Lists -- */

static void
check_list (gconstpointer slice)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = make_frames (slice);
  GstBufferList *list = gst_buffer_list_new ();
  gsize size = g_bytes_get_size (flv);
  gsize step = MIN (GPOINTER_TO_SIZE (slice), size);
  gsize pos;

  for (pos = 0; pos < size; pos += step)
    gst_buffer_list_add (list, slice_buffer (flv, pos, MIN (step, size - pos)));
  sink_test_play (test, NULL);
  sink_test_push_list (test, list);
  sink_test_assert_media (test, flv);
  sink_test_end (test);
}

/* -- What is FLV and what is not -- */

static void
test_syntax_wrong_trailers (void)
{
  static const guint32 trailers[] = { 0, 1, 0x46000000, 0xFFFFFFFF };
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (GBytes) bytes = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (trailers); i++) {
    test_flv_add_key (flv, i * 40, 50, (guint8) i);
    rtmp_write_u32 (flv->data + flv->len - RTMP_FLV_TAG_TRAILER_SIZE, trailers[i]);
  }
  sink_test_play (test, NULL);
  sink_test_push (test, flv);
  bytes = to_bytes (flv);
  sink_test_assert_media (test, bytes);
}

/* A file header may come wherever a tag may begin, and may say that the tags begin later. */
static void
test_syntax_file_headers (void)
{
  static const guint8 long_header[] = "FLV\x01\x05\0\0\0\x0D????\0\0\0\0";
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (GByteArray) expected = test_flv_new ();
  g_autoptr (GBytes) bytes = NULL, expected_bytes = NULL;
  guint i;

  g_byte_array_append (flv, long_header, sizeof (long_header) - 1);
  for (i = 0; i < 3; i++) {
    test_flv_add_aac (flv, i, 5, (guint8) i);
    g_byte_array_append (flv, long_header, sizeof (long_header) - 1);
    test_flv_add_aac (expected, i, 5, (guint8) i);
  }
  bytes = to_bytes (flv);
  expected_bytes = repeat (expected, 2);
  sink_test_play (test, NULL);
  sink_test_push_bytes (test, bytes);
  push_slices (test, bytes, 1);
  sink_test_assert_media (test, expected_bytes);
}

/* The first byte of a tag that is none: the filter bit, a reserved bit, types that are no FLV's. */
static const guint8 bad_heads[] = { 0x28, 0x29, 0x48, 0x89, 0x00, 0x0A, 0x14, 'G' };

static void
test_syntax_refused (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad_heads); i++) {
    g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
    g_autoptr (GByteArray) flv = make_small ();
    g_autoptr (GBytes) before = to_bytes (flv);
    g_autoptr (GstMessage) message = NULL;
    guint bad = flv->len;

    test_flv_add_key (flv, 120, 10, 3);
    flv->data[bad] = bad_heads[i];
    sink_test_play (test, NULL);
    g_assert_cmpint (sink_test_push_data (test, flv->data, flv->len, 0), ==, GST_FLOW_ERROR);
    message = element_test_wait_error (test->bus, GST_STREAM_ERROR, GST_STREAM_ERROR_DEMUX);
    sink_test_assert_media (test, before);
    g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
  }
}

/* In a list too: the buffers behind the fault are not looked at. */
static void
test_syntax_refused_in_list (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) array = make_small ();
  g_autoptr (GBytes) flv = to_bytes (array);
  g_autoptr (GstMessage) message = NULL;
  GstBufferList *list = gst_buffer_list_new ();

  gst_buffer_list_add (list, gst_buffer_new_wrapped_bytes (flv));
  gst_buffer_list_add (list, gst_buffer_new_memdup ("This is no FLV", 14));
  gst_buffer_list_add (list, gst_buffer_new_wrapped_bytes (flv));
  sink_test_play (test, NULL);
  g_assert_cmpint (gst_pad_push_list (test->pad, list), ==, GST_FLOW_ERROR);
  message = element_test_wait_error (test->bus, GST_STREAM_ERROR, GST_STREAM_ERROR_DEMUX);
  sink_test_assert_media (test, flv);
}

/* A DataSize of 0xFFFFFF, in one buffer and in many. */
static void
check_largest (gconstpointer slice)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (GBytes) bytes = NULL;

  test_flv_add_key (flv, 0, RTMP_MAX_MESSAGE_SIZE - 10, 1);
  g_assert_cmpuint (rtmp_read_u24 (flv->data + FILE_HEADER_SIZE + 1), ==, 0xFFFFFF);
  test_flv_add_inter (flv, 40, 10, 2);
  bytes = to_bytes (flv);
  sink_test_play (test, NULL);
  push_slices (test, bytes, GPOINTER_TO_SIZE (slice));
  sink_test_assert_media (test, bytes);
}

/* There is no room for "@setDataFrame" in front of the largest onMetaData. */
static void
test_syntax_largest_metadata (void)
{
  static const guint8 name[] = { 2, 0, 10, 'o', 'n', 'M', 'e', 't', 'a', 'D', 'a', 't', 'a' };
  static const guint sizes[] = { RTMP_MAX_MESSAGE_SIZE - RTMP_SET_DATA_FRAME_SIZE,
    RTMP_MAX_MESSAGE_SIZE - RTMP_SET_DATA_FRAME_SIZE + 1, RTMP_MAX_MESSAGE_SIZE };
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  guint i;

  sink_test_play (test, NULL);
  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    gsize size = sizes[i];
    g_autofree guint8 *data = g_malloc0 (size);
    g_autoptr (GByteArray) flv = test_flv_new ();
    g_autoptr (RtmpPeerRecord) record = NULL;

    memcpy (data, name, sizeof (name));
    test_flv_add_tag (flv, RTMP_MESSAGE_DATA_AMF0, 0, data, size);
    sink_test_push (test, flv);
    g_assert_true (rtmp_peer_wait_media (test->peer, 0, i + 1));
    record = rtmp_peer_get_record (test->peer, 0);
    g_assert_cmpuint (((RtmpMessage *) record->media->pdata[i])->size, ==,
        i == 0 ? RTMP_MAX_MESSAGE_SIZE : size);
  }
}

/* The beginning of a tag at the stream's end is not sent, and does no harm. */
static void
test_syntax_cut (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) array = make_small ();
  g_autoptr (GBytes) flv = to_bytes (array);

  sink_test_play (test, NULL);
  sink_test_push (test, array);
  sink_test_push_buffer (test, slice_buffer (flv, FILE_HEADER_SIZE, RTMP_FLV_TAG_HEADER_SIZE + 5));
  sink_test_end (test);
  sink_test_assert_media (test, flv);
}

/* Behind a discontinuity a tag begins, wherever the last one was left off: before its
 * PreviousTagSize too. */
static void
test_syntax_discontinuity (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new (), expected = test_flv_new ();
  g_autoptr (GBytes) bytes = NULL;
  guint cut;

  test_flv_add_key (flv, 0, 10, 1);
  sink_test_play (test, NULL);
  for (cut = FILE_HEADER_SIZE; cut <= flv->len; cut++) {
    gboolean is_whole = cut >= flv->len - RTMP_FLV_TAG_TRAILER_SIZE;

    g_assert_cmpint (sink_test_push_data (test, flv->data, cut, GST_BUFFER_FLAG_DISCONT), ==,
        GST_FLOW_OK);
    if (is_whole)
      test_flv_add_key (expected, 0, 10, 1);
  }
  g_assert_cmpint (sink_test_push_data (test, flv->data, flv->len, GST_BUFFER_FLAG_DISCONT), ==,
      GST_FLOW_OK);
  test_flv_add_key (expected, 0, 10, 1);
  bytes = to_bytes (expected);
  sink_test_assert_media (test, bytes);
}

static void
test_syntax_empty_buffers (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) array = make_small ();
  g_autoptr (GBytes) flv = to_bytes (array);
  gsize half = array->len / 2;

  sink_test_play (test, NULL);
  sink_test_push_buffer (test, gst_buffer_new ());
  sink_test_push_buffer (test, slice_buffer (flv, 0, half));
  sink_test_push_buffer (test, gst_buffer_new ());
  sink_test_push_list (test, gst_buffer_list_new ());
  sink_test_push_buffer (test, slice_buffer (flv, half, array->len - half));
  sink_test_assert_media (test, flv);
}

/* -- Timestamps -- */

/* Those of the tags, to the millisecond: the first is not 0, they go past 2^24 (where chunks get
 * an extended timestamp) and 2^31 (the sign of FLV's), come near 2^32 and begin anew, and go
 * backward. */
static const guint32 timestamps[] = {
  5000,
  5000,
  5040,
  0xFFFFFE,
  0xFFFFFF,
  0x1000000,
  0x1000028,
  0x7FFFFFFF,
  0x80000000,
  0x80000028,
  0xFFFFFFF0,
  0xFFFFFFFF,
  0x10,
  0x38,
  0x37,
  0,
};

static void
test_timestamps (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (GBytes) bytes = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (timestamps); i++) {
    test_flv_add_key (flv, timestamps[i], 300, (guint8) i);
    test_flv_add_aac (flv, timestamps[i], 10, (guint8) i);
  }
  bytes = to_bytes (flv);
  sink_test_play (test, NULL);
  sink_test_push_bytes (test, bytes);
  sink_test_assert_media (test, bytes);
}

/* The same with chunks that a message needs several of. */
static void
test_timestamps_small_chunks (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, "chunk-size", 128, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (GBytes) bytes = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (timestamps); i++)
    test_flv_add_key (flv, timestamps[i], 300, (guint8) i);
  bytes = to_bytes (flv);
  sink_test_play (test, NULL);
  sink_test_push_bytes (test, bytes);
  sink_test_assert_media (test, bytes);
}

/* -- Script data (vector 42) -- */

#define SET_DATA_FRAME "\x02\x00\x0D@setDataFrame"
#define ON_METADATA "\x02\x00\x0AonMetaData"
#define VALUE "\x08\x00\x00\x00\x00\x00\x00\x09"
#define TEXT(type, tag, sent) \
  { \
    type, tag, sizeof (tag) - 1, sent, sizeof (sent) - 1 \
  }

static const struct {
  guint8 type;
  const gchar *tag;
  gsize tag_size;
  const gchar *sent;
  gsize sent_size;
} scripts[] = {
  TEXT (18, ON_METADATA VALUE, SET_DATA_FRAME ON_METADATA VALUE),
  TEXT (18, ON_METADATA VALUE "\x05", SET_DATA_FRAME ON_METADATA VALUE "\x05"),
  TEXT (18, SET_DATA_FRAME ON_METADATA VALUE, SET_DATA_FRAME ON_METADATA VALUE),
  TEXT (15, "\0" ON_METADATA VALUE, "\0" SET_DATA_FRAME ON_METADATA VALUE),
  TEXT (15, "\0" SET_DATA_FRAME ON_METADATA VALUE, "\0" SET_DATA_FRAME ON_METADATA VALUE),
  TEXT (18, "\x02\x00\x09onXMPData" VALUE, "\x02\x00\x09onXMPData" VALUE),
  TEXT (18, "\x02\x00\x0AonCuePoint" VALUE, "\x02\x00\x0AonCuePoint" VALUE),
  TEXT (18, "", ""),
  TEXT (15, "", ""),
};

static void
test_script_data (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (scripts); i++)
    test_flv_add_tag (flv, scripts[i].type, i, scripts[i].tag, scripts[i].tag_size);
  bytes = to_bytes (flv);
  sink_test_play (test, NULL);
  sink_test_push_bytes (test, bytes);
  push_slices (test, bytes, 1);
  g_assert_true (rtmp_peer_wait_media (test->peer, 0, 2 * G_N_ELEMENTS (scripts)));
  record = rtmp_peer_get_record (test->peer, 0);
  for (i = 0; i < record->media->len; i++) {
    g_autoptr (GBytes) payload = rtmp_peer_record_get_payload (record, i);
    guint n = i % G_N_ELEMENTS (scripts);

    g_assert_cmpuint (((RtmpMessage *) record->media->pdata[i])->type, ==, scripts[n].type);
    g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), scripts[n].sent,
        scripts[n].sent_size);
  }
}

/* -- Whole files (vector 44), as a pipeline reads them -- */

static const gchar *const files[] = { "testsrc.flv", "mptestsrc.flv" };

static void
check_file (gconstpointer blocksize)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
    g_autofree gchar *url = rtmp_peer_get_url (peer, "live/file");
    g_autofree gchar *path = g_test_build_filename (G_TEST_DIST, "media", files[i], NULL);
    g_autoptr (GBytes) flv = test_media_load (files[i]);
    g_autoptr (GPtrArray) expected = sink_test_expect (flv);
    g_autofree gchar *text =
        g_strdup_printf ("filesrc location=\"%s\" blocksize=%u ! rtmp2sink location=%s", path,
            GPOINTER_TO_UINT (blocksize), url);
    g_autoptr (GError) error = NULL;
    g_autoptr (GstElement) pipeline = gst_parse_launch (text, &error);
    g_autoptr (GstBus) bus = NULL;
    g_autoptr (RtmpPeerRecord) record = NULL;

    g_assert_no_error (error);
    bus = gst_element_get_bus (pipeline);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    element_test_wait_eos (bus);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    record = rtmp_peer_get_record (peer, 0);
    test_assert_same_media (record->media, expected);
  }
}

/* Tags of Enhanced RTMP pass byte for byte, whatever is in them (vectors 31 to 40). */
static void
test_enhanced_tags (void)
{
  static const struct {
    guint8 type;
    const gchar *data;
    gsize size;
  } tags[] = {
    { 9,
        "\x90"
        "av01",
        5 },
    { 9,
        "\x90"
        "av01\x81\x00\x0C\x00",
        9 },
    { 9,
        "\xD4"
        "av01\x02\x00\x09"
        "colorInfo\x05",
        18 },
    { 9, "\xD1\x00", 2 },
    { 9,
        "\x97\x02\x0F\x42\x3F\x01"
        "av01\xAA",
        11 },
    { 9,
        "\x96\x10"
        "hvc1\x00\x00\x00\x02\xAA\xBB\x01\x00\x00\x01\xCC",
        17 },
    { 9,
        "\xA6\x01"
        "avc1\x01\x00\x00\x0A\xFF",
        11 },
    { 9,
        "\x96\x23"
        "av01\x00\x00\x00\x01\xAA"
        "hvc1\x01\x00\x00\x02\xBB\xCC",
        21 },
    { 9, "\x96\x06\x01\x02", 4 },
    { 9,
        "\x9F"
        "????",
        5 },
    { 8,
        "\x94"
        "Opus\x01\x02\x00\x00\x00\x03",
        11 },
    { 8,
        "\x95\x01"
        "Opus\x01\xFC",
        8 },
    { 8,
        "\x92"
        "Opus",
        5 },
    { 9, "\x17\x02\x00\x00\x00", 5 },
    { 9, "\x57\x00", 2 },
  };
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (GBytes) bytes = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tags); i++)
    test_flv_add_tag (flv, tags[i].type, i, tags[i].data, tags[i].size);
  bytes = to_bytes (flv);
  sink_test_play (test, NULL);
  sink_test_push_bytes (test, bytes);
  sink_test_assert_media (test, bytes);
}

int
main (int argc, char **argv)
{
  static const guint slices[] = { 1, 2, 3, 7, 4096, 1000000 };
  guint i;

  element_test_init (&argc, &argv);

  for (i = 0; i < G_N_ELEMENTS (slices); i++) {
    gpointer slice = GUINT_TO_POINTER (slices[i]);
    g_autofree gchar *buffers = g_strdup_printf ("/sink-flv/slices/of-%u", slices[i]);
    g_autofree gchar *lists = g_strdup_printf ("/sink-flv/lists/of-%u", slices[i]);

    g_test_add_data_func (buffers, slice, check_slices);
    g_test_add_data_func (lists, slice, check_list);
  }
  g_test_add_data_func ("/sink-flv/files/small-blocks", GUINT_TO_POINTER (101), check_file);
  g_test_add_data_func ("/sink-flv/files/usual-blocks", GUINT_TO_POINTER (4096), check_file);
  g_test_add_data_func ("/sink-flv/files/one-block", GUINT_TO_POINTER (1000000), check_file);
  g_test_add_func ("/sink-flv/slices/tags", test_slices_tags);
  g_test_add_func ("/sink-flv/slices/everywhere", test_slices_everywhere);
  g_test_add_func ("/sink-flv/memories/everywhere", test_memories_everywhere);
  g_test_add_func ("/sink-flv/memories/most", test_memories_most);
  g_test_add_func ("/sink-flv/syntax/wrong-trailers", test_syntax_wrong_trailers);
  g_test_add_func ("/sink-flv/syntax/file-headers", test_syntax_file_headers);
  g_test_add_func ("/sink-flv/syntax/refused", test_syntax_refused);
  g_test_add_func ("/sink-flv/syntax/refused-in-list", test_syntax_refused_in_list);
  g_test_add_data_func ("/sink-flv/syntax/largest", GUINT_TO_POINTER (0x1000100), check_largest);
  g_test_add_data_func ("/sink-flv/syntax/largest-in-pieces", GUINT_TO_POINTER (0x10000),
      check_largest);
  g_test_add_func ("/sink-flv/syntax/largest-metadata", test_syntax_largest_metadata);
  g_test_add_func ("/sink-flv/syntax/cut", test_syntax_cut);
  g_test_add_func ("/sink-flv/syntax/discontinuity", test_syntax_discontinuity);
  g_test_add_func ("/sink-flv/syntax/empty-buffers", test_syntax_empty_buffers);
  g_test_add_func ("/sink-flv/timestamps/all", test_timestamps);
  g_test_add_func ("/sink-flv/timestamps/small-chunks", test_timestamps_small_chunks);
  g_test_add_func ("/sink-flv/script-data", test_script_data);
  g_test_add_func ("/sink-flv/enhanced-tags", test_enhanced_tags);
  return element_test_run ();
}
