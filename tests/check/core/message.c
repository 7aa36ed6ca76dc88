/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpmessage.h"

#include <string.h>

#include "core/rtmplimits.h"

typedef struct {
  guint8 bytes[16];
  guint released;
} Owner;

static void
owner_release (gpointer data)
{
  ((Owner *) data)->released++;
}

static void
owner_init (Owner *owner)
{
  guint i;

  for (i = 0; i < sizeof (owner->bytes); i++)
    owner->bytes[i] = (guint8) (i + 1);
  owner->released = 0;
}

static RtmpMessage *
wrapped (Owner *owner)
{
  const RtmpVector vectors[] = {
    { owner->bytes, 0 },
    { owner->bytes, 3 },
    { owner->bytes + 3, 0 },
    { owner->bytes + 3, 1 },
    { owner->bytes + 4, 5 },
    { owner->bytes + 9, 0 },
  };

  return rtmp_message_new_wrapped (RTMP_MESSAGE_VIDEO, 7, G_MAXUINT32, vectors,
      G_N_ELEMENTS (vectors), owner, owner_release);
}

/* The payload is referenced, pieces of 0 bytes are left out, the owner is
 * released once and with the last reference. */
static void
test_wrapped (void)
{
  Owner owner;
  RtmpMessage *message;

  owner_init (&owner);
  message = wrapped (&owner);
  g_assert_cmpuint (message->type, ==, 9);
  g_assert_cmpuint (message->stream_id, ==, 7);
  g_assert_cmpuint (message->timestamp, ==, G_MAXUINT32);
  g_assert_cmpuint (message->size, ==, 9);
  g_assert_cmpuint (message->n_vectors, ==, 3);
  g_assert_true (message->vectors[0].base == owner.bytes);
  g_assert_true (message->vectors[1].base == owner.bytes + 3);
  g_assert_cmpuint (message->vectors[1].size, ==, 1);
  g_assert_true (message->vectors[2].base == owner.bytes + 4);
  g_assert_null (rtmp_message_get_room (message));

  g_assert_true (rtmp_message_ref (message) == message);
  rtmp_message_unref (message);
  g_assert_cmpuint (owner.released, ==, 0);
  rtmp_message_unref (message);
  g_assert_cmpuint (owner.released, ==, 1);
}

static void
test_wrapped_nothing (void)
{
  g_autoptr (RtmpMessage) message = rtmp_message_new_wrapped (8, 1, 2, NULL, 0, NULL, NULL);
  g_autoptr (GBytes) payload = rtmp_message_get_payload (message);
  guint8 byte;

  g_assert_cmpuint (message->size, ==, 0);
  g_assert_cmpuint (message->n_vectors, ==, 0);
  g_assert_cmpuint (g_bytes_get_size (payload), ==, 0);
  g_assert_cmpuint (rtmp_message_peek (message, 0, &byte, 1), ==, 0);
}

/* Sizes count, not the memory behind them: nothing is read here. */
static void
test_wrapped_limit (void)
{
  static const guint8 byte;
  RtmpVector vectors[] = { { &byte, RTMP_MAX_MESSAGE_SIZE - 1 }, { &byte, 1 } };
  RtmpMessage *message;

  message = rtmp_message_new_wrapped (9, 1, 0, vectors, 2, NULL, NULL);
  g_assert_cmpuint (message->size, ==, RTMP_MAX_MESSAGE_SIZE);
  rtmp_message_unref (message);

  vectors[1].size++;
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*RTMP_MAX_MESSAGE_SIZE*");
  message = rtmp_message_new_wrapped (9, 1, 0, vectors, 2, NULL, NULL);
  g_test_assert_expected_messages ();
  rtmp_message_unref (message);
}

static void
test_copied (void)
{
  guint8 data[] = { 1, 2, 3 };
  g_autoptr (RtmpMessage) message = rtmp_message_new_copied (4, 0, 5, data, sizeof (data));
  g_autoptr (RtmpMessage) empty = rtmp_message_new_copied (4, 0, 5, NULL, 0);
  guint8 seen[4];

  data[1] = 9;
  g_assert_cmpuint (message->size, ==, 3);
  g_assert_cmpuint (message->n_vectors, ==, 1);
  g_assert_cmpuint (rtmp_message_peek (message, 0, seen, sizeof (seen)), ==, 3);
  g_assert_cmpmem (seen, 3, "\1\2\3", 3);
  g_assert_null (rtmp_message_get_room (message));
  g_assert_cmpuint (empty->size, ==, 0);
  g_assert_cmpuint (empty->n_vectors, ==, 0);
}

static RtmpMessage *
taken (gsize size)
{
  guint8 *block = rtmp_message_block_resize (NULL, NULL, 0, size);
  gsize i;

  for (i = 0; i < size; i++)
    block[i] = (guint8) i;
  return rtmp_message_new_taken (RTMP_MESSAGE_AGGREGATE, 3, 4, block, size);
}

/* All of the room may be written, and it lies around the payload. */
static void
test_taken (void)
{
  g_autoptr (RtmpMessage) message = taken (5);
  guint8 *room = rtmp_message_get_room (message);

  g_assert_nonnull (room);
  g_assert_true (message->vectors[0].base == room + RTMP_MESSAGE_HEADROOM);
  g_assert_cmpuint (message->n_vectors, ==, 1);
  memset (room, 0xAA, RTMP_MESSAGE_HEADROOM);
  memset (room + RTMP_MESSAGE_HEADROOM + 5, 0xBB, RTMP_MESSAGE_TAILROOM);
  g_assert_cmpmem (message->vectors[0].base, message->size, "\0\1\2\3\4", 5);
}

static void
test_taken_empty (void)
{
  g_autoptr (RtmpMessage) message = taken (0);

  g_assert_cmpuint (message->size, ==, 0);
  g_assert_cmpuint (message->n_vectors, ==, 0);
  g_assert_nonnull (rtmp_message_get_room (message));
}

/* A part outlives its parent's last other reference, and its room is the
 * bytes around it. */
static void
test_sub (void)
{
  RtmpMessage *parent = taken (40);
  const guint8 *payload = parent->vectors[0].base;
  g_autoptr (RtmpMessage) first = rtmp_message_new_sub (parent, 8, 100, 11, 7);
  g_autoptr (RtmpMessage) last = rtmp_message_new_sub (parent, 9, 200, 33, 7);
  g_autoptr (RtmpMessage) empty = rtmp_message_new_sub (parent, 9, 200, 40, 0);

  g_assert_cmpuint (first->type, ==, 8);
  g_assert_cmpuint (first->timestamp, ==, 100);
  g_assert_cmpuint (first->stream_id, ==, 3);
  g_assert_true (rtmp_message_get_room (first) == payload);
  g_assert_true (first->vectors[0].base == payload + 11);
  g_assert_true (last->vectors[0].base == payload + 33);
  g_assert_cmpuint (empty->size, ==, 0);
  g_assert_true (rtmp_message_get_room (empty) == payload + 29);

  rtmp_message_unref (parent);
  memset (rtmp_message_get_room (last) + RTMP_MESSAGE_HEADROOM + 7, 0, RTMP_MESSAGE_TAILROOM);
  g_assert_cmpmem (first->vectors[0].base, first->size, "\13\14\15\16\17\20\21", 7);
}

/* What lies outside of the parent, or has no room, is the caller's bug. */
static void
test_sub_outside (void)
{
  static const struct {
    gsize offset, size;
  } outside[] = {
    { 10, 1 },
    { 41, 0 },
    { 11, 30 },
    { 40, 1 },
    { 12, G_MAXSIZE },
  };
  g_autoptr (RtmpMessage) parent = taken (40);
  g_autoptr (RtmpMessage) no_room = rtmp_message_new_copied (22, 0, 0, "0123456789abcdef", 16);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (outside); i++) {
    g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*offset*");
    g_assert_null (rtmp_message_new_sub (parent, 8, 0, outside[i].offset, outside[i].size));
    g_test_assert_expected_messages ();
  }
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*room*");
  g_assert_null (rtmp_message_new_sub (no_room, 8, 0, 11, 1));
  g_test_assert_expected_messages ();
}

/* Every offset and size, across pieces and past the end. */
static void
test_peek (void)
{
  Owner owner;
  g_autoptr (RtmpMessage) message = NULL;
  gsize offset, size;

  owner_init (&owner);
  message = wrapped (&owner);
  for (offset = 0; offset <= message->size + 1; offset++) {
    for (size = 0; size <= message->size + 1; size++) {
      gsize left = message->size - MIN (offset, message->size);
      guint8 seen[16] = { 0 };
      gsize copied = rtmp_message_peek (message, offset, seen, size);

      g_assert_cmpuint (copied, ==, MIN (left, size));
      g_assert_cmpmem (seen, copied, owner.bytes + offset, copied);
      g_assert_cmpuint (seen[copied], ==, 0);
    }
  }
}

/* One piece is lent with a reference, several are gathered. */
static void
test_payload (void)
{
  RtmpMessage *message = taken (5);
  GBytes *payload = rtmp_message_get_payload (message);
  Owner owner;

  g_assert_true (g_bytes_get_data (payload, NULL) == message->vectors[0].base);
  rtmp_message_unref (message);
  g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), "\0\1\2\3\4", 5);
  g_bytes_unref (payload);

  owner_init (&owner);
  message = wrapped (&owner);
  payload = rtmp_message_get_payload (message);
  rtmp_message_unref (message);
  g_assert_cmpuint (owner.released, ==, 1);
  g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), owner.bytes, 9);
  g_bytes_unref (payload);
}

static gpointer
unref_in_thread (gpointer message)
{
  rtmp_message_unref (message);
  return NULL;
}

/* The last reference may be dropped in any thread. */
static void
test_threads (void)
{
  GThread *threads[8];
  RtmpMessage *message;
  Owner owner;
  guint i;

  owner_init (&owner);
  message = wrapped (&owner);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("unref", unref_in_thread, rtmp_message_ref (message));
  rtmp_message_unref (message);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (owner.released, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/message/wrapped", test_wrapped);
  g_test_add_func ("/message/wrapped/nothing", test_wrapped_nothing);
  g_test_add_func ("/message/wrapped/limit", test_wrapped_limit);
  g_test_add_func ("/message/copied", test_copied);
  g_test_add_func ("/message/taken", test_taken);
  g_test_add_func ("/message/taken/empty", test_taken_empty);
  g_test_add_func ("/message/sub", test_sub);
  g_test_add_func ("/message/sub/outside", test_sub_outside);
  g_test_add_func ("/message/peek", test_peek);
  g_test_add_func ("/message/payload", test_payload);
  g_test_add_func ("/message/threads", test_threads);
  return g_test_run ();
}
