/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LINK_TEST_H
#define LINK_TEST_H

#include <string.h>

#include "core/rtmperror.h"
#include "core/rtmplimits.h"
#include "io/rtmplink.h"
#include "rtmppeer.h"
#include "testutil.h"

/* What must not take long takes less than this, in microseconds. */
#define PROMPT G_TIME_SPAN_SECOND
/* A timeout that is to pass, and one that is not. */
#define SHORT_TIMEOUT (200 * G_TIME_SPAN_MILLISECOND)
/* One that would pass if it counted, and passes nowhere else on a slow machine. */
#define MEDIUM_TIMEOUT (1500 * G_TIME_SPAN_MILLISECOND)
#define LONG_TIMEOUT (60 * G_TIME_SPAN_SECOND)

#define PUBLISH_COMMANDS "connect releaseStream FCPublish createStream publish"
#define STOP_COMMANDS "FCUnpublish deleteStream"
#define PLAY_COMMANDS "connect createStream play"

/**
 * LinkTest: a link under test, and what it told its owner.
 * @config: to be changed before link_test_start()
 * @states: the states that were told, with a space between
 * @warnings: the warnings that were told, a line each
 * @n_lost: of them, warnings of lost media
 * @error, @n_failed: the fault that was told, and how often one was
 * @accept: what is said about certificates
 * @certificate_errors, @n_asked, @certificate_thread: about the last one
 * @refs: references to the user data, the test's own included
 */
typedef struct {
  RtmpLinkConfig config;
  RtmpLink *link;
  GMutex lock;
  GCond cond;
  GString *states;
  GString *warnings;
  guint n_lost;
  GError *error;
  guint n_failed;
  gboolean accept;
  GTlsCertificateFlags certificate_errors;
  guint n_asked;
  GThread *certificate_thread;
  gint refs;
} LinkTest;

static inline void
link_test_on_state (RtmpLinkState state, gpointer data)
{
  LinkTest *test = data;

  g_mutex_lock (&test->lock);
  if (test->states->len > 0)
    g_string_append_c (test->states, ' ');
  g_string_append (test->states, rtmp_link_state_to_string (state));
  g_cond_broadcast (&test->cond);
  g_mutex_unlock (&test->lock);
}

static inline void
link_test_on_failed (const GError *error, gpointer data)
{
  LinkTest *test = data;

  g_mutex_lock (&test->lock);
  test->n_failed++;
  g_clear_error (&test->error);
  test->error = g_error_copy (error);
  g_cond_broadcast (&test->cond);
  g_mutex_unlock (&test->lock);
}

static inline void
link_test_on_warning (const gchar *text, gboolean lost, gpointer data)
{
  LinkTest *test = data;

  g_mutex_lock (&test->lock);
  g_string_append_printf (test->warnings, "%s\n", text);
  test->n_lost += lost;
  g_cond_broadcast (&test->cond);
  g_mutex_unlock (&test->lock);
}

static inline gboolean
link_test_on_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  LinkTest *test = data;
  gboolean accept;

  g_assert_true (G_IS_TLS_CONNECTION (connection));
  g_assert_true (G_IS_TLS_CERTIFICATE (certificate));
  g_mutex_lock (&test->lock);
  test->certificate_errors = errors;
  test->certificate_thread = g_thread_self ();
  test->n_asked++;
  accept = test->accept;
  g_mutex_unlock (&test->lock);
  return accept;
}

static inline gpointer
link_test_ref (gpointer data)
{
  LinkTest *test = data;

  g_atomic_int_inc (&test->refs);
  return test;
}

static inline void
link_test_unref (gpointer data)
{
  LinkTest *test = data;

  g_mutex_lock (&test->lock);
  g_atomic_int_add (&test->refs, -1);
  g_cond_broadcast (&test->cond);
  g_mutex_unlock (&test->lock);
}

static const RtmpLinkCallbacks link_test_callbacks = { link_test_on_state, link_test_on_failed,
  link_test_on_warning, link_test_on_certificate, link_test_ref, link_test_unref };

static inline LinkTest *
link_test_new (gboolean publish)
{
  LinkTest *test = g_new0 (LinkTest, 1);

  test->config = (RtmpLinkConfig) {
    .publish = publish,
    .authmod = RTMP_AUTHMOD_AUTO,
    .chunk_size = publish ? 65536 : RTMP_DEFAULT_CHUNK_SIZE,
    .caps_ex = 2,
    .buffer_ms = publish ? 0 : 3000,
    .timeout = LONG_TIMEOUT,
    .stop_commands = RTMP_STOP_FCUNPUBLISH | RTMP_STOP_DELETE_STREAM,
    .leaky = TRUE,
    .tls_flags = G_TLS_CERTIFICATE_VALIDATE_ALL,
  };
  g_mutex_init (&test->lock);
  g_cond_init (&test->cond);
  test->states = g_string_new (NULL);
  test->warnings = g_string_new (NULL);
  test->refs = 1;
  return test;
}

/* Waits on @test's lock until @expression is TRUE; asserts that it becomes so. */
#define link_test_wait(test, expression) \
  G_STMT_START \
  { \
    gint64 wait_deadline = g_get_monotonic_time () + RTMP_PEER_TIMEOUT; \
    g_mutex_lock (&(test)->lock); \
    while (!(expression)) \
      g_assert_true (g_cond_wait_until (&(test)->cond, &(test)->lock, wait_deadline)); \
    g_mutex_unlock (&(test)->lock); \
  } \
  G_STMT_END

/* Waits as long as that, in microseconds, and asserts that the link does not fail. For what shows
 * only in that nothing happens. */
static inline void
link_test_assert_goes_on (LinkTest *test, gint64 duration)
{
  gint64 end = g_get_monotonic_time () + duration;

  g_mutex_lock (&test->lock);
  while (g_cond_wait_until (&test->cond, &test->lock, end))
    ;
  g_assert_cmpuint (test->n_failed, ==, 0);
  g_mutex_unlock (&test->lock);
}

/* Asserts that nobody refers to the user data any more. */
static inline void
link_test_free (LinkTest *test)
{
  g_clear_pointer (&test->link, rtmp_link_free);
  link_test_wait (test, g_atomic_int_get (&test->refs) == 1);
  g_string_free (test->states, TRUE);
  g_string_free (test->warnings, TRUE);
  g_clear_error (&test->error);
  g_mutex_clear (&test->lock);
  g_cond_clear (&test->cond);
  g_free (test);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinkTest, link_test_free)

static inline void
link_test_start_url (LinkTest *test, const gchar *url)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RtmpLocation) location = rtmp_location_parse (url, &error);

  g_assert_no_error (error);
  test->config.location = location;
  test->link = rtmp_link_new (&test->config, &link_test_callbacks, test);
  test->config.location = NULL;
  rtmp_link_start (test->link);
}

static inline void
link_test_start (LinkTest *test, RtmpPeer *peer, const gchar *path)
{
  g_autofree gchar *url = rtmp_peer_get_url (peer, path);

  link_test_start_url (test, url);
}

static inline void
link_test_wait_ready (LinkTest *test)
{
  g_autoptr (GError) error = NULL;
  RtmpLinkResult result = rtmp_link_wait_ready (test->link, &error);

  g_assert_no_error (error);
  g_assert_cmpint (result, ==, RTMP_LINK_OK);
}

/* -- Publishing -- */

static inline RtmpLinkResult
link_test_send_one (LinkTest *test, RtmpMessage *message, GError **error)
{
  RtmpMessage *copy = rtmp_message_new_wrapped (message->type, 0, message->timestamp,
      message->vectors, message->n_vectors, rtmp_message_ref (message),
      (GDestroyNotify) rtmp_message_unref);

  return rtmp_link_send (test->link, &copy, 1, error);
}

/* Sends all of them one by one, waiting where the socket is full. */
static inline void
link_test_send (LinkTest *test, GPtrArray *messages)
{
  g_autoptr (GError) error = NULL;
  guint i;

  for (i = 0; i < messages->len; i++) {
    RtmpLinkResult result = link_test_send_one (test, messages->pdata[i], &error);

    g_assert_no_error (error);
    g_assert_cmpint (result, ==, RTMP_LINK_OK);
    result = rtmp_link_wait_sent (test->link, &error);
    g_assert_no_error (error);
    g_assert_cmpint (result, ==, RTMP_LINK_OK);
  }
}

static inline void
link_test_drain (LinkTest *test)
{
  g_autoptr (GError) error = NULL;
  RtmpLinkResult result = rtmp_link_drain (test->link, &error);

  g_assert_no_error (error);
  g_assert_cmpint (result, ==, RTMP_LINK_OK);
}

/* (transfer full): a message of @size bytes of video. */
static inline RtmpMessage *
link_test_frame (gsize size, guint32 timestamp)
{
  g_autofree guint8 *data = g_malloc0 (size);

  data[0] = 0x17;
  data[1] = 0x01;
  return rtmp_message_new_copied (RTMP_MESSAGE_VIDEO, 0, timestamp, data, size);
}

/* Sends frames until the link keeps some of it back. */
static inline void
link_test_fill (LinkTest *test)
{
  RtmpLinkStats stats = { 0 };
  guint i;

  for (i = 0; stats.backlog < 1024 * 1024; i++) {
    RtmpMessage *frame = link_test_frame (256 * 1024, i * 40);

    g_assert_cmpuint (i, <, 1024);
    g_assert_cmpint (rtmp_link_send (test->link, &frame, 1, NULL), ==, RTMP_LINK_OK);
    rtmp_link_get_stats (test->link, &stats);
    g_free (stats.address);
  }
}

/* -- Playing -- */

/* Appends what comes to @messages until there are @n or it ends. */
static inline RtmpLinkResult
link_test_receive (LinkTest *test, GPtrArray *messages, guint n, GError **error)
{
  RtmpLinkResult result = RTMP_LINK_OK;

  while (result == RTMP_LINK_OK && messages->len < n) {
    RtmpQueueItem items[8];
    guint n_items, i;

    result = rtmp_link_receive (test->link, items, MIN (G_N_ELEMENTS (items), n - messages->len),
        &n_items, error);
    for (i = 0; i < n_items; i++)
      g_ptr_array_add (messages, items[i].message);
  }
  return result;
}

static inline GPtrArray *
link_test_message_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
}

/* -- Calls that wait, on a thread of their own -- */

typedef struct {
  LinkTest *test;
  RtmpLinkResult (*func) (RtmpLink *link, GError **error);
  RtmpLinkResult result;
  GError *error;
  GThread *thread;
} LinkCall;

static inline gpointer
link_call_run (gpointer data)
{
  LinkCall *call = data;

  call->result = call->func (call->test->link, &call->error);
  return NULL;
}

static inline LinkCall *
link_call_start (LinkTest *test, RtmpLinkResult (*func) (RtmpLink *link, GError **error))
{
  LinkCall *call = g_new0 (LinkCall, 1);

  call->test = test;
  call->func = func;
  call->thread = g_thread_new ("caller", link_call_run, call);
  return call;
}

/* Joins the thread. Returns what was returned there. */
static inline RtmpLinkResult
link_call_finish (LinkCall *call, GError **error)
{
  RtmpLinkResult result;

  g_thread_join (call->thread);
  result = call->result;
  if (call->error)
    g_propagate_error (error, call->error);
  g_free (call);
  return result;
}

/* For link_call_start(): takes one message. */
static inline RtmpLinkResult
link_call_receive (RtmpLink *link, GError **error)
{
  RtmpQueueItem item;
  guint n_items;
  RtmpLinkResult result = rtmp_link_receive (link, &item, 1, &n_items, error);

  if (n_items > 0)
    rtmp_message_unref (item.message);
  return result;
}

#endif
