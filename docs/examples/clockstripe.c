/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clockstripe.h"

#define START_BITS 2
#define TIME_BITS 32
#define CHECK_BITS 8
#define CELLS (START_BITS + TIME_BITS + CHECK_BITS)
#define MIN_CELL_WIDTH 2
#define STRIPE_HEIGHT 16

/* Luma of the limited range of video. */
#define BLACK 16
#define WHITE 235
#define MIDDLE ((BLACK + WHITE) / 2)

/* Not a plain sum: an evenly black or white edge of some other picture must not pass. */
static guint8
check_of (guint32 milliseconds)
{
  guint8 check = 0xA5;

  for (gint shift = 0; shift < TIME_BITS; shift += 8)
    check = (guint8) (check * 31 + ((milliseconds >> shift) & 0xFF));
  return check;
}

static guint64
cells_of (guint32 milliseconds)
{
  return G_GUINT64_CONSTANT (2) << (TIME_BITS + CHECK_BITS) | (guint64) milliseconds << CHECK_BITS
      | check_of (milliseconds);
}

static gboolean
is_too_small (const GstVideoFrame *frame)
{
  return GST_VIDEO_FRAME_WIDTH (frame) < CELLS * MIN_CELL_WIDTH
      || GST_VIDEO_FRAME_HEIGHT (frame) < STRIPE_HEIGHT;
}

static guint8 *
stripe_of (GstVideoFrame *frame)
{
  gsize top = GST_VIDEO_FRAME_HEIGHT (frame) - STRIPE_HEIGHT;

  return (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, 0)
      + top * GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
}

void
clock_stripe_write (GstVideoFrame *frame, guint32 milliseconds)
{
  guint64 cells = cells_of (milliseconds);
  gint width = GST_VIDEO_FRAME_WIDTH (frame) / CELLS;
  gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  guint8 *row;

  if (is_too_small (frame))
    return;
  row = stripe_of (frame);
  for (gint y = 0; y < STRIPE_HEIGHT; y++, row += stride) {
    for (gint cell = 0; cell < CELLS; cell++)
      memset (row + cell * width, cells >> (CELLS - 1 - cell) & 1 ? WHITE : BLACK, width);
  }
}

gboolean
clock_stripe_read (GstVideoFrame *frame, guint32 *milliseconds)
{
  guint64 cells = 0;
  gint width = GST_VIDEO_FRAME_WIDTH (frame) / CELLS;
  const guint8 *middle;

  if (is_too_small (frame))
    return FALSE;
  middle = stripe_of (frame) + STRIPE_HEIGHT / 2 * GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  for (gint cell = 0; cell < CELLS; cell++)
    cells = cells << 1 | (middle[cell * width + width / 2] > MIDDLE);
  *milliseconds = (guint32) (cells >> CHECK_BITS);
  return cells == cells_of (*milliseconds);
}
