# SPDX-License-Identifier: LGPL-2.1-or-later
"""librtmp: rtmpdump, the rtmpsrc and rtmpsink elements, and the stub server rtmpsrv."""

import re
import sys
from pathlib import Path

from harness import netns
from harness.live import play, publish_paced, round_trip
from harness.media import paced
from harness.outcome import Failure, Skip
from harness.process import isolated, listening, output_of, wait_until
from harness.suite import case

RTMPSRV_PORT = 1935
START_SECONDS = 10
TIMEOUT_SECONDS = 2
NEEDS = ['rtmpsrv', 'unshare', 'nsenter']
PATH, APPLICATION, STREAM = 'app/instance/key?token=a/b', 'app/instance', 'key?token=a/b'


@case('rtmpdump', 'rtmp2sink → nginx → rtmpdump', 'live, every tag', ['nginx', 'rtmpdump'])
def rtmpdump_plays(ctx):
    def player(url):
        return ctx.spawn('player', ['rtmpdump', '--live', '-r', url, '-o',
                                    ctx.dir / 'arrived.flv'])
    return round_trip(ctx, lambda url: publish_paced(ctx, ctx.ours, url), player, endless=True)


@case('librtmp', 'rtmp2sink → nginx → rtmpsrc', 'live, every tag', ['nginx', 'rtmpsrc'])
def rtmpsrc_plays(ctx):
    def player(url):
        return ctx.launch(ctx.peers, 'player', f'rtmpsrc location="{url} live=1" ! filesink '
                          f'location={ctx.dir / "arrived.flv"} buffer-mode=unbuffered')
    return round_trip(ctx, lambda url: publish_paced(ctx, ctx.ours, url), player, endless=True,
                      complete=False)


@case('librtmp', 'rtmpsink → nginx → rtmp2src', 'live, every tag', ['nginx', 'rtmpsink'])
def rtmpsink_publishes(ctx):
    def publish(url):
        sink = f'rtmpsink location="{url} live=1"'
        return ctx.launch(ctx.peers, 'publisher',
                          paced(ctx.media.path, ctx.dir / 'sent.flv', sink))
    return round_trip(ctx, publish, lambda url: play(ctx, ctx.ours, url))


class Rtmpsrv:
    """rtmpsrv, which always listens on port 1935, in a network namespace of its own."""

    def __init__(self, ctx):
        namespace = ['unshare', '-rn', sys.executable, Path(netns.__file__)]
        try:
            output_of([*namespace, 'true'])
        except Failure as failure:
            raise Skip(f'no network namespace of its own for port 1935: {failure}') from None
        # It reads commands from stdin and must not find its end; -z prints each command it gets.
        self.process = ctx.spawn('rtmpsrv', [*namespace, 'stdbuf', '-o0', 'rtmpsrv', '-z'],
                                 keep_stdin=True)
        wait_until(self._listens, START_SECONDS, 'rtmpsrv to listen')

    def _listens(self):
        # Until it has moved, its namespace is ours, where somebody else may have that port.
        return isolated(self.process.pid) and listening(RTMPSRV_PORT, self.process.pid)

    def inside(self):
        """What must stand before a command that is to reach this server."""
        return ['nsenter', '-U', '-n', '--preserve-credentials', '-t', self.process.pid]

    def commands(self):
        """The names of the commands that the first client sent, in order."""
        text = self.process.text().partition('processed request')[0]
        return re.findall(r'client invoking <(\w+)>', text)

    def strings(self):
        text = self.process.text().partition('processed request')[0]
        return re.findall(r'STRING:\s*([^>]*)>', text)


def _check(server, commands, strings):
    found = [name for name in server.commands() if name in commands]
    if found != commands:
        raise Failure(f'commands {server.commands()}, expected {commands}')
    for text in strings:
        if text not in server.strings():
            raise Failure(f'"{text}" is not among what the server read: {server.strings()}')


@case('rtmpsrv', 'rtmp2src → rtmpsrv', 'commands only: connect, createStream, play; it ends',
      NEEDS)
def rtmpsrv_is_asked_to_play(ctx):
    server = Rtmpsrv(ctx)
    source = ctx.ours.element('rtmp2src', f'rtmp://127.0.0.1/{PATH}')
    player = ctx.run(ctx.ours, 'player', f'{source} ! fakesink', prefix=server.inside())
    # It ends the stream at once and resets the connection: whichever is read first.
    player.wait(START_SECONDS)
    _check(server, ['connect', 'createStream', 'play'],
           [APPLICATION, f'rtmp://127.0.0.1/{APPLICATION}', STREAM])
    return 'it read the application, the address and the stream name as written'


@case('rtmpsrv', 'rtmp2sink → rtmpsrv', 'commands only, in the order that servers expect; '
      'publish stays unanswered: an error after `timeout`', NEEDS)
def rtmpsrv_is_asked_to_publish(ctx):
    server = Rtmpsrv(ctx)
    # It ignores a chunk size that is announced to it.
    sink = ctx.ours.element('rtmp2sink', f'rtmp://127.0.0.1/{PATH}', timeout=TIMEOUT_SECONDS,
                            chunk_size=128)
    publisher = ctx.run(ctx.ours, 'publisher',
                        paced(ctx.media.path, ctx.dir / 'sent.flv', sink), prefix=server.inside())
    status = publisher.wait(TIMEOUT_SECONDS + START_SECONDS)
    _check(server, ['connect', 'releaseStream', 'FCPublish', 'createStream', 'publish'],
           [APPLICATION, f'rtmp://127.0.0.1/{APPLICATION}', STREAM, 'live'])
    if status != 1 or 'error ' not in publisher.text():
        raise Failure('no error message')
    return 'it read the application, the address and the stream name as written'
