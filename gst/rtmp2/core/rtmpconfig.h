/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CONFIG_H
#define RTMP_CONFIG_H

#include "rtmptag.h"

G_BEGIN_DECLS

/**
 * RtmpConfigSet: what a decoder must be told before media, the newest of each kind and track.
 *
 * Kinds, in the order they are given back: onMetaData, video configuration, audio configuration,
 * channel configuration (MultichannelConfig), video metadata (colorInfo); within a kind in the
 * order of arrival. A multitrack message stays for as long as it is the newest for one of its
 * tracks. Not locked.
 */
typedef struct _RtmpConfigSet RtmpConfigSet;

RtmpConfigSet *rtmp_config_set_new (void);
void rtmp_config_set_free (RtmpConfigSet *set);

/**
 * rtmp_config_set_add:
 * @message: (transfer full): any message
 * @info: what rtmp_flv_classify() said of it
 *
 * Keeps @message if it is configuration, and lets go of those it replaces. The end of a sequence is
 * not kept, but lets go of all there is for its medium and tracks. All else is let go of at once.
 * Past RTMP_MAX_CONFIG_MESSAGES the oldest of @message's kind goes. Takes time in the number of
 * messages kept, which is small.
 *
 * Returns: messages let go of, @message included
 */
guint rtmp_config_set_add (RtmpConfigSet *set, RtmpMessage *message, const RtmpTagInfo *info);

/* @message: (out) (transfer full). FALSE if the set is empty; else takes the first out. */
gboolean rtmp_config_set_pop (RtmpConfigSet *set, RtmpMessage **message, RtmpTagInfo *info);
/* Lets go of the message with the largest payload. FALSE if the set is empty. */
gboolean rtmp_config_set_drop_largest (RtmpConfigSet *set);
void rtmp_config_set_clear (RtmpConfigSet *set);

guint rtmp_config_set_get_length (const RtmpConfigSet *set);
/* Bytes of payload. */
guint64 rtmp_config_set_get_bytes (const RtmpConfigSet *set);
/* (transfer none) (nullable): the message at @index in the order above; NULL past the end. */
RtmpMessage *rtmp_config_set_get_nth (const RtmpConfigSet *set, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpConfigSet, rtmp_config_set_free)

G_END_DECLS

#endif
