/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "measure.h"

#include "clockstripe.h"

struct _Measure {
  GMutex lock;
  MeasureCounts counts;
  GArray *stamps;    /* guint32: the time in each picture that was sent, ascending */
  GArray *delays;    /* guint */
  guint first_index; /* of the first and the last stamp that arrived */
  guint last_index;
  gint64 epoch; /* monotonic microseconds: time 0 of the stamps, so that they do not wrap */
  GstBuffer *picture;
  GstCaps *picture_caps;
};

static guint32
now_ms (const Measure *measure)
{
  return (guint32) ((g_get_monotonic_time () - measure->epoch) / 1000);
}

Measure *
measure_new (void)
{
  Measure *measure = g_new0 (Measure, 1);

  g_mutex_init (&measure->lock);
  measure->epoch = g_get_monotonic_time ();
  measure->stamps = g_array_new (FALSE, FALSE, sizeof (guint32));
  measure->delays = g_array_new (FALSE, FALSE, sizeof (guint));
  return measure;
}

void
measure_free (Measure *measure)
{
  g_array_unref (measure->stamps);
  g_array_unref (measure->delays);
  gst_clear_buffer (&measure->picture);
  gst_clear_caps (&measure->picture_caps);
  g_mutex_clear (&measure->lock);
  g_free (measure);
}

static gboolean
map_picture (GstPad *pad, GstBuffer *buffer, GstVideoFrame *frame, GstMapFlags flags)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoInfo info;

  return caps && gst_video_info_from_caps (&info, caps)
      && gst_video_frame_map (frame, &info, buffer, flags);
}

static GstPadProbeReturn
stamp_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Measure *measure = user_data;
  GstVideoFrame frame;
  guint32 stamp = now_ms (measure);

  info->data = gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  if (map_picture (pad, info->data, &frame, GST_MAP_READWRITE)) {
    clock_stripe_write (&frame, stamp);
    gst_video_frame_unmap (&frame);
  }
  g_mutex_lock (&measure->lock);
  measure->counts.sent_frames++;
  g_array_append_val (measure->stamps, stamp);
  g_mutex_unlock (&measure->lock);
  return GST_PAD_PROBE_OK;
}

static gsize
probe_size (GstPadProbeInfo *info)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST)
    return gst_buffer_list_calculate_size (GST_PAD_PROBE_INFO_BUFFER_LIST (info));
  return gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));
}

static GstPadProbeReturn
sent_bytes_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Measure *measure = user_data;

  g_mutex_lock (&measure->lock);
  measure->counts.sent_bytes += probe_size (info);
  g_mutex_unlock (&measure->lock);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
arrived_bytes_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Measure *measure = user_data;

  g_mutex_lock (&measure->lock);
  measure->counts.arrived_bytes += probe_size (info);
  g_mutex_unlock (&measure->lock);
  return GST_PAD_PROBE_OK;
}

static gint
compare_stamps (gconstpointer a, gconstpointer b)
{
  guint32 first = *(const guint32 *) a, second = *(const guint32 *) b;

  return (first > second) - (first < second);
}

/* Called with the lock held. */
static void
match_stamp (Measure *measure, guint32 stamp)
{
  guint delay = now_ms (measure) - stamp;
  guint index;

  if (!g_array_binary_search (measure->stamps, &stamp, compare_stamps, &index))
    return;
  g_array_append_val (measure->delays, delay);
  if (measure->delays->len == 1)
    measure->first_index = index;
  measure->last_index = index;
}

static GstPadProbeReturn
arrived_pictures_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Measure *measure = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  gboolean stamped = FALSE;
  guint32 stamp = 0;
  GstVideoFrame frame;

  if (map_picture (pad, buffer, &frame, GST_MAP_READ)) {
    stamped = clock_stripe_read (&frame, &stamp);
    gst_video_frame_unmap (&frame);
  }
  g_mutex_lock (&measure->lock);
  if (measure->counts.arrived_frames++ == 0)
    measure->counts.first_frame = g_get_monotonic_time ();
  if (stamped)
    match_stamp (measure, stamp);
  gst_buffer_replace (&measure->picture, buffer);
  gst_clear_caps (&measure->picture_caps);
  measure->picture_caps = gst_pad_get_current_caps (pad);
  g_mutex_unlock (&measure->lock);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
arrived_sound_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Measure *measure = user_data;
  GstClockTime duration = GST_BUFFER_DURATION (GST_PAD_PROBE_INFO_BUFFER (info));

  g_mutex_lock (&measure->lock);
  if (GST_CLOCK_TIME_IS_VALID (duration))
    measure->counts.arrived_sound += duration;
  g_mutex_unlock (&measure->lock);
  return GST_PAD_PROBE_OK;
}

void
measure_stamp_pictures (Measure *measure, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, stamp_probe, measure, NULL);
}

void
measure_sent_bytes (Measure *measure, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
      sent_bytes_probe, measure, NULL);
}

void
measure_arrived_bytes (Measure *measure, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
      arrived_bytes_probe, measure, NULL);
}

void
measure_arrived_pictures (Measure *measure, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, arrived_pictures_probe, measure, NULL);
}

void
measure_arrived_sound (Measure *measure, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, arrived_sound_probe, measure, NULL);
}

void
measure_get_counts (Measure *measure, MeasureCounts *counts)
{
  g_mutex_lock (&measure->lock);
  *counts = measure->counts;
  counts->stamped_frames = measure->delays->len;
  if (measure->delays->len > 0) {
    counts->missing_frames = measure->last_index - measure->first_index + 1 - measure->delays->len;
    counts->behind_frames = measure->stamps->len - 1 - measure->last_index;
  }
  g_mutex_unlock (&measure->lock);
}

static gint
compare_delays (gconstpointer a, gconstpointer b)
{
  guint first = *(const guint *) a, second = *(const guint *) b;

  return (first > second) - (first < second);
}

GArray *
measure_get_delays (Measure *measure, guint64 first)
{
  GArray *delays = g_array_new (FALSE, FALSE, sizeof (guint));

  g_mutex_lock (&measure->lock);
  if (first < measure->delays->len)
    g_array_append_vals (delays, &g_array_index (measure->delays, guint, first),
        measure->delays->len - (guint) first);
  g_mutex_unlock (&measure->lock);
  g_array_sort (delays, compare_delays);
  return delays;
}

GstSample *
measure_get_last_picture (Measure *measure)
{
  GstSample *sample = NULL;

  g_mutex_lock (&measure->lock);
  if (measure->picture)
    sample = gst_sample_new (measure->picture, measure->picture_caps, NULL, NULL);
  g_mutex_unlock (&measure->lock);
  return sample;
}
