/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_NOTIFIER_H
#define RTMP_NOTIFIER_H

#include <gio/gio.h>

#include "io/rtmpconnector.h"

G_BEGIN_DECLS

typedef enum {
  RTMP_LINK_IDLE,        /* not started, or stopped */
  RTMP_LINK_CONNECTING,  /* up to the handshake's end */
  RTMP_LINK_NEGOTIATING, /* connect, createStream, publish or play */
  RTMP_LINK_STREAMING,   /* publish or play was accepted */
  RTMP_LINK_CLOSING,
  RTMP_LINK_ENDED, /* the server ended the stream */
  RTMP_LINK_FAILED,
} RtmpLinkState;

const gchar *rtmp_link_state_to_string (RtmpLinkState state);

/**
 * RtmpLinkCallbacks: each is called in order on a thread that may be held
 * without holding the I/O thread or another link, except @accept_certificate, see
 * rtmpconnector.h.
 * @state_changed: @state was entered
 * @failed: the link has failed; once
 * @warning: something strange that does not end the link; @lost: media was lost
 * @user_data_ref, @user_data_unref: keep the user data alive while a call may come
 */
typedef struct {
  void (*state_changed) (RtmpLinkState state, gpointer user_data);
  void (*failed) (const GError *error, gpointer user_data);
  void (*warning) (const gchar *text, gboolean lost, gpointer user_data);
  RtmpAcceptCertificateFunc accept_certificate;
  gpointer (*user_data_ref) (gpointer user_data);
  GDestroyNotify user_data_unref;
} RtmpLinkCallbacks;

/**
 * RtmpNotifier: tells a link's owner what happens, through an ordered
 * dispatcher. The calls below queue and never wait; any lock may be held.
 */
typedef struct _RtmpNotifier RtmpNotifier;

RtmpNotifier *rtmp_notifier_new (const RtmpLinkCallbacks *callbacks, gpointer user_data);

/* Nothing more is told, but for a call that is running already. */
void rtmp_notifier_stop (RtmpNotifier *notifier);
/* Stops it first. */
void rtmp_notifier_free (RtmpNotifier *notifier);

void rtmp_notifier_state (RtmpNotifier *notifier, RtmpLinkState state);
void rtmp_notifier_failed (RtmpNotifier *notifier, const GError *error);
/* @text: (transfer full). Dropped where RTMP_MAX_PENDING_WARNINGS wait already. */
void rtmp_notifier_warning (RtmpNotifier *notifier, gchar *text, gboolean lost);

/**
 * rtmp_notifier_hold:
 *
 * Keeps the owner alive for work that may outlast the link: a TLS handshake. The owner is let go
 * of through the dispatcher, since its end may run application code.
 *
 * Returns: (transfer full): for rtmp_notifier_release() and rtmp_notifier_accept_certificate()
 */
gpointer rtmp_notifier_hold (RtmpNotifier *notifier);
void rtmp_notifier_release (gpointer hold);

/* Asks the owner, on the calling thread: an RtmpAcceptCertificateFunc with @hold as its data. */
gboolean rtmp_notifier_accept_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer hold);

G_END_DECLS

#endif
