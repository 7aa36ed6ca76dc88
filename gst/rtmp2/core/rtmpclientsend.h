/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CLIENT_SEND_H
#define RTMP_CLIENT_SEND_H

#include "rtmpclient.h"

G_BEGIN_DECLS

/**
 * RtmpClient: the data of the client's role, shared by its two halves: rtmpclientsend.c, what a
 * client says, and rtmpclient.c, when it says it and what it makes of the answers.
 *
 * @app: without an authentication query
 * @connect: until it is sent
 * @create_transaction: of createStream; 0 until it is sent
 * @start_sent: publish or play was sent
 * @connected, @stream_created: connect and createStream were answered
 * @stream_id: of publish or play
 * @started: (nullable): what accepted publish or play, while earlier answers are missing
 * @media_on_zero: peers.md Q36
 */
typedef struct {
  gboolean publish;
  RtmpFastStart fast_start;
  gchar *app;
  gchar *stream;
  gchar *secure_token;
  gint live;
  RtmpAuth *auth;
  guint32 auth_nonce;
  guint32 chunk_size;
  guint32 window_size;
  guint32 buffer_ms;
  gint64 idle_timeout;
  RtmpCommand *connect;

  gdouble last_transaction;
  gdouble connect_transaction;
  gdouble create_transaction;
  gboolean start_sent;
  gboolean connected;
  gboolean stream_created;
  guint32 stream_id;
  RtmpStatus *started;
  gboolean ready;
  gboolean media_on_zero;
} RtmpClient;

/* Set Chunk Size and connect. */
void rtmp_client_send_connect (RtmpSession *session, gint64 now);

/* Answers the server's @token, if a key was given. FALSE with RTMP_ERROR_NOT_AUTHORIZED or
 * RTMP_ERROR_LIMIT: the token cannot be answered */
gboolean rtmp_client_send_secure_token_response (RtmpSession *session, const gchar *token,
    GError **error);

/* releaseStream and FCPublish where we publish, createStream. */
void rtmp_client_send_create_stream (RtmpSession *session, gint64 now);

/* publish, or play and Set Buffer Length, on the message stream @stream_id. */
void rtmp_client_send_start (RtmpSession *session, guint32 stream_id, gint64 now);

/* All of that, and Window Acknowledgement Size, for a fast start. */
void rtmp_client_send_all (RtmpSession *session, gint64 now);

G_END_DECLS

#endif
