# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many connections of 5 Mbit/s each in one process: threads, memory and CPU."""

from statistics import median

from harness import process
from harness.table import Figure, Table

NAME = 'scale'
ORDER = 4

CONNECTIONS = (1, 100, 500)
QUICK_CONNECTIONS = (1, 100)
SECONDS, QUICK_SECONDS = 10, 3
# What is to be served to a player at least: more than it takes while all start and are measured.
SPARE_SECONDS = 60
MESSAGES_PER_SECOND = 75
# A thread is GStreamer's own if it is named after the pad that it streams from.
STREAMING = ':src'
# Of the program itself, and of GIO and what it loads: the same few for any number of connections.
SURROUNDINGS = ('bench-scale', 'gmain', 'dconf worker', 'gdbus', 'pool-')
# The memory of streaming threads, pads and buffers without RTMP.
BARE = 'fakesrc'
CONTENDERS = {
    'publish': {'rtmp2sink': ('ours', ()),
                'gst-plugins-bad, chunk-size 65536': ('theirs', ('--set', 'chunk-size=65536'))},
    'play': {'rtmp2src': ('ours', ()), 'gst-plugins-bad': ('theirs', ()),
             BARE: ('ours', ('--bare',))},
}
TITLES = {'publish': 'publishers', 'play': 'players (! fakesink)'}


def _scale(bench, mode, which, arguments):
    """What the program printed."""
    plugin = getattr(bench, which)
    done = process.run([bench.program('scale'), mode, *arguments], bench.log(which), plugin.env)
    return plugin.parse(done.output)


def _run(bench, mode, which, options, connections, seconds):
    """One run: what the program printed, and the CPU seconds per GB of the peer."""
    arguments = [*options, '--connections', connections, '--seconds', seconds]
    if '--bare' in options:
        return _scale(bench, mode, which, arguments)
    server = bench.serve('--message-size', 0, '--chunk-size', 4096, '--low-water', 65536,
                         '--connections', connections + 1,
                         '--count', MESSAGES_PER_SECOND * (seconds + SPARE_SECONDS))
    try:
        result = _scale(bench, mode, which,
                        ['--location', f'rtmp://127.0.0.1:{server.port}/live/bench', *arguments])
        report = server.finish()
    finally:
        server.stop()
    carried = report['received'] if mode == 'publish' else report['sent']
    result['peer'] = report['cpu'] * 1e9 / carried
    return result


def _own_threads(threads):
    """The contender's own threads: all but GStreamer's streaming threads and the surroundings."""
    return sum(number for name, number in threads.items()
               if not name.endswith(STREAMING) and not name.startswith(SURROUNDINGS))


def _rows(name, runs):
    """The rows of one contender; runs: for each number of connections its runs."""
    def figures(value):
        return [Figure([value(run) for run in column]) for column in runs]

    def each(run, connections):
        return run['cpu'] / run['seconds'] / connections

    first = median(each(run, CONNECTIONS[0]) for run in runs[0])
    yield f'{name}: CPU seconds per GB', figures(lambda run: run['cpu'] * 1e9 / run['bytes'])
    yield f'{name}: CPU of one connection, relative to that of one alone', [
        Figure([each(run, connections) / first for run in column])
        for column, connections in zip(runs, CONNECTIONS)]
    yield f'{name}: memory per connection, KB', figures(lambda run: run['memory'] / 1000)
    yield f'{name}: threads beside GStreamer\'s', figures(lambda run: _own_threads(run['threads']))
    yield f'{name}: Mbit/s per connection', [
        Figure([run['bytes'] * 8e-6 / run['seconds'] / connections for run in column])
        for column, connections in zip(runs, CONNECTIONS)]
    yield f'{name}: CPU seconds per GB of the peer', figures(lambda run: run.get('peer', 0))


def _names(threads):
    return ', '.join(f'{number} {name}' for name, number in sorted(threads.items()))


def _measure(bench, mode):
    counts = QUICK_CONNECTIONS if bench.quick else CONNECTIONS
    seconds = QUICK_SECONDS if bench.quick else SECONDS
    table = Table(f'{TITLES[mode]} in one process, 5 Mbit/s each', map(str, counts))
    runs = {name: [[] for _ in counts] for name in CONTENDERS[mode]}
    for _ in range(bench.scale_runs):
        for i, connections in enumerate(counts):
            for name, (which, options) in CONTENDERS[mode].items():
                runs[name][i].append(_run(bench, mode, which, options, connections, seconds))
                bench.progress(f'{mode}, {connections} connections: {name}')
    for name, columns in runs.items():
        for row, figures in _rows(name, columns):
            if name != BARE or 'memory' in row:
                table.add(row, figures)
        table.note(f'{name}: all threads at {counts[-1]}: {_names(columns[-1][-1]["threads"])}')
    return table


def run(bench):
    return [_measure(bench, mode) for mode in CONTENDERS]
