/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpaggregate.h"

#include "core/rtmperror.h"
#include "core/rtmpflv.h"
#include "core/rtmplimits.h"

#include "../../support/flvtest.h"

#define AGGREGATE RTMP_MESSAGE_AGGREGATE
/* Vector 30. */
#define VECTOR_30 \
  "08 000002 000064 00 000007 AF01 0000000D 09 000003 00008C 00 000007 270100 0000000E"

typedef struct {
  const gchar *wire;
  guint32 timestamp;
  const gchar *parts; /* "type@timestamp:payload size" */
  gint code;          /* RtmpError, or -1 */
} Case;

static const Case cases[] = {
  { VECTOR_30, 5000, "8@5000:2 9@5040:3", -1 },
  { "", 5000, "", -1 },
  /* the last back-pointer missing or cut off; wrong ones (Q26) */
  { "08 000002 000064 00 000000 AF01", 5000, "8@5000:2", -1 },
  { "08 000002 000064 00 000000 AF01 0000", 5000, "8@5000:2", -1 },
  { "08 000002 000064 00 000000 AF01 00000000 09 000001 000065 00 000000 12 FFFFFFFF", 0,
      "8@0:2 9@1:1", -1 },
  /* no bytes: silence */
  { "08 000000 000064 00 000000 0000000B", 9, "8@9:0", -1 },
  /* timestamps: high byte last, moved modulo 2^32, also backward */
  { "08 000001 000010 80 000000 2F 0000000C 09 000001 000018 80 000000 12 0000000C", 0x80000010,
      "8@2147483664:1 9@2147483672:1", -1 },
  { "08 000001 FFFFFF FF 000000 2F 0000000C 09 000001 000001 00 000000 12 0000000C", 100,
      "8@100:1 9@102:1", -1 },
  { "08 000001 000010 00 000000 2F 0000000C 09 000001 000008 00 000000 12 0000000C", 4,
      "8@4:1 9@4294967292:1", -1 },
  { "08 000001 000000 00 000000 2F 0000000C 09 000001 000020 00 000000 12 0000000C", 0xFFFFFFF0,
      "8@4294967280:1 9@16:1", -1 },
  /* data of both kinds; all other types are left out, but the first sets the time */
  { "12 000001 000001 00 000000 05 0000000C 0F 000001 000002 00 000000 05 0000000C", 1,
      "18@1:1 15@2:1", -1 },
  { "14 000001 000001 00 000000 02 0000000C 01 000004 000001 00 000000 00000001 0000000F"
    "28 000001 000001 00 000000 2F 0000000C 08 000001 000003 00 000000 2F 0000000C",
      10, "8@12:1", -1 },
  /* faults: what came before stays */
  { "08 000002 000064 00 000000 AF", 5000, "", RTMP_ERROR_PROTOCOL },
  { "08 FFFFFF 000064 00 000000 AF01", 5000, "", RTMP_ERROR_PROTOCOL },
  { "08", 5000, "", RTMP_ERROR_PROTOCOL },
  { VECTOR_30 "08 000001 000064 00 000000", 5000, "8@5000:2 9@5040:3", RTMP_ERROR_PROTOCOL },
  { VECTOR_30 "16 00000C 000064 00 000000 08 000001 000064 00 000000 2F 00000017", 5000,
      "8@5000:2 9@5040:3", RTMP_ERROR_PROTOCOL },
};

static gchar *
describe (GPtrArray *messages)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < messages->len; i++) {
    const RtmpMessage *message = g_ptr_array_index (messages, i);

    g_string_append_printf (text, "%s%u@%u:%" G_GSIZE_FORMAT, i > 0 ? " " : "", message->type,
        message->timestamp, message->size);
    g_assert_cmpuint (message->stream_id, ==, 1);
    g_assert_nonnull (rtmp_message_get_room (message));
  }
  return g_string_free (text, FALSE);
}

static void
test_cases (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GPtrArray) messages = message_array_new ();
    g_autoptr (GError) error = NULL;
    g_autofree gchar *parts = NULL;
    RtmpMessage *aggregate = hex_message (AGGREGATE, cases[i].timestamp, cases[i].wire);
    const gboolean ok = rtmp_aggregate_expand (aggregate, messages, &error);

    g_test_message ("%s", cases[i].wire);
    rtmp_message_unref (aggregate);
    parts = describe (messages);
    g_assert_cmpstr (parts, ==, cases[i].parts);
    g_assert_cmpint (ok, ==, cases[i].code < 0);
    if (cases[i].code < 0)
      g_assert_no_error (error);
    else
      g_assert_error (error, RTMP_ERROR, cases[i].code);
  }
}

/* What was in the array stays in it. */
static void
test_appends (void)
{
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (RtmpMessage) aggregate = hex_message (AGGREGATE, 5000, VECTOR_30);
  g_autofree gchar *parts = NULL;

  g_ptr_array_add (messages, hex_message (RTMP_MESSAGE_AUDIO, 1, "2F"));
  g_assert_true (rtmp_aggregate_expand (aggregate, messages, NULL));
  parts = describe (messages);
  g_assert_cmpstr (parts, ==, "8@1:1 8@5000:2 9@5040:3");
}

/* Cut off at every byte: whole parts come out, anything else is a fault. */
static void
test_truncated (void)
{
  g_autoptr (GByteArray) wire = wire_new (VECTOR_30);
  gsize size;

  for (size = 0; size <= wire->len; size++) {
    g_autoptr (RtmpMessage) aggregate = room_message (AGGREGATE, 5000, wire->data, size);
    g_autoptr (GPtrArray) messages = message_array_new ();
    g_autoptr (GError) error = NULL;
    /* The parts' payloads end at 13 and 31, the first's back-pointer at 17. */
    const gboolean whole = size == 0 || (size >= 13 && size <= 17) || size >= 31;

    g_assert_cmpint (rtmp_aggregate_expand (aggregate, messages, &error), ==, whole);
    if (!whole)
      g_assert_error (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL);
    g_assert_cmpuint (messages->len, ==, size >= 31 ? 2 : size >= 13);
  }
}

static GByteArray *
part (guint8 type, guint32 timestamp, gchar run, gsize size)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  g_autoptr (RtmpMessage) message = NULL;
  GByteArray *bytes = g_byte_array_new ();

  run_append (payload, run, 0, (guint) size);
  message = room_message (type, timestamp, payload->data, size);
  g_byte_array_append (bytes, rtmp_flv_finish_tag (message, timestamp), (guint) size + 15);
  return bytes;
}

/* Parts lie as FLV tags do: finished in place in any order they give the same bytes, whether they
 * share the aggregate's memory or not. */
static void
test_memory (void)
{
  static const gsize sizes[] = { 1000, 20, 1000, 0, 400 };
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  g_autoptr (GPtrArray) messages = message_array_new ();
  g_autoptr (GPtrArray) tags = g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  RtmpMessage *aggregate;
  const guint8 *payload;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GByteArray *tag = part (i % 2 ? RTMP_MESSAGE_AUDIO : RTMP_MESSAGE_VIDEO, 70 + i,
        (gchar) ('A' + i), sizes[i]);

    g_ptr_array_add (tags, tag);
    g_byte_array_append (wire, tag->data, tag->len);
  }
  /* Without the last back-pointer the aggregate's own tailroom takes its place. */
  aggregate = room_message (AGGREGATE, 70, wire->data, wire->len - 4);
  payload = aggregate->vectors[0].base;
  g_assert_true (rtmp_aggregate_expand (aggregate, messages, NULL));
  g_assert_cmpuint (messages->len, ==, G_N_ELEMENTS (sizes));
  for (i = 0; i < messages->len; i++) {
    const guint8 *room = rtmp_message_get_room (g_ptr_array_index (messages, i));
    const gboolean shared = room >= payload && room < payload + wire->len;

    g_assert_cmpint (shared, ==, sizes[i] == 1000);
  }
  rtmp_message_unref (aggregate);

  for (i = messages->len; i > 0; i--) {
    RtmpMessage *message = g_ptr_array_index (messages, i - 1);
    const GByteArray *tag = g_ptr_array_index (tags, i - 1);

    g_assert_cmpmem (rtmp_flv_finish_tag (message, message->timestamp), message->size + 15,
        tag->data, tag->len);
    /* The others are still whole. */
    g_ptr_array_remove_index (messages, i - 1);
  }
}

/* Cut off at every byte, each part's room is its own to write. */
static void
test_room (void)
{
  g_autoptr (GByteArray) wire = wire_new (VECTOR_30);
  gsize size;
  guint i;

  for (size = 13; size <= wire->len; size++) {
    RtmpMessage *aggregate = room_message (AGGREGATE, 5000, wire->data, size);
    g_autoptr (GPtrArray) messages = message_array_new ();

    rtmp_aggregate_expand (aggregate, messages, NULL);
    rtmp_message_unref (aggregate);
    for (i = 0; i < messages->len; i++)
      g_assert_nonnull (rtmp_flv_finish_tag (g_ptr_array_index (messages, i), 0));
  }
}

static void
test_limit (void)
{
  guint extra;

  for (extra = 0; extra < 2; extra++) {
    const guint n = RTMP_MAX_AGGREGATE_MESSAGES + extra;
    g_autoptr (GByteArray) wire = g_byte_array_new ();
    g_autoptr (GPtrArray) messages = message_array_new ();
    g_autoptr (RtmpMessage) aggregate = NULL;
    g_autoptr (GError) error = NULL;
    guint i;

    for (i = 0; i < n; i++) {
      static const guint8 silence[15] = { 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 11 };

      g_byte_array_append (wire, silence, sizeof (silence));
    }
    aggregate = room_message (AGGREGATE, 0, wire->data, wire->len);
    g_assert_cmpint (rtmp_aggregate_expand (aggregate, messages, &error), ==, extra == 0);
    g_assert_cmpuint (messages->len, ==, RTMP_MAX_AGGREGATE_MESSAGES);
    if (extra > 0)
      g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aggregate/cases", test_cases);
  g_test_add_func ("/aggregate/appends", test_appends);
  g_test_add_func ("/aggregate/truncated", test_truncated);
  g_test_add_func ("/aggregate/memory", test_memory);
  g_test_add_func ("/aggregate/room", test_room);
  g_test_add_func ("/aggregate/limit", test_limit);
  return g_test_run ();
}
