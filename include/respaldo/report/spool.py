"""Facts that the report database could not take, safe on the worker's own disk until it can.

One JSON file a fact, in the order in which they were stated. A file is complete or absent: it is written
beside, synced, and renamed. ``rejected/`` holds what the database will never take, each with its reason.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from respaldo.domain.errors import ReportUnavailableError
from respaldo.hosts import durable
from respaldo.report.database import FactRefusedError
from respaldo.report.facts import Fact
from respaldo.texts import report as texts

log = logging.getLogger(__name__)

TURN_SECONDS = 10.0
_POLL_SECONDS = 0.02


class Spool:
    """A folder of waiting facts, shared by the processes of one worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rejected_folder = folder / "rejected"

    def waiting(self) -> list[Path]:
        """Return the files of the facts that wait, oldest first."""
        return sorted(self.folder.glob("[0-9]*-*.json"))

    def rejected(self) -> list[Path]:
        """Return the files of the facts that the database will never take."""
        return sorted(self.rejected_folder.glob("*.json"))

    @contextmanager
    def turn(self, seconds: float = TURN_SECONDS) -> Iterator[None]:
        """Hold the right to write to the database, so that no fact overtakes one that waits.

        :raises ReportUnavailableError: others held it for so long: they are stuck on a database that does
            not answer.
        """
        self._make_folder()
        lock = os.open(self.folder / "turn.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock_within(lock, seconds)
            yield
        finally:
            os.close(lock)

    def append(self, fact: Fact) -> Path:
        """Keep a fact behind all that wait. Two that come at the same instant have no order."""
        self._make_folder()
        waiting = self.waiting()
        number = int(waiting[-1].name.partition("-")[0]) + 1 if waiting else 1
        path = self.folder / f"{number:012d}-{fact.event_id}.json"
        durable.replace(path, _serialized(fact))
        return path

    def drain(self, apply: Callable[[Fact], None]) -> None:
        """Apply the waiting facts, oldest first; whoever calls it has the turn.

        A fact leaves the spool after it was applied. One that is refused, or cannot be read, goes to
        ``rejected`` and blocks nobody. Any other error stops here: that fact and the ones after it wait.
        """
        while waiting := self.waiting():
            for path in waiting:
                try:
                    fact = _read(path)
                except (OSError, ValidationError) as error:
                    self._reject(path, str(error))
                    continue
                try:
                    apply(fact)
                except FactRefusedError as error:
                    self._reject(path, error.facts["reason"])
                    continue
                path.unlink()

    def reject(self, fact: Fact, reason: str) -> None:
        """Keep a fact that was refused before it ever waited."""
        self._reject(self.append(fact), reason)

    def _reject(self, path: Path, reason: str) -> None:
        self.rejected_folder.mkdir(mode=0o700, exist_ok=True)
        kept = self.rejected_folder / path.name
        durable.replace(kept.with_suffix(".reason"), reason.encode())
        path.rename(kept)
        log.error(texts.FACT_REJECTED, kept, reason)

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _lock_within(lock: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise ReportUnavailableError(reason=f"busy for {seconds:g} s") from error
            time.sleep(_POLL_SECONDS)
        else:
            return


def _serialized(fact: Fact) -> bytes:
    stated = {"event_id": str(fact.event_id), "at": fact.at.isoformat(), "row": fact.row.columns()}
    return json.dumps(stated, indent=1, ensure_ascii=False).encode()


def _read(path: Path) -> Fact:
    return Fact.model_validate_json(path.read_bytes())
