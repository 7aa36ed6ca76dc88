/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_COMMAND_H
#define RTMP_COMMAND_H

#include "rtmpamf.h"
#include "rtmpconnectargs.h"
#include "rtmpmessage.h"
#include "rtmpstatus.h"

G_BEGIN_DECLS

/**
 * RtmpCommand:
 * @name: the command's name, such as "connect" or "_result"; valid UTF-8
 * @transaction: transaction id; 0 when no reply is expected. From the wire it may be
 *   any number, NaN included
 * @args: (element-type RtmpAmf): every value after the transaction id; the first is
 *   the command object or null
 *
 * A command message (types 17 and 20), or a data message (types 15 and 18: then
 * @transaction is 0 and @args is every value after the name). RTMP 1.0, 7.
 */
typedef struct _RtmpCommand RtmpCommand;
struct _RtmpCommand {
  gchar *name;
  gdouble transaction;
  GPtrArray *args;
};

/* (transfer full): a command without arguments. */
RtmpCommand *rtmp_command_new (const gchar *name, gdouble transaction);
void rtmp_command_free (RtmpCommand *command);

/* Adds an argument; @value: (transfer full). */
void rtmp_command_add (RtmpCommand *command, RtmpAmf *value);

/* (transfer none) (nullable): argument @index, 0 being the command object. */
const RtmpAmf *rtmp_command_get (const RtmpCommand *command, guint index);

/**
 * rtmp_command_parse:
 * @message: of type 15, 17, 18 or 20; any other is refused
 *
 * Tolerates what peers do: types 15 and 17 with or without the selector byte 0
 * (protocol.md 15), onFCPublish and the like without a transaction id (peers.md Q3),
 * trailing garbage after complete values is an error. The bounds are
 * RTMP_MAX_COMMAND_SIZE and those of rtmp_amf_parse_all() with RTMP_AMF_MAX_VALUES.
 *
 * Returns: (transfer full) (nullable): %NULL with RTMP_ERROR_PROTOCOL or RTMP_ERROR_LIMIT,
 *   whose text holds no wire data
 */
RtmpCommand *rtmp_command_parse (const RtmpMessage *message, GError **error);

/* (transfer full): a message of type 20 on @stream_id. */
RtmpMessage *rtmp_command_to_message (const RtmpCommand *command, guint32 stream_id);
/* (transfer full): a message of type 18: name and arguments, no transaction id. */
RtmpMessage *rtmp_command_to_data_message (const RtmpCommand *command, guint32 stream_id,
    guint32 timestamp);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpCommand, rtmp_command_free)

G_END_DECLS

#endif
