/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpsession.h"

#include "../../support/sessiontest.h"

/* Both roles against each other: set-up, media, control messages, time. What a
 * role makes of other peers is told in client.c, clientquirks.c and server.c; how
 * sessions are refused and how they end, in sessionend.c. */

static const gsize steps[] = { 0, 1, 7, 1000 };

/* -- Set-up -- */

static void
check_publish (gsize step)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);

  client->step = server->step = step;
  run_pair (client, server);
  g_assert_no_error (client->error);
  g_assert_no_error (server->error);
  assert_events (client, "ready status 'NetStream.Publish.Start'\n");
  assert_events (server, "connect?\npublish? 1 'myStream'\n");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_STREAMING);
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_STREAMING);
  g_assert_cmpuint (rtmp_client_get_stream_id (client->session), ==, 1);
  g_assert_cmpstr (rtmp_server_get_app (server->session), ==, "live");
  g_assert_cmpstr (rtmp_server_get_tc_url (server->session), ==, "rtmp://localhost/live");
  g_assert_cmpstr (rtmp_server_get_flash_version (server->session), ==, RTMP_FLASH_VERSION_PUBLISH);

  rtmp_client_stop (client->session, RTMP_STOP_FCUNPUBLISH | RTMP_STOP_DELETE_STREAM, SECOND);
  run_pair (client, server);
  assert_events (server, "closed 1\n");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CLOSING);
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_START);
}

static void
check_play (gsize step)
{
  g_autoptr (End) client = client_end_new (FALSE);
  g_autoptr (End) server = server_end_new (TRUE);

  client->step = server->step = step;
  run_pair (client, server);
  g_assert_no_error (client->error);
  g_assert_no_error (server->error);
  assert_events (client, "ready status 'NetStream.Play.Start'\n");
  assert_events (server, "connect?\nplay? 1 'myStream'\n");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_STREAMING);
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_STREAMING);
  g_assert_cmpstr (rtmp_server_get_flash_version (server->session), ==, RTMP_FLASH_VERSION_PLAY);

  rtmp_client_stop (client->session, RTMP_STOP_CLOSE_STREAM | RTMP_STOP_DELETE_STREAM, SECOND);
  run_pair (client, server);
  assert_events (server, "closed 1\n");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_START);
}

static void
test_set_up (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (steps); i++) {
    check_publish (steps[i]);
    check_play (steps[i]);
  }
}

/* Each stage is passed, and told, in its order. */
static void
test_stages (void)
{
  g_autoptr (End) publisher = client_end_new (TRUE);
  g_autoptr (End) player = client_end_new (FALSE);
  g_autoptr (End) server = server_end_new (TRUE);
  g_autoptr (End) other = server_end_new (TRUE);

  publisher->step = player->step = server->step = other->step = 1;
  run_pair (publisher, server);
  run_pair (player, other);
  g_assert_cmpstr (publisher->stages->str, ==, " handshake connect create-stream start streaming");
  g_assert_cmpstr (player->stages->str, ==, " handshake connect create-stream streaming");
  g_assert_cmpstr (server->stages->str, ==, " handshake connect start streaming");
  g_assert_cmpstr (other->stages->str, ==, " handshake connect start streaming");
}

/* protocol.md 32 and 33: what one declares the other knows. */
static void
test_capabilities (void)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  RtmpClientConfig config = test_client_config (location, TRUE);
  g_autoptr (End) client = NULL;
  g_autoptr (End) server = server_end_new (TRUE);

  config.caps_ex = RTMP_CAPS_EX_RECONNECT | RTMP_CAPS_EX_MODEX;
  client = end_new (rtmp_client_new (&config, SECOND), SECOND);
  g_assert_false (rtmp_session_get_peer_caps (server->session)->declared);
  run_pair (client, server);
  g_assert_true (rtmp_session_get_peer_caps (server->session)->declared);
  g_assert_cmpuint (rtmp_session_get_peer_caps (server->session)->caps_ex, ==, 5);
  g_assert_true (rtmp_session_get_peer_caps (client->session)->declared);
  g_assert_cmpuint (rtmp_session_get_peer_caps (client->session)->caps_ex, ==, 1);
}

/* -- Media -- */

/* Timestamps cross 2^24 and 2^32 (peers.md Q33) and go back (Q25); sizes are about the
 * chunk sizes in force and far above. */
static const struct {
  guint8 type;
  guint32 timestamp;
  guint size;
} samples[] = {
  { RTMP_MESSAGE_DATA_AMF0, 0, 300 },
  { RTMP_MESSAGE_VIDEO, 0, 50 },
  { RTMP_MESSAGE_AUDIO, 0, 4 },
  { RTMP_MESSAGE_VIDEO, 40, 30000 },
  { RTMP_MESSAGE_AUDIO, 23, 0 },
  { RTMP_MESSAGE_AUDIO, 46, 128 },
  { RTMP_MESSAGE_VIDEO, 0xFFFFFE, 129 },
  { RTMP_MESSAGE_VIDEO, 0xFFFFFF, 4096 },
  { RTMP_MESSAGE_VIDEO, 0x1000000, 4097 },
  { RTMP_MESSAGE_AUDIO, 0x1000000, 1 },
  { RTMP_MESSAGE_DATA_AMF3, 0x1000000, 20 },
  { RTMP_MESSAGE_VIDEO, 0x2000001, 8192 },
  { RTMP_MESSAGE_VIDEO, 0x1FFFFFF, 77 },
  { RTMP_MESSAGE_AUDIO, 0xFFFFFFF0, 127 },
  { RTMP_MESSAGE_AUDIO, 0x10, 255 },
  { RTMP_MESSAGE_VIDEO, 0x20, 10000 },
};

static RtmpMessage *
sample_new (guint index)
{
  g_autofree guint8 *payload = g_malloc (samples[index].size + 1);
  guint i;

  for (i = 0; i < samples[index].size; i++)
    payload[i] = (guint8) (i * 31 + (i >> 8) + index);
  return rtmp_message_new_copied (samples[index].type, 0, samples[index].timestamp, payload,
      samples[index].size);
}

static void
assert_samples (const End *end)
{
  guint i;

  g_assert_cmpuint (end->media->len, ==, G_N_ELEMENTS (samples));
  for (i = 0; i < G_N_ELEMENTS (samples); i++) {
    RtmpMessage *message = end->media->pdata[i];
    g_autoptr (RtmpMessage) sample = sample_new (i);
    g_autoptr (GBytes) payload = rtmp_message_get_payload (message);
    g_autoptr (GBytes) expected = rtmp_message_get_payload (sample);

    g_assert_cmpuint (message->type, ==, sample->type);
    g_assert_cmpuint (message->timestamp, ==, sample->timestamp);
    g_assert_cmpuint (message->stream_id, ==, 1);
    g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload),
        g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));
  }
}

static void
check_media_out (gsize step)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);
  guint i;

  client->step = server->step = step;
  run_pair (client, server);
  for (i = 0; i < G_N_ELEMENTS (samples); i++)
    rtmp_session_send_media (client->session, sample_new (i));
  g_assert_cmpuint (rtmp_session_get_queued (client->session), >, 50000);
  run_pair (client, server);
  g_assert_cmpuint (rtmp_session_get_queued (client->session), ==, 0);
  assert_samples (server);
  g_assert_cmpuint (client->media->len, ==, 0);
}

static void
check_media_in (gsize step)
{
  g_autoptr (End) client = client_end_new (FALSE);
  g_autoptr (End) server = server_end_new (TRUE);
  guint i;

  client->step = server->step = step;
  run_pair (client, server);
  for (i = 0; i < G_N_ELEMENTS (samples); i++)
    rtmp_server_send_media (server->session, 1, sample_new (i));
  run_pair (client, server);
  assert_samples (client);
  g_assert_cmpuint (server->media->len, ==, 0);
}

static void
test_media (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (steps); i++) {
    check_media_out (steps[i]);
    check_media_in (steps[i]);
  }
}

/* From a publisher through a relay to a player: nothing is lost or changed but the
 * "@setDataFrame" (vector 42), whichever message stream ids there are. */
static void
test_relay (void)
{
  static const guint8 set_data_frame[] = "\x02\x00\x0D@setDataFrame"
                                         "\x02\x00\x0AonMetaData\x08\x00\x00\x00\x00\x00\x00\x09";
  const gsize size = sizeof (set_data_frame) - 1;
  g_autoptr (End) publisher = client_end_new (TRUE);
  g_autoptr (End) in = server_end_new (TRUE);
  g_autoptr (End) out = server_end_new (TRUE);
  g_autoptr (End) player = client_end_new (FALSE);
  g_autoptr (GBytes) received = NULL;

  run_pair (publisher, in);
  run_pair (player, out);
  rtmp_session_send_media (publisher->session,
      rtmp_message_new_copied (RTMP_MESSAGE_DATA_AMF0, 0, 7, set_data_frame, size));
  run_pair (publisher, in);
  g_assert_cmpuint (in->media->len, ==, 1);
  g_assert_cmpuint (((RtmpMessage *) in->media->pdata[0])->size, ==, size);

  rtmp_server_send_media (out->session, 1, g_ptr_array_steal_index (in->media, 0));
  run_pair (player, out);
  g_assert_cmpuint (player->media->len, ==, 1);
  received = rtmp_message_get_payload (player->media->pdata[0]);
  g_assert_cmpmem (g_bytes_get_data (received, NULL), g_bytes_get_size (received),
      set_data_frame + 16, size - 16);
  g_assert_cmpuint (((RtmpMessage *) player->media->pdata[0])->timestamp, ==, 7);
}

/* -- Control messages -- */

static void
get_stats (const End *end, RtmpSessionStats *stats)
{
  rtmp_session_get_stats (end->session, stats);
}

/* A new chunk size counts from the very next chunk, message after message. */
static void
check_chunk_sizes (gsize step)
{
  static const guint32 sizes[] = { 1, 128, 65536, 2, RTMP_MAX_CHUNK_SIZE, 5000 };
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);
  RtmpSessionStats out, in;
  guint i;

  client->step = server->step = step;
  run_pair (client, server);
  get_stats (client, &out);
  get_stats (server, &in);
  g_assert_cmpuint (out.out_chunk_size, ==, 4096);
  g_assert_cmpuint (in.in_chunk_size, ==, 4096);
  g_assert_cmpuint (in.out_chunk_size, ==, 60000);
  g_assert_cmpuint (out.in_chunk_size, ==, 60000);

  for (i = 0; i < G_N_ELEMENTS (samples); i++) {
    rtmp_session_set_chunk_size (client->session, sizes[i % G_N_ELEMENTS (sizes)]);
    rtmp_session_send_media (client->session, sample_new (i));
  }
  run_pair (client, server);
  assert_samples (server);
  get_stats (server, &in);
  g_assert_cmpuint (in.in_chunk_size, ==, sizes[(i - 1) % G_N_ELEMENTS (sizes)]);
}

static void
test_chunk_sizes (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (steps); i++)
    check_chunk_sizes (steps[i]);
}

static void
assert_acked (End *sender, guint32 window)
{
  RtmpSessionStats stats;

  get_stats (sender, &stats);
  g_assert_cmpuint (stats.out_bytes_total, >, 10 * window);
  g_assert_cmpuint (stats.out_bytes_acked, <=, stats.out_bytes_total);
  g_assert_cmpuint (stats.out_bytes_total - stats.out_bytes_acked, <, window);
}

/* protocol.md 12: whoever receives acknowledges, within the window that the other announced. */
static void
test_acknowledgements (void)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  RtmpClientConfig client_config = test_client_config (location, TRUE);
  RtmpServerConfig server_config = test_server_config ();
  g_autoptr (End) client = NULL;
  g_autoptr (End) server = NULL;
  RtmpSessionStats stats;
  guint i;

  client_config.window_size = 2000;
  server_config.window_size = 3000;
  client = end_new (rtmp_client_new (&client_config, SECOND), SECOND);
  server = end_new (rtmp_server_new (&server_config, SECOND), SECOND);
  server->accept = TRUE;
  client->step = server->step = 100;
  run_pair (client, server);
  get_stats (client, &stats);
  g_assert_cmpuint (stats.in_window_ack_size, ==, 3000);
  g_assert_cmpuint (stats.out_window_ack_size, ==, 2000);
  get_stats (server, &stats);
  g_assert_cmpuint (stats.in_window_ack_size, ==, 2000);
  g_assert_cmpuint (stats.out_window_ack_size, ==, 3000);

  for (i = 0; i < G_N_ELEMENTS (samples); i++)
    rtmp_session_send_media (client->session, sample_new (i));
  run_pair (client, server);
  assert_acked (client, 2000);
  get_stats (server, &stats);
  g_assert_cmpuint (stats.in_bytes_total - stats.in_bytes_acked, <, 2000);
}

static void
test_ping (void)
{
  g_autoptr (End) client = client_end_new (FALSE);
  g_autoptr (End) server = server_end_new (TRUE);
  RtmpSessionStats stats;

  run_pair (client, server);
  get_stats (server, &stats);
  g_assert_cmpint (stats.round_trip, ==, -1);
  end_forget (client);
  end_forget (server);

  set_time (client, server, 20 * SECOND);
  rtmp_server_ping (server->session, server->now);
  g_assert_true (pass_bytes (server, client));
  assert_output (server, "4@0 6 20000\n");
  set_time (client, server, 20 * SECOND + 35000);
  g_assert_true (pass_bytes (client, server));
  assert_output (client, "4@0 7 20000\n");
  get_stats (server, &stats);
  g_assert_cmpint (stats.round_trip, ==, 35000);
  g_assert_no_error (client->error);
}

/* Takes part of what a session has to send. */
static void
send_some (End *end, gsize size)
{
  RtmpVector vectors[2];

  g_assert_cmpuint (rtmp_session_peek (end->session, vectors, 2), ==, 2);
  g_assert_cmpuint (vectors[0].size + vectors[1].size, >, size);
  end_read_own (end, vectors[0].base, vectors[0].size);
  end_read_own (end, vectors[1].base, size - vectors[0].size);
  rtmp_session_consume (end->session, size);
}

/* Neither pong nor acknowledgement waits for media; nor do they land inside a chunk. */
static void
test_urgent (void)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);

  run_pair (client, server);
  end_forget (client);
  rtmp_session_send_media (client->session, sample_new (3));
  rtmp_session_send_media (client->session, sample_new (11));
  send_some (client, 1000);
  client->now = 9 * SECOND;
  rtmp_server_ping (server->session, 8 * SECOND);
  end_send (server);
  g_assert_true (end_feed (client, server->sent->data, server->sent->len));
  assert_output (client,
      "4@0 7 8000\n"
      "9@1 at 40, 30000 bytes\n"
      "9@1 at 33554433, 8192 bytes\n");
}

/* What one has sent is what the other has received, message by message. */
static void
test_statistics (void)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);
  RtmpSessionStats ours, theirs;
  guint i;

  run_pair (client, server);
  for (i = 0; i < G_N_ELEMENTS (samples); i++)
    rtmp_session_send_media (client->session, sample_new (i));
  run_pair (client, server);
  get_stats (client, &ours);
  get_stats (server, &theirs);
  for (i = 0; i < RTMP_N_COUNTS; i++) {
    g_assert_cmpuint (ours.out.messages[i], ==, theirs.in.messages[i]);
    g_assert_cmpuint (ours.out.bytes[i], ==, theirs.in.bytes[i]);
    g_assert_cmpuint (ours.in.messages[i], ==, theirs.out.messages[i]);
    g_assert_cmpuint (ours.in.bytes[i], ==, theirs.out.bytes[i]);
  }
  g_assert_cmpuint (ours.out.messages[RTMP_COUNT_AUDIO], ==, 6);
  g_assert_cmpuint (ours.out.messages[RTMP_COUNT_VIDEO], ==, 8);
  g_assert_cmpuint (ours.out.messages[RTMP_COUNT_DATA], ==, 2);
  g_assert_cmpuint (ours.out.bytes[RTMP_COUNT_DATA], ==, 320);
  g_assert_cmpuint (ours.out_bytes_total, ==, theirs.in_bytes_total);
  g_assert_cmpuint (ours.in_bytes_total, ==, theirs.out_bytes_total);
  g_assert_cmpuint (theirs.in_dropped, ==, 0);
}

/* From the last command that is answered to its answer. */
static void
test_round_trip (void)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);
  RtmpSessionStats stats;
  gint64 trip;

  for (trip = 1; rtmp_session_get_stage (client->session) != RTMP_STAGE_CREATE_STREAM; trip++) {
    pass_bytes (client, server);
    client->now += trip * SECOND;
    pass_bytes (server, client);
  }
  get_stats (client, &stats);
  g_assert_cmpint (stats.round_trip, ==, (trip - 1) * SECOND);
  pass_bytes (client, server);
  client->now += 1234;
  pass_bytes (server, client);
  get_stats (client, &stats);
  g_assert_cmpint (stats.round_trip, ==, 1234);
}

/* -- Time -- */

static void
assert_waits (End *end, gint64 until, const gchar *what)
{
  g_autofree gchar *text = g_strdup_printf ("Timed out waiting for %s", what);

  g_assert_cmpint (rtmp_session_get_deadline (end->session), ==, until);
  g_assert_true (rtmp_session_check_deadline (end->session, until - 1, &end->error));
  g_assert_no_error (end->error);
  g_assert_false (rtmp_session_check_deadline (end->session, until, &end->error));
  assert_failed (end, RTMP_ERROR_TIMEOUT, text);
  /* It has ended: there is nothing more to wait for, and nothing more is read. */
  g_assert_cmpint (rtmp_session_get_deadline (end->session), ==, -1);
  g_assert_true (rtmp_session_check_deadline (end->session, until, NULL));
  g_assert_true (end_feed (end, (const guint8 *) "\xFF\xFF", 2));
}

static void
assert_waits_for_ever (End *end)
{
  g_assert_cmpint (rtmp_session_get_deadline (end->session), ==, -1);
  g_assert_true (rtmp_session_check_deadline (end->session, G_MAXINT64, NULL));
}

/* Vector 18: a peer that says nothing, or stops in the middle of its handshake. */
static void
test_stalled_handshake (void)
{
  static const guint8 zeros[HANDSHAKE_BYTES] = { 3 };
  static const guint sizes[] = { 0, 1, 2, 1536, 1537, HANDSHAKE_BYTES - 1 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (End) client = client_end_new (TRUE);
    g_autoptr (End) server = server_end_new (TRUE);

    set_time (client, server, 3 * SECOND);
    g_assert_true (end_feed (client, zeros, sizes[i]));
    g_assert_true (end_feed (server, zeros, sizes[i]));
    assert_waits (client, 6 * SECOND, "the handshake");
    assert_waits (server, 6 * SECOND, "the handshake");
  }
}

/* Every answer that is required has its own time. */
static void
check_client_timeout (RtmpStage stage, const gchar *what)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (FALSE);
  const gint64 start = client->now;
  gint64 began = start;

  while (rtmp_session_get_stage (client->session) != stage) {
    set_time (client, server, client->now + SECOND);
    rtmp_server_accept (server->session, server->now);
    end_feed_waiting (server);
    pass_bytes (client, server);
    pass_bytes (server, client);
    began = client->now;
  }
  g_assert_cmpint (began, >, start);
  assert_waits (client, began + TEST_TIMEOUT, what);
}

static void
test_client_timeouts (void)
{
  check_client_timeout (RTMP_STAGE_CONNECT, "the answer to connect");
  check_client_timeout (RTMP_STAGE_CREATE_STREAM, "the answer to createStream");
  check_client_timeout (RTMP_STAGE_START, "the answer to publish");
}

/* A publisher that streams waits for nobody. */
static void
test_no_timeout (void)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);

  run_pair (client, server);
  assert_waits_for_ever (client);
  assert_waits_for_ever (server);
  rtmp_session_touch (client->session, 100 * SECOND);
  assert_waits_for_ever (client);
}

static void
test_timeout_zero (void)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  RtmpClientConfig client_config = test_client_config (location, FALSE);
  RtmpServerConfig server_config = test_server_config ();
  g_autoptr (End) client = NULL;
  g_autoptr (End) server = NULL;

  client_config.timeout = client_config.idle_timeout = 0;
  server_config.timeout = 0;
  client = end_new (rtmp_client_new (&client_config, SECOND), SECOND);
  server = end_new (rtmp_server_new (&server_config, SECOND), SECOND);
  do {
    assert_waits_for_ever (client);
    assert_waits_for_ever (server);
    rtmp_server_accept (server->session, server->now);
    end_feed_waiting (server);
  } while (pass_bytes (client, server) | pass_bytes (server, client));
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_STREAMING);
  assert_waits_for_ever (client);
}

/* A player waits for media from the moment play was sent, whatever else it hears
 * (peers.md Q8); its owner may stop reading for as long as it likes. */
static void
test_idle (void)
{
  g_autoptr (End) client = client_end_new (FALSE);
  g_autoptr (End) server = server_end_new (FALSE);

  while (rtmp_session_get_stage (client->session) != RTMP_STAGE_STREAMING) {
    rtmp_server_accept (server->session, server->now);
    end_feed_waiting (server);
    run_pair (client, server);
  }
  g_assert_cmpint (rtmp_session_get_deadline (client->session), ==, SECOND + TEST_IDLE_TIMEOUT);

  set_time (client, server, 5 * SECOND);
  rtmp_server_accept (server->session, server->now);
  run_pair (client, server);
  assert_events (client, "ready status 'NetStream.Play.Start'\n");
  g_assert_cmpint (rtmp_session_get_deadline (client->session), ==, SECOND + TEST_IDLE_TIMEOUT);

  set_time (client, server, 10 * SECOND);
  rtmp_server_send_media (server->session, 1, sample_new (1));
  run_pair (client, server);
  g_assert_cmpint (rtmp_session_get_deadline (client->session), ==,
      10 * SECOND + TEST_IDLE_TIMEOUT);

  set_time (client, server, 20 * SECOND);
  rtmp_server_ping (server->session, server->now);
  run_pair (client, server);
  g_assert_cmpint (rtmp_session_get_deadline (client->session), ==,
      10 * SECOND + TEST_IDLE_TIMEOUT);

  rtmp_session_touch (client->session, 25 * SECOND);
  assert_waits (client, 25 * SECOND + TEST_IDLE_TIMEOUT, "media");
}

/* A client that only shakes hands. */
static void
test_silent_client (void)
{
  static const guint8 zeros[HANDSHAKE_BYTES] = { 3 };
  g_autoptr (End) server = server_end_new (TRUE);

  server->now = 4 * SECOND;
  g_assert_true (end_feed (server, zeros, sizeof (zeros)));
  assert_waits (server, 4 * SECOND + TEST_TIMEOUT, "connect");
}

/* The time its owner takes to decide is not the client's. */
static void
test_decision (void)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (FALSE);

  run_pair (client, server);
  assert_events (server, "connect?\n");
  assert_waits_for_ever (server);
  set_time (client, server, 100 * SECOND);
  rtmp_server_accept (server->session, server->now);
  g_assert_cmpint (rtmp_session_get_deadline (server->session), ==, 105 * SECOND);
  run_pair (client, server);
  assert_events (server, "publish? 1 'myStream'\n");
  assert_waits_for_ever (server);
  rtmp_server_accept (server->session, server->now);
  run_pair (client, server);
  assert_waits_for_ever (server);

  set_time (client, server, 200 * SECOND);
  rtmp_client_stop (client->session, RTMP_STOP_DELETE_STREAM, client->now);
  run_pair (client, server);
  assert_events (server, "closed 1\n");
  assert_waits (server, 205 * SECOND, "publish or play");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/set-up", test_set_up);
  g_test_add_func ("/session/stages", test_stages);
  g_test_add_func ("/session/capabilities", test_capabilities);
  g_test_add_func ("/session/media", test_media);
  g_test_add_func ("/session/relay", test_relay);
  g_test_add_func ("/session/chunk-sizes", test_chunk_sizes);
  g_test_add_func ("/session/acknowledgements", test_acknowledgements);
  g_test_add_func ("/session/ping", test_ping);
  g_test_add_func ("/session/urgent", test_urgent);
  g_test_add_func ("/session/statistics", test_statistics);
  g_test_add_func ("/session/round-trip", test_round_trip);
  g_test_add_func ("/session/time/handshake", test_stalled_handshake);
  g_test_add_func ("/session/time/client", test_client_timeouts);
  g_test_add_func ("/session/time/none", test_no_timeout);
  g_test_add_func ("/session/time/zero", test_timeout_zero);
  g_test_add_func ("/session/time/idle", test_idle);
  g_test_add_func ("/session/time/silent-client", test_silent_client);
  g_test_add_func ("/session/time/decision", test_decision);
  return g_test_run ();
}
