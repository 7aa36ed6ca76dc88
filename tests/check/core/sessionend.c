/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpsession.h"

#include "../../support/sessiontest.h"

/* Both roles against each other: refusals, authentication, and how sessions end. */

/* -- Refusals -- */

/* Runs up to the server's @nth question (1 is connect) and refuses that. */
static void
refuse (End *client, End *server, guint nth, const RtmpStatus *status)
{
  run_pair (client, server);
  for (; nth > 1; nth--) {
    rtmp_server_accept (server->session, server->now);
    g_assert_true (end_feed_waiting (server));
    run_pair (client, server);
  }
  server->now += SECOND;
  rtmp_server_reject (server->session, status, server->now);
  g_assert_true (end_feed_waiting (server));
  run_pair (client, server);
}

typedef struct {
  gboolean publish;
  guint nth;
  const gchar *code;
  RtmpError error;
  const gchar *text;
} Refusal;

static const Refusal refusals[] = {
  { TRUE, 1, "NetConnection.Connect.InvalidApp", RTMP_ERROR_NOT_FOUND,
      "The server refused connect: No. (NetConnection.Connect.InvalidApp)" },
  { FALSE, 1, "NetConnection.Connect.Rejected", RTMP_ERROR_REJECTED,
      "The server refused connect: No. (NetConnection.Connect.Rejected)" },
  { TRUE, 2, "NetStream.Publish.BadName", RTMP_ERROR_BUSY,
      "The server refused publish: No. (NetStream.Publish.BadName)" },
  { TRUE, 2, "NetStream.Publish.Unauthorized", RTMP_ERROR_NOT_AUTHORIZED,
      "The server refused publish: No. (NetStream.Publish.Unauthorized)" },
  { FALSE, 2, "NetStream.Play.StreamNotFound", RTMP_ERROR_NOT_FOUND,
      "The server refused play: No. (NetStream.Play.StreamNotFound)" },
  { FALSE, 2, "NetStream.Play.Failed", RTMP_ERROR_REJECTED,
      "The server refused play: No. (NetStream.Play.Failed)" },
};

static void
check_refusal (const Refusal *refusal, gsize step)
{
  g_autoptr (End) client = client_end_new (refusal->publish);
  g_autoptr (End) server = server_end_new (FALSE);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", refusal->code, "No.");

  client->step = server->step = step;
  refuse (client, server, refusal->nth, status);
  g_assert_nonnull (client->error);
  g_assert_cmpstr (rtmp_error_get_code (client->error), ==, refusal->code);
  g_assert_cmpstr (rtmp_error_get_description (client->error), ==, "No.");
  assert_failed (client, refusal->error, refusal->text);
  /* The server's connection is still open, and its client has the same time again. */
  g_assert_no_error (server->error);
  g_assert_cmpint (rtmp_session_get_stage (server->session), ==,
      refusal->nth == 1 ? RTMP_STAGE_CONNECT : RTMP_STAGE_START);
  g_assert_cmpint (rtmp_session_get_deadline (server->session), ==, 2 * SECOND + TEST_TIMEOUT);
}

static void
test_refusals (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (refusals); i++) {
    check_refusal (&refusals[i], 0);
    check_refusal (&refusals[i], 1);
  }
}

/* peers.md Q12. The owner learns where to. */
static void
check_redirect (gboolean is_url, const gchar *expected)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (FALSE);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", "NetConnection.Connect.Rejected",
      "Elsewhere.");

  status->redirect = g_strdup ("rtmp://other.example/live/key");
  status->redirect_is_url = is_url;
  refuse (client, server, 1, status);
  g_assert_error (client->error, RTMP_ERROR, RTMP_ERROR_REDIRECT);
  g_assert_null (strstr (client->error->message, "key"));
  assert_events (client, expected);
}

static void
test_redirect (void)
{
  check_redirect (TRUE,
      "status error 'NetConnection.Connect.Rejected'"
      " to URL 'rtmp://other.example/live/key'\n");
  check_redirect (FALSE,
      "status error 'NetConnection.Connect.Rejected'"
      " to tcUrl 'rtmp://other.example/live/key'\n");
}

/* -- Authentication -- */

static End *
auth_client_new (RtmpAuth *auth)
{
  g_autoptr (RtmpLocation) location = rtmp_location_new ();
  RtmpClientConfig config = test_client_config (location, TRUE);

  config.auth = auth;
  return end_new (rtmp_client_new (&config, SECOND), SECOND);
}

static End *
auth_server_new (void)
{
  RtmpServerConfig config = test_server_config ();
  End *end;

  config.username = "user2020";
  config.password = "123456";
  config.auth_salt = "0a1b2c3d";
  config.auth_challenge = "4e5f6071";
  end = end_new (rtmp_server_new (&config, SECOND), SECOND);
  end->accept = TRUE;
  return end;
}

/* One connection. Returns: what the client's owner was told */
static gchar *
connect_once (RtmpAuth *auth, GError **error)
{
  g_autoptr (End) client = auth_client_new (auth);
  g_autoptr (End) server = auth_server_new ();

  run_pair (client, server);
  g_assert_no_error (server->error);
  g_assert_null (strstr (client->output->str, "123456"));
  g_assert_null (strstr (server->output->str, "123456"));
  if (client->error)
    g_propagate_error (error, g_steal_pointer (&client->error));
  if (strstr (server->events->str, "connect?"))
    g_assert_cmpstr (rtmp_server_get_app (server->session), ==, "live");
  else
    g_assert_null (rtmp_server_get_app (server->session));
  return g_strconcat (client->events->str, "/ ", server->events->str, NULL);
}

/* protocol.md 29: the third connection is let in. */
static void
test_adobe (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_AUTO, "user2020", "123456");
  g_autofree gchar *first = connect_once (auth, NULL);
  g_autofree gchar *second = connect_once (auth, NULL);
  g_autofree gchar *third = connect_once (auth, NULL);

  g_assert_cmpstr (first, ==, "authenticate\n/ ");
  g_assert_cmpstr (second, ==, "authenticate\n/ ");
  g_assert_cmpstr (third, ==,
      "ready status 'NetStream.Publish.Start'\n"
      "/ connect?\npublish? 1 'myStream'\n");
}

static void
test_adobe_wrong_password (void)
{
  g_autoptr (RtmpAuth) auth = rtmp_auth_new (RTMP_AUTHMOD_ADOBE, "user2020", "654321");
  g_autofree gchar *first = connect_once (auth, NULL);
  g_autofree gchar *second = connect_once (auth, NULL);
  g_autofree gchar *third = NULL;
  g_autoptr (GError) error = NULL;

  third = connect_once (auth, &error);
  g_assert_cmpstr (first, ==, "authenticate\n/ ");
  g_assert_cmpstr (second, ==, "authenticate\n/ ");
  g_assert_cmpstr (third, ==, "/ warning 'The client's credentials were refused'\n");
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED);
  g_assert_null (strstr (error->message, "654321"));
  g_assert_cmpstr (rtmp_error_get_code (error), ==, "NetConnection.Connect.Rejected");
}

/* Who has no credentials is told so at once. */
static void
check_no_credentials (RtmpAuth *auth)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *events = connect_once (auth, &error);

  g_assert_cmpstr (events, ==, "/ ");
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_NOT_AUTHORIZED);
  g_assert_cmpstr (rtmp_error_get_code (error), ==, "NetConnection.Connect.Rejected");
}

static void
test_no_credentials (void)
{
  g_autoptr (RtmpAuth) none = rtmp_auth_new (RTMP_AUTHMOD_NONE, "user2020", "123456");
  g_autoptr (RtmpAuth) nobody = rtmp_auth_new (RTMP_AUTHMOD_AUTO, NULL, NULL);

  check_no_credentials (NULL);
  check_no_credentials (none);
  check_no_credentials (nobody);
}

/* -- Ends -- */

static RtmpMessage *
video_new (guint32 timestamp)
{
  return rtmp_message_new_copied (RTMP_MESSAGE_VIDEO, 0, timestamp, "\x17\x01\x00\x00\x00*", 6);
}

/* peers.md Q39: the last message is not lost. */
static void
check_end_play (gboolean complete, const gchar *code)
{
  g_autoptr (End) client = client_end_new (FALSE);
  g_autoptr (End) server = server_end_new (TRUE);
  g_autofree gchar *expected = g_strdup_printf ("ready status 'NetStream.Play.Start'\n"
                                                "message 9 on 1 at 40, 6 bytes\n"
                                                "end status '%s'\n",
      code);

  run_pair (client, server);
  rtmp_server_send_media (server->session, 1, video_new (40));
  rtmp_server_end_play (server->session, 1, complete);
  rtmp_server_send_media (server->session, 1, video_new (80));
  run_pair (client, server);
  assert_events (client, expected);
  g_assert_no_error (client->error);
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_ENDED);
  g_assert_cmpint (rtmp_session_get_deadline (client->session), ==, -1);

  /* There is nothing left to end. */
  end_forget (server);
  rtmp_server_end_play (server->session, 1, complete);
  rtmp_server_notify_published (server->session, 1, FALSE);
  assert_output (server, "");
}

static void
test_end_play (void)
{
  check_end_play (FALSE, "NetStream.Play.Stop");
  check_end_play (TRUE, "NetStream.Play.Complete");
}

static void
test_unpublished (void)
{
  g_autoptr (End) client = client_end_new (FALSE);
  g_autoptr (End) server = server_end_new (TRUE);

  run_pair (client, server);
  rtmp_server_notify_published (server->session, 1, TRUE);
  run_pair (client, server);
  assert_events (client, "ready status 'NetStream.Play.Start'\n");
  rtmp_server_notify_published (server->session, 1, FALSE);
  run_pair (client, server);
  assert_events (client, "end status 'NetStream.Play.UnpublishNotify'\n");
}

/* What goes wrong after the start is no refusal. */
static void
check_late_error (gboolean publish, const gchar *code, const gchar *text)
{
  g_autoptr (End) client = client_end_new (publish);
  g_autoptr (End) server = server_end_new (TRUE);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", code, "Disk full.");

  run_pair (client, server);
  rtmp_server_send_status (server->session, 1, status);
  run_pair (client, server);
  g_assert_cmpstr (rtmp_error_get_code (client->error), ==, code);
  assert_failed (client, RTMP_ERROR_STREAM_FAILED, text);
}

static void
test_late_error (void)
{
  check_late_error (TRUE, "NetStream.Record.Failed",
      "The server refused to go on with the stream: Disk full. (NetStream.Record.Failed)");
  check_late_error (FALSE, "NetStream.Play.Failed",
      "The server refused to go on with the stream: Disk full. (NetStream.Play.Failed)");
}

static void
test_status_in_passing (void)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("status",
      "NetConnection.Connect.ReconnectRequest", "Maintenance.");

  status->redirect = g_strdup ("//192.0.2.0/realtimeapp");
  run_pair (client, server);
  end_take_events (client);
  g_string_truncate (client->events, 0);
  rtmp_server_send_status (server->session, 0, status);
  run_pair (client, server);
  assert_events (client,
      "status status 'NetConnection.Connect.ReconnectRequest'"
      " to tcUrl '//192.0.2.0/realtimeapp'\n");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_STREAMING);
}

/* -- The client stops -- */

#define ALL_STOP_COMMANDS (RTMP_STOP_FCUNPUBLISH | RTMP_STOP_CLOSE_STREAM | RTMP_STOP_DELETE_STREAM)

/* Only what was begun is ended, and what the server still says is no error. */
static void
check_stop (gboolean publish, RtmpStage stage, const gchar *output)
{
  g_autoptr (End) client = client_end_new (publish);
  g_autoptr (End) server = server_end_new (FALSE);
  g_autoptr (RtmpStatus) status = rtmp_status_new ("error", "NetStream.Publish.BadName", "No.");

  while (rtmp_session_get_stage (client->session) != stage) {
    rtmp_server_accept (server->session, server->now);
    end_feed_waiting (server);
    pass_bytes (client, server);
    pass_bytes (server, client);
  }
  end_take_events (client);
  end_send (client);
  g_string_truncate (client->output, 0);
  g_string_truncate (client->events, 0);
  rtmp_client_stop (client->session, ALL_STOP_COMMANDS, client->now);
  rtmp_client_stop (client->session, ALL_STOP_COMMANDS, client->now);
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CLOSING);
  g_assert_cmpint (rtmp_session_get_deadline (client->session), ==, -1);
  assert_output (client, output);

  rtmp_server_reject (server->session, status, server->now);
  server->accept = TRUE;
  end_feed_waiting (server);
  run_pair (client, server);
  g_assert_no_error (client->error);
  assert_events (client, "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CLOSING);
}

static void
test_stop (void)
{
  check_stop (TRUE, RTMP_STAGE_CONNECT, "");
  check_stop (TRUE, RTMP_STAGE_CREATE_STREAM, "20@0 FCUnpublish 5 null 'myStream'\n");
  check_stop (TRUE, RTMP_STAGE_START,
      "20@0 FCUnpublish 6 null 'myStream'\n"
      "20@1 closeStream 0 null\n"
      "20@0 deleteStream 7 null 1\n");
  check_stop (TRUE, RTMP_STAGE_STREAMING,
      "20@0 FCUnpublish 6 null 'myStream'\n"
      "20@1 closeStream 0 null\n"
      "20@0 deleteStream 7 null 1\n");
  check_stop (FALSE, RTMP_STAGE_CREATE_STREAM, "");
  check_stop (FALSE, RTMP_STAGE_STREAMING,
      "20@1 closeStream 0 null\n"
      "20@0 deleteStream 4 null 1\n");
}

/* An accepted publish does not bring a client back that has stopped meanwhile. */
static void
check_stop_then_accept (RtmpStage stage)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (FALSE);

  while (rtmp_session_get_stage (client->session) != stage) {
    rtmp_server_accept (server->session, server->now);
    end_feed_waiting (server);
    pass_bytes (client, server);
    pass_bytes (server, client);
  }
  end_forget (client);
  end_take_events (client);
  g_string_truncate (client->events, 0);
  rtmp_client_stop (client->session, 0, client->now);
  server->accept = TRUE;
  rtmp_server_accept (server->session, server->now);
  end_feed_waiting (server);
  run_pair (client, server);
  assert_events (client, "");
  assert_output (client, "");
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CLOSING);
}

static void
test_stop_then_accept (void)
{
  check_stop_then_accept (RTMP_STAGE_CONNECT);
  check_stop_then_accept (RTMP_STAGE_CREATE_STREAM);
  check_stop_then_accept (RTMP_STAGE_START);
}

/* The stop commands leave behind the media. */
static void
test_stop_behind_media (void)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);

  run_pair (client, server);
  end_forget (client);
  end_take_events (server);
  g_string_truncate (server->events, 0);
  rtmp_session_send_media (client->session, video_new (0));
  rtmp_session_send_media (client->session, video_new (40));
  rtmp_client_stop (client->session, RTMP_STOP_FCUNPUBLISH | RTMP_STOP_DELETE_STREAM, SECOND);
  run_pair (client, server);
  assert_events (server,
      "message 9 on 1 at 0, 6 bytes\n"
      "message 9 on 1 at 40, 6 bytes\n"
      "closed 1\n");
}

/* Whatever comes after a stop is no error: a broken chunk stream ends the session quietly. */
static void
test_stop_then_garbage (void)
{
  static const guint8 garbage[] = { 0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0 };
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (TRUE);

  run_pair (client, server);
  rtmp_client_stop (client->session, RTMP_STOP_DELETE_STREAM, SECOND);
  g_assert_true (end_feed (client, garbage, sizeof (garbage)));
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_ENDED);
  rtmp_client_stop (client->session, RTMP_STOP_DELETE_STREAM, SECOND);
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_ENDED);
}

/* A player that has stopped is told nothing more, and waits for nothing. */
static void
test_stop_then_media (void)
{
  g_autoptr (End) client = client_end_new (FALSE);
  g_autoptr (End) server = server_end_new (TRUE);

  run_pair (client, server);
  end_take_events (client);
  g_string_truncate (client->events, 0);
  rtmp_server_send_media (server->session, 1, video_new (0));
  rtmp_server_end_play (server->session, 1, TRUE);
  rtmp_client_stop (client->session, RTMP_STOP_DELETE_STREAM, SECOND);
  run_pair (client, server);
  assert_events (client, "");
  rtmp_session_touch (client->session, 2 * SECOND);
  g_assert_cmpint (rtmp_session_get_deadline (client->session), ==, -1);
  g_assert_cmpint (rtmp_session_get_stage (client->session), ==, RTMP_STAGE_CLOSING);
}

/* A session may be freed at any time, whatever is queued. */
static void
test_free_early (void)
{
  g_autoptr (End) client = client_end_new (TRUE);
  g_autoptr (End) server = server_end_new (FALSE);
  RtmpVector vector;

  run_pair (client, server);
  server->accept = TRUE;
  rtmp_server_accept (server->session, SECOND);
  end_feed_waiting (server);
  run_pair (client, server);
  rtmp_session_send_media (client->session, video_new (0));
  g_assert_cmpuint (rtmp_session_peek (client->session, &vector, 1), ==, 1);
  rtmp_session_consume (client->session, 1);
  rtmp_session_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/refusals", test_refusals);
  g_test_add_func ("/session/redirect", test_redirect);
  g_test_add_func ("/session/auth/adobe", test_adobe);
  g_test_add_func ("/session/auth/wrong-password", test_adobe_wrong_password);
  g_test_add_func ("/session/auth/no-credentials", test_no_credentials);
  g_test_add_func ("/session/end/play", test_end_play);
  g_test_add_func ("/session/end/unpublished", test_unpublished);
  g_test_add_func ("/session/end/late-error", test_late_error);
  g_test_add_func ("/session/end/status-in-passing", test_status_in_passing);
  g_test_add_func ("/session/stop/commands", test_stop);
  g_test_add_func ("/session/stop/then-accept", test_stop_then_accept);
  g_test_add_func ("/session/stop/behind-media", test_stop_behind_media);
  g_test_add_func ("/session/stop/then-media", test_stop_then_media);
  g_test_add_func ("/session/stop/then-garbage", test_stop_then_garbage);
  g_test_add_func ("/session/free-early", test_free_early);
  return g_test_run ();
}
