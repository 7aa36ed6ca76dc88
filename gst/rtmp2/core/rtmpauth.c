/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpauth.h"

#include <string.h>

#include "rtmpcrypto.h"
#include "rtmperror.h"
#include "rtmplimits.h"

/*
 * The application of connect, and likewise tcUrl, connection by connection
 * (protocol.md 29 and 30):
 *
 *   adobe  app
 *          app?authmod=adobe&user=U
 *          app?authmod=adobe&user=U&challenge=C&response=R&opaque=O
 *
 *   llnw   app
 *          app?authmod=llnw&user=U
 *          app?authmod=llnw&user=U&nonce=N&cnonce=C&nc=00000001&response=R
 */
#define LLNW_REALM "live"
#define LLNW_METHOD "publish"
#define LLNW_INSTANCE "/_definst_"
#define LLNW_COUNT "00000001"
#define LLNW_QOP "auth"

/* Bytes of the server's words that an error's text repeats. */
#define MAX_QUOTED 32

struct _RtmpAuth {
  RtmpAuthmod mode;  /* as configured */
  RtmpAuthmod asked; /* by the server; NONE: not yet, AUTO: in vain */
  gchar *username;
  gchar *password;
  guint connections; /* the one under way included */
  gchar *params;     /* NULL for the first connection */
  gchar *query;      /* what get_query() lent */
};

/* -- A refusal -- */

typedef enum {
  VALUE_AUTHMOD,
  VALUE_REASON,
  VALUE_SALT,
  VALUE_CHALLENGE,
  VALUE_OPAQUE,
  VALUE_NONCE,
  N_VALUES
} Value;

static const gchar *const value_keys[N_VALUES] = {
  [VALUE_AUTHMOD] = "authmod",
  [VALUE_REASON] = "reason",
  [VALUE_SALT] = "salt",
  [VALUE_CHALLENGE] = "challenge",
  [VALUE_OPAQUE] = "opaque",
  [VALUE_NONCE] = "nonce",
};

typedef enum {
  REFUSAL_UNRELATED,
  REFUSAL_NEED_AUTH,
  REFUSAL_AUTH_FAILED,
  REFUSAL_NO_SUCH_USER,
  REFUSAL_OTHER,
} RefusalKind;

/* The words of a reason, the final ones first. */
static const struct {
  const gchar *word;
  RefusalKind kind;
} reasons[] = {
  { "authfailed", REFUSAL_AUTH_FAILED },
  { "nosuchuser", REFUSAL_NO_SUCH_USER },
  { "needauth", REFUSAL_NEED_AUTH },
  { "need auth", REFUSAL_NEED_AUTH },
};

/* The values are printable ASCII; NULL where absent or empty. */
typedef struct {
  RefusalKind kind;
  gchar *values[N_VALUES];
} Refusal;

/* As servers call them; the others have no name on the wire. */
static const gchar *const authmod_names[] = {
  [RTMP_AUTHMOD_ADOBE] = "adobe",
  [RTMP_AUTHMOD_LLNW] = "llnw",
};

RtmpAuth *
rtmp_auth_new (RtmpAuthmod mode, const gchar *username, const gchar *password)
{
  RtmpAuth *auth = g_new0 (RtmpAuth, 1);

  auth->mode = mode;
  auth->username = g_strdup (username);
  auth->password = g_strdup (password);
  auth->connections = 1;
  return auth;
}

void
rtmp_auth_free (RtmpAuth *auth)
{
  if (!auth)
    return;
  g_free (auth->username);
  rtmp_secret_free (auth->password);
  g_free (auth->params);
  g_free (auth->query);
  g_free (auth);
}

const gchar *
rtmp_auth_get_query (RtmpAuth *auth, const gchar *app)
{
  gboolean has_query = app && strchr (app, '?');

  if (!auth->params)
    return "";
  g_free (auth->query);
  auth->query = g_strconcat (has_query ? "&" : "?", auth->params, NULL);
  return auth->query;
}

gboolean
rtmp_auth_is_active (const RtmpAuth *auth)
{
  return auth->asked != RTMP_AUTHMOD_NONE;
}

static gboolean
ends_value (gchar c)
{
  return !g_ascii_isgraph (c) || strchr ("&;,]", c);
}

/* Finds "key=value" anywhere in the text, where the key is not the tail of another
 * word. A further '=' belongs to the value: base64 is padded with it. */
static gchar *
find_value (const gchar *text, const gchar *key)
{
  gsize key_size = strlen (key);
  const gchar *p = text;

  while ((p = strstr (p, key))) {
    gboolean is_key = (p == text || !g_ascii_isalnum (p[-1])) && p[key_size] == '=';
    const gchar *end;

    p += key_size;
    if (!is_key)
      continue;
    end = ++p;
    while (!ends_value (*end))
      end++;
    if (end > p)
      return g_strndup (p, (gsize) (end - p));
  }
  return NULL;
}

static gboolean
has_word (const gchar *text, const gchar *word)
{
  const gchar *p = text;

  for (; (p = strstr (p, word)); p++) {
    gchar next = p[strlen (word)];

    if ((p == text || !g_ascii_isalnum (p[-1])) && !g_ascii_isalnum (next))
      return TRUE;
  }
  return FALSE;
}

/* A reason that is spelt out decides; without one, the words of the text do:
 * a user's name, which may be such a word, only comes with a reason. */
static RefusalKind
classify (const gchar *text, const gchar *reason, const gchar *authmod)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (reasons); i++) {
    const gchar *word = reasons[i].word;

    if (reason ? g_ascii_strcasecmp (reason, word) == 0 : has_word (text, word))
      return reasons[i].kind;
  }
  if (!authmod)
    return REFUSAL_UNRELATED;
  return reason ? REFUSAL_OTHER : REFUSAL_NEED_AUTH;
}

static void
refusal_parse (Refusal *refusal, const gchar *description)
{
  g_autofree gchar *text = g_strndup (description ? description : "", RTMP_MAX_STATUS_TEXT);
  guint i;

  for (i = 0; i < N_VALUES; i++)
    refusal->values[i] = find_value (text, value_keys[i]);
  refusal->kind = classify (text, refusal->values[VALUE_REASON], refusal->values[VALUE_AUTHMOD]);
}

static void
refusal_clear (Refusal *refusal)
{
  guint i;

  for (i = 0; i < N_VALUES; i++)
    g_free (refusal->values[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Refusal, refusal_clear)

/* -- Client side -- */

/* What the server wants; NONE when that is not known. A refusal that does not
 * say is told by what went before, by the challenge's form, or by what is configured. */
static RtmpAuthmod
asked_mode (const RtmpAuth *auth, const Refusal *refusal)
{
  const gchar *name = refusal->values[VALUE_AUTHMOD];
  guint i;

  for (i = RTMP_AUTHMOD_ADOBE; name && i < G_N_ELEMENTS (authmod_names); i++)
    if (g_ascii_strcasecmp (name, authmod_names[i]) == 0)
      return (RtmpAuthmod) i;
  if (name)
    return RTMP_AUTHMOD_NONE;
  if (auth->asked > RTMP_AUTHMOD_AUTO)
    return auth->asked;
  if (refusal->values[VALUE_NONCE])
    return RTMP_AUTHMOD_LLNW;
  if (refusal->values[VALUE_SALT])
    return RTMP_AUTHMOD_ADOBE;
  return auth->mode > RTMP_AUTHMOD_AUTO ? auth->mode : RTMP_AUTHMOD_NONE;
}

static gboolean
fail (GError **error, const gchar *text)
{
  g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED, text);
  return FALSE;
}

/* The reasons after which nothing more is tried. */
static gboolean
check_reason (const Refusal *refusal, GError **error)
{
  switch (refusal->kind) {
    case REFUSAL_AUTH_FAILED:
      return fail (error, "The server refused the user name and password");
    case REFUSAL_NO_SUCH_USER:
      return fail (error, "The server does not know the user name");
    case REFUSAL_OTHER:
      g_set_error (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED,
          "The server refused the authentication: %.*s", MAX_QUOTED, refusal->values[VALUE_REASON]);
      return FALSE;
    default:
      return TRUE;
  }
}

static gboolean
check_mode (const RtmpAuth *auth, const Refusal *refusal, RtmpAuthmod mode, GError **error)
{
  RtmpAuthmod fixed;

  if (auth->mode == RTMP_AUTHMOD_NONE)
    return fail (error, "The server asks for authentication, which is switched off");
  if (mode == RTMP_AUTHMOD_NONE) {
    const gchar *name = refusal->values[VALUE_AUTHMOD];

    g_set_error (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED,
        "The server asks for a kind of authentication that is not supported: %.*s", MAX_QUOTED,
        name ? name : "unnamed");
    return FALSE;
  }
  fixed = auth->mode == RTMP_AUTHMOD_AUTO ? auth->asked : auth->mode;
  if (fixed > RTMP_AUTHMOD_AUTO && fixed != mode) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED,
        "The server asks for %s authentication, where %s was %s", authmod_names[mode],
        authmod_names[fixed], auth->mode == RTMP_AUTHMOD_AUTO ? "begun" : "chosen");
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_credentials (const RtmpAuth *auth, GError **error)
{
  if (!auth->username || !*auth->username || !auth->password)
    return fail (error, "The server asks for a user name and password, which are not set");
  if (auth->connections >= RTMP_MAX_AUTH_ROUNDS)
    return fail (error, "The server does not accept the authentication after repeated attempts");
  return TRUE;
}

/* response = base64 (md5 (base64 (md5 (user + salt + password)) + (opaque, else
 * the server's challenge) + the client's challenge)) */
static gchar *
adobe_response (const gchar *username, const gchar *password, const gchar *salt,
    const gchar *server_challenge, const gchar *client_challenge)
{
  gchar *hash = rtmp_md5_base64 (username, salt, password, NULL);
  gchar *response = rtmp_md5_base64 (hash, server_challenge, client_challenge, NULL);

  /* It serves as well as the password does. */
  rtmp_secret_free (hash);
  return response;
}

static gchar *
answer_adobe (const RtmpAuth *auth, const Refusal *refusal, const gchar *own_challenge)
{
  const gchar *salt = refusal->values[VALUE_SALT];
  const gchar *opaque = refusal->values[VALUE_OPAQUE];
  const gchar *challenge = opaque ? opaque : refusal->values[VALUE_CHALLENGE];
  g_autofree gchar *response = NULL;

  if (!salt || !challenge)
    return NULL;
  response = adobe_response (auth->username, auth->password, salt, challenge, own_challenge);
  return g_strconcat ("&challenge=", own_challenge, "&response=", response,
      opaque ? "&opaque=" : NULL, opaque, NULL);
}

/* HTTP's digest (RFC 2617, 3.2.2) with fixed realm, method, count and quality. */
static gchar *
llnw_response (const RtmpAuth *auth, const gchar *app, const gchar *nonce, const gchar *cnonce)
{
  g_autofree gchar *path = g_strndup (app, strcspn (app, "?"));
  const gchar *instance = strchr (path, '/') ? "" : LLNW_INSTANCE;
  gchar *ha1 = rtmp_md5_hex (auth->username, ":" LLNW_REALM ":", auth->password, NULL);
  g_autofree gchar *ha2 = rtmp_md5_hex (LLNW_METHOD ":/", path, instance, NULL);
  gchar *response = rtmp_md5_hex (ha1, ":", nonce, ":" LLNW_COUNT ":", cnonce, ":" LLNW_QOP ":",
      ha2, NULL);

  rtmp_secret_free (ha1);
  return response;
}

static gchar *
answer_llnw (const RtmpAuth *auth, const gchar *app, const Refusal *refusal, const gchar *cnonce)
{
  const gchar *nonce = refusal->values[VALUE_NONCE];
  g_autofree gchar *response = NULL;

  if (!nonce)
    return NULL;
  response = llnw_response (auth, app, nonce, cnonce);
  return g_strconcat ("&nonce=", nonce, "&cnonce=", cnonce,
      "&nc=" LLNW_COUNT "&response=", response, NULL);
}

/* Prepares the next connection: with an answer where there is a challenge, else
 * with the user's name to get one, which is done once. */
static gboolean
advance (RtmpAuth *auth, const gchar *app, const Refusal *refusal, guint32 random, GError **error)
{
  g_autofree gchar *own_challenge = g_strdup_printf ("%08x", random);
  g_autofree gchar *user = g_uri_escape_string (auth->username, NULL, FALSE);
  g_autofree gchar *answer = NULL;

  if (auth->asked == RTMP_AUTHMOD_ADOBE)
    answer = answer_adobe (auth, refusal, own_challenge);
  else
    answer = answer_llnw (auth, app, refusal, own_challenge);
  if (!answer && auth->params)
    return fail (error, "The server asks for authentication again, but gives no challenge");

  g_free (auth->params);
  auth->params = g_strconcat ("authmod=", authmod_names[auth->asked], "&user=", user, answer, NULL);
  auth->connections++;
  return TRUE;
}

gboolean
rtmp_auth_rejected (RtmpAuth *auth, const gchar *app, const gchar *description, guint32 random,
    GError **error)
{
  g_auto (Refusal) refusal = { 0 };
  RtmpAuthmod mode;

  refusal_parse (&refusal, description);
  if (refusal.kind == REFUSAL_UNRELATED)
    return FALSE;

  mode = asked_mode (auth, &refusal);
  if (!check_reason (&refusal, error) || !check_mode (auth, &refusal, mode, error)
      || !check_credentials (auth, error)) {
    auth->asked = MAX (auth->asked, RTMP_AUTHMOD_AUTO);
    return FALSE;
  }
  auth->asked = mode;
  return advance (auth, app ? app : "", &refusal, random, error);
}

/* -- Server side -- */

/* The keys of protocol.md 29 and 30 that clients send. */
static const gchar *const query_keys[] = { "authmod", "user", "challenge", "response", "opaque",
  "nonce", "cnonce", "nc" };

/* TRUE where "key=value", up to '&' or the end, is of this key. */
static gboolean
param_is (const gchar *param, const gchar *key)
{
  gsize key_size = strlen (key);

  return strncmp (param, key, key_size) == 0 && param[key_size] == '=';
}

/* Returns (nullable): where the first parameter of this key begins. */
static const gchar *
find_param (const gchar *app, const gchar *key)
{
  const gchar *p = strchr (app, '?');

  for (; p; p = strchr (p, '&'))
    if (param_is (++p, key))
      return p;
  return NULL;
}

/* Returns (nullable): the value, decoded; one that is too long is left as it is
 * and cut right behind the limit, so that it stays too long. */
static gchar *
get_param (const gchar *app, const gchar *key)
{
  const gchar *p = find_param (app, key);
  g_autofree gchar *raw = NULL;
  gchar *decoded = NULL;

  if (!p)
    return NULL;
  p += strlen (key) + 1;
  raw = g_strndup (p, MIN (strcspn (p, "&"), RTMP_MAX_AUTH_VALUE + 1));
  if (strlen (raw) <= RTMP_MAX_AUTH_VALUE)
    decoded = g_uri_unescape_string (raw, NULL);
  return decoded ? decoded : g_steal_pointer (&raw);
}

typedef struct {
  gchar *user;
  gchar *challenge;
  gchar *response;
  gchar *opaque;
} Answer;

static void
answer_parse (Answer *answer, const gchar *app)
{
  answer->user = get_param (app, "user");
  answer->challenge = get_param (app, "challenge");
  answer->response = get_param (app, "response");
  answer->opaque = get_param (app, "opaque");
}

static void
answer_clear (Answer *answer)
{
  g_free (answer->user);
  g_free (answer->challenge);
  g_free (answer->response);
  g_free (answer->opaque);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static gboolean
is_too_long (const gchar *value)
{
  return value && strlen (value) > RTMP_MAX_AUTH_VALUE;
}

static gboolean
answer_is_bounded (const Answer *answer)
{
  return !is_too_long (answer->user) && !is_too_long (answer->challenge)
      && !is_too_long (answer->response) && !is_too_long (answer->opaque);
}

/* An opaque value that is left out stands for the one that was offered. */
static gboolean
answers_challenge (const Answer *answer, const gchar *challenge)
{
  return answer->response && answer->challenge
      && (!answer->opaque || strcmp (answer->opaque, challenge) == 0);
}

static gboolean
answer_is_right (const Answer *answer, const gchar *username, const gchar *password,
    const gchar *salt, const gchar *challenge)
{
  g_autofree gchar *expected = adobe_response (username, password, salt, challenge,
      answer->challenge);
  gsize size = strlen (expected);

  return strlen (answer->response) == size
      && rtmp_bytes_equal_constant_time ((const guint8 *) answer->response,
          (const guint8 *) expected, size)
      && strcmp (answer->user, username) == 0;
}

static RtmpAuthVerdict
refuse (gchar **description)
{
  *description = g_strdup ("[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed");
  return RTMP_AUTH_REFUSED;
}

RtmpAuthVerdict
rtmp_auth_check (const gchar *app, const gchar *username, const gchar *password, const gchar *salt,
    const gchar *challenge, gchar **description)
{
  g_auto (Answer) answer = { 0 };
  g_autofree gchar *authmod = NULL;
  g_autofree gchar *user = NULL;

  *description = NULL;
  g_return_val_if_fail (username && password && salt && challenge, RTMP_AUTH_REFUSED);

  authmod = get_param (app ? app : "", "authmod");
  if (authmod && strcmp (authmod, "adobe") == 0)
    answer_parse (&answer, app);
  if (!answer_is_bounded (&answer))
    return refuse (description);
  if (!answer.user) {
    *description = g_strdup ("[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ");
    return RTMP_AUTH_CHALLENGED;
  }
  if (!answers_challenge (&answer, challenge)) {
    user = g_uri_escape_string (answer.user, NULL, FALSE);
    *description = g_strconcat ("[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth"
                                "&user=",
        user, "&salt=", salt, "&challenge=", challenge, "&opaque=", challenge, NULL);
    return RTMP_AUTH_CHALLENGED;
  }
  if (!answer_is_right (&answer, username, password, salt, challenge))
    return refuse (description);
  return RTMP_AUTH_ACCEPTED;
}

static gboolean
is_auth_param (const gchar *param)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (query_keys); i++)
    if (param_is (param, query_keys[i]))
      return TRUE;
  return FALSE;
}

gchar *
rtmp_auth_strip_query (const gchar *app)
{
  const gchar *p;
  gchar separator = '?';
  GString *stripped;

  if (!app || !find_param (app, "authmod"))
    return g_strdup (app ? app : "");

  p = strchr (app, '?');
  stripped = g_string_new_len (app, p - app);
  for (; p; p = strchr (p, '&')) {
    if (is_auth_param (++p))
      continue;
    g_string_append_c (stripped, separator);
    g_string_append_len (stripped, p, (gssize) strcspn (p, "&"));
    separator = '&';
  }
  return g_string_free (stripped, FALSE);
}
