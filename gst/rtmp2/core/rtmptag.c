/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmptag.h"

#include <stddef.h>
#include <string.h>

#include "rtmpdataframe.h"
#include "rtmplimits.h"

#define FRAME_TYPE_COMMAND 5u
#define PACKET_MODEX 7u
#define SOUND_FORMAT_ENHANCED 9u
#define MULTITRACK_ONE 0
#define MULTITRACK_MANY_CODECS 2
#define COMPOSITION_TIME_SIZE 3u
#define NANOSECOND_OFFSET_SIZE 3u
#define MAX_NANOSECOND_OFFSET 999999u

#define FOURCC(a, b, c, d) \
  ((guint32) (a) << 24 | (guint32) (b) << 16 | (guint32) (c) << 8 | (guint32) (d))

G_STATIC_ASSERT (RTMP_FLV_MAX_TRACKS == 8 * sizeof (RtmpTrackSet));

/* Kinds by video frame type. */
static const RtmpTagKind frame_kinds[8] = {
  [0] = RTMP_TAG_UNKNOWN,
  [1] = RTMP_TAG_KEY,
  [2] = RTMP_TAG_INTER,
  [3] = RTMP_TAG_DISPOSABLE,
  [4] = RTMP_TAG_KEY,
  [5] = RTMP_TAG_COMMAND,
  [6] = RTMP_TAG_UNKNOWN,
  [7] = RTMP_TAG_UNKNOWN,
};

/* What a packet type is; CODED video is told apart further by its frame type. */
typedef enum {
  PACKET_UNKNOWN,
  PACKET_CONFIG,
  PACKET_CODED,
  PACKET_END,
  PACKET_METADATA,
} PacketClass;

/* Enhanced packet types that carry tracks; the others are reserved, or are
 * followed by one of these. */
static const guint8 video_packets[16] = {
  [RTMP_TAG_PACKET_SEQUENCE_START] = PACKET_CONFIG,
  [RTMP_TAG_PACKET_CODED_FRAMES] = PACKET_CODED,
  [RTMP_TAG_PACKET_SEQUENCE_END] = PACKET_END,
  [RTMP_TAG_PACKET_CODED_FRAMES_X] = PACKET_CODED,
  [RTMP_TAG_PACKET_VIDEO_METADATA] = PACKET_METADATA,
  [RTMP_TAG_PACKET_MPEG2TS_SEQUENCE_START] = PACKET_CONFIG,
};

static const guint8 audio_packets[16] = {
  [RTMP_TAG_PACKET_SEQUENCE_START] = PACKET_CONFIG,
  [RTMP_TAG_PACKET_CODED_FRAMES] = PACKET_CODED,
  [RTMP_TAG_PACKET_SEQUENCE_END] = PACKET_END,
  [RTMP_TAG_PACKET_MULTICHANNEL_CONFIG] = PACKET_CONFIG,
};

/* Packet types of the legacy codecs that have them. */
static const guint8 avc_packets[3] = { PACKET_CONFIG, PACKET_CODED, PACKET_END };
static const guint8 aac_packets[2] = { PACKET_CONFIG, PACKET_CODED };

typedef enum {
  CODEC_RESERVED,
  CODEC_PLAIN,
  CODEC_PACKETS,
} CodecClass;

/* By codec id. 12 is no part of the specification: HEVC laid out as AVC is. */
static const guint8 video_codecs[16] = {
  [2] = CODEC_PLAIN,
  [3] = CODEC_PLAIN,
  [4] = CODEC_PLAIN,
  [5] = CODEC_PLAIN,
  [6] = CODEC_PLAIN,
  [7] = CODEC_PACKETS,
  [12] = CODEC_PACKETS,
};

/* By sound format. */
static const guint8 audio_codecs[16] = {
  [0] = CODEC_PLAIN,
  [1] = CODEC_PLAIN,
  [2] = CODEC_PLAIN,
  [3] = CODEC_PLAIN,
  [4] = CODEC_PLAIN,
  [5] = CODEC_PLAIN,
  [6] = CODEC_PLAIN,
  [7] = CODEC_PLAIN,
  [8] = CODEC_PLAIN,
  [10] = CODEC_PACKETS,
  [11] = CODEC_PLAIN,
  [14] = CODEC_PLAIN,
  [15] = CODEC_PLAIN,
};

/* Reads a payload forward, whatever pieces it lies in; the error is sticky. */
typedef struct {
  const RtmpVector *piece;
  gsize pos;    /* in the piece */
  gsize left;   /* in the payload */
  gsize looked; /* bytes read, skipped ones apart */
  gboolean failed;
} Reader;

typedef struct {
  Reader reader;
  RtmpTagInfo *info;
  RtmpTrackSet *set; /* or NULL */
} Parser;

static void
reader_fail (Reader *reader)
{
  reader->failed = TRUE;
  reader->left = 0;
}

/* Reads a big-endian number of @size <= 4 bytes; 0 when it fails. */
static guint32
reader_read (Reader *reader, guint size)
{
  guint32 value = 0;

  if (size > reader->left) {
    reader_fail (reader);
    return 0;
  }
  reader->left -= size;
  reader->looked += size;
  for (; size > 0; size--) {
    if (reader->pos == reader->piece->size) {
      reader->piece++;
      reader->pos = 0;
    }
    value = value << 8 | ((const guint8 *) reader->piece->base)[reader->pos++];
  }
  return value;
}

static void
reader_skip (Reader *reader, gsize size)
{
  if (size > reader->left) {
    reader_fail (reader);
    return;
  }
  reader->left -= size;
  if (reader->left == 0)
    return;
  while (size > reader->piece->size - reader->pos) {
    size -= reader->piece->size - reader->pos;
    reader->piece++;
    reader->pos = 0;
  }
  reader->pos += size;
}

static void
add_track (Parser *parser, guint8 track, guint32 fourcc, guint8 codec)
{
  RtmpTagInfo *info = parser->info;

  if (info->n_tracks < RTMP_TAG_INFO_TRACKS) {
    info->tracks[info->n_tracks].track = track;
    info->tracks[info->n_tracks].fourcc = fourcc;
    info->tracks[info->n_tracks].codec = codec;
    info->n_tracks++;
  }
  info->n_tracks_total++;
  if (parser->set)
    parser->set->bits[track / 32] |= 1u << track % 32;
}

/* Looks at a track's body of @size bytes and goes past it. */
static void
parse_body (Parser *parser, gsize size, gboolean has_time, gboolean use_it)
{
  guint32 value = 0;

  if (has_time) {
    if (size < COMPOSITION_TIME_SIZE) {
      reader_skip (&parser->reader, size);
      return;
    }
    value = reader_read (&parser->reader, COMPOSITION_TIME_SIZE);
    size -= COMPOSITION_TIME_SIZE;
  }
  if (use_it)
    parser->info->composition_time = (gint32) (value << 8) / 256;
  if (size > 0)
    parser->info->empty = FALSE;
  reader_skip (&parser->reader, size);
}

static gboolean
has_composition_time (const RtmpTagInfo *info, guint32 fourcc)
{
  return info->is_video && info->packet_type == RTMP_TAG_PACKET_CODED_FRAMES
      && (fourcc == FOURCC ('a', 'v', 'c', '1') || fourcc == FOURCC ('h', 'v', 'c', '1')
          || fourcc == FOURCC ('v', 'v', 'c', '1'));
}

static void
parse_track (Parser *parser, guint8 track, guint32 fourcc, gsize size)
{
  RtmpTagInfo *info = parser->info;
  gboolean use_it = track == 0 || info->n_tracks_total == 0;

  add_track (parser, track, fourcc, 0xFF);
  parse_body (parser, size, has_composition_time (info, fourcc), use_it);
}

static void
parse_tracks (Parser *parser)
{
  const gint mode = parser->info->multitrack;
  Reader *reader = &parser->reader;
  guint32 fourcc = 0;

  if (mode != MULTITRACK_MANY_CODECS)
    fourcc = reader_read (reader, 4);

  do {
    guint8 track;
    gsize size;

    if (mode == MULTITRACK_MANY_CODECS)
      fourcc = reader_read (reader, 4);
    track = (guint8) reader_read (reader, 1);
    size = mode == MULTITRACK_ONE ? reader->left : reader_read (reader, 3);
    if (parser->info->n_tracks_total == RTMP_FLV_MAX_TRACKS)
      reader_fail (reader);
    if (!reader->failed)
      parse_track (parser, track, fourcc, size);
  } while (reader->left > 0);
}

/* Returns the packet type behind all ModEx. */
static guint8
parse_modex (Parser *parser, guint8 packet_type)
{
  Reader *reader = &parser->reader;

  while (packet_type == PACKET_MODEX) {
    gsize size = reader_read (reader, 1) + 1;
    guint32 offset = MAX_NANOSECOND_OFFSET + 1;
    guint8 next;

    if (size == 256)
      size = reader_read (reader, 2) + 1;
    if (size >= NANOSECOND_OFFSET_SIZE) {
      offset = reader_read (reader, NANOSECOND_OFFSET_SIZE);
      size -= NANOSECOND_OFFSET_SIZE;
    }
    reader_skip (reader, size);
    next = (guint8) reader_read (reader, 1);
    if (next >> 4 == 0 && offset <= MAX_NANOSECOND_OFFSET)
      parser->info->nanosecond_offset = offset;
    packet_type = next & 0x0F;
    if (reader->looked > RTMP_FLV_MAX_CLASSIFY)
      reader_fail (reader);
    if (reader->failed)
      break;
  }
  return packet_type;
}

static RtmpTagKind
packet_kind (const RtmpTagInfo *info, guint8 packet_class)
{
  switch (packet_class) {
    case PACKET_CONFIG:
      return RTMP_TAG_CONFIG;
    case PACKET_CODED:
      return info->is_audio ? RTMP_TAG_AUDIO : frame_kinds[info->frame_type];
    case PACKET_END:
      return RTMP_TAG_SEQUENCE_END;
    case PACKET_METADATA:
      return RTMP_TAG_VIDEO_METADATA;
    default:
      return RTMP_TAG_UNKNOWN;
  }
}

/* A command frame has one byte behind its header and no codec. */
static RtmpTagKind
parse_command (Parser *parser)
{
  reader_read (&parser->reader, 1);
  parser->info->empty = FALSE;
  return RTMP_TAG_COMMAND;
}

static gboolean
parse_multitrack_header (Parser *parser, guint8 *packet_type)
{
  const guint32 byte = reader_read (&parser->reader, 1);

  *packet_type = byte & 0x0F;
  if (byte >> 4 > MULTITRACK_MANY_CODECS)
    return FALSE;
  parser->info->multitrack = (gint) (byte >> 4);
  return TRUE;
}

static RtmpTagKind
parse_enhanced (Parser *parser, guint8 packet_type)
{
  RtmpTagInfo *info = parser->info;
  const guint8 *packets = info->is_video ? video_packets : audio_packets;
  const guint8 multitrack_type = info->is_video ? 6 : 5;
  RtmpTagKind kind;

  info->enhanced = TRUE;
  packet_type = parse_modex (parser, packet_type);
  info->packet_type = packet_type;
  if (info->frame_type == FRAME_TYPE_COMMAND && packet_type != RTMP_TAG_PACKET_VIDEO_METADATA)
    return parse_command (parser);
  if (packet_type == multitrack_type && !parse_multitrack_header (parser, &info->packet_type))
    return RTMP_TAG_UNKNOWN;

  kind = packet_kind (info, packets[info->packet_type]);
  if (packets[info->packet_type] == PACKET_UNKNOWN)
    return kind;
  if (info->multitrack >= 0) {
    parse_tracks (parser);
  } else {
    const guint32 fourcc = reader_read (&parser->reader, 4);

    parse_track (parser, 0, fourcc, parser->reader.left);
  }
  return kind;
}

static RtmpTagKind
parse_legacy_video (Parser *parser, guint8 codec)
{
  Reader *reader = &parser->reader;
  RtmpTagInfo *info = parser->info;
  guint8 packet_class = PACKET_UNKNOWN;

  if (info->frame_type == FRAME_TYPE_COMMAND)
    return parse_command (parser);
  add_track (parser, 0, 0, codec);
  switch (video_codecs[codec]) {
    case CODEC_PLAIN:
      parse_body (parser, reader->left, FALSE, FALSE);
      return frame_kinds[info->frame_type];
    case CODEC_PACKETS:
      info->packet_type = (guint8) reader_read (reader, 1);
      if (info->packet_type < G_N_ELEMENTS (avc_packets))
        packet_class = avc_packets[info->packet_type];
      parse_body (parser, reader->left, TRUE, packet_class == PACKET_CODED);
      return packet_kind (info, packet_class);
    default:
      return RTMP_TAG_UNKNOWN;
  }
}

static RtmpTagKind
parse_legacy_audio (Parser *parser, guint8 format)
{
  Reader *reader = &parser->reader;
  RtmpTagInfo *info = parser->info;
  guint8 packet_class = PACKET_UNKNOWN;

  add_track (parser, 0, 0, format);
  switch (audio_codecs[format]) {
    case CODEC_PLAIN:
      parse_body (parser, reader->left, FALSE, FALSE);
      return RTMP_TAG_AUDIO;
    case CODEC_PACKETS:
      info->packet_type = (guint8) reader_read (reader, 1);
      if (info->packet_type < G_N_ELEMENTS (aac_packets))
        packet_class = aac_packets[info->packet_type];
      parse_body (parser, reader->left, FALSE, FALSE);
      return packet_kind (info, packet_class);
    default:
      return RTMP_TAG_UNKNOWN;
  }
}

static RtmpTagKind
parse_video (Parser *parser)
{
  const guint32 byte = reader_read (&parser->reader, 1);

  if (parser->reader.failed)
    return RTMP_TAG_UNKNOWN;
  parser->info->frame_type = byte >> 4 & 0x07;
  if (byte & 0x80)
    return parse_enhanced (parser, byte & 0x0F);
  return parse_legacy_video (parser, byte & 0x0F);
}

static RtmpTagKind
parse_audio (Parser *parser)
{
  guint32 byte;

  if (parser->reader.left == 0)
    return RTMP_TAG_AUDIO;
  byte = reader_read (&parser->reader, 1);
  if (byte >> 4 == SOUND_FORMAT_ENHANCED)
    return parse_enhanced (parser, byte & 0x0F);
  return parse_legacy_audio (parser, (guint8) (byte >> 4));
}

/* What was read of a header that turned out to be cut off means nothing. */
static void
forget_fields (RtmpTagInfo *info)
{
  info->multitrack = -1;
  info->packet_type = RTMP_TAG_PACKET_NONE;
  info->composition_time = 0;
  info->nanosecond_offset = 0;
  info->n_tracks = 0;
  info->n_tracks_total = 0;
}

static void
classify_media (const RtmpMessage *message, RtmpTagInfo *info, RtmpTrackSet *set)
{
  Parser parser = { { message->vectors, 0, message->size, 0, FALSE }, info, set };

  info->kind = info->is_video ? parse_video (&parser) : parse_audio (&parser);
  if (parser.reader.failed) {
    forget_fields (info);
    info->kind = RTMP_TAG_UNKNOWN;
  }
  if (info->kind == RTMP_TAG_UNKNOWN)
    info->empty = message->size == 0;
}

void
rtmp_flv_classify (const RtmpMessage *message, RtmpTagInfo *info)
{
  /* Not the tracks: clearing them would take longer than all else. */
  memset (info, 0, offsetof (RtmpTagInfo, tracks));
  info->multitrack = -1;
  info->packet_type = RTMP_TAG_PACKET_NONE;
  info->empty = TRUE;

  switch (message->type) {
    case RTMP_MESSAGE_VIDEO:
      info->is_video = TRUE;
      classify_media (message, info, NULL);
      break;
    case RTMP_MESSAGE_AUDIO:
      info->is_audio = TRUE;
      classify_media (message, info, NULL);
      break;
    case RTMP_MESSAGE_DATA_AMF3:
    case RTMP_MESSAGE_DATA_AMF0:
      info->kind = rtmp_flv_is_on_metadata (message) ? RTMP_TAG_METADATA : RTMP_TAG_SCRIPT;
      info->empty = message->size == 0;
      break;
    default:
      info->kind = RTMP_TAG_UNKNOWN;
      info->empty = message->size == 0;
      break;
  }
}

const gchar *
rtmp_tag_kind_to_string (RtmpTagKind kind)
{
  static const gchar *const names[] = {
    [RTMP_TAG_CONFIG] = "config",
    [RTMP_TAG_KEY] = "key",
    [RTMP_TAG_INTER] = "inter",
    [RTMP_TAG_DISPOSABLE] = "disposable",
    [RTMP_TAG_AUDIO] = "audio",
    [RTMP_TAG_SEQUENCE_END] = "sequence-end",
    [RTMP_TAG_VIDEO_METADATA] = "video-metadata",
    [RTMP_TAG_COMMAND] = "command",
    [RTMP_TAG_METADATA] = "metadata",
    [RTMP_TAG_SCRIPT] = "script",
    [RTMP_TAG_UNKNOWN] = "unknown",
  };

  return (gsize) kind < G_N_ELEMENTS (names) ? names[kind] : "invalid";
}

void
rtmp_flv_get_track_set (const RtmpMessage *message, const RtmpTagInfo *info, RtmpTrackSet *set)
{
  RtmpTagInfo again = *info;
  guint i;

  memset (set, 0, sizeof (*set));
  if (info->n_tracks_total > info->n_tracks) {
    forget_fields (&again);
    classify_media (message, &again, set);
    return;
  }
  for (i = 0; i < info->n_tracks; i++)
    set->bits[info->tracks[i].track / 32] |= 1u << info->tracks[i].track % 32;
}

gboolean
rtmp_track_set_contains (const RtmpTrackSet *set, guint8 track)
{
  return set->bits[track / 32] >> track % 32 & 1;
}
