/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* quickstart: publishes a live test picture with a clock and a tone, plays it back, and measures.
 *
 *   quickstart --publish URL --play URL [--seconds N] [--output DIR] [--plugin-dir DIR] [--strict]
 *
 * Either address may be left out. A progress line is printed every second. In the end DIR has
 * frame.png, a picture that arrived, and statistics.txt, the elements' own statistics.
 *
 * The delay is that from the drawn picture to the decoded one: every picture carries the time at
 * which it was drawn (clockstripe.h), and that clock is this process's own. What plays is not
 * synchronised to a clock, so the delay has no buffering in it that the player chose.
 *
 * Exit status: 0 if all that was asked for arrived, 1 if not, 2 for a fault of the call. */

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <stdlib.h>
#include <unistd.h>

#include "measure.h"

#define DEFAULT_SECONDS 10
#define MAX_SECONDS 86400
#define TICK_MS 1000
#define POLL_MS 50
#define FIRST_FRAME_SECONDS 15
#define END_SECONDS 5
#define PNG_SECONDS 10
/* More than a handshake and commands: media is on its way. */
#define PUBLISHING_BYTES 20000

#define PICTURE \
  "videotestsrc is-live=true ! video/x-raw,format=I420,width=1280,height=720,framerate=25/1 " \
  "! clockoverlay halignment=center valignment=center font-desc=\"Sans 48\" " \
  "time-format=\"%%H:%%M:%%S\" " \
  "! timeoverlay halignment=center valignment=top font-desc=\"Sans 24\" " \
  "! identity name=drawn ! queue ! x264enc tune=zerolatency speed-preset=superfast bitrate=2000 " \
  "key-int-max=25 ! h264parse ! queue ! mux. "
#define TONE \
  "audiotestsrc is-live=true wave=sine freq=440 volume=0.3 ! audio/x-raw,rate=48000,channels=2 " \
  "! %s bitrate=128000 ! aacparse ! queue ! mux. "
#define PUBLISH PICTURE TONE "flvmux name=mux streamable=true ! rtmp2sink name=peer"
#define PLAY \
  "rtmp2src name=peer ! decodebin name=decode " \
  "decode. ! queue ! videoconvert ! video/x-raw,format=I420 " \
  "! fakesink name=picture sync=false async=false " \
  "decode. ! queue ! audioconvert ! audio/x-raw ! fakesink name=sound sync=false async=false"

typedef struct {
  gchar *publish;
  gchar *play;
  gchar *output;
  gchar *plugin_dir;
  gint seconds;
  gboolean strict;
} Options;

typedef struct {
  GstElement *pipeline;
  GstElement *peer; /* rtmp2sink or rtmp2src */
  const gchar *name;
  gboolean ended;
} Side;

typedef struct {
  Options options;
  GMainLoop *loop;
  Measure *measure;
  Side publisher;
  Side player;
  gint64 play_started; /* monotonic microseconds */
  guint elapsed;       /* ticks since media flows */
  MeasureCounts last;  /* at the last tick */
  gboolean ending;
  gboolean failed;
} App;

static void fail (App *app, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static void
fail (App *app, const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_printerr ("%squickstart: %s\n", isatty (STDOUT_FILENO) ? "\n" : "", text);
  app->failed = TRUE;
  g_main_loop_quit (app->loop);
}

/* The stream name may be a secret key: it is never shown. */
static gchar *
masked (const gchar *address)
{
  const gchar *query = strchr (address, '?');
  g_autofree gchar *path = query ? g_strndup (address, query - address) : g_strdup (address);
  gchar *slash = strrchr (path, '/');

  if (slash)
    *slash = '\0';
  return g_strconcat (path, "/***", NULL);
}

/* -- Pipelines -- */

static gboolean
check_origin (App *app, GstElement *element)
{
  g_autoptr (GstPlugin) plugin =
      gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (gst_element_get_factory (element)));
  g_autofree gchar *directory = g_path_get_dirname (gst_plugin_get_filename (plugin));
  g_autofree gchar *found = g_canonicalize_filename (directory, NULL);
  g_autofree gchar *expected = NULL;

  if (!app->options.plugin_dir)
    return TRUE;
  expected = g_canonicalize_filename (app->options.plugin_dir, NULL);
  if (g_str_equal (found, expected))
    return TRUE;
  fail (app, "%s would come from %s, not from %s", GST_OBJECT_NAME (element), found, expected);
  return FALSE;
}

static void
side_ended (App *app, Side *side)
{
  side->ended = TRUE;
  if ((!app->publisher.pipeline || app->publisher.ended)
      && (!app->player.pipeline || app->player.ended))
    g_main_loop_quit (app->loop);
}

static gboolean
handle_message (App *app, Side *side, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, &debug);
    fail (app, "%s: %s", side->name, error->message);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS) {
    /* Somebody else's stream may be shorter than what was asked for. */
    if (!app->ending && app->publisher.pipeline)
      fail (app, "%s: the stream ended too early", side->name);
    side_ended (app, side);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
publisher_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  App *app = user_data;

  return handle_message (app, &app->publisher, message);
}

static gboolean
player_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  App *app = user_data;

  return handle_message (app, &app->player, message);
}

static gboolean
side_open (App *app, Side *side, const gchar *description, const gchar *address, GstBusFunc handler)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBus) bus = NULL;

  side->pipeline = gst_parse_launch (description, &error);
  if (error) {
    fail (app, "%s: %s", side->name, error->message);
    return FALSE;
  }
  side->peer = gst_bin_get_by_name (GST_BIN (side->pipeline), "peer");
  g_object_set (side->peer, "location", address, NULL);
  bus = gst_element_get_bus (side->pipeline);
  gst_bus_add_watch (bus, handler, app);
  return check_origin (app, side->peer);
}

static void
side_close (Side *side)
{
  if (side->pipeline) {
    g_autoptr (GstBus) bus = gst_element_get_bus (side->pipeline);

    gst_bus_remove_watch (bus);
    gst_element_set_state (side->pipeline, GST_STATE_NULL);
  }
  gst_clear_object (&side->peer);
  gst_clear_object (&side->pipeline);
}

typedef void (*MeasurePad) (Measure *measure, GstPad *pad);

static void
measure_pad (App *app, Side *side, const gchar *element_name, const gchar *pad_name,
    MeasurePad function)
{
  g_autoptr (GstElement) element = gst_bin_get_by_name (GST_BIN (side->pipeline), element_name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, pad_name);

  function (app->measure, pad);
}

static gboolean
open_publisher (App *app)
{
  g_autoptr (GstElementFactory) libav = gst_element_factory_find ("avenc_aac");
  g_autofree gchar *description = g_strdup_printf (PUBLISH, libav ? "avenc_aac" : "voaacenc");

  if (!side_open (app, &app->publisher, description, app->options.publish, publisher_message))
    return FALSE;
  measure_pad (app, &app->publisher, "drawn", "src", measure_stamp_pictures);
  measure_pad (app, &app->publisher, "peer", "sink", measure_sent_bytes);
  gst_element_set_state (app->publisher.pipeline, GST_STATE_PLAYING);
  return TRUE;
}

static gboolean
open_player (App *app)
{
  if (!side_open (app, &app->player, PLAY, app->options.play, player_message))
    return FALSE;
  measure_pad (app, &app->player, "peer", "src", measure_arrived_bytes);
  measure_pad (app, &app->player, "picture", "sink", measure_arrived_pictures);
  measure_pad (app, &app->player, "sound", "sink", measure_arrived_sound);
  app->play_started = g_get_monotonic_time ();
  gst_element_set_state (app->player.pipeline, GST_STATE_PLAYING);
  return TRUE;
}

/* -- Progress -- */

static guint
median_of (GArray *delays)
{
  return delays->len > 0 ? g_array_index (delays, guint, delays->len / 2) : 0;
}

static guint64
kbits (guint64 bytes)
{
  return bytes * 8 / 1000;
}

static void
print_progress (App *app)
{
  g_autoptr (GArray) delays = measure_get_delays (app->measure, app->last.stamped_frames);
  g_autoptr (GString) line = g_string_new (NULL);
  gboolean terminal = isatty (STDOUT_FILENO);
  MeasureCounts now;

  measure_get_counts (app->measure, &now);
  g_string_printf (line, "%3u s", app->elapsed);
  if (app->publisher.pipeline)
    g_string_append_printf (line,
        "  sent %4" G_GUINT64_FORMAT " frames %5" G_GUINT64_FORMAT " kbit/s", now.sent_frames,
        kbits (now.sent_bytes - app->last.sent_bytes));
  if (app->player.pipeline)
    g_string_append_printf (line,
        "  arrived %4" G_GUINT64_FORMAT " frames %5" G_GUINT64_FORMAT " kbit/s, sound %.1f s",
        now.arrived_frames, kbits (now.arrived_bytes - app->last.arrived_bytes),
        (gdouble) now.arrived_sound / GST_SECOND);
  if (delays->len > 0)
    g_string_append_printf (line, "  delay %3u ms", median_of (delays));
  g_print (terminal ? "\r%s\033[K" : "%s\n", line->str);
  app->last = now;
}

/* -- Course -- */

static gboolean
end_overdue (gpointer user_data)
{
  App *app = user_data;

  if (app->publisher.pipeline && !app->publisher.ended)
    fail (app, "%s: no end after %d s", app->publisher.name, END_SECONDS);
  /* A server need not tell a player that the publisher left. */
  g_main_loop_quit (app->loop);
  return G_SOURCE_REMOVE;
}

static void
begin_end (App *app)
{
  app->ending = TRUE;
  g_timeout_add_seconds (END_SECONDS, end_overdue, app);
  if (app->publisher.pipeline)
    gst_element_send_event (app->publisher.pipeline, gst_event_new_eos ());
  else
    g_main_loop_quit (app->loop);
}

static gboolean
tick (gpointer user_data)
{
  App *app = user_data;

  if (app->ending)
    return G_SOURCE_REMOVE;
  app->elapsed++;
  print_progress (app);
  if (app->elapsed < (guint) app->options.seconds)
    return G_SOURCE_CONTINUE;
  begin_end (app);
  return G_SOURCE_REMOVE;
}

static gboolean
media_flows (App *app)
{
  MeasureCounts now;

  measure_get_counts (app->measure, &now);
  return app->player.pipeline ? now.arrived_frames > 0 : now.sent_bytes > PUBLISHING_BYTES;
}

/* Whether the server takes what is published, so that it can be asked for. */
static gboolean
is_published (App *app)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 bytes = 0;

  g_object_get (app->publisher.peer, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "out-bytes-total", &bytes);
  return bytes > PUBLISHING_BYTES;
}

static gboolean
poll_start (gpointer user_data)
{
  App *app = user_data;

  if (app->options.play && !app->player.pipeline) {
    if (!is_published (app))
      return G_SOURCE_CONTINUE;
    return open_player (app);
  }
  if (!media_flows (app))
    return G_SOURCE_CONTINUE;
  measure_get_counts (app->measure, &app->last);
  g_timeout_add (TICK_MS, tick, app);
  return G_SOURCE_REMOVE;
}

static gboolean
start_overdue (gpointer user_data)
{
  App *app = user_data;

  if (!media_flows (app))
    fail (app, "nothing arrived within %d s", FIRST_FRAME_SECONDS);
  return G_SOURCE_REMOVE;
}

static gboolean
interrupted (gpointer user_data)
{
  fail (user_data, "interrupted");
  return G_SOURCE_REMOVE;
}

static void
run (App *app)
{
  if (app->options.publish ? !open_publisher (app) : !open_player (app))
    return;
  g_unix_signal_add (SIGINT, interrupted, app);
  g_unix_signal_add (SIGTERM, interrupted, app);
  g_timeout_add (POLL_MS, poll_start, app);
  g_timeout_add_seconds (FIRST_FRAME_SECONDS, start_overdue, app);
  g_main_loop_run (app->loop);
  if (isatty (STDOUT_FILENO))
    g_print ("\n");
}

/* -- Results -- */

static gboolean
save_picture (App *app, const gchar *path)
{
  g_autoptr (GstSample) picture = measure_get_last_picture (app->measure);
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("image/png");
  g_autoptr (GstSample) png = NULL;
  g_autoptr (GError) error = NULL;
  GstMapInfo map;
  gboolean ok;

  if (picture)
    png = gst_video_convert_sample (picture, caps, PNG_SECONDS * GST_SECOND, &error);
  if (!png || !gst_buffer_map (gst_sample_get_buffer (png), &map, GST_MAP_READ))
    return FALSE;
  ok = map.size > 0 && g_file_set_contents (path, (const gchar *) map.data, map.size, NULL);
  gst_buffer_unmap (gst_sample_get_buffer (png), &map);
  return ok;
}

static gboolean
append_field (GQuark field, const GValue *value, gpointer user_data)
{
  g_autofree gchar *text = gst_value_serialize (value);

  g_string_append_printf (user_data, "%-28s %s\n", g_quark_to_string (field), text ? text : "-");
  return TRUE;
}

static void
append_stats (GString *text, const Side *side)
{
  g_autoptr (GstStructure) stats = NULL;

  if (!side->peer)
    return;
  g_object_get (side->peer, "stats", &stats, NULL);
  g_string_append_printf (text, "\n[%s]\n", side->name);
  gst_structure_foreach (stats, append_field, text);
}

static gchar *
delay_text (GArray *delays)
{
  if (delays->len == 0)
    return g_strdup ("unknown: no picture carried its time");
  return g_strdup_printf ("median %u ms, %u to %u ms, from the drawn picture to the decoded one",
      median_of (delays), g_array_index (delays, guint, 0),
      g_array_index (delays, guint, delays->len - 1));
}

static GString *
summary (App *app, const MeasureCounts *counts)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GArray) delays = measure_get_delays (app->measure, 0);
  g_autofree gchar *delay = delay_text (delays);

  if (app->publisher.peer) {
    g_autofree gchar *address = masked (app->options.publish);

    g_string_append_printf (text,
        "%-12s %" G_GUINT64_FORMAT " frames, %" G_GUINT64_FORMAT " bytes to %s\n", "Published",
        counts->sent_frames, counts->sent_bytes, address);
  }
  if (!app->player.peer)
    return text;
  g_string_append_printf (text,
      "%-12s %" G_GUINT64_FORMAT " frames, %.1f s of sound, %" G_GUINT64_FORMAT " bytes\n",
      "Arrived", counts->arrived_frames, (gdouble) counts->arrived_sound / GST_SECOND,
      counts->arrived_bytes);
  if (delays->len > 0)
    g_string_append_printf (text, "%-12s %" G_GUINT64_FORMAT " frames\n", "Missing",
        counts->missing_frames + counts->behind_frames);
  if (counts->first_frame)
    g_string_append_printf (text, "%-12s %" G_GINT64_FORMAT " ms after the player started\n",
        "First frame", (counts->first_frame - app->play_started) / 1000);
  g_string_append_printf (text, "%-12s %s\n", "Delay", delay);
  return text;
}

static void
check (App *app, const MeasureCounts *counts, gboolean picture_saved)
{
  if (app->failed)
    return;
  if (app->options.publish && counts->sent_bytes <= PUBLISHING_BYTES)
    fail (app, "nothing was published");
  if (!app->options.play)
    return;
  if (counts->arrived_frames == 0)
    fail (app, "no picture arrived");
  if (counts->arrived_sound == 0)
    fail (app, "no sound arrived");
  if (counts->arrived_frames > 0 && !picture_saved)
    fail (app, "the picture could not be saved");
  if (app->options.strict && counts->missing_frames + counts->behind_frames > 0)
    fail (app, "frames are missing");
  if (app->options.strict && counts->stamped_frames < counts->arrived_frames)
    fail (app, "pictures arrived without a readable time");
}

static void
finish (App *app)
{
  g_autofree gchar *picture = g_build_filename (app->options.output, "frame.png", NULL);
  g_autofree gchar *statistics = g_build_filename (app->options.output, "statistics.txt", NULL);
  g_autoptr (GString) text = NULL;
  MeasureCounts counts;
  gboolean saved;

  measure_get_counts (app->measure, &counts);
  text = summary (app, &counts);
  g_print ("\n%s", text->str);
  saved = save_picture (app, picture);
  if (saved)
    g_print ("%-12s %s\n", "Picture", picture);
  append_stats (text, &app->publisher);
  append_stats (text, &app->player);
  if (g_file_set_contents (statistics, text->str, (gssize) text->len, NULL))
    g_print ("%-12s %s\n", "Statistics", statistics);
  else
    fail (app, "%s could not be written", statistics);
  check (app, &counts, saved);
}

/* -- Call -- */

static gboolean
parse_options (Options *options, int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
    { "publish", 0, 0, G_OPTION_ARG_STRING, &options->publish, "publish here", "URL" },
    { "play", 0, 0, G_OPTION_ARG_STRING, &options->play, "play this", "URL" },
    { "seconds", 0, 0, G_OPTION_ARG_INT, &options->seconds, "how long", "N" },
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &options->output, "where results go", "DIR" },
    { "plugin-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->plugin_dir,
        "where the elements must come from", "DIR" },
    { "strict", 0, 0, G_OPTION_ARG_NONE, &options->strict, "every frame must arrive", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  options->seconds = DEFAULT_SECONDS;
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, argc, argv, &error))
    g_printerr ("quickstart: %s\n", error->message);
  else if (!options->publish && !options->play)
    g_printerr ("quickstart: neither --publish nor --play\n");
  else if (options->seconds < 1 || options->seconds > MAX_SECONDS)
    g_printerr ("quickstart: --seconds must be 1 to %d\n", MAX_SECONDS);
  else
    return TRUE;
  return FALSE;
}

static void
clear_options (Options *options)
{
  g_free (options->publish);
  g_free (options->play);
  g_free (options->output);
  g_free (options->plugin_dir);
}

int
main (int argc, char **argv)
{
  App app = { .publisher.name = "rtmp2sink", .player.name = "rtmp2src" };

  if (!parse_options (&app.options, &argc, &argv)) {
    clear_options (&app.options);
    return 2;
  }
  if (!app.options.output)
    app.options.output = g_get_current_dir ();
  if (g_mkdir_with_parents (app.options.output, 0755) != 0) {
    g_printerr ("quickstart: %s cannot be made\n", app.options.output);
    clear_options (&app.options);
    return 2;
  }
  app.loop = g_main_loop_new (NULL, FALSE);
  app.measure = measure_new ();
  run (&app);
  finish (&app);
  side_close (&app.player);
  side_close (&app.publisher);
  measure_free (app.measure);
  g_main_loop_unref (app.loop);
  clear_options (&app.options);
  return app.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
