/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/absenttest.h"
#include "support/sinktest.h"

/* rtmp2sink: what goes wrong is one ERROR message, with the reason and without secrets. */

static const gchar *const secrets[] = { SINK_TEST_KEY, NULL };

/* An error that comes before the first buffer ends the pipeline's change of state, and the buffer
 * would wait for PLAYING in vain: so there is no preroll. */
static SinkTest *
new_test (const RtmpPeerConfig *config)
{
  return sink_test_new (config, "async", FALSE, NULL);
}

static GstMessage *
wait_error (SinkTest *test, GstResourceError code)
{
  GstMessage *message = element_test_wait_error (test->bus, GST_RESOURCE_ERROR, (gint) code);

  g_assert_true (GST_MESSAGE_SRC (message) == GST_OBJECT (test->sink));
  element_test_assert_hides (message, secrets);
  return message;
}

/* Once the sink is stopped there is nothing behind the message that was taken. */
static void
assert_no_more (SinkTest *test)
{
  gst_pad_set_active (test->pad, FALSE);
  sink_test_set_state (test, GST_STATE_READY);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR | GST_MESSAGE_EOS),
      ==, 0);
}

static GBytes *
make_frames (void)
{
  return test_flv_build (3, 0, 100);
}

/* Pushes until that fails: a sink learns of a loss when it may. */
static void
push_until_error (SinkTest *test)
{
  g_autoptr (GBytes) flv = make_frames ();
  GstFlowReturn flow;

  do
    flow = gst_pad_push (test->pad, gst_buffer_new_wrapped_bytes (flv));
  while (flow == GST_FLOW_OK);
  g_assert_cmpint (flow, ==, GST_FLOW_ERROR);
}

/* -- Refusals -- */

static const struct {
  RtmpPeerStage stage;
  const gchar *code;
  const gchar *description;
  GstResourceError error;
} refusals[] = {
  { RTMP_PEER_CONNECT, "NetConnection.Connect.Rejected", "No.", GST_RESOURCE_ERROR_OPEN_WRITE },
  { RTMP_PEER_CONNECT, "NetConnection.Connect.InvalidApp", "No such app",
      GST_RESOURCE_ERROR_NOT_FOUND },
  { RTMP_PEER_CONNECT, "NetConnection.Connect.Rejected", "Authentication failed",
      GST_RESOURCE_ERROR_NOT_AUTHORIZED },
  { RTMP_PEER_CONNECT, "NetConnection.Connect.Failed", "", GST_RESOURCE_ERROR_OPEN_WRITE },
  { RTMP_PEER_CREATE_STREAM, "NetConnection.Call.Failed", "Too many",
      GST_RESOURCE_ERROR_OPEN_WRITE },
  { RTMP_PEER_START, "NetStream.Publish.BadName", "Already publishing", GST_RESOURCE_ERROR_BUSY },
  { RTMP_PEER_START, "NetStream.Publish.Unauthorized", "Who are you?",
      GST_RESOURCE_ERROR_NOT_AUTHORIZED },
  { RTMP_PEER_START, "NetStream.Publish.Denied", "Not today", GST_RESOURCE_ERROR_OPEN_WRITE },
  { RTMP_PEER_START, "Some.Thing", "Unheard of", GST_RESOURCE_ERROR_OPEN_WRITE },
};

static void
assert_details (GstMessage *message, const gchar *code, const gchar *description)
{
  g_autofree gchar *actual_code = element_test_get_detail (message, "server-code");
  g_autofree gchar *actual_description = element_test_get_detail (message, "server-description");
  g_autofree gchar *location = element_test_get_detail (message, "location");
  g_autoptr (GError) error = NULL;

  gst_message_parse_error (message, &error, NULL);
  g_assert_cmpstr (actual_code, ==, code);
  g_assert_nonnull (strstr (error->message, code));
  g_assert_cmpstr (actual_description, ==, *description ? description : NULL);
  g_assert_nonnull (strstr (error->message, description));
  g_assert_true (g_str_has_prefix (location, "rtmp://127.0.0.1:"));
}

static void
check_refusal (guint row, RtmpPeerAction action, guint quirks)
{
  RtmpPeerConfig config = { .quirks = quirks };
  g_autoptr (SinkTest) test = NULL;
  g_autoptr (GstMessage) message = NULL;

  config.reactions[refusals[row].stage] = (RtmpPeerReaction) {
    .action = action,
    .code = refusals[row].code,
    .description = refusals[row].description,
  };
  test = new_test (&config);
  sink_test_play (test, NULL);
  push_until_error (test);
  message = wait_error (test, refusals[row].error);
  assert_details (message, refusals[row].code, refusals[row].description);
  assert_no_more (test);
}

/* Some servers then close, others wait (peers.md Q10). */
static void
test_refused (void)
{
  guint row;

  for (row = 0; row < G_N_ELEMENTS (refusals); row++) {
    check_refusal (row, RTMP_PEER_REJECT, 0);
    check_refusal (row, RTMP_PEER_REJECT_AND_CLOSE, 0);
    if (refusals[row].stage == RTMP_PEER_CONNECT)
      check_refusal (row, RTMP_PEER_REJECT, RTMP_PEER_REJECT_BY_STATUS);
  }
}

/* Nobody pushes: the message comes all the same. */
static void
test_refused_without_data (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_START] = { RTMP_PEER_REJECT, NULL, "NetStream.Publish.BadName", "Taken" },
  };
  g_autoptr (SinkTest) test = new_test (&config);
  g_autoptr (GstMessage) message = NULL;

  sink_test_set_state (test, GST_STATE_PLAYING);
  message = wait_error (test, GST_RESOURCE_ERROR_BUSY);
  assert_no_more (test);
}

/* A redirection is not followed yet; its address may hold a key. */
static void
test_redirected (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_CONNECT] = { RTMP_PEER_REJECT, NULL, "NetConnection.Connect.Rejected",
        "Elsewhere", "rtmp://192.0.2.1/live/" SINK_TEST_KEY, TRUE },
  };
  g_autoptr (SinkTest) test = new_test (&config);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  sink_test_play (test, NULL);
  message = wait_error (test, GST_RESOURCE_ERROR_OPEN_WRITE);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "192.0.2.1"));
}

/* Servers repeat the stream's name, which may be a key, in what they say. */
static void
test_refused_with_secret (void)
{
  static const gchar *const hidden[] = { "t0pSecret", "tokenValue", "sesame", NULL };
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_START] = { RTMP_PEER_REJECT, NULL, "NetStream.Publish.BadName",
        "'t0pSecret' is taken, tokenValue and sesame were wrong" },
  };
  g_autoptr (SinkTest) test = sink_test_new (&config, "async", FALSE, "stream",
      "t0pSecret?token=tokenValue", "username", "ali", "password", "sesame", NULL);
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *description = NULL;

  sink_test_play (test, NULL);
  message = wait_error (test, GST_RESOURCE_ERROR_BUSY);
  element_test_assert_hides (message, hidden);
  description = element_test_get_detail (message, "server-description");
  g_assert_cmpstr (description, ==, "'t0***' is taken, to*** and se*** were wrong");
}

/* -- Ends without a word -- */

/* peers.md Q9 */
static void
check_closed (gconstpointer action)
{
  RtmpPeerStage stage;

  for (stage = RTMP_PEER_ACCEPT; stage <= RTMP_PEER_START; stage++) {
    RtmpPeerConfig config = { 0 };
    g_autoptr (SinkTest) test = NULL;
    g_autoptr (GstMessage) message = NULL;

    config.reactions[stage].action = (RtmpPeerAction) GPOINTER_TO_INT (action);
    test = new_test (&config);
    sink_test_play (test, NULL);
    push_until_error (test);
    message = wait_error (test, GST_RESOURCE_ERROR_OPEN_WRITE);
    assert_no_more (test);
  }
}

static void
check_lost (gconstpointer action)
{
  guint pushing;

  for (pushing = 0; pushing < 2; pushing++) {
    g_autoptr (SinkTest) test = new_test (NULL);
    g_autoptr (GBytes) flv = make_frames ();
    g_autoptr (GstMessage) message = NULL;

    sink_test_play (test, NULL);
    sink_test_push_bytes (test, flv);
    sink_test_assert_media (test, flv);
    rtmp_peer_close (test->peer, 0, (RtmpPeerAction) GPOINTER_TO_INT (action));
    if (pushing)
      push_until_error (test);
    message = wait_error (test, GST_RESOURCE_ERROR_WRITE);
    assert_no_more (test);
  }
}

/* -- Ends with a word -- */

static void
say_status (RtmpPeer *peer)
{
  rtmp_peer_send_status (peer, 0, "error", "NetStream.Publish.Failed", "The disk is full");
}

static void
say_unpublished (RtmpPeer *peer)
{
  rtmp_peer_send_status (peer, 0, "status", "NetStream.Unpublish.Success", "Enough of it");
}

static void
say_close (RtmpPeer *peer)
{
  RtmpCommand *command = rtmp_command_new ("close", 0);

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_peer_send_command (peer, 0, command, 0);
}

static void
say_nonsense (RtmpPeer *peer)
{
  /* A fresh chunk stream that begins with a type 3 header. */
  rtmp_peer_send_bytes (peer, 0, "\xFF\xFF\xFF\xFF", 4);
}

static void
test_told (void)
{
  static const struct {
    void (*say) (RtmpPeer *peer);
    const gchar *code;
  } rows[] = {
    { say_status, "NetStream.Publish.Failed" },
    { say_unpublished, "NetStream.Unpublish.Success" },
    { say_close, NULL },
    { say_nonsense, NULL },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (SinkTest) test = new_test (NULL);
    g_autoptr (GBytes) flv = make_frames ();
    g_autoptr (GstMessage) message = NULL;
    g_autofree gchar *code = NULL;

    sink_test_play (test, NULL);
    sink_test_push_bytes (test, flv);
    sink_test_assert_media (test, flv);
    rows[i].say (test->peer);
    message = wait_error (test, GST_RESOURCE_ERROR_WRITE);
    code = element_test_get_detail (message, "server-code");
    g_assert_cmpstr (code, ==, rows[i].code);
    push_until_error (test);
    assert_no_more (test);
  }
}

static void
test_told_warning (void)
{
  g_autoptr (SinkTest) test = new_test (NULL);
  g_autoptr (GBytes) flv = make_frames ();

  sink_test_play (test, NULL);
  sink_test_push_bytes (test, flv);
  rtmp_peer_send_status (test->peer, 0, "warning", "NetStream.Play.InsufficientBW", "Slow");
  rtmp_peer_send_status (test->peer, 0, "status", "NetStream.Publish.Idle", "Idle");
  rtmp_peer_ping (test->peer, 0);
  g_assert_true (rtmp_peer_wait_pongs (test->peer, 0, 1));
  sink_test_end (test);
}

/* -- No server -- */

static void
test_refused_port (void)
{
  g_autoptr (SinkTest) test = new_test (NULL);
  g_autoptr (GstMessage) message = NULL;

  rtmp_peer_stop_listening (test->peer);
  sink_test_play (test, NULL);
  push_until_error (test);
  message = wait_error (test, GST_RESOURCE_ERROR_OPEN_WRITE);
  assert_no_more (test);
}

static void
test_no_rtmp (void)
{
  static const gchar answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (answer, sizeof (answer) - 1);
  const RtmpPeerConfig config = { .raw = TRUE, .raw_bytes = bytes };
  g_autoptr (SinkTest) test = new_test (&config);
  g_autoptr (GstMessage) message = NULL;

  sink_test_play (test, NULL);
  push_until_error (test);
  message = wait_error (test, GST_RESOURCE_ERROR_OPEN_WRITE);
  assert_no_more (test);
}

static void
test_no_such_host (void)
{
  g_autoptr (SinkTest) test = sink_test_new_alone ("async", FALSE, "host", ABSENT_TEST_MISSING,
      "stream", SINK_TEST_KEY, NULL);
  g_autoptr (GstMessage) message = NULL;

  absent_test_install ();
  sink_test_play (test, NULL);
  push_until_error (test);
  message = wait_error (test, GST_RESOURCE_ERROR_NOT_FOUND);
  absent_test_remove ();
  assert_no_more (test);
}

/* -- Timeouts -- */

static void
assert_timeout (SinkTest *test, GstResourceError code)
{
  g_autoptr (GstMessage) message = wait_error (test, code);
  g_autoptr (GError) error = NULL;

  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message,
      code == GST_RESOURCE_ERROR_WRITE ? "took no data" : "Timed out"));
  assert_no_more (test);
}

#define N_TIMEOUTS 9

/* All at once, since each lasts a second. */
static void
make_timeouts (SinkTest *tests[N_TIMEOUTS], const FullPort *full)
{
  RtmpPeerConfig config = { .quirks = RTMP_PEER_NO_START };
  RtmpPeerStage stage;
  guint n = 0;

  tests[n++] = sink_test_new_alone ("host", ABSENT_TEST_SILENT, NULL);
  tests[n++] = sink_test_new_alone ("host", "127.0.0.1", "port", (gint) full->port, NULL);
  tests[n++] = new_test (&config);
  for (stage = RTMP_PEER_ACCEPT; stage <= RTMP_PEER_START; stage++) {
    config = (RtmpPeerConfig) { 0 };
    config.reactions[stage].action = RTMP_PEER_HOLD;
    tests[n++] = new_test (&config);
  }
  config = (RtmpPeerConfig) { .raw = TRUE };
  tests[n] = new_test (&config);
  gst_util_set_object_arg (G_OBJECT (tests[n++]->sink), "scheme", "rtmps");
  g_assert_cmpuint (n, ==, N_TIMEOUTS);
}

static void
test_timeouts (void)
{
  SinkTest *tests[N_TIMEOUTS];
  FullPort full;
  guint i;

  absent_test_install ();
  full_port_init (&full);
  make_timeouts (tests, &full);
  for (i = 0; i < N_TIMEOUTS; i++) {
    g_object_set (tests[i]->sink, "timeout", 1, "stream", SINK_TEST_KEY, NULL);
    sink_test_set_state (tests[i], GST_STATE_PLAYING);
  }
  for (i = 0; i < N_TIMEOUTS; i++) {
    assert_timeout (tests[i], GST_RESOURCE_ERROR_OPEN_WRITE);
    sink_test_free (tests[i]);
  }
  full_port_clear (&full);
  absent_test_remove ();
}

/* A write that makes no progress. */
static void
test_timeout_of_write (void)
{
  const RtmpPeerConfig config = { SINK_TEST_STALLED };
  g_autoptr (SinkTest) test = sink_test_new (&config, "async", FALSE, "timeout", 1, NULL);

  sink_test_play (test, NULL);
  push_until_error (test);
  assert_timeout (test, GST_RESOURCE_ERROR_WRITE);
}

/* librtmp's option stands in for the property, where that was not set. */
static void
test_timeout_in_location (void)
{
  const RtmpPeerConfig config = { .reactions[RTMP_PEER_CONNECT] = { RTMP_PEER_HOLD } };
  g_autoptr (SinkTest) test = new_test (&config);
  g_autofree gchar *url = rtmp_peer_get_url (test->peer, "live/" SINK_TEST_KEY " timeout=1");

  g_object_set (test->sink, "location", url, NULL);
  sink_test_set_state (test, GST_STATE_PLAYING);
  assert_timeout (test, GST_RESOURCE_ERROR_OPEN_WRITE);
}

/* -- Order -- */

/* Upstream posts an error of its own when the flow fails, which says nothing: ours is first. */
static void
test_first (void)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_START] = { RTMP_PEER_REJECT, NULL, "NetStream.Publish.BadName", "Taken" },
  };
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&config);
  g_autofree gchar *url = rtmp_peer_get_url (peer, "live/key");
  g_autofree gchar *path = g_test_build_filename (G_TEST_DIST, "media", "testsrc.flv", NULL);
  g_autofree gchar *text = g_strdup_printf (
      "filesrc location=\"%s\" ! rtmp2sink name=sink async=false location=%s", path, url);
  guint i;

  for (i = 0; i < 20; i++) {
    g_autoptr (GstElement) pipeline = gst_parse_launch (text, NULL);
    g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
    g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
    g_autoptr (GstMessage) first = NULL, second = NULL;

    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    first = element_test_wait_message (bus, GST_MESSAGE_ERROR);
    g_assert_true (GST_MESSAGE_SRC (first) == GST_OBJECT (sink));
    second = element_test_wait_message (bus, GST_MESSAGE_ERROR);
    g_assert_false (GST_MESSAGE_SRC (second) == GST_OBJECT (sink));
    gst_element_set_state (pipeline, GST_STATE_NULL);
  }
}

/* After an error a new beginning is possible, from READY too. */
static void
check_again (gconstpointer state)
{
  const RtmpPeerConfig config = {
    .reactions[RTMP_PEER_START] = { RTMP_PEER_REJECT, NULL, "NetStream.Publish.BadName", "Taken" },
  };
  g_autoptr (SinkTest) test = new_test (&config);
  g_autoptr (GBytes) flv = make_frames ();
  g_autoptr (GstMessage) message = NULL;

  sink_test_play (test, NULL);
  push_until_error (test);
  message = wait_error (test, GST_RESOURCE_ERROR_BUSY);
  gst_pad_set_active (test->pad, FALSE);
  sink_test_set_state (test, (GstState) GPOINTER_TO_INT (state));

  rtmp_peer_set_config (test->peer, &(RtmpPeerConfig) { 0 });
  sink_test_play (test, NULL);
  sink_test_push_bytes (test, flv);
  sink_test_assert_media (test, flv);
  sink_test_end (test);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/sink-errors/refused/told", test_refused);
  g_test_add_func ("/sink-errors/refused/without-data", test_refused_without_data);
  g_test_add_func ("/sink-errors/refused/redirected", test_redirected);
  g_test_add_func ("/sink-errors/refused/with-secret", test_refused_with_secret);
  g_test_add_data_func ("/sink-errors/refused/closed", GINT_TO_POINTER (RTMP_PEER_FIN),
      check_closed);
  g_test_add_data_func ("/sink-errors/refused/reset", GINT_TO_POINTER (RTMP_PEER_RST),
      check_closed);
  g_test_add_data_func ("/sink-errors/lost/closed", GINT_TO_POINTER (RTMP_PEER_FIN), check_lost);
  g_test_add_data_func ("/sink-errors/lost/reset", GINT_TO_POINTER (RTMP_PEER_RST), check_lost);
  g_test_add_func ("/sink-errors/lost/told", test_told);
  g_test_add_func ("/sink-errors/lost/only-warned", test_told_warning);
  g_test_add_func ("/sink-errors/no-server/refused-port", test_refused_port);
  g_test_add_func ("/sink-errors/no-server/no-rtmp", test_no_rtmp);
  g_test_add_func ("/sink-errors/no-server/no-such-host", test_no_such_host);
  g_test_add_func ("/sink-errors/timeout/of-each-stage", test_timeouts);
  g_test_add_func ("/sink-errors/timeout/of-write", test_timeout_of_write);
  g_test_add_func ("/sink-errors/timeout/in-location", test_timeout_in_location);
  g_test_add_func ("/sink-errors/order/first", test_first);
  g_test_add_data_func ("/sink-errors/again/from-null", GINT_TO_POINTER (GST_STATE_NULL),
      check_again);
  g_test_add_data_func ("/sink-errors/again/from-ready", GINT_TO_POINTER (GST_STATE_READY),
      check_again);
  return element_test_run ();
}
