/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How links begin: refusals, authentication, TLS, odd servers, and beginning again and again. */

#include "support/linktest.h"

/* protocol.md, vector 23. */
#define TOKEN "abcdefghijklmnop"
#define TOKEN_HEX "4144aadabf24db23cea0560c76e64905"
#define TOKEN_TEXT "1234567890123456"

/* -- Refusals -- */

static const struct {
  RtmpPeerStage stage;
  gboolean publish;
  guint quirks;
  RtmpPeerReaction reaction;
  gint code;
} refusals[] = {
  { RTMP_PEER_CONNECT, TRUE, 0,
      { .code = "NetConnection.Connect.InvalidApp", .description = "No such app" },
      RTMP_ERROR_NOT_FOUND },
  { RTMP_PEER_CONNECT, FALSE, 0,
      { .code = "NetConnection.Connect.Rejected", .description = "Not today" },
      RTMP_ERROR_REJECTED },
  { RTMP_PEER_CONNECT, TRUE, RTMP_PEER_ZERO_TRANSACTIONS,
      { .code = "NetConnection.Connect.Rejected", .description = "Not today" },
      RTMP_ERROR_REJECTED },
  { RTMP_PEER_CONNECT, TRUE, RTMP_PEER_REJECT_BY_STATUS,
      { .code = "NetConnection.Connect.Rejected", .description = "Go away" }, RTMP_ERROR_REJECTED },
  { RTMP_PEER_CONNECT, TRUE, RTMP_PEER_REJECT_BY_STATUS,
      { .code = "NetConnection.Connect.Rejected",
          .description = "Moved",
          .redirect = "rtmp://192.0.2.1/live/key",
          .redirect_is_url = TRUE },
      RTMP_ERROR_REDIRECT },
  { RTMP_PEER_CONNECT, FALSE, 0,
      { .code = "NetConnection.Connect.Rejected",
          .description = "Moved",
          .redirect = "rtmp://192.0.2.1/live" },
      RTMP_ERROR_REDIRECT },
  { RTMP_PEER_CREATE_STREAM, TRUE, 0,
      { .code = "NetConnection.Call.Failed", .description = "Too many" }, RTMP_ERROR_REJECTED },
  { RTMP_PEER_START, TRUE, 0,
      { .code = "NetStream.Publish.BadName", .description = "Already publishing" },
      RTMP_ERROR_BUSY },
  { RTMP_PEER_START, TRUE, 0,
      { .code = "NetStream.Publish.Unauthorized", .description = "Wrong key" },
      RTMP_ERROR_NOT_AUTHORIZED },
  { RTMP_PEER_START, FALSE, 0,
      { .code = "NetStream.Play.StreamNotFound", .description = "Nobody there" },
      RTMP_ERROR_NOT_FOUND },
  { RTMP_PEER_START, FALSE, RTMP_PEER_START_ON_STREAM_0,
      { .code = "NetStream.Play.StreamNotFound", .description = "Nobody there" },
      RTMP_ERROR_NOT_FOUND },
};

/* Whether or not the server closes behind its words: they are what is told. */
static void
test_refusals (void)
{
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (refusals); i++) {
    RtmpPeerConfig config = { .quirks = refusals[i / 2].quirks };
    RtmpPeerReaction *reaction = &config.reactions[refusals[i / 2].stage];
    g_autoptr (RtmpPeer) peer = NULL;
    g_autoptr (LinkTest) test = link_test_new (refusals[i / 2].publish);
    g_autoptr (GError) error = NULL;

    *reaction = refusals[i / 2].reaction;
    reaction->action = i % 2 ? RTMP_PEER_REJECT_AND_CLOSE : RTMP_PEER_REJECT;
    peer = rtmp_peer_new (&config);
    link_test_start (test, peer, "live/key");
    g_assert_cmpint (rtmp_link_wait_ready (test->link, &error), ==, RTMP_LINK_ERROR);
    g_assert_error (error, RTMP_ERROR, refusals[i / 2].code);
    g_assert_cmpstr (rtmp_error_get_code (error), ==, reaction->code);
    g_assert_cmpstr (rtmp_error_get_description (error), ==, reaction->description);
    if (refusals[i / 2].code != RTMP_ERROR_REDIRECT)
      g_assert_nonnull (strstr (error->message, reaction->description));
    link_test_wait (test, test->n_failed == 1);
    g_assert_error (test->error, RTMP_ERROR, refusals[i / 2].code);
  }
}

/* -- Odd servers -- */

/* peers.md Q1 to Q6, Q14, Q15, Q28: publishing works all the same. */
static void
test_quirks (void)
{
  static const struct {
    guint quirks;
    guint sayings;
    gboolean warns;
  } cases[] = {
    { RTMP_PEER_NO_FC_ANSWERS, 0, FALSE },
    { RTMP_PEER_FC_ERRORS, 0, TRUE },
    { RTMP_PEER_ZERO_TRANSACTIONS | RTMP_PEER_NO_FC_ANSWERS, 0, FALSE },
    { RTMP_PEER_START_ON_STREAM_0, 0, FALSE },
    { RTMP_PEER_NO_ACKS, 0, FALSE },
    { 0, RTMP_PEER_SAY_BW_DONE | RTMP_PEER_SAY_PING | RTMP_PEER_SAY_BUFFER_READY, FALSE },
    { 0, RTMP_PEER_SAY_ON_FC_PUBLISH | RTMP_PEER_SAY_PLAY_RESET | RTMP_PEER_SAY_DATA_START, FALSE },
    { RTMP_PEER_NO_FC_ANSWERS, G_MAXUINT, FALSE },
  };
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (cases); i++) {
    const RtmpPeerConfig config = {
      .quirks = cases[i / 2].quirks,
      .say_before = i % 2 ? cases[i / 2].sayings : 0,
      .say_after = i % 2 ? 0 : cases[i / 2].sayings,
    };
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&config);
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (RtmpPeerRecord) record = NULL;

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    link_test_send (test, messages);
    link_test_drain (test);
    record = rtmp_peer_get_record (peer, 0);
    test_assert_same_media (record->media, messages);
    g_assert_cmpint (test->warnings->len > 0, ==, cases[i / 2].warns);
  }
}

/* Calls that want an answer get one (protocol.md 21; peers.md Q14). */
static void
test_calls_are_answered (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) {
      .say_after = RTMP_PEER_SAY_PING | RTMP_PEER_SAY_PING_COMMAND | RTMP_PEER_SAY_UNKNOWN_CALL });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (RtmpCommand) command = NULL;

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  g_assert_true (rtmp_peer_wait_pongs (peer, 0, 3));
  g_assert_true (rtmp_peer_wait_command (peer, 0, "pong", 3));
  g_assert_true (rtmp_peer_wait_command (peer, 0, "_result", 3));
  record = rtmp_peer_get_record (peer, 0);
  command = rtmp_peer_record_get_command (record, "pong", 0);
  g_assert_cmpfloat (command->transaction, ==, 77);
  g_clear_pointer (&command, rtmp_command_free);
  command = rtmp_peer_record_get_command (record, "_result", 0);
  g_assert_cmpfloat (command->transaction, ==, 78);
}

static void
test_connect_arguments (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (GPtrArray) extra = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_amf_unref);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (RtmpCommand) command = NULL;

  g_ptr_array_add (extra, rtmp_amf_new_string ("one"));
  g_ptr_array_add (extra, rtmp_amf_new_number (2));
  test->config.extra_args = extra;
  test->config.flash_version = "Test 1,0";
  link_test_start (test, peer, "live/instance/key");
  link_test_wait_ready (test);
  record = rtmp_peer_get_record (peer, 0);
  g_assert_cmpstr (record->app, ==, "live/instance");
  g_assert_cmpstr (record->flash_version, ==, "Test 1,0");
  command = rtmp_peer_record_get_command (record, "connect", 0);
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (command, 1)), ==, "one");
  g_assert_cmpfloat (rtmp_amf_get_number (rtmp_command_get (command, 2), 0), ==, 2);
}

/* -- Authentication -- */

static void
start_with_user (LinkTest *test, RtmpPeer *peer, const gchar *credentials)
{
  g_autofree gchar *url = g_strdup_printf ("rtmp://%s127.0.0.1:%u/live/key", credentials,
      rtmp_peer_get_port (peer));

  link_test_start_url (test, url);
}

static void
test_authentication (void)
{
  static const struct {
    RtmpAuthmod authmod;
    gboolean llnw;
    const gchar *credentials;
    guint connections;
    const gchar *fault; /* NULL where it succeeds */
  } cases[] = {
    { RTMP_AUTHMOD_AUTO, FALSE, "us%20er:p%40ss@", 3, NULL },
    { RTMP_AUTHMOD_ADOBE, FALSE, "us%20er:p%40ss@", 3, NULL },
    { RTMP_AUTHMOD_AUTO, TRUE, "us%20er:p%40ss@", 3, NULL },
    { RTMP_AUTHMOD_LLNW, TRUE, "us%20er:p%40ss@", 3, NULL },
    { RTMP_AUTHMOD_AUTO, FALSE, "us%20er:wrong@", 3, "refused" },
    { RTMP_AUTHMOD_AUTO, TRUE, "us%20er:wrong@", 3, "refused" },
    { RTMP_AUTHMOD_AUTO, FALSE, "", 1, "not set" },
    { RTMP_AUTHMOD_NONE, FALSE, "us%20er:p%40ss@", 1, "switched off" },
    { RTMP_AUTHMOD_LLNW, FALSE, "us%20er:p%40ss@", 1, "adobe" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .username = "us er",
        .password = "p@ss",
        .llnw = cases[i].llnw });
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (GError) error = NULL;
    RtmpLinkStats stats;

    test->config.authmod = cases[i].authmod;
    start_with_user (test, peer, cases[i].credentials);
    if (cases[i].fault) {
      g_assert_cmpint (rtmp_link_wait_ready (test->link, &error), ==, RTMP_LINK_ERROR);
      g_assert_error (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED);
      g_assert_nonnull (strstr (error->message, cases[i].fault));
      g_assert_null (strstr (error->message, "p@ss"));
      g_assert_null (strstr (error->message, "wrong"));
    } else {
      link_test_wait_ready (test);
    }
    g_assert_cmpuint (rtmp_peer_count_connections (peer), ==, cases[i].connections);
    rtmp_link_get_stats (test->link, &stats);
    g_free (stats.address);
    g_assert_cmpuint (stats.connections, ==, cases[i].connections);
  }
}

static gboolean
are_closed (gpointer data)
{
  return rtmp_peer_count_open (data) <= 1;
}

/* Earlier connections are closed, and media goes over the last one. */
static void
test_authenticated_media (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .username = "user",
      .password = "pass" });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 1000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  g_autoptr (RtmpPeerRecord) record = NULL;

  start_with_user (test, peer, "user:pass@");
  link_test_wait_ready (test);
  g_assert_true (rtmp_peer_wait_ended (peer, 0));
  g_assert_true (rtmp_peer_wait_ended (peer, 1));
  g_assert_true (are_closed (peer));
  link_test_send (test, messages);
  link_test_drain (test);
  record = rtmp_peer_get_record (peer, 2);
  test_assert_same_media (record->media, messages);
  g_assert_nonnull (strstr (record->app, "live?authmod=adobe&user=user&challenge="));
  g_assert_nonnull (strstr (record->tc_url, "?authmod=adobe"));
  link_test_wait (test,
      g_str_equal (test->states->str,
          "connecting negotiating connecting "
          "negotiating connecting negotiating streaming closing"));
}

/* A stop between two connections. */
static void
test_authentication_stop (void)
{
  guint i;

  for (i = 0; i < 20; i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .username = "user",
        .password = "pass" });
    g_autoptr (LinkTest) test = link_test_new (TRUE);

    start_with_user (test, peer, "user:pass@");
    g_assert_true (rtmp_peer_wait_connections (peer, 1 + i % 3));
    rtmp_link_stop (test->link);
    g_assert_true (rtmp_peer_wait_all_ended (peer));
  }
}

static void
test_secure_token (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .secure_token = TOKEN_HEX });
  g_autoptr (LinkTest) test = link_test_new (FALSE);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (RtmpCommand) command = NULL;

  link_test_start (test, peer, "live/key token=" TOKEN);
  link_test_wait_ready (test);
  record = rtmp_peer_get_record (peer, 0);
  command = rtmp_peer_record_get_command (record, "secureTokenResponse", 0);
  g_assert_nonnull (command);
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (command, 1)), ==, TOKEN_TEXT);
}

/* -- TLS -- */

static gboolean
skip_without_tls (TestCertificates *certificates)
{
  if (certificates)
    return FALSE;
  g_test_skip ("openssl or GIO's TLS is missing");
  return TRUE;
}

/* Both ways, with a reader that is slow for a while. */
static void
test_tls_publish (void)
{
  g_autoptr (TestCertificates) certificates = test_certificates_new ();
  g_autoptr (GBytes) flv = test_flv_build (40, 0, 50000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);
  guint i;

  if (skip_without_tls (certificates))
    return;
  for (i = 0; i < 2; i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) {
        .certificate = certificates->good,
        .read_size = i ? 30000 : 0,
        .read_interval = i ? 2 : 0,
        .receive_buffer = i ? 128 * 1024 : 0 });
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (RtmpPeerRecord) record = NULL;
    gint64 begin;

    test->config.tls_database = certificates->ca;
    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    link_test_send (test, messages);
    begin = g_get_monotonic_time ();
    link_test_drain (test);
    /* TLS's goodbye tells the peer that this is all, so it closes and nobody lingers. */
    if (i == 0)
      g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
    g_assert_true (rtmp_peer_wait_ended (peer, 0));
    record = rtmp_peer_get_record (peer, 0);
    g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
    test_assert_same_media (record->media, messages);
    g_assert_cmpstr (record->commands, ==, PUBLISH_COMMANDS " " STOP_COMMANDS);
    g_assert_cmpuint (test->n_asked, ==, 0);
  }
}

static void
test_tls_play (void)
{
  static const RtmpPeerPlayEnd ends[] = { RTMP_PEER_PLAY_STOP, RTMP_PEER_PLAY_FIN,
    RTMP_PEER_PLAY_RST };
  g_autoptr (TestCertificates) certificates = test_certificates_new ();
  g_autoptr (GBytes) flv = test_flv_build (40, 0, 50000);
  g_autoptr (GPtrArray) expected = test_flv_split (flv);
  guint i;

  if (skip_without_tls (certificates))
    return;
  for (i = 0; i < G_N_ELEMENTS (ends); i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (
        &(RtmpPeerConfig) { .certificate = certificates->good, .flv = flv, .flv_end = ends[i] });
    g_autoptr (LinkTest) test = link_test_new (FALSE);
    g_autoptr (GPtrArray) messages = link_test_message_list ();
    g_autoptr (GError) error = NULL;
    RtmpLinkResult result;

    test->config.tls_database = certificates->ca;
    link_test_start (test, peer, "live/key");
    result = link_test_receive (test, messages, G_MAXUINT, &error);
    g_assert_cmpint (result, ==, ends[i] == RTMP_PEER_PLAY_STOP ? RTMP_LINK_EOS : RTMP_LINK_ERROR);
    if (ends[i] == RTMP_PEER_PLAY_FIN)
      g_assert_error (error, RTMP_ERROR, RTMP_ERROR_CLOSED);
    if (ends[i] != RTMP_PEER_PLAY_RST)
      test_assert_same_media (messages, expected);
  }
}

/* The application is asked on a thread of its own, and may take its time. */
static void
test_tls_certificate (void)
{
  g_autoptr (TestCertificates) certificates = test_certificates_new ();
  guint i;

  if (skip_without_tls (certificates))
    return;
  for (i = 0; i < 2; i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) {
        .certificate = certificates->wrong_host });
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (GError) error = NULL;

    test->accept = i == 0;
    test->config.tls_database = certificates->ca;
    link_test_start (test, peer, "live/key");
    if (test->accept) {
      link_test_wait_ready (test);
    } else {
      g_assert_cmpint (rtmp_link_wait_ready (test->link, &error), ==, RTMP_LINK_ERROR);
      g_assert_error (error, RTMP_ERROR, RTMP_ERROR_CERTIFICATE);
    }
    g_assert_cmpuint (test->n_asked, ==, 1);
    g_assert_cmpint (test->certificate_errors, ==, G_TLS_CERTIFICATE_BAD_IDENTITY);
  }
}

/* A stop gives up what is under way: the I/O thread does not wait for its timeout. */
static void
test_tls_stop (void)
{
  g_autoptr (TestCertificates) certificates = test_certificates_new ();
  g_autoptr (RtmpPeer) peer = NULL;
  g_autoptr (LinkTest) test = link_test_new (TRUE);

  if (skip_without_tls (certificates))
    return;
  peer = rtmp_peer_new (&(RtmpPeerConfig) { .certificate = certificates->good,
      .never_read = TRUE });
  link_test_start (test, peer, "live/key");
  g_assert_true (rtmp_peer_wait_connections (peer, 1));
  rtmp_link_stop (test->link);
  g_assert_true (test_wait_counts (2, G_MAXUINT));
}

/* -- Again and again -- */

static void
cycle (RtmpPeer *peer, gboolean publish, GTlsDatabase *ca, guint how)
{
  g_autoptr (LinkTest) test = link_test_new (publish);

  test->config.tls_database = ca;
  link_test_start (test, peer, "live/key");
  if (how % 3 == 0)
    return;
  link_test_wait_ready (test);
  if (how % 3 == 1 && publish)
    link_test_drain (test);
}

static void
test_cycles (gconstpointer data)
{
  gboolean tls = GPOINTER_TO_INT (data);
  g_autoptr (TestCertificates) certificates = tls ? test_certificates_new () : NULL;
  g_autoptr (RtmpPeer) peer = NULL;
  guint threads = 0, descriptors = 0, i;

  if (tls && skip_without_tls (certificates))
    return;
  peer = rtmp_peer_new (&(RtmpPeerConfig) { .certificate = tls ? certificates->good : NULL });
  for (i = 0; i < 50; i++) {
    cycle (peer, i % 2 == 0, tls ? certificates->ca : NULL, i);
    if (i == 4) {
      /* The peer's thread and this one; its listener, and what GLib keeps. */
      g_assert_true (rtmp_peer_wait_all_ended (peer));
      g_assert_true (test_wait_counts (2, G_MAXUINT));
      threads = test_count_threads ();
      descriptors = test_count_descriptors ();
    }
  }
  g_assert_true (rtmp_peer_wait_all_ended (peer));
  g_assert_true (test_wait_counts (threads, descriptors));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link/setup/refusals", test_refusals);
  g_test_add_func ("/link/setup/quirks", test_quirks);
  g_test_add_func ("/link/setup/calls-are-answered", test_calls_are_answered);
  g_test_add_func ("/link/setup/connect-arguments", test_connect_arguments);
  g_test_add_func ("/link/setup/authentication", test_authentication);
  g_test_add_func ("/link/setup/authenticated-media", test_authenticated_media);
  g_test_add_func ("/link/setup/authentication-stop", test_authentication_stop);
  g_test_add_func ("/link/setup/secure-token", test_secure_token);
  g_test_add_func ("/link/setup/tls-publish", test_tls_publish);
  g_test_add_func ("/link/setup/tls-play", test_tls_play);
  g_test_add_func ("/link/setup/tls-certificate", test_tls_certificate);
  g_test_add_func ("/link/setup/tls-stop", test_tls_stop);
  g_test_add_data_func ("/link/setup/cycles", GINT_TO_POINTER (FALSE), test_cycles);
  g_test_add_data_func ("/link/setup/cycles-tls", GINT_TO_POINTER (TRUE), test_cycles);
  return g_test_run ();
}
