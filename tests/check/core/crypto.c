/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpcrypto.h"

#include <string.h>

#include "core/rtmperror.h"
#include "core/rtmplimits.h"

/* Vector 23. */
#define TOKEN "abcdefghijklmnop"
#define TOKEN_HEX "4144aadabf24db23cea0560c76e64905"
#define TOKEN_TEXT "1234567890123456"

static void
assert_hmac (const guint8 *key, gsize key_size, const gchar *text, const gchar *expected)
{
  const guint8 *data = (const guint8 *) text;
  gsize size = strlen (text);
  gsize split;

  for (split = 0; split <= size; split++) {
    guint8 digest[RTMP_SHA256_SIZE];
    gchar hex[2 * RTMP_SHA256_SIZE + 1];
    guint i;

    rtmp_hmac_sha256 (key, key_size, data, split, data + split, size - split, digest);
    for (i = 0; i < RTMP_SHA256_SIZE; i++)
      g_snprintf (hex + 2 * i, 3, "%02x", digest[i]);
    g_assert_cmpstr (hex, ==, expected);
  }
}

/* RFC 4231, test cases 1, 2 and 6, each split into two pieces at every position. */
static void
test_hmac (void)
{
  guint8 key[131];

  memset (key, 0x0b, 20);
  assert_hmac (key, 20, "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  assert_hmac ((const guint8 *) "Jefe", 4, "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  memset (key, 0xaa, sizeof (key));
  assert_hmac (key, sizeof (key), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
test_hmac_null_pieces (void)
{
  guint8 with_null[RTMP_SHA256_SIZE], with_empty[RTMP_SHA256_SIZE];
  const guint8 key[] = { 1 }, empty[] = { 0 };

  rtmp_hmac_sha256 (key, 1, NULL, 0, NULL, 0, with_null);
  rtmp_hmac_sha256 (key, 1, empty, 0, empty, 0, with_empty);
  g_assert_cmpmem (with_null, sizeof (with_null), with_empty, sizeof (with_empty));
}

static void
test_equal (void)
{
  guint8 a[40], b[40];
  guint i;

  for (i = 0; i < sizeof (a); i++)
    a[i] = b[i] = (guint8) i;
  g_assert_true (rtmp_bytes_equal_constant_time (a, b, sizeof (a)));
  g_assert_true (rtmp_bytes_equal_constant_time (a, b, 0));
  for (i = 0; i < 8 * sizeof (a); i++) {
    b[i / 8] ^= 1u << i % 8;
    g_assert_false (rtmp_bytes_equal_constant_time (a, b, sizeof (a)));
    g_assert_true (rtmp_bytes_equal_constant_time (a, b, i / 8));
    b[i / 8] ^= 1u << i % 8;
  }
}

/* Vector 21: h, and the response made of it; RFC 1321, A.5. */
static void
test_md5 (void)
{
  g_autofree gchar *h = rtmp_md5_base64 ("user2020", "8wsAAA==", "123456", NULL);
  g_autofree gchar *response = rtmp_md5_base64 (h, "OzMAAA==", "12345678", NULL);
  g_autofree gchar *abc = rtmp_md5_hex ("a", "", "bc", NULL);
  g_autofree gchar *empty = rtmp_md5_hex ("", NULL);
  g_autofree gchar *nothing = rtmp_md5_hex (NULL, NULL);
  g_autofree gchar *nothing_base64 = rtmp_md5_base64 (NULL, NULL);

  g_assert_cmpstr (h, ==, "ICbruj1yNoAtrODdBhFTSQ==");
  g_assert_cmpstr (response, ==, "y8mhDgH65uzZb7YVJXjbZg==");
  g_assert_cmpstr (abc, ==, "900150983cd24fb0d6963f7d28e17f72");
  g_assert_cmpstr (empty, ==, "d41d8cd98f00b204e9800998ecf8427e");
  g_assert_cmpstr (nothing, ==, empty);
  g_assert_cmpstr (nothing_base64, ==, "1B2M2Y8AsgTpgAmY7PhCfg==");
}

/* Vector 22 by its formula. */
static void
test_md5_llnw (void)
{
  g_autofree gchar *ha1 = rtmp_md5_hex ("user", ":live:", "pass", NULL);
  g_autofree gchar *ha2 = rtmp_md5_hex ("publish:/", "live", "/_definst_", NULL);
  g_autofree gchar *response = rtmp_md5_hex (ha1, ":", "abcdef0123456789", ":00000001:", "0a0b0c0d",
      ":auth:", ha2, NULL);

  g_assert_cmpstr (response, ==, "3357cf33ab899d73907374b227ef6d4c");
}

static void
assert_token (const gchar *token, const gchar *hex, const gchar *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = rtmp_secure_token_decrypt (token, hex, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_token_fails (const gchar *token, const gchar *hex, gint code, const gchar *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = rtmp_secure_token_decrypt (token, hex, &error);

  g_assert_error (error, RTMP_ERROR, code);
  g_assert_null (text);
  g_assert_null (rtmp_secure_token_decrypt (token, hex, NULL));
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_token (void)
{
  assert_token (TOKEN, TOKEN_HEX, TOKEN_TEXT);
  assert_token (TOKEN, "4144AADABF24DB23CEA0560C76E64905", TOKEN_TEXT);
  /* Sixteen bytes of the key count. */
  assert_token (TOKEN "qrs", TOKEN_HEX, TOKEN_TEXT);
}

/* Made by an independent implementation: the fewest words, with padding, and a
 * text of many words under a key that is filled up with zeros. */
static void
test_token_lengths (void)
{
  assert_token ("", "11bf054e4145caee", "short");
  assert_token ("key",
      "8ee4143c4c8753f9ff3e7fcd785f26e0f3e4537114756908afd54c45943889d1dc00897dc573d1ac"
      "b2a2e7174bce93bd577518fef14cb895d7612f8e",
      "A text of several words that ends within a word, naïvely.");
}

static void
test_token_malformed (void)
{
  static const gchar *const malformed[] = { "", "4", "41", "4144aada", "4144aadabf24db",
    "4144aadabf24db2", "4144aadabf24db23c", "4144aadabf24db23ce", "4144aadabf24db23cea0",
    "4144aadabf24db2g", "4144aadabf24db-1", " 144aadabf24db23" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (malformed); i++)
    assert_token_fails (TOKEN, malformed[i], RTMP_ERROR_PROTOCOL,
        "The server's secureToken is not the hexadecimal text of two or more words");
}

static void
test_token_wrong_key (void)
{
  assert_token_fails ("another-secure-token", TOKEN_HEX, RTMP_ERROR_PROTOCOL,
      "The server's secureToken does not decrypt to text: the secure token may be wrong");
}

/* XXTEA the other way round, with the key "abcdefghijklmnop", of a text of
 * @n_words times "data". */
static gchar *
encrypt_data (guint n_words)
{
  static const guint32 key[] = { 0x64636261, 0x68676665, 0x6c6b6a69, 0x706f6e6d };
  g_autofree guint32 *v = g_new (guint32, n_words);
  GString *hex = g_string_new (NULL);
  guint rounds, p, i;
  guint32 sum = 0;

  for (p = 0; p < n_words; p++)
    v[p] = 0x61746164;
  for (rounds = 6 + 52 / n_words; rounds > 0; rounds--) {
    sum += 0x9e3779b9;
    for (p = 0; p < n_words; p++) {
      guint32 z = v[(p + n_words - 1) % n_words], y = v[(p + 1) % n_words];

      v[p] += (((z >> 5) ^ (y << 2)) + ((y >> 3) ^ (z << 4)))
          ^ ((sum ^ y) + (key[(p & 3) ^ (sum >> 2 & 3)] ^ z));
    }
  }
  for (i = 0; i < 4 * n_words; i++)
    g_string_append_printf (hex, "%02x", v[i / 4] >> i % 4 * 8 & 0xff);
  return g_string_free (hex, FALSE);
}

/* From the shortest token to the longest, and one past both ends. */
static void
test_token_limit (void)
{
  enum { MOST = RTMP_MAX_SECURE_TOKEN / 8 };
  static const guint lengths[] = { 2, 3, 4, 5, 51, 52, 53, MOST };
  const gchar *message = "The server's secureToken has more than 4096 digits";
  g_autofree gchar *over = encrypt_data (MOST + 1);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_autofree gchar *hex = encrypt_data (lengths[i]);
    g_autoptr (GError) error = NULL;
    g_autofree gchar *text = rtmp_secure_token_decrypt (TOKEN, hex, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (strlen (text), ==, 4 * lengths[i]);
    g_assert_true (g_str_has_prefix (text, "datadata") && g_str_has_suffix (text, "data"));
  }
  assert_token_fails (TOKEN, over, RTMP_ERROR_LIMIT, message);
  over[RTMP_MAX_SECURE_TOKEN + 1] = '\0';
  assert_token_fails (TOKEN, over, RTMP_ERROR_LIMIT, message);
}

static void
test_wipe (void)
{
  gchar secret[] = "a secret";

  rtmp_secret_wipe (secret, 4);
  g_assert_cmpmem (secret, sizeof (secret), "\0\0\0\0cret", 9);
  rtmp_secret_wipe (secret, sizeof (secret) - 1);
  g_assert_cmpmem (secret, sizeof (secret), "\0\0\0\0\0\0\0\0", 9);
  rtmp_secret_wipe (NULL, 0);
}

static void
test_free (void)
{
  rtmp_secret_free (g_strdup ("a secret"));
  rtmp_secret_free (g_strdup (""));
  rtmp_secret_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/crypto/hmac/rfc4231", test_hmac);
  g_test_add_func ("/crypto/hmac/null-pieces", test_hmac_null_pieces);
  g_test_add_func ("/crypto/equal", test_equal);
  g_test_add_func ("/crypto/md5/adobe", test_md5);
  g_test_add_func ("/crypto/md5/llnw", test_md5_llnw);
  g_test_add_func ("/crypto/token/vector", test_token);
  g_test_add_func ("/crypto/token/lengths", test_token_lengths);
  g_test_add_func ("/crypto/token/malformed", test_token_malformed);
  g_test_add_func ("/crypto/token/wrong-key", test_token_wrong_key);
  g_test_add_func ("/crypto/token/limit", test_token_limit);
  g_test_add_func ("/crypto/secret/wipe", test_wipe);
  g_test_add_func ("/crypto/secret/free", test_free);

  return g_test_run ();
}
