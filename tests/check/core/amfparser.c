/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../support/amftest.h"
#include "../../support/countalloc.h"

/* -- Parsing -- */

/* What is written again as it was. */
static const AmfCase same[] = {
  { "00 3FF0000000000000", "1" },
  { "00 C0091EB851EB851F", "-3.14" },
  { "00 7FF8000000000000", "nan" },
  { "00 FFF0000000000000", "-inf" },
  { "01 00", "false" },
  { "01 01", "true" },
  { "02 0000", "\"\"" },
  { "02 0004 'live'", "\"live\"" },
  { "03 000009", "{}" },
  { "03 0003 'app' 02 0004 'live' 0001 'n' 00 4000000000000000 000009",
      "{\"app\": \"live\", \"n\": 2}" },
  { "03 0001 'a' 03 0001 'b' 05 000009 0001 'c' 06 000009",
      "{\"a\": {\"b\": null}, \"c\": undefined}" },
  { "03 0001 'a' 05 0001 'a' 06 000009", "{\"a\": null, \"a\": undefined}" },
  /* A member without a name, which only the end marker makes an end. */
  { "03 0000 05 0000 02 0000 000009", "{\"\": null, \"\": \"\"}" },
  { "05", "null" },
  { "06", "undefined" },
  { "08 00000000 000009", "array{}" },
  { "08 00000002 0008 'duration' 00 0000000000000000 0001 'x' 01 01 000009",
      "array{\"duration\": 0, \"x\": true}" },
  { "0A 00000000", "[]" },
  { "0A 00000003 05 0A 00000001 05 02 0001 'x'", "[null, [null], \"x\"]" },
  { "0B 4197D78400000000 FF88", "date 100000000" },
  { "0F 00000004 '<a/>'", "xml \"<a/>\"" },
  { "0F 00000000", "xml \"\"" },
  { "10 0003 'Foo' 0001 'a' 05 000009", "\"Foo\"{\"a\": null}" },
  { "10 0000 000009", "\"\"{}" },
};

/* What has a shorter or stricter form. */
static const struct {
  AmfCase from;
  const gchar *to;
} changed[] = {
  { { "01 80", "true" }, "01 01" },
  { { "0C 00000004 'live'", "\"live\"" }, "02 0004 'live'" },
  { { "0D", "undefined" }, "06" },
  /* vector 25: the count of an ECMA array is a hint */
  { { "08 00000000 0001 'a' 05 000009", "array{\"a\": null}" }, "08 00000001 0001 'a' 05 000009" },
  { { "08 FFFFFFFF 0001 'a' 05 000009", "array{\"a\": null}" }, "08 00000001 0001 'a' 05 000009" },
  /* References count objects and arrays as they begin, and nothing else. */
  { { "0A 00000002 03 0001 'a' 05 000009 07 0001", "[{\"a\": null}, {\"a\": null}]" },
      "0A 00000002 03 0001 'a' 05 000009 03 0001 'a' 05 000009" },
  { { "0A 00000004 02 0001 'x' 08 00000000 000009 10 0001 'T' 000009 07 0002",
        "[\"x\", array{}, \"T\"{}, \"T\"{}]" },
      "0A 00000004 02 0001 'x' 08 00000000 000009 10 0001 'T' 000009 10 0001 'T' 000009" },
  { { "03 0001 'a' 0A 00000001 05 0001 'b' 07 0001 000009", "{\"a\": [null], \"b\": [null]}" },
      "03 0001 'a' 0A 00000001 05 0001 'b' 0A 00000001 05 000009" },
};

static void
test_parse_same (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (same); i++) {
    g_autoptr (RtmpAmf) value = amf_parse_text (same[i].wire);

    amf_assert_text (value, same[i].text);
    amf_assert_wire (value, same[i].wire);
  }
}

static void
test_parse_changed (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (changed); i++) {
    g_autoptr (RtmpAmf) value = amf_parse_text (changed[i].from.wire);

    amf_assert_text (value, changed[i].from.text);
    amf_assert_wire (value, changed[i].to);
  }
}

static void
test_parse_every_length (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (same); i++)
    amf_assert_every_length (same[i].wire);
  for (i = 0; i < G_N_ELEMENTS (changed); i++)
    amf_assert_every_length (changed[i].from.wire);
}

static void
test_parse_any_byte (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (same); i++)
    amf_assert_any_byte (same[i].wire);
  for (i = 0; i < G_N_ELEMENTS (changed); i++)
    amf_assert_any_byte (changed[i].from.wire);
}

static void
test_parse_readers (void)
{
  g_autoptr (RtmpAmf) date = amf_parse_text ("0B 4197D78400000000 FF88");
  g_autoptr (RtmpAmf) xml = amf_parse_text ("0F 00000004 '<a/>'");
  g_autoptr (RtmpAmf) typed = amf_parse_text ("10 0003 'Foo' 0001 'a' 02 0003 'x' 00 'y' 000009");
  gsize size;

  g_assert_cmpint (rtmp_amf_get_type (date), ==, RTMP_AMF_DATE);
  g_assert_cmpfloat (rtmp_amf_get_number (date, 7), ==, 100000000);
  g_assert_true (rtmp_amf_get_boolean (date, TRUE));
  g_assert_cmpint (rtmp_amf_get_type (xml), ==, RTMP_AMF_XML);
  g_assert_cmpstr (rtmp_amf_get_string (xml), ==, "<a/>");
  g_assert_cmpint (rtmp_amf_get_type (typed), ==, RTMP_AMF_OBJECT);
  g_assert_cmpstr (rtmp_amf_get_class_name (typed), ==, "Foo");
  g_assert_cmpmem (rtmp_amf_get_string_len (rtmp_amf_get (typed, "a"), &size), size, "x\0y", 3);
}

static void
test_parse_refused (void)
{
  amf_assert_refused ("", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("04", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("09", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("0E", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("12", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("FF", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("0A 00000001 09", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("03 0001 'a' 09", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("0A 00000002 05 FF", RTMP_ERROR_PROTOCOL);
  /* vector 25: missing end marker */
  amf_assert_refused ("08 00000001 0001 'a' 05", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("03 0001 'a' 05", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("03 0001 'a' 05 0000", RTMP_ERROR_PROTOCOL);
}

/* An error names the place but quotes nothing, as it may be a secret. */
static void
test_parse_error_text (void)
{
  g_autoptr (GByteArray) bytes = amf_bytes ("03 0006 'secret' 02 0006 'hidden' 0001 'x' 04");
  guint budget = RTMP_AMF_MAX_VALUES;
  g_autoptr (GError) error = NULL;

  g_assert_null (rtmp_amf_parse (bytes->data, bytes->len, NULL, &budget, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL);
  g_assert_nonnull (strstr (error->message, "movie clip"));
  g_assert_nonnull (strstr (error->message, "byte 22"));
  g_assert_null (strstr (error->message, "secret"));
  g_assert_null (strstr (error->message, "hidden"));
}

static void
test_parse_references (void)
{
  g_autoptr (RtmpAmf) value = amf_parse_text ("0A 00000002 03 0001 'a' 05 000009 07 0001");

  g_assert_true (rtmp_amf_get_nth (value, 0) == rtmp_amf_get_nth (value, 1));
  /* vector 25: self-reference, at once and from inside */
  amf_assert_refused ("0A 00000001 07 0000", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("03 0001 'a' 03 0001 'b' 07 0000 000009 000009", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("03 0001 'a' 03 0001 'b' 07 0001 000009 000009", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("07 0000", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("0A 00000002 03 000009 07 0002", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("0A 00000002 03 000009 07 FFFF", RTMP_ERROR_PROTOCOL);
}

/* -- Limits -- */

static GByteArray *
nested (const gchar *open, guint depth, const gchar *inner, const gchar *close)
{
  GByteArray *bytes = g_byte_array_new ();

  amf_repeat (bytes, open, depth);
  amf_append (bytes, inner);
  amf_repeat (bytes, close, depth);
  return bytes;
}

static void
check_depth (const gchar *open, const gchar *close)
{
  g_autoptr (GByteArray) limit = nested (open, RTMP_AMF_MAX_DEPTH, "05", close);
  g_autoptr (GByteArray) over = nested (open, RTMP_AMF_MAX_DEPTH + 1, "05", close);
  g_autoptr (GByteArray) far_over = nested (open, 10000, "05", close);
  g_autoptr (RtmpAmf) value = amf_parse_bytes (limit);

  amf_use (value);
  amf_assert_refused_bytes (over, RTMP_ERROR_LIMIT);
  amf_assert_refused_bytes (far_over, RTMP_ERROR_LIMIT);
}

/* vector 25: depth 10000 */
static void
test_limit_depth (void)
{
  check_depth ("0A 00000001", "");
  check_depth ("03 0001 'a'", "000009");
  check_depth ("08 00000001 0001 'a'", "000009");
  check_depth ("10 0001 'T' 0001 'a'", "000009");
}

/* A reference nests as deep as what it stands for. */
static void
check_depth_reference (guint outer, gint code)
{
  const guint inner = 20;
  g_autoptr (GByteArray) bytes = amf_bytes ("0A 00000002");

  amf_repeat (bytes, "0A 00000001", inner);
  amf_append (bytes, "05");
  amf_repeat (bytes, "0A 00000001", outer);
  amf_append (bytes, "07 0001");
  if (code < 0)
    rtmp_amf_unref (amf_parse_bytes (bytes));
  else
    amf_assert_refused_bytes (bytes, code);
}

static void
test_limit_depth_reference (void)
{
  check_depth_reference (RTMP_AMF_MAX_DEPTH - 21, -1);
  check_depth_reference (RTMP_AMF_MAX_DEPTH - 20, RTMP_ERROR_LIMIT);
}

static void
check_long_string (const gchar *marker)
{
  g_autoptr (GByteArray) limit = amf_bytes (marker);
  g_autoptr (GByteArray) over = amf_bytes (marker);
  g_autoptr (RtmpAmf) value = NULL;
  gsize size;

  amf_append (limit, "00010000");
  amf_fill (limit, 'x', RTMP_AMF_MAX_STRING);
  value = amf_parse_bytes (limit);
  rtmp_amf_get_string_len (value, &size);
  g_assert_cmpuint (size, ==, RTMP_AMF_MAX_STRING);
  amf_append (over, "00010001");
  amf_fill (over, 'x', RTMP_AMF_MAX_STRING + 1);
  amf_assert_refused_bytes (over, RTMP_ERROR_LIMIT);
}

/* vector 25: overlong string */
static void
test_limit_string (void)
{
  check_long_string ("0C");
  check_long_string ("0F");
  amf_assert_refused ("0C FFFFFFFF 'x'", RTMP_ERROR_LIMIT);
  amf_assert_refused ("0C 00010000 'x'", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("02 FFFF 'x'", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("03 FFFF 'x' 05 000009", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("10 FFFF 'x' 000009", RTMP_ERROR_PROTOCOL);
}

/* vector 25: strict array 2^31 */
static void
test_limit_count (void)
{
  g_autoptr (GByteArray) bytes = amf_bytes ("0A 80000000");

  amf_assert_refused ("0A 80000000 05 05", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("0A FFFFFFFF", RTMP_ERROR_PROTOCOL);
  amf_fill (bytes, 0x05, 10000);
  amf_assert_refused_bytes (bytes, RTMP_ERROR_LIMIT);
}

static void
check_budget (const gchar *wire, guint cost)
{
  g_autoptr (GByteArray) bytes = amf_bytes (wire);
  guint budget = cost + 3;
  g_autoptr (GError) error = NULL;
  g_autoptr (RtmpAmf) value = rtmp_amf_parse (bytes->data, bytes->len, NULL, &budget, &error);
  guint i;

  g_assert_no_error (error);
  g_assert_nonnull (value);
  g_assert_cmpuint (budget, ==, 3);
  for (i = 0; i < cost; i++) {
    budget = i;
    g_assert_null (rtmp_amf_parse (bytes->data, bytes->len, NULL, &budget, &error));
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
    g_clear_error (&error);
  }
}

static void
test_limit_budget (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (same); i++) {
    if (!strpbrk (same[i].text, "{["))
      check_budget (same[i].wire, 1);
  }
  check_budget ("0A 00000003 05 03 0001 'a' 05 000009 06", 5);
  check_budget ("10 0001 'T' 0001 'a' 08 00000000 0001 'a' 05 000009 000009", 3);
  /* A reference costs what it stands for. */
  check_budget ("0A 00000002 0A 00000002 05 05 07 0001", 7);
}

/* 16 MiB of nulls: what is not allowed is not read. */
static void
test_limit_nulls (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint budget = RTMP_AMF_MAX_VALUES;
  g_autoptr (GError) error = NULL;
  guint64 calls;

  amf_fill (bytes, 0x05, RTMP_MAX_MESSAGE_SIZE);
  calls = count_alloc_calls;
  g_assert_null (rtmp_amf_parse_all (bytes->data, bytes->len, &budget, &error));
  g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
  g_assert_cmpuint (budget, ==, 0);
  g_assert_cmpuint (count_alloc_calls - calls, <=, RTMP_AMF_MAX_VALUES + 16);
}

/* Each array refers to the one before twice and more: small on the wire, endless
 * when written out. */
static void
test_limit_expansion (void)
{
  g_autoptr (GByteArray) bytes = amf_bytes ("0A 00000014 0A 00000001 05");
  guint i;

  for (i = 1; i < 20; i++) {
    guint8 index = (guint8) i;
    guint copy;

    amf_append (bytes, "0A 0000000A");
    for (copy = 0; copy < 10; copy++) {
      amf_append (bytes, "07 00");
      g_byte_array_append (bytes, &index, 1);
    }
  }
  amf_assert_refused_bytes (bytes, RTMP_ERROR_LIMIT);
}

/* -- Several values -- */

static void
test_all_values (void)
{
  g_autoptr (GByteArray) bytes = amf_bytes ("02 0001 'x' 05 0A 00000001 06");
  guint budget = 10;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) values = rtmp_amf_parse_all (bytes->data, bytes->len, &budget, &error);
  guint size;

  g_assert_no_error (error);
  g_assert_cmpuint (values->len, ==, 3);
  g_assert_cmpuint (budget, ==, 6);
  amf_assert_text (g_ptr_array_index (values, 2), "[undefined]");
  for (size = 0; size <= bytes->len; size++) {
    g_autofree guint8 *copy = g_memdup2 (bytes->data, size);
    g_autoptr (GPtrArray) some = rtmp_amf_parse_all (copy, size, &budget, &error);
    gboolean whole = size == 0 || size == 4 || size == 5 || size == bytes->len;

    if (!whole)
      g_assert_error (error, RTMP_ERROR, RTMP_ERROR_PROTOCOL);
    g_assert_cmpint (some != NULL, ==, whole);
    g_clear_error (&error);
    budget = 10;
  }
}

/* The values of one message share their tables; a value alone has its own. */
static void
test_all_share_references (void)
{
  g_autoptr (GByteArray) bytes = amf_bytes ("03 0001 'a' 05 000009 07 0000");
  guint budget = 10;
  g_autoptr (GPtrArray) values = rtmp_amf_parse_all (bytes->data, bytes->len, &budget, NULL);

  g_assert_nonnull (values);
  g_assert_true (g_ptr_array_index (values, 0) == g_ptr_array_index (values, 1));
  amf_assert_refused ("07 0000", RTMP_ERROR_PROTOCOL);
}

static void
test_all_none (void)
{
  guint budget = 0;
  g_autoptr (GPtrArray) values = rtmp_amf_parse_all (NULL, 0, &budget, NULL);

  g_assert_nonnull (values);
  g_assert_cmpuint (values->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/amfparser/parse/same", test_parse_same);
  g_test_add_func ("/amfparser/parse/changed", test_parse_changed);
  g_test_add_func ("/amfparser/parse/every-length", test_parse_every_length);
  g_test_add_func ("/amfparser/parse/any-byte", test_parse_any_byte);
  g_test_add_func ("/amfparser/parse/readers", test_parse_readers);
  g_test_add_func ("/amfparser/parse/refused", test_parse_refused);
  g_test_add_func ("/amfparser/parse/error-text", test_parse_error_text);
  g_test_add_func ("/amfparser/parse/references", test_parse_references);
  g_test_add_func ("/amfparser/limit/depth", test_limit_depth);
  g_test_add_func ("/amfparser/limit/depth-reference", test_limit_depth_reference);
  g_test_add_func ("/amfparser/limit/string", test_limit_string);
  g_test_add_func ("/amfparser/limit/count", test_limit_count);
  g_test_add_func ("/amfparser/limit/budget", test_limit_budget);
  g_test_add_func ("/amfparser/limit/nulls", test_limit_nulls);
  g_test_add_func ("/amfparser/limit/expansion", test_limit_expansion);
  g_test_add_func ("/amfparser/all/values", test_all_values);
  g_test_add_func ("/amfparser/all/share-references", test_all_share_references);
  g_test_add_func ("/amfparser/all/none", test_all_none);
  return g_test_run ();
}
