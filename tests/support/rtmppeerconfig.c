/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmppeerconfig.h"

#include <string.h>

#include "core/rtmpcrypto.h"

/* What authentication is done with. */
#define AUTH_SALT "5a17b0f3"
#define AUTH_CHALLENGE "c0ffee42"
#define LLNW_NONCE "n0nce4711"

static void
copy_reaction (RtmpPeerReaction *reaction)
{
  reaction->level = g_strdup (reaction->level);
  reaction->code = g_strdup (reaction->code);
  reaction->description = g_strdup (reaction->description);
  reaction->redirect = g_strdup (reaction->redirect);
}

static void
clear_reaction (RtmpPeerReaction *reaction)
{
  g_free ((gchar *) reaction->level);
  g_free ((gchar *) reaction->code);
  g_free ((gchar *) reaction->description);
  g_free ((gchar *) reaction->redirect);
}

RtmpPeerConfig *
rtmp_peer_config_copy (const RtmpPeerConfig *config)
{
  RtmpPeerConfig *copy = g_new0 (RtmpPeerConfig, 1);
  guint i;

  if (!config)
    return copy;
  *copy = *config;
  if (config->certificate)
    g_object_ref (config->certificate);
  copy->username = g_strdup (config->username);
  copy->password = g_strdup (config->password);
  copy->secure_token = g_strdup (config->secure_token);
  for (i = 0; i < RTMP_PEER_N_STAGES; i++)
    copy_reaction (&copy->reactions[i]);
  if (config->flv)
    g_bytes_ref (config->flv);
  if (config->raw_bytes)
    g_bytes_ref (config->raw_bytes);
  return copy;
}

void
rtmp_peer_config_free (RtmpPeerConfig *config)
{
  guint i;

  g_clear_object (&config->certificate);
  g_free ((gchar *) config->username);
  g_free ((gchar *) config->password);
  g_free ((gchar *) config->secure_token);
  for (i = 0; i < RTMP_PEER_N_STAGES; i++)
    clear_reaction (&config->reactions[i]);
  g_clear_pointer (&config->flv, g_bytes_unref);
  g_clear_pointer (&config->raw_bytes, g_bytes_unref);
  g_free (config);
}

RtmpStatus *
rtmp_peer_reaction_to_status (const RtmpPeerReaction *reaction)
{
  RtmpStatus *status = rtmp_status_new (reaction->level ? reaction->level : "error", reaction->code,
      reaction->description);

  status->redirect = g_strdup (reaction->redirect);
  status->redirect_is_url = reaction->redirect_is_url;
  return status;
}

RtmpSession *
rtmp_peer_config_new_session (const RtmpPeerConfig *config)
{
  guint8 random[RTMP_SERVER_RANDOM_SIZE];
  RtmpServerConfig server = {
    .chunk_size = config->chunk_size,
    .window_size = config->window_size,
    .caps_ex = config->caps_ex,
    .auth_salt = AUTH_SALT,
    .auth_challenge = AUTH_CHALLENGE,
    .random = random,
  };
  guint i;

  for (i = 0; i < sizeof (random); i++)
    random[i] = (guint8) g_random_int ();
  if (!config->llnw) {
    server.username = config->username;
    server.password = config->password;
  }
  return rtmp_server_new (&server, g_get_monotonic_time ());
}

gchar *
rtmp_peer_config_check_llnw (const RtmpPeerConfig *config, const gchar *app)
{
  const gchar *query = strchr (app, '?');
  g_autoptr (GHashTable) params = NULL;
  g_autofree gchar *name = g_strndup (app, strcspn (app, "?"));
  g_autofree gchar *ha1 = rtmp_md5_hex (config->username, ":live:", config->password, NULL);
  g_autofree gchar *ha2 = rtmp_md5_hex ("publish:/", name, strchr (name, '/') ? "" : "/_definst_",
      NULL);
  g_autofree gchar *expected = NULL;
  const gchar *cnonce;

  if (query)
    params = g_uri_parse_params (query + 1, -1, "&", G_URI_PARAMS_NONE, NULL);
  if (!params || g_strcmp0 (g_hash_table_lookup (params, "authmod"), "llnw") != 0)
    return g_strdup ("[ AccessManager.Reject ] : [ code=403 need auth; authmod=llnw ] : ");
  cnonce = g_hash_table_lookup (params, "cnonce");
  if (!cnonce)
    return g_strdup_printf ("[ AccessManager.Reject ] : [ authmod=llnw ] : "
                            "?reason=needauth&user=%s&nonce=" LLNW_NONCE,
        config->username);
  expected = rtmp_md5_hex (ha1, ":" LLNW_NONCE ":00000001:", cnonce, ":auth:", ha2, NULL);
  if (g_strcmp0 (g_hash_table_lookup (params, "response"), expected) == 0)
    return NULL;
  return g_strdup ("[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=authfailed");
}

static gboolean
accept_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  (void) connection;
  (void) certificate;
  (void) errors;
  (void) data;
  return TRUE;
}

/* A client need not say TLS's goodbye. */
GIOStream *
rtmp_peer_config_new_tls (const RtmpPeerConfig *config, GIOStream *tcp)
{
  GIOStream *tls = g_tls_server_connection_new (tcp, config->certificate, NULL);

  g_assert_nonnull (tls);
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  if (config->request_certificate)
    g_object_set (tls, "authentication-mode", G_TLS_AUTHENTICATION_REQUIRED, NULL);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (accept_certificate), NULL);
  return tls;
}
