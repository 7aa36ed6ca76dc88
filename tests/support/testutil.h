/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_UTIL_H
#define TEST_UTIL_H

#include <gio/gio.h>

#include "core/rtmpmessage.h"

G_BEGIN_DECLS

/* -- What the process holds -- */

/* Threads, those of GIO's and GLib's own pools apart, which end by themselves after a while. */
guint test_count_threads (void);
/* Open file descriptors. */
guint test_count_descriptors (void);
/* Until there are no more than that of each; a thread that was joined is listed for a moment
 * still. FALSE with the names of what is left on stderr after 20 s. */
gboolean test_wait_counts (guint max_threads, guint max_descriptors);

/* The descriptor of this process that is connected to that port, IPv4; -1 if there is none. */
gint test_find_socket (guint16 port);

/* Until @condition is TRUE, asked again and again; FALSE after 20 s. For what tells nobody that
 * it changed. */
gboolean test_wait_until (gboolean (*condition) (gpointer user_data), gpointer user_data);

/* -- FLV -- */

/* (transfer full): tests/media/NAME, e.g. "testsrc.flv" */
GBytes *test_media_load (const gchar *name);

/* (transfer full): an FLV file with its header; add tags with the functions below. */
GByteArray *test_flv_new (void);
/* Any tag. */
void test_flv_add_tag (GByteArray *flv, guint8 type, guint32 timestamp, gconstpointer data,
    gsize size);
/* onMetaData of a video of 320x240 with sound. */
void test_flv_add_metadata (GByteArray *flv, guint32 timestamp);
/* AVC: an AVCDecoderConfigurationRecord of 320x240; @profile is a byte of it, to make
 * different ones. */
void test_flv_add_avc_config (GByteArray *flv, guint32 timestamp, guint8 profile);
/* AVC: a NAL unit of @size bytes filled from @seed. */
void test_flv_add_key (GByteArray *flv, guint32 timestamp, gsize size, guint8 seed);
void test_flv_add_inter (GByteArray *flv, guint32 timestamp, gsize size, guint8 seed);
/* AAC, 44.1 kHz, stereo. */
void test_flv_add_aac_config (GByteArray *flv, guint32 timestamp);
void test_flv_add_aac (GByteArray *flv, guint32 timestamp, gsize size, guint8 seed);
/* Configuration at 0, then for each frame of 40 ms from @start: video of @video_size bytes, every
 * tenth a key frame, and audio of 100. */
GBytes *test_flv_build (guint n_frames, guint32 start, gsize video_size);

/* (transfer full) (element-type RtmpMessage): its tags as messages on stream 1, with room. The file
 * header may be missing. Asserts that it is FLV. */
GPtrArray *test_flv_split (GBytes *flv);
/* Asserts that both hold the same: type, timestamp, payload. (element-type RtmpMessage) */
void test_assert_same_media (GPtrArray *actual, GPtrArray *expected);

/* -- TLS -- */

/**
 * TestCertificates: of an authority made for the test, by openssl, in a temporary folder.
 * @ca: the authority
 * @good: for 127.0.0.1, ::1 and localhost
 * @wrong_host: for other.example
 * @expired: as @good, but its time is over
 * @self_signed: for 127.0.0.1, by no authority
 */
typedef struct {
  gchar *folder;
  GTlsDatabase *ca;
  GTlsCertificate *good;
  GTlsCertificate *wrong_host;
  GTlsCertificate *expired;
  GTlsCertificate *self_signed;
} TestCertificates;

/* (transfer full) (nullable): NULL where openssl or GIO's TLS is missing: skip the test. */
TestCertificates *test_certificates_new (void);
/* Removes the folder too. */
void test_certificates_free (TestCertificates *certificates);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestCertificates, test_certificates_free)

G_END_DECLS

#endif
