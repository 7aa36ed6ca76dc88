/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * server N SIZE: the peer of `drive`, in a process of its own so that what is counted there is not
 * the peer's. Prints its address, takes what is published, sends each player N messages of SIZE
 * bytes and the end of the stream, and ends with its standard input.
 */
#include <stdio.h>

#include "support/rtmppeer.h"
#include "support/testutil.h"

static GBytes *
make_flv (guint n, gsize size)
{
  GByteArray *flv = test_flv_new ();
  guint i;

  test_flv_add_avc_config (flv, 0, 1);
  for (i = 0; i < n; i++) {
    if (i == 0)
      test_flv_add_key (flv, 0, size, 1);
    else
      test_flv_add_inter (flv, i * 20, size, 1);
  }
  return g_byte_array_free_to_bytes (flv);
}

int
main (int argc, char **argv)
{
  RtmpPeerConfig config = {
    .chunk_size = 65536,
    .quirks = RTMP_PEER_NO_ACKS,
    .drop_media = TRUE,
    .flv_end = RTMP_PEER_PLAY_STOP,
  };
  g_autoptr (RtmpPeer) peer = NULL;
  g_autofree gchar *url = NULL;

  if (argc != 3)
    return 2;
  config.flv = make_flv ((guint) g_ascii_strtoull (argv[1], NULL, 10),
      (gsize) g_ascii_strtoull (argv[2], NULL, 10));
  peer = rtmp_peer_new (&config);
  g_bytes_unref (config.flv);
  url = rtmp_peer_get_url (peer, "live/guard");
  puts (url);
  (void) fflush (stdout);
  while (getchar () != EOF)
    ;
  return 0;
}
