/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a connection costs in memory: the heap of this process, GIO's part included, over many
 * links. The peer is a process of its own, so that its memory does not count.
 */

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/rtmplink.h"
#include "support/rtmppeer.h"
#include "support/testutil.h"

#define N_LINKS 100u
/* Bytes for each: with nothing to do, and with a backlog that needs all the room that output takes;
 * what waits in it apart. */
#define MAX_IDLE 16384
#define MAX_BUSY 32768

#define BURST_MESSAGES 400u
#define BURST_SIZE 200u

static guint16 port;
static gint to_peer = -1;

/* -- The peer's process -- */

/* Each byte on the pipe asks for a burst to the newest connection. */
static void
run_peer (gint commands, gint answers)
{
  const RtmpPeerConfig config = { .drop_media = TRUE, .chunk_size = 65536 };
  g_autoptr (RtmpPeer) peer = rtmp_peer_new (&config);
  guint8 message[12 + BURST_SIZE] = { 6, 0, 0, 0, 0, 0, BURST_SIZE, 9, 1, 0, 0, 0, 0x17, 1 };
  guint16 own_port = rtmp_peer_get_port (peer);
  g_autoptr (GByteArray) burst = g_byte_array_new ();
  guint8 command;
  guint i;

  for (i = 0; i < BURST_MESSAGES; i++)
    g_byte_array_append (burst, message, sizeof (message));
  if (write (answers, &own_port, sizeof (own_port)) != sizeof (own_port))
    return;
  while (read (commands, &command, 1) == 1)
    rtmp_peer_send_bytes (peer, RTMP_PEER_LAST, burst->data, burst->len);
}

static pid_t
start_peer (void)
{
  gint commands[2], answers[2];
  pid_t pid;

  g_assert_cmpint (pipe (commands), ==, 0);
  g_assert_cmpint (pipe (answers), ==, 0);
  pid = fork ();
  if (pid == 0) {
    close (commands[1]);
    run_peer (commands[0], answers[1]);
    _exit (0);
  }
  g_assert_cmpint (pid, >, 0);
  close (commands[0]);
  to_peer = commands[1];
  g_assert_cmpint (read (answers[0], &port, sizeof (port)), ==, sizeof (port));
  close (answers[0]);
  close (answers[1]);
  return pid;
}

/* -- This one's -- */

/* Bytes in use; 0 where nobody can tell, under valgrind and sanitizers too: then these tests find
 * no more than leaks. */
static gsize
heap_size (void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

typedef struct {
  RtmpLinkConfig config;
  RtmpLocation *location;
  RtmpLink *first; /* so that what is there once is there already */
  RtmpLink *links[N_LINKS];
  gsize before;
} Fixture;

static RtmpLink *
open_link (Fixture *fixture)
{
  static const RtmpLinkCallbacks callbacks = { NULL };
  RtmpLink *link = rtmp_link_new (&fixture->config, &callbacks, NULL);
  g_autoptr (GError) error = NULL;

  rtmp_link_start (link);
  rtmp_link_wait_ready (link, &error);
  g_assert_no_error (error);
  return link;
}

static void
set_text (gchar **text, const gchar *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

static void
set_up (Fixture *fixture, gconstpointer publish)
{
  fixture->location = rtmp_location_new ();
  fixture->location->port = port;
  set_text (&fixture->location->host, "127.0.0.1");
  set_text (&fixture->location->application, "app");
  set_text (&fixture->location->stream, "stream");
  fixture->config = (RtmpLinkConfig) {
    .publish = publish != NULL,
    .location = fixture->location,
    .chunk_size = 128,
    .timeout = RTMP_PEER_TIMEOUT,
  };
  fixture->first = open_link (fixture);
  fixture->before = heap_size ();
}

static void
tear_down (Fixture *fixture, gconstpointer publish)
{
  guint i;

  (void) publish;
  for (i = 0; i < N_LINKS; i++)
    rtmp_link_free (fixture->links[i]);
  rtmp_link_free (fixture->first);
  rtmp_location_free (fixture->location);
}

static void
open_links (Fixture *fixture)
{
  guint i;

  for (i = 0; i < N_LINKS; i++)
    fixture->links[i] = open_link (fixture);
}

static gboolean
is_below (gpointer limit)
{
  return heap_size () <= *(gsize *) limit;
}

static void
assert_heap (const Fixture *fixture, gsize for_each)
{
  gsize limit = fixture->before + for_each * N_LINKS;
  gboolean is_so = test_wait_until (is_below, &limit);

  g_test_message ("%" G_GSIZE_FORMAT " bytes each", (heap_size () - fixture->before) / N_LINKS);
  g_assert_true (is_so);
}

static void
test_idle (Fixture *fixture, gconstpointer publish)
{
  (void) publish;
  open_links (fixture);
  assert_heap (fixture, MAX_IDLE);
}

/* Large messages in small chunks. */
static void
test_published (Fixture *fixture, gconstpointer publish)
{
  static guint8 payload[100 * 1000] = { 0x17, 1 };
  guint round, i;

  (void) publish;
  open_links (fixture);
  for (round = 0; round < 2; round++) {
    for (i = 0; i < N_LINKS; i++) {
      const RtmpVector vector = { payload, sizeof (payload) };
      RtmpMessage *message = rtmp_message_new_wrapped (RTMP_MESSAGE_VIDEO, 0, 40 * round, &vector,
          1, NULL, NULL);

      g_assert_cmpint (rtmp_link_send (fixture->links[i], &message, 1, NULL), ==, RTMP_LINK_OK);
      g_assert_cmpint (rtmp_link_wait_sent (fixture->links[i], NULL), ==, RTMP_LINK_OK);
    }
  }
  assert_heap (fixture, MAX_BUSY);
}

static void
receive_burst (RtmpLink *link)
{
  guint received = 0;

  g_assert_cmpint (write (to_peer, "b", 1), ==, 1);
  while (received < BURST_MESSAGES) {
    RtmpQueueItem items[64];
    guint n;

    g_assert_cmpint (rtmp_link_receive (link, items, G_N_ELEMENTS (items), &n, NULL), ==,
        RTMP_LINK_OK);
    received += n;
    while (n > 0)
      rtmp_message_unref (items[--n].message);
  }
}

/* Many small messages at once. */
static void
test_played (Fixture *fixture, gconstpointer publish)
{
  guint i;

  (void) publish;
  for (i = 0; i < N_LINKS; i++) {
    fixture->links[i] = open_link (fixture);
    receive_burst (fixture->links[i]);
  }
  assert_heap (fixture, MAX_IDLE);
}

int
main (int argc, char **argv)
{
  static gboolean publish = TRUE;
  pid_t peer;
  int result;

  g_test_init (&argc, &argv, NULL);
  /* Before there is any other thread. */
  peer = start_peer ();
#define ADD(path, data, func) \
  g_test_add ("/linkmemory/" path, Fixture, data, set_up, func, tear_down)
  ADD ("idle/publish", &publish, test_idle);
  ADD ("idle/play", NULL, test_idle);
  ADD ("published", &publish, test_published);
  ADD ("played", NULL, test_played);
  result = g_test_run ();
  close (to_peer);
  waitpid (peer, NULL, 0);
  return result;
}
