/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * AMF0 and AMF3 values: what was parsed can be written, and reads back as what it was.
 */
#include "core/rtmpamf.h"

#include "fuzz.h"

/* A value has no more than 9 bytes beside a string, a string repeated by a reference costs a unit of
 * the budget for each RTMP_AMF_REFERENCE_UNIT bytes. */
#define MAX_WRITTEN(size) (16 * (size) + RTMP_AMF_MAX_VALUES * (2 * RTMP_AMF_REFERENCE_UNIT + 16))

static void
visit (const RtmpAmf *amf)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const guint size = rtmp_amf_get_size (amf);
  gsize length;
  guint i;

  rtmp_amf_print (amf, text, 200);
  g_assert_cmpuint (text->len, <=, 200);
  g_assert_true (g_utf8_validate (text->str, (gssize) text->len, NULL));
  for (i = 0; i < size; i++) {
    const gchar *name = rtmp_amf_get_nth_name (amf, i);

    g_assert_nonnull (rtmp_amf_get_nth (amf, i));
    if (name)
      g_assert_nonnull (rtmp_amf_get (amf, name));
  }
  g_assert_null (rtmp_amf_get_nth (amf, size));
  if (rtmp_amf_get_string_len (amf, &length))
    g_assert_cmpuint (length, <=, RTMP_AMF_MAX_STRING);
  rtmp_amf_get_number (amf, 0);
  rtmp_amf_get_uint (amf, 0);
  rtmp_amf_get_class_name (amf);
}

static void
write_all (const GPtrArray *values, GByteArray *out)
{
  guint i;

  for (i = 0; i < values->len; i++)
    rtmp_amf_write (values->pdata[i], out);
}

/* (transfer full): the values' bytes, parsed and written again. What is shared was paid for as often as
 * it is written, so the same budget does. */
static GByteArray *
write_again (const GByteArray *bytes)
{
  g_autoptr (GPtrArray) values = NULL;
  g_autoptr (GError) error = NULL;
  GByteArray *again = g_byte_array_new ();
  guint budget = RTMP_AMF_MAX_VALUES;

  values = rtmp_amf_parse_all (bytes->data, bytes->len, &budget, &error);
  g_assert_no_error (error);
  write_all (values, again);
  return again;
}

static void
check_written (const GPtrArray *values, gsize size)
{
  g_autoptr (GByteArray) first = g_byte_array_new ();
  g_autoptr (GByteArray) second = NULL;
  g_autoptr (GByteArray) third = NULL;

  write_all (values, first);
  g_assert_cmpuint (first->len, <=, MAX_WRITTEN (size));
  second = write_again (first);
  /* A byte array was written as unsupported, which is read as undefined: one byte each. */
  g_assert_cmpuint (second->len, ==, first->len);
  third = write_again (second);
  g_assert_cmpmem (second->data, second->len, third->data, third->len);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GPtrArray) values = NULL;
  g_autoptr (GError) error = NULL;
  guint budget = RTMP_AMF_MAX_VALUES;
  gsize consumed = 0;
  RtmpAmf *first;
  guint i;

  values = rtmp_amf_parse_all (data, size, &budget, &error);
  g_assert_cmpint (values == NULL, ==, error != NULL);
  if (values) {
    for (i = 0; i < values->len; i++)
      visit (values->pdata[i]);
    check_written (values, size);
  }
  budget = RTMP_AMF_MAX_VALUES;
  first = rtmp_amf_parse (data, size, &consumed, &budget, NULL);
  g_assert_cmpuint (consumed, <=, size);
  g_clear_pointer (&first, rtmp_amf_unref);
  return 0;
}
