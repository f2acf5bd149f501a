"""Counts the bytes of a restoration, and tells how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from respaldo.hosts.worker import Receiver
from respaldo.restic.call import OnProgress
from respaldo.restic.events import Progress

_TELL_EVERY_SECONDS = 1.0


@dataclass
class Tally:
    """Counts the bytes of a restoration; they are read as often as ``times`` says."""

    on_progress: OnProgress
    size_bytes: int
    times: int = 2
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0

    def add(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        if now - self.told >= _TELL_EVERY_SECONDS:
            self.told = now
            self.tell()

    def counted(self, receive: Receiver) -> Receiver:
        """Count what is handed on to ``receive``."""

        def count(block: bytes) -> None:
            self.add(len(block))
            receive(block)

        return count

    def tell(self) -> None:
        total = self._total
        self.on_progress(
            Progress(
                percent=min(100.0, 100 * self.done / total) if total else 100.0,
                bytes_done=min(self.done, total),
                bytes_total=total,
                files_done=0,
                files_total=0,
                seconds_elapsed=round(time.monotonic() - self.began),
                seconds_remaining=None,
            )
        )

    def finish(self) -> None:
        self.done = self._total
        self.tell()

    @property
    def _total(self) -> int:
        return self.times * self.size_bytes
