/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FAULT_CONN_H
#define FAULT_CONN_H

#include "faultproxy.h"
#include "faultway.h"

G_BEGIN_DECLS

/* The two ends of a connection, and the way that begins there. */
enum { FAULT_CLIENT, FAULT_SERVER, FAULT_N_SIDES };

/* A fault has happened to @connection. */
typedef struct _FaultConn FaultConn;
typedef void (*FaultConnFunc) (FaultConn *connection, FaultKind kind, gpointer user_data);

/**
 * FaultConn: a connection that passes a FaultProxy. It belongs to the proxy's thread.
 *
 * @fds: sockets to both sides; -1 = closed
 * @ways: @ways[FAULT_CLIENT] is FAULT_OUT, @ways[FAULT_SERVER] is FAULT_IN
 * @faults: (element-type Fault): those still to happen
 */
struct _FaultConn {
  guint number;
  gint fds[FAULT_N_SIDES];
  FaultWay ways[FAULT_N_SIDES];
  GArray *faults;
  FaultConnFunc func;
  gpointer user_data;
};

/* @client, @server: taken; both -1 for one that has ended already. @func: called for each fault */
FaultConn *fault_conn_new (guint number, gint client, gint server, FaultConnFunc func,
    gpointer user_data);
void fault_conn_free (FaultConn *connection);

/* Carried out at its count; at once if that is what has passed; never if more has. */
void fault_conn_add (FaultConn *connection, const Fault *fault);
/* Carried out now. */
void fault_conn_inject (FaultConn *connection, const Fault *fault);
/* Passes what can be passed, and closes what has ended. */
void fault_conn_move (FaultConn *connection, gint64 now);
gboolean fault_conn_has_ended (const FaultConn *connection);

/* The way that FAULT_OUT or FAULT_IN is. */
const FaultWay *fault_conn_get_way (const FaultConn *connection, FaultWays way);

G_END_DECLS

#endif
