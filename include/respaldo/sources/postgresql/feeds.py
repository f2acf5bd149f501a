"""Programs that are fed block by block while a copy streams by."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from respaldo.hosts.worker import Receiver, environment, require

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Result:
    """How a program ended; ``said`` is empty when a receiver took what it said."""

    code: int
    said: str
    complaint: str


class Feed:
    """One program that is fed block by block. It may stop reading when it has seen enough.

    :param scratch: a folder for what it says.
    :param receive: takes its output instead, in a thread of its own.
    """

    def __init__(self, argv: Sequence[str], scratch: str, receive: Receiver | None = None) -> None:
        # Files, not pipes: nobody reads them before the end, and a full pipe would stop the program.
        self._said = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  (closed in close)
        self._complaint = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115
        self._process = subprocess.Popen(
            (require(argv[0]), *argv[1:]),
            stdin=subprocess.PIPE,
            stdout=self._said if receive is None else subprocess.PIPE,
            stderr=self._complaint,
            # In English: what it says decides what is told.
            env=environment({"LC_ALL": "C"}),
        )
        self._reader = threading.Thread(target=self._hand_on, args=(receive,), daemon=True)
        self._reader.start()
        self._result: Result | None = None

    def take(self, block: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            if self._process.stdin is not None and not self._process.stdin.closed:
                self._process.stdin.write(block)

    def close(self) -> Result:
        """Let the program come to its end and give what it said; a second call gives the same."""
        if self._result is None:
            with contextlib.suppress(BrokenPipeError):
                if self._process.stdin is not None:
                    self._process.stdin.close()
            self._reader.join()
            code = self._process.wait()
            with self._said as said, self._complaint as complaint:
                said.seek(0)
                complaint.seek(0)
                self._result = Result(
                    code,
                    said.read().decode(errors="replace"),
                    complaint.read().decode(errors="replace").strip(),
                )
        return self._result

    def _hand_on(self, receive: Receiver | None) -> None:
        if receive is None or self._process.stdout is None:
            return
        with self._process.stdout as stream:
            for block in iter(lambda: os.read(stream.fileno(), _CHUNK_BYTES), b""):
                receive(block)
