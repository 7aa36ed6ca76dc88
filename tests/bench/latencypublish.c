/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* latency-publish: how long a picture takes from the sink's pad into the socket.
 *
 *   latency-publish --location URI [--set NAME=VALUE]... --message-size N --count N --rate N
 *   latency-publish --floor-port PORT --message-size N --count N --rate N
 *
 * Pushes --rate pictures a second, and defines the functions that write to sockets itself to note
 * when the last one returned before the next picture: then the picture's last byte was in the
 * socket. With --floor-port one writev() by the pushing thread takes the sink's place. Prints
 * microseconds as JSON. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "support/benchclient.h"
#include "support/benchelement.h"
#include "support/benchfeed.h"
#include "support/benchsamples.h"
#include "support/benchwire.h"

typedef struct {
  BenchOptions common;
  gint floor_port;
  gint message_size;
  gint count;
  gint rate;
} Options;

/* -- Writing to sockets: GIO uses no other functions -- */

/* When the last call returned; atomic. */
static gint64 last_sent;

#define NOTE_SENT(name, arguments) \
  static __typeof__ (name) *real; \
  gssize n; \
  if (!real) \
    real = (__typeof__ (real)) dlsym (RTLD_NEXT, #name); \
  n = real arguments; \
  if (n > 0) \
    __atomic_store_n (&last_sent, bench_now (), __ATOMIC_RELEASE); \
  return n

ssize_t
send (int fd, const void *data, size_t size, int flags)
{
  NOTE_SENT (send, (fd, data, size, flags));
}

ssize_t
sendmsg (int fd, const struct msghdr *message, int flags)
{
  NOTE_SENT (sendmsg, (fd, message, flags));
}

ssize_t
writev (int fd, const struct iovec *vectors, int n_vectors)
{
  NOTE_SENT (writev, (fd, vectors, n_vectors));
}

/* -- Publishing -- */

/* Pushes picture @i. FALSE when there is no use in going on. */
typedef gboolean (*PushFunc) (gpointer target, guint i);

/* Nanoseconds until a picture that is not sent is given up. */
#define PATIENCE G_GINT64_CONSTANT (2000000000)
/* Between two looks whether it is. */
#define PAUSE 1000000

/* When the last write() before @until returned, or, if there was none since @start, the next one. */
static gint64
wait_sent (gint64 start, gint64 until)
{
  gint64 sent;

  bench_sleep_until (until);
  while ((sent = __atomic_load_n (&last_sent, __ATOMIC_ACQUIRE)) < start
      && bench_now () < start + PATIENCE)
    bench_sleep_until (bench_now () + PAUSE);
  return sent;
}

static gboolean
push_all (const Options *options, PushFunc push, gpointer target, BenchSamples *samples)
{
  const gint64 interval = 1000000000 / options->rate;
  gint64 due = bench_now () + interval;
  guint n = (guint) options->count + BENCH_WARM_UP;
  guint i;

  for (i = 0; i < n; i++) {
    gint64 start, sent;

    bench_sleep_until (due);
    start = bench_now ();
    if (!push (target, i))
      return FALSE;
    sent = wait_sent (start, due + interval - interval / 8);
    if (sent < start) {
      g_printerr ("picture %u was not sent\n", i);
      return FALSE;
    }
    bench_samples_add (samples, sent - start);
    due = MAX (due + interval, bench_now ());
  }
  return TRUE;
}

static gboolean
push_picture (gpointer feed, guint i)
{
  return bench_feed_push_video (feed, i * 20) == GST_FLOW_OK;
}

/* The first picture waits until the stream is published. */
static gboolean
publish (const Options *options, BenchSamples *samples)
{
  g_autoptr (GstElement) pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *sink = bench_element_new (&options->common, "rtmp2sink");
  BenchFeed *feed = bench_feed_new ((guint) options->message_size, BENCH_LIVE_AUDIO_SIZE);
  gboolean ok;

  g_object_set (sink, "sync", FALSE, NULL);
  gst_bin_add (GST_BIN (pipeline), sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bench_feed_start (feed, sink);
  ok = push_picture (feed, 0);
  /* gst-plugins-bad queues until then; nothing tells when that is over. */
  bench_sleep_until (bench_now () + 500000000);
  ok = ok && push_all (options, push_picture, feed, samples);
  bench_feed_push_eos (feed);
  ok = bench_wait_eos (pipeline) && ok;
  gst_element_set_state (pipeline, GST_STATE_NULL);
  bench_feed_free (feed);
  return ok;
}

typedef struct {
  gint fd;
  gsize size;
  guint8 *data;
} Floor;

static gboolean
write_floor (gpointer target, guint i)
{
  const Floor *to = target;
  const struct iovec vectors[] = { { to->data, 8 }, { to->data, to->size } };

  (void) i;
  return writev (to->fd, vectors, G_N_ELEMENTS (vectors)) > 0;
}

static gboolean
publish_floor (const Options *options, BenchSamples *samples)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = bench_client_open ((guint) options->floor_port, NULL, TRUE, 65536,
      &error);
  Floor to = { .size = (gsize) options->message_size };
  gboolean ok;

  if (!stream) {
    g_printerr ("%s\n", error->message);
    return FALSE;
  }
  to.fd = bench_client_get_fd (stream);
  to.data = g_malloc0 (to.size);
  ok = push_all (options, write_floor, &to, samples);
  g_free (to.data);
  return ok;
}

/* -- The program -- */

int
main (int argc, char **argv)
{
  Options options = { .message_size = 20000, .count = 1000, .rate = 100 };
  const GOptionEntry entries[] = { { "floor-port", 0, 0, G_OPTION_ARG_INT, &options.floor_port,
                                       "write there", "PORT" },
    { "message-size", 0, 0, G_OPTION_ARG_INT, &options.message_size, "payload", "BYTES" },
    { "count", 0, 0, G_OPTION_ARG_INT, &options.count, "samples", "N" },
    { "rate", 0, 0, G_OPTION_ARG_INT, &options.rate, "pictures a second", "N" }, { NULL } };
  g_autofree gchar *plugin = NULL;
  BenchSamples samples;
  gboolean ok;

  if (!bench_options_parse (&options.common, entries, &argc, &argv) || options.rate < 1)
    return 2;
  bench_samples_init (&samples);
  ok = options.floor_port ? publish_floor (&options, &samples) : publish (&options, &samples);
  plugin = bench_plugin_file ("rtmp2sink");
  bench_samples_print (&samples, plugin);
  bench_samples_clear (&samples);
  bench_options_clear (&options.common);
  return ok ? 0 : 1;
}
