/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmperror.h"

#include <string.h>

#include "rtmplimits.h"

typedef struct {
  gchar *code;
  gchar *description;
} RtmpErrorPrivate;

/* GLib keeps it in front of the GError, as far as the alignment of a type instance (GLib's
 * g_error_domain_register()). */
#define PRIVATE_ALIGNMENT (2 * sizeof (gsize))
#define PRIVATE_OFFSET \
  ((sizeof (RtmpErrorPrivate) + PRIVATE_ALIGNMENT - 1) & ~(PRIVATE_ALIGNMENT - 1))

static RtmpErrorPrivate *
get_private (const GError *error)
{
  return (RtmpErrorPrivate *) (gpointer) ((guint8 *) error - PRIVATE_OFFSET);
}

static void
private_init (GError *error)
{
  *get_private (error) = (RtmpErrorPrivate) { 0 };
}

static void
private_copy (const GError *error, GError *copy)
{
  const RtmpErrorPrivate *from = get_private (error);
  RtmpErrorPrivate *to = get_private (copy);

  to->code = g_strdup (from->code);
  to->description = g_strdup (from->description);
}

static void
private_clear (GError *error)
{
  RtmpErrorPrivate *priv = get_private (error);

  g_free (priv->code);
  g_free (priv->description);
}

/* G_DEFINE_EXTENDED_ERROR() would name the domain after the type. A process may hold the core
 * twice, in the plugin and in a program that links it too, and GLib refuses to register a name
 * twice: so the name is this copy's own. */
GQuark
rtmp_error_quark (void)
{
  static gsize quark = 0;

  if (g_once_init_enter (&quark)) {
    g_autofree gchar *name = g_strdup_printf ("rtmp-error-%p", (gpointer) &quark);

    g_once_init_leave (&quark,
        g_error_domain_register (name, sizeof (RtmpErrorPrivate), private_init, private_copy,
            private_clear));
  }
  return (GQuark) quark;
}

static gchar *
bounded_text (const gchar *text)
{
  const gchar *end;

  if (!text)
    return NULL;
  end = memchr (text, '\0', RTMP_MAX_STATUS_TEXT);
  return g_utf8_make_valid (text, end ? end - text : (gssize) RTMP_MAX_STATUS_TEXT);
}

void
rtmp_error_set_status (GError *error, const gchar *code, const gchar *description)
{
  RtmpErrorPrivate *priv;

  g_return_if_fail (error && error->domain == RTMP_ERROR);

  priv = get_private (error);
  private_clear (error);
  priv->code = bounded_text (code);
  priv->description = bounded_text (description);
}

const gchar *
rtmp_error_get_code (const GError *error)
{
  if (!error || error->domain != RTMP_ERROR)
    return NULL;
  return get_private (error)->code;
}

const gchar *
rtmp_error_get_description (const GError *error)
{
  if (!error || error->domain != RTMP_ERROR)
    return NULL;
  return get_private (error)->description;
}
