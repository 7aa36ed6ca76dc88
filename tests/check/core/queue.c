/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rtmpqueue.h"

#include "core/rtmplimits.h"

#include "../../support/mediatest.h"
#include "../../support/countalloc.h"

typedef struct {
  RtmpQueue *queue;
  guint32 timestamp; /* of the message pushed last */
} Fixture;

static Fixture
fixture (gboolean leaky, guint64 max_bytes, guint32 max_time)
{
  return (Fixture) { rtmp_queue_new (leaky, max_bytes, max_time), 0 };
}

static void
fixture_clear (Fixture *self)
{
  rtmp_queue_free (self->queue);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

/* Pushes the messages that @text names; returns how many were dropped. */
static guint
push (Fixture *self, const gchar *text)
{
  RtmpMessage *message;
  guint dropped = 0;

  while ((message = media_message_next (&text, &self->timestamp)))
    dropped += rtmp_queue_push (self->queue, message);
  return dropped;
}

static void
assert_same_kind (const RtmpQueueItem *item, const RtmpTagInfo *info)
{
  guint8 lowest = G_MAXUINT8;
  guint i;

  for (i = 0; i < info->n_tracks; i++)
    lowest = MIN (lowest, info->tracks[i].track);
  g_assert_cmpint (item->kind, ==, info->kind);
  g_assert_cmpint (item->is_video, ==, info->is_video);
  g_assert_cmpuint (item->track, ==, lowest);
}

/* Pops @n items; names in order, a "*" before a discont. */
static gchar *
pop (Fixture *self, guint n)
{
  GString *text = g_string_new (NULL);
  RtmpQueueItem item;

  while (n-- > 0 && rtmp_queue_pop (self->queue, &item)) {
    g_autoptr (RtmpMessage) message = item.message;
    RtmpTagInfo info;

    if (text->len > 0)
      g_string_append_c (text, ' ');
    if (item.discont)
      g_string_append_c (text, '*');
    media_append_name (text, message);
    rtmp_flv_classify (message, &info);
    assert_same_kind (&item, &info);
  }
  return g_string_free (text, FALSE);
}

static void
assert_pops (Fixture *self, guint n, const gchar *expected)
{
  g_autofree gchar *text = pop (self, n);

  g_assert_cmpstr (text, ==, expected);
}

/* Everything that is left. */
static void
assert_holds (Fixture *self, const gchar *expected)
{
  assert_pops (self, G_MAXUINT, expected);
  g_assert_cmpuint (rtmp_queue_get_length (self->queue), ==, 0);
  g_assert_cmpuint (rtmp_queue_get_bytes (self->queue), ==, 0);
  g_assert_cmpuint (rtmp_queue_get_time (self->queue), ==, 0);
}

static void
test_empty (void)
{
  g_auto (Fixture) f = fixture (TRUE, 1000, 1000);
  RtmpQueueItem item;

  g_assert_false (rtmp_queue_pop (f.queue, &item));
  g_assert_cmpuint (rtmp_queue_get_length (f.queue), ==, 0);
  g_assert_cmpuint (rtmp_queue_get_bytes (f.queue), ==, 0);
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 0);
  g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), ==, 0);
  g_assert_false (rtmp_queue_is_full (f.queue));
  rtmp_queue_clear (f.queue);
}

static void
test_order (void)
{
  g_auto (Fixture) f = fixture (TRUE, 0, 0);

  g_assert_cmpuint (push (&f, "C1 A2 V3 M4 S5 I6 K7 a8 D9 X10 U11 E12 e13"), ==, 0);
  g_assert_cmpuint (rtmp_queue_get_length (f.queue), ==, 13);
  g_assert_cmpuint (rtmp_queue_get_bytes (f.queue), ==, 1300);
  assert_holds (&f, "C1 A2 V3 M4 S5 I6 K7 a8 D9 X10 U11 E12 e13");
  g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), ==, 0);
}

/* Through growth of the ring at every fill, and round it many times. */
static void
test_ring (void)
{
  guint ahead, i;

  for (ahead = 1; ahead < 300; ahead += 37) {
    g_auto (Fixture) f = fixture (FALSE, 0, 0);
    guint next = 0;

    for (i = 0; i < 1000; i++) {
      RtmpQueueItem item;

      rtmp_queue_push (f.queue, media_message ('a', 0, 50, i));
      if (i < ahead)
        continue;
      g_assert_true (rtmp_queue_pop (f.queue, &item));
      g_assert_cmpuint (item.message->timestamp, ==, next++);
      rtmp_message_unref (item.message);
    }
    g_assert_cmpuint (rtmp_queue_get_length (f.queue), ==, ahead);
  }
}

static void
test_no_allocation (void)
{
  g_auto (Fixture) f = fixture (TRUE, 3000, 0);
  guint round;

  /* Groups are dropped all the time. */
  for (round = 0; round < 100; round++) {
    RtmpMessage *messages[30];
    guint64 before;
    guint i;

    for (i = 0; i < G_N_ELEMENTS (messages); i++)
      messages[i] = media_message (i % 10 == 0 ? 'K' : 'I', 0, 200, 10 * i);
    before = count_alloc_calls;
    for (i = 0; i < G_N_ELEMENTS (messages); i++)
      rtmp_queue_push (f.queue, messages[i]);
    /* The first makes the ring. */
    if (round > 0)
      g_assert_cmpuint (count_alloc_calls, ==, before);
  }
  g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), >, 2000);
}

/* Returns the allocations that @n messages cost, pushed and popped. */
static guint64
pass (Fixture *f, guint n)
{
  guint64 calls = 0, before;
  guint i;

  for (i = 0; i < n; i++) {
    RtmpMessage *message = media_message ('a', 0, 50, i);

    before = count_alloc_calls;
    rtmp_queue_push (f->queue, message);
    calls += count_alloc_calls - before;
  }
  for (i = 0; i < n; i++) {
    RtmpQueueItem item;

    g_assert_true (rtmp_queue_pop (f->queue, &item));
    rtmp_message_unref (item.message);
  }
  return calls;
}

/* An empty queue holds no ring before the first message, and none of a burst's size. */
static void
test_shrinks (void)
{
  g_auto (Fixture) f = fixture (FALSE, 0, 0);

  g_assert_cmpuint (pass (&f, 1), >, 0);
  pass (&f, 60);
  g_assert_cmpuint (pass (&f, 60), ==, 0);
  g_assert_cmpuint (pass (&f, 1000), >, 0);
  g_assert_cmpuint (pass (&f, 1), >, 0);
  g_assert_cmpuint (pass (&f, 1), ==, 0);
}

/* -- Dropping -- */

typedef struct {
  guint64 max_bytes;
  guint32 max_time;
  const gchar *before;
  guint popped;
  const gchar *after;
  guint dropped; /* while @after is pushed */
  const gchar *held;
} Case;

static const Case drop_cases[] = {
  /* at the bound nothing goes, past it the oldest group */
  { 600, 0, "K1 I2 I3 K4 I5 I6", 0, "", 0, "K1 I2 I3 K4 I5 I6" },
  { 600, 0, "K1 I2 I3 K4 I5 I6", 0, "I7", 3, "*K4 I5 I6 I7" },
  { 0, 50, "K1 I2 I3 K4 I5 I6", 0, "", 0, "K1 I2 I3 K4 I5 I6" },
  { 0, 50, "K1 I2 I3 K4 I5 I6", 0, "I7", 3, "*K4 I5 I6 I7" },
  { 0, 50, "K1 I2 I3 K4 I5 I6", 0, "I7@61", 3, "*K4 I5 I6 I7" },
  /* as many groups as it takes */
  { 500, 0, "K1 I2 K3 I4 K5", 0, "I6/300", 4, "*K5 I6" },
  /* what is left of a group whose beginning was taken */
  { 300, 0, "K1 I2 I3", 2, "K4 I5 I6", 1, "*K4 I5 I6" },
  { 300, 0, "K1 I2 K3", 1, "I4 I5", 1, "*K3 I4 I5" },
  /* audio goes with the group it lies in, in front of the first key frame too */
  { 600, 0, "K1 a2 I3 a4 K5 a6", 0, "I7 a8", 4, "*K5 a6 I7 a8" },
  { 400, 0, "a1 a2 K3 a4", 0, "I5", 2, "*K3 a4 I5" },
  /* generated key frames and disposable ones; command and unknown frames go with their group */
  { 500, 0, "K1 D2 X3 U4 K5", 0, "D6", 4, "*K5 D6" },
  /* no other key frame: everything goes, and what comes, up to the next */
  { 300, 0, "K1 I2 a3", 0, "I4 I5 a6 S7 X8 U9", 9, "" },
  { 300, 0, "K1 I2 a3", 0, "I4 I5 a6 K7 a8 I9", 6, "*K7 a8 I9" },
  { 300, 0, "I1 I2 a3", 0, "I4 I5 a6 K7 a8 I9", 6, "*K7 a8 I9" },
  { 0, 25, "K1 I2 I3", 0, "I4 a5 K6 I7", 5, "*K6 I7" },
  /* a group larger than the bound goes whole, and one that begins with too large a frame */
  { 400, 0, "K1 I2", 0, "K3/350 I4 I5 K6 I7", 5, "*K6 I7" },
  { 400, 0, "", 0, "K1/401 I2 K3/400", 2, "*K3" },
  { 400, 0, "", 0, "K1/401", 1, "" },
  /* a key frame that comes while it still does not fit in turn */
  { 250, 0, "K1 I2", 0, "I3 K4 I5 I6 K7", 6, "*K7" },
  /* configuration is kept, in order, ahead of what follows */
  { 1000, 0, "M1 V2 A3 H4 C5 K6 I7 I8 K9 I10", 0, "I11", 3, "M1 V2 A3 H4 C5 *K9 I10 I11" },
  { 1000, 0, "C1 H2 A3 V4 M5 K6 I7 I8 K9 I10", 0, "I11", 3, "M5 V4 A3 H2 C1 *K9 I10 I11" },
  /* the newest of each */
  { 1000, 0, "M1 V2 A3 K4 V5 I6 M7 A8 K9 I10", 0, "I11", 5, "M7 V5 A8 *K9 I10 I11" },
  { 800, 0, "V1 K2 V3 K4 V5 K6 I7 I8", 0, "I9", 2, "V3 *K4 V5 K6 I7 I8 I9" },
  /* of each track: multitrack configuration stays for what it is the newest of */
  { 600, 0, "w1 V2 v3 K4 I5 K6", 0, "I7 I8", 3, "V2 v3 *K6 I7 I8" },
  { 700, 0, "w1 V2 K4 I5 I6 K7 I8", 0, "I9", 3, "w1 V2 *K7 I8 I9" },
  /* configuration that was taken before is not given again */
  { 700, 0, "V1 A2 K3 I4 I5 K6 I7", 2, "I8 I9 I10", 3, "*K6 I7 I8 I9 I10" },
  /* a sequence end takes its own along */
  { 800, 0, "V1 A2 C3 K4 E5 K6 I7 I8", 0, "I9", 4, "A2 *K6 I7 I8 I9" },
  { 800, 0, "V1 A2 H3 K4 e5 V6 K7 I8", 0, "I9", 5, "V6 *K7 I8 I9" },
  { 800, 0, "V1 v2 A3 K4 f5 K6 I7 I8", 0, "I9", 3, "V1 A3 *K6 I7 I8 I9" },
  /* but not when it stays behind */
  { 700, 0, "V1 K2 I3 I4 K5 E6 V7", 0, "K8", 3, "V1 *K5 E6 V7 K8" },
  /* other script data goes; without coded media nothing was lost */
  { 600, 0, "S1 M2 K3 S4 K5 S6", 0, "I7", 1, "M2 K3 S4 K5 S6 I7" },
  { 500, 0, "S1 M2 K3 S4 K5", 0, "I6 I7", 3, "M2 *K5 I6 I7" },
};

static void
test_drop (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (drop_cases); i++) {
    const Case *self = &drop_cases[i];
    g_auto (Fixture) f = fixture (TRUE, self->max_bytes, self->max_time);
    g_autofree gchar *popped = NULL;

    g_test_message ("%s, %u taken, %s", self->before, self->popped, self->after);
    g_assert_cmpuint (push (&f, self->before), ==, 0);
    popped = pop (&f, self->popped);
    g_assert_cmpuint (push (&f, self->after), ==, self->dropped);
    g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), ==, self->dropped);
    assert_holds (&f, self->held);
  }
}

/* An audio-only stream is cut at any tag; no group of its own goes. */
static void
test_audio_only (void)
{
  g_auto (Fixture) f = fixture (TRUE, 0, 50);

  g_assert_cmpuint (push (&f, "M1 A2 a3 a4 S5 a6 U7 a8"), ==, 0);
  g_assert_cmpuint (push (&f, "a9"), ==, 1);
  g_assert_cmpuint (push (&f, "a10"), ==, 1);
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 40);
  /* a5 is past the script tag, which goes with what lay before it */
  g_assert_cmpuint (push (&f, "a11 a12"), ==, 2);
  assert_holds (&f, "M1 A2 *U7 a8 a9 a10 a11 a12");

  /* Nothing was lost since. Video that joins now begins with a key frame. */
  rtmp_queue_set_limits (f.queue, 0, 0);
  g_assert_cmpuint (push (&f, "a13 I14 a15 I16 D17 V18 K19 I20"), ==, 3);
  assert_holds (&f, "a13 a15 V18 *K19 I20");
}

static void
test_audio_only_bytes (void)
{
  g_auto (Fixture) f = fixture (TRUE, 500, 0);

  g_assert_cmpuint (push (&f, "A1 a2 a3 a4 a5"), ==, 0);
  g_assert_cmpuint (push (&f, "a6/250"), ==, 3);
  assert_holds (&f, "A1 *a5 a6");
  /* One that does not fit at all. */
  g_assert_cmpuint (push (&f, "a7 a8/501"), ==, 2);
  g_assert_cmpuint (push (&f, "a9"), ==, 0);
  assert_holds (&f, "*a9");
}

/* Without a key frame memory is bounded, however much comes. */
static void
test_no_key_frames (void)
{
  g_auto (Fixture) f = fixture (TRUE, 1000, 0);
  guint i;

  g_assert_cmpuint (push (&f, "V1 A2"), ==, 0);
  for (i = 0; i < 1000; i++) {
    push (&f, "I3 a4 D5 S6 I7");
    g_assert_cmpuint (rtmp_queue_get_bytes (f.queue), <=, 1000);
    g_assert_cmpuint (rtmp_queue_get_length (f.queue), <=, 10);
  }
  g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), ==, 5000);
  g_assert_cmpuint (push (&f, "V8 E9 V10 K11"), ==, 3);
  assert_holds (&f, "V10 A2 *K11");
}

/* Configuration that comes while a key frame is awaited replaces what is kept, and can be taken. */
static void
test_waiting_configuration (void)
{
  g_auto (Fixture) f = fixture (TRUE, 500, 0);

  g_assert_cmpuint (push (&f, "V1 A2 K3 I4 I5"), ==, 0);
  g_assert_cmpuint (push (&f, "I6"), ==, 4);
  g_assert_cmpuint (push (&f, "V7 I8 M9"), ==, 2);
  assert_pops (&f, 2, "M9 V7");
  g_assert_cmpuint (push (&f, "C10 M11 a12 A13"), ==, 2);
  g_assert_cmpuint (rtmp_queue_get_length (f.queue), ==, 3);
  g_assert_cmpuint (push (&f, "K14 a15"), ==, 0);
  assert_holds (&f, "M11 A13 C10 *K14 a15");
}

/* Configuration alone past the bound: the largest goes. */
static void
test_configuration_bound (void)
{
  g_auto (Fixture) f = fixture (TRUE, 400, 0);

  g_assert_cmpuint (push (&f, "M1 V2 A3"), ==, 0);
  g_assert_cmpuint (push (&f, "C4/350"), ==, 1);
  assert_holds (&f, "M1 V2 A3");

  /* Coded media has what the configuration leaves. */
  g_assert_cmpuint (push (&f, "V1/300 A2/60 K3/40 K4/40"), ==, 1);
  g_assert_cmpuint (push (&f, "K5/60 K6/40"), ==, 2);
  assert_holds (&f, "V1 A2 *K6");
}

/* Every message costs memory, those of no bytes and of one time too. */
static void
test_message_limit (void)
{
  g_auto (Fixture) f = fixture (TRUE, 1000, 1000);
  guint i;

  for (i = 0; i < RTMP_MAX_QUEUE_MESSAGES; i++) {
    g_assert_false (rtmp_queue_is_full (f.queue));
    g_assert_cmpuint (rtmp_queue_push (f.queue, hex_message (RTMP_MESSAGE_AUDIO, 5, "")), ==, 0);
  }
  g_assert_true (rtmp_queue_is_full (f.queue));
  g_assert_cmpuint (rtmp_queue_push (f.queue, hex_message (RTMP_MESSAGE_AUDIO, 5, "")), ==, 1);
  g_assert_cmpuint (rtmp_queue_get_length (f.queue), ==, RTMP_MAX_QUEUE_MESSAGES);
  g_assert_cmpuint (rtmp_queue_get_bytes (f.queue), ==, 0);
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 0);
}

static void
test_time (void)
{
  g_auto (Fixture) f = fixture (FALSE, 0, 0);

  /* Only coded media counts. */
  push (&f, "M1@5 V2@5");
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 0);
  push (&f, "K3@1000 S4@9000 C5@9000 a6@1030 X7@7000");
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 30);
  assert_pops (&f, 3, "M1 V2 K3");
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 0);
  push (&f, "a8@1130");
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 100);
  /* Timestamps that go back make no time. */
  push (&f, "a9@1000");
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 0);
  assert_holds (&f, "S4 C5 a6 X7 a8 a9");

  /* The largest distance that is forward, and one more. */
  push (&f, "a1@100 a2@2147483747");
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 0x7FFFFFFF);
  push (&f, "a3@2147483748");
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 0);
}

/* Timestamps wrap (after 49.7 days, Q33). */
static void
test_time_wraps (void)
{
  g_auto (Fixture) f = fixture (TRUE, 0, 40);

  g_assert_cmpuint (push (&f, "K1@4294967276 I2 K3 I4"), ==, 0);
  g_assert_cmpuint (f.timestamp, ==, 10);
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 30);
  g_assert_cmpuint (push (&f, "I5"), ==, 0);
  g_assert_cmpuint (push (&f, "I6"), ==, 2);
  g_assert_cmpuint (rtmp_queue_get_time (f.queue), ==, 30);
  assert_holds (&f, "*K3 I4 I5 I6");
}

/* A loss in the middle of what is delivered, and another one before it was noticed. */
static void
test_discont (void)
{
  g_auto (Fixture) f = fixture (TRUE, 300, 0);

  push (&f, "K1 I2");
  assert_pops (&f, 1, "K1");
  g_assert_cmpuint (push (&f, "K3 I4 K5"), ==, 1);
  assert_pops (&f, 1, "*K3");
  g_assert_cmpuint (push (&f, "I6 K7 I8"), ==, 3);
  assert_holds (&f, "*K7 I8");
  push (&f, "I9");
  assert_holds (&f, "I9");
}

/* Audio far past the last video: its source was switched off. */
static void
test_video_gone (void)
{
  g_auto (Fixture) f = fixture (TRUE, 400, 0);

  push (&f, "V1 K2@1000 I3@1010");
  assert_pops (&f, 3, "V1 K2 I3");
  g_assert_cmpuint (push (&f, "a4 a5 a6 a7 a8"), ==, 5);
  /* Until 10 s a key frame is awaited. */
  g_assert_cmpuint (push (&f, "a9@11010"), ==, 1);
  g_assert_cmpuint (push (&f, "a10@11011 a11"), ==, 0);
  assert_pops (&f, 1, "*a10");
  g_assert_cmpuint (push (&f, "a12 a13 a14 a15"), ==, 1);
  assert_pops (&f, 2, "*a12 a13");
  /* It comes back: with a key frame. */
  g_assert_cmpuint (push (&f, "I16 E17"), ==, 1);
  assert_pops (&f, 3, "a14 a15 E17");
  g_assert_cmpuint (push (&f, "V18 K19 a20"), ==, 0);
  assert_holds (&f, "V18 *K19 a20");
}

/* The same with video still in the queue: it goes as a group first. */
static void
test_video_gone_queued (void)
{
  g_auto (Fixture) f = fixture (TRUE, 500, 0);

  push (&f, "K1@1000 I2 K3 a4");
  g_assert_cmpuint (push (&f, "a5@20000 a6"), ==, 2);
  g_assert_cmpuint (push (&f, "a7 a8"), ==, 6);
  g_assert_cmpuint (push (&f, "a9 a10"), ==, 0);
  assert_holds (&f, "*a9 a10");
}

/* Key frames of the lowest track seen count. */
static void
test_multitrack (void)
{
  g_auto (Fixture) f = fixture (TRUE, 600, 0);

  /* Track 0's only. */
  g_assert_cmpuint (push (&f, "K1 k2 I3 k4 i5 K6"), ==, 0);
  g_assert_cmpuint (push (&f, "k7"), ==, 5);
  assert_holds (&f, "*K6 k7");
  g_assert_cmpuint (push (&f, "I1 k2 I3 k4 i5 k6 k7 i8"), ==, 8);
  g_assert_cmpuint (push (&f, "K9 k10"), ==, 0);
  assert_holds (&f, "*K9 k10");
}

static void
test_multitrack_without_track_0 (void)
{
  g_auto (Fixture) f = fixture (TRUE, 300, 0);

  g_assert_cmpuint (push (&f, "k1 i2 k3"), ==, 0);
  g_assert_cmpuint (push (&f, "i4"), ==, 2);
  assert_holds (&f, "*k3 i4");
}

static void
test_legacy_kinds (void)
{
  static const gchar *const group[] = { "17 00", "17 01", "27 01", "17 01", "27 01", "27 01" };
  g_auto (Fixture) f = fixture (TRUE, 9, 0);
  RtmpQueueItem item;
  guint i, dropped = 0;

  for (i = 0; i < G_N_ELEMENTS (group); i++)
    dropped += rtmp_queue_push (f.queue, hex_message (RTMP_MESSAGE_VIDEO, i, group[i]));
  g_assert_cmpuint (dropped, ==, 2);
  for (i = 0; rtmp_queue_pop (f.queue, &item); i++) {
    g_assert_cmpint (item.discont, ==, i == 1);
    g_assert_cmpuint (item.message->timestamp, ==, i == 0 ? 0 : i + 2);
    rtmp_message_unref (item.message);
  }
  g_assert_cmpuint (i, ==, 4);
}

/* -- Resync -- */

static void
test_resync (void)
{
  g_auto (Fixture) f = fixture (TRUE, 0, 0);

  push (&f, "M1 V2 K3 I4 V5 K6 I7 S8 K9 I10 a11");
  g_assert_cmpuint (rtmp_queue_resync (f.queue), ==, 6);
  g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), ==, 6);
  assert_holds (&f, "M1 V5 *K9 I10 a11");

  /* No key frame: all goes and what comes. */
  push (&f, "V12 I13 a14");
  g_assert_cmpuint (rtmp_queue_resync (f.queue), ==, 2);
  g_assert_cmpuint (push (&f, "I15 a16 S17"), ==, 3);
  g_assert_cmpuint (push (&f, "K18 a19"), ==, 0);
  assert_holds (&f, "V12 *K18 a19");

  /* A key frame at the head: nothing is dropped, and it is a new start. */
  push (&f, "K20 I21");
  g_assert_cmpuint (rtmp_queue_resync (f.queue), ==, 0);
  assert_holds (&f, "*K20 I21");

  /* What follows is none. */
  push (&f, "I22 K23");
  g_assert_cmpuint (rtmp_queue_resync (f.queue), ==, 1);
  push (&f, "a24");
  assert_holds (&f, "*K23 a24");
}

/* At the start of a stream: audio passes for as long as no video was seen. */
static void
test_resync_at_start (void)
{
  g_auto (Fixture) f = fixture (FALSE, 0, 0);

  g_assert_cmpuint (rtmp_queue_resync (f.queue), ==, 0);
  g_assert_cmpuint (push (&f, "M1 V2 A3 a4 I5 D6 a7 I8 V9 K10 I11"), ==, 3);
  assert_holds (&f, "M1 V2 A3 *a4 a7 V9 *K10 I11");
}

static void
test_resync_audio_only (void)
{
  g_auto (Fixture) f = fixture (TRUE, 0, 0);

  push (&f, "M1 A2 a3 a4 a5");
  g_assert_cmpuint (rtmp_queue_resync (f.queue), ==, 3);
  g_assert_cmpuint (push (&f, "a6 a7"), ==, 0);
  assert_holds (&f, "M1 A2 *a6 a7");
}

/* A loss that was waiting to be told is told once. */
static void
test_resync_after_loss (void)
{
  g_auto (Fixture) f = fixture (TRUE, 300, 0);

  push (&f, "K1 I2 I3 I4");
  g_assert_cmpuint (rtmp_queue_resync (f.queue), ==, 0);
  g_assert_cmpuint (push (&f, "I5 K6 I7"), ==, 1);
  g_assert_cmpuint (rtmp_queue_resync (f.queue), ==, 0);
  assert_holds (&f, "*K6 I7");
}

/* -- Not leaky -- */

static void
test_not_leaky (void)
{
  g_auto (Fixture) f = fixture (FALSE, 300, 0);

  push (&f, "K1 I2");
  g_assert_false (rtmp_queue_is_full (f.queue));
  push (&f, "I3");
  g_assert_true (rtmp_queue_is_full (f.queue));
  g_assert_cmpuint (push (&f, "I4 K5 a6"), ==, 0);
  assert_pops (&f, 3, "K1 I2 I3");
  g_assert_true (rtmp_queue_is_full (f.queue));
  assert_pops (&f, 1, "I4");
  g_assert_false (rtmp_queue_is_full (f.queue));
  assert_holds (&f, "K5 a6");
}

static void
test_is_full (void)
{
  g_auto (Fixture) f = fixture (FALSE, 0, 20);

  push (&f, "K1@100 I2@119");
  g_assert_false (rtmp_queue_is_full (f.queue));
  push (&f, "I3@120");
  g_assert_true (rtmp_queue_is_full (f.queue));
  rtmp_queue_set_limits (f.queue, 0, 0);
  g_assert_false (rtmp_queue_is_full (f.queue));
  rtmp_queue_set_limits (f.queue, 301, 0);
  g_assert_false (rtmp_queue_is_full (f.queue));
  rtmp_queue_set_limits (f.queue, 300, 0);
  g_assert_true (rtmp_queue_is_full (f.queue));
  rtmp_queue_set_limits (f.queue, 200, 10);
  assert_holds (&f, "K1 I2 I3");
}

static void
test_is_half_empty (void)
{
  g_auto (Fixture) f = fixture (FALSE, 400, 0);

  g_assert_true (rtmp_queue_is_half_empty (f.queue));
  push (&f, "K1@100 I2@120");
  g_assert_true (rtmp_queue_is_half_empty (f.queue));
  rtmp_queue_set_limits (f.queue, 399, 0);
  g_assert_false (rtmp_queue_is_half_empty (f.queue));
  rtmp_queue_set_limits (f.queue, 0, 40);
  g_assert_true (rtmp_queue_is_half_empty (f.queue));
  rtmp_queue_set_limits (f.queue, 0, 39);
  g_assert_false (rtmp_queue_is_half_empty (f.queue));
  rtmp_queue_set_limits (f.queue, 0, 0);
  g_assert_true (rtmp_queue_is_half_empty (f.queue));
  assert_pops (&f, 2, "K1 I2");
}

static void
test_is_half_empty_messages (void)
{
  g_auto (Fixture) f = fixture (FALSE, 1000, 1000);
  guint i;

  for (i = 0; i < RTMP_MAX_QUEUE_MESSAGES / 2; i++)
    rtmp_queue_push (f.queue, hex_message (RTMP_MESSAGE_AUDIO, 5, ""));
  g_assert_true (rtmp_queue_is_half_empty (f.queue));
  rtmp_queue_push (f.queue, hex_message (RTMP_MESSAGE_AUDIO, 5, ""));
  g_assert_false (rtmp_queue_is_half_empty (f.queue));
}

static void
test_set_limits (void)
{
  g_auto (Fixture) f = fixture (TRUE, 0, 0);

  push (&f, "V1 K2 I3 K4 I5 K6 I7");
  rtmp_queue_set_limits (f.queue, 500, 0);
  g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), ==, 2);
  rtmp_queue_set_limits (f.queue, 0, 10);
  g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), ==, 4);
  assert_holds (&f, "V1 *K6 I7");
}

static void
test_clear (void)
{
  g_auto (Fixture) f = fixture (TRUE, 300, 0);

  push (&f, "V1 K2 I3 I4 a5");
  g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), ==, 4);
  rtmp_queue_clear (f.queue);
  g_assert_cmpuint (rtmp_queue_get_dropped (f.queue), ==, 4);
  assert_holds (&f, "");
  /* Nothing is awaited any more, nothing counts as lost. */
  push (&f, "I6 a7");
  assert_holds (&f, "I6 a7");

  /* That it had video, and on track 0, is forgotten. */
  rtmp_queue_clear (f.queue);
  g_assert_cmpuint (push (&f, "a8 a9 a10 a11"), ==, 1);
  assert_holds (&f, "*a9 a10 a11");
  g_assert_cmpuint (push (&f, "k12"), ==, 0);
  assert_holds (&f, "*k12");
}

/* Freed with items in the ring, kept configuration and a gate that is shut. */
static void
test_free (void)
{
  g_auto (Fixture) f = fixture (TRUE, 300, 0);
  g_auto (Fixture) g = fixture (TRUE, 0, 0);

  push (&f, "V1 K2 I3 I4");
  push (&g, "V1 K2 I3 I4");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/queue/empty", test_empty);
  g_test_add_func ("/queue/order", test_order);
  g_test_add_func ("/queue/ring", test_ring);
  g_test_add_func ("/queue/no-allocation", test_no_allocation);
  g_test_add_func ("/queue/shrinks", test_shrinks);
  g_test_add_func ("/queue/drop", test_drop);
  g_test_add_func ("/queue/drop/audio-only", test_audio_only);
  g_test_add_func ("/queue/drop/audio-only/bytes", test_audio_only_bytes);
  g_test_add_func ("/queue/drop/no-key-frames", test_no_key_frames);
  g_test_add_func ("/queue/drop/waiting-configuration", test_waiting_configuration);
  g_test_add_func ("/queue/drop/configuration-bound", test_configuration_bound);
  g_test_add_func ("/queue/drop/message-limit", test_message_limit);
  g_test_add_func ("/queue/drop/discont", test_discont);
  g_test_add_func ("/queue/drop/video-gone", test_video_gone);
  g_test_add_func ("/queue/drop/video-gone/queued", test_video_gone_queued);
  g_test_add_func ("/queue/drop/multitrack", test_multitrack);
  g_test_add_func ("/queue/drop/multitrack/without-track-0", test_multitrack_without_track_0);
  g_test_add_func ("/queue/drop/legacy", test_legacy_kinds);
  g_test_add_func ("/queue/time", test_time);
  g_test_add_func ("/queue/time/wraps", test_time_wraps);
  g_test_add_func ("/queue/resync", test_resync);
  g_test_add_func ("/queue/resync/at-start", test_resync_at_start);
  g_test_add_func ("/queue/resync/audio-only", test_resync_audio_only);
  g_test_add_func ("/queue/resync/after-loss", test_resync_after_loss);
  g_test_add_func ("/queue/not-leaky", test_not_leaky);
  g_test_add_func ("/queue/is-full", test_is_full);
  g_test_add_func ("/queue/is-half-empty", test_is_half_empty);
  g_test_add_func ("/queue/is-half-empty/messages", test_is_half_empty_messages);
  g_test_add_func ("/queue/set-limits", test_set_limits);
  g_test_add_func ("/queue/clear", test_clear);
  g_test_add_func ("/queue/free", test_free);
  return g_test_run ();
}
