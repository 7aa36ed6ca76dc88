/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sinktest.h"

/* rtmp2sink: RTMPS: the certificate is checked, and what may be done about that. */

static TestCertificates *certificates;

/* A sink of a TLS peer with @certificate, which trusts the test's authority where @trusting. */
static SinkTest *
new_test (GTlsCertificate *certificate, gboolean trusting)
{
  const RtmpPeerConfig config = { .certificate = certificate };

  return sink_test_new (&config, "async", FALSE, "tls-database", trusting ? certificates->ca : NULL,
      NULL);
}

static void
assert_publishes (SinkTest *test)
{
  g_autoptr (GBytes) flv = test_flv_build (30, 0, 50000);

  sink_test_play (test, NULL);
  sink_test_push_bytes (test, flv);
  sink_test_assert_media (test, flv);
  sink_test_end (test);
  sink_test_assert_media (test, flv);
  g_assert_true (rtmp_peer_wait_command (test->peer, 0, "deleteStream", 1));
}

static void
assert_refuses (SinkTest *test)
{
  static const gchar *const secrets[] = { SINK_TEST_KEY, NULL };
  g_autoptr (GstMessage) message = NULL;

  sink_test_play (test, NULL);
  message = element_test_wait_error (test->bus, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE);
  element_test_assert_hides (message, secrets);
}

/* -- Certificates -- */

static void
test_good (void)
{
  g_autoptr (SinkTest) test = new_test (certificates->good, TRUE);

  assert_publishes (test);
}

static void
test_bad (void)
{
  GTlsCertificate *const bad[] = { certificates->wrong_host, certificates->expired,
    certificates->self_signed };
  g_autoptr (SinkTest) unknown = new_test (certificates->good, FALSE);
  guint i;

  assert_refuses (unknown);
  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (SinkTest) test = new_test (bad[i], TRUE);

    assert_refuses (test);
  }
}

/* tls-validation-flags: what is not in them is not looked at. */
static void
test_flags (void)
{
  const struct {
    GTlsCertificate *certificate;
    GTlsCertificateFlags off;
  } rows[] = {
    { certificates->wrong_host, G_TLS_CERTIFICATE_BAD_IDENTITY },
    { certificates->expired, G_TLS_CERTIFICATE_EXPIRED },
    { certificates->self_signed, G_TLS_CERTIFICATE_UNKNOWN_CA },
    { certificates->self_signed, G_TLS_CERTIFICATE_VALIDATE_ALL },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (SinkTest) test = new_test (rows[i].certificate, TRUE);
    g_autoptr (SinkTest) other = new_test (rows[i].certificate, TRUE);

    g_object_set (test->sink, "tls-validation-flags", G_TLS_CERTIFICATE_VALIDATE_ALL & ~rows[i].off,
        NULL);
    assert_publishes (test);
    if (rows[i].off == G_TLS_CERTIFICATE_VALIDATE_ALL)
      continue;
    g_object_set (other->sink, "tls-validation-flags", rows[i].off, NULL);
    assert_refuses (other);
  }
}

/* -- accept-certificate -- */

typedef struct {
  GMutex lock;
  GCond cond;
  gboolean answer;
  gboolean hold;
  guint calls;
  GTlsCertificateFlags errors;
  gchar *thread;
} Accept;

static gboolean
on_accept_certificate (GstElement *sink, GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  Accept *accept = data;

  g_assert_true (G_IS_TLS_CONNECTION (connection));
  g_assert_true (G_IS_TLS_CERTIFICATE (certificate));
  g_mutex_lock (&accept->lock);
  accept->calls++;
  accept->errors = errors;
  g_free (accept->thread);
  g_assert_true (g_file_get_contents ("/proc/thread-self/comm", &accept->thread, NULL, NULL));
  g_cond_broadcast (&accept->cond);
  while (accept->hold)
    g_cond_wait (&accept->cond, &accept->lock);
  g_mutex_unlock (&accept->lock);
  return accept->answer;
}

static void
accept_init (Accept *accept, SinkTest *test, gboolean answer)
{
  *accept = (Accept) { .answer = answer };
  g_mutex_init (&accept->lock);
  g_cond_init (&accept->cond);
  g_signal_connect (test->sink, "accept-certificate", G_CALLBACK (on_accept_certificate), accept);
}

static void
accept_wait (Accept *accept)
{
  g_mutex_lock (&accept->lock);
  while (accept->calls == 0)
    g_cond_wait (&accept->cond, &accept->lock);
  g_mutex_unlock (&accept->lock);
}

static void
accept_release (Accept *accept)
{
  g_mutex_lock (&accept->lock);
  accept->hold = FALSE;
  g_cond_broadcast (&accept->cond);
  g_mutex_unlock (&accept->lock);
}

static void
accept_clear (Accept *accept)
{
  g_free (accept->thread);
  g_mutex_clear (&accept->lock);
  g_cond_clear (&accept->cond);
}

static void
test_accept (void)
{
  SinkTest *test = new_test (certificates->self_signed, TRUE);
  Accept accept;

  accept_init (&accept, test, TRUE);
  assert_publishes (test);
  g_assert_cmpuint (accept.calls, ==, 1);
  g_assert_true (accept.errors & G_TLS_CERTIFICATE_UNKNOWN_CA);
  g_assert_cmpstr (accept.thread, !=, "rtmp2-io\n");
  sink_test_free (test);
  accept_clear (&accept);
}

static void
test_accept_refused (void)
{
  SinkTest *test = new_test (certificates->self_signed, TRUE);
  Accept accept;

  accept_init (&accept, test, FALSE);
  assert_refuses (test);
  g_assert_cmpuint (accept.calls, ==, 1);
  sink_test_free (test);
  accept_clear (&accept);
}

/* A certificate that is in order is not asked about. */
static void
test_accept_unasked (void)
{
  SinkTest *test = new_test (certificates->good, TRUE);
  Accept accept;

  accept_init (&accept, test, FALSE);
  assert_publishes (test);
  g_assert_cmpuint (accept.calls, ==, 0);
  sink_test_free (test);
  accept_clear (&accept);
}

/* While the user is asked, other connections are made and ended. */
static void
test_accept_stalled (void)
{
  SinkTest *test = new_test (certificates->self_signed, TRUE);
  g_autoptr (SinkTest) other = new_test (certificates->good, TRUE);
  g_autoptr (SinkTest) plain = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (3, 0, 100);
  Accept accept;

  accept_init (&accept, test, TRUE);
  accept.hold = TRUE;
  g_object_set (test->sink, "timeout", 0, NULL);
  sink_test_play (test, NULL);
  accept_wait (&accept);
  assert_publishes (other);
  assert_publishes (plain);
  accept_release (&accept);
  sink_test_push_bytes (test, flv);
  sink_test_assert_media (test, flv);
  sink_test_free (test);
  accept_clear (&accept);
}

/* Nor is the user's answer waited for when the pipeline is stopped. */
static void
test_accept_stopped (void)
{
  SinkTest *test = new_test (certificates->self_signed, TRUE);
  GstElement *sink = gst_object_ref (test->sink);
  Accept accept;

  accept_init (&accept, test, TRUE);
  accept.hold = TRUE;
  g_object_set (sink, "timeout", 0, NULL);
  sink_test_play (test, NULL);
  accept_wait (&accept);
  sink_test_set_state (test, GST_STATE_NULL);
  accept_release (&accept);
  g_assert_true (rtmp_peer_wait_all_ended (test->peer));
  sink_test_free (test);
  gst_object_unref (sink);
  accept_clear (&accept);
}

/* -- The stream -- */

static void
test_backpressure (void)
{
  const RtmpPeerConfig config = {
    .certificate = certificates->good,
    SINK_TEST_STALLED,
  };
  g_autoptr (SinkTest) test = sink_test_new (&config, "async", FALSE, "tls-database",
      certificates->ca, NULL);
  g_autoptr (GBytes) flv = test_flv_build (100, 0, 100000);
  SinkFeed *feed;

  sink_test_play (test, NULL);
  feed = sink_feed_begin_bytes (test, g_bytes_ref (flv));
  sink_test_wait_stalled (test);
  sink_test_set_state (test, GST_STATE_PAUSED);
  sink_test_wait_state (test);
  sink_test_set_state (test, GST_STATE_PLAYING);
  rtmp_peer_set_reading (test->peer, 0, TRUE);
  g_assert_cmpint (sink_feed_end (feed), ==, GST_FLOW_OK);
  sink_test_assert_media (test, flv);
  sink_test_end (test);
}

static void
test_stop (void)
{
  g_autoptr (SinkTest) test = new_test (certificates->good, TRUE);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);

  sink_test_play (test, NULL);
  sink_test_push_bytes (test, flv);
  sink_test_set_state (test, GST_STATE_READY);
  sink_test_assert_media (test, flv);
  g_assert_true (rtmp_peer_wait_command (test->peer, 0, "deleteStream", 1));
  g_assert_true (rtmp_peer_wait_ended (test->peer, 0));
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

static void
check_lost (gconstpointer action)
{
  g_autoptr (SinkTest) test = new_test (certificates->good, TRUE);
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);
  g_autoptr (GstMessage) message = NULL;

  sink_test_play (test, NULL);
  sink_test_push_bytes (test, flv);
  sink_test_assert_media (test, flv);
  rtmp_peer_close (test->peer, 0, (RtmpPeerAction) GPOINTER_TO_INT (action));
  message = element_test_wait_error (test->bus, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE);
}

/* The server speaks no TLS. */
static void
test_plain_server (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, "async", FALSE, "timeout", 1, NULL);

  gst_util_set_object_arg (G_OBJECT (test->sink), "scheme", "rtmps");
  assert_refuses (test);
}

static void
add (const gchar *path, GTestFunc func)
{
  if (certificates)
    g_test_add_func (path, func);
}

static void
test_nothing (void)
{
  g_test_skip ("openssl, or GIO's TLS, is missing");
}

int
main (int argc, char **argv)
{
  int status;

  element_test_init (&argc, &argv);
  certificates = test_certificates_new ();

  if (!certificates)
    g_test_add_func ("/sink-tls/nothing", test_nothing);
  add ("/sink-tls/certificate/good", test_good);
  add ("/sink-tls/certificate/bad", test_bad);
  add ("/sink-tls/certificate/flags", test_flags);
  add ("/sink-tls/accept/yes", test_accept);
  add ("/sink-tls/accept/no", test_accept_refused);
  add ("/sink-tls/accept/unasked", test_accept_unasked);
  add ("/sink-tls/accept/stalled", test_accept_stalled);
  add ("/sink-tls/accept/stopped", test_accept_stopped);
  add ("/sink-tls/stream/backpressure", test_backpressure);
  add ("/sink-tls/stream/stop", test_stop);
  add ("/sink-tls/stream/plain-server", test_plain_server);
  if (certificates) {
    g_test_add_data_func ("/sink-tls/stream/closed", GINT_TO_POINTER (RTMP_PEER_FIN), check_lost);
    g_test_add_data_func ("/sink-tls/stream/reset", GINT_TO_POINTER (RTMP_PEER_RST), check_lost);
  }
  status = element_test_run ();
  g_clear_pointer (&certificates, test_certificates_free);
  return status;
}
