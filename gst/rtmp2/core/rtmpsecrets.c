/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpsecrets.h"

#include <string.h>

#include "rtmpcrypto.h"
#include "rtmperror.h"

#define MIN_SECRET 4u

static void
hide (GString *text, const gchar *secret, gsize size)
{
  gchar *word;
  g_autofree gchar *masked = NULL;

  if (size < MIN_SECRET)
    return;
  word = g_strndup (secret, size);
  masked = rtmp_mask_secret (word);
  g_string_replace (text, word, masked, 0);
  rtmp_secret_free (word);
}

static void
hide_whole (GString *text, const gchar *secret)
{
  if (secret)
    hide (text, secret, strlen (secret));
}

static void
hide_query_values (GString *text, const gchar *name)
{
  const gchar *part = name + strcspn (name, "?");

  while (*part) {
    part += 1 + strcspn (part + 1, "=&;");
    if (*part == '=') {
      gsize size = strcspn (part + 1, "&;");

      hide (text, part + 1, size);
      part += 1 + size;
    }
  }
}

gchar *
rtmp_secrets_hide (const RtmpLocation *location, const gchar *text)
{
  GString *hidden = g_string_new (text);

  hide_whole (hidden, location->stream);
  hide (hidden, location->stream, strcspn (location->stream, "?"));
  hide_query_values (hidden, location->stream);
  hide_query_values (hidden, location->application);
  hide_whole (hidden, location->password);
  hide_whole (hidden, location->secure_token);
  return g_string_free (hidden, FALSE);
}

void
rtmp_secrets_hide_in_error (const RtmpLocation *location, GError *error)
{
  const gchar *description = rtmp_error_get_description (error);
  g_autofree gchar *code = g_strdup (rtmp_error_get_code (error));
  g_autofree gchar *plain = error->message;
  g_autofree gchar *hidden = NULL;

  error->message = rtmp_secrets_hide (location, plain);
  if (!description)
    return;
  hidden = rtmp_secrets_hide (location, description);
  rtmp_error_set_status (error, code, hidden);
}
