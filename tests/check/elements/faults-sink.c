/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rtmp2sink: every fault of the network, at every stage of set-up and in mid-stream. */

#include "support/faulttest.h"
#include "support/sinktest.h"

#define FRAME_SIZE 20000
/* Frames of a publication that goes on. */
#define N_FRAMES 50

/**
 * Run: a sink that publishes to a peer through a fault.
 * @flv: (nullable): what is pushed, by @feeder; again and again, until that fails, where @endless,
 *   else followed by EOS
 */
typedef struct {
  SinkTest *test;
  FaultProxy *proxy;
  Fault fault;
  gint64 begin;
  GBytes *flv;
  gboolean endless;
  GThread *feeder;
} Run;

static Run *
run_new (const Fault *fault, gboolean tls, guint timeout, RtmpPeerAction start)
{
  RtmpPeerConfig config = { .reactions[RTMP_PEER_START].action = start };
  Run *run = g_new0 (Run, 1);

  fault_test_set_peer_config (&config, tls);
  run->test = sink_test_new (&config, "async", FALSE, "timeout", timeout, NULL);
  run->proxy = fault_proxy_new (rtmp_peer_get_port (run->test->peer));
  fault_test_set_location (run->test->sink, run->proxy, tls, SINK_TEST_KEY);
  if (fault) {
    run->fault = *fault;
    fault_proxy_add (run->proxy, fault);
  }
  run->begin = g_get_monotonic_time ();
  sink_test_play (run->test, NULL);
  return run;
}

static gpointer
feed (gpointer data)
{
  Run *run = data;
  GstFlowReturn flow;

  do
    flow = gst_pad_push (run->test->pad, gst_buffer_new_wrapped_bytes (run->flv));
  while (run->endless && flow == GST_FLOW_OK);
  if (!run->endless)
    gst_pad_push_event (run->test->pad, gst_event_new_eos ());
  return GINT_TO_POINTER (flow);
}

static void
run_feed (gpointer data)
{
  Run *run = data;

  run->feeder = g_thread_new ("feed", feed, run);
}

static void
run_free (gpointer data)
{
  Run *run = data;

  if (run->fault.of)
    fault_test_note (run->proxy, &run->fault);
  fault_test_stop (run->test->pipeline);
  if (run->feeder)
    g_thread_join (run->feeder);
  sink_test_free (run->test);
  fault_proxy_free (run->proxy);
  g_clear_pointer (&run->flv, g_bytes_unref);
  g_free (run);
}

/* What is exchanged before media; as the first connection of a case it also makes what stays. */
static FaultTestTotals
measure (gboolean tls)
{
  Run *run = run_new (NULL, tls, 0, RTMP_PEER_HOLD);
  FaultTestTotals totals = fault_test_measure (run->test->peer, run->proxy);

  run_free (run);
  return totals;
}

/* -- Set-up -- */

static gpointer
begin_set_up (const Fault *fault, gboolean tls)
{
  return run_new (fault, tls, FAULT_TEST_TIMEOUT, RTMP_PEER_PASS);
}

static void
end_set_up (gpointer data)
{
  Run *run = data;

  fault_test_assert_lost (run->test->bus, GST_RESOURCE_ERROR_OPEN_WRITE, SINK_TEST_KEY, run->begin);
}

static void
check_set_up (gconstpointer tls)
{
  static const FaultTestCase test = { TRUE, begin_set_up, NULL, end_set_up, run_free };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test, fault_test_make_losses (&totals, GPOINTER_TO_INT (tls)),
      GPOINTER_TO_INT (tls));
}

/* Stopped in the middle of it, where no timeout helps. */
static gpointer
begin_stopped (const Fault *fault, gboolean tls)
{
  Run *run = run_new (fault, tls, 0, RTMP_PEER_PASS);

  run->flv = test_flv_build (1, 0, FRAME_SIZE);
  return run;
}

static void
end_stopped (gpointer data)
{
  Run *run = data;

  g_assert_true (fault_proxy_wait_faults (run->proxy, 1));
  fault_test_stop (run->test->pipeline);
  g_assert_cmpuint (element_test_count_messages (run->test->bus, GST_MESSAGE_EOS), ==, 0);
}

static void
check_stopped (gconstpointer tls)
{
  static const FaultTestCase test = { TRUE, begin_stopped, run_feed, end_stopped, run_free };
  static const FaultTestRow rows[] = { { FAULT_STALL, FAULT_BOTH },
    { FAULT_BLACK_HOLE, FAULT_BOTH } };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test,
      fault_test_make_faults (rows, G_N_ELEMENTS (rows), &totals, GPOINTER_TO_INT (tls)),
      GPOINTER_TO_INT (tls));
}

/* An error or a publication, but an end. */
static gpointer
begin_corrupt (const Fault *fault, gboolean tls)
{
  Run *run = run_new (fault, tls, FAULT_TEST_TIMEOUT, RTMP_PEER_PASS);

  run->flv = test_flv_build (3, 0, FRAME_SIZE);
  return run;
}

static void
end_corrupt (gpointer data)
{
  Run *run = data;

  (void) fault_test_wait_end (run->test->bus, SINK_TEST_KEY, run->begin);
}

static void
check_corrupt (gconstpointer tls)
{
  static const FaultTestCase test = { TRUE, begin_corrupt, run_feed, end_corrupt, run_free };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test, fault_test_make_corruptions (&totals, GPOINTER_TO_INT (tls)),
      GPOINTER_TO_INT (tls));
}

/* -- Mid-stream -- */

/* Where: bytes of media that have passed, more or less. */
static const guint64 media_counts[] = { 1000, 30000, 250000 };

/* (transfer full) (element-type Fault) */
static GArray *
make_media_faults (const FaultTestRow *rows, guint n_rows, const FaultTestTotals *totals)
{
  GArray *faults = g_array_new (FALSE, FALSE, sizeof (Fault));
  guint i, j;

  for (i = 0; i < n_rows; i++) {
    for (j = 0; j < G_N_ELEMENTS (media_counts); j++) {
      const Fault fault = {
        .kind = rows[i].kind,
        .ways = rows[i].ways,
        .of = FAULT_OUT,
        .at = totals->out + media_counts[j],
      };

      g_array_append_val (faults, fault);
    }
  }
  return faults;
}

/* One that has been set up. */
static Run *
new_publication (const Fault *fault, gboolean tls, guint timeout)
{
  Run *run = run_new (fault, tls, timeout, RTMP_PEER_PASS);

  run->flv = test_flv_build (N_FRAMES, 0, FRAME_SIZE);
  run->endless = TRUE;
  g_assert_true (rtmp_peer_wait_stage (run->test->peer, 0, RTMP_PEER_MEDIA));
  return run;
}

static gpointer
begin_media (const Fault *fault, gboolean tls)
{
  return new_publication (fault, tls, 2);
}

static void
end_lost (gpointer data)
{
  Run *run = data;

  fault_test_assert_lost (run->test->bus, GST_RESOURCE_ERROR_WRITE, SINK_TEST_KEY, run->begin);
}

static void
check_lost (gconstpointer tls)
{
  static const FaultTestCase test = { FALSE, begin_media, run_feed, end_lost, run_free };
  static const FaultTestRow rows[] = {
    { FAULT_RST, FAULT_BOTH },
    { FAULT_RST, FAULT_IN },
    { FAULT_FIN, FAULT_BOTH },
    { FAULT_FIN, FAULT_OUT },
    { FAULT_FIN, FAULT_IN },
    { FAULT_STALL, FAULT_BOTH },
    { FAULT_STALL, FAULT_OUT },
  };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test, make_media_faults (rows, G_N_ELEMENTS (rows), &totals),
      GPOINTER_TO_INT (tls));
}

/* The streaming thread is blocked, and nothing else would end that. */
static gpointer
begin_media_stopped (const Fault *fault, gboolean tls)
{
  return new_publication (fault, tls, 0);
}

static void
end_media_stopped (gpointer data)
{
  Run *run = data;

  g_assert_true (fault_proxy_wait_faults (run->proxy, 1));
  if (run->fault.ways & FAULT_OUT && run->fault.kind == FAULT_STALL)
    g_assert_true (test_wait_until (sink_test_has_backlog, run->test));
  fault_test_stop (run->test->pipeline);
}

static void
check_media_stopped (gconstpointer tls)
{
  static const FaultTestCase test = { FALSE, begin_media_stopped, run_feed, end_media_stopped,
    run_free };
  static const FaultTestRow rows[] = {
    { FAULT_STALL, FAULT_BOTH },
    { FAULT_STALL, FAULT_OUT },
    { FAULT_BLACK_HOLE, FAULT_BOTH },
  };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));

  fault_test_run (&test, make_media_faults (rows, G_N_ELEMENTS (rows), &totals),
      GPOINTER_TO_INT (tls));
}

/* -- What is no loss -- */

static gpointer
begin_going_on (const Fault *fault, gboolean tls)
{
  Run *run = run_new (fault, tls, 20, RTMP_PEER_PASS);

  run->flv = test_flv_build (N_FRAMES, 0, FRAME_SIZE);
  return run;
}

static void
end_going_on (gpointer data)
{
  Run *run = data;

  g_assert_false (fault_test_wait_end (run->test->bus, SINK_TEST_KEY, run->begin));
  sink_test_assert_media (run->test, run->flv);
}

static void
check_going_on (gconstpointer tls)
{
  static const FaultTestCase test = { FALSE, begin_going_on, run_feed, end_going_on, run_free };
  FaultTestTotals totals = measure (GPOINTER_TO_INT (tls));
  const Fault rows[] = {
    { .kind = FAULT_DELAY, .ways = FAULT_BOTH, .of = FAULT_OUT, .value = 40 },
    { .kind = FAULT_RATE, .ways = FAULT_BOTH, .of = FAULT_OUT, .value = 1000000 },
    { .kind = FAULT_STALL, .ways = FAULT_BOTH, .of = FAULT_OUT, .at = 100, .duration = 300 },
    { .kind = FAULT_STALL,
        .ways = FAULT_BOTH,
        .of = FAULT_OUT,
        .at = totals.out / 2,
        .duration = 300 },
    { .kind = FAULT_STALL,
        .ways = FAULT_OUT,
        .of = FAULT_OUT,
        .at = totals.out + 100000,
        .duration = 300 },
    /* Nobody listens to what the server says of a stream that goes out. */
    { .kind = FAULT_STALL, .ways = FAULT_IN, .of = FAULT_OUT, .at = totals.out + 100000 },
    { .kind = FAULT_BLACK_HOLE, .ways = FAULT_IN, .of = FAULT_OUT, .at = totals.out + 100000 },
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

  fault_test_add ("/faults-sink/set-up/lost", check_set_up);
  fault_test_add ("/faults-sink/set-up/stopped", check_stopped);
  fault_test_add ("/faults-sink/set-up/corrupt", check_corrupt);
  fault_test_add ("/faults-sink/media/lost", check_lost);
  fault_test_add ("/faults-sink/media/stopped", check_media_stopped);
  fault_test_add ("/faults-sink/media/going-on", check_going_on);
  status = element_test_run ();
  g_clear_pointer (&fault_test_certificates, test_certificates_free);
  return status;
}
