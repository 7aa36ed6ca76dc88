/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_CONNECT_ARGS_H
#define RTMP_CONNECT_ARGS_H

#include "rtmpamf.h"

G_BEGIN_DECLS

/* In rtmpcommand.h. */
typedef struct _RtmpCommand RtmpCommand;

/* capsEx (protocol.md 32). */
enum {
  RTMP_CAPS_EX_RECONNECT = 1,
  RTMP_CAPS_EX_MULTITRACK = 2,
  RTMP_CAPS_EX_MODEX = 4,
  RTMP_CAPS_EX_NANO_OFFSET = 8,
};

/* videoFunction (RTMP 1.0, 7.2.1.1; protocol.md 32). */
enum {
  RTMP_VIDEO_FUNCTION_SEEK = 1,
  RTMP_VIDEO_FUNCTION_HDR = 2,
  RTMP_VIDEO_FUNCTION_METADATA = 4,
  RTMP_VIDEO_FUNCTION_TILE = 8,
};

/**
 * RtmpConnectArgs: what a client says of itself in connect (RTMP 1.0, 7.2.1.1;
 * protocol.md 17 and 32). Strings may be NULL: then the property is left out.
 */
typedef struct {
  const gchar *app;
  const gchar *flash_version;
  const gchar *swf_url;
  const gchar *tc_url;
  const gchar *page_url;
  gboolean publishing; /* type=nonprivate instead of fpad, codecs ... (peers.md) */
  gboolean enhanced;   /* offer fourCcList, the info maps, HDR and metadata, and capsEx */
  guint caps_ex;       /* RTMP_CAPS_EX_* */
  GPtrArray *extra;    /* (nullable) (element-type RtmpAmf): optional user arguments */
} RtmpConnectArgs;

/* (transfer full): the connect command, transaction 1; it shares the values of @args->extra. */
RtmpCommand *rtmp_connect_command_new (const RtmpConnectArgs *args);

/**
 * RtmpPeerCaps: what the peer declared of Enhanced RTMP (protocol.md 32, 33), read from
 * any argument of connect or of its _result.
 * @declared: it declared something: a list or map of FourCCs, capsEx, or a videoFunction
 *   beyond seeking, which RTMP 1.0 has too
 */
typedef struct {
  gboolean declared;
  guint caps_ex;
  guint video_function;
} RtmpPeerCaps;

/* Reads one connect argument or _result argument into @caps (OR).
 * @object: (nullable): wire data of any shape; what has the wrong type is ignored */
void rtmp_peer_caps_read (RtmpPeerCaps *caps, const RtmpAmf *object);

/**
 * rtmp_connect_extra_parse:
 * @text: (nullable): librtmp's notation, whitespace separated: conn=B:1 conn=S:text conn=N:1.5
 *   conn=Z: conn=O:1 conn=NN:name:1.5 conn=NS:name:text conn=NB:name:1 conn=O:0
 *
 * Objects and named values work as in librtmp's manual page, librtmp(3): O:1 begins an
 * object and O:0 ends the innermost; inside one, N before the type names a value, and a
 * value without a name has an empty one. \HH (backslash and two hexadecimal digits)
 * escapes a character. "conn=" may be left out.
 *
 * Returns: (transfer full) (nullable) (element-type RtmpAmf): the values, or %NULL with
 *   RTMP_ERROR_SYNTAX that names the offending word's position (from 1) but not its value
 *   (it may be a secret)
 */
GPtrArray *rtmp_connect_extra_parse (const gchar *text, GError **error);

G_END_DECLS

#endif
