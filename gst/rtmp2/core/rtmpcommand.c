/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpcommand.h"

#include <string.h>

#include "rtmperror.h"
#include "rtmplimits.h"

/* Command messages (RTMP 1.0, 7.1.1), types 20 and 17:
 *
 *   [selector 0, type 17] | name: string | transaction id: number | value ...
 *
 * Data messages (7.1.2), types 18 and 15:
 *
 *   [selector 0, type 15] | name: string | value ...
 *
 * Every value is AMF0, or 0x11 and then AMF3.
 */

RtmpCommand *
rtmp_command_new (const gchar *name, gdouble transaction)
{
  RtmpCommand *command = g_new0 (RtmpCommand, 1);

  command->name = g_strdup (name);
  command->transaction = transaction;
  command->args = g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_amf_unref);
  return command;
}

void
rtmp_command_free (RtmpCommand *command)
{
  g_free (command->name);
  g_ptr_array_unref (command->args);
  g_free (command);
}

void
rtmp_command_add (RtmpCommand *command, RtmpAmf *value)
{
  g_ptr_array_add (command->args, value);
}

const RtmpAmf *
rtmp_command_get (const RtmpCommand *command, guint index)
{
  return index < command->args->len ? g_ptr_array_index (command->args, index) : NULL;
}

static const struct {
  guint8 type;
  gboolean has_selector;
  gboolean has_transaction;
} forms[] = {
  { RTMP_MESSAGE_DATA_AMF3, TRUE, FALSE },
  { RTMP_MESSAGE_COMMAND_AMF3, TRUE, TRUE },
  { RTMP_MESSAGE_DATA_AMF0, FALSE, FALSE },
  { RTMP_MESSAGE_COMMAND_AMF0, FALSE, TRUE },
};

static gboolean
find_form (guint8 type, gboolean *has_selector, gboolean *has_transaction)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (forms); i++) {
    if (forms[i].type == type) {
      *has_selector = forms[i].has_selector;
      *has_transaction = forms[i].has_transaction;
      return TRUE;
    }
  }
  return FALSE;
}

/* (nullable): the payload in one piece, @copy being where it is if it was in several. */
static const guint8 *
flatten (const RtmpMessage *message, guint8 **copy)
{
  if (message->n_vectors <= 1)
    return message->n_vectors == 1 ? message->vectors[0].base : NULL;
  *copy = g_malloc (message->size);
  rtmp_message_peek (message, 0, *copy, message->size);
  return *copy;
}

/* A leading 0 is the selector: no command begins with a number, AMF0's marker 0. */
static GPtrArray *
parse_values (const RtmpMessage *message, gboolean has_selector, GError **error)
{
  g_autofree guint8 *copy = NULL;
  const guint8 *data = flatten (message, &copy);
  gsize size = message->size;
  guint budget = RTMP_AMF_MAX_VALUES;

  if (has_selector && size > 0 && data[0] == 0) {
    data++;
    size--;
  }
  return rtmp_amf_parse_all (data, size, &budget, error);
}

/* (transfer full) (nullable) */
static gchar *
take_name (const GPtrArray *values)
{
  const gchar *name = NULL;
  gsize size = 0;

  if (values->len > 0)
    name = rtmp_amf_get_string_len (g_ptr_array_index (values, 0), &size);
  if (!name || memchr (name, '\0', size))
    return NULL;
  return g_utf8_make_valid (name, size);
}

static RtmpCommand *
command_from_values (gchar *name, GPtrArray *values, gboolean has_transaction)
{
  RtmpCommand *command = g_new0 (RtmpCommand, 1);
  guint taken = 1;

  command->name = name;
  if (has_transaction && values->len > 1) {
    const RtmpAmf *id = g_ptr_array_index (values, 1);

    if (rtmp_amf_get_type (id) == RTMP_AMF_NUMBER) {
      command->transaction = rtmp_amf_get_number (id, 0);
      taken = 2;
    }
  }
  g_ptr_array_remove_range (values, 0, taken);
  command->args = g_ptr_array_ref (values);
  return command;
}

RtmpCommand *
rtmp_command_parse (const RtmpMessage *message, GError **error)
{
  g_autoptr (GPtrArray) values = NULL;
  gboolean has_selector, has_transaction;
  gchar *name;

  if (!find_form (message->type, &has_selector, &has_transaction)) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL,
        "A message of type %u is neither a command nor data", message->type);
    return NULL;
  }
  if (message->size > RTMP_MAX_COMMAND_SIZE) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT,
        "A command of %" G_GSIZE_FORMAT " bytes is too large", message->size);
    return NULL;
  }
  values = parse_values (message, has_selector, error);
  if (!values)
    return NULL;
  name = take_name (values);
  if (!name) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL, "A command without a name");
    return NULL;
  }
  return command_from_values (name, values, has_transaction);
}

static void
put_name (const RtmpCommand *command, GByteArray *out)
{
  g_autoptr (RtmpAmf) name = rtmp_amf_new_string (command->name);

  rtmp_amf_write (name, out);
}

static void
put_transaction (const RtmpCommand *command, GByteArray *out)
{
  g_autoptr (RtmpAmf) transaction = rtmp_amf_new_number (command->transaction);

  rtmp_amf_write (transaction, out);
}

static void
put_args (const RtmpCommand *command, GByteArray *out)
{
  guint i;

  for (i = 0; i < command->args->len; i++)
    rtmp_amf_write (g_ptr_array_index (command->args, i), out);
}

RtmpMessage *
rtmp_command_to_message (const RtmpCommand *command, guint32 stream_id)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  put_name (command, out);
  put_transaction (command, out);
  put_args (command, out);
  return rtmp_message_new_copied (RTMP_MESSAGE_COMMAND_AMF0, stream_id, 0, out->data, out->len);
}

RtmpMessage *
rtmp_command_to_data_message (const RtmpCommand *command, guint32 stream_id, guint32 timestamp)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  put_name (command, out);
  put_args (command, out);
  return rtmp_message_new_copied (RTMP_MESSAGE_DATA_AMF0, stream_id, timestamp, out->data,
      out->len);
}
