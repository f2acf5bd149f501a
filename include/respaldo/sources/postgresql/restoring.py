"""Restores one dump, whole or a part of it, and compares what came of it (activity 22).

A whole database is always built beside what is there, compared, and only then given its name: in one step,
with what was there before kept under another one. What goes into a database that is there (some tables, or
everything into an empty one) goes into it in one transaction.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from respaldo.domain.errors import RespaldoError, TargetOccupiedError
from respaldo.domain.restoring import Delivery, Part, Restored
from respaldo.domain.values import Evidence
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.sources.databases.marks import Mark, mark_in, name_with
from respaldo.sources.databases.requests import database_of, target_of
from respaldo.sources.databases.tally import Tally
from respaldo.sources.postgresql.choice import Choice, in_place, standalone
from respaldo.sources.postgresql.comparison import compare
from respaldo.sources.postgresql.contents import is_object
from respaldo.sources.postgresql.dump_input import DumpInput, read_dump
from respaldo.sources.postgresql.pg_restore import jobs_for, pg_restore
from respaldo.sources.postgresql.requests import DUMP
from respaldo.sources.postgresql.server import PostgresServer

_IN_ONE = ("--single-transaction",)
_REPLACING = ("--clean", "--if-exists", *_IN_ONE)

Facts = dict[str, int | str]


def restore_database(
    part: Part,
    repository: Repository,
    delivery: Delivery,
    server: PostgresServer,
    scratch: str,
    on_progress: OnProgress,
) -> Restored:
    """Restore a part where its delivery says. See `Source.restore`."""
    tally = Tally(on_progress, part.size_bytes)
    work = _Restoration(part, repository, delivery, server, scratch, tally)
    staging = delivery.destination.kind == "staging"
    restored = work.into_staging() if staging else work.into_target()
    tally.finish()
    return restored


@dataclass(frozen=True)
class _Restoration:
    part: Part
    repository: Repository
    delivery: Delivery
    server: PostgresServer
    scratch: str
    tally: Tally

    # --- where it can go

    def into_staging(self) -> Restored:
        """Make a database of its own for it."""
        name = name_with(database_of(self.part.item, DUMP), "restore", self.delivery.key)
        there = mark_in(self.server.comment(name))
        if there is not None and there.facts and self._mark.same_as(there):
            return self._restored(name, there.facts)
        dump = self._read()
        with self._built(name, dump) as facts:
            self.server.publish({}, self._properties(dump, name), {name: replace(self._mark, facts=facts)})
        return self._restored(name, facts)

    def into_target(self) -> Restored:
        """Make, fill or replace the database that it is for, or replace tables in it."""
        target = target_of(self.part, self.delivery, DUMP)
        comment = self.server.comment(target)
        there = mark_in(comment)
        kept = name_with(target, "before", self.delivery.key)
        if there is not None and self._mark.same_as(there):
            # An earlier attempt came to its end, or was killed when all was in it.
            return self._completed(target, there, kept)
        if comment is None:
            return self._put_at(target, kept=None)
        if not self.server.holds_data(target):
            return self._filled(target)
        if self.delivery.destination.overwrite != "always":
            raise TargetOccupiedError(target=self._told(target))
        if self.part.includes:
            return self._replaced_within(target)
        return self._put_at(target, kept=kept)

    # --- how it gets there

    def _put_at(self, target: str, kept: str | None) -> Restored:
        """Build it beside, then give it its name; what has that name now is called ``kept``."""
        if kept is not None and self.server.comment(kept) is not None:
            raise TargetOccupiedError(target=self._told(kept))
        building = name_with(target, "restore", self.delivery.key)
        dump = self._read()
        with self._built(building, dump) as facts:
            mark = replace(self._mark, facts=facts | {"database": target})
            names = {building: target} if kept is None else {target: kept, building: target}
            self.server.publish(names, self._properties(dump, target), {target: mark})
        return self._restored(target, mark.facts, kept)

    def _filled(self, target: str) -> Restored:
        """Fill a database that is empty; whoever made it gave it its properties."""
        dump = self._read()
        # The mark first: a kill after the transaction would leave data that nobody knows.
        self.server.publish({}, (), {target: self._mark})
        choice = self._standalone(dump)
        self._pg_restore(dump, target, _IN_ONE, choice)
        facts = self._compared(target, choice)
        self.server.publish({}, (), {target: replace(self._mark, facts=facts)})
        return self._restored(target, facts)

    def _replaced_within(self, target: str) -> Restored:
        """Replace tables or schemas in a database that goes on living."""
        dump = self._read()
        choice = in_place(dump.contents, self.part.includes, self.server.schemas(target))
        self._pg_restore(dump, target, _REPLACING, choice)
        return self._restored(target, self._compared(target, choice, whole=False))

    def _completed(self, target: str, there: Mark, kept: str) -> Restored:
        facts = there.facts
        if not facts and self.server.holds_data(target):
            dump = self._read()
            facts = self._compared(target, self._standalone(dump))
            self.server.publish({}, (), {target: replace(self._mark, facts=facts)})
        if not facts:
            return self._filled(target)
        return self._restored(target, facts, kept if self.server.comment(kept) is not None else None)

    @contextlib.contextmanager
    def _built(self, name: str, dump: DumpInput) -> Iterator[Facts]:
        """Make a database of the dump and compare it. It goes again when that, or what follows, fails."""
        comment = self.server.comment(name)
        if comment is not None and not self._is_ours(name, comment):
            raise TargetOccupiedError(target=self._told(name))
        self.server.drop(name)
        try:
            self.server.create(name, dump.contents.database.options, self._mark)
            choice = self._standalone(dump)
            jobs = jobs_for(dump)
            self._pg_restore(dump, name, (f"--jobs={jobs}",) if jobs > 1 else (), choice)
            yield self._compared(name, choice) | {"jobs": jobs}
        except BaseException:
            with contextlib.suppress(RespaldoError):
                self.server.drop(name)
            raise

    # --- the steps

    def _read(self) -> DumpInput:
        return read_dump(self.part, self.repository, self.scratch, self.tally)

    def _pg_restore(self, dump: DumpInput, database: str, options: tuple[str, ...], choice: Choice) -> None:
        entries = choice.entries if self.part.includes else None
        pg_restore(dump, self.server, database, options, entries, self.scratch, self.tally)

    def _standalone(self, dump: DumpInput) -> Choice:
        if not self.part.includes:
            return Choice(dump.contents.entries)
        return standalone(dump.contents, self.part.includes)

    def _compared(self, database: str, choice: Choice, *, whole: bool = True) -> Facts:
        expected = frozenset(entry.identity for entry in choice.entries if is_object(entry))
        facts = compare(self.server, database, expected, self.part.rows, whole=whole)
        return facts | ({"left_out": len(choice.left_out)} if choice.left_out else {})

    def _properties(self, dump: DumpInput, database: str) -> tuple[str, ...]:
        return dump.contents.database.for_database(self.server.quoted(database))

    # --- names

    @property
    def _mark(self) -> Mark:
        return Mark(self.delivery.key, self.part.snapshot_id)

    def _is_ours(self, name: str, comment: str) -> bool:
        """Tell whether an earlier attempt made a database; one that was killed at once had not marked it."""
        there = mark_in(comment)
        if there is None:
            return not comment and not self.server.holds_data(name)
        return there.key == self.delivery.key

    def _told(self, database: str) -> str:
        return f"{self.server.endpoint.name}/{database}"

    def _restored(self, database: str, facts: Facts, kept: str | None = None) -> Restored:
        return Restored(
            where=(self._told(database),),
            size_bytes=self.part.size_bytes,
            evidence=(Evidence(method="compared", item=self.part.item, facts=facts),),
            kept=(self._told(kept),) if kept is not None else (),
        )
