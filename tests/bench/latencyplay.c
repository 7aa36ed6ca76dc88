/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* latency-play: how long a picture takes from the server's send() to what is behind the source.
 *
 *   latency-play --location URI [--set NAME=VALUE]...
 *   latency-play --floor-port PORT --message-size N
 *
 * The pictures come from latency-serve, which writes into each the moment right before it sends
 * all of it by one call. With --floor-port a thread that waits in recv() takes the source's place.
 * Prints microseconds as JSON. */
#include <string.h>
#include <sys/socket.h>

#include "support/benchclient.h"
#include "support/benchelement.h"
#include "support/benchsamples.h"

#define RECEIVE_BYTES (256u * 1024)

typedef struct {
  BenchOptions common;
  gint floor_port;
  gint message_size;
} Options;

/* -- Through the element -- */

static void
add_buffer (BenchSamples *samples, GstBuffer *buffer, gint64 now)
{
  GstMapInfo map;
  gsize done = 0, end;
  gint64 moment;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  while ((moment = bench_stamp_find (map.data + done, map.size - done, &end)) >= 0) {
    bench_samples_add (samples, now - moment);
    done += end;
  }
  gst_buffer_unmap (buffer, &map);
}

static GstPadProbeReturn
on_data (GstPad *pad, GstPadProbeInfo *info, gpointer samples)
{
  gint64 now = bench_now ();

  (void) pad;
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);
    guint n = gst_buffer_list_length (list), i;

    for (i = 0; i < n; i++)
      add_buffer (samples, gst_buffer_list_get (list, i), now);
  } else {
    add_buffer (samples, GST_PAD_PROBE_INFO_BUFFER (info), now);
  }
  return GST_PAD_PROBE_OK;
}

static gboolean
play (const Options *options, BenchSamples *samples)
{
  g_autoptr (GstElement) pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *src = bench_element_new (&options->common, "rtmp2src");
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  gboolean ok;

  g_object_set (sink, "sync", FALSE, NULL);
  gst_bin_add_many (GST_BIN (pipeline), src, sink, NULL);
  gst_element_link (src, sink);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_data,
      samples, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  ok = bench_wait_eos (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return ok;
}

/* -- Through recv() -- */

/* Takes the pictures that are whole out of the first @size bytes of @data. Each is in one chunk:
 * behind its stamp there are @behind bytes more. Returns the bytes left, which it moves to the
 * front. */
static gsize
take_pictures (BenchSamples *samples, guint8 *data, gsize size, gsize behind)
{
  const gint64 now = bench_now ();
  gint64 moment;
  gsize done = 0, end;

  while ((moment = bench_stamp_find (data + done, size - done, &end)) >= 0
      && size - done - end >= behind) {
    bench_samples_add (samples, now - moment);
    done += end + behind;
  }
  memmove (data, data + done, size - done);
  return size - done;
}

static gboolean
play_floor (const Options *options, BenchSamples *samples)
{
  const gsize behind = (gsize) options->message_size - BENCH_STAMP_OFFSET - BENCH_STAMP_SIZE;
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = bench_client_open ((guint) options->floor_port, NULL, FALSE, 65536,
      &error);
  g_autofree guint8 *data = g_malloc (RECEIVE_BYTES);
  gsize size = 0;
  gssize n;
  gint fd;

  if (!stream) {
    g_printerr ("%s\n", error->message);
    return FALSE;
  }
  fd = bench_client_get_fd (stream);
  while ((n = recv (fd, data + size, RECEIVE_BYTES - size, 0)) > 0)
    size = take_pictures (samples, data, size + (gsize) n, behind);
  return n == 0;
}

/* -- The program -- */

int
main (int argc, char **argv)
{
  Options options = { .message_size = 20000 };
  const GOptionEntry entries[] = {
    { "floor-port", 0, 0, G_OPTION_ARG_INT, &options.floor_port, "receive from there", "PORT" },
    { "message-size", 0, 0, G_OPTION_ARG_INT, &options.message_size, "payload", "BYTES" }, { NULL }
  };
  g_autofree gchar *plugin = NULL;
  BenchSamples samples;
  gboolean ok;

  if (!bench_options_parse (&options.common, entries, &argc, &argv))
    return 2;
  bench_samples_init (&samples);
  ok = options.floor_port ? play_floor (&options, &samples) : play (&options, &samples);
  plugin = bench_plugin_file ("rtmp2src");
  bench_samples_print (&samples, plugin);
  bench_samples_clear (&samples);
  bench_options_clear (&options.common);
  return ok ? 0 : 1;
}
