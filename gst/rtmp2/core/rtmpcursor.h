/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CURSOR_H
#define RTMP_CURSOR_H

#include <string.h>
#include <glib.h>

G_BEGIN_DECLS

/**
 * RtmpCursor:
 * @pos: next byte
 * @end: one past the last byte
 * @failed: a read went past the end
 *
 * Reads a borrowed piece of memory. The error is sticky: a read past the end
 * sets @failed, moves to the end and gives zeros, so a caller reads a whole
 * structure and checks once.
 */
typedef struct {
  const guint8 *pos;
  const guint8 *end;
  gboolean failed;
} RtmpCursor;

#define RTMP_CURSOR_INIT(data, size) \
  { \
    (const guint8 *) (data), (const guint8 *) (data) + (size), FALSE \
  }

static inline gsize
rtmp_cursor_left (const RtmpCursor *cursor)
{
  return (gsize) (cursor->end - cursor->pos);
}

/* Returns @size bytes, or NULL with the cursor failed. */
static inline const guint8 *
rtmp_cursor_bytes (RtmpCursor *cursor, gsize size)
{
  const guint8 *bytes = cursor->pos;

  if (G_UNLIKELY (cursor->failed || size > rtmp_cursor_left (cursor))) {
    cursor->failed = TRUE;
    cursor->pos = cursor->end;
    return NULL;
  }
  cursor->pos += size;
  return bytes;
}

static inline guint32
rtmp_read_u16 (const guint8 *p)
{
  return (guint32) p[0] << 8 | p[1];
}

static inline guint32
rtmp_read_u24 (const guint8 *p)
{
  return (guint32) p[0] << 16 | (guint32) p[1] << 8 | p[2];
}

static inline guint32
rtmp_read_u32 (const guint8 *p)
{
  return (guint32) p[0] << 24 | rtmp_read_u24 (p + 1);
}

static inline guint32
rtmp_read_u32_le (const guint8 *p)
{
  return (guint32) p[3] << 24 | (guint32) p[2] << 16 | (guint32) p[1] << 8 | p[0];
}

static inline void
rtmp_write_u16 (guint8 *p, guint32 v)
{
  p[0] = (guint8) (v >> 8);
  p[1] = (guint8) v;
}

static inline void
rtmp_write_u24 (guint8 *p, guint32 v)
{
  p[0] = (guint8) (v >> 16);
  rtmp_write_u16 (p + 1, v);
}

static inline void
rtmp_write_u32 (guint8 *p, guint32 v)
{
  p[0] = (guint8) (v >> 24);
  rtmp_write_u24 (p + 1, v);
}

static inline void
rtmp_write_u32_le (guint8 *p, guint32 v)
{
  p[0] = (guint8) v;
  p[1] = (guint8) (v >> 8);
  p[2] = (guint8) (v >> 16);
  p[3] = (guint8) (v >> 24);
}

static inline guint8
rtmp_cursor_u8 (RtmpCursor *cursor)
{
  const guint8 *p = rtmp_cursor_bytes (cursor, 1);

  return p ? p[0] : 0;
}

static inline guint32
rtmp_cursor_u16 (RtmpCursor *cursor)
{
  const guint8 *p = rtmp_cursor_bytes (cursor, 2);

  return p ? rtmp_read_u16 (p) : 0;
}

static inline guint32
rtmp_cursor_u24 (RtmpCursor *cursor)
{
  const guint8 *p = rtmp_cursor_bytes (cursor, 3);

  return p ? rtmp_read_u24 (p) : 0;
}

static inline guint32
rtmp_cursor_u32 (RtmpCursor *cursor)
{
  const guint8 *p = rtmp_cursor_bytes (cursor, 4);

  return p ? rtmp_read_u32 (p) : 0;
}

G_END_DECLS

#endif
