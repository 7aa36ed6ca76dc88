/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Protocol and user control messages, and the bookkeeping of acknowledgements behind them.
 * Input: (type1 size1 payload) times any number
 */
#include "core/rtmpcontrol.h"

#include "fuzz.h"

static void
apply (RtmpWindow *window, const RtmpControl *control)
{
  const guint64 acked = window->out_acked;
  guint32 value;

  window->out_bytes += 1000;
  switch (control->type) {
    case RTMP_MESSAGE_ACK:
      rtmp_window_acked (window, control->value);
      break;
    case RTMP_MESSAGE_WINDOW_ACK_SIZE:
      window->in_window = control->value;
      break;
    case RTMP_MESSAGE_SET_PEER_BANDWIDTH:
      if (rtmp_window_set_peer_bandwidth (window, control->value, control->limit_type, &value))
        g_assert_cmpuint (value, >, 0);
      break;
    default:
      if (rtmp_window_received (window, control->value, &value))
        g_assert_cmpuint (value, ==, (guint32) window->in_bytes);
      break;
  }
  g_assert_cmpuint (window->out_acked, >=, acked);
  g_assert_cmpuint (window->out_acked, <=, window->out_bytes);
  g_assert_cmpuint (window->in_acked, <=, window->in_bytes);
}

/* What was decoded, written and decoded again is the same: what the type does not have is 0. */
static void
check_written (const RtmpControl *control)
{
  g_autoptr (RtmpMessage) message = NULL;
  RtmpControl again = { 0 };

  if (control->type == RTMP_MESSAGE_USER_CONTROL && control->event == RTMP_USER_SWF_VERIFY_RESPONSE)
    return;
  message = rtmp_control_to_message (control);
  g_assert_true (rtmp_control_parse (message, &again, NULL));
  g_assert_cmpuint (again.type, ==, control->type);
  g_assert_cmpuint (again.limit_type, ==, control->limit_type);
  g_assert_cmpuint (again.event, ==, control->event);
  g_assert_cmpuint (again.value2, ==, control->value2);
  if (control->event != RTMP_USER_SWF_VERIFY_REQUEST)
    g_assert_cmpuint (again.value, ==, control->value);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  RtmpCursor in = RTMP_CURSOR_INIT (data, size);
  RtmpWindow window;

  rtmp_window_init (&window);
  while (rtmp_cursor_left (&in) > 0) {
    const guint8 type = rtmp_cursor_u8 (&in);
    const gsize length = rtmp_cursor_u8 (&in);
    const gsize part = MIN (length, rtmp_cursor_left (&in));
    g_autoptr (RtmpMessage) message = rtmp_message_new_copied (type, 0, 0,
        rtmp_cursor_bytes (&in, part), part);
    g_autoptr (GError) error = NULL;
    RtmpControl control = { 0 };

    if (rtmp_control_parse (message, &control, &error)) {
      g_assert_true (rtmp_control_is_control (type));
      check_written (&control);
      apply (&window, &control);
    } else {
      g_assert_nonnull (error);
      g_assert_cmpuint (control.type, ==, 0);
    }
  }
  return 0;
}
