# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads FLV files tag by tag and compares what arrived with what was sent.

    +-----------+------------+  +------+----------+--------------+-----+----------+---------+
    | "FLV" ... | 0 (4 byte) |  | type | size (3) | ts (3) + ext | (3) | payload  | 11+size |
    +-----------+------------+  +------+----------+--------------+-----+----------+---------+
      DataOffset bytes            one tag, repeated (FLV 10.1, E.4.1)
"""

from collections import namedtuple

from .outcome import Failure

AUDIO, VIDEO, SCRIPT = 8, 9, 18
TYPE_NAMES = {AUDIO: 'audio', VIDEO: 'video', SCRIPT: 'script'}
WRAP = 1 << 32
AAC, AVC = 10, 7

Tag = namedtuple('Tag', 'type timestamp payload')


def parse(data, complete=True):
    """The tags of the FLV file `data`. A cut last tag is a Failure unless `complete` is false."""
    if data[:3] != b'FLV' or len(data) < 9:
        raise Failure('not an FLV file')
    pos = int.from_bytes(data[5:9], 'big') + 4
    tags = []
    while pos < len(data):
        size = int.from_bytes(data[pos + 1:pos + 4], 'big')
        end = pos + 11 + size + 4
        if len(data) < pos + 11 or len(data) < end:
            if complete:
                raise Failure(f'the FLV file ends inside tag {len(tags)} (at byte {pos})')
            break
        if int.from_bytes(data[end - 4:end], 'big') != 11 + size:
            raise Failure(f'wrong previous tag size after tag {len(tags)} (at byte {pos})')
        timestamp = int.from_bytes(data[pos + 4:pos + 7], 'big') | data[pos + 7] << 24
        tags.append(Tag(data[pos], timestamp, data[pos + 11:end - 4]))
        pos = end
    return tags


def read(path, complete=True):
    """The tags of the FLV file at `path`."""
    try:
        with open(path, 'rb') as file:
            data = file.read()
    except FileNotFoundError:
        raise Failure(f'{path.name} was not written') from None
    if not data:
        raise Failure(f'{path.name} is empty: nothing arrived')
    return parse(data, complete)


def write(path, tags):
    """Writes `tags` as an FLV file with an audio and a video track."""
    with open(path, 'wb') as file:
        file.write(b'FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00')
        for tag in tags:
            size = len(tag.payload)
            stamp = tag.timestamp % WRAP
            file.write(bytes([tag.type]) + size.to_bytes(3, 'big')
                       + (stamp & 0xffffff).to_bytes(3, 'big') + bytes([stamp >> 24])
                       + b'\x00\x00\x00' + tag.payload + (11 + size).to_bytes(4, 'big'))


def shifted(tags, milliseconds):
    """The same tags, `milliseconds` later on the 32-bit timeline."""
    return [tag._replace(timestamp=(tag.timestamp + milliseconds) % WRAP) for tag in tags]


def is_media(tag):
    return tag.type in (AUDIO, VIDEO)


def is_configuration(tag):
    """Decoder configuration of AVC, AAC or, with an enhanced header, of any codec."""
    if not is_media(tag) or len(tag.payload) < 2:
        return False
    first, second = tag.payload[0], tag.payload[1]
    if tag.type == VIDEO and first & 0x80:
        return first & 0x0f in (0, 5)
    if tag.type == VIDEO:
        return first & 0x0f == AVC and second == 0
    if first >> 4 == 9:
        return first & 0x0f in (0, 4)
    return first >> 4 == AAC and second == 0


def is_end_of_sequence(tag):
    """An AVC end of sequence: it carries no picture, and flvmux and servers may leave it out."""
    return (tag.type == VIDEO and len(tag.payload) >= 2 and not tag.payload[0] & 0x80
            and tag.payload[0] & 0x0f == AVC and tag.payload[1] == 2)


def coded(tags):
    """Audio and video without configuration, which a server repeats to each player."""
    return [tag for tag in tags if is_media(tag) and not is_configuration(tag)
            and not is_end_of_sequence(tag)]


def configurations(tags):
    return {(tag.type, tag.payload) for tag in tags if is_configuration(tag)}


def metadata(tags):
    """The onMetaData payloads, without the @setDataFrame that belongs to publishing."""
    set_data_frame = b'\x02\x00\x0d@setDataFrame'
    found = []
    for tag in tags:
        payload = tag.payload
        if tag.type == SCRIPT and payload.startswith(set_data_frame):
            payload = payload[len(set_data_frame):]
        if tag.type == SCRIPT and payload.startswith(b'\x02\x00\x0aonMetaData'):
            found.append(payload)
    return found


def signed(difference):
    """A difference of two 32-bit timestamps, serially (RFC 1982)."""
    return (difference + WRAP // 2) % WRAP - WRAP // 2


class Comparison:
    """What `compare` found; `summary` is for the table."""

    def __init__(self, sent, arrived, skipped, lost, missing, offsets, reordered):
        self.video = sum(tag.type == VIDEO for tag in coded(arrived))
        self.audio = sum(tag.type == AUDIO for tag in coded(arrived))
        self.skipped = skipped
        self.lost = lost
        self.missing = missing
        self.offsets = offsets
        self.reordered = reordered
        self.same_metadata = metadata(sent)[:1] == metadata(arrived)[:1]

    def timestamps(self):
        if self.offsets == {0}:
            return 'timestamps equal'
        if len(self.offsets) == 1:
            return f'timestamps {next(iter(self.offsets)):+d} ms'
        return f'timestamps {min(self.offsets):+d} to {max(self.offsets):+d} ms'

    def verdict(self):
        """What the table says: nothing that differs from run to run."""
        parts = ['payloads identical', self.timestamps()]
        if self.lost:
            parts.append(f'but up to {self.lost} at the end may be missing')
        if self.reordered:
            parts.append('audio and video interleaved otherwise')
        parts.append('metadata identical' if self.same_metadata else 'metadata rewritten')
        return ', '.join(parts)

    def summary(self):
        parts = [f'{self.video} video, {self.audio} audio', self.timestamps()]
        if self.skipped:
            parts.insert(1, f'joined after {self.skipped}')
        if self.missing:
            parts.append(f'the last {self.missing} missing')
        if self.reordered:
            parts.append('audio and video interleaved otherwise')
        return '; '.join(parts)


def _describe_difference(sent, arrived):
    for index, (expected, found) in enumerate(zip(sent, arrived)):
        if (expected.type, expected.payload) != (found.type, found.payload):
            return (f'tag {index} of {len(sent)}: sent {TYPE_NAMES[expected.type]}'
                    f' {len(expected.payload)} B at {expected.timestamp} ms, arrived'
                    f' {TYPE_NAMES[found.type]} {len(found.payload)} B at {found.timestamp} ms')
    return f'{len(sent)} sent, {len(arrived)} arrived; the common part is identical'


def _same(sent, arrived):
    return ([(tag.type, tag.payload) for tag in sent]
            == [(tag.type, tag.payload) for tag in arrived])


def _expected(sent, arrived, joined):
    """What of `sent` should have arrived: all of it, or of each track the end if joined later."""
    if not joined:
        return sent
    wanted = {kind: sum(tag.type == kind for tag in arrived) for kind in (VIDEO, AUDIO)}
    kept = []
    for tag in reversed(sent):
        if wanted[tag.type] > 0:
            wanted[tag.type] -= 1
            kept.append(tag)
    return kept[::-1]


def _pair(sent, arrived):
    """Pairs of the same tag before and after, and whether the tracks were interleaved anew."""
    if _same(sent, arrived):
        return list(zip(sent, arrived)), False
    pairs = []
    for kind in (VIDEO, AUDIO):
        before = [tag for tag in sent if tag.type == kind]
        after = [tag for tag in arrived if tag.type == kind]
        if not _same(before, after):
            raise Failure('payloads differ: ' + _describe_difference(before, after))
        pairs += zip(before, after)
    return pairs, True


def compare(sent, arrived, joined=False, timestamps='equal', lost=0):
    """Compares the tags `arrived` with the tags `sent` and returns a Comparison.

    sent, arrived  lists of Tag
    joined         the player came later: of each track the end must have arrived, without a gap
    timestamps     'equal', 'constant' (one difference for all tags) or 'any' (the peer's own)
    lost           how many of the last tags the peer is known to lose

    Every difference is a Failure. Decoder configuration is compared apart from the coded media
    because a server repeats it to each player that joins.
    """
    media, found = coded(sent), coded(arrived)
    if not found:
        raise Failure('no media arrived')
    if not configurations(arrived) or configurations(arrived) - configurations(sent):
        raise Failure('decoder configuration is missing or was changed')
    if configurations(sent) - configurations(arrived):
        raise Failure('decoder configuration of one track is missing')
    missing = min(lost, max(0, len(media) - len(found)))
    expected = _expected(media[:len(media) - missing], found, joined)
    pairs, reordered = _pair(expected, found)
    offsets = {signed(after.timestamp - before.timestamp) for before, after in pairs}
    if timestamps == 'equal' and offsets != {0} or timestamps == 'constant' and len(offsets) > 1:
        raise Failure(f'timestamps differ by {sorted(offsets)[:5]} ms (expected: {timestamps})')
    skipped = len(media) - missing - len(found)
    return Comparison(sent, arrived, skipped, lost, missing, offsets, reordered)
