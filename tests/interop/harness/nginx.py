# SPDX-License-Identifier: LGPL-2.1-or-later
"""An nginx with its RTMP module, private to one run: own configuration, ports and directories.

Settings that bear on what is compared (nginx-rtmp-module, "Directives"):
  meta copy       players get the publisher's metadata; the default writes its own
  wait_key off    the default: a player gets what comes next, not only from the next key frame
  play_restart    off but in `held`, where Play.Start is withheld until somebody publishes
  record_unique   off, so that the recording's name is the stream's
"""

import os
import urllib.request
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .outcome import Failure
from .process import Process, free_port, listening, wait_until

MODULE = Path('/usr/lib/nginx/modules/ngx_rtmp_module.so')
START_ATTEMPTS = 5
START_SECONDS = 10

_CONFIGURATION = '''
load_module {module};
{user}
daemon off;
worker_processes 1;
pid {base}/pid;
error_log {base}/error.log info;
events {{ worker_connections 512; }}
rtmp {{
  access_log {base}/rtmp-access.log;
  server {{
    listen 127.0.0.1:{port};
    {listen6}
    application live {{ live on; meta copy; }}
    application rec {{ live on; meta copy; record all; record_path {base}/rec; record_unique off; }}
    application vod {{ play {base}/vod; }}
    application held {{ live on; meta copy; play_restart on; }}
    application deny {{ live on; deny publish all; deny play all; }}
  }}
}}
http {{
  access_log off;
  client_body_temp_path {base}/temp;
  proxy_temp_path {base}/temp;
  fastcgi_temp_path {base}/temp;
  uwsgi_temp_path {base}/temp;
  scgi_temp_path {base}/temp;
  server {{
    listen 127.0.0.1:{stat_port};
    location /stat {{ rtmp_stat all; }}
    location /control {{ rtmp_control all; }}
  }}
}}
'''


class Stream:
    """One stream as nginx's statistics show it."""

    def __init__(self, node):
        self.publishing = node.find('publishing') is not None
        self.bytes_in = int(node.findtext('bytes_in', '0'))
        self.players = sum(client.find('publishing') is None for client in node.iter('client'))


def ipv6_available():
    try:
        return bool(free_port('::1'))
    except OSError:
        return False


class Nginx:
    """A running server. `url` gives addresses on it, `stream` what it knows of one stream."""

    def __init__(self, base):
        self.base = base
        self.has_ipv6 = ipv6_available()
        for directory in (base, base / 'rec', base / 'vod', base / 'temp'):
            directory.mkdir()
        for _ in range(START_ATTEMPTS):
            if self._start():
                return
        raise Failure('nginx did not start: ' + self.process.text().strip())

    def _start(self):
        self.port, self.stat_port = free_port(), free_port()
        configuration = self.base / 'nginx.conf'
        configuration.write_text(_CONFIGURATION.format(
            base=self.base, module=MODULE, port=self.port, stat_port=self.stat_port,
            user='user root;' if os.getuid() == 0 else '',
            listen6=f'listen [::1]:{self.port};' if self.has_ipv6 else ''))
        self.process = Process(['nginx', '-p', self.base, '-c', configuration],
                               self.base / 'nginx.log')
        wait_until(lambda: not self.process.running()
                   or listening(self.port) and listening(self.stat_port),
                   START_SECONDS, 'nginx to listen')
        return self.process.running()

    def url(self, application, stream, host='127.0.0.1', scheme='rtmp', port=None):
        return f'{scheme}://{host}:{port or self.port}/{application}/{stream}'

    def _ask(self, what):
        address = f'http://127.0.0.1:{self.stat_port}/{what}'
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.read()

    def drop_players(self, application, name):
        """Closes the connections of those who play the stream."""
        self._ask(f'control/drop/subscriber?app={application}&name={name}')

    def stream(self, application, name):
        """The stream's statistics, or None when nobody publishes or plays it."""
        root = ElementTree.fromstring(self._ask('stat'))
        for node in root.iter('application'):
            if node.findtext('name') != application:
                continue
            for stream in node.iter('stream'):
                if stream.findtext('name') == name:
                    return Stream(stream)
        return None

    def wait_for_players(self, application, name, count, seconds=10):
        def joined():
            stream = self.stream(application, name)
            return stream and stream.players >= count
        wait_until(joined, seconds, f'{count} player(s) at nginx')

    def wait_for_publisher(self, application, name, size=0, seconds=10):
        """Waits until the stream is published and `size` bytes of it have arrived."""
        def published():
            stream = self.stream(application, name)
            return stream and stream.publishing and stream.bytes_in >= size
        wait_until(published, seconds, f'{size} bytes to be published at nginx')

    def wait_for_no_publisher(self, application, name, seconds=10):
        def gone():
            stream = self.stream(application, name)
            return not stream or not stream.publishing
        wait_until(gone, seconds, 'the publication to end at nginx')

    def recording(self, name):
        return self.base / 'rec' / f'{name}.flv'

    def vod(self, name):
        return self.base / 'vod' / name
