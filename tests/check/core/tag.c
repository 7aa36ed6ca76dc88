/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmptag.h"

#include "core/rtmplimits.h"

#include "../../support/flvtest.h"
#include "../../support/countalloc.h"

#define VIDEO RTMP_MESSAGE_VIDEO
#define AUDIO RTMP_MESSAGE_AUDIO
#define NONE RTMP_TAG_PACKET_NONE

typedef struct {
  guint8 type;
  const gchar *wire;
  RtmpTagKind kind;
  guint known_from; /* shortest beginning that is of this kind */
  guint8 frame_type;
  guint8 packet_type;
  gboolean empty;
  gint32 composition_time;
  guint32 nanosecond_offset;
  gint multitrack;
  const gchar *tracks; /* "track:codec": a FourCC or a decimal number */
} Case;

static const Case cases[] = {
  /* vector 31 */
  { VIDEO, "90 61763031", RTMP_TAG_CONFIG, 5, 1, 0, TRUE, 0, 0, -1, "0:av01" },
  { VIDEO, "90 61763031 81040C00", RTMP_TAG_CONFIG, 5, 1, 0, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "80 61763031 81", RTMP_TAG_CONFIG, 5, 0, 0, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "A0 61763031 81", RTMP_TAG_CONFIG, 5, 2, 0, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "95 61763031 80", RTMP_TAG_CONFIG, 5, 1, 5, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "92 61763031", RTMP_TAG_SEQUENCE_END, 5, 1, 2, TRUE, 0, 0, -1, "0:av01" },
  /* vector 32, and Q31: Metadata frames of type 5 and 0 */
  { VIDEO, "D4 61763031 02 0009 636F6C6F72496E666F 05", RTMP_TAG_VIDEO_METADATA, 5, 5, 4, FALSE, 0,
      0, -1, "0:av01" },
  { VIDEO, "84 61763031 02", RTMP_TAG_VIDEO_METADATA, 5, 0, 4, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "94 68766331", RTMP_TAG_VIDEO_METADATA, 5, 1, 4, TRUE, 0, 0, -1, "0:hvc1" },
  /* vector 33 */
  { VIDEO, "D1 00", RTMP_TAG_COMMAND, 2, 5, 1, FALSE, 0, 0, -1, "" },
  { VIDEO, "D0 01", RTMP_TAG_COMMAND, 2, 5, 0, FALSE, 0, 0, -1, "" },
  { VIDEO, "D6 00", RTMP_TAG_COMMAND, 2, 5, 6, FALSE, 0, 0, -1, "" },
  { VIDEO, "D7 00 AA 01 01", RTMP_TAG_COMMAND, 5, 5, 1, FALSE, 0, 0, -1, "" },
  /* Behind a ModEx a Metadata frame of type 5 is none. */
  { VIDEO, "D7 00 AA 14 61763031 02", RTMP_TAG_VIDEO_METADATA, 8, 5, 4, FALSE, 0, 0, -1, "0:av01" },
  /* coded frames; only three codecs have a composition time */
  { VIDEO, "91 61763031 AA", RTMP_TAG_KEY, 5, 1, 1, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "A1 76703039 AABBCCDD", RTMP_TAG_INTER, 5, 2, 1, FALSE, 0, 0, -1, "0:vp09" },
  { VIDEO, "B1 76703038 AABBCCDD", RTMP_TAG_DISPOSABLE, 5, 3, 1, FALSE, 0, 0, -1, "0:vp08" },
  { VIDEO, "C1 61763031 AA", RTMP_TAG_KEY, 5, 4, 1, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "91 61766331 000050 AA", RTMP_TAG_KEY, 5, 1, 1, FALSE, 80, 0, -1, "0:avc1" },
  { VIDEO, "A1 68766331 FFFFFE AA", RTMP_TAG_INTER, 5, 2, 1, FALSE, -2, 0, -1, "0:hvc1" },
  { VIDEO, "A1 76766331 7FFFFF AA", RTMP_TAG_INTER, 5, 2, 1, FALSE, 0x7FFFFF, 0, -1, "0:vvc1" },
  { VIDEO, "A1 68766331 800000 AA", RTMP_TAG_INTER, 5, 2, 1, FALSE, -0x800000, 0, -1, "0:hvc1" },
  { VIDEO, "A1 68766331 000001", RTMP_TAG_INTER, 5, 2, 1, TRUE, 1, 0, -1, "0:hvc1" },
  { VIDEO, "A1 68766331 0000", RTMP_TAG_INTER, 5, 2, 1, TRUE, 0, 0, -1, "0:hvc1" },
  { VIDEO, "A3 68766331 000001 AA", RTMP_TAG_INTER, 5, 2, 3, FALSE, 0, 0, -1, "0:hvc1" },
  /* an unknown FourCC changes nothing (vector 39) */
  { VIDEO, "93 3F3F3F3F AA", RTMP_TAG_KEY, 5, 1, 3, FALSE, 0, 0, -1, "0:????" },
  /* vector 34 */
  { VIDEO, "97 02 0F423F 01 61763031 AA", RTMP_TAG_KEY, 10, 1, 1, FALSE, 0, 999999, -1, "0:av01" },
  { VIDEO, "97 02 0F4240 01 61763031 AA", RTMP_TAG_KEY, 10, 1, 1, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "97 01 0FFF 01 61763031 AA", RTMP_TAG_KEY, 9, 1, 1, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "97 03 0003E8FF 11 61763031 AA", RTMP_TAG_KEY, 11, 1, 1, FALSE, 0, 0, -1, "0:av01" },
  /* vector 35: a chain */
  { VIDEO, "97 02 000001 07 02 000002 01 61763031 AA", RTMP_TAG_KEY, 15, 1, 1, FALSE, 0, 2, -1,
      "0:av01" },
  { VIDEO, "A7 02 000007 17 00 FF 01 61766331 00000A AA", RTMP_TAG_INTER, 13, 2, 1, FALSE, 10, 0,
      -1, "0:avc1" },
  { VIDEO, "97 02 000009 06 01 61766331 03 00000B AA", RTMP_TAG_KEY, 12, 1, 1, FALSE, 11, 9, 0,
      "3:avc1" },
  /* vector 37 */
  { VIDEO, "A6 01 61766331 01 00000A FF", RTMP_TAG_INTER, 7, 2, 1, FALSE, 10, 0, 0, "1:avc1" },
  { VIDEO, "96 00 61763031 05", RTMP_TAG_CONFIG, 7, 1, 0, TRUE, 0, 0, 0, "5:av01" },
  /* vector 40 */
  { AUDIO, "94 4F707573 01 02 00000003", RTMP_TAG_CONFIG, 5, 0, 4, FALSE, 0, 0, -1, "0:Opus" },
  { AUDIO, "95 01 4F707573 01 FC", RTMP_TAG_AUDIO, 7, 0, 1, FALSE, 0, 0, 0, "1:Opus" },
  { AUDIO, "92 4F707573", RTMP_TAG_SEQUENCE_END, 5, 0, 2, TRUE, 0, 0, -1, "0:Opus" },
  { AUDIO, "90 4F707573", RTMP_TAG_CONFIG, 5, 0, 0, TRUE, 0, 0, -1, "0:Opus" },
  { AUDIO, "91 664C6143 FF", RTMP_TAG_AUDIO, 5, 0, 1, FALSE, 0, 0, -1, "0:fLaC" },
  { AUDIO, "91 61766331 000001 FF", RTMP_TAG_AUDIO, 5, 0, 1, FALSE, 0, 0, -1, "0:avc1" },
  { AUDIO, "97 02 000005 01 6D703461 21", RTMP_TAG_AUDIO, 10, 0, 1, FALSE, 0, 5, -1, "0:mp4a" },
  /* vector 41 */
  { VIDEO, "17 00", RTMP_TAG_CONFIG, 2, 1, 0, TRUE, 0, 0, -1, "0:7" },
  { VIDEO, "17 00 000000 01640028", RTMP_TAG_CONFIG, 2, 1, 0, FALSE, 0, 0, -1, "0:7" },
  { VIDEO, "27 00 000005 01640028", RTMP_TAG_CONFIG, 2, 2, 0, FALSE, 0, 0, -1, "0:7" },
  { VIDEO, "17 01", RTMP_TAG_KEY, 2, 1, 1, TRUE, 0, 0, -1, "0:7" },
  { VIDEO, "17 01 000050 00", RTMP_TAG_KEY, 2, 1, 1, FALSE, 80, 0, -1, "0:7" },
  { VIDEO, "47 01 FFFFFF 00", RTMP_TAG_KEY, 2, 4, 1, FALSE, -1, 0, -1, "0:7" },
  { VIDEO, "17 02", RTMP_TAG_SEQUENCE_END, 2, 1, 2, TRUE, 0, 0, -1, "0:7" },
  { VIDEO, "17 02 000000", RTMP_TAG_SEQUENCE_END, 2, 1, 2, TRUE, 0, 0, -1, "0:7" },
  { VIDEO, "27 01", RTMP_TAG_INTER, 2, 2, 1, TRUE, 0, 0, -1, "0:7" },
  { VIDEO, "27 01 000000 00", RTMP_TAG_INTER, 2, 2, 1, FALSE, 0, 0, -1, "0:7" },
  { VIDEO, "37 01 000000 00", RTMP_TAG_DISPOSABLE, 2, 3, 1, FALSE, 0, 0, -1, "0:7" },
  { VIDEO, "57 00", RTMP_TAG_COMMAND, 2, 5, NONE, FALSE, 0, 0, -1, "" },
  { VIDEO, "52 01", RTMP_TAG_COMMAND, 2, 5, NONE, FALSE, 0, 0, -1, "" },
  { VIDEO, "1C 00 000000 01", RTMP_TAG_CONFIG, 2, 1, 0, FALSE, 0, 0, -1, "0:12" },
  { VIDEO, "2C 01 000003 01", RTMP_TAG_INTER, 2, 2, 1, FALSE, 3, 0, -1, "0:12" },
  { AUDIO, "AF 00", RTMP_TAG_CONFIG, 2, 0, 0, TRUE, 0, 0, -1, "0:10" },
  { AUDIO, "AF 00 1210", RTMP_TAG_CONFIG, 2, 0, 0, FALSE, 0, 0, -1, "0:10" },
  { AUDIO, "AF 01", RTMP_TAG_AUDIO, 2, 0, 1, TRUE, 0, 0, -1, "0:10" },
  { AUDIO, "AF 01 21", RTMP_TAG_AUDIO, 2, 0, 1, FALSE, 0, 0, -1, "0:10" },
  /* codecs without packet types */
  { VIDEO, "12", RTMP_TAG_KEY, 1, 1, NONE, TRUE, 0, 0, -1, "0:2" },
  { VIDEO, "12 00", RTMP_TAG_KEY, 1, 1, NONE, FALSE, 0, 0, -1, "0:2" },
  { VIDEO, "22 01", RTMP_TAG_INTER, 1, 2, NONE, FALSE, 0, 0, -1, "0:2" },
  { VIDEO, "32 00", RTMP_TAG_DISPOSABLE, 1, 3, NONE, FALSE, 0, 0, -1, "0:2" },
  { VIDEO, "23 00", RTMP_TAG_INTER, 1, 2, NONE, FALSE, 0, 0, -1, "0:3" },
  { VIDEO, "14 00", RTMP_TAG_KEY, 1, 1, NONE, FALSE, 0, 0, -1, "0:4" },
  { VIDEO, "25 00", RTMP_TAG_INTER, 1, 2, NONE, FALSE, 0, 0, -1, "0:5" },
  { VIDEO, "16 00", RTMP_TAG_KEY, 1, 1, NONE, FALSE, 0, 0, -1, "0:6" },
  { AUDIO, "2F", RTMP_TAG_AUDIO, 1, 0, NONE, TRUE, 0, 0, -1, "0:2" },
  { AUDIO, "2F FFFB", RTMP_TAG_AUDIO, 1, 0, NONE, FALSE, 0, 0, -1, "0:2" },
  { AUDIO, "02 00", RTMP_TAG_AUDIO, 1, 0, NONE, FALSE, 0, 0, -1, "0:0" },
  { AUDIO, "72 00", RTMP_TAG_AUDIO, 1, 0, NONE, FALSE, 0, 0, -1, "0:7" },
  { AUDIO, "B2 00", RTMP_TAG_AUDIO, 1, 0, NONE, FALSE, 0, 0, -1, "0:11" },
  /* vector 39: reserved and unknown critical values */
  { VIDEO, "17 03 000000 00", RTMP_TAG_UNKNOWN, 0, 1, 3, FALSE, 0, 0, -1, "0:7" },
  { VIDEO, "07 01 000000 00", RTMP_TAG_UNKNOWN, 0, 0, 1, FALSE, 0, 0, -1, "0:7" },
  { VIDEO, "67 01 000000 00", RTMP_TAG_UNKNOWN, 0, 6, 1, FALSE, 0, 0, -1, "0:7" },
  { VIDEO, "72 00", RTMP_TAG_UNKNOWN, 0, 7, NONE, FALSE, 0, 0, -1, "0:2" },
  { VIDEO, "18 00", RTMP_TAG_UNKNOWN, 0, 1, NONE, FALSE, 0, 0, -1, "0:8" },
  { VIDEO, "10 00", RTMP_TAG_UNKNOWN, 0, 1, NONE, FALSE, 0, 0, -1, "0:0" },
  { VIDEO, "81 61763031 AA", RTMP_TAG_UNKNOWN, 0, 0, 1, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "E1 61763031 AA", RTMP_TAG_UNKNOWN, 0, 6, 1, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "F3 61763031 AA", RTMP_TAG_UNKNOWN, 0, 7, 3, FALSE, 0, 0, -1, "0:av01" },
  { VIDEO, "98 61763031 AA", RTMP_TAG_UNKNOWN, 0, 1, 8, FALSE, 0, 0, -1, "" },
  { VIDEO, "9F 61763031 AA", RTMP_TAG_UNKNOWN, 0, 1, 15, FALSE, 0, 0, -1, "" },
  { VIDEO, "96 06 61763031 00 AA", RTMP_TAG_UNKNOWN, 0, 1, 6, FALSE, 0, 0, 0, "" },
  { VIDEO, "96 07 61763031 00 AA", RTMP_TAG_UNKNOWN, 0, 1, 7, FALSE, 0, 0, 0, "" },
  { VIDEO, "96 31 61763031 00 AA", RTMP_TAG_UNKNOWN, 0, 1, 1, FALSE, 0, 0, -1, "" },
  { VIDEO, "96 F1 61763031 00 AA", RTMP_TAG_UNKNOWN, 0, 1, 1, FALSE, 0, 0, -1, "" },
  { AUDIO, "AF 02 00", RTMP_TAG_UNKNOWN, 0, 0, 2, FALSE, 0, 0, -1, "0:10" },
  { AUDIO, "C0 00", RTMP_TAG_UNKNOWN, 0, 0, NONE, FALSE, 0, 0, -1, "0:12" },
  { AUDIO, "93 4F707573 00", RTMP_TAG_UNKNOWN, 0, 0, 3, FALSE, 0, 0, -1, "" },
  { AUDIO, "96 4F707573 00", RTMP_TAG_UNKNOWN, 0, 0, 6, FALSE, 0, 0, -1, "" },
  { AUDIO, "95 05 4F707573 00", RTMP_TAG_UNKNOWN, 0, 0, 5, FALSE, 0, 0, 0, "" },
  { AUDIO, "95 41 4F707573 00", RTMP_TAG_UNKNOWN, 0, 0, 1, FALSE, 0, 0, -1, "" },
};

static gchar *
describe_tracks (const RtmpTagInfo *info)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < info->n_tracks; i++) {
    const RtmpTagTrack *track = &info->tracks[i];

    g_string_append_printf (text, "%s%u:", i > 0 ? " " : "", track->track);
    if (info->enhanced) {
      guint8 fourcc[4];

      g_assert_cmpuint (track->codec, ==, 0xFF);
      rtmp_write_u32 (fourcc, track->fourcc);
      g_string_append_len (text, (const gchar *) fourcc, 4);
    } else {
      g_assert_cmpuint (track->fourcc, ==, 0);
      g_string_append_printf (text, "%u", track->codec);
    }
  }
  return g_string_free (text, FALSE);
}

static RtmpTagInfo
classify_pieces (guint8 type, const guint8 *data, gsize size, gsize first, gsize rest)
{
  g_autoptr (RtmpMessage) message = pieces_message (type, data, size, first, rest);
  RtmpTagInfo info;

  memset (&info, 0xA5, sizeof (info));
  rtmp_flv_classify (message, &info);
  return info;
}

static void
assert_case (const Case *expected, const RtmpTagInfo *info)
{
  g_autofree gchar *tracks = describe_tracks (info);

  g_assert_cmpstr (rtmp_tag_kind_to_string (info->kind), ==,
      rtmp_tag_kind_to_string (expected->kind));
  g_assert_cmpint (info->is_video, ==, expected->type == VIDEO);
  g_assert_cmpint (info->is_audio, ==, expected->type == AUDIO);
  g_assert_cmpuint (info->frame_type, ==, expected->frame_type);
  g_assert_cmpuint (info->packet_type, ==, expected->packet_type);
  g_assert_cmpint (info->empty, ==, expected->empty);
  g_assert_cmpint (info->composition_time, ==, expected->composition_time);
  g_assert_cmpuint (info->nanosecond_offset, ==, expected->nanosecond_offset);
  g_assert_cmpint (info->multitrack, ==, expected->multitrack);
  g_assert_cmpstr (tracks, ==, expected->tracks);
  g_assert_cmpuint (info->n_tracks_total, ==, info->n_tracks);
}

static void
test_cases (void)
{
  guint i;
  gsize split;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Case *expected = &cases[i];
    g_autoptr (GByteArray) wire = wire_new (expected->wire);
    RtmpTagInfo info = classify_pieces (expected->type, wire->data, wire->len, 0, wire->len);
    RtmpTagInfo again;

    g_test_message ("%s", expected->wire);
    assert_case (expected, &info);
    g_assert_cmpint (info.enhanced, ==,
        expected->type == VIDEO ? wire->data[0] >> 7 : wire->data[0] >> 4 == 9);

    again = classify_pieces (expected->type, wire->data, wire->len, 0, 1);
    assert_same_info (&info, &again);
    for (split = 1; split < wire->len; split++) {
      again = classify_pieces (expected->type, wire->data, wire->len, split, wire->len);
      assert_same_info (&info, &again);
    }
  }
}

/* Cut off anywhere: unknown while the header is not whole, then of its kind. */
static void
test_truncated (void)
{
  guint i;
  gsize size;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Case *expected = &cases[i];
    g_autoptr (GByteArray) wire = wire_new (expected->wire);

    for (size = 1; size < wire->len; size++) {
      const RtmpTagInfo info = classify_pieces (expected->type, wire->data, size, 0, size);
      const gboolean known = size >= expected->known_from;

      g_test_message ("%s cut to %" G_GSIZE_FORMAT, expected->wire, size);
      g_assert_cmpstr (rtmp_tag_kind_to_string (info.kind), ==,
          rtmp_tag_kind_to_string (known ? expected->kind : RTMP_TAG_UNKNOWN));
      g_assert_cmpint (info.is_video, ==, expected->type == VIDEO);
      g_assert_true (known || !info.empty);
      g_assert_cmpuint (info.n_tracks, <=, 1);
      if (!known && expected->kind != RTMP_TAG_UNKNOWN) {
        g_assert_cmpuint (info.n_tracks, ==, 0);
        g_assert_cmpuint (info.nanosecond_offset, ==, 0);
        g_assert_cmpuint (info.packet_type, ==, NONE);
        g_assert_cmpint (info.multitrack, ==, -1);
      }
    }
  }
}

static void
test_no_bytes (void)
{
  RtmpTagInfo info = classify_pieces (AUDIO, NULL, 0, 0, 1);

  /* vector 40: silence */
  g_assert_cmpint (info.kind, ==, RTMP_TAG_AUDIO);
  g_assert_true (info.is_audio && info.empty && !info.enhanced);
  g_assert_cmpuint (info.n_tracks, ==, 0);
  g_assert_cmpint (info.multitrack, ==, -1);

  info = classify_pieces (VIDEO, NULL, 0, 0, 1);
  g_assert_cmpint (info.kind, ==, RTMP_TAG_UNKNOWN);
  g_assert_true (info.is_video && info.empty);

  info = classify_pieces (RTMP_MESSAGE_DATA_AMF0, NULL, 0, 0, 1);
  g_assert_cmpint (info.kind, ==, RTMP_TAG_SCRIPT);
  g_assert_true (info.empty && !info.is_audio && !info.is_video);
}

typedef struct {
  const gchar *wire;
  RtmpTagKind kind;
  const gchar *tracks;
  gint multitrack;
  gint32 composition_time;
  gboolean empty;
  gsize whole_at[4]; /* the lengths at which no track is cut off, 0-terminated */
} ManyCase;

static const ManyCase many_cases[] = {
  /* vector 36 */
  { "96 10 68766331 00 000002 AABB 01 000001 CC", RTMP_TAG_CONFIG, "0:hvc1 1:hvc1", 1, 0, FALSE,
      { 12, 17 } },
  /* vector 38; in CodedFramesX hvc1 has no composition time */
  { "96 23 61763031 00 000001 AA 68766331 01 000002 BBCC", RTMP_TAG_KEY, "0:av01 1:hvc1", 2, 0,
      FALSE, { 11, 21 } },
  /* Each body of avc1, hvc1 and vvc1 has its own; track 0's counts wherever it stands. */
  { "A6 21 68766331 04 000004 000005 AA 61766331 00 000004 FFFFFB AA 61763031 02 000001 AA",
      RTMP_TAG_INTER, "4:hvc1 0:avc1 2:av01", 2, -5, FALSE, { 14, 26, 35 } },
  { "A6 11 68766331 04 000004 000005 AA 05 000004 000006 AA", RTMP_TAG_INTER, "4:hvc1 5:hvc1", 1, 5,
      FALSE, { 14, 22 } },
  /* Empty in all tracks, or only in one. */
  { "96 10 61763031 00 000000 01 000000", RTMP_TAG_CONFIG, "0:av01 1:av01", 1, 0, TRUE,
      { 10, 14 } },
  { "96 10 61763031 00 000001 AA 01 000000", RTMP_TAG_CONFIG, "0:av01 1:av01", 1, 0, FALSE,
      { 11, 15 } },
  { "A6 11 68766331 00 000002 0000 01 000003 000000", RTMP_TAG_INTER, "0:hvc1 1:hvc1", 1, 0, TRUE,
      { 12, 19 } },
  { "96 14 61763031 00 000001 02", RTMP_TAG_VIDEO_METADATA, "0:av01", 1, 0, FALSE, { 11 } },
  { "96 12 61763031 00 000000", RTMP_TAG_SEQUENCE_END, "0:av01", 1, 0, TRUE, { 10 } },
};

static void
test_many_tracks (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (many_cases); i++) {
    const ManyCase *expected = &many_cases[i];
    g_autoptr (GByteArray) wire = wire_new (expected->wire);
    RtmpTagInfo info = classify_pieces (VIDEO, wire->data, wire->len, 0, wire->len);
    g_autofree gchar *tracks = describe_tracks (&info);
    RtmpTagInfo again = classify_pieces (VIDEO, wire->data, wire->len, 0, 1);
    guint whole = 0;
    gsize size;

    g_test_message ("%s", expected->wire);
    g_assert_cmpint (info.kind, ==, expected->kind);
    g_assert_cmpstr (tracks, ==, expected->tracks);
    g_assert_cmpint (info.multitrack, ==, expected->multitrack);
    g_assert_cmpint (info.composition_time, ==, expected->composition_time);
    g_assert_cmpint (info.empty, ==, expected->empty);
    assert_same_info (&info, &again);

    for (size = 1; size <= wire->len; size++) {
      info = classify_pieces (VIDEO, wire->data, size, 0, size);
      if (size == expected->whole_at[whole]) {
        whole++;
        g_assert_cmpint (info.kind, ==, expected->kind);
        g_assert_cmpuint (info.n_tracks, ==, whole);
      } else {
        g_assert_cmpint (info.kind, ==, RTMP_TAG_UNKNOWN);
        g_assert_cmpuint (info.n_tracks, ==, 0);
      }
    }
    g_assert_cmpuint (whole, >, 0);
    g_assert_cmpuint (expected->whole_at[whole], ==, 0);
  }
}

/* ManyTracks of coded AV1, @n tracks of one byte each, numbered downward from @n - 1. */
static GByteArray *
many_tracks (guint n)
{
  GByteArray *wire = wire_new ("96 11 61763031");
  guint i;

  for (i = 0; i < n; i++) {
    const guint8 track[5] = { (guint8) (n - 1 - i), 0, 0, 1, 0xAA };

    g_byte_array_append (wire, track, sizeof (track));
  }
  return wire;
}

static void
test_track_limit (void)
{
  static const guint counts[] = { 8, 9, RTMP_FLV_MAX_TRACKS, RTMP_FLV_MAX_TRACKS + 1 };
  guint i, track;

  for (i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (GByteArray) wire = many_tracks (counts[i]);
    g_autoptr (RtmpMessage) message = room_message (VIDEO, 0, wire->data, wire->len);
    RtmpTrackSet set;
    RtmpTagInfo info;

    rtmp_flv_classify (message, &info);
    if (counts[i] > RTMP_FLV_MAX_TRACKS) {
      g_assert_cmpint (info.kind, ==, RTMP_TAG_UNKNOWN);
      g_assert_cmpuint (info.n_tracks_total, ==, 0);
      continue;
    }
    g_assert_cmpint (info.kind, ==, RTMP_TAG_KEY);
    g_assert_cmpuint (info.n_tracks, ==, RTMP_TAG_INFO_TRACKS);
    g_assert_cmpuint (info.n_tracks_total, ==, counts[i]);
    g_assert_cmpuint (info.tracks[7].track, ==, counts[i] - 8);

    rtmp_flv_get_track_set (message, &info, &set);
    for (track = 0; track < 256; track++)
      g_assert_cmpint (rtmp_track_set_contains (&set, (guint8) track), ==, track < counts[i]);
  }
}

static void
test_track_set (void)
{
  g_autoptr (RtmpMessage) one = hex_message (VIDEO, 0, "17 01 000000 00");
  g_autoptr (RtmpMessage) two = hex_message (AUDIO, 0, "95 11 4F707573 1F 000001 AA 20 000001 BB");
  RtmpTrackSet set;
  RtmpTagInfo info;
  guint track;

  rtmp_flv_classify (one, &info);
  rtmp_flv_get_track_set (one, &info, &set);
  for (track = 0; track < 256; track++)
    g_assert_cmpint (rtmp_track_set_contains (&set, (guint8) track), ==, track == 0);

  rtmp_flv_classify (two, &info);
  g_assert_cmpint (info.kind, ==, RTMP_TAG_AUDIO);
  rtmp_flv_get_track_set (two, &info, &set);
  for (track = 0; track < 256; track++)
    g_assert_cmpint (rtmp_track_set_contains (&set, (guint8) track), ==,
        track == 0x1F || track == 0x20);
}

/* @start, then @n ModEx of type 15 with @size bytes each, then AV1 coded frames. */
static GByteArray *
modex_chain (const gchar *start, guint n, guint size)
{
  GByteArray *wire = wire_new (start);
  g_autoptr (GByteArray) end = wire_new ("61763031 AA");
  guint i;

  for (i = 0; i < n; i++) {
    guint8 head[3] = { (guint8) (size - 1) };
    g_autofree guint8 *data = g_malloc0 (size);
    const guint8 next = i + 1 < n ? 0xF7 : 0xF1;

    if (size >= 256) {
      head[0] = 0xFF;
      rtmp_write_u16 (head + 1, size - 1);
    }
    g_byte_array_append (wire, head, size >= 256 ? 3 : 1);
    g_byte_array_append (wire, data, size);
    g_byte_array_append (wire, &next, 1);
  }
  g_byte_array_append (wire, end->data, end->len);
  return wire;
}

/* Vector 35: sizes around the long form, cut off at every byte. */
static void
test_modex_sizes (void)
{
  static const guint sizes[] = { 1, 2, 3, 255, 256, 257, 65536 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GByteArray) wire = modex_chain ("97", 1, sizes[i]);
    const gsize step = sizes[i] > 1000 ? 997 : 1;
    RtmpTagInfo info = classify_pieces (VIDEO, wire->data, wire->len, 0, 100);
    gsize size;

    g_assert_cmpint (info.kind, ==, RTMP_TAG_KEY);
    g_assert_false (info.empty);
    g_assert_cmpuint (info.tracks[0].fourcc, ==, 0x61763031);
    for (size = 1; size < wire->len - 1; size += step) {
      info = classify_pieces (VIDEO, wire->data, size, 0, size);
      g_assert_cmpint (info.kind, ==, RTMP_TAG_UNKNOWN);
      g_assert_cmpuint (info.n_tracks, ==, 0);
    }
  }
}

static void
test_modex_long_nano (void)
{
  g_autoptr (GByteArray) wire = wire_new ("97 FF 00FF 000064 A+253 01 61763031");
  const RtmpTagInfo info = classify_pieces (VIDEO, wire->data, wire->len, 0, 50);

  g_assert_cmpint (info.kind, ==, RTMP_TAG_KEY);
  g_assert_cmpuint (info.nanosecond_offset, ==, 100);
  g_assert_true (info.empty);
}

/* Looked at are the tag's first byte and two of each link, or five if it is of three bytes. */
static void
test_modex_limit (void)
{
  g_autoptr (GByteArray) at = modex_chain ("97 02 AAAAAA F7", (RTMP_FLV_MAX_CLASSIFY - 6) / 2, 1);
  g_autoptr (GByteArray) past = modex_chain ("97", RTMP_FLV_MAX_CLASSIFY / 2, 1);
  RtmpTagInfo info = classify_pieces (VIDEO, at->data, at->len, 0, at->len);

  g_assert_cmpint (info.kind, ==, RTMP_TAG_KEY);
  info = classify_pieces (VIDEO, past->data, past->len, 0, past->len);
  g_assert_cmpint (info.kind, ==, RTMP_TAG_UNKNOWN);
  g_assert_cmpuint (info.packet_type, ==, NONE);
}

static void
test_other_types (void)
{
  static const struct {
    guint8 type;
    const gchar *wire;
    RtmpTagKind kind;
  } others[] = {
    { RTMP_MESSAGE_DATA_AMF0, "02 000A 6F6E4D65746144617461 08", RTMP_TAG_METADATA },
    { RTMP_MESSAGE_DATA_AMF0, "02 000D 40736574446174614672616D65 02 000A 6F6E4D65746144617461 08",
        RTMP_TAG_METADATA },
    { RTMP_MESSAGE_DATA_AMF3, "00 02 000A 6F6E4D65746144617461 08", RTMP_TAG_METADATA },
    { RTMP_MESSAGE_DATA_AMF0, "02 0009 6F6E43756550 6F696E 03", RTMP_TAG_SCRIPT },
    { RTMP_MESSAGE_DATA_AMF3, "00 05", RTMP_TAG_SCRIPT },
    { RTMP_MESSAGE_COMMAND_AMF0, "17 01", RTMP_TAG_UNKNOWN },
    { RTMP_MESSAGE_AGGREGATE, "17 01", RTMP_TAG_UNKNOWN },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (RtmpMessage) message = hex_message (others[i].type, 0, others[i].wire);
    RtmpTagInfo info;

    rtmp_flv_classify (message, &info);
    g_assert_cmpint (info.kind, ==, others[i].kind);
    g_assert_false (info.is_audio || info.is_video || info.enhanced || info.empty);
    g_assert_cmpuint (info.n_tracks, ==, 0);
    g_assert_cmpint (info.multitrack, ==, -1);
  }
}

static void
test_no_allocation (void)
{
  g_autoptr (GByteArray) wire = many_tracks (200);
  g_autoptr (RtmpMessage) many = room_message (VIDEO, 0, wire->data, wire->len);
  g_autoptr (RtmpMessage) meta = hex_message (RTMP_MESSAGE_DATA_AMF0, 0,
      "02 000A 6F6E4D65746144617461 08");
  const guint64 before = count_alloc_calls;
  RtmpTrackSet set;
  RtmpTagInfo info;

  rtmp_flv_classify (many, &info);
  rtmp_flv_get_track_set (many, &info, &set);
  rtmp_flv_classify (meta, &info);
  g_assert_cmpuint (count_alloc_calls, ==, before);
}

/* Every value of the first two bytes, with bytes enough behind them and with none. */
static void
test_every_header (void)
{
  guint first, second, kinds = 0;
  gint type;

  for (type = AUDIO; type <= VIDEO; type++) {
    for (first = 0; first < 256; first++) {
      for (second = 0; second < 256; second++) {
        const guint8 data[12] = { (guint8) first, (guint8) second, 'a', 'v', 'c', '1', 0, 0, 1 };
        RtmpTagInfo info = classify_pieces ((guint8) type, data, 12, 0, 12);

        g_assert_cmpint (info.kind, <=, RTMP_TAG_UNKNOWN);
        g_assert_cmpuint (info.n_tracks, <=, RTMP_TAG_INFO_TRACKS);
        kinds |= 1u << info.kind;
        info = classify_pieces ((guint8) type, data, 2, 0, 1);
        g_assert_cmpint (info.kind, <=, RTMP_TAG_UNKNOWN);
      }
    }
  }
  g_assert_cmphex (kinds & (1u << RTMP_TAG_METADATA | 1u << RTMP_TAG_SCRIPT), ==, 0);
}

static void
test_kind_to_string (void)
{
  g_assert_cmpstr (rtmp_tag_kind_to_string (RTMP_TAG_CONFIG), ==, "config");
  g_assert_cmpstr (rtmp_tag_kind_to_string (RTMP_TAG_KEY), ==, "key");
  g_assert_cmpstr (rtmp_tag_kind_to_string (RTMP_TAG_UNKNOWN), ==, "unknown");
  g_assert_cmpstr (rtmp_tag_kind_to_string ((RtmpTagKind) 11), ==, "invalid");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tag/cases", test_cases);
  g_test_add_func ("/tag/truncated", test_truncated);
  g_test_add_func ("/tag/no-bytes", test_no_bytes);
  g_test_add_func ("/tag/many-tracks", test_many_tracks);
  g_test_add_func ("/tag/track-limit", test_track_limit);
  g_test_add_func ("/tag/track-set", test_track_set);
  g_test_add_func ("/tag/modex/sizes", test_modex_sizes);
  g_test_add_func ("/tag/modex/long-nano", test_modex_long_nano);
  g_test_add_func ("/tag/modex/limit", test_modex_limit);
  g_test_add_func ("/tag/other-types", test_other_types);
  g_test_add_func ("/tag/no-allocation", test_no_allocation);
  g_test_add_func ("/tag/every-header", test_every_header);
  g_test_add_func ("/tag/kind-to-string", test_kind_to_string);
  return g_test_run ();
}
