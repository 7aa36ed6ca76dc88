# SPDX-License-Identifier: LGPL-2.1-or-later
"""netns PROGRAM [ARGUMENT...]: brings the loopback interface of a new network namespace up
and becomes PROGRAM. For peers that insist on a port of their own."""

import fcntl
import os
import socket
import struct
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack('16sH14x', b'lo', 0)
        flags = struct.unpack('16sH14x', fcntl.ioctl(handle, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack('16sH14x', b'lo', flags | IFF_UP))


if __name__ == '__main__':
    loopback_up()
    os.execvp(sys.argv[1], sys.argv[1:])
