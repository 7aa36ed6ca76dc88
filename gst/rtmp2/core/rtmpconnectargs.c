/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpconnectargs.h"

#include <math.h>
#include <string.h>

#include "rtmpcommand.h"
#include "rtmperror.h"
#include "rtmplimits.h"

/* What the original player says of itself (RTMP 1.0, 7.2.1.1; peers.md, Defaults). */
#define CAPABILITIES 15
#define AUDIO_CODECS_ALL 0x0FFF
#define VIDEO_CODECS_ALL 0x00FF

/* Capability flags of the FourCC maps (protocol.md 32). */
enum {
  FOURCC_DECODE = 1,
  FOURCC_ENCODE = 2,
  FOURCC_FORWARD = 4,
};

/* protocol.md 40 */
static const gchar *const video_fourccs[] = { "av01", "avc1", "hvc1", "vvc1", "vp08", "vp09" };
static const gchar *const audio_fourccs[] = { "ac-3", "ec-3", "Opus", ".mp3", "fLaC", "mp4a" };

#define ANY_FOURCC "*"

static void
append_fourccs (RtmpAmf *list, const gchar *const *fourccs, guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    rtmp_amf_append (list, rtmp_amf_new_string (fourccs[i]));
}

/* "*" means that any can be received: no promise of a publisher's. */
static RtmpAmf *
fourcc_list_new (gboolean publishing)
{
  RtmpAmf *list = rtmp_amf_new_strict_array ();

  if (!publishing)
    rtmp_amf_append (list, rtmp_amf_new_string (ANY_FOURCC));
  append_fourccs (list, video_fourccs, G_N_ELEMENTS (video_fourccs));
  append_fourccs (list, audio_fourccs, G_N_ELEMENTS (audio_fourccs));
  return list;
}

/* The elements pass every codec on. The known ones are named too, for servers that
 * do not know "*". */
static RtmpAmf *
fourcc_map_new (const gchar *const *fourccs, guint n, gboolean publishing)
{
  RtmpAmf *map = rtmp_amf_new_object ();
  guint i;

  rtmp_amf_set_number (map, ANY_FOURCC, FOURCC_FORWARD);
  for (i = 0; i < n; i++)
    rtmp_amf_set_number (map, fourccs[i],
        (publishing ? FOURCC_ENCODE : FOURCC_DECODE) | FOURCC_FORWARD);
  return map;
}

static void
set_enhanced (RtmpAmf *object, const RtmpConnectArgs *args)
{
  rtmp_amf_set (object, "fourCcList", fourcc_list_new (args->publishing));
  rtmp_amf_set (object, "videoFourCcInfoMap",
      fourcc_map_new (video_fourccs, G_N_ELEMENTS (video_fourccs), args->publishing));
  rtmp_amf_set (object, "audioFourCcInfoMap",
      fourcc_map_new (audio_fourccs, G_N_ELEMENTS (audio_fourccs), args->publishing));
  rtmp_amf_set_number (object, "capsEx", args->caps_ex);
}

static void
set_player (RtmpAmf *object)
{
  rtmp_amf_set_boolean (object, "fpad", FALSE);
  rtmp_amf_set_number (object, "capabilities", CAPABILITIES);
  rtmp_amf_set_number (object, "audioCodecs", AUDIO_CODECS_ALL);
  rtmp_amf_set_number (object, "videoCodecs", VIDEO_CODECS_ALL);
}

static guint
video_function (const RtmpConnectArgs *args)
{
  return (args->publishing ? 0 : RTMP_VIDEO_FUNCTION_SEEK)
      | (args->enhanced ? RTMP_VIDEO_FUNCTION_HDR | RTMP_VIDEO_FUNCTION_METADATA : 0);
}

/* Servers do not need the order, but it is the one they have always seen. */
static RtmpAmf *
command_object_new (const RtmpConnectArgs *args)
{
  RtmpAmf *object = rtmp_amf_new_object ();

  rtmp_amf_set_string (object, "app", args->app);
  rtmp_amf_set_string (object, "type", args->publishing ? "nonprivate" : NULL);
  rtmp_amf_set_string (object, "flashVer", args->flash_version);
  rtmp_amf_set_string (object, "swfUrl", args->swf_url);
  rtmp_amf_set_string (object, "tcUrl", args->tc_url);
  if (!args->publishing)
    set_player (object);
  if (video_function (args))
    rtmp_amf_set_number (object, "videoFunction", video_function (args));
  rtmp_amf_set_string (object, "pageUrl", args->page_url);
  rtmp_amf_set_number (object, "objectEncoding", 0);
  if (args->enhanced)
    set_enhanced (object, args);
  return object;
}

RtmpCommand *
rtmp_connect_command_new (const RtmpConnectArgs *args)
{
  RtmpCommand *command = rtmp_command_new ("connect", 1);
  guint n = args->extra ? args->extra->len : 0;
  guint i;

  rtmp_command_add (command, command_object_new (args));
  for (i = 0; i < n; i++)
    rtmp_command_add (command, rtmp_amf_ref (g_ptr_array_index (args->extra, i)));
  return command;
}

static gboolean
is_number (const RtmpAmf *amf)
{
  return amf && rtmp_amf_get_type (amf) == RTMP_AMF_NUMBER;
}

static guint32
get_flags (const RtmpAmf *object, const gchar *name)
{
  const RtmpAmf *flags = rtmp_amf_get (object, name);

  return is_number (flags) ? rtmp_amf_get_uint (flags, 0) : 0;
}

void
rtmp_peer_caps_read (RtmpPeerCaps *caps, const RtmpAmf *object)
{
  guint functions = get_flags (object, "videoFunction");

  caps->caps_ex |= get_flags (object, "capsEx");
  caps->video_function |= functions;
  if (is_number (rtmp_amf_get (object, "capsEx"))
      || rtmp_amf_get_size (rtmp_amf_get (object, "fourCcList")) > 0
      || rtmp_amf_is_object (rtmp_amf_get (object, "videoFourCcInfoMap"))
      || rtmp_amf_is_object (rtmp_amf_get (object, "audioFourCcInfoMap"))
      || (functions & ~(guint) RTMP_VIDEO_FUNCTION_SEEK))
    caps->declared = TRUE;
}

/* librtmp's notation (librtmp(3), "Connection Parameters"), one word a value:
 *
 *   [conn=] [N] type : [name :, after N] data
 *
 * B boolean 0 or 1, N number, S string, O object 1 (begin) or 0 (end), Z null.
 */

typedef struct {
  GPtrArray *values;
  guint depth;
  RtmpAmf *open[RTMP_AMF_MAX_DEPTH]; /* borrowed from @values or an outer object */
} Extra;

/* (transfer full) (nullable): @text with its escapes resolved. */
static GString *
unescape (const gchar *text)
{
  g_autoptr (GString) out = g_string_new (NULL);

  while (*text) {
    if (*text != '\\') {
      g_string_append_c (out, *text++);
      continue;
    }
    if (!g_ascii_isxdigit (text[1]) || !g_ascii_isxdigit (text[2]))
      return NULL;
    g_string_append_c (out,
        (gchar) (g_ascii_xdigit_value (text[1]) << 4 | g_ascii_xdigit_value (text[2])));
    text += 3;
  }
  return g_steal_pointer (&out);
}

/* (nullable) */
static RtmpAmf *
number_from_text (const gchar *text)
{
  gchar *end;
  gdouble number = g_ascii_strtod (text, &end);

  if (end == text || *end != '\0' || !isfinite (number))
    return NULL;
  return rtmp_amf_new_number (number);
}

/* (nullable) */
static RtmpAmf *
value_from_text (gchar type, const GString *data)
{
  gboolean is_true = strcmp (data->str, "1") == 0;
  gboolean is_false = strcmp (data->str, "0") == 0;

  switch (type) {
    case 'B':
      return is_true || is_false ? rtmp_amf_new_boolean (is_true) : NULL;
    case 'N':
      return number_from_text (data->str);
    case 'S':
      return rtmp_amf_new_string_len (data->str, data->len);
    case 'O':
      return is_true ? rtmp_amf_new_object () : NULL;
    case 'Z':
      return rtmp_amf_new_null ();
    default:
      return NULL;
  }
}

static gboolean
extra_add (Extra *extra, gchar type, const gchar *name, const GString *data)
{
  gboolean begins = type == 'O';
  RtmpAmf *value;

  if (begins && strcmp (data->str, "0") == 0)
    return extra->depth > 0 && extra->depth--;
  if (begins && extra->depth == RTMP_AMF_MAX_DEPTH)
    return FALSE;
  value = value_from_text (type, data);
  if (!value)
    return FALSE;
  if (extra->depth > 0)
    rtmp_amf_add (extra->open[extra->depth - 1], name, value);
  else
    g_ptr_array_add (extra->values, value);
  if (begins)
    extra->open[extra->depth++] = value;
  return TRUE;
}

/* The name of a named value in @fields[1], else "". (transfer full) (nullable) */
static GString *
read_name (const Extra *extra, gboolean is_named, gchar **fields)
{
  g_autoptr (GString) name = NULL;

  if (!is_named)
    return g_string_new ("");
  if (extra->depth == 0 || !fields[1])
    return NULL;
  name = unescape (fields[1]);
  if (!name || name->len > G_MAXUINT16 || memchr (name->str, '\0', name->len))
    return NULL;
  return g_steal_pointer (&name);
}

static gboolean
extra_read_word (Extra *extra, const gchar *word)
{
  gboolean is_named = word[0] == 'N' && word[1] != '\0' && word[1] != ':';
  guint n_fields = is_named ? 3 : 2;
  g_auto (GStrv) fields = g_strsplit (word, ":", n_fields);
  g_autoptr (GString) name = NULL, data = NULL;
  const gchar *type = fields[0] ? fields[0] + is_named : "";

  if (type[0] == '\0' || type[1] != '\0')
    return FALSE;
  name = read_name (extra, is_named, fields);
  if (!name)
    return FALSE;
  /* Null has no data, so neither has it to end in a colon. */
  if (g_strv_length (fields) < n_fields && type[0] != 'Z')
    return FALSE;
  data = unescape (g_strv_length (fields) == n_fields ? fields[n_fields - 1] : "");
  return data && extra_add (extra, type[0], name->str, data);
}

static gboolean
extra_read (Extra *extra, gchar **words, GError **error)
{
  guint position = 0;
  guint i;

  for (i = 0; words[i]; i++) {
    const gchar *word = words[i];

    if (*word == '\0')
      continue;
    position++;
    if (g_str_has_prefix (word, "conn="))
      word += strlen ("conn=");
    if (!extra_read_word (extra, word)) {
      g_set_error (error, RTMP_ERROR, RTMP_ERROR_SYNTAX,
          "Word %u of the extra connect arguments cannot be understood", position);
      return FALSE;
    }
  }
  if (extra->depth > 0) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_SYNTAX,
        "An object is still open after word %u of the extra connect arguments", position);
    return FALSE;
  }
  return TRUE;
}

GPtrArray *
rtmp_connect_extra_parse (const gchar *text, GError **error)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_amf_unref);
  g_auto (GStrv) words = g_strsplit_set (text ? text : "", " \t\r\n\f\v", -1);
  Extra extra = { .values = values };

  if (!extra_read (&extra, words, error))
    return NULL;
  return g_steal_pointer (&values);
}
