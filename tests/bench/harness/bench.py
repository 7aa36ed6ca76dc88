# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a case gets: the programs, the two plugins, a place for logs, and how much to measure."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from .outcome import Skip
from .plugins import Plugin
from .process import Server


class Bench:
    """One run of the benchmarks.

    ours, theirs  Plugin: this project's and that of gst-plugins-bad
    quick         whether to be done in a minute or two
    runs          how often each figure is measured; the median counts
    scale_runs    the same for what takes a given time; 1 by default
    cpu_seconds   what one run of a contender should take, start-up not counted
    """

    def __init__(self, build, quick=False, runs=None):
        self.build = build.resolve()
        self.quick = quick
        self.runs = runs or (3 if quick else 5)
        self.scale_runs = runs or 1
        self.cpu_seconds = 0.2 if quick else 0.5
        self.base = Path(tempfile.mkdtemp(prefix='rtmp2-bench-'))
        self._n_logs = 0
        self.ours = Plugin('ours', self.base / 'registry-ours.bin', self.build / 'gst' / 'rtmp2')
        self.theirs = Plugin('gst-plugins-bad', self.base / 'registry-theirs.bin', None)
        self.theirs.beside(self.ours)

    def program(self, name):
        """The path of a program of tests/bench/meson.build."""
        return self.build / 'tests' / 'bench' / f'bench-{name}'

    def tool(self, name):
        """The path of an installed program; a Skip without it."""
        path = shutil.which(name)
        if not path:
            raise Skip(f'{name} is not installed')
        return path

    def log(self, name):
        """The path of a new log file."""
        self._n_logs += 1
        return self.base / f'{self._n_logs}-{name}.log'

    @staticmethod
    def progress(text):
        """Tells on stderr what was done."""
        print(f'  {text}', file=sys.stderr, flush=True)

    def serve(self, *arguments, name='peer'):
        """Starts one of our peers; what it leaves behind lies in `base`."""
        env = dict(os.environ, TMPDIR=str(self.base))
        return Server([self.program(name), *arguments], self.log(name), env)

    def close(self):
        shutil.rmtree(self.base, ignore_errors=True)
