/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The source: what it is, what it delivers and what it says to the server. */

#include "support/srctest.h"

/* -- The element -- */

static void
test_factory (void)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find ("rtmp2src");
  g_autoptr (GstElement) src = gst_object_ref_sink (gst_element_factory_make ("rtmp2src", NULL));
  g_autoptr (GstPad) pad = gst_element_get_static_pad (src, "src");
  g_autoptr (GstCaps) caps = gst_pad_query_caps (pad, NULL);
  g_autoptr (GstCaps) flv = gst_caps_from_string ("video/x-flv");

  g_assert_cmpuint (gst_plugin_feature_get_rank (GST_PLUGIN_FEATURE (factory)), ==,
      GST_RANK_PRIMARY + 1);
  g_assert_true (gst_caps_is_equal (caps, flv));
  g_assert_true (GST_OBJECT_FLAG_IS_SET (src, GST_ELEMENT_FLAG_SOURCE));
}

static void
test_properties (void)
{
  static const gchar *const names[] = {
    "location",
    "scheme",
    "host",
    "port",
    "application",
    "stream",
    "username",
    "password",
    "secure-token",
    "authmod",
    "timeout",
    "tls-validation-flags",
    "tls-database",
    "tls-interaction",
    "flash-version",
    "async-connect",
    "extra-connect-args",
    "stats",
    "idle-timeout",
    "no-eof-is-error",
    "is-live",
    "max-size-bytes",
    "max-size-time",
  };
  g_autoptr (GstElement) src = gst_object_ref_sink (gst_element_factory_make ("rtmp2src", NULL));
  gboolean no_eof_is_error, is_live, async_connect;
  guint timeout, idle_timeout, bytes, i;
  guint64 time;

  for (i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_nonnull (g_object_class_find_property (G_OBJECT_GET_CLASS (src), names[i]));
  g_object_get (src, "no-eof-is-error", &no_eof_is_error, "is-live", &is_live, "async-connect",
      &async_connect, "timeout", &timeout, "idle-timeout", &idle_timeout, "max-size-bytes", &bytes,
      "max-size-time", &time, NULL);
  g_assert_true (no_eof_is_error && is_live && async_connect);
  g_assert_cmpuint (timeout, ==, 5);
  g_assert_cmpuint (idle_timeout, ==, 0);
  g_assert_cmpuint (bytes, ==, 32 * 1024 * 1024);
  g_assert_cmpuint (time, ==, 10 * GST_SECOND);
}

static void
test_uri_handler (void)
{
  g_autoptr (GstElement) src = gst_object_ref_sink (gst_element_make_from_uri (GST_URI_SRC,
      "rtmp://example.org/app/inst/key?a=b/c", NULL, NULL));
  g_autofree gchar *host = NULL, *app = NULL, *stream = NULL, *uri = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (GST_IS_URI_HANDLER (src));
  g_assert_cmpint (gst_uri_handler_get_uri_type (GST_URI_HANDLER (src)), ==, GST_URI_SRC);
  g_assert_true (g_strv_contains (gst_uri_handler_get_protocols (GST_URI_HANDLER (src)), "rtmps"));
  g_object_get (src, "host", &host, "application", &app, "stream", &stream, NULL);
  g_assert_cmpstr (host, ==, "example.org");
  g_assert_cmpstr (app, ==, "app/inst");
  g_assert_cmpstr (stream, ==, "key?a=b/c");
  uri = gst_uri_handler_get_uri (GST_URI_HANDLER (src));
  g_assert_cmpstr (uri, ==, "rtmp://example.org/app/inst/key?a=b/c");

  g_assert_false (gst_uri_handler_set_uri (GST_URI_HANDLER (src), "rtmp://", &error));
  g_assert_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI);
}

static void
test_is_live_when_settable (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  gboolean is_live;

  src_test_set_state (test, GST_STATE_READY);
  g_object_set (test->src, "is-live", FALSE, NULL);
  g_assert_false (gst_base_src_is_live (GST_BASE_SRC (test->src)));
  g_object_set (test->src, "is-live", TRUE, NULL);
  g_assert_true (gst_base_src_is_live (GST_BASE_SRC (test->src)));

  src_test_set_state (test, GST_STATE_PAUSED);
  g_object_set (test->src, "is-live", FALSE, NULL);
  g_object_get (test->src, "is-live", &is_live, NULL);
  g_assert_true (is_live && gst_base_src_is_live (GST_BASE_SRC (test->src)));
}

/* -- What is delivered -- */

static void
test_identical (void)
{
  g_autoptr (GBytes) flv = test_flv_build (100, 0, 3000);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv,
                                               .flv_end = RTMP_PEER_PLAY_UNPUBLISH },
      NULL);

  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
  g_assert_cmpuint (element_test_count_messages (test->bus, GST_MESSAGE_ERROR), ==, 0);
}

/* More than the queue holds, and all at once: a recorded stream. */
static void
test_asset (gconstpointer name)
{
  g_autoptr (GBytes) flv = test_media_load (name);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv,
                                               .flv_end = RTMP_PEER_PLAY_COMPLETE,
                                               .chunk_size = 4096 },
      "is-live", FALSE, NULL);

  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
}

/* The payload of onMetaData with one number. */
static GByteArray *
new_metadata (const gchar *name)
{
  g_autoptr (RtmpAmf) event = rtmp_amf_new_string ("onMetaData");
  g_autoptr (RtmpAmf) values = rtmp_amf_new_ecma_array ();
  GByteArray *data = g_byte_array_new ();

  rtmp_amf_set_number (values, name, 10);
  rtmp_amf_write (event, data);
  rtmp_amf_write (values, data);
  return data;
}

static guint8
play_header_flags (const gchar *property)
{
  g_autoptr (GByteArray) metadata = property ? new_metadata (property) : NULL;
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);
  g_autoptr (GByteArray) flv = test_flv_new ();
  guint8 header[SRC_TEST_FILE_HEADER_SIZE + 1];

  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
  if (metadata)
    test_flv_add_tag (flv, RTMP_MESSAGE_DATA_AMF0, 0, metadata->data, metadata->len);
  test_flv_add_aac (flv, 0, 100, 1);
  src_test_send_tags (test, flv);
  src_test_wait_items (test, metadata ? 3 : 2);
  g_assert_cmpuint (gst_buffer_extract (src_test_item (test, 0)->buffer, 0, header,
                        sizeof (header)),
      ==, SRC_TEST_FILE_HEADER_SIZE);
  g_assert_cmpmem (header, 4, "FLV\x01", 4);
  g_assert_cmpuint (rtmp_read_u32 (header + 5), ==, RTMP_FLV_FILE_HEADER_SIZE);
  g_assert_cmpuint (rtmp_read_u32 (header + 9), ==, 0);
  g_assert_true (src_test_has_flag (test, 0, GST_BUFFER_FLAG_HEADER));
  return header[4];
}

static void
test_file_header (void)
{
  g_assert_cmpuint (play_header_flags ("audiocodecid"), ==, RTMP_FLV_HAS_AUDIO);
  g_assert_cmpuint (play_header_flags ("videocodecid"), ==, RTMP_FLV_HAS_VIDEO);
  g_assert_cmpuint (play_header_flags ("duration"), ==, RTMP_FLV_HAS_AUDIO | RTMP_FLV_HAS_VIDEO);
  g_assert_cmpuint (play_header_flags (NULL), ==, RTMP_FLV_HAS_AUDIO | RTMP_FLV_HAS_VIDEO);
}

/* Sequence ends, audio of no bytes and script data have their place in the stream. */
static GByteArray *
new_odd_stream (void)
{
  static const guint8 avc_end[] = { 0x17, 0x02, 0, 0, 0 };
  static const guint8 cue_point[] = "\x02\x00\x0AonCuePoint\x05";
  GByteArray *flv = test_flv_new ();

  test_flv_add_metadata (flv, 0);
  test_flv_add_avc_config (flv, 0, 0x42);
  test_flv_add_aac_config (flv, 0);
  test_flv_add_key (flv, 1000, 500, 1);
  test_flv_add_aac (flv, 1010, 100, 1);
  test_flv_add_inter (flv, 1040, 500, 2);
  test_flv_add_tag (flv, RTMP_MESSAGE_AUDIO, 1050, "", 0);
  test_flv_add_tag (flv, RTMP_MESSAGE_DATA_AMF0, 1060, cue_point, sizeof (cue_point) - 1);
  test_flv_add_tag (flv, RTMP_MESSAGE_VIDEO, 1080, avc_end, sizeof (avc_end));
  return flv;
}

static void
test_buffer_flags (void)
{
  static const struct {
    gboolean header;
    gboolean delta;
    guint ms;
  } expected[] = {
    { TRUE, FALSE, 0 }, /* the file's header, metadata, configuration */
    { TRUE, FALSE, 0 },
    { TRUE, FALSE, 0 },
    { TRUE, FALSE, 0 },
    { FALSE, FALSE, 1000 },
    { FALSE, TRUE, 1010 },
    { FALSE, TRUE, 1040 },
    { FALSE, TRUE, 1050 },
    { FALSE, TRUE, 1050 },
    { FALSE, TRUE, 1050 },
  };
  g_autoptr (GBytes) flv = g_byte_array_free_to_bytes (new_odd_stream ());
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv,
                                               .flv_end = RTMP_PEER_PLAY_EOF },
      NULL);
  guint i;

  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
  g_assert_cmpuint (test->items->len, ==, G_N_ELEMENTS (expected));
  for (i = 0; i < test->items->len; i++) {
    GstClockTime dts = GST_BUFFER_DTS (src_test_item (test, i)->buffer);

    g_assert_cmpint (src_test_has_flag (test, i, GST_BUFFER_FLAG_HEADER), ==, expected[i].header);
    g_assert_cmpint (src_test_has_flag (test, i, GST_BUFFER_FLAG_DELTA_UNIT), ==,
        expected[i].delta);
    /* What comes ahead of the first coded frame has no time, or the segment's beginning. */
    if (expected[i].ms > 0 || GST_CLOCK_TIME_IS_VALID (dts))
      g_assert_cmpuint (dts, ==, MAX (expected[i].ms, 1000) * GST_MSECOND);
    g_assert_cmpint (src_test_has_flag (test, i, GST_BUFFER_FLAG_DISCONT), ==, i == 0);
  }
}

/* Without video every tag is one to start with. */
static void
test_audio_only (void)
{
  GByteArray *array = test_flv_new ();
  g_autoptr (GBytes) flv = NULL;
  g_autoptr (SrcTest) test = NULL;
  guint i;

  test_flv_add_aac_config (array, 0);
  for (i = 0; i < 50; i++)
    test_flv_add_aac (array, 500 + i * 23, 100, (guint8) i);
  flv = g_byte_array_free_to_bytes (array);
  test = src_test_new (&(RtmpPeerConfig) { .flv = flv, .flv_end = RTMP_PEER_PLAY_STOP }, NULL);
  src_test_play (test);
  src_test_wait_eos (test);
  src_test_assert_flv (test, flv);
  for (i = 0; i < test->items->len; i++)
    g_assert_false (src_test_has_flag (test, i, GST_BUFFER_FLAG_DELTA_UNIT));
}

static void
test_set_data_frame_is_stripped (void)
{
  g_autoptr (GByteArray) metadata = new_metadata ("width");
  g_autoptr (GByteArray) wrapped = g_byte_array_new ();
  g_autoptr (GByteArray) plain = test_flv_new ();
  g_autoptr (GBytes) expected = NULL;
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);

  g_byte_array_append (wrapped, (const guint8 *) "\x02\x00\x0D@setDataFrame", 16);
  g_byte_array_append (wrapped, metadata->data, metadata->len);
  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
  src_test_send_message (test, RTMP_MESSAGE_DATA_AMF0, 1, 0, wrapped->data, wrapped->len);
  src_test_send_message (test, RTMP_MESSAGE_AUDIO, 1, 0, "\xAF\x01x", 3);
  src_test_wait_items (test, 3);
  test_flv_add_tag (plain, RTMP_MESSAGE_DATA_AMF0, 0, metadata->data, metadata->len);
  test_flv_add_tag (plain, RTMP_MESSAGE_AUDIO, 0, "\xAF\x01x", 3);
  expected = g_bytes_new (plain->data, plain->len);
  src_test_assert_flv (test, expected);
}

/* Vector 30, and back-pointers that are wrong or missing (peers.md Q26). */
static void
test_aggregate (void)
{
  static const guint8 right[] = {
    0x08,
    0,
    0,
    2,
    0,
    0,
    0x64,
    0,
    0,
    0,
    7,
    0xAF,
    0x01,
    0,
    0,
    0,
    0x0D,
    0x09,
    0,
    0,
    3,
    0,
    0,
    0x8C,
    0,
    0,
    0,
    7,
    0x17,
    0x01,
    0x00,
    0,
    0,
    0,
    0x0E,
  };
  static const guint8 wrong[] = {
    0x08,
    0,
    0,
    2,
    0,
    0,
    0x64,
    0,
    0,
    0,
    7,
    0xAF,
    0x01,
    0,
    0,
    0,
    0,
    0x09,
    0,
    0,
    3,
    0,
    0,
    0x8C,
    0,
    0,
    0,
    7,
    0x27,
    0x01,
    0x00,
  };
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);

  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
  src_test_send_message (test, RTMP_MESSAGE_AGGREGATE, 1, 5000, right, sizeof (right));
  src_test_send_message (test, RTMP_MESSAGE_AGGREGATE, 1, 6000, wrong, sizeof (wrong));
  src_test_wait_items (test, 5);
  g_assert_cmpuint (src_test_timestamp (test, 1), ==, 5000);
  g_assert_cmpuint (src_test_timestamp (test, 2), ==, 5040);
  g_assert_cmpuint (src_test_timestamp (test, 3), ==, 6000);
  g_assert_cmpuint (src_test_timestamp (test, 4), ==, 6040);
}

/* -- Lists and single buffers -- */

static void
test_lists (void)
{
  g_autoptr (GBytes) flv = test_flv_build (200, 0, 100);
  g_autoptr (SrcTest) test = src_test_new (NULL, NULL);

  /* While the first push is held the rest arrives, and so comes in lists. */
  src_test_set_hold (test, TRUE);
  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
  rtmp_peer_send_flv (test->peer, RTMP_PEER_LAST, flv);
  src_test_wait_blocked (test);
  src_test_wait_stat (test, "in-video-messages", 201);
  src_test_set_hold (test, FALSE);
  src_test_wait_items (test, 404);
  g_assert_cmpuint (test->n_lists, >, 0);
  g_assert_cmpuint (test->n_lists + test->n_singles, <, 100);
  src_test_assert_flv (test, flv);
}

static void
test_num_buffers (void)
{
  g_autoptr (GBytes) flv = test_flv_build (50, 0, 100);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv }, "num-buffers", 7,
      NULL);

  src_test_play (test);
  src_test_wait_eos (test);
  g_assert_cmpuint (test->n_lists, ==, 0);
  g_assert_cmpuint (test->n_singles, ==, 7);
}

static void
test_do_timestamp (void)
{
  g_autoptr (GBytes) flv = test_flv_build (20, 3600000, 100);
  g_autoptr (SrcTest) test = src_test_new (&(RtmpPeerConfig) { .flv = flv,
                                               .flv_end = RTMP_PEER_PLAY_STOP },
      "do-timestamp", TRUE, NULL);
  guint i;

  src_test_play (test);
  src_test_wait_eos (test);
  g_assert_cmpuint (test->n_lists, ==, 0);
  src_test_assert_flv (test, flv);
  for (i = 0; i < test->items->len; i++)
    g_assert_cmpuint (src_test_item (test, i)->running_time, <, 60 * GST_SECOND);
}

/* -- What the server is told -- */

static gdouble
get_number (const RtmpAmf *object, const gchar *name)
{
  return rtmp_amf_get_number (rtmp_amf_get (object, name), -1);
}

static void
test_connect_contents (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, "extra-connect-args", "conn=S:hello", NULL);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (RtmpCommand) connect = NULL;
  const RtmpAmf *object;
  g_autofree gchar *tc_url = rtmp_peer_get_url (test->peer, "live");

  src_test_play (test);
  src_test_wait_stage (test, RTMP_PEER_MEDIA);
  record = rtmp_peer_get_record (test->peer, 0);
  connect = rtmp_peer_record_get_command (record, "connect", 0);
  object = rtmp_command_get (connect, 0);
  g_assert_true (g_str_has_prefix (record->flash_version, "LNX "));
  g_assert_cmpstr (record->app, ==, "live");
  g_assert_cmpstr (record->tc_url, ==, tc_url);
  g_assert_cmpstr (record->stream, ==, SRC_TEST_KEY);
  g_assert_cmpint (rtmp_amf_get_type (rtmp_amf_get (object, "fpad")), ==, RTMP_AMF_BOOLEAN);
  g_assert_false (rtmp_amf_get_boolean (rtmp_amf_get (object, "fpad"), TRUE));
  g_assert_cmpfloat (get_number (object, "capabilities"), ==, 15);
  g_assert_cmpfloat (get_number (object, "audioCodecs"), >, 0);
  g_assert_cmpfloat (get_number (object, "videoCodecs"), >, 0);
  /* SUPPORT_VID_CLIENT_SEEK, and what Enhanced RTMP adds. */
  g_assert_cmpuint ((guint) get_number (object, "videoFunction") & 1, ==, 1);
  g_assert_cmpfloat (get_number (object, "capsEx"), ==, 4);
  g_assert_cmpuint (rtmp_amf_get_size (rtmp_amf_get (object, "fourCcList")), >, 0);
  g_assert_true (rtmp_amf_is_object (rtmp_amf_get (object, "videoFourCcInfoMap")));
  g_assert_true (rtmp_amf_is_object (rtmp_amf_get (object, "audioFourCcInfoMap")));
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (connect, 1)), ==, "hello");
}

static gboolean
has_buffer_length (const RtmpPeerRecord *record, gpointer milliseconds)
{
  guint i;

  for (i = 0; record && i < record->messages->len; i++) {
    RtmpControl control = { 0 };

    if (rtmp_control_is_control (((RtmpMessage *) record->messages->pdata[i])->type)
        && rtmp_control_parse (record->messages->pdata[i], &control, NULL)
        && control.type == RTMP_MESSAGE_USER_CONTROL
        && control.event == RTMP_USER_SET_BUFFER_LENGTH)
      return control.value == record->stream_id
          && control.value2 == GPOINTER_TO_UINT (milliseconds);
  }
  return FALSE;
}

static void
test_play_commands (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, "flash-version", "TEST 1", NULL);
  g_autoptr (RtmpPeerRecord) record = NULL;

  src_test_play (test);
  g_assert_true (rtmp_peer_wait (test->peer, 0, has_buffer_length, GUINT_TO_POINTER (3000)));
  src_test_stop (test);
  g_assert_true (rtmp_peer_wait_ended (test->peer, 0));
  record = rtmp_peer_get_record (test->peer, 0);
  g_assert_cmpstr (record->flash_version, ==, "TEST 1");
  g_assert_cmpstr (record->commands, ==, "connect createStream play deleteStream");
  g_assert_cmpuint (record->n_window_ack_sizes, ==, 1);
  g_assert_cmpuint (record->chunk_sizes->len, ==, 0);
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
}

/* -- Queries and statistics -- */

static void
test_latency (void)
{
  g_autoptr (SrcTest) test = src_test_new (NULL, "max-size-time", (guint64) (3 * GST_SECOND), NULL);
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  GstClockTime min, max;
  gboolean live;

  src_test_set_state (test, GST_STATE_PAUSED);
  g_assert_true (gst_element_query (test->src, query));
  gst_query_parse_latency (query, &live, &min, &max);
  g_assert_true (live);
  g_assert_cmpuint (min, ==, 0);
  g_assert_cmpuint (max, ==, 3 * GST_SECOND);

  g_object_set (test->src, "max-size-time", (guint64) 0, NULL);
  g_assert_true (gst_element_query (test->src, query));
  gst_query_parse_latency (query, NULL, NULL, &max);
  g_assert_false (GST_CLOCK_TIME_IS_VALID (max));

  src_test_set_state (test, GST_STATE_READY);
  g_object_set (test->src, "is-live", FALSE, NULL);
  src_test_set_state (test, GST_STATE_PAUSED);
  g_assert_true (gst_element_query (test->src, query));
  gst_query_parse_latency (query, &live, NULL, NULL);
  g_assert_false (live);
}

static void
test_stats (void)
{
  g_autoptr (GBytes) flv = test_flv_build (10, 0, 100);
  g_autoptr (SrcTest) test = src_test_new (
      &(RtmpPeerConfig) { .flv = flv, .window_size = 2500000, .chunk_size = 4096 }, NULL);
  g_autoptr (GstStructure) stats = NULL, idle = NULL;
  g_autofree gchar *text = NULL, *address = NULL;

  g_object_get (test->src, "stats", &idle, NULL);
  g_assert_cmpstr (gst_structure_get_string (idle, "state"), ==, "idle");

  src_test_play (test);
  src_test_wait_items (test, 24);
  g_object_get (test->src, "stats", &stats, NULL);
  text = gst_structure_to_string (stats);
  address = g_strdup_printf ("127.0.0.1:%u", rtmp_peer_get_port (test->peer));
  g_assert_cmpstr (gst_structure_get_string (stats, "state"), ==, "streaming");
  g_assert_cmpstr (gst_structure_get_string (stats, "address"), ==, address);
  g_assert_null (strstr (text, SRC_TEST_KEY));
  g_assert_cmpuint (src_test_get_stat (test, "in-chunk-size"), ==, 4096);
  g_assert_cmpuint (src_test_get_stat (test, "out-chunk-size"), ==, 128);
  g_assert_cmpuint (src_test_get_stat (test, "in-window-ack-size"), ==, 2500000);
  g_assert_cmpuint (src_test_get_stat (test, "in-video-messages"), ==, 11);
  g_assert_cmpuint (src_test_get_stat (test, "in-audio-messages"), ==, 11);
  g_assert_cmpuint (src_test_get_stat (test, "in-audio-bytes"), >=, 1000);
  g_assert_cmpuint (src_test_get_stat (test, "in-bytes-total"), >, 3073);
  g_assert_cmpuint (src_test_get_stat (test, "out-bytes-total"), >, 3073);
  g_assert_cmpuint (src_test_get_stat (test, "connections"), ==, 1);
  g_assert_cmpuint (src_test_get_stat (test, "round-trip-time"), <, 20 * GST_SECOND);
  g_assert_cmpuint (src_test_get_stat (test, "time-to-first-media"), <, 20 * GST_SECOND);
  g_assert_true (gst_structure_has_field (stats, "out-bytes-acked"));
  g_assert_true (gst_structure_has_field (stats, "out-window-ack-size"));
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/src/factory", test_factory);
  g_test_add_func ("/src/properties", test_properties);
  g_test_add_func ("/src/uri-handler", test_uri_handler);
  g_test_add_func ("/src/is-live-when-settable", test_is_live_when_settable);
  g_test_add_func ("/src/identical", test_identical);
  g_test_add_data_func ("/src/testsrc", "testsrc.flv", test_asset);
  g_test_add_data_func ("/src/mptestsrc", "mptestsrc.flv", test_asset);
  g_test_add_func ("/src/file-header", test_file_header);
  g_test_add_func ("/src/buffer-flags", test_buffer_flags);
  g_test_add_func ("/src/audio-only", test_audio_only);
  g_test_add_func ("/src/set-data-frame-is-stripped", test_set_data_frame_is_stripped);
  g_test_add_func ("/src/aggregate", test_aggregate);
  g_test_add_func ("/src/lists", test_lists);
  g_test_add_func ("/src/num-buffers", test_num_buffers);
  g_test_add_func ("/src/do-timestamp", test_do_timestamp);
  g_test_add_func ("/src/connect-contents", test_connect_contents);
  g_test_add_func ("/src/play-commands", test_play_commands);
  g_test_add_func ("/src/latency", test_latency);
  g_test_add_func ("/src/stats", test_stats);
  return element_test_run ();
}
