/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What messages cost that arrive together, counted in the I/O thread and in the streaming thread.
 * The I/O thread is held up in front of its recv() until all of a burst lies in the kernel, so that
 * no count depends on how fast the peer is. The limits are what the program needed when they were
 * last set: whoever brings the numbers down brings these down too.
 */
#include "calls.h"

#include <sys/ioctl.h>

#include "core/rtmpchunkwriter.h"
#include "support/srctest.h"

#define IO_THREAD "rtmp2-io"

/* Bursts before the counting begins, and those counted. */
#define WARM_UP 4
#define COUNTED 16

/* Blocks from the heap for one message, and for a burst besides: GStreamer's buffer, memory and
 * list. */
#define MAX_ALLOCATIONS 2
#define MAX_ALLOCATIONS_PER_BURST 1
/* Their bytes, likewise: far below the payload's, whose memory is used again. */
#define MAX_ALLOCATED 512
#define MAX_ALLOCATED_PER_BURST 512
/* Receiving a burst. */
#define MAX_RECEIVES 1
/* Waking the streaming thread. */
#define MAX_WAKE_UPS 1
/* System calls of the I/O thread for a burst in all: a wait that ends and one that begins, one to
 * receive, one to wake, one to have little input acknowledged at once. */
#define MAX_CALLS 5

typedef struct {
  const gchar *name;
  guint32 size;
  guint n_messages;
  guint32 chunk_size;
} Burst;

static const Burst bursts[] = {
  { "1x1kB/65536", 1000, 1, 65536 },
  { "32x1kB/65536", 1000, 32, 65536 },
  { "32x1kB/128", 1000, 32, 128 },
  { "2x20kB/4096", 20000, 2, 4096 },
  { "1x50kB/65536", 50000, 1, 65536 },
  { "1x50kB/128", 50000, 1, 128 },
};

typedef struct {
  SrcTest *src;
  gchar *thread; /* the streaming thread's name */
  gint fd;
  GBytes *burst;
} Player;

static gint n_received;

/* -- The pad: keeps nothing, allocates nothing, wakes nobody -- */

static GstFlowReturn
chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  (void) pad;
  (void) parent;
  gst_buffer_unref (buffer);
  g_atomic_int_inc (&n_received);
  return GST_FLOW_OK;
}

static GstFlowReturn
chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  gint n = (gint) gst_buffer_list_length (list);

  (void) pad;
  (void) parent;
  gst_buffer_list_unref (list);
  g_atomic_int_add (&n_received, n);
  return GST_FLOW_OK;
}

static gboolean
has_received (gpointer n)
{
  return g_atomic_int_get (&n_received) >= GPOINTER_TO_INT (n);
}

static void
wait_received (guint n)
{
  g_assert_true (test_wait_until (has_received, GUINT_TO_POINTER (n)));
}

/* -- Bursts -- */

static void
append_output (RtmpChunkWriter *writer, GByteArray *bytes)
{
  RtmpVector vectors[64];
  guint n, i;

  while ((n = rtmp_chunk_writer_peek (writer, vectors, G_N_ELEMENTS (vectors))) > 0) {
    gsize size = 0;

    for (i = 0; i < n; i++) {
      g_byte_array_append (bytes, vectors[i].base, (guint) vectors[i].size);
      size += vectors[i].size;
    }
    rtmp_chunk_writer_consume (writer, size);
  }
}

/* (transfer full): its bytes on the wire */
static GBytes *
make_burst (const Burst *burst, guint32 stream_id)
{
  const guint8 frame[] = { 0x27, 1, 0, 0, 0 };
  g_autofree guint8 *payload = g_malloc0 (burst->size);
  GByteArray *bytes = g_byte_array_new ();
  RtmpChunkWriter *writer = rtmp_chunk_writer_new ();
  guint i;

  memcpy (payload, frame, sizeof (frame));
  rtmp_chunk_writer_queue (writer,
      rtmp_control_new_u32 (RTMP_MESSAGE_SET_CHUNK_SIZE, burst->chunk_size));
  for (i = 0; i < burst->n_messages; i++)
    rtmp_chunk_writer_queue (writer,
        rtmp_message_new_copied (RTMP_MESSAGE_VIDEO, stream_id, 0, payload, burst->size));
  append_output (writer, bytes);
  rtmp_chunk_writer_free (writer);
  return g_byte_array_free_to_bytes (bytes);
}

static void
player_begin (Player *player, const Burst *burst)
{
  const RtmpPeerConfig config = { 0 };
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (RtmpPeerRecord) record = NULL;

  g_atomic_int_set (&n_received, 0);
  player->src = src_test_new (&config, NULL);
  player->thread = g_strdup_printf ("%s:src", GST_OBJECT_NAME (player->src->src));
  gst_pad_set_chain_function (player->src->pad, chain);
  gst_pad_set_chain_list_function (player->src->pad, chain_list);
  src_test_play (player->src);
  src_test_wait_stage (player->src, RTMP_PEER_MEDIA);
  test_flv_add_key (flv, 0, 100, 1);
  src_test_send_tags (player->src, flv);
  wait_received (2);

  record = rtmp_peer_get_record (player->src->peer, RTMP_PEER_LAST);
  player->burst = make_burst (burst, record->stream_id);
  player->fd = test_find_socket (rtmp_peer_get_port (player->src->peer));
  g_assert_cmpint (player->fd, >=, 0);
}

static void
player_end (Player *player)
{
  src_test_free (player->src);
  g_bytes_unref (player->burst);
  g_free (player->thread);
}

static gboolean
has_arrived (gpointer data)
{
  const Player *player = data;
  gint waiting = 0;

  g_assert_cmpint (ioctl (player->fd, FIONREAD, &waiting), ==, 0);
  return (gsize) waiting == g_bytes_get_size (player->burst);
}

/* Sends a burst, lets it be received, and says what that cost. */
static void
play (Player *player, const Burst *burst, GuardCounts *io, GuardCounts *streaming)
{
  guint n = (guint) g_atomic_int_get (&n_received);
  gsize size;
  gconstpointer data = g_bytes_get_data (player->burst, &size);

  guard_wait_idle (IO_THREAD);
  guard_wait_idle (player->thread);
  guard_begin ();
  guard_hold_receiving (player->fd);
  rtmp_peer_send_bytes (player->src->peer, RTMP_PEER_LAST, data, size);
  g_assert_true (test_wait_until (has_arrived, player));
  guard_hold_receiving (-1);
  wait_received (n + burst->n_messages);
  guard_wait_idle (IO_THREAD);
  guard_wait_idle (player->thread);
  guard_end ();

  *io = *streaming = (GuardCounts) { 0 };
  guard_add_counts (IO_THREAD, io);
  guard_add_counts (player->thread, streaming);
}

static void
report (const gchar *name, const GuardCounts *io, const GuardCounts *streaming)
{
  g_test_message (
      "%s: I/O thread: %u receives, %u waits, %u wake-ups, %u signals, %u system calls in all, "
      "%u allocations of %" G_GUINT64_FORMAT
      " bytes; streaming thread: %u allocations of %" G_GUINT64_FORMAT " bytes, %u wake-ups",
      name, io->calls[GUARD_RECEIVE], io->calls[GUARD_WAIT], io->calls[GUARD_WAKE],
      io->calls[GUARD_SIGNAL], guard_count_calls (io), io->allocations, io->allocated,
      streaming->allocations, streaming->allocated, streaming->calls[GUARD_WAKE]);
}

static void
assert_within (const Burst *burst, gsize size, const GuardCounts *io, const GuardCounts *streaming)
{
  g_assert_cmpuint (io->received, ==, size);
  g_assert_cmpuint (io->calls[GUARD_RECEIVE], <=, MAX_RECEIVES);
  g_assert_cmpuint (io->calls[GUARD_SEND], ==, 0);
  g_assert_cmpuint (io->calls[GUARD_WAKE], <=, MAX_WAKE_UPS);
  g_assert_cmpuint (guard_count_calls (io), <=, MAX_CALLS);
  g_assert_cmpuint (io->allocations + streaming->allocations, <=,
      burst->n_messages * MAX_ALLOCATIONS + MAX_ALLOCATIONS_PER_BURST);
  g_assert_cmpuint (io->allocated + streaming->allocated, <=,
      burst->n_messages * MAX_ALLOCATED + MAX_ALLOCATED_PER_BURST);
}

/* Each burst alone is within the limits. Returns the allocations of one. */
static guint
count_bursts (const Burst *burst)
{
  Player player = { 0 };
  GuardCounts io, streaming;
  guint allocations = 0;
  guint i;

  player_begin (&player, burst);
  for (i = 0; i < WARM_UP + COUNTED; i++) {
    play (&player, burst, &io, &streaming);
    if (i < WARM_UP)
      continue;
    if (i == WARM_UP)
      report (burst->name, &io, &streaming);
    allocations = MAX (allocations, io.allocations + streaming.allocations);
    assert_within (burst, g_bytes_get_size (player.burst), &io, &streaming);
  }
  player_end (&player);
  return allocations;
}

static gboolean
skip (void)
{
  if (guard_get_obstacle ())
    g_test_skip (guard_get_obstacle ());
  return guard_get_obstacle () != NULL;
}

static void
test_burst (gconstpointer burst)
{
  if (!skip ())
    count_bursts (burst);
}

/* The same message in one chunk or in 391. */
static void
test_chunks (void)
{
  const Burst whole = { "1x50kB/65536", 50000, 1, 65536 };
  const Burst chunks = { "1x50kB/128", 50000, 1, 128 };
  guint of_whole;

  if (skip ())
    return;
  of_whole = count_bursts (&whole);
  g_assert_cmpuint (count_bursts (&chunks), ==, of_whole);
}

int
main (int argc, char **argv)
{
  guint i;

  element_test_init (&argc, &argv);
  for (i = 0; i < G_N_ELEMENTS (bursts); i++) {
    g_autofree gchar *path = g_strdup_printf ("/guard/play/%s", bursts[i].name);

    g_test_add_data_func (path, &bursts[i], test_burst);
  }
  g_test_add_func ("/guard/play/chunks", test_chunks);
  return element_test_run ();
}
