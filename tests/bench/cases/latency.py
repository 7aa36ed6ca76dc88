# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a message takes through the elements while nothing else is going on."""

from harness import process
from harness.outcome import Failure
from harness.table import Figure, Table

NAME = 'latency'
ORDER = 5

SIZES = {'1 KB': 1000, '20 KB': 20_000}
RATE = 100
WAYS = {
    'publish': 'Publishing: from the buffer on the pad to its last byte in the socket',
    'play': 'Playing: from the server\'s send() to the buffer downstream',
}
FLOORS = {'publish': 'floor: one writev', 'play': 'floor: a thread in recv'}
# Which way, whose plugin, properties
CONTENDERS = {
    'rtmp2sink': ('publish', 'ours', ()),
    'gst-plugins-bad rtmp2sink': ('publish', 'theirs', ()),
    'gst-plugins-bad rtmp2sink, chunk-size 65536': ('publish', 'theirs', ('chunk-size=65536',)),
    'rtmp2src': ('play', 'ours', ()),
    'gst-plugins-bad rtmp2src': ('play', 'theirs', ()),
}


def _idle_time():
    """(idle, all) ticks of all processors since the start."""
    with open('/proc/stat', encoding='ascii') as stream:
        ticks = [int(word) for word in stream.readline().split()[1:]]
    return ticks[3], sum(ticks[:8])


def _percentile(values, part):
    """Of the sorted values the smallest that `part` of them do not exceed."""
    return values[min(int(len(values) * part), len(values) - 1)]


def _server(bench, way, size, count):
    if way == 'publish':
        # The peer must not think that nothing moves.
        return bench.serve('--low-water', 1)
    return bench.serve('--message-size', size, '--count', count, '--rate', RATE,
                       name='latency-serve')


def _sample(bench, way, size, count, plugin=None, settings=()):
    """The latencies of one run in microseconds."""
    server = _server(bench, way, size, count)
    argv = [bench.program(f'latency-{way}'), '--message-size', size]
    if way == 'publish':
        argv += ['--count', count, '--rate', RATE]
    if plugin:
        argv += ['--location', f'rtmp://127.0.0.1:{server.port}/live/bench']
        argv += [word for setting in settings for word in ('--set', setting)]
    else:
        argv += ['--floor-port', server.port]
    try:
        result = process.run(argv, bench.log(f'latency-{way}'), (plugin or bench.ours).env)
    finally:
        server.stop()
    samples = (plugin or bench.ours).parse(result.output)['samples']
    # The floor's set-up may have read into the media; gst-plugins-bad may lose the end of it.
    if len(samples) < count * (1 if plugin is bench.ours else 0.9):
        raise Failure(f'latency: {len(samples)} of {count} messages of {size} bytes arrived at '
                      f'{plugin.name if plugin else "the floor"}')
    return sorted(samples)


def _rows(bench, way):
    """name -> a function of size and count that takes samples."""
    rows = {FLOORS[way]: lambda size, count: _sample(bench, way, size, count)}
    for name, (its_way, which, settings) in CONTENDERS.items():
        if its_way == way:
            rows[name] = lambda size, count, which=which, settings=settings: _sample(
                bench, way, size, count, getattr(bench, which), settings)
    return rows


def _table(bench, way):
    count = 300 if bench.quick else 1000
    runs = min(bench.runs, 3)
    columns = [f'{size} {what}' for size in SIZES for what in ('p50', 'p99', 'max')]
    table = Table(f'Latency in microseconds. {WAYS[way]}', columns, [
        f'{RATE} messages a second, {runs} runs of {count} in turn; medians of the runs, and the '
        'longest of all'])
    rows = _rows(bench, way)
    samples = {name: {size: [] for size in SIZES} for name in rows}
    before = _idle_time()
    for _ in range(runs):
        for size, size_bytes in SIZES.items():
            for name, take in rows.items():
                samples[name][size].append(take(size_bytes, count))
    idle, total = (later - earlier for later, earlier in zip(_idle_time(), before))
    table.note(f'Meanwhile the processors were idle for {100 * idle / total:.0f} % of the time: '
               'what else runs on the machine shows in p99 and max.')
    for name in rows:
        cells = []
        for size in SIZES:
            found = samples[name][size]
            cells += [Figure(_percentile(values, 0.5) for values in found),
                      Figure(_percentile(values, 0.99) for values in found),
                      max(values[-1] for values in found)]
        table.add(name, cells)
    return table


def run(bench):
    return [_table(bench, way) for way in WAYS]
