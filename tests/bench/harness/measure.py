# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPU seconds per gigabyte of payload, of several contenders, measured in turn."""

from statistics import median

from .outcome import Failure, Skip
from .table import Figure, Table

GIGABYTE = 1e9
# A first run of so many bytes shows how many the others need.
PILOT_BYTES = 20_000_000
MIN_BYTES = 5_000_000
MAX_BYTES = 8_000_000_000
# Of what a contender that is known to lose its end must arrive: it may be a few large messages.
LOSSY_SHARE = 0.5


class Contender:
    """Something that publishes or plays messages of `size` bytes.

    name    of its row
    key     contenders of one key have the same start-up, which is measured once
    run     run(port, count, bench): runs it with `count` messages; a process.Run.
            A Skip if it cannot be had
    serve   serve(count, bench): the Server that it needs
    sent    sent(report, count): payload bytes that the server's report proves
    floor   the name of the contender that it is compared with
    lossy   it may close before everything has left: what did leave counts
    count   messages of a run; 0 = as many as take the wanted time
    """

    def __init__(self, name, key, size, run, serve, sent, floor=None, lossy=False, count=0):
        self.name = name
        self.key = key
        self.size = size
        self.run = run
        self.serve = serve
        self.sent = sent
        self.floor = floor
        self.lossy = lossy
        self.lost = 0
        self.count = count
        self.samples = []


class Sample:
    """One run: CPU seconds of the contender and of the peer, start-up included."""

    def __init__(self, payload, run, report):
        self.payload = payload
        self.cpu = run.cpu
        self.wall = run.wall
        self.peer = report['cpu']


def _sample(bench, contender, count):
    server = contender.serve(count, bench)
    try:
        run = contender.run(server.port, count, bench)
        report = server.finish()
    finally:
        server.stop()
    payload = contender.sent(report, count)
    lost = count * contender.size - payload
    contender.lost = max(contender.lost, lost)
    if payload < count * contender.size * (LOSSY_SHARE if contender.lossy else 1):
        raise Failure(f'{contender.name}: {lost} of {count * contender.size} bytes did not arrive')
    return Sample(payload, run, report)


class Meter:
    """Measures groups of contenders; keeps what start-up costs."""

    def __init__(self, bench):
        self._bench = bench
        self._startup = {}

    def _start_up(self, contender):
        """CPU seconds of the contender and of the peer without media: medians."""
        if contender.key not in self._startup:
            samples = [_sample(self._bench, contender, 0) for _ in range(self._bench.runs)]
            self._startup[contender.key] = (median(s.cpu for s in samples),
                                            median(s.peer for s in samples))
        return self._startup[contender.key]

    def _choose_count(self, contender):
        """As many messages as take the wanted time."""
        pilot = _sample(self._bench, contender, max(PILOT_BYTES // contender.size, 10))
        cpu = max(pilot.cpu - self._start_up(contender)[0], 1e-3)
        wanted = self._bench.cpu_seconds * pilot.payload / cpu
        wanted = min(max(wanted, MIN_BYTES), MAX_BYTES)
        contender.count = max(int(wanted // contender.size), 10)

    def measure(self, contenders):
        """Samples all contenders in turn, several times; those that cannot be had are left out.

        Returns what was left out and why: name -> text.
        """
        missing = {}
        for contender in contenders:
            try:
                # The first run may have to scan for plugins.
                self._start_up(contender)
                if contender.count == 0:
                    self._choose_count(contender)
            except Skip as skip:
                missing[contender.name] = str(skip)
        for number in range(self._bench.runs):
            for contender in contenders:
                if contender.name not in missing:
                    contender.samples.append(_sample(self._bench, contender, contender.count))
            self._bench.progress(f'{contenders[0].size} bytes, run {number + 1} of '
                                 f'{self._bench.runs}')
        return missing

    def figure(self, contender, floor=None):
        """CPU seconds per gigabyte, beside the floor's."""
        own, peer = self._start_up(contender)
        values = [(s.cpu - own) * GIGABYTE / s.payload for s in contender.samples]
        ratio = None
        if floor and floor is not contender and floor.samples:
            ratio = median(values) / self.figure(floor).value
        peers = [(s.peer - peer) * GIGABYTE / s.payload for s in contender.samples]
        return Figure(values, ratio, peer=median(peers), startup=own,
                      payload=contender.samples[0].payload,
                      per_message_us=median(values) * contender.size / 1e3,
                      gigabytes_per_second=median(s.payload / s.wall for s in contender.samples)
                      / GIGABYTE)


def compare(meter, title, columns):
    """Measures column after column; a table of CPU seconds per gigabyte, one of the peer's.

    columns  name -> contenders, the same ones in each as far as they take part
    """
    floors = any(contender.floor for column in columns.values() for contender in column)
    table = Table(f'{title}: CPU seconds per GB' + (' (ratio to the floor)' if floors else ''),
                  columns)
    peers = Table(f'{title}: CPU seconds per GB of the peer meanwhile', columns)
    for contenders in columns.values():
        for name, why in meter.measure(contenders).items():
            table.note(f'{name}: {why}')
        for contender in contenders:
            if contender.lost:
                table.note(f'{contender.name}: up to {contender.lost} bytes did not arrive in '
                           f'messages of {contender.size}; what arrived counts')
    for name in dict.fromkeys(one.name for column in columns.values() for one in column):
        found = [_find(column, name) for column in columns.values()]
        figures = [one and meter.figure(one, _find(column, one.floor))
                   for one, column in zip(found, columns.values())]
        if any(figures):
            table.add(name, figures)
            peers.add(name, [figure and figure.more['peer'] for figure in figures])
    return [table, peers]


def _find(contenders, name):
    """The contender of that name, if it was measured."""
    return next((one for one in contenders if one.name == name and one.samples), None)
