# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes that end: each has a log, a deadline and a process group that is killed at the end."""

import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time

from .outcome import Failure

POLL_SECONDS = 0.02
TERM_SECONDS = 3
MAX_FILE_BYTES = 512 << 20
# tx_queue:rx_queue in /proc/net/tcp
NOTHING_QUEUED = '00000000:00000000'

_running = set()
_stopped = False
# A signal handler of the main thread takes it, perhaps while that thread has it.
_lock = threading.RLock()


def bound_files():
    """No file that a peer writes grows past MAX_FILE_BYTES (inherited by every process)."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))


def wait_until(condition, seconds, what):
    """Polls `condition` until it is true and returns its value; a Failure after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f'waited {seconds} s for {what}')
        time.sleep(POLL_SECONDS)


def free_port(host='127.0.0.1'):
    """A TCP port that nobody listens on at this moment."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def _tcp_table(pid):
    for name in ('tcp', 'tcp6'):
        try:
            with open(f'/proc/{pid}/net/{name}', encoding='ascii') as table:
                yield from (line.split() for line in table.readlines()[1:])
        except FileNotFoundError:
            continue


def listening(port, pid='self'):
    """Whether somebody listens on `port` in the network namespace of process `pid`."""
    return any(int(row[1].rpartition(':')[2], 16) == port and row[3] == '0A'
               for row in _tcp_table(pid))


def isolated(pid):
    """Whether process `pid` has a network namespace of its own."""
    return os.readlink(f'/proc/{pid}/ns/net') != os.readlink('/proc/self/ns/net')


def _start(argv, **streams):
    """Starts a program in a process group of its own, unless the suite was stopped."""
    with _lock:
        if _stopped:
            raise Failure('the suite was stopped')
        popen = subprocess.Popen([str(word) for word in argv], start_new_session=True, **streams)
        _running.add(popen)
    return popen


def _signal(popen, number):
    try:
        os.killpg(popen.pid, number)
    except ProcessLookupError:
        pass


def _kill(popen):
    """Ends a program and all that it started, at once."""
    _signal(popen, signal.SIGKILL)
    popen.wait()
    with _lock:
        _running.discard(popen)


class Process:
    """A started program. stdout and stderr go to its log."""

    def __init__(self, argv, log, env=None, keep_stdin=False):
        self.name = os.path.basename(argv[0])
        self.log = log
        with open(log, 'wb') as output:
            output.write(('$ ' + ' '.join(map(str, argv)) + '\n').encode())
            output.flush()
            self._popen = _start(
                argv, env=env, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent,
                stdin=subprocess.PIPE if keep_stdin else subprocess.DEVNULL)

    @property
    def pid(self):
        return self._popen.pid

    def running(self):
        return self._popen.poll() is None

    def text(self):
        return self.log.read_text(errors='replace')

    def wait(self, seconds):
        """The exit status; a Failure when the process still runs after `seconds`."""
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f'{self.name} ({self.log.name}) still ran after {seconds} s') from None

    def succeed(self, seconds):
        """Waits; a Failure unless the exit status is 0."""
        status = self.wait(seconds)
        if status != 0:
            raise Failure(f'{self.name} ({self.log.name}) ended with status {status}')

    def drained(self):
        """Whether nothing lies in the program's sockets, nor in those at their other end."""
        inodes = set()
        for entry in os.scandir(f'/proc/{self.pid}/fd'):
            inodes.add(re.sub(r'\D', '', os.readlink(entry.path)))
        rows = list(_tcp_table(self.pid))
        own = {(row[1], row[2]) for row in rows if row[9] in inodes}
        ends = own | {(remote, local) for local, remote in own}
        return all(row[4] == NOTHING_QUEUED for row in rows if (row[1], row[2]) in ends)

    def stop(self):
        """Ends the program and all that it started."""
        if self.running():
            _signal(self._popen, signal.SIGTERM)
            try:
                self._popen.wait(TERM_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self):
        """Ends the program and all that it started, at once."""
        _kill(self._popen)
        if self._popen.stdin:
            self._popen.stdin.close()


def stop_all():
    """Ends whatever still runs, for good; for the end of the suite and its being interrupted."""
    global _stopped
    with _lock:
        _stopped = True
        left = list(_running)
    for popen in left:
        _kill(popen)


def output_of(argv, env=None, seconds=60):
    """What a short command prints; a Failure when it fails."""
    status, output, errors = run(argv, env, seconds)
    if status != 0:
        raise Failure(f'{" ".join(map(str, argv))}: {errors.strip() or output.strip()}')
    return output


def run(argv, env=None, seconds=60):
    """Runs a short command: its exit status and what it wrote to stdout and stderr."""
    try:
        popen = _start(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, errors='replace')
    except OSError as error:
        raise Failure(f'{argv[0]}: {error}') from None
    try:
        output, errors = popen.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _kill(popen)
        raise Failure(f'{argv[0]} still ran after {seconds} s') from None
    with _lock:
        _running.discard(popen)
    return popen.returncode, output, errors
