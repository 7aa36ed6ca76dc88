# SPDX-License-Identifier: LGPL-2.1-or-later
"""Publishing a file as it is: what ffmpeg -c copy does, and pipelines that do the same."""

from harness import process
from harness.measure import Contender, Meter, compare

NAME = 'file'
ORDER = 7

PASSES = 20
SOURCE = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25,noise=alls=20:allf=t',
          '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', '10']
CODING = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50', '-b:v',
          '5M', '-maxrate', '5M', '-bufsize', '1M', '-c:a', 'aac', '-b:a', '128k']
REMUX = 'filesrc location={file} ! flvdemux name=demux flvmux name=mux streamable=true ! {sink} ' \
        'demux.video ! queue ! mux.video demux.audio ! queue ! mux.audio'
PLAIN = 'filesrc location={file} ! {sink}'


class _Files:
    """The file to publish, and its beginning, which stands for start-up."""

    def __init__(self, bench):
        self.whole = bench.base / 'whole.flv'
        self.start = bench.base / 'start.flv'
        once = bench.base / 'once.flv'
        ffmpeg = [bench.tool('ffmpeg'), '-nostdin', '-loglevel', 'error', '-y']
        commands = (SOURCE + CODING + [once],
                    ['-stream_loop', PASSES - 1, '-i', once, '-c', 'copy', self.whole],
                    ['-i', once, '-t', '0.2', '-c', 'copy', self.start])
        for command in commands:
            process.run([*ffmpeg, *command], bench.log('ffmpeg'))

    def get(self, count):
        return self.whole if count else self.start

    def payload(self):
        """Bytes without the tags' headers: a hair less than the file's."""
        return int(self.whole.stat().st_size * 0.99)


def _ffmpeg(files):
    def run(port, count, bench):
        return process.run([bench.tool('ffmpeg'), '-nostdin', '-loglevel', 'error', '-i',
                            files.get(count), '-c', 'copy', '-f', 'flv',
                            f'rtmp://127.0.0.1:{port}/live/bench'], bench.log('ffmpeg'))
    return run


def _launch(files, which, pipeline):
    def run(port, count, bench):
        sink = f'rtmp2sink sync=false location=rtmp://127.0.0.1:{port}/live/bench'
        words = pipeline.format(file=files.get(count), sink=sink).split()
        return process.run([bench.tool('gst-launch-1.0'), '-q', *words], bench.log(which),
                           getattr(bench, which).env)
    return run


def run(bench):
    files = _Files(bench)
    for plugin in (bench.ours, bench.theirs):
        plugin.inspect('rtmp2sink')
    size = files.payload()

    def contender(name, command):
        return Contender(name, name, size, command, lambda count, _: bench.serve(),
                         lambda report, count: min(report['received'], count * size), count=1,
                         lossy='gst-plugins-bad' in name)

    contenders = [
        contender('ffmpeg -c copy', _ffmpeg(files)),
        contender('filesrc ! rtmp2sink', _launch(files, 'ours', PLAIN)),
        contender('filesrc ! flvdemux ! flvmux ! rtmp2sink', _launch(files, 'ours', REMUX)),
        contender('the same with gst-plugins-bad', _launch(files, 'theirs', REMUX)),
    ]
    return compare(Meter(bench), 'Publishing a file', {'5 Mbit/s': contenders})
