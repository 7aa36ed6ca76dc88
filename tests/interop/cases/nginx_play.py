# SPDX-License-Identifier: LGPL-2.1-or-later
"""rtmp2src plays from nginx: live, recorded, and through playbin."""

import shutil
from pathlib import Path

from harness import flv, media
from harness.live import (END_SECONDS, ROUND_SECONDS, compare, play, publish_file, publish_paced,
                          round_trip, run_round)
from harness.nginx import Nginx
from harness.outcome import Failure, Skip
from harness.process import wait_until
from harness.suite import case

ENHANCED = Path(__file__).resolve().parent.parent.parent / 'media' / 'testsrc.flv'
LIVE = 'rtmp2sink → nginx → rtmp2src'
# Decoded frames are counted by their bytes, so they are made small.
SMALL_FRAME = 'video/x-raw,format=GRAY8,width=16,height=16'
FRAME_BYTES = 16 * 16


@case('nginx', LIVE, 'live, player first: every tag to the last, then EOS', ['nginx'])
def player_first(ctx):
    return round_trip(ctx, lambda url: publish_paced(ctx, ctx.ours, url),
                      lambda url: play(ctx, ctx.ours, url))


@case('nginx', LIVE, 'live, joined later: all from there without a gap', ['nginx'])
def joined_later(ctx):
    text = round_trip(ctx, lambda url: publish_paced(ctx, ctx.ours, url),
                      lambda url: play(ctx, ctx.ours, url), joined=True)
    arrived = flv.coded(flv.read(ctx.dir / 'arrived.flv'))
    first = {tag.type: tag.timestamp for tag in reversed(arrived)}
    # nginx sends audio at once and video from the next key frame on, at most a second later.
    if not 0 <= first[flv.VIDEO] - first[flv.AUDIO] <= 1000:
        raise Failure(f'audio begins at {first[flv.AUDIO]} ms, video at {first[flv.VIDEO]} ms')
    return text


@case('nginx', LIVE, 'Play.Start withheld (play_restart) for longer than `timeout`', ['nginx'])
def start_withheld(ctx):
    url = ctx.nginx.url('held', ctx.key)
    player = play(ctx, ctx.ours, url, timeout=1)
    ctx.nginx.wait_for_players('held', ctx.key, 1)
    try:
        player.wait(3)
    except Failure:
        publish_paced(ctx, ctx.ours, url).succeed(ROUND_SECONDS)
        player.succeed(END_SECONDS)
        return compare(ctx)
    raise Failure('the player gave up before anybody published')


@case('nginx', LIVE, 'Enhanced RTMP (AV1, Opus), every tag that nginx forwards', ['nginx'])
def enhanced(ctx):
    if not ENHANCED.exists():
        raise Skip('tests/media/testsrc.flv is missing')
    sent = flv.read(ENHANCED)
    # It comes all at once and holds more than the receive queue: a live player would drop.
    run_round(ctx, lambda url: publish_file(ctx, ctx.ours, url, ENHANCED),
              lambda url: play(ctx, ctx.ours, url, is_live='false'))
    if any(tag.type == flv.VIDEO for tag in flv.read(ctx.dir / 'arrived.flv')):
        return compare(ctx, sent)
    audio = compare(ctx, [tag for tag in sent if tag.type != flv.VIDEO])
    return 'audio only, nginx waits for a key frame of the old header; ' + audio


def _play_recorded(ctx, **properties):
    name = f'{ctx.key}.flv'
    shutil.copy(ctx.media.path, ctx.nginx.vod(name))
    url = ctx.nginx.url('vod', name)
    play(ctx, ctx.ours, url, **properties).succeed(ROUND_SECONDS)
    return compare(ctx, ctx.media.tags)


@case('nginx', 'recorded file → rtmp2src', 'is-live=false: the whole file, then EOS', ['nginx'])
def recorded_file(ctx):
    return _play_recorded(ctx, is_live='false')


@case('nginx', 'recorded file → rtmp2src', 'is-live=true: the whole file, then EOS', ['nginx'])
def recorded_file_as_live(ctx):
    return _play_recorded(ctx)


@case('nginx', 'nginx → rtmp2src', 'nobody publishes: idle-timeout ends the wait', ['nginx'])
def nobody_publishes(ctx):
    source = ctx.ours.element('rtmp2src', ctx.nginx.url('live', ctx.key), idle_timeout=2)
    waiting = ctx.run(ctx.ours, 'waiting', f'{source} ! fakesink')
    if waiting.wait(8) != 1 or 'error ' not in waiting.text():
        raise Failure('no error message')


@case('nginx', 'nginx → rtmp2src', 'playing denied: an error, soon', ['nginx'])
def play_denied(ctx):
    source = ctx.ours.element('rtmp2src', ctx.nginx.url('deny', ctx.key))
    denied = ctx.run(ctx.ours, 'denied', f'{source} ! fakesink')
    if denied.wait(END_SECONDS) != 1 or 'error ' not in denied.text():
        raise Failure('no error message')


@case('nginx', 'both elements', 'the server dies in mid-stream: both report an error, not EOS',
      ['nginx'])
def server_dies(ctx):
    server = Nginx(ctx.dir / 'mortal')
    ctx.own(server)
    url = server.url('live', ctx.key)
    source = ctx.ours.element('rtmp2src', url)
    player = ctx.run(ctx.ours, 'player', f'{source} ! filesink location={ctx.dir / "arrived.flv"}')
    server.wait_for_players('live', ctx.key, 1)
    sink = media.paced(ctx.media.path, ctx.dir / 'sent.flv', ctx.ours.element('rtmp2sink', url))
    publisher = ctx.run(ctx.ours, 'publisher', sink)
    arrived = ctx.dir / 'arrived.flv'
    wait_until(lambda: arrived.exists() and arrived.stat().st_size > 200_000, ROUND_SECONDS,
               'media to arrive')
    server.process.kill()
    for name, process in (('rtmp2sink', publisher), ('rtmp2src', player)):
        if process.wait(END_SECONDS) != 1 or 'error ' not in process.text():
            raise Failure(f'{name} reported no error')


def _decoded(ctx, pipeline):
    """Plays the paced publication through `pipeline`, which writes small frames to frames.raw."""
    url = ctx.nginx.url('live', ctx.key)
    frames = ctx.dir / 'frames.raw'
    player = ctx.launch(ctx.ours, 'player', pipeline.format(url=url, frames=frames), '-m')
    ctx.nginx.wait_for_players('live', ctx.key, 1)
    publish_paced(ctx, ctx.ours, url).succeed(ROUND_SECONDS)
    player.succeed(END_SECONDS)
    count = frames.stat().st_size // FRAME_BYTES if frames.exists() else 0
    if count < ctx.media.video_frames:
        raise Failure(f'{count} of {ctx.media.video_frames} frames were decoded')
    return player.text()


def _check_live(text):
    if 'does not need PREROLL' not in text:
        raise Failure('the pipeline was not live')
    if 'buffering, percent' in text:
        raise Failure('the live stream was buffered')


@case('nginx', 'rtmp2sink → nginx → uridecodebin', 'an rtmp:// address decodes, every frame',
      ['nginx', 'decodebin'])
def uridecodebin(ctx):
    text = _decoded(ctx, 'uridecodebin uri={url} name=decode '
                    f'decode. ! queue ! videoscale ! videoconvert ! {SMALL_FRAME} '
                    '! filesink location={frames} sync=true '
                    'decode. ! queue ! audioconvert ! fakesink sync=true')
    _check_live(text)
    return 'every frame decoded; live, not buffered'


@case('nginx', 'rtmp2sink → nginx → playbin', 'an rtmp:// address plays in time, every frame',
      ['nginx', 'decodebin'])
def playbin(ctx):
    sink = f'capsfilter caps={SMALL_FRAME} ! filesink location={{frames}} sync=true'
    text = _decoded(ctx, 'playbin uri={url} audio-sink="fakesink sync=true" '
                    f'video-sink="videoscale ! videoconvert ! {sink}"')
    _check_live(text)
    return 'every frame decoded; live, not buffered'
