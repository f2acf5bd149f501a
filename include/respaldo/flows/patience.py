"""Wait for others no longer than so many seconds, whatever they do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class OutOfPatienceError(Exception):
    """What was waited for has not ended in time. It goes on by itself, and dies with the process."""


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """Do some work in a thread of its own, and give what it gives.

    Time limits of sockets count from byte to byte, and none holds for a name server: only this one is sure.

    :raises OutOfPatienceError: it has not ended in time.
    """
    given: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            given.append(work())
        except BaseException as error:  # noqa: BLE001  (whoever waits gets it)
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not given:
        raise OutOfPatienceError
    return given[0]
