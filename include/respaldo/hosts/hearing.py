"""What a command on a machine writes, on its way from the connection's thread to whoever waits for it.

A machine may write faster than it is heard, and never end a line: no more than a few megabytes are kept here.
"""

from __future__ import annotations

import asyncio
import queue
from typing import Any

from respaldo.hosts.worker import Receiver

LINE_BYTES = 1 << 20
"""A longer line is handed on in pieces."""

_BLOCK_BYTES = 1 << 16
_MOST_WAITING = 256
_PAUSE_SECONDS = 0.01


class Heard:
    """What was written and not yet handed on. None ends it.

    :ivar is_ending: the command is being ended, and nobody takes what it writes meanwhile. What is too much
        is forgotten, so that it does end.
    """

    def __init__(self) -> None:
        self.is_ending = False
        self._said: queue.SimpleQueue[tuple[Receiver, bytes] | None] = queue.SimpleQueue()

    def get(self, timeout: float | None = None) -> tuple[Receiver, bytes] | None:
        """Wait for a piece, and who is to receive it.

        :raises queue.Empty: none came in time.
        """
        return self._said.get(timeout=timeout)

    def end(self) -> None:
        """Say that no more comes."""
        self._said.put(None)

    async def take(self, stream: Any, receive: Receiver, *, by_line: bool) -> None:  # noqa: ANN401
        """Take all that comes by one of asyncssh's readers, no faster than it is handed on."""
        line = bytearray()
        while block := await stream.read(_BLOCK_BYTES):
            while self._is_full and not self.is_ending:
                await asyncio.sleep(_PAUSE_SECONDS)
            if self._is_full:
                continue
            if not by_line:
                self._said.put((receive, block))
                continue
            *whole, rest = block.split(b"\n")
            for one in whole:
                self._said.put((receive, bytes(line) + one + b"\n"))
                line.clear()
            line += rest
            if len(line) >= LINE_BYTES:
                self._said.put((receive, bytes(line)))
                line.clear()
        if line:
            self._said.put((receive, bytes(line)))

    @property
    def _is_full(self) -> bool:
        return self._said.qsize() >= _MOST_WAITING
