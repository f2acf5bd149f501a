"""PostgreSQL as of any moment: Barman keeps the base backups and the WAL, and is run and watched here.

Each run has Barman make a base backup and saves what Barman keeps of the server as one snapshot: a copy holds
the moments from the end of its oldest base backup to the beginning of its newest, and that one's end. So what
happened since the last copy is only in Barman.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from respaldo.domain.database_errors import WalArchiveStoppedError
from respaldo.domain.errors import InvalidRequestError, NotInCopyError, SourceUnreadableError
from respaldo.domain.places import AbsolutePlace, unexpanded
from respaldo.domain.quantities import Duration
from respaldo.domain.restoring import Delivery, Part, Restored, Wanted
from respaldo.domain.values import RUN_TAG, Copy, Evidence, Value
from respaldo.domain.verification import Verification
from respaldo.hosts.worker import require
from respaldo.restic.argv import literal
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources.barman import backing, catalogue, restoring
from respaldo.sources.barman.catalogue import Base, Catalogue
from respaldo.sources.barman.restoring import Asked
from respaldo.sources.barman.running import PROGRAM, Barman, Places
from respaldo.sources.files import FilesSource
from respaldo.sources.reach import Reach

log = logging.getLogger(__name__)

_LINE_BYTES = 4096
"""More than a line of Barman's list of WAL has."""


class BarmanSource(Value):
    """``kind: barman``: a PostgreSQL server that the worker's Barman keeps."""

    kind: Literal["barman"]
    server: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", description="The server's name in Barman."),
    ]
    config: Annotated[
        AbsolutePlace | None, Field(description="Barman's configuration file, if it is not the usual one.")
    ] = None
    max_wal_age: Annotated[
        Duration | None,
        Field(
            description="WAL archived longer ago is a failure; archive_timeout must be less. None: no limit."
        ),
    ] = None
    wal_wait: Annotated[
        Duration, Field(description="How long the WAL that a base backup needs may take to come.")
    ] = timedelta(minutes=10)

    @property
    def holds(self) -> Literal["server"]:
        return "server"

    @property
    def connection(self) -> None:
        return None

    @property
    def host(self) -> None:
        return None

    @property
    def works_on_windows(self) -> bool:
        return False

    def describe(self) -> str:
        return f"Barman: {self.server}"

    def probe(self, reach: Reach) -> None:  # noqa: ARG002  (the protocol's signature)
        """Look whether Barman is there, is content with the server, and WAL comes.

        :raises ToolMissingError, BarmanUnusableError, BarmanServerUnknownError: Barman cannot be used.
        :raises BarmanCheckFailedError: each of its checks that failed is named.
        :raises WalArchiveStoppedError: the last WAL is older than it may be.
        """
        require(PROGRAM)
        self._barman.check()
        self._require_recent_wal(self._barman.places())

    def items(self, reach: Reach) -> tuple[str, ...]:  # noqa: ARG002
        return (self.server,)

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> Saved:
        """Have Barman make the run's base backup, and save all that it keeps of the server.

        :raises BarmanBusyError, BarmanCheckFailedError, BaseBackupFailedError: it makes none.
        :raises WalArchiveStoppedError, BaseBackupDamagedError: what it made is not good.
        """
        barman = self._barman
        places = barman.places()
        run_key = next(tag.removeprefix(RUN_TAG) for tag in marks.tags if tag.startswith(RUN_TAG))
        # Before the backup: it has the server hand over its WAL, however long that has waited.
        before, waiting = time.time(), _last_archived(places)
        made = backing.backed_up(barman, places, run_key, round(self.wal_wait.total_seconds()))
        read = backing.look_at(barman, places, made)
        statuses = barman.statuses()
        undone = [one for one, status in statuses.items() if status != backing.DONE]
        paths = [path for path in (places.identity, places.bases, places.wals) if os.path.lexists(path)]
        excluded = [literal(f"{places.bases}/{one}") for one in undone]
        files = FilesSource(kind="files", paths=tuple(map(unexpanded, paths)), exclude=tuple(excluded))
        saved = files.save(item, repository, marks, reach, on_progress)
        there = catalogue.read(item, saved.copy.snapshot_id, repository)
        facts = {"manifest": read, **_figures(there), "base_backup": made}
        if waiting is not None:
            facts["wal_age_seconds"] = round(before - waiting[1])
        log.info("barman %s: %s", self.server, facts)
        notes = tuple(f"{self.server}: WAL {gap} -" for gap in there.gaps())
        return replace(saved, console=saved.console | {"barman": facts}, notes=(*saved.notes, *notes))

    def taken_over(self, item: str, reach: Reach) -> None:
        """Nothing: which files could not be read is not in the snapshot."""

    def verify(
        self, copy: Copy, repository: Repository, wanted: Verification, reach: Reach, scratch: str
    ) -> tuple[Evidence, ...]:
        """Verify the files as files, and read the newest base backup and its WAL to their end.

        A sample would do for files. Of a server one block that is lost can be all of it.

        :raises DumpUnreadableError: there is none that is done and has the WAL that it needs.
        """
        there = catalogue.read(copy.item, copy.snapshot_id, repository)
        paths = map(unexpanded, repository.saved_paths(copy.snapshot_id))
        looked = FilesSource(kind="files", paths=tuple(paths)).verify(
            copy, repository, wanted, reach, scratch
        )
        read = _read(copy.snapshot_id, there, there.newest, repository)
        facts = {**_figures(there), "streamed_bytes": read}
        return (*looked, Evidence(method="archive", item=copy.item, facts=facts))

    def find(
        self,
        wanted: Wanted,
        copies: Sequence[Copy],
        repository: Repository,
        recorded: Sequence[Evidence],  # noqa: ARG002  (the copy says itself what it leads to)
    ) -> tuple[Part, ...]:
        """Find the base backup that leads to a moment; without one, the end of the copy is meant.

        :raises InvalidRequestError: a part of the server is asked for: it comes back as a whole.
        :raises NotInCopyError: the copy does not reach the moment; the error says from when to when it does.
        """
        if wanted.paths or wanted.databases or wanted.schemas or wanted.tables:
            raise InvalidRequestError(problem="server_whole")
        return tuple(self._part(copy, wanted.moment, repository) for copy in copies)

    def touches(
        self,
        parts: Sequence[Part],  # noqa: ARG002  (a server is restored whole)
        delivery: Delivery,
        reach: Reach,  # noqa: ARG002
    ) -> tuple[str, ...]:
        """Nothing: a server is restored beside what is there, and never over it.

        :raises InvalidRequestError: it is to go to its original place, or into a database.
        :raises TargetOccupiedError: the folder holds something.
        """
        folder = restoring.folder_of(delivery)
        if delivery.destination.kind == "path":
            restoring.require_free(folder)
        return ()

    def read(self, part: Part, repository: Repository, scratch: str) -> Evidence:  # noqa: ARG002
        """Read the base backup and its WAL out of the copy."""
        there = catalogue.read(part.item, part.snapshot_id, repository)
        base = next(one for one in there.bases if one.id == Asked.of(part).base)
        read = _read(part.snapshot_id, there, base, repository)
        facts: dict[str, int | str] = {"base_backup": base.id, "streamed_bytes": read}
        return Evidence(method="read_data", item=part.item, facts=facts)

    def restore(
        self,
        part: Part,
        repository: Repository,
        delivery: Delivery,
        reach: Reach,  # noqa: ARG002  (nothing of the server, nor of its Barman, is needed)
        scratch: str,
        on_progress: OnProgress,
    ) -> Restored:
        """Restore the server into a folder, as of the moment, ready to be started.

        :raises TargetOccupiedError: the folder holds something.
        :raises TargetRefusedError: Barman cannot restore it.
        """
        require(PROGRAM)
        return restoring.restore(part, Asked.of(part), repository, delivery, scratch, on_progress)

    # --- inner

    @property
    def _barman(self) -> Barman:
        return Barman(self.server, self.config)

    def _require_recent_wal(self, places: Places) -> None:
        if self.max_wal_age is None:
            return
        limit, last = round(self.max_wal_age.total_seconds()), _last_archived(places)
        if last is None:
            raise WalArchiveStoppedError(server=self.server, reason="none")
        age = round(time.time() - last[1])
        if age > limit:
            raise WalArchiveStoppedError(
                server=self.server, reason="old", wal=last[0], age_seconds=age, limit_seconds=limit
            )

    def _part(self, copy: Copy, moment: datetime | None, repository: Repository) -> Part:
        there = catalogue.read(copy.item, copy.snapshot_id, repository)
        base = there.base_for(moment)
        if base is None:
            assert moment is not None  # noqa: S101  (the newest always leads to its own end)
            raise NotInCopyError(
                snapshot=copy.snapshot_id, missing=moment.isoformat(), nearest="; ".join(_reached(there))
            )
        wals = there.wal_of(base)
        return Part(
            item=copy.item,
            snapshot_id=copy.snapshot_id,
            includes=Asked(base.id, moment).includes,
            files=base.files + len(wals),
            size_bytes=base.size_bytes + sum(node.size_bytes for node in wals),
        )


def _read(snapshot_id: str, there: Catalogue, base: Base, repository: Repository) -> int:
    """Read all of a base backup and of the WAL from it on, and give how many bytes came."""
    count = 0

    def take(block: bytes) -> None:
        nonlocal count
        count += len(block)

    for folder in (base.folder, *there.wal_folders(base)):
        repository.stream(snapshot_id, folder, take)
    return count


def _figures(there: Catalogue) -> dict[str, int | str]:
    """Say what a copy holds: the newest base backup, the WAL, and the moments that they lead to."""
    newest, last = there.newest, there.last_wal
    archived_at = datetime.fromtimestamp(last.mtime_ns / 10**9, UTC)
    return {
        "base_backup": newest.id,
        "base_backups": len(there.bases),
        "size_bytes": newest.size_bytes,
        "begin_wal": newest.begin_wal,
        "end_wal": newest.end_wal,
        "timeline": newest.timeline,
        "wal_files": len(there.wals),
        "wal_bytes": sum(node.size_bytes for node in there.wals.values()),
        "last_wal": last.path.rpartition("/")[2],
        "last_wal_at": archived_at.isoformat(),
        "moments": "; ".join(_reached(there)),
    }


def _reached(there: Catalogue) -> list[str]:
    """Write the moments that a copy leads to: stretches that nothing breaks; at least its end."""
    stretches: list[tuple[datetime, datetime]] = []
    for base in there.bases:
        reach = there.reach(base)
        if reach is not None and (not stretches or stretches[-1][1] < base.end_time):
            stretches.append((base.end_time, reach))
    told = [f"{_written(first)} - {_written(last)}" for first, last in stretches]
    return told or [_written(there.newest.end_time)]


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _last_archived(places: Places) -> tuple[str, float] | None:
    """Give the name of the WAL that was archived last, and when; None: Barman lists none."""
    path = Path(places.wals, "xlog.db")
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LINE_BYTES))
            lines = file.read().decode(errors="replace").split("\n")
        # What follows the last line break is not a whole line yet.
        if len(lines) == 1:
            return None
        name, _, archived_at, *_ = lines[-2].split("\t")
        return name, float(archived_at)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SourceUnreadableError(path=path, reason=error) from error
