/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstrtmp2properties.h"

#include <gio/gio.h>
#include <gst/gst.h>

#include "core/rtmpauth.h"
#include "core/rtmpclient.h"
#include "core/rtmplocation.h"
#include "gstrtmp2enums.h"

const gchar *
gst_rtmp2_default_flash_version (gboolean publish)
{
  return publish ? RTMP_FLASH_VERSION_PUBLISH : RTMP_FLASH_VERSION_PLAY;
}

static void
install_address_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, GST_RTMP2_PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "Address of the stream: rtmp[s]://[user:password@]host[:port]/application/stream",
          GST_RTMP2_DEFAULT_LOCATION, flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_SCHEME,
      g_param_spec_enum ("scheme", "Scheme", "Connection scheme", GST_TYPE_RTMP_SCHEME,
          RTMP_SCHEME_RTMP, flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_HOST,
      g_param_spec_string ("host", "Host", "Server's host name or address", "localhost", flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_PORT,
      g_param_spec_int ("port", "Port",
          "Server's port (where the location names none: 1935, with rtmps 443)", 1, 65535, 1935,
          flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_APPLICATION,
      g_param_spec_string ("application", "Application", "Application, and instance, on the server",
          "live", flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_STREAM,
      g_param_spec_string ("stream", "Stream", "Name, or key, of the stream", "myStream", flags));
}

static void
install_credential_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, GST_RTMP2_PROP_USERNAME,
      g_param_spec_string ("username", "User name", "User name for authentication", NULL, flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_PASSWORD,
      g_param_spec_string ("password", "Password", "Password for authentication", NULL, flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_SECURE_TOKEN,
      g_param_spec_string ("secure-token", "Secure token",
          "Key that answers a server's secure token", NULL, flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_AUTHMOD,
      g_param_spec_enum ("authmod", "Authentication mode", "How to authenticate",
          GST_TYPE_RTMP_AUTHMOD, RTMP_AUTHMOD_AUTO, flags));
}

static void
install_connection_properties (GObjectClass *klass, gboolean publish)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, GST_RTMP2_PROP_TIMEOUT,
      g_param_spec_uint ("timeout", "Timeout",
          "Seconds each required answer, and a write without progress, may take (0 = for ever)", 0,
          G_MAXUINT, GST_RTMP2_DEFAULT_TIMEOUT, flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_FLASH_VERSION,
      g_param_spec_string ("flash-version", "Flash version",
          "Flash version told to the server, which may behave by it",
          gst_rtmp2_default_flash_version (publish), flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_ASYNC_CONNECT,
      g_param_spec_boolean ("async-connect", "Async connect",
          "Connect when going to PAUSED, otherwise with the first buffer",
          GST_RTMP2_DEFAULT_ASYNC_CONNECT, flags));
  /**
   * GstRtmp2Sink:extra-connect-args:
   *
   * Further arguments of the connect command in librtmp's notation: words such as
   * conn=S:text, conn=B:1, conn=N:1.5, conn=O:1 conn=NS:name:text conn=O:0
   *
   * Since: 1.26
   */
  g_object_class_install_property (klass, GST_RTMP2_PROP_EXTRA_CONNECT_ARGS,
      g_param_spec_string ("extra-connect-args", "Extra connect arguments",
          "Further arguments of connect, in librtmp's notation (conn=S:text conn=B:1 ...)", NULL,
          flags));
  /**
   * GstRtmp2Sink:fast-start:
   *
   * Sends all commands, and when publishing media behind them, before the server has answered. Where
   * a server does not take that, the element connects once more and waits for each answer.
   * Not used with a user name or a secure token.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_RTMP2_PROP_FAST_START,
      g_param_spec_enum ("fast-start", "Fast start",
          "What is waited for before the commands, and media, are sent. Where the server does not take "
          "that, the element connects again and waits for each answer",
          GST_TYPE_RTMP_FAST_START, RTMP_FAST_START_NONE, flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics", "Statistics of the connection and the stream",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
install_tls_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, GST_RTMP2_PROP_TLS_VALIDATION_FLAGS,
      g_param_spec_flags ("tls-validation-flags", "TLS validation flags",
          "What of the server's certificate is checked (rtmps)", G_TYPE_TLS_CERTIFICATE_FLAGS,
          G_TLS_CERTIFICATE_VALIDATE_ALL, flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_TLS_DATABASE,
      g_param_spec_object ("tls-database", "TLS database",
          "Certificate authorities the server's certificate is checked against (rtmps)",
          G_TYPE_TLS_DATABASE, flags));
  g_object_class_install_property (klass, GST_RTMP2_PROP_TLS_INTERACTION,
      g_param_spec_object ("tls-interaction", "TLS interaction",
          "Asked when the server wants a client certificate, or a password is needed (rtmps)",
          G_TYPE_TLS_INTERACTION, flags));
}

void
gst_rtmp2_properties_install (GObjectClass *klass, gboolean publish)
{
  install_address_properties (klass);
  install_credential_properties (klass);
  install_connection_properties (klass, publish);
  install_tls_properties (klass);
}
