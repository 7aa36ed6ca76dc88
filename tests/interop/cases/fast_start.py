# SPDX-License-Identifier: LGPL-2.1-or-later
"""fast-start: servers that are told everything before they have said anything."""

from harness.live import (END_SECONDS, ROUND_SECONDS, compare, play, publish_paced, recorded,
                          round_trip)
from harness.outcome import Failure
from harness.process import free_port, listening, wait_until
from harness.suite import case

from .nginx_publish import refused

START_SECONDS = 10
MODES = ('pipelined', 'immediate')
# The log says when a fast start was not taken, and the strict order followed.
DEBUG = '-q --gst-debug=rtmp2endpoint:2'
GAVE_UP = 'The fast start failed'


def _taken(*processes):
    for process in processes:
        if GAVE_UP in process.text():
            raise Failure('the server did not take the fast start')


def _publish(ctx, url, mode):
    """All of the file at once: most of it is sent before the server has answered."""
    sink = ctx.ours.element('rtmp2sink', url, fast_start=mode)
    return ctx.launch(ctx.ours, 'publisher', f'filesrc location={ctx.media.path} ! {sink}', DEBUG)


def _play(ctx, url, mode):
    source = ctx.ours.element('rtmp2src', url, fast_start=mode)
    return ctx.launch(ctx.ours, 'player',
                      f'{source} ! filesink location={ctx.dir / "arrived.flv"}', DEBUG)


def _register_nginx(mode):
    @case('nginx', 'rtmp2sink → recording', f'fast-start={mode}: every tag', ['nginx'])
    def publishes(ctx):
        publisher = _publish(ctx, ctx.nginx.url('rec', ctx.key), mode)
        text = compare(ctx, ctx.media.path, recorded(ctx, publisher))
        _taken(publisher)
        return text

    @case('nginx', 'rtmp2sink → nginx → rtmp2src', f'fast-start={mode} of the player: every tag',
          ['nginx'])
    def plays(ctx):
        players = []

        def player(url):
            players.append(_play(ctx, url, mode))
            return players[0]
        text = round_trip(ctx, lambda url: publish_paced(ctx, ctx.ours, url), player)
        _taken(*players)
        return text

    @case('nginx', 'rtmp2sink → nginx', f'fast-start={mode}, a name that is taken: '
          'NetStream.Publish.BadName all the same', ['nginx'])
    def name_taken(ctx):
        url = ctx.nginx.url('live', ctx.key)
        first = publish_paced(ctx, ctx.ours, url)
        ctx.nginx.wait_for_publisher('live', ctx.key)
        error = refused(ctx, ctx.ours.element('rtmp2sink', url, fast_start=mode))
        if 'NetStream.Publish.BadName' not in error:
            raise Failure(f"the error does not carry the server's code: {error}")
        if not first.running():
            raise Failure('the first publisher was disturbed')

    @case('nginx', 'rtmp2sink → nginx', f'fast-start={mode}, publishing denied: an error, soon',
          ['nginx'])
    def publish_denied(ctx):
        refused(ctx, ctx.ours.element('rtmp2sink', ctx.nginx.url('deny', ctx.key),
                                      fast_start=mode))


def _register_ffmpeg(mode):
    quiet = ['ffmpeg', '-hide_banner', '-nostats', '-y']

    # It serves one connection, so that a second one would find nobody.
    @case('ffmpeg', 'rtmp2sink → ffmpeg -listen 1', f'fast-start={mode}: every tag', ['ffmpeg'])
    def publishes(ctx):
        port = free_port()
        url = f'rtmp://127.0.0.1:{port}/app/{ctx.key}'
        server = ctx.spawn('server', [*quiet, '-listen', '1', '-i', url, '-c', 'copy', '-copyts',
                                      '-f', 'flv', ctx.dir / 'arrived.flv'])
        wait_until(lambda: listening(port), START_SECONDS, 'ffmpeg to listen')
        publish_paced(ctx, ctx.ours, url, fast_start=mode).succeed(ROUND_SECONDS)
        server.succeed(END_SECONDS)
        return compare(ctx)

    @case('ffmpeg', 'ffmpeg -listen 1 → rtmp2src', f'fast-start={mode}: every tag', ['ffmpeg'])
    def plays(ctx):
        port = free_port()
        url = f'rtmp://127.0.0.1:{port}/app/{ctx.key}'
        server = ctx.spawn('server', [*quiet, '-re', '-i', ctx.media.path, '-c', 'copy', '-f',
                                      'flv', '-listen', '1', url])
        wait_until(lambda: listening(port), START_SECONDS, 'ffmpeg to listen')
        play(ctx, ctx.ours, url, fast_start=mode).wait(ROUND_SECONDS)
        server.wait(END_SECONDS)
        return compare(ctx, ctx.media.tags)


for _mode in MODES:
    _register_nginx(_mode)
for _mode in MODES:
    _register_ffmpeg(_mode)
