/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_TAG_H
#define RTMP_TAG_H

#include "rtmpmessage.h"

G_BEGIN_DECLS

/*
 *  What a media message is, from its first bytes (FLV 10.1, E.4.2 and E.4.3;
 *  Enhanced RTMP v2, "Enhanced Audio" and "Enhanced Video").
 *
 *  video, legacy    0 frameType3 codecId4 | [packetType1 compositionTime3, if AVC] | body
 *  video, enhanced  1 frameType3 packetType4 | ModEx* | command1, or tracks
 *  audio, legacy    soundFormat4 rate2 size1 type1 | [packetType1, if AAC] | body
 *  audio, enhanced  9 (4 bits) packetType4 | ModEx* | tracks
 *  ModEx            size1 (size2 if it says 256) | data | modExType4 packetType4
 *  tracks           fourCc4 | body
 *   or multitrack   mode4 packetType4 | [fourCc4, if mode < 2] | track+
 *   track           [fourCc4, if mode 2] | id1 | [size3, if mode > 0] | body
 *  body, coded      [compositionTime3, if avc1, hvc1 or vvc1 in CodedFrames] | data
 */

/**
 * RtmpTagKind: what a tag is, for deciding what may be dropped and what must be kept.
 */
typedef enum {
  RTMP_TAG_CONFIG,     /* sequence header, MultichannelConfig: needed before media */
  RTMP_TAG_KEY,        /* a decoder of the listed tracks may start here (a video key
                                 * frame) */
  RTMP_TAG_INTER,      /* depends on what came before, others may depend on it */
  RTMP_TAG_DISPOSABLE, /* nothing depends on it */
  RTMP_TAG_AUDIO,      /* coded audio, or silence (zero length) */
  RTMP_TAG_SEQUENCE_END,
  RTMP_TAG_VIDEO_METADATA, /* E-RTMP Metadata frame (colorInfo), of any frame type */
  RTMP_TAG_COMMAND,        /* frame type 5 command frame */
  RTMP_TAG_METADATA,       /* onMetaData, with or without @setDataFrame */
  RTMP_TAG_SCRIPT,         /* any other script data */
  RTMP_TAG_UNKNOWN,        /* truncated, reserved or unknown critical values: passed on,
                                 * never dropped first */
} RtmpTagKind;

typedef struct {
  guint8 track;
  guint32 fourcc; /* big-endian number; for legacy tags 0 */
  guint8 codec;   /* legacy codec id / sound format; 0xFF for enhanced */
} RtmpTagTrack;

/* Packet types of enhanced tags; AVC and AAC share the first three. */
#define RTMP_TAG_PACKET_SEQUENCE_START 0u
#define RTMP_TAG_PACKET_CODED_FRAMES 1u
#define RTMP_TAG_PACKET_SEQUENCE_END 2u
#define RTMP_TAG_PACKET_CODED_FRAMES_X 3u
#define RTMP_TAG_PACKET_VIDEO_METADATA 4u
#define RTMP_TAG_PACKET_MULTICHANNEL_CONFIG 4u
#define RTMP_TAG_PACKET_MPEG2TS_SEQUENCE_START 5u
/* The codec has no packet types, or the tag is cut off before it. */
#define RTMP_TAG_PACKET_NONE 0xFFu

#define RTMP_TAG_INFO_TRACKS 8

/**
 * RtmpTagInfo:
 * @is_video, @is_audio: by message type
 * @enhanced: an E-RTMP header
 * @empty: no coded data or an empty configuration body (vector 31), in all tracks; a composition
 *   time that is cut off counts as no data; of an unknown tag: it has no bytes
 * @multitrack: -1 none, else the AvMultitrackType 0 to 2
 * @frame_type: video frame type, 0 for audio
 * @packet_type: E-RTMP packet type (after ModEx and Multitrack), or the AVC/AAC packet type,
 *   RTMP_TAG_PACKET_NONE where the codec has none
 * @composition_time: ms, signed; 0 where the codec has none (track 0's, or the first's if there is
 *   no track 0)
 * @nanosecond_offset: ModEx type 0, 0 if absent or out of range
 * @n_tracks: tracks listed in @tracks, at most 8; a non-multitrack tag counts as track 0;
 *   0 for script data, command frames and messages of no bytes, and where the header is cut off
 * @n_tracks_total: tracks in the tag, at most RTMP_FLV_MAX_TRACKS
 */
typedef struct {
  RtmpTagKind kind;
  gboolean is_video;
  gboolean is_audio;
  gboolean enhanced;
  gboolean empty;
  gint multitrack;
  guint8 frame_type;
  guint8 packet_type;
  gint32 composition_time;
  guint32 nanosecond_offset;
  guint n_tracks;
  guint n_tracks_total;
  RtmpTagTrack tracks[RTMP_TAG_INFO_TRACKS];
} RtmpTagInfo;

/**
 * rtmp_flv_classify:
 * @message: of type 8, 9, 15 or 18 (others: RTMP_TAG_UNKNOWN)
 * @info: (out caller-allocates): filled in, of @tracks only the @n_tracks listed
 *
 * Looks at the first bytes only, bounds-checked: for legacy and non-multitrack tags a few
 * bytes; for multitrack tags walks the track sizes. Never fails, never allocates.
 *
 * RTMP_TAG_UNKNOWN stands for a header that is cut off (but see @empty), a track size past the
 * end, more than RTMP_FLV_MAX_TRACKS tracks, ModEx headers of more than RTMP_FLV_MAX_CLASSIFY
 * bytes, and for reserved frame types, packet types, multitrack modes and legacy codecs. An
 * unknown FourCC changes nothing.
 */
void rtmp_flv_classify (const RtmpMessage *message, RtmpTagInfo *info);

/* "config", "key" ... for logs and statistics. */
const gchar *rtmp_tag_kind_to_string (RtmpTagKind kind);

/**
 * RtmpTrackSet: a set of track ids.
 */
typedef struct {
  guint32 bits[8];
} RtmpTrackSet;

/**
 * rtmp_flv_get_track_set:
 * @info: what rtmp_flv_classify() said of @message
 * @set: (out caller-allocates): every track of the tag, also those that @info does not list
 */
void rtmp_flv_get_track_set (const RtmpMessage *message, const RtmpTagInfo *info,
    RtmpTrackSet *set);
gboolean rtmp_track_set_contains (const RtmpTrackSet *set, guint8 track);

G_END_DECLS

#endif
