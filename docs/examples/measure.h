/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Counts what leaves and what arrives. Pad probes fill it in streaming threads, the main thread
 * reads it; every function may be called from any thread. */

#pragma once

#include <gst/video/video.h>

typedef struct _Measure Measure;

/* All counted from the start. */
typedef struct {
  guint64 sent_frames;
  guint64 sent_bytes;
  guint64 arrived_frames;
  guint64 arrived_bytes;
  GstClockTime arrived_sound;
  guint64 stamped_frames; /* arrived with a readable time */
  guint64 missing_frames; /* sent between the first and the last that arrived, but lost */
  guint64 behind_frames;  /* sent after the last that arrived */
  gint64 first_frame;     /* monotonic microseconds, 0 if none arrived */
} MeasureCounts;

Measure *measure_new (void);
void measure_free (Measure *measure);

/* Stamps and counts the raw pictures that pass `pad`. */
void measure_stamp_pictures (Measure *measure, GstPad *pad);
/* Counts the bytes that pass `pad`, as sent or as arrived. */
void measure_sent_bytes (Measure *measure, GstPad *pad);
void measure_arrived_bytes (Measure *measure, GstPad *pad);
/* Counts the decoded pictures that pass `pad`, and reads their stamps. */
void measure_arrived_pictures (Measure *measure, GstPad *pad);
/* Adds up the decoded sound that passes `pad`. */
void measure_arrived_sound (Measure *measure, GstPad *pad);

void measure_get_counts (Measure *measure, MeasureCounts *counts);
/* The delays in milliseconds from index `first` on, in ascending order.
 * Returns: (transfer full) (element-type guint): maybe empty */
GArray *measure_get_delays (Measure *measure, guint64 first);
/* Returns: (transfer full) (nullable): the last picture that arrived */
GstSample *measure_get_last_picture (Measure *measure);
