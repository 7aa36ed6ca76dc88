/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstrtmp2message.h"

#include "core/rtmperror.h"

/* -- Errors -- */

/* What is not listed is a failure to open, read or write, by direction and time. */
static const struct {
  RtmpError code;
  GstResourceError resource_error;
} resource_errors[] = {
  { RTMP_ERROR_NOT_FOUND, GST_RESOURCE_ERROR_NOT_FOUND },
  { RTMP_ERROR_RESOLVE, GST_RESOURCE_ERROR_NOT_FOUND },
  { RTMP_ERROR_BUSY, GST_RESOURCE_ERROR_BUSY },
  { RTMP_ERROR_NOT_AUTHORIZED, GST_RESOURCE_ERROR_NOT_AUTHORIZED },
  { RTMP_ERROR_ADDRESS, GST_RESOURCE_ERROR_SETTINGS },
  { RTMP_ERROR_SYNTAX, GST_RESOURCE_ERROR_SETTINGS },
};

static GstResourceError
to_resource_error (const GError *error, gboolean publish, gboolean opened)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (resource_errors); i++) {
    if (g_error_matches (error, RTMP_ERROR, (gint) resource_errors[i].code))
      return resource_errors[i].resource_error;
  }
  if (opened)
    return publish ? GST_RESOURCE_ERROR_WRITE : GST_RESOURCE_ERROR_READ;
  return publish ? GST_RESOURCE_ERROR_OPEN_WRITE : GST_RESOURCE_ERROR_OPEN_READ;
}

void
gst_rtmp2_post_error (GstElement *element, const GError *error, gboolean publish, gboolean opened,
    const gchar *display)
{
  const gchar *code = rtmp_error_get_code (error);
  const gchar *description = rtmp_error_get_description (error);
  GstStructure *details = gst_structure_new ("details", "location", G_TYPE_STRING, display, NULL);

  if (code && *code)
    gst_structure_set (details, "server-code", G_TYPE_STRING, code, NULL);
  if (description && *description)
    gst_structure_set (details, "server-description", G_TYPE_STRING, description, NULL);
  gst_element_message_full_with_details (element, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR,
      to_resource_error (error, publish, opened), g_strdup (error->message),
      *display ? g_strdup_printf ("Address: %s", display) : NULL, __FILE__, GST_FUNCTION, __LINE__,
      details);
}

/* -- Statistics -- */

static const gchar *const kinds[RTMP_N_COUNTS] = {
  [RTMP_COUNT_AUDIO] = "audio",
  [RTMP_COUNT_VIDEO] = "video",
  [RTMP_COUNT_DATA] = "data",
  [RTMP_COUNT_OTHER] = "other",
};

static void
add_counters (GstStructure *structure, const gchar *direction, const RtmpCounters *counters)
{
  guint i;

  for (i = 0; i < RTMP_N_COUNTS; i++) {
    g_autofree gchar *messages = g_strdup_printf ("%s-%s-messages", direction, kinds[i]);
    g_autofree gchar *bytes = g_strdup_printf ("%s-%s-bytes", direction, kinds[i]);

    gst_structure_set (structure, messages, G_TYPE_UINT64, counters->messages[i], bytes,
        G_TYPE_UINT64, counters->bytes[i], NULL);
  }
}

static guint64
to_clock_time (gint64 microseconds)
{
  return microseconds < 0 ? GST_CLOCK_TIME_NONE : (guint64) microseconds * GST_USECOND;
}

/* clang-format off: a row is a field */
GstStructure *
gst_rtmp2_stats_to_structure (const RtmpLinkStats *stats, const gchar *display)
{
  const RtmpSessionStats *session = &stats->session;
  GstStructure *structure = gst_structure_new ("GstRtmpConnectionStats", "in-chunk-size",
      G_TYPE_UINT, session->in_chunk_size, "out-chunk-size", G_TYPE_UINT, session->out_chunk_size,
      "in-window-ack-size", G_TYPE_UINT, session->in_window_ack_size, "out-window-ack-size",
      G_TYPE_UINT, session->out_window_ack_size, "in-bytes-total", G_TYPE_UINT64,
      session->in_bytes_total, "out-bytes-total", G_TYPE_UINT64, session->out_bytes_total,
      "in-bytes-acked", G_TYPE_UINT64, session->in_bytes_acked, "out-bytes-acked", G_TYPE_UINT64,
      session->out_bytes_acked, "state", G_TYPE_STRING, rtmp_link_state_to_string (stats->state),
      "location", G_TYPE_STRING, display, "address", G_TYPE_STRING,
      stats->address ? stats->address : "", "connections", G_TYPE_UINT, stats->connections,
      "round-trip-time", G_TYPE_UINT64, to_clock_time (session->round_trip), "time-to-ready",
      G_TYPE_UINT64, to_clock_time (stats->ready_time), "time-to-first-media", G_TYPE_UINT64,
      to_clock_time (stats->media_time), "in-dropped-messages", G_TYPE_UINT64, session->in_dropped,
      "out-queue-bytes", G_TYPE_UINT64, (guint64) stats->backlog, "in-queue-messages", G_TYPE_UINT,
      stats->queue_length, "in-queue-bytes", G_TYPE_UINT64, stats->queue_bytes, "in-queue-time",
      G_TYPE_UINT64, (guint64) stats->queue_time * GST_MSECOND, "in-queue-dropped", G_TYPE_UINT64,
      stats->queue_dropped, "fast-start-fallbacks", G_TYPE_UINT, stats->fast_start_fallbacks, NULL);

  add_counters (structure, "in", &session->in);
  add_counters (structure, "out", &session->out);
  return structure;
}
/* clang-format on */
