/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MEDIA_TEST_H
#define MEDIA_TEST_H

#include "flvtest.h"

/*
 * Media messages by name: a letter and a number below 256, as "K1"; then, if wanted, "/size" in
 * bytes (100 otherwise) and "@timestamp" in ms (10 after the one before otherwise).
 * The name stands in the last two bytes of the payload, behind a header that makes it what it is.
 */
typedef struct {
  gchar letter;
  guint8 type;
  const gchar *header;
} MediaLetter;

static const MediaLetter media_letters[] = {
  { 'M', RTMP_MESSAGE_DATA_AMF0, "02 000A 6F6E4D65746144617461" }, /* onMetaData */
  { 'S', RTMP_MESSAGE_DATA_AMF0, "02 0009 6F6E437565506F696E" },   /* other script data */
  { 'V', RTMP_MESSAGE_VIDEO, "90 61763031" },                      /* configuration */
  { 'v', RTMP_MESSAGE_VIDEO, "96 00 61763031 01" },                /* of track 1 */
  { 'w', RTMP_MESSAGE_VIDEO, "96 10 61763031 00 000001 AA 01" },   /* of tracks 0 and 1 */
  { 'A', RTMP_MESSAGE_AUDIO, "90 4F707573" },
  { 'H', RTMP_MESSAGE_AUDIO, "94 4F707573" }, /* of channels */
  { 'h', RTMP_MESSAGE_AUDIO, "95 04 4F707573 01" },
  { 'C', RTMP_MESSAGE_VIDEO, "D4 61763031" }, /* colorInfo */
  { 'c', RTMP_MESSAGE_VIDEO, "96 04 61763031 01" },
  { 'E', RTMP_MESSAGE_VIDEO, "92 61763031" }, /* sequence end */
  { 'e', RTMP_MESSAGE_AUDIO, "92 4F707573" },
  { 'f', RTMP_MESSAGE_VIDEO, "96 02 61763031 01" }, /* of track 1 */
  { 'K', RTMP_MESSAGE_VIDEO, "91 61763031" },       /* key frame */
  { 'k', RTMP_MESSAGE_VIDEO, "96 01 61763031 01" },
  { 'I', RTMP_MESSAGE_VIDEO, "A1 61763031" }, /* inter frame */
  { 'i', RTMP_MESSAGE_VIDEO, "A6 01 61763031 01" },
  { 'D', RTMP_MESSAGE_VIDEO, "B1 61763031" }, /* disposable frame */
  { 'a', RTMP_MESSAGE_AUDIO, "91 4F707573" }, /* coded audio */
  { 'X', RTMP_MESSAGE_VIDEO, "D1 00" },       /* command frame */
  { 'U', RTMP_MESSAGE_VIDEO, "9F 61763031" }, /* unknown */
};

static inline RtmpMessage *
media_message (gchar letter, guint8 number, gsize size, guint32 timestamp)
{
  g_autoptr (GByteArray) bytes = NULL;
  guint8 type = 0;
  gsize header;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (media_letters); i++) {
    if (media_letters[i].letter == letter) {
      type = media_letters[i].type;
      bytes = wire_new (media_letters[i].header);
    }
  }
  g_assert_nonnull (bytes);
  header = bytes->len;
  g_assert_cmpuint (size, >=, header + 5);
  g_byte_array_set_size (bytes, (guint) size);
  memset (bytes->data + header, 0, size - header);
  if (letter == 'w')
    rtmp_write_u24 (bytes->data + header, (guint32) (size - header - 3));
  bytes->data[size - 2] = (guint8) letter;
  bytes->data[size - 1] = number;
  return room_message (type, timestamp, bytes->data, size);
}

/* Makes the next message of a list of names, and moves @text on; NULL at its end. */
static inline RtmpMessage *
media_message_next (const gchar **text, guint32 *timestamp)
{
  gchar letter, *end;
  guint64 number, size = 100;

  while (g_ascii_isspace (**text))
    (*text)++;
  letter = **text;
  if (!letter)
    return NULL;
  number = g_ascii_strtoull (*text + 1, &end, 10);
  g_assert_true (end > *text + 1 && number < 256);
  if (*end == '/')
    size = g_ascii_strtoull (end + 1, &end, 10);
  *timestamp += 10;
  if (*end == '@')
    *timestamp = (guint32) g_ascii_strtoull (end + 1, &end, 10);
  *text = end;
  return media_message (letter, (guint8) number, size, *timestamp);
}

static inline void
media_append_name (GString *text, const RtmpMessage *message)
{
  guint8 name[2];

  g_assert_cmpuint (rtmp_message_peek (message, message->size - 2, name, 2), ==, 2);
  g_string_append_printf (text, "%c%u", name[0], name[1]);
}

#endif
