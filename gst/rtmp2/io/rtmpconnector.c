/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpconnector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "core/rtmperror.h"

typedef struct {
  GMainContext *context;
  GSocketConnectable *address;
  gboolean tls;
  gint64 timeout;
  GTlsCertificateFlags tls_flags;
  GTlsDatabase *tls_database;
  GTlsInteraction *tls_interaction;
  RtmpAcceptCertificateFunc accept_certificate;
  gpointer user_data;
  GDestroyNotify user_data_unref;

  GCancellable *steps; /* cancelled by the caller's, and by a step's timeout */
  gulong chained;
  GCancellable *outer;
  GSource *timer;
  const gchar *step; /* what is going on, for messages */
  gboolean timed_out;
  GSocketConnection *tcp;
} Connector;

static void
clear_timer (Connector *self)
{
  if (!self->timer)
    return;
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
connector_free (gpointer data)
{
  Connector *self = data;

  clear_timer (self);
  if (self->outer) {
    g_cancellable_disconnect (self->outer, self->chained);
    g_object_unref (self->outer);
  }
  g_clear_object (&self->address);
  g_clear_object (&self->tls_database);
  g_clear_object (&self->tls_interaction);
  g_clear_object (&self->steps);
  g_clear_object (&self->tcp);
  if (self->user_data_unref)
    self->user_data_unref (self->user_data);
  g_main_context_unref (self->context);
  g_free (self);
}

/* -- Steps and their timeout -- */

static gboolean
step_timed_out (gpointer data)
{
  Connector *self = data;

  self->timed_out = TRUE;
  g_cancellable_cancel (self->steps);
  return G_SOURCE_REMOVE;
}

static void
begin_step (Connector *self, const gchar *step)
{
  clear_timer (self);
  self->step = step;
  if (self->timeout <= 0)
    return;
  self->timer = g_timeout_source_new ((guint) MIN (self->timeout / 1000, G_MAXUINT));
  g_source_set_callback (self->timer, step_timed_out, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
on_client_event (GSocketClient *client, GSocketClientEvent event, GSocketConnectable *connectable,
    GIOStream *stream, gpointer data)
{
  (void) client;
  (void) connectable;
  (void) stream;
  switch (event) {
    case G_SOCKET_CLIENT_RESOLVING:
      begin_step (data, "resolving the host name");
      break;
    case G_SOCKET_CLIENT_CONNECTING:
      begin_step (data, "connecting");
      break;
    case G_SOCKET_CLIENT_PROXY_NEGOTIATING:
      begin_step (data, "negotiating with the proxy");
      break;
    default:
      break;
  }
}

/* -- Errors -- */

static RtmpError
error_code_for (const GError *cause, RtmpError fallback)
{
  if (cause->domain == G_RESOLVER_ERROR)
    return RTMP_ERROR_RESOLVE;
  if (g_error_matches (cause, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    return RTMP_ERROR_CERTIFICATE;
  if (cause->domain == G_TLS_ERROR)
    return RTMP_ERROR_TLS;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return RTMP_ERROR_TIMEOUT;
  return fallback;
}

/* @cause: (transfer full) */
static void
return_error (GTask *task, GError *cause, RtmpError fallback)
{
  Connector *self = g_task_get_task_data (task);

  clear_timer (self);
  if (self->timed_out)
    g_task_return_new_error (task, RTMP_ERROR, RTMP_ERROR_TIMEOUT, "Timed out while %s",
        self->step);
  else if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_error_copy (cause));
  else
    g_task_return_new_error (task, RTMP_ERROR, error_code_for (cause, fallback),
        "Failed while %s: %s", self->step, cause->message);
  g_error_free (cause);
  g_object_unref (task);
}

/* -- TLS -- */

static gboolean
on_accept_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  Connector *self = data;

  if ((errors & self->tls_flags) == 0)
    return TRUE;
  return self->accept_certificate
      && self->accept_certificate (connection, certificate, errors, self->user_data);
}

/* A thread of its own kind: what verifies a certificate, or asks for one, may be
 * the application's and may block. */
static void
tls_handshake_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Connector *self = data;
  g_autoptr (GIOStream) tls = NULL;
  GError *error = NULL;

  (void) source;
  tls = g_tls_client_connection_new (G_IO_STREAM (self->tcp), self->address, &error);
  if (tls && self->tls_database)
    g_tls_connection_set_database (G_TLS_CONNECTION (tls), self->tls_database);
  if (tls && self->tls_interaction)
    g_tls_connection_set_interaction (G_TLS_CONNECTION (tls), self->tls_interaction);
  /* RTMP has ends of its own, and many servers leave out TLS's. */
  if (tls)
    g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  if (tls)
    g_signal_connect (tls, "accept-certificate", G_CALLBACK (on_accept_certificate), self);
  if (tls && g_tls_connection_handshake (G_TLS_CONNECTION (tls), cancellable, &error)) {
    g_signal_handlers_disconnect_by_data (tls, self);
    g_task_return_pointer (task, g_steal_pointer (&tls), g_object_unref);
  } else {
    g_task_return_error (task, error);
  }
}

static void
on_tls_done (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  GError *error = NULL;
  GIOStream *tls = g_task_propagate_pointer (G_TASK (result), &error);

  (void) source;
  if (!tls) {
    return_error (task, error, RTMP_ERROR_TLS);
    return;
  }
  clear_timer (g_task_get_task_data (task));
  g_task_return_pointer (task, tls, g_object_unref);
  g_object_unref (task);
}

/* The worker may outlive a cancelled step, so it holds the connector's task. */
static void
start_tls (GTask *task)
{
  Connector *self = g_task_get_task_data (task);
  g_autoptr (GTask) worker = g_task_new (NULL, self->steps, on_tls_done, task);

  begin_step (self, "doing the TLS handshake");
  g_task_set_task_data (worker, self, NULL);
  g_object_set_data_full (G_OBJECT (worker), "rtmp-connector", g_object_ref (task), g_object_unref);
  g_task_set_return_on_cancel (worker, TRUE);
  g_task_run_in_thread (worker, tls_handshake_thread);
}

/* -- TCP -- */

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Connector *self = g_task_get_task_data (task);
  GError *error = NULL;
  GSocket *socket;

  self->tcp = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);
  g_signal_handlers_disconnect_by_data (source, self);
  if (!self->tcp) {
    return_error (task, error, RTMP_ERROR_CONNECT);
    return;
  }
  socket = g_socket_connection_get_socket (self->tcp);
  g_socket_set_keepalive (socket, TRUE);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  if (self->tls) {
    start_tls (task);
    return;
  }
  clear_timer (self);
  g_task_return_pointer (task, g_object_ref (self->tcp), g_object_unref);
  g_object_unref (task);
}

typedef struct {
  GMainContext *context;
  GCancellable *steps;
} Cancel;

static void
cancel_free (gpointer data)
{
  Cancel *cancel = data;

  g_main_context_unref (cancel->context);
  g_object_unref (cancel->steps);
  g_free (cancel);
}

static gboolean
cancel_steps (gpointer steps)
{
  g_cancellable_cancel (steps);
  return G_SOURCE_REMOVE;
}

/* On the I/O thread: what the steps let go of may be the connector, and that must not happen while
 * the caller's cancellable, from which it disconnects, is at work. */
static void
on_outer_cancelled (GCancellable *outer, gpointer data)
{
  Cancel *cancel = data;
  GSource *source = g_idle_source_new ();

  (void) outer;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, cancel_steps, g_object_ref (cancel->steps), g_object_unref);
  g_source_attach (source, cancel->context);
  g_source_unref (source);
}

static GSocketConnectable *
make_address (const RtmpLocation *location, GError **error)
{
  gboolean ipv6 = strchr (location->host, ':') != NULL;
  guint port = rtmp_location_get_port (location);
  g_autofree gchar *uri = g_strdup_printf (ipv6 ? "%s://[%s]:%u" : "%s://%s:%u",
      rtmp_scheme_to_string (location->scheme), location->host, port);

  /* From a URI, so that a proxy resolver sees the scheme. */
  return g_network_address_parse_uri (uri, (guint16) port, error);
}

static Connector *
connector_new (RtmpIoLoop *loop, const RtmpConnectorConfig *config, GCancellable *cancellable)
{
  Connector *self = g_new0 (Connector, 1);

  self->context = g_main_context_ref (rtmp_io_loop_get_context (loop));
  self->tls = config->location->scheme == RTMP_SCHEME_RTMPS;
  self->timeout = config->timeout;
  self->tls_flags = config->tls_flags;
  g_set_object (&self->tls_database, config->tls_database);
  g_set_object (&self->tls_interaction, config->tls_interaction);
  self->accept_certificate = config->accept_certificate;
  self->user_data = config->user_data_ref ? config->user_data_ref (config->user_data)
                                          : config->user_data;
  self->user_data_unref = config->user_data_unref;
  self->steps = g_cancellable_new ();
  self->step = "connecting";
  if (cancellable) {
    Cancel *cancel = g_new (Cancel, 1);

    *cancel = (Cancel) { g_main_context_ref (self->context), g_object_ref (self->steps) };
    self->outer = g_object_ref (cancellable);
    self->chained = g_cancellable_connect (cancellable, G_CALLBACK (on_outer_cancelled), cancel,
        cancel_free);
  }
  return self;
}

void
rtmp_connector_connect_async (RtmpIoLoop *loop, const RtmpConnectorConfig *config,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  Connector *self = connector_new (loop, config, cancellable);
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  GError *error = NULL;

  g_task_set_task_data (task, self, connector_free);
  self->address = make_address (config->location, &error);
  if (!self->address) {
    return_error (task, error, RTMP_ERROR_ADDRESS);
    return;
  }
  if (config->proxy_resolver)
    g_socket_client_set_proxy_resolver (client, config->proxy_resolver);
  g_signal_connect (client, "event", G_CALLBACK (on_client_event), self);
  begin_step (self, "connecting");
  g_socket_client_connect_async (client, self->address, self->steps, on_connected, task);
}

GIOStream *
rtmp_connector_connect_finish (GAsyncResult *result, GSocket **socket, GError **error)
{
  Connector *self = g_task_get_task_data (G_TASK (result));
  GIOStream *stream = g_task_propagate_pointer (G_TASK (result), error);

  if (stream)
    *socket = g_object_ref (g_socket_connection_get_socket (self->tcp));
  return stream;
}
