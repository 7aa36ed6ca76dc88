/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testutil.h"

#include <glib/gstdio.h>

/*
 * The files of a TestCertificates' folder, made by openssl:
 *
 *   ca.pem ca.key                     the authority
 *   NAME.pem NAME.key                 a certificate
 *   NAME.csr NAME.cnf, index*, serial*, NN.pem   what it was made of
 */

static const gchar ca_config[] =
    "[req]\nprompt=no\ndistinguished_name=name\nx509_extensions=root\n"
    "[name]\nCN=rtmp2 test authority\n"
    "[root]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
    "[ca]\ndefault_ca=authority\n"
    "[authority]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ncertificate=ca.pem\n"
    "private_key=ca.key\ndefault_md=sha256\npolicy=any\nunique_subject=no\n"
    "rand_serial=no\ncopy_extensions=copy\n"
    "[any]\ncommonName=supplied\n";

#define LOOPBACK "IP:127.0.0.1,IP:::1,DNS:localhost"

static const struct {
  const gchar *name;
  const gchar *alternatives;
  const gchar *start;
  const gchar *end;
  gboolean self_signed;
} kinds[] = {
  { "good", LOOPBACK, "20200101000000Z", "20990101000000Z", FALSE },
  { "wrong-host", "DNS:other.example", "20200101000000Z", "20990101000000Z", FALSE },
  { "expired", LOOPBACK, "20200101000000Z", "20210101000000Z", FALSE },
  { "self-signed", LOOPBACK, NULL, NULL, TRUE },
};

/* @line: a command whose words have spaces between and none in them */
static gboolean
run (const gchar *folder, const gchar *line)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autofree gchar *errors = NULL;
  g_autoptr (GError) error = NULL;
  gint status;

  if (!g_spawn_sync (folder, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
          NULL, NULL, &errors, &status, NULL))
    return FALSE;
  if (g_spawn_check_wait_status (status, &error))
    return TRUE;
  g_printerr ("%s: %s\n%s", line, error->message, errors);
  return FALSE;
}

static void
write_file (const gchar *folder, const gchar *name, const gchar *text)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static gboolean
make_authority (const gchar *folder)
{
  write_file (folder, "ca.cnf", ca_config);
  write_file (folder, "index", "");
  write_file (folder, "serial", "01\n");
  return run (folder,
      "openssl req -x509 -newkey rsa:2048 -nodes -days 7300 -config ca.cnf "
      "-keyout ca.key -out ca.pem");
}

static gboolean
make_certificate (const gchar *folder, guint kind)
{
  const gchar *name = kinds[kind].name;
  g_autofree gchar *config =
      g_strdup_printf ("[req]\nprompt=no\ndistinguished_name=name\n"
                       "req_extensions=host\n[name]\nCN=%s\n[host]\nsubjectAltName=%s\n",
          name, kinds[kind].alternatives);
  g_autofree gchar *config_name = g_strconcat (name, ".cnf", NULL);
  g_autofree gchar *request = NULL;
  g_autofree gchar *sign = NULL;

  write_file (folder, config_name, config);
  request = g_strdup_printf ("openssl req %s -newkey rsa:2048 -nodes -config %s.cnf "
                             "-keyout %s.key -out %s.%s",
      kinds[kind].self_signed ? "-x509 -days 7300 -extensions host" : "-new", name, name, name,
      kinds[kind].self_signed ? "pem" : "csr");
  if (!run (folder, request) || kinds[kind].self_signed)
    return kinds[kind].self_signed;
  sign = g_strdup_printf ("openssl ca -batch -notext -config ca.cnf -startdate %s -enddate %s "
                          "-in %s.csr -out %s.pem",
      kinds[kind].start, kinds[kind].end, name, name);
  return run (folder, sign);
}

static GTlsCertificate *
load (const gchar *folder, const gchar *name)
{
  g_autofree gchar *certificate_name = g_strconcat (name, ".pem", NULL);
  g_autofree gchar *key_name = g_strconcat (name, ".key", NULL);
  g_autofree gchar *certificate = g_build_filename (folder, certificate_name, NULL);
  g_autofree gchar *key = g_build_filename (folder, key_name, NULL);
  g_autoptr (GError) error = NULL;
  GTlsCertificate *loaded = g_tls_certificate_new_from_files (certificate, key, &error);

  g_assert_no_error (error);
  return loaded;
}

static void
load_all (TestCertificates *certificates)
{
  g_autofree gchar *authority = g_build_filename (certificates->folder, "ca.pem", NULL);
  g_autoptr (GError) error = NULL;

  certificates->ca = g_tls_file_database_new (authority, &error);
  g_assert_no_error (error);
  certificates->good = load (certificates->folder, "good");
  certificates->wrong_host = load (certificates->folder, "wrong-host");
  certificates->expired = load (certificates->folder, "expired");
  certificates->self_signed = load (certificates->folder, "self-signed");
}

TestCertificates *
test_certificates_new (void)
{
  g_autofree gchar *openssl = g_find_program_in_path ("openssl");
  TestCertificates *certificates;
  guint i;

  if (!openssl || !g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    return NULL;
  certificates = g_new0 (TestCertificates, 1);
  certificates->folder = g_dir_make_tmp ("rtmp2-test-XXXXXX", NULL);
  g_assert_nonnull (certificates->folder);
  g_assert_true (make_authority (certificates->folder));
  for (i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_assert_true (make_certificate (certificates->folder, i));
  load_all (certificates);
  return certificates;
}

static void
remove_folder (const gchar *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename (folder, name, NULL);

    g_unlink (path);
  }
  g_rmdir (folder);
}

void
test_certificates_free (TestCertificates *certificates)
{
  if (!certificates)
    return;
  remove_folder (certificates->folder);
  g_free (certificates->folder);
  g_clear_object (&certificates->ca);
  g_clear_object (&certificates->good);
  g_clear_object (&certificates->wrong_host);
  g_clear_object (&certificates->expired);
  g_clear_object (&certificates->self_signed);
  g_free (certificates);
}
