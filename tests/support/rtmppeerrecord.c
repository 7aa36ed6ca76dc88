/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmppeerrecord.h"

#include <string.h>

#include "core/rtmpchunkreader.h"
#include "core/rtmpcontrol.h"
#include "core/rtmphandshake.h"

/* C0, C1 and C2. */
#define HANDSHAKE_BYTES (1 + 2 * RTMP_HANDSHAKE_SIZE)

struct _RtmpPeerTap {
  RtmpPeerRecord *record;
  RtmpChunkReader *reader;
  gboolean keep_raw;
  gboolean keep_media;
  gboolean lost;     /* what comes is no RTMP */
  GHashTable *calls; /* transaction id -> name */
};

/* -- Records -- */

static RtmpPeerRecord *
record_new (void)
{
  RtmpPeerRecord *record = g_new0 (RtmpPeerRecord, 1);

  record->commands = g_strdup ("");
  record->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
  record->media = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
  record->chunk_sizes = g_array_new (FALSE, FALSE, sizeof (guint32));
  record->raw = g_byte_array_new ();
  return record;
}

void
rtmp_peer_record_free (RtmpPeerRecord *record)
{
  g_free (record->app);
  g_free (record->tc_url);
  g_free (record->flash_version);
  g_free (record->stream);
  g_free (record->commands);
  g_ptr_array_unref (record->messages);
  g_ptr_array_unref (record->media);
  g_array_unref (record->chunk_sizes);
  g_byte_array_unref (record->raw);
  g_free (record->fault);
  g_free (record);
}

static gpointer
ref_message (gconstpointer message, gpointer data)
{
  (void) data;
  return rtmp_message_ref ((RtmpMessage *) message);
}

RtmpPeerRecord *
rtmp_peer_record_copy (const RtmpPeerRecord *record)
{
  RtmpPeerRecord *copy = g_new (RtmpPeerRecord, 1);

  *copy = *record;
  copy->app = g_strdup (record->app);
  copy->tc_url = g_strdup (record->tc_url);
  copy->flash_version = g_strdup (record->flash_version);
  copy->stream = g_strdup (record->stream);
  copy->commands = g_strdup (record->commands);
  copy->messages = g_ptr_array_copy (record->messages, ref_message, NULL);
  copy->media = g_ptr_array_copy (record->media, ref_message, NULL);
  copy->chunk_sizes = g_array_copy (record->chunk_sizes);
  copy->raw = g_byte_array_sized_new (record->raw->len);
  g_byte_array_append (copy->raw, record->raw->data, record->raw->len);
  copy->fault = g_strdup (record->fault);
  return copy;
}

static gboolean
is_command (const RtmpMessage *message)
{
  return message->type == RTMP_MESSAGE_COMMAND_AMF0 || message->type == RTMP_MESSAGE_COMMAND_AMF3;
}

RtmpCommand *
rtmp_peer_record_get_command (const RtmpPeerRecord *record, const gchar *name, guint nth)
{
  guint i;

  for (i = 0; i < record->messages->len; i++) {
    const RtmpMessage *message = g_ptr_array_index (record->messages, i);
    g_autoptr (RtmpCommand) command = NULL;

    if (is_command (message))
      command = rtmp_command_parse (message, NULL);
    if (command && strcmp (command->name, name) == 0 && nth-- == 0)
      return g_steal_pointer (&command);
  }
  return NULL;
}

GBytes *
rtmp_peer_record_get_payload (const RtmpPeerRecord *record, guint index)
{
  g_assert_cmpuint (index, <, record->media->len);
  return rtmp_message_get_payload (g_ptr_array_index (record->media, index));
}

/* -- Reading along -- */

RtmpPeerTap *
rtmp_peer_tap_new (gboolean keep_raw, gboolean keep_media)
{
  RtmpPeerTap *tap = g_new0 (RtmpPeerTap, 1);

  tap->record = record_new ();
  tap->reader = rtmp_chunk_reader_new ();
  tap->keep_raw = keep_raw;
  tap->keep_media = keep_media;
  tap->calls = g_hash_table_new_full (g_double_hash, g_double_equal, g_free, g_free);
  return tap;
}

void
rtmp_peer_tap_free (RtmpPeerTap *tap)
{
  rtmp_peer_record_free (tap->record);
  rtmp_chunk_reader_free (tap->reader);
  g_hash_table_unref (tap->calls);
  g_free (tap);
}

RtmpPeerRecord *
rtmp_peer_tap_get_record (RtmpPeerTap *tap)
{
  return tap->record;
}

const gchar *
rtmp_peer_tap_get_call (RtmpPeerTap *tap, gdouble transaction)
{
  return g_hash_table_lookup (tap->calls, &transaction);
}

static void
enter_stage (RtmpPeerRecord *record, RtmpPeerStage stage)
{
  record->stage = MAX (record->stage, stage);
}

static void
note_connect (RtmpPeerRecord *record, const RtmpCommand *command)
{
  const RtmpAmf *object = rtmp_command_get (command, 0);

  g_free (record->app);
  g_free (record->tc_url);
  g_free (record->flash_version);
  record->app = g_strdup (rtmp_amf_get_member_string (object, "app"));
  record->tc_url = g_strdup (rtmp_amf_get_member_string (object, "tcUrl"));
  record->flash_version = g_strdup (rtmp_amf_get_member_string (object, "flashVer"));
  enter_stage (record, RTMP_PEER_CONNECT);
}

static void
note_start (RtmpPeerRecord *record, const RtmpCommand *command, guint32 stream_id)
{
  g_free (record->stream);
  record->stream = g_strdup (rtmp_amf_get_string (rtmp_command_get (command, 1)));
  record->stream_id = stream_id;
  enter_stage (record, RTMP_PEER_START);
}

static void
note_command (RtmpPeerTap *tap, const RtmpMessage *message)
{
  g_autoptr (RtmpCommand) command = rtmp_command_parse (message, NULL);
  RtmpPeerRecord *record = tap->record;
  gchar *commands;

  if (!command)
    return;
  commands = g_strconcat (record->commands, *record->commands ? " " : "", command->name, NULL);
  g_free (record->commands);
  record->commands = commands;
  g_hash_table_replace (tap->calls, g_memdup2 (&command->transaction, sizeof (gdouble)),
      g_strdup (command->name));

  if (strcmp (command->name, "connect") == 0)
    note_connect (record, command);
  else if (strcmp (command->name, "createStream") == 0)
    enter_stage (record, RTMP_PEER_CREATE_STREAM);
  else if (strcmp (command->name, "publish") == 0 || strcmp (command->name, "play") == 0)
    note_start (record, command, message->stream_id);
}

static void
note_control (RtmpPeerTap *tap, const RtmpMessage *message)
{
  RtmpPeerRecord *record = tap->record;
  RtmpControl control;

  if (!rtmp_control_parse (message, &control, NULL))
    return;
  switch (control.type) {
    case RTMP_MESSAGE_SET_CHUNK_SIZE:
      g_array_append_val (record->chunk_sizes, control.value);
      rtmp_chunk_reader_set_chunk_size (tap->reader, control.value);
      break;
    case RTMP_MESSAGE_ABORT:
      rtmp_chunk_reader_abort (tap->reader, control.value);
      break;
    case RTMP_MESSAGE_ACK:
      record->n_acks++;
      break;
    case RTMP_MESSAGE_WINDOW_ACK_SIZE:
      record->n_window_ack_sizes++;
      break;
    case RTMP_MESSAGE_USER_CONTROL:
      record->n_pongs += control.event == RTMP_USER_PING_RESPONSE;
      break;
    default:
      break;
  }
}

static gboolean
is_media (guint8 type)
{
  return type == RTMP_MESSAGE_AUDIO || type == RTMP_MESSAGE_VIDEO || type == RTMP_MESSAGE_DATA_AMF0
      || type == RTMP_MESSAGE_DATA_AMF3 || type == RTMP_MESSAGE_AGGREGATE;
}

/* @message: (transfer full) */
static void
note_message (RtmpPeerTap *tap, RtmpMessage *message)
{
  RtmpPeerRecord *record = tap->record;

  if (is_media (message->type)) {
    record->n_media++;
    record->media_bytes += message->size;
    if (tap->keep_media)
      g_ptr_array_add (record->media, message);
    else
      rtmp_message_unref (message);
    return;
  }
  if (is_command (message))
    note_command (tap, message);
  else if (rtmp_control_is_control (message->type))
    note_control (tap, message);
  g_ptr_array_add (record->messages, message);
}

static void
read_chunks (RtmpPeerTap *tap, const guint8 *data, gsize size)
{
  while (size > 0 && !tap->lost) {
    RtmpMessage *message = NULL;
    gsize consumed = 0;

    tap->lost = !rtmp_chunk_reader_read (tap->reader, data, size, &consumed, &message, NULL);
    data += consumed;
    size -= consumed;
    if (message)
      note_message (tap, message);
  }
}

void
rtmp_peer_tap_feed (RtmpPeerTap *tap, const guint8 *data, gsize size, gboolean chunks)
{
  RtmpPeerRecord *record = tap->record;
  guint64 before = record->bytes_in;
  gsize skip = before < HANDSHAKE_BYTES ? MIN (size, (gsize) (HANDSHAKE_BYTES - before)) : 0;

  record->bytes_in += size;
  if (tap->keep_raw)
    g_byte_array_append (record->raw, data, (guint) size);
  if (!chunks)
    return;
  enter_stage (record, RTMP_PEER_HANDSHAKE);
  read_chunks (tap, data + skip, size - skip);
}
