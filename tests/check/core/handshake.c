/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmphandshake.h"

#include <string.h>

#include "core/rtmpcrypto.h"
#include "core/rtmpcursor.h"
#include "core/rtmperror.h"

#define SIZE RTMP_HANDSHAKE_SIZE
#define SIGNED (SIZE - RTMP_SHA256_SIZE)
/* A version byte and two packets, which is what either side sends. */
#define FLIGHT (1 + 2 * SIZE)

/* Section F of protocol.md, the full values of vector 19. */
typedef struct {
  RtmpHandshakeKind kind;
  gsize offset;
  const gchar *c1;
  const gchar *s1;
  const gchar *c2;
  const gchar *s2;
} Vector19;

static const Vector19 vectors[] = {
  { RTMP_HANDSHAKE_DIGEST_0, 798,
      "2e064d617800c563ffdb6ff67e2084be69f21576d0e3449c252dccae7bd4ce49",
      "ca545b77069cf350969f1cfcc0c75129623eca44bf7590d7864c650925ad8d9d",
      "8ae8333bb6c7ed36ef3387fe569755005ff755f35931e12a0b4f9a19e402fcfd",
      "ad3f91f6e728826c99df92e3d20b9cfdd96a32361216c4382cc067e6acba8334" },
  { RTMP_HANDSHAKE_DIGEST_1, 50, "847b0a67b05fc66226127cd092337f2f9d2150340f81eafde5b40988a40a60b8",
      "88bb1215c67a74dfd50129ac04ff221357cb6314bd1a1c1a53e1a28abe3ffc8e",
      "b7a84cc0add732bbf38fb3fa14e972bb569a80cc190edccdb0602eb9d7d2d555",
      "62195b7978ff30b9b7c6ef900a6154f7e6900cf05ddb24035d6306f29773d531" },
};

static const guint8 client_version[] = { 0x09, 0x00, 0x7C, 0x02 };
static const guint8 server_version[] = { 0x04, 0x05, 0x00, 0x01 };

/* Commands that come right behind the handshake. */
static const guint8 tail[] = { 2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 16, 0 };

/* Vector 19's bytes: i mod 256, in both packets. */
static void
fill (guint8 *bytes, gsize size)
{
  gsize i;

  for (i = 0; i < size; i++)
    bytes[i] = (guint8) i;
}

static const guint8 *
random_bytes (void)
{
  static guint8 bytes[RTMP_HANDSHAKE_RANDOM_SIZE];

  fill (bytes, sizeof (bytes));
  return bytes;
}

static void
put_hex (guint8 *dest, const gchar *hex)
{
  guint i;

  for (i = 0; i < RTMP_SHA256_SIZE; i++)
    dest[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4
        | g_ascii_xdigit_value (hex[2 * i + 1]));
}

/* What a peer sends, made of the vectors and not of the code under test. */
static void
make_flight (guint8 *flight, const Vector19 *vector, const guint8 *version, const gchar *digest,
    const gchar *signature)
{
  guint8 *first = flight + 1, *second = flight + 1 + SIZE;

  flight[0] = 3;
  fill (first, 2 * SIZE);
  memset (first, 0, 4);
  memcpy (first + 4, version, 4);
  put_hex (first + vector->offset, digest);
  put_hex (second + SIGNED, signature);
}

static void
make_server_flight (guint8 *flight, const Vector19 *vector)
{
  make_flight (flight, vector, server_version, vector->s1, vector->s2);
}

static void
make_client_flight (guint8 *flight, const Vector19 *vector)
{
  make_flight (flight, vector, client_version, vector->c1, vector->c2);
}

/* A plain peer's: time 0, zero, random; its second packet is left for later. */
static void
make_plain_first (guint8 *flight)
{
  flight[0] = 3;
  fill (flight + 1, SIZE);
  memset (flight + 1, 0, 8);
}

/* Collects everything that may be sent, in pieces of at most @step bytes. */
static void
drain (RtmpHandshake *handshake, GByteArray *out, gsize step)
{
  RtmpVector vector;

  while (rtmp_handshake_peek (handshake, &vector) > 0) {
    gsize take = MIN (vector.size, step);

    g_assert_cmpuint (vector.size, >, 0);
    g_byte_array_append (out, vector.base, (guint) take);
    rtmp_handshake_consume (handshake, take);
  }
}

static GByteArray *
drained (RtmpHandshake *handshake)
{
  GByteArray *out = g_byte_array_new ();

  drain (handshake, out, G_MAXSIZE);
  return out;
}

static void
feed_all (RtmpHandshake *handshake, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  gsize consumed = G_MAXSIZE;

  g_assert_true (rtmp_handshake_feed (handshake, data, size, 77, &consumed, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (consumed, ==, size);
}

/* Feeds a flight with commands behind it, in pieces that end at @split. */
static void
feed_split (RtmpHandshake *handshake, const guint8 *flight, gsize split)
{
  guint8 data[FLIGHT + sizeof (tail)];
  g_autoptr (GError) error = NULL;
  gsize first, second;

  memcpy (data, flight, FLIGHT);
  memcpy (data + FLIGHT, tail, sizeof (tail));
  g_assert_true (rtmp_handshake_feed (handshake, data, split, 77, &first, &error));
  g_assert_cmpuint (first, ==, MIN (split, FLIGHT));
  g_assert_true (rtmp_handshake_feed (handshake, data + first, sizeof (data) - first, 77, &second,
      &error));
  g_assert_no_error (error);
  g_assert_cmpuint (first + second, ==, FLIGHT);
  g_assert_true (rtmp_handshake_is_done (handshake));
}

static void
feed_bytewise (RtmpHandshake *handshake, const guint8 *flight)
{
  gsize i;

  for (i = 0; i < FLIGHT; i++) {
    g_assert_false (rtmp_handshake_is_done (handshake));
    feed_all (handshake, flight + i, 1);
  }
  g_assert_true (rtmp_handshake_is_done (handshake));
}

/* Either end of vector 19. */
static RtmpHandshake *
end_new (gboolean server, const Vector19 *vector)
{
  if (server)
    return rtmp_handshake_new_server (0, random_bytes ());
  return rtmp_handshake_new_client (vector->kind, 0, random_bytes ());
}

static void
make_peer_flight (guint8 *flight, gboolean server, const Vector19 *vector)
{
  if (server)
    make_client_flight (flight, vector);
  else
    make_server_flight (flight, vector);
}

static void
assert_own_flight (const GByteArray *out, gboolean server, const Vector19 *vector)
{
  guint8 expected[FLIGHT];

  make_peer_flight (expected, !server, vector);
  g_assert_cmpmem (out->data, out->len, expected, sizeof (expected));
}

/* Vector 19: C1 and C2, or S1 and S2, byte for byte; what the peer sends is taken
 * without a remark. */
static void
check_vector (gboolean server, const Vector19 *v)
{
  g_autoptr (RtmpHandshake) handshake = end_new (server, v);
  g_autoptr (GByteArray) out = drained (handshake);
  guint8 flight[FLIGHT];

  make_peer_flight (flight, server, v);
  g_assert_cmpuint (out->len, ==, server ? 0 : 1 + SIZE);
  feed_all (handshake, flight, 1 + SIZE);
  g_assert_false (rtmp_handshake_is_done (handshake));
  drain (handshake, out, G_MAXSIZE);
  assert_own_flight (out, server, v);
  feed_all (handshake, flight + 1 + SIZE, SIZE);
  g_assert_true (rtmp_handshake_is_done (handshake));
  g_assert_cmpint (rtmp_handshake_get_kind (handshake), ==, v->kind);
  g_assert_cmpstr (rtmp_handshake_get_note (handshake), ==, NULL);
}

static void
test_vector (void)
{
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (vectors); i++)
    check_vector (i % 2, &vectors[i / 2]);
}

/* Protocol.md 2: time, zero and random of C1; time, time2 and echo of C2. */
static void
test_client_plain (void)
{
  g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (RTMP_HANDSHAKE_PLAIN, 0x01020304,
      random_bytes ());
  g_autoptr (GByteArray) out = drained (client);
  static const guint8 head[] = { 3, 1, 2, 3, 4, 0, 0, 0, 0, 8, 9, 10 };
  guint8 flight[FLIGHT];

  g_assert_cmpuint (out->len, ==, 1 + SIZE);
  g_assert_cmpmem (out->data, sizeof (head), head, sizeof (head));
  g_assert_cmpmem (out->data + 9, SIZE - 8, random_bytes () + 8, SIZE - 8);

  make_plain_first (flight);
  rtmp_write_u32 (flight + 1, 0x0A0B0C0D);
  memcpy (flight + 1 + SIZE, out->data + 1, SIZE);
  feed_all (client, flight, 1 + SIZE);
  drain (client, out, G_MAXSIZE);
  g_assert_cmpuint (out->len, ==, FLIGHT);
  rtmp_write_u32 (flight + 5, 77);
  g_assert_cmpmem (out->data + 1 + SIZE, SIZE, flight + 1, SIZE);
  feed_all (client, flight + 1 + SIZE, SIZE);
  g_assert_true (rtmp_handshake_is_done (client));
  g_assert_cmpint (rtmp_handshake_get_kind (client), ==, RTMP_HANDSHAKE_PLAIN);
  g_assert_cmpstr (rtmp_handshake_get_note (client), ==, NULL);
}

/* Protocol.md 3: nothing is sent before C1 is whole, then S0, S1 and S2. */
static void
test_server_plain (void)
{
  g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (0x01020304, random_bytes ());
  g_autoptr (GByteArray) out = NULL;
  static const guint8 head[] = { 3, 1, 2, 3, 4, 0, 0, 0, 0, 8, 9, 10 };
  guint8 flight[FLIGHT];
  RtmpVector vector;

  make_plain_first (flight);
  rtmp_write_u32 (flight + 1, 0x0A0B0C0D);
  feed_all (server, flight, SIZE);
  g_assert_cmpuint (rtmp_handshake_peek (server, &vector), ==, 0);
  feed_all (server, flight + SIZE, 1);
  out = drained (server);

  g_assert_cmpuint (out->len, ==, FLIGHT);
  g_assert_cmpmem (out->data, sizeof (head), head, sizeof (head));
  rtmp_write_u32 (flight + 5, 77);
  g_assert_cmpmem (out->data + 1 + SIZE, SIZE, flight + 1, SIZE);
  feed_all (server, out->data + 1, SIZE);
  g_assert_true (rtmp_handshake_is_done (server));
  g_assert_cmpint (rtmp_handshake_get_kind (server), ==, RTMP_HANDSHAKE_PLAIN);
  g_assert_cmpstr (rtmp_handshake_get_note (server), ==, NULL);
}

/* Vector 18: S0, S1, S2 and commands together, and as much of a client's, in two
 * pieces at every position. */
static void
check_split (gboolean server, const Vector19 *v, gsize split)
{
  g_autoptr (RtmpHandshake) handshake = end_new (server, v);
  g_autoptr (GByteArray) out = NULL;
  guint8 flight[FLIGHT];

  make_peer_flight (flight, server, v);
  feed_split (handshake, flight, split);
  out = drained (handshake);
  assert_own_flight (out, server, v);
  g_assert_cmpstr (rtmp_handshake_get_note (handshake), ==, NULL);
}

static void
test_split (void)
{
  gsize split;

  for (split = 0; split <= FLIGHT + sizeof (tail); split++) {
    check_split (FALSE, &vectors[split % 2], split);
    check_split (TRUE, &vectors[split % 2], split);
  }
}

/* Vector 18: a fragment is a byte, both ways. */
static void
test_bytewise (void)
{
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (vectors); i++) {
    const Vector19 *v = &vectors[i / 2];
    g_autoptr (RtmpHandshake) handshake = end_new (i % 2, v);
    g_autoptr (GByteArray) out = g_byte_array_new ();
    guint8 flight[FLIGHT];

    make_peer_flight (flight, i % 2, v);
    feed_bytewise (handshake, flight);
    drain (handshake, out, 1);
    assert_own_flight (out, i % 2, v);
  }
}

/* A handshake that is done leaves everything to the chunk stream. */
static void
test_after_done (void)
{
  g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (vectors[1].kind, 0,
      random_bytes ());
  guint8 flight[FLIGHT];
  gsize consumed = 1;

  make_server_flight (flight, &vectors[1]);
  feed_all (client, flight, FLIGHT);
  g_assert_true (rtmp_handshake_feed (client, tail, sizeof (tail), 0, &consumed, NULL));
  g_assert_cmpuint (consumed, ==, 0);
  g_assert_true (rtmp_handshake_is_done (client));
}

static void
test_nothing_fed (void)
{
  g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (0, random_bytes ());
  RtmpVector vector;

  feed_all (server, NULL, 0);
  g_assert_cmpuint (rtmp_handshake_peek (server, &vector), ==, 0);
  g_assert_false (rtmp_handshake_is_done (server));
  rtmp_handshake_free (NULL);
}

/* Carries bytes between the two until neither has any. */
static void
run_pair (RtmpHandshake *client, RtmpHandshake *server, gsize step)
{
  RtmpHandshake *ends[] = { client, server };
  guint idle = 0, turn = 0;

  while (idle < 2) {
    RtmpVector vector;

    if (rtmp_handshake_peek (ends[turn], &vector) > 0) {
      gsize take = MIN (vector.size, step);

      feed_all (ends[!turn], vector.base, take);
      rtmp_handshake_consume (ends[turn], take);
      idle = 0;
    } else {
      idle++;
    }
    turn = !turn;
  }
}

static void
test_pairs (void)
{
  static const RtmpHandshakeKind kinds[] = { RTMP_HANDSHAKE_PLAIN, RTMP_HANDSHAKE_DIGEST_0,
    RTMP_HANDSHAKE_DIGEST_1 };
  static const gsize steps[] = { 1, 100, 1536, 1537, G_MAXSIZE };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (kinds) * G_N_ELEMENTS (steps); i++) {
    RtmpHandshakeKind kind = kinds[i % G_N_ELEMENTS (kinds)];
    g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (kind, 1, random_bytes ());
    g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (2, random_bytes ());

    run_pair (client, server, steps[i / G_N_ELEMENTS (kinds)]);
    g_assert_true (rtmp_handshake_is_done (client));
    g_assert_true (rtmp_handshake_is_done (server));
    g_assert_cmpint (rtmp_handshake_get_kind (client), ==, kind);
    g_assert_cmpint (rtmp_handshake_get_kind (server), ==, kind);
    g_assert_cmpstr (rtmp_handshake_get_note (client), ==, NULL);
    g_assert_cmpstr (rtmp_handshake_get_note (server), ==, NULL);
  }
}

/* Both ends of the range of places a digest may have, and where it wraps:
 * protocol.md 23. */
static void
test_digest_places (void)
{
  static const struct {
    guint8 pointer[4];
    guint place;
  } places[] = { { { 0, 0, 0, 0 }, 0 }, { { 0, 0, 0, 1 }, 1 }, { { 255, 255, 217, 0 }, 727 },
    { { 255, 255, 218, 0 }, 0 }, { { 255, 255, 255, 255 }, 292 } };
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (places); i++) {
    gboolean one = i % 2;
    gsize pointer = one ? 8 : 772, offset = pointer + 4 + places[i / 2].place;
    guint8 random[RTMP_HANDSHAKE_RANDOM_SIZE];
    g_autoptr (RtmpHandshake) client = NULL;
    g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (0, random_bytes ());
    g_autoptr (GByteArray) out = NULL;

    fill (random, sizeof (random));
    memcpy (random + pointer, places[i / 2].pointer, 4);
    client = rtmp_handshake_new_client (vectors[one].kind, 0, random);
    out = drained (client);
    g_assert_cmpmem (out->data + 9, offset - 8, random + 8, offset - 8);
    g_assert_true (memcmp (out->data + 1 + offset, random + offset, RTMP_SHA256_SIZE) != 0);
    offset += RTMP_SHA256_SIZE;
    g_assert_cmpmem (out->data + 1 + offset, SIZE - offset, random + offset, SIZE - offset);

    feed_all (server, out->data, out->len);
    g_assert_cmpint (rtmp_handshake_get_kind (server), ==, vectors[one].kind);
  }
}

/* Vector 19: any flipped bit of C1 makes the handshake plain, with a note. */
static void
test_flipped_bit_server (void)
{
  guint bit;

  for (bit = 0; bit < 8 * SIZE; bit++) {
    g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (0, random_bytes ());
    guint8 flight[FLIGHT];

    make_client_flight (flight, &vectors[bit % 2]);
    flight[1 + bit / 8] ^= 1u << bit % 8;
    feed_all (server, flight, 1 + SIZE);
    g_assert_cmpint (rtmp_handshake_get_kind (server), ==, RTMP_HANDSHAKE_PLAIN);
    g_assert_cmpstr (rtmp_handshake_get_note (server), ==, "C1 has a version but no valid digest");
  }
}

/* Likewise S1: C2 is then an echo of it. */
static void
test_flipped_bit_client (void)
{
  guint i;

  for (i = 0; i < SIZE; i += 5) {
    const Vector19 *v = &vectors[i % 2];
    g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (v->kind, 0, random_bytes ());
    g_autoptr (GByteArray) out = NULL;
    guint8 flight[FLIGHT];

    make_server_flight (flight, v);
    flight[1 + i] ^= 1;
    feed_all (client, flight, 1 + SIZE);
    out = drained (client);
    g_assert_cmpint (rtmp_handshake_get_kind (client), ==, RTMP_HANDSHAKE_PLAIN);
    g_assert_cmpmem (out->data + 1 + SIZE + 8, SIZE - 8, flight + 9, SIZE - 8);
    memcpy (flight + 1 + SIZE, out->data + 1, SIZE);
    feed_all (client, flight + 1 + SIZE, SIZE);
    g_assert_true (rtmp_handshake_is_done (client));
    g_assert_cmpstr (rtmp_handshake_get_note (client), ==, "S1 has a version but no valid digest");
  }
}

/* A server that knows no digest writes zeros, and that is nothing to warn of. */
static void
test_digest_declined (void)
{
  g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (RTMP_HANDSHAKE_DIGEST_1, 0,
      random_bytes ());
  g_autoptr (GByteArray) out = drained (client);
  guint8 flight[FLIGHT];

  make_plain_first (flight);
  memcpy (flight + 1 + SIZE, out->data + 1, SIZE);
  feed_all (client, flight, FLIGHT);
  g_assert_true (rtmp_handshake_is_done (client));
  g_assert_cmpint (rtmp_handshake_get_kind (client), ==, RTMP_HANDSHAKE_PLAIN);
  g_assert_cmpstr (rtmp_handshake_get_note (client), ==, NULL);
}

/* A plain client takes S1 for what it asked, whatever its version field says. */
static void
test_digest_unasked (void)
{
  g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (RTMP_HANDSHAKE_PLAIN, 0,
      random_bytes ());
  g_autoptr (GByteArray) out = drained (client);
  guint8 flight[FLIGHT];

  make_server_flight (flight, &vectors[1]);
  memcpy (flight + 1 + SIZE, out->data + 1, SIZE);
  feed_all (client, flight, FLIGHT);
  drain (client, out, G_MAXSIZE);
  g_assert_cmpint (rtmp_handshake_get_kind (client), ==, RTMP_HANDSHAKE_PLAIN);
  g_assert_cmpmem (out->data + 1 + SIZE + 8, SIZE - 8, flight + 9, SIZE - 8);
  g_assert_cmpstr (rtmp_handshake_get_note (client), ==, NULL);
}

/* S1 in the schema that C1 was not in: the signature of C2 is over S1's digest
 * where that lies, that of S2 over C1's. */
static void
test_other_schema (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (vectors); i++) {
    const Vector19 *asked = &vectors[i], *answered = &vectors[!i];
    g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (asked->kind, 0, random_bytes ());
    g_autoptr (GByteArray) out = NULL;
    guint8 flight[FLIGHT], c2[RTMP_SHA256_SIZE];

    make_server_flight (flight, answered);
    put_hex (flight + 1 + SIZE + SIGNED, asked->s2);
    put_hex (c2, answered->c2);
    feed_all (client, flight, FLIGHT);
    out = drained (client);
    g_assert_cmpint (rtmp_handshake_get_kind (client), ==, answered->kind);
    g_assert_cmpmem (out->data + 1 + SIZE + SIGNED, sizeof (c2), c2, sizeof (c2));
    g_assert_cmpstr (rtmp_handshake_get_note (client), ==, NULL);
  }
}

/* Q27 and vector 18: a wrong second packet is a note and no more. */
static void
assert_second_noted (RtmpHandshake *handshake, const guint8 *first, const guint8 *second,
    const gchar *note)
{
  guint8 flight[FLIGHT];

  flight[0] = 3;
  memcpy (flight + 1, first, SIZE);
  memcpy (flight + 1 + SIZE, second, SIZE);
  feed_all (handshake, flight, FLIGHT);
  g_assert_true (rtmp_handshake_is_done (handshake));
  g_assert_cmpstr (rtmp_handshake_get_note (handshake), ==, note);
}

static void
test_wrong_echo (void)
{
  static const guint8 zeros[SIZE];
  guint8 first[1 + SIZE], echo[SIZE];
  guint i;

  make_plain_first (first);
  for (i = 0; i < 3; i++) {
    g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (RTMP_HANDSHAKE_PLAIN, 0,
        random_bytes ());
    g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (0, random_bytes ());

    /* All zeros, or one byte wrong at either end of the echo. */
    memcpy (echo, i == 0 ? zeros : random_bytes (), SIZE);
    echo[i == 1 ? 8 : SIZE - 1] ^= 0x80;
    assert_second_noted (client, first + 1, echo, "S2 does not echo C1");
    assert_second_noted (server, first + 1, echo, "C2 does not echo S1");
  }
}

/* The times in an echo are of no concern. */
static void
test_echo_times (void)
{
  g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (RTMP_HANDSHAKE_PLAIN, 0,
      random_bytes ());
  guint8 first[1 + SIZE], echo[SIZE];

  make_plain_first (first);
  memcpy (echo, random_bytes (), SIZE);
  memset (echo, 0xFF, 8);
  assert_second_noted (client, first + 1, echo, NULL);
}

static void
test_wrong_signature (void)
{
  static const gsize wrong[] = { 0, SIGNED - 1, SIGNED, SIZE - 1 };
  guint i;

  for (i = 0; i < 4 * G_N_ELEMENTS (wrong); i++) {
    gboolean server = i % 2;
    const Vector19 *v = &vectors[i / 2 % 2];
    g_autoptr (RtmpHandshake) handshake = end_new (server, v);
    guint8 flight[FLIGHT];

    make_peer_flight (flight, server, v);
    flight[1 + SIZE + wrong[i / 4]] ^= 1;
    assert_second_noted (handshake, flight + 1, flight + 1 + SIZE,
        server ? "C2 has no valid digest" : "S2 has no valid digest");
    g_assert_cmpint (rtmp_handshake_get_kind (handshake), ==, v->kind);
  }
}

/* FFmpeg's C2 where it publishes, after a valid digest in C1. */
static void
test_echo_after_digest (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (vectors); i++) {
    g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (vectors[i].kind, 0,
        random_bytes ());
    g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (0, random_bytes ());
    guint8 c[FLIGHT], s[FLIGHT];

    make_client_flight (c, &vectors[i]);
    make_server_flight (s, &vectors[i]);
    assert_second_noted (server, c + 1, s + 1, NULL);
    assert_second_noted (client, s + 1, c + 1, NULL);
    g_assert_cmpint (rtmp_handshake_get_kind (server), ==, vectors[i].kind);
  }
}

/* Protocol.md 1, vector 18 (C0 of 4, C0 of 'G') and Q27: every version byte. */
static void
check_version (RtmpHandshake *handshake, guint version, const gchar *role)
{
  g_autofree gchar *odd = g_strdup_printf ("the %s sent version %u instead of 3", role, version);
  g_autofree gchar *text = g_strdup_printf ("The peer is not an RTMP %s: its first byte is 0x%02X",
      role, version);
  const guint8 data[] = { (guint8) version, 1, 2 };
  g_autoptr (GError) error = NULL;
  gsize consumed = G_MAXSIZE;

  if (version < 32) {
    feed_all (handshake, data, sizeof (data));
    if (version == 3)
      g_assert_cmpstr (rtmp_handshake_get_note (handshake), ==, NULL);
    else
      g_assert_true (g_str_has_prefix (rtmp_handshake_get_note (handshake), odd));
    return;
  }

  g_assert_false (rtmp_handshake_feed (handshake, data, sizeof (data), 0, &consumed, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_HANDSHAKE);
  g_assert_cmpstr (error->message, ==, text);
  g_assert_cmpuint (consumed, ==, 0);
  g_assert_false (rtmp_handshake_is_done (handshake));
}

static void
test_versions (void)
{
  guint version;

  for (version = 0; version < 256; version++) {
    g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (RTMP_HANDSHAKE_PLAIN, 0,
        random_bytes ());
    g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (0, random_bytes ());

    check_version (client, version, "server");
    check_version (server, version, "client");
  }
}

/* C0 of 4, or of 6 for RTMPE, is answered by S0 of 3. */
static void
test_version_answer (void)
{
  static const guint8 versions[] = { 0, 4, 6, 31 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (versions); i++) {
    g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (0, random_bytes ());
    g_autoptr (GByteArray) out = NULL;
    guint8 flight[FLIGHT];

    make_plain_first (flight);
    flight[0] = versions[i];
    feed_all (server, flight, 1 + SIZE);
    out = drained (server);
    g_assert_cmpuint (out->len, ==, FLIGHT);
    g_assert_cmpuint (out->data[0], ==, 3);
  }
}

static void
test_tls_hint (void)
{
  static const struct {
    guint8 version;
    gboolean hint;
  } cases[] = { { 19, FALSE }, { 20, TRUE }, { 21, TRUE }, { 23, TRUE }, { 24, FALSE } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (RTMP_HANDSHAKE_PLAIN, 0,
        random_bytes ());

    feed_all (client, &cases[i].version, 1);
    g_assert_cmpint (strstr (rtmp_handshake_get_note (client), "TLS") != NULL, ==, cases[i].hint);
  }
}

/* Several remarks are kept apart. */
static void
test_notes (void)
{
  g_autoptr (RtmpHandshake) client = rtmp_handshake_new_client (RTMP_HANDSHAKE_DIGEST_0, 0,
      random_bytes ());
  guint8 flight[FLIGHT];

  make_server_flight (flight, &vectors[0]);
  flight[0] = 5;
  flight[100] ^= 1;
  feed_all (client, flight, FLIGHT);
  g_assert_cmpstr (rtmp_handshake_get_note (client), ==,
      "the server sent version 5 instead of 3; "
      "S1 has a version but no valid digest; S2 does not echo C1");
}

static void
test_failed_stays_failed (void)
{
  g_autoptr (RtmpHandshake) server = rtmp_handshake_new_server (0, random_bytes ());
  g_autoptr (GError) error = NULL;
  const guint8 get[] = "GET / HTTP/1.1\r\n", good = 3;
  gsize consumed = 1;

  g_assert_false (rtmp_handshake_feed (server, get, sizeof (get), 0, &consumed, NULL));
  g_assert_false (rtmp_handshake_feed (server, &good, 1, 0, &consumed, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_HANDSHAKE);
  g_assert_cmpuint (consumed, ==, 0);
  g_assert_false (rtmp_handshake_is_done (server));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/handshake/vector", test_vector);
  g_test_add_func ("/handshake/client/plain", test_client_plain);
  g_test_add_func ("/handshake/server/plain", test_server_plain);
  g_test_add_func ("/handshake/split", test_split);
  g_test_add_func ("/handshake/bytewise", test_bytewise);
  g_test_add_func ("/handshake/after-done", test_after_done);
  g_test_add_func ("/handshake/nothing-fed", test_nothing_fed);
  g_test_add_func ("/handshake/pairs", test_pairs);
  g_test_add_func ("/handshake/digest/places", test_digest_places);
  g_test_add_func ("/handshake/digest/flipped-bit-server", test_flipped_bit_server);
  g_test_add_func ("/handshake/digest/flipped-bit-client", test_flipped_bit_client);
  g_test_add_func ("/handshake/digest/declined", test_digest_declined);
  g_test_add_func ("/handshake/digest/unasked", test_digest_unasked);
  g_test_add_func ("/handshake/digest/other-schema", test_other_schema);
  g_test_add_func ("/handshake/digest/wrong-signature", test_wrong_signature);
  g_test_add_func ("/handshake/echo/wrong", test_wrong_echo);
  g_test_add_func ("/handshake/echo/after-digest", test_echo_after_digest);
  g_test_add_func ("/handshake/echo/times", test_echo_times);
  g_test_add_func ("/handshake/version/all", test_versions);
  g_test_add_func ("/handshake/version/answer", test_version_answer);
  g_test_add_func ("/handshake/version/tls-hint", test_tls_hint);
  g_test_add_func ("/handshake/notes", test_notes);
  g_test_add_func ("/handshake/failed-stays-failed", test_failed_stays_failed);

  return g_test_run ();
}
