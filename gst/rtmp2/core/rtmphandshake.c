/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmphandshake.h"

#include <string.h>

#include "rtmpcrypto.h"
#include "rtmpcursor.h"
#include "rtmperror.h"

/*
 * Either direction (RTMP 1.0, 5.2.2 to 5.2.4):
 *
 *   C0, S0   +---------+
 *            | version |                                          1 byte
 *            +---------+----------------------------------------+
 *   C1, S1   | time: 4 | zero: 4 (version) | random: 1528       | 1536 bytes
 *            +---------+-------------------+--------------------+
 *   C2, S2   | time: 4 | time2: 4          | echo: 1528         | 1536 bytes
 *            +---------+-------------------+--------------------+
 *
 * With digest (protocol.md 23 to 25) the zero field is a version, and 32 of the
 * random bytes, at a place that four others tell, are an HMAC of the rest:
 *
 *   C1, S1   | 4 | version: 4 | ... | HMAC (short key, all the other bytes) | ... |
 *   C2, S2   | random: 1504 | HMAC (HMAC (full key, peer's HMAC), those 1504) |
 */
#define VERSION_SIZE 1u
#define TIME_SIZE 4u
#define ECHO_OFFSET 8u
#define ECHO_SIZE (RTMP_HANDSHAKE_SIZE - ECHO_OFFSET)
#define SIGNED_SIZE (RTMP_HANDSHAKE_SIZE - RTMP_SHA256_SIZE)

#define VERSION 3u
/* "32-255 are not allowed": so that text protocols are told from RTMP. */
#define FIRST_FORBIDDEN_VERSION 32u
/* Content types of TLS records (RFC 8446, 5.1), which pass as versions. */
#define FIRST_TLS_RECORD 20u
#define LAST_TLS_RECORD 23u

/* Where a digest may begin within its block. */
#define DIGEST_PLACES 728u

#define KEY_TAIL \
  "\xF0\xEE\xC2\x4A\x80\x68\xBE\xE8\x2E\x00\xD0\xD1\x02\x9E\x7E\x57" \
  "\x6E\xEC\x5D\x2D\x29\x80\x6F\xAB\x93\xB8\xE6\x36\xCF\xEB\x31\xAE"

typedef struct {
  gsize pointer; /* the four bytes whose sum tells the place */
  gsize base;    /* where the digest is when the sum is 0 */
} Schema;

/* By RtmpHandshakeKind; the plain kind has none. */
static const Schema schemas[] = {
  [RTMP_HANDSHAKE_DIGEST_0] = { 772, 776 },
  [RTMP_HANDSHAKE_DIGEST_1] = { 8, 12 },
};

/* What differs between the two ends. */
typedef struct {
  gchar letter;
  const gchar *role;
  const gchar *key;
  gsize short_key_size;
  gsize full_key_size;
  guint8 version[4];
} Side;

static const Side client_side = { 'C', "client", "Genuine Adobe Flash Player 001" KEY_TAIL, 30, 62,
  { 0x09, 0x00, 0x7C, 0x02 } };

static const Side server_side = { 'S', "server", "Genuine Adobe Flash Media Server 001" KEY_TAIL,
  36, 68, { 0x04, 0x05, 0x00, 0x01 } };

/* What is expected of the peer next. */
typedef enum {
  STATE_VERSION,
  STATE_FIRST,
  STATE_SECOND,
  STATE_DONE,
  STATE_FAILED,
} State;

struct _RtmpHandshake {
  const Side *own;
  const Side *peer;
  State state;
  RtmpHandshakeKind own_kind; /* of our first packet */
  RtmpHandshakeKind kind;     /* of the peer's first packet, thus agreed */
  GString *note;

  guint8 in[RTMP_HANDSHAKE_SIZE];
  gsize in_size;

  /* Version, first packet, second packet; of these, out_size may be sent. */
  guint8 out[VERSION_SIZE + 2 * RTMP_HANDSHAKE_SIZE];
  gsize out_size;
  gsize out_sent;
};

static guint8 *
own_first (RtmpHandshake *handshake)
{
  return handshake->out + VERSION_SIZE;
}

static guint8 *
own_second (RtmpHandshake *handshake)
{
  return handshake->out + VERSION_SIZE + RTMP_HANDSHAKE_SIZE;
}

static gsize
digest_offset (RtmpHandshakeKind kind, const guint8 *packet)
{
  const Schema *schema = &schemas[kind];
  const guint8 *p = packet + schema->pointer;

  return schema->base + ((gsize) p[0] + p[1] + p[2] + p[3]) % DIGEST_PLACES;
}

static void
compute_digest (const Side *side, const guint8 *packet, gsize offset,
    guint8 digest[RTMP_SHA256_SIZE])
{
  gsize rest = offset + RTMP_SHA256_SIZE;

  rtmp_hmac_sha256 ((const guint8 *) side->key, side->short_key_size, packet, offset, packet + rest,
      RTMP_HANDSHAKE_SIZE - rest, digest);
}

static gboolean
has_digest (const Side *side, RtmpHandshakeKind kind, const guint8 *packet)
{
  gsize offset = digest_offset (kind, packet);
  guint8 digest[RTMP_SHA256_SIZE];

  compute_digest (side, packet, offset, digest);
  return rtmp_bytes_equal_constant_time (packet + offset, digest, RTMP_SHA256_SIZE);
}

/* The signature that a second packet ends with; @first is the packet that its
 * receiver sent, of kind @kind. */
static void
compute_signature (const Side *side, RtmpHandshakeKind kind, const guint8 *first,
    const guint8 *second, guint8 signature[RTMP_SHA256_SIZE])
{
  guint8 key[RTMP_SHA256_SIZE];

  rtmp_hmac_sha256 ((const guint8 *) side->key, side->full_key_size,
      first + digest_offset (kind, first), RTMP_SHA256_SIZE, NULL, 0, key);
  rtmp_hmac_sha256 (key, sizeof (key), second, SIGNED_SIZE, NULL, 0, signature);
}

G_GNUC_PRINTF (2, 3)
static void
add_note (RtmpHandshake *handshake, const gchar *format, ...)
{
  va_list args;

  if (handshake->note->len > 0)
    g_string_append (handshake->note, "; ");
  va_start (args, format);
  g_string_append_vprintf (handshake->note, format, args);
  va_end (args);
}

static RtmpHandshake *
handshake_new (const Side *own, const Side *peer, guint32 time, const guint8 *random)
{
  RtmpHandshake *handshake = g_new0 (RtmpHandshake, 1);

  handshake->own = own;
  handshake->peer = peer;
  handshake->note = g_string_new (NULL);
  handshake->out[0] = VERSION;
  memcpy (own_first (handshake), random, RTMP_HANDSHAKE_RANDOM_SIZE);
  rtmp_write_u32 (own_first (handshake), time);
  return handshake;
}

/* Completes C1 or S1, random and time being there. */
static void
finish_first (RtmpHandshake *handshake, RtmpHandshakeKind kind)
{
  guint8 *packet = own_first (handshake);
  gsize offset;

  handshake->own_kind = kind;
  if (kind == RTMP_HANDSHAKE_PLAIN) {
    rtmp_write_u32 (packet + TIME_SIZE, 0);
    return;
  }
  memcpy (packet + TIME_SIZE, handshake->own->version, sizeof (handshake->own->version));
  offset = digest_offset (kind, packet);
  compute_digest (handshake->own, packet, offset, packet + offset);
}

RtmpHandshake *
rtmp_handshake_new_client (RtmpHandshakeKind kind, guint32 time, const guint8 *random)
{
  RtmpHandshake *handshake = handshake_new (&client_side, &server_side, time, random);

  finish_first (handshake, kind);
  handshake->out_size = VERSION_SIZE + RTMP_HANDSHAKE_SIZE;
  return handshake;
}

void
rtmp_handshake_hurry (RtmpHandshake *handshake)
{
  g_return_if_fail (handshake->own == &client_side && handshake->own_kind == RTMP_HANDSHAKE_PLAIN
      && handshake->out_sent == 0);
  handshake->out_size = sizeof (handshake->out);
}

RtmpHandshake *
rtmp_handshake_new_server (guint32 time, const guint8 *random)
{
  return handshake_new (&server_side, &client_side, time, random);
}

void
rtmp_handshake_free (RtmpHandshake *handshake)
{
  if (!handshake)
    return;
  g_string_free (handshake->note, TRUE);
  g_free (handshake);
}

static gboolean
take_version (RtmpHandshake *handshake, guint8 version, GError **error)
{
  const gchar *role = handshake->peer->role;

  if (version >= FIRST_FORBIDDEN_VERSION) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_HANDSHAKE,
        "The peer is not an RTMP %s: its first byte is 0x%02X", role, version);
    handshake->state = STATE_FAILED;
    return FALSE;
  }
  if (version >= FIRST_TLS_RECORD && version <= LAST_TLS_RECORD)
    add_note (handshake, "the %s sent version %u instead of %u, which may be the beginning of TLS",
        role, version, VERSION);
  else if (version != VERSION)
    add_note (handshake, "the %s sent version %u instead of %u", role, version, VERSION);
  handshake->state = STATE_FIRST;
  return TRUE;
}

/* Finds the kind of the peer's first packet. Both schemas are tried at either
 * end: nginx-rtmp answers in schema 1 whatever it was asked in. */
static RtmpHandshakeKind
detect_kind (const RtmpHandshake *handshake)
{
  RtmpHandshakeKind kind = RTMP_HANDSHAKE_DIGEST_1;

  if (rtmp_read_u32 (handshake->in + TIME_SIZE) == 0)
    return RTMP_HANDSHAKE_PLAIN;
  while (kind != RTMP_HANDSHAKE_PLAIN && !has_digest (handshake->peer, kind, handshake->in))
    kind--;
  return kind;
}

/* Completes C2 or S2, unless it had to leave before. */
static void
finish_second (RtmpHandshake *handshake, guint32 now)
{
  guint8 *packet = own_second (handshake);

  if (handshake->out_size == sizeof (handshake->out))
    return;
  if (handshake->kind != RTMP_HANDSHAKE_PLAIN) {
    compute_signature (handshake->own, handshake->kind, handshake->in, packet,
        packet + SIGNED_SIZE);
  } else {
    memcpy (packet, handshake->in, RTMP_HANDSHAKE_SIZE);
    rtmp_write_u32 (packet + TIME_SIZE, now);
  }
  handshake->out_size = sizeof (handshake->out);
}

static void
take_first (RtmpHandshake *handshake, guint32 now)
{
  gboolean is_server = handshake->own == &server_side;
  gboolean wanted = is_server || handshake->own_kind != RTMP_HANDSHAKE_PLAIN;

  handshake->kind = wanted ? detect_kind (handshake) : RTMP_HANDSHAKE_PLAIN;
  if (wanted && handshake->kind == RTMP_HANDSHAKE_PLAIN
      && rtmp_read_u32 (handshake->in + TIME_SIZE) != 0)
    add_note (handshake, "%c1 has a version but no valid digest", handshake->peer->letter);
  if (is_server)
    finish_first (handshake, handshake->kind);
  finish_second (handshake, now);
  handshake->state = STATE_SECOND;
}

static gboolean
is_signed (RtmpHandshake *handshake)
{
  const guint8 *packet = handshake->in;
  guint8 signature[RTMP_SHA256_SIZE];

  if (handshake->kind == RTMP_HANDSHAKE_PLAIN)
    return FALSE;
  compute_signature (handshake->peer, handshake->own_kind, own_first (handshake), packet,
      signature);
  return rtmp_bytes_equal_constant_time (packet + SIGNED_SIZE, signature, RTMP_SHA256_SIZE);
}

/* FFmpeg echoes S1 where it publishes, digest or not. */
static void
take_second (RtmpHandshake *handshake)
{
  const guint8 *echo = handshake->in + ECHO_OFFSET;
  const guint8 *sent = own_first (handshake) + ECHO_OFFSET;

  handshake->state = STATE_DONE;
  if (memcmp (echo, sent, ECHO_SIZE) == 0 || is_signed (handshake))
    return;
  if (handshake->kind == RTMP_HANDSHAKE_PLAIN)
    add_note (handshake, "%c2 does not echo %c1", handshake->peer->letter, handshake->own->letter);
  else
    add_note (handshake, "%c2 has no valid digest", handshake->peer->letter);
}

/* Takes a part of C1, C2, S1 or S2, not more. */
static gsize
take_packet_bytes (RtmpHandshake *handshake, const guint8 *data, gsize size, guint32 now)
{
  gsize take = MIN (size, RTMP_HANDSHAKE_SIZE - handshake->in_size);

  memcpy (handshake->in + handshake->in_size, data, take);
  handshake->in_size += take;
  if (handshake->in_size < RTMP_HANDSHAKE_SIZE)
    return take;

  handshake->in_size = 0;
  if (handshake->state == STATE_FIRST)
    take_first (handshake, now);
  else
    take_second (handshake);
  return take;
}

gboolean
rtmp_handshake_feed (RtmpHandshake *handshake, const guint8 *data, gsize size, guint32 now,
    gsize *consumed, GError **error)
{
  gsize taken = 0;

  *consumed = 0;
  if (handshake->state == STATE_FAILED) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_HANDSHAKE, "The handshake failed before");
    return FALSE;
  }
  if (handshake->state == STATE_VERSION && size > 0) {
    if (!take_version (handshake, data[0], error))
      return FALSE;
    taken = VERSION_SIZE;
  }
  while (taken < size && handshake->state != STATE_DONE)
    taken += take_packet_bytes (handshake, data + taken, size - taken, now);

  *consumed = taken;
  return TRUE;
}

guint
rtmp_handshake_peek (RtmpHandshake *handshake, RtmpVector *vector)
{
  if (handshake->out_sent == handshake->out_size)
    return 0;
  vector->base = handshake->out + handshake->out_sent;
  vector->size = handshake->out_size - handshake->out_sent;
  return 1;
}

void
rtmp_handshake_consume (RtmpHandshake *handshake, gsize bytes)
{
  g_return_if_fail (bytes <= handshake->out_size - handshake->out_sent);
  handshake->out_sent += bytes;
}

gboolean
rtmp_handshake_is_done (const RtmpHandshake *handshake)
{
  return handshake->state == STATE_DONE;
}

RtmpHandshakeKind
rtmp_handshake_get_kind (const RtmpHandshake *handshake)
{
  return handshake->kind;
}

const gchar *
rtmp_handshake_get_note (const RtmpHandshake *handshake)
{
  return handshake->note->len > 0 ? handshake->note->str : NULL;
}
