/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONNECTOR_TEST_H
#define CONNECTOR_TEST_H

#include <string.h>

#include "core/rtmperror.h"
#include "io/rtmpconnector.h"
#include "rtmppeer.h"
#include "testutil.h"

#define SHORT_TIMEOUT (200 * G_TIME_SPAN_MILLISECOND)
#define LONG_TIMEOUT (60 * G_TIME_SPAN_SECOND)
#define PROMPT G_TIME_SPAN_SECOND

/**
 * Attempt: one call of the connector.
 * @config: to be changed before attempt_start()
 * @accept, @hold: what is said about certificates; held until FALSE
 */
typedef struct {
  RtmpConnectorConfig config;
  RtmpIoLoop *loop;
  GCancellable *cancellable;
  GMutex lock;
  GCond cond;
  gboolean done;
  GIOStream *stream;
  GSocket *socket;
  GError *error;
  gboolean accept;
  gboolean hold;
  guint n_asked;
  gboolean asked_on_loop;
  GTlsCertificateFlags asked_errors;
  gint refs;
} Attempt;

#define WAIT(attempt, expression) \
  G_STMT_START \
  { \
    gint64 deadline = g_get_monotonic_time () + RTMP_PEER_TIMEOUT; \
    g_mutex_lock (&(attempt)->lock); \
    while (!(expression)) \
      g_assert_true (g_cond_wait_until (&(attempt)->cond, &(attempt)->lock, deadline)); \
    g_mutex_unlock (&(attempt)->lock); \
  } \
  G_STMT_END

static inline gboolean
on_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  Attempt *attempt = data;
  gboolean accept;

  g_assert_true (G_IS_TLS_CONNECTION (connection));
  g_assert_true (G_IS_TLS_CERTIFICATE (certificate));
  g_mutex_lock (&attempt->lock);
  attempt->asked_on_loop = rtmp_io_loop_is_current (attempt->loop);
  attempt->asked_errors = errors;
  attempt->n_asked++;
  g_cond_broadcast (&attempt->cond);
  while (attempt->hold)
    g_cond_wait (&attempt->cond, &attempt->lock);
  accept = attempt->accept;
  g_mutex_unlock (&attempt->lock);
  return accept;
}

static inline gpointer
attempt_ref (gpointer data)
{
  g_atomic_int_inc (&((Attempt *) data)->refs);
  return data;
}

static inline void
attempt_unref (gpointer data)
{
  Attempt *attempt = data;

  g_mutex_lock (&attempt->lock);
  g_atomic_int_add (&attempt->refs, -1);
  g_cond_broadcast (&attempt->cond);
  g_mutex_unlock (&attempt->lock);
}

static inline Attempt *
attempt_new (void)
{
  Attempt *attempt = g_new0 (Attempt, 1);

  attempt->config = (RtmpConnectorConfig) {
    .timeout = LONG_TIMEOUT,
    .tls_flags = G_TLS_CERTIFICATE_VALIDATE_ALL,
    .accept_certificate = on_certificate,
    .user_data = attempt,
    .user_data_ref = attempt_ref,
    .user_data_unref = attempt_unref,
  };
  attempt->loop = rtmp_io_loop_acquire ();
  attempt->cancellable = g_cancellable_new ();
  g_mutex_init (&attempt->lock);
  g_cond_init (&attempt->cond);
  return attempt;
}

/* Asserts that nobody refers to the user data any more. */
static inline void
attempt_free (Attempt *attempt)
{
  g_clear_object (&attempt->stream);
  g_clear_object (&attempt->socket);
  WAIT (attempt, g_atomic_int_get (&attempt->refs) == 0);
  rtmp_io_loop_release (attempt->loop);
  g_object_unref (attempt->cancellable);
  g_clear_error (&attempt->error);
  g_mutex_clear (&attempt->lock);
  g_cond_clear (&attempt->cond);
  g_free (attempt);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_free)

static inline void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Attempt *attempt = data;

  (void) source;
  g_assert_true (rtmp_io_loop_is_current (attempt->loop));
  g_mutex_lock (&attempt->lock);
  g_assert_false (attempt->done);
  attempt->stream = rtmp_connector_connect_finish (result, &attempt->socket, &attempt->error);
  attempt->done = TRUE;
  g_cond_broadcast (&attempt->cond);
  g_mutex_unlock (&attempt->lock);
}

static inline void
connect_on_loop (gpointer data)
{
  Attempt *attempt = data;

  rtmp_connector_connect_async (attempt->loop, &attempt->config, attempt->cancellable, on_done,
      attempt);
}

static inline void
attempt_start (Attempt *attempt, const gchar *scheme, const gchar *host, guint port)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();

  location->scheme = strcmp (scheme, "rtmps") == 0 ? RTMP_SCHEME_RTMPS : RTMP_SCHEME_RTMP;
  g_free (location->host);
  location->host = g_strdup (host);
  location->port = port;
  attempt->config.location = location;
  rtmp_io_loop_invoke_sync (attempt->loop, connect_on_loop, attempt);
  attempt->config.location = NULL;
}

static inline void
attempt_finish (Attempt *attempt)
{
  WAIT (attempt, attempt->done);
  g_assert_true ((attempt->stream != NULL) == (attempt->error == NULL));
  g_assert_true ((attempt->stream != NULL) == (attempt->socket != NULL));
}

static inline void
attempt_run (Attempt *attempt, const gchar *scheme, const gchar *host, guint port)
{
  attempt_start (attempt, scheme, host, port);
  attempt_finish (attempt);
}

/* Cancels it and asserts that it ends at once. */
static inline void
attempt_cancel (Attempt *attempt)
{
  gint64 begin = g_get_monotonic_time ();

  g_cancellable_cancel (attempt->cancellable);
  attempt_finish (attempt);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
  g_assert_error (attempt->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static inline void
assert_failed (Attempt *attempt, gint code, const gchar *text)
{
  g_assert_error (attempt->error, RTMP_ERROR, code);
  g_assert_nonnull (strstr (attempt->error->message, text));
}

#endif
