# SPDX-License-Identifier: LGPL-2.1-or-later
"""The elements of the same names in gst-plugins-bad, in a process of their own."""

from harness.live import play, publish_paced, round_trip
from harness.suite import case


@case('gst-plugins-bad', 'its rtmp2sink → nginx → rtmp2src', 'live, every tag',
      ['nginx', 'gst-plugins-bad'])
def its_sink(ctx):
    return round_trip(ctx, lambda url: publish_paced(ctx, ctx.peers, url),
                      lambda url: play(ctx, ctx.ours, url))


@case('gst-plugins-bad', 'rtmp2sink → nginx → its rtmp2src', 'live, every tag',
      ['nginx', 'gst-plugins-bad'])
def its_source(ctx):
    # It drops the message before the end of the stream when both arrive at once (peers Q39).
    return round_trip(ctx, lambda url: publish_paced(ctx, ctx.ours, url),
                      lambda url: play(ctx, ctx.peers, url), lost=1)
