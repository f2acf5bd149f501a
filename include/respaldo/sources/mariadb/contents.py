"""What a dump contains: its objects, the rows of each table, and whether it is whole. Read while it goes by.

The text is taken apart by lines. A line of data is one row: line breaks within the data are written as
``\\n``. What stands between ``DELIMITER ;;`` and ``DELIMITER ;`` is the text of a trigger, an event or a
routine, which may look like anything.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

Identity = tuple[str, str]
"""Type and name of an object."""

_NAME = rb"(`(?:[^`]|``)*`)"
_WORD = rb"(?:`(?:[^`]|``)*`|[^\s`.(]+)"
_INSERT = re.compile(rb"^INSERT INTO " + _NAME + rb"(?: \(.*\))? VALUES$")
_CREATE = re.compile(rb"^CREATE (?P<sort>TABLE|SEQUENCE) " + _NAME + rb"[ (]")
_VIEW = re.compile(rb"^/\*!50001 VIEW " + _NAME + rb" AS ")
_PROGRAM = re.compile(
    rb"^(?:/\*!\d+ )?CREATE\b.*?[ )/*]"
    rb"(?P<sort>TRIGGER|EVENT|PROCEDURE|FUNCTION|PACKAGE BODY|PACKAGE) +(?:IF NOT EXISTS +)?"
    rb"(?:" + _WORD + rb" *\. *)?(?P<name>" + _WORD + rb")",
    re.IGNORECASE,
)
"""A trigger has the words that somebody wrote, in their case; the others have the server's."""

_USER = re.compile(rb"^CREATE USER ")
_BEGIN_PROGRAM = b"DELIMITER ;;"
_END_PROGRAM = b"DELIMITER ;"
_COMPLETE = re.compile(rb"^-- Dump completed\b")
_LONGEST_TOLD = 1 << 20
"""The name of an object stands within this many bytes of its line."""

_CHECKSUM_BYTES = 8
_CHECKSUM_MODULUS = 1 << (8 * _CHECKSUM_BYTES)


@dataclass(frozen=True)
class Contents:
    """What a dump contains; ``checksums`` are of the rows of each table, in whatever order they come."""

    objects: frozenset[Identity]
    rows: dict[str, int]
    checksums: dict[str, str]
    users: int
    is_complete: bool

    def counted(self) -> dict[str, int | str]:
        """Give the numbers for a row of the report."""
        return {
            "objects": len(self.objects),
            "tables": len(self.rows),
            "rows": sum(self.rows.values()),
        }


class Lines:
    """Cuts what streams by into whole lines. A line may be a gigabyte: its pieces are joined once."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def take(self, block: bytes) -> list[bytes]:
        """Take the next piece of the text, cut anywhere; give the lines that ended in it."""
        first, *others = block.split(b"\n")
        self._pieces.append(first)
        if not others:
            return []
        whole = b"".join(self._pieces)
        *lines, rest = others
        self._pieces = [rest]
        return [whole, *lines]

    def rest(self) -> bytes:
        """Give what came after the last line break."""
        return b"".join(self._pieces)


class ContentsReader:
    """Reads the contents of a dump while its lines go by."""

    def __init__(self) -> None:
        self._objects: set[Identity] = set()
        self._rows: dict[str, int] = {}
        self._checksums: dict[str, int] = {}
        self._users = 0
        self._table: str | None = None
        self._in_program = False
        self._is_named = False
        self._last = b""

    def take(self, lines: list[bytes]) -> None:
        for line in lines:
            if self._table is not None:
                self._take_row(line, self._table)
            elif self._in_program:
                self._take_program(line)
            elif line:
                self._last = line[:_LONGEST_TOLD]
                self._take_statement(self._last)

    def finish(self) -> Contents:
        return Contents(
            objects=frozenset(self._objects),
            rows=dict(self._rows),
            checksums={table: f"{number:016x}" for table, number in self._checksums.items()},
            users=self._users,
            is_complete=_COMPLETE.match(self._last) is not None and self._table is None,
        )

    def _take_row(self, line: bytes, table: str) -> None:
        """Count a row. Its checksum is without the sign that says whether more rows follow."""
        number = hashlib.blake2b(memoryview(line)[:-1], digest_size=_CHECKSUM_BYTES).digest()
        self._rows[table] += 1
        self._checksums[table] = (self._checksums[table] + int.from_bytes(number)) % _CHECKSUM_MODULUS
        if line.endswith(b";"):
            self._table = None

    def _take_statement(self, line: bytes) -> None:
        if inserted := _INSERT.match(line):
            self._table = _told(inserted[1])
            self._add_table(self._table)
        elif line == _BEGIN_PROGRAM:
            self._in_program = True
        elif created := _CREATE.match(line):
            sort, name = created["sort"].decode(), _told(created[2])
            self._objects.add((sort, name))
            if sort == "TABLE":
                self._add_table(name)
        elif viewed := _VIEW.match(line):
            self._objects.add(("VIEW", _told(viewed[1])))
        elif _USER.match(line):
            self._users += 1

    def _take_program(self, line: bytes) -> None:
        if line == _END_PROGRAM:
            self._in_program = False
            self._is_named = False
        elif not self._is_named and (found := _PROGRAM.match(line[:_LONGEST_TOLD])):
            self._is_named = True
            self._objects.add((found["sort"].decode().upper(), _told(found["name"])))

    def _add_table(self, table: str) -> None:
        self._rows.setdefault(table, 0)
        self._checksums.setdefault(table, 0)


def _told(name: bytes) -> str:
    told = name.decode(errors="replace")
    return told[1:-1].replace("``", "`") if told.startswith("`") else told
