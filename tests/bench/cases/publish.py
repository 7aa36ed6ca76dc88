# SPDX-License-Identifier: LGPL-2.1-or-later
"""What publishing costs, beside one writev() for each message."""

from harness import process
from harness.measure import Contender, Meter, compare
from harness.outcome import Failure

NAME = 'publish'
ORDER = 1

SIZES = {'1 KB': 1000, '20 KB': 20_000, '200 KB': 200_000, '1 MB': 1_000_000, '4 MB': 4_000_000}
LIST_LENGTH = 16
PROOF_COUNT = 2 * LIST_LENGTH
FLOOR, SMALL_FLOOR = 'floor: writev, chunk-size 65536', 'floor: writev, chunk-size 128'


def _serve(count, bench):
    return bench.serve()


def _sent(size):
    """The peer discards what it gets: its bytes include headers, less than two in a hundred."""
    return lambda report, count: min(report['received'], count * size)


def _floor(size, chunk_size):
    def run(port, count, bench):
        return process.run([bench.program('floor'), 'publish', '--port', port,
                            '--message-size', size, '--count', count, '--chunk-size', chunk_size],
                           bench.log('floor'))
    return run


def _sink(size, which, *options):
    def run(port, count, bench):
        plugin = getattr(bench, which)
        result = process.run(
            [bench.program('publish'), '--location', f'rtmp://127.0.0.1:{port}/live/bench',
             '--message-size', size, '--count', count, *options], bench.log(which), plugin.env)
        plugin.parse(result.output)
        return result
    return run


def _contenders(size):
    def contender(name, key, run, floor=FLOOR):
        return Contender(name, key, size, run, _serve, _sent(size), floor, lossy=key == 'theirs')

    found = [
        contender(FLOOR, 'floor', _floor(size, 65536)),
        contender('rtmp2sink', 'ours', _sink(size, 'ours')),
        contender('gst-plugins-bad, chunk-size 65536', 'theirs',
                  _sink(size, 'theirs', '--set', 'chunk-size=65536')),
        contender('gst-plugins-bad', 'theirs', _sink(size, 'theirs')),
        contender(SMALL_FLOOR, 'floor', _floor(size, 128), SMALL_FLOOR),
        contender('rtmp2sink, chunk-size 128', 'ours',
                  _sink(size, 'ours', '--set', 'chunk-size=128'), SMALL_FLOOR),
    ]
    if size < 20_000:
        found.insert(2, contender(f'rtmp2sink, lists of {LIST_LENGTH}', 'ours',
                                  _sink(size, 'ours', '--list', LIST_LENGTH)))
    return found


def _prove(contender, size, bench):
    """A Failure unless a peer that reads gets every message: the figures are of what they say."""
    server = bench.serve('--check')
    try:
        contender.run(server.port, PROOF_COUNT, bench)
        messages = server.finish()['messages']
    finally:
        server.stop()
    # The sinks send a configuration before.
    expected = PROOF_COUNT if contender.key == 'floor' else PROOF_COUNT + 1
    if messages != expected and not contender.lossy:
        raise Failure(f'{contender.name}: {messages} of {expected} messages of {size} bytes came')


def run(bench):
    for size in SIZES.values():
        for contender in _contenders(size):
            _prove(contender, size, bench)
    sizes = {name: size for name, size in SIZES.items() if not bench.quick or size <= 200_000}
    return compare(Meter(bench), 'Publishing', {name: _contenders(size)
                                                for name, size in sizes.items()})
