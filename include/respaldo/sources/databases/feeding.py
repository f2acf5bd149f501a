"""Feeds a program of a database with what streams out of somewhere else, while both run."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

from respaldo.hosts.worker import Command, Receiver, run


def feed(stream: Callable[[Receiver], None], command: Command, said: list[bytes]) -> int:
    """Hand what ``stream`` gives to the command; give the command's exit code.

    :param said: gets the lines of the command's standard error.
    """
    reading, writing = os.pipe()
    codes: list[int] = []
    failures: list[Exception] = []

    def restore() -> None:
        try:
            codes.append(run(command, on_output=lambda _: None, on_error=said.append, stdin=reading))
        except Exception as failure:  # noqa: BLE001  (raised again in the caller's thread)
            failures.append(failure)
        finally:
            os.close(reading)

    def write(block: bytes) -> None:
        # The program ends when it has what it needs, or cannot go on: its exit code tells.
        with contextlib.suppress(BrokenPipeError):
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(writing, rest) :]

    restoring = threading.Thread(target=restore)
    restoring.start()
    try:
        stream(write)
    finally:
        os.close(writing)
        restoring.join()
    for failure in failures:
        raise failure
    return codes[0]
