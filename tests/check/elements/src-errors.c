/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The source: why it does not come to play, and how it says so. */

#include "support/srctest.h"

#define PASSWORD "pAssw0rd4711"

static const gchar *const secrets[] = { SRC_TEST_KEY, PASSWORD, NULL };

/* Plays, and expects that failure; nothing secret stands in it, and nothing came. */
static GstMessage *
play_and_fail (SrcTest *test, GstResourceError code)
{
  GstMessage *message;

  src_test_play (test);
  message = src_test_wait_error (test, code);
  element_test_assert_hides (message, secrets);
  g_assert_cmpuint (test->items->len, ==, 0);
  return message;
}

/* -- Silence -- */

/* Each answer that is required has its time, and the error says which one was missing. */
static void
test_timeout (gconstpointer data)
{
  RtmpPeerConfig config = { 0 };
  g_autoptr (SrcTest) test = NULL;
  g_autoptr (GstMessage) message = NULL;
  gint64 begin = g_get_monotonic_time ();

  config.reactions[GPOINTER_TO_INT (data)].action = RTMP_PEER_HOLD;
  test = src_test_new (&config, "timeout", 1, "no-eof-is-error", FALSE, NULL);
  message = play_and_fail (test, GST_RESOURCE_ERROR_OPEN_READ);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, G_TIME_SPAN_SECOND);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_TIME_SPAN_SECOND);
}

/* peers.md Q8, Q9, Q37: a Play.Start that does not come is idle-timeout's, not timeout's. */
static void
check_withheld_start (const RtmpPeerConfig *config)
{
  g_autoptr (SrcTest) test = src_test_new (config, "timeout", 1, "idle-timeout", 2, NULL);
  g_autoptr (GstMessage) message = NULL;
  gint64 begin = g_get_monotonic_time ();

  message = play_and_fail (test, GST_RESOURCE_ERROR_OPEN_READ);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 2 * G_TIME_SPAN_SECOND);
}

static void
test_withheld_start (void)
{
  RtmpPeerConfig held = { 0 };

  held.reactions[RTMP_PEER_START].action = RTMP_PEER_HOLD;
  check_withheld_start (&held);
  check_withheld_start (&(RtmpPeerConfig) { .quirks = RTMP_PEER_NO_START });
}

static void
test_late_start (void)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);
  RtmpPeerConfig config = { .flv = flv, .flv_end = RTMP_PEER_PLAY_STOP };
  g_autoptr (SrcTest) test = NULL;

  config.reactions[RTMP_PEER_START].action = RTMP_PEER_HOLD;
  test = src_test_new (&config, NULL);
  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_START);
  rtmp_peer_pass (test->peer, RTMP_PEER_START);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
}

/* -- Closing and resetting -- */

static void
check_broken_off (RtmpPeerStage stage, RtmpPeerAction action)
{
  RtmpPeerConfig config = { 0 };
  g_autoptr (SrcTest) test = NULL;
  g_autoptr (GstMessage) message = NULL;

  config.reactions[stage].action = action;
  /* Before the stream has begun its end is none. */
  test = src_test_new (&config, "no-eof-is-error", FALSE, NULL);
  message = play_and_fail (test, GST_RESOURCE_ERROR_OPEN_READ);
}

static void
test_closed (void)
{
  RtmpPeerStage stage;

  for (stage = RTMP_PEER_ACCEPT; stage <= RTMP_PEER_START; stage++)
    check_broken_off (stage, RTMP_PEER_FIN);
}

static void
test_reset (void)
{
  RtmpPeerStage stage;

  for (stage = RTMP_PEER_ACCEPT; stage <= RTMP_PEER_START; stage++)
    check_broken_off (stage, RTMP_PEER_RST);
}

/* peers.md Q9: the text gives the likely reason of a silent refusal. */
static void
test_silent_refusal (void)
{
  RtmpPeerConfig config = { 0 };
  g_autoptr (SrcTest) test = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  config.reactions[RTMP_PEER_START].action = RTMP_PEER_FIN;
  test = src_test_new (&config, NULL);
  message = play_and_fail (test, GST_RESOURCE_ERROR_OPEN_READ);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "key"));
}

/* -- Refusals -- */

static const struct {
  RtmpPeerStage stage;
  const gchar *code;
  const gchar *description;
  GstResourceError error;
} refusals[] = {
  { RTMP_PEER_CONNECT, "NetConnection.Connect.Rejected", "Go away", GST_RESOURCE_ERROR_OPEN_READ },
  { RTMP_PEER_CONNECT, "NetConnection.Connect.InvalidApp", "No such application",
      GST_RESOURCE_ERROR_NOT_FOUND },
  { RTMP_PEER_CONNECT, "NetConnection.Connect.Rejected",
      "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ]",
      GST_RESOURCE_ERROR_NOT_AUTHORIZED },
  { RTMP_PEER_CREATE_STREAM, "NetConnection.Call.Failed", "No more streams",
      GST_RESOURCE_ERROR_OPEN_READ },
  { RTMP_PEER_START, "NetStream.Play.StreamNotFound", "Not there", GST_RESOURCE_ERROR_NOT_FOUND },
  { RTMP_PEER_START, "NetStream.Play.Failed", "Cannot", GST_RESOURCE_ERROR_OPEN_READ },
  { RTMP_PEER_START, "NetStream.Play.Unauthorized", "May not", GST_RESOURCE_ERROR_NOT_AUTHORIZED },
};

static void
check_refusal (guint i, RtmpPeerAction action, guint quirks)
{
  RtmpPeerConfig config = { .quirks = quirks };
  g_autoptr (SrcTest) test = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *code = NULL, *description = NULL, *location = NULL;

  config.reactions[refusals[i].stage] = (RtmpPeerReaction) { .action = action,
    .code = refusals[i].code,
    .description = refusals[i].description };
  test = src_test_new (&config, "no-eof-is-error", FALSE, NULL);
  message = play_and_fail (test, refusals[i].error);
  gst_message_parse_error (message, &error, NULL);
  code = element_test_get_detail (message, "server-code");
  description = element_test_get_detail (message, "server-description");
  location = element_test_get_detail (message, "location");
  g_assert_cmpstr (code, ==, refusals[i].code);
  g_assert_cmpstr (description, ==, refusals[i].description);
  g_assert_nonnull (strstr (location, "/live/"));
  if (refusals[i].error != GST_RESOURCE_ERROR_NOT_AUTHORIZED)
    g_assert_nonnull (strstr (error->message, refusals[i].code));
}

/* The server goes on with the connection (peers.md Q10), or closes behind its words. */
static void
test_refused (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (refusals); i++) {
    check_refusal (i, RTMP_PEER_REJECT, 0);
    check_refusal (i, RTMP_PEER_REJECT_AND_CLOSE, 0);
    check_refusal (i, RTMP_PEER_REJECT, RTMP_PEER_ZERO_TRANSACTIONS);
  }
  check_refusal (0, RTMP_PEER_REJECT, RTMP_PEER_REJECT_BY_STATUS);
}

/* Servers repeat the name of the stream in what they say. */
static void
test_server_repeats_the_key (void)
{
  RtmpPeerConfig config = { 0 };
  g_autoptr (SrcTest) test = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *description = NULL;

  config.reactions[RTMP_PEER_START] = (RtmpPeerReaction) { .action = RTMP_PEER_REJECT,
    .code = "NetStream.Play.StreamNotFound",
    .description = "Failed to play " SRC_TEST_KEY "; stream " SRC_TEST_KEY " not found." };
  test = src_test_new (&config, NULL);
  message = play_and_fail (test, GST_RESOURCE_ERROR_NOT_FOUND);
  description = element_test_get_detail (message, "server-description");
  g_assert_true (g_str_has_prefix (description, "Failed to play "));
}

static void
test_wrong_password (void)
{
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .username = "user",
                                               .password = "other" },
      "username", "user", "password", PASSWORD, NULL);
  g_autoptr (GstMessage) message = play_and_fail (test, GST_RESOURCE_ERROR_NOT_AUTHORIZED);

  g_assert_nonnull (message);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), <=, 3);
}

static void
test_right_password (gconstpointer llnw)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .username = "user",
                                               .password = PASSWORD,
                                               .llnw = GPOINTER_TO_INT (llnw),
                                               .flv = flv,
                                               .flv_end = RTMP_PEER_PLAY_STOP },
      "username", "user", "password", PASSWORD, NULL);

  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
}

/* -- Addresses and hosts -- */

static void
test_nobody_listens (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GstMessage) message = NULL;

  rtmp_peer_stop_listening (test->peer);
  message = play_and_fail (test, GST_RESOURCE_ERROR_OPEN_READ);
}

static void
test_not_rtmp (void)
{
  static const gchar answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (answer, strlen (answer));
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .raw = TRUE, .raw_bytes = bytes },
      NULL);
  g_autoptr (GstMessage) message = play_and_fail (test, GST_RESOURCE_ERROR_OPEN_READ);

  g_assert_nonnull (message);
}

/* Fails at once: the element does not come to PAUSED. */
static void
test_useless_address (gconstpointer location)
{
  g_autoptr (SrcTest) test = src_test_new_alone ("location", location, NULL);
  g_autoptr (GstMessage) message = NULL;

  g_assert_cmpint (gst_element_set_state (test->pipeline, GST_STATE_PLAYING), ==,
      GST_STATE_CHANGE_FAILURE);
  message = src_test_wait_error (test, GST_RESOURCE_ERROR_SETTINGS);
  element_test_assert_hides (message, secrets);
}

static void
test_useless_connect_args (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, "extra-connect-args", "conn=Q:nonsense", NULL);
  g_autoptr (GstMessage) message = NULL;

  g_assert_cmpint (gst_element_set_state (test->pipeline, GST_STATE_PLAYING), ==,
      GST_STATE_CHANGE_FAILURE);
  message = src_test_wait_error (test, GST_RESOURCE_ERROR_SETTINGS);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 0);
}

/* An error is no reason not to play the next time. */
static void
test_recovers (void)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);
  RtmpPeerConfig config = { 0 };
  g_autoptr (SrcTest) test = NULL;
  g_autoptr (GstMessage) message = NULL;

  config.reactions[RTMP_PEER_CONNECT].action = RTMP_PEER_REJECT_AND_CLOSE;
  test = src_test_new (&config, NULL);
  message = play_and_fail (test, GST_RESOURCE_ERROR_OPEN_READ);
  src_test_set_state (test, GST_STATE_NULL);
  rtmp_peer_set_config (test->peer,
      &(RtmpPeerConfig) { .flv = flv, .flv_end = RTMP_PEER_PLAY_STOP });
  gst_pad_set_active (test->pad, FALSE);
  gst_pad_set_active (test->pad, TRUE);
  test->eos = FALSE;
  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
}

int
main (int argc, char **argv)
{
  static const gchar *const stages[] = { "accept", "handshake", "connect", "create-stream" };
  gint i;

  element_test_init (&argc, &argv);

  for (i = 0; i < (gint) G_N_ELEMENTS (stages); i++) {
    g_autofree gchar *path = g_strconcat ("/src/errors/timeout/", stages[i], NULL);

    g_test_add_data_func (path, GINT_TO_POINTER (i), test_timeout);
  }
  g_test_add_func ("/src/errors/withheld-start", test_withheld_start);
  g_test_add_func ("/src/errors/late-start", test_late_start);
  g_test_add_func ("/src/errors/closed", test_closed);
  g_test_add_func ("/src/errors/reset", test_reset);
  g_test_add_func ("/src/errors/silent-refusal", test_silent_refusal);
  g_test_add_func ("/src/errors/refused", test_refused);
  g_test_add_func ("/src/errors/server-repeats-the-key", test_server_repeats_the_key);
  g_test_add_func ("/src/errors/wrong-password", test_wrong_password);
  g_test_add_data_func ("/src/errors/right-password/adobe", GINT_TO_POINTER (FALSE),
      test_right_password);
  g_test_add_data_func ("/src/errors/right-password/llnw", GINT_TO_POINTER (TRUE),
      test_right_password);
  g_test_add_func ("/src/errors/nobody-listens", test_nobody_listens);
  g_test_add_func ("/src/errors/not-rtmp", test_not_rtmp);
  g_test_add_data_func ("/src/errors/address/no-host", "rtmp:///live/" SRC_TEST_KEY,
      test_useless_address);
  g_test_add_data_func ("/src/errors/address/scheme", "http://user:" PASSWORD "@localhost/live/x",
      test_useless_address);
  g_test_add_data_func ("/src/errors/address/port", "rtmp://localhost:99999/live/" SRC_TEST_KEY,
      test_useless_address);
  g_test_add_func ("/src/errors/connect-args", test_useless_connect_args);
  g_test_add_func ("/src/errors/recovers", test_recovers);
  return element_test_run ();
}
