/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmplinkconfig.h"

/* Our Window Acknowledgement Size (peers.md, defaults). */
#define WINDOW_ACK_SIZE 2500000u

void
rtmp_link_config_copy (const RtmpLinkConfig *config, RtmpLinkConfig *copy)
{
  *copy = *config;
  copy->location = rtmp_location_copy (config->location);
  copy->flash_version = g_strdup (config->flash_version);
  if (copy->extra_args)
    g_ptr_array_ref (copy->extra_args);
  if (copy->tls_database)
    g_object_ref (copy->tls_database);
  if (copy->tls_interaction)
    g_object_ref (copy->tls_interaction);
  if (copy->proxy_resolver)
    g_object_ref (copy->proxy_resolver);
}

void
rtmp_link_config_clear (RtmpLinkConfig *copy)
{
  rtmp_location_free ((RtmpLocation *) copy->location);
  g_free ((gchar *) copy->flash_version);
  g_clear_pointer (&copy->extra_args, g_ptr_array_unref);
  g_clear_object (&copy->tls_database);
  g_clear_object (&copy->tls_interaction);
  g_clear_object (&copy->proxy_resolver);
}

void
rtmp_link_config_get_connector (const RtmpLinkConfig *config, RtmpConnectorConfig *connector)
{
  connector->location = config->location;
  connector->timeout = config->timeout;
  connector->tls_flags = config->tls_flags;
  connector->tls_database = config->tls_database;
  connector->tls_interaction = config->tls_interaction;
  connector->proxy_resolver = config->proxy_resolver;
}

RtmpSession *
rtmp_link_config_new_session (const RtmpLinkConfig *config, RtmpAuth *auth)
{
  guint8 random[RTMP_CLIENT_RANDOM_SIZE];
  RtmpClientConfig client = {
    .publish = config->publish,
    .fast_start = config->fast_start,
    .location = config->location,
    .flash_version = config->flash_version,
    .auth = auth,
    .extra_args = config->extra_args,
    .chunk_size = config->chunk_size,
    .window_size = WINDOW_ACK_SIZE,
    .caps_ex = config->caps_ex,
    .buffer_ms = config->buffer_ms,
    .timeout = config->timeout,
    .idle_timeout = config->idle_timeout,
    .random = random,
  };
  guint i;

  for (i = 0; i < sizeof random; i++)
    random[i] = (guint8) g_random_int ();
  return rtmp_client_new (&client, g_get_monotonic_time ());
}
