# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer with one of the two plugins that have the elements rtmp2src and rtmp2sink.

Each toolchain has a registry of its own and proves, before it is used, which plugin file its
elements come from: the scanner skips a plugin that it cannot load, and the other one of the
same name would then be tested unnoticed.
"""

import os
import re
import shlex
import shutil
from pathlib import Path

from .outcome import Failure
from .process import Process, output_of, run

PLUGIN_FILE = 'libgstrtmp2.so'


def _environment(registry, plugin_dir):
    """The environment without what would lead GStreamer to other plugins or registries."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith('GST_') or name.startswith('GST_DEBUG')}
    env['GST_REGISTRY'] = str(registry)
    if plugin_dir:
        env['GST_PLUGIN_PATH'] = str(plugin_dir)
        env.update(_sanitizer(plugin_dir / PLUGIN_FILE))
    return env


def _sanitizer(plugin):
    """What an unsanitized gst-launch needs to load a plugin built with AddressSanitizer."""
    if b'libasan.so' not in plugin.read_bytes():
        return {}
    # libproxy throws exceptions: the runtime must find the C++ library when it starts.
    libraries = [output_of(['cc', f'-print-file-name={name}']).strip()
                 for name in ('libasan.so', 'libstdc++.so.6')]
    return {'LD_PRELOAD': ' '.join(libraries), 'GST_REGISTRY_FORK': 'no',
            'ASAN_OPTIONS': 'detect_leaks=0:' + os.environ.get('ASAN_OPTIONS', '')}


class Toolchain:
    """gst-launch-1.0 with the plugin in `plugin_dir`, or the system's if that is None."""

    def __init__(self, name, directory, plugin_dir, program):
        self.plugin_dir = plugin_dir
        self.env = _environment(directory / f'registry-{name}.bin', plugin_dir)
        self._runner = program
        self._known = {}

    def plugin_file(self):
        """The file that the elements come from."""
        text = output_of(['gst-inspect-1.0', 'rtmp2src'], self.env)
        return Path(re.search(r'Filename\s+(\S+)', text).group(1)).resolve()

    def check_origin(self):
        """A Failure unless the elements come from this toolchain's plugin."""
        found = self.plugin_file()
        inside = self.plugin_dir and found.parent == self.plugin_dir.resolve()
        if self.plugin_dir and not inside:
            raise Failure(f'rtmp2src comes from {found}, not from {self.plugin_dir}')
        return found

    def has(self, element):
        return run(['gst-inspect-1.0', '--exists', element], self.env)[0] == 0

    def properties(self, element):
        """The names of an element's properties."""
        if element not in self._known:
            text = output_of(['gst-inspect-1.0', element], self.env)
            text = text.partition('Element Properties:')[2]
            self._known[element] = set(re.findall(r'^  ([a-z][a-z0-9-]*) +:', text, re.M))
        return self._known[element]

    def element(self, factory, location, **properties):
        """An element for a pipeline description. gst-plugins-bad's lacks our new properties."""
        words = [factory, f'location="{location}"']
        for name, value in properties.items():
            name = name.replace('_', '-')
            if self.plugin_dir or name in self.properties(factory):
                words.append(f'{name}={value}')
        return ' '.join(words)

    def launch(self, log, pipeline, options='-q'):
        """Starts gst-launch-1.0."""
        argv = ['gst-launch-1.0', *shlex.split(options), *shlex.split(pipeline)]
        return Process(argv, log, self.env)

    def run(self, log, pipeline, *options, prefix=()):
        """Starts the program pipeline.c, which prints errors in a form that can be read.

        prefix  a command that is to start it, e.g. nsenter
        """
        if self.plugin_dir:
            options += ('--plugin-dir', self.plugin_dir)
        return Process([*prefix, self._runner, *options, pipeline], log, self.env)


def runner(directory):
    """The program made of pipeline.c, compiled in `directory`."""
    source = Path(__file__).resolve().parent.parent / 'pipeline.c'
    if not shutil.which('cc') or not shutil.which('pkg-config'):
        raise Failure('cc and pkg-config are needed to compile pipeline.c')
    flags = output_of(['pkg-config', '--cflags', '--libs', 'gstreamer-1.0', 'gio-2.0']).split()
    output_of(['cc', '-std=c11', '-O1', '-Wall', '-o', directory / 'pipeline', source, *flags])
    return directory / 'pipeline'
