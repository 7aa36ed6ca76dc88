/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpstatus.h"

#include <string.h>

#include "rtmperror.h"
#include "rtmplimits.h"

/* An information object, as AMF (RTMP 1.0, 7.2.2 and 7.3.1; peers.md Q12;
 * protocol.md 35):
 *
 *   { level, code, description,
 *     ex: { code: 302, redirect: tcUrl, redirect2: URL },   a refusal elsewhere
 *     tcUrl }                                               ReconnectRequest only
 */

#define CODE_REJECTED "NetConnection.Connect.Rejected"
#define CODE_RECONNECT "NetConnection.Connect.ReconnectRequest"
#define EX_CODE_REDIRECT 302

/* Where to cut: at most RTMP_MAX_STATUS_TEXT bytes, and not inside a character. */
static gsize
text_end (const gchar *text)
{
  const gchar *nul = memchr (text, '\0', RTMP_MAX_STATUS_TEXT);
  gsize size = nul ? (gsize) (nul - text) : RTMP_MAX_STATUS_TEXT;
  guint i;

  for (i = 0; i < 3 && size > 0 && ((guint8) text[size] & 0xC0) == 0x80; i++)
    size--;
  return size;
}

/* Cut twice, because a bad byte becomes a replacement character of three. */
static gchar *
clean_text (const gchar *text)
{
  const gchar *raw = text ? text : "";
  gchar *clean = g_utf8_make_valid (raw, text_end (raw));

  clean[text_end (clean)] = '\0';
  return clean;
}

RtmpStatus *
rtmp_status_new (const gchar *level, const gchar *code, const gchar *description)
{
  RtmpStatus *status = g_new0 (RtmpStatus, 1);

  status->level = clean_text (level);
  status->code = clean_text (code);
  status->description = clean_text (description);
  return status;
}

RtmpStatus *
rtmp_status_copy (const RtmpStatus *status)
{
  RtmpStatus *copy = g_new0 (RtmpStatus, 1);

  copy->level = g_strdup (status->level);
  copy->code = g_strdup (status->code);
  copy->description = g_strdup (status->description);
  copy->redirect = g_strdup (status->redirect);
  copy->redirect_is_url = status->redirect_is_url;
  return copy;
}

void
rtmp_status_free (RtmpStatus *status)
{
  g_free (status->level);
  g_free (status->code);
  g_free (status->description);
  g_free (status->redirect);
  g_free (status);
}

/* (transfer full) (nullable): member @name if it may be an address. */
static gchar *
read_address (const RtmpAmf *object, const gchar *name)
{
  gsize size, i;
  const gchar *text = rtmp_amf_get_string_len (rtmp_amf_get (object, name), &size);

  if (size == 0 || size > RTMP_MAX_STATUS_TEXT || !g_utf8_validate (text, size, NULL))
    return NULL;
  for (i = 0; i < size; i++) {
    if ((guint8) text[i] <= ' ' || text[i] == 0x7F)
      return NULL;
  }
  return g_strdup (text);
}

static void
read_redirect (RtmpStatus *status, const RtmpAmf *info)
{
  const RtmpAmf *ex = rtmp_amf_get (info, "ex");

  if (strcmp (status->code, CODE_RECONNECT) == 0) {
    status->redirect = read_address (info, "tcUrl");
    return;
  }
  status->redirect = read_address (ex, "redirect2");
  status->redirect_is_url = status->redirect != NULL;
  if (!status->redirect)
    status->redirect = read_address (ex, "redirect");
}

RtmpStatus *
rtmp_status_parse (const RtmpAmf *info)
{
  RtmpStatus *status;

  if (!rtmp_amf_is_object (info))
    return rtmp_status_new (NULL, NULL, rtmp_amf_get_string (info));
  status = rtmp_status_new (rtmp_amf_get_member_string (info, "level"),
      rtmp_amf_get_member_string (info, "code"), rtmp_amf_get_member_string (info, "description"));
  read_redirect (status, info);
  return status;
}

RtmpAmf *
rtmp_status_to_amf (const RtmpStatus *status)
{
  RtmpAmf *info = rtmp_amf_new_object ();
  RtmpAmf *ex;

  rtmp_amf_set_string (info, "level", status->level);
  rtmp_amf_set_string (info, "code", status->code);
  rtmp_amf_set_string (info, "description", status->description);
  if (!status->redirect)
    return info;
  if (strcmp (status->code, CODE_RECONNECT) == 0) {
    rtmp_amf_set_string (info, "tcUrl", status->redirect);
    return info;
  }
  ex = rtmp_amf_new_object ();
  rtmp_amf_set_number (ex, "code", EX_CODE_REDIRECT);
  rtmp_amf_set_string (ex, status->redirect_is_url ? "redirect2" : "redirect", status->redirect);
  rtmp_amf_set (info, "ex", ex);
  return info;
}

/* protocol.md 22, peers.md Q10 and Q11. A leading "*" stands for any beginning. */
static const struct {
  const gchar *code;
  RtmpError error;
} refusals[] = {
  { "NetConnection.Connect.InvalidApp", RTMP_ERROR_NOT_FOUND },
  { CODE_RECONNECT, RTMP_ERROR_REDIRECT },
  { "NetStream.Play.StreamNotFound", RTMP_ERROR_NOT_FOUND },
  { "NetStream.Play.FileNotFound", RTMP_ERROR_NOT_FOUND },
  { "NetStream.Publish.BadName", RTMP_ERROR_BUSY },
  { "NetStream.Record.NoAccess", RTMP_ERROR_NOT_AUTHORIZED },
  { "*.Unauthorized", RTMP_ERROR_NOT_AUTHORIZED },
};

/* What the descriptions of authentication schemes have in common (protocol.md 29
 * and 30), in lower case. */
static const gchar *const authentication_texts[] = {
  "authmod=",
  "code=403",
  "need auth",
  "reason=needauth",
  "reason=authfailed",
  "reason=nosuchuser",
  "authentication",
  "unauthorized",
};

static gboolean
is_about_authentication (const gchar *description)
{
  g_autofree gchar *lower = g_ascii_strdown (description, -1);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (authentication_texts); i++) {
    if (strstr (lower, authentication_texts[i]))
      return TRUE;
  }
  return FALSE;
}

static gboolean
code_matches (const gchar *code, const gchar *pattern)
{
  return pattern[0] == '*' ? g_str_has_suffix (code, pattern + 1) : strcmp (code, pattern) == 0;
}

static RtmpError
classify (const RtmpStatus *status)
{
  guint i;

  if (status->redirect)
    return RTMP_ERROR_REDIRECT;
  if (strcmp (status->code, CODE_REJECTED) == 0 && is_about_authentication (status->description))
    return RTMP_ERROR_NOT_AUTHORIZED;
  for (i = 0; i < G_N_ELEMENTS (refusals); i++) {
    if (code_matches (status->code, refusals[i].code))
      return refusals[i].error;
  }
  return RTMP_ERROR_REJECTED;
}

/* (transfer full): the server's words, or a remark that there were none. */
static gchar *
describe (const RtmpStatus *status)
{
  gboolean has_code = status->code[0] != '\0';
  gboolean has_description = status->description[0] != '\0';

  if (has_code && has_description)
    return g_strdup_printf ("%s (%s)", status->description, status->code);
  if (has_code || has_description)
    return g_strdup (has_code ? status->code : status->description);
  return g_strdup ("it gave no reason");
}

GError *
rtmp_status_to_error (const RtmpStatus *status, const gchar *context)
{
  g_autofree gchar *words = describe (status);
  GError *error = g_error_new (RTMP_ERROR, classify (status), "The server refused %s: %s", context,
      words);

  rtmp_error_set_status (error, status->code[0] ? status->code : NULL,
      status->description[0] ? status->description : NULL);
  return error;
}
