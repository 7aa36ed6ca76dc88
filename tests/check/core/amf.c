/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../../support/amftest.h"

/* -- Values -- */

static void
test_value_number (void)
{
  g_autoptr (RtmpAmf) number = rtmp_amf_new_number (-1.5);

  g_assert_cmpint (rtmp_amf_get_type (number), ==, RTMP_AMF_NUMBER);
  g_assert_cmpfloat (rtmp_amf_get_number (number, 7), ==, -1.5);
  g_assert_true (rtmp_amf_get_boolean (number, FALSE));
  g_assert_null (rtmp_amf_get_string (number));
  g_assert_false (rtmp_amf_is_object (number));
  g_assert_cmpuint (rtmp_amf_get_size (number), ==, 0);
}

static void
test_value_uint (void)
{
  static const struct {
    gdouble number;
    guint32 value;
  } numbers[] = {
    { 0, 0 },
    { -0.0, 0 },
    { 1.9, 1 },
    { 4294967295.0, G_MAXUINT32 },
    { 4294967295.9, G_MAXUINT32 },
    { 4294967296.0, 42 },
    { 1e300, 42 },
    { -1, 42 },
    { -0.5, 42 },
    { (gdouble) INFINITY, 42 },
    { (gdouble) -INFINITY, 42 },
    { (gdouble) NAN, 42 },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autoptr (RtmpAmf) number = rtmp_amf_new_number (numbers[i].number);

    g_assert_cmpuint (rtmp_amf_get_uint (number, 42), ==, numbers[i].value);
  }
  g_assert_cmpuint (rtmp_amf_get_uint (NULL, 42), ==, 42);
}

static void
test_value_boolean (void)
{
  g_autoptr (RtmpAmf) yes = rtmp_amf_new_boolean (7);
  g_autoptr (RtmpAmf) no = rtmp_amf_new_boolean (FALSE);

  g_assert_cmpint (rtmp_amf_get_type (yes), ==, RTMP_AMF_BOOLEAN);
  g_assert_cmpint (rtmp_amf_get_boolean (yes, FALSE), ==, TRUE);
  g_assert_cmpint (rtmp_amf_get_boolean (no, TRUE), ==, FALSE);
  g_assert_cmpfloat (rtmp_amf_get_number (yes, 7), ==, 1);
  g_assert_cmpfloat (rtmp_amf_get_number (no, 7), ==, 0);
}

static void
test_value_string (void)
{
  g_autoptr (RtmpAmf) text = rtmp_amf_new_string ("live");
  g_autoptr (RtmpAmf) bytes = rtmp_amf_new_string_len ("a\0b", 3);
  g_autoptr (RtmpAmf) empty = rtmp_amf_new_string_len ("", 0);
  gsize size;

  g_assert_cmpint (rtmp_amf_get_type (text), ==, RTMP_AMF_STRING);
  g_assert_cmpstr (rtmp_amf_get_string (text), ==, "live");
  g_assert_cmpfloat (rtmp_amf_get_number (text, 7), ==, 7);
  g_assert_true (rtmp_amf_get_boolean (text, TRUE));
  g_assert_cmpmem (rtmp_amf_get_string_len (bytes, &size), size, "a\0b", 3);
  g_assert_cmpstr (rtmp_amf_get_string_len (empty, &size), ==, "");
  g_assert_cmpuint (size, ==, 0);
  g_assert_null (rtmp_amf_get_class_name (text));
}

/* Wire data is of any shape: readers take NULL and the wrong type. */
static void
test_value_fallback (void)
{
  g_autoptr (RtmpAmf) null = rtmp_amf_new_null ();
  g_autoptr (RtmpAmf) undefined = rtmp_amf_new_undefined ();
  const RtmpAmf *wrong[] = { NULL, null, undefined };
  gsize size = 5;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_assert_cmpfloat (rtmp_amf_get_number (wrong[i], 7), ==, 7);
    g_assert_true (rtmp_amf_get_boolean (wrong[i], TRUE));
    g_assert_null (rtmp_amf_get_string (wrong[i]));
    g_assert_null (rtmp_amf_get_string_len (wrong[i], &size));
    g_assert_cmpuint (size, ==, 0);
    g_assert_null (rtmp_amf_get_class_name (wrong[i]));
    g_assert_false (rtmp_amf_is_object (wrong[i]));
    g_assert_cmpuint (rtmp_amf_get_size (wrong[i]), ==, 0);
    g_assert_null (rtmp_amf_get_nth (wrong[i], 0));
    g_assert_null (rtmp_amf_get_nth_name (wrong[i], 0));
    g_assert_null (rtmp_amf_get (wrong[i], "app"));
    g_assert_null (rtmp_amf_get_member_string (wrong[i], "app"));
    g_assert_cmpfloat (rtmp_amf_get_member_number (wrong[i], "app", 7), ==, 7);
  }
}

static void
check_members (RtmpAmf *object)
{
  rtmp_amf_set_string (object, "app", "live");
  rtmp_amf_set_number (object, "n", 1);
  rtmp_amf_set_boolean (object, "flag", TRUE);
  rtmp_amf_set_string (object, "none", NULL);
  rtmp_amf_set_string (object, "app", NULL);
  g_assert_true (rtmp_amf_is_object (object));
  g_assert_cmpuint (rtmp_amf_get_size (object), ==, 3);
  rtmp_amf_set_string (object, "app", "other");
  g_assert_cmpuint (rtmp_amf_get_size (object), ==, 3);
  g_assert_cmpstr (rtmp_amf_get_nth_name (object, 0), ==, "app");
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_amf_get_nth (object, 0)), ==, "other");
  g_assert_cmpstr (rtmp_amf_get_member_string (object, "app"), ==, "other");
  g_assert_cmpfloat (rtmp_amf_get_member_number (object, "n", 7), ==, 1);
  g_assert_cmpfloat (rtmp_amf_get_member_number (object, "missing", 7), ==, 7);
  g_assert_true (rtmp_amf_get_boolean (rtmp_amf_get (object, "flag"), FALSE));
  g_assert_null (rtmp_amf_get (object, "missing"));
  g_assert_null (rtmp_amf_get_nth (object, 3));
  g_assert_null (rtmp_amf_get_nth_name (object, 3));
}

static void
test_value_members (void)
{
  g_autoptr (RtmpAmf) object = rtmp_amf_new_object ();
  g_autoptr (RtmpAmf) array = rtmp_amf_new_ecma_array ();

  g_assert_cmpint (rtmp_amf_get_type (object), ==, RTMP_AMF_OBJECT);
  g_assert_cmpint (rtmp_amf_get_type (array), ==, RTMP_AMF_ECMA_ARRAY);
  g_assert_null (rtmp_amf_get_class_name (object));
  check_members (object);
  check_members (array);
}

static void
test_value_repeated_name (void)
{
  g_autoptr (RtmpAmf) object = rtmp_amf_new_object ();

  rtmp_amf_add (object, "a", rtmp_amf_new_number (1));
  rtmp_amf_add (object, "a", rtmp_amf_new_number (2));
  g_assert_cmpuint (rtmp_amf_get_size (object), ==, 2);
  g_assert_cmpfloat (rtmp_amf_get_member_number (object, "a", 7), ==, 2);
  rtmp_amf_set_number (object, "a", 3);
  amf_assert_text (object, "{\"a\": 1, \"a\": 3}");
}

static void
test_value_elements (void)
{
  g_autoptr (RtmpAmf) array = rtmp_amf_new_strict_array ();

  rtmp_amf_append (array, rtmp_amf_new_number (1));
  rtmp_amf_append (array, rtmp_amf_new_string ("two"));
  g_assert_cmpuint (rtmp_amf_get_size (array), ==, 2);
  g_assert_false (rtmp_amf_is_object (array));
  g_assert_cmpstr (rtmp_amf_get_string (rtmp_amf_get_nth (array, 1)), ==, "two");
  g_assert_null (rtmp_amf_get_nth_name (array, 1));
  g_assert_null (rtmp_amf_get_nth (array, 2));
  g_assert_null (rtmp_amf_get (array, "0"));
}

static void
test_value_shared (void)
{
  RtmpAmf *part = rtmp_amf_new_string ("part");
  RtmpAmf *whole = rtmp_amf_new_strict_array ();

  rtmp_amf_append (whole, rtmp_amf_ref (part));
  rtmp_amf_append (whole, rtmp_amf_ref (part));
  rtmp_amf_unref (whole);
  g_assert_cmpstr (rtmp_amf_get_string (part), ==, "part");
  rtmp_amf_unref (part);
}

/* No function of a value recurses: a million levels need no stack. */
static void
test_value_deep (void)
{
  RtmpAmf *value = rtmp_amf_new_null ();
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  guint i;

  for (i = 0; i < 1000000; i++) {
    RtmpAmf *outer = rtmp_amf_new_strict_array ();

    rtmp_amf_append (outer, value);
    value = outer;
  }
  rtmp_amf_write (value, wire);
  g_assert_cmpuint (wire->len, ==, 5000001);
  rtmp_amf_print (value, text, G_MAXSIZE);
  g_assert_cmpuint (text->len, ==, 2000004);
  rtmp_amf_unref (value);
}

/* -- Writing -- */

static void
test_write_scalars (void)
{
  g_autoptr (RtmpAmf) array = rtmp_amf_new_strict_array ();

  rtmp_amf_append (array, rtmp_amf_new_number (1.5));
  rtmp_amf_append (array, rtmp_amf_new_boolean (TRUE));
  rtmp_amf_append (array, rtmp_amf_new_boolean (FALSE));
  rtmp_amf_append (array, rtmp_amf_new_string ("ab"));
  rtmp_amf_append (array, rtmp_amf_new_string (""));
  rtmp_amf_append (array, rtmp_amf_new_null ());
  rtmp_amf_append (array, rtmp_amf_new_undefined ());
  amf_assert_wire (array, "0A 00000007 00 3FF8000000000000 01 01 01 00 02 0002 'ab' 02 0000 05 06");
}

static void
test_write_containers (void)
{
  g_autoptr (RtmpAmf) object = rtmp_amf_new_object ();
  RtmpAmf *array = rtmp_amf_new_ecma_array ();

  rtmp_amf_set_number (array, "n", 2);
  rtmp_amf_set (object, "list", array);
  rtmp_amf_set (object, "empty", rtmp_amf_new_object ());
  rtmp_amf_set (object, "none", rtmp_amf_new_strict_array ());
  amf_assert_wire (object,
      "03 0004 'list' 08 00000001 0001 'n' 00 4000000000000000 000009"
      " 0005 'empty' 03 000009 0004 'none' 0A 00000000 000009");
}

static void
check_write_string (guint size, const gchar *head)
{
  g_autofree gchar *text = g_strnfill (size, 'x');
  g_autoptr (RtmpAmf) string = rtmp_amf_new_string (text);
  g_autoptr (RtmpAmf) back = NULL;
  g_autoptr (GByteArray) want = amf_bytes (head);
  g_autoptr (GByteArray) have = g_byte_array_new ();

  amf_fill (want, 'x', size);
  rtmp_amf_write (string, have);
  g_assert_cmpmem (have->data, have->len, want->data, want->len);
  back = amf_parse_bytes (have);
  g_assert_cmpstr (rtmp_amf_get_string (back), ==, text);
}

static void
test_write_long_string (void)
{
  check_write_string (65535, "02 FFFF");
  check_write_string (65536, "0C 00010000");
}

/* Only AMF3 has byte arrays. */
static void
test_write_byte_array (void)
{
  g_autoptr (RtmpAmf) bytes = amf_parse_text ("11 0C 07 'abc'");

  g_assert_cmpint (rtmp_amf_get_type (bytes), ==, RTMP_AMF_BYTE_ARRAY);
  g_assert_null (rtmp_amf_get_string (bytes));
  amf_assert_wire (bytes, "0D");
}

/* -- Printing -- */

static void
test_print_escapes (void)
{
  static const gchar text[] = "a\"b\\c\n\x7f\xc3\xa9\xff\xc2\x85\0z";
  g_autoptr (RtmpAmf) string = rtmp_amf_new_string_len (text, sizeof (text) - 1);
  g_autoptr (RtmpAmf) cut = rtmp_amf_new_string_len ("\xe2\x82", 2);

  amf_assert_text (string, "\"a\\\"b\\\\c\\x0A\\x7F\xc3\xa9\\xFF\\xC2\\x85\\x00z\"");
  amf_assert_text (cut, "\"\\xE2\\x82\"");
}

static void
check_print_cut (const RtmpAmf *value, gsize max, const gchar *want)
{
  g_autoptr (GString) text = g_string_new ("> ");

  rtmp_amf_print (value, text, max);
  g_assert_true (g_str_has_prefix (text->str, "> "));
  g_assert_cmpstr (text->str + 2, ==, want);
}

static void
test_print_cut (void)
{
  g_autoptr (RtmpAmf) object = rtmp_amf_new_object ();
  g_autoptr (RtmpAmf) text = rtmp_amf_new_string ("\xe2\x82\xac\xe2\x82\xac");

  rtmp_amf_set_number (object, "a", 12345);
  check_print_cut (object, 12, "{\"a\": 12345}");
  check_print_cut (object, 11, "{\"a\": 12...");
  check_print_cut (object, 3, "...");
  check_print_cut (object, 2, "{\"");
  check_print_cut (object, 1, "{");
  check_print_cut (object, 0, "");
  check_print_cut (text, 8, "\"\xe2\x82\xac\xe2\x82\xac\"");
  check_print_cut (text, 7, "\"\xe2\x82\xac...");
  check_print_cut (text, 6, "\"...");
  check_print_cut (text, 2, "\"");
}

/* Every cut of every value stays within its bound and is UTF-8. */
static void
test_print_every_cut (void)
{
  g_autoptr (RtmpAmf) value =
      amf_parse_text ("03 0003 'k' C3A9 0A 00000002 02 0003 E282AC"
                      " 08 00000000 0001 FF 0B 0000000000000000 0000 000009 000009");
  g_autoptr (GString) whole = g_string_new (NULL);
  gsize max;

  rtmp_amf_print (value, whole, G_MAXSIZE);
  for (max = 0; max <= whole->len; max++) {
    g_autoptr (GString) text = g_string_new (NULL);

    rtmp_amf_print (value, text, max);
    g_assert_cmpuint (text->len, <=, max);
    g_assert_true (g_utf8_validate (text->str, text->len, NULL));
    g_assert_cmpint (strcmp (text->str, whole->str) == 0, ==, max == whole->len);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/amf/value/number", test_value_number);
  g_test_add_func ("/amf/value/uint", test_value_uint);
  g_test_add_func ("/amf/value/boolean", test_value_boolean);
  g_test_add_func ("/amf/value/string", test_value_string);
  g_test_add_func ("/amf/value/fallback", test_value_fallback);
  g_test_add_func ("/amf/value/members", test_value_members);
  g_test_add_func ("/amf/value/repeated-name", test_value_repeated_name);
  g_test_add_func ("/amf/value/elements", test_value_elements);
  g_test_add_func ("/amf/value/shared", test_value_shared);
  g_test_add_func ("/amf/value/deep", test_value_deep);
  g_test_add_func ("/amf/write/scalars", test_write_scalars);
  g_test_add_func ("/amf/write/containers", test_write_containers);
  g_test_add_func ("/amf/write/long-string", test_write_long_string);
  g_test_add_func ("/amf/write/byte-array", test_write_byte_array);
  g_test_add_func ("/amf/print/escapes", test_print_escapes);
  g_test_add_func ("/amf/print/cut", test_print_cut);
  g_test_add_func ("/amf/print/every-cut", test_print_every_cut);
  return g_test_run ();
}
