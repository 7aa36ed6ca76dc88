# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long media takes to begin over a link of 50 ms each way."""

import re
import subprocess
from pathlib import Path

from harness import interop
from harness.outcome import Failure, Skip
from harness.table import Figure, Table

NAME = 'startup'
ORDER = 6

DELAY = 50
FAST_STARTS = ('none', 'pipelined', 'immediate')
# What ffmpeg sends: ten seconds of key frames, so that a player of it need not wait for one.
CLIP = ['-f', 'lavfi', '-i', 'testsrc2=duration=10:rate=25:size=640x360', '-c:v', 'libx264',
        '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '1', '-b:v', '1M']
# Seconds that a publisher may take to be heard by nginx.
HEARD_SECONDS = 10
TITLES = {
    'publish': 'Publishing: milliseconds to the first audio or video message at the server',
    'play': 'Playing: milliseconds to the first audio or video message at the player',
}


def _clip(bench):
    """An FLV file of H.264; a Skip without ffmpeg."""
    path = bench.base / 'clip.flv'
    if not path.exists():
        interop.process.output_of([bench.tool('ffmpeg'), '-v', 'error', *CLIP, path])
    return path


# -- Servers: each gives the port and a path for every run --

class OurPeer:
    """A new peer for every run; to a player it sends at once."""

    name = 'our peer'

    def __init__(self, bench):
        self._bench = bench
        self._server = None

    def begin(self, way):
        options = ['--message-size', 0, '--count', 10_000] if way == 'play' else []
        # A client that falls back connects again.
        self._server = self._bench.serve(*options, '--connections', 10)
        return self._server.port, 'live/bench'

    def end(self):
        self._server.stop()

    def close(self):
        pass


class Nginx:
    """One nginx; a player finds a stream that ffmpeg publishes there."""

    name = 'nginx'

    def __init__(self, bench):
        if not interop.nginx.MODULE.exists():
            raise Skip('nginx with its RTMP module is not installed')
        bench.tool('nginx')
        ffmpeg = bench.tool('ffmpeg')
        self._n_streams = 0
        self._publisher = None
        self._nginx = interop.nginx.Nginx(bench.base / 'nginx')
        try:
            self._publisher = interop.process.Process(
                [ffmpeg, '-v', 'error', '-re', '-stream_loop', '-1', '-i', _clip(bench),
                 '-c', 'copy', '-f', 'flv', self._nginx.url('live', 'played')],
                bench.log('publisher'))
            self._nginx.wait_for_publisher('live', 'played', 50_000, HEARD_SECONDS)
        except interop.outcome.Failure:
            self.close()
            raise

    def begin(self, way):
        self._n_streams += 1
        name = 'played' if way == 'play' else f'published{self._n_streams}'
        return self._nginx.port, f'live/{name}'

    def end(self):
        pass

    def close(self):
        if self._publisher:
            self._publisher.stop()
        self._nginx.process.stop()


# -- Clients: name -> what starts one --

def _inspect(bench, plugin, factory):
    """What gst-inspect-1.0 says of an element, which must be that plugin's."""
    told = subprocess.run([bench.tool('gst-inspect-1.0'), factory], env=plugin.env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    found = re.search(r'^\s+Filename\s+(\S+)$', told, re.MULTILINE)
    ours = bool(found) and Path(found[1]).resolve().parent == bench.ours.folder
    if not found or ours != (plugin is bench.ours):
        raise Failure(f'{factory} for {plugin.name} is not its own')
    return told


def _element(bench, way, plugin, *settings):
    program = [bench.program(way)]
    if way == 'publish':
        program += ['--message-size', 20_000, '--count', 50]
    for setting in settings:
        program += ['--set', setting]
    return lambda url: ([*program, '--location', url], plugin.env)


def _clients(bench, way, table):
    factory = {'publish': 'rtmp2sink', 'play': 'rtmp2src'}[way]
    clients = {}
    if re.search(r'^\s+fast-start\s', _inspect(bench, bench.ours, factory), re.MULTILINE):
        for mode in FAST_STARTS:
            clients[f'{factory}, fast-start {mode}'] = _element(bench, way, bench.ours,
                                                                f'fast-start={mode}')
    else:
        clients[factory] = _element(bench, way, bench.ours)
        table.note(f'{factory} has no property fast-start')
    _inspect(bench, bench.theirs, factory)
    clients[f'gst-plugins-bad {factory}'] = _element(bench, way, bench.theirs)
    try:
        ffmpeg = [bench.tool('ffmpeg'), '-v', 'error']
        if way == 'publish':
            clip = _clip(bench)
            clients['ffmpeg'] = lambda url: ([*ffmpeg, '-re', '-i', clip, '-c', 'copy', '-f', 'flv',
                                              url], None)
        else:
            clients['ffmpeg'] = lambda url: ([*ffmpeg, '-rtmp_live', 'live', '-i', url,
                                              '-c', 'copy', '-f', 'null', '-'], None)
            rtmpdump = bench.tool('rtmpdump')
            clients['rtmpdump'] = lambda url: ([rtmpdump, '--quiet', '--live', '-r', url, '-o',
                                                '/dev/null'], None)
    except Skip as skip:
        table.note(str(skip))
    return clients


# -- Measuring --

def _sample(bench, way, server, start):
    """Milliseconds from the client's connection to the first media message."""
    port, path = server.begin(way)
    client = proxy = None
    try:
        proxy = bench.serve('--port', port, '--delay', DELAY, name='delay')
        argv, env = start(f'rtmp://127.0.0.1:{proxy.port}/{path}')
        client = interop.process.Process(argv, bench.log(f'startup-{way}'), env)
        report = proxy.report()
        if report['way'] != way:
            raise Failure(f'startup: media to {way} went the other way')
        return report['ms']
    finally:
        if client:
            client.kill()
        if proxy:
            proxy.stop()
        server.end()


def _waits(way, milliseconds):
    """Whole round trips; a publisher's media needs half a one more. The link makes nothing faster,
    so what is left over is the programs' own time."""
    return str(int((milliseconds - (DELAY if way == 'publish' else 0)) // (2 * DELAY)))


def _table(bench, way, servers):
    columns = [f'{server.name}: {what}' for server in servers for what in ('ms', 'waits')]
    table = Table(f'Start-up over {DELAY} ms each way. {TITLES[way]}', columns, [
        'From the TCP connection on, whose own handshake is not delayed. A wait is a round trip '
        f'of {2 * DELAY} ms; the last one of a player is that for the media itself.'])
    clients = _clients(bench, way, table)
    samples = {name: [[] for _ in servers] for name in clients}
    for _ in range(min(bench.runs, 3) if bench.quick else bench.runs):
        for number, server in enumerate(servers):
            for name, start in clients.items():
                samples[name][number].append(_sample(bench, way, server, start))
    for name, found in samples.items():
        cells = []
        for values in found:
            figure = Figure(values)
            cells += [figure, _waits(way, figure.value)]
        table.add(name, cells)
    return table


def run(bench):
    servers, missing = [], []
    try:
        for kind in (Nginx, OurPeer):
            try:
                servers.append(kind(bench))
            except Skip as skip:
                missing.append(str(skip))
        tables = [_table(bench, way, servers) for way in TITLES]
    except interop.outcome.Failure as failure:
        raise Failure(str(failure)) from None
    finally:
        for server in servers:
            server.close()
    for text in missing:
        tables[0].note(text)
    return tables
