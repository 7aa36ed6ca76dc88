/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstrtmp2endpoint.h"

#include "core/rtmpcommand.h"
#include "core/rtmpcrypto.h"
#include "core/rtmperror.h"
#include "gstrtmp2message.h"
#include "gstrtmp2properties.h"

GST_DEBUG_CATEGORY_STATIC (gst_rtmp2_endpoint_debug);
#define GST_CAT_DEFAULT gst_rtmp2_endpoint_debug

struct _GstRtmp2Endpoint {
  GstElement *element;
  const GstRtmp2EndpointClass *klass;

  GMutex lock;
  RtmpLocation *location;
  GError *location_error; /* of the last location that could not be used */
  gchar *secure_token;
  RtmpAuthmod authmod;
  guint timeout;
  gboolean timeout_set;
  GTlsCertificateFlags tls_flags;
  GTlsDatabase *tls_database;
  GTlsInteraction *tls_interaction;
  gchar *flash_version;
  gboolean async_connect;
  gchar *extra_connect_args;
  RtmpFastStart fast_start;

  RtmpLink *link;
  gboolean started;
  gboolean flushing;
  enum { NO_ERROR, POSTING, POSTED } error;
  guint run; /* counts starts: a message of an earlier one may still be posted */
  GCond error_posted;
};

static GQuark endpoint_quark;
static guint accept_certificate_signal[2];

/* -- Properties -- */

void
gst_rtmp2_endpoint_class_init (GObjectClass *klass, gboolean publish)
{
  GST_DEBUG_CATEGORY_INIT (gst_rtmp2_endpoint_debug, "rtmp2endpoint", 0,
      "RTMP properties and connection state");
  endpoint_quark = g_quark_from_static_string ("gst-rtmp2-endpoint");

  gst_rtmp2_properties_install (klass, publish);

  /**
   * GstRtmp2Sink::accept-certificate:
   * @element: the element
   * @connection: the TLS connection
   * @certificate: the server's certificate
   * @errors: what is wrong with it
   *
   * Asks whether a certificate that does not verify is to be accepted all the same. Emitted on a
   * thread that does only this connection's TLS handshake.
   *
   * Returns: %TRUE to accept it
   */
  accept_certificate_signal[publish] = g_signal_new ("accept-certificate",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, NULL,
      NULL, G_TYPE_BOOLEAN, 3, G_TYPE_TLS_CONNECTION, G_TYPE_TLS_CERTIFICATE,
      G_TYPE_TLS_CERTIFICATE_FLAGS);
}

/* @error: (nullable): taken over with a location of NULL */
static gboolean
take_location (GstRtmp2Endpoint *self, const gchar *uri, GError **error)
{
  GError *fault = NULL;
  RtmpLocation *location = rtmp_location_parse (uri ? uri : GST_RTMP2_DEFAULT_LOCATION, &fault);

  g_mutex_lock (&self->lock);
  g_clear_error (&self->location_error);
  if (location) {
    /* An address without credentials leaves those that were set. */
    if (!location->username) {
      location->username = g_steal_pointer (&self->location->username);
      location->password = g_steal_pointer (&self->location->password);
    }
    rtmp_location_free (self->location);
    self->location = location;
  } else {
    self->location_error = g_error_copy (fault);
  }
  g_mutex_unlock (&self->lock);
  if (!fault)
    return TRUE;
  GST_WARNING_OBJECT (self->element, "The location cannot be used: %s", fault->message);
  g_propagate_error (error, fault);
  return FALSE;
}

static void
take_string (gchar **place, const GValue *value, const gchar *fallback)
{
  rtmp_secret_free (*place);
  *place = g_value_dup_string (value);
  if (!*place)
    *place = g_strdup (fallback);
}

static gboolean
set_address_property (GstRtmp2Endpoint *self, guint id, const GValue *value)
{
  RtmpLocation *location = self->location;

  switch (id) {
    case GST_RTMP2_PROP_SCHEME:
      location->scheme = (RtmpScheme) g_value_get_enum (value);
      return TRUE;
    case GST_RTMP2_PROP_HOST:
      take_string (&location->host, value, "localhost");
      return TRUE;
    case GST_RTMP2_PROP_PORT:
      location->port = (guint) g_value_get_int (value);
      return TRUE;
    case GST_RTMP2_PROP_APPLICATION:
      take_string (&location->application, value, "");
      return TRUE;
    case GST_RTMP2_PROP_STREAM:
      take_string (&location->stream, value, "");
      return TRUE;
    case GST_RTMP2_PROP_USERNAME:
      take_string (&location->username, value, NULL);
      return TRUE;
    case GST_RTMP2_PROP_PASSWORD:
      take_string (&location->password, value, NULL);
      return TRUE;
    default:
      return FALSE;
  }
}

static gboolean
set_connection_property (GstRtmp2Endpoint *self, guint id, const GValue *value)
{
  switch (id) {
    case GST_RTMP2_PROP_SECURE_TOKEN:
      take_string (&self->secure_token, value, NULL);
      return TRUE;
    case GST_RTMP2_PROP_AUTHMOD:
      self->authmod = (RtmpAuthmod) g_value_get_enum (value);
      return TRUE;
    case GST_RTMP2_PROP_TIMEOUT:
      self->timeout = g_value_get_uint (value);
      self->timeout_set = TRUE;
      return TRUE;
    case GST_RTMP2_PROP_TLS_VALIDATION_FLAGS:
      self->tls_flags = (GTlsCertificateFlags) g_value_get_flags (value);
      return TRUE;
    case GST_RTMP2_PROP_TLS_DATABASE:
      g_set_object (&self->tls_database, g_value_get_object (value));
      return TRUE;
    case GST_RTMP2_PROP_TLS_INTERACTION:
      g_set_object (&self->tls_interaction, g_value_get_object (value));
      return TRUE;
    case GST_RTMP2_PROP_FLASH_VERSION:
      take_string (&self->flash_version, value, NULL);
      return TRUE;
    case GST_RTMP2_PROP_ASYNC_CONNECT:
      self->async_connect = g_value_get_boolean (value);
      return TRUE;
    case GST_RTMP2_PROP_EXTRA_CONNECT_ARGS:
      take_string (&self->extra_connect_args, value, NULL);
      return TRUE;
    case GST_RTMP2_PROP_FAST_START:
      self->fast_start = (RtmpFastStart) g_value_get_enum (value);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
gst_rtmp2_endpoint_set_property (GstRtmp2Endpoint *self, guint id, const GValue *value)
{
  gboolean known;

  if (id == GST_RTMP2_PROP_LOCATION) {
    take_location (self, g_value_get_string (value), NULL);
    return TRUE;
  }
  g_mutex_lock (&self->lock);
  known = set_address_property (self, id, value) || set_connection_property (self, id, value);
  g_mutex_unlock (&self->lock);
  return known;
}

static gboolean
get_address_property (GstRtmp2Endpoint *self, guint id, GValue *value)
{
  const RtmpLocation *location = self->location;

  switch (id) {
    case GST_RTMP2_PROP_LOCATION:
      g_value_take_string (value, rtmp_location_to_uri (location));
      return TRUE;
    case GST_RTMP2_PROP_SCHEME:
      g_value_set_enum (value, (gint) location->scheme);
      return TRUE;
    case GST_RTMP2_PROP_HOST:
      g_value_set_string (value, location->host);
      return TRUE;
    case GST_RTMP2_PROP_PORT:
      g_value_set_int (value, (gint) rtmp_location_get_port (location));
      return TRUE;
    case GST_RTMP2_PROP_APPLICATION:
      g_value_set_string (value, location->application);
      return TRUE;
    case GST_RTMP2_PROP_STREAM:
      g_value_set_string (value, location->stream);
      return TRUE;
    case GST_RTMP2_PROP_USERNAME:
      g_value_set_string (value, location->username);
      return TRUE;
    case GST_RTMP2_PROP_PASSWORD:
      g_value_set_string (value, location->password);
      return TRUE;
    default:
      return FALSE;
  }
}

static gboolean
get_connection_property (GstRtmp2Endpoint *self, guint id, GValue *value)
{
  switch (id) {
    case GST_RTMP2_PROP_SECURE_TOKEN:
      g_value_set_string (value, self->secure_token);
      return TRUE;
    case GST_RTMP2_PROP_AUTHMOD:
      g_value_set_enum (value, (gint) self->authmod);
      return TRUE;
    case GST_RTMP2_PROP_TIMEOUT:
      g_value_set_uint (value, self->timeout);
      return TRUE;
    case GST_RTMP2_PROP_TLS_VALIDATION_FLAGS:
      g_value_set_flags (value, self->tls_flags);
      return TRUE;
    case GST_RTMP2_PROP_TLS_DATABASE:
      g_value_set_object (value, self->tls_database);
      return TRUE;
    case GST_RTMP2_PROP_TLS_INTERACTION:
      g_value_set_object (value, self->tls_interaction);
      return TRUE;
    case GST_RTMP2_PROP_FLASH_VERSION:
      g_value_set_string (value,
          self->flash_version ? self->flash_version
                              : gst_rtmp2_default_flash_version (self->klass->publish));
      return TRUE;
    case GST_RTMP2_PROP_ASYNC_CONNECT:
      g_value_set_boolean (value, self->async_connect);
      return TRUE;
    case GST_RTMP2_PROP_EXTRA_CONNECT_ARGS:
      g_value_set_string (value, self->extra_connect_args);
      return TRUE;
    case GST_RTMP2_PROP_FAST_START:
      g_value_set_enum (value, (gint) self->fast_start);
      return TRUE;
    default:
      return FALSE;
  }
}

/* The lock is not held while the element adds its own, since that may call back. */
static GstStructure *
make_stats (GstRtmp2Endpoint *self)
{
  RtmpLinkStats stats = { .session.round_trip = -1, .ready_time = -1, .media_time = -1 };
  g_autofree gchar *display = NULL;
  GstStructure *structure;

  g_mutex_lock (&self->lock);
  if (self->link)
    rtmp_link_get_stats (self->link, &stats);
  display = rtmp_location_to_display (self->location);
  g_mutex_unlock (&self->lock);

  structure = gst_rtmp2_stats_to_structure (&stats, display);
  g_free (stats.address);
  if (self->klass->add_stats)
    self->klass->add_stats (self->element, structure);
  return structure;
}

gboolean
gst_rtmp2_endpoint_get_property (GstRtmp2Endpoint *self, guint id, GValue *value)
{
  gboolean known;

  if (id == GST_RTMP2_PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return TRUE;
  }
  g_mutex_lock (&self->lock);
  known = get_address_property (self, id, value) || get_connection_property (self, id, value);
  g_mutex_unlock (&self->lock);
  return known;
}

/* -- GstURIHandler -- */

static GstURIType
uri_type_sink (GType type)
{
  (void) type;
  return GST_URI_SINK;
}

static GstURIType
uri_type_src (GType type)
{
  (void) type;
  return GST_URI_SRC;
}

static const gchar *const *
uri_protocols (GType type)
{
  static const gchar *const protocols[] = { "rtmp", "rtmps", NULL };

  (void) type;
  return protocols;
}

static GstRtmp2Endpoint *
endpoint_of (gpointer element)
{
  return g_object_get_qdata (G_OBJECT (element), endpoint_quark);
}

static gchar *
uri_get (GstURIHandler *handler)
{
  GstRtmp2Endpoint *self = endpoint_of (handler);
  gchar *uri;

  g_mutex_lock (&self->lock);
  uri = rtmp_location_to_uri (self->location);
  g_mutex_unlock (&self->lock);
  return uri;
}

static gboolean
uri_set (GstURIHandler *handler, const gchar *uri, GError **error)
{
  g_autoptr (GError) fault = NULL;

  if (take_location (endpoint_of (handler), uri, &fault))
    return TRUE;
  g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, fault->message);
  return FALSE;
}

void
gst_rtmp2_endpoint_uri_handler_init (GstURIHandlerInterface *iface, gboolean publish)
{
  iface->get_type = publish ? uri_type_sink : uri_type_src;
  iface->get_protocols = uri_protocols;
  iface->get_uri = uri_get;
  iface->set_uri = uri_set;
}

/* -- What the link tells -- */

static gpointer
element_ref (gpointer element)
{
  return gst_object_ref (element);
}

static void
on_state_changed (RtmpLinkState state, gpointer element)
{
  GST_DEBUG_OBJECT (element, "Connection is %s", rtmp_link_state_to_string (state));
}

static void
on_warning (const gchar *text, gboolean lost, gpointer element)
{
  if (lost)
    GST_ELEMENT_WARNING (element, RESOURCE, READ, ("%s", text), (NULL));
  else
    GST_WARNING_OBJECT (element, "%s", text);
}

/* A source gives its error out behind the media that came before it. */
static void
on_failed (const GError *error, gpointer element)
{
  GstRtmp2Endpoint *self = endpoint_of (element);

  GST_INFO_OBJECT (element, "Connection failed");
  if (self->klass->publish)
    gst_rtmp2_endpoint_post_error (self, error);
}

static gboolean
on_accept_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer element)
{
  GstRtmp2Endpoint *self = endpoint_of (element);
  gboolean accept = FALSE;

  g_signal_emit (element, accept_certificate_signal[self->klass->publish], 0, connection,
      certificate, errors, &accept);
  GST_DEBUG_OBJECT (element, "Certificate with errors 0x%x %s", (guint) errors,
      accept ? "accepted" : "refused");
  return accept;
}

static const RtmpLinkCallbacks link_callbacks = {
  .state_changed = on_state_changed,
  .failed = on_failed,
  .warning = on_warning,
  .accept_certificate = on_accept_certificate,
  .user_data_ref = element_ref,
  .user_data_unref = gst_object_unref,
};

void
gst_rtmp2_endpoint_post_error (GstRtmp2Endpoint *self, const GError *error)
{
  g_autofree gchar *display = NULL;
  gboolean first, opened;
  guint run;

  g_mutex_lock (&self->lock);
  run = self->run;
  first = self->error == NO_ERROR;
  if (first)
    self->error = POSTING;
  opened = self->link && rtmp_link_was_ready (self->link);
  display = self->location_error ? g_strdup ("") : rtmp_location_to_display (self->location);
  g_mutex_unlock (&self->lock);
  if (!first)
    return;
  gst_rtmp2_post_error (self->element, error, self->klass->publish, opened, display);
  g_mutex_lock (&self->lock);
  if (run == self->run)
    self->error = POSTED;
  g_cond_broadcast (&self->error_posted);
  g_mutex_unlock (&self->lock);
}

void
gst_rtmp2_endpoint_wait_error (GstRtmp2Endpoint *self)
{
  g_mutex_lock (&self->lock);
  while (self->error != POSTED && !self->flushing)
    g_cond_wait (&self->error_posted, &self->lock);
  g_mutex_unlock (&self->lock);
}

/* -- Life -- */

GstRtmp2Endpoint *
gst_rtmp2_endpoint_new (GstElement *element, const GstRtmp2EndpointClass *klass)
{
  GstRtmp2Endpoint *self = g_new0 (GstRtmp2Endpoint, 1);

  self->element = element;
  self->klass = klass;
  g_mutex_init (&self->lock);
  g_cond_init (&self->error_posted);
  self->location = rtmp_location_new ();
  self->authmod = RTMP_AUTHMOD_AUTO;
  self->timeout = GST_RTMP2_DEFAULT_TIMEOUT;
  self->tls_flags = G_TLS_CERTIFICATE_VALIDATE_ALL;
  self->async_connect = GST_RTMP2_DEFAULT_ASYNC_CONNECT;
  g_object_set_qdata (G_OBJECT (element), endpoint_quark, self);
  return self;
}

void
gst_rtmp2_endpoint_free (GstRtmp2Endpoint *self)
{
  rtmp_link_free (self->link);
  rtmp_location_free (self->location);
  g_clear_error (&self->location_error);
  rtmp_secret_free (self->secure_token);
  g_clear_object (&self->tls_database);
  g_clear_object (&self->tls_interaction);
  g_free (self->flash_version);
  rtmp_secret_free (self->extra_connect_args);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->error_posted);
  g_free (self);
}

/* librtmp's options in the address stand where no property was set. */
static const gchar *
either (const gchar *property, const gchar *option)
{
  return property ? property : option;
}

static gboolean
parse_extra_args (GstRtmp2Endpoint *self, GPtrArray **args, GError **error)
{
  const gchar *text = either (self->extra_connect_args, self->location->connect_args);

  *args = NULL;
  return !text || (*args = rtmp_connect_extra_parse (text, error));
}

static RtmpLink *
make_link_locked (GstRtmp2Endpoint *self, GError **error)
{
  g_autoptr (RtmpLocation) location = NULL;
  g_autoptr (GPtrArray) extra_args = NULL;
  RtmpLinkConfig config = { 0 };
  guint timeout = self->timeout;

  if (self->location_error) {
    g_propagate_error (error, g_error_copy (self->location_error));
    return NULL;
  }
  if (!parse_extra_args (self, &extra_args, error))
    return NULL;
  location = rtmp_location_copy (self->location);
  if (!self->timeout_set && location->timeout >= 0)
    timeout = (guint) location->timeout;
  if (self->secure_token) {
    rtmp_secret_free (location->secure_token);
    location->secure_token = g_strdup (self->secure_token);
  }
  config.publish = self->klass->publish;
  config.fast_start = self->fast_start;
  config.location = location;
  config.authmod = self->authmod;
  config.flash_version = either (self->flash_version, location->flash_version);
  config.extra_args = extra_args;
  config.timeout = timeout * G_TIME_SPAN_SECOND;
  config.tls_flags = self->tls_flags;
  config.tls_database = self->tls_database;
  config.tls_interaction = self->tls_interaction;
  self->klass->configure (self->element, &config);
  return rtmp_link_new (&config, &link_callbacks, self->element);
}

gboolean
gst_rtmp2_endpoint_start (GstRtmp2Endpoint *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *display = NULL;
  RtmpLink *link;

  g_mutex_lock (&self->lock);
  self->error = NO_ERROR;
  self->run++;
  self->flushing = FALSE;
  self->started = FALSE;
  link = self->link = make_link_locked (self, &error);
  display = rtmp_location_to_display (self->location);
  g_mutex_unlock (&self->lock);
  if (!link) {
    gst_rtmp2_endpoint_post_error (self, error);
    return FALSE;
  }
  GST_INFO_OBJECT (self->element, "Address is %s", display);
  if (self->async_connect)
    gst_rtmp2_endpoint_get_link (self);
  return TRUE;
}

void
gst_rtmp2_endpoint_stop (GstRtmp2Endpoint *self)
{
  RtmpLink *link;

  g_mutex_lock (&self->lock);
  link = g_steal_pointer (&self->link);
  g_mutex_unlock (&self->lock);
  rtmp_link_free (link);
}

RtmpLink *
gst_rtmp2_endpoint_get_link (GstRtmp2Endpoint *self)
{
  if (!self->started) {
    self->started = TRUE;
    rtmp_link_start (self->link);
  }
  return self->link;
}

gboolean
gst_rtmp2_endpoint_is_started (GstRtmp2Endpoint *self)
{
  return self->started;
}

void
gst_rtmp2_endpoint_set_flushing (GstRtmp2Endpoint *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  g_cond_broadcast (&self->error_posted);
  if (self->link)
    rtmp_link_set_flushing (self->link, flushing);
  g_mutex_unlock (&self->lock);
}

void
gst_rtmp2_endpoint_with_link (GstRtmp2Endpoint *self, void (*func) (RtmpLink *link, gpointer data),
    gpointer data)
{
  g_mutex_lock (&self->lock);
  if (self->link)
    func (self->link, data);
  g_mutex_unlock (&self->lock);
}
