"""Counts the rows of each table in the SQL text of a dump, while the text goes by."""

from __future__ import annotations

import re

from respaldo.sources.postgresql.dump_text import PREAMBLE_BYTES, encoding_of, unquoted

LARGE_OBJECTS = "pg_catalog.pg_largeobject_metadata"
"""The table that has a row for each large object: so they are counted like everything else."""

_NAME = rb'("(?:[^"]|"")*"|[^\s".]+)'
_COLUMNS = rb'(?:\((?:[^"()]|"(?:[^"]|"")*")*\))?'
_HEADER = re.compile(rb"\nCOPY " + _NAME + rb"\." + _NAME + rb" " + _COLUMNS + rb" FROM stdin;(?=\n)")
_HEADER_BEGINS = b"\nCOPY "
_HEADER_BYTES = 1 << 20
"""No header is longer: 1,600 columns with names of 63 characters."""

_END = b"\n\\.\n"
_LARGE_OBJECT = b"\nSELECT pg_catalog.lo_open("


class RowCounter:
    """Takes what ``pg_restore --section=data`` prints.

    A row is one line: line breaks in the data are written as ``\\n``. Within a table's block only the line
    ``\\.`` means something, so the data is searched and never split.
    """

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        """Rows by ``schema.table``, names unquoted."""
        self._table: str | None = None
        self._preamble = b""
        # The text's first line is found like any other.
        self._rest = b"\n"

    def take(self, block: bytes) -> None:
        """Take the next piece of the text, cut anywhere."""
        if len(self._preamble) < PREAMBLE_BYTES:
            self._preamble += block[:PREAMBLE_BYTES]
        text = self._rest + block
        at, more = 0, True
        while more:
            at, more = self._outside(text, at) if self._table is None else self._inside(text, at, self._table)
        self._rest = text[at:]

    def _inside(self, text: bytes, at: int, table: str) -> tuple[int, bool]:
        """Count the rows of the block that is open; give how far, and whether to go on from there."""
        end = text.find(_END, at)
        # The line break before the first row is the header's: there are as many before the end as rows.
        upto = end if end >= 0 else max(at, len(text) - len(_END) + 1)
        self.rows[table] += text.count(b"\n", at, upto)
        if end < 0:
            return upto, False
        self._table = None
        return end + len(_END) - 1, True

    def _outside(self, text: bytes, at: int) -> tuple[int, bool]:
        """Find where the next block begins; give how far was looked, and whether to go on from there."""
        begin = text.find(_HEADER_BEGINS, at)
        if begin < 0:
            upto = max(at, len(text) - len(_LARGE_OBJECT) + 1)
            self._count_large_objects(text, at, upto + len(_LARGE_OBJECT) - 1)
            return upto, False
        self._count_large_objects(text, at, begin)
        header = _HEADER.match(text, begin)
        if header is None:
            cut_short = len(text) - begin < _HEADER_BYTES
            return (begin, False) if cut_short else (begin + 1, True)
        encoding = encoding_of(self._preamble)
        schema, table = (unquoted(name.decode(encoding, errors="replace")) for name in header.groups())
        self._table = f"{schema}.{table}"
        self.rows.setdefault(self._table, 0)
        return header.end(), True

    def _count_large_objects(self, text: bytes, at: int, upto: int) -> None:
        found = text.count(_LARGE_OBJECT, at, upto)
        if found:
            self.rows[LARGE_OBJECTS] = self.rows.get(LARGE_OBJECTS, 0) + found
