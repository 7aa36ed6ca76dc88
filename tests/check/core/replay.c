/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpreplay.h"

#include <string.h>

#include "core/rtmplimits.h"

static guint released;

static void
release (gpointer memory)
{
  released++;
  g_free (memory);
}

/* A message whose memory is counted when it goes. */
static RtmpMessage *
make_message (guint32 timestamp, gsize size)
{
  guint8 *memory = g_malloc (MAX (size, 1));
  RtmpVector vectors[2] = { { memory, size / 2 }, { memory + size / 2, size - size / 2 } };

  memset (memory, (gint) timestamp, size);
  return rtmp_message_new_wrapped (RTMP_MESSAGE_VIDEO, 0, timestamp, vectors, 2, memory, release);
}

static void
add (RtmpReplay *replay, guint32 timestamp, gsize size)
{
  g_autoptr (RtmpMessage) message = make_message (timestamp, size);

  rtmp_replay_add (replay, message);
}

static GPtrArray *
collect (const RtmpReplay *replay)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);

  rtmp_replay_collect (replay, messages);
  return messages;
}

static void
test_order (void)
{
  g_autoptr (RtmpReplay) replay = rtmp_replay_new ();
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  guint i;

  add (replay, 0, 10);
  add (replay, 40, 0);
  add (replay, 20, 30);
  g_assert_cmpuint (rtmp_replay_get_length (replay), ==, 3);
  g_assert_cmpuint (rtmp_replay_get_bytes (replay), ==, 40);
  first = collect (replay);
  second = collect (replay);
  g_assert_cmpuint (first->len, ==, 3);
  for (i = 0; i < 3; i++) {
    static const guint32 timestamps[] = { 0, 40, 20 };
    static const gsize sizes[] = { 10, 0, 30 };
    const RtmpMessage *message = g_ptr_array_index (first, i);

    g_assert_cmpuint (message->type, ==, RTMP_MESSAGE_VIDEO);
    g_assert_cmpuint (message->timestamp, ==, timestamps[i]);
    g_assert_cmpuint (message->size, ==, sizes[i]);
    g_assert_true (message != g_ptr_array_index (second, i));
  }
}

/* The old connection's message is left alone, and its payload is not copied. */
static void
test_own_messages (void)
{
  g_autoptr (RtmpReplay) replay = rtmp_replay_new ();
  RtmpMessage *sent = make_message (7, 10);
  g_autoptr (GPtrArray) messages = NULL;
  RtmpMessage *again;

  sent->stream_id = 1;
  rtmp_replay_add (replay, sent);
  messages = collect (replay);
  again = g_ptr_array_index (messages, 0);
  g_assert_true (again->vectors[0].base == sent->vectors[0].base);
  g_assert_true (again->vectors[1].base == sent->vectors[1].base);
  again->stream_id = 5;
  g_assert_cmpuint (sent->stream_id, ==, 1);
  rtmp_message_unref (sent);
}

/* The memory lives as long as anybody may send it, and no longer. */
static void
test_release (void)
{
  RtmpReplay *replay = rtmp_replay_new ();
  g_autoptr (GPtrArray) messages = NULL;

  released = 0;
  add (replay, 0, 10);
  add (replay, 40, 10);
  g_assert_cmpuint (released, ==, 0);
  messages = collect (replay);
  g_ptr_array_unref (rtmp_replay_confirm (replay));
  g_assert_cmpuint (rtmp_replay_get_length (replay), ==, 0);
  g_assert_cmpuint (rtmp_replay_get_bytes (replay), ==, 0);
  g_assert_cmpuint (released, ==, 0);
  g_ptr_array_set_size (messages, 0);
  g_assert_cmpuint (released, ==, 2);
  add (replay, 80, 10);
  rtmp_replay_collect (replay, messages);
  g_assert_cmpuint (messages->len, ==, 1);
  g_ptr_array_set_size (messages, 0);
  rtmp_replay_free (replay);
  g_assert_cmpuint (released, ==, 3);
}

static void
test_max_messages (void)
{
  g_autoptr (RtmpReplay) replay = rtmp_replay_new ();
  guint i;

  for (i = 1; i < RTMP_MAX_REPLAY_MESSAGES; i++)
    add (replay, i, 1);
  g_assert_false (rtmp_replay_is_full (replay));
  add (replay, i, 1);
  g_assert_true (rtmp_replay_is_full (replay));
  /* One past the bound is held like the others. */
  add (replay, i + 1, 1);
  g_assert_true (rtmp_replay_is_full (replay));
  g_assert_cmpuint (rtmp_replay_get_length (replay), ==, RTMP_MAX_REPLAY_MESSAGES + 1);
  g_ptr_array_unref (rtmp_replay_confirm (replay));
  g_assert_false (rtmp_replay_is_full (replay));
}

static void
test_max_bytes (void)
{
  g_autoptr (RtmpReplay) replay = rtmp_replay_new ();

  add (replay, 0, RTMP_MAX_REPLAY_BYTES - 1);
  g_assert_false (rtmp_replay_is_full (replay));
  add (replay, 1, 1);
  g_assert_true (rtmp_replay_is_full (replay));
  add (replay, 2, 1);
  g_assert_cmpuint (rtmp_replay_get_bytes (replay), ==, RTMP_MAX_REPLAY_BYTES + 1);
  g_ptr_array_unref (rtmp_replay_confirm (replay));
  g_assert_false (rtmp_replay_is_full (replay));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/replay/order", test_order);
  g_test_add_func ("/replay/own-messages", test_own_messages);
  g_test_add_func ("/replay/release", test_release);
  g_test_add_func ("/replay/max-messages", test_max_messages);
  g_test_add_func ("/replay/max-bytes", test_max_bytes);
  return g_test_run ();
}
