/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpconfig.h"

#include "core/rtmplimits.h"

#include "../../support/mediatest.h"

/* Adds the messages that @text names; returns how many were let go of. */
static guint
add (RtmpConfigSet *set, const gchar *text)
{
  guint32 timestamp = 0;
  RtmpMessage *message;
  guint released = 0;

  while ((message = media_message_next (&text, &timestamp))) {
    RtmpTagInfo info;

    rtmp_flv_classify (message, &info);
    released += rtmp_config_set_add (set, message, &info);
  }
  return released;
}

static void
assert_holds (const RtmpConfigSet *set, const gchar *expected)
{
  GString *text = g_string_new (NULL);
  guint64 bytes = 0;
  guint i;

  for (i = 0; i < rtmp_config_set_get_length (set); i++) {
    const RtmpMessage *message = rtmp_config_set_get_nth (set, i);

    if (i > 0)
      g_string_append_c (text, ' ');
    media_append_name (text, message);
    bytes += message->size;
  }
  g_assert_null (rtmp_config_set_get_nth (set, i));
  g_assert_cmpstr (text->str, ==, expected);
  g_assert_cmpuint (rtmp_config_set_get_bytes (set), ==, bytes);
  g_string_free (text, TRUE);
}

typedef struct {
  const gchar *added;
  guint released;
  const gchar *held;
} Case;

static const Case cases[] = {
  { "", 0, "" },
  /* the order of protocol D, whatever order they came in */
  { "C1 H2 A3 V4 M5", 0, "M5 V4 A3 H2 C1" },
  { "M1 V2 A3 H4 C5", 0, "M1 V2 A3 H4 C5" },
  /* the newest of each kind */
  { "V1 A2 V3 M4 M5 A6 H7 H8 C9 C10", 5, "M5 V3 A6 H8 C10" },
  /* and of each track */
  { "V1 v2 H3 h4 C5 c6", 0, "V1 v2 H3 h4 C5 c6" },
  { "V1 v2 v3 V4", 2, "v3 V4" },
  { "h1 H2 h3", 1, "H2 h3" },
  /* a multitrack message stays while it is the newest for one of its tracks, before what
   * replaces part of it */
  { "w1", 0, "w1" },
  { "w1 V2", 0, "w1 V2" },
  { "w1 v2", 0, "w1 v2" },
  { "w1 V2 v3", 1, "V2 v3" },
  { "V1 v2 w3", 2, "w3" },
  { "w1 V2 w3", 2, "w3" },
  /* the end of a sequence clears its medium's tracks, nothing else */
  { "M1 V2 A3 H4 C5 E6", 3, "M1 A3 H4" },
  { "M1 V2 A3 H4 C5 e6", 3, "M1 V2 C5" },
  { "V1 v2 C3 c4 h5 E6 e7", 4, "v2 h5 c4" },
  { "V1 v2 C3 c4 f5", 3, "V1 C3" },
  { "w1 E2", 1, "w1" },
  { "w1 E2 f3", 3, "" },
  { "w1 E2 v3", 2, "v3" },
  { "E1 V2", 1, "V2" },
  /* all else is let go of */
  { "K1 I2 D3 a4 S5 X6 U7", 7, "" },
  { "V1 K2 A3", 1, "V1 A3" },
};

static void
test_cases (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpConfigSet) set = rtmp_config_set_new ();

    g_test_message ("%s", cases[i].added);
    g_assert_cmpuint (add (set, cases[i].added), ==, cases[i].released);
    assert_holds (set, cases[i].held);
  }
}

/* Legacy sequence headers are of track 0 and share its slots with enhanced ones. */
static void
test_legacy (void)
{
  static const struct {
    guint8 type;
    const gchar *wire;
    guint released;
  } legacy[] = {
    { RTMP_MESSAGE_VIDEO, "17 00 000000 01", 0 },
    { RTMP_MESSAGE_AUDIO, "AF 00 1210", 0 },
    { RTMP_MESSAGE_VIDEO, "90 61763031 00", 1 },
    { RTMP_MESSAGE_AUDIO, "AF 00 1190", 1 },
    { RTMP_MESSAGE_VIDEO, "17 02 000000", 2 },
  };
  g_autoptr (RtmpConfigSet) set = rtmp_config_set_new ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (legacy); i++) {
    RtmpMessage *message = hex_message (legacy[i].type, 0, legacy[i].wire);
    RtmpTagInfo info;

    rtmp_flv_classify (message, &info);
    g_assert_cmpuint (rtmp_config_set_add (set, message, &info), ==, legacy[i].released);
  }
  g_assert_cmpuint (rtmp_config_set_get_length (set), ==, 1);
  g_assert_cmpuint (rtmp_config_set_get_nth (set, 0)->size, ==, 4);
}

/* Vector 31: an empty configuration is replaced by a real one, like any other. */
static void
test_empty_configuration (void)
{
  g_autoptr (RtmpConfigSet) set = rtmp_config_set_new ();
  RtmpMessage *message = hex_message (RTMP_MESSAGE_VIDEO, 0, "90 61763031");
  RtmpTagInfo info;

  rtmp_flv_classify (message, &info);
  g_assert_cmpuint (rtmp_config_set_add (set, message, &info), ==, 0);
  g_assert_cmpuint (add (set, "V1"), ==, 1);
  assert_holds (set, "V1");
}

/* A multitrack message of more tracks than RtmpTagInfo lists. */
static void
test_all_tracks (void)
{
  g_autoptr (RtmpConfigSet) set = rtmp_config_set_new ();
  g_autoptr (GByteArray) wire = wire_new ("96 10 61763031");
  g_autoptr (GByteArray) end = wire_new ("96 02 61763031 00");
  RtmpMessage *message;
  RtmpTagInfo info;
  guint i;

  for (i = 0; i < RTMP_FLV_MAX_TRACKS; i++) {
    const guint8 track[5] = { (guint8) i, 0, 0, 1, 0xAA };

    g_byte_array_append (wire, track, sizeof (track));
  }
  message = room_message (RTMP_MESSAGE_VIDEO, 0, wire->data, wire->len);
  rtmp_flv_classify (message, &info);
  g_assert_cmpuint (rtmp_config_set_add (set, message, &info), ==, 0);
  for (i = 0; i < RTMP_FLV_MAX_TRACKS; i++) {
    g_assert_cmpuint (rtmp_config_set_get_length (set), ==, 1);
    end->data[6] = (guint8) (i * 37);
    message = room_message (RTMP_MESSAGE_VIDEO, 0, end->data, end->len);
    rtmp_flv_classify (message, &info);
    g_assert_cmpuint (rtmp_config_set_add (set, message, &info), ==,
        i + 1 < RTMP_FLV_MAX_TRACKS ? 1 : 2);
  }
  g_assert_cmpuint (rtmp_config_set_get_length (set), ==, 0);
}

/* OneTrack configurations of track after track; the oldest of the kind goes. */
static void
test_limit (void)
{
  g_autoptr (RtmpConfigSet) set = rtmp_config_set_new ();
  g_autoptr (GByteArray) wire = wire_new ("96 00 61763031 00 AA");
  RtmpTagInfo info;
  guint i;

  g_assert_cmpuint (add (set, "M1"), ==, 0);
  for (i = 0; i < RTMP_MAX_CONFIG_MESSAGES; i++) {
    RtmpMessage *message;

    wire->data[6] = (guint8) i;
    message = room_message (RTMP_MESSAGE_VIDEO, i, wire->data, wire->len);
    rtmp_flv_classify (message, &info);
    g_assert_cmpuint (rtmp_config_set_add (set, message, &info), ==,
        i + 1 < RTMP_MAX_CONFIG_MESSAGES ? 0 : 1);
  }
  g_assert_cmpuint (rtmp_config_set_get_length (set), ==, RTMP_MAX_CONFIG_MESSAGES);
  g_assert_cmpuint (rtmp_config_set_get_nth (set, 0)->type, ==, RTMP_MESSAGE_DATA_AMF0);
  g_assert_cmpuint (rtmp_config_set_get_nth (set, 1)->timestamp, ==, 1);
}

static void
test_pop (void)
{
  g_autoptr (RtmpConfigSet) set = rtmp_config_set_new ();
  RtmpMessage *message;
  RtmpTagInfo info;

  g_assert_false (rtmp_config_set_pop (set, &message, &info));
  add (set, "A1 V2 M3");
  g_assert_true (rtmp_config_set_pop (set, &message, &info));
  g_assert_cmpint (info.kind, ==, RTMP_TAG_METADATA);
  rtmp_message_unref (message);
  assert_holds (set, "V2 A1");
  g_assert_true (rtmp_config_set_pop (set, &message, &info));
  g_assert_true (info.kind == RTMP_TAG_CONFIG && info.is_video);
  rtmp_message_unref (message);
  /* What was taken out replaces nothing and is not replaced. */
  g_assert_cmpuint (add (set, "V4"), ==, 0);
  assert_holds (set, "V4 A1");
}

static void
test_drop_largest (void)
{
  g_autoptr (RtmpConfigSet) set = rtmp_config_set_new ();

  g_assert_false (rtmp_config_set_drop_largest (set));
  add (set, "M1/60 V2/70 A3/90 H4/80");
  g_assert_true (rtmp_config_set_drop_largest (set));
  assert_holds (set, "M1 V2 H4");
  g_assert_true (rtmp_config_set_drop_largest (set));
  g_assert_true (rtmp_config_set_drop_largest (set));
  assert_holds (set, "M1");
  g_assert_true (rtmp_config_set_drop_largest (set));
  g_assert_false (rtmp_config_set_drop_largest (set));
}

static void
test_clear (void)
{
  g_autoptr (RtmpConfigSet) set = rtmp_config_set_new ();

  add (set, "M1 V2 A3");
  rtmp_config_set_clear (set);
  assert_holds (set, "");
  add (set, "A4 V5");
  assert_holds (set, "V5 A4");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/cases", test_cases);
  g_test_add_func ("/config/legacy", test_legacy);
  g_test_add_func ("/config/empty-configuration", test_empty_configuration);
  g_test_add_func ("/config/all-tracks", test_all_tracks);
  g_test_add_func ("/config/limit", test_limit);
  g_test_add_func ("/config/pop", test_pop);
  g_test_add_func ("/config/drop-largest", test_drop_largest);
  g_test_add_func ("/config/clear", test_clear);
  return g_test_run ();
}
