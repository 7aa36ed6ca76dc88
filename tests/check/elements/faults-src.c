/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rtmp2src: every fault of the network, at every stage of set-up and in mid-stream. */

#include "support/faulttest.h"
#include "support/srctest.h"

#define N_FRAMES 100
#define FRAME_SIZE 5000

/* A source that plays what a peer has, through a fault. */
typedef struct {
  SrcTest *test;
  FaultProxy *proxy;
  Fault fault;
  gint64 begin;
  GBytes *flv;
} Run;

/* @timeout, @idle_timeout: of the source's, in seconds */
static Run *
run_new (const Fault *fault, gboolean tls, guint timeout, guint idle_timeout, RtmpPeerAction start)
{
  Run *run = g_new0 (Run, 1);
  RtmpPeerConfig config = {
    .reactions[RTMP_PEER_START].action = start,
    .flv = run->flv = test_flv_build (N_FRAMES, 0, FRAME_SIZE),
    .flv_end = RTMP_PEER_PLAY_STOP,
  };

  fault_test_set_peer_config (&config, tls);
  run->test = src_test_new (&config, "is-live", FALSE, "timeout", timeout, "idle-timeout",
      idle_timeout, NULL);
  run->proxy = fault_proxy_new (rtmp_peer_get_port (run->test->peer));
  fault_test_set_location (run->test->src, run->proxy, tls, SRC_TEST_KEY);
  if (fault) {
    run->fault = *fault;
    fault_proxy_add (run->proxy, fault);
  }
  run->begin = g_get_monotonic_time ();
  src_test_play (run->test);
  return run;
}

static void
run_clear (gpointer data)
{
  Run *run = data;

  if (run->fault.of)
    fault_test_note (run->proxy, &run->fault);
  fault_test_stop (run->test->pipeline);
  src_test_free (run->test);
  fault_proxy_free (run->proxy);
  g_bytes_unref (run->flv);
  g_free (run);
}

/* What is exchanged before media; as the first connection of a case it also makes what stays. */
static FaultTestTotals
measure (gboolean tls)
{
  Run *run = run_new (NULL, tls, 0, 0, RTMP_PEER_HOLD);
  FaultTestTotals totals = fault_test_measure (run->test->peer, run->proxy);

  run_clear (run);
  return totals;
}

/* -- Set-up -- */

static gpointer
begin_set_up (const Fault *fault, gboolean tls)
{
  return run_new (fault, tls, FAULT_TEST_TIMEOUT, FAULT_TEST_TIMEOUT, RTMP_PEER_PASS);
}

static void
end_set_up (gpointer data)
{
  Run *run = data;

  fault_test_assert_lost (run->test->bus, GST_RESOURCE_ERROR_OPEN_READ, SRC_TEST_KEY, run->begin);
  g_assert_cmpuint (run->test->items->len, ==, 0);
}

static void
check_set_up (gconstpointer tls)
{
  static const FaultTestCase test = { TRUE, begin_set_up, NULL, end_set_up, run_clear };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test, fault_test_make_losses (&totals, GPOINTER_TO_INT (tls)),
      GPOINTER_TO_INT (tls));
}

/* Stopped in the middle of it, where no timeout helps. */
static gpointer
begin_stopped (const Fault *fault, gboolean tls)
{
  return run_new (fault, tls, 0, 0, RTMP_PEER_PASS);
}

static void
end_stopped (gpointer data)
{
  Run *run = data;

  g_assert_true (fault_proxy_wait_faults (run->proxy, 1));
  fault_test_stop (run->test->pipeline);
  g_assert_false (run->test->eos);
}

static void
check_stopped (gconstpointer tls)
{
  static const FaultTestCase test = { TRUE, begin_stopped, NULL, end_stopped, run_clear };
  static const FaultTestRow rows[] = { { FAULT_STALL, FAULT_BOTH },
    { FAULT_BLACK_HOLE, FAULT_BOTH } };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test,
      fault_test_make_faults (rows, G_N_ELEMENTS (rows), &totals, GPOINTER_TO_INT (tls)),
      GPOINTER_TO_INT (tls));
}

/* An error or the stream's end, but an end: a source that fails says EOS downstream too. */
static void
end_corrupt (gpointer data)
{
  Run *run = data;

  src_test_wait_eos (run->test);
  g_assert_cmpint (g_get_monotonic_time () - run->begin, <, FAULT_TEST_END_TIME);
}

static void
check_corrupt (gconstpointer tls)
{
  static const FaultTestCase test = { TRUE, begin_set_up, NULL, end_corrupt, run_clear };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test, fault_test_make_corruptions (&totals, GPOINTER_TO_INT (tls)),
      GPOINTER_TO_INT (tls));
}

/* -- Mid-stream -- */

/* A TLS record: the answer to play may lie in the same one as media. */
#define TLS_RECORD_SIZE 16384

/* (transfer full) (element-type Fault): at so many bytes of media, more or less */
static GArray *
make_media_faults (const FaultTestRow *rows, guint n_rows, const FaultTestTotals *totals,
    gboolean tls)
{
  static const guint64 media_counts[] = { 2000, 7000, 70000, 400000 };
  GArray *faults = g_array_new (FALSE, FALSE, sizeof (Fault));
  guint i, j;

  for (i = 0; i < n_rows; i++) {
    for (j = 0; j < G_N_ELEMENTS (media_counts); j++) {
      const Fault fault = {
        .kind = rows[i].kind,
        .ways = rows[i].ways,
        .of = FAULT_IN,
        .at = totals->in + media_counts[j] + (tls ? TLS_RECORD_SIZE : 0),
      };

      g_array_append_val (faults, fault);
    }
  }
  return faults;
}

static gpointer
begin_media (const Fault *fault, gboolean tls)
{
  Run *run = run_new (fault, tls, 20, 2, RTMP_PEER_PASS);

  /* Handshakes of all of them at once would wait for each other in GIO's pool. */
  g_assert_true (rtmp_peer_wait_stage (run->test->peer, 0, RTMP_PEER_START));
  return run;
}

/* What came before the loss was given out, and nothing else. */
static void
end_lost (gpointer data)
{
  Run *run = data;

  fault_test_assert_lost (run->test->bus, GST_RESOURCE_ERROR_READ, SRC_TEST_KEY, run->begin);
  g_assert_cmpuint (run->test->items->len, <, 2 * N_FRAMES);
}

static void
check_lost (gconstpointer tls)
{
  static const FaultTestCase test = { FALSE, begin_media, NULL, end_lost, run_clear };
  static const FaultTestRow rows[] = {
    { FAULT_RST, FAULT_BOTH },
    { FAULT_RST, FAULT_IN },
    { FAULT_FIN, FAULT_BOTH },
    { FAULT_FIN, FAULT_IN },
    { FAULT_STALL, FAULT_BOTH },
    { FAULT_STALL, FAULT_IN },
    { FAULT_BLACK_HOLE, FAULT_BOTH },
    { FAULT_BLACK_HOLE, FAULT_IN },
  };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test,
      make_media_faults (rows, G_N_ELEMENTS (rows), &totals, GPOINTER_TO_INT (tls)),
      GPOINTER_TO_INT (tls));
}

static void
check_media_stopped (gconstpointer tls)
{
  static const FaultTestCase test = { TRUE, begin_stopped, NULL, end_stopped, run_clear };
  static const FaultTestRow rows[] = { { FAULT_STALL, FAULT_BOTH },
    { FAULT_BLACK_HOLE, FAULT_BOTH } };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test,
      make_media_faults (rows, G_N_ELEMENTS (rows), &totals, GPOINTER_TO_INT (tls)),
      GPOINTER_TO_INT (tls));
}

static gpointer
begin_media_corrupt (const Fault *fault, gboolean tls)
{
  return run_new (fault, tls, 2, 2, RTMP_PEER_PASS);
}

static void
check_media_corrupt (gconstpointer tls)
{
  static const FaultTestCase test = { TRUE, begin_media_corrupt, NULL, end_corrupt, run_clear };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));
  GArray *faults = g_array_new (FALSE, FALSE, sizeof (Fault));
  guint i;

  for (i = 0; i < FAULT_TEST_BATCH; i++) {
    const Fault fault = {
      .kind = FAULT_CORRUPT,
      .ways = FAULT_IN,
      .value = i % 2 ? 0xFF : 0x02,
      .of = FAULT_IN,
      .at = totals.in + i * 13,
    };

    g_array_append_val (faults, fault);
  }
  fault_test_run (&test, faults, GPOINTER_TO_INT (tls));
}

/* -- What is no loss -- */

static gpointer
begin_going_on (const Fault *fault, gboolean tls)
{
  return run_new (fault, tls, 20, 20, RTMP_PEER_PASS);
}

static void
end_going_on (gpointer data)
{
  Run *run = data;

  src_test_wait_eos (run->test);
  g_assert_cmpuint (element_test_count_messages (run->test->bus, GST_MESSAGE_ERROR), ==, 0);
  src_test_assert_flv (run->test, run->flv);
}

static void
check_going_on (gconstpointer tls)
{
  static const FaultTestCase test = { FALSE, begin_going_on, NULL, end_going_on, run_clear };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));
  const Fault rows[] = {
    { .kind = FAULT_DELAY, .ways = FAULT_BOTH, .of = FAULT_OUT, .value = 40 },
    { .kind = FAULT_RATE, .ways = FAULT_BOTH, .of = FAULT_OUT, .value = 1000000 },
    { .kind = FAULT_STALL, .ways = FAULT_BOTH, .of = FAULT_OUT, .at = 100, .duration = 300 },
    { .kind = FAULT_STALL,
        .ways = FAULT_BOTH,
        .of = FAULT_IN,
        .at = totals.in / 2,
        .duration = 300 },
    { .kind = FAULT_STALL,
        .ways = FAULT_IN,
        .of = FAULT_IN,
        .at = totals.in + 100000,
        .duration = 300 },
    /* Nobody listens to what a player says. */
    { .kind = FAULT_STALL, .ways = FAULT_OUT, .of = FAULT_IN, .at = totals.in + 100000 },
    { .kind = FAULT_BLACK_HOLE, .ways = FAULT_OUT, .of = FAULT_IN, .at = totals.in + 100000 },
  };
  GArray *faults = g_array_new (FALSE, FALSE, sizeof (Fault));

  g_array_append_vals (faults, rows, G_N_ELEMENTS (rows));
  fault_test_run (&test, faults, GPOINTER_TO_INT (tls));
}

int
main (int argc, char **argv)
{
  int status;

  element_test_init (&argc, &argv);
  fault_test_certificates = test_certificates_new ();

  fault_test_add ("/faults-src/set-up/lost", check_set_up);
  fault_test_add ("/faults-src/set-up/stopped", check_stopped);
  fault_test_add ("/faults-src/set-up/corrupt", check_corrupt);
  fault_test_add ("/faults-src/media/lost", check_lost);
  fault_test_add ("/faults-src/media/stopped", check_media_stopped);
  fault_test_add ("/faults-src/media/corrupt", check_media_corrupt);
  fault_test_add ("/faults-src/media/going-on", check_going_on);
  status = element_test_run ();
  g_clear_pointer (&fault_test_certificates, test_certificates_free);
  return status;
}
