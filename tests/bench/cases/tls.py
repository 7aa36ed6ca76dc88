# SPDX-License-Identifier: LGPL-2.1-or-later
"""What publishing over TLS costs, beside a GIO TLS stream that is fed with full records."""

from harness import process
from harness.measure import Contender, Meter, compare

NAME = 'tls'
ORDER = 3

SIZES = {'20 KB': 20_000, '200 KB': 200_000}
FLOOR = 'floor: GIO TLS, writes of 16 KiB'


class _Shared:
    """One server for all runs: it makes its certificates when it starts."""

    def __init__(self, server):
        self._server = server
        self.port = server.port
        self.ca = server.hello['ca']

    def finish(self):
        return self._server.report()

    def stop(self):
        """The next run goes to the same server."""


def _floor(size, ca):
    def run(port, count, bench):
        return process.run([bench.program('floor'), 'tls', '--port', port, '--ca', ca,
                            '--message-size', size, '--count', count], bench.log('floor'))
    return run


def _sink(size, ca, which):
    def run(port, count, bench):
        plugin = getattr(bench, which)
        result = process.run([bench.program('publish'), '--ca', ca, '--location',
                              f'rtmps://127.0.0.1:{port}/live/bench', '--message-size', size,
                              '--count', count], bench.log(which), plugin.env)
        plugin.parse(result.output)
        return result
    return run


def _contenders(size, server):
    def contender(name, key, run):
        return Contender(name, key, size, run, lambda count, bench: server,
                         lambda report, count: min(report['received'], count * size), FLOOR,
                         lossy=key == 'theirs')

    return [
        contender(FLOOR, 'floor', _floor(size, server.ca)),
        contender('rtmp2sink', 'ours', _sink(size, server.ca, 'ours')),
        contender('gst-plugins-bad', 'theirs', _sink(size, server.ca, 'theirs')),
    ]


def run(bench):
    bench.tool('openssl')
    server = bench.serve('--connections', 1_000_000, name='tlspeer')
    try:
        shared = _Shared(server)
        return compare(Meter(bench), 'Publishing over TLS',
                       {name: _contenders(size, shared) for name, size in SIZES.items()})
    finally:
        server.stop()
