/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <gio/gio.h>

/**
 * bench_client_open:
 * @ca: (nullable): file with the authority of a TLS server; %NULL = no TLS
 * @chunk_size: announced before connect
 *
 * Connects to 127.0.0.1, and publishes or plays a stream as far as the server's answer to publish
 * or play, in blocking calls. What comes behind that answer is media that nothing looks at.
 *
 * Returns: (transfer full) (nullable): the connection; %NULL with an error
 */
GIOStream *bench_client_open (guint port, const gchar *ca, gboolean publish, guint32 chunk_size,
    GError **error);

/* The socket of a connection without TLS, blocking from now on; not for GIO any more. */
gint bench_client_get_fd (GIOStream *stream);

/* One line of JSON on stdout: what a program that sent or received @bytes measured. @wall, @cpu:
 * seconds from the first media byte to the end of the stream. */
void bench_print_result (guint64 bytes, gdouble wall, gdouble cpu);

#endif
