/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_FLV_H
#define RTMP_FLV_H

#include "rtmpaggregate.h"
#include "rtmpdataframe.h"
#include "rtmpmessage.h"
#include "rtmptag.h"

G_BEGIN_DECLS

/*
 *  FLV file (FLV 10.1, annex E.2 to E.4)
 *  "FLV" version1 flags1 DataOffset4 | PreviousTagSize0 4 | tag PreviousTagSize4 | ...
 *  tag: filter/type1 DataSize3 timestamp3 timestampExtended1 StreamID3 data
 */
#define RTMP_FLV_FILE_HEADER_SIZE 9u
#define RTMP_FLV_TAG_HEADER_SIZE 11u
#define RTMP_FLV_TAG_TRAILER_SIZE 4u

/* Flags of the file header. */
#define RTMP_FLV_HAS_VIDEO 0x01u
#define RTMP_FLV_HAS_AUDIO 0x04u

typedef struct {
  guint8 type;       /* 8, 9, 15 or 18 */
  guint32 size;      /* DataSize */
  guint32 timestamp; /* ms, the extension included */
} RtmpFlvTagHeader;

/* Writes file header and PreviousTagSize0: 13 bytes. */
void rtmp_flv_write_file_header (guint8 dest[13], guint8 flags);
/* @data: at least 9 bytes. FALSE with RTMP_ERROR_SYNTAX if it is none, or DataOffset is below 9 or
 * above RTMP_FLV_MAX_DATA_OFFSET; any version and any flags are taken.
 * *@data_offset: where PreviousTagSize0 begins; untouched on failure. */
gboolean rtmp_flv_parse_file_header (const guint8 *data, guint32 *data_offset, GError **error);

/* @data: 11 bytes. FALSE with RTMP_ERROR_SYNTAX for the filter (encryption) bit, or a reserved bit,
 * or a type other than 8, 9, 15, 18; @header is untouched then. StreamID is not looked at. */
gboolean rtmp_flv_parse_tag_header (const guint8 *data, RtmpFlvTagHeader *header, GError **error);
void rtmp_flv_write_tag_header (guint8 dest[11], const RtmpFlvTagHeader *header);

/**
 * rtmp_flv_finish_tag:
 * @message: of type 8, 9, 15 or 18, with room (rtmp_message_get_room)
 * @timestamp: the tag's, in ms; @message's own is not looked at
 *
 * Writes the tag's header and PreviousTagSize around the payload, in place.
 *
 * Returns: (transfer none): where the tag begins; its size is message size + 15
 */
guint8 *rtmp_flv_finish_tag (RtmpMessage *message, guint32 timestamp);

/**
 * rtmp_flv_metadata_flags:
 *
 * Looks into onMetaData's payload for what the stream holds: hasVideo and hasAudio where they
 * are given, else any property that only video or audio has, numbers above 0 only.
 *
 * Returns: RTMP_FLV_HAS_* flags; 0 if it does not tell, is none or cannot be parsed
 */
guint8 rtmp_flv_metadata_flags (const RtmpMessage *message);

G_END_DECLS

#endif
