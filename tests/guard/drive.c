/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * drive publish URL N SIZE | drive play URL: what `tools` runs under valgrind and strace. Publishes N
 * messages of SIZE bytes, one by one, or plays what there is to its end. The messages that are
 * counted lie between two writes to standard error, "begin" and "end".
 */
#include <unistd.h>

#include "support/sinktest.h"

/* What comes before the messages that are counted. */
#define WARM_UP 32

static void
mark (const gchar *text)
{
  g_assert_cmpint (write (STDERR_FILENO, text, strlen (text)), >, 0);
}

/* One tag, in memory that all its buffers share. */
static GByteArray *
make_tag (gsize size)
{
  const guint8 frame[] = { 0x27, 1, 0, 0, 0 };
  g_autofree guint8 *data = g_malloc0 (size);
  GByteArray *tag = g_byte_array_new ();

  memcpy (data, frame, sizeof (frame));
  test_flv_add_tag (tag, RTMP_MESSAGE_VIDEO, 0, data, size);
  return tag;
}

static void
push (GstPad *pad, GByteArray *tag, guint n)
{
  guint i;

  for (i = 0; i < n; i++) {
    GstBuffer *buffer = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, tag->data, tag->len,
        0, tag->len, NULL, NULL);

    g_assert_cmpint (gst_pad_push (pad, buffer), ==, GST_FLOW_OK);
  }
}

static void
publish (const gchar *url, guint n, gsize size)
{
  g_autoptr (SinkTest) test = sink_test_new_alone ("location", url, NULL);
  g_autoptr (GByteArray) tag = make_tag (size);

  sink_test_play (test, NULL);
  push (test->pad, tag, WARM_UP);
  mark ("begin\n");
  push (test->pad, tag, n);
  mark ("end\n");
  sink_test_end (test);
}

static void
play (const gchar *url)
{
  g_autofree gchar *description =
      g_strdup_printf ("rtmp2src location=%s is-live=false ! fakesink sync=false", url);
  g_autoptr (GstElement) pipeline = gst_parse_launch (description, NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  element_test_wait_eos (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  element_test_assert_ours ("rtmp2sink");
  if (argc == 5 && g_str_equal (argv[1], "publish"))
    publish (argv[2], (guint) g_ascii_strtoull (argv[3], NULL, 10),
        (gsize) g_ascii_strtoull (argv[4], NULL, 10));
  else if (argc == 3 && g_str_equal (argv[1], "play"))
    play (argv[2]);
  else
    return 2;
  return 0;
}
