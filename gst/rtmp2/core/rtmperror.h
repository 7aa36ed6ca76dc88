/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_ERROR_H
#define RTMP_ERROR_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * RtmpError:
 *
 * Codes of the one error domain of core and io. The elements map them once to
 * GStreamer's errors.
 *
 * An error may carry what the server said, word for word: see
 * rtmp_error_set_status().
 */
typedef enum {
  RTMP_ERROR_PROTOCOL,       /* the peer broke the protocol */
  RTMP_ERROR_LIMIT,          /* the peer exceeded a limit of rtmplimits.h */
  RTMP_ERROR_HANDSHAKE,      /* the peer does not speak RTMP */
  RTMP_ERROR_REJECTED,       /* connect, createStream, publish or play refused */
  RTMP_ERROR_NOT_FOUND,      /* no such application or stream */
  RTMP_ERROR_BUSY,           /* the stream name is taken (NetStream.Publish.BadName) */
  RTMP_ERROR_NOT_AUTHORIZED, /* credentials are missing, refused or cannot be used */
  RTMP_ERROR_STREAM_FAILED,  /* an onStatus of level "error" after the start */
  RTMP_ERROR_CLOSED,         /* the connection ended without a word */
  RTMP_ERROR_TIMEOUT,        /* no answer, no media or no progress in time */
  RTMP_ERROR_ADDRESS,        /* an address that cannot be used; the caller's fault */
  RTMP_ERROR_RESOLVE,        /* the host name has no address */
  RTMP_ERROR_CONNECT,        /* no TCP connection */
  RTMP_ERROR_TLS,            /* the TLS handshake failed */
  RTMP_ERROR_CERTIFICATE,    /* the certificate does not verify */
  RTMP_ERROR_IO,             /* reading from or writing to the socket failed */
  RTMP_ERROR_REDIRECT,       /* a redirect that was not followed */
  RTMP_ERROR_FAST_START,     /* the server did not do what a fast start had expected of it */
  RTMP_ERROR_SYNTAX,         /* text or FLV of the caller's that cannot be parsed */
} RtmpError;

#define RTMP_ERROR (rtmp_error_quark ())
GQuark rtmp_error_quark (void);

/**
 * rtmp_error_set_status:
 * @error: an error of domain RTMP_ERROR
 * @code: (nullable): the server's code, such as "NetStream.Publish.BadName"
 * @description: (nullable): the server's description
 *
 * Attaches the server's own words. Both are cut to RTMP_MAX_STATUS_TEXT bytes
 * and made valid UTF-8. They survive g_error_copy().
 */
void rtmp_error_set_status (GError *error, const gchar *code, const gchar *description);

/**
 * rtmp_error_get_code:
 * @error: any error
 *
 * Returns: (transfer none) (nullable): the server's code
 */
const gchar *rtmp_error_get_code (const GError *error);

/**
 * rtmp_error_get_description:
 * @error: any error
 *
 * Returns: (transfer none) (nullable): the server's description
 */
const gchar *rtmp_error_get_description (const GError *error);

G_END_DECLS

#endif
