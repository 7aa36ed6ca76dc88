/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpconfig.h"

#include "rtmplimits.h"

/* In the order they are given back. */
typedef enum {
  SLOT_METADATA,
  SLOT_VIDEO_CONFIG,
  SLOT_AUDIO_CONFIG,
  SLOT_CHANNEL_CONFIG,
  SLOT_VIDEO_METADATA,
  SLOT_NONE,
} Slot;

#define SLOT_BIT(slot) (1u << (slot))
#define VIDEO_SLOTS (SLOT_BIT (SLOT_VIDEO_CONFIG) | SLOT_BIT (SLOT_VIDEO_METADATA))
#define AUDIO_SLOTS (SLOT_BIT (SLOT_AUDIO_CONFIG) | SLOT_BIT (SLOT_CHANNEL_CONFIG))

typedef struct {
  RtmpMessage *message;
  RtmpTagInfo info;
  RtmpTrackSet tracks; /* for which it is the newest */
  Slot slot;
} Entry;

struct _RtmpConfigSet {
  GArray *entries;
  guint64 bytes;
};

static Entry *
nth_entry (const RtmpConfigSet *set, guint index)
{
  return &g_array_index (set->entries, Entry, index);
}

static Slot
slot_of (const RtmpTagInfo *info)
{
  switch (info->kind) {
    case RTMP_TAG_METADATA:
      return SLOT_METADATA;
    case RTMP_TAG_VIDEO_METADATA:
      return SLOT_VIDEO_METADATA;
    case RTMP_TAG_CONFIG:
      if (info->is_video)
        return SLOT_VIDEO_CONFIG;
      if (info->enhanced && info->packet_type == RTMP_TAG_PACKET_MULTICHANNEL_CONFIG)
        return SLOT_CHANNEL_CONFIG;
      return SLOT_AUDIO_CONFIG;
    default:
      return SLOT_NONE;
  }
}

/* Takes @gone out of @tracks; TRUE if nothing is left, as always of onMetaData, which has no
 * tracks. */
static gboolean
subtract_tracks (RtmpTrackSet *tracks, const RtmpTrackSet *gone)
{
  guint32 left = 0;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tracks->bits); i++) {
    tracks->bits[i] &= ~gone->bits[i];
    left |= tracks->bits[i];
  }
  return left == 0;
}

static void
remove_entry (RtmpConfigSet *set, guint index)
{
  RtmpMessage *message = nth_entry (set, index)->message;

  set->bytes -= message->size;
  rtmp_message_unref (message);
  g_array_remove_index (set->entries, index);
}

static guint
release_tracks (RtmpConfigSet *set, guint slots, const RtmpTrackSet *tracks)
{
  guint i = 0, released = 0;

  while (i < set->entries->len) {
    Entry *entry = nth_entry (set, i);

    if (SLOT_BIT (entry->slot) & slots && subtract_tracks (&entry->tracks, tracks)) {
      remove_entry (set, i);
      released++;
    } else {
      i++;
    }
  }
  return released;
}

/* Behind the last of its slot. */
static void
insert_entry (RtmpConfigSet *set, RtmpMessage *message, const RtmpTagInfo *info,
    const RtmpTrackSet *tracks, Slot slot)
{
  const Entry entry = { message, *info, *tracks, slot };
  guint i = set->entries->len;

  while (i > 0 && nth_entry (set, i - 1)->slot > slot)
    i--;
  g_array_insert_val (set->entries, i, entry);
  set->bytes += message->size;
}

static void
remove_oldest (RtmpConfigSet *set, Slot slot)
{
  guint i = 0;

  while (nth_entry (set, i)->slot != slot)
    i++;
  remove_entry (set, i);
}

RtmpConfigSet *
rtmp_config_set_new (void)
{
  RtmpConfigSet *set = g_new0 (RtmpConfigSet, 1);

  set->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  return set;
}

void
rtmp_config_set_free (RtmpConfigSet *set)
{
  rtmp_config_set_clear (set);
  g_array_unref (set->entries);
  g_free (set);
}

guint
rtmp_config_set_add (RtmpConfigSet *set, RtmpMessage *message, const RtmpTagInfo *info)
{
  const Slot slot = slot_of (info);
  guint released = 0;
  RtmpTrackSet tracks;

  if (slot != SLOT_NONE) {
    rtmp_flv_get_track_set (message, info, &tracks);
    released = release_tracks (set, SLOT_BIT (slot), &tracks);
    insert_entry (set, message, info, &tracks, slot);
    if (set->entries->len > RTMP_MAX_CONFIG_MESSAGES) {
      remove_oldest (set, slot);
      released++;
    }
    return released;
  }
  if (info->kind == RTMP_TAG_SEQUENCE_END) {
    rtmp_flv_get_track_set (message, info, &tracks);
    released = release_tracks (set, info->is_video ? VIDEO_SLOTS : AUDIO_SLOTS, &tracks);
  }
  rtmp_message_unref (message);
  return released + 1;
}

gboolean
rtmp_config_set_pop (RtmpConfigSet *set, RtmpMessage **message, RtmpTagInfo *info)
{
  const Entry *first;

  if (set->entries->len == 0)
    return FALSE;
  first = nth_entry (set, 0);
  *message = first->message;
  *info = first->info;
  set->bytes -= first->message->size;
  g_array_remove_index (set->entries, 0);
  return TRUE;
}

gboolean
rtmp_config_set_drop_largest (RtmpConfigSet *set)
{
  guint i, largest = 0;

  if (set->entries->len == 0)
    return FALSE;
  for (i = 1; i < set->entries->len; i++) {
    if (nth_entry (set, i)->message->size > nth_entry (set, largest)->message->size)
      largest = i;
  }
  remove_entry (set, largest);
  return TRUE;
}

void
rtmp_config_set_clear (RtmpConfigSet *set)
{
  guint i;

  for (i = 0; i < set->entries->len; i++)
    rtmp_message_unref (nth_entry (set, i)->message);
  g_array_set_size (set->entries, 0);
  set->bytes = 0;
}

guint
rtmp_config_set_get_length (const RtmpConfigSet *set)
{
  return set->entries->len;
}

guint64
rtmp_config_set_get_bytes (const RtmpConfigSet *set)
{
  return set->bytes;
}

RtmpMessage *
rtmp_config_set_get_nth (const RtmpConfigSet *set, guint index)
{
  return index < set->entries->len ? nth_entry (set, index)->message : NULL;
}
