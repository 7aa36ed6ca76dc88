/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpflv.h"

#include "core/rtmpamf.h"
#include "core/rtmperror.h"
#include "core/rtmplimits.h"

#include "../../support/flvtest.h"

static void
test_file_header_write (void)
{
  g_autoptr (GByteArray) expected = wire_new ("464C56 01 05 00000009 00000000");
  guint8 header[13];

  memset (header, 0xFF, sizeof (header));
  rtmp_flv_write_file_header (header, RTMP_FLV_HAS_VIDEO | RTMP_FLV_HAS_AUDIO);
  g_assert_cmpmem (header, sizeof (header), expected->data, expected->len);
}

/* Vector 43: DataOffset 13. */
static void
test_file_header_parse (void)
{
  static const struct {
    const gchar *wire;
    guint32 offset;
  } cases[] = {
    { "464C56 01 05 00000009", 9 },
    { "464C56 01 00 0000000D", 13 },
    { "464C56 02 FF 00010000", RTMP_FLV_MAX_DATA_OFFSET },
    { "464C56 01 05 00000008", 0 },
    { "464C56 01 05 00000000", 0 },
    { "464C56 01 05 00010001", 0 },
    { "464C56 01 05 FFFFFFFF", 0 },
    { "464C57 01 05 00000009", 0 },
    { "474C56 01 05 00000009", 0 },
    { "464D56 01 05 00000009", 0 },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) wire = wire_new (cases[i].wire);
    g_autofree guint8 *exact = g_memdup2 (wire->data, wire->len);
    g_autoptr (GError) error = NULL;
    guint32 offset = 77;

    g_assert_cmpuint (wire->len, ==, RTMP_FLV_FILE_HEADER_SIZE);
    if (rtmp_flv_parse_file_header (exact, &offset, &error)) {
      g_assert_no_error (error);
      g_assert_cmpuint (offset, ==, cases[i].offset);
    } else {
      g_assert_error (error, RTMP_ERROR, RTMP_ERROR_SYNTAX);
      g_assert_cmpuint (cases[i].offset, ==, 0);
      g_assert_cmpuint (offset, ==, 77);
    }
  }
}

typedef struct {
  const gchar *wire;
  RtmpFlvTagHeader header; /* type 0: refused */
} TagCase;

/* Vector 43: filter bit, extended timestamp 0x80, DataSize 0xFFFFFF. */
static const TagCase tag_cases[] = {
  { "08 000002 000000 00 000000", { 8, 2, 0 } },
  { "09 FFFFFF FFFFFE 00 000000", { 9, 0xFFFFFF, 0xFFFFFE } },
  { "0F 000000 000001 01 000000", { 15, 0, 0x01000001 } },
  { "12 000100 000010 80 000000", { 18, 256, 0x80000010 } },
  { "12 000100 FFFFFF FF 000000", { 18, 256, 0xFFFFFFFF } },
  { "28 000002 000000 00 000000", { 0 } },
  { "29 000002 000000 00 000000", { 0 } },
  { "48 000002 000000 00 000000", { 0 } },
  { "89 000002 000000 00 000000", { 0 } },
  { "00 000002 000000 00 000000", { 0 } },
  { "0A 000002 000000 00 000000", { 0 } },
  { "16 000002 000000 00 000000", { 0 } },
  { "1F 000002 000000 00 000000", { 0 } },
};

static void
test_tag_header (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tag_cases); i++) {
    const RtmpFlvTagHeader *expected = &tag_cases[i].header;
    g_autoptr (GByteArray) wire = wire_new (tag_cases[i].wire);
    g_autofree guint8 *exact = g_memdup2 (wire->data, wire->len);
    RtmpFlvTagHeader header = { 77, 77, 77 };
    g_autoptr (GError) error = NULL;
    guint8 written[RTMP_FLV_TAG_HEADER_SIZE];

    g_assert_cmpuint (wire->len, ==, RTMP_FLV_TAG_HEADER_SIZE);
    if (!rtmp_flv_parse_tag_header (exact, &header, &error)) {
      g_assert_error (error, RTMP_ERROR, RTMP_ERROR_SYNTAX);
      g_assert_cmpuint (expected->type, ==, 0);
      g_assert_true (header.type == 77 && header.size == 77 && header.timestamp == 77);
      continue;
    }
    g_assert_no_error (error);
    g_assert_cmpuint (header.type, ==, expected->type);
    g_assert_cmpuint (header.size, ==, expected->size);
    g_assert_cmpuint (header.timestamp, ==, expected->timestamp);
    rtmp_flv_write_tag_header (written, &header);
    g_assert_cmpmem (written, sizeof (written), wire->data, wire->len);
  }
}

static void
test_tag_header_stream_id (void)
{
  g_autoptr (GByteArray) wire = wire_new ("08 000002 000005 00 123456");
  RtmpFlvTagHeader header;

  g_assert_true (rtmp_flv_parse_tag_header (wire->data, &header, NULL));
  g_assert_cmpuint (header.timestamp, ==, 5);
}

static void
test_finish_tag (void)
{
  g_autoptr (GByteArray) expected = wire_new ("09 000005 030201 04 000000 A+5 00000010");
  g_autoptr (RtmpMessage) message = hex_message (RTMP_MESSAGE_VIDEO, 99, "A+5");
  g_autoptr (RtmpMessage) empty = hex_message (RTMP_MESSAGE_AUDIO, 0, "");
  g_autoptr (GByteArray) expected_empty = wire_new ("08 000000 000007 00 000000 0000000B");
  const guint8 *tag = rtmp_flv_finish_tag (message, 0x04030201);

  g_assert_cmpmem (tag, message->size + 15, expected->data, expected->len);
  g_assert_true (message->vectors[0].base == tag + RTMP_FLV_TAG_HEADER_SIZE);
  g_assert_cmpuint (message->timestamp, ==, 99);

  tag = rtmp_flv_finish_tag (empty, 7);
  g_assert_cmpmem (tag, 15, expected_empty->data, expected_empty->len);
}

/* -- Sample streams (vector 44) -- */

typedef struct {
  const gchar *name;
  guint n_tags;
  guint counts[RTMP_TAG_UNKNOWN + 1];
} Sample;

static const Sample samples[] = {
  { "testsrc.flv", 807,
      { [RTMP_TAG_CONFIG] = 4,
          [RTMP_TAG_KEY] = 1,
          [RTMP_TAG_INTER] = 299,
          [RTMP_TAG_AUDIO] = 501,
          [RTMP_TAG_VIDEO_METADATA] = 1,
          [RTMP_TAG_METADATA] = 1 } },
  { "mptestsrc.flv", 849,
      { [RTMP_TAG_CONFIG] = 4,
          [RTMP_TAG_KEY] = 3,
          [RTMP_TAG_INTER] = 339,
          [RTMP_TAG_AUDIO] = 501,
          [RTMP_TAG_VIDEO_METADATA] = 1,
          [RTMP_TAG_METADATA] = 1 } },
};

static guint8 *
load_sample (const gchar *name, gsize *size)
{
  g_autofree gchar *path = g_test_build_filename (G_TEST_DIST, "media", name, NULL);
  g_autoptr (GError) error = NULL;
  gchar *data;

  g_file_get_contents (path, &data, size, &error);
  g_assert_no_error (error);
  return (guint8 *) data;
}

static void
assert_plausible (const RtmpTagInfo *info, guint n)
{
  /* The first five tags: onMetaData, an empty video configuration, audio configuration, channel
   * configuration, audio. */
  static const RtmpTagKind start[] = {
    RTMP_TAG_METADATA,
    RTMP_TAG_CONFIG,
    RTMP_TAG_CONFIG,
    RTMP_TAG_CONFIG,
    RTMP_TAG_AUDIO,
    RTMP_TAG_CONFIG,
    RTMP_TAG_VIDEO_METADATA,
    RTMP_TAG_KEY,
  };

  if (n < G_N_ELEMENTS (start))
    g_assert_cmpint (info->kind, ==, start[n]);
  g_assert_cmpint (info->empty, ==, n == 1);
  g_assert_cmpint (info->multitrack, ==, -1);
  g_assert_cmpint (info->composition_time, ==, 0);
  if (info->kind == RTMP_TAG_METADATA) {
    g_assert_cmpuint (info->n_tracks, ==, 0);
    return;
  }
  g_assert_true (info->enhanced);
  g_assert_cmpint (info->is_video, !=, info->is_audio);
  g_assert_cmpuint (info->n_tracks_total, ==, 1);
  g_assert_cmpuint (info->tracks[0].track, ==, 0);
  g_assert_cmphex (info->tracks[0].fourcc, ==, info->is_video ? 0x61763031 : 0x4F707573);
}

/* Every tag of the file becomes a message, is classified and is finished in place: the same
 * bytes. */
static void
test_sample (gconstpointer data)
{
  const Sample *sample = data;
  g_autofree guint8 *file = NULL;
  guint counts[RTMP_TAG_UNKNOWN + 1] = { 0 };
  guint8 header[13];
  guint32 offset;
  gsize size, pos;
  guint n = 0;

  file = load_sample (sample->name, &size);
  g_assert_true (rtmp_flv_parse_file_header (file, &offset, NULL));
  rtmp_flv_write_file_header (header, RTMP_FLV_HAS_VIDEO | RTMP_FLV_HAS_AUDIO);
  g_assert_cmpmem (header, sizeof (header), file, 13);

  for (pos = offset + 4; pos < size; n++) {
    g_autoptr (RtmpMessage) message = NULL;
    RtmpFlvTagHeader tag;
    RtmpTagInfo info, again;
    gsize truncated;

    g_assert_true (rtmp_flv_parse_tag_header (file + pos, &tag, NULL));
    message = room_message (tag.type, tag.timestamp, file + pos + 11, tag.size);
    rtmp_flv_classify (message, &info);
    counts[info.kind]++;
    assert_plausible (&info, n);
    if (n == 0)
      g_assert_cmphex (rtmp_flv_metadata_flags (message), ==, header[4]);
    for (truncated = 0; truncated < MIN (tag.size, 12); truncated++) {
      g_autoptr (RtmpMessage) cut = pieces_message (tag.type, file + pos + 11, truncated, 0, 12);

      rtmp_flv_classify (cut, &again);
      g_assert_true (again.kind == info.kind || again.kind == RTMP_TAG_UNKNOWN
          || info.kind == RTMP_TAG_METADATA || truncated == 0);
    }
    g_assert_cmpmem (rtmp_flv_finish_tag (message, tag.timestamp), tag.size + 15, file + pos,
        tag.size + 15);
    pos += tag.size + 15;
  }
  g_assert_cmpuint (pos, ==, size);
  g_assert_cmpuint (n, ==, sample->n_tags);
  g_assert_cmpmem (counts, sizeof (counts), sample->counts, sizeof (sample->counts));
}

/* -- onMetaData -- */

static RtmpMessage *
metadata_message (guint8 type, const gchar *prefix, RtmpAmf *value)
{
  g_autoptr (GByteArray) bytes = wire_new (prefix);

  rtmp_amf_write (value, bytes);
  return room_message (type, 0, bytes->data, bytes->len);
}

#define ON_METADATA "02 000A 6F6E4D65746144617461"
#define SET_DATA_FRAME "02 000D 40736574446174614672616D65"

static void
assert_flags (const gchar *name, RtmpAmf *value, guint8 flags)
{
  g_autoptr (RtmpAmf) metadata = rtmp_amf_new_ecma_array ();
  g_autoptr (RtmpMessage) message = NULL;

  rtmp_amf_set (metadata, name, value);
  message = metadata_message (RTMP_MESSAGE_DATA_AMF0, ON_METADATA, metadata);
  g_assert_cmphex (rtmp_flv_metadata_flags (message), ==, flags);
}

static void
test_metadata_flags (void)
{
  RtmpAmf *map = rtmp_amf_new_object ();

  rtmp_amf_set_number (map, "1", 1);
  assert_flags ("videocodecid", rtmp_amf_new_number (7), RTMP_FLV_HAS_VIDEO);
  assert_flags ("videocodecid", rtmp_amf_new_string ("avc1"), RTMP_FLV_HAS_VIDEO);
  assert_flags ("videocodecid", rtmp_amf_new_number (1635135537.), RTMP_FLV_HAS_VIDEO);
  assert_flags ("width", rtmp_amf_new_number (1920), RTMP_FLV_HAS_VIDEO);
  assert_flags ("videoTrackIdInfoMap", map, RTMP_FLV_HAS_VIDEO);
  assert_flags ("audiocodecid", rtmp_amf_new_number (10), RTMP_FLV_HAS_AUDIO);
  assert_flags ("audiosamplerate", rtmp_amf_new_number (48000), RTMP_FLV_HAS_AUDIO);
  assert_flags ("hasVideo", rtmp_amf_new_boolean (TRUE), RTMP_FLV_HAS_VIDEO);
  assert_flags ("hasAudio", rtmp_amf_new_boolean (TRUE), RTMP_FLV_HAS_AUDIO);

  assert_flags ("videocodecid", rtmp_amf_new_number (0), 0);
  assert_flags ("videocodecid", rtmp_amf_new_string (""), 0);
  assert_flags ("videocodecid", rtmp_amf_new_null (), 0);
  assert_flags ("width", rtmp_amf_new_number (-1), 0);
  assert_flags ("hasVideo", rtmp_amf_new_number (1), 0);
  assert_flags ("hasAudio", rtmp_amf_new_boolean (FALSE), 0);
  assert_flags ("duration", rtmp_amf_new_number (10), 0);
}

static RtmpAmf *
both_media (void)
{
  RtmpAmf *metadata = rtmp_amf_new_object ();

  rtmp_amf_set_number (metadata, "videocodecid", 7);
  rtmp_amf_set_number (metadata, "audiocodecid", 10);
  return metadata;
}

static void
test_metadata_flags_override (void)
{
  g_autoptr (RtmpAmf) metadata = both_media ();
  g_autoptr (RtmpMessage) message = NULL;

  rtmp_amf_set_boolean (metadata, "hasVideo", FALSE);
  rtmp_amf_set_boolean (metadata, "hasAudio", TRUE);
  message = metadata_message (RTMP_MESSAGE_DATA_AMF0, ON_METADATA, metadata);
  g_assert_cmphex (rtmp_flv_metadata_flags (message), ==, RTMP_FLV_HAS_AUDIO);
}

/* Behind @setDataFrame, in type 15 with and without the selector, in pieces. */
static void
test_metadata_flags_forms (void)
{
  static const struct {
    guint8 type;
    const gchar *prefix;
  } forms[] = {
    { RTMP_MESSAGE_DATA_AMF0, SET_DATA_FRAME ON_METADATA },
    { RTMP_MESSAGE_DATA_AMF3, "00" ON_METADATA },
    { RTMP_MESSAGE_DATA_AMF3, ON_METADATA },
    { RTMP_MESSAGE_DATA_AMF3, "00" SET_DATA_FRAME ON_METADATA },
    { RTMP_MESSAGE_DATA_AMF3, "00 11 06 15 6F6E4D65746144617461" },
  };
  g_autoptr (RtmpAmf) metadata = both_media ();
  guint i;
  gsize split;

  for (i = 0; i < G_N_ELEMENTS (forms); i++) {
    g_autoptr (RtmpMessage) message = metadata_message (forms[i].type, forms[i].prefix, metadata);
    const guint8 *data = message->vectors[0].base;

    g_assert_cmphex (rtmp_flv_metadata_flags (message), ==, 0x05);
    for (split = 1; split <= message->size; split++) {
      g_autoptr (RtmpMessage) pieces = pieces_message (message->type, data, message->size, split,
          1);
      g_autoptr (RtmpMessage) cut = pieces_message (message->type, data, split, 0, split);

      g_assert_cmphex (rtmp_flv_metadata_flags (pieces), ==, 0x05);
      g_assert_cmphex (rtmp_flv_metadata_flags (cut), ==, split == message->size ? 0x05 : 0);
    }
  }
}

static void
test_metadata_flags_hostile (void)
{
  static const gchar *const others[] = {
    ON_METADATA,
    ON_METADATA "05",
    ON_METADATA "02 0003 414243",
    ON_METADATA "08 FFFFFFFF 000577696474 68",
    "02 000A 6F6E4D65746144617462 03 000009",
    "",
  };
  g_autoptr (RtmpAmf) metadata = both_media ();
  g_autoptr (RtmpMessage) small = metadata_message (RTMP_MESSAGE_DATA_AMF0, ON_METADATA, metadata);
  g_autoptr (RtmpMessage) video = metadata_message (RTMP_MESSAGE_VIDEO, ON_METADATA, metadata);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (RtmpMessage) message = hex_message (RTMP_MESSAGE_DATA_AMF0, 0, others[i]);

    g_assert_cmphex (rtmp_flv_metadata_flags (message), ==, 0);
  }
  g_assert_cmphex (rtmp_flv_metadata_flags (video), ==, 0);

  /* One byte past the limit is not looked at. */
  g_byte_array_append (bytes, small->vectors[0].base, small->size);
  g_byte_array_set_size (bytes, RTMP_MAX_COMMAND_SIZE + 1);
  for (i = 0; i < 2; i++) {
    g_autoptr (RtmpMessage) large = room_message (RTMP_MESSAGE_DATA_AMF0, 0, bytes->data,
        RTMP_MAX_COMMAND_SIZE + i);

    g_assert_cmphex (rtmp_flv_metadata_flags (large), ==, i == 0 ? 0x05 : 0);
  }
}

int
main (int argc, char **argv)
{
  guint i;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flv/file-header/write", test_file_header_write);
  g_test_add_func ("/flv/file-header/parse", test_file_header_parse);
  g_test_add_func ("/flv/tag-header", test_tag_header);
  g_test_add_func ("/flv/tag-header/stream-id", test_tag_header_stream_id);
  g_test_add_func ("/flv/finish-tag", test_finish_tag);
  for (i = 0; i < G_N_ELEMENTS (samples); i++) {
    g_autofree gchar *path = g_strconcat ("/flv/sample/", samples[i].name, NULL);

    g_test_add_data_func (path, &samples[i], test_sample);
  }
  g_test_add_func ("/flv/metadata-flags", test_metadata_flags);
  g_test_add_func ("/flv/metadata-flags/override", test_metadata_flags_override);
  g_test_add_func ("/flv/metadata-flags/forms", test_metadata_flags_forms);
  g_test_add_func ("/flv/metadata-flags/hostile", test_metadata_flags_hostile);
  return g_test_run ();
}
