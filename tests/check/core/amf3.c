/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../support/amftest.h"

/* Behind every 11 stands one AMF3 value. */
static const AmfCase values[] = {
  { "11 00", "undefined" },
  { "11 01", "null" },
  { "11 02", "false" },
  { "11 03", "true" },
  { "11 04 00", "0" },
  { "11 04 7F", "127" },
  { "11 04 8100", "128" },
  { "11 04 FF7F", "16383" },
  { "11 04 818000", "16384" },
  { "11 04 FFFF7F", "2097151" },
  { "11 04 80C08000", "2097152" },
  { "11 04 BFFFFFFF", "268435455" },
  { "11 04 C0808000", "-268435456" },
  /* vector 27 */
  { "11 04 FFFFFFFF", "-1" },
  { "11 05 3FF8000000000000", "1.5" },
  { "11 06 01", "\"\"" },
  { "11 06 09 'live'", "\"live\"" },
  { "11 07 09 '<a/>'", "xml \"<a/>\"" },
  { "11 0B 09 '<b/>'", "xml \"<b/>\"" },
  { "11 07 01", "xml \"\"" },
  { "11 08 01 4197D78400000000", "date 100000000" },
  { "11 09 01 01", "[]" },
  { "11 09 05 01 03 04 01", "[true, 1]" },
  { "11 09 01 03 'a' 03 03 'b' 02 01", "array{\"a\": true, \"b\": false}" },
  { "11 09 05 03 'a' 03 01 04 05 01", "array{\"a\": true, \"0\": 5, \"1\": null}" },
  { "11 09 03 01 09 03 01 09 01 01", "[[[]]]" },
  /* No members, sealed, dynamic, both; a class name. */
  { "11 0A 03 01", "{}" },
  { "11 0A 23 01 03 'a' 03 'b' 03 04 02", "{\"a\": true, \"b\": 2}" },
  { "11 0A 0B 01 03 'a' 03 03 'b' 01 01", "{\"a\": true, \"b\": null}" },
  { "11 0A 1B 07 'Foo' 03 'a' 03 03 'b' 01 01", "\"Foo\"{\"a\": true, \"b\": null}" },
  { "11 0A 0B 01 03 'a' 0A 01 03 'x' 02 01 03 'b' 01 01", "{\"a\": {\"x\": false}, \"b\": null}" },
  { "11 0C 07 00FF80", "3 bytes" },
  { "11 0C 01", "0 bytes" },
  /* Strings by reference: as values, names and class names; the empty one has no index. */
  { "11 09 09 01 06 03 'a' 06 03 'b' 06 00 06 02", "[\"a\", \"b\", \"a\", \"b\"]" },
  { "11 09 07 01 06 01 06 03 'a' 06 00", "[\"\", \"a\", \"a\"]" },
  { "11 09 05 01 06 03 'a' 0A 0B 01 00 03 01", "[\"a\", {\"a\": true}]" },
  { "11 09 05 01 06 03 'T' 0A 03 00", "[\"T\", \"T\"{}]" },
  { "11 09 05 01 0A 13 01 03 'a' 03 06 00", "[{\"a\": true}, \"a\"]" },
  /* Classes by reference. */
  { "11 09 05 01 0A 13 03 'T' 03 'a' 03 0A 01 02", "[\"T\"{\"a\": true}, \"T\"{\"a\": false}]" },
  { "11 09 07 01 0A 0B 03 'D' 01 0A 03 03 'S' 0A 01 03 'x' 03 01",
      "[\"D\"{}, \"S\"{}, \"D\"{\"x\": true}]" },
  /* Objects by reference: every kind has a place in the one table. */
  { "11 09 05 01 0A 0B 01 03 'a' 03 01 0A 02", "[{\"a\": true}, {\"a\": true}]" },
  { "11 09 05 01 09 03 01 01 09 02", "[[null], [null]]" },
  { "11 09 05 01 08 01 0000000000000000 08 02", "[date 0, date 0]" },
  { "11 09 05 01 0B 03 'x' 0B 02", "[xml \"x\", xml \"x\"]" },
  { "11 09 05 01 0C 03 'x' 0C 02", "[1 bytes, 1 bytes]" },
  { "11 09 0F 01 0A 03 01 0B 03 'x' 0C 03 'y' 08 01 0000000000000000 08 08 0C 06 0A 02",
      "[{}, xml \"x\", 1 bytes, date 0, date 0, 1 bytes, {}]" },
  /* The switch lasts one value. */
  { "0A 00000003 11 03 05 11 04 05", "[true, null, 5]" },
  { "03 0001 'a' 11 0A 0B 01 03 'b' 03 01 0001 'c' 02 0001 'd' 000009",
      "{\"a\": {\"b\": true}, \"c\": \"d\"}" },
  /* And the tables last for the whole value. */
  { "0A 00000002 11 06 03 'a' 11 06 00", "[\"a\", \"a\"]" },
  { "0A 00000003 03 000009 11 0A 03 01 11 0A 00", "[{}, {}, {}]" },
};

static void
test_values (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (values); i++) {
    g_autoptr (RtmpAmf) value = amf_parse_text (values[i].wire);

    amf_assert_text (value, values[i].text);
  }
}

static void
test_every_length (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (values); i++)
    amf_assert_every_length (values[i].wire);
}

static void
test_any_byte (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (values); i++)
    amf_assert_any_byte (values[i].wire);
}

static void
test_types (void)
{
  g_autoptr (RtmpAmf) mixed = amf_parse_text ("11 09 03 03 'a' 03 01 01");
  g_autoptr (RtmpAmf) dense = amf_parse_text ("11 09 03 01 01");
  g_autoptr (RtmpAmf) object = amf_parse_text ("11 0A 03 07 'Foo'");
  g_autoptr (RtmpAmf) plain = amf_parse_text ("11 0A 03 01");

  g_assert_cmpint (rtmp_amf_get_type (mixed), ==, RTMP_AMF_ECMA_ARRAY);
  g_assert_cmpint (rtmp_amf_get_type (dense), ==, RTMP_AMF_STRICT_ARRAY);
  g_assert_cmpstr (rtmp_amf_get_class_name (object), ==, "Foo");
  g_assert_null (rtmp_amf_get_class_name (plain));
}

/* AMF3 goes out as AMF0, shared parts each time. */
static void
test_write (void)
{
  g_autoptr (RtmpAmf) value = amf_parse_text ("11 09 09 01 0A 1B 03 'T' 03 'a' 04 01 01 0A 02"
                                              " 08 01 0000000000000000 09 01 00 03 01");

  amf_assert_wire (value,
      "0A 00000004 10 0001 'T' 0001 'a' 00 3FF0000000000000 000009"
      " 10 0001 'T' 0001 'a' 00 3FF0000000000000 000009 0B 0000000000000000 0000"
      " 08 00000001 0001 'T' 01 01 000009");
}

static void
test_refused (void)
{
  /* Not supported: vectors, dictionary, externalizable. */
  amf_assert_refused ("11 0D 01 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0E 01 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0F 01 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 10 01 00 01", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 11 01 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0A 07 01", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 12", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 FF", RTMP_ERROR_PROTOCOL);
  /* References to nothing. */
  amf_assert_refused ("11 06 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 08 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0A 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0A 01", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0A 0B 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 09 05 01 06 01 06 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 09 05 01 06 03 'a' 06 02", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 09 05 01 0A 03 01 0A 05", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0C FFFFFFFE", RTMP_ERROR_PROTOCOL);
  /* AMF0 and AMF3 do not refer to each other's objects. */
  amf_assert_refused ("0A 00000002 03 000009 11 0A 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("0A 00000002 11 0A 03 01 07 0001", RTMP_ERROR_PROTOCOL);
}

static void
test_refused_itself (void)
{
  amf_assert_refused ("11 09 03 01 09 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0A 13 01 03 'a' 0A 00", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0A 0B 01 03 'a' 09 03 01 0A 00 01", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0A 0B 01 03 'a' 09 03 01 0A 02 01", RTMP_ERROR_PROTOCOL);
}

static void
assert_message (const gchar *wire, const gchar *part)
{
  g_autoptr (GByteArray) bytes = amf_bytes (wire);
  guint budget = RTMP_AMF_MAX_VALUES;
  g_autoptr (GError) error = NULL;

  g_assert_null (rtmp_amf_parse (bytes->data, bytes->len, NULL, &budget, &error));
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_refused_text (void)
{
  assert_message ("11 0D", "vector");
  assert_message ("11 11", "dictionary");
  assert_message ("11 0A 07 01", "externalizable");
}

static void
check_depth (const gchar *open, const gchar *close)
{
  guint depth;

  for (depth = RTMP_AMF_MAX_DEPTH; depth <= RTMP_AMF_MAX_DEPTH + 1; depth++) {
    g_autoptr (GByteArray) bytes = amf_bytes ("11");

    amf_repeat (bytes, open, depth);
    amf_append (bytes, "01");
    amf_repeat (bytes, close, depth);
    if (depth > RTMP_AMF_MAX_DEPTH)
      amf_assert_refused_bytes (bytes, RTMP_ERROR_LIMIT);
    else
      rtmp_amf_unref (amf_parse_bytes (bytes));
  }
}

static void
test_limit_depth (void)
{
  check_depth ("09 03 01", "");
  check_depth ("09 01 03 'a'", "01");
  check_depth ("0A 0B 01 03 'a'", "01");
  check_depth ("0A 13 01 03 'a'", "");
}

/* U29 of a size of 65536, 65537 and 65535 bytes. */
#define U29_LIMIT "888001"
#define U29_OVER "888003"
#define U29_NAME_LIMIT "87FF7F"

static void
check_size (const gchar *head, guint size, const gchar *tail, gint code)
{
  g_autoptr (GByteArray) bytes = amf_bytes (head);

  amf_fill (bytes, 'x', size);
  amf_append (bytes, tail);
  if (code < 0)
    rtmp_amf_unref (amf_parse_bytes (bytes));
  else
    amf_assert_refused_bytes (bytes, code);
}

static void
test_limit_string (void)
{
  static const gchar *const markers[] = { "11 06 ", "11 07 ", "11 0B ", "11 0C " };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (markers); i++) {
    g_autofree gchar *limit = g_strconcat (markers[i], U29_LIMIT, NULL);
    g_autofree gchar *over = g_strconcat (markers[i], U29_OVER, NULL);

    check_size (limit, RTMP_AMF_MAX_STRING, "", -1);
    check_size (over, RTMP_AMF_MAX_STRING + 1, "", RTMP_ERROR_LIMIT);
    amf_assert_refused (limit, RTMP_ERROR_PROTOCOL);
    amf_assert_refused (over, RTMP_ERROR_LIMIT);
  }
}

/* Names and class names must fit into AMF0's two bytes of length. */
static void
test_limit_name (void)
{
  check_size ("11 0A 0B 01 " U29_NAME_LIMIT, 65535, "01 01", -1);
  check_size ("11 0A 0B 01 " U29_LIMIT, 65536, "01 01", RTMP_ERROR_LIMIT);
  check_size ("11 0A 13 01 " U29_NAME_LIMIT, 65535, "01", -1);
  check_size ("11 0A 13 01 " U29_LIMIT, 65536, "01", RTMP_ERROR_LIMIT);
  check_size ("11 0A 03 " U29_NAME_LIMIT, 65535, "", -1);
  check_size ("11 0A 03 " U29_LIMIT, 65536, "", RTMP_ERROR_LIMIT);
  check_size ("11 09 01 " U29_NAME_LIMIT, 65535, "01 01", -1);
  check_size ("11 09 01 " U29_LIMIT, 65536, "01 01", RTMP_ERROR_LIMIT);
  /* A string that is too long for a name, by reference. */
  check_size ("11 09 05 01 06 " U29_LIMIT, 65536, "0A 0B 01 00 01 01", RTMP_ERROR_LIMIT);
}

/* Declared counts reserve nothing: what does not follow is missing. */
static void
test_limit_count (void)
{
  g_autoptr (GByteArray) elements = amf_bytes ("11 09 FFFFFFFF 01");
  g_autoptr (GByteArray) names = amf_bytes ("11 0A FFFFFFF3 01");

  amf_assert_refused ("11 09 FFFFFFFF 01 01", RTMP_ERROR_PROTOCOL);
  amf_assert_refused ("11 0A FFFFFFF3 01 03 'a'", RTMP_ERROR_PROTOCOL);
  amf_fill (elements, 0x01, 10000);
  amf_assert_refused_bytes (elements, RTMP_ERROR_LIMIT);
  amf_fill (names, 0x01, 10000);
  amf_assert_refused_bytes (names, RTMP_ERROR_LIMIT);
}

static void
check_budget_bytes (const GByteArray *bytes, guint cost)
{
  guint budget = cost;
  g_autoptr (GError) error = NULL;
  g_autoptr (RtmpAmf) value = rtmp_amf_parse (bytes->data, bytes->len, NULL, &budget, &error);
  guint i;

  g_assert_no_error (error);
  g_assert_nonnull (value);
  g_assert_cmpuint (budget, ==, 0);
  for (i = 0; i < cost; i++) {
    budget = i;
    g_assert_null (rtmp_amf_parse (bytes->data, bytes->len, NULL, &budget, &error));
    g_assert_error (error, RTMP_ERROR, RTMP_ERROR_LIMIT);
    g_clear_error (&error);
  }
}

static void
check_budget (const gchar *wire, guint cost)
{
  g_autoptr (GByteArray) bytes = amf_bytes (wire);

  check_budget_bytes (bytes, cost);
}

static void
test_limit_budget (void)
{
  check_budget ("11 01", 1);
  check_budget ("11 04 FFFFFFFF", 1);
  check_budget ("11 06 03 'a'", 1);
  check_budget ("11 0C 03 'a'", 1);
  check_budget ("11 08 01 0000000000000000", 1);
  check_budget ("11 09 03 03 'a' 03 01 01", 3);
  /* The object, two names of its class, two values, one further value. */
  check_budget ("11 0A 2B 01 03 'a' 03 'b' 03 03 03 'c' 03 01", 6);
  check_budget ("11 09 05 01 09 05 01 01 01 09 02", 7);
}

/* Long strings by reference are paid for by their length. */
static void
check_repeated (const gchar *head, guint size, const gchar *tail, guint cost)
{
  g_autoptr (GByteArray) bytes = amf_bytes (head);

  amf_fill (bytes, 'x', size);
  amf_append (bytes, tail);
  check_budget_bytes (bytes, cost);
}

static void
test_limit_repeated_string (void)
{
  /* 512 bytes, 2 units, as value, name, class name, sealed name and part of a container */
  check_repeated ("11 09 05 01 06 8801", 512, "06 00", 3 + 2);
  check_repeated ("11 09 05 01 06 8801", 512, "0A 0B 01 00 01 01", 4 + 2);
  check_repeated ("11 09 05 01 06 8801", 512, "0A 03 00", 3 + 2 + 2);
  check_repeated ("11 0A 13 01 8801", 512, "01", 3 + 2);
  check_repeated ("11 09 05 01 09 03 01 06 8801", 512, "09 02", 3 + 2 + 2);
  check_repeated ("11 09 05 01 0C 8801", 512, "0C 02", 3 + 2);
}

/* One string of 64 KiB and thousands of references stay small when written out. */
static void
test_limit_expansion (void)
{
  g_autoptr (GByteArray) bytes = amf_bytes ("11 09 8F01 01 06 " U29_LIMIT);

  amf_fill (bytes, 'x', RTMP_AMF_MAX_STRING);
  amf_repeat (bytes, "06 00", 1000);
  amf_assert_refused_bytes (bytes, RTMP_ERROR_LIMIT);
}

static void
test_share_tables (void)
{
  g_autoptr (GByteArray) bytes = amf_bytes ("11 06 03 'a' 11 0A 13 00 00 01 11 0A 01 03"
                                            " 11 0A 00 11 06 00");
  guint budget = 20;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = rtmp_amf_parse_all (bytes->data, bytes->len, &budget, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 5);
  amf_assert_text (g_ptr_array_index (all, 2), "\"a\"{\"a\": true}");
  g_assert_true (g_ptr_array_index (all, 3) == g_ptr_array_index (all, 1));
  amf_assert_text (g_ptr_array_index (all, 4), "\"a\"");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/amf3/values", test_values);
  g_test_add_func ("/amf3/every-length", test_every_length);
  g_test_add_func ("/amf3/any-byte", test_any_byte);
  g_test_add_func ("/amf3/types", test_types);
  g_test_add_func ("/amf3/write", test_write);
  g_test_add_func ("/amf3/refused", test_refused);
  g_test_add_func ("/amf3/refused/itself", test_refused_itself);
  g_test_add_func ("/amf3/refused/text", test_refused_text);
  g_test_add_func ("/amf3/limit/depth", test_limit_depth);
  g_test_add_func ("/amf3/limit/string", test_limit_string);
  g_test_add_func ("/amf3/limit/name", test_limit_name);
  g_test_add_func ("/amf3/limit/count", test_limit_count);
  g_test_add_func ("/amf3/limit/budget", test_limit_budget);
  g_test_add_func ("/amf3/limit/repeated-string", test_limit_repeated_string);
  g_test_add_func ("/amf3/limit/expansion", test_limit_expansion);
  g_test_add_func ("/amf3/share-tables", test_share_tables);
  return g_test_run ();
}
