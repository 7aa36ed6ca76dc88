/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "core/rtmpcontrol.h"
#include "core/rtmperror.h"
#include "core/rtmplimits.h"

/* A message of @size bytes cut in two at @cut. Readers see payloads in pieces. */
static RtmpMessage *
message_in_pieces (guint8 type, const guint8 *payload, gsize size, gsize cut)
{
  const RtmpVector vectors[] = { { payload, cut }, { payload + cut, size - cut } };

  return rtmp_message_new_wrapped (type, 0, 0, vectors, G_N_ELEMENTS (vectors), NULL, NULL);
}

static RtmpMessage *
message_in_bytes (guint8 type, const guint8 *payload, gsize size)
{
  RtmpVector vectors[16];
  gsize i;

  g_assert_cmpuint (size, <=, G_N_ELEMENTS (vectors));
  for (i = 0; i < size; i++)
    vectors[i] = (RtmpVector) { payload + i, 1 };
  return rtmp_message_new_wrapped (type, 0, 0, vectors, size, NULL, NULL);
}

static void
assert_parses (const RtmpMessage *message, const RtmpControl *expected)
{
  RtmpControl control = { 99, 99, 99, 99, 99 };
  g_autoptr (GError) error = NULL;

  g_assert_true (rtmp_control_parse (message, &control, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (control.type, ==, message->type);
  g_assert_cmpuint (control.value, ==, expected->value);
  g_assert_cmpuint (control.limit_type, ==, expected->limit_type);
  g_assert_cmpuint (control.event, ==, expected->event);
  g_assert_cmpuint (control.value2, ==, expected->value2);
}

static void
assert_refused (const RtmpMessage *message, gint code)
{
  RtmpControl control = { 99, 98, 97, 96, 95 };
  g_autoptr (GError) error = NULL;

  g_assert_false (rtmp_control_parse (message, &control, &error));
  g_assert_error (error, RTMP_ERROR, code);
  g_assert_false (rtmp_control_parse (message, &control, NULL));
  g_assert_cmpuint (control.type, ==, 99);
  g_assert_cmpuint (control.value, ==, 98);
  g_assert_cmpuint (control.limit_type, ==, 97);
  g_assert_cmpuint (control.event, ==, 96);
  g_assert_cmpuint (control.value2, ==, 95);
}

static void
assert_refused_bytes (guint8 type, const void *payload, gsize size, gint code)
{
  g_autoptr (RtmpMessage) message = rtmp_message_new_copied (type, 0, 0, payload, size);

  assert_refused (message, code);
}

#define USER RTMP_MESSAGE_USER_CONTROL

/* Payloads with the shortest length each may have. */
static const struct {
  RtmpControl control;
  guint8 payload[12];
  gsize size;
  gsize shortest;
} messages[] = {
  { { RTMP_MESSAGE_SET_CHUNK_SIZE, .value = 1 }, { 0, 0, 0, 1 }, 4, 4 },
  { { RTMP_MESSAGE_SET_CHUNK_SIZE, .value = 128 }, { 0, 0, 0, 128 }, 4, 4 },
  { { RTMP_MESSAGE_SET_CHUNK_SIZE, .value = 0x7FFFFFFF }, { 0x7F, 255, 255, 255 }, 4, 4 },
  { { RTMP_MESSAGE_ABORT, .value = 65599 }, { 0, 1, 0, 63 }, 4, 4 },
  { { RTMP_MESSAGE_ABORT, .value = G_MAXUINT32 }, { 255, 255, 255, 255 }, 4, 4 },
  { { RTMP_MESSAGE_ACK, .value = 0x80000001 }, { 0x80, 0, 0, 1 }, 4, 4 },
  { { RTMP_MESSAGE_WINDOW_ACK_SIZE, .value = 2500000 }, { 0, 0x26, 0x25, 0xA0 }, 4, 4 },
  { { RTMP_MESSAGE_WINDOW_ACK_SIZE, .value = 0 }, { 0, 0, 0, 0 }, 4, 4 },
  { { RTMP_MESSAGE_SET_PEER_BANDWIDTH, .value = 5000, .limit_type = RTMP_BANDWIDTH_DYNAMIC },
      { 0, 0, 0x13, 0x88, 2 }, 5, 5 },
  { { RTMP_MESSAGE_SET_PEER_BANDWIDTH, .value = 5000, .limit_type = 7 }, { 0, 0, 0x13, 0x88, 7 }, 5,
      5 },
  { { USER, .event = RTMP_USER_STREAM_BEGIN, .value = 1 }, { 0, 0, 0, 0, 0, 1 }, 6, 6 },
  { { USER, .event = RTMP_USER_STREAM_EOF, .value = 2 }, { 0, 1, 0, 0, 0, 2 }, 6, 6 },
  { { USER, .event = RTMP_USER_STREAM_DRY, .value = 3 }, { 0, 2, 0, 0, 0, 3 }, 6, 6 },
  { { USER, .event = RTMP_USER_SET_BUFFER_LENGTH, .value = 1, .value2 = 3000 },
      { 0, 3, 0, 0, 0, 1, 0, 0, 0x0B, 0xB8 }, 10, 10 },
  { { USER, .event = RTMP_USER_STREAM_IS_RECORDED, .value = 4 }, { 0, 4, 0, 0, 0, 4 }, 6, 6 },
  /* Vector 17. */
  { { USER, .event = RTMP_USER_PING_REQUEST, .value = 0x12345678 },
      { 0, 6, 0x12, 0x34, 0x56, 0x78 }, 6, 6 },
  { { USER, .event = RTMP_USER_PING_RESPONSE, .value = 0x12345678 },
      { 0, 7, 0x12, 0x34, 0x56, 0x78 }, 6, 6 },
  { { USER, .event = RTMP_USER_SWF_VERIFY_REQUEST }, { 0, 26 }, 2, 2 },
  { { USER, .event = RTMP_USER_BUFFER_EMPTY, .value = 1 }, { 0, 31, 0, 0, 0, 1 }, 6, 2 },
  { { USER, .event = RTMP_USER_BUFFER_READY, .value = 1 }, { 0, 32, 0, 0, 0, 1 }, 6, 2 },
  { { USER, .event = 0x7777, .value = 0x01020304 }, { 0x77, 0x77, 1, 2, 3, 4 }, 6, 2 },
};

static void
test_is_control (void)
{
  guint type;

  for (type = 0; type <= G_MAXUINT8; type++)
    g_assert_true (rtmp_control_is_control (type) == (type >= 1 && type <= 6));
}

static void
test_parse (void)
{
  guint i;
  gsize cut;

  for (i = 0; i < G_N_ELEMENTS (messages); i++) {
    const RtmpControl *expected = &messages[i].control;
    const guint8 *payload = messages[i].payload;
    g_autoptr (RtmpMessage) bytewise = message_in_bytes (expected->type, payload, messages[i].size);

    assert_parses (bytewise, expected);
    for (cut = 0; cut <= messages[i].size; cut++) {
      g_autoptr (RtmpMessage) message = message_in_pieces (expected->type, payload,
          messages[i].size, cut);

      assert_parses (message, expected);
    }
  }
}

/* Vector 17: lengths 0 and 1, event 3 with 6 bytes; and every other truncation. */
static void
test_short (void)
{
  guint i;
  gsize size;

  for (i = 0; i < G_N_ELEMENTS (messages); i++) {
    for (size = 0; size < messages[i].shortest; size++)
      assert_refused_bytes (messages[i].control.type, messages[i].payload, size,
          RTMP_ERROR_PROTOCOL);
  }
}

/* Events that RTMP 1.0 does not define may have any length; a value needs 4 bytes. */
static void
test_unknown_events (void)
{
  static const guint16 events[] = { 5, 8, 27, 31, 32, 0x7777, 0xFFFF };
  guint i;
  gsize size;

  for (i = 0; i < G_N_ELEMENTS (events); i++) {
    const guint8 payload[] = { events[i] >> 8, events[i] & 255, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

    for (size = 2; size <= sizeof (payload); size++) {
      const RtmpControl expected = { .event = events[i], .value = size < 6 ? 0 : 0x01020304 };
      g_autoptr (RtmpMessage) message = rtmp_message_new_copied (USER, 0, 0, payload, size);

      assert_parses (message, &expected);
    }
  }
}

/* RTMP_MAX_CONTROL_SIZE and one past it. */
static void
test_long (void)
{
  guint8 payload[RTMP_MAX_CONTROL_SIZE + 1] = { 0 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (messages); i++) {
    g_autoptr (RtmpMessage) message = NULL;

    memset (payload, 0, sizeof (payload));
    memcpy (payload, messages[i].payload, messages[i].size);
    message = rtmp_message_new_copied (messages[i].control.type, 0, 0, payload,
        RTMP_MAX_CONTROL_SIZE);
    assert_parses (message, &messages[i].control);
    assert_refused_bytes (messages[i].control.type, payload, sizeof (payload), RTMP_ERROR_LIMIT);
  }
}

/* Vector 10; its good values are among the messages above. */
static void
test_chunk_size (void)
{
  assert_refused_bytes (RTMP_MESSAGE_SET_CHUNK_SIZE, "\0\0\0\0", 4, RTMP_ERROR_PROTOCOL);
  assert_refused_bytes (RTMP_MESSAGE_SET_CHUNK_SIZE, "\200\0\0\0", 4, RTMP_ERROR_PROTOCOL);
  assert_refused_bytes (RTMP_MESSAGE_SET_CHUNK_SIZE, "\200\0\0\1", 4, RTMP_ERROR_PROTOCOL);
  assert_refused_bytes (RTMP_MESSAGE_SET_CHUNK_SIZE, "\377\377\377\377", 4, RTMP_ERROR_PROTOCOL);
  assert_refused_bytes (RTMP_MESSAGE_SET_CHUNK_SIZE, "\0\0\1", 3, RTMP_ERROR_PROTOCOL);
}

static void
test_other_types (void)
{
  guint type;

  for (type = 0; type <= G_MAXUINT8; type++) {
    if (!rtmp_control_is_control (type))
      assert_refused_bytes (type, "\0\0\0\1\0\0\0\1", 8, RTMP_ERROR_PROTOCOL);
  }
}

/* peers.md Q16: the message stream does not matter. */
static void
test_message_stream (void)
{
  const RtmpControl expected = { .value = 4096 };
  g_autoptr (RtmpMessage) message = rtmp_message_new_copied (RTMP_MESSAGE_SET_CHUNK_SIZE, 1, 99,
      "\0\0\020\0", 4);

  assert_parses (message, &expected);
}

/* Takes @message. */
static void
assert_written (RtmpMessage *message, guint8 type, const guint8 *payload, gsize size)
{
  guint8 written[16];

  g_assert_cmpuint (message->type, ==, type);
  g_assert_cmpuint (message->stream_id, ==, 0);
  g_assert_cmpuint (message->timestamp, ==, 0);
  g_assert_cmpuint (message->size, ==, size);
  g_assert_cmpuint (rtmp_message_peek (message, 0, written, sizeof (written)), ==, size);
  g_assert_cmpmem (written, size, payload, size);
  rtmp_message_unref (message);
}

static void
test_write (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (messages); i++)
    assert_written (rtmp_control_to_message (&messages[i].control), messages[i].control.type,
        messages[i].payload, messages[i].size);
}

static void
test_constructors (void)
{
  static const guint8 bandwidth[] = { 0, 0x26, 0x25, 0xA0, 2 };
  static const guint8 chunk_size[] = { 0, 1, 0, 0 };
  static const guint8 pong[] = { 0, 7, 0x12, 0x34, 0x56, 0x78 };
  static const guint8 buffer_length[] = { 0, 3, 0, 0, 0, 1, 0, 0, 0x0B, 0xB8 };

  assert_written (rtmp_control_new_u32 (RTMP_MESSAGE_SET_CHUNK_SIZE, 65536),
      RTMP_MESSAGE_SET_CHUNK_SIZE, chunk_size, sizeof (chunk_size));
  assert_written (rtmp_control_new_peer_bandwidth (2500000, RTMP_BANDWIDTH_DYNAMIC),
      RTMP_MESSAGE_SET_PEER_BANDWIDTH, bandwidth, sizeof (bandwidth));
  assert_written (rtmp_control_new_user (RTMP_USER_PING_RESPONSE, 0x12345678), USER, pong,
      sizeof (pong));
  assert_written (rtmp_control_new_set_buffer_length (1, 3000), USER, buffer_length,
      sizeof (buffer_length));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/control/is-control", test_is_control);
  g_test_add_func ("/control/parse/messages", test_parse);
  g_test_add_func ("/control/parse/short", test_short);
  g_test_add_func ("/control/parse/unknown-events", test_unknown_events);
  g_test_add_func ("/control/parse/long", test_long);
  g_test_add_func ("/control/parse/chunk-size", test_chunk_size);
  g_test_add_func ("/control/parse/other-types", test_other_types);
  g_test_add_func ("/control/parse/message-stream", test_message_stream);
  g_test_add_func ("/control/write/messages", test_write);
  g_test_add_func ("/control/write/constructors", test_constructors);
  return g_test_run ();
}
