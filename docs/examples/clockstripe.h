/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A time written into a picture, so that it survives coding and any server on the way.
 *
 * The stripe lies along the lower edge: CELLS black and white cells side by side.
 *
 *   | 1 | 0 | 32 bits: milliseconds, highest first | 8 bits: check |
 *
 * It works on formats whose first plane is luma (I420, NV12). */

#pragma once

#include <gst/video/video.h>

/* Writes `milliseconds` into the picture, which must be mapped for writing. Pictures narrower than
 * two pixels a cell are left as they are. */
void clock_stripe_write (GstVideoFrame *frame, guint32 milliseconds);

/* Returns: TRUE with the time in `milliseconds`; FALSE if the picture has no stripe, or one that
 * was damaged. */
gboolean clock_stripe_read (GstVideoFrame *frame, guint32 *milliseconds);
