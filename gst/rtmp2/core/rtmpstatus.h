/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_STATUS_H
#define RTMP_STATUS_H

#include "rtmpamf.h"

G_BEGIN_DECLS

/**
 * RtmpStatus: an information object (RTMP 1.0, 7.2.2 and 7.3.1): level, code and
 * description never NULL (""), cut to RTMP_MAX_STATUS_TEXT and valid UTF-8.
 * @redirect: (nullable): a whole URL, or tcUrl, of a redirection (peers.md Q12:
 *   ex.redirect2, else ex.redirect; or tcUrl of NetConnection.Connect.ReconnectRequest).
 *   Never cut: one that is empty, longer than RTMP_MAX_STATUS_TEXT, not UTF-8, or has
 *   spaces or control characters in it (options of an address follow a space) is none
 * @redirect_is_url: @redirect is a whole URL (ex.redirect2), the stream's name included
 */
typedef struct {
  gchar *level;
  gchar *code;
  gchar *description;
  gchar *redirect;
  gboolean redirect_is_url;
} RtmpStatus;

/* @info: (nullable): wire data of any shape; a bare string is the description.
 * Returns: (transfer full): empty where nothing was understood */
RtmpStatus *rtmp_status_parse (const RtmpAmf *info);
/* All (nullable): NULL is "". Cut and made valid as by rtmp_status_parse(). */
RtmpStatus *rtmp_status_new (const gchar *level, const gchar *code, const gchar *description);
RtmpStatus *rtmp_status_copy (const RtmpStatus *status);
void rtmp_status_free (RtmpStatus *status);
/* (transfer full): the information object of @status; @redirect goes where
 * rtmp_status_parse() finds it. */
RtmpAmf *rtmp_status_to_amf (const RtmpStatus *status);

/**
 * rtmp_status_to_error:
 * @context: what was being done, such as "publish"
 *
 * Maps a refusal onto an RtmpError by its code through one const table
 * (protocol.md 22, peers.md Q9 to Q12), e.g. NetStream.Publish.BadName: BUSY,
 * NetStream.Play.StreamNotFound: NOT_FOUND, *.Unauthorized: NOT_AUTHORIZED,
 * NetConnection.Connect.InvalidApp: NOT_FOUND, Rejected with an authentication text:
 * NOT_AUTHORIZED, with a redirection: REDIRECT; an unknown code: REJECTED. The text
 * carries the server's words; code and description are attached where there are any.
 *
 * Returns: (transfer full)
 */
GError *rtmp_status_to_error (const RtmpStatus *status, const gchar *context);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpStatus, rtmp_status_free)

G_END_DECLS

#endif
