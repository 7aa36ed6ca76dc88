/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmplocationoptions.h"

#include <string.h>

#include "rtmperror.h"

/* Longer words are no option's name, and may be part of somebody's key. */
#define MAX_NAME 16

typedef struct _Option Option;
struct _Option {
  const gchar *name;
  gboolean (*apply) (RtmpLocation *location, const Option *option, const gchar *raw,
      GError **error);
  gsize field;
};

static gboolean
option_error (const Option *option, const gchar *problem, GError **error)
{
  g_set_error (error, RTMP_ERROR, RTMP_ERROR_ADDRESS, "Option %s in the address %s", option->name,
      problem);
  return FALSE;
}

/* Returns NULL if @raw has an escape that is not \HH or is \00, or does not make UTF-8. */
static gchar *
unescape (const gchar *raw)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const gchar *p;

  for (p = raw; *p; p++) {
    gint high, low;

    if (*p != '\\') {
      g_string_append_c (out, *p);
      continue;
    }
    high = g_ascii_xdigit_value (p[1]);
    low = high < 0 ? -1 : g_ascii_xdigit_value (p[2]);
    if (low < 0 || (high == 0 && low == 0))
      return NULL;
    g_string_append_c (out, (gchar) (high << 4 | low));
    p += 2;
  }
  if (!g_utf8_validate (out->str, -1, NULL))
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gchar *
unescape_value (const Option *option, const gchar *raw, GError **error)
{
  gchar *value = unescape (raw);

  if (!value)
    option_error (option, "has an invalid \\HH escape, or is not UTF-8", error);
  return value;
}

static gboolean
set_name (RtmpLocation *location, const Option *option, const gchar *raw, GError **error)
{
  gchar **field = &G_STRUCT_MEMBER (gchar *, location, option->field);
  gchar *value = unescape_value (option, raw, error);

  if (!value)
    return FALSE;
  g_free (*field);
  *field = value;
  return TRUE;
}

/* An empty value is as good as none. */
static gboolean
set_text (RtmpLocation *location, const Option *option, const gchar *raw, GError **error)
{
  gchar **field = &G_STRUCT_MEMBER (gchar *, location, option->field);

  if (!set_name (location, option, raw, error))
    return FALSE;
  if (**field == '\0')
    g_clear_pointer (field, g_free);
  return TRUE;
}

/* Kept as it is written: an escaped ':' does not separate. */
static gboolean
add_conn (RtmpLocation *location, const Option *option, const gchar *raw, GError **error)
{
  gchar **field = &G_STRUCT_MEMBER (gchar *, location, option->field);
  g_autofree gchar *value = unescape_value (option, raw, error);
  g_autofree gchar *before = NULL;

  if (!value)
    return FALSE;
  before = *field;
  *field = g_strconcat (before ? before : "", before ? " conn=" : "conn=", raw, NULL);
  return TRUE;
}

static gboolean
set_number (RtmpLocation *location, const Option *option, const gchar *raw, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (raw, 10, 0, G_MAXINT, &number, NULL))
    return option_error (option, "is not a number from 0 to 2147483647", error);
  G_STRUCT_MEMBER (gint, location, option->field) = (gint) number;
  return TRUE;
}

/* Returns -1 if @raw is not a truth value. */
static gint
parse_flag (const gchar *raw)
{
  if (g_str_equal (raw, "0") || g_ascii_strcasecmp (raw, "FALSE") == 0)
    return 0;
  if (g_str_equal (raw, "1") || g_ascii_strcasecmp (raw, "TRUE") == 0)
    return 1;
  return -1;
}

static gboolean
set_flag (RtmpLocation *location, const Option *option, const gchar *raw, GError **error)
{
  gint flag = parse_flag (raw);

  if (flag < 0)
    return option_error (option, "is neither 0 nor 1", error);
  G_STRUCT_MEMBER (gint, location, option->field) = flag;
  return TRUE;
}

static gboolean
ignore (RtmpLocation *location G_GNUC_UNUSED, const Option *option G_GNUC_UNUSED,
    const gchar *raw G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  return TRUE;
}

static gboolean
require_off (RtmpLocation *location G_GNUC_UNUSED, const Option *option, const gchar *raw,
    GError **error)
{
  if (parse_flag (raw) != 0)
    return option_error (option, "is not supported and can only be 0", error);
  return TRUE;
}

static gboolean
refuse (RtmpLocation *location G_GNUC_UNUSED, const Option *option, const gchar *raw G_GNUC_UNUSED,
    GError **error)
{
  return option_error (option, "is not supported", error);
}

#define FIELD(name) G_STRUCT_OFFSET (RtmpLocation, name)

/* librtmp(3), OPTIONS, in its order; the last two are librtmp's own additions for publishing.
 * Ignored is what changes nothing of the media here: subscribe asks for what play asks for, and
 * swfAge is about a cache. */
static const Option options[] = {
  { "socks", refuse, 0 },
  { "app", set_name, FIELD (application) },
  { "tcUrl", set_text, FIELD (tc_url) },
  { "pageUrl", set_text, FIELD (page_url) },
  { "swfUrl", set_text, FIELD (swf_url) },
  { "flashVer", set_text, FIELD (flash_version) },
  { "conn", add_conn, FIELD (connect_args) },
  { "playpath", set_name, FIELD (stream) },
  { "playlist", require_off, 0 },
  { "live", set_flag, FIELD (live) },
  { "subscribe", ignore, 0 },
  { "start", require_off, 0 },
  { "stop", require_off, 0 },
  { "buffer", set_number, FIELD (buffer_ms) },
  { "timeout", set_number, FIELD (timeout) },
  { "token", set_text, FIELD (secure_token) },
  { "jtv", refuse, 0 },
  { "swfVfy", require_off, 0 },
  { "swfAge", ignore, 0 },
  { "pubUser", set_text, FIELD (username) },
  { "pubPasswd", set_text, FIELD (password) },
};

static const Option *
find_option (const gchar *name)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (options); i++) {
    if (g_ascii_strcasecmp (options[i].name, name) == 0)
      return &options[i];
  }
  return NULL;
}

static gboolean
is_name (const gchar *name, gsize length)
{
  gsize i;

  for (i = 0; i < length; i++) {
    if (!g_ascii_isalpha (name[i]))
      return FALSE;
  }
  return length > 0 && length <= MAX_NAME;
}

static gboolean
parse_word (RtmpLocation *location, const gchar *word, GError **error)
{
  gsize length = strcspn (word, "=");
  g_autofree gchar *name = NULL;
  const Option *option;

  /* Not shown: it may be the rest of a key with a space in it. */
  if (word[length] != '=' || !is_name (word, length)) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_ADDRESS,
        "What follows a space in the address is not an option of the form key=value");
    return FALSE;
  }
  name = g_strndup (word, length);
  option = find_option (name);
  if (!option) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_ADDRESS, "Option %s in the address is not known",
        name);
    return FALSE;
  }
  return option->apply (location, option, word + length + 1, error);
}

gboolean
rtmp_location_parse_options (RtmpLocation *location, const gchar *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  guint i;

  for (i = 0; words[i]; i++) {
    if (words[i][0] != '\0' && !parse_word (location, words[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_plain_char (gunichar c)
{
  return !g_unichar_iscntrl (c) && !g_unichar_isspace (c);
}

gboolean
rtmp_location_is_plain (const gchar *text)
{
  const gchar *p;

  if (!g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (p = text; *p; p = g_utf8_next_char (p)) {
    if (!is_plain_char (g_utf8_get_char (p)))
      return FALSE;
  }
  return TRUE;
}

void
rtmp_location_append_escaped (GString *out, const gchar *text)
{
  const gchar *end;

  while (*text) {
    gunichar c = g_utf8_get_char_validated (text, -1);
    gboolean valid = c < 0x110000;

    end = valid ? g_utf8_next_char (text) : text + 1;
    if (valid && c != '\\' && is_plain_char (c)) {
      g_string_append_len (out, text, end - text);
      text = end;
    }
    for (; text < end; text++)
      g_string_append_printf (out, "\\%02x", (guchar) *text);
  }
}
