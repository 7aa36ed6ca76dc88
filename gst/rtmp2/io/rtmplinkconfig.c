/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmplinkconfig.h"

#include <string.h>

#include "core/rtmperror.h"

/* Our Window Acknowledgement Size (peers.md, defaults). */
#define WINDOW_ACK_SIZE 2500000u

/* Shorter ones are words rather than secrets. */
#define MIN_SECRET 4u

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

static void
hide (GString *text, const gchar *secret, gsize size)
{
  g_autofree gchar *word = g_strndup (secret, size);
  g_autofree gchar *masked = rtmp_mask_secret (word);

  if (size >= MIN_SECRET)
    g_string_replace (text, word, masked, 0);
}

/* The whole name, its part before the query, and the query's values. */
static void
hide_stream (GString *text, const gchar *stream)
{
  const gchar *part = stream + strcspn (stream, "?");

  hide (text, stream, strlen (stream));
  hide (text, stream, (gsize) (part - stream));
  while (*part) {
    gsize size;

    part += 1 + strcspn (part + 1, "=&;");
    if (*part == '=') {
      size = strcspn (part + 1, "&;");
      hide (text, part + 1, size);
      part += 1 + size;
    }
  }
}

gchar *
rtmp_link_config_hide (const RtmpLinkConfig *config, const gchar *text)
{
  GString *hidden = g_string_new (text);

  hide_stream (hidden, config->location->stream);
  return g_string_free (hidden, FALSE);
}

void
rtmp_link_config_hide_in_error (const RtmpLinkConfig *config, GError *error)
{
  const gchar *description = rtmp_error_get_description (error);
  g_autofree gchar *code = g_strdup (rtmp_error_get_code (error));
  g_autofree gchar *plain = error->message;
  g_autofree gchar *hidden = NULL;

  error->message = rtmp_link_config_hide (config, plain);
  if (!description)
    return;
  hidden = rtmp_link_config_hide (config, description);
  rtmp_error_set_status (error, code, hidden);
}
