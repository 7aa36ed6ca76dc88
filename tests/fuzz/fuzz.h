/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUZZ_H
#define FUZZ_H

#include <string.h>
#include <glib.h>

#include "core/rtmpcursor.h"
#include "core/rtmperror.h"
#include "core/rtmplimits.h"
#include "core/rtmpmessage.h"

/*
 * A fuzz target is one file with LLVMFuzzerTestOneInput(), which aborts where something is wrong.
 * It is linked with libFuzzer, or with replay.c, which runs it once for each file it is given.
 */
int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Bytes of heap in use, as far as the C library or the sanitizer tells; what they keep for use again
 * does not count. */
gsize fuzz_get_held (void);

/* Copies of what an input says: a read past the end of one meets the sanitizer. */
static inline guint8 *
fuzz_copy (gconstpointer data, gsize size)
{
  return g_memdup2 (data, MAX (size, 1));
}

/* The rest of the input as text that ends at its first NUL byte. */
static inline gchar *
fuzz_text (RtmpCursor *in)
{
  const gsize size = rtmp_cursor_left (in);

  return g_strndup ((const gchar *) rtmp_cursor_bytes (in, size), size);
}

#define FUZZ_PASSWORD "secret"

/* Whether @text gives the password away, and does not have it from the input. */
static inline gboolean
fuzz_is_revealed (const gchar *text, const gchar *input)
{
  return strstr (text, FUZZ_PASSWORD) && !strstr (input, FUZZ_PASSWORD);
}

static inline guint32
fuzz_hash (guint32 hash, gconstpointer data, gsize size)
{
  const guint8 *p = data;
  gsize i;

  for (i = 0; i < size; i++)
    hash = (hash ^ p[i]) * 16777619u;
  return hash;
}

#define FUZZ_HASH_INIT 2166136261u

static inline guint32
fuzz_hash_payload (const RtmpMessage *message)
{
  guint32 hash = FUZZ_HASH_INIT;
  guint i;

  for (i = 0; i < message->n_vectors; i++)
    hash = fuzz_hash (hash, message->vectors[i].base, message->vectors[i].size);
  return hash;
}

/* One line that tells messages apart. */
static inline void
fuzz_log_message (GString *log, const RtmpMessage *message)
{
  g_string_append_printf (log, "%u@%u at %u, %" G_GSIZE_FORMAT " bytes %08x\n", message->type,
      message->stream_id, message->timestamp, message->size, fuzz_hash_payload (message));
}

static inline void
fuzz_log_error (GString *log, const GError *error)
{
  g_assert_cmpuint (error->domain, ==, RTMP_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_string_append_printf (log, "error %d: %s\n", error->code, error->message);
}

#endif
