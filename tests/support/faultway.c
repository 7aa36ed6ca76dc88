/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faultway.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define READ_SIZE (64u * 1024)
/* More waits only where it is made to wait. */
#define MAX_QUEUED READ_SIZE
#define MAX_DELAYED (8u * 1024 * 1024)
/* A limited rate lets this many portions go in a second. */
#define PORTIONS 100

/* @size 0 is the end. */
typedef struct {
  gint64 due;
  gsize pos, size;
  guint8 bytes[];
} Piece;

void
fault_way_init (FaultWay *way, gint from, gint to)
{
  memset (way, 0, sizeof (*way));
  way->from = from;
  way->to = to;
  g_queue_init (&way->pieces);
}

void
fault_way_clear (FaultWay *way)
{
  g_queue_clear_full (&way->pieces, g_free);
}

static void
push_piece (FaultWay *way, const guint8 *bytes, gsize size, gint64 now)
{
  Piece *piece = g_malloc (sizeof (Piece) + size);

  piece->due = way->delay > 0 ? now + way->delay * G_TIME_SPAN_MILLISECOND : 0;
  piece->pos = 0;
  piece->size = size;
  if (size > 0)
    memcpy (piece->bytes, bytes, size);
  g_queue_push_tail (&way->pieces, piece);
  way->queued += size;
}

gboolean
fault_way_wants_input (const FaultWay *way)
{
  return way->from >= 0 && !way->ended && !way->stalled
      && way->queued < (way->delay > 0 ? MAX_DELAYED : MAX_QUEUED);
}

void
fault_way_take (FaultWay *way, gint64 now)
{
  guint8 bytes[READ_SIZE];
  gssize n;

  if (!fault_way_wants_input (way))
    return;
  n = recv (way->from, bytes, sizeof (bytes), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  way->broken = n < 0;
  way->ended = n <= 0;
  if (n >= 0)
    push_piece (way, bytes, (gsize) n, now);
}

/* -- Passing on -- */

static gsize
get_portion (const FaultWay *way, const Piece *piece, guint64 limit)
{
  guint64 n = MIN (piece->size - piece->pos, limit - way->passed);

  if (way->rate > 0)
    n = MIN (n, MAX (way->rate / PORTIONS, 1));
  return (gsize) n;
}

static gboolean
goes_nowhere (const FaultWay *way)
{
  return way->swallowing || way->closed || way->to < 0;
}

/* Returns: how many bytes were sent; -1 if none could be */
static gssize
send_some (FaultWay *way, const guint8 *bytes, gsize size)
{
  gssize n;

  if (goes_nowhere (way))
    return (gssize) size;
  n = send (way->to, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  way->blocked = n < 0 && (errno == EAGAIN || errno == EINTR);
  way->refused = n < 0 && !way->blocked;
  return n;
}

static void
note_passed (FaultWay *way, Piece *piece, gsize size, gint64 now)
{
  way->passed += size;
  way->queued -= size;
  piece->pos += size;
  if (way->rate > 0)
    way->not_before = MAX (way->not_before, now) + (gint64) (size * G_TIME_SPAN_SECOND / way->rate);
  if (piece->pos == piece->size)
    g_free (g_queue_pop_head (&way->pieces));
}

static gint64
get_due (const FaultWay *way, const Piece *piece)
{
  return MAX (piece->due, way->not_before);
}

gboolean
fault_way_pass (FaultWay *way, guint64 limit, gint64 now)
{
  Piece *piece = g_queue_peek_head (&way->pieces);
  gsize size;
  gssize n;

  if (!piece || way->stalled || way->refused || get_due (way, piece) > now)
    return FALSE;
  if (piece->size == 0) {
    g_free (g_queue_pop_head (&way->pieces));
    if (!way->swallowing)
      fault_way_finish (way);
    return FALSE;
  }
  size = get_portion (way, piece, limit);
  if (size == 0)
    return FALSE;
  piece->bytes[piece->pos] ^= way->corrupt;
  way->corrupt = 0;
  n = send_some (way, piece->bytes + piece->pos, size);
  if (n > 0)
    note_passed (way, piece, (gsize) n, now);
  return n > 0;
}

void
fault_way_finish (FaultWay *way)
{
  if (way->to >= 0 && !way->closed)
    (void) shutdown (way->to, SHUT_WR);
  way->closed = TRUE;
}

void
fault_way_resume (FaultWay *way)
{
  way->stalled = FALSE;
  way->swallowing = FALSE;
  way->delay = 0;
  way->rate = 0;
  way->not_before = 0;
  way->resume_at = 0;
}

/* -- Waiting -- */

gboolean
fault_way_wants_output (const FaultWay *way)
{
  return way->blocked && !way->stalled && !way->refused && !goes_nowhere (way);
}

gint64
fault_way_get_deadline (const FaultWay *way)
{
  const Piece *piece = g_queue_peek_head ((GQueue *) &way->pieces);
  gint64 deadline = way->resume_at > 0 ? way->resume_at : G_MAXINT64;

  if (piece && !way->stalled && !way->refused && (!way->blocked || goes_nowhere (way)))
    deadline = MIN (deadline, get_due (way, piece));
  return deadline;
}
