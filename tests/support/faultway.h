/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FAULT_WAY_H
#define FAULT_WAY_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * FaultWay: one direction of a connection that passes a FaultProxy. It belongs to the proxy's
 * thread.
 *
 * @from, @to: sockets, borrowed; -1 = closed
 * @pieces: what was taken and not yet passed, with the moment from which it may be
 * @queued: bytes of that
 * @passed: bytes that were sent on or swallowed
 * @delay: milliseconds each byte waits
 * @rate: bytes a second; 0 = no limit
 * @not_before: when @rate lets the next bytes go
 * @resume_at: when a fault of limited duration ends; 0 = none does
 * @corrupt: XORed into the next byte; 0 = nothing
 * @stalled: nothing is taken, nothing passed
 * @swallowing: what comes is passed to nobody
 * @ended: the sender sends no more: it closed, or @broken
 * @closed: the receiver was told the end
 * @blocked: the receiver's socket is full
 * @broken: the sender's socket was reset, or failed
 * @refused: the receiver's likewise, as sending showed
 */
typedef struct {
  gint from, to;
  GQueue pieces;
  gsize queued;
  guint64 passed;
  guint delay;
  guint rate;
  gint64 not_before;
  gint64 resume_at;
  guint8 corrupt;
  gboolean stalled;
  gboolean swallowing;
  gboolean ended;
  gboolean closed;
  gboolean blocked;
  gboolean broken;
  gboolean refused;
} FaultWay;

void fault_way_init (FaultWay *way, gint from, gint to);
void fault_way_clear (FaultWay *way);

/* Reads once what the sender has sent, if it is to be read now. @now: monotonic microseconds */
void fault_way_take (FaultWay *way, gint64 now);
/* Passes on what may be, and no byte beyond the count of @limit; FALSE when nothing was. */
gboolean fault_way_pass (FaultWay *way, guint64 limit, gint64 now);

/* Tells the receiver the end, at once; what still comes is swallowed. */
void fault_way_finish (FaultWay *way);
/* Ends a stall, swallowing, a delay and a limit of rate. */
void fault_way_resume (FaultWay *way);

/* Whether something is to be read, or there is room to be waited for. */
gboolean fault_way_wants_input (const FaultWay *way);
gboolean fault_way_wants_output (const FaultWay *way);
/* When something is to be done without input or room; G_MAXINT64 if never. */
gint64 fault_way_get_deadline (const FaultWay *way);

G_END_DECLS

#endif
