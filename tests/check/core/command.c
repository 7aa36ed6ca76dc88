/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../support/amftest.h"
#include "core/rtmpcommand.h"
#include "core/rtmpcursor.h"

static RtmpMessage *
message_new (guint8 type, const gchar *wire)
{
  g_autoptr (GByteArray) bytes = amf_bytes (wire);

  return rtmp_message_new_copied (type, 1, 0, bytes->data, bytes->len);
}

static RtmpCommand *
parse (guint8 type, const gchar *wire)
{
  g_autoptr (RtmpMessage) message = message_new (type, wire);
  g_autoptr (GError) error = NULL;
  RtmpCommand *command = rtmp_command_parse (message, &error);

  g_assert_no_error (error);
  g_assert_nonnull (command);
  return command;
}

static void
assert_refused_message (const RtmpMessage *message, gint code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (rtmp_command_parse (message, &error));
  g_assert_error (error, RTMP_ERROR, code);
  g_assert_null (rtmp_command_parse (message, NULL));
}

static void
assert_refused (guint8 type, const gchar *wire, gint code)
{
  g_autoptr (RtmpMessage) message = message_new (type, wire);

  assert_refused_message (message, code);
}

#define ONE "3FF0000000000000"
#define FOUR "4010000000000000"

static void
test_build (void)
{
  g_autoptr (RtmpCommand) command = rtmp_command_new ("createStream", 4);

  g_assert_cmpstr (command->name, ==, "createStream");
  g_assert_cmpfloat (command->transaction, ==, 4);
  g_assert_null (rtmp_command_get (command, 0));
  rtmp_command_add (command, rtmp_amf_new_null ());
  g_assert_cmpint (rtmp_amf_get_type (rtmp_command_get (command, 0)), ==, RTMP_AMF_NULL);
  g_assert_null (rtmp_command_get (command, 1));
}

static void
assert_message (const RtmpMessage *message, guint8 type, guint32 timestamp, const gchar *wire)
{
  g_autoptr (GByteArray) want = amf_bytes (wire);

  g_assert_cmpuint (message->type, ==, type);
  g_assert_cmpuint (message->stream_id, ==, 5);
  g_assert_cmpuint (message->timestamp, ==, timestamp);
  g_assert_cmpuint (message->n_vectors, ==, 1);
  g_assert_cmpmem (message->vectors[0].base, message->size, want->data, want->len);
}

static void
test_to_message (void)
{
  g_autoptr (RtmpCommand) command = rtmp_command_new ("publish", 1);
  g_autoptr (RtmpMessage) message = NULL;
  g_autoptr (RtmpMessage) data = NULL;

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_command_add (command, rtmp_amf_new_string ("key"));
  message = rtmp_command_to_message (command, 5);
  assert_message (message, RTMP_MESSAGE_COMMAND_AMF0, 0,
      "02 0007 'publish' 00 " ONE " 05 02 0003 'key'");
  data = rtmp_command_to_data_message (command, 5, 0xFFFFFFF0);
  assert_message (data, RTMP_MESSAGE_DATA_AMF0, 0xFFFFFFF0, "02 0007 'publish' 05 02 0003 'key'");
}

static void
test_round_trip (void)
{
  g_autoptr (RtmpCommand) command = rtmp_command_new ("_result", 4);
  g_autoptr (RtmpCommand) back = NULL;
  g_autoptr (RtmpMessage) message = NULL;

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_command_add (command, rtmp_amf_new_number (1));
  message = rtmp_command_to_message (command, 0);
  back = rtmp_command_parse (message, NULL);
  g_assert_cmpstr (back->name, ==, "_result");
  g_assert_cmpfloat (back->transaction, ==, 4);
  g_assert_cmpuint (back->args->len, ==, 2);
  g_assert_cmpuint (rtmp_amf_get_uint (rtmp_command_get (back, 1), 0), ==, 1);
}

static void
test_parse_command (void)
{
  g_autoptr (RtmpCommand) command = parse (RTMP_MESSAGE_COMMAND_AMF0,
      "02 0007 'connect' 00 " ONE " 03 0003 'app' 02 0004 'live' 000009 01 01");

  g_assert_cmpstr (command->name, ==, "connect");
  g_assert_cmpfloat (command->transaction, ==, 1);
  g_assert_cmpuint (command->args->len, ==, 2);
  g_assert_cmpstr (rtmp_amf_get_member_string (rtmp_command_get (command, 0), "app"), ==, "live");
}

static void
test_parse_data (void)
{
  g_autoptr (RtmpCommand) data = parse (RTMP_MESSAGE_DATA_AMF0, "02 0001 'x' 00 " FOUR " 05");
  g_autoptr (RtmpCommand) none = parse (RTMP_MESSAGE_DATA_AMF0, "02 0001 'x'");

  g_assert_cmpstr (data->name, ==, "x");
  g_assert_cmpfloat (data->transaction, ==, 0);
  g_assert_cmpuint (data->args->len, ==, 2);
  g_assert_cmpfloat (rtmp_amf_get_number (rtmp_command_get (data, 0), 0), ==, 4);
  g_assert_cmpuint (none->args->len, ==, 0);
}

/* peers.md Q3 */
static void
test_parse_no_transaction (void)
{
  g_autoptr (RtmpCommand) command = parse (RTMP_MESSAGE_COMMAND_AMF0,
      "02 000B 'onFCPublish' 05 03 0004 'code' 02 0001 'x' 000009");
  g_autoptr (RtmpCommand) object = parse (RTMP_MESSAGE_COMMAND_AMF0, "02 0001 'x' 03 000009 05");
  g_autoptr (RtmpCommand) name = parse (RTMP_MESSAGE_COMMAND_AMF0, "02 0005 'close'");

  g_assert_cmpfloat (command->transaction, ==, 0);
  g_assert_cmpuint (command->args->len, ==, 2);
  g_assert_cmpint (rtmp_amf_get_type (rtmp_command_get (command, 0)), ==, RTMP_AMF_NULL);
  g_assert_cmpstr (rtmp_amf_get_member_string (rtmp_command_get (command, 1), "code"), ==, "x");
  g_assert_cmpuint (object->args->len, ==, 2);
  g_assert_true (rtmp_amf_is_object (rtmp_command_get (object, 0)));
  g_assert_cmpstr (name->name, ==, "close");
  g_assert_cmpuint (name->args->len, ==, 0);
}

/* peers.md Q4 and Q5: which id a command has is its receiver's business. */
static void
test_parse_transaction (void)
{
  g_autoptr (RtmpCommand) result = parse (RTMP_MESSAGE_COMMAND_AMF0,
      "02 0007 '_result' 00 0000000000000000 05");
  g_autoptr (RtmpCommand) status = parse (RTMP_MESSAGE_COMMAND_AMF0,
      "02 0008 'onStatus' 00 " FOUR " 05 03 000009");
  g_autoptr (RtmpCommand) nan = parse (RTMP_MESSAGE_COMMAND_AMF0,
      "02 0001 'x' 00 7FF8000000000000");

  g_assert_cmpfloat (result->transaction, ==, 0);
  g_assert_cmpfloat (status->transaction, ==, 4);
  g_assert_true (isnan (nan->transaction));
}

/* vector 26 */
static void
test_parse_amf3 (void)
{
  static const struct {
    guint8 type;
    const gchar *wire;
  } forms[] = {
    { RTMP_MESSAGE_COMMAND_AMF3, "00 02 0001 'x' 00 " FOUR " 11 0A 0B 01 03 'a' 03 01" },
    { RTMP_MESSAGE_COMMAND_AMF3, "02 0001 'x' 00 " FOUR " 11 0A 0B 01 03 'a' 03 01" },
    { RTMP_MESSAGE_COMMAND_AMF3, "00 11 06 03 'x' 11 04 04 11 0A 0B 01 03 'a' 03 01" },
    { RTMP_MESSAGE_COMMAND_AMF0, "02 0001 'x' 00 " FOUR " 11 0A 0B 01 03 'a' 03 01" },
    { RTMP_MESSAGE_DATA_AMF3, "00 02 0001 'x' 11 0A 0B 01 03 'a' 03 01" },
    { RTMP_MESSAGE_DATA_AMF3, "02 0001 'x' 11 0A 0B 01 03 'a' 03 01" },
    /* The tables are the message's. */
    { RTMP_MESSAGE_DATA_AMF3, "00 11 06 03 'x' 11 0A 0B 01 03 'a' 03 01 11 06 00" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (forms); i++) {
    g_autoptr (RtmpCommand) command = parse (forms[i].type, forms[i].wire);
    gboolean is_data = forms[i].type == RTMP_MESSAGE_DATA_AMF3;

    g_assert_cmpstr (command->name, ==, "x");
    g_assert_cmpfloat (command->transaction, ==, is_data ? 0 : 4);
    amf_assert_text (rtmp_command_get (command, 0), "{\"a\": true}");
  }
}

/* The selector is only one where there can be one, and there is only one. */
static void
test_parse_selector (void)
{
  assert_refused (RTMP_MESSAGE_COMMAND_AMF0, "00 02 0001 'x' 00 " FOUR, RTMP_ERROR_PROTOCOL);
  assert_refused (RTMP_MESSAGE_DATA_AMF0, "00 02 0001 'x' 05", RTMP_ERROR_PROTOCOL);
  assert_refused (RTMP_MESSAGE_COMMAND_AMF3, "00 00 02 0001 'x' 00 " FOUR, RTMP_ERROR_PROTOCOL);
  assert_refused (RTMP_MESSAGE_COMMAND_AMF3, "00", RTMP_ERROR_PROTOCOL);
  assert_refused (RTMP_MESSAGE_COMMAND_AMF3, "03 02 0001 'x'", RTMP_ERROR_PROTOCOL);
}

static void
test_parse_refused (void)
{
  static const guint8 types[] = { RTMP_MESSAGE_DATA_AMF3, RTMP_MESSAGE_COMMAND_AMF3,
    RTMP_MESSAGE_DATA_AMF0, RTMP_MESSAGE_COMMAND_AMF0 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    assert_refused (types[i], "", RTMP_ERROR_PROTOCOL);
    assert_refused (types[i], "05", RTMP_ERROR_PROTOCOL);
    assert_refused (types[i], "03 000009", RTMP_ERROR_PROTOCOL);
    assert_refused (types[i], "02 0003 'a' 00 'b' 00 " ONE, RTMP_ERROR_PROTOCOL);
    /* Trailing garbage. */
    assert_refused (types[i], "02 0001 'x' 00 " ONE " 05 00", RTMP_ERROR_PROTOCOL);
    assert_refused (types[i], "02 0001 'x' 00 " ONE " 05 FF", RTMP_ERROR_PROTOCOL);
  }
  assert_refused (RTMP_MESSAGE_AUDIO, "02 0001 'x' 00 " ONE, RTMP_ERROR_PROTOCOL);
  assert_refused (RTMP_MESSAGE_SHARED_OBJECT_AMF3, "02 0001 'x' 00 " ONE, RTMP_ERROR_PROTOCOL);
  assert_refused (0, "02 0001 'x' 00 " ONE, RTMP_ERROR_PROTOCOL);
}

/* A name is for comparing and for logs. */
static void
test_parse_name (void)
{
  g_autoptr (RtmpCommand) bad = parse (RTMP_MESSAGE_COMMAND_AMF0, "02 0003 'a' FF 'b' 00 " ONE);
  g_autoptr (RtmpCommand) empty = parse (RTMP_MESSAGE_COMMAND_AMF0, "02 0000 00 " ONE);

  g_assert_cmpstr (bad->name, ==,
      "a\xef\xbf\xbd"
      "b");
  g_assert_cmpstr (empty->name, ==, "");
}

static const gchar whole_command[] =
    "02 0008 'onStatus' 00 " FOUR
    " 05 03 0004 'code' 02 0001 'x' 0002 'ex' 08 00000001 0001 'n' 06 000009 000009";

/* In two pieces at every position, and byte by byte. */
static void
test_parse_pieces (void)
{
  g_autoptr (GByteArray) bytes = amf_bytes (whole_command);
  g_autofree RtmpVector *vectors = g_new (RtmpVector, bytes->len);
  guint i;

  for (i = 0; i <= bytes->len; i++) {
    RtmpVector halves[2] = { { bytes->data, i }, { bytes->data + i, bytes->len - i } };
    g_autoptr (RtmpMessage) message = rtmp_message_new_wrapped (RTMP_MESSAGE_COMMAND_AMF0, 1, 0,
        halves, 2, NULL, NULL);
    g_autoptr (RtmpCommand) command = rtmp_command_parse (message, NULL);

    g_assert_nonnull (command);
    amf_assert_text (rtmp_command_get (command, 1),
        "{\"code\": \"x\", \"ex\": array{\"n\": undefined}}");
    if (i < bytes->len)
      vectors[i] = (RtmpVector) { bytes->data + i, 1 };
  }
  {
    g_autoptr (RtmpMessage) message = rtmp_message_new_wrapped (RTMP_MESSAGE_COMMAND_AMF0, 1, 0,
        vectors, bytes->len, NULL, NULL);
    g_autoptr (RtmpCommand) command = rtmp_command_parse (message, NULL);

    g_assert_cmpstr (command->name, ==, "onStatus");
    g_assert_cmpfloat (command->transaction, ==, 4);
  }
}

/* Cut off anywhere it is an error, or a shorter command where a value ends. */
static void
test_parse_cut (void)
{
  g_autoptr (GByteArray) bytes = amf_bytes (whole_command);
  const gsize ends[] = { 11, 20, 21, bytes->len };
  gsize size;

  for (size = 0; size <= bytes->len; size++) {
    g_autoptr (RtmpMessage) message = rtmp_message_new_copied (RTMP_MESSAGE_COMMAND_AMF0, 1, 0,
        bytes->data, size);
    g_autoptr (RtmpCommand) command = rtmp_command_parse (message, NULL);
    gboolean at_end = FALSE;
    guint i;

    for (i = 0; i < G_N_ELEMENTS (ends); i++)
      at_end |= size == ends[i];
    g_assert_cmpint (command != NULL, ==, at_end);
    if (!at_end)
      assert_refused_message (message, RTMP_ERROR_PROTOCOL);
  }
}

static RtmpMessage *
padded_message (gsize size)
{
  g_autoptr (GByteArray) bytes = amf_bytes ("02 0001 'x'");

  while (size - bytes->len > 60000) {
    amf_append (bytes, "02 EA5D");
    amf_fill (bytes, 'x', 59997);
  }
  amf_append (bytes, "0C");
  amf_fill (bytes, 0, 4);
  rtmp_write_u32 (bytes->data + bytes->len - 4, (guint32) (size - bytes->len));
  amf_fill (bytes, 'x', size - bytes->len);
  return rtmp_message_new_copied (RTMP_MESSAGE_DATA_AMF0, 1, 0, bytes->data, bytes->len);
}

static void
test_limit_size (void)
{
  g_autoptr (RtmpMessage) limit = padded_message (RTMP_MAX_COMMAND_SIZE);
  g_autoptr (RtmpMessage) over = padded_message (RTMP_MAX_COMMAND_SIZE + 1);
  g_autoptr (RtmpCommand) command = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (limit->size, ==, RTMP_MAX_COMMAND_SIZE);
  command = rtmp_command_parse (limit, &error);
  g_assert_no_error (error);
  g_assert_nonnull (command);
  g_assert_cmpuint (over->size, ==, RTMP_MAX_COMMAND_SIZE + 1);
  assert_refused_message (over, RTMP_ERROR_LIMIT);
}

static void
test_limit_values (void)
{
  guint extra;

  for (extra = 0; extra < 2; extra++) {
    g_autoptr (GByteArray) bytes = amf_bytes ("02 0001 'x'");
    g_autoptr (RtmpMessage) message = NULL;

    amf_fill (bytes, 0x05, RTMP_AMF_MAX_VALUES - 1 + extra);
    message = rtmp_message_new_copied (RTMP_MESSAGE_COMMAND_AMF0, 0, 0, bytes->data, bytes->len);
    if (extra) {
      assert_refused_message (message, RTMP_ERROR_LIMIT);
    } else {
      g_autoptr (RtmpCommand) command = rtmp_command_parse (message, NULL);

      g_assert_cmpuint (command->args->len, ==, RTMP_AMF_MAX_VALUES - 1);
    }
  }
}

/* vector 28: a connect _result whose properties are an ECMA array, capabilities in
 * either argument. */
static void
check_result (const gchar *wire)
{
  g_autoptr (RtmpCommand) command = parse (RTMP_MESSAGE_COMMAND_AMF0, wire);
  g_autoptr (RtmpStatus) status = rtmp_status_parse (rtmp_command_get (command, 1));
  RtmpPeerCaps caps = {
    0,
  };
  guint i;

  for (i = 0; i < command->args->len; i++)
    rtmp_peer_caps_read (&caps, rtmp_command_get (command, i));
  g_assert_cmpstr (command->name, ==, "_result");
  g_assert_cmpstr (status->code, ==, "NetConnection.Connect.Success");
  g_assert_true (caps.declared);
  g_assert_cmpuint (caps.caps_ex, ==, RTMP_CAPS_EX_MODEX);
}

static void
test_connect_result (void)
{
#define SUCCESS "0004 'code' 02 001D 'NetConnection.Connect.Success'"
#define CAPS_EX "0006 'capsEx' 00 " FOUR
  check_result ("02 0007 '_result' 00 " ONE " 08 00000001 " CAPS_EX " 000009"
                " 03 " SUCCESS " 000009");
  check_result ("02 0007 '_result' 00 " ONE " 03 000009 08 00000002 " SUCCESS CAPS_EX " 000009");
}

/* vector 28: what the receiver sees of _error and of an onStatus on message stream 0 */
static void
test_error_result (void)
{
  g_autoptr (RtmpCommand) error = parse (RTMP_MESSAGE_COMMAND_AMF0,
      "02 0006 '_error' 00 " FOUR
      " 05 03 0005 'level' 02 0005 'error' 0004 'code' 02 0001 'x' 000009");
  g_autoptr (RtmpStatus) status = rtmp_status_parse (rtmp_command_get (error, 1));

  g_assert_cmpfloat (error->transaction, ==, 4);
  g_assert_cmpstr (status->level, ==, "error");
  g_assert_cmpstr (status->code, ==, "x");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/command/build", test_build);
  g_test_add_func ("/command/to-message", test_to_message);
  g_test_add_func ("/command/round-trip", test_round_trip);
  g_test_add_func ("/command/parse/command", test_parse_command);
  g_test_add_func ("/command/parse/data", test_parse_data);
  g_test_add_func ("/command/parse/no-transaction", test_parse_no_transaction);
  g_test_add_func ("/command/parse/transaction", test_parse_transaction);
  g_test_add_func ("/command/parse/amf3", test_parse_amf3);
  g_test_add_func ("/command/parse/selector", test_parse_selector);
  g_test_add_func ("/command/parse/refused", test_parse_refused);
  g_test_add_func ("/command/parse/name", test_parse_name);
  g_test_add_func ("/command/parse/pieces", test_parse_pieces);
  g_test_add_func ("/command/parse/cut", test_parse_cut);
  g_test_add_func ("/command/limit/size", test_limit_size);
  g_test_add_func ("/command/limit/values", test_limit_values);
  g_test_add_func ("/command/connect-result", test_connect_result);
  g_test_add_func ("/command/error-result", test_error_result);
  return g_test_run ();
}
