/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpserver.h"

#include "../../support/serverscript.h"

/* A server against hand-written players. */

#define STATUS(level, code, description) \
  "onStatus 0 null {'level': '" level "'," \
  " 'code': '" code "', 'description': '" description "'}\n"
#define START "20@1 " STATUS ("status", "NetStream.Play.Start", "Playing.")
#define RESET "20@1 " STATUS ("status", "NetStream.Play.Reset", "Playing and resetting.")
#define ACCESS "18@1 |RtmpSampleAccess true true\n"

static void
say (End *server, guint32 stream_id, const gchar *values)
{
  g_autoptr (GByteArray) script = g_byte_array_new ();

  script_command (script, stream_id, values);
  g_assert_true (end_script (server, script));
}

/* -- Starting -- */

static void
check_play (const gchar *play, const gchar *output, gsize step)
{
  g_autoptr (End) server = server_with_stream (step);

  server->accept = FALSE;
  say (server, 1, play);
  assert_events (server, "play? 1 'key'\n");
  assert_output (server, "");
  rtmp_server_accept (server->session, server->now);
  assert_output (server, output);
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_STREAMING);
}

/* protocol.md 22: Reset only when the reset flag asks for it. */
static void
test_accepted (void)
{
  check_play ("'play' 0 null 'key'", "4@0 0 1\n" START ACCESS, 0);
  check_play ("'play' 4 null 'key' -2 -1 true", "4@0 0 1\n" RESET START ACCESS, 1);
  check_play ("'play' 4 null 'key' -2 -1 1", "4@0 0 1\n" RESET START ACCESS, 0);
  check_play ("'play' 4 null 'key' -2 -1 false", "4@0 0 1\n" START ACCESS, 1);
  check_play ("'play' 4 null 'key' -2 -1 0", "4@0 0 1\n" START ACCESS, 0);
  check_play ("'play' 4 null 'key' -2 -1 'yes'", "4@0 0 1\n" START ACCESS, 0);
}

static void
test_refused (void)
{
  g_autoptr (End) server = server_streaming (TRUE, 0);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", "NetStream.Play.StreamNotFound", "No.");

  server->accept = FALSE;
  say (server, 1, "'play' 0 null 'key'");
  say (server, 0, "'play' 0 null 'key'");
  say (server, 2, "'play' 0 null false");
  assert_events (server, "");
  assert_output (server,
      "20@1 " STATUS ("error", "NetStream.Play.Failed",
          "The message stream is in use.") "20@0 " STATUS ("error", "NetStream.Failed",
          "No such message stream.") "20@2 " STATUS ("error", "NetStream.Failed",
          "No such message stream."));

  say (server, 0, "'createStream' 3 null");
  end_forget (server);
  say (server, 2, "'play' 0 null 'other'");
  rtmp_server_reject (server->session, status, SECOND);
  assert_events (server, "play? 2 'other'\n");
  assert_output (server, "20@2 " STATUS ("error", "NetStream.Play.StreamNotFound", "No."));
  /* The publication goes on. */
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_STREAMING);
  g_assert_cmpint (rtmp_session_get_deadline (server->session), ==, -1);
}

/* A play in the place of another, and the end of both. */
static void
test_replaced (void)
{
  g_autoptr (End) server = server_streaming (FALSE, 1);

  say (server, 1, "'play' 0 null 'second' -2 -1 true");
  assert_events (server,
      "closed 1\n"
      "play? 1 'second'\n");
  assert_output (server, "4@0 0 1\n" RESET START ACCESS);
  say (server, 1, "'play' 0 null false");
  assert_events (server, "closed 1\n");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_START);
  say (server, 1, "'play' 0 null 'third'");
  say (server, 1, "'closeStream' 0 null");
  assert_events (server,
      "play? 1 'third'\n"
      "closed 1\n");
  end_forget (server);
  say (server, 1, "'play' 0 null 'fourth'");
  say (server, 0, "'deleteStream' 0 null 1");
  assert_events (server,
      "play? 1 'fourth'\n"
      "closed 1\n");
  assert_output (server, "4@0 0 1\n" START ACCESS);
}

/* -- Media -- */

static RtmpMessage *
media_new (guint8 type, const gchar *first, guint32 timestamp)
{
  guint8 payload[20] = {
    0,
  };

  payload[0] = (guint8) first[0];
  payload[1] = (guint8) first[1];
  return rtmp_message_new_copied (type, 77, timestamp, payload, sizeof (payload));
}

/* A configuration, a key frame, an inter frame, audio and data, at @timestamp. */
static void
send_all (End *server, guint32 stream_id, guint32 timestamp)
{
  static const struct {
    guint8 type;
    const gchar *first;
  } messages[] = {
    { 18, "\x05\x05" },
    { 9, "\x17\x00" },
    { 8, "\xAF\x00" },
    { 9, "\x27\x01" },
    { 8, "\xAF\x01" },
    { 9, "\x17\x01" },
    { 9, "\x27\x01" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (messages); i++)
    rtmp_server_send_media (server->session, stream_id,
        media_new (messages[i].type, messages[i].first, timestamp + i));
}

static void
test_media (void)
{
  g_autoptr (End) server = server_streaming (FALSE, 0);
  g_autoptr (End) publisher = server_streaming (TRUE, 0);

  send_all (server, 1, 10);
  assert_output (server,
      "18@1 at 10, 20 bytes\n"
      "9@1 at 11, 20 bytes\n"
      "8@1 at 12, 20 bytes\n"
      "9@1 at 13, 20 bytes\n"
      "8@1 at 14, 20 bytes\n"
      "9@1 at 15, 20 bytes\n"
      "9@1 at 16, 20 bytes\n");
  /* Nobody plays these. */
  send_all (server, 0, 20);
  send_all (server, 2, 20);
  send_all (server, 4000000000u, 20);
  send_all (publisher, 1, 20);
  assert_output (server, "");
  assert_output (publisher, "");
}

#define PAUSED "20@1 " STATUS ("status", "NetStream.Pause.Notify", "Paused.")
#define UNPAUSED "20@1 " STATUS ("status", "NetStream.Unpause.Notify", "Playing again.")
#define SEEK "20@1 " STATUS ("status", "NetStream.Seek.Notify", "Seeking.")

/* RTMP 1.0, 7.2.2.8. Configuration and data are sent even so; video goes on at a key frame. */
static void
test_pause (void)
{
  g_autoptr (End) server = server_streaming (FALSE, 1);

  say (server, 1, "'pause' 0 null true 1000");
  assert_output (server, PAUSED);
  send_all (server, 1, 10);
  assert_output (server,
      "18@1 at 10, 20 bytes\n"
      "9@1 at 11, 20 bytes\n"
      "8@1 at 12, 20 bytes\n");
  say (server, 1, "'pause' 0 null false 1000");
  assert_output (server, UNPAUSED);
  send_all (server, 1, 20);
  assert_output (server,
      "18@1 at 20, 20 bytes\n"
      "9@1 at 21, 20 bytes\n"
      "8@1 at 22, 20 bytes\n"
      "8@1 at 24, 20 bytes\n"
      "9@1 at 25, 20 bytes\n"
      "9@1 at 26, 20 bytes\n");
  assert_events (server, "");
}

/* RTMP 1.0, 7.2.2.4: no answer to what is switched off. */
static void
test_receive_audio (void)
{
  g_autoptr (End) server = server_streaming (FALSE, 0);

  say (server, 1, "'receiveAudio' 0 null false");
  assert_output (server, "");
  send_all (server, 1, 10);
  assert_output (server,
      "18@1 at 10, 20 bytes\n"
      "9@1 at 11, 20 bytes\n"
      "8@1 at 12, 20 bytes\n"
      "9@1 at 13, 20 bytes\n"
      "9@1 at 15, 20 bytes\n"
      "9@1 at 16, 20 bytes\n");
  say (server, 1, "'receiveAudio' 0 null true");
  assert_output (server, SEEK START);
  rtmp_server_send_media (server->session, 1, media_new (8, "\xAF\x01", 20));
  assert_output (server, "8@1 at 20, 20 bytes\n");
}

static void
test_receive_video (void)
{
  g_autoptr (End) server = server_streaming (FALSE, 0);

  say (server, 1, "'receiveVideo' 0 null false");
  assert_output (server, "");
  send_all (server, 1, 10);
  assert_output (server,
      "18@1 at 10, 20 bytes\n"
      "9@1 at 11, 20 bytes\n"
      "8@1 at 12, 20 bytes\n"
      "8@1 at 14, 20 bytes\n");
  say (server, 1, "'receiveVideo' 0 null true");
  assert_output (server, SEEK START);
  send_all (server, 1, 20);
  assert_output (server,
      "18@1 at 20, 20 bytes\n"
      "9@1 at 21, 20 bytes\n"
      "8@1 at 22, 20 bytes\n"
      "8@1 at 24, 20 bytes\n"
      "9@1 at 25, 20 bytes\n"
      "9@1 at 26, 20 bytes\n");
}

/* -- What the owner says -- */

static void
test_statuses (void)
{
  g_autoptr (End) server = server_streaming (FALSE, 0);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("warning", "NetStream.Play.InsufficientBW",
      "Slow.");

  rtmp_server_send_status (server->session, 1, status);
  rtmp_server_notify_published (server->session, 1, FALSE);
  rtmp_server_notify_published (server->session, 1, TRUE);
  assert_output (server,
      "20@1 " STATUS ("warning", "NetStream.Play.InsufficientBW", "Slow.") "20@1 " STATUS ("status",
          "NetStream.Play.UnpublishNotify",
          "The stream is no longer published.") "4@0 1 1\n"
                                                "20@1 " STATUS ("status",
                                                    "NetStream.Play.PublishNotify",
                                                    "The stream is published.") "4@0 0 1\n");
  rtmp_server_notify_published (server->session, 2, TRUE);
  assert_output (server, "");
}

/* After the end the stream is idle; the client's own closing ends the stage. */
static void
test_end (void)
{
  g_autoptr (End) server = server_streaming (FALSE, 0);

  rtmp_server_end_play (server->session, 1, TRUE);
  assert_output (server,
      "18@1 onPlayStatus {'level': 'status',"
      " 'code': 'NetStream.Play.Complete', 'description': 'The stream was played to its end.'}\n"
      "20@1 " STATUS ("status", "NetStream.Play.Stop", "The stream has ended.") "4@0 1 1\n");
  send_all (server, 1, 0);
  assert_output (server, "");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_STREAMING);
  server->now = 60 * SECOND;
  say (server, 0, "'deleteStream' 0 null 1");
  assert_events (server, "");
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==, RTMP_STAGE_START);
  g_assert_cmpint (rtmp_session_get_deadline (server->session), ==, 60 * SECOND + TEST_TIMEOUT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/play/accepted", test_accepted);
  g_test_add_func ("/server/play/refused", test_refused);
  g_test_add_func ("/server/play/replaced", test_replaced);
  g_test_add_func ("/server/play/media", test_media);
  g_test_add_func ("/server/play/pause", test_pause);
  g_test_add_func ("/server/play/receive-audio", test_receive_audio);
  g_test_add_func ("/server/play/receive-video", test_receive_video);
  g_test_add_func ("/server/play/statuses", test_statuses);
  g_test_add_func ("/server/play/end", test_end);
  return g_test_run ();
}
