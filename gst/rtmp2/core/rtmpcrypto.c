/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpcrypto.h"

#include <string.h>

#include "rtmpcursor.h"
#include "rtmperror.h"
#include "rtmplimits.h"

#define MD5_SIZE 16u
#define MD5_BLOCK 64u

/* XXTEA: bytes of a word, words of the key, and the golden ratio's constant. */
#define XXTEA_WORD 4u
#define XXTEA_KEY_WORDS 4u
#define XXTEA_DELTA 0x9e3779b9u
#define XXTEA_MIN_WORDS 2u

void
rtmp_hmac_sha256 (const guint8 *key, gsize key_size, const guint8 *data, gsize size,
    const guint8 *data2, gsize size2, guint8 digest[RTMP_SHA256_SIZE])
{
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, key, key_size);
  gsize digest_size = RTMP_SHA256_SIZE;

  /* A length of 0 is skipped: NULL is no argument for GHmac. */
  if (size > 0)
    g_hmac_update (hmac, data, (gssize) size);
  if (size2 > 0)
    g_hmac_update (hmac, data2, (gssize) size2);
  g_hmac_get_digest (hmac, digest, &digest_size);
  g_hmac_unref (hmac);
}

gboolean
rtmp_bytes_equal_constant_time (const guint8 *a, const guint8 *b, gsize size)
{
  guint8 difference = 0;
  gsize i;

  for (i = 0; i < size; i++)
    difference |= a[i] ^ b[i];
  return difference == 0;
}

static void
md5_strings (guint8 digest[MD5_SIZE], const gchar *first, va_list strings)
{
  static const guint8 zeros[MD5_BLOCK];
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_MD5);
  const gchar *string;
  gsize digest_size = MD5_SIZE;

  for (string = first; string; string = va_arg (strings, const gchar *))
    g_checksum_update (checksum, (const guchar *) string, (gssize) strlen (string));
  g_checksum_get_digest (checksum, digest, &digest_size);

  /* The last block stays in the checksum's memory, a password perhaps with it:
   * a block of zeros displaces it. */
  g_checksum_reset (checksum);
  g_checksum_update (checksum, zeros, MD5_BLOCK);
  g_checksum_free (checksum);
}

gchar *
rtmp_md5_base64 (const gchar *first, ...)
{
  guint8 digest[MD5_SIZE];
  va_list strings;

  va_start (strings, first);
  md5_strings (digest, first, strings);
  va_end (strings);
  return g_base64_encode (digest, MD5_SIZE);
}

gchar *
rtmp_md5_hex (const gchar *first, ...)
{
  static const gchar digits[] = "0123456789abcdef";
  gchar *hex = g_malloc (2 * MD5_SIZE + 1);
  guint8 digest[MD5_SIZE];
  va_list strings;
  guint i;

  va_start (strings, first);
  md5_strings (digest, first, strings);
  va_end (strings);

  for (i = 0; i < MD5_SIZE; i++) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  hex[2 * MD5_SIZE] = '\0';
  return hex;
}

/*
 * XXTEA (Wheeler and Needham, "Correction to xtea", 1998), decryption in place.
 * Each word is mixed with both its neighbours in a ring of n words:
 *
 *   v[p] -= ((z >> 5 ^ y << 2) + (y >> 3 ^ z << 4)) ^ ((sum ^ y) + (key[p & 3 ^ e] ^ z))
 *   z = v[p - 1], y = v[p + 1], e = sum >> 2 & 3, sum = rounds * delta, ..., delta
 */
static void
xxtea_decrypt (guint32 *v, guint n, const guint32 key[XXTEA_KEY_WORDS])
{
  guint rounds = 6 + 52 / n;
  guint32 sum = rounds * XXTEA_DELTA;

  for (; rounds > 0; rounds--, sum -= XXTEA_DELTA) {
    guint32 e = sum >> 2 & 3;
    guint p = n;

    while (p-- > 0) {
      guint32 z = v[p > 0 ? p - 1 : n - 1];
      guint32 y = v[p + 1 < n ? p + 1 : 0];

      v[p] -= (((z >> 5) ^ (y << 2)) + ((y >> 3) ^ (z << 4)))
          ^ ((sum ^ y) + (key[(p & 3) ^ e] ^ z));
    }
  }
}

/* Hexadecimal text to bytes; FALSE when a character is no digit. */
static gboolean
parse_hex (const gchar *hex, guint8 *bytes, gsize n_bytes)
{
  gsize i;

  for (i = 0; i < n_bytes; i++) {
    gint high = g_ascii_xdigit_value (hex[2 * i]);
    gint low = g_ascii_xdigit_value (hex[2 * i + 1]);

    if (high < 0 || low < 0)
      return FALSE;
    bytes[i] = (guint8) (high << 4 | low);
  }
  return TRUE;
}

static void
decrypt_bytes (guint8 *bytes, guint n_words, const gchar *token)
{
  guint8 key_bytes[XXTEA_KEY_WORDS * XXTEA_WORD] = { 0 };
  guint32 key[XXTEA_KEY_WORDS];
  g_autofree guint32 *words = g_new (guint32, n_words);
  guint i;

  memcpy (key_bytes, token, MIN (strlen (token), sizeof (key_bytes)));
  for (i = 0; i < XXTEA_KEY_WORDS; i++)
    key[i] = rtmp_read_u32_le (key_bytes + i * XXTEA_WORD);
  for (i = 0; i < n_words; i++)
    words[i] = rtmp_read_u32_le (bytes + i * XXTEA_WORD);

  xxtea_decrypt (words, n_words, key);

  for (i = 0; i < n_words; i++)
    rtmp_write_u32_le (bytes + i * XXTEA_WORD, words[i]);
  rtmp_secret_wipe (key_bytes, sizeof (key_bytes));
  rtmp_secret_wipe (key, sizeof (key));
}

gchar *
rtmp_secure_token_decrypt (const gchar *token, const gchar *hex, GError **error)
{
  gsize digits = strlen (hex);
  gsize n_bytes = digits / 2;
  g_autofree gchar *text = NULL;

  if (digits > RTMP_MAX_SECURE_TOKEN) {
    g_set_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT,
        "The server's secureToken has more than %u digits", RTMP_MAX_SECURE_TOKEN);
    return NULL;
  }

  text = g_malloc0 (n_bytes + 1);
  if (digits % (2 * XXTEA_WORD) != 0 || n_bytes < XXTEA_MIN_WORDS * XXTEA_WORD
      || !parse_hex (hex, (guint8 *) text, n_bytes)) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL,
        "The server's secureToken is not the hexadecimal text of two or more words");
    return NULL;
  }

  decrypt_bytes ((guint8 *) text, (guint) (n_bytes / XXTEA_WORD), token);
  if (!g_utf8_validate (text, -1, NULL)) {
    g_set_error_literal (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL,
        "The server's secureToken does not decrypt to text: the secure token may be wrong");
    return NULL;
  }
  return g_steal_pointer (&text);
}

void
rtmp_secret_wipe (gpointer memory, gsize size)
{
  volatile guint8 *p = memory;

  while (size-- > 0)
    *p++ = 0;
}

void
rtmp_secret_free (gchar *secret)
{
  if (!secret)
    return;
  rtmp_secret_wipe (secret, strlen (secret));
  g_free (secret);
}
