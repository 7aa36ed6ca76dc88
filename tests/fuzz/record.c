/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Writes seeds for the targets client and server: what the two roles say to each other, from the
 * handshake to the end, once for each way of a client's.
 * usage: record FOLDER, in which the folders client and server are
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzzsession.h"

#define STEP 6

typedef struct {
  FuzzEnd end;
  GByteArray *heard;
} Side;

static gboolean
pass (Side *from, Side *to)
{
  g_autoptr (GByteArray) bytes = fuzz_take_output (from->end.session);

  g_byte_array_append (to->heard, bytes->data, bytes->len);
  fuzz_feed (&to->end, bytes->data, bytes->len);
  return bytes->len > 0;
}

static void
settle (Side *client, Side *server)
{
  gboolean moved;

  do {
    moved = pass (client, server);
    moved |= pass (server, client);
  } while (moved);
}

static void
send_frames (RtmpSession *client, RtmpSession *server, gboolean publish)
{
  static const guint8 frames[][16] = { { 0x17, 0, 0, 0, 0, 1, 0x64 }, { 0xAF, 0, 0x12, 0x10 },
    { 0x17, 1, 0, 0, 0, 0, 0, 0, 2, 0x65, 0x88 }, { 0xAF, 1, 0x21, 0x10 },
    { 0x27, 1, 0, 0, 40, 0, 0, 0, 2, 0x41, 0x9A } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (frames); i++) {
    const guint8 type = frames[i][0] == 0xAF ? RTMP_MESSAGE_AUDIO : RTMP_MESSAGE_VIDEO;
    RtmpMessage *message = rtmp_message_new_copied (type, 1, 40 * i, frames[i], sizeof (frames[i]));

    if (publish)
      rtmp_session_send_media (client, message);
    else
      rtmp_server_send_media (server, 1, message);
  }
}

/* With the handshake, or without it where it is plain and need not be among the bytes. */
static void
save (const gchar *folder, const gchar *role, guint flags, const Side *side)
{
  const gsize skip = flags & FUZZ_SHAKEN ? FUZZ_HANDSHAKE_SIZE : 0;
  const guint8 head[3] = { (guint8) flags, STEP, 0 };
  g_autofree gchar *path = g_strdup_printf ("%s/%s/recorded-%02x", folder, role, flags);
  g_autoptr (GByteArray) seed = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (side->heard->len, >=, skip);
  g_byte_array_append (seed, head, sizeof (head));
  g_byte_array_append (seed, side->heard->data + skip, (guint) (side->heard->len - skip));
  if (!g_file_set_contents (path, (const gchar *) seed->data, (gssize) seed->len, &error)) {
    fprintf (stderr, "%s\n", error->message);
    exit (1);
  }
}

static void
side_init (Side *side, RtmpSession *session)
{
  fuzz_end_init (&side->end, session, 0);
  side->heard = g_byte_array_new ();
}

static void
side_clear (Side *side)
{
  fuzz_end_clear (&side->end);
  g_byte_array_unref (side->heard);
}

static void
record (const gchar *folder, guint flags)
{
  const gboolean publish = (flags & FUZZ_PUBLISH) != 0;
  RtmpAuth *auth;
  Side client, server;

  side_init (&client, fuzz_client_new (flags, &auth));
  side_init (&server, fuzz_server_new (flags));
  settle (&client, &server);
  /* A refusal that asks for credentials ends a connection. */
  if (rtmp_session_get_stage (client.end.session) == RTMP_STAGE_STREAMING) {
    send_frames (client.end.session, server.end.session, publish);
    rtmp_server_ping (server.end.session, FUZZ_NOW);
    settle (&client, &server);
  }
  rtmp_client_stop (client.end.session, RTMP_STOP_FCUNPUBLISH | RTMP_STOP_DELETE_STREAM, FUZZ_NOW);
  settle (&client, &server);
  save (folder, "client", flags, &client);
  save (folder, "server", flags, &server);
  side_clear (&client);
  side_clear (&server);
  rtmp_auth_free (auth);
}

int
main (int argc, char **argv)
{
  guint start;

  if (argc != 2) {
    fprintf (stderr, "usage: record FOLDER\n");
    return 2;
  }
  for (start = RTMP_FAST_START_NONE; start <= RTMP_FAST_START_IMMEDIATE; start++) {
    const guint flags = FUZZ_SHAKEN | start << FUZZ_START_SHIFT;

    record (argv[1], flags);
    record (argv[1], flags | FUZZ_PUBLISH);
  }
  record (argv[1], FUZZ_PUBLISH);
  record (argv[1], FUZZ_SHAKEN | FUZZ_PUBLISH | FUZZ_AUTH);
  return 0;
}
