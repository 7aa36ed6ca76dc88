/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Both sides of the handshake: against any bytes, whole and in pieces; and against each other, with
 * some of the bytes damaged on their way.
 * Input: flags1 step1 | the peer's bytes, or (position2 mask1) times any number
 */
#include "core/rtmphandshake.h"

#include "fuzz.h"

enum {
  FLAG_SERVER = 1 << 0,
  FLAG_HURRY = 1 << 1,
  FLAG_PAIR = 1 << 2,
  KIND_SHIFT = 3, /* of a client */
};

#define WHOLE_SIZE (1 + 2 * RTMP_HANDSHAKE_SIZE)

static RtmpHandshake *
make (guint flags)
{
  static guint8 random[RTMP_HANDSHAKE_RANDOM_SIZE];
  const guint kind = (flags >> KIND_SHIFT) % 3;
  RtmpHandshake *handshake;
  guint i;

  for (i = 0; i < sizeof (random); i++)
    random[i] = (guint8) (i * 167 + (i >> 8) * 13 + 1);
  if (flags & FLAG_SERVER)
    return rtmp_handshake_new_server (1000, random);
  handshake = rtmp_handshake_new_client ((RtmpHandshakeKind) kind, 1000, random);
  if ((flags & FLAG_HURRY) && kind == RTMP_HANDSHAKE_PLAIN)
    rtmp_handshake_hurry (handshake);
  return handshake;
}

static void
take_output (RtmpHandshake *handshake, GByteArray *out)
{
  RtmpVector vector;

  while (rtmp_handshake_peek (handshake, &vector) > 0) {
    g_byte_array_append (out, vector.base, (guint) vector.size);
    rtmp_handshake_consume (handshake, vector.size);
  }
}

/* Feeds up to the handshake's end or its failure. Returns: bytes taken */
static gsize
feed_parts (RtmpHandshake *handshake, const guint8 *data, gsize size, gsize step, GString *log)
{
  gsize done = 0;

  while (done < size && !rtmp_handshake_is_done (handshake)) {
    const gsize part = MIN (step, size - done);
    g_autofree guint8 *copy = fuzz_copy (data + done, part);
    g_autoptr (GError) error = NULL;
    gsize consumed;

    if (!rtmp_handshake_feed (handshake, copy, part, 2000, &consumed, &error)) {
      fuzz_log_error (log, error);
      break;
    }
    g_assert_cmpuint (consumed, <=, part);
    g_assert_true (consumed == part || rtmp_handshake_is_done (handshake));
    done += consumed;
  }
  g_assert_cmpuint (done, <=, WHOLE_SIZE);
  return done;
}

static GString *
run_alone (guint flags, const guint8 *data, gsize size, gsize step)
{
  g_autoptr (RtmpHandshake) handshake = make (flags);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  GString *log = g_string_new (NULL);
  const gsize taken = feed_parts (handshake, data, size, step, log);
  const gboolean done = rtmp_handshake_is_done (handshake);

  take_output (handshake, out);
  g_assert_cmpuint (out->len, <=, WHOLE_SIZE);
  /* A failure takes nothing of the part it lies in. */
  g_string_append_printf (log, "%d kind %d, %u bytes out %08x, note %s, took %" G_GSIZE_FORMAT,
      done, done ? (int) rtmp_handshake_get_kind (handshake) : -1, out->len,
      fuzz_hash (FUZZ_HASH_INIT, out->data, out->len), rtmp_handshake_get_note (handshake),
      done ? taken : 0);
  return log;
}

static void
damage (GByteArray *bytes, RtmpCursor *in, guint count)
{
  guint i;

  for (i = 0; i < count && rtmp_cursor_left (in) >= 3 && bytes->len > 0; i++) {
    const guint position = rtmp_cursor_u16 (in) % bytes->len;

    bytes->data[position] ^= rtmp_cursor_u8 (in);
  }
}

static void
pass (RtmpHandshake *from, RtmpHandshake *to, gsize step, RtmpCursor *in, GString *log)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  take_output (from, bytes);
  damage (bytes, in, 2);
  feed_parts (to, bytes->data, bytes->len, step, log);
}

static void
run_pair (guint flags, gsize step, RtmpCursor *in)
{
  g_autoptr (RtmpHandshake) client = make (flags & ~(guint) FLAG_SERVER);
  g_autoptr (RtmpHandshake) server = make (FLAG_SERVER);
  g_autoptr (GString) log = g_string_new (NULL);
  const gboolean whole = rtmp_cursor_left (in) < 3;
  guint i;

  for (i = 0; i < 3 && log->len == 0; i++) {
    pass (client, server, step, in, log);
    pass (server, client, step, in, log);
  }
  if (log->len > 0) {
    g_assert_false (whole);
    return;
  }
  g_assert_true (rtmp_handshake_is_done (client));
  g_assert_true (rtmp_handshake_is_done (server));
  if (whole)
    g_assert_cmpint (rtmp_handshake_get_kind (client), ==, rtmp_handshake_get_kind (server));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  const guint flags = rtmp_cursor_u8 (&in);
  const gsize step = 1 + rtmp_cursor_u8 (&in);
  GString *whole, *parts;

  if (flags & FLAG_PAIR) {
    run_pair (flags, step, &in);
    return 0;
  }
  whole = run_alone (flags, in.pos, rtmp_cursor_left (&in), G_MAXSIZE);
  parts = run_alone (flags, in.pos, rtmp_cursor_left (&in), step);
  g_assert_cmpstr (whole->str, ==, parts->str);
  g_string_free (whole, TRUE);
  g_string_free (parts, TRUE);
  return 0;
}
