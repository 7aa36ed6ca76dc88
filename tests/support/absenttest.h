/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ABSENT_TEST_H
#define ABSENT_TEST_H

#include <gio/gio.h>
#include <string.h>

/*
 * Servers that are not there or do not answer, before there is a connection at all: a resolver for
 * host names that asks no network, and a port at which nobody answers.
 *
 * Addresses as text do not come to the resolver, GLib reads them itself.
 */

/* A name that there is not, and one for which no answer comes. */
#define ABSENT_TEST_MISSING "missing.test"
#define ABSENT_TEST_SILENT "silent.test"

typedef struct {
  GResolver parent;
} AbsentTest;

typedef struct {
  GResolverClass parent_class;
} AbsentTestClass;

static GType absent_test_get_type (void);

G_DEFINE_TYPE (AbsentTest, absent_test, G_TYPE_RESOLVER)

static gboolean
absent_test_cancelled (GCancellable *cancellable, gpointer task)
{
  (void) cancellable;
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
absent_test_lookup_with_flags (GResolver *resolver, const gchar *name,
    GResolverNameLookupFlags flags, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);
  g_autoptr (GSource) source = NULL;

  (void) flags;
  if (strcmp (name, ABSENT_TEST_SILENT) != 0) {
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND,
        "There is no host %s", name);
    return;
  }
  source = g_cancellable_source_new (cancellable);
  g_task_attach_source (task, source, G_SOURCE_FUNC (absent_test_cancelled));
}

static void
absent_test_lookup (GResolver *resolver, const gchar *name, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  absent_test_lookup_with_flags (resolver, name, G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT, cancellable,
      callback, user_data);
}

static GList *
absent_test_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  (void) resolver;
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
absent_test_class_init (AbsentTestClass *klass)
{
  klass->parent_class.lookup_by_name_async = absent_test_lookup;
  klass->parent_class.lookup_by_name_finish = absent_test_finish;
  klass->parent_class.lookup_by_name_with_flags_async = absent_test_lookup_with_flags;
  klass->parent_class.lookup_by_name_with_flags_finish = absent_test_finish;
}

static void
absent_test_init (AbsentTest *resolver)
{
  (void) resolver;
}

static GResolver *absent_test_before;

/* In place of the system's for the whole process. */
static inline void
absent_test_install (void)
{
  g_autoptr (GResolver) resolver = g_object_new (absent_test_get_type (), NULL);

  absent_test_before = g_resolver_get_default ();
  g_resolver_set_default (resolver);
}

static inline void
absent_test_remove (void)
{
  g_resolver_set_default (absent_test_before);
  g_clear_object (&absent_test_before);
}

/* A port whose queue is full: the kernel does not answer who comes now. */
typedef struct {
  GSocket *listener;
  GSocket *filler;
  guint16 port;
} FullPort;

static inline void
full_port_init (FullPort *full)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;

  full->listener = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_assert_true (g_socket_bind (full->listener, any, FALSE, NULL));
  g_socket_set_listen_backlog (full->listener, 0);
  g_assert_true (g_socket_listen (full->listener, NULL));
  address = g_socket_get_local_address (full->listener, NULL);
  full->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  full->filler = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_assert_true (g_socket_connect (full->filler, address, NULL, NULL));
}

static inline void
full_port_clear (FullPort *full)
{
  g_object_unref (full->filler);
  g_object_unref (full->listener);
}

#endif
