# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two plugins that have the elements rtmp2src and rtmp2sink, each with a registry of its own.

Whoever runs a program with one of them checks, by the file that the program names, that it is
this one: of two plugins of one name the scanner may take the other.
"""

import json
import os
import re
import subprocess
from pathlib import Path

from .outcome import Failure


class Plugin:
    """The plugin in `folder`, or the system's if that is None."""

    def __init__(self, name, registry, folder):
        self.name = name
        self.folder = folder.resolve() if folder else None
        self._not_in = None
        self.env = {key: value for key, value in os.environ.items() if not key.startswith('GST_')}
        self.env['GST_REGISTRY'] = str(registry)
        if folder:
            self.env['GST_PLUGIN_PATH'] = str(self.folder)

    def beside(self, other):
        """Remembers whose plugin must not be found in the place of this one."""
        self._not_in = other.folder
        return self

    def _check(self, file):
        found = Path(file).resolve().parent
        if (self.folder and found != self.folder) or found == self._not_in:
            raise Failure(f'the elements for {self.name} come from {file or "nowhere"}')

    def parse(self, output):
        """What a program printed as JSON, once it has told which file it used."""
        result = json.loads(output)
        self._check(result['plugin'])
        return result

    def inspect(self, element):
        """For programs that do not tell the file: asks gst-inspect-1.0 in the same environment."""
        shown = subprocess.run(['gst-inspect-1.0', element], env=self.env, text=True, check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        file = re.search(r'Filename\s+(\S+)', shown.stdout)
        self._check(file.group(1) if file else '')
