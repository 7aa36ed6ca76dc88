/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpauth.h"

#include <string.h>

#include "core/rtmperror.h"
#include "core/rtmplimits.h"

#define NEED_ADOBE "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "
#define NEED_LLNW "[ AccessManager.Reject ] : [ code=403 need auth; authmod=llnw ]"

/* Vector 21. */
#define ADOBE_CHALLENGE \
  "[ AccessManager.Reject ] : [ authmod=adobe ] : " \
  "?reason=needauth&user=user2020&salt=8wsAAA==&challenge=OzMAAA==&opaque=OzMAAA=="
#define ADOBE_RANDOM 0x12345678
#define ADOBE_RESPONSE "y8mhDgH65uzZb7YVJXjbZg=="
#define ADOBE_ANSWER \
  "authmod=adobe&user=user2020&challenge=12345678&response=" ADOBE_RESPONSE "&opaque=OzMAAA=="

/* Vector 22. */
#define LLNW_CHALLENGE "[ authmod=llnw ] : ?reason=needauth&user=user&nonce=abcdef0123456789"
#define LLNW_RANDOM 0x0a0b0c0d
#define LLNW_ANSWER \
  "authmod=llnw&user=user&nonce=abcdef0123456789&cnonce=0a0b0c0d" \
  "&nc=00000001&response="

static void
assert_retry (RtmpAuth *auth, const gchar *app, const gchar *description, guint32 random,
    const gchar *query)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (rtmp_auth_rejected (auth, app, description, random, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (rtmp_auth_get_query (auth, app), ==, query);
  g_assert_true (rtmp_auth_is_active (auth));
}

static void
assert_unrelated (RtmpAuth *auth, const gchar *description)
{
  g_autoptr (GError) error = NULL;
  gboolean was_active = rtmp_auth_is_active (auth);
  g_autofree gchar *query = g_strdup (rtmp_auth_get_query (auth, "live"));

  g_assert_false (rtmp_auth_rejected (auth, "live", description, 1, &error));
  g_assert_no_error (error);
  g_assert_cmpint (rtmp_auth_is_active (auth), ==, was_active);
  g_assert_cmpstr (rtmp_auth_get_query (auth, "live"), ==, query);
}

static void
assert_denied (RtmpAuth *auth, const gchar *description, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *query = g_strdup (rtmp_auth_get_query (auth, "live"));

  g_assert_false (rtmp_auth_rejected (auth, "live", description, 1, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED);
  g_assert_cmpstr (error->message, ==, text);
  g_assert_true (rtmp_auth_is_active (auth));
  g_assert_cmpstr (rtmp_auth_get_query (auth, "live"), ==, query);
}

/* Vector 21 in three connections. */
static void
run_adobe (RtmpAuthmod mode)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (mode, "user2020", "123456");

  g_assert_cmpstr (rtmp_auth_get_query (auth, "live"), ==, "");
  g_assert_false (rtmp_auth_is_active (auth));
  assert_retry (auth, "live", NEED_ADOBE, 0, "?authmod=adobe&user=user2020");
  assert_retry (auth, "live", ADOBE_CHALLENGE, ADOBE_RANDOM, "?" ADOBE_ANSWER);
  g_assert_cmpstr (rtmp_auth_get_query (auth, "live?a=b"), ==, "&" ADOBE_ANSWER);
  g_assert_cmpstr (rtmp_auth_get_query (auth, NULL), ==, "?" ADOBE_ANSWER);
}

static void
test_adobe (void)
{
  run_adobe (RTMP_AUTHMOD_ADOBE);
}

static void
test_adobe_auto (void)
{
  run_adobe (RTMP_AUTHMOD_AUTO);
}

/* The text of protocol.md 29, without anything around it, and texts with more. */
static void
test_adobe_forms (void)
{
  static const gchar *const first[] = { "[ code=403 need auth; authmod=adobe ]",
    "[ code=403 need auth; authmod=adobe ] : ?", "[code=403 need auth;authmod=adobe]",
    "[ authmod=adobe ]", "authmod=adobe", "need auth, authmod=Adobe",
    "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ?reason=needauth&user=x" };
  static const gchar *const second[] = {
    "?reason=needauth&user=user2020&salt=8wsAAA==&challenge=OzMAAA==&opaque=OzMAAA==",
    "[ authmod=adobe ] : ?opaque=OzMAAA==&challenge=OzMAAA==&salt=8wsAAA==&reason=NeedAuth",
    "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "
    "?reason=needauth&user=user2020&salt=8wsAAA==&challenge=OzMAAA==&opaque=OzMAAA==",
    "[ AccessManager.Reject ] : [ authmod=adobe ] : reason=needauth&user=an other name&"
    "salt=8wsAAA==&challenge=OzMAAA==&opaque=OzMAAA== ] and so on",
    "[?reason=needauth&salt=8wsAAA==&challenge=x&opaque=OzMAAA==] (\xFF)",
    "?salt=&oversalt=x&salt=8wsAAA==&opaque=OzMAAA==\n&reason=needauth"
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (first) * G_N_ELEMENTS (second); i++) {
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user2020", "123456");

    assert_retry (auth, "live", first[i / G_N_ELEMENTS (second)], 0,
        "?authmod=adobe&user=user2020");
    assert_retry (auth, "live", second[i % G_N_ELEMENTS (second)], ADOBE_RANDOM, "?" ADOBE_ANSWER);
  }
}

/* The server's challenge stands in where there is no opaque value, and none is
 * sent then. */
static void
test_adobe_without_opaque (void)
{
  static const gchar *const challenges[] = {
    "?reason=needauth&user=user2020&salt=8wsAAA==&challenge=OzMAAA==",
    "?reason=needauth&user=user2020&salt=8wsAAA==&challenge=OzMAAA==&opaque="
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (challenges); i++) {
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_ADOBE, "user2020", "123456");

    assert_retry (auth, "live", NEED_ADOBE, 0, "?authmod=adobe&user=user2020");
    assert_retry (auth, "live", challenges[i], ADOBE_RANDOM,
        "?authmod=adobe&user=user2020&challenge=12345678&response=" ADOBE_RESPONSE);
  }
}

/* A challenge at once saves a connection. */
static void
test_adobe_at_once (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user2020", "123456");

  assert_retry (auth, "live", ADOBE_CHALLENGE, ADOBE_RANDOM, "?" ADOBE_ANSWER);
}

/* '+', '/' and '=' come back as they were; expected value by the formula of
 * protocol.md 29 and the salt and challenge of a public log. */
static void
test_adobe_base64 (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_ADOBE, "test", "pass");

  assert_retry (auth, "live", NEED_ADOBE, 0, "?authmod=adobe&user=test");
  assert_retry (auth, "live",
      "[ AccessManager.Reject ] : [ authmod=adobe ] : "
      "?reason=needauth&user=test&salt=alhJEA==&challenge=Pre+jg==&opaque=Pr/+jg==",
      0xFEDCBA98,
      "?authmod=adobe&user=test&challenge=fedcba98&response=l45kiAewdpj8slYxlZYJEQ=="
      "&opaque=Pr/+jg==");
}

/* The name goes percent-encoded into the query, and as it is into the hash. */
static void
test_adobe_user_name (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_ADOBE, "a&b=c d/\xC3\xA9+~", "");

  assert_retry (auth, "live", NEED_ADOBE, 0, "?authmod=adobe&user=a%26b%3Dc%20d%2F%C3%A9%2B~");
  assert_retry (auth, "live", "?reason=needauth&salt=8wsAAA==&challenge=OzMAAA==", 1,
      "?authmod=adobe&user=a%26b%3Dc%20d%2F%C3%A9%2B~&challenge=00000001"
      "&response=3zLuGQoDFe9DYIJnqMJIeA==");
}

/* Vector 22 in three connections; the application's own query counts for nothing. */
static void
test_llnw (void)
{
  static const struct {
    const gchar *app;
    const gchar *separator;
    const gchar *response;
  } cases[] = { { "live", "?", "3357cf33ab899d73907374b227ef6d4c" },
    { "live/inst", "?", "0157ad18ba0db7c54bb9a423f95c3929" },
    { "live?backup=1/key", "&", "3357cf33ab899d73907374b227ef6d4c" },
    { "live/inst?a=b", "&", "0157ad18ba0db7c54bb9a423f95c3929" } };
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (cases); i++) {
    RtmpAuthmod mode = i % 2 ? RTMP_AUTHMOD_LLNW : RTMP_AUTHMOD_AUTO;
    const gchar *separator = cases[i / 2].separator;
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (mode, "user", "pass");
    g_autofree gchar *name = g_strconcat (separator, "authmod=llnw&user=user", NULL);
    g_autofree gchar *answer = g_strconcat (separator, LLNW_ANSWER, cases[i / 2].response, NULL);

    g_assert_cmpstr (rtmp_auth_get_query (auth, cases[i / 2].app), ==, "");
    assert_retry (auth, cases[i / 2].app, NEED_LLNW, 0, name);
    assert_retry (auth, cases[i / 2].app, LLNW_CHALLENGE, LLNW_RANDOM, answer);
  }
}

/* No application is one without an instance. */
static void
test_llnw_no_app (void)
{
  g_autoptr (RtmpAuth) with_null = rtmp_auth_new (RTMP_AUTHMOD_LLNW, "user", "pass");
  g_autoptr (RtmpAuth) with_empty = rtmp_auth_new (RTMP_AUTHMOD_LLNW, "user", "pass");

  g_assert_true (rtmp_auth_rejected (with_null, NULL, LLNW_CHALLENGE, 1, NULL));
  g_assert_true (rtmp_auth_rejected (with_empty, "", LLNW_CHALLENGE, 1, NULL));
  g_assert_cmpstr (rtmp_auth_get_query (with_null, NULL), ==, rtmp_auth_get_query (with_empty, ""));
}

/* A refusal that names no mode: what went before, the form of the challenge, or
 * the configured mode tell. "cnonce" is not "nonce". */
static void
test_mode_guessed (void)
{
  static const struct {
    RtmpAuthmod mode;
    const gchar *description;
    const gchar *prefix;
  } cases[] = { { RTMP_AUTHMOD_AUTO, "?reason=needauth&nonce=1", "?authmod=llnw&user=u&nonce=1&" },
    { RTMP_AUTHMOD_AUTO, "?reason=needauth&salt=1&opaque=2", "?authmod=adobe&user=u&challenge=" },
    { RTMP_AUTHMOD_ADOBE, "code=403 need auth", "?authmod=adobe&user=u" },
    { RTMP_AUTHMOD_LLNW, "?reason=needauth&cnonce=1", "?authmod=llnw&user=u" } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (cases[i].mode, "u", "p");

    g_assert_true (rtmp_auth_rejected (auth, "live", cases[i].description, 1, NULL));
    g_assert_true (g_str_has_prefix (rtmp_auth_get_query (auth, "live"), cases[i].prefix));
  }
}

static void
test_unrelated (void)
{
  static const gchar *const descriptions[] = { NULL, "",
    "[ Server.Reject ] : (_defaultRoot_, _defaultVHost_) : Application (x) is not found",
    "Connection failed.", "reason=toobusy", "you need authorization", "xneed auth", "authmodadobe",
    "?reason=unauthfailed", "authfailedly", "authmod= ", "\xFF\xFE\x80" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (descriptions); i++) {
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user2020", "123456");
    g_autoptr (RtmpAuth) none = rtmp_auth_new (RTMP_AUTHMOD_NONE, NULL, NULL);

    assert_unrelated (auth, descriptions[i]);
    assert_unrelated (none, descriptions[i]);
    g_assert_false (rtmp_auth_is_active (auth));
    assert_retry (auth, "live", ADOBE_CHALLENGE, ADOBE_RANDOM, "?" ADOBE_ANSWER);
    assert_unrelated (auth, descriptions[i]);
  }
}

/* What ends it, at each of its steps. */
static void
test_stop (void)
{
  static const struct {
    const gchar *description;
    const gchar *text;
  } cases[] = { { "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=-",
                    "The server refused the user name and password" },
    { "?reason=authfailed", "The server refused the user name and password" },
    { "[ code=403 authfailed; authmod=adobe ]", "The server refused the user name and password" },
    { "[ authmod=adobe ] : ?reason=nosuchuser", "The server does not know the user name" },
    { "?reason=nosuchuser&salt=x&opaque=y", "The server does not know the user name" },
    { "[ authmod=adobe ] : ?reason=locked", "The server refused the authentication: locked" } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user2020", "123456");
    g_autoptr (RtmpAuth) none = rtmp_auth_new (RTMP_AUTHMOD_NONE, NULL, NULL);

    assert_denied (none, cases[i].description, cases[i].text);
    assert_denied (auth, cases[i].description, cases[i].text);
    assert_retry (auth, "live", NEED_ADOBE, 0, "?authmod=adobe&user=user2020");
    assert_denied (auth, cases[i].description, cases[i].text);
    assert_retry (auth, "live", ADOBE_CHALLENGE, ADOBE_RANDOM, "?" ADOBE_ANSWER);
    assert_denied (auth, cases[i].description, cases[i].text);
  }
}

/* A user may be called so. */
static void
test_reason_decides (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "nosuchuser", "p");

  g_assert_true (rtmp_auth_rejected (auth, "live",
      "?reason=needauth&user=nosuchuser&salt=a&opaque=b", 1, NULL));
}

static void
test_no_challenge (void)
{
  static const gchar *const descriptions[] = { NEED_ADOBE,
    "?reason=needauth&user=user2020&salt=8wsAAA==",
    "?reason=needauth&user=user2020&challenge=OzMAAA==&opaque=OzMAAA==",
    "[ authmod=adobe ] : ?reason=needauth&nonce=abcdef" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (descriptions); i++) {
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user2020", "123456");

    assert_retry (auth, "live", NEED_ADOBE, 0, "?authmod=adobe&user=user2020");
    assert_denied (auth, descriptions[i],
        "The server asks for authentication again, but gives no challenge");
  }
}

static void
test_no_nonce (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_LLNW, "user", "pass");

  assert_retry (auth, "live", NEED_LLNW, 0, "?authmod=llnw&user=user");
  assert_denied (auth, NEED_LLNW,
      "The server asks for authentication again, but gives no challenge");
}

/* A server that challenges for ever gets RTMP_MAX_AUTH_ROUNDS connections, the first
 * of them included. */
static void
test_rounds (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user2020", "123456");
  guint connections;

  for (connections = 1; connections < RTMP_MAX_AUTH_ROUNDS; connections++)
    g_assert_true (rtmp_auth_rejected (auth, "live", ADOBE_CHALLENGE, connections, NULL));
  assert_denied (auth, ADOBE_CHALLENGE,
      "The server does not accept the authentication after repeated attempts");
}

static void
test_no_credentials (void)
{
  static const struct {
    const gchar *username;
    const gchar *password;
  } cases[] = { { NULL, NULL }, { "user", NULL }, { NULL, "secret" }, { "", "secret" } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, cases[i].username,
        cases[i].password);

    assert_denied (auth, NEED_ADOBE,
        "The server asks for a user name and password, which are not set");
  }
}

static void
test_wrong_mode (void)
{
  static const struct {
    RtmpAuthmod mode;
    const gchar *description;
    const gchar *text;
  } cases[] = { { RTMP_AUTHMOD_NONE, NEED_ADOBE,
                    "The server asks for authentication, which is switched off" },
    { RTMP_AUTHMOD_LLNW, NEED_ADOBE,
        "The server asks for adobe authentication, where llnw was chosen" },
    { RTMP_AUTHMOD_ADOBE, NEED_LLNW,
        "The server asks for llnw authentication, where adobe was chosen" },
    { RTMP_AUTHMOD_AUTO, "[ code=403 need auth; authmod=other ]",
        "The server asks for a kind of authentication that is not supported: other" },
    { RTMP_AUTHMOD_ADOBE, "[ authmod=0123456789abcdef0123456789abcdefX ]",
        "The server asks for a kind of authentication that is not supported: "
        "0123456789abcdef0123456789abcdef" },
    { RTMP_AUTHMOD_AUTO, "code=403 need auth",
        "The server asks for a kind of authentication that is not supported: unnamed" } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (cases[i].mode, "user", "password");

    assert_denied (auth, cases[i].description, cases[i].text);
  }
}

static void
test_mode_changes (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user", "pass");

  assert_retry (auth, "live", NEED_ADOBE, 0, "?authmod=adobe&user=user");
  assert_denied (auth, LLNW_CHALLENGE,
      "The server asks for llnw authentication, where adobe was begun");
}

/* What lies past RTMP_MAX_STATUS_TEXT bytes is not looked at. */
static void
test_long_description (void)
{
  const gsize size = strlen ("authmod=adobe");
  guint over;

  for (over = 0; over < 2; over++) {
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "u", "p");
    g_autofree gchar *space = g_strnfill (RTMP_MAX_STATUS_TEXT - size + over, ' ');
    g_autofree gchar *text = g_strconcat (space, "authmod=adobe", NULL);
    g_autoptr (GError) error = NULL;

    g_assert_cmpint (rtmp_auth_rejected (auth, "live", text, 1, &error), ==, !over);
    g_assert_cmpint (error != NULL, ==, over);
  }
}

/* -- Server side -- */

#define REFUSED "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed"

static void
assert_verdict (const gchar *app, RtmpAuthVerdict verdict, const gchar *description)
{
  g_autofree gchar *text = NULL;

  g_assert_cmpint (rtmp_auth_check (app, "user2020", "123456", "8wsAAA==", "OzMAAA==", &text), ==,
      verdict);
  g_assert_cmpstr (text, ==, description);
}

/* Vector 21 from the other side. */
static void
test_check (void)
{
  assert_verdict ("live", RTMP_AUTH_CHALLENGED, NEED_ADOBE);
  assert_verdict ("live?authmod=adobe&user=user2020", RTMP_AUTH_CHALLENGED, ADOBE_CHALLENGE);
  assert_verdict ("live?" ADOBE_ANSWER, RTMP_AUTH_ACCEPTED, NULL);
}

static void
test_check_accepted (void)
{
  static const gchar *const apps[] = { "live?a=b&" ADOBE_ANSWER "&c=d", "?" ADOBE_ANSWER,
    "live?response=" ADOBE_RESPONSE "&challenge=12345678&user=user2020&authmod=adobe" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (apps); i++)
    assert_verdict (apps[i], RTMP_AUTH_ACCEPTED, NULL);
  assert_verdict ("live?authmod=adobe&user=%75ser2020&challenge=12345678"
                  "&response=y8mhDgH65uzZb7YVJXjbZg%3D%3D&opaque=OzMAAA%3d%3d",
      RTMP_AUTH_ACCEPTED, NULL);
}

static void
test_check_refused (void)
{
  static const gchar *const apps[] = {
    /* Another response: first, last and a missing character, one too many, none. */
    "live?authmod=adobe&user=user2020&challenge=12345678&response=z8mhDgH65uzZb7YVJXjbZg==",
    "live?authmod=adobe&user=user2020&challenge=12345678&response=y8mhDgH65uzZb7YVJXjbZg=-",
    "live?authmod=adobe&user=user2020&challenge=12345678&response=y8mhDgH65uzZb7YVJXjbZg=",
    "live?authmod=adobe&user=user2020&challenge=12345678&response=y8mhDgH65uzZb7YVJXjbZg===",
    "live?authmod=adobe&user=user2020&challenge=12345678&response=",
    /* Another user or challenge. */
    "live?authmod=adobe&user=user2021&challenge=12345678&response=" ADOBE_RESPONSE,
    "live?authmod=adobe&user=&challenge=12345678&response=" ADOBE_RESPONSE,
    "live?authmod=adobe&user=user2020&challenge=12345679&response=" ADOBE_RESPONSE,
    /* A malformed escape, or one of a zero byte, stays what it is. */
    "live?authmod=adobe&user=user2020%&challenge=12345678&response=" ADOBE_RESPONSE,
    "live?authmod=adobe&user=user2020%00&challenge=12345678&response=" ADOBE_RESPONSE,
    /* The first one counts. */
    "live?authmod=adobe&user=x&user=user2020&challenge=12345678&response=" ADOBE_RESPONSE
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (apps); i++)
    assert_verdict (apps[i], RTMP_AUTH_REFUSED, REFUSED);
}

static void
test_check_challenged (void)
{
  static const gchar *const unnamed[] = { NULL, "", "?", "live?", "live?user=user2020",
    "live?authmod=adobe", "live?authmod", "live?authmod=", "live?authmod=llnw&user=user2020",
    "live?xauthmod=adobe&user=user2020", "live&authmod=adobe&user=user2020",
    "authmod=adobe&user=user2020" };
  static const gchar *const named[] = { "live?authmod=adobe&user=user2020&challenge=12345678",
    "live?authmod=adobe&user=user2020&response=" ADOBE_RESPONSE,
    "live?authmod=adobe&user=user2020&challenge=12345678&response=" ADOBE_RESPONSE "&opaque=old",
    "live?authmod=adobe&user=user2020&challenge=12345678&response=" ADOBE_RESPONSE "&opaque=" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (unnamed); i++)
    assert_verdict (unnamed[i], RTMP_AUTH_CHALLENGED, NEED_ADOBE);
  for (i = 0; i < G_N_ELEMENTS (named); i++)
    assert_verdict (named[i], RTMP_AUTH_CHALLENGED, ADOBE_CHALLENGE);
}

/* A name that is not known is challenged like the known one; hostile ones come
 * back encoded. */
static void
test_check_names (void)
{
  assert_verdict ("live?authmod=adobe&user=x", RTMP_AUTH_CHALLENGED,
      "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=x"
      "&salt=8wsAAA==&challenge=OzMAAA==&opaque=OzMAAA==");
  assert_verdict ("live?authmod=adobe&user=%0a%26\xFF]=%zz", RTMP_AUTH_CHALLENGED,
      "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth"
      "&user=%250a%2526%FF%5D%3D%25zz&salt=8wsAAA==&challenge=OzMAAA==&opaque=OzMAAA==");
}

/* RTMP_MAX_AUTH_VALUE for each of the values, and one byte more. */
static void
test_check_limit (void)
{
  static const gchar *const keys[] = { "user", "challenge", "response", "opaque" };
  g_autofree gchar *most = g_strnfill (RTMP_MAX_AUTH_VALUE, 'x');
  guint i;

  for (i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree gchar *app = g_strdup_printf ("live?authmod=adobe&%s=%s", keys[i], most);
    g_autofree gchar *over = g_strconcat (app, "x", NULL);
    g_autofree gchar *text = NULL;

    g_assert_cmpint (rtmp_auth_check (app, "u", "p", "s", "c", &text), ==, RTMP_AUTH_CHALLENGED);
    assert_verdict (over, RTMP_AUTH_REFUSED, REFUSED);
  }
}

/* The limit is for the bytes as they came: decoded, these would be a third. */
static void
test_check_limit_escapes (void)
{
  const guint most = RTMP_MAX_AUTH_VALUE / 3;
  g_autoptr (GString) app = g_string_new ("live?authmod=adobe&user=");
  g_autofree gchar *text = NULL;
  guint i;

  for (i = 0; i < most; i++)
    g_string_append (app, "%41");
  g_assert_cmpint (rtmp_auth_check (app->str, "u", "p", "s", "c", &text), ==, RTMP_AUTH_CHALLENGED);
  g_string_append (app, "%41");
  assert_verdict (app->str, RTMP_AUTH_REFUSED, REFUSED);
}

/* Both sides of this module, with values that need care. */
static void
test_both_sides (void)
{
  static const gchar *const names[] = { "user2020", "a&b=c d/\xC3\xA9+~%41", "?#]" };
  static const gchar *const apps[] = { "live", "live/inst?a=b", "" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names) * G_N_ELEMENTS (apps); i++) {
    const gchar *name = names[i % G_N_ELEMENTS (names)], *app = apps[i / G_N_ELEMENTS (names)];
    g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, name, "p&s/w=rd");
    RtmpAuthVerdict verdict = RTMP_AUTH_REFUSED;
    guint connection;

    for (connection = 1; connection <= 3; connection++) {
      g_autofree gchar *sent = g_strconcat (app, rtmp_auth_get_query (auth, app), NULL);
      g_autofree gchar *stripped = rtmp_auth_strip_query (sent);
      g_autofree gchar *text = NULL;

      g_assert_cmpstr (stripped, ==, app);
      verdict = rtmp_auth_check (sent, name, "p&s/w=rd", "0011+/==", "8899aabb", &text);
      if (verdict != RTMP_AUTH_CHALLENGED)
        break;
      g_assert_true (rtmp_auth_rejected (auth, app, text, 7, NULL));
    }
    g_assert_cmpint (verdict, ==, RTMP_AUTH_ACCEPTED);
    g_assert_cmpuint (connection, ==, 3);
  }
}

/* A wrong password is final for the client. */
static void
test_both_sides_refused (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user2020", "1234567");
  g_autofree gchar *sent = NULL;

  g_assert_true (rtmp_auth_rejected (auth, "live", ADOBE_CHALLENGE, ADOBE_RANDOM, NULL));
  sent = g_strconcat ("live", rtmp_auth_get_query (auth, "live"), NULL);
  assert_verdict (sent, RTMP_AUTH_REFUSED, REFUSED);
  assert_denied (auth, REFUSED, "The server refused the user name and password");
}

static void
test_strip (void)
{
  static const struct {
    const gchar *app;
    const gchar *stripped;
  } cases[] = { { NULL, "" }, { "", "" }, { "live", "live" }, { "live?" ADOBE_ANSWER, "live" },
    { "?" ADOBE_ANSWER, "" }, { "live/inst?" LLNW_ANSWER "x", "live/inst" },
    { "live?a=b&" ADOBE_ANSWER "&c=d/e", "live?a=b&c=d/e" },
    { "live?" ADOBE_ANSWER "&c=d&e", "live?c=d&e" },
    { "live?user=x&authmod=adobe&a=b", "live?a=b" },
    { "live?authmod=adobe&username=x", "live?username=x" },
    { "live?authmod=adobe&user", "live?user" }, { "live?user=x", "live?user=x" },
    { "live?nc=1&opaque=2", "live?nc=1&opaque=2" },
    { "live?xauthmod=adobe&user=x", "live?xauthmod=adobe&user=x" },
    { "live&authmod=adobe", "live&authmod=adobe" }, { "live?", "live?" } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *stripped = rtmp_auth_strip_query (cases[i].app);

    g_assert_cmpstr (stripped, ==, cases[i].stripped);
  }
}

static void
test_free_null (void)
{
  rtmp_auth_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/auth/adobe/vector", test_adobe);
  g_test_add_func ("/auth/adobe/auto", test_adobe_auto);
  g_test_add_func ("/auth/adobe/forms", test_adobe_forms);
  g_test_add_func ("/auth/adobe/without-opaque", test_adobe_without_opaque);
  g_test_add_func ("/auth/adobe/at-once", test_adobe_at_once);
  g_test_add_func ("/auth/adobe/base64", test_adobe_base64);
  g_test_add_func ("/auth/adobe/user-name", test_adobe_user_name);
  g_test_add_func ("/auth/llnw/vector", test_llnw);
  g_test_add_func ("/auth/llnw/no-app", test_llnw_no_app);
  g_test_add_func ("/auth/mode-guessed", test_mode_guessed);
  g_test_add_func ("/auth/unrelated", test_unrelated);
  g_test_add_func ("/auth/stop", test_stop);
  g_test_add_func ("/auth/reason-decides", test_reason_decides);
  g_test_add_func ("/auth/no-challenge", test_no_challenge);
  g_test_add_func ("/auth/no-nonce", test_no_nonce);
  g_test_add_func ("/auth/rounds", test_rounds);
  g_test_add_func ("/auth/no-credentials", test_no_credentials);
  g_test_add_func ("/auth/wrong-mode", test_wrong_mode);
  g_test_add_func ("/auth/mode-changes", test_mode_changes);
  g_test_add_func ("/auth/long-description", test_long_description);
  g_test_add_func ("/auth/check/vector", test_check);
  g_test_add_func ("/auth/check/accepted", test_check_accepted);
  g_test_add_func ("/auth/check/refused", test_check_refused);
  g_test_add_func ("/auth/check/challenged", test_check_challenged);
  g_test_add_func ("/auth/check/names", test_check_names);
  g_test_add_func ("/auth/check/limit", test_check_limit);
  g_test_add_func ("/auth/check/limit-escapes", test_check_limit_escapes);
  g_test_add_func ("/auth/both-sides/accepted", test_both_sides);
  g_test_add_func ("/auth/both-sides/refused", test_both_sides_refused);
  g_test_add_func ("/auth/strip", test_strip);
  g_test_add_func ("/auth/free-null", test_free_null);

  return g_test_run ();
}
