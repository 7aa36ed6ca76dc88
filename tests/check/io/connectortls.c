/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connectors and TLS: certificates good and bad, and handshakes that do not come to an end. */

#include "support/connectortest.h"

typedef struct {
  TestCertificates *certificates;
} TlsFixture;

static void
tls_set_up (TlsFixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->certificates = test_certificates_new ();
}

static void
tls_tear_down (TlsFixture *fixture, gconstpointer data)
{
  (void) data;
  g_clear_pointer (&fixture->certificates, test_certificates_free);
}

static gboolean
skip_without_tls (const TlsFixture *fixture)
{
  if (fixture->certificates)
    return FALSE;
  g_test_skip ("openssl or GIO's TLS is missing");
  return TRUE;
}

/* What is wrong with a certificate, what is looked at, what the application says: what comes of
 * it. */
static void
test_certificates (TlsFixture *fixture, gconstpointer data)
{
  enum { GOOD, WRONG_HOST, EXPIRED, SELF_SIGNED };
  static const struct {
    guint which;
    gboolean known_ca;
    GTlsCertificateFlags unchecked;
    gboolean accept;
    GTlsCertificateFlags asked; /* 0: nobody is asked */
    gboolean connects;
  } cases[] = {
    { GOOD, TRUE, 0, FALSE, 0, TRUE },
    { GOOD, FALSE, 0, FALSE, G_TLS_CERTIFICATE_UNKNOWN_CA, FALSE },
    { GOOD, FALSE, 0, TRUE, G_TLS_CERTIFICATE_UNKNOWN_CA, TRUE },
    { GOOD, FALSE, G_TLS_CERTIFICATE_UNKNOWN_CA, FALSE, 0, TRUE },
    { GOOD, FALSE, G_TLS_CERTIFICATE_BAD_IDENTITY, FALSE, G_TLS_CERTIFICATE_UNKNOWN_CA, FALSE },
    { WRONG_HOST, TRUE, 0, FALSE, G_TLS_CERTIFICATE_BAD_IDENTITY, FALSE },
    { WRONG_HOST, TRUE, 0, TRUE, G_TLS_CERTIFICATE_BAD_IDENTITY, TRUE },
    { WRONG_HOST, TRUE, G_TLS_CERTIFICATE_BAD_IDENTITY, FALSE, 0, TRUE },
    { WRONG_HOST, TRUE, G_TLS_CERTIFICATE_EXPIRED, FALSE, G_TLS_CERTIFICATE_BAD_IDENTITY, FALSE },
    { EXPIRED, TRUE, 0, FALSE, G_TLS_CERTIFICATE_EXPIRED, FALSE },
    { EXPIRED, TRUE, G_TLS_CERTIFICATE_EXPIRED, FALSE, 0, TRUE },
    { SELF_SIGNED, TRUE, 0, FALSE, G_TLS_CERTIFICATE_UNKNOWN_CA, FALSE },
    { SELF_SIGNED, TRUE, G_TLS_CERTIFICATE_VALIDATE_ALL, FALSE, 0, TRUE },
  };
  g_autoptr (TestCertificates) others = NULL;
  guint i;

  (void) data;
  if (skip_without_tls (fixture))
    return;
  others = test_certificates_new ();
  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    GTlsCertificate *const kinds[] = { fixture->certificates->good,
      fixture->certificates->wrong_host, fixture->certificates->expired,
      fixture->certificates->self_signed };
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) {
        .certificate = kinds[cases[i].which] });
    g_autoptr (Attempt) attempt = attempt_new ();

    attempt->config.tls_database = cases[i].known_ca ? fixture->certificates->ca : others->ca;
    attempt->config.tls_flags &= ~cases[i].unchecked;
    attempt->accept = cases[i].accept;
    attempt_run (attempt, "rtmps", "127.0.0.1", rtmp_peer_get_port (peer));
    g_assert_cmpuint (attempt->n_asked, ==, cases[i].asked != 0);
    g_assert_cmpint (attempt->asked_errors & cases[i].asked, ==, cases[i].asked);
    g_assert_false (attempt->asked_on_loop);
    if (cases[i].connects)
      g_assert_no_error (attempt->error);
    else
      assert_failed (attempt, RTMP_ERROR_CERTIFICATE, "TLS handshake");
    g_assert_true (!attempt->stream || G_IS_TLS_CONNECTION (attempt->stream));
  }
}

/* Nobody to be asked refuses. */
static void
test_nobody_asked (TlsFixture *fixture, gconstpointer data)
{
  g_autoptr (RtmpPeer) peer = NULL;
  g_autoptr (Attempt) attempt = attempt_new ();

  (void) data;
  if (skip_without_tls (fixture))
    return;
  peer = rtmp_peer_new (&(RtmpPeerConfig) { .certificate = fixture->certificates->good });
  attempt->config.accept_certificate = NULL;
  /* The system's authorities do not know the test's. */
  attempt_run (attempt, "rtmps", "127.0.0.1", rtmp_peer_get_port (peer));
  assert_failed (attempt, RTMP_ERROR_CERTIFICATE, "TLS handshake");
}

/* A server that speaks something else. */
static void
test_tls_garbage (TlsFixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("HTTP/1.1 400 Bad Request\r\n\r\n", 28);
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .raw = TRUE, .raw_bytes = bytes });
  g_autoptr (Attempt) attempt = attempt_new ();

  (void) data;
  if (skip_without_tls (fixture))
    return;
  attempt_run (attempt, "rtmps", "127.0.0.1", rtmp_peer_get_port (peer));
  assert_failed (attempt, RTMP_ERROR_TLS, "TLS handshake");
}

static void
test_tls_closed (TlsFixture *fixture, gconstpointer data)
{
  static const RtmpPeerAction actions[] = { RTMP_PEER_FIN, RTMP_PEER_RST };
  guint i;

  (void) data;
  if (skip_without_tls (fixture))
    return;
  for (i = 0; i < G_N_ELEMENTS (actions); i++) {
    g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) {
        .reactions[RTMP_PEER_ACCEPT].action = actions[i] });
    g_autoptr (Attempt) attempt = attempt_new ();

    attempt_run (attempt, "rtmps", "127.0.0.1", rtmp_peer_get_port (peer));
    g_assert_cmpint (attempt->error->domain, ==, RTMP_ERROR);
    g_assert_true (attempt->error->code == RTMP_ERROR_TLS
        || attempt->error->code == RTMP_ERROR_CONNECT);
  }
}

static void
test_tls_timeout (TlsFixture *fixture, gconstpointer data)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .never_read = TRUE });
  g_autoptr (Attempt) attempt = attempt_new ();

  (void) data;
  if (skip_without_tls (fixture))
    return;
  attempt->config.timeout = SHORT_TIMEOUT;
  attempt_run (attempt, "rtmps", "127.0.0.1", rtmp_peer_get_port (peer));
  assert_failed (attempt, RTMP_ERROR_TIMEOUT, "TLS handshake");
}

static void
test_tls_cancel (TlsFixture *fixture, gconstpointer data)
{
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&(RtmpPeerConfig) { .raw = TRUE });
  g_autoptr (Attempt) attempt = attempt_new ();

  (void) data;
  if (skip_without_tls (fixture))
    return;
  attempt_start (attempt, "rtmps", "127.0.0.1", rtmp_peer_get_port (peer));
  /* TLS's first words. */
  g_assert_true (rtmp_peer_wait_bytes (peer, 0, 100));
  attempt_cancel (attempt);
}

/* An application that takes its time holds nothing but its own handshake: cancelling does not
 * wait for it, and what it is told with lives until it returns. */
static void
test_tls_cancel_while_asking (TlsFixture *fixture, gconstpointer data)
{
  g_autoptr (RtmpPeer) peer = NULL;
  g_autoptr (Attempt) other = attempt_new ();
  g_autoptr (Attempt) attempt = attempt_new ();

  (void) data;
  if (skip_without_tls (fixture))
    return;
  peer = rtmp_peer_new (&(RtmpPeerConfig) { .certificate = fixture->certificates->wrong_host });
  attempt->config.tls_database = other->config.tls_database = fixture->certificates->ca;
  attempt->hold = TRUE;
  other->accept = TRUE;
  attempt_start (attempt, "rtmps", "127.0.0.1", rtmp_peer_get_port (peer));
  WAIT (attempt, attempt->n_asked == 1);
  attempt_run (other, "rtmps", "127.0.0.1", rtmp_peer_get_port (peer));
  g_assert_no_error (other->error);
  attempt_cancel (attempt);
  g_assert_cmpint (g_atomic_int_get (&attempt->refs), ==, 1);
  g_mutex_lock (&attempt->lock);
  attempt->hold = FALSE;
  g_cond_broadcast (&attempt->cond);
  g_mutex_unlock (&attempt->lock);
}

/* -- Certificates of the client's -- */

typedef struct {
  GTlsInteraction parent;
  GTlsCertificate *certificate;
} TestInteraction;

typedef struct {
  GTlsInteractionClass parent_class;
} TestInteractionClass;

GType test_interaction_get_type (void);
G_DEFINE_TYPE (TestInteraction, test_interaction, G_TYPE_TLS_INTERACTION)

static GTlsInteractionResult
give_certificate (GTlsInteraction *interaction, GTlsConnection *connection,
    GTlsCertificateRequestFlags flags, GCancellable *cancellable, GError **error)
{
  (void) flags;
  (void) cancellable;
  (void) error;
  g_tls_connection_set_certificate (connection, ((TestInteraction *) interaction)->certificate);
  return G_TLS_INTERACTION_HANDLED;
}

static void
test_interaction_class_init (TestInteractionClass *class)
{
  ((GTlsInteractionClass *) class)->request_certificate = give_certificate;
}

static void
test_interaction_init (TestInteraction *interaction)
{
  (void) interaction;
}

static void
test_client_certificate (TlsFixture *fixture, gconstpointer data)
{
  g_autoptr (GTlsInteraction) interaction = g_object_new (test_interaction_get_type (), NULL);
  g_autoptr (RtmpPeer) peer = NULL;
  g_autoptr (Attempt) attempt = attempt_new ();
  guint8 hello = 3;

  (void) data;
  if (skip_without_tls (fixture))
    return;
  ((TestInteraction *) interaction)->certificate = fixture->certificates->good;
  peer = rtmp_peer_new (&(RtmpPeerConfig) { .certificate = fixture->certificates->good,
      .request_certificate = TRUE });
  attempt->config.tls_database = fixture->certificates->ca;
  attempt->config.tls_interaction = interaction;
  attempt_run (attempt, "rtmps", "127.0.0.1", rtmp_peer_get_port (peer));
  g_assert_no_error (attempt->error);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (attempt->stream), &hello,
      1, NULL, NULL, NULL));
  g_assert_true (rtmp_peer_wait_bytes (peer, 0, 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) \
  g_test_add ("/connector/tls/" path, TlsFixture, NULL, tls_set_up, func, tls_tear_down)
  ADD ("certificates", test_certificates);
  ADD ("nobody-asked", test_nobody_asked);
  ADD ("garbage", test_tls_garbage);
  ADD ("closed", test_tls_closed);
  ADD ("timeout", test_tls_timeout);
  ADD ("cancel", test_tls_cancel);
  ADD ("cancel-while-asking", test_tls_cancel_while_asking);
  ADD ("client-certificate", test_client_certificate);
  return g_test_run ();
}
