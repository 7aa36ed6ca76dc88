/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * FLV headers and media tags: what a message is does not depend on the pieces it lies in.
 * Input: type1 piece1 | payload
 */
#include "core/rtmpconfig.h"
#include "core/rtmpflv.h"

#include "support/flvtest.h"

#include "fuzz.h"

static void
check_info (const RtmpMessage *message, const RtmpTagInfo *info)
{
  RtmpTrackSet set;
  guint i;

  g_assert_nonnull (rtmp_tag_kind_to_string (info->kind));
  g_assert_cmpuint (info->n_tracks, <=, RTMP_TAG_INFO_TRACKS);
  g_assert_cmpuint (info->n_tracks, <=, info->n_tracks_total);
  g_assert_cmpuint (info->n_tracks_total, <=, RTMP_FLV_MAX_TRACKS);
  rtmp_flv_get_track_set (message, info, &set);
  for (i = 0; i < info->n_tracks; i++)
    g_assert_true (rtmp_track_set_contains (&set, info->tracks[i].track));
}

static void
check_tag (RtmpMessage *message)
{
  RtmpFlvTagHeader header;
  const guint8 *tag = rtmp_flv_finish_tag (message, 0xFEDCBA98);

  g_assert_true (rtmp_flv_parse_tag_header (tag, &header, NULL));
  g_assert_cmpuint (header.type, ==, message->type);
  g_assert_cmpuint (header.size, ==, message->size);
  g_assert_cmpuint (header.timestamp, ==, 0xFEDCBA98);
  g_assert_cmpuint (rtmp_read_u32 (tag + RTMP_FLV_TAG_HEADER_SIZE + message->size), ==,
      RTMP_FLV_TAG_HEADER_SIZE + message->size);
}

/* The bytes as a file's beginning. */
static void
check_headers (const guint8 *data, gsize size)
{
  RtmpFlvTagHeader header;
  guint8 written[RTMP_FLV_TAG_HEADER_SIZE];
  guint32 offset;

  if (size >= RTMP_FLV_FILE_HEADER_SIZE && rtmp_flv_parse_file_header (data, &offset, NULL)) {
    g_assert_cmpuint (offset, >=, RTMP_FLV_FILE_HEADER_SIZE);
    g_assert_cmpuint (offset, <=, RTMP_FLV_MAX_DATA_OFFSET);
  }
  if (size >= RTMP_FLV_TAG_HEADER_SIZE && rtmp_flv_parse_tag_header (data, &header, NULL)) {
    rtmp_flv_write_tag_header (written, &header);
    g_assert_cmpmem (written, 8, data, 8);
  }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint8 types[] = { RTMP_MESSAGE_VIDEO, RTMP_MESSAGE_AUDIO, RTMP_MESSAGE_DATA_AMF0,
    RTMP_MESSAGE_DATA_AMF3 };
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  const guint8 type = types[rtmp_cursor_u8 (&in) % G_N_ELEMENTS (types)];
  const gsize piece = 1 + rtmp_cursor_u8 (&in);
  const gsize left = rtmp_cursor_left (&in);
  g_autoptr (RtmpMessage) whole = room_message (type, 0, in.pos, left);
  g_autoptr (RtmpMessage) pieces = pieces_message (type, in.pos, left, 0, piece);
  g_autoptr (RtmpConfigSet) set = rtmp_config_set_new ();
  RtmpTagInfo info, pieces_info;

  rtmp_flv_classify (whole, &info);
  rtmp_flv_classify (pieces, &pieces_info);
  assert_same_info (&info, &pieces_info);
  check_info (whole, &info);
  check_info (pieces, &pieces_info);
  check_headers (in.pos, left);
  check_tag (whole);
  rtmp_config_set_add (set, rtmp_message_ref (whole), &info);
  g_assert_cmpuint (rtmp_config_set_get_length (set), <=, 1);
  return 0;
}
