/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testutil.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/rtmpamf.h"
#include "core/rtmpcursor.h"
#include "core/rtmpflv.h"

/* How long what is not told about is asked for. */
#define PATIENCE (20 * G_TIME_SPAN_SECOND)
/* Between two questions, in microseconds. */
#define PAUSE 2000

/* -- What the process holds -- */

/* Names of GLib's and GIO's pools, as /proc shows them. */
static gboolean
is_pool_thread (const gchar *name)
{
  static const gchar *const names[] = { "pool-", "gmain", "gdbus", "dconf worker" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_str_has_prefix (name, names[i]))
      return TRUE;
  }
  return FALSE;
}

/* @names: (nullable): is given them */
static guint
list_threads (GString *names)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *id;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((id = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_strdup_printf ("/proc/self/task/%s/comm", id);
    g_autofree gchar *name = NULL;

    if (!g_file_get_contents (path, &name, NULL, NULL) || is_pool_thread (name))
      continue;
    n++;
    if (names)
      g_string_append_printf (names, "  thread %s", name);
  }
  return n;
}

/* The folder's own descriptor is not counted: its link names this process's list. */
static guint
list_descriptors (GString *names)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const gchar *number;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((number = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_strdup_printf ("/proc/self/fd/%s", number);
    g_autofree gchar *target = g_file_read_link (path, NULL);

    if (!target || g_str_has_suffix (target, "/fd"))
      continue;
    n++;
    if (names)
      g_string_append_printf (names, "  descriptor %s: %s\n", number, target);
  }
  return n;
}

gint
test_find_socket (guint16 port)
{
  gint fd;

  for (fd = 3; fd < 1024; fd++) {
    struct sockaddr_in address;
    socklen_t size = sizeof (address);

    if (getpeername (fd, (struct sockaddr *) &address, &size) == 0 && address.sin_family == AF_INET
        && ntohs (address.sin_port) == port)
      return fd;
  }
  return -1;
}

guint
test_count_threads (void)
{
  return list_threads (NULL);
}

guint
test_count_descriptors (void)
{
  return list_descriptors (NULL);
}

gboolean
test_wait_until (gboolean (*condition) (gpointer user_data), gpointer user_data)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;
  gboolean done;

  while (!(done = condition (user_data)) && g_get_monotonic_time () < deadline)
    g_usleep (PAUSE);
  return done;
}

typedef struct {
  guint threads;
  guint descriptors;
} Counts;

static gboolean
is_within (gpointer data)
{
  const Counts *most = data;

  return test_count_threads () <= most->threads && test_count_descriptors () <= most->descriptors;
}

gboolean
test_wait_counts (guint max_threads, guint max_descriptors)
{
  Counts most = { max_threads, max_descriptors };
  g_autoptr (GString) names = NULL;

  if (test_wait_until (is_within, &most))
    return TRUE;
  names = g_string_new (NULL);
  list_threads (names);
  list_descriptors (names);
  g_printerr ("At most %u threads and %u descriptors were expected:\n%s", max_threads,
      max_descriptors, names->str);
  return FALSE;
}

/* -- FLV -- */

GBytes *
test_media_load (const gchar *name)
{
  g_autofree gchar *path = g_test_build_filename (G_TEST_DIST, "media", name, NULL);
  g_autoptr (GError) error = NULL;
  gchar *data;
  gsize size;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, size);
}

GByteArray *
test_flv_new (void)
{
  GByteArray *flv = g_byte_array_new ();
  guint8 header[RTMP_FLV_FILE_HEADER_SIZE + RTMP_FLV_TAG_TRAILER_SIZE];

  rtmp_flv_write_file_header (header, RTMP_FLV_HAS_VIDEO | RTMP_FLV_HAS_AUDIO);
  return g_byte_array_append (flv, header, sizeof (header));
}

void
test_flv_add_tag (GByteArray *flv, guint8 type, guint32 timestamp, gconstpointer data, gsize size)
{
  const RtmpFlvTagHeader tag = { type, (guint32) size, timestamp };
  guint8 header[RTMP_FLV_TAG_HEADER_SIZE];
  guint8 trailer[RTMP_FLV_TAG_TRAILER_SIZE];

  rtmp_flv_write_tag_header (header, &tag);
  rtmp_write_u32 (trailer, (guint32) (RTMP_FLV_TAG_HEADER_SIZE + size));
  g_byte_array_append (flv, header, sizeof (header));
  g_byte_array_append (flv, data, (guint) size);
  g_byte_array_append (flv, trailer, sizeof (trailer));
}

void
test_flv_add_metadata (GByteArray *flv, guint32 timestamp)
{
  g_autoptr (RtmpAmf) name = rtmp_amf_new_string ("onMetaData");
  g_autoptr (RtmpAmf) values = rtmp_amf_new_ecma_array ();
  g_autoptr (GByteArray) data = g_byte_array_new ();

  rtmp_amf_set_number (values, "width", 320);
  rtmp_amf_set_number (values, "height", 240);
  rtmp_amf_set_number (values, "videocodecid", 7);
  rtmp_amf_set_number (values, "audiocodecid", 10);
  rtmp_amf_write (name, data);
  rtmp_amf_write (values, data);
  test_flv_add_tag (flv, RTMP_MESSAGE_DATA_AMF0, timestamp, data->data, data->len);
}

/* FLV 10.1, E.4.3.1: key frame, AVC, sequence header, no composition offset; then an
 * AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.2.4.1) with one SPS and one PPS. */
void
test_flv_add_avc_config (GByteArray *flv, guint32 timestamp, guint8 profile)
{
  guint8 config[] = {
    0x17,
    0x00,
    0x00,
    0x00,
    0x00,
    0x01,
    0x42,
    0xC0,
    0x15,
    0xFF,
    0xE1,
    0x00,
    0x0F,
    0x67,
    0x42,
    0xC0,
    0x15,
    0xD9,
    0x01,
    0x41,
    0xFB,
    0x01,
    0x10,
    0x00,
    0x00,
    0x03,
    0x00,
    0x10,
    0x01,
    0x00,
    0x04,
    0x68,
    0xCB,
    0x83,
    0xCB,
  };

  config[7] = profile;
  test_flv_add_tag (flv, RTMP_MESSAGE_VIDEO, timestamp, config, sizeof (config));
}

/* @header bytes, then filling that tells one tag from another. */
static void
add_filled (GByteArray *flv, guint8 type, guint32 timestamp, const guint8 *header,
    gsize header_size, gsize size, guint8 seed)
{
  g_autofree guint8 *data = g_malloc (header_size + size);
  gsize i;

  memcpy (data, header, header_size);
  for (i = 0; i < size; i++)
    data[header_size + i] = (guint8) (seed + i * 7);
  test_flv_add_tag (flv, type, timestamp, data, header_size + size);
}

/* A NAL unit in its 4 bytes of length; @frame: frame type and codec, @nal: its header. */
static void
add_avc (GByteArray *flv, guint32 timestamp, gsize size, guint8 seed, guint8 frame, guint8 nal)
{
  guint8 header[10] = { frame, 0x01 };

  rtmp_write_u32 (header + 5, (guint32) (size + 1));
  header[9] = nal;
  add_filled (flv, RTMP_MESSAGE_VIDEO, timestamp, header, sizeof (header), size, seed);
}

void
test_flv_add_key (GByteArray *flv, guint32 timestamp, gsize size, guint8 seed)
{
  add_avc (flv, timestamp, size, seed, 0x17, 0x65);
}

void
test_flv_add_inter (GByteArray *flv, guint32 timestamp, gsize size, guint8 seed)
{
  add_avc (flv, timestamp, size, seed, 0x27, 0x41);
}

/* FLV 10.1, E.4.2.1, and an AudioSpecificConfig of AAC-LC, 44.1 kHz, two channels. */
void
test_flv_add_aac_config (GByteArray *flv, guint32 timestamp)
{
  static const guint8 config[] = { 0xAF, 0x00, 0x12, 0x10 };

  test_flv_add_tag (flv, RTMP_MESSAGE_AUDIO, timestamp, config, sizeof (config));
}

void
test_flv_add_aac (GByteArray *flv, guint32 timestamp, gsize size, guint8 seed)
{
  static const guint8 header[] = { 0xAF, 0x01 };

  add_filled (flv, RTMP_MESSAGE_AUDIO, timestamp, header, sizeof (header), size, seed);
}

GBytes *
test_flv_build (guint n_frames, guint32 start, gsize video_size)
{
  GByteArray *flv = test_flv_new ();
  guint i;

  test_flv_add_metadata (flv, 0);
  test_flv_add_avc_config (flv, 0, 0x42);
  test_flv_add_aac_config (flv, 0);
  for (i = 0; i < n_frames; i++) {
    if (i % 10 == 0)
      test_flv_add_key (flv, start + i * 40, video_size, (guint8) i);
    else
      test_flv_add_inter (flv, start + i * 40, video_size, (guint8) i);
    test_flv_add_aac (flv, start + i * 40 + 10, 100, (guint8) i);
  }
  return g_byte_array_free_to_bytes (flv);
}

/* A message with room, as the chunk reader makes it. */
static RtmpMessage *
message_new (const RtmpFlvTagHeader *tag, const guint8 *data)
{
  guint8 *block = rtmp_message_block_resize (NULL, NULL, 0, tag->size);

  if (tag->size > 0)
    memcpy (block, data, tag->size);
  return rtmp_message_new_taken (tag->type, 1, tag->timestamp, block, tag->size);
}

static gsize
skip_file_header (const guint8 *data, gsize size)
{
  guint32 offset;

  if (size < RTMP_FLV_FILE_HEADER_SIZE || !rtmp_flv_parse_file_header (data, &offset, NULL))
    return 0;
  return offset + RTMP_FLV_TAG_TRAILER_SIZE;
}

GPtrArray *
test_flv_split (GBytes *flv)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
  gsize size;
  const guint8 *data = g_bytes_get_data (flv, &size);
  gsize pos = skip_file_header (data, size);

  while (pos < size) {
    RtmpFlvTagHeader tag = { 0 };

    g_assert_cmpuint (size - pos, >=, RTMP_FLV_TAG_HEADER_SIZE);
    g_assert_true (rtmp_flv_parse_tag_header (data + pos, &tag, NULL));
    pos += RTMP_FLV_TAG_HEADER_SIZE;
    g_assert_cmpuint (size - pos, >=, tag.size + RTMP_FLV_TAG_TRAILER_SIZE);
    g_ptr_array_add (messages, message_new (&tag, data + pos));
    pos += tag.size + RTMP_FLV_TAG_TRAILER_SIZE;
  }
  return messages;
}

void
test_assert_same_media (GPtrArray *actual, GPtrArray *expected)
{
  guint i;

  for (i = 0; i < MIN (actual->len, expected->len); i++) {
    RtmpMessage *a = actual->pdata[i], *b = expected->pdata[i];
    g_autoptr (GBytes) a_payload = rtmp_message_get_payload (a);
    g_autoptr (GBytes) b_payload = rtmp_message_get_payload (b);

    if (a->type == b->type && a->timestamp == b->timestamp && g_bytes_equal (a_payload, b_payload))
      continue;
    g_error ("Message %u is of type %u at %u with %" G_GSIZE_FORMAT " bytes, expected is type %u "
             "at %u with %" G_GSIZE_FORMAT " bytes",
        i, a->type, a->timestamp, a->size, b->type, b->timestamp, b->size);
  }
  g_assert_cmpuint (actual->len, ==, expected->len);
}
