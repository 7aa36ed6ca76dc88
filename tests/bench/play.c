/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* play: rtmp2src ! fakesink, until EOS.
 *
 *   play --location URI [--set NAME=VALUE]... [--count]
 *
 * --count also counts the buffers and bytes that arrived, which costs a probe for each. Prints as
 * JSON what it measured from the first buffer to EOS, and the plugin's file. */
#include "support/benchcpu.h"
#include "support/benchelement.h"

typedef struct {
  BenchOptions common;
  gboolean count;
} Options;

typedef struct {
  gboolean count;
  gint64 start;
  gdouble cpu;
  guint64 buffers;
  guint64 bytes;
} Arrival;

static void
count_buffer (Arrival *arrival, GstBuffer *buffer)
{
  arrival->buffers++;
  arrival->bytes += gst_buffer_get_size (buffer);
}

static GstPadProbeReturn
on_data (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Arrival *arrival = data;

  if (arrival->start == 0) {
    arrival->start = g_get_monotonic_time ();
    arrival->cpu = bench_cpu_seconds ();
  }
  if (!arrival->count)
    return GST_PAD_PROBE_REMOVE;
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);
    guint n = gst_buffer_list_length (list), i;

    for (i = 0; i < n; i++)
      count_buffer (arrival, gst_buffer_list_get (list, i));
  } else {
    count_buffer (arrival, GST_PAD_PROBE_INFO_BUFFER (info));
  }
  return GST_PAD_PROBE_OK;
}

static gboolean
run (const Options *options)
{
  g_autoptr (GstElement) pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *src = bench_element_new (&options->common, "rtmp2src");
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autofree gchar *plugin = bench_plugin_file ("rtmp2src");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  Arrival arrival = { .count = options->count };
  gboolean ok;

  g_object_set (sink, "sync", FALSE, NULL);
  gst_bin_add_many (GST_BIN (pipeline), src, sink, NULL);
  gst_element_link (src, sink);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_data,
      &arrival, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  ok = bench_wait_eos (pipeline) && arrival.start > 0;
  g_print ("{\"bytes\": %" G_GUINT64_FORMAT ", \"buffers\": %" G_GUINT64_FORMAT
           ", \"wall\": %.6f, \"cpu\": %.6f, \"plugin\": \"%s\"}\n",
      arrival.bytes, arrival.buffers, (gdouble) (g_get_monotonic_time () - arrival.start) / 1e6,
      bench_cpu_seconds () - arrival.cpu, plugin);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return ok;
}

int
main (int argc, char **argv)
{
  Options options = { 0 };
  const GOptionEntry entries[] = {
    { "count", 0, 0, G_OPTION_ARG_NONE, &options.count, "count what arrives", NULL }, { NULL }
  };
  gint status;

  if (!bench_options_parse (&options.common, entries, &argc, &argv))
    return 2;
  status = run (&options) ? 0 : 1;
  bench_options_clear (&options.common);
  return status;
}
