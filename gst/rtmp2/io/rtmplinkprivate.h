/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_LINK_PRIVATE_H
#define RTMP_LINK_PRIVATE_H

#include "core/rtmpreplay.h"
#include "io/rtmpconnection.h"
#include "io/rtmplink.h"

G_BEGIN_DECLS

/* The link's two halves share this: rtmplink.c, which the owner calls, and rtmplinkio.c, which the
 * I/O thread calls. */
struct _RtmpLink {
  gatomicrefcount refcount;
  RtmpNotifier *notifier;

  /* chunk_size, pacing and fast_start under the lock; the rest is constant */
  RtmpLinkConfig config;

  /* The I/O thread's only. */
  RtmpAuth *auth;

  GMutex lock;
  GCond cond;
  guint waiting;    /* for the condition */
  RtmpIoLoop *loop; /* between start and stop */
  GCancellable *cancellable;
  RtmpConnection *connection;
  guint32 announced_chunk_size;
  RtmpLinkState state;
  GError *error;
  gboolean flushing;
  gboolean paused;
  gboolean resynced; /* and the receiver does not know yet */
  gboolean stopped;
  gboolean sendable; /* the connection takes media */
  gboolean ready;
  gboolean ended;
  gboolean peer_closed;
  gsize stop_bytes;      /* of the stop commands */
  gsize awaited_backlog; /* bytes left that are few enough for who waits; 0 = nothing at all */

  RtmpFastStart fast_start; /* of the connection */
  RtmpStage stage;          /* of the connection; the last before its end */
  RtmpReplay *replay;       /* publishing, until ready */
  GPtrArray *confirmed; /* what is not held any more, to be let go of without the lock; nullable */
  guint fallbacks;

  RtmpQueue *queue; /* playing */
  gboolean reading_stopped;
  gboolean resyncing; /* what is dropped up to the key frame is no loss */
  guint lost;         /* messages, not told of yet */
  gint64 lost_told;   /* when it was told last; 0 = never */

  gint64 start_time;
  gint64 ready_time;
  gint64 media_time;
  guint connections;
  gchar *address;
  RtmpSessionStats last_stats;
};

RtmpLink *rtmp_link_ref (RtmpLink *link);
void rtmp_link_unref (RtmpLink *link);

/* -- With the lock held -- */

/* After a change that one may wait for. Telling the condition is a system call even where nobody
 * waits, so then it is not told. */
void rtmp_link_wake_locked (RtmpLink *link);
void rtmp_link_set_state_locked (RtmpLink *link, RtmpLinkState state);
/* @error: (transfer full): only the first counts */
void rtmp_link_fail_locked (RtmpLink *link, GError *error);
/* What was held for a second connection is needed no more. */
void rtmp_link_confirm_locked (RtmpLink *link);
/* The connection began with a fast start, and not all of it is accepted yet. */
gboolean rtmp_link_is_unconfirmed_locked (const RtmpLink *link);
/* Announces the configured chunk size if it is another than the one announced. */
void rtmp_link_announce_chunk_size_locked (RtmpLink *link);

/* -- Without it -- */

/* Unlocks, and lets go of what was confirmed. */
void rtmp_link_unlock (RtmpLink *link);
/* Begins to connect; the I/O thread only. */
void rtmp_link_connect (RtmpLink *link);
/* Closes the connection, if there is one, and keeps its statistics. */
void rtmp_link_drop_connection (RtmpLink *link);

G_END_DECLS

#endif
