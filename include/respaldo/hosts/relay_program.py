"""Stand for a command that runs on another machine: print what it prints, and end as it ends.

A program of its own, for who expects a command on this worker. Its argument is the UNIX socket on which
`respaldo.hosts.relaying` hands over what comes from there: pieces, each with one letter for what it is and
its length in four bytes. Needs nothing but Python.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from typing import IO

OUTPUT, SAID, ENDED = b"o", b"e", b"x"

LOST = 255
"""How it ends when nobody knows how the command did."""


def main() -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(sys.argv[1])
        with link.makefile("rb") as stream:
            code = _handed_on(stream)
    if code < 0:
        _die_by(-code)
    # At once: nothing is buffered here.
    os._exit(code)


def _handed_on(stream: IO[bytes]) -> int:
    while True:
        head = stream.read(5)
        size = int.from_bytes(head[1:], "big")
        body = stream.read(size)
        if len(head) < 5 or len(body) < size:
            return LOST
        if head[:1] == ENDED:
            return int(body)
        _write(1 if head[:1] == OUTPUT else 2, body)


def _write(descriptor: int, block: bytes) -> None:
    left = memoryview(block)
    while left:
        left = left[os.write(descriptor, left) :]


def _die_by(number: int) -> None:
    """End by a signal, so that who started this sees what it would have seen of the command."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    main()
