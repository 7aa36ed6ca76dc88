/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Command and data messages, and what is read from their arguments.
 * Input: type1 | payload
 */
#include "core/rtmpcommand.h"
#include "core/rtmpflv.h"

#include "support/flvtest.h"

#include "fuzz.h"

static void
check_arguments (const RtmpCommand *command)
{
  RtmpPeerCaps caps = { 0 };
  guint i;

  for (i = 0; i < command->args->len; i++) {
    g_autoptr (RtmpStatus) status = rtmp_status_parse (rtmp_command_get (command, i));

    rtmp_peer_caps_read (&caps, rtmp_command_get (command, i));
    g_assert_cmpuint (strlen (status->description), <=, RTMP_MAX_STATUS_TEXT);
  }
  g_assert_null (rtmp_command_get (command, command->args->len));
}

static RtmpMessage *
write_command (const RtmpCommand *command, gboolean is_data)
{
  return is_data ? rtmp_command_to_data_message (command, 1, 0)
                 : rtmp_command_to_message (command, 1);
}

/* (transfer full) (nullable): @message decoded and written again; NULL past a limit, for text that was
 * made valid and references that were written out are longer than what they were made of. */
static RtmpMessage *
write_again (const RtmpMessage *message, gboolean is_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RtmpCommand) command = rtmp_command_parse (message, &error);

  if (command)
    return write_command (command, is_data);
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
  return NULL;
}

static void
check_written (const RtmpCommand *command, gboolean is_data)
{
  RtmpMessage *first = write_command (command, is_data);
  RtmpMessage *second = write_again (first, is_data);
  RtmpMessage *third = second ? write_again (second, is_data) : NULL;

  if (second) {
    /* A byte array was written as unsupported, which is read as undefined: one byte each. */
    g_assert_cmpuint (second->size, ==, first->size);
    g_assert_nonnull (third);
    assert_same_message (second, third);
  }
  g_clear_pointer (&third, rtmp_message_unref);
  g_clear_pointer (&second, rtmp_message_unref);
  rtmp_message_unref (first);
}

/* @setDataFrame put before onMetaData, and taken off again. */
static void
check_data_frame (RtmpMessage *message)
{
  g_autoptr (RtmpMessage) added = rtmp_flv_add_set_data_frame (message);
  g_autoptr (GBytes) payload = rtmp_message_get_payload (added);
  g_autoptr (RtmpMessage) copy = room_message (added->type, 0, g_bytes_get_data (payload, NULL),
      g_bytes_get_size (payload));
  g_autoptr (RtmpMessage) stripped = rtmp_flv_strip_set_data_frame (copy);

  rtmp_flv_metadata_flags (message);
  g_assert_cmpuint (rtmp_flv_on_metadata_offset (message), <=, message->size);
  if (added != message) {
    g_assert_true (rtmp_flv_is_on_metadata (message));
    g_assert_cmpuint (stripped->size, ==, message->size);
    g_assert_cmpuint (fuzz_hash_payload (stripped), ==, fuzz_hash_payload (message));
  }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint8 types[] = { RTMP_MESSAGE_COMMAND_AMF0, RTMP_MESSAGE_COMMAND_AMF3,
    RTMP_MESSAGE_DATA_AMF0, RTMP_MESSAGE_DATA_AMF3 };
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  const guint8 type = types[rtmp_cursor_u8 (&in) % G_N_ELEMENTS (types)];
  const gboolean is_data = type == RTMP_MESSAGE_DATA_AMF0 || type == RTMP_MESSAGE_DATA_AMF3;
  g_autoptr (RtmpMessage) message = room_message (type, 0, in.pos, rtmp_cursor_left (&in));
  g_autoptr (RtmpCommand) command = NULL;
  g_autoptr (GError) error = NULL;

  command = rtmp_command_parse (message, &error);
  g_assert_cmpint (command == NULL, ==, error != NULL);
  if (command) {
    g_assert_true (g_utf8_validate (command->name, -1, NULL));
    check_arguments (command);
    check_written (command, is_data);
  }
  if (is_data)
    check_data_frame (message);
  return 0;
}
