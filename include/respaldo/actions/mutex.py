"""One writer a scope on this worker, restic itself included."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from respaldo.config.home import Home
from respaldo.domain.errors import AlreadyRunningError
from respaldo.hosts.worker import GRACE_SECONDS

_PATIENCE_SECONDS = GRACE_SECONDS + 15
"""A killed task's restic gets SIGTERM and cleans up: a retry waits at least that long for it."""


@contextmanager
def only_writer(home: Home, scope_id: str) -> Iterator[int]:
    """Hold the scope's lock and give its file descriptor, for restic to hold it too as long as it lives.

    :raises AlreadyRunningError: another run, or what a killed one left behind, holds it.
    """
    descriptor = os.open(home.locks / f"{scope_id}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, scope_id)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, scope_id: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise AlreadyRunningError(scope=scope_id) from error
            time.sleep(0.5)
        else:
            return
