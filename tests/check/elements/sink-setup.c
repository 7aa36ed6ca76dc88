/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For SO_MAX_PACING_RATE, which plain C11 hides. */
#define _DEFAULT_SOURCE

#include <string.h>
#include <sys/socket.h>

#include "core/rtmplimits.h"
#include "support/sinktest.h"

/* rtmp2sink: from an address to a publication: what the server is told, and in which order. */

static GBytes *
make_frame (guint8 seed)
{
  GByteArray *flv = test_flv_new ();

  test_flv_add_key (flv, seed * 40u, 100, seed);
  return g_byte_array_free_to_bytes (flv);
}

/* A frame, and until it has arrived. */
static void
publish_frame (SinkTest *test)
{
  g_autoptr (GBytes) frame = make_frame (1);

  sink_test_push_bytes (test, frame);
  g_assert_true (rtmp_peer_wait_media (test->peer, RTMP_PEER_LAST, 1));
}

/* (transfer full): what the last connection's server has been told. */
static RtmpPeerRecord *
play_and_record (SinkTest *test)
{
  sink_test_play (test, NULL);
  publish_frame (test);
  return rtmp_peer_get_record (test->peer, RTMP_PEER_LAST);
}

/* -- connect -- */

static const RtmpAmf *
get_connect_object (const RtmpCommand *command)
{
  g_assert_nonnull (command);
  return rtmp_command_get (command, 0);
}

static gboolean
list_has (const RtmpAmf *list, const gchar *text)
{
  guint i;

  for (i = 0; i < rtmp_amf_get_size (list); i++) {
    if (g_strcmp0 (rtmp_amf_get_string (rtmp_amf_get_nth (list, i)), text) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
test_commands (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (RtmpPeerRecord) record = play_and_record (test);
  static const gchar *const names[] = { "connect", "releaseStream", "FCPublish", "createStream",
    "publish" };
  guint i;

  g_assert_cmpstr (record->commands, ==, "connect releaseStream FCPublish createStream publish");
  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (RtmpCommand) command = rtmp_peer_record_get_command (record, names[i], 0);

    g_assert_cmpfloat (command->transaction, ==, i + 1);
    if (i == 1 || i == 2 || i == 4)
      g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (command, 1)), ==, SINK_TEST_KEY);
    /* peers.md Q13 */
    if (i == 4)
      g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (command, 2)), ==, "live");
  }
  g_assert_cmpuint (record->n_window_ack_sizes, ==, 1);
}

static void
test_connect (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (RtmpPeerRecord) record = play_and_record (test);
  g_autoptr (RtmpCommand) command = rtmp_peer_record_get_command (record, "connect", 0);
  g_autofree gchar *tc_url = g_strdup_printf ("rtmp://127.0.0.1:%u/live",
      rtmp_peer_get_port (test->peer));
  const RtmpAmf *object = get_connect_object (command);

  g_assert_cmpuint (command->args->len, ==, 1);
  g_assert_cmpstr (record->app, ==, "live");
  g_assert_cmpstr (record->tc_url, ==, tc_url);
  g_assert_cmpstr (rtmp_amf_get_member_string (object, "type"), ==, "nonprivate");
  g_assert_true (g_str_has_prefix (record->flash_version, "FMLE/3.0 (compatible;"));
  g_assert_cmpfloat (rtmp_amf_get_member_number (object, "objectEncoding", -1), ==, 0);
  /* What a player says of itself. */
  g_assert_null (rtmp_amf_get (object, "fpad"));
  g_assert_null (rtmp_amf_get (object, "audioCodecs"));
  g_assert_null (rtmp_amf_get (object, "swfUrl"));
  g_assert_null (rtmp_amf_get (object, "pageUrl"));
}

/* protocol.md 32 and 40 */
static void
test_connect_enhanced (void)
{
  static const gchar *const video[] = { "av01", "avc1", "hvc1", "vvc1", "vp08", "vp09", NULL };
  static const gchar *const audio[] = { "ac-3", "ec-3", "Opus", ".mp3", "fLaC", "mp4a", NULL };
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (RtmpPeerRecord) record = play_and_record (test);
  g_autoptr (RtmpCommand) command = rtmp_peer_record_get_command (record, "connect", 0);
  const RtmpAmf *object = get_connect_object (command);
  const RtmpAmf *list = rtmp_amf_get (object, "fourCcList");
  const RtmpAmf *video_map = rtmp_amf_get (object, "videoFourCcInfoMap");
  const RtmpAmf *audio_map = rtmp_amf_get (object, "audioFourCcInfoMap");
  guint i;

  g_assert_cmpfloat (rtmp_amf_get_member_number (object, "capsEx", -1), ==,
      RTMP_CAPS_EX_MULTITRACK | RTMP_CAPS_EX_MODEX);
  g_assert_cmpint (rtmp_amf_get_type (list), ==, RTMP_AMF_STRICT_ARRAY);
  for (i = 0; video[i]; i++) {
    g_assert_true (list_has (list, video[i]));
    g_assert_cmpfloat (rtmp_amf_get_member_number (video_map, video[i], 0), >, 0);
  }
  for (i = 0; audio[i]; i++) {
    g_assert_true (list_has (list, audio[i]));
    g_assert_cmpfloat (rtmp_amf_get_member_number (audio_map, audio[i], 0), >, 0);
  }
}

static void
test_flash_version (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, "flash-version", "WIN 1,2,3,4", NULL);
  g_autoptr (RtmpPeerRecord) record = play_and_record (test);

  g_assert_cmpstr (record->flash_version, ==, "WIN 1,2,3,4");
}

static void
assert_extra (const RtmpCommand *command)
{
  const RtmpAmf *object = rtmp_command_get (command, 3);

  g_assert_cmpuint (command->args->len, ==, 5);
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (command, 1)), ==, "a text");
  g_assert_true (rtmp_amf_get_boolean (rtmp_command_get (command, 2), FALSE));
  g_assert_true (rtmp_amf_is_object (object));
  g_assert_cmpfloat (rtmp_amf_get_member_number (object, "pi", 0), ==, 3.5);
  g_assert_cmpint (rtmp_amf_get_type (rtmp_command_get (command, 4)), ==, RTMP_AMF_NULL);
}

static void
test_extra_connect_args (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, "extra-connect-args",
      "conn=S:a\\20text conn=B:1 conn=O:1 conn=NN:pi:3.5 conn=O:0 conn=Z:", NULL);
  g_autoptr (RtmpPeerRecord) record = play_and_record (test);
  g_autoptr (RtmpCommand) command = rtmp_peer_record_get_command (record, "connect", 0);

  assert_extra (command);
}

/* -- Addresses -- */

static void
set_location (SinkTest *test, const gchar *rest)
{
  g_autofree gchar *location = rtmp_peer_get_url (test->peer, rest);

  g_object_set (test->sink, "location", location, NULL);
}

/* librtmp's trailing options. */
static void
test_location_options (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (RtmpCommand) command = NULL;
  const RtmpAmf *object;

  set_location (test,
      "live/none app=other/inst playpath=k\\20ey?a=/b tcUrl=rtmp://example/x "
      "swfUrl=http://example/a.swf pageUrl=http://example/p flashVer=FMLE/9 live=1 "
      "conn=S:a\\20text conn=B:1 conn=O:1 conn=NN:pi:3.5 conn=O:0 conn=Z:");
  record = play_and_record (test);
  command = rtmp_peer_record_get_command (record, "connect", 0);
  object = get_connect_object (command);
  g_assert_cmpstr (record->app, ==, "other/inst");
  g_assert_cmpstr (record->stream, ==, "k ey?a=/b");
  g_assert_cmpstr (record->tc_url, ==, "rtmp://example/x");
  g_assert_cmpstr (record->flash_version, ==, "FMLE/9");
  g_assert_cmpstr (rtmp_amf_get_member_string (object, "swfUrl"), ==, "http://example/a.swf");
  g_assert_cmpstr (rtmp_amf_get_member_string (object, "pageUrl"), ==, "http://example/p");
  assert_extra (command);
}

/* The properties override the address and its options. */
static void
test_location_overridden (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (RtmpPeerRecord) record = NULL;
  g_autoptr (RtmpCommand) command = NULL;

  set_location (test, "live/none flashVer=FMLE/9 conn=S:other");
  g_object_set (test->sink, "application", "app/inst", "stream", "key?token=a/b", "flash-version",
      "FMLE/7", "extra-connect-args", "S:one", NULL);
  record = play_and_record (test);
  command = rtmp_peer_record_get_command (record, "connect", 0);
  g_assert_cmpstr (record->app, ==, "app/inst");
  g_assert_cmpstr (record->stream, ==, "key?token=a/b");
  g_assert_cmpstr (record->flash_version, ==, "FMLE/7");
  g_assert_cmpuint (command->args->len, ==, 2);
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (command, 1)), ==, "one");
}

/* peers.md Q30 */
static void
test_location_forms (void)
{
  static const struct {
    const gchar *path;
    const gchar *app;
    const gchar *stream;
  } forms[] = {
    { "app/key?token=a/b", "app", "key?token=a/b" },
    { "app/instance/key", "app/instance", "key" },
    { "app/?streamname=a&key=b", "app", "?streamname=a&key=b" },
    { "live2?backup=1/key", "live2?backup=1", "key" },
    { "app/mp4:dir/file.mp4", "app", "mp4:dir/file.mp4" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (forms); i++) {
    g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
    g_autoptr (RtmpPeerRecord) record = NULL;

    set_location (test, forms[i].path);
    record = play_and_record (test);
    g_assert_cmpstr (record->app, ==, forms[i].app);
    g_assert_cmpstr (record->stream, ==, forms[i].stream);
  }
}

static void
test_location_ipv6 (void)
{
  RtmpPeerConfig config = { .ipv6 = TRUE };
  RtmpPeer *peer = rtmp_peer_new (&config);
  g_autoptr (SinkTest) test = NULL;
  g_autoptr (RtmpPeerRecord) record = NULL;

  if (!peer) {
    g_test_skip ("There is no IPv6");
    return;
  }
  test = sink_test_new_alone (NULL);
  test->peer = peer;
  set_location (test, "live/key");
  record = play_and_record (test);
  g_assert_true (g_str_has_prefix (record->tc_url, "rtmp://[::1]:"));
}

/* -- Chunk size -- */

static void
assert_chunk_sizes (SinkTest *test, guint n, ...)
{
  g_autoptr (RtmpPeerRecord) record = rtmp_peer_get_record (test->peer, RTMP_PEER_LAST);
  va_list sizes;
  guint i;

  g_assert_cmpuint (record->chunk_sizes->len, ==, n);
  va_start (sizes, n);
  for (i = 0; i < n; i++)
    g_assert_cmpuint (g_array_index (record->chunk_sizes, guint32, i), ==, va_arg (sizes, guint));
  va_end (sizes);
}

/* 65536 unless set, announced before connect. */
static void
test_chunk_size (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (RtmpPeerRecord) record = play_and_record (test);

  g_assert_cmpint (((RtmpMessage *) record->messages->pdata[0])->type, ==,
      RTMP_MESSAGE_SET_CHUNK_SIZE);
  g_assert_cmpint (((RtmpMessage *) record->messages->pdata[1])->type, ==,
      RTMP_MESSAGE_COMMAND_AMF0);
  assert_chunk_sizes (test, 1, 65536u);
}

static void
test_chunk_size_set (void)
{
  static const guint sizes[] = { 1, 4096, 0x7FFFFFFF };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (SinkTest) test = sink_test_new (NULL, "chunk-size", sizes[i], NULL);
    g_autoptr (RtmpPeerRecord) record = play_and_record (test);

    assert_chunk_sizes (test, 1, sizes[i]);
  }
}

/* In PLAYING too, between two messages. */
static void
test_chunk_size_changed (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);
  g_autoptr (GBytes) flv = test_flv_build (20, 0, 10000);
  gsize size = g_bytes_get_size (flv);
  g_autoptr (GBytes) first = g_bytes_new_from_bytes (flv, 0, size / 2);
  g_autoptr (GBytes) second = g_bytes_new_from_bytes (flv, size / 2, size - size / 2);

  sink_test_play (test, NULL);
  sink_test_push_bytes (test, first);
  g_object_set (test->sink, "chunk-size", 333, NULL);
  sink_test_push_bytes (test, second);
  sink_test_assert_media (test, flv);
  assert_chunk_sizes (test, 2, 65536u, 333u);
}

/* While the connection is being made the new value must not get lost. */
static void
check_chunk_size_early (gconstpointer data)
{
  RtmpPeerStage stage = (RtmpPeerStage) GPOINTER_TO_INT (data);
  RtmpPeerConfig config = { 0 };
  g_autoptr (SinkTest) test = NULL;
  g_autoptr (RtmpPeerRecord) record = NULL;
  guint32 last;

  config.reactions[stage].action = RTMP_PEER_HOLD;
  test = sink_test_new (&config, NULL);
  sink_test_play (test, NULL);
  g_assert_true (rtmp_peer_wait_stage (test->peer, 0, stage));
  g_object_set (test->sink, "chunk-size", 1000, NULL);
  rtmp_peer_pass (test->peer, stage);
  publish_frame (test);
  record = rtmp_peer_get_record (test->peer, 0);
  last = g_array_index (record->chunk_sizes, guint32, record->chunk_sizes->len - 1);
  g_assert_cmpuint (last, ==, 1000);
}

/* -- Pacing -- */

static guint32
get_pacing (SinkTest *test)
{
  gint socket = sink_test_find_socket (test);
  guint32 rate = 0;
  socklen_t size = sizeof (rate);

  g_assert_cmpint (getsockopt (socket, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &size), ==, 0);
  return rate;
}

/* kbit/s in the property, byte/s in the socket; it is fixed for a connection that is there, too. */
static void
test_peak_kbps (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, "peak-kbps", 8000, NULL);

  sink_test_play (test, NULL);
  publish_frame (test);
  g_assert_cmpuint (get_pacing (test), ==, 1000000);
  g_object_set (test->sink, "peak-kbps", 16000, NULL);
  g_assert_cmpuint (get_pacing (test), ==, 2000000);
  g_object_set (test->sink, "peak-kbps", 0, NULL);
  g_assert_cmpuint (get_pacing (test), ==, G_MAXUINT32);
}

/* -- When it connects -- */

static void
test_async_connect (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, NULL);

  sink_test_set_state (test, GST_STATE_READY);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 0);
  sink_test_set_state (test, GST_STATE_PAUSED);
  g_assert_true (rtmp_peer_wait_stage (test->peer, 0, RTMP_PEER_MEDIA));
}

static void
test_async_connect_off (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, "async-connect", FALSE, NULL);
  g_autoptr (SinkTest) other = sink_test_new (NULL, NULL);

  sink_test_play (test, NULL);
  sink_test_play (other, NULL);
  publish_frame (other);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 0);
  publish_frame (test);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 1);
  sink_test_end (test);
}

/* The stream ends before there was a reason to connect. */
static void
test_async_connect_off_unused (void)
{
  g_autoptr (SinkTest) test = sink_test_new (NULL, "async-connect", FALSE, NULL);

  sink_test_play (test, NULL);
  sink_test_end (test);
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, 0);
}

/* -- Authentication -- */

#define PASSWORD "sesame+&/%"

typedef struct {
  gboolean llnw;
  const gchar *authmod;
  const gchar *username;
  const gchar *password;
  guint connections; /* it takes; 0: refused */
} Auth;

static const Auth auths[] = {
  { FALSE, "auto", "user", PASSWORD, 3 },
  { FALSE, "adobe", "user", PASSWORD, 3 },
  { FALSE, "none", "user", PASSWORD, 0 },
  { FALSE, "llnw", "user", PASSWORD, 0 },
  { FALSE, "auto", "user", "wr0ngPassword", 0 },
  { FALSE, "auto", "nobody", PASSWORD, 0 },
  { FALSE, "auto", NULL, NULL, 0 },
  { TRUE, "auto", "user", PASSWORD, 3 },
  { TRUE, "llnw", "user", PASSWORD, 3 },
  { TRUE, "adobe", "user", PASSWORD, 0 },
  { TRUE, "auto", "user", "wr0ngPassword", 0 },
};

static void
assert_refused (SinkTest *test)
{
  static const gchar *const secrets[] = { SINK_TEST_KEY, PASSWORD, "wr0ngPassword", NULL };
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *code = NULL;

  message = element_test_wait_error (test->bus, GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_NOT_AUTHORIZED);
  element_test_assert_hides (message, secrets);
  code = element_test_get_detail (message, "server-code");
  g_assert_cmpstr (code, ==, "NetConnection.Connect.Rejected");
  /* No endless retry. */
  g_assert_cmpuint (rtmp_peer_count_connections (test->peer), <=, 4);
}

static void
test_auth (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (auths); i++) {
    RtmpPeerConfig config = { .username = "user", .password = PASSWORD, .llnw = auths[i].llnw };
    g_autoptr (SinkTest) test = sink_test_new (&config, "username", auths[i].username, "password",
        auths[i].password, NULL);

    g_test_message ("row %u", i);
    gst_util_set_object_arg (G_OBJECT (test->sink), "authmod", auths[i].authmod);
    sink_test_play (test, NULL);
    if (auths[i].connections == 0) {
      assert_refused (test);
      continue;
    }
    publish_frame (test);
    g_assert_cmpuint (rtmp_peer_count_connections (test->peer), ==, auths[i].connections);
  }
}

/* Credentials in the address, with percent escapes. */
static void
test_auth_in_location (void)
{
  RtmpPeerConfig config = { .username = "us:er", .password = "p@ss/word" };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  g_autofree gchar *location = g_strdup_printf (
      "rtmp://us%%3Aer:p%%40ss%%2Fword@127.0.0.1:%u/live/key", rtmp_peer_get_port (test->peer));

  g_object_set (test->sink, "location", location, NULL);
  sink_test_play (test, NULL);
  publish_frame (test);
}

/* Vector 23 */
#define TOKEN_KEY "abcdefghijklmnop"
#define TOKEN "4144aadabf24db23cea0560c76e64905"
#define TOKEN_ANSWER "1234567890123456"

static void
assert_token_answer (SinkTest *test)
{
  g_autoptr (RtmpPeerRecord) record = play_and_record (test);
  g_autoptr (RtmpCommand) command = rtmp_peer_record_get_command (record, "secureTokenResponse", 0);

  g_assert_nonnull (command);
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_command_get (command, 1)), ==, TOKEN_ANSWER);
}

static void
test_secure_token (void)
{
  RtmpPeerConfig config = { .secure_token = TOKEN };
  g_autoptr (SinkTest) test = sink_test_new (&config, "secure-token", TOKEN_KEY, NULL);

  assert_token_answer (test);
}

static void
test_secure_token_in_location (void)
{
  RtmpPeerConfig config = { .secure_token = TOKEN };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);

  set_location (test, "live/key token=" TOKEN_KEY);
  assert_token_answer (test);
}

/* A server that asks for a token when none is set may still take the stream. */
static void
test_secure_token_unset (void)
{
  RtmpPeerConfig config = { .secure_token = TOKEN };
  g_autoptr (SinkTest) test = sink_test_new (&config, NULL);
  g_autoptr (RtmpPeerRecord) record = play_and_record (test);

  g_assert_null (rtmp_peer_record_get_command (record, "secureTokenResponse", 0));
}

/* -- Servers' ways (peers.md) -- */

static void
test_quirks (void)
{
  static const struct {
    const gchar *name;
    RtmpPeerConfig config;
  } rows[] = {
    { "Q1", { .quirks = RTMP_PEER_NO_FC_ANSWERS } },
    { "Q2", { .quirks = RTMP_PEER_FC_ERRORS } },
    { "Q4", { .quirks = RTMP_PEER_ZERO_TRANSACTIONS | RTMP_PEER_NO_FC_ANSWERS } },
    { "Q7", { .quirks = RTMP_PEER_START_ON_STREAM_0 } },
    { "Q28", { .quirks = RTMP_PEER_NO_ACKS } },
    { "Q3, Q14, Q15", { .say_before = 0xFF, .say_after = 0xFF } },
    { "Q18", { .chunk_size = 1 } },
    { "one byte at a time", { .dribble = TRUE } },
    { "window", { .window_size = 1000, .chunk_size = 60000 } },
    { "slow reader", { .read_size = 1, .read_interval = 0 } },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (SinkTest) test = sink_test_new (&rows[i].config, NULL);
    g_autoptr (GBytes) flv = test_flv_build (10, 0, 1000);

    g_test_message ("%s", rows[i].name);
    sink_test_play (test, NULL);
    sink_test_push_bytes (test, flv);
    sink_test_end (test);
    sink_test_assert_media (test, flv);
  }
}

static gpointer
stage_data (RtmpPeerStage stage)
{
  return GINT_TO_POINTER (stage);
}

int
main (int argc, char **argv)
{
  element_test_init (&argc, &argv);

  g_test_add_func ("/sink-setup/commands", test_commands);
  g_test_add_func ("/sink-setup/connect/plain", test_connect);
  g_test_add_func ("/sink-setup/connect/enhanced", test_connect_enhanced);
  g_test_add_func ("/sink-setup/connect/flash-version", test_flash_version);
  g_test_add_func ("/sink-setup/connect/extra-args", test_extra_connect_args);
  g_test_add_func ("/sink-setup/location/options", test_location_options);
  g_test_add_func ("/sink-setup/location/overridden", test_location_overridden);
  g_test_add_func ("/sink-setup/location/forms", test_location_forms);
  g_test_add_func ("/sink-setup/location/ipv6", test_location_ipv6);
  g_test_add_func ("/sink-setup/chunk-size/default", test_chunk_size);
  g_test_add_func ("/sink-setup/chunk-size/set", test_chunk_size_set);
  g_test_add_func ("/sink-setup/chunk-size/changed", test_chunk_size_changed);
  g_test_add_data_func ("/sink-setup/chunk-size/in-handshake", stage_data (RTMP_PEER_HANDSHAKE),
      check_chunk_size_early);
  g_test_add_data_func ("/sink-setup/chunk-size/in-connect", stage_data (RTMP_PEER_CONNECT),
      check_chunk_size_early);
  g_test_add_data_func ("/sink-setup/chunk-size/in-publish", stage_data (RTMP_PEER_START),
      check_chunk_size_early);
  g_test_add_func ("/sink-setup/peak-kbps", test_peak_kbps);
  g_test_add_func ("/sink-setup/async-connect/on", test_async_connect);
  g_test_add_func ("/sink-setup/async-connect/off", test_async_connect_off);
  g_test_add_func ("/sink-setup/async-connect/off-unused", test_async_connect_off_unused);
  g_test_add_func ("/sink-setup/auth/modes", test_auth);
  g_test_add_func ("/sink-setup/auth/in-location", test_auth_in_location);
  g_test_add_func ("/sink-setup/secure-token/property", test_secure_token);
  g_test_add_func ("/sink-setup/secure-token/in-location", test_secure_token_in_location);
  g_test_add_func ("/sink-setup/secure-token/unset", test_secure_token_unset);
  g_test_add_func ("/sink-setup/quirks", test_quirks);
  return element_test_run ();
}
