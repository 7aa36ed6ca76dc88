/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faultconn.h"

#include <sys/socket.h>
#include <unistd.h>

#define ALL_BITS 0xFF

FaultConn *
fault_conn_new (guint number, gint client, gint server, FaultConnFunc func, gpointer user_data)
{
  FaultConn *connection = g_new0 (FaultConn, 1);

  connection->number = number;
  connection->fds[FAULT_CLIENT] = client;
  connection->fds[FAULT_SERVER] = server;
  fault_way_init (&connection->ways[FAULT_CLIENT], client, server);
  fault_way_init (&connection->ways[FAULT_SERVER], server, client);
  connection->faults = g_array_new (FALSE, FALSE, sizeof (Fault));
  connection->func = func;
  connection->user_data = user_data;
  return connection;
}

/* The way from there sends no more, and nobody takes what is on the way to it. */
static void
close_side (FaultConn *connection, guint side)
{
  FaultWay *from = &connection->ways[side], *to = &connection->ways[!side];

  if (connection->fds[side] < 0)
    return;
  (void) close (connection->fds[side]);
  connection->fds[side] = -1;
  from->from = -1;
  from->ended = TRUE;
  to->to = -1;
}

static void
reset_side (FaultConn *connection, guint side)
{
  const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  if (connection->fds[side] >= 0)
    (void) setsockopt (connection->fds[side], SOL_SOCKET, SO_LINGER, &linger, sizeof (linger));
  close_side (connection, side);
}

void
fault_conn_free (FaultConn *connection)
{
  guint side;

  for (side = 0; side < FAULT_N_SIDES; side++) {
    close_side (connection, side);
    fault_way_clear (&connection->ways[side]);
  }
  g_array_unref (connection->faults);
  g_free (connection);
}

gboolean
fault_conn_has_ended (const FaultConn *connection)
{
  return connection->fds[FAULT_CLIENT] < 0 && connection->fds[FAULT_SERVER] < 0;
}

const FaultWay *
fault_conn_get_way (const FaultConn *connection, FaultWays way)
{
  return &connection->ways[way == FAULT_OUT ? FAULT_CLIENT : FAULT_SERVER];
}

/* -- Faults -- */

static void
apply_to_way (FaultConn *connection, guint side, const Fault *fault)
{
  FaultWay *way = &connection->ways[side];

  switch (fault->kind) {
    case FAULT_DELAY:
      way->delay = fault->value;
      break;
    case FAULT_RATE:
      way->rate = fault->value;
      break;
    case FAULT_STALL:
      way->stalled = TRUE;
      break;
    case FAULT_BLACK_HOLE:
      way->swallowing = TRUE;
      break;
    case FAULT_FIN:
      fault_way_finish (way);
      break;
    case FAULT_RST:
      reset_side (connection, !side);
      /* What the side that is gone had sent, and its end, are lost. */
      connection->ways[!side].stalled = TRUE;
      break;
    case FAULT_CORRUPT:
      way->corrupt = (guint8) (fault->value ? fault->value : ALL_BITS);
      break;
    case FAULT_RESUME:
      fault_way_resume (way);
      break;
  }
  if (fault->duration > 0)
    way->resume_at = g_get_monotonic_time () + fault->duration * G_TIME_SPAN_MILLISECOND;
}

void
fault_conn_inject (FaultConn *connection, const Fault *fault)
{
  if (fault_conn_has_ended (connection))
    return;
  if (fault->ways & FAULT_OUT)
    apply_to_way (connection, FAULT_CLIENT, fault);
  if (fault->ways & FAULT_IN)
    apply_to_way (connection, FAULT_SERVER, fault);
  connection->func (connection, fault->kind, connection->user_data);
}

/* Carries out what is due; FALSE when nothing was. */
static gboolean
act_once (FaultConn *connection)
{
  guint i;

  for (i = 0; i < connection->faults->len; i++) {
    Fault fault = g_array_index (connection->faults, Fault, i);

    if (fault_conn_get_way (connection, fault.of)->passed < fault.at)
      continue;
    g_array_remove_index (connection->faults, i);
    fault_conn_inject (connection, &fault);
    return TRUE;
  }
  return FALSE;
}

void
fault_conn_add (FaultConn *connection, const Fault *fault)
{
  if (fault_conn_get_way (connection, fault->of)->passed > fault->at)
    return;
  g_array_append_vals (connection->faults, fault, 1);
  while (act_once (connection))
    ;
}

/* -- Bytes -- */

/* The count at which the next fault is due. */
static guint64
get_limit (const FaultConn *connection, guint side)
{
  FaultWays way = side == FAULT_CLIENT ? FAULT_OUT : FAULT_IN;
  guint64 limit = G_MAXUINT64;
  guint i;

  for (i = 0; i < connection->faults->len; i++) {
    const Fault *fault = &g_array_index (connection->faults, Fault, i);

    if (fault->of == way)
      limit = MIN (limit, fault->at);
  }
  return limit;
}

static void
move_way (FaultConn *connection, guint side, gint64 now)
{
  FaultWay *way = &connection->ways[side];

  if (way->resume_at > 0 && way->resume_at <= now)
    fault_way_resume (way);
  fault_way_take (way, now);
  while (fault_way_pass (way, get_limit (connection, side), now)) {
    while (act_once (connection))
      ;
  }
  /* Sending showed what reading would not any more. */
  if (way->refused)
    connection->ways[!side].broken = TRUE;
}

static void
pass_resets (FaultConn *connection)
{
  guint side;

  for (side = 0; side < FAULT_N_SIDES; side++) {
    const FaultWay *way = &connection->ways[side];

    if (!way->broken)
      continue;
    close_side (connection, side);
    if (!way->stalled && !way->swallowing)
      reset_side (connection, !side);
  }
}

/* Nothing comes from there any more, and its end of the other way was told, or nobody is there to
 * send it anything. */
static gboolean
is_over (const FaultConn *connection, guint side)
{
  return connection->fds[side] < 0
      || (connection->ways[side].ended
          && (connection->ways[!side].closed || connection->fds[!side] < 0));
}

void
fault_conn_move (FaultConn *connection, gint64 now)
{
  if (fault_conn_has_ended (connection))
    return;
  move_way (connection, FAULT_CLIENT, now);
  move_way (connection, FAULT_SERVER, now);
  pass_resets (connection);
  if (is_over (connection, FAULT_CLIENT) && is_over (connection, FAULT_SERVER)) {
    close_side (connection, FAULT_CLIENT);
    close_side (connection, FAULT_SERVER);
  }
}
