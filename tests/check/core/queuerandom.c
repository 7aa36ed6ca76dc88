/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What must hold of an RtmpQueue whatever is done to it:
 *  - bytes, time and messages are within the bounds after every push;
 *  - every message is delivered once, or counted as dropped, or in the queue;
 *  - what is delivered keeps its order;
 *  - behind a gap in the coded video comes a key frame;
 *  - the first coded item behind a gap is a discont;
 *  - when a coded item is delivered, the newest configuration of each kind and track before it was.
 */
#include "core/rtmpqueue.h"

#include "core/rtmplimits.h"

#include "../../support/mediatest.h"

#define CONFIGURATION "MVvwAHhCc"
#define TRACK_0_VIDEO "KID"
#define VIDEO "KIDki"
#define KEYS "Kk"
#define CODED "KIDkiaU"

/* Kind and track of configuration; "w" is of two. */
enum { SLOT_M, SLOT_V0, SLOT_V1, SLOT_A, SLOT_H0, SLOT_H1, SLOT_C0, SLOT_C1, N_SLOTS };

static const struct {
  gchar letter;
  guint slots;
} sets[] = {
  { 'M', 1u << SLOT_M }, { 'V', 1u << SLOT_V0 }, { 'v', 1u << SLOT_V1 },
  { 'w', 1u << SLOT_V0 | 1u << SLOT_V1 }, { 'A', 1u << SLOT_A }, { 'H', 1u << SLOT_H0 },
  { 'h', 1u << SLOT_H1 }, { 'C', 1u << SLOT_C0 }, { 'c', 1u << SLOT_C1 },
}, ends[] = {
  { 'E', 1u << SLOT_V0 | 1u << SLOT_C0 }, { 'e', 1u << SLOT_A | 1u << SLOT_H0 },
  { 'f', 1u << SLOT_V1 | 1u << SLOT_C1 },
};

/* What streams are made of; letters that stand more often come more often. */
static const gchar *const mixes[] = {
  "KIIIIIIIIIIIIIIIIIIIaaaaaaaaaaaaaaaaaaa",
  "KIDIDaaKIDIDaaVACMHSXUEe",
  "KkIiIiIiaaIiIiaaVvwAHhCcMEfe",
  "IIIIaaaaDDVAMS",
  "aaaaaaaaaAMSHe",
  "kikiiiiiaaavhcf",
  "KIaVACMHwvhcEefSXU",
  "KKKKaVC",
};

typedef struct {
  gchar letter;
  gboolean delivered;
} Sent;

typedef struct {
  GRand *rand;
  RtmpQueue *queue;
  gboolean leaky;
  guint64 max_bytes;
  guint32 max_time;
  const gchar *mix;
  guint32 timestamp;

  GArray *sent;        /* of Sent, by number */
  GHashTable *numbers; /* message in the queue -> its number */
  guint64 delivered;
  guint64 dropped;
  gboolean resynced; /* once at least */
  gboolean first_video_since_resync;
  gboolean first_coded_since_resync;

  gint last_in_order; /* numbers of what was delivered last */
  gint last_coded;
  gint last_video;
  gint settled;         /* up to which @wanted is told */
  gint wanted[N_SLOTS]; /* newest configuration, -1: none */
  gint known[N_SLOTS];  /* to the one who pops */
} World;

static gboolean
is_in (const gchar *letters, gchar letter)
{
  return strchr (letters, letter) != NULL;
}

static gchar
letter_of (const World *world, gint number)
{
  return g_array_index (world->sent, Sent, number).letter;
}

static void
apply (gint *slots, gchar letter, gint number)
{
  guint i, slot;

  for (i = 0; i < G_N_ELEMENTS (sets); i++) {
    for (slot = 0; slot < N_SLOTS; slot++) {
      if (sets[i].letter == letter && sets[i].slots >> slot & 1)
        slots[slot] = number;
    }
  }
  for (i = 0; i < G_N_ELEMENTS (ends); i++) {
    for (slot = 0; slot < N_SLOTS; slot++) {
      if (ends[i].letter == letter && ends[i].slots >> slot & 1)
        slots[slot] = -1;
    }
  }
}

static guint32
random_start (GRand *rand)
{
  return g_rand_boolean (rand) ? 0u - (guint32) g_rand_int_range (rand, 0, 20000) : 0;
}

static void
random_limits (World *world)
{
  world->max_bytes = g_rand_boolean (world->rand) ? 0 : g_rand_int_range (world->rand, 3000, 20000);
  world->max_time = g_rand_boolean (world->rand) ? 0 : g_rand_int_range (world->rand, 50, 3000);
}

static World *
world_new (guint32 seed)
{
  World *world = g_new0 (World, 1);
  guint slot;

  world->rand = g_rand_new_with_seed (seed);
  world->mix = mixes[g_rand_int_range (world->rand, 0, G_N_ELEMENTS (mixes))];
  world->leaky = g_rand_int_range (world->rand, 0, 8) > 0;
  world->timestamp = random_start (world->rand);
  random_limits (world);
  world->queue = rtmp_queue_new (world->leaky, world->max_bytes, world->max_time);
  world->sent = g_array_new (FALSE, TRUE, sizeof (Sent));
  world->numbers = g_hash_table_new (NULL, NULL);
  world->last_in_order = world->last_coded = world->last_video = -1;
  for (slot = 0; slot < N_SLOTS; slot++)
    world->wanted[slot] = world->known[slot] = -1;
  return world;
}

static void
world_free (World *world)
{
  rtmp_queue_free (world->queue);
  g_array_unref (world->sent);
  g_hash_table_unref (world->numbers);
  g_rand_free (world->rand);
  g_free (world);
}

static void
check_totals (const World *world)
{
  g_assert_cmpuint (world->dropped, ==, rtmp_queue_get_dropped (world->queue));
  g_assert_cmpuint (world->sent->len, ==,
      world->delivered + world->dropped + rtmp_queue_get_length (world->queue));
}

static void
check_bounds (const World *world)
{
  g_assert_cmpuint (rtmp_queue_get_length (world->queue), <=, RTMP_MAX_QUEUE_MESSAGES);
  if (world->leaky && world->max_bytes > 0)
    g_assert_cmpuint (rtmp_queue_get_bytes (world->queue), <=, world->max_bytes);
  if (world->leaky && world->max_time > 0)
    g_assert_cmpuint (rtmp_queue_get_time (world->queue), <=, world->max_time);
}

static void
push (World *world)
{
  const gchar letter = world->mix[g_rand_int_range (world->rand, 0, (gint) strlen (world->mix))];
  const Sent sent = { letter, FALSE };
  const gboolean small = is_in (CONFIGURATION, letter);
  const gsize size = (gsize) g_rand_int_range (world->rand, 30, small ? 60 : 400);
  RtmpMessage *message;

  world->timestamp += (guint32) g_rand_int_range (world->rand, -10, 40);
  if (g_rand_int_range (world->rand, 0, 2000) == 0)
    world->timestamp += g_rand_int (world->rand);
  message = media_message (letter, 0, size, world->timestamp);
  g_hash_table_insert (world->numbers, message, GUINT_TO_POINTER (world->sent->len));
  g_array_append_val (world->sent, sent);
  world->dropped += rtmp_queue_push (world->queue, message);
  check_totals (world);
  check_bounds (world);
}

/* Whether a message of one of @letters between @last and @number was not delivered. */
static gboolean
was_lost (const World *world, const gchar *letters, gint last, gint number)
{
  gint i;

  for (i = last + 1; i < number; i++) {
    const Sent *sent = &g_array_index (world->sent, Sent, i);

    if (!sent->delivered && is_in (letters, sent->letter))
      return TRUE;
  }
  return FALSE;
}

static gboolean
was_sent_before (const World *world, const gchar *letters, gint number)
{
  gint i;

  for (i = 0; i < number; i++) {
    if (is_in (letters, letter_of (world, i)))
      return TRUE;
  }
  return FALSE;
}

static void
check_video (World *world, gint number, const RtmpQueueItem *item)
{
  const gchar letter = letter_of (world, number);
  const gboolean lost = was_lost (world, VIDEO, world->last_video, number);

  if (lost || world->first_video_since_resync) {
    g_assert_true (is_in (KEYS, letter));
    /* Track 1's key frames count in streams that have no track 0. */
    if (letter == 'k')
      g_assert_false (was_sent_before (world, TRACK_0_VIDEO, number));
  }
  if (lost)
    g_assert_true (item->discont);
  world->first_video_since_resync = FALSE;
  world->last_video = number;
}

static void
check_configuration (World *world, gint number)
{
  guint slot;

  while (++world->settled < number)
    apply (world->wanted, letter_of (world, world->settled), world->settled);
  world->settled = number - 1;
  for (slot = 0; slot < N_SLOTS; slot++) {
    if (world->wanted[slot] >= 0)
      g_assert_cmpint (world->known[slot], ==, world->wanted[slot]);
  }
}

static void
check_coded (World *world, gint number, const RtmpQueueItem *item)
{
  const gboolean lost = was_lost (world, CODED, world->last_coded, number);

  if (was_lost (world, "aU", world->last_coded, number) || world->first_coded_since_resync)
    g_assert_true (item->discont);
  if (item->discont)
    g_assert_true (lost || world->resynced || world->dropped > 0);
  check_configuration (world, number);
  world->first_coded_since_resync = FALSE;
  world->last_coded = number;
}

static gboolean
pop (World *world)
{
  RtmpQueueItem item;
  gpointer value;
  gint number;
  gchar letter;

  if (!rtmp_queue_pop (world->queue, &item))
    return FALSE;
  g_assert_true (g_hash_table_lookup_extended (world->numbers, item.message, NULL, &value));
  number = GPOINTER_TO_INT (value);
  letter = letter_of (world, number);
  g_assert_false (g_array_index (world->sent, Sent, number).delivered);
  g_assert_cmpint (number, >, world->last_in_order);
  g_array_index (world->sent, Sent, number).delivered = TRUE;
  world->delivered++;

  apply (world->known, letter, number);
  if (is_in (VIDEO, letter))
    check_video (world, number, &item);
  if (is_in (CODED, letter))
    check_coded (world, number, &item);
  else
    g_assert_false (item.discont);
  if (!is_in (CONFIGURATION, letter))
    world->last_in_order = number;
  g_hash_table_remove (world->numbers, item.message);
  rtmp_message_unref (item.message);
  check_totals (world);
  return TRUE;
}

static void
resync (World *world)
{
  world->dropped += rtmp_queue_resync (world->queue);
  world->resynced = TRUE;
  world->first_video_since_resync = TRUE;
  world->first_coded_since_resync = TRUE;
  check_totals (world);
}

static void
set_limits (World *world)
{
  random_limits (world);
  rtmp_queue_set_limits (world->queue, world->max_bytes, world->max_time);
  world->dropped = rtmp_queue_get_dropped (world->queue);
  check_totals (world);
  check_bounds (world);
}

/* What pops now is what the counters say. */
static void
drain (World *world)
{
  const guint length = rtmp_queue_get_length (world->queue);
  guint64 bytes = rtmp_queue_get_bytes (world->queue);
  guint n = 0;

  while (pop (world)) {
    g_assert_cmpuint (rtmp_queue_get_bytes (world->queue), <, bytes);
    bytes = rtmp_queue_get_bytes (world->queue);
    n++;
  }
  g_assert_cmpuint (n, ==, length);
  g_assert_cmpuint (bytes, ==, 0);
  g_assert_cmpuint (rtmp_queue_get_time (world->queue), ==, 0);
}

static void
step (World *world, gboolean stalled)
{
  const gint choice = g_rand_int_range (world->rand, 0, 1000);

  if (choice < 3)
    resync (world);
  else if (choice < 6)
    set_limits (world);
  else if (choice < 9)
    drain (world);
  else if (!stalled && choice < 500)
    pop (world);
  else
    push (world);
}

static void
test_random (void)
{
  guint32 seed;

  for (seed = 0; seed < 400; seed++) {
    World *world = world_new (seed);
    gboolean stalled = FALSE;
    guint i;

    g_test_message ("seed %u: %s", seed, world->mix);
    for (i = 0; i < 1500; i++) {
      if (g_rand_int_range (world->rand, 0, 100) == 0)
        stalled = !stalled;
      step (world, stalled);
    }
    drain (world);
    if (!world->leaky && !world->resynced)
      g_assert_cmpuint (world->dropped, ==, 0);
    world_free (world);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/queue/random", test_random);
  return g_test_run ();
}
