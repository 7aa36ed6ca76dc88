# SPDX-License-Identifier: LGPL-2.1-or-later
"""What playing costs, beside recv() into one block and rtmpdump."""

from harness import process
from harness.measure import Contender, Meter, compare
from harness.outcome import Failure

NAME = 'play'
ORDER = 2

# Column: bytes of a message and of a chunk.
SHAPES = {'1 KB, chunks of 4096': (1000, 4096), '20 KB, 4096': (20_000, 4096),
          '20 KB, 128': (20_000, 128), '200 KB, 65536': (200_000, 65536),
          '1 MB, 65536': (1_000_000, 65536)}
PROOF_COUNT = 100
FLOOR = 'floor: recv of 256 KiB'


def _serve(size, chunk_size):
    def serve(count, bench):
        return bench.serve('--message-size', size, '--chunk-size', chunk_size,
                           '--count', count)
    return serve


def _floor(port, count, bench):
    return process.run([bench.program('floor'), 'play', '--port', port], bench.log('floor'))


def _rtmpdump(port, count, bench):
    return process.run([bench.tool('rtmpdump'), '-q', '--live', '-o', '/dev/null', '-r',
                        f'rtmp://127.0.0.1:{port}/live/bench'], bench.log('rtmpdump'))


def _source(which, *options):
    def run(port, count, bench):
        plugin = getattr(bench, which)
        result = process.run([bench.program('play'), '--location',
                              f'rtmp://127.0.0.1:{port}/live/bench', *options],
                             bench.log(which), plugin.env)
        plugin.parse(result.output)
        return result
    return run


def _contenders(shape):
    size, chunk_size = shape

    def contender(name, key, run):
        return Contender(name, key, size, run, _serve(size, chunk_size),
                         lambda report, count: report['messages'] * size, FLOOR)

    return [
        contender(FLOOR, 'floor', _floor),
        # A recorded stream: all of it must arrive, however fast it is sent.
        contender('rtmp2src ! fakesink', 'ours', _source('ours', '--set', 'is-live=false')),
        contender('rtmpdump', 'rtmpdump', _rtmpdump),
        contender('gst-plugins-bad rtmp2src ! fakesink', 'theirs', _source('theirs')),
    ]


def _prove(size, chunk_size, bench):
    """A Failure unless rtmp2src delivers every message: that the figures are of what they say."""
    server = _serve(size, chunk_size)(PROOF_COUNT, bench)
    try:
        done = _source('ours', '--set', 'is-live=false', '--count')(server.port, PROOF_COUNT, bench)
        sent = server.finish()['messages']
    finally:
        server.stop()
    delivered = bench.ours.parse(done.output)['buffers']
    # The FLV file header is a buffer too.
    if delivered != sent + 1:
        raise Failure(f'rtmp2src: {delivered - 1} of {sent} messages of {size} bytes came')


def run(bench):
    for size, chunk_size in SHAPES.values():
        _prove(size, chunk_size, bench)
    shapes = {name: shape for name, shape in SHAPES.items()
              if not bench.quick or shape[0] <= 200_000}
    return compare(Meter(bench), 'Playing', {name: _contenders(shape)
                                             for name, shape in shapes.items()})
