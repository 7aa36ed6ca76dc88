/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstrtmp2flvinput.h"

#include <string.h>

#include <gst/base/gstadapter.h>

#include "core/rtmpflv.h"

struct _GstRtmp2FlvInput {
  GstAdapter
      *adapter; /* the beginning of a tag that is spread over buffers; NULL before the first */
  gsize skip;   /* bytes to pass over before the next tag */
};

/* -- Buffers kept mapped as long as messages refer to them -- */

typedef struct {
  gatomicrefcount refcount;
  GstBuffer *buffer;
  guint n_maps;
  GstMapInfo maps[];
} Mapped;

static Mapped *
mapped_new (GstBuffer *buffer)
{
  guint n = gst_buffer_n_memory (buffer);
  Mapped *mapped = g_malloc (sizeof (Mapped) + n * sizeof (GstMapInfo));
  guint i;

  g_atomic_ref_count_init (&mapped->refcount);
  mapped->buffer = gst_buffer_ref (buffer);
  mapped->n_maps = n;
  for (i = 0; i < n; i++) {
    if (!gst_memory_map (gst_buffer_peek_memory (buffer, i), &mapped->maps[i], GST_MAP_READ))
      memset (&mapped->maps[i], 0, sizeof (GstMapInfo));
  }
  return mapped;
}

static void
mapped_unref (gpointer data)
{
  Mapped *mapped = data;
  guint i;

  if (!g_atomic_ref_count_dec (&mapped->refcount))
    return;
  for (i = 0; i < mapped->n_maps; i++) {
    if (mapped->maps[i].memory)
      gst_memory_unmap (mapped->maps[i].memory, &mapped->maps[i]);
  }
  gst_buffer_unref (mapped->buffer);
  g_free (mapped);
}

/* Returns the vectors of @size bytes from @offset on, which the buffer has. */
static guint
mapped_slice (const Mapped *mapped, gsize offset, gsize size, RtmpVector *vectors)
{
  guint n = 0;
  guint i;

  for (i = 0; i < mapped->n_maps && size > 0; i++) {
    const GstMapInfo *map = &mapped->maps[i];
    gsize take;

    if (offset >= map->size) {
      offset -= map->size;
      continue;
    }
    take = MIN (map->size - offset, size);
    vectors[n++] = (RtmpVector) { map->data + offset, take };
    size -= take;
    offset = 0;
  }
  return n;
}

/* Copies up to @size bytes from @offset on. Returns how many there were. */
static gsize
mapped_read (const Mapped *mapped, gsize offset, guint8 *dest, gsize size)
{
  gsize copied = 0;
  guint i;

  for (i = 0; i < mapped->n_maps && copied < size; i++) {
    const GstMapInfo *map = &mapped->maps[i];
    gsize take;

    if (offset >= map->size) {
      offset -= map->size;
      continue;
    }
    take = MIN (map->size - offset, size - copied);
    memcpy (dest + copied, map->data + offset, take);
    copied += take;
    offset = 0;
  }
  return copied;
}

/* -- Messages -- */

/* @offset: where the tag's data begins */
static RtmpMessage *
make_message (const RtmpFlvTagHeader *header, Mapped *mapped, gsize offset)
{
  RtmpVector *vectors = g_newa (RtmpVector, mapped->n_maps + 1);
  guint n = mapped_slice (mapped, offset, header->size, vectors);
  RtmpMessage *message, *prefixed;

  g_atomic_ref_count_inc (&mapped->refcount);
  message = rtmp_message_new_wrapped (header->type, 0, header->timestamp, vectors, n, mapped,
      mapped_unref);
  prefixed = rtmp_flv_add_set_data_frame (message);
  rtmp_message_unref (message);
  return prefixed;
}

/* -- Parsing -- */

static gboolean
is_file_header (const guint8 *head)
{
  return head[0] == 'F' && head[1] == 'L' && head[2] == 'V';
}

/* Returns how many bytes are to be skipped for a file header; 0 for a tag, which is
 * read into @header. -1 with an error for neither. */
static gssize
parse_head (const guint8 *head, RtmpFlvTagHeader *header, GError **error)
{
  guint32 data_offset;

  if (!is_file_header (head))
    return rtmp_flv_parse_tag_header (head, header, error) ? 0 : -1;
  if (!rtmp_flv_parse_file_header (head, &data_offset, error))
    return -1;
  return (gssize) data_offset + RTMP_FLV_TAG_TRAILER_SIZE;
}

/* Takes whole tags straight out of @buffer. Returns where what is left begins, or -1. */
static gssize
take_from_buffer (GstRtmp2FlvInput *self, GstBuffer *buffer, GPtrArray *messages, GError **error)
{
  gsize size = gst_buffer_get_size (buffer);
  Mapped *mapped = mapped_new (buffer);
  gsize offset = 0;
  gssize result = -1;

  for (;;) {
    gsize skip = MIN (self->skip, size - offset);
    guint8 head[RTMP_FLV_TAG_HEADER_SIZE];
    RtmpFlvTagHeader header;
    gssize file;

    offset += skip;
    self->skip -= skip;
    result = (gssize) offset;
    if (size - offset < sizeof head
        || mapped_read (mapped, offset, head, sizeof head) < sizeof head)
      break;
    file = parse_head (head, &header, error);
    result = file < 0 ? -1 : result;
    if (file > 0)
      self->skip = (gsize) file;
    if (file > 0)
      continue;
    if (file < 0 || size - offset - sizeof head < header.size)
      break;
    g_ptr_array_add (messages, make_message (&header, mapped, offset + sizeof head));
    offset += sizeof head + header.size;
    self->skip = RTMP_FLV_TAG_TRAILER_SIZE;
  }
  mapped_unref (mapped);
  return result;
}

static RtmpMessage *
take_tag_from_adapter (GstRtmp2FlvInput *self, const RtmpFlvTagHeader *header)
{
  GstBuffer *buffer;
  Mapped *mapped;
  RtmpMessage *message;

  gst_adapter_flush (self->adapter, RTMP_FLV_TAG_HEADER_SIZE);
  buffer = header->size > 0 ? gst_adapter_take_buffer_fast (self->adapter, header->size)
                            : gst_buffer_new ();
  mapped = mapped_new (buffer);
  gst_buffer_unref (buffer);
  message = make_message (header, mapped, 0);
  mapped_unref (mapped);
  return message;
}

static gboolean
take_from_adapter (GstRtmp2FlvInput *self, GPtrArray *messages, GError **error)
{
  for (;;) {
    gsize available = gst_adapter_available (self->adapter);
    gsize skip = MIN (self->skip, available);
    guint8 head[RTMP_FLV_TAG_HEADER_SIZE];
    RtmpFlvTagHeader header;
    gssize file;

    gst_adapter_flush (self->adapter, skip);
    self->skip -= skip;
    available -= skip;
    if (available < sizeof head)
      return TRUE;
    gst_adapter_copy (self->adapter, head, 0, sizeof head);
    file = parse_head (head, &header, error);
    if (file < 0)
      return FALSE;
    if (file > 0) {
      self->skip = (gsize) file;
      continue;
    }
    if (available - sizeof head < header.size)
      return TRUE;
    g_ptr_array_add (messages, take_tag_from_adapter (self, &header));
    self->skip = RTMP_FLV_TAG_TRAILER_SIZE;
  }
}

/* A muxer's tags are whole, and an adapter takes 4 KB. */
static void
keep (GstRtmp2FlvInput *self, GstBuffer *buffer)
{
  if (!self->adapter)
    self->adapter = gst_adapter_new ();
  gst_adapter_push (self->adapter, buffer);
}

static gboolean
push (GstRtmp2FlvInput *self, GstBuffer *buffer, GPtrArray *messages, GError **error)
{
  gssize left;

  if (gst_rtmp2_flv_input_get_pending (self) > 0) {
    keep (self, gst_buffer_ref (buffer));
    return take_from_adapter (self, messages, error);
  }
  left = take_from_buffer (self, buffer, messages, error);
  if (left < 0)
    return FALSE;
  if ((gsize) left < gst_buffer_get_size (buffer))
    keep (self, gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, (gsize) left, (gsize) -1));
  return TRUE;
}

gboolean
gst_rtmp2_flv_input_push (GstRtmp2FlvInput *input, GstBuffer *buffer, GPtrArray *messages,
    GError **error)
{
  if (push (input, buffer, messages, error))
    return TRUE;
  gst_rtmp2_flv_input_reset (input);
  return FALSE;
}

/* -- Life -- */

GstRtmp2FlvInput *
gst_rtmp2_flv_input_new (void)
{
  return g_new0 (GstRtmp2FlvInput, 1);
}

void
gst_rtmp2_flv_input_free (GstRtmp2FlvInput *input)
{
  g_clear_object (&input->adapter);
  g_free (input);
}

void
gst_rtmp2_flv_input_reset (GstRtmp2FlvInput *input)
{
  if (input->adapter)
    gst_adapter_clear (input->adapter);
  input->skip = 0;
}

gsize
gst_rtmp2_flv_input_get_pending (const GstRtmp2FlvInput *input)
{
  return input->adapter ? gst_adapter_available (input->adapter) : 0;
}
