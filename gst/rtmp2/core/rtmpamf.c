/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtmpamf.h"

#include <string.h>

#include "rtmpamfprivate.h"

RtmpAmf *
rtmp_amf_alloc (RtmpAmfType type)
{
  RtmpAmf *amf = g_new0 (RtmpAmf, 1);

  amf->refcount = 1;
  amf->type = type;
  return amf;
}

RtmpAmf *
rtmp_amf_new_number (gdouble value)
{
  RtmpAmf *amf = rtmp_amf_alloc (RTMP_AMF_NUMBER);

  amf->number = value;
  return amf;
}

RtmpAmf *
rtmp_amf_new_boolean (gboolean value)
{
  RtmpAmf *amf = rtmp_amf_alloc (RTMP_AMF_BOOLEAN);

  amf->number = value ? 1 : 0;
  return amf;
}

RtmpAmf *
rtmp_amf_new_string (const gchar *value)
{
  return rtmp_amf_new_string_len (value, strlen (value));
}

RtmpAmf *
rtmp_amf_new_string_len (const gchar *value, gsize size)
{
  RtmpAmf *amf = rtmp_amf_alloc (RTMP_AMF_STRING);

  amf->string = g_ref_string_new_len (value, size);
  return amf;
}

RtmpAmf *
rtmp_amf_new_null (void)
{
  return rtmp_amf_alloc (RTMP_AMF_NULL);
}

RtmpAmf *
rtmp_amf_new_undefined (void)
{
  return rtmp_amf_alloc (RTMP_AMF_UNDEFINED);
}

RtmpAmf *
rtmp_amf_new_object (void)
{
  return rtmp_amf_alloc (RTMP_AMF_OBJECT);
}

RtmpAmf *
rtmp_amf_new_ecma_array (void)
{
  return rtmp_amf_alloc (RTMP_AMF_ECMA_ARRAY);
}

RtmpAmf *
rtmp_amf_new_strict_array (void)
{
  return rtmp_amf_alloc (RTMP_AMF_STRICT_ARRAY);
}

RtmpAmf *
rtmp_amf_ref (RtmpAmf *amf)
{
  amf->refcount++;
  return amf;
}

/* Puts what only @amf held in front of @doomed. */
static RtmpAmf *
release_members (RtmpAmf *amf, RtmpAmf *doomed)
{
  guint size = rtmp_amf_get_size (amf);
  guint i;

  for (i = 0; i < size; i++) {
    RtmpAmfMember *member = rtmp_amf_member (amf, i);

    g_clear_pointer (&member->name, g_ref_string_release);
    if (--member->value->refcount == 0) {
      member->value->next = doomed;
      doomed = member->value;
    }
  }
  return doomed;
}

/* A list instead of recursion: how deep the value is does not matter. */
void
rtmp_amf_unref (RtmpAmf *amf)
{
  RtmpAmf *doomed;

  if (--amf->refcount > 0)
    return;
  amf->next = NULL;
  doomed = amf;
  while (doomed) {
    amf = doomed;
    doomed = release_members (amf, amf->next);
    g_clear_pointer (&amf->string, g_ref_string_release);
    g_clear_pointer (&amf->members, g_array_unref);
    g_free (amf);
  }
}

void
rtmp_amf_add_member (RtmpAmf *container, GRefString *name, RtmpAmf *value)
{
  RtmpAmfMember member = { name, value };

  if (!container->members)
    container->members = g_array_new (FALSE, FALSE, sizeof (RtmpAmfMember));
  g_array_append_val (container->members, member);
}

/* From the end: of a name that came twice the last one counts. */
static RtmpAmfMember *
find_member (const RtmpAmf *object, const gchar *name)
{
  guint i = rtmp_amf_is_object (object) ? rtmp_amf_get_size (object) : 0;

  while (i-- > 0) {
    RtmpAmfMember *member = rtmp_amf_member (object, i);

    if (strcmp (member->name, name) == 0)
      return member;
  }
  return NULL;
}

void
rtmp_amf_add (RtmpAmf *object, const gchar *name, RtmpAmf *value)
{
  g_return_if_fail (rtmp_amf_is_object (object) && value != object);
  g_return_if_fail (strlen (name) <= G_MAXUINT16);

  rtmp_amf_add_member (object, g_ref_string_new (name), value);
}

void
rtmp_amf_set (RtmpAmf *object, const gchar *name, RtmpAmf *value)
{
  RtmpAmfMember *member = find_member (object, name);

  if (!member) {
    rtmp_amf_add (object, name, value);
    return;
  }
  rtmp_amf_unref (member->value);
  member->value = value;
}

void
rtmp_amf_set_number (RtmpAmf *object, const gchar *name, gdouble value)
{
  rtmp_amf_set (object, name, rtmp_amf_new_number (value));
}

void
rtmp_amf_set_boolean (RtmpAmf *object, const gchar *name, gboolean value)
{
  rtmp_amf_set (object, name, rtmp_amf_new_boolean (value));
}

void
rtmp_amf_set_string (RtmpAmf *object, const gchar *name, const gchar *value)
{
  if (value)
    rtmp_amf_set (object, name, rtmp_amf_new_string (value));
}

void
rtmp_amf_append (RtmpAmf *strict_array, RtmpAmf *value)
{
  g_return_if_fail (strict_array->type == RTMP_AMF_STRICT_ARRAY && value != strict_array);

  rtmp_amf_add_member (strict_array, NULL, value);
}

RtmpAmfType
rtmp_amf_get_type (const RtmpAmf *amf)
{
  return amf->type;
}

gdouble
rtmp_amf_get_number (const RtmpAmf *amf, gdouble fallback)
{
  if (!amf)
    return fallback;
  switch (amf->type) {
    case RTMP_AMF_NUMBER:
    case RTMP_AMF_BOOLEAN:
    case RTMP_AMF_DATE:
      return amf->number;
    default:
      return fallback;
  }
}

guint32
rtmp_amf_get_uint (const RtmpAmf *amf, guint32 fallback)
{
  gdouble number = rtmp_amf_get_number (amf, -1);

  /* NaN fails both comparisons; converting what does not fit is undefined in C. */
  if (number >= 0 && number < (gdouble) G_MAXUINT32 + 1)
    return (guint32) number;
  return fallback;
}

gboolean
rtmp_amf_get_boolean (const RtmpAmf *amf, gboolean fallback)
{
  if (!amf || (amf->type != RTMP_AMF_BOOLEAN && amf->type != RTMP_AMF_NUMBER))
    return fallback;
  return amf->number != 0;
}

const gchar *
rtmp_amf_get_string_len (const RtmpAmf *amf, gsize *size)
{
  gboolean is_text = amf && (amf->type == RTMP_AMF_STRING || amf->type == RTMP_AMF_XML);

  *size = is_text ? g_ref_string_length (amf->string) : 0;
  return is_text ? amf->string : NULL;
}

const gchar *
rtmp_amf_get_string (const RtmpAmf *amf)
{
  gsize size;

  return rtmp_amf_get_string_len (amf, &size);
}

const gchar *
rtmp_amf_get_class_name (const RtmpAmf *amf)
{
  return amf && amf->type == RTMP_AMF_OBJECT ? amf->string : NULL;
}

gboolean
rtmp_amf_is_object (const RtmpAmf *amf)
{
  return amf && (amf->type == RTMP_AMF_OBJECT || amf->type == RTMP_AMF_ECMA_ARRAY);
}

guint
rtmp_amf_get_size (const RtmpAmf *amf)
{
  return amf && amf->members ? amf->members->len : 0;
}

const RtmpAmf *
rtmp_amf_get_nth (const RtmpAmf *amf, guint index)
{
  return index < rtmp_amf_get_size (amf) ? rtmp_amf_member (amf, index)->value : NULL;
}

const gchar *
rtmp_amf_get_nth_name (const RtmpAmf *amf, guint index)
{
  return index < rtmp_amf_get_size (amf) ? rtmp_amf_member (amf, index)->name : NULL;
}

const RtmpAmf *
rtmp_amf_get (const RtmpAmf *object, const gchar *name)
{
  const RtmpAmfMember *member = find_member (object, name);

  return member ? member->value : NULL;
}

const gchar *
rtmp_amf_get_member_string (const RtmpAmf *object, const gchar *name)
{
  return rtmp_amf_get_string (rtmp_amf_get (object, name));
}

gdouble
rtmp_amf_get_member_number (const RtmpAmf *object, const gchar *name, gdouble fallback)
{
  return rtmp_amf_get_number (rtmp_amf_get (object, name), fallback);
}
