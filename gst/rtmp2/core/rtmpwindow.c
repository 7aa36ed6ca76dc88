/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpwindow.h"

/* Half the number space: what is further than this is behind (RFC 1982). */
#define SERIAL_HALF (G_GUINT64_CONSTANT (1) << 31)

void
rtmp_window_init (RtmpWindow *window)
{
  *window = (RtmpWindow) { 0 };
}

gboolean
rtmp_window_received (RtmpWindow *window, gsize bytes, guint32 *sequence)
{
  window->in_bytes += bytes;
  if (window->in_window == 0)
    return FALSE;
  if (window->in_bytes - window->in_acked < MAX (1, window->in_window / 2))
    return FALSE;

  window->in_acked = window->in_bytes;
  *sequence = (guint32) window->in_acked;
  return TRUE;
}

void
rtmp_window_acked (RtmpWindow *window, guint32 sequence)
{
  /* Measured from what was sent, not from the last acknowledgement, so that a
   * peer may stay silent for any number of bytes. */
  guint32 behind = (guint32) window->out_bytes - sequence;
  guint64 acked;

  if (behind >= SERIAL_HALF)
    acked = window->out_bytes;
  else if (behind <= window->out_bytes)
    acked = window->out_bytes - behind;
  else
    return;
  window->out_acked = MAX (window->out_acked, acked);
}

/* Returns FALSE if the message changes nothing (RTMP 1.0, 5.4.5). */
static gboolean
apply_limit (RtmpWindow *window, guint32 size, guint8 limit_type)
{
  switch (limit_type) {
    case RTMP_BANDWIDTH_HARD:
      window->out_window = size;
      window->limit_was_hard = TRUE;
      return TRUE;
    case RTMP_BANDWIDTH_SOFT:
      if (window->out_window == 0 || size < window->out_window)
        window->out_window = size;
      window->limit_was_hard = FALSE;
      return TRUE;
    case RTMP_BANDWIDTH_DYNAMIC:
      if (window->limit_was_hard)
        window->out_window = size;
      return window->limit_was_hard;
    default:
      return FALSE;
  }
}

gboolean
rtmp_window_set_peer_bandwidth (RtmpWindow *window, guint32 size, guint8 limit_type,
    guint32 *window_size)
{
  if (size == 0 || !apply_limit (window, size, limit_type))
    return FALSE;
  if (window->out_window == window->out_sent)
    return FALSE;

  window->out_sent = window->out_window;
  *window_size = window->out_sent;
  return TRUE;
}
