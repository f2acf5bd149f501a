"""Checks that a PostgreSQL dump is whole, while it streams by: nothing of it is kept but what it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from respaldo.sources.postgresql.feeds import Feed
from respaldo.sources.postgresql.rows import LARGE_OBJECTS, RowCounter
from respaldo.sources.postgresql.tools import newest

_GLOBALS_END = b"PostgreSQL database cluster dump complete"
_GLOBALS_TAIL_BYTES = 200

Facts = dict[str, int | str]


class GlobalsCheck:
    """Checks that the text of ``pg_dumpall --globals-only`` ends where it says that it is complete."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self.rows: Mapping[str, int] = {}
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

    The list alone is in the first bytes: a dump cut after them would pass. The rows are counted in what
    pg_restore makes of the blocks; only tables and large objects have any.
    """

    def __init__(self, scratch: str) -> None:
        self.size_bytes = 0
        self._hash = hashlib.sha256()
        self._counter = RowCounter()
        program = newest("pg_restore")
        self._list = Feed((program, "--list"), scratch)
        self._whole = Feed((program, "--section=data", "--file=-"), scratch, receive=self._counter.take)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._list.close()
        self._whole.close()

    @property
    def rows(self) -> Mapping[str, int]:
        """Rows of each table, complete when the check is finished."""
        return self._counter.rows

    def take(self, block: bytes) -> None:
        self.size_bytes += len(block)
        self._hash.update(block)
        self._list.take(block)
        self._whole.take(block)

    def finish(self) -> Facts:
        """Give size, hash and numbers of objects, tables and rows; a ``reason`` when it is not whole."""
        listed, whole = self._list.close(), self._whole.close()
        objects = [line for line in listed.said.splitlines() if line and not line.startswith(";")]
        tables = {table: rows for table, rows in self.rows.items() if table != LARGE_OBJECTS}
        facts: Facts = {
            "size_bytes": self.size_bytes,
            "sha256": self._hash.hexdigest(),
            "objects": len(objects),
            "tables": len(tables),
            "rows": sum(tables.values()),
        }
        for result in (listed, whole):
            if result.code != 0:
                facts["reason"] = result.complaint
        return facts
