/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmplocation.h"

#include <string.h>

#include "rtmpcrypto.h"
#include "rtmperror.h"
#include "rtmplimits.h"
#include "rtmplocationoptions.h"

/*
 *   scheme :// [user[:password]@] host [:port] / application / stream [ key=value]...
 *              \_________ authority _________/   \______ path ______/ \_ options _/
 */
static const struct {
  const gchar *name;
  guint default_port;
} schemes[] = {
  [RTMP_SCHEME_RTMP] = { "rtmp", 1935 },
  [RTMP_SCHEME_RTMPS] = { "rtmps", 443 },
};

/* Longer ones are not shown: a wrong address may begin with anything. */
#define MAX_SCHEME 16

/* What begins a stream's name, whatever slashes follow (peers.md Q30). */
static const gchar *const stream_prefixes[] = { "mp4:", "flv:", "mp3:" };

static const gsize strings[] = {
  G_STRUCT_OFFSET (RtmpLocation, host),
  G_STRUCT_OFFSET (RtmpLocation, application),
  G_STRUCT_OFFSET (RtmpLocation, stream),
  G_STRUCT_OFFSET (RtmpLocation, username),
  G_STRUCT_OFFSET (RtmpLocation, password),
  G_STRUCT_OFFSET (RtmpLocation, tc_url),
  G_STRUCT_OFFSET (RtmpLocation, swf_url),
  G_STRUCT_OFFSET (RtmpLocation, page_url),
  G_STRUCT_OFFSET (RtmpLocation, flash_version),
  G_STRUCT_OFFSET (RtmpLocation, secure_token),
  G_STRUCT_OFFSET (RtmpLocation, connect_args),
};

#define STRING(location, i) G_STRUCT_MEMBER (gchar *, location, strings[i])

static RtmpLocation *
location_alloc (void)
{
  RtmpLocation *location = g_new0 (RtmpLocation, 1);

  location->live = -1;
  location->timeout = -1;
  location->buffer_ms = -1;
  return location;
}

RtmpLocation *
rtmp_location_new (void)
{
  RtmpLocation *location = location_alloc ();

  location->host = g_strdup ("localhost");
  location->application = g_strdup ("live");
  location->stream = g_strdup ("myStream");
  return location;
}

RtmpLocation *
rtmp_location_copy (const RtmpLocation *location)
{
  RtmpLocation *copy = g_new (RtmpLocation, 1);
  guint i;

  *copy = *location;
  for (i = 0; i < G_N_ELEMENTS (strings); i++)
    STRING (copy, i) = g_strdup (STRING (location, i));
  return copy;
}

void
rtmp_location_free (RtmpLocation *location)
{
  guint i;

  if (!location)
    return;
  for (i = 0; i < G_N_ELEMENTS (strings); i++)
    rtmp_secret_free (STRING (location, i));
  g_free (location);
}

guint
rtmp_location_get_port (const RtmpLocation *location)
{
  return location->port != 0 ? location->port : schemes[location->scheme].default_port;
}

const gchar *
rtmp_scheme_to_string (RtmpScheme scheme)
{
  return schemes[scheme].name;
}

/* -- Parsing -- */

static gboolean
address_error (const gchar *text, GError **error)
{
  g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_ADDRESS, text);
  return FALSE;
}

static gboolean
check_text (const gchar *uri, GError **error)
{
  g_autofree gchar *unspaced = NULL;

  if (strlen (uri) > RTMP_MAX_LOCATION) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_ADDRESS, "The address is longer than %u bytes",
        RTMP_MAX_LOCATION);
    return FALSE;
  }
  unspaced = g_strdelimit (g_strdup (uri), " ", '_');
  if (!rtmp_location_is_plain (unspaced))
    return address_error ("The address holds a control character, white space other than before"
                          " an option, or is not UTF-8",
        error);
  return TRUE;
}

/* RFC 3986, 3.1, and short. */
static gboolean
is_scheme (const gchar *text, gsize length)
{
  gsize i;

  if (length == 0 || length > MAX_SCHEME || !g_ascii_isalpha (text[0]))
    return FALSE;
  for (i = 1; i < length; i++) {
    if (!g_ascii_isalnum (text[i]) && !strchr ("+-.", text[i]))
      return FALSE;
  }
  return TRUE;
}

static gboolean
parse_scheme (RtmpLocation *location, const gchar *uri, const gchar **rest, GError **error)
{
  const gchar *end = strstr (uri, "://");
  g_autofree gchar *name = NULL;
  guint i;

  if (!end || !is_scheme (uri, end - uri))
    return address_error ("The address does not begin with rtmp:// or rtmps://", error);

  name = g_ascii_strdown (uri, end - uri);
  *rest = end + strlen ("://");
  for (i = 0; i < G_N_ELEMENTS (schemes); i++) {
    if (g_str_equal (name, schemes[i].name)) {
      location->scheme = i;
      return TRUE;
    }
  }
  g_set_error (error, RTMP_ERROR, RTMP_ERROR_ADDRESS,
      "The address's scheme %s is not supported, only rtmp and rtmps are", name);
  return FALSE;
}

static gchar *
decode_percent (const gchar *text, const gchar *end, GError **error)
{
  gchar *decoded = g_uri_unescape_segment (text, end, NULL);

  if (decoded && g_utf8_validate (decoded, -1, NULL))
    return decoded;
  g_free (decoded);
  address_error ("The address's user name or password has a % that does not begin an escape,"
                 " or is not UTF-8",
      error);
  return NULL;
}

static gboolean
parse_credentials (RtmpLocation *location, const gchar *text, const gchar *end, GError **error)
{
  const gchar *colon = memchr (text, ':', end - text);

  if (text == end)
    return TRUE;
  if (colon == text)
    return address_error ("The address has a password without a user name", error);

  location->username = decode_percent (text, colon ? colon : end, error);
  if (!location->username)
    return FALSE;
  if (colon)
    location->password = decode_percent (colon + 1, end, error);
  return !colon || location->password;
}

/* RFC 6874: ZoneID = 1*( unreserved / pct-encoded ), of which only unreserved is taken. */
static gboolean
is_zone (const gchar *zone)
{
  for (; *zone; zone++) {
    if (!g_ascii_isalnum (*zone) && !strchr ("-._~", *zone))
      return FALSE;
  }
  return TRUE;
}

/* [address] or [address%25zone]; @rest is what follows the bracket. */
static gboolean
parse_ipv6 (RtmpLocation *location, const gchar *text, const gchar **rest, GError **error)
{
  const gchar *close = strchr (text, ']');
  g_auto (GStrv) parts = NULL;

  if (close) {
    g_autofree gchar *inside = g_strndup (text + 1, close - text - 1);

    parts = g_strsplit (inside, "%", 2);
  }
  if (!close || !parts[0] || !strchr (parts[0], ':') || !g_hostname_is_ip_address (parts[0]))
    return address_error ("The address has no IPv6 address between its brackets", error);

  *rest = close + 1;
  if (parts[1]) {
    const gchar *zone = parts[1] + (g_str_has_prefix (parts[1], "25") ? 2 : 0);

    if (*zone == '\0' || !is_zone (zone))
      return address_error ("The address's IPv6 zone id cannot be used", error);
    location->host = g_strconcat (parts[0], "%", zone, NULL);
  } else {
    location->host = g_strdup (parts[0]);
  }
  return TRUE;
}

static gboolean
parse_host_name (RtmpLocation *location, const gchar *text, const gchar **rest, GError **error)
{
  const gchar *p;

  for (p = text; *p && *p != ':'; p++) {
    if (!g_ascii_isalnum (*p) && !strchr ("-._", *p) && (guchar) *p < 0x80)
      return address_error ("The address's host holds a character that no host name can", error);
  }
  if (p == text)
    return address_error ("The address has no host", error);

  location->host = g_strndup (text, p - text);
  *rest = p;
  return TRUE;
}

/* Nothing, ":" or ":port" (RFC 3986, 3.2.3). */
static gboolean
parse_port (RtmpLocation *location, const gchar *text, GError **error)
{
  guint64 port = 0;

  if (*text != '\0' && *text != ':')
    return address_error ("The address's host is followed by neither a port nor a path", error);
  if (*text != '\0' && text[1] != '\0'
      && !g_ascii_string_to_unsigned (text + 1, 10, 1, G_MAXUINT16, &port, NULL))
    return address_error ("The address's port is not a number from 1 to 65535", error);

  location->port = (guint) port;
  return TRUE;
}

static gboolean
parse_authority (RtmpLocation *location, const gchar *authority, GError **error)
{
  /* The last one: passwords are often pasted without escapes. */
  const gchar *at = strrchr (authority, '@');
  const gchar *host = at ? at + 1 : authority;
  const gchar *port;

  if (at && !parse_credentials (location, authority, at, error))
    return FALSE;
  if (host[0] == '[') {
    if (!parse_ipv6 (location, host, &port, error))
      return FALSE;
  } else if (!parse_host_name (location, host, &port, error)) {
    return FALSE;
  }
  return parse_port (location, port, error);
}

/* Everything up to the path. *@path is what follows the host's '/', NULL if there is none. */
static gboolean
parse_address (RtmpLocation *location, const gchar *address, const gchar **path, GError **error)
{
  g_autofree gchar *authority = NULL;
  const gchar *rest, *slash;

  if (!parse_scheme (location, address, &rest, error))
    return FALSE;

  slash = strchr (rest, '/');
  authority = slash ? g_strndup (rest, slash - rest) : g_strdup (rest);
  *path = slash ? slash + 1 : NULL;
  return parse_authority (location, authority, error);
}

static gboolean
begins_stream (const gchar *segment)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (stream_prefixes); i++) {
    if (g_str_has_prefix (segment, stream_prefixes[i]))
      return TRUE;
  }
  return FALSE;
}

/* Where the stream's name begins, looking at slashes before @end only; NULL if there are none. */
static const gchar *
find_stream (const gchar *path, const gchar *end)
{
  const gchar *stream = NULL;
  const gchar *segment = path;

  while (!begins_stream (segment)) {
    const gchar *slash = memchr (segment, '/', end - segment);

    if (!slash)
      return stream;
    segment = stream = slash + 1;
  }
  return segment;
}

static void
split_path (const gchar *path, gchar **application, gchar **stream)
{
  const gchar *start = find_stream (path, path + strcspn (path, "?"));

  if (!start)
    start = find_stream (path, path + strlen (path));
  if (!start) {
    *application = g_strdup (path);
    *stream = g_strdup ("");
    return;
  }
  *application = g_strndup (path, start > path ? start - path - 1 : 0);
  *stream = g_strdup (start);
}

RtmpLocation *
rtmp_location_parse (const gchar *uri, GError **error)
{
  g_autoptr (RtmpLocation) location = location_alloc ();
  g_autofree gchar *address = NULL;
  const gchar *path;

  g_return_val_if_fail (uri != NULL, NULL);

  if (!check_text (uri, error))
    return NULL;
  address = g_strndup (uri, strcspn (uri, " "));
  if (!parse_address (location, address, &path, error))
    return NULL;
  split_path (path ? path : "", &location->application, &location->stream);
  if (!rtmp_location_parse_options (location, uri + strlen (address), error))
    return NULL;
  return g_steal_pointer (&location);
}

/* -- Writing -- */

static void
append_host (GString *out, const gchar *host, gboolean with_zone)
{
  gsize length = strcspn (host, "%");
  g_autofree gchar *address = g_strndup (host, length);

  if (!strchr (host, ':')) {
    rtmp_location_append_escaped (out, host);
    return;
  }
  g_string_append_c (out, '[');
  rtmp_location_append_escaped (out, address);
  if (with_zone && host[length] != '\0') {
    g_string_append (out, "%25");
    rtmp_location_append_escaped (out, host + length + 1);
  }
  g_string_append_c (out, ']');
}

static void
append_authority (GString *out, const RtmpLocation *location, gboolean with_zone)
{
  g_string_append_printf (out, "%s://", rtmp_scheme_to_string (location->scheme));
  append_host (out, location->host, with_zone);
  if (rtmp_location_get_port (location) != schemes[location->scheme].default_port)
    g_string_append_printf (out, ":%u", location->port);
}

static gboolean
splits_into (const gchar *path, const RtmpLocation *location)
{
  g_autofree gchar *application = NULL;
  g_autofree gchar *stream = NULL;

  split_path (path, &application, &stream);
  return g_str_equal (application, location->application) && g_str_equal (stream, location->stream);
}

gchar *
rtmp_location_to_uri (const RtmpLocation *location)
{
  GString *out = g_string_new (NULL);
  g_autofree gchar *path = g_strconcat (location->application, "/", location->stream, NULL);

  append_authority (out, location, TRUE);
  g_string_append_c (out, '/');
  if (rtmp_location_is_plain (path) && splits_into (path, location)) {
    g_string_append (out, path);
  } else {
    g_string_append (out, " app=");
    rtmp_location_append_escaped (out, location->application);
    g_string_append (out, " playpath=");
    rtmp_location_append_escaped (out, location->stream);
  }
  return g_string_free (out, FALSE);
}

gchar *
rtmp_location_to_tc_url (const RtmpLocation *location)
{
  GString *out;

  if (location->tc_url)
    return g_strdup (location->tc_url);

  out = g_string_new (NULL);
  append_authority (out, location, FALSE);
  g_string_append_c (out, '/');
  g_string_append (out, location->application);
  return g_string_free (out, FALSE);
}

gchar *
rtmp_mask_secret (const gchar *secret)
{
  const gchar *end = secret;
  glong shown;

  if (!secret || *secret == '\0')
    return g_strdup ("");
  if (!rtmp_location_is_plain (secret))
    return g_strdup ("***");

  for (shown = MIN (2, g_utf8_strlen (secret, -1) / 3); shown > 0; shown--)
    end = g_utf8_next_char (end);
  return g_strdup_printf ("%.*s***", (gint) (end - secret), secret);
}

/* Length of the key if @piece is key=value, else 0: tokens stand alone in queries as well, and
 * those in Base64 may end with '='. */
static gsize
query_key_length (const gchar *piece)
{
  gsize length = strcspn (piece, "=");
  gsize i;

  if (piece[length + strspn (piece + length, "=")] == '\0')
    return 0;
  for (i = 0; i < length; i++) {
    if (!g_ascii_isalnum (piece[i]) && !strchr ("-._", piece[i]))
      return 0;
  }
  return length;
}

static void
append_masked_query (GString *out, const gchar *query)
{
  g_auto (GStrv) pieces = g_strsplit_set (query, "&;", -1);
  guint i;

  for (i = 0; pieces[i]; i++) {
    gsize length = query_key_length (pieces[i]);

    g_string_append_c (out, i == 0 ? '?' : '&');
    g_string_append_len (out, pieces[i], length);
    g_string_append (out, length > 0 ? "=***" : "***");
  }
}

gchar *
rtmp_location_to_display (const RtmpLocation *location)
{
  GString *out = g_string_new (NULL);
  gsize length = strcspn (location->application, "?");
  g_autofree gchar *name = g_strndup (location->application, length);
  g_autofree gchar *masked = rtmp_mask_secret (location->stream);

  append_authority (out, location, TRUE);
  g_string_append_c (out, '/');
  /* "user/name:password@host" may have been meant for credentials. */
  if (strchr (name, '@'))
    g_string_append (out, "***");
  else
    rtmp_location_append_escaped (out, name);
  if (location->application[length] == '?')
    append_masked_query (out, location->application + length + 1);
  g_string_append_printf (out, "/%s", masked);
  return g_string_free (out, FALSE);
}

/* -- Redirects -- */

/* Returns @target as an absolute address, NULL if it is of no known form. */
static gchar *
make_absolute (const RtmpLocation *location, const gchar *target)
{
  GString *out;

  if (target[0] != '/')
    return strstr (target, "://") ? g_strdup (target) : NULL;
  if (target[1] == '/')
    return g_strconcat (rtmp_scheme_to_string (location->scheme), ":", target, NULL);

  out = g_string_new (NULL);
  append_authority (out, location, TRUE);
  g_string_append (out, target);
  return g_string_free (out, FALSE);
}

/* What @target says: scheme, host and port; application and stream NULL where it says nothing. */
static RtmpLocation *
parse_redirect (const RtmpLocation *location, const gchar *target, gboolean is_url, GError **error)
{
  g_autoptr (RtmpLocation) found = location_alloc ();
  g_autofree gchar *absolute = make_absolute (location, target);
  const gchar *path;

  if (!absolute || strchr (target, ' ')) {
    address_error ("The address is neither whole nor begins with '/', or holds a space", error);
    return NULL;
  }
  if (!check_text (absolute, error) || !parse_address (found, absolute, &path, error))
    return NULL;
  if (path && path[0] != '\0' && is_url)
    split_path (path, &found->application, &found->stream);
  else if (path && path[0] != '\0')
    found->application = g_strdup (path);
  if (found->stream && found->stream[0] == '\0')
    g_clear_pointer (&found->stream, g_free);
  return g_steal_pointer (&found);
}

static void
replace (gchar **field, gchar **value)
{
  if (!*value)
    return;
  g_free (*field);
  *field = g_steal_pointer (value);
}

static void
drop_secrets (RtmpLocation *location)
{
  g_clear_pointer (&location->username, g_free);
  g_clear_pointer (&location->password, g_free);
  g_clear_pointer (&location->secure_token, g_free);
  g_clear_pointer (&location->connect_args, g_free);
}

RtmpLocation *
rtmp_location_resolve_redirect (const RtmpLocation *location, const gchar *target, gboolean is_url,
    GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (RtmpLocation) found = parse_redirect (location, target, is_url, &cause);
  RtmpLocation *result;

  if (!found) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_REDIRECT,
        "The server redirects to an address that cannot be used: %s", cause->message);
    return NULL;
  }
  if (location->scheme == RTMP_SCHEME_RTMPS && found->scheme == RTMP_SCHEME_RTMP) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_REDIRECT,
        "The server redirects from rtmps to rtmp, which is not followed");
    return NULL;
  }

  result = rtmp_location_copy (location);
  if (g_ascii_strcasecmp (location->host, found->host) != 0)
    drop_secrets (result);
  result->scheme = found->scheme;
  result->port = found->port;
  replace (&result->host, &found->host);
  replace (&result->application, &found->application);
  replace (&result->stream, &found->stream);
  g_clear_pointer (&result->tc_url, g_free);
  return result;
}
