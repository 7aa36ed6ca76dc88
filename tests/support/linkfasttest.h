/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LINK_FAST_TEST_H
#define LINK_FAST_TEST_H

#include "linktest.h"

/* Links that start fast, and peers that are asked more than they have answered. */

static const RtmpFastStart fast_starts[] = { RTMP_FAST_START_PIPELINED, RTMP_FAST_START_IMMEDIATE };

static inline LinkTest *
fast_new (gboolean publish, RtmpFastStart fast_start)
{
  LinkTest *test = link_test_new (publish);

  test->config.fast_start = fast_start;
  return test;
}

/* (transfer full): a peer that says nothing in that stage, to its first connection. */
static inline RtmpPeer *
holding_peer (RtmpPeerStage stage)
{
  RtmpPeerConfig config = { 0 };

  config.reactions[stage].action = RTMP_PEER_HOLD;
  return rtmp_peer_new (&config);
}

static inline void
send_some (LinkTest *test, GPtrArray *messages, guint from, guint to)
{
  guint i;

  for (i = from; i < to; i++) {
    g_assert_cmpint (link_test_send_one (test, messages->pdata[i], NULL), ==, RTMP_LINK_OK);
    g_assert_cmpint (rtmp_link_wait_sent (test->link, NULL), ==, RTMP_LINK_OK);
  }
}

static inline void
assert_fallbacks (LinkTest *test, guint fallbacks)
{
  RtmpLinkStats stats;

  rtmp_link_get_stats (test->link, &stats);
  g_free (stats.address);
  g_assert_cmpuint (stats.fast_start_fallbacks, ==, fallbacks);
  g_assert_cmpuint (stats.connections, ==, fallbacks + 1);
  if (fallbacks > 0)
    g_assert_cmpint (stats.fast_start, ==, RTMP_FAST_START_NONE);
}

static inline void
assert_recorded (RtmpPeer *peer, guint connection, GPtrArray *messages)
{
  g_autoptr (RtmpPeerRecord) record = NULL;

  g_assert_true (rtmp_peer_wait_ended (peer, connection));
  record = rtmp_peer_get_record (peer, connection);
  g_assert_cmpint (record->end, ==, RTMP_PEER_ENDED_EOF);
  g_assert_true (g_str_has_prefix (record->commands, PUBLISH_COMMANDS " "));
  g_assert_true (g_str_has_suffix (record->commands, " " STOP_COMMANDS));
  g_assert_cmpuint (record->n_stream_closed, ==, 1);
  g_assert_cmpuint (record->stream_id, ==, 1);
  test_assert_same_media (record->media, messages);
}

static inline void
do_fin (RtmpPeer *peer)
{
  rtmp_peer_close (peer, 0, RTMP_PEER_FIN);
}

static inline void
do_rst (RtmpPeer *peer)
{
  rtmp_peer_close (peer, 0, RTMP_PEER_RST);
}

static inline void
do_refuse_connect (RtmpPeer *peer)
{
  RtmpCommand *command = rtmp_command_new ("_error", 1);

  rtmp_command_add (command, rtmp_amf_new_null ());
  rtmp_peer_send_command (peer, 0, command, 0);
}

#endif
