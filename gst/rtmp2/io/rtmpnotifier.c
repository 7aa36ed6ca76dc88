/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpnotifier.h"

#include "core/rtmplimits.h"
#include "io/rtmpdispatcher.h"

/* The owner holds one reference, and each notice that is queued another. */
struct _RtmpNotifier {
  gatomicrefcount refcount;
  RtmpLinkCallbacks callbacks;
  gpointer user_data;
  RtmpDispatcher *dispatcher;
  gint stopped;  /* atomic */
  gint warnings; /* atomic: that wait to be told */
};

typedef struct {
  RtmpNotifier *notifier;
  gpointer user_data;
  RtmpLinkState state;
  GError *error;
  gchar *text;
  gboolean lost;
} Notice;

static const gchar *const state_names[] = {
  [RTMP_LINK_IDLE] = "idle",
  [RTMP_LINK_CONNECTING] = "connecting",
  [RTMP_LINK_NEGOTIATING] = "negotiating",
  [RTMP_LINK_STREAMING] = "streaming",
  [RTMP_LINK_CLOSING] = "closing",
  [RTMP_LINK_ENDED] = "ended",
  [RTMP_LINK_FAILED] = "failed",
};

const gchar *
rtmp_link_state_to_string (RtmpLinkState state)
{
  return state_names[state];
}

static void
notifier_unref (RtmpNotifier *self)
{
  if (!g_atomic_ref_count_dec (&self->refcount))
    return;
  rtmp_dispatcher_free (self->dispatcher);
  g_free (self);
}

static void
notice_free (gpointer data)
{
  Notice *notice = data;

  if (notice->notifier->callbacks.user_data_unref)
    notice->notifier->callbacks.user_data_unref (notice->user_data);
  if (notice->text)
    g_atomic_int_add (&notice->notifier->warnings, -1);
  notifier_unref (notice->notifier);
  g_clear_error (&notice->error);
  g_free (notice->text);
  g_free (notice);
}

static void
notice_run (gpointer data)
{
  Notice *notice = data;
  const RtmpLinkCallbacks *callbacks = &notice->notifier->callbacks;

  if (g_atomic_int_get (&notice->notifier->stopped))
    return;
  if (notice->error) {
    if (callbacks->failed)
      callbacks->failed (notice->error, notice->user_data);
  } else if (notice->text) {
    if (callbacks->warning)
      callbacks->warning (notice->text, notice->lost, notice->user_data);
  } else if (callbacks->state_changed) {
    callbacks->state_changed (notice->state, notice->user_data);
  }
}

/* @notice: what it owns is taken over */
static Notice *
notice_new (RtmpNotifier *self, Notice notice)
{
  Notice *copy = g_new (Notice, 1);

  *copy = notice;
  g_atomic_ref_count_inc (&self->refcount);
  copy->notifier = self;
  copy->user_data = self->callbacks.user_data_ref ? self->callbacks.user_data_ref (self->user_data)
                                                  : self->user_data;
  return copy;
}

static void
push (RtmpNotifier *self, Notice notice)
{
  rtmp_dispatcher_push (self->dispatcher, notice_run, notice_new (self, notice), notice_free);
}

RtmpNotifier *
rtmp_notifier_new (const RtmpLinkCallbacks *callbacks, gpointer user_data)
{
  RtmpNotifier *self = g_new0 (RtmpNotifier, 1);

  g_atomic_ref_count_init (&self->refcount);
  self->callbacks = *callbacks;
  self->user_data = user_data;
  self->dispatcher = rtmp_dispatcher_new ();
  return self;
}

void
rtmp_notifier_stop (RtmpNotifier *notifier)
{
  g_atomic_int_set (&notifier->stopped, TRUE);
}

void
rtmp_notifier_free (RtmpNotifier *notifier)
{
  rtmp_notifier_stop (notifier);
  notifier_unref (notifier);
}

void
rtmp_notifier_state (RtmpNotifier *notifier, RtmpLinkState state)
{
  push (notifier, (Notice) { .state = state });
}

void
rtmp_notifier_failed (RtmpNotifier *notifier, const GError *error)
{
  push (notifier, (Notice) { .error = g_error_copy (error) });
}

void
rtmp_notifier_warning (RtmpNotifier *notifier, gchar *text, gboolean lost)
{
  if (g_atomic_int_add (&notifier->warnings, 1) < (gint) RTMP_MAX_PENDING_WARNINGS) {
    push (notifier, (Notice) { .text = text, .lost = lost });
    return;
  }
  g_atomic_int_add (&notifier->warnings, -1);
  g_free (text);
}

/* A notice that has nothing to tell. */
gpointer
rtmp_notifier_hold (RtmpNotifier *notifier)
{
  return notice_new (notifier, (Notice) { 0 });
}

static void
release_run (gpointer hold)
{
  (void) hold;
}

void
rtmp_notifier_release (gpointer hold)
{
  rtmp_dispatcher_push (((Notice *) hold)->notifier->dispatcher, release_run, hold, notice_free);
}

gboolean
rtmp_notifier_accept_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer hold)
{
  Notice *notice = hold;
  RtmpAcceptCertificateFunc accept = notice->notifier->callbacks.accept_certificate;

  return accept && accept (connection, certificate, errors, notice->user_data);
}
