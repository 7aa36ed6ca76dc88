/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Both roles talking to each other: whatever is sent, whenever, and however the bytes are cut on
 * their way, what one side sends the other receives, and neither finds a fault.
 * Input: flags1 | operations, see run_operation()
 */
#include "fuzzsession.h"

#define MAX_OPERATIONS 512

typedef struct {
  FuzzEnd client;
  FuzzEnd server;
  gboolean publish;
  GString *sent;
} Pair;

/* Moves up to @max bytes. Returns: FALSE if there were none */
static gboolean
pass (FuzzEnd *from, FuzzEnd *to, gsize max)
{
  RtmpVector vectors[8];
  const guint n = rtmp_session_peek (from->session, vectors, G_N_ELEMENTS (vectors));
  gsize taken = 0;
  guint i;

  for (i = 0; i < n && taken < max; i++) {
    const gsize part = MIN (vectors[i].size, max - taken);

    fuzz_feed (to, vectors[i].base, part);
    g_assert_no_error (to->error);
    taken += part;
  }
  rtmp_session_consume (from->session, taken);
  return taken > 0;
}

/* Media goes from the client to the server, or the other way. */
static void
send_media (Pair *pair, RtmpCursor *in)
{
  const guint8 type = rtmp_cursor_u8 (in) & 1 ? RTMP_MESSAGE_AUDIO : RTMP_MESSAGE_VIDEO;
  const guint32 timestamp = rtmp_cursor_u32 (in);
  const gsize size = 1 + rtmp_cursor_u16 (in) % 8192;
  g_autofree guint8 *payload = g_malloc (size);
  FuzzEnd *from = pair->publish ? &pair->client : &pair->server;
  RtmpMessage *message;

  if (pair->publish ? !rtmp_client_is_sendable (from->session)
                    : rtmp_session_get_stage (from->session) != RTMP_STAGE_STREAMING)
    return;
  memset (payload, (guint8) (size ^ timestamp), size);
  message = rtmp_message_new_copied (type, 1, timestamp, payload, size);
  fuzz_log_message (pair->sent, message);
  if (pair->publish)
    rtmp_session_send_media (from->session, message);
  else
    rtmp_server_send_media (from->session, 1, message);
}

/* What is no caller's bug only behind the handshake. */
static void
announce (Pair *pair, guint32 chunk_size)
{
  FuzzEnd *end = pair->publish ? &pair->client : &pair->server;

  if (rtmp_session_get_stage (end->session) > RTMP_STAGE_HANDSHAKE)
    rtmp_session_set_chunk_size (end->session, chunk_size);
}

static void
ping (Pair *pair)
{
  if (rtmp_session_get_stage (pair->server.session) > RTMP_STAGE_HANDSHAKE)
    rtmp_server_ping (pair->server.session, FUZZ_NOW);
}

static void
run_operation (Pair *pair, RtmpCursor *in)
{
  switch (rtmp_cursor_u8 (in) % 8) {
    case 0:
      pass (&pair->client, &pair->server, rtmp_cursor_u16 (in));
      break;
    case 1:
      pass (&pair->server, &pair->client, rtmp_cursor_u16 (in));
      break;
    case 2:
      announce (pair, 1 + rtmp_cursor_u16 (in));
      break;
    case 3:
      ping (pair);
      break;
    default:
      send_media (pair, in);
      break;
  }
}

/* Until neither has anything to say. */
static void
settle (Pair *pair)
{
  gboolean moved;

  do {
    moved = pass (&pair->client, &pair->server, G_MAXSIZE);
    moved |= pass (&pair->server, &pair->client, G_MAXSIZE);
  } while (moved);
}

/* Of what the receiver's owner was told only the messages. */
static gchar *
messages_of (const GString *log)
{
  g_auto (GStrv) lines = g_strsplit (log->str, "\n", -1);
  GString *messages = g_string_new (NULL);
  guint i;

  for (i = 0; lines[i]; i++) {
    if (strstr (lines[i], "@1 at "))
      g_string_append_printf (messages, "%s\n", lines[i]);
  }
  return g_string_free (messages, FALSE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  const guint flags = rtmp_cursor_u8 (&in) & ~(guint) FUZZ_AUTH;
  Pair pair = { .publish = (flags & FUZZ_PUBLISH) != 0, .sent = g_string_new (NULL) };
  g_autofree gchar *received = NULL;
  RtmpAuth *auth;
  guint i;

  fuzz_end_init (&pair.client, fuzz_client_new (flags, &auth), 0);
  fuzz_end_init (&pair.server, fuzz_server_new (flags), 0);
  for (i = 0; i < MAX_OPERATIONS && rtmp_cursor_left (&in) > 0; i++)
    run_operation (&pair, &in);
  settle (&pair);
  g_assert_cmpint (rtmp_session_get_stage (pair.client.session), ==, RTMP_STAGE_STREAMING);
  rtmp_client_stop (pair.client.session, RTMP_STOP_FCUNPUBLISH | RTMP_STOP_DELETE_STREAM, FUZZ_NOW);
  settle (&pair);
  g_assert_cmpint (rtmp_session_get_stage (pair.server.session), ==, RTMP_STAGE_START);
  received = messages_of (pair.publish ? pair.server.log : pair.client.log);
  g_assert_cmpstr (pair.sent->str, ==, received);
  fuzz_end_clear (&pair.client);
  fuzz_end_clear (&pair.server);
  rtmp_auth_free (auth);
  g_string_free (pair.sent, TRUE);
  return 0;
}
