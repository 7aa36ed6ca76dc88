/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FAULT_PROXY_H
#define FAULT_PROXY_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * FaultProxy: a network between a client and a server on loopback that fails when it is told to.
 *
 * For each connection made to its port it makes one to the server, and passes bytes, ends and
 * resets both ways. It sees bytes, whatever they are: it stands before plain and TLS servers. It
 * has one thread. Every function may be called from any thread. Connections count from 0 in the
 * order they came. Functions that wait return %FALSE when their condition has not come true within
 * FAULT_PROXY_TIMEOUT; wrap them in g_assert_true().
 *
 * |[
 *   g_autoptr (FaultProxy) proxy = fault_proxy_new (rtmp_peer_get_port (peer));
 *   fault_proxy_add (proxy,
 *       &(Fault) { .kind = FAULT_RST, .ways = FAULT_BOTH, .of = FAULT_OUT, .at = 1537 });
 *   ... connect to fault_proxy_get_port (proxy) ...
 *   g_assert_true (fault_proxy_wait_faults (proxy, 1));
 * ]|
 */
typedef struct _FaultProxy FaultProxy;

/* Microseconds; only a failing test waits that long. */
#define FAULT_PROXY_TIMEOUT (60 * G_TIME_SPAN_SECOND)
/* In place of a connection's number: each one. */
#define FAULT_EVERY G_MAXUINT

/* OUT is from the client to the server. */
typedef enum {
  FAULT_OUT = 1 << 0,
  FAULT_IN = 1 << 1,
  FAULT_BOTH = FAULT_OUT | FAULT_IN,
} FaultWays;

typedef enum {
  FAULT_DELAY,      /* what is taken from here on passes @value milliseconds later */
  FAULT_RATE,       /* @value bytes a second pass */
  FAULT_STALL,      /* nothing is read, nothing passes; the sender's socket fills */
  FAULT_BLACK_HOLE, /* everything is read, nothing passes, an end or a reset neither */
  FAULT_FIN,        /* the way's receiver is told the end; what still comes is swallowed */
  FAULT_RST,        /* the way's receiver is reset; the other side learns nothing of it */
  FAULT_CORRUPT,    /* the next byte is XORed with @value, 0xFF if 0 */
  FAULT_RESUME,     /* ends DELAY, RATE, STALL and BLACK_HOLE; what was swallowed is lost */
} FaultKind;

/**
 * Fault: what happens, to what, and when.
 *
 * @kind: what
 * @ways: to which ways: FAULT_OUT, FAULT_IN or FAULT_BOTH
 * @value: see @kind
 * @duration: milliseconds until the ways resume; 0 = never
 * @connection: to which connection; FAULT_EVERY is all of them, each by its own count
 * @of: FAULT_OUT or FAULT_IN: whose bytes are counted
 * @at: happens when exactly so many bytes of the connection have passed, those that were swallowed
 *   included; FAULT_CORRUPT of the same way thus changes byte @at, from 0. At 0: before any byte.
 */
typedef struct {
  FaultKind kind;
  FaultWays ways;
  guint value;
  guint duration;
  guint connection;
  FaultWays of;
  guint64 at;
} Fault;

/* @port: the server's, on 127.0.0.1 */
FaultProxy *fault_proxy_new (guint16 port);
/* Ends its connections, without order, and joins the thread. */
void fault_proxy_free (FaultProxy *proxy);

guint16 fault_proxy_get_port (const FaultProxy *proxy);

/* -- Faults -- */

/* For connections that are there, if they have not come that far, and for those to come. Those of
 * the same count happen in the order they were added. @fault: (transfer none) */
void fault_proxy_add (FaultProxy *proxy, const Fault *fault);
/* Now: @of and @at are not looked at. It has happened when the call returns. Does nothing to a
 * connection that has ended, or is none. */
void fault_proxy_inject (FaultProxy *proxy, const Fault *fault);
/* Resets the next @n connections as soon as they come; the server learns nothing of them. They
 * have numbers. */
void fault_proxy_refuse (FaultProxy *proxy, guint n);
/* Closes the port, so that who comes is refused by the system, and opens it again; it stays the
 * same. Done when the call returns. */
void fault_proxy_set_listening (FaultProxy *proxy, gboolean listening);

/* -- What happened -- */

typedef enum {
  FAULT_EVENT_ACCEPTED,
  FAULT_EVENT_REFUSED, /* by fault_proxy_refuse(), or since the server takes no connection */
  FAULT_EVENT_FAULT,
  FAULT_EVENT_ENDED, /* closed by both sides, or reset */
} FaultEventType;

/* @time: monotonic microseconds; @kind: of FAULT_EVENT_FAULT; @out, @in: bytes that had passed */
typedef struct {
  FaultEventType type;
  gint64 time;
  guint connection;
  FaultKind kind;
  guint64 out, in;
} FaultEvent;

/* (transfer full) (element-type FaultEvent): all so far, oldest first */
GArray *fault_proxy_get_events (FaultProxy *proxy);
/* (transfer full): the same in words, "0 accepted 0 0, 0 rst 1537 0, 0 ended 1537 0" */
gchar *fault_proxy_get_log (FaultProxy *proxy);
/* Bytes of @connection that have passed; 0 if there is none. @way: FAULT_OUT or FAULT_IN */
guint64 fault_proxy_get_bytes (FaultProxy *proxy, guint connection, FaultWays way);

/* Until so many connections have come, those refused included. */
gboolean fault_proxy_wait_connections (FaultProxy *proxy, guint n);
/* Until at least @n bytes of it have passed. */
gboolean fault_proxy_wait_bytes (FaultProxy *proxy, guint connection, FaultWays way, guint64 n);
/* Until so many faults have happened, to all connections. */
gboolean fault_proxy_wait_faults (FaultProxy *proxy, guint n);
/* Until @connection was accepted and has ended. */
gboolean fault_proxy_wait_ended (FaultProxy *proxy, guint connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FaultProxy, fault_proxy_free)

G_END_DECLS

#endif
