"""Whose a lock is: restic writes into it the name of a machine and the number of a process there."""

from __future__ import annotations

import socket
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]

from respaldo.hosts.session import Session

Lives = Callable[[str, int], bool]
"""Tells whether a machine's process, by the machine's name and its number, is of this one and may live."""

_LOOK = '[ "$(uname -n)" = "$1" ] && [ -e "/proc/$2" ]'


def lives_here(machine: str, process: int) -> bool:
    """Look on this worker: see `Lives`."""
    return machine == socket.gethostname() and psutil.pid_exists(process)


def lives_on(session: Session) -> Lives:
    """Give what looks on a machine over SSH."""

    def lives(machine: str, process: int) -> bool:
        return session.output("sh", "-c", _LOOK, "look", machine, str(process)).exit_code == 0

    return lives
