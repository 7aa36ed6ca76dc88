# SPDX-License-Identifier: LGPL-2.1-or-later
"""ffmpeg as publisher, as player, and as a server (-listen 1) in both directions."""

from harness.live import END_SECONDS, ROUND_SECONDS, compare, play, publish_paced, round_trip
from harness.process import free_port, listening, wait_until
from harness.suite import case

START_SECONDS = 10
_QUIET = ['ffmpeg', '-hide_banner', '-nostats', '-y']


def _input(ctx):
    return ['-re', '-i', ctx.media.path, '-c', 'copy']


def _listen_address(ctx):
    port = free_port()
    return port, f'rtmp://127.0.0.1:{port}/app/{ctx.key}'


@case('ffmpeg', 'ffmpeg → nginx → rtmp2src', 'live, every tag', ['nginx', 'ffmpeg'])
def publishes(ctx):
    def publish(url):
        # The tee muxer keeps what goes out: ffmpeg writes its own metadata and timestamps.
        outputs = f'[f=flv:flvflags=no_duration_filesize]{ctx.dir / "sent.flv"}|[f=flv]{url}'
        return ctx.spawn('publisher', [*_QUIET, *_input(ctx), '-map', '0', '-f', 'tee', outputs])
    return round_trip(ctx, publish, lambda url: play(ctx, ctx.ours, url))


@case('ffmpeg', 'rtmp2sink → nginx → ffmpeg', 'live, every tag', ['nginx', 'ffmpeg'])
def plays(ctx):
    def player(url):
        return ctx.spawn('player', [*_QUIET, '-i', url, '-c', 'copy', '-copyts', '-f', 'flv',
                                    ctx.dir / 'arrived.flv'])
    return round_trip(ctx, lambda url: publish_paced(ctx, ctx.ours, url), player, endless=True)


@case('ffmpeg', 'rtmp2sink → ffmpeg -listen 1', 'publishing to its server, every tag',
      ['ffmpeg'])
def listens_for_a_publisher(ctx):
    port, url = _listen_address(ctx)
    server = ctx.spawn('server', [*_QUIET, '-listen', '1', '-i', url, '-c', 'copy', '-copyts',
                                  '-f', 'flv', ctx.dir / 'arrived.flv'])
    wait_until(lambda: listening(port), START_SECONDS, 'ffmpeg to listen')
    publish_paced(ctx, ctx.ours, url).succeed(ROUND_SECONDS)
    server.succeed(END_SECONDS)
    return compare(ctx)


@case('ffmpeg', 'ffmpeg -listen 1 → rtmp2src', 'playing from its server, every tag, all on '
      'message stream 0', ['ffmpeg'])
def listens_for_a_player(ctx):
    port, url = _listen_address(ctx)
    server = ctx.spawn('server', [*_QUIET, *_input(ctx), '-f', 'flv', '-listen', '1', url])
    wait_until(lambda: listening(port), START_SECONDS, 'ffmpeg to listen')
    play(ctx, ctx.ours, url).wait(ROUND_SECONDS)
    server.wait(END_SECONDS)
    return compare(ctx, ctx.media.tags)
