# SPDX-License-Identifier: LGPL-2.1-or-later
"""The comparison must notice what it is there to notice."""

from harness import flv
from harness.outcome import Failure
from harness.suite import case


def _sample():
    tags = [flv.Tag(flv.VIDEO, 0, b'\x17\x00cfg'), flv.Tag(flv.AUDIO, 0, b'\xaf\x00cfg')]
    for index in range(6):
        kind, head = ((flv.VIDEO, b'\x27\x01'), (flv.AUDIO, b'\xaf\x01'))[index % 2]
        tags.append(flv.Tag(kind, 20 * index, head + bytes([index])))
    return tags


def _refused(sent, arrived, **expectations):
    try:
        flv.compare(sent, arrived, **expectations)
    except Failure:
        return
    raise Failure('a difference was not noticed')


@case(None, 'FLV comparison', 'lost, changed, swapped and moved tags are noticed')
def comparison_notices(ctx):
    sent = _sample()
    flv.compare(sent, sent)
    flv.compare(sent, sent[:2] + sent[4:], joined=True)
    flv.compare(sent, flv.shifted(sent, 7), timestamps='constant')
    flv.compare(sent, sent[:-1], lost=1)
    _refused(sent, sent[:-1])
    _refused(sent, sent[:-1], joined=True)
    _refused(sent, sent[:-2], lost=1)
    _refused(sent, sent[:4] + sent[5:], joined=True)
    _refused(sent, sent[:2])
    _refused(sent, sent[1:])
    _refused(sent, flv.shifted(sent, 7))
    _refused(sent, sent[:-1] + flv.shifted(sent[-1:], 1), timestamps='constant')
    _refused(sent, sent[:-1] + [sent[-1]._replace(payload=b'\xaf\x01x')])
    _refused(sent, sent[:4] + [sent[6], sent[5], sent[4], sent[7]])


@case(None, 'FLV files', 'written tags are read back; a cut file is refused')
def files_round_trip(ctx):
    path = ctx.dir / 'round.flv'
    sent = flv.shifted(_sample(), (1 << 24) - 40)
    flv.write(path, sent)
    if flv.read(path) != sent:
        raise Failure('tags changed on their way through a file')
    data = path.read_bytes()
    last = 11 + len(sent[-1].payload) + 4
    for cut in range(len(data) - last + 1, len(data)):
        if flv.parse(data[:cut], complete=False) != sent[:-1]:
            raise Failure(f'wrong tags from the first {cut} bytes')
        try:
            flv.parse(data[:cut])
        except Failure:
            continue
        raise Failure(f'a file cut at {cut} was taken for whole')
