/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "core/rtmperror.h"
#include "core/rtmplimits.h"
#include "core/rtmplocation.h"

/* No error text and no display form may hold this. */
#define SECRET "hunter2"

static RtmpLocation *
parse (const gchar *uri)
{
  g_autoptr (GError) error = NULL;
  RtmpLocation *location = rtmp_location_parse (uri, &error);

  if (!location)
    g_error ("%s: %s", uri, error->message);
  return location;
}

/* Returns the error's text, to be freed. */
static gchar *
parse_refused (const gchar *uri)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RtmpLocation) location = rtmp_location_parse (uri, &error);

  if (location)
    g_error ("%s was taken", uri);
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_ADDRESS);
  g_assert_null (strstr (error->message, SECRET));
  return g_strdup (error->message);
}

static void
assert_refused (const gchar *uri)
{
  g_free (parse_refused (uri));
}

static void
assert_contains (const gchar *text, const gchar *part)
{
  if (!strstr (text, part))
    g_error ("\"%s\" does not say \"%s\"", text, part);
}

static void
test_defaults (void)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  g_autofree gchar *uri = rtmp_location_to_uri (location);

  g_assert_cmpstr (uri, ==, "rtmp://localhost/live/myStream");
  g_assert_cmpuint (rtmp_location_get_port (location), ==, 1935);
  g_assert_null (location->username);
  g_assert_null (location->password);
  g_assert_null (location->connect_args);
  g_assert_cmpint (location->live, ==, -1);
  g_assert_cmpint (location->timeout, ==, -1);
  g_assert_cmpint (location->buffer_ms, ==, -1);
  rtmp_location_free (NULL);
}

/* peers.md Q30. */
static const struct {
  const gchar *path;
  const gchar *application;
  const gchar *stream;
} splits[] = {
  { "/live/key", "live", "key" },
  { "/app/instance/key", "app/instance", "key" },
  { "/a/b/c/key", "a/b/c", "key" },
  { "/app/key?token=a/b", "app", "key?token=a/b" },
  { "/app/instance/key?a=/b/&c=/", "app/instance", "key?a=/b/&c=/" },
  { "/app/key?a=b?c=d/e", "app", "key?a=b?c=d/e" },
  { "/live2?backup=1/key", "live2?backup=1", "key" },
  { "/live2?backup=a/b/key", "live2?backup=a/b", "key" },
  { "/app?x/stream", "app?x", "stream" },
  { "/app?x", "app?x", "" },
  { "/app?x/", "app?x", "" },
  { "/?x/stream", "?x", "stream" },
  { "/app/?streamname=a&key=b", "app", "?streamname=a&key=b" },
  { "/app/?streamname=a/b", "app", "?streamname=a/b" },
  { "//?streamname=a", "", "?streamname=a" },
  { "", "", "" },
  { "/", "", "" },
  { "//", "", "" },
  { "/live", "live", "" },
  { "/live/", "live", "" },
  { "//key", "", "key" },
  { "//key?a=b/c", "", "key?a=b/c" },
  { "/app//key", "app/", "key" },
  { "/app/_definst_/key", "app/_definst_", "key" },
  { "/app/_definst_/mp4:dir/file", "app/_definst_", "mp4:dir/file" },
  { "/app/mp4:dir/file.mp4", "app", "mp4:dir/file.mp4" },
  { "/app/mp4:dir/file.mp4?a=b/c", "app", "mp4:dir/file.mp4?a=b/c" },
  { "/app/mp4:a/mp4:b", "app", "mp4:a/mp4:b" },
  { "/app/flv:dir/file", "app", "flv:dir/file" },
  { "/app/mp3:dir/file", "app", "mp3:dir/file" },
  { "/app/ogg:dir/file", "app/ogg:dir", "file" },
  { "/app/xmp4:dir/file", "app/xmp4:dir", "file" },
  { "/app/dir/?mp4:x/y", "app/dir", "?mp4:x/y" },
  { "/mp4:dir/file", "", "mp4:dir/file" },
  { "//mp4:dir/file", "", "mp4:dir/file" },
  { "/app?x/mp4:dir/file", "app?x", "mp4:dir/file" },
  { "/a%20b/c%2fd%zz", "a%20b", "c%2fd%zz" },
  { "/app/key#part@host:1", "app", "key#part@host:1" },
  { "/app/back\\slash", "app", "back\\slash" },
  { "/app/\303\251t\303\251", "app", "\303\251t\303\251" },
};

static void
test_split (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (splits); i++) {
    g_autofree gchar *uri = g_strconcat ("rtmp://host", splits[i].path, NULL);
    g_autoptr (RtmpLocation) location = parse (uri);

    g_assert_cmpstr (location->host, ==, "host");
    g_assert_cmpstr (location->application, ==, splits[i].application);
    g_assert_cmpstr (location->stream, ==, splits[i].stream);
  }
}

static void
test_scheme (void)
{
  g_autoptr (RtmpLocation) plain = parse ("rTmP://host/app/key");
  g_autoptr (RtmpLocation) secure = parse ("RTMPS://host/app/key");

  g_assert_cmpint (plain->scheme, ==, RTMP_SCHEME_RTMP);
  g_assert_cmpint (secure->scheme, ==, RTMP_SCHEME_RTMPS);
  g_assert_cmpuint (plain->port, ==, 0);
  g_assert_cmpuint (rtmp_location_get_port (plain), ==, 1935);
  g_assert_cmpuint (rtmp_location_get_port (secure), ==, 443);
  g_assert_cmpstr (rtmp_scheme_to_string (RTMP_SCHEME_RTMP), ==, "rtmp");
  g_assert_cmpstr (rtmp_scheme_to_string (RTMP_SCHEME_RTMPS), ==, "rtmps");
}

static void
test_scheme_refused (void)
{
  static const gchar *const named[] = {
    "rtmpt",
    "rtmpe",
    "rtmpte",
    "rtmpts",
    "rtmfp",
    "http",
    "https",
    "srt",
    "a+b-c.d",
    "rtmpx",
    "abcdefghijklmnop",
  };
  static const gchar *const unnamed[] = {
    "",
    "host/app/key",
    "rtmp",
    "rtmp:",
    "rtmp:/host/app/key",
    "://host/app/key",
    "//host/app/key",
    SECRET "/x://host/app/key",
    "1rtmp://host/app/key",
    " rtmp://host/app/key",
    "host/app/key?" SECRET "=rtmp://host",
    "hunter2hunter2hun://host/app/key",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (named); i++) {
    g_autofree gchar *quoted = g_strdup_printf (" %s ", named[i]);
    g_autofree gchar *uri = g_strdup_printf ("%s://host/app/key", named[i]);
    g_autofree gchar *upper = g_ascii_strup (uri, -1);
    g_autofree gchar *text = parse_refused (uri);
    g_autofree gchar *upper_text = parse_refused (upper);

    assert_contains (text, quoted);
    g_assert_cmpstr (text, ==, upper_text);
  }
  for (i = 0; i < G_N_ELEMENTS (unnamed); i++)
    assert_refused (unnamed[i]);
}

static const struct {
  const gchar *authority;
  const gchar *host;
  guint port;
} hosts[] = {
  { "host", "host", 0 },
  { "live.example.com", "live.example.com", 0 },
  { "my_service-1.example.", "my_service-1.example.", 0 },
  { "b\303\274cher.example", "b\303\274cher.example", 0 },
  { "192.0.2.1:1936", "192.0.2.1", 1936 },
  { "host:", "host", 0 },
  { "host:1", "host", 1 },
  { "host:1935", "host", 1935 },
  { "host:65535", "host", 65535 },
  { "[::1]", "::1", 0 },
  { "[::]:1936", "::", 1936 },
  { "[2001:DB8::1]:80", "2001:DB8::1", 80 },
  { "[::ffff:192.0.2.1]:", "::ffff:192.0.2.1", 0 },
  { "[fe80::1%25eth0]", "fe80::1%eth0", 0 },
  { "[fe80::1%eth0.1]:1936", "fe80::1%eth0.1", 1936 },
  { "[fe80::1%2525-_~]", "fe80::1%25-_~", 0 },
  { "user@[::1]:1", "::1", 1 },
};

static const gchar *const bad_authorities[] = {
  "",
  ":1935",
  "user@",
  "user:password@:1935",
  "host:0",
  "host:65536",
  "host:99999999999999999999",
  "host:-1",
  "host:+1",
  "host:1x",
  "host:x",
  "host:1:2",
  "host::1",
  "ho%73t",
  "ho*st",
  "host?x",
  "host#x",
  "ho[st",
  "host]",
  "h\\ost",
  "<host>",
  "::1",
  "2001:db8::1",
  "[",
  "[]",
  "[::1",
  "[::1]x",
  "[::1]1935",
  "[::1]:0",
  "[1::2::3]",
  "[::g]",
  "[12345::]",
  "[192.0.2.1]",
  "[host]",
  "[v1.x:y]",
  "[::1%]",
  "[::1%25]",
  "[::1%et/h0]",
  "[::1%et%20h0]",
  "[%eth0]",
  "[[::1]]",
};

static void
test_host (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (hosts); i++) {
    g_autofree gchar *uri = g_strdup_printf ("rtmp://%s/app/key", hosts[i].authority);
    g_autoptr (RtmpLocation) location = parse (uri);

    g_assert_cmpstr (location->host, ==, hosts[i].host);
    g_assert_cmpuint (location->port, ==, hosts[i].port);
    g_assert_cmpstr (location->application, ==, "app");
  }
}

static void
test_host_refused (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad_authorities); i++) {
    g_autofree gchar *uri = g_strdup_printf ("rtmp://%s/app/key", bad_authorities[i]);

    assert_refused (uri);
  }
}

static const struct {
  const gchar *text;
  const gchar *username;
  const gchar *password;
} credentials[] = {
  { "", NULL, NULL },
  { "@", NULL, NULL },
  { "user@", "user", NULL },
  { "user:@", "user", "" },
  { "user:password@", "user", "password" },
  { "user:pass:word@", "user", "pass:word" },
  { "us%40er:p%3Aw%2f%25@", "us@er", "p:w/%" },
  { "user:p@ss@", "user", "p@ss" },
  { "user:p?s#s@", "user", "p?s#s" },
  { "a%20b:%c3%a9%0a@", "a b", "\303\251\n" },
};

static void
test_credentials (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (credentials); i++) {
    g_autofree gchar *uri = g_strdup_printf ("rtmps://%shost/app/k@y", credentials[i].text);
    g_autoptr (RtmpLocation) location = parse (uri);

    g_assert_cmpstr (location->username, ==, credentials[i].username);
    g_assert_cmpstr (location->password, ==, credentials[i].password);
    g_assert_cmpstr (location->host, ==, "host");
    g_assert_cmpstr (location->stream, ==, "k@y");
  }
}

static void
test_credentials_refused (void)
{
  static const gchar *const bad[] = {
    ":" SECRET "@",
    ":@",
    SECRET "%@",
    SECRET "%4@",
    SECRET "%zz:x@",
    "user:" SECRET "%4",
    "user:" SECRET "%g0@",
    "user:" SECRET "%00@",
    SECRET "%00@",
    "user:" SECRET "%ff@",
    SECRET "%c3@",
    SECRET "%@x:y@",
    "user:" SECRET "/",
    "user:" SECRET " x@",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *uri = g_strdup_printf ("rtmp://%shost/app/key", bad[i]);

    assert_refused (uri);
  }
}

static void
test_characters (void)
{
  static const gchar *const bad[] = {
    "\177",
    "\302\205",
    "\302\240",
    "\342\200\250",
    "\343\200\200",
    "\377",
    "\303",
    "\300\200",
    "\355\240\200",
  };
  static const gchar *const places[] = {
    "rtmp://ho%sst/app/key",
    "rtmp://host/a%spp/key",
    "rtmp://host/app/" SECRET "%s",
    "rtmp://us%ser:" SECRET "@host/app/key",
    "%srtmp://host/app/key",
    "rtmp://host/app/key live=1%s",
    "rtmp://host/app/key playpath=" SECRET "%s",
  };
  guint i, c;

  for (i = 0; i < G_N_ELEMENTS (places); i++) {
    g_auto (GStrv) parts = g_strsplit (places[i], "%s", 2);

    for (c = 1; c < 0x20; c++) {
      const gchar text[] = { (gchar) c, '\0' };
      g_autofree gchar *uri = g_strconcat (parts[0], text, parts[1], NULL);

      assert_refused (uri);
    }
    for (c = 0; c < G_N_ELEMENTS (bad); c++) {
      g_autofree gchar *uri = g_strconcat (parts[0], bad[c], parts[1], NULL);

      assert_refused (uri);
    }
  }
  assert_refused ("rtmp://ho st/app/key");
  assert_refused ("rtmp://host/a pp/key");
  assert_refused ("rtmp://host/app/key " SECRET);
}

/* RTMP_MAX_LOCATION and one past it. */
static void
test_length (void)
{
  static const gchar begin[] = "rtmp://host/app/";
  g_autofree gchar *fill = g_strnfill (RTMP_MAX_LOCATION - strlen (begin), 'k');
  g_autofree gchar *longest = g_strconcat (begin, fill, NULL);
  g_autofree gchar *longer = g_strconcat (longest, "k", NULL);
  g_autoptr (RtmpLocation) location = parse (longest);

  g_assert_cmpuint (strlen (longest), ==, RTMP_MAX_LOCATION);
  g_assert_cmpstr (location->stream, ==, fill);
  assert_refused (longer);
}

/* Every beginning of an address is taken or refused in order. */
static void
test_truncated (void)
{
  static const gchar whole[] =
      "rtmps://us%40er:p%3aw@[fe80::1%25eth0]:1936/a/mp4:b?c=d/e"
      " app=x\\20y conn=O:1 conn=NS:a\\3ab:c live=1 timeout=5 token=t swfVfy=0";
  gsize length;

  for (length = 0; length < strlen (whole); length++) {
    g_autofree gchar *part = g_strndup (whole, length);
    g_autoptr (GError) error = NULL;
    g_autoptr (RtmpLocation) location = rtmp_location_parse (part, &error);

    g_assert_true ((location == NULL) == (error != NULL));
    if (error)
      g_assert_error (error, RTMP_ERROR, RTMP_ERROR_ADDRESS);
  }
}

static void
test_options (void)
{
  g_autoptr (RtmpLocation) location = parse (
      "rtmp://user:password@host/a/b/c"
      " app=vod/x?y tcUrl=rtmp://other/vod swfUrl=http://host/p.swf swfVfy=0 pageUrl=http://host/"
      " flashVer=LNX\\2010,0,32,18 live=1 token=tok timeout=30 buffer=5000 playpath=mp4:d/f"
      " pubUser=me pubPasswd=a\\5cb subscribe=c swfAge=7 start=0 stop=0 playlist=0");

  g_assert_cmpstr (location->host, ==, "host");
  g_assert_cmpstr (location->application, ==, "vod/x?y");
  g_assert_cmpstr (location->stream, ==, "mp4:d/f");
  g_assert_cmpstr (location->tc_url, ==, "rtmp://other/vod");
  g_assert_cmpstr (location->swf_url, ==, "http://host/p.swf");
  g_assert_cmpstr (location->page_url, ==, "http://host/");
  g_assert_cmpstr (location->flash_version, ==, "LNX 10,0,32,18");
  g_assert_cmpstr (location->secure_token, ==, "tok");
  g_assert_cmpstr (location->username, ==, "me");
  g_assert_cmpstr (location->password, ==, "a\\b");
  g_assert_null (location->connect_args);
  g_assert_cmpint (location->live, ==, 1);
  g_assert_cmpint (location->timeout, ==, 30);
  g_assert_cmpint (location->buffer_ms, ==, 5000);
}

/* Case, spaces, the last of several, empty values. */
static void
test_options_form (void)
{
  g_autoptr (RtmpLocation) none = parse ("rtmp://host/app/key   ");
  g_autoptr (RtmpLocation) cased = parse ("rtmp://host/app/key  LIVE=true   TCURL=a ");
  g_autoptr (RtmpLocation) last = parse ("rtmp://host/app/key live=1 live=FALSE token=a token=b");
  g_autoptr (RtmpLocation) empty = parse ("rtmp://host/app/key app= playpath= tcUrl= token=t"
                                          " token= subscribe=");
  g_autoptr (RtmpLocation) equals = parse ("rtmp://host playpath=?a=b&c==");
  g_autoptr (RtmpLocation) ends = parse ("rtmp://host/app/key timeout=0 buffer=2147483647");

  g_assert_cmpstr (none->stream, ==, "key");
  g_assert_cmpint (cased->live, ==, 1);
  g_assert_cmpstr (cased->tc_url, ==, "a");
  g_assert_cmpint (last->live, ==, 0);
  g_assert_cmpstr (last->secure_token, ==, "b");
  g_assert_cmpstr (empty->application, ==, "");
  g_assert_cmpstr (empty->stream, ==, "");
  g_assert_null (empty->tc_url);
  g_assert_null (empty->secure_token);
  g_assert_cmpstr (equals->application, ==, "");
  g_assert_cmpstr (equals->stream, ==, "?a=b&c==");
  g_assert_cmpint (ends->timeout, ==, 0);
  g_assert_cmpint (ends->buffer_ms, ==, G_MAXINT);
}

static void
test_options_conn (void)
{
  g_autoptr (RtmpLocation) location = parse ("rtmp://host/app/key conn=B:1 live=0 conn=S:a\\20b"
                                             " conn=O:1 conn=NN:c\\3ad:1.23 conn=O:0");

  g_assert_cmpstr (location->connect_args, ==,
      "conn=B:1 conn=S:a\\20b conn=O:1 conn=NN:c\\3ad:1.23 conn=O:0");
}

static const struct {
  const gchar *options;
  const gchar *named; /* what the text says; NULL: only that it is no option */
} bad_options[] = {
  { "socks=" SECRET ":1080", "socks" },
  { "jtv=" SECRET, "jtv" },
  { "swfVfy=1", "swfVfy" },
  { "swfvfy=" SECRET, "swfVfy" },
  { "swfVfy=", "swfVfy" },
  { "playlist=TRUE", "playlist" },
  { "start=10", "start" },
  { "stop=" SECRET, "stop" },
  { "live=" SECRET, "live" },
  { "live=2", "live" },
  { "live=", "live" },
  { "timeout=" SECRET, "timeout" },
  { "timeout=-1", "timeout" },
  { "timeout=2147483648", "timeout" },
  { "timeout=", "timeout" },
  { "buffer=1.5", "buffer" },
  { "buffer=2147483648", "buffer" },
  { "token=" SECRET "\\", "token" },
  { "token=" SECRET "\\4", "token" },
  { "token=" SECRET "\\4g", "token" },
  { "token=" SECRET "\\g4", "token" },
  { "token=" SECRET "\\00", "token" },
  { "pubPasswd=" SECRET "\\ff", "pubPasswd" },
  { "conn=S:" SECRET "\\", "conn" },
  { "app=" SECRET "\\zz", "app" },
  { "playpath=" SECRET "\\zz", "playpath" },
  { "auth=" SECRET, "auth" },
  { "sixteenletterabc=" SECRET, "sixteenletterabc" },
  { "live=1 unknown=" SECRET, "unknown" },
  { SECRET, NULL },
  { "=" SECRET, NULL },
  { SECRET "=x", NULL },
  { SECRET "?a=b", NULL },
  { "live", NULL },
  { "live=1 " SECRET, NULL },
  { "seventeenletterab=x", NULL },
};

static void
test_options_refused (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad_options); i++) {
    g_autofree gchar *uri = g_strconcat ("rtmp://host/app/key ", bad_options[i].options, NULL);
    g_autofree gchar *text = parse_refused (uri);

    if (bad_options[i].named) {
      g_autofree gchar *quoted = g_strdup_printf ("Option %s ", bad_options[i].named);

      assert_contains (text, quoted);
    } else {
      assert_contains (text, "is not an option");
    }
  }
}

static void
test_copy (void)
{
  g_autoptr (RtmpLocation) copy = NULL;
  RtmpLocation *location = parse ("rtmps://u:p@h:1/a/s tcUrl=t swfUrl=w pageUrl=g flashVer=f"
                                  " token=k conn=Z: live=1 timeout=2 buffer=3");

  copy = rtmp_location_copy (location);
  rtmp_location_free (location);
  g_assert_cmpint (copy->scheme, ==, RTMP_SCHEME_RTMPS);
  g_assert_cmpstr (copy->host, ==, "h");
  g_assert_cmpuint (copy->port, ==, 1);
  g_assert_cmpstr (copy->application, ==, "a");
  g_assert_cmpstr (copy->stream, ==, "s");
  g_assert_cmpstr (copy->username, ==, "u");
  g_assert_cmpstr (copy->password, ==, "p");
  g_assert_cmpstr (copy->tc_url, ==, "t");
  g_assert_cmpstr (copy->swf_url, ==, "w");
  g_assert_cmpstr (copy->page_url, ==, "g");
  g_assert_cmpstr (copy->flash_version, ==, "f");
  g_assert_cmpstr (copy->secure_token, ==, "k");
  g_assert_cmpstr (copy->connect_args, ==, "conn=Z:");
  g_assert_cmpint (copy->live, ==, 1);
  g_assert_cmpint (copy->timeout, ==, 2);
  g_assert_cmpint (copy->buffer_ms, ==, 3);
}

static const struct {
  const gchar *given;
  const gchar *written;
} uris[] = {
  { "rtmp://host/live/key", "rtmp://host/live/key" },
  { "RTMP://user:" SECRET "@Host:1935/live/key live=1 token=" SECRET, "rtmp://Host/live/key" },
  { "rtmp://host:443/live/key", "rtmp://host:443/live/key" },
  { "rtmps://host:443/live/key", "rtmps://host/live/key" },
  { "rtmps://host:1935/live/key", "rtmps://host:1935/live/key" },
  { "rtmp://[::1]:1936/live/key", "rtmp://[::1]:1936/live/key" },
  { "rtmp://[fe80::1%eth0]/live/key", "rtmp://[fe80::1%25eth0]/live/key" },
  { "rtmp://host", "rtmp://host//" },
  { "rtmp://host/live", "rtmp://host/live/" },
  { "rtmp://host//key", "rtmp://host//key" },
  { "rtmp://host/live2?backup=1/key", "rtmp://host/live2?backup=1/key" },
  { "rtmp://host app=a playpath=b/c", "rtmp://host/ app=a playpath=b/c" },
  { "rtmp://host app=a/b?c playpath=d", "rtmp://host/ app=a/b?c playpath=d" },
  { "rtmp://host app=a playpath=b", "rtmp://host/a/b" },
  { "rtmp://host app=mp4:a playpath=b", "rtmp://host/ app=mp4:a playpath=b" },
  { "rtmp://host app=a playpath=b\\20\\5cc\\0ad\\c2\\a0e",
      "rtmp://host/ app=a playpath=b\\20\\5cc\\0ad\\c2\\a0e" },
};

static void
test_uri (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (uris); i++) {
    g_autoptr (RtmpLocation) location = parse (uris[i].given);
    g_autofree gchar *written = rtmp_location_to_uri (location);

    g_assert_cmpstr (written, ==, uris[i].written);
  }
}

/* Text made of what the rules look at. */
static gchar *
random_name (void)
{
  static const gchar *const atoms[] = {
    "a",
    "key",
    "/",
    "/",
    "?",
    "=",
    "&",
    "mp4:",
    "flv:",
    "_definst_",
    "%2f",
    "%",
    "\\",
    " ",
    "@",
    ":",
    "#",
    "\n",
    "\303\251",
    "\302\240",
    "[",
    "]",
    "app=",
    "\\20",
  };
  GString *out = g_string_new (NULL);
  gint n = g_test_rand_int_range (0, 8);

  while (n-- > 0)
    g_string_append (out, atoms[g_test_rand_int_range (0, G_N_ELEMENTS (atoms))]);
  return g_string_free (out, FALSE);
}

static void
test_uri_round_trip (void)
{
  static const gchar *const names[] = {
    "host",
    "192.0.2.1",
    "::1",
    "2001:db8::1",
    "fe80::1%eth0",
    "fe80::1%25x",
    "x_y.example.",
  };
  static const guint ports[] = { 0, 1, 443, 1935, 1936, 65535 };
  guint i;

  for (i = 0; i < 20000; i++) {
    RtmpLocation given = {
      .scheme = g_test_rand_bit () ? RTMP_SCHEME_RTMP : RTMP_SCHEME_RTMPS,
      .host = (gchar *) names[g_test_rand_int_range (0, G_N_ELEMENTS (names))],
      .port = ports[g_test_rand_int_range (0, G_N_ELEMENTS (ports))],
    };
    g_autofree gchar *application = random_name ();
    g_autofree gchar *stream = random_name ();
    g_autofree gchar *uri = NULL;
    g_autoptr (RtmpLocation) parsed = NULL;

    given.application = application;
    given.stream = stream;
    uri = rtmp_location_to_uri (&given);
    parsed = parse (uri);
    g_assert_cmpint (parsed->scheme, ==, given.scheme);
    g_assert_cmpstr (parsed->host, ==, given.host);
    g_assert_cmpuint (rtmp_location_get_port (parsed), ==, rtmp_location_get_port (&given));
    g_assert_cmpstr (parsed->application, ==, application);
    g_assert_cmpstr (parsed->stream, ==, stream);
  }
}

static const struct {
  const gchar *uri;
  const gchar *tc_url;
} tc_urls[] = {
  { "rtmp://host/app/key", "rtmp://host/app" },
  { "rtmp://u:" SECRET "@host:1935/app/instance/key", "rtmp://host/app/instance" },
  { "rtmp://host:1936/app?x=1/key", "rtmp://host:1936/app?x=1" },
  { "rtmps://host:443/app/key", "rtmps://host/app" },
  { "rtmp://[::1]:1936/app/key", "rtmp://[::1]:1936/app" },
  { "rtmp://[fe80::1%25eth0]/app/key", "rtmp://[fe80::1]/app" },
  { "rtmp://host//key", "rtmp://host/" },
  { "rtmp://host/app/key tcUrl=rtmp://other:1/x", "rtmp://other:1/x" },
};

static void
test_tc_url (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tc_urls); i++) {
    g_autoptr (RtmpLocation) location = parse (tc_urls[i].uri);
    g_autofree gchar *tc_url = rtmp_location_to_tc_url (location);

    g_assert_cmpstr (tc_url, ==, tc_urls[i].tc_url);
  }
}

static const struct {
  const gchar *uri;
  const gchar *shown;
} displays[] = {
  { "rtmp://host/app/abcdef", "rtmp://host/app/ab***" },
  { "rtmps://user:" SECRET "@host:1936/app/instance/abc-" SECRET " token=" SECRET,
      "rtmps://host:1936/app/instance/ab***" },
  { "rtmp://host/app/key?token=" SECRET, "rtmp://host/app/ke***" },
  { "rtmp://host/app/?streamname=" SECRET, "rtmp://host/app/?s***" },
  { "rtmp://host/live2?backup=" SECRET "&b.c_d-1=" SECRET "/abcdef",
      "rtmp://host/live2?backup=***&b.c_d-1=***/ab***" },
  { "rtmp://host/app?" SECRET "/abcdef", "rtmp://host/app?***/ab***" },
  { "rtmp://host/app?" SECRET "==/abcdef", "rtmp://host/app?***/ab***" },
  { "rtmp://host/app?" SECRET "==;" SECRET "&x=" SECRET "=/abcdef",
      "rtmp://host/app?***&***&x=***/ab***" },
  { "rtmp://host/app?" SECRET "+" SECRET "=x/abcdef", "rtmp://host/app?***/ab***" },
  { "rtmp://host/app?=" SECRET "/abcdef", "rtmp://host/app?***/ab***" },
  { "rtmp://host/app?/abcdef", "rtmp://host/app/ab***" },
  { "rtmp://host/app?a=1?b=" SECRET "/abcdef", "rtmp://host/app?a=***/ab***" },
  { "rtmp://host/app/", "rtmp://host/app/" },
  { "rtmp://[fe80::1%eth0]/app/abcdef", "rtmp://[fe80::1%25eth0]/app/ab***" },
  { "rtmp://host app=a\\0ab\\20c playpath=abcdef", "rtmp://host/a\\0ab\\20c/ab***" },
};

static void
test_display (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (displays); i++) {
    g_autoptr (RtmpLocation) location = parse (displays[i].uri);
    g_autofree gchar *shown = rtmp_location_to_display (location);

    g_assert_cmpstr (shown, ==, displays[i].shown);
    g_assert_null (strstr (shown, SECRET));
  }
}

/* Hosts come from a property as well: what is shown stays on one line. */
static void
test_display_host (void)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  g_autofree gchar *name = NULL;
  g_autofree gchar *address = NULL;

  g_free (location->host);
  location->host = g_strdup ("a\nb\377");
  name = rtmp_location_to_display (location);
  g_assert_cmpstr (name, ==, "rtmp://a\\0ab\\ff/live/my***");

  g_free (location->host);
  location->host = g_strdup ("::1\n%\n");
  address = rtmp_location_to_display (location);
  g_assert_cmpstr (address, ==, "rtmp://[::1\\0a%25\\0a]/live/my***");
}

static void
test_mask (void)
{
  static const struct {
    const gchar *secret;
    const gchar *shown;
  } masks[] = {
    { NULL, "" },
    { "", "" },
    { "a", "***" },
    { "ab", "***" },
    { "abc", "a***" },
    { "abcde", "a***" },
    { "abcdef", "ab***" },
    { "abcdefghijklmnopqrstuvwxyz", "ab***" },
    { "\303\251\303\251\303\251\303\251\303\251\303\251", "\303\251\303\251***" },
    { "\303\251\303\251\303\251", "\303\251***" },
    { "\377\377\377\377\377\377", "***" },
    { "a\nbcdefgh", "***" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (masks); i++) {
    g_autofree gchar *shown = rtmp_mask_secret (masks[i].secret);

    g_assert_cmpstr (shown, ==, masks[i].shown);
  }
}

/* Vector 29 and peers.md Q12; absent targets never get here. */
static const struct {
  const gchar *from;
  const gchar *target;
  gboolean is_url;
  const gchar *to;
} redirects[] = {
  { "rtmp://host/app/key", "rtmp://192.0.2.0/realtimeapp", FALSE,
      "rtmp://192.0.2.0/realtimeapp/key" },
  { "rtmp://host:1936/app/key", "//192.0.2.0/realtimeapp", FALSE,
      "rtmp://192.0.2.0/realtimeapp/key" },
  { "rtmp://host:1936/app/key", "/realtimeapp", FALSE, "rtmp://host:1936/realtimeapp/key" },
  { "rtmps://host:1936/app/key", "//other:80/a/b", FALSE, "rtmps://other:80/a/b/key" },
  { "rtmps://[::1]:1936/app/key", "/a", FALSE, "rtmps://[::1]:1936/a/key" },
  { "rtmp://[fe80::1%eth0]/app/key", "/a", FALSE, "rtmp://[fe80::1%25eth0]/a/key" },
  { "rtmp://host/app/key", "rtmp://[2001:db8::1]:80/a", FALSE, "rtmp://[2001:db8::1]:80/a/key" },
  { "rtmp://host/app/key", "rtmps://host/app", FALSE, "rtmps://host/app/key" },
  { "rtmps://host/app/key", "RTMPS://other/app", FALSE, "rtmps://other/app/key" },
  { "rtmp://host/app/key", "rtmp://other/app/instance?a=b", FALSE,
      "rtmp://other/ app=app/instance?a=b playpath=key" },
  { "rtmp://host/app/key", "rtmp://other/a/b", FALSE, "rtmp://other/a/b/key" },
  { "rtmp://host/app/key", "rtmp://other", FALSE, "rtmp://other/app/key" },
  { "rtmp://host/app/key", "rtmp://other:1/", FALSE, "rtmp://other:1/app/key" },
  { "rtmp://host:1936/app/key", "/", FALSE, "rtmp://host:1936/app/key" },
  { "rtmp://host/app/key", "rtmp://user:password@other/a", FALSE, "rtmp://other/a/key" },
  { "rtmp://host/app/key", "rtmp://other/a/new?b=c/d", TRUE, "rtmp://other/a/new?b=c/d" },
  { "rtmp://host/app/key", "rtmp://other/a?b=c/new", TRUE, "rtmp://other/a?b=c/new" },
  { "rtmp://host/app/key", "rtmp://other/a", TRUE, "rtmp://other/a/key" },
  { "rtmp://host/app/key", "rtmp://other/a/", TRUE, "rtmp://other/a/key" },
  { "rtmp://host/app/key", "rtmp://other", TRUE, "rtmp://other/app/key" },
  { "rtmp://host/app/key", "rtmp://other/", TRUE, "rtmp://other/app/key" },
  { "rtmp://host/app/key", "/a/new", TRUE, "rtmp://host/a/new" },
  { "rtmp://host/app/key?token=a/b", "//other/a", FALSE, "rtmp://other/a/key?token=a/b" },
};

static void
test_redirect (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (redirects); i++) {
    g_autoptr (RtmpLocation) from = parse (redirects[i].from);
    g_autoptr (GError) error = NULL;
    g_autoptr (RtmpLocation) to = rtmp_location_resolve_redirect (from, redirects[i].target,
        redirects[i].is_url, &error);
    g_autofree gchar *uri = NULL;

    g_assert_no_error (error);
    uri = rtmp_location_to_uri (to);
    g_assert_cmpstr (uri, ==, redirects[i].to);
    g_assert_null (to->username);
    g_assert_null (to->password);
  }
}

static void
test_redirect_refused (void)
{
  static const gchar *const bad[] = {
    "",
    "app",
    "?a=b",
    "host:1935/app",
    "rtmp:/host/app",
    "//",
    "///app",
    "rtmp:///app",
    "//host:0/app",
    "//host:65536/app",
    "//ho%20st/app",
    "//[::1/app",
    "http://" SECRET "/app",
    "rtmpe://host/" SECRET,
    "rtmpt://host/app",
    "x y://host/app",
    "/app live=1",
    "//host/app token=" SECRET,
    "rtmps://host/app pageUrl=x",
    "/app ",
    " /app",
    "/app\n",
    "/app\r\nX: y",
    "//ho\tst/app",
    "/app\377",
    "/app\302\240",
    "//user%zz:" SECRET "@host/app",
  };
  g_autoptr (RtmpLocation) from = parse ("rtmps://host/app/key");
  g_autoptr (GError) downgrade = NULL;
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (rtmp_location_resolve_redirect (from, bad[i / 2], i % 2, &error));
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_REDIRECT);
    g_assert_null (strstr (error->message, SECRET));
  }
  g_assert_null (rtmp_location_resolve_redirect (from, "rtmp://host/app", FALSE, &downgrade));
  g_assert_error (downgrade, RTMP_ERROR, RTMP_ERROR_REDIRECT);
  assert_contains (downgrade->message, "rtmps to rtmp");
}

/* A target has the limit of any address. */
static void
test_redirect_length (void)
{
  g_autoptr (RtmpLocation) from = parse ("rtmp://host/app/key");
  g_autofree gchar *fill = g_strnfill (RTMP_MAX_LOCATION - strlen ("rtmp://host/"), 'a');
  g_autofree gchar *longest = g_strconcat ("/", fill, NULL);
  g_autofree gchar *longer = g_strconcat (longest, "a", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (RtmpLocation) to = rtmp_location_resolve_redirect (from, longest, FALSE, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (to->application, ==, fill);
  g_assert_null (rtmp_location_resolve_redirect (from, longer, FALSE, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_REDIRECT);
}

/* protocol.md 35: no credentials to another host. */
static void
test_redirect_credentials (void)
{
  static const struct {
    const gchar *target;
    gboolean kept;
  } cases[] = {
    { "rtmp://host/other", TRUE },
    { "rtmp://HOST:1936/other", TRUE },
    { "/other", TRUE },
    { "rtmps://host/other", TRUE },
    { "//host/other", TRUE },
    { "rtmp://someone:else@host/other", TRUE },
    { "//host.example/other", FALSE },
    { "rtmp://hos/other", FALSE },
    { "rtmp://[::1]/other", FALSE },
    { "//host./other", FALSE },
    { "//user:" SECRET "@other/other", FALSE },
  };
  g_autoptr (RtmpLocation) from =
      parse ("rtmp://user:" SECRET "@host/app/key token=tok"
             " conn=S:arg tcUrl=rtmp://host/app swfUrl=swf pageUrl=page flashVer=f live=1 timeout=5"
             " buffer=7");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpLocation) to = rtmp_location_resolve_redirect (from, cases[i].target, FALSE,
        NULL);

    g_assert_nonnull (to);
    g_assert_cmpstr (to->application, ==, "other");
    g_assert_cmpstr (to->stream, ==, "key");
    g_assert_cmpstr (to->username, ==, cases[i].kept ? "user" : NULL);
    g_assert_cmpstr (to->password, ==, cases[i].kept ? SECRET : NULL);
    g_assert_cmpstr (to->secure_token, ==, cases[i].kept ? "tok" : NULL);
    g_assert_cmpstr (to->connect_args, ==, cases[i].kept ? "conn=S:arg" : NULL);
    g_assert_null (to->tc_url);
    g_assert_cmpstr (to->swf_url, ==, "swf");
    g_assert_cmpstr (to->page_url, ==, "page");
    g_assert_cmpstr (to->flash_version, ==, "f");
    g_assert_cmpint (to->live, ==, 1);
    g_assert_cmpint (to->timeout, ==, 5);
    g_assert_cmpint (to->buffer_ms, ==, 7);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/location/defaults", test_defaults);
  g_test_add_func ("/location/split", test_split);
  g_test_add_func ("/location/scheme", test_scheme);
  g_test_add_func ("/location/scheme-refused", test_scheme_refused);
  g_test_add_func ("/location/host", test_host);
  g_test_add_func ("/location/host-refused", test_host_refused);
  g_test_add_func ("/location/credentials", test_credentials);
  g_test_add_func ("/location/credentials-refused", test_credentials_refused);
  g_test_add_func ("/location/characters", test_characters);
  g_test_add_func ("/location/length", test_length);
  g_test_add_func ("/location/truncated", test_truncated);
  g_test_add_func ("/location/options", test_options);
  g_test_add_func ("/location/options/form", test_options_form);
  g_test_add_func ("/location/options/conn", test_options_conn);
  g_test_add_func ("/location/options/refused", test_options_refused);
  g_test_add_func ("/location/copy", test_copy);
  g_test_add_func ("/location/uri", test_uri);
  g_test_add_func ("/location/uri/round-trip", test_uri_round_trip);
  g_test_add_func ("/location/tc-url", test_tc_url);
  g_test_add_func ("/location/display", test_display);
  g_test_add_func ("/location/display/host", test_display_host);
  g_test_add_func ("/location/mask", test_mask);
  g_test_add_func ("/location/redirect", test_redirect);
  g_test_add_func ("/location/redirect/refused", test_redirect_refused);
  g_test_add_func ("/location/redirect/length", test_redirect_length);
  g_test_add_func ("/location/redirect/credentials", test_redirect_credentials);
  return g_test_run ();
}
