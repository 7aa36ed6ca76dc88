# SPDX-License-Identifier: LGPL-2.1-or-later
"""An optimized build to measure, and what it takes."""

import os
import shutil
import subprocess
import sys

from .outcome import Failure

BUILD_PACKAGES = ['build-essential', 'meson', 'ninja-build', 'pkg-config', 'libglib2.0-dev',
                  'libgstreamer1.0-dev', 'libgstreamer-plugins-base1.0-dev']
RUN_PACKAGES = ['gstreamer1.0-plugins-base', 'gstreamer1.0-plugins-good',
                'gstreamer1.0-plugins-bad', 'gstreamer1.0-plugins-ugly', 'gstreamer1.0-libav',
                'gstreamer1.0-tools', 'glib-networking', 'openssl', 'rtmpdump', 'ffmpeg']


def _installed(package):
    state = subprocess.run(['dpkg-query', '-W', '-f', '${db:Status-Status}', package], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return state.stdout == 'installed'


def need_packages():
    """Installs what is missing, as root on Debian; else names it."""
    packages = BUILD_PACKAGES + RUN_PACKAGES
    if not shutil.which('dpkg-query'):
        print(f'Not a Debian system: nothing is installed. Needed: {" ".join(packages)}')
        return
    missing = [package for package in packages if not _installed(package)]
    if missing and os.geteuid() != 0:
        print(f'Missing packages; as root: apt-get install {" ".join(missing)}')
    elif missing:
        env = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
        subprocess.run(['apt-get', '-q', 'update'], env=env, check=False)
        subprocess.run(['apt-get', '-q', '-y', '--no-install-recommends', 'install', *missing],
                       env=env, check=False)


def build(root):
    """Builds in build/bench and returns that folder."""
    folder = root / 'build' / 'bench'
    commands = [['meson', 'compile', '-C', folder, '--ninja-args=--quiet']]
    if not (folder / 'build.ninja').exists():
        commands.insert(0, ['meson', 'setup', folder, root, '--wrap-mode=nofallback',
                            '-Dbuildtype=release', '-Dtests=disabled', '-Dexamples=disabled'])
    for command in commands:
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            print(done.stdout, file=sys.stderr)
            raise Failure(f'{" ".join(map(str, command))} failed')
    return folder
