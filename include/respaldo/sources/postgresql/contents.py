"""What a dump contains: its objects, what each of them needs, and how the database itself was made.

pg_restore tells it in two texts. The list has every entry in the order of the dump, and does not say where
a name with spaces ends. The SQL has the names, each in a comment above its object, and no entry of data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from respaldo.domain.errors import DumpUnreadableError
from respaldo.sources.postgresql.dump_text import encoding_of
from respaldo.sources.postgresql.feeds import Feed
from respaldo.sources.postgresql.tools import newest

Identity = tuple[str, str, str]
"""Type, schema (``-``: of none) and name of an object."""

_LISTED = re.compile(r"^(\d+); \d+ \d+ (.*)$")
_NEEDS = re.compile(r"^;\tdepends on: (.*)$")
_TITLE = re.compile(
    r"^--(?: TOC entry (?P<number>\d+) .*\n(?:-- Dependencies: .*\n)?--)?"
    r" Name: (?P<name>.*?); Type: (?P<type>.*?); Schema: (?P<schema>.*?); Owner: .*$",
    re.MULTILINE,
)
_DATA_TYPES = ("TABLE DATA", "SEQUENCE SET", "MATERIALIZED VIEW DATA", "BLOBS", "BLOB")

_STATEMENT = re.compile(
    r"^((?:CREATE DATABASE|ALTER|GRANT|REVOKE|COMMENT ON|SECURITY LABEL)\b"
    r"""(?:[^;'"]|'(?:[^']|'')*'|"(?:[^"]|"")*")*);""",
    re.MULTILINE,
)
_ABOUT = (
    r'ALTER(?: ROLE (?:"(?:[^"]|"")*"|[^\s"]+) IN)?|COMMENT ON|(?:GRANT|REVOKE) [A-Z, ]+ ON'
    r'|SECURITY LABEL FOR (?:"(?:[^"]|"")*"|[^\s"]+) ON'
)
_CREATE = re.compile(r'CREATE DATABASE ("(?:[^"]|"")*"|\S+) WITH (.*)', re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """One entry of a dump; ``needs`` are the numbers of those that it cannot be restored without."""

    number: int
    type: str
    schema: str
    name: str
    needs: tuple[int, ...] = ()

    @property
    def identity(self) -> Identity:
        return self.type, self.schema, self.name

    @property
    def table(self) -> str:
        return f"{self.schema}.{self.name}"


_WRITTEN_BY = re.compile(r"^; +Dumped by pg_dump version: (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class DatabaseSql:
    """How the database itself was made: its properties are in no object of it.

    ``options`` is what follows ``CREATE DATABASE name WITH`` (encoding, locale); ``statements`` set its
    owner, rights, settings and comment. They name it ``quoted``.
    """

    quoted: str
    options: str
    statements: tuple[str, ...]

    def for_database(self, quoted: str) -> tuple[str, ...]:
        """Give the statements for a database of another name.

        Only those that are about it: a function's text can look like a title with any statement below.
        """
        named = re.compile(rf"^({_ABOUT}) DATABASE {re.escape(self.quoted)} ")
        return tuple(
            named.sub(lambda found: f"{found[1]} DATABASE {quoted} ", each)
            for each in self.statements
            if named.match(each)
        )


@dataclass(frozen=True)
class Contents:
    """The entries of a dump in its order, its database, and the version of the pg_dump that wrote it."""

    entries: tuple[Entry, ...]
    database: DatabaseSql
    written_by: int = 0

    @property
    def tables(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.type == "TABLE")


class ContentsReader:
    """Reads the contents of a dump while it streams by."""

    def __init__(self, scratch: str) -> None:
        self._text = bytearray()
        program = newest("pg_restore")
        self._list = Feed((program, "--list", "--verbose"), scratch)
        self._sql = Feed(
            (program, "--create", "--schema-only", "--verbose", "--file=-"),
            scratch,
            receive=self._text.extend,
        )

    def take(self, block: bytes) -> None:
        self._list.take(block)
        self._sql.take(block)

    def close(self) -> None:
        self._list.close()
        self._sql.close()

    def finish(self, item: str, snapshot_id: str) -> Contents:
        """Give what the dump contains.

        :raises DumpUnreadableError: pg_restore cannot read that.
        """
        listed, sql = self._list.close(), self._sql.close()
        for result in (listed, sql):
            if result.code != 0:
                raise DumpUnreadableError(item=item, snapshot=snapshot_id, reason=result.complaint)
        text = self._text.decode(encoding_of(bytes(self._text)), errors="replace")
        written = _WRITTEN_BY.search(listed.said)
        return Contents(_entries(listed.said, text), _database(text), int(written[1]) if written else 0)


def objects_in(text: str) -> frozenset[Identity]:
    """Name the objects that the SQL text of a dump defines: no data, nothing of the database itself.

    Large objects are data.
    """
    return frozenset(entry.identity for entry in _titled(text) if is_object(entry))


def is_object(entry: Entry) -> bool:
    """Tell whether an entry defines something in the database."""
    if entry.type in ("ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES"):
        return False
    of_none = entry.schema == "-" and entry.name.startswith(("DATABASE ", "LARGE OBJECT"))
    return not of_none and not entry.type.startswith(_DATA_TYPES) and not entry.type.endswith(" DATA")


def _titled(text: str) -> Iterator[Entry]:
    for found in _TITLE.finditer(text):
        yield Entry(int(found["number"] or 0), found["type"], found["schema"], found["name"])


def _entries(listed: str, text: str) -> tuple[Entry, ...]:
    titled = {entry.number: entry for entry in _titled(text)}
    entries: dict[int, Entry] = {}
    for number, told, needs in _lines(listed):
        named = titled.get(number) or _untitled(number, told, needs, titled)
        entries[number] = Entry(number, named.type, named.schema, named.name, needs)
    return tuple(entries.values())


def _lines(listed: str) -> Iterator[tuple[int, str, tuple[int, ...]]]:
    """Give number, text and needs of each line of the list."""
    lines = listed.split("\n")
    for at, line in enumerate(lines):
        if found := _LISTED.match(line):
            following = _NEEDS.match(lines[at + 1]) if at + 1 < len(lines) else None
            yield int(found[1]), found[2], tuple(map(int, following[1].split())) if following else ()


def _untitled(number: int, told: str, needs: Sequence[int], titled: dict[int, Entry]) -> Entry:
    """Data are named like the object that they are of."""
    data = next((data for data in _DATA_TYPES if told.startswith(f"{data} ")), "")
    of = next((titled[each] for each in needs if each in titled), None)
    if data and of is not None:
        return Entry(number, data, of.schema, of.name)
    sort, _, of_none = told.partition(" - ")
    return Entry(number, data or sort, "-", of_none or told)


def _database(text: str) -> DatabaseSql:
    titles = [*_TITLE.finditer(text)]
    statements: list[str] = []
    for title, following in zip(titles, [*titles[1:], None], strict=True):
        sort, of = title["type"], title["name"]
        if sort.startswith("DATABASE") or (title["schema"] == "-" and of.startswith("DATABASE ")):
            block = text[title.end() : following.start() if following else len(text)]
            statements += [found[1] for found in _STATEMENT.finditer(block)]
    creating = next(filter(None, map(_CREATE.match, statements)), None)
    if creating is None:
        return DatabaseSql("", "TEMPLATE = template0", ())
    return DatabaseSql(
        creating[1], creating[2], tuple(each for each in statements if not each.startswith("CREATE DATABASE"))
    )
