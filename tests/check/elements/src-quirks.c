/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The source and what servers really do (peers.md). */

#include "core/rtmphandshake.h"
#include "support/srctest.h"

static void
play_and_wait (SrcTest *test)
{
  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
}

static void
send_flv (SrcTest *test)
{
  g_autoptr (GBytes) flv = test_flv_build (5, 0, 100);

  rtmp_peer_send_flv (test->peer, RTMP_PEER_LAST, flv);
}

/* The stream plays from its beginning to its end. */
static void
check_plays (const RtmpPeerConfig *behaviour)
{
  g_autoptr (GBytes) flv = test_flv_build (50, 0, 1000);
  RtmpPeerConfig config = *behaviour;
  g_autoptr (SrcTest) test = NULL;

  config.flv = flv;
  config.flv_end = RTMP_PEER_PLAY_STOP;
  test = src_test_new (&config, NULL);
  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
  g_assert_cmpuint (element_test_count_messages (test->bus,
                        GST_MESSAGE_ERROR | GST_MESSAGE_WARNING),
      ==, 0);
}

/* -- Answers -- */

static const struct {
  const gchar *name;
  guint quirks;
  guint sayings;
} behaviours[] = {
  { "zero-transactions", RTMP_PEER_ZERO_TRANSACTIONS, 0 }, /* Q4 */
  { "start-on-stream-0", RTMP_PEER_START_ON_STREAM_0, 0 }, /* Q7 */
  { "media-on-stream-0", RTMP_PEER_MEDIA_ON_STREAM_0, 0 }, /* Q36 */
  { "no-start", RTMP_PEER_NO_START, 0 },                   /* Q8 */
  { "no-play-reset", RTMP_PEER_NO_PLAY_RESET, 0 },         /* Q6 */
  { "play-reset", 0, RTMP_PEER_SAY_PLAY_RESET },
  { "data-start", 0, RTMP_PEER_SAY_DATA_START },
  { "no-fc-answers", RTMP_PEER_NO_FC_ANSWERS, 0 }, /* Q1 */
  { "fc-errors", RTMP_PEER_FC_ERRORS, 0 },         /* Q2 */
  { "no-acks", RTMP_PEER_NO_ACKS, 0 },             /* Q28 */
  { "bw-done", 0, RTMP_PEER_SAY_BW_DONE },         /* Q14 */
  { "ping", 0, RTMP_PEER_SAY_PING },
  { "ping-command", 0, RTMP_PEER_SAY_PING_COMMAND },
  { "unknown-call", 0, RTMP_PEER_SAY_UNKNOWN_CALL },
  { "buffer-ready", 0, RTMP_PEER_SAY_BUFFER_READY },   /* Q15 */
  { "on-fc-publish", 0, RTMP_PEER_SAY_ON_FC_PUBLISH }, /* Q3 */
  { "everything",
      RTMP_PEER_ZERO_TRANSACTIONS | RTMP_PEER_START_ON_STREAM_0 | RTMP_PEER_MEDIA_ON_STREAM_0
          | RTMP_PEER_NO_ACKS,
      0xFF },
};

static void
test_behaviour (gconstpointer index)
{
  const guint i = GPOINTER_TO_UINT (index);

  check_plays (&(RtmpPeerConfig) { .quirks = behaviours[i].quirks,
      .say_before = behaviours[i].sayings });
  check_plays (&(RtmpPeerConfig) { .quirks = behaviours[i].quirks,
      .say_after = behaviours[i].sayings });
}

/* Q14: calls that wait for an answer get one. */
static void
test_calls_are_answered (void)
{
  g_autoptr (SrcTest) test = src_test_new (
      &(RtmpPeerConfig) { .say_after = RTMP_PEER_SAY_PING_COMMAND | RTMP_PEER_SAY_UNKNOWN_CALL },
      NULL);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (RtmpCommand) pong = NULL, result = NULL;

  src_test_play (test);
  g_assert_true (rtmp_peer_wait_command (test->peer, 0, "_result", 3));
  g_assert_true (rtmp_peer_wait_command (test->peer, 0, "pong", 3));
  record = rtmp_peer_get_record (test->peer, 0);
  pong = rtmp_peer_record_get_command (record, "pong", 0);
  result = rtmp_peer_record_get_command (record, "_result", 0);
  g_assert_cmpfloat (pong->transaction, ==, 77);
  g_assert_cmpfloat (result->transaction, ==, 78);
}

/* Q5: onStatus with a transaction id. Q8: PublishNotify counts as start. */
static void
test_status_with_transaction (void)
{
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .quirks = RTMP_PEER_NO_START },
      NULL);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "NetStream.Play.PublishNotify", "");
  RtmpCommand *command = rtmp_command_new ("onStatus", 5);

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_command_add (command, rtmp_status_to_amf (status));
  play_and_wait (test);
  rtmp_peer_send_command (test->peer, 0, command, 1);
  src_test_wait_stat (test, "connections", 1);
  send_flv (test);
  src_test_wait_items (test, 14);
}

/* -- Media -- */

/* Media of other message streams is none of ours; metadata on stream 0 is (Q32). */
static void
test_streams (void)
{
  g_autoptr (GByteArray) flv = test_flv_new ();
  g_autoptr (GBytes) expected = NULL;
  g_autoptr (GPtrArray) tags = NULL;
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  guint i;

  test_flv_add_metadata (flv, 0);
  test_flv_add_key (flv, 40, 100, 1);
  expected = g_bytes_new (flv->data, flv->len);
  tags = test_flv_split (expected);
  play_and_wait (test);
  for (i = 0; i < 2; i++) {
    RtmpMessage *tag = tags->pdata[i];
    g_autoptr (GBytes) payload = rtmp_message_get_payload (tag);
    gsize size;
    gconstpointer data = g_bytes_get_data (payload, &size);

    src_test_send_message (test, RTMP_MESSAGE_VIDEO, 2, 500, "\x17\x01\0\0\0x", 6);
    src_test_send_message (test, RTMP_MESSAGE_AUDIO, 0xFFFFFFFF, 500, "\xAF\x01x", 3);
    src_test_send_message (test, tag->type, i, tag->timestamp, data, size);
  }
  src_test_wait_items (test, 3);
  src_test_assert_flv (test, expected);
  g_assert_cmpuint (src_test_get_stat (test, "in-dropped-messages"), >=, 4);
}

/* Types that nobody defined, user control events that nobody knows (Q15). */
static void
test_unknown_messages (void)
{
  static const guint8 types[] = { 7, 10, 11, 12, 13, 14, 16, 19, 21, 23, 255 };
  static const guint8 events[][6] = {
    { 0, 26, 0, 0, 0, 0 },
    { 0, 31, 0, 0, 0, 1 },
    { 0, 32, 0, 0, 0, 1 },
    { 0x77, 0x77, 1, 2, 3, 4 },
    { 0, 2, 0, 0, 0, 1 },
    { 0, 4, 0, 0, 0, 1 },
  };
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  guint i;

  play_and_wait (test);
  for (i = 0; i < G_N_ELEMENTS (types); i++)
    src_test_send_message (test, types[i], 1, 0, "abcdef", 6);
  for (i = 0; i < G_N_ELEMENTS (events); i++)
    src_test_send_message (test, RTMP_MESSAGE_USER_CONTROL, 0, 0, events[i], 6);
  send_flv (test);
  src_test_wait_items (test, 14);
  g_assert_cmpuint (element_test_count_messages (test->bus,
                        GST_MESSAGE_ERROR | GST_MESSAGE_WARNING),
      ==, 0);
}

/* Commands typed as AMF3, with and without the selector (protocol.md 15). */
static void
test_amf3_status (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (RtmpCommand) command = rtmp_command_new ("onStatus", 0);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status", "NetStream.Play.Stop", "");
  g_autoptr (RtmpMessage) message = NULL;
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gsize size;
  gconstpointer data;

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_command_add (command, rtmp_status_to_amf (status));
  message = rtmp_command_to_message (command, 1);
  payload = rtmp_message_get_payload (message);
  data = g_bytes_get_data (payload, &size);
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  g_byte_array_append (bytes, data, (guint) size);
  play_and_wait (test);
  send_flv (test);
  src_test_send_message (test, RTMP_MESSAGE_COMMAND_AMF3, 1, 0, bytes->data, bytes->len);
  src_test_wait_eos (test);
  g_assert_cmpuint (test->items->len, ==, 14);
}

/* -- Chunks -- */

/* Q18. */
static void
test_chunk_size_1 (void)
{
  check_plays (&(RtmpPeerConfig) { .chunk_size = 1 });
}

static void
test_byte_by_byte (void)
{
  check_plays (&(RtmpPeerConfig) { .dribble = TRUE, .chunk_size = 4096 });
}

/* Chunks as other servers write them, each line after the one before. */
typedef struct {
  const gchar *name;
  const gchar *chunks;
  guint32 timestamps[4]; /* of the tags, up to a 0 */
} Chunks;

static const Chunks chunks[] = {
  /* Q16: user control and Set Chunk Size on chunk stream 5 */
  { "control-elsewhere",
      "05 000000 000004 01 00000000 00000200"
      "05 000000 000006 04 00000000 0006 00000001"
      "06 000064 000003 08 01000000 AF0101",
      { 100 } },
  /* Q19: a message that is aborted half-way */
  { "abort",
      "06 000010 000100 09 01000000 [128]"
      "02 000000 000004 02 00000000 00000006"
      "06 000064 000003 08 01000000 AF0101",
      { 100 } },
  /* Q20: type 3 with the extended timestamp, and without */
  { "extended-repeated", "06 FFFFFF 000082 08 01000000 01000000 AF01 [126] C6 01000000 0102",
      { 0x1000000 } },
  { "extended-omitted", "06 FFFFFF 000082 08 01000000 01000000 AF01 [126] C6 0102", { 0x1000000 } },
  /* Q21, vector 6: the extended value of type 1 is a delta */
  { "extended-delta", "06 002AF8 000003 08 01000000 AF0101 46 FFFFFF 000003 08 00FFFC18 AF0102",
      { 11000, 16787216 } },
  /* Q22, vector 7: type 3 begins a message behind type 0, and type 1 */
  { "type-3-begins",
      "06 0003E8 000003 08 01000000 AF0101 C6 AF0102"
      "46 000014 000003 08 AF0103 C6 AF0104",
      { 1000, 2000, 2020, 2040 } },
  /* Q24, vector 13: type 0 within a message */
  { "type-0-inside",
      "06 000010 000100 09 01000000 [128]"
      "06 000064 000003 08 01000000 AF0101",
      { 100 } },
  /* Q25: a delta that goes back, as 2^32 - 40 */
  { "negative-delta", "06 0003E8 000003 08 01000000 AF0101 46 FFFFFF 000003 08 FFFFFFD8 AF0102",
      { 1000, 960 } },
};

/* "[n]" stands for n bytes of 0. */
static GByteArray *
parse_chunks (const gchar *text)
{
  GByteArray *bytes = g_byte_array_new ();

  while (*text) {
    if (*text == ' ') {
      text++;
    } else if (*text == '[') {
      guint n = (guint) g_ascii_strtoull (text + 1, (gchar **) &text, 10);
      guint old = bytes->len;

      g_byte_array_set_size (bytes, old + n);
      memset (bytes->data + old, 0, n);
      text++;
    } else {
      guint8 byte = (guint8) (g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]));

      g_byte_array_append (bytes, &byte, 1);
      text += 2;
    }
  }
  return bytes;
}

static void
test_chunks (gconstpointer data)
{
  const Chunks *these = data;
  g_autoptr (GByteArray) bytes = parse_chunks (these->chunks);
  /* A live source's queue would take a leap of hours for an overflow. */
  g_autoptr (SrcTest) test = src_test_new (NULL, "is-live", FALSE, NULL);
  guint i;

  play_and_wait (test);
  rtmp_peer_send_bytes (test->peer, 0, bytes->data, bytes->len);
  for (i = 0; i < G_N_ELEMENTS (these->timestamps) && these->timestamps[i] > 0; i++) {
    src_test_wait_items (test, i + 2);
    g_mutex_lock (&test->lock);
    g_assert_cmpuint (src_test_timestamp (test, i + 1), ==, these->timestamps[i]);
    g_mutex_unlock (&test->lock);
  }
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

/* -- Handshake -- */

/* Q27: S0 of another version, S2 that echoes nothing. connect comes all the same. */
static void
test_strange_handshake (gconstpointer version)
{
  g_autofree guint8 *bytes = g_malloc0 (1 + 2 * RTMP_HANDSHAKE_SIZE);
  g_autoptr (GBytes) raw = NULL;
  g_autoptr (SrcTest) test = NULL;

  bytes[0] = (guint8) GPOINTER_TO_UINT (version);
  raw = g_bytes_new (bytes, 1 + 2 * RTMP_HANDSHAKE_SIZE);
  test = src_test_new (&(RtmpPeerConfig) { .raw = TRUE, .raw_bytes = raw }, NULL);
  src_test_play (test);
  g_assert_true (rtmp_peer_wait_bytes (test->peer, 0, 1 + 2 * RTMP_HANDSHAKE_SIZE + 100));
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

/* -- The end -- */

/* Q39: what comes with the end in one segment is delivered. Q35: closing when we say deleteStream
 * is no error. */
static void
test_last_message (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GByteArray) bytes = parse_chunks (
      "06 000064 000003 08 01000000 AF0101"
      "06 000078 000003 08 01000000 AF0102 02 000000 000006 04 00000000 0001 00000001");

  play_and_wait (test);
  rtmp_peer_send_bytes (test->peer, 0, bytes->data, bytes->len);
  rtmp_peer_close (test->peer, 0, RTMP_PEER_FIN);
  src_test_wait_eos (test);
  g_assert_cmpuint (test->items->len, ==, 3);
  g_assert_cmpuint (src_test_timestamp (test, 2), ==, 120);
  src_test_stop (test);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

int
main (int argc, char **argv)
{
  guint i;

  element_test_init (&argc, &argv);

  for (i = 0; i < G_N_ELEMENTS (behaviours); i++) {
    g_autofree gchar *path = g_strconcat ("/src/quirks/", behaviours[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_behaviour);
  }
  g_test_add_func ("/src/quirks/calls-are-answered", test_calls_are_answered);
  g_test_add_func ("/src/quirks/status-with-transaction", test_status_with_transaction);
  g_test_add_func ("/src/quirks/streams", test_streams);
  g_test_add_func ("/src/quirks/unknown-messages", test_unknown_messages);
  g_test_add_func ("/src/quirks/amf3-status", test_amf3_status);
  g_test_add_func ("/src/quirks/chunk-size-1", test_chunk_size_1);
  g_test_add_func ("/src/quirks/byte-by-byte", test_byte_by_byte);
  for (i = 0; i < G_N_ELEMENTS (chunks); i++) {
    g_autofree gchar *path = g_strconcat ("/src/quirks/chunks/", chunks[i].name, NULL);

    g_test_add_data_func (path, &chunks[i], test_chunks);
  }
  g_test_add_data_func ("/src/quirks/handshake/version-0", GUINT_TO_POINTER (0),
      test_strange_handshake);
  g_test_add_data_func ("/src/quirks/handshake/version-3", GUINT_TO_POINTER (3),
      test_strange_handshake);
  g_test_add_data_func ("/src/quirks/handshake/version-6", GUINT_TO_POINTER (6),
      test_strange_handshake);
  g_test_add_func ("/src/quirks/last-message", test_last_message);
  return element_test_run ();
}
