/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How links end that do not end well: silence, closes and resets at every stage, stalls. */

#include "support/linktest.h"

/* A socket that is full soon. */
#define SMALL_BUFFER (128 * 1024)

static const RtmpPeerStage stages[] = { RTMP_PEER_ACCEPT, RTMP_PEER_HANDSHAKE, RTMP_PEER_CONNECT,
  RTMP_PEER_CREATE_STREAM, RTMP_PEER_START };

/* For each stage, publishing and playing. */
#define FOR_EACH_CASE(i) for (i = 0; i < 2 * G_N_ELEMENTS (stages); i++)
#define CASE_STAGE(i) stages[(i) / 2]
#define CASE_PUBLISH(i) ((i) % 2 == 0)

static RtmpPeer *
peer_new (RtmpPeerStage stage, RtmpPeerAction action)
{
  RtmpPeerConfig config = { 0 };

  config.reactions[stage].action = action;
  return rtmp_peer_new (&config);
}

/* Waits until the server is held in @stage. */
static void
wait_held (RtmpPeer *peer, LinkTest *test, RtmpPeerStage stage)
{
  if (stage == RTMP_PEER_ACCEPT)
    link_test_wait (test, test->states->len > 0);
  else
    g_assert_true (rtmp_peer_wait_stage (peer, 0, stage));
}

static RtmpLinkResult
wait_end (LinkTest *test, GError **error)
{
  RtmpLinkResult result = rtmp_link_wait_ready (test->link, error);

  return result == RTMP_LINK_OK ? link_call_receive (test->link, error) : result;
}

/* -- Silence -- */

static const gchar *const awaited[RTMP_PEER_N_STAGES] = {
  [RTMP_PEER_ACCEPT] = "handshake",
  [RTMP_PEER_HANDSHAKE] = "handshake",
  [RTMP_PEER_CONNECT] = "connect",
  [RTMP_PEER_CREATE_STREAM] = "createStream",
  [RTMP_PEER_START] = "publish",
};

static void
test_timeouts (void)
{
  guint i;

  FOR_EACH_CASE (i)
  {
    g_autoptr (RtmpPeer) peer = peer_new (CASE_STAGE (i), RTMP_PEER_HOLD);
    g_autoptr (LinkTest) test = link_test_new (CASE_PUBLISH (i));
    g_autoptr (GError) error = NULL;

    /* A play that is not answered is not late: see linkplay.c. */
    if (CASE_STAGE (i) == RTMP_PEER_START && !CASE_PUBLISH (i))
      continue;
    test->config.timeout = SHORT_TIMEOUT;
    link_test_start (test, peer, "live/key");
    g_assert_cmpint (rtmp_link_wait_ready (test->link, &error), ==, RTMP_LINK_ERROR);
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
    g_assert_nonnull (strstr (error->message, awaited[CASE_STAGE (i)]));
    link_test_wait (test, test->n_failed == 1);
    g_assert_true (g_str_has_suffix (test->states->str, "failed"));
    /* It is said again to whoever asks. */
    g_clear_error (&error);
    g_assert_cmpint (rtmp_link_wait_sent (test->link, &error), ==, RTMP_LINK_ERROR);
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
  }
}

/* A flush ends the wait at once and leaves the connection alone. */
static void
test_flush (void)
{
  guint i;

  FOR_EACH_CASE (i)
  {
    g_autoptr (RtmpPeer) peer = peer_new (CASE_STAGE (i), RTMP_PEER_HOLD);
    g_autoptr (LinkTest) test = link_test_new (CASE_PUBLISH (i));
    g_autoptr (GError) error = NULL;
    LinkCall *call;
    gint64 begin;

    link_test_start (test, peer, "live/key");
    call = link_call_start (test, rtmp_link_wait_ready);
    wait_held (peer, test, CASE_STAGE (i));
    begin = g_get_monotonic_time ();
    rtmp_link_set_flushing (test->link, TRUE);
    g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_FLUSHING);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
    g_assert_no_error (error);
    g_assert_cmpint (rtmp_link_wait_ready (test->link, &error), ==, RTMP_LINK_FLUSHING);

    rtmp_link_set_flushing (test->link, FALSE);
    rtmp_peer_pass (peer, CASE_STAGE (i));
    link_test_wait_ready (test);
    g_assert_cmpuint (test->n_failed, ==, 0);
  }
}

static void
test_stop (void)
{
  guint i;

  FOR_EACH_CASE (i)
  {
    g_autoptr (RtmpPeer) peer = peer_new (CASE_STAGE (i), RTMP_PEER_HOLD);
    g_autoptr (LinkTest) test = link_test_new (CASE_PUBLISH (i));
    g_autoptr (GError) error = NULL;
    LinkCall *call;
    gint64 begin;

    link_test_start (test, peer, "live/key");
    call = link_call_start (test, rtmp_link_wait_ready);
    wait_held (peer, test, CASE_STAGE (i));
    begin = g_get_monotonic_time ();
    rtmp_link_stop (test->link);
    g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_FLUSHING);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
    g_assert_no_error (error);
    g_assert_cmpuint (test->n_failed, ==, 0);
    if (CASE_STAGE (i) != RTMP_PEER_ACCEPT)
      g_assert_true (rtmp_peer_wait_ended (peer, 0));
  }
}

/* -- Closes -- */

static void
test_closes (void)
{
  guint i;

  FOR_EACH_CASE (i)
  {
    g_autoptr (RtmpPeer) peer = peer_new (CASE_STAGE (i), RTMP_PEER_FIN);
    g_autoptr (LinkTest) test = link_test_new (CASE_PUBLISH (i));
    g_autoptr (GError) error = NULL;

    link_test_start (test, peer, "live/key");
    g_assert_cmpint (wait_end (test, &error), ==, RTMP_LINK_ERROR);
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_CLOSED);
    /* peers.md Q9: the text helps. */
    g_assert_nonnull (strstr (error->message, "closed the connection"));
    g_assert_nonnull (strstr (error->message,
        CASE_STAGE (i) <= RTMP_PEER_HANDSHAKE ? "handshake" : "key"));
    g_assert_false (rtmp_link_was_ready (test->link));
    link_test_wait (test, test->n_failed == 1);
  }
}

/* Who is reset at once may learn of it while connecting, or, as the kernel tells it once only, as
 * an end. */
static gboolean
is_reset (const GError *error, RtmpPeerStage stage)
{
  return g_error_matches (error, RTMP_ERROR, RTMP_ERROR_IO)
      || (stage == RTMP_PEER_ACCEPT
          && (g_error_matches (error, RTMP_ERROR, RTMP_ERROR_CONNECT)
              || g_error_matches (error, RTMP_ERROR, RTMP_ERROR_CLOSED)));
}

static void
test_resets (void)
{
  guint i;

  FOR_EACH_CASE (i)
  {
    g_autoptr (RtmpPeer) peer = peer_new (CASE_STAGE (i), RTMP_PEER_RST);
    g_autoptr (LinkTest) test = link_test_new (CASE_PUBLISH (i));
    g_autoptr (GError) error = NULL;

    link_test_start (test, peer, "live/key");
    g_assert_cmpint (wait_end (test, &error), ==, RTMP_LINK_ERROR);
    g_test_message ("%s", error->message);
    g_assert_true (is_reset (error, CASE_STAGE (i)));
    link_test_wait (test, test->n_failed == 1);
  }
}

/* Sends until the link says no. */
static RtmpLinkResult
send_until_end (LinkTest *test, GError **error)
{
  RtmpLinkResult result = RTMP_LINK_OK;
  guint i;

  for (i = 0; result == RTMP_LINK_OK; i++) {
    RtmpMessage *frame = link_test_frame (1000, i * 40);

    result = rtmp_link_send (test->link, &frame, 1, error);
    if (result == RTMP_LINK_OK)
      result = rtmp_link_wait_sent (test->link, error);
  }
  return result;
}

static void
test_media_closes (void)
{
  static const struct {
    RtmpPeerAction action;
    guint messages;
    guint64 bytes;
    gint code;
  } cases[] = {
    { RTMP_PEER_FIN, 10, 0, RTMP_ERROR_CLOSED },
    { RTMP_PEER_FIN, 0, 50000, RTMP_ERROR_CLOSED },
    { RTMP_PEER_RST, 10, 0, RTMP_ERROR_IO },
    { RTMP_PEER_RST, 0, 50000, RTMP_ERROR_IO },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) {
        .reactions[RTMP_PEER_MEDIA].action = cases[i].action,
        .close_after_messages = cases[i].messages,
        .close_after_bytes = cases[i].bytes });
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (GError) error = NULL;

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    g_assert_cmpint (send_until_end (test, &error), ==, RTMP_LINK_ERROR);
    g_assert_error (error, RTMP_ERROR, cases[i].code);
    link_test_wait (test, test->n_failed == 1);
    /* A goodbye does not mend it. */
    g_clear_error (&error);
    g_assert_cmpint (rtmp_link_drain (test->link, &error), ==, RTMP_LINK_ERROR);
    g_assert_error (error, RTMP_ERROR, cases[i].code);
  }
}

/* -- Last words -- */

/* The server says why, then resets while we write: its words are told, not the broken pipe. */
static void
test_last_words (void)
{
  guint i;

  for (i = 0; i < 20; i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (GError) error = NULL;

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    rtmp_peer_set_reading (peer, 0, FALSE);
    rtmp_peer_send_status (peer, 0, "error", "NetStream.Publish.BadName", "Quota exceeded");
    rtmp_peer_close (peer, 0, RTMP_PEER_RST);
    g_assert_cmpint (send_until_end (test, &error), ==, RTMP_LINK_ERROR);
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_STREAM_FAILED);
    g_assert_cmpstr (rtmp_error_get_code (error), ==, "NetStream.Publish.BadName");
    g_assert_nonnull (strstr (error->message, "Quota exceeded"));
  }
}

/* The same where the link is full and waits. */
static void
test_last_words_full (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .stop_reading_after = 60000,
      .receive_buffer = SMALL_BUFFER });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (GError) error = NULL;
  LinkCall *call;

  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  link_test_fill (test);
  call = link_call_start (test, rtmp_link_wait_sent);
  rtmp_peer_send_status (peer, 0, "error", "NetConnection.Connect.AppShutdown", "Maintenance");
  rtmp_peer_close (peer, 0, RTMP_PEER_RST);
  g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_ERROR);
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_STREAM_FAILED);
  g_assert_cmpstr (rtmp_error_get_description (error), ==, "Maintenance");
}

/* -- Stalls -- */

typedef RtmpLinkResult (*Wait) (RtmpLink *link, GError **error);

static const Wait waits[] = { rtmp_link_wait_sent, rtmp_link_drain };

static RtmpPeer *
stalled_peer_new (void)
{
  return rtmp_peer_new (&(RtmpPeerConfig) { .stop_reading_after = 60000,
      .receive_buffer = SMALL_BUFFER });
}

static void
test_stall_timeout (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (waits); i++) {
    g_autoptr (RtmpPeer) peer = stalled_peer_new ();
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (GError) error = NULL;

    test->config.timeout = SHORT_TIMEOUT;
    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    link_test_fill (test);
    g_assert_cmpint (waits[i](test->link, &error), ==, RTMP_LINK_ERROR);
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_TIMEOUT);
    g_assert_nonnull (strstr (error->message, "took no data"));
    link_test_wait (test, test->n_failed == 1);
  }
}

/* Progress, however slow, is no stall: in all it takes longer than the timeout. */
static void
test_slow_is_no_stall (void)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .read_size = 16384,
      .read_interval = 5,
      .receive_buffer = SMALL_BUFFER });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  guint i;

  test->config.timeout = MEDIUM_TIMEOUT;
  link_test_start (test, peer, "live/key");
  link_test_wait_ready (test);
  for (i = 0; i < 120; i++) {
    RtmpMessage *frame = link_test_frame (100 * 1000, i * 40);

    g_assert_cmpint (rtmp_link_send (test->link, &frame, 1, NULL), ==, RTMP_LINK_OK);
  }
  link_test_drain (test);
  g_assert_true (rtmp_peer_wait_media (peer, 0, 120));
  g_assert_cmpuint (test->n_failed, ==, 0);
}

static void
test_stall_flush (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (waits); i++) {
    g_autoptr (RtmpPeer) peer = stalled_peer_new ();
    g_autoptr (LinkTest) test = link_test_new (TRUE);
    g_autoptr (GError) error = NULL;
    LinkCall *call;
    gint64 begin;

    test->config.timeout = 0;
    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    link_test_fill (test);
    call = link_call_start (test, waits[i]);
    begin = g_get_monotonic_time ();
    rtmp_link_set_flushing (test->link, TRUE);
    g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_FLUSHING);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
    rtmp_link_set_flushing (test->link, FALSE);

    call = link_call_start (test, waits[i]);
    begin = g_get_monotonic_time ();
    rtmp_link_stop (test->link);
    g_assert_cmpint (link_call_finish (call, &error), ==, RTMP_LINK_FLUSHING);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, PROMPT);
    g_assert_no_error (error);
    g_assert_cmpuint (test->n_failed, ==, 0);
  }
}

/* A peer that stalls holds neither its own control messages nor another link. */
static void
test_stall_alone (void)
{
  g_autoptr (RtmpPeer) stalled = stalled_peer_new ();
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (LinkTest) other = link_test_new (TRUE);
  g_autoptr (GBytes) flv = test_flv_build (20, 0, 1000);
  g_autoptr (GPtrArray) messages = test_flv_split (flv);

  link_test_start (test, stalled, "live/key");
  link_test_wait_ready (test);
  link_test_fill (test);
  link_test_start (other, peer, "live/key");
  link_test_wait_ready (other);
  link_test_send (other, messages);
  link_test_drain (other);
  g_assert_true (rtmp_peer_wait_media (peer, 0, messages->len));

  /* Pongs leave at the next chunk's end, ahead of media that waits. */
  rtmp_peer_ping (stalled, 0);
  rtmp_peer_set_reading (stalled, 0, TRUE);
  g_assert_true (rtmp_peer_wait_pongs (stalled, 0, 1));
}

/* -- Garbage -- */

static void
test_no_rtmp (void)
{
  static const gchar http[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (http, sizeof (http) - 1);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .raw = TRUE, .raw_bytes = bytes });
  g_autoptr (LinkTest) test = link_test_new (TRUE);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (GError) error = NULL;

  link_test_start (test, peer, "live/key");
  g_assert_cmpint (rtmp_link_wait_ready (test->link, &error), ==, RTMP_LINK_ERROR);
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_HANDSHAKE);
  g_assert_true (rtmp_peer_wait_bytes (peer, 0, 1537));
  record = rtmp_peer_get_record (peer, 0);
  g_assert_cmpuint (record->raw->data[0], ==, 3);
}

static void
test_garbage (void)
{
  guint i;

  for (i = 0; i < 2; i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (NULL);
    g_autoptr (LinkTest) test = link_test_new (i == 0);
    g_autoptr (GError) error = NULL;

    link_test_start (test, peer, "live/key");
    link_test_wait_ready (test);
    /* Set Chunk Size of 0. */
    rtmp_peer_send_bytes (peer, 0, "\2\0\0\0\0\0\4\1\0\0\0\0\0\0\0\0", 16);
    if (i == 0)
      g_assert_cmpint (send_until_end (test, &error), ==, RTMP_LINK_ERROR);
    else
      g_assert_cmpint (link_call_receive (test->link, &error), ==, RTMP_LINK_ERROR);
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link/end/timeouts", test_timeouts);
  g_test_add_func ("/link/end/flush", test_flush);
  g_test_add_func ("/link/end/stop", test_stop);
  g_test_add_func ("/link/end/closes", test_closes);
  g_test_add_func ("/link/end/resets", test_resets);
  g_test_add_func ("/link/end/media-closes", test_media_closes);
  g_test_add_func ("/link/end/last-words", test_last_words);
  g_test_add_func ("/link/end/last-words-full", test_last_words_full);
  g_test_add_func ("/link/end/stall-timeout", test_stall_timeout);
  g_test_add_func ("/link/end/slow-is-no-stall", test_slow_is_no_stall);
  g_test_add_func ("/link/end/stall-flush", test_stall_flush);
  g_test_add_func ("/link/end/stall-alone", test_stall_alone);
  g_test_add_func ("/link/end/no-rtmp", test_no_rtmp);
  g_test_add_func ("/link/end/garbage", test_garbage);
  return g_test_run ();
}
