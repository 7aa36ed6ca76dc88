/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* publish: pushes pictures into an rtmp2sink as fast as it takes them.
 *
 *   publish --location URI [--set NAME=VALUE]... [--ca FILE]
 *           --message-size N --count N [--list N]
 *
 * Prints as JSON what it measured from the first picture to EOS, and the plugin's file. */
#include "support/benchcpu.h"
#include "support/benchelement.h"
#include "support/benchfeed.h"
#include "support/benchwire.h"

typedef struct {
  BenchOptions common;
  gint message_size;
  gint64 count;
  gint list;
} Options;

static gboolean
push_all (const Options *options, BenchFeed *feed)
{
  guint interval = bench_interval_ms ((guint) options->message_size);
  guint n = (guint) MAX (options->list, 1);
  GstFlowReturn flow = GST_FLOW_OK;
  gint64 i;

  for (i = 0; i < options->count && flow == GST_FLOW_OK; i += n) {
    guint32 timestamp = (guint32) i * interval;

    flow = options->list > 0 ? bench_feed_push_list (feed, timestamp, interval, n)
                             : bench_feed_push_video (feed, timestamp);
  }
  return flow == GST_FLOW_OK;
}

static gboolean
run (const Options *options)
{
  g_autoptr (GstElement) pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *sink = bench_element_new (&options->common, "rtmp2sink");
  g_autofree gchar *plugin = bench_plugin_file ("rtmp2sink");
  BenchFeed *feed = bench_feed_new ((guint) options->message_size, BENCH_LIVE_AUDIO_SIZE);
  gint64 start;
  gdouble cpu;
  gboolean ok;

  g_object_set (sink, "sync", FALSE, NULL);
  gst_bin_add (GST_BIN (pipeline), sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bench_feed_start (feed, sink);
  start = g_get_monotonic_time ();
  cpu = bench_cpu_seconds ();
  ok = push_all (options, feed);
  bench_feed_push_eos (feed);
  ok = bench_wait_eos (pipeline) && ok;
  g_print ("{\"bytes\": %" G_GINT64_FORMAT ", \"wall\": %.6f, \"cpu\": %.6f, \"plugin\": \"%s\"}\n",
      options->count * options->message_size, (gdouble) (g_get_monotonic_time () - start) / 1e6,
      bench_cpu_seconds () - cpu, plugin);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  bench_feed_free (feed);
  return ok;
}

int
main (int argc, char **argv)
{
  Options options = { .message_size = 20000 };
  const GOptionEntry entries[] = { { "message-size", 0, 0, G_OPTION_ARG_INT, &options.message_size,
                                       "payload", "BYTES" },
    { "count", 0, 0, G_OPTION_ARG_INT64, &options.count, "pictures", "N" },
    { "list", 0, 0, G_OPTION_ARG_INT, &options.list, "pictures in a list; 0 = no lists", "N" },
    { NULL } };
  gint status;

  if (!bench_options_parse (&options.common, entries, &argc, &argv))
    return 2;
  status = run (&options) ? 0 : 1;
  bench_options_clear (&options.common);
  return status;
}
