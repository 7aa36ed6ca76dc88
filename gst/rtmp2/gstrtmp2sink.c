/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rtmp2sink
 * @title: rtmp2sink
 *
 * Publishes an FLV stream to an RTMP server.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -e videotestsrc is-live=true ! x264enc tune=zerolatency ! flvmux name=mux
 *     streamable=true ! rtmp2sink location=rtmp://localhost/live/test
 * ]| Publishes a test picture.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstrtmp2sink.h"

#include "core/rtmperror.h"
#include "core/rtmplimits.h"
#include "gstrtmp2endpoint.h"
#include "gstrtmp2enums.h"
#include "gstrtmp2flvinput.h"
#include "gstrtmp2headers.h"

GST_DEBUG_CATEGORY_STATIC (gst_rtmp2_sink_debug);
#define GST_CAT_DEFAULT gst_rtmp2_sink_debug

enum {
  PROP_PEAK_KBPS = GST_RTMP2_PROP_LAST,
  PROP_CHUNK_SIZE,
  PROP_STOP_COMMANDS,
};

#define DEFAULT_PEAK_KBPS 0
#define DEFAULT_CHUNK_SIZE 65536
#define DEFAULT_STOP_COMMANDS (RTMP_STOP_FCUNPUBLISH | RTMP_STOP_DELETE_STREAM)

/* protocol.md 32: what a publisher passes through. */
#define CAPS_EX_MULTITRACK 2u
#define CAPS_EX_MOD_EX 4u

struct _GstRtmp2Sink {
  GstBaseSink parent;

  GstRtmp2Endpoint *endpoint;

  /* Under the object lock. */
  guint peak_kbps;
  guint chunk_size;
  RtmpStopCommands stop_commands;

  /* The streaming thread's. */
  GstRtmp2FlvInput *input;
  GstRtmp2Headers *headers;
  GPtrArray *messages; /* RtmpMessage, those of one render call */
  gboolean ready;
  gboolean draining; /* nothing more can be sent over the link */
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK,
    GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-flv"));

static void uri_handler_init (gpointer iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE (GstRtmp2Sink, gst_rtmp2_sink, GST_TYPE_BASE_SINK,
    G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER, uri_handler_init));

static void
uri_handler_init (gpointer iface, gpointer data)
{
  (void) data;
  gst_rtmp2_endpoint_uri_handler_init (iface, TRUE);
}

/* -- What the endpoint asks -- */

static guint64
pacing_of (guint peak_kbps)
{
  return (guint64) peak_kbps * 1000;
}

static void
configure (GstElement *element, RtmpLinkConfig *config)
{
  GstRtmp2Sink *self = GST_RTMP2_SINK (element);

  GST_OBJECT_LOCK (self);
  config->chunk_size = self->chunk_size;
  config->stop_commands = self->stop_commands;
  config->pacing = pacing_of (self->peak_kbps);
  GST_OBJECT_UNLOCK (self);
  config->caps_ex = CAPS_EX_MULTITRACK | CAPS_EX_MOD_EX;
}

static void
add_stats (GstElement *element, GstStructure *stats)
{
  g_autoptr (GstStructure) base = gst_base_sink_get_stats (GST_BASE_SINK (element));
  guint64 rendered = 0, dropped = 0;

  gst_structure_get (base, "rendered", G_TYPE_UINT64, &rendered, "dropped", G_TYPE_UINT64, &dropped,
      NULL);
  gst_structure_set (stats, "rendered", G_TYPE_UINT64, rendered, "dropped", G_TYPE_UINT64, dropped,
      NULL);
}

static const GstRtmp2EndpointClass endpoint_class = { TRUE, configure, add_stats };

/* -- Properties -- */

static void
apply_chunk_size (RtmpLink *link, gpointer chunk_size)
{
  rtmp_link_set_chunk_size (link, GPOINTER_TO_UINT (chunk_size));
}

static void
apply_peak_kbps (RtmpLink *link, gpointer peak_kbps)
{
  rtmp_link_set_pacing (link, pacing_of (GPOINTER_TO_UINT (peak_kbps)));
}

static void
set_own_property (GstRtmp2Sink *self, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id) {
    case PROP_PEAK_KBPS:
      GST_OBJECT_LOCK (self);
      self->peak_kbps = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      gst_rtmp2_endpoint_with_link (self->endpoint, apply_peak_kbps,
          GUINT_TO_POINTER (g_value_get_uint (value)));
      break;
    case PROP_CHUNK_SIZE:
      GST_OBJECT_LOCK (self);
      self->chunk_size = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      gst_rtmp2_endpoint_with_link (self->endpoint, apply_chunk_size,
          GUINT_TO_POINTER (g_value_get_uint (value)));
      break;
    case PROP_STOP_COMMANDS:
      GST_OBJECT_LOCK (self);
      self->stop_commands = (RtmpStopCommands) g_value_get_flags (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (self, id, pspec);
      break;
  }
}

static void
gst_rtmp2_sink_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRtmp2Sink *self = GST_RTMP2_SINK (object);

  if (!gst_rtmp2_endpoint_set_property (self->endpoint, id, value))
    set_own_property (self, id, value, pspec);
}

static void
gst_rtmp2_sink_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRtmp2Sink *self = GST_RTMP2_SINK (object);

  if (gst_rtmp2_endpoint_get_property (self->endpoint, id, value))
    return;
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_PEAK_KBPS:
      g_value_set_uint (value, self->peak_kbps);
      break;
    case PROP_CHUNK_SIZE:
      g_value_set_uint (value, self->chunk_size);
      break;
    case PROP_STOP_COMMANDS:
      g_value_set_flags (value, self->stop_commands);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* -- Errors and interruptions -- */

/* The preroll lock is not held while this thread waits: a change of state that has interrupted it
 * before may want it at any time. With have_preroll the change need not wait for another buffer.
 * Both of unlock and unlock_stop interrupt, and only this, with the lock held, ends that: so no
 * interruption gets lost. */
static void
begin_wait (GstRtmp2Sink *self)
{
  gst_rtmp2_endpoint_set_flushing (self->endpoint, FALSE);
  GST_BASE_SINK (self)->have_preroll = TRUE;
  GST_BASE_SINK_PREROLL_UNLOCK (self);
}

static void
end_wait (GstRtmp2Sink *self)
{
  GST_BASE_SINK_PREROLL_LOCK (self);
  GST_BASE_SINK (self)->have_preroll = FALSE;
}

static GstFlowReturn
fail (GstRtmp2Sink *self)
{
  if (GST_BASE_SINK (self)->flushing)
    return GST_FLOW_FLUSHING;
  begin_wait (self);
  gst_rtmp2_endpoint_wait_error (self->endpoint);
  end_wait (self);
  return GST_FLOW_ERROR;
}

static gboolean
is_to_play (GstBaseSink *sink)
{
  gboolean play;

  GST_OBJECT_LOCK (sink);
  play = GST_STATE_TARGET (sink) == GST_STATE_PLAYING;
  GST_OBJECT_UNLOCK (sink);
  return play;
}

/* In PAUSED until PLAYING. Once is not enough: PAUSED may follow before this thread wakes up. */
static GstFlowReturn
wait_playing (GstBaseSink *sink)
{
  GstFlowReturn flow = sink->flushing ? GST_FLOW_FLUSHING : GST_FLOW_OK;

  while (flow == GST_FLOW_OK && !is_to_play (sink))
    flow = gst_base_sink_wait_preroll (sink);
  return flow;
}

static GstFlowReturn
wait_for (GstRtmp2Sink *self, RtmpLinkResult (*wait) (RtmpLink *link, GError **error))
{
  RtmpLink *link = gst_rtmp2_endpoint_get_link (self->endpoint);
  GstFlowReturn flow = wait_playing (GST_BASE_SINK (self));
  RtmpLinkResult result = RTMP_LINK_FLUSHING;

  while (flow == GST_FLOW_OK && result == RTMP_LINK_FLUSHING) {
    g_autoptr (GError) error = NULL;

    begin_wait (self);
    result = wait (link, &error);
    end_wait (self);
    if (result == RTMP_LINK_ERROR)
      return fail (self);
    flow = wait_playing (GST_BASE_SINK (self));
  }
  return flow == GST_FLOW_OK && result == RTMP_LINK_EOS ? GST_FLOW_EOS : flow;
}

/* -- Rendering -- */

static void
drop_messages (GstRtmp2Sink *self)
{
  guint i;

  for (i = 0; i < self->messages->len; i++)
    rtmp_message_unref (self->messages->pdata[i]);
  g_ptr_array_set_size (self->messages, 0);
}

/* Leaves out what repeats a header that was sent, among the messages from @first on. */
static void
filter_headers (GstRtmp2Sink *self, guint first, gboolean is_header)
{
  guint kept = first;
  guint i;

  for (i = first; i < self->messages->len; i++) {
    RtmpMessage *message = self->messages->pdata[i];

    if (gst_rtmp2_headers_note (self->headers, message, is_header))
      self->messages->pdata[kept++] = message;
    else
      rtmp_message_unref (message);
  }
  g_ptr_array_set_size (self->messages, (gint) kept);
}

/* A PreviousTagSize that has not come yet is not waited for either. */
static void
begin_anew (GstRtmp2Sink *self)
{
  if (gst_rtmp2_flv_input_get_pending (self->input) > 0)
    GST_WARNING_OBJECT (self, "Discontinuity within an FLV tag: its beginning is dropped");
  gst_rtmp2_flv_input_reset (self->input);
}

static gboolean
parse_buffer (GstRtmp2Sink *self, GstBuffer *buffer, GError **error)
{
  guint first = self->messages->len;
  gboolean ok;

  if (GST_BUFFER_IS_DISCONT (buffer))
    begin_anew (self);
  ok = gst_rtmp2_flv_input_push (self->input, buffer, self->messages, error);
  filter_headers (self, first, GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_HEADER));
  return ok;
}

/* What came before a fault in the FLV is sent all the same. */
static GstFlowReturn
send_messages (GstRtmp2Sink *self)
{
  RtmpLink *link = gst_rtmp2_endpoint_get_link (self->endpoint);
  g_autoptr (GError) error = NULL;
  RtmpLinkResult result;
  GstFlowReturn flow;

  if (self->messages->len == 0)
    return GST_FLOW_OK;
  if (!self->ready && (flow = wait_for (self, rtmp_link_wait_ready)) != GST_FLOW_OK) {
    drop_messages (self);
    gst_rtmp2_headers_begin_anew (self->headers);
    return flow;
  }
  self->ready = TRUE;
  result = rtmp_link_send (link, (RtmpMessage **) self->messages->pdata, self->messages->len,
      &error);
  g_ptr_array_set_size (self->messages, 0);
  if (result == RTMP_LINK_ERROR)
    return fail (self);
  return rtmp_link_is_congested (link) ? wait_for (self, rtmp_link_wait_sent) : GST_FLOW_OK;
}

static GstFlowReturn
finish_render (GstRtmp2Sink *self, const GError *syntax_error)
{
  GstFlowReturn flow = send_messages (self);

  if (flow != GST_FLOW_OK || !syntax_error)
    return flow;
  GST_ELEMENT_ERROR (self, STREAM, DEMUX, ("This is not FLV: %s", syntax_error->message), (NULL));
  return GST_FLOW_ERROR;
}

static GstFlowReturn
gst_rtmp2_sink_render (GstBaseSink *sink, GstBuffer *buffer)
{
  GstRtmp2Sink *self = GST_RTMP2_SINK (sink);
  g_autoptr (GError) error = NULL;

  gst_rtmp2_headers_take_pending (self->headers, self->messages);
  parse_buffer (self, buffer, &error);
  return finish_render (self, error);
}

static GstFlowReturn
gst_rtmp2_sink_render_list (GstBaseSink *sink, GstBufferList *list)
{
  GstRtmp2Sink *self = GST_RTMP2_SINK (sink);
  g_autoptr (GError) error = NULL;
  guint n = gst_buffer_list_length (list);
  guint i;

  gst_rtmp2_headers_take_pending (self->headers, self->messages);
  for (i = 0; i < n && parse_buffer (self, gst_buffer_list_get (list, i), &error); i++)
    ;
  return finish_render (self, error);
}

/* -- Caps, events, state -- */

static gboolean
parse_streamheader (GstRtmp2Sink *self, const GValue *array)
{
  g_autoptr (GPtrArray) messages =
      g_ptr_array_new_with_free_func ((GDestroyNotify) rtmp_message_unref);
  GstRtmp2FlvInput *input = gst_rtmp2_flv_input_new ();
  g_autoptr (GError) error = NULL;
  guint n = gst_value_array_get_size (array);
  guint i;

  for (i = 0; i < n && !error; i++) {
    const GValue *value = gst_value_array_get_value (array, i);

    if (GST_VALUE_HOLDS_BUFFER (value))
      gst_rtmp2_flv_input_push (input, gst_value_get_buffer (value), messages, &error);
  }
  gst_rtmp2_flv_input_free (input);
  if (error) {
    GST_ERROR_OBJECT (self, "The caps' streamheader is not FLV: %s", error->message);
    return FALSE;
  }
  gst_rtmp2_headers_set_streamheader (self->headers, g_steal_pointer (&messages));
  return TRUE;
}

static gboolean
gst_rtmp2_sink_set_caps (GstBaseSink *sink, GstCaps *caps)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  const GValue *streamheader = gst_structure_get_value (structure, "streamheader");

  if (!streamheader || !GST_VALUE_HOLDS_ARRAY (streamheader)) {
    gst_rtmp2_headers_set_streamheader (GST_RTMP2_SINK (sink)->headers, NULL);
    return TRUE;
  }
  return parse_streamheader (GST_RTMP2_SINK (sink), streamheader);
}

/* The stream was at its end, or coming to it: what follows is a publication of its own. */
static gboolean
begin_behind_flush (GstRtmp2Sink *self)
{
  gst_rtmp2_flv_input_reset (self->input);
  if (!self->draining)
    return TRUE;
  gst_rtmp2_endpoint_stop (self->endpoint);
  gst_rtmp2_headers_begin_anew (self->headers);
  self->draining = self->ready = FALSE;
  return gst_rtmp2_endpoint_start (self->endpoint);
}

static gboolean
gst_rtmp2_sink_event (GstBaseSink *sink, GstEvent *event)
{
  GstRtmp2Sink *self = GST_RTMP2_SINK (sink);

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP && !begin_behind_flush (self)) {
    gst_event_unref (event);
    return FALSE;
  }
  return GST_BASE_SINK_CLASS (gst_rtmp2_sink_parent_class)->event (sink, event);
}

/* EOS is posted when this returns: everything has left by then. */
static GstFlowReturn
gst_rtmp2_sink_wait_event (GstBaseSink *sink, GstEvent *event)
{
  GstRtmp2Sink *self = GST_RTMP2_SINK (sink);
  GstFlowReturn flow = GST_BASE_SINK_CLASS (gst_rtmp2_sink_parent_class)->wait_event (sink, event);

  if (flow != GST_FLOW_OK || GST_EVENT_TYPE (event) != GST_EVENT_EOS
      || !gst_rtmp2_endpoint_is_started (self->endpoint))
    return flow;
  if (gst_rtmp2_flv_input_get_pending (self->input) > 0)
    GST_WARNING_OBJECT (self, "The stream ends within an FLV tag");
  self->draining = TRUE;
  return wait_for (self, rtmp_link_drain);
}

static void
end (GstRtmp2Sink *self)
{
  gst_rtmp2_endpoint_stop (self->endpoint);
  drop_messages (self);
  gst_rtmp2_flv_input_reset (self->input);
  gst_rtmp2_headers_reset (self->headers);
}

/* Not GstBaseSink's start and stop: those are for READY, and a sink that comes back from READY,
 * after the stream's end or an error, is to begin anew. */
static GstStateChangeReturn
gst_rtmp2_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstRtmp2Sink *self = GST_RTMP2_SINK (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    self->draining = self->ready = FALSE;
    if (!gst_rtmp2_endpoint_start (self->endpoint))
      return GST_STATE_CHANGE_FAILURE;
  }
  result = GST_ELEMENT_CLASS (gst_rtmp2_sink_parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    end (self);
  return result;
}

static gboolean
gst_rtmp2_sink_unlock (GstBaseSink *sink)
{
  gst_rtmp2_endpoint_set_flushing (GST_RTMP2_SINK (sink)->endpoint, TRUE);
  return TRUE;
}

static gboolean
gst_rtmp2_sink_unlock_stop (GstBaseSink *sink)
{
  gst_rtmp2_endpoint_set_flushing (GST_RTMP2_SINK (sink)->endpoint, TRUE);
  return TRUE;
}

/* -- Type -- */

static void
gst_rtmp2_sink_init (GstRtmp2Sink *self)
{
  self->peak_kbps = DEFAULT_PEAK_KBPS;
  self->chunk_size = DEFAULT_CHUNK_SIZE;
  self->stop_commands = DEFAULT_STOP_COMMANDS;
  self->endpoint = gst_rtmp2_endpoint_new (GST_ELEMENT (self), &endpoint_class);
  self->input = gst_rtmp2_flv_input_new ();
  self->headers = gst_rtmp2_headers_new ();
  self->messages = g_ptr_array_new ();
}

static void
gst_rtmp2_sink_finalize (GObject *object)
{
  GstRtmp2Sink *self = GST_RTMP2_SINK (object);

  gst_rtmp2_endpoint_free (self->endpoint);
  gst_rtmp2_flv_input_free (self->input);
  gst_rtmp2_headers_free (self->headers);
  drop_messages (self);
  g_ptr_array_unref (self->messages);
  G_OBJECT_CLASS (gst_rtmp2_sink_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, PROP_PEAK_KBPS,
      g_param_spec_uint ("peak-kbps", "Peak bitrate",
          "Bitrate in kbit/s that the output is paced to (0 = unlimited)", 0, G_MAXINT / 125,
          DEFAULT_PEAK_KBPS, flags | GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (klass, PROP_CHUNK_SIZE,
      g_param_spec_uint ("chunk-size", "Chunk size", "Size in bytes that messages are cut into", 1,
          RTMP_MAX_CHUNK_SIZE, DEFAULT_CHUNK_SIZE, flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstRtmp2Sink:stop-commands:
   *
   * Which commands are sent when the stream ends, before the connection is closed.
   *
   * Since: 1.20
   */
  g_object_class_install_property (klass, PROP_STOP_COMMANDS,
      g_param_spec_flags ("stop-commands", "Stop commands",
          "Commands sent at the stream's end, before the connection is closed",
          GST_TYPE_RTMP_STOP_COMMANDS, DEFAULT_STOP_COMMANDS, flags));
}

static void
gst_rtmp2_sink_class_init (GstRtmp2SinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_rtmp2_sink_debug, "rtmp2sink", 0, "RTMP sink");

  object_class->set_property = gst_rtmp2_sink_set_property;
  object_class->get_property = gst_rtmp2_sink_get_property;
  object_class->finalize = gst_rtmp2_sink_finalize;
  element_class->change_state = gst_rtmp2_sink_change_state;
  sink_class->unlock = gst_rtmp2_sink_unlock;
  sink_class->unlock_stop = gst_rtmp2_sink_unlock_stop;
  sink_class->set_caps = gst_rtmp2_sink_set_caps;
  sink_class->event = gst_rtmp2_sink_event;
  sink_class->wait_event = gst_rtmp2_sink_wait_event;
  sink_class->render = gst_rtmp2_sink_render;
  sink_class->render_list = gst_rtmp2_sink_render_list;

  gst_rtmp2_endpoint_class_init (object_class, TRUE);
  install_properties (object_class);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "RTMP sink", "Sink/Network",
      "Publishes FLV streams to RTMP servers", "The gst-rtmp2 developers");
  gst_type_mark_as_plugin_api (GST_TYPE_RTMP_SCHEME, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_RTMP_AUTHMOD, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_RTMP_FAST_START, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_RTMP_STOP_COMMANDS, 0);
}
