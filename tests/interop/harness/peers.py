# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real peers: what they are called, the Debian package they come from, and their version."""

import os
import shutil

from . import nginx
from .outcome import Failure, Skip
from .process import run

# name: (what must be there, Debian packages)
PEERS = {
    'nginx': ('nginx', ('nginx', 'libnginx-mod-rtmp')),
    'ffmpeg': ('ffmpeg', ('ffmpeg',)),
    'ffprobe': ('ffprobe', ('ffmpeg',)),
    'rtmpdump': ('rtmpdump', ('rtmpdump',)),
    'rtmpsrv': ('rtmpsrv', ('rtmpdump',)),
    'unshare': ('unshare', ('util-linux',)),
    'nsenter': ('nsenter', ('util-linux',)),
    'stunnel': ('stunnel', ('stunnel4',)),
    'openssl': ('openssl', ('openssl',)),
    'gst-plugins-bad': (None, ('gstreamer1.0-plugins-bad',)),
    'rtmpsrc': (None, ('gstreamer1.0-plugins-bad',)),
    'rtmpsink': (None, ('gstreamer1.0-plugins-bad',)),
    'decodebin': (None, ('gstreamer1.0-plugins-base', 'gstreamer1.0-libav')),
}
VERSIONED = ('nginx', 'libnginx-mod-rtmp', 'ffmpeg', 'rtmpdump', 'stunnel4',
             'gstreamer1.0-plugins-bad', 'libgstreamer1.0-0')


def in_ci():
    return bool(os.environ.get('CI'))


def _missing(name, toolchain):
    """Why the peer cannot be used, or None."""
    program, packages = PEERS[name]
    if program and not shutil.which(program):
        return f'{program} is missing (Debian package {packages[-1]})'
    if name == 'nginx' and not nginx.MODULE.exists():
        return f'{nginx.MODULE} is missing (Debian package libnginx-mod-rtmp)'
    element = {'gst-plugins-bad': 'rtmp2src'}.get(name, name)
    if not program and not toolchain.has(element):
        return f'the element {element} is missing (Debian package {packages[0]})'
    return None


def require(names, toolchain):
    """Skips the case when one of the peers is missing; in CI that is a failure."""
    for name in names:
        reason = _missing(name, toolchain)
        if reason and in_ci():
            raise Failure(f'{reason}, and in CI every peer is required')
        if reason:
            raise Skip(reason)


def versions():
    """What dpkg knows of the peers' versions, for the table."""
    if not shutil.which('dpkg-query'):
        return []
    found = []
    for package in VERSIONED:
        status, version, _ = run(['dpkg-query', '-W', '-f', '${Version}', package])
        if status == 0 and version:
            found.append(f'{package} {version}')
    return found
