/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RTMP_AUTH_H
#define RTMP_AUTH_H

#include <glib.h>

G_BEGIN_DECLS

/* Values and their order are those of the authmod property. */
typedef enum {
  RTMP_AUTHMOD_NONE, /* never authenticate */
  RTMP_AUTHMOD_AUTO, /* as the server asks */
  RTMP_AUTHMOD_ADOBE,
  RTMP_AUTHMOD_LLNW,
} RtmpAuthmod;

/**
 * RtmpAuth: one authentication, which spans several connections (protocol.md
 * 29 and 30). A connection that is made anew later (after a loss) begins with
 * a new one: answers are good for one challenge only.
 *
 * In queries, user names are percent-encoded. All other values (salt,
 * challenge, opaque, nonce, responses) are put in as they are, with the '+',
 * '/' and '=' of base64: servers write them so in their refusals, and compare
 * what comes back without decoding it.
 */
typedef struct _RtmpAuth RtmpAuth;

/**
 * rtmp_auth_new:
 * @username: (nullable): not percent-encoded; empty is as good as %NULL
 * @password: (nullable): may be empty
 *
 * Returns: (transfer full): an authentication whose first connection sends no
 *   query
 */
RtmpAuth *rtmp_auth_new (RtmpAuthmod mode, const gchar *username, const gchar *password);

/* Overwrites the password. NULL is fine. */
void rtmp_auth_free (RtmpAuth *auth);

/**
 * rtmp_auth_get_query:
 * @app: the application, without any authentication query
 *
 * Returns: (transfer none): what the next connection appends to app and tcUrl,
 *   beginning with '?' (or '&' where @app has a query already), or "". Valid
 *   until the next call.
 */
const gchar *rtmp_auth_get_query (RtmpAuth *auth, const gchar *app);

/**
 * rtmp_auth_rejected:
 * @app: the application, without any authentication query
 * @description: (nullable): the description of the server's refusal of connect;
 *   RTMP_MAX_STATUS_TEXT bytes of it are looked at
 * @random: 32 random bits, for the client's challenge
 *
 * Reads a refusal. Known forms, each with or without text around it:
 *
 *   [ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] :
 *   [ authmod=adobe ] : ?reason=needauth&user=U&salt=S&challenge=C&opaque=O
 *   [ authmod=llnw ] : ?reason=needauth&user=U&nonce=N
 *   [ authmod=adobe ] : ?reason=authfailed (or nosuchuser)
 *
 * authfailed and nosuchuser are final. A new challenge after an answer is
 * answered, within RTMP_MAX_AUTH_ROUNDS connections.
 *
 * Returns: %TRUE: connect again with the new query. %FALSE without an error:
 *   the refusal has nothing to do with authentication. %FALSE with
 *   RTMP_ERROR_NOT_AUTHORIZED: credentials are missing, were refused, the
 *   wanted mode is not the configured one or unknown, the server gave no
 *   challenge, or RTMP_MAX_AUTH_ROUNDS were used; text without any secret. The
 *   query remains as it was then, and to connect again is of no use.
 */
gboolean rtmp_auth_rejected (RtmpAuth *auth, const gchar *app, const gchar *description,
    guint32 random, GError **error);

/* Something was sent that proves knowledge of the password, or the server asked
 * for authentication (for log and statistics). */
gboolean rtmp_auth_is_active (const RtmpAuth *auth);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RtmpAuth, rtmp_auth_free)

/* -- Server side (Adobe only) -- */

typedef enum {
  RTMP_AUTH_ACCEPTED,
  RTMP_AUTH_CHALLENGED, /* refuse with *@description; the client comes again */
  RTMP_AUTH_REFUSED,    /* refuse with *@description; final */
} RtmpAuthVerdict;

/**
 * rtmp_auth_check:
 * @app: (nullable): app as the client sent it in connect, with its query
 * @username, @password: what is demanded
 * @salt, @challenge: 8 hexadecimal digits each or so, without '&'; the server
 *   must offer the same pair for the same client's next connection, or keep
 *   them constant for its lifetime. An answer can be replayed as long as its
 *   challenge is offered: this keeps the password secret, no more.
 * @description: (out) (transfer full) (nullable): description for
 *   NetConnection.Connect.Rejected; %NULL when accepted
 *
 * A wrong user name is told from a wrong password by nothing: both are
 * challenged, then refused with "authfailed". An answer to another challenge
 * is challenged anew. Values of more than RTMP_MAX_AUTH_VALUE bytes, as they came,
 * are refused. Percent escapes in the client's values are decoded, a '+' stays one.
 *
 * Returns: the verdict
 */
RtmpAuthVerdict rtmp_auth_check (const gchar *app, const gchar *username, const gchar *password,
    const gchar *salt, const gchar *challenge, gchar **description);

/**
 * rtmp_auth_strip_query:
 * @app: (nullable): as for rtmp_auth_check(); %NULL gives ""
 *
 * Returns: (transfer full): @app without its authentication query. Where the
 *   query has an authmod, the keys of protocol.md 29 and 30 are taken out; any
 *   other query is the application's own ("live2?user=x" stays)
 */
gchar *rtmp_auth_strip_query (const gchar *app);

G_END_DECLS

#endif
