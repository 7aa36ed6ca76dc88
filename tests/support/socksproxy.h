/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SOCKS_PROXY_H
#define SOCKS_PROXY_H

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  SOCKS_PROXY_CONNECT,
  SOCKS_PROXY_REFUSE, /* "connection refused" */
  SOCKS_PROXY_SILENT, /* answers nothing */
} SocksProxyMode;

/**
 * SocksProxy: a SOCKS 5 proxy (RFC 1928) on loopback, without authentication. Whatever
 * host it is asked for it connects to 127.0.0.1.
 */
typedef struct _SocksProxy SocksProxy;

SocksProxy *socks_proxy_new (SocksProxyMode mode);
/* Ends its connections. */
void socks_proxy_free (SocksProxy *proxy);
/* (transfer full): that sends everything through it. */
GProxyResolver *socks_proxy_get_resolver (SocksProxy *proxy);
/* (transfer full) (nullable): the host it was last asked for. */
gchar *socks_proxy_get_host (SocksProxy *proxy);
/* Until somebody has come. FALSE after 20 s. */
gboolean socks_proxy_wait_asked (SocksProxy *proxy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SocksProxy, socks_proxy_free)

G_END_DECLS

#endif
