/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_AGGREGATE_H
#define RTMP_AGGREGATE_H

#include "rtmpmessage.h"

G_BEGIN_DECLS

/**
 * rtmp_aggregate_expand:
 * @aggregate: a type 22 message with room
 * @messages: (element-type RtmpMessage): (transfer full) elements are appended, each with room, on
 *   the aggregate's message stream, timestamps re-based
 *
 * Wrong back-pointers are ignored, a missing last one too (Q26). Sub-messages other than audio,
 * video and data (types 8, 9, 15, 18) are left out: control messages and commands have no
 * business in an aggregate. Nested aggregates are refused. (RTMP 1.0, 7.1.6)
 *
 * A sub-message shares the aggregate's memory if it is at least a quarter of it, and is copied
 * otherwise: a few bytes that wait in a queue must not hold megabytes.
 *
 * The sub-messages' timestamps are moved by one amount, so that the first is the aggregate's.
 *
 * Returns: %FALSE with RTMP_ERROR_PROTOCOL (a header or a payload runs past the end, a nested
 *   aggregate) or RTMP_ERROR_LIMIT (RTMP_MAX_AGGREGATE_MESSAGES): sub-messages before the fault are
 *   in @messages
 */
gboolean rtmp_aggregate_expand (RtmpMessage *aggregate, GPtrArray *messages, GError **error);

G_END_DECLS

#endif
