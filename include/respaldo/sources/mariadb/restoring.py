"""Restores one dump and compares what came of it (activity 22).

A database is always built beside what is there, and compared. MariaDB cannot give a database another name,
and tables with triggers cannot be moved: so one that is in use is copied under another name, compared with
that copy, and then made anew of the dump. From the moment in which it is emptied, it is not whole until the
dump is loaded; every attempt after that goes on from there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from respaldo.domain.errors import (
    DumpUnreadableError,
    RequestError,
    RespaldoError,
    RestoreMismatchError,
    SourceError,
    TargetOccupiedError,
    TargetRefusedError,
)
from respaldo.domain.restoring import Delivery, Part, Restored
from respaldo.domain.values import Evidence
from respaldo.hosts.worker import Receiver
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.sources.databases.marks import Mark, mark_in, name_with
from respaldo.sources.databases.requests import database_of, target_of
from respaldo.sources.databases.tally import Tally
from respaldo.sources.mariadb.contents import Contents, ContentsReader, Lines
from respaldo.sources.mariadb.dumping import contents_of
from respaldo.sources.mariadb.loading import load
from respaldo.sources.mariadb.server import MariadbServer

ENDING = ".sql"
"""What the item of a database ends with; before it stands the database's name, quoted for a path."""

Facts = dict[str, int | str]


def restore_database(
    part: Part,
    repository: Repository,
    delivery: Delivery,
    server: MariadbServer,
    on_progress: OnProgress,
) -> Restored:
    """Restore a part where its delivery says. See `Source.restore`."""
    tally = Tally(on_progress, part.size_bytes)
    work = _Restoration(part, repository, delivery, server, tally)
    staging = delivery.destination.kind == "staging"
    restored = work.into_staging() if staging else work.into_target()
    tally.finish()
    return restored


@dataclass(frozen=True)
class _Restoration:
    part: Part
    repository: Repository
    delivery: Delivery
    server: MariadbServer
    tally: Tally

    # --- where it can go

    def into_staging(self) -> Restored:
        """Make a database of its own for it."""
        name = name_with(database_of(self.part.item, ENDING), "restore", self.delivery.key)
        there = mark_in(self.server.comment(name))
        if there is not None and there.facts and self._mark.same_as(there):
            return self._restored(name, there.facts)
        return self._restored(name, self._built(name, events=False))

    def into_target(self) -> Restored:
        """Make, fill or replace the database that it is for."""
        target = target_of(self.part, self.delivery, ENDING)
        kept = name_with(target, "before", self.delivery.key)
        comment = self.server.comment(target)
        there = mark_in(comment)
        if there is not None and there.facts and self._mark.same_as(there):
            # An earlier attempt came to its end.
            return self._restored(target, there.facts, self._kept(kept))
        is_ours = there is not None and there.key == self.delivery.key
        if comment is None or is_ours or not self.server.holds_data(target):
            # Nothing is lost: what is there came from an earlier attempt, or from the first copy.
            return self._restored(target, self._filled(target), self._kept(kept))
        if self.delivery.destination.overwrite != "always":
            raise TargetOccupiedError(target=self._told(target))
        return self._replaced(target, kept)

    # --- how it gets there

    def _filled(self, target: str) -> Facts:
        """Make a database anew, where there is none or nothing in it."""
        comment = self.server.comment(target)
        if comment is None:
            return self._built(target, events=True)
        self.server.drop(target)
        self.server.create(target, self._mark, comment)
        return self._loaded(target, events=True)

    def _replaced(self, target: str, kept: str) -> Restored:
        """Prove the copy beside, keep what is there, and only then empty it."""
        beside = name_with(target, "restore", self.delivery.key)
        self._built(beside, events=False)
        self.server.drop(beside)
        self._keep(target, kept)
        return self._restored(target, self._filled(target), self._kept(kept))

    def _keep(self, target: str, kept: str) -> None:
        """Copy a live database under another name.

        :raises TargetRefusedError: somebody writes to it meanwhile: what he writes would be lost.
        """
        there = self._require_ours(kept)
        if there:
            self.server.drop(kept)
        self.server.create(kept, self._mark)
        with self._dropped_on_failure(kept):
            found: list[Contents] = []
            load(
                lambda receive: found.append(contents_of(self.server, target, receive)),
                self.server,
                kept,
                size_bytes=self.part.size_bytes,
            )
            (live,) = found
            facts = _compared(live, contents_of(self.server, kept), self._told(kept))
            if contents_of(self.server, target) != live:
                raise TargetRefusedError(target=self._told(target), said="somebody writes to it")
            self.server.mark(kept, replace(self._mark, facts=facts | {"database": kept}))

    def _built(self, name: str, *, events: bool) -> Facts:
        """Make a database of the dump and compare it. It goes again when that fails."""
        if self._require_ours(name):
            self.server.drop(name)
        self.server.create(name, self._mark)
        with self._dropped_on_failure(name):
            return self._loaded(name, events=events)

    def _loaded(self, name: str, *, events: bool) -> Facts:
        """Load the dump into a database that is marked and empty; compare, and mark it as compared.

        :param events: afterwards they run there as they did where they come from.
        """
        dump = _Dump(self.part, self.repository, self.tally)
        try:
            stilled = load(dump.stream, self.server, name, size_bytes=self.part.size_bytes)
        except (RequestError, SourceError):
            # The server cannot know that what it refuses is the end of a dump that was cut.
            dump.contents()
            raise
        expected = dump.contents()
        for table, rows in self.part.rows.items():
            actual = expected.rows.get(table, 0)
            if rows != actual:
                raise RestoreMismatchError(target=self._told(name), what=table, expected=rows, actual=actual)
        facts = _compared(expected, contents_of(self.server, name), self._told(name)) | {"database": name}
        if events:
            self.server.wake(name, stilled)
        self.server.mark(name, replace(self._mark, facts=facts))
        return facts

    @contextlib.contextmanager
    def _dropped_on_failure(self, name: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with contextlib.suppress(RespaldoError):
                self.server.drop(name)
            raise

    # --- names

    @property
    def _mark(self) -> Mark:
        return Mark(self.delivery.key, self.part.snapshot_id)

    def _require_ours(self, name: str) -> bool:
        """Tell whether a database is there; it may only be one that an earlier attempt made."""
        comment = self.server.comment(name)
        there = mark_in(comment)
        if comment is not None and (there is None or there.key != self.delivery.key):
            raise TargetOccupiedError(target=self._told(name))
        return comment is not None

    def _kept(self, kept: str) -> str | None:
        return kept if self.server.comment(kept) is not None else None

    def _told(self, database: str) -> str:
        return f"{self.server.endpoint.name}/{database}"

    def _restored(self, database: str, facts: Facts, kept: str | None = None) -> Restored:
        return Restored(
            where=(self._told(database),),
            size_bytes=self.part.size_bytes,
            evidence=(Evidence(method="compared", item=self.part.item, facts=facts),),
            kept=(self._told(kept),) if kept is not None else (),
        )


class _Dump:
    """A dump on its way out of the repository, read while it goes by."""

    def __init__(self, part: Part, repository: Repository, tally: Tally) -> None:
        self._part = part
        self._repository = repository
        self._tally = tally
        self._reader = ContentsReader()
        self._lines = Lines()
        self._size_bytes = 0

    def stream(self, receive: Receiver) -> None:
        def take(block: bytes) -> None:
            self._size_bytes += len(block)
            self._reader.take(self._lines.take(block))
            receive(block)

        self._repository.stream(self._part.snapshot_id, f"/{self._part.item}", self._tally.counted(take))

    def contents(self) -> Contents:
        """Give what it contains.

        :raises DumpUnreadableError: it is cut, or not of its size.
        """
        contents = self._reader.finish()
        facts = {"item": self._part.item, "snapshot": self._part.snapshot_id}
        if self._size_bytes != self._part.size_bytes:
            raise DumpUnreadableError(**facts, reason=f"{self._size_bytes} != {self._part.size_bytes}")
        if not contents.is_complete:
            raise DumpUnreadableError(**facts, reason="no completion marker")
        return contents


def _compared(expected: Contents, actual: Contents, target: str) -> Facts:
    """Compare objects, rows and checksums; give how many of each were compared.

    :raises RestoreMismatchError: something is missing, too much, or not the same.
    """
    for identity in sorted(expected.objects - actual.objects):
        raise RestoreMismatchError(target=target, what=" ".join(identity), expected=1, actual=0)
    for identity in sorted(actual.objects - expected.objects):
        raise RestoreMismatchError(target=target, what=" ".join(identity), expected=0, actual=1)
    for table, rows in expected.rows.items():
        if actual.rows.get(table) != rows:
            raise RestoreMismatchError(
                target=target, what=table, expected=rows, actual=actual.rows.get(table, 0)
            )
    for table, checksum in expected.checksums.items():
        if actual.checksums[table] != checksum:
            raise RestoreMismatchError(
                target=target, what=table, expected=checksum, actual=actual.checksums[table]
            )
    return expected.counted() | {"checksums": len(expected.checksums)}
