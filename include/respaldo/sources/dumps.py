"""Checks that a PostgreSQL dump is whole, while it streams by: nothing of it is kept."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import tempfile
from types import TracebackType
from typing import Self

from respaldo.hosts.worker import environment, require

_GLOBALS_END = b"PostgreSQL database cluster dump complete"
_GLOBALS_TAIL_BYTES = 200

Facts = dict[str, int | str]


class GlobalsCheck:
    """Checks that the text of ``pg_dumpall --globals-only`` ends where it says that it is complete."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._hash = hashlib.sha256()
        self._tail = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def take(self, block: bytes) -> None:
        self.size_bytes += len(block)
        self._hash.update(block)
        self._tail = (self._tail + block)[-_GLOBALS_TAIL_BYTES:]

    def finish(self) -> Facts:
        """Give size and hash, and a ``reason`` when the text is not complete."""
        facts: Facts = {"size_bytes": self.size_bytes, "sha256": self._hash.hexdigest()}
        if _GLOBALS_END not in self._tail:
            facts["reason"] = "no completion marker"
        return facts


class DumpCheck:
    """Checks a custom-format dump with pg_restore twice at once: its list of objects, and every block of it.

    The list alone is in the first bytes: a dump cut after them would pass.
    """

    def __init__(self, scratch: str) -> None:
        self.size_bytes = 0
        self._hash = hashlib.sha256()
        self._list = _Feed(("pg_restore", "--list"), scratch)
        self._whole = _Feed(("pg_restore", "--file=/dev/null"), scratch)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._list.close()
        self._whole.close()

    def take(self, block: bytes) -> None:
        self.size_bytes += len(block)
        self._hash.update(block)
        self._list.take(block)
        self._whole.take(block)

    def finish(self) -> Facts:
        """Give size, hash and number of objects, and a ``reason`` when pg_restore could not read it all."""
        listed, whole = self._list.close(), self._whole.close()
        objects = [line for line in listed.said.splitlines() if line and not line.startswith(";")]
        facts: Facts = {
            "size_bytes": self.size_bytes,
            "sha256": self._hash.hexdigest(),
            "objects": len(objects),
        }
        for result in (listed, whole):
            if result.code != 0:
                facts["reason"] = result.complaint
        return facts


class _Result:
    def __init__(self, code: int, said: str, complaint: str) -> None:
        self.code = code
        self.said = said
        self.complaint = complaint


class _Feed:
    """One program that is fed block by block. It may stop reading when it has seen enough."""

    def __init__(self, argv: tuple[str, ...], scratch: str) -> None:
        # Files, not pipes: nobody reads them before the end, and a full pipe would stop the program.
        self._said = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  (closed in close)
        self._complaint = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115
        self._process = subprocess.Popen(
            (require(argv[0]), *argv[1:]),
            stdin=subprocess.PIPE,
            stdout=self._said,
            stderr=self._complaint,
            env=environment({}),
        )
        self._result: _Result | None = None

    def take(self, block: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            if self._process.stdin is not None and not self._process.stdin.closed:
                self._process.stdin.write(block)

    def close(self) -> _Result:
        """Let the program come to its end and give what it said; a second call gives the same."""
        if self._result is None:
            with contextlib.suppress(BrokenPipeError):
                if self._process.stdin is not None:
                    self._process.stdin.close()
            code = self._process.wait()
            with self._said as said, self._complaint as complaint:
                said.seek(0)
                complaint.seek(0)
                self._result = _Result(
                    code,
                    said.read().decode(errors="replace"),
                    complaint.read().decode(errors="replace").strip(),
                )
        return self._result
