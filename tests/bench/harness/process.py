# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that are measured: each ends by itself or is killed, with all that it started."""

import json
import os
import signal
import subprocess
import threading
import time
from collections import namedtuple

from .outcome import Failure, Skip

# Longer than the peer waits for something to move.
RUN_SECONDS = 120
LOG_BYTES = 2000
# Of a program that lacks something, as for Meson's tests.
SKIP_STATUS = 77

# cpu, wall: seconds of the whole process, from fork to exit; output: what it printed.
Run = namedtuple('Run', 'cpu wall output')

_running = set()


def _kill(popen):
    try:
        os.killpg(popen.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def kill_all():
    """For the end of a run that was interrupted."""
    for popen in list(_running):
        _kill(popen)


def _start(argv, env, **streams):
    try:
        popen = subprocess.Popen([str(word) for word in argv], env=env, start_new_session=True,
                                 stdin=subprocess.DEVNULL, text=True, errors='replace', **streams)
    except OSError as error:
        raise Failure(f'{argv[0]}: {error}') from None
    _running.add(popen)
    return popen


def _reap(popen):
    """Waits for a process; its CPU seconds."""
    _, status, usage = os.wait4(popen.pid, 0)
    popen.returncode = os.waitstatus_to_exitcode(status)
    _running.discard(popen)
    return usage.ru_utime + usage.ru_stime


def run(argv, log, env=None, seconds=RUN_SECONDS, statuses=(0,)):
    """Runs a program to its end and measures it; stderr goes to the file `log`."""
    with open(log, 'w+', encoding='utf-8', errors='replace') as errors:
        started = time.monotonic()
        popen = _start(argv, env, stdout=subprocess.PIPE, stderr=errors)
        alarm = threading.Timer(seconds, _kill, [popen])
        alarm.start()
        try:
            output = popen.stdout.read()
            cpu = _reap(popen)
        finally:
            alarm.cancel()
            popen.stdout.close()
        wall = time.monotonic() - started
        if popen.returncode not in statuses:
            errors.seek(0)
            said = errors.read()[-LOG_BYTES:].strip()
            raise Failure(f'{" ".join(map(str, argv))} ended with {popen.returncode}: {said}')
    return Run(cpu, wall, output)


class Server:
    """A peer of ours: prints {"port": N, ...} at first and one line of JSON for its report."""

    def __init__(self, argv, log, env=None):
        self._log = log
        with open(log, 'w', encoding='utf-8') as errors:
            self._popen = _start(argv, env, stdout=subprocess.PIPE, stderr=errors)
        self.hello = self._line()
        self.port = self.hello['port']

    def _line(self):
        alarm = threading.Timer(RUN_SECONDS, _kill, [self._popen])
        alarm.start()
        line = self._popen.stdout.readline()
        alarm.cancel()
        if not line:
            self.stop()
            if self._popen.returncode == SKIP_STATUS:
                raise Skip(self._log.read_text(errors='replace').strip())
            raise Failure(f'the peer ended: {self._log.read_text(errors="replace").strip()}')
        return json.loads(line)

    def report(self):
        """Waits for the next report."""
        return self._line()

    def finish(self):
        """Waits for the report and the end; a Failure if it did not end well."""
        report = self._line()
        alarm = threading.Timer(RUN_SECONDS, _kill, [self._popen])
        alarm.start()
        _reap(self._popen)
        alarm.cancel()
        self._popen.stdout.close()
        if self._popen.returncode != 0:
            raise Failure(f'the peer failed: {self._log.read_text(errors="replace").strip()}')
        return report

    def stop(self):
        if self._popen.returncode is None:
            _kill(self._popen)
            _reap(self._popen)
            self._popen.stdout.close()
