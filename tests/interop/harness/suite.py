# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cases, what they share, and how they are run."""

import re
import shutil
import tempfile
import threading
import time
import traceback
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import peers
from .gstreamer import PLUGIN_FILE, Toolchain, runner
from .media import Media
from .nginx import Nginx
from .outcome import Failure, Skip
from .process import Process, stop_all, wait_until
from .tls import Authority

REMOVAL_SECONDS = 5
LOG_TAIL_LINES = 25
LOG_LINE_LENGTH = 300

CASES = []

Case = namedtuple('Case', 'peer direction verifies needs function name')
Result = namedtuple('Result', 'case state text details seconds')
PASS, FAIL, SKIP = 'pass', 'FAIL', 'skipped'


def case(peer, direction, verifies, needs=()):
    """Registers a function as a case. It takes a Context and returns a text for the table.

    peer       who is at the other end; None for a case that stays out of the table
    direction  the way that the media takes
    verifies   what holds when the case passes
    needs      names in peers.PEERS
    """
    def register(function):
        name = f'{peer or "harness"}: {direction}: {verifies}'
        CASES.append(Case(peer, direction, verifies, needs, function, name))
        return function
    return register


class Suite:
    """What all cases share, each part made when it is first asked for."""

    def __init__(self, build, baseline):
        """Tests the plugin in the directory `build`, or as a baseline that of the system."""
        self.base = Path(tempfile.mkdtemp(prefix='rtmp2-interop-'))
        self._lock = threading.RLock()
        self._made = {}
        self.build = build.resolve()
        program = runner(self.base)
        self.peers = Toolchain('system', self.base, None, program)
        self.ours = self.peers if baseline else Toolchain(
            'tested', self.base, plugin_directory(self.build), program)

    def check_origins(self):
        """Proves which plugin is tested and that the peer is another one; its file's path."""
        tested = self.ours.check_origin()
        if self.ours is not self.peers and self.peers.has('rtmp2src'):
            if self.peers.check_origin() == tested:
                raise Failure(f'the peer would use {tested} as well')
        return tested

    def _once(self, name, make):
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]

    @property
    def media(self):
        return self._once('media', lambda: Media(self.base / 'media.flv', self.peers))

    @property
    def nginx(self):
        return self._once('nginx', lambda: Nginx(self.base / 'nginx'))

    def server_died(self):
        """Whether nginx was started and has ended, which it should not."""
        server = self._made.get('nginx')
        return server is not None and not server.process.running()

    @property
    def authority(self):
        return self._once('authority', lambda: Authority(self.base / 'authority'))

    def certificate(self, name, alternative_name, expired=False):
        """A certificate of the authority, made once."""
        return self._once(f'certificate {name}',
                          lambda: self.authority.issue(name, alternative_name, expired))

    def close(self, keep):
        stop_all()
        if not keep:
            wait_until(self._removed, REMOVAL_SECONDS, f'{self.base} to be removed')

    def _removed(self):
        # A case that was interrupted may write one more file meanwhile.
        shutil.rmtree(self.base, ignore_errors=True)
        return not self.base.exists()


class Context:
    """One run of one case: a directory, a stream name and the processes to end."""

    def __init__(self, suite, number, chosen):
        self.suite = suite
        self.key = 'case%d' % number
        self.dir = suite.base / self.key
        self.dir.mkdir()
        self.notes = []
        self._processes = []
        self.case = chosen

    @property
    def ours(self):
        return self.suite.ours

    @property
    def peers(self):
        return self.suite.peers

    @property
    def nginx(self):
        return self.suite.nginx

    @property
    def media(self):
        return self.suite.media

    def note(self, text):
        """A line of detail for the TAP output."""
        self.notes.append(text)

    def _own(self, process):
        self._processes.append(process)
        return process

    def launch(self, toolchain, name, pipeline, options='-q'):
        return self._own(toolchain.launch(self.dir / f'{name}.log', pipeline, options))

    def run(self, toolchain, name, pipeline, *options, prefix=()):
        log = self.dir / f'{name}.log'
        return self._own(toolchain.run(log, pipeline, *options, prefix=prefix))

    def spawn(self, name, argv, env=None, keep_stdin=False):
        return self._own(Process(argv, self.dir / f'{name}.log', env, keep_stdin))

    def own(self, peer):
        """Takes over the process of a peer object."""
        self._own(peer.process)
        return peer

    def close(self):
        for process in reversed(self._processes):
            process.stop()

    def log_tails(self):
        logs = sorted(self.dir.rglob('*.log'))
        if self.suite.server_died():
            logs.append(self.nginx.base / 'error.log')
        for log in logs:
            lines = re.split(r'[\r\n]+', log.read_text(errors='replace').strip())
            yield f'  {log.name}:'
            for line in lines[:1] + lines[1:][-LOG_TAIL_LINES:]:
                yield '    ' + line[:LOG_LINE_LENGTH]


def _run_case(suite, number, chosen):
    context = Context(suite, number, chosen)
    started = time.monotonic()
    details = []
    try:
        peers.require(chosen.needs, suite.peers)
        state, text = PASS, chosen.function(context) or ''
    except Skip as skip:
        state, text = SKIP, str(skip)
    except Failure as failure:
        state, text = FAIL, str(failure)
    except Exception as error:  # a fault of the case must not hide the other cases
        state, text = FAIL, f'{type(error).__name__}: {error}'
        details = traceback.format_exc().splitlines()
    finally:
        context.close()
    details = context.notes + details + (list(context.log_tails()) if state == FAIL else [])
    return Result(chosen, state, text, details, time.monotonic() - started)


def run_cases(suite, chosen, jobs):
    """Runs the cases, `jobs` at a time, and yields their results in order."""
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_run_case, suite, number, item)
                   for number, item in enumerate(chosen, 1)]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def plugin_directory(build):
    """The directory of the plugin in the build directory `build`."""
    directory = build / 'gst' / 'rtmp2'
    if not (directory / PLUGIN_FILE).exists():
        raise Failure(f'there is no {directory / PLUGIN_FILE}: build the project first')
    return directory
