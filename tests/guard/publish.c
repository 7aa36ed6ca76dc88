/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What one message costs when it is published on a free socket, counted in the thread that pushes
 * it. The limits are what the program needed when they were last set: whoever brings the numbers
 * down brings these down too.
 */
#include "calls.h"
#include "support/sinktest.h"

/* Messages before the counting begins, and those counted. */
#define WARM_UP 16
#define COUNTED 32

/* Blocks from the heap for one message, GStreamer's own included, and their bytes. */
#define MAX_ALLOCATIONS 2
#define MAX_ALLOCATED 256
/* Blocks for a buffer list besides. */
#define MAX_ALLOCATIONS_PER_LIST 2
#define LIST_LENGTH 50

/**
 * Budget: the limits for messages of one size in chunks of another.
 * @max_sends: system calls that write. One takes RTMP_MAX_VECTORS vectors, of which a chunk with a
 *   header of its own needs two.
 * @max_copied: bytes sent from elsewhere than the payload's memory: headers
 */
typedef struct {
  const gchar *name;
  guint32 size;
  guint32 chunk_size;
  guint max_sends;
  guint max_copied;
} Budget;

static const Budget budgets[] = {
  { "1kB/65536", 1000, 65536, 1, 16 },
  { "20kB/65536", 20000, 65536, 1, 16 },
  { "200kB/65536", 200000, 65536, 1, 32 },
  { "200kB/4096", 200000, 4096, 1, 128 },
  { "1kB/128", 1000, 128, 1, 32 },
  { "20kB/128", 20000, 128, 1, 256 },
  { "200kB/128", 200000, 128, 7, 2048 },
};

typedef struct {
  SinkTest *sink;
  guint n_sent;
} Publisher;

/* (transfer full): an inter frame as a muxer gives it; one block of memory */
static GstBuffer *
make_buffer (Publisher *publisher, guint32 size)
{
  g_autoptr (GByteArray) flv = g_byte_array_new ();
  const guint8 frame[] = { 0x27, 1, 0, 0, 0 };
  g_autofree guint8 *data = g_malloc0 (size);
  gsize length;

  memcpy (data, frame, sizeof (frame));
  test_flv_add_tag (flv, RTMP_MESSAGE_VIDEO, publisher->n_sent * 20, data, size);
  length = flv->len;
  return gst_buffer_new_wrapped (g_byte_array_free (g_steal_pointer (&flv), FALSE), length);
}

static void
publisher_begin (Publisher *publisher, guint32 chunk_size)
{
  const RtmpPeerConfig config = { .quirks = RTMP_PEER_NO_ACKS, .drop_media = TRUE };
  g_autoptr (GByteArray) flv = test_flv_new ();

  publisher->sink = sink_test_new (&config, "chunk-size", chunk_size, NULL);
  sink_test_play (publisher->sink, NULL);
  test_flv_add_avc_config (flv, 0, 1);
  sink_test_push (publisher->sink, flv);
  publisher->n_sent = 1;
}

/* Until the peer has everything: then the socket is free. */
static void
wait_free (Publisher *publisher)
{
  g_assert_true (rtmp_peer_wait_media (publisher->sink->peer, RTMP_PEER_LAST, publisher->n_sent));
  guard_wait_idle ("rtmp2-io");
}

/* Pushes one message and says what it cost. */
static void
publish (Publisher *publisher, guint32 size, GuardCounts *counts)
{
  GstBuffer *buffer = make_buffer (publisher, size);
  GstMapInfo map;

  wait_free (publisher);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  guard_set_payload (map.data + RTMP_FLV_TAG_HEADER_SIZE, size);
  gst_buffer_unmap (buffer, &map);

  guard_begin ();
  sink_test_push_buffer (publisher->sink, buffer);
  guard_end ();
  publisher->n_sent++;
  *counts = (GuardCounts) { 0 };
  guard_add_counts (NULL, counts);
}

static void
report (const gchar *name, const GuardCounts *counts)
{
  g_test_message (
      "%s: %u sends, %u system calls in all, %u wake-ups, %u allocations of %" G_GUINT64_FORMAT
      " bytes, %" G_GUINT64_FORMAT " bytes sent, %" G_GUINT64_FORMAT " of them in place",
      name, counts->calls[GUARD_SEND], guard_count_calls (counts),
      counts->calls[GUARD_WAKE] + counts->calls[GUARD_SIGNAL], counts->allocations,
      counts->allocated, counts->sent, counts->sent_in_place);
}

static void
assert_within (const Budget *budget, const GuardCounts *counts)
{
  g_assert_cmpuint (counts->calls[GUARD_SEND], >=, 1);
  g_assert_cmpuint (counts->calls[GUARD_SEND], <=, budget->max_sends);
  /* Nothing else: no option, no wait, nobody woken. */
  g_assert_cmpuint (guard_count_calls (counts), ==, counts->calls[GUARD_SEND]);
  g_assert_cmpuint (counts->sent_in_place, ==, budget->size);
  g_assert_cmpuint (counts->sent - counts->sent_in_place, <=, budget->max_copied);
  g_assert_cmpuint (counts->allocations, <=, MAX_ALLOCATIONS);
  g_assert_cmpuint (counts->allocated, <=, MAX_ALLOCATED);
}

/* Each message alone is within its budget. @total: the sum, of the allocations all. */
static void
count_messages (const Budget *budget, GuardCounts *total)
{
  Publisher publisher = { 0 };
  GuardCounts counts;
  guint i;

  *total = (GuardCounts) { 0 };
  publisher_begin (&publisher, budget->chunk_size);
  for (i = 0; i < WARM_UP + COUNTED; i++) {
    publish (&publisher, budget->size, &counts);
    if (i < WARM_UP)
      continue;
    if (i == WARM_UP)
      report (budget->name, &counts);
    assert_within (budget, &counts);
    total->allocations += counts.allocations;
  }
  sink_test_free (publisher.sink);
}

static gboolean
skip (void)
{
  if (guard_get_obstacle ())
    g_test_skip (guard_get_obstacle ());
  return guard_get_obstacle () != NULL;
}

static void
test_message (gconstpointer budget)
{
  GuardCounts total;

  if (!skip ())
    count_messages (budget, &total);
}

/* The same message in one chunk or in 1563. */
static void
test_chunks (void)
{
  const Budget whole = { "200kB/16777215", 200000, 16777215, 1, 16 };
  const Budget chunks = { "200kB/128", 200000, 128, 7, 2048 };
  GuardCounts of_whole, of_chunks;

  if (skip ())
    return;
  count_messages (&whole, &of_whole);
  count_messages (&chunks, &of_chunks);
  g_assert_cmpuint (of_chunks.allocations, ==, of_whole.allocations);
}

static void
test_list (void)
{
  Publisher publisher = { 0 };
  GuardCounts counts = { 0 };
  guint round, i;

  if (skip ())
    return;
  publisher_begin (&publisher, 65536);
  for (round = 0; round < WARM_UP; round++) {
    GstBufferList *list = gst_buffer_list_new ();

    for (i = 0; i < LIST_LENGTH; i++, publisher.n_sent++)
      gst_buffer_list_add (list, make_buffer (&publisher, 1000));
    publisher.n_sent -= LIST_LENGTH;
    wait_free (&publisher);
    guard_set_payload (NULL, 0);
    guard_begin ();
    sink_test_push_list (publisher.sink, list);
    guard_end ();
    publisher.n_sent += LIST_LENGTH;
  }
  guard_add_counts (NULL, &counts);
  report ("list of 50 x 1kB", &counts);
  sink_test_free (publisher.sink);

  g_assert_cmpuint (counts.calls[GUARD_SEND], ==, 1);
  g_assert_cmpuint (guard_count_calls (&counts), ==, 1);
  g_assert_cmpuint (counts.allocations, <=,
      LIST_LENGTH * MAX_ALLOCATIONS + MAX_ALLOCATIONS_PER_LIST);
}

int
main (int argc, char **argv)
{
  guint i;

  element_test_init (&argc, &argv);
  for (i = 0; i < G_N_ELEMENTS (budgets); i++) {
    g_autofree gchar *path = g_strdup_printf ("/guard/publish/%s", budgets[i].name);

    g_test_add_data_func (path, &budgets[i], test_message);
  }
  g_test_add_func ("/guard/publish/chunks", test_chunks);
  g_test_add_func ("/guard/publish/list", test_list);
  return element_test_run ();
}
