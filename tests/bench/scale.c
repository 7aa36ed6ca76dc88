/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* scale: many connections in one process, each with a stream of 5 Mbit/s (benchwire.h).
 *
 *   scale publish|play --location URI [--set NAME=VALUE]... --connections N --seconds N [--bare]
 *
 * Makes one connection more than N, first and for a moment, so that what is loaded and made once
 * does not count as N's. publish: one thread feeds all sinks, spread over each tick; play: the server
 * paces. All elements are in one pipeline; pads, buffers and sinks of the test's own are made
 * before memory is measured. --bare: play, with GStreamer's fakesrc giving the same pictures in the
 * place of rtmp2src, to see what streaming alone costs. Prints as JSON:
 *
 *   cpu, bytes   of `seconds` seconds in which all connections carry media
 *   lag          seconds that feeding was late at most
 *   memory       bytes for each connection: growth of the process's anonymous memory
 *   threads      name -> number, while media flows */
#include <string.h>

#include "support/benchcpu.h"
#include "support/benchelement.h"
#include "support/benchfeed.h"
#include "support/benchprocess.h"
#include "support/benchwire.h"

#define SETTLE_SECONDS 1
/* All must have connected by then. */
#define START_SECONDS 60
#define TICK_US (BENCH_LIVE_TICK_MS * 1000)
/* Sinks that are fed one after the other without sleeping in between: sleeping costs too. */
#define FEED_STEP_US 1000

typedef struct {
  BenchOptions common;
  gint connections;
  gint seconds;
  gboolean bare;
} Options;

typedef struct {
  const Options *options;
  GstElement *pipeline;
  GPtrArray *feeds;    /* publish: BenchFeed */
  GPtrArray *elements; /* publish: the sinks, play: the fakesinks; owned by the pipeline */
  gint n_started;      /* play: sources whose first buffer came; atomic */
  guint64 bytes;       /* of media so far; play: under lock */
  GMutex lock;

  gint64 begin;
  gdouble cpu;
  guint64 bytes_before;
  gdouble lag;
  guint64 memory_before;
} Scale;

/* -- Measuring -- */

static guint64
get_bytes (Scale *scale)
{
  guint64 bytes;

  g_mutex_lock (&scale->lock);
  bytes = scale->bytes;
  g_mutex_unlock (&scale->lock);
  return bytes;
}

static void
begin_measuring (Scale *scale)
{
  scale->begin = g_get_monotonic_time ();
  scale->cpu = bench_cpu_seconds ();
  scale->bytes_before = get_bytes (scale);
}

/* Reading memory and threads is not what is measured: it comes last. */
static void
end_measuring (Scale *scale, const gchar *factory)
{
  gdouble cpu = bench_cpu_seconds () - scale->cpu;
  gdouble seconds = (gdouble) (g_get_monotonic_time () - scale->begin) / 1e6;
  guint64 bytes = get_bytes (scale) - scale->bytes_before;
  gint64 memory = (gint64) bench_memory () - (gint64) scale->memory_before;
  g_autofree gchar *threads = bench_threads ();
  g_autofree gchar *plugin = bench_plugin_file (factory);

  g_print ("{\"cpu\": %.6f, \"seconds\": %.6f, \"bytes\": %" G_GUINT64_FORMAT
           ", \"lag\": %.6f, \"memory\": %.0f, \"threads\": %s, \"plugin\": \"%s\"}\n",
      cpu, seconds, bytes, scale->lag, (gdouble) memory / scale->options->connections, threads,
      plugin);
}

static void
start_pipeline (Scale *scale)
{
  scale->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
}

static void
stop_pipeline (Scale *scale)
{
  gst_element_set_state (scale->pipeline, GST_STATE_NULL);
  g_clear_pointer (&scale->pipeline, gst_object_unref);
  g_ptr_array_set_size (scale->elements, 0);
  g_ptr_array_set_size (scale->feeds, 0);
  scale->n_started = 0;
}

/* -- Publishing -- */

static void
add_sinks (Scale *scale)
{
  guint i;

  for (i = 0; i < scale->feeds->len; i++) {
    GstElement *sink = bench_element_new (&scale->options->common, "rtmp2sink");

    /* Not async: no sink waits for the others to preroll. */
    g_object_set (sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, NULL);
    gst_bin_add (GST_BIN (scale->pipeline), sink);
    g_ptr_array_add (scale->elements, sink);
  }
}

static void
start_publishing (Scale *scale, guint n)
{
  guint i;

  start_pipeline (scale);
  for (i = 0; i < n; i++)
    g_ptr_array_add (scale->feeds, bench_feed_new (BENCH_LIVE_VIDEO_SIZE, BENCH_LIVE_AUDIO_SIZE));
  scale->memory_before = bench_memory ();
  add_sinks (scale);
  gst_element_set_state (scale->pipeline, GST_STATE_PLAYING);
  for (i = 0; i < n; i++)
    bench_feed_start (g_ptr_array_index (scale->feeds, i), g_ptr_array_index (scale->elements, i));
}

static gboolean
push_tick (Scale *scale, BenchFeed *feed, guint32 time)
{
  GstFlowReturn flow = bench_feed_push_video (feed, time);
  guint i;

  for (i = 0; i < BENCH_LIVE_TICK_AUDIOS && flow == GST_FLOW_OK; i++)
    flow = bench_feed_push_audio (feed, time + i * BENCH_LIVE_TICK_MS / BENCH_LIVE_TICK_AUDIOS);
  scale->bytes += BENCH_LIVE_VIDEO_SIZE + BENCH_LIVE_TICK_AUDIOS * BENCH_LIVE_AUDIO_SIZE;
  return flow == GST_FLOW_OK;
}

/* Feeds for a while: tick @first and those behind it. FALSE if a sink refused. */
static gboolean
push_ticks (Scale *scale, gint64 start, guint first, guint n_ticks)
{
  guint n = scale->feeds->len, tick, i;

  for (tick = first; tick < first + n_ticks; tick++) {
    for (i = 0; i < n; i++) {
      gint64 due = start + (gint64) tick * TICK_US + (gint64) i * TICK_US / n;
      gint64 early = due - g_get_monotonic_time ();

      if (early > FEED_STEP_US)
        g_usleep ((gulong) early);
      else if (early < 0)
        scale->lag = MAX (scale->lag, (gdouble) -early / 1e6);
      if (!push_tick (scale, g_ptr_array_index (scale->feeds, i), tick * BENCH_LIVE_TICK_MS))
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean
run_publish (Scale *scale)
{
  guint settle = SETTLE_SECONDS * 1000 / BENCH_LIVE_TICK_MS;
  guint ticks = (guint) scale->options->seconds * 1000 / BENCH_LIVE_TICK_MS;
  gint64 start;

  start_publishing (scale, 1);
  if (!push_ticks (scale, g_get_monotonic_time (), 0, 1))
    return FALSE;
  stop_pipeline (scale);
  start_publishing (scale, (guint) scale->options->connections);
  start = g_get_monotonic_time ();
  if (!push_ticks (scale, start, 0, settle))
    return FALSE;
  scale->lag = 0;
  begin_measuring (scale);
  if (!push_ticks (scale, start, settle, ticks))
    return FALSE;
  end_measuring (scale, "rtmp2sink");
  return TRUE;
}

/* -- Playing -- */

static GstPadProbeReturn
on_data (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Scale *scale = data;
  gsize size = 0;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST)
    size = gst_buffer_list_calculate_size (GST_PAD_PROBE_INFO_BUFFER_LIST (info));
  else
    size = gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));
  if (!g_object_get_data (G_OBJECT (pad), "started")) {
    g_object_set_data (G_OBJECT (pad), "started", scale);
    g_atomic_int_inc (&scale->n_started);
  }
  g_mutex_lock (&scale->lock);
  scale->bytes += size;
  g_mutex_unlock (&scale->lock);
  return GST_PAD_PROBE_OK;
}

static void
add_fakesink (Scale *scale)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");

  g_object_set (sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, NULL);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_data,
      scale, NULL);
  gst_bin_add (GST_BIN (scale->pipeline), sink);
  g_ptr_array_add (scale->elements, sink);
}

/* A source of pictures at the pace of the server's. */
static GstElement *
bare_source_new (void)
{
  GstElement *src = gst_element_factory_make ("fakesrc", NULL);

  gst_util_set_object_arg (G_OBJECT (src), "sizetype", "fixed");
  gst_util_set_object_arg (G_OBJECT (src), "filltype", "nothing");
  g_object_set (src, "sizemax", BENCH_LIVE_VIDEO_SIZE, "datarate",
      BENCH_LIVE_VIDEO_SIZE * 1000 / BENCH_LIVE_TICK_MS, "sync", TRUE, NULL);
  return src;
}

static GstElement *
source_new (const Options *options)
{
  return options->bare ? bare_source_new () : bench_element_new (&options->common, "rtmp2src");
}

/* FALSE if not all play in time. */
static gboolean
start_playing (Scale *scale, gint n)
{
  gint64 deadline = g_get_monotonic_time () + START_SECONDS * G_USEC_PER_SEC;
  gint i;

  start_pipeline (scale);
  for (i = 0; i < n; i++)
    add_fakesink (scale);
  scale->memory_before = bench_memory ();
  for (i = 0; i < n; i++) {
    GstElement *src = source_new (scale->options);

    gst_bin_add (GST_BIN (scale->pipeline), src);
    gst_element_link (src, g_ptr_array_index (scale->elements, i));
  }
  gst_element_set_state (scale->pipeline, GST_STATE_PLAYING);
  while (g_atomic_int_get (&scale->n_started) < n && g_get_monotonic_time () < deadline)
    g_usleep (TICK_US);
  return g_atomic_int_get (&scale->n_started) == n;
}

static gboolean
run_play (Scale *scale)
{
  if (!start_playing (scale, 1))
    return FALSE;
  stop_pipeline (scale);
  if (!start_playing (scale, scale->options->connections))
    return FALSE;
  g_usleep (SETTLE_SECONDS * G_USEC_PER_SEC);
  begin_measuring (scale);
  g_usleep ((gulong) scale->options->seconds * G_USEC_PER_SEC);
  end_measuring (scale, "rtmp2src");
  return TRUE;
}

/* -- The program -- */

static gboolean
run (const Options *options, const gchar *mode)
{
  Scale scale = { .options = options };
  gboolean ok;

  g_mutex_init (&scale.lock);
  scale.feeds = g_ptr_array_new_with_free_func ((GDestroyNotify) bench_feed_free);
  scale.elements = g_ptr_array_new ();
  ok = strcmp (mode, "publish") == 0 ? run_publish (&scale) : run_play (&scale);
  if (!ok)
    g_printerr ("not all connections carried media\n");
  if (scale.pipeline)
    stop_pipeline (&scale);
  g_ptr_array_unref (scale.feeds);
  g_ptr_array_unref (scale.elements);
  g_mutex_clear (&scale.lock);
  return ok;
}

int
main (int argc, char **argv)
{
  Options options = { .connections = 1, .seconds = 10 };
  const GOptionEntry entries[] = { { "connections", 0, 0, G_OPTION_ARG_INT, &options.connections,
                                       "at once", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_INT, &options.seconds, "that are measured", "N" },
    { "bare", 0, 0, G_OPTION_ARG_NONE, &options.bare, "play from a fakesrc", NULL }, { NULL } };
  gint status = 2;

  bench_raise_descriptors ();
  if (!bench_options_parse (&options.common, entries, &argc, &argv))
    return 2;
  if (argc == 2 && (strcmp (argv[1], "publish") == 0 || strcmp (argv[1], "play") == 0))
    status = run (&options, argv[1]) ? 0 : 1;
  bench_options_clear (&options.common);
  return status;
}
