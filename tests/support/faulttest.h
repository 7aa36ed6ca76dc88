/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FAULT_TEST_H
#define FAULT_TEST_H

#include "support/elementtest.h"
#include "support/faultproxy.h"
#include "support/rtmppeer.h"
#include "support/testutil.h"

/* What the programs share that run an element through each fault: tables, and what every end must
 * be like. Faults of a table happen side by side, so that their timeouts pass once. */

/* Elements that run at the same time. Those whose TLS handshakes do are fewer: the element's and the
 * peer's keep a thread each of GIO's pool of ten. */
#define FAULT_TEST_BATCH 60
#define FAULT_TEST_TLS_BATCH 5
/* Microseconds in which an element is in NULL, whatever its network does. */
#define FAULT_TEST_STOP_TIME (900 * G_TIME_SPAN_MILLISECOND)
/* Microseconds in which every fault has led to an end, with timeouts of FAULT_TEST_TIMEOUT seconds;
 * set-up has several steps with a timeout each. */
#define FAULT_TEST_END_TIME (20 * G_TIME_SPAN_SECOND)
#define FAULT_TEST_TIMEOUT 1

/* What of a fault's kind happens to which ways. */
typedef struct {
  FaultKind kind;
  FaultWays ways;
} FaultTestRow;

/* After each of these a connection that is not set up never will be. */
static const FaultTestRow fault_test_losses[] = {
  { FAULT_RST, FAULT_BOTH },
  { FAULT_RST, FAULT_IN },
  { FAULT_FIN, FAULT_BOTH },
  { FAULT_FIN, FAULT_OUT },
  { FAULT_FIN, FAULT_IN },
  { FAULT_STALL, FAULT_BOTH },
  { FAULT_STALL, FAULT_OUT },
  { FAULT_STALL, FAULT_IN },
  { FAULT_BLACK_HOLE, FAULT_BOTH },
  { FAULT_BLACK_HOLE, FAULT_OUT },
  { FAULT_BLACK_HOLE, FAULT_IN },
};

/* The same over TLS: what is left out is seen by TLS as one of these. */
static const FaultTestRow fault_test_tls_losses[] = {
  { FAULT_RST, FAULT_BOTH },
  { FAULT_FIN, FAULT_BOTH },
  { FAULT_FIN, FAULT_IN },
  { FAULT_STALL, FAULT_BOTH },
  { FAULT_BLACK_HOLE, FAULT_OUT },
};

/* Bytes of both ways before the server answers to publish or play. */
typedef struct {
  guint64 out, in;
} FaultTestTotals;

/* The test's certificates; NULL is without TLS. */
static TestCertificates *fault_test_certificates;

/* -- Counts -- */

/* The handshake's parts (RTMP 1.0, 5.2): version, C1 or S1, C2 or S2. */
#define FAULT_TEST_HANDSHAKE 3073

/* The seams of a plain handshake; then, or over TLS from the beginning, so many counts in equal
 * steps below @total. (element-type Fault): only of and at are set */
static inline void
fault_test_add_counts (GArray *counts, FaultWays of, guint64 total, gboolean tls, guint steps)
{
  static const guint64 seams[] = { 0, 1, 1536, 1537, 3072 };
  guint64 begin = tls ? 0 : FAULT_TEST_HANDSHAKE;
  guint i;

  for (i = 0; !tls && i < G_N_ELEMENTS (seams); i++)
    g_array_append_vals (counts, &(Fault) { .of = of, .at = seams[i] }, 1);
  for (i = 0; i < steps; i++) {
    guint64 at = begin + (total - begin) * i / steps;

    g_array_append_vals (counts, &(Fault) { .of = of, .at = at }, 1);
  }
}

/* (transfer full) (element-type Fault): each row at each count, by the bytes of each way */
static inline GArray *
fault_test_make_faults (const FaultTestRow *rows, guint n_rows, const FaultTestTotals *totals,
    gboolean tls)
{
  g_autoptr (GArray) counts = g_array_new (FALSE, FALSE, sizeof (Fault));
  GArray *faults = g_array_new (FALSE, FALSE, sizeof (Fault));
  guint i, j;

  fault_test_add_counts (counts, FAULT_OUT, totals->out, tls, 5);
  fault_test_add_counts (counts, FAULT_IN, totals->in, tls, 5);
  for (i = 0; i < n_rows; i++) {
    for (j = 0; j < counts->len; j++) {
      Fault fault = g_array_index (counts, Fault, j);

      fault.kind = rows[i].kind;
      fault.ways = rows[i].ways;
      g_array_append_val (faults, fault);
    }
  }
  return faults;
}

/* (transfer full) (element-type Fault): whatever keeps a connection from being set up */
static inline GArray *
fault_test_make_losses (const FaultTestTotals *totals, gboolean tls)
{
  if (tls)
    return fault_test_make_faults (fault_test_tls_losses, G_N_ELEMENTS (fault_test_tls_losses),
        totals, tls);
  return fault_test_make_faults (fault_test_losses, G_N_ELEMENTS (fault_test_losses), totals, tls);
}

/* (transfer full) (element-type Fault): one byte of set-up, of either way, changed */
static inline GArray *
fault_test_make_corruptions (const FaultTestTotals *totals, gboolean tls)
{
  GArray *faults = g_array_new (FALSE, FALSE, sizeof (Fault));
  guint i;

  fault_test_add_counts (faults, FAULT_OUT, totals->out, tls, tls ? 20 : 40);
  fault_test_add_counts (faults, FAULT_IN, totals->in, tls, tls ? 20 : 40);
  for (i = 0; i < faults->len; i++) {
    Fault *fault = &g_array_index (faults, Fault, i);

    fault->kind = FAULT_CORRUPT;
    fault->ways = fault->of;
    fault->value = i % 3 == 0 ? 0x01 : i % 3 == 1 ? 0x80 : 0xFF;
  }
  return faults;
}

/* -- The element -- */

/* Says to whom the element talks: to the proxy. */
static inline void
fault_test_set_location (GstElement *element, FaultProxy *proxy, gboolean tls, const gchar *key)
{
  g_autofree gchar *location = g_strdup_printf ("%s://127.0.0.1:%u/live/%s", tls ? "rtmps" : "rtmp",
      fault_proxy_get_port (proxy), key);

  g_object_set (element, "location", location, NULL);
  if (tls)
    g_object_set (element, "tls-database", fault_test_certificates->ca, NULL);
}

static inline void
fault_test_set_peer_config (RtmpPeerConfig *config, gboolean tls)
{
  if (tls)
    config->certificate = fault_test_certificates->good;
}

/* Faults of the table that have happened. */
static guint fault_test_n_happened;

/* At a run's end: counts whether its fault has happened. The text is for whoever looks for the
 * reason of a failure. */
static inline void
fault_test_note (FaultProxy *proxy, const Fault *fault)
{
  g_autofree gchar *log = fault_proxy_get_log (proxy);
  g_autoptr (GArray) events = fault_proxy_get_events (proxy);
  guint i;

  g_test_message ("of %d at %" G_GUINT64_FORMAT ": %s", fault->of, fault->at, log);
  for (i = 0; i < events->len; i++) {
    if (g_array_index (events, FaultEvent, i).type == FAULT_EVENT_FAULT) {
      fault_test_n_happened++;
      return;
    }
  }
}

/* Counts before the server's answer to publish or play, which it withholds. */
static inline FaultTestTotals
fault_test_measure (RtmpPeer *peer, FaultProxy *proxy)
{
  g_assert_true (rtmp_peer_wait_stage (peer, 0, RTMP_PEER_START));
  g_assert_true (rtmp_peer_wait_written (peer, 0));
  return (FaultTestTotals) {
    .out = fault_proxy_get_bytes (proxy, 0, FAULT_OUT),
    .in = fault_proxy_get_bytes (proxy, 0, FAULT_IN),
  };
}

/* One error, of that code, soon enough, without the key. */
static inline void
fault_test_assert_lost (GstBus *bus, GstResourceError code, const gchar *key, gint64 begin)
{
  const gchar *const secrets[] = { key, NULL };
  g_autoptr (GstMessage) message = element_test_wait_error (bus, GST_RESOURCE_ERROR, (gint) code);

  g_assert_cmpint (g_get_monotonic_time () - begin, <, FAULT_TEST_END_TIME);
  element_test_assert_hides (message, secrets);
}

/* At its end or failed, in time. Returns: whether it failed. */
static inline gboolean
fault_test_wait_end (GstBus *bus, const gchar *key, gint64 begin)
{
  const gchar *const secrets[] = { key, NULL };
  g_autoptr (GstMessage) message = element_test_wait_message (bus,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  g_assert_cmpint (g_get_monotonic_time () - begin, <, FAULT_TEST_END_TIME);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    return FALSE;
  element_test_assert_hides (message, secrets);
  return TRUE;
}

static inline void
fault_test_stop (GstElement *pipeline)
{
  gint64 begin = g_get_monotonic_time ();

  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, FAULT_TEST_STOP_TIME);
}

/* -- Side by side -- */

/**
 * FaultTestCase: what happens to each fault of a table.
 * @set_up: handshakes are made, or held up, at the same time
 * @begin: (transfer full): makes a run, an element with its network
 * @go: (nullable): called for each once all have begun
 * @end: waits for its end, asserts what that is like
 * @clear: stops and frees it
 */
typedef struct {
  gboolean set_up;
  gpointer (*begin) (const Fault *fault, gboolean tls);
  void (*go) (gpointer run);
  void (*end) (gpointer run);
  void (*clear) (gpointer run);
} FaultTestCase;

static inline void
fault_test_run_batch (const FaultTestCase *test, const Fault *faults, guint n, gboolean tls)
{
  gpointer runs[FAULT_TEST_BATCH];
  guint i;

  for (i = 0; i < n; i++)
    runs[i] = test->begin (&faults[i], tls);
  for (i = 0; test->go && i < n; i++)
    test->go (runs[i]);
  for (i = 0; i < n; i++)
    test->end (runs[i]);
  for (i = 0; i < n; i++)
    test->clear (runs[i]);
}

/* @faults: (transfer full): each must lead to what @test says, and nothing stays. */
static inline void
fault_test_run (const FaultTestCase *test, GArray *faults, gboolean tls)
{
  guint threads = test_count_threads (), descriptors = test_count_descriptors ();
  guint batch = test->set_up && tls ? FAULT_TEST_TLS_BATCH : FAULT_TEST_BATCH, i;

  fault_test_n_happened = 0;
  for (i = 0; i < faults->len; i += batch)
    fault_test_run_batch (test, &g_array_index (faults, Fault, i), MIN (faults->len - i, batch),
        tls);
  /* Where the machine is slow a timeout may be sooner than the fault. */
  g_assert_cmpuint (fault_test_n_happened, >, faults->len / 2);
  g_array_unref (faults);
  g_assert_true (test_wait_counts (threads, descriptors));
}

/* -- The program -- */

/* Once without and, where there is TLS, once with it: what @func is given. */
static inline void
fault_test_add (const gchar *path, GTestDataFunc func)
{
  g_autofree gchar *plain = g_strconcat (path, "/plain", NULL);
  g_autofree gchar *tls = g_strconcat (path, "/tls", NULL);

  g_test_add_data_func (plain, GINT_TO_POINTER (FALSE), func);
  if (fault_test_certificates)
    g_test_add_data_func (tls, GINT_TO_POINTER (TRUE), func);
}

#endif
