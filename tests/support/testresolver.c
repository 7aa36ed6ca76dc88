/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testresolver.h"

#include <string.h>

typedef struct {
  GResolver parent;
} TestResolver;

typedef struct {
  GResolverClass parent_class;
} TestResolverClass;

GType test_resolver_get_type (void);
G_DEFINE_TYPE (TestResolver, test_resolver, G_TYPE_RESOLVER)

static GResolver *system_resolver;

static void
free_addresses (gpointer addresses)
{
  g_resolver_free_addresses (addresses);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;

  (void) cancellable;
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
  g_object_unref (task);
}

/* Asked with flags for either family, or without for both. */
static void
answer (GTask *task, const gchar *name, GResolverNameLookupFlags flags)
{
  gboolean both = strcmp (name, "both.test") == 0;
  gboolean ipv4 = (both || strcmp (name, "localhost") == 0)
      && flags != G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY;
  gboolean ipv6 = both && flags != G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY;
  GList *addresses = NULL;

  if (ipv4)
    addresses = g_list_prepend (addresses, g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4));
  if (ipv6)
    addresses = g_list_prepend (addresses, g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV6));
  if (addresses)
    g_task_return_pointer (task, addresses, free_addresses);
  else
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "%s is not known",
        name);
  g_object_unref (task);
}

static void
lookup_with_flags_async (GResolver *resolver, const gchar *name, GResolverNameLookupFlags flags,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (resolver, cancellable, callback, data);

  if (strcmp (name, "silent.test") == 0)
    g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), task, NULL);
  else
    answer (task, name, flags);
}

static void
lookup_async (GResolver *resolver, const gchar *name, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer data)
{
  lookup_with_flags_async (resolver, name, G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT, cancellable,
      callback, data);
}

static GList *
lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  (void) resolver;
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
test_resolver_class_init (TestResolverClass *class)
{
  GResolverClass *resolver = (GResolverClass *) class;

  resolver->lookup_by_name_async = lookup_async;
  resolver->lookup_by_name_finish = lookup_finish;
  resolver->lookup_by_name_with_flags_async = lookup_with_flags_async;
  resolver->lookup_by_name_with_flags_finish = lookup_finish;
}

static void
test_resolver_init (TestResolver *resolver)
{
  (void) resolver;
}

void
test_resolver_install (void)
{
  GResolver *resolver = g_object_new (test_resolver_get_type (), NULL);

  system_resolver = g_resolver_get_default ();
  g_resolver_set_default (resolver);
  g_object_unref (resolver);
}

void
test_resolver_remove (void)
{
  g_resolver_set_default (system_resolver);
  g_clear_object (&system_resolver);
}
