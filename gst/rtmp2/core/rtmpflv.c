/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpflv.h"

#include <string.h>

#include "rtmpamf.h"
#include "rtmpcursor.h"
#include "rtmperror.h"
#include "rtmplimits.h"

#define TAG_RESERVED_BITS 0xC0u
#define TAG_FILTER_BIT 0x20u
#define TAG_TYPE_BITS 0x1Fu

G_STATIC_ASSERT (RTMP_FLV_TAG_HEADER_SIZE == RTMP_MESSAGE_HEADROOM);
G_STATIC_ASSERT (RTMP_FLV_TAG_TRAILER_SIZE == RTMP_MESSAGE_TAILROOM);

void
rtmp_flv_write_file_header (guint8 dest[13], guint8 flags)
{
  memcpy (dest, "FLV\x01", 4);
  dest[4] = flags;
  rtmp_write_u32 (dest + 5, RTMP_FLV_FILE_HEADER_SIZE);
  rtmp_write_u32 (dest + 9, 0);
}

gboolean
rtmp_flv_parse_file_header (const guint8 *data, guint32 *data_offset, GError **error)
{
  guint32 offset;

  if (memcmp (data, "FLV", 3) != 0) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_SYNTAX, "No FLV file header");
    return FALSE;
  }
  offset = rtmp_read_u32 (data + 5);
  if (offset < RTMP_FLV_FILE_HEADER_SIZE || offset > RTMP_FLV_MAX_DATA_OFFSET) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_SYNTAX,
        "FLV file header with data offset %" G_GUINT32_FORMAT, offset);
    return FALSE;
  }
  *data_offset = offset;
  return TRUE;
}

static gboolean
is_tag_type (guint8 type)
{
  return type == RTMP_MESSAGE_AUDIO || type == RTMP_MESSAGE_VIDEO || type == RTMP_MESSAGE_DATA_AMF3
      || type == RTMP_MESSAGE_DATA_AMF0;
}

gboolean
rtmp_flv_parse_tag_header (const guint8 *data, RtmpFlvTagHeader *header, GError **error)
{
  const guint8 type = data[0] & TAG_TYPE_BITS;

  if (data[0] & TAG_RESERVED_BITS) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_SYNTAX, "FLV tag with reserved bits set (0x%02x)",
        data[0]);
    return FALSE;
  }
  if (data[0] & TAG_FILTER_BIT) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_SYNTAX, "FLV tag is encrypted");
    return FALSE;
  }
  if (!is_tag_type (type)) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_SYNTAX, "FLV tag of unknown type %u", type);
    return FALSE;
  }
  header->type = type;
  header->size = rtmp_read_u24 (data + 1);
  header->timestamp = (guint32) data[7] << 24 | rtmp_read_u24 (data + 4);
  return TRUE;
}

void
rtmp_flv_write_tag_header (guint8 dest[11], const RtmpFlvTagHeader *header)
{
  dest[0] = header->type;
  rtmp_write_u24 (dest + 1, header->size);
  rtmp_write_u24 (dest + 4, header->timestamp);
  dest[7] = (guint8) (header->timestamp >> 24);
  rtmp_write_u24 (dest + 8, 0);
}

guint8 *
rtmp_flv_finish_tag (RtmpMessage *message, guint32 timestamp)
{
  const RtmpFlvTagHeader header = { message->type, (guint32) message->size, timestamp };
  guint8 *tag = rtmp_message_get_room (message);

  g_return_val_if_fail (tag != NULL, NULL);

  rtmp_flv_write_tag_header (tag, &header);
  rtmp_write_u32 (tag + RTMP_FLV_TAG_HEADER_SIZE + header.size,
      RTMP_FLV_TAG_HEADER_SIZE + header.size);
  return tag;
}

/* Properties of onMetaData that only one medium has (FLV 10.1, E.5; Enhanced RTMP v2, "Enhancing
 * onMetaData"). */
static const struct {
  const gchar *name;
  guint8 flag;
} metadata_properties[] = {
  { "videocodecid", RTMP_FLV_HAS_VIDEO },
  { "videodatarate", RTMP_FLV_HAS_VIDEO },
  { "width", RTMP_FLV_HAS_VIDEO },
  { "height", RTMP_FLV_HAS_VIDEO },
  { "framerate", RTMP_FLV_HAS_VIDEO },
  { "videoTrackIdInfoMap", RTMP_FLV_HAS_VIDEO },
  { "audiocodecid", RTMP_FLV_HAS_AUDIO },
  { "audiodatarate", RTMP_FLV_HAS_AUDIO },
  { "audiosamplerate", RTMP_FLV_HAS_AUDIO },
  { "audiosamplesize", RTMP_FLV_HAS_AUDIO },
  { "audiochannels", RTMP_FLV_HAS_AUDIO },
  { "audioTrackIdInfoMap", RTMP_FLV_HAS_AUDIO },
};

/* Some writers give a codec's name as a string; 0 and empty values stand for absent media. */
static gboolean
tells_presence (const RtmpAmf *value)
{
  const gchar *text = rtmp_amf_get_string (value);

  return rtmp_amf_get_number (value, 0) > 0 || (text && *text) || rtmp_amf_get_size (value) > 0;
}

static guint8
override_flag (const RtmpAmf *metadata, const gchar *name, guint8 flag, guint8 flags)
{
  const RtmpAmf *value = rtmp_amf_get (metadata, name);

  if (!value || rtmp_amf_get_type (value) != RTMP_AMF_BOOLEAN)
    return flags;
  return rtmp_amf_get_boolean (value, FALSE) ? flags | flag : flags & (guint8) ~flag;
}

guint8
rtmp_flv_metadata_flags (const RtmpMessage *message)
{
  const gsize offset = rtmp_flv_on_metadata_offset (message);
  g_autofree guint8 *data = NULL;
  g_autoptr (RtmpAmf) metadata = NULL;
  guint budget = RTMP_AMF_MAX_VALUES;
  guint8 flags = 0;
  gsize i, size;

  if (offset == 0 || message->size > RTMP_MAX_COMMAND_SIZE)
    return 0;
  data = g_malloc (message->size);
  size = rtmp_message_peek (message, offset, data, message->size - offset);
  metadata = rtmp_amf_parse (data, size, NULL, &budget, NULL);
  if (!rtmp_amf_is_object (metadata))
    return 0;

  for (i = 0; i < G_N_ELEMENTS (metadata_properties); i++) {
    if (tells_presence (rtmp_amf_get (metadata, metadata_properties[i].name)))
      flags |= metadata_properties[i].flag;
  }
  flags = override_flag (metadata, "hasVideo", RTMP_FLV_HAS_VIDEO, flags);
  return override_flag (metadata, "hasAudio", RTMP_FLV_HAS_AUDIO, flags);
}
