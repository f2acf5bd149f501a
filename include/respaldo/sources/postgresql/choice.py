"""Which entries of a dump give back what was asked for: some tables, or some schemas.

pg_restore's own ``--table`` brings a table without its indexes, keys, defaults and rights: the entries are
chosen here and given to it as a list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from respaldo.sources.postgresql.contents import Contents, Entry

TABLE = "table:"
SCHEMA = "schema:"
"""What a part's ``includes`` begin with."""

_PARTS_OF_A_TABLE = (
    "CHECK CONSTRAINT", "CONSTRAINT", "DEFAULT", "INDEX", "INDEX ATTACH", "NOT NULL CONSTRAINT",
    "PUBLICATION TABLE", "REPLICA IDENTITY", "ROW SECURITY", "SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET",
    "STATISTICS", "TABLE ATTACH", "TABLE DATA",
)  # fmt: skip
_OF_ONE_OF_SEVERAL_TABLES = ("FK CONSTRAINT", "POLICY", "RULE", "TRIGGER")
"""They may need other tables too; the one that they belong to stands first in their name."""

_INDEXES = ("INDEX", "CONSTRAINT")

_SAID_OF_AN_OBJECT = ("ACL", "COMMENT", "SECURITY LABEL")
_HOLDS_ROWS = ("TABLE", "FOREIGN TABLE", "MATERIALIZED VIEW")
_NEVER_ADDED = (*_HOLDS_ROWS, "PUBLICATION", "SUBSCRIPTION")


@dataclass(frozen=True)
class Choice:
    """The entries to restore, in the dump's order, and those that need what was not asked for."""

    entries: tuple[Entry, ...]
    left_out: tuple[Entry, ...] = ()


def asked(contents: Contents, includes: Collection[str]) -> tuple[Entry, ...]:
    """Give the entries of the schemas and tables that are named, partitions and owned sequences with them."""
    schemas = {each.removeprefix(SCHEMA) for each in includes if each.startswith(SCHEMA)}
    tables = {each.removeprefix(TABLE) for each in includes if each.startswith(TABLE)}
    named = {entry.number: entry for entry in contents.entries}
    numbers = {entry.number for entry in contents.tables if entry.table in tables}
    for attached in _attached(contents):
        # Partitions of partitions come later in the dump than those that they are of.
        if numbers & set(attached.needs):
            numbers |= _partition(named, attached)
    for entry in contents.entries:
        of_schema = entry.schema in schemas or (entry.type == "SCHEMA" and entry.name in schemas)
        if of_schema or _belongs(entry, numbers, named):
            numbers.add(entry.number)
    return tuple(entry for entry in contents.entries if entry.number in numbers)


def in_place(contents: Contents, includes: Collection[str], schemas_there: Collection[str]) -> Choice:
    """Choose for a database that has everything else: the schemas there need not be made.

    What is there is removed by pg_restore, which cannot remove the index of a partition before the partition.
    So these are not named to it: a partition that is attached when its table has all indexes gets them too.
    """
    named = {entry.number: entry for entry in contents.entries}
    attached = [entry for entry in contents.entries if entry.type == "INDEX ATTACH"]
    made_by_attaching = {number for entry in attached for number in _attached_index(named, entry)}
    kept = [
        entry
        for entry in asked(contents, includes)
        if not (entry.type == "SCHEMA" and entry.name in schemas_there)
        and entry.number not in made_by_attaching
        and entry.type != "INDEX ATTACH"
    ]
    attaching = [entry for entry in kept if entry.type == "TABLE ATTACH"]
    rest = [entry for entry in kept if entry.type != "TABLE ATTACH"]
    made = ("TABLE", "TABLE DATA", *_INDEXES)
    after = max((at for at, entry in enumerate(rest, 1) if entry.type in made), default=0)
    return Choice((*rest[:after], *attaching, *rest[after:]))


def standalone(contents: Contents, includes: Collection[str]) -> Choice:
    """Choose for a new database: with the types, functions and schemas that the asked entries need.

    What needs the rows of a table that was not asked for (a foreign key to it, a view of it) is left out.
    """
    wanted = asked(contents, includes)
    needs = _Needs(contents, {entry.number for entry in wanted})
    kept = [entry.number for entry in wanted if needs.can_be_met(entry.number)]
    numbers = needs.with_needed(kept)
    return Choice(
        tuple(entry for entry in contents.entries if entry.number in numbers),
        tuple(entry for entry in wanted if entry.number not in numbers),
    )


def _attached(contents: Contents) -> Iterator[Entry]:
    return (entry for entry in contents.entries if entry.type == "TABLE ATTACH")


def _attached_index(named: Mapping[int, Entry], attached: Entry) -> set[int]:
    """Give the number of the partition's index that an entry attaches; it may be a key's."""
    return {
        each
        for each in attached.needs
        if each in named
        and named[each].type in _INDEXES
        and named[each].schema == attached.schema
        and named[each].name.split(" ")[-1] == attached.name.split(" ")[-1]
    }


def _partition(named: Mapping[int, Entry], attached: Entry) -> set[int]:
    """Give the number of the partition that an entry attaches."""
    return {each for each in attached.needs if each in named and named[each].table == attached.table}


def _belongs(entry: Entry, numbers: Collection[int], named: Mapping[int, Entry]) -> bool:
    of = [named[each] for each in entry.needs if each in numbers]
    if entry.type in _SAID_OF_AN_OBJECT:
        return bool(of) and entry.needs[0] == of[0].number
    if entry.type in _PARTS_OF_A_TABLE:
        return bool(of)
    if entry.type in _OF_ONE_OF_SEVERAL_TABLES:
        return any(each.schema == entry.schema and entry.name.startswith(f"{each.name} ") for each in of)
    return False


class _Needs:
    """What entries need, followed as far as it goes."""

    def __init__(self, contents: Contents, wanted: Collection[int]) -> None:
        self._named = {entry.number: entry for entry in contents.entries}
        self._partitions = {
            number for attached in _attached(contents) for number in _partition(self._named, attached)
        }
        self._wanted = set(wanted)
        self._met: dict[int, bool] = {}
        for number in wanted:
            self._add_parents(number)

    def can_be_met(self, number: int) -> bool:
        """Tell whether all that an entry needs is wanted itself or can be added without its rows."""
        if number not in self._met:
            # Needs that go in a circle are met when all others are.
            self._met[number] = True
            added = number in self._wanted or self._named[number].type not in _NEVER_ADDED
            self._met[number] = added and all(map(self.can_be_met, self._of(number)))
        return self._met[number]

    def with_needed(self, numbers: Sequence[int]) -> set[int]:
        found: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting += self._of(number)
        return found

    def _of(self, number: int) -> list[int]:
        """Give what an entry needs. A partition is made without its table, and attached later."""
        return [
            each
            for each in self._named[number].needs
            if each in self._named and not (number in self._partitions and self._is_table(each))
        ]

    def _add_parents(self, number: int) -> None:
        """A table that inherits is made with the tables that it inherits from; they stay empty."""
        for each in self._of(number):
            if self._is_table(number) and self._is_table(each) and each not in self._wanted:
                self._wanted.add(each)
                self._add_parents(each)

    def _is_table(self, number: int) -> bool:
        return self._named[number].type == "TABLE"
