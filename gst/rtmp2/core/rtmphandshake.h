/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_HANDSHAKE_H
#define RTMP_HANDSHAKE_H

#include "rtmpmessage.h"

G_BEGIN_DECLS

/* Bytes of C1, S1, C2 and S2 (RTMP 1.0, 5.2.3 and 5.2.4). */
#define RTMP_HANDSHAKE_SIZE 1536u
/* Random bytes that either side is given: for its first and second packet. */
#define RTMP_HANDSHAKE_RANDOM_SIZE (2 * RTMP_HANDSHAKE_SIZE)

/**
 * RtmpHandshake: either side of the handshake, plain or with digest (RTMP 1.0,
 * 5.2; protocol.md 1 to 3, 23 to 25). Bytes in, bytes out; no clock, no
 * randomness of its own, and no memory that the peer could make grow.
 */
typedef struct _RtmpHandshake RtmpHandshake;

typedef enum {
  RTMP_HANDSHAKE_PLAIN,    /* version field zero */
  RTMP_HANDSHAKE_DIGEST_0, /* schema 0 */
  RTMP_HANDSHAKE_DIGEST_1, /* schema 1 */
} RtmpHandshakeKind;

/**
 * rtmp_handshake_new_client:
 * @kind: what to offer. A client that offered a digest accepts a plain answer.
 * @time: the time field of C1, milliseconds
 * @random: (array fixed-size=3072): RTMP_HANDSHAKE_RANDOM_SIZE random bytes: C1,
 *   then the 1504 that the signature of C2 covers
 *
 * C0 and C1 are ready to be sent at once. C2 follows when S1 was taken.
 *
 * Returns: (transfer full): a handshake
 */
RtmpHandshake *rtmp_handshake_new_client (RtmpHandshakeKind kind, guint32 time,
    const guint8 *random);

/**
 * rtmp_handshake_hurry:
 * @handshake: a client's, plain, from which nothing was sent
 *
 * Makes C2 ready beside C0 and C1, so that the client's half needs no answer: outside the
 * specification, which has C2 wait for S1 (RTMP 1.0, 5.2.1). It cannot echo S1 then and holds the
 * second half of the random bytes.
 */
void rtmp_handshake_hurry (RtmpHandshake *handshake);

/**
 * rtmp_handshake_new_server:
 * @time: the time field of S1, milliseconds
 * @random: (array fixed-size=3072): RTMP_HANDSHAKE_RANDOM_SIZE random bytes: S1,
 *   then the 1504 that the signature of S2 covers
 *
 * Answers as the client asks: digest of either schema, else plain. S0, S1 and
 * S2 are ready together once C1 was taken, on which S1 depends.
 *
 * Returns: (transfer full): a handshake
 */
RtmpHandshake *rtmp_handshake_new_server (guint32 time, const guint8 *random);

/* NULL is fine. */
void rtmp_handshake_free (RtmpHandshake *handshake);

/**
 * rtmp_handshake_feed:
 * @data: (nullable): may be %NULL with a @size of 0
 * @now: milliseconds, for the "time2" field
 * @consumed: (out): bytes taken; the rest belongs to the chunk stream. 0 on failure.
 *
 * Takes no byte past the peer's last handshake byte. S0 values other than 3 are
 * tolerated within 0 to 31 with a note (Q27); 32 and above are
 * RTMP_ERROR_HANDSHAKE ("not an RTMP server"); as a server, C0 of 32 and above
 * likewise, everything below is answered by 3. (C0 6, RTMPE, is answered by 3
 * too.) A wrong echo or digest in S2/C2 is only noted; an echo where a digest is
 * due is as good as that (FFmpeg sends one when it publishes).
 *
 * Returns: %FALSE with RTMP_ERROR_HANDSHAKE; of no further use then
 */
gboolean rtmp_handshake_feed (RtmpHandshake *handshake, const guint8 *data, gsize size, guint32 now,
    gsize *consumed, GError **error);

/**
 * rtmp_handshake_peek:
 * @vector: (out caller-allocates): what is to be sent next, in one piece, valid
 *   until the handshake is fed, consumed from or freed
 *
 * Returns: 1, or 0 when nothing is to be sent
 */
guint rtmp_handshake_peek (RtmpHandshake *handshake, RtmpVector *vector);

/* Takes @bytes of what was last lent as sent. */
void rtmp_handshake_consume (RtmpHandshake *handshake, gsize bytes);

/* The peer's last byte was taken (our own last may still wait to be sent). */
gboolean rtmp_handshake_is_done (const RtmpHandshake *handshake);
/* What was agreed, once done. A client's digest may have been offered in one
 * schema and answered in the other: then that of the answer. */
RtmpHandshakeKind rtmp_handshake_get_kind (const RtmpHandshake *handshake);
/* (transfer none) (nullable): what was strange but tolerated, for a warning: one
 * or more remarks with "; " between. Valid until the handshake is fed or freed. */
const gchar *rtmp_handshake_get_note (const RtmpHandshake *handshake);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpHandshake, rtmp_handshake_free)

G_END_DECLS

#endif
