# SPDX-License-Identifier: LGPL-2.1-or-later
"""The round that most cases make: somebody publishes, somebody plays, the files are compared."""

from . import flv
from .media import SECONDS, paced
from .outcome import Failure
from .process import output_of, wait_until

# A paced publication takes SECONDS; the rest is for starting up on a busy machine.
ROUND_SECONDS = SECONDS + 15
END_SECONDS = 10
DROP_SECONDS = 2
QUIET_POLLS = 15


def publish_paced(ctx, toolchain, url, name='publisher', sink='rtmp2sink', **properties):
    """Publishes the media in real time; what the sink was given is sent.flv."""
    element = toolchain.element(sink, url, **properties)
    return ctx.launch(toolchain, name, paced(ctx.media.path, ctx.dir / 'sent.flv', element))


def publish_file(ctx, toolchain, url, path, name='publisher', blocksize=4096, **properties):
    """Publishes a file as fast as it goes, cut at every `blocksize` bytes."""
    element = toolchain.element('rtmp2sink', url, **properties)
    return ctx.launch(toolchain, name, f'filesrc location={path} blocksize={blocksize} ! {element}')


def play(ctx, toolchain, url, name='player', **properties):
    """Plays into arrived.flv; ends with the stream."""
    element = toolchain.element('rtmp2src', url, **properties)
    return ctx.launch(toolchain, name, f'{element} ! filesink location={ctx.dir / "arrived.flv"}')


def compare(ctx, sent=None, arrived=None, complete=True, **expectations):
    """Compares two files (sent.flv and arrived.flv if not given); a text for the table.

    complete  whether what arrived must end with a whole tag
    """
    tags = sent if isinstance(sent, list) else flv.read(sent or ctx.dir / 'sent.flv')
    played = flv.read(arrived or ctx.dir / 'arrived.flv', complete)
    found = flv.compare(tags, played, **expectations)
    ctx.note(found.summary())
    return found.verdict()


def drop_endless(ctx, player, application):
    """Lets nginx close the connection of a player that has read all that was published.

    nginx keeps the connections of its players when the publisher leaves, and players that do not
    take the end of the stream for the end wait for ever. rtmpsrc does not even end then.
    """
    quiet = [0]

    def settled():
        quiet[0] = quiet[0] + 1 if player.drained() else 0
        return quiet[0] >= QUIET_POLLS
    ctx.nginx.wait_for_no_publisher(application, ctx.key)
    wait_until(settled, END_SECONDS, 'the player to read what the server sent')
    ctx.nginx.drop_players(application, ctx.key)
    try:
        player.wait(DROP_SECONDS)
    except Failure:
        player.stop()


def run_round(ctx, publish, player, joined=False, endless=False, application='live'):
    """Publishes through nginx to a player until both have ended.

    publish, player  functions of the address that start a Process
    joined           the player comes when the stream runs already
    endless          the player does not end with the publication: see drop_endless
    """
    server, url = ctx.nginx, ctx.nginx.url(application, ctx.key)
    if joined:
        publisher = publish(url)
        server.wait_for_publisher(application, ctx.key, ctx.media.path.stat().st_size // 3)
        playing = player(url)
    else:
        playing = player(url)
        server.wait_for_players(application, ctx.key, 1)
        publisher = publish(url)
    publisher.succeed(ROUND_SECONDS)
    if endless:
        drop_endless(ctx, playing, application)
    else:
        playing.succeed(END_SECONDS)


def round_trip(ctx, publish, player, joined=False, endless=False, **expectations):
    """run_round, then a comparison of sent.flv with arrived.flv; a text for the table."""
    run_round(ctx, publish, player, joined, endless)
    return compare(ctx, joined=joined, **expectations)


def check_decodes(path):
    """A Failure when ffmpeg finds anything wrong with the file while it decodes all of it."""
    text = output_of(['ffmpeg', '-v', 'warning', '-xerror', '-i', path, '-f', 'null', '-'])
    if text.strip():
        raise Failure(f'ffmpeg, decoding {path.name}: {text.strip().splitlines()[0]}')


def recorded(ctx, publisher, name=None, application='rec'):
    """The recording that nginx made of a publication that has ended."""
    publisher.succeed(ROUND_SECONDS)
    ctx.nginx.wait_for_no_publisher(application, name or ctx.key)
    return ctx.nginx.recording(name or ctx.key)
