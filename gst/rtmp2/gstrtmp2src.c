/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rtmp2src
 * @title: rtmp2src
 *
 * Plays an FLV stream from an RTMP server.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 rtmp2src location=rtmp://localhost/live/test ! decodebin ! videoconvert !
 *     autovideosink
 * ]| Shows a live stream.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstrtmp2src.h"

#include "core/rtmperror.h"
#include "core/rtmplimits.h"
#include "gstrtmp2endpoint.h"
#include "gstrtmp2flvoutput.h"

GST_DEBUG_CATEGORY_STATIC (gst_rtmp2_src_debug);
#define GST_CAT_DEFAULT gst_rtmp2_src_debug

enum {
  PROP_IDLE_TIMEOUT = GST_RTMP2_PROP_LAST,
  PROP_NO_EOF_IS_ERROR,
  PROP_IS_LIVE,
  PROP_MAX_SIZE_BYTES,
  PROP_MAX_SIZE_TIME,
};

#define DEFAULT_IDLE_TIMEOUT 0
#define DEFAULT_NO_EOF_IS_ERROR TRUE
#define DEFAULT_IS_LIVE TRUE
#define DEFAULT_MAX_SIZE_BYTES (32u * 1024 * 1024)
#define DEFAULT_MAX_SIZE_TIME (10 * GST_SECOND)

/* Set Buffer Length (peers.md, defaults: FFmpeg's). */
#define BUFFER_LENGTH_MS 3000
/* protocol.md 34: what flvdemux at least skips in order. */
#define CAPS_EX_MOD_EX 4u
/* Messages taken from the link at once. */
#define BATCH 64
/* Tags that may wait for the first coded frame, which the segment begins with. */
#define MAX_HELD 256

struct _GstRtmp2Src {
  GstPushSrc parent;

  GstRtmp2Endpoint *endpoint;

  /* Under the object lock. */
  guint idle_timeout;
  gboolean no_eof_is_error;
  gboolean is_live;
  guint64 max_size_bytes;
  guint64 max_size_time;

  /* The streaming thread's. */
  GstRtmp2FlvOutput output;
  gboolean has_segment;
  GArray *held;       /* RtmpQueueItem: until the segment is known */
  gboolean timestamp; /* the buffers get DTS */
  GPtrArray *buffers; /* GstBuffer: to be given out; the first n_given are gone */
  guint n_given;
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC,
    GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-flv"));

static void uri_handler_init (gpointer iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE (GstRtmp2Src, gst_rtmp2_src, GST_TYPE_PUSH_SRC,
    G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER, uri_handler_init));

static void
uri_handler_init (gpointer iface, gpointer data)
{
  (void) data;
  gst_rtmp2_endpoint_uri_handler_init (iface, FALSE);
}

/* -- What the endpoint asks -- */

static guint32
to_milliseconds (guint64 time)
{
  return (guint32) MIN (time / GST_MSECOND, G_MAXUINT32);
}

static void
configure (GstElement *element, RtmpLinkConfig *config)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (element);

  GST_OBJECT_LOCK (self);
  config->idle_timeout = self->idle_timeout * G_TIME_SPAN_SECOND;
  config->leaky = self->is_live;
  config->queue_bytes = self->max_size_bytes;
  config->queue_time = to_milliseconds (self->max_size_time);
  GST_OBJECT_UNLOCK (self);
  config->chunk_size = RTMP_DEFAULT_CHUNK_SIZE;
  config->caps_ex = CAPS_EX_MOD_EX;
  config->stop_commands = RTMP_STOP_DELETE_STREAM;
  config->buffer_ms = config->location->buffer_ms >= 0 ? (guint32) config->location->buffer_ms
                                                       : BUFFER_LENGTH_MS;
}

static const GstRtmp2EndpointClass endpoint_class = { FALSE, configure, NULL };

/* -- Properties -- */

static void
apply_queue_limits (RtmpLink *link, gpointer src)
{
  GstRtmp2Src *self = src;
  guint64 bytes, time;

  GST_OBJECT_LOCK (self);
  bytes = self->max_size_bytes;
  time = self->max_size_time;
  GST_OBJECT_UNLOCK (self);
  rtmp_link_set_queue_limits (link, bytes, to_milliseconds (time));
}

static void
set_is_live (GstRtmp2Src *self, gboolean is_live)
{
  gboolean running;

  GST_OBJECT_LOCK (self);
  running = GST_STATE (self) > GST_STATE_READY;
  if (!running)
    self->is_live = is_live;
  GST_OBJECT_UNLOCK (self);
  if (running)
    GST_WARNING_OBJECT (self, "is-live can only be set in NULL or READY");
  else
    gst_base_src_set_live (GST_BASE_SRC (self), is_live);
}

static void
set_own_property (GstRtmp2Src *self, guint id, const GValue *value, GParamSpec *pspec)
{
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_IDLE_TIMEOUT:
      self->idle_timeout = g_value_get_uint (value);
      break;
    case PROP_NO_EOF_IS_ERROR:
      self->no_eof_is_error = g_value_get_boolean (value);
      break;
    case PROP_MAX_SIZE_BYTES:
      self->max_size_bytes = g_value_get_uint (value);
      break;
    case PROP_MAX_SIZE_TIME:
      self->max_size_time = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (self, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
  if (id == PROP_MAX_SIZE_BYTES || id == PROP_MAX_SIZE_TIME)
    gst_rtmp2_endpoint_with_link (self->endpoint, apply_queue_limits, self);
}

static void
gst_rtmp2_src_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (object);

  if (gst_rtmp2_endpoint_set_property (self->endpoint, id, value))
    return;
  if (id == PROP_IS_LIVE)
    set_is_live (self, g_value_get_boolean (value));
  else
    set_own_property (self, id, value, pspec);
}

static void
gst_rtmp2_src_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (object);

  if (gst_rtmp2_endpoint_get_property (self->endpoint, id, value))
    return;
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_IDLE_TIMEOUT:
      g_value_set_uint (value, self->idle_timeout);
      break;
    case PROP_NO_EOF_IS_ERROR:
      g_value_set_boolean (value, self->no_eof_is_error);
      break;
    case PROP_IS_LIVE:
      g_value_set_boolean (value, self->is_live);
      break;
    case PROP_MAX_SIZE_BYTES:
      g_value_set_uint (value, (guint) self->max_size_bytes);
      break;
    case PROP_MAX_SIZE_TIME:
      g_value_set_uint64 (value, self->max_size_time);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* -- Segment and buffers -- */

static void
clear_held (GstRtmp2Src *self)
{
  guint i;

  for (i = 0; i < self->held->len; i++)
    rtmp_message_unref (g_array_index (self->held, RtmpQueueItem, i).message);
  g_array_set_size (self->held, 0);
}

static guint
count_buffers (const GstRtmp2Src *self)
{
  return self->buffers->len - self->n_given;
}

/* (transfer full): the next, of which there is one */
static GstBuffer *
take_buffer (GstRtmp2Src *self)
{
  GstBuffer *buffer = self->buffers->pdata[self->n_given++];

  if (self->n_given == self->buffers->len) {
    g_ptr_array_set_size (self->buffers, 0);
    self->n_given = 0;
  }
  return buffer;
}

static void
clear_output (GstRtmp2Src *self)
{
  clear_held (self);
  while (count_buffers (self) > 0)
    gst_buffer_unref (take_buffer (self));
}

/* A live stream may have run for hours, and its first frame is due when it arrives: its time
 * maps to the present running time. */
static void
begin_segment (GstRtmp2Src *self, guint64 start)
{
  GstSegment segment;

  self->has_segment = TRUE;
  if (gst_base_src_get_do_timestamp (GST_BASE_SRC (self)))
    return;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = start;
  if (gst_base_src_is_live (GST_BASE_SRC (self))) {
    GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));

    segment.base = GST_CLOCK_TIME_IS_VALID (now) ? now : 0;
  }
  GST_DEBUG_OBJECT (self, "Stream begins: %" GST_SEGMENT_FORMAT, &segment);
  gst_base_src_new_segment (GST_BASE_SRC (self), &segment);
}

static void
write_item (GstRtmp2Src *self, RtmpQueueItem *item)
{
  gst_rtmp2_flv_output_write (&self->output, item, self->buffers, self->timestamp);
}

static void
release_held (GstRtmp2Src *self)
{
  guint i;

  for (i = 0; i < self->held->len; i++)
    write_item (self, &g_array_index (self->held, RtmpQueueItem, i));
  g_array_set_size (self->held, 0);
}

/* @item: item->message: (transfer full). Servers send configuration with timestamp 0, so what
 * comes ahead of the first coded frame waits for it. */
static void
take_item (GstRtmp2Src *self, RtmpQueueItem *item)
{
  gboolean is_coded = gst_rtmp2_flv_output_is_coded (item);

  if (!self->has_segment && !is_coded && self->held->len < MAX_HELD) {
    g_array_append_val (self->held, *item);
    return;
  }
  if (!self->has_segment) {
    GstRtmp2FlvOutput *output = &self->output;
    gint64 time = is_coded ? item->message->timestamp : 0;

    if (is_coded && output->has_time)
      time = output->time + (gint32) (item->message->timestamp - output->last_timestamp);
    begin_segment (self, (guint64) MAX (time, 0) * GST_MSECOND);
    release_held (self);
  }
  write_item (self, item);
}

/* -- Creating -- */

static void
restart (GstRtmp2Src *self)
{
  GST_DEBUG_OBJECT (self, "Beginning again at a key frame");
  clear_output (self);
  self->has_segment = FALSE;
}

static GstFlowReturn
handle_error (GstRtmp2Src *self, RtmpLink *link, const GError *error)
{
  gboolean no_eof_is_error;

  GST_OBJECT_LOCK (self);
  no_eof_is_error = self->no_eof_is_error;
  GST_OBJECT_UNLOCK (self);
  if (!no_eof_is_error && rtmp_link_was_ready (link)
      && g_error_matches (error, RTMP_ERROR, RTMP_ERROR_CLOSED)) {
    GST_INFO_OBJECT (self, "%s: end of stream", error->message);
    return GST_FLOW_EOS;
  }
  gst_rtmp2_endpoint_post_error (self->endpoint, error);
  return GST_FLOW_ERROR;
}

static GstFlowReturn
receive (GstRtmp2Src *self)
{
  RtmpLink *link = gst_rtmp2_endpoint_get_link (self->endpoint);
  RtmpQueueItem items[BATCH];
  g_autoptr (GError) error = NULL;
  RtmpLinkResult result;
  guint n, i;

  result = rtmp_link_receive (link, items, BATCH, &n, &error);
  self->timestamp = !gst_base_src_get_do_timestamp (GST_BASE_SRC (self));
  for (i = 0; i < n; i++)
    take_item (self, &items[i]);
  if (result == RTMP_LINK_EOS || result == RTMP_LINK_ERROR) {
    release_held (self);
    if (count_buffers (self) > 0)
      return GST_FLOW_OK;
  }
  switch (result) {
    case RTMP_LINK_OK:
    case RTMP_LINK_RESYNCED:
      return GST_FLOW_OK;
    case RTMP_LINK_EOS:
      return GST_FLOW_EOS;
    case RTMP_LINK_ERROR:
      return handle_error (self, link, error);
    default:
      return GST_FLOW_FLUSHING;
  }
}

static gboolean
is_paused (GstBaseSrc *base)
{
  gboolean paused;

  g_mutex_lock (&base->live_lock);
  paused = base->is_live && !base->live_running;
  g_mutex_unlock (&base->live_lock);
  return paused;
}

/* GstBaseSrc that is stopped in PAUSED releases the buffer that create() returned, even where it
 * submitted a list and returned none. */
static gboolean
wants_single_buffers (GstRtmp2Src *self)
{
  GstBaseSrc *base = GST_BASE_SRC (self);

  return base->num_buffers >= 0 || gst_base_src_get_do_timestamp (base) || is_paused (base);
}

static void
give_out_list (GstRtmp2Src *self)
{
  GstBufferList *list = gst_buffer_list_new_sized (count_buffers (self));

  while (count_buffers (self) > 0)
    gst_buffer_list_add (list, take_buffer (self));
  gst_base_src_submit_buffer_list (GST_BASE_SRC (self), list);
}

static GstFlowReturn
gst_rtmp2_src_create (GstPushSrc *src, GstBuffer **buffer)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (src);

  for (;;) {
    GstFlowReturn flow;

    if (rtmp_link_take_resynced (gst_rtmp2_endpoint_get_link (self->endpoint)))
      restart (self);
    if (count_buffers (self) > 0)
      break;
    flow = receive (self);
    if (flow != GST_FLOW_OK)
      return flow;
  }
  if (wants_single_buffers (self) || count_buffers (self) == 1)
    *buffer = take_buffer (self);
  else
    give_out_list (self);
  return GST_FLOW_OK;
}

/* -- Events, queries, state -- */

static gboolean
gst_rtmp2_src_start (GstBaseSrc *src)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (src);

  gst_rtmp2_flv_output_init (&self->output);
  self->has_segment = FALSE;
  return gst_rtmp2_endpoint_start (self->endpoint);
}

static gboolean
gst_rtmp2_src_stop (GstBaseSrc *src)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (src);

  gst_rtmp2_endpoint_stop (self->endpoint);
  clear_output (self);
  return TRUE;
}

static gboolean
gst_rtmp2_src_unlock (GstBaseSrc *src)
{
  gst_rtmp2_endpoint_set_flushing (GST_RTMP2_SRC (src)->endpoint, TRUE);
  return TRUE;
}

static gboolean
gst_rtmp2_src_unlock_stop (GstBaseSrc *src)
{
  gst_rtmp2_endpoint_set_flushing (GST_RTMP2_SRC (src)->endpoint, FALSE);
  return TRUE;
}

static gboolean
gst_rtmp2_src_is_seekable (GstBaseSrc *src)
{
  (void) src;
  return FALSE;
}

static gboolean
gst_rtmp2_src_query (GstBaseSrc *src, GstQuery *query)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (src);
  guint64 max;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY || !gst_base_src_is_live (src))
    return GST_BASE_SRC_CLASS (gst_rtmp2_src_parent_class)->query (src, query);
  GST_OBJECT_LOCK (self);
  max = self->max_size_time > 0 ? self->max_size_time : GST_CLOCK_TIME_NONE;
  GST_OBJECT_UNLOCK (self);
  gst_query_set_latency (query, TRUE, 0, max);
  return TRUE;
}

/* A create() that waits goes on waiting in PAUSED, and must not take what arrives then. */
static void
pause_link (RtmpLink *link, gpointer data)
{
  (void) data;
  rtmp_link_set_paused (link, TRUE);
}

static void
resume_link (RtmpLink *link, gpointer data)
{
  (void) data;
  rtmp_link_set_paused (link, FALSE);
}

static void
flush_link (RtmpLink *link, gpointer data)
{
  gboolean *playing = data;

  rtmp_link_set_paused (link, TRUE);
  if (*playing)
    rtmp_link_set_paused (link, FALSE);
}

/* A flush begins running time anew, so the stream's time must be mapped to it anew. */
static gboolean
gst_rtmp2_src_send_event (GstElement *element, GstEvent *event)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (element);
  gboolean playing = GST_STATE (element) == GST_STATE_PLAYING;

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP && gst_base_src_is_live (GST_BASE_SRC (self)))
    gst_rtmp2_endpoint_with_link (self->endpoint, flush_link, &playing);
  return GST_ELEMENT_CLASS (gst_rtmp2_src_parent_class)->send_event (element, event);
}

static GstStateChangeReturn
gst_rtmp2_src_change_state (GstElement *element, GstStateChange transition)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (element);
  gboolean is_live = gst_base_src_is_live (GST_BASE_SRC (self));
  GstStateChangeReturn result;

  if (is_live && transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    gst_rtmp2_endpoint_with_link (self->endpoint, pause_link, NULL);
  result = GST_ELEMENT_CLASS (gst_rtmp2_src_parent_class)->change_state (element, transition);
  if (is_live && transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    gst_rtmp2_endpoint_with_link (self->endpoint, resume_link, NULL);
  return result;
}

/* -- Type -- */

static void
gst_rtmp2_src_init (GstRtmp2Src *self)
{
  self->idle_timeout = DEFAULT_IDLE_TIMEOUT;
  self->no_eof_is_error = DEFAULT_NO_EOF_IS_ERROR;
  self->is_live = DEFAULT_IS_LIVE;
  self->max_size_bytes = DEFAULT_MAX_SIZE_BYTES;
  self->max_size_time = DEFAULT_MAX_SIZE_TIME;
  self->held = g_array_new (FALSE, FALSE, sizeof (RtmpQueueItem));
  self->buffers = g_ptr_array_new ();
  self->endpoint = gst_rtmp2_endpoint_new (GST_ELEMENT (self), &endpoint_class);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_base_src_set_live (GST_BASE_SRC (self), DEFAULT_IS_LIVE);
}

static void
gst_rtmp2_src_finalize (GObject *object)
{
  GstRtmp2Src *self = GST_RTMP2_SRC (object);

  gst_rtmp2_endpoint_free (self->endpoint);
  clear_output (self);
  g_array_unref (self->held);
  g_ptr_array_unref (self->buffers);
  G_OBJECT_CLASS (gst_rtmp2_src_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, PROP_IDLE_TIMEOUT,
      g_param_spec_uint ("idle-timeout", "Idle timeout",
          "Seconds without media, after which playing fails (0 = never)", 0, G_MAXUINT,
          DEFAULT_IDLE_TIMEOUT, flags));
  /**
   * GstRtmp2Src:no-eof-is-error:
   *
   * Whether a connection that the server closes without ending the stream first is a loss, and an
   * error, rather than the stream's end.
   *
   * Since: 1.24
   */
  g_object_class_install_property (klass, PROP_NO_EOF_IS_ERROR,
      g_param_spec_boolean ("no-eof-is-error", "No EOF is error",
          "A connection closed without the stream's end is an error, otherwise end of stream",
          DEFAULT_NO_EOF_IS_ERROR, flags));
  /**
   * GstRtmp2Src:is-live:
   *
   * Whether the stream is live: no preroll, no backpressure, a full receive queue drops groups of
   * pictures. FALSE is for recorded streams.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_IS_LIVE,
      g_param_spec_boolean ("is-live", "Is live",
          "The stream is live; FALSE for recorded ones (prerolls, drops nothing)", DEFAULT_IS_LIVE,
          flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstRtmp2Src:max-size-bytes:
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_MAX_SIZE_BYTES,
      g_param_spec_uint ("max-size-bytes", "Max. size (bytes)",
          "Bound of the receive queue in bytes (0 = none)", 0, G_MAXUINT, DEFAULT_MAX_SIZE_BYTES,
          flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstRtmp2Src:max-size-time:
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_MAX_SIZE_TIME,
      g_param_spec_uint64 ("max-size-time", "Max. size (time)",
          "Bound of the receive queue in nanoseconds of media (0 = none)", 0, G_MAXUINT64,
          DEFAULT_MAX_SIZE_TIME, flags | GST_PARAM_MUTABLE_PLAYING));
}

static void
gst_rtmp2_src_class_init (GstRtmp2SrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_rtmp2_src_debug, "rtmp2src", 0, "RTMP source");

  object_class->set_property = gst_rtmp2_src_set_property;
  object_class->get_property = gst_rtmp2_src_get_property;
  object_class->finalize = gst_rtmp2_src_finalize;
  element_class->change_state = gst_rtmp2_src_change_state;
  element_class->send_event = gst_rtmp2_src_send_event;
  src_class->start = gst_rtmp2_src_start;
  src_class->stop = gst_rtmp2_src_stop;
  src_class->unlock = gst_rtmp2_src_unlock;
  src_class->unlock_stop = gst_rtmp2_src_unlock_stop;
  src_class->is_seekable = gst_rtmp2_src_is_seekable;
  src_class->query = gst_rtmp2_src_query;
  GST_PUSH_SRC_CLASS (klass)->create = gst_rtmp2_src_create;

  gst_rtmp2_endpoint_class_init (object_class, FALSE);
  install_properties (object_class);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "RTMP source", "Source/Network",
      "Plays FLV streams from RTMP servers", "The gst-rtmp2 developers");
}
