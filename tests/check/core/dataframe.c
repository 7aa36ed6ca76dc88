/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpdataframe.h"

#include "core/rtmplimits.h"

#include "../../support/flvtest.h"

#define AMF0 RTMP_MESSAGE_DATA_AMF0
#define AMF3 RTMP_MESSAGE_DATA_AMF3
#define ON_METADATA "02 000A 6F6E4D65746144617461"
#define ON_METADATA_AMF3 "11 06 15 6F6E4D65746144617461"
#define SET_DATA_FRAME "02 000D 40736574446174614672616D65"
#define VALUE "08 00000000 000009"

typedef struct {
  guint8 type;
  const gchar *wire;
  gsize prefix;
  gsize value;           /* where onMetaData's begins */
  const gchar *added;    /* by a sink; NULL: unchanged */
  const gchar *stripped; /* by a source; NULL: unchanged */
} Case;

/* Vector 42. */
static const Case cases[] = {
  { AMF0, ON_METADATA VALUE, 0, 13, SET_DATA_FRAME ON_METADATA VALUE, NULL },
  { AMF0, ON_METADATA, 0, 13, SET_DATA_FRAME ON_METADATA, NULL },
  { AMF0, SET_DATA_FRAME ON_METADATA VALUE, 16, 29, NULL, ON_METADATA VALUE },
  { AMF0, SET_DATA_FRAME "02 0003 414243 05", 16, 0, NULL, "02 0003 414243 05" },
  { AMF0, SET_DATA_FRAME, 16, 0, NULL, "" },
  { AMF0, SET_DATA_FRAME SET_DATA_FRAME ON_METADATA, 16, 0, NULL, SET_DATA_FRAME ON_METADATA },
  { AMF3, "00" ON_METADATA VALUE, 0, 14, "00" SET_DATA_FRAME ON_METADATA VALUE, NULL },
  { AMF3, ON_METADATA VALUE, 0, 13, SET_DATA_FRAME ON_METADATA VALUE, NULL },
  { AMF3, "00" ON_METADATA_AMF3 "11 0A0B01 01", 0, 14,
      "00" SET_DATA_FRAME ON_METADATA_AMF3 "11 0A0B01 01", NULL },
  { AMF3, "00" SET_DATA_FRAME ON_METADATA VALUE, 16, 30, NULL, "00" ON_METADATA VALUE },
  { AMF3, SET_DATA_FRAME ON_METADATA VALUE, 16, 29, NULL, ON_METADATA VALUE },
  { AMF3, "00" SET_DATA_FRAME, 16, 0, NULL, "00" },
  /* AMF3 is not to be expected in type 18; another name; a name that goes on; cut off */
  { AMF0, ON_METADATA_AMF3 VALUE, 0, 0, NULL, NULL },
  { AMF0, "00" ON_METADATA VALUE, 0, 0, NULL, NULL },
  { AMF0, "02 000A 6F6E4D65746164617461 05", 0, 0, NULL, NULL },
  { AMF0, "02 000B 6F6E4D6574614461746158 05", 0, 0, NULL, NULL },
  { AMF0, "02 000A 6F6E4D657461446174", 0, 0, NULL, NULL },
  { AMF0, "02 000D 40736574446174614672616D", 0, 0, NULL, NULL },
  { AMF0, "", 0, 0, NULL, NULL },
  { AMF3, "00", 0, 0, NULL, NULL },
  /* only in data messages */
  { RTMP_MESSAGE_AUDIO, ON_METADATA VALUE, 0, 0, NULL, NULL },
  { RTMP_MESSAGE_VIDEO, SET_DATA_FRAME ON_METADATA VALUE, 0, 0, NULL, NULL },
  { RTMP_MESSAGE_COMMAND_AMF0, SET_DATA_FRAME ON_METADATA VALUE, 0, 0, NULL, NULL },
};

static void
test_constant (void)
{
  g_autoptr (GByteArray) wire = wire_new (SET_DATA_FRAME);

  g_assert_cmpmem (rtmp_set_data_frame, RTMP_SET_DATA_FRAME_SIZE, wire->data, wire->len);
}

static void
assert_payload (RtmpMessage *message, const gchar *expected)
{
  g_autoptr (GBytes) payload = rtmp_message_get_payload (message);
  g_autoptr (GByteArray) wire = wire_new (expected);
  gsize size;
  gconstpointer data = g_bytes_get_data (payload, &size);

  g_assert_cmpuint (message->size, ==, wire->len);
  g_assert_cmpmem (data, size, wire->data, wire->len);
}

static void
test_names (void)
{
  guint i;
  gsize split;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) wire = wire_new (cases[i].wire);

    g_test_message ("type %u: %s", cases[i].type, cases[i].wire);
    for (split = 0; split <= wire->len; split++) {
      g_autoptr (RtmpMessage) message = pieces_message (cases[i].type, wire->data, wire->len, split,
          split == 0 ? 1 : wire->len);

      g_assert_cmpuint (rtmp_flv_set_data_frame_len (message), ==, cases[i].prefix);
      g_assert_cmpuint (rtmp_flv_on_metadata_offset (message), ==, cases[i].value);
      g_assert_cmpint (rtmp_flv_is_on_metadata (message), ==, cases[i].value > 0);
    }
  }
}

static void
test_truncated (void)
{
  guint i;
  gsize size;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) wire = wire_new (cases[i].wire);
    const gsize selector = cases[i].type == AMF3 && wire->data[0] == 0;

    for (size = 0; size < wire->len; size++) {
      g_autoptr (RtmpMessage) cut = pieces_message (cases[i].type, wire->data, size, 0, size);
      const gboolean named = cases[i].prefix > 0 && size >= selector + cases[i].prefix;

      g_assert_cmpuint (rtmp_flv_set_data_frame_len (cut), ==, named ? cases[i].prefix : 0);
      g_assert_cmpuint (rtmp_flv_on_metadata_offset (cut), ==,
          size >= cases[i].value ? cases[i].value : 0);
    }
  }
}

static void
assert_added (const Case *expected, RtmpMessage *message)
{
  g_autoptr (RtmpMessage) added = rtmp_flv_add_set_data_frame (message);
  g_autoptr (RtmpMessage) again = rtmp_flv_add_set_data_frame (added);

  g_assert_true ((added == message) == (expected->added == NULL));
  assert_payload (added, expected->added ? expected->added : expected->wire);
  g_assert_cmpuint (added->type, ==, message->type);
  g_assert_cmpuint (added->stream_id, ==, message->stream_id);
  g_assert_cmpuint (added->timestamp, ==, message->timestamp);
  g_assert_true (again == added);
}

static void
test_add (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) wire = wire_new (cases[i].wire);
    g_autoptr (RtmpMessage) whole = room_message (cases[i].type, 77, wire->data, wire->len);
    g_autoptr (RtmpMessage) bytes = pieces_message (cases[i].type, wire->data, wire->len, 0, 1);

    assert_added (&cases[i], whole);
    assert_added (&cases[i], bytes);
  }
}

/* The new message alone keeps the payload, which it does not copy. */
static void
test_add_lifetime (void)
{
  RtmpMessage *message = hex_message (AMF0, 0, ON_METADATA VALUE);
  gconstpointer payload = message->vectors[0].base;
  g_autoptr (RtmpMessage) added = rtmp_flv_add_set_data_frame (message);

  rtmp_message_unref (message);
  g_assert_cmpuint (added->n_vectors, ==, 2);
  g_assert_true (added->vectors[1].base == payload);
  assert_payload (added, SET_DATA_FRAME ON_METADATA VALUE);
}

static void
test_add_limit (void)
{
  g_autoptr (GByteArray) bytes = wire_new (ON_METADATA);
  const gsize most = RTMP_MAX_MESSAGE_SIZE - RTMP_SET_DATA_FRAME_SIZE;
  gsize size;

  g_byte_array_set_size (bytes, RTMP_MAX_MESSAGE_SIZE);
  for (size = most; size <= most + 1; size++) {
    g_autoptr (RtmpMessage) message = room_message (AMF0, 0, bytes->data, size);
    g_autoptr (RtmpMessage) added = rtmp_flv_add_set_data_frame (message);

    g_assert_cmpuint (added->size, ==, size == most ? RTMP_MAX_MESSAGE_SIZE : size);
  }
}

static void
test_strip (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    RtmpMessage *message = hex_message (cases[i].type, 77, cases[i].wire);
    g_autoptr (RtmpMessage) stripped = rtmp_flv_strip_set_data_frame (message);
    guint8 *room = rtmp_message_get_room (stripped);

    g_test_message ("%s", cases[i].wire);
    g_assert_true ((stripped == message) == (cases[i].stripped == NULL));
    rtmp_message_unref (message);
    assert_payload (stripped, cases[i].stripped ? cases[i].stripped : cases[i].wire);
    g_assert_cmpuint (stripped->type, ==, cases[i].type);
    g_assert_cmpuint (stripped->stream_id, ==, 1);
    g_assert_cmpuint (stripped->timestamp, ==, 77);

    /* All its room may be written. */
    memset (room, 0xEE, RTMP_MESSAGE_HEADROOM);
    memset (room + RTMP_MESSAGE_HEADROOM + stripped->size, 0xEE, RTMP_MESSAGE_TAILROOM);
    assert_payload (stripped, cases[i].stripped ? cases[i].stripped : cases[i].wire);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataframe/constant", test_constant);
  g_test_add_func ("/dataframe/names", test_names);
  g_test_add_func ("/dataframe/truncated", test_truncated);
  g_test_add_func ("/dataframe/add", test_add);
  g_test_add_func ("/dataframe/add/lifetime", test_add_lifetime);
  g_test_add_func ("/dataframe/add/limit", test_add_limit);
  g_test_add_func ("/dataframe/strip", test_strip);
  return g_test_run ();
}
