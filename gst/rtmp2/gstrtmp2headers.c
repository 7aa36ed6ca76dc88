/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstrtmp2headers.h"

struct _GstRtmp2Headers {
  GPtrArray *streamheader; /* RtmpMessage; NULL without one */
  gboolean pending;
  GHashTable *sent; /* slot -> GBytes, the payload last sent */
};

GstRtmp2Headers *
gst_rtmp2_headers_new (void)
{
  GstRtmp2Headers *self = g_new0 (GstRtmp2Headers, 1);

  self->sent = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_bytes_unref);
  return self;
}

void
gst_rtmp2_headers_free (GstRtmp2Headers *headers)
{
  g_clear_pointer (&headers->streamheader, g_ptr_array_unref);
  g_hash_table_unref (headers->sent);
  g_free (headers);
}

void
gst_rtmp2_headers_reset (GstRtmp2Headers *headers)
{
  g_clear_pointer (&headers->streamheader, g_ptr_array_unref);
  headers->pending = FALSE;
  g_hash_table_remove_all (headers->sent);
}

void
gst_rtmp2_headers_begin_anew (GstRtmp2Headers *headers)
{
  g_hash_table_remove_all (headers->sent);
  headers->pending = headers->streamheader != NULL;
}

void
gst_rtmp2_headers_set_streamheader (GstRtmp2Headers *headers, GPtrArray *messages)
{
  g_clear_pointer (&headers->streamheader, g_ptr_array_unref);
  headers->streamheader = messages;
  headers->pending = messages != NULL;
}

/* One slot for each kind of header and track. A packet type of 0 to 15 stands for itself. */
static gpointer
make_slot (const RtmpMessage *message, RtmpTagKind kind, guint8 packet_type, guint8 track)
{
  return GUINT_TO_POINTER ((guint) message->type << 24 | (guint) kind << 16
      | (guint) packet_type << 8 | track);
}

static gboolean
is_kind_of_header (RtmpTagKind kind)
{
  return kind == RTMP_TAG_CONFIG || kind == RTMP_TAG_METADATA || kind == RTMP_TAG_VIDEO_METADATA
      || kind == RTMP_TAG_SCRIPT;
}

/* Returns how many slots the message takes, 0 for what is no header. */
static guint
find_slots (const RtmpMessage *message, const RtmpTagInfo *info,
    gpointer slots[RTMP_TAG_INFO_TRACKS])
{
  guint i;

  if (!is_kind_of_header (info->kind))
    return 0;
  slots[0] = make_slot (message, info->kind, info->packet_type, 0);
  for (i = 0; i < info->n_tracks; i++)
    slots[i] = make_slot (message, info->kind, info->packet_type, info->tracks[i].track);
  return MAX (info->n_tracks, 1);
}

/* protocol.md D: the end of a sequence clears its configuration. */
static void
forget_ended (GstRtmp2Headers *self, const RtmpMessage *message, const RtmpTagInfo *info)
{
  static const guint8 packet_types[] = {
    RTMP_TAG_PACKET_SEQUENCE_START,
    RTMP_TAG_PACKET_MULTICHANNEL_CONFIG,
    RTMP_TAG_PACKET_MPEG2TS_SEQUENCE_START,
  };
  guint i, j;

  if (info->kind != RTMP_TAG_SEQUENCE_END)
    return;
  for (i = 0; i < info->n_tracks; i++)
    for (j = 0; j < G_N_ELEMENTS (packet_types); j++)
      g_hash_table_remove (self->sent,
          make_slot (message, RTMP_TAG_CONFIG, packet_types[j], info->tracks[i].track));
}

static GBytes *
copy_payload (const RtmpMessage *message)
{
  guint8 *data = g_malloc (message->size);

  rtmp_message_peek (message, 0, data, message->size);
  return g_bytes_new_take (data, message->size);
}

gboolean
gst_rtmp2_headers_note (GstRtmp2Headers *headers, RtmpMessage *message, gboolean is_header)
{
  gpointer slots[RTMP_TAG_INFO_TRACKS];
  g_autoptr (GBytes) payload = NULL;
  gboolean repeats = is_header;
  RtmpTagInfo info;
  guint n, i;

  rtmp_flv_classify (message, &info);
  forget_ended (headers, message, &info);
  n = find_slots (message, &info, slots);
  if (n == 0)
    return TRUE;
  payload = copy_payload (message);
  for (i = 0; i < n; i++) {
    GBytes *sent = g_hash_table_lookup (headers->sent, slots[i]);

    repeats = repeats && sent && g_bytes_equal (sent, payload);
    g_hash_table_replace (headers->sent, slots[i], g_bytes_ref (payload));
  }
  return !repeats;
}

void
gst_rtmp2_headers_take_pending (GstRtmp2Headers *headers, GPtrArray *messages)
{
  guint i;

  if (!headers->pending)
    return;
  headers->pending = FALSE;
  for (i = 0; i < headers->streamheader->len; i++) {
    RtmpMessage *message = headers->streamheader->pdata[i];

    /* A message may be on its way already, so each sending has its own. */
    if (gst_rtmp2_headers_note (headers, message, TRUE))
      g_ptr_array_add (messages,
          rtmp_message_new_wrapped (message->type, 0, message->timestamp, message->vectors,
              message->n_vectors, rtmp_message_ref (message), (GDestroyNotify) rtmp_message_unref));
  }
}
