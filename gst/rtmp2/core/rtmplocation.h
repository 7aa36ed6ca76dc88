/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_LOCATION_H
#define RTMP_LOCATION_H

#include <glib.h>

G_BEGIN_DECLS

/* Values and their order are those of the scheme property. */
typedef enum {
  RTMP_SCHEME_RTMP,
  RTMP_SCHEME_RTMPS,
} RtmpScheme;

/**
 * RtmpLocation: where a stream is (peers.md Q30). Plain data; the strings are owned.
 * @host: without brackets for IPv6, a zone id after '%' ("fe80::1%eth0"); never NULL
 * @port: 0 = the scheme's default
 * @application, @stream: as sent on the wire, no percent decoding; never NULL, "" when empty
 * @username, @password: (nullable): percent-decoded
 * @tc_url, @swf_url, @page_url, @flash_version, @secure_token, @connect_args: (nullable): from
 *   librtmp's trailing options
 * @live: librtmp's live=: -1 not said, 0, 1
 * @timeout, @buffer_ms: librtmp's timeout= (seconds) and buffer= (ms): -1 not said
 */
typedef struct {
  RtmpScheme scheme;
  gchar *host;
  guint port;
  gchar *application;
  gchar *stream;
  gchar *username;
  gchar *password;
  gchar *tc_url;
  gchar *swf_url;
  gchar *page_url;
  gchar *flash_version;
  gchar *secure_token;
  gchar *connect_args; /* conn=..., in librtmp's notation, space separated */
  gint live;
  gint timeout;
  gint buffer_ms;
} RtmpLocation;

/* Scheme rtmp, host localhost, application live, stream myStream: the properties' defaults. */
RtmpLocation *rtmp_location_new (void);
RtmpLocation *rtmp_location_copy (const RtmpLocation *location);
/* @location: (nullable) */
void rtmp_location_free (RtmpLocation *location);

/**
 * rtmp_location_parse:
 * @uri: rtmp://[user[:password]@]host[:port]/app[/instance]/stream, or rtmps://, maybe followed
 *   by librtmp's " key=value" options
 *
 * What follows the host's '/' is split at its last '/' before the first '?'. Where there is none,
 * the query belongs to the application and the stream follows the query's last '/'; where there
 * is none either, all of it is the application. "mp4:", "flv:" and "mp3:" at the start of a path
 * segment begin the stream's name, whatever slashes follow (peers.md Q30).
 *
 *   /app/key?token=a/b         app                  key?token=a/b
 *   /app/instance/key          app/instance         key
 *   /app/?streamname=a&key=b   app                  ?streamname=a&key=b
 *   /live2?backup=1/key        live2?backup=1       key
 *   /app?x/stream              app?x                stream
 *   /app/_definst_/mp4:d/f     app/_definst_        mp4:d/f
 *   //key                      (empty)              key
 *   /app and /app/             app                  (empty)
 *
 * Names are kept as they are written; only user name and password are percent-decoded. An
 * IPv6 address stands in brackets; its zone id may be written "%25eth0" (RFC 6874) or "%eth0".
 * Control characters and white space other than the spaces before options are refused, as is text
 * that is not UTF-8. At most RTMP_MAX_LOCATION bytes.
 *
 * Options (librtmp(3)): understood are app, playpath, tcUrl, swfUrl, pageUrl, flashVer, live,
 * token, conn, timeout, buffer, pubUser and pubPasswd; subscribe and swfAge are ignored;
 * start, stop, playlist and swfVfy may only be 0; socks and jtv, and any other, are refused.
 * Names are compared without case, the last of several wins (conn adds up), and \HH in a value
 * is the byte with that hexadecimal code, which need not be printable.
 *
 * Returns: (transfer full) (nullable): %NULL with RTMP_ERROR_ADDRESS, whose text names an option
 *   or scheme that is refused but never holds a value, a name or a credential
 */
RtmpLocation *rtmp_location_parse (const gchar *uri, GError **error);

/* 1935 or 443 where the location has none. */
guint rtmp_location_get_port (const RtmpLocation *location);
/* "rtmp" or "rtmps". */
const gchar *rtmp_scheme_to_string (RtmpScheme scheme);

/**
 * rtmp_location_to_uri:
 *
 * The whole address, without credentials and without what librtmp's options said beside app and
 * playpath. Parsing it gives the same scheme, host, application and stream, and the same
 * rtmp_location_get_port(): the port is left out where it is the scheme's default. Names that
 * the rules of rtmp_location_parse() would split elsewhere, or that hold spaces, are written as
 * app= and playpath= options.
 *
 * Returns: (transfer full)
 */
gchar *rtmp_location_to_uri (const RtmpLocation *location);

/**
 * rtmp_location_to_display:
 *
 * For logs and messages, not for parsing: no credentials, the stream's name and the values of the
 * application's query masked, an application with an '@' too, everything else printable, as in
 * rtmp://host/app/ab***
 *
 * Returns: (transfer full)
 */
gchar *rtmp_location_to_display (const RtmpLocation *location);

/* (transfer full): @tc_url if it was given, else scheme://host[:port]/application, the port left
 * out where it is the scheme's default. No credentials and no zone id, which means nothing to the
 * server (RFC 6874, 4). */
gchar *rtmp_location_to_tc_url (const RtmpLocation *location);

/* (transfer full): a name or token for logs: its first 2 characters, fewer of one shorter than 6,
 * then "***"; "" stays "". @secret: (nullable): as "" */
gchar *rtmp_mask_secret (const gchar *secret);

/**
 * rtmp_location_resolve_redirect:
 * @location: the location in use
 * @target: absolute (rtmp://, rtmps://) or relative ("//host/app", "/app") tcUrl, or a whole URL
 * @is_url: @target is a whole URL with the stream's name; else the stream's name is kept
 *
 * @target comes from the server: it may not bring options, and credentials in it are ignored. The
 * application is kept where @target has no path or an empty one, the stream's name also where a
 * whole URL has none; @tc_url is not kept. Credentials, @secure_token and @connect_args are kept
 * only for the same host, compared as text; rtmps never becomes rtmp (protocol.md 35,
 * peers.md Q12).
 *
 * Returns: (transfer full) (nullable): %NULL with RTMP_ERROR_REDIRECT, whose text holds no secret
 */
RtmpLocation *rtmp_location_resolve_redirect (const RtmpLocation *location, const gchar *target,
    gboolean is_url, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpLocation, rtmp_location_free)

G_END_DECLS

#endif
