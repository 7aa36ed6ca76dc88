/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CRYPTO_H
#define RTMP_CRYPTO_H

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of an HMAC-SHA256. */
#define RTMP_SHA256_SIZE 32u

/**
 * rtmp_hmac_sha256:
 * @data2: (nullable): what follows @data, for a message with a gap in it (the
 *   handshake's digest does not cover itself); may be %NULL with a @size2 of 0
 * @digest: (out caller-allocates): the HMAC of both pieces in a row
 *
 * RFC 2104 over SHA-256.
 */
void rtmp_hmac_sha256 (const guint8 *key, gsize key_size, const guint8 *data, gsize size,
    const guint8 *data2, gsize size2, guint8 digest[RTMP_SHA256_SIZE]);

/* Compares in time that does not depend on the contents. */
gboolean rtmp_bytes_equal_constant_time (const guint8 *a, const guint8 *b, gsize size);

/**
 * rtmp_md5_base64:
 * @first: (nullable): first string; the list ends with %NULL
 *
 * Returns: (transfer full): base64 of the MD5 of the strings in a row
 */
gchar *rtmp_md5_base64 (const gchar *first, ...) G_GNUC_NULL_TERMINATED;

/**
 * rtmp_md5_hex:
 * @first: (nullable): first string; the list ends with %NULL
 *
 * Returns: (transfer full): lowercase hexadecimal of the MD5 of the strings in
 *   a row
 */
gchar *rtmp_md5_hex (const gchar *first, ...) G_GNUC_NULL_TERMINATED;

/**
 * rtmp_secure_token_decrypt:
 * @token: the user's secure-token; its first 16 bytes, zero-padded, are the key
 * @hex: secureToken of connect's _result
 *
 * XXTEA over little-endian words (protocol.md 31, vector 23). The text ends at
 * the first zero byte, the padding of the last word.
 *
 * Returns: (transfer full) (nullable): the text, or %NULL with
 *   RTMP_ERROR_PROTOCOL (odd, empty, not hexadecimal, less than 8 bytes, no
 *   multiple of 4 or not UTF-8) or RTMP_ERROR_LIMIT (over
 *   RTMP_MAX_SECURE_TOKEN); the error's text holds neither token
 */
gchar *rtmp_secure_token_decrypt (const gchar *token, const gchar *hex, GError **error);

/* Overwrites memory in a way the compiler may not leave out. */
void rtmp_secret_wipe (gpointer memory, gsize size);

/* Overwrites, then frees. NULL is fine. */
void rtmp_secret_free (gchar *secret);

G_END_DECLS

#endif
