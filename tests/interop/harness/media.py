# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stream that the cases send: H.264 with B-frames and AAC, a key frame a second."""

from . import flv
from .outcome import Failure
from .process import output_of

SECONDS = 5
FRAMES_PER_SECOND = 25
WIDTH, HEIGHT = 1280, 720
# A key frame must span several chunks even at the chunk size of 65536.
LARGE_PAYLOAD = 65536

_VIDEO_CAPS = (f'video/x-raw,width={WIDTH},height={HEIGHT},'
               f'framerate={FRAMES_PER_SECOND}/1')
_PIPELINE = f'''
videotestsrc num-buffers={SECONDS * FRAMES_PER_SECOND} ! {_VIDEO_CAPS} ! timeoverlay ! x264enc
key-int-max={FRAMES_PER_SECOND} bframes=2 b-adapt=false pass=qual bitrate=20000 quantizer=16
speed-preset=ultrafast ! h264parse ! queue ! flvmux name=mux ! filesink location={{}}
audiotestsrc num-buffers={SECONDS * 48000 // 1024} samplesperbuffer=1024 wave=sine freq=440
! audio/x-raw,rate=48000,channels=2 ! {{}} bitrate=128000 ! aacparse ! queue ! mux.'''


class Media:
    """The encoded stream as a file and as tags."""

    def __init__(self, path, toolchain):
        encoder = 'avenc_aac' if toolchain.has('avenc_aac') else 'voaacenc'
        pipeline = _PIPELINE.format(path, encoder).split()
        output_of(['gst-launch-1.0', '-q', *pipeline], toolchain.env)
        self.path = path
        self.tags = flv.read(path)
        self.video_frames = sum(tag.type == flv.VIDEO for tag in flv.coded(self.tags))
        self.largest = max(len(tag.payload) for tag in self.tags)
        if self.largest <= LARGE_PAYLOAD:
            raise Failure(f'the largest frame has {self.largest} bytes only')


def paced(source, sent, sink):
    """A pipeline that sends `source` in real time through `sink` and keeps what it was given."""
    return (f'filesrc location={source} ! flvdemux name=demux '
            'demux.video ! queue ! h264parse ! video/x-h264,stream-format=avc,alignment=au '
            '! flvmux name=mux streamable=true ! tee name=split '
            'demux.audio ! queue ! aacparse ! mux.audio '
            f'split. ! queue ! filesink location={sent} async=false '
            f'split. ! queue ! {sink}')
