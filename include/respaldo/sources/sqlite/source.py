"""SQLite databases: one item, one snapshot a database, whoever is writing to it meanwhile.

Each is copied by SQLite's online backup to the disk of the machine that it is on, checked there, and streamed
into restic as one file. Copying the file alone would miss what is in its write-ahead log, or catch it half
written.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from respaldo.domain.errors import (
    DumpUnreadableError,
    SourceEmptyError,
    SourceMissingError,
    SourcePartlyMissingError,
    SourceUnreadableError,
    TemporarySpaceError,
)
from respaldo.domain.host_errors import HostError, HostFullError
from respaldo.domain.places import AbsolutePlace
from respaldo.domain.restoring import Delivery, Part, Restored, Wanted
from respaldo.domain.source_errors import DatabaseFileDamagedError
from respaldo.domain.values import Copy, Evidence, Value
from respaldo.domain.verification import Verification
from respaldo.hosts.checksums import sum_file
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources.reach import Reach
from respaldo.sources.sqlite import requests, restoring, running
from respaldo.sources.sqlite.files_program import MAGIC
from respaldo.sources.sqlite.programs import Programs, WorkerPrograms, programs_of
from respaldo.sources.sqlite.requests import file_of
from respaldo.sources.sqlite.running import Looked, SqliteError

_SPARE_BYTES = 64 << 20


class SqliteSource(Value):
    """``kind: sqlite``: SQLite databases on the worker that runs the scope, or on a machine over SSH."""

    kind: Literal["sqlite"]
    host: Annotated[
        str | None, Field(description="Airflow connection (ssh) of the machine that they are on.")
    ] = None
    paths: Annotated[
        tuple[AbsolutePlace, ...],
        Field(min_length=1, description="Absolute paths of the databases, each a file."),
    ]

    @property
    def holds(self) -> Literal["files"]:
        return "files"

    @property
    def connection(self) -> None:
        return None

    @property
    def works_on_windows(self) -> bool:
        return False

    def describe(self) -> str:
        return ", ".join(self.paths)

    def probe(self, reach: Reach) -> None:
        """Look whether each database is there, can be read, and begins as one.

        :raises SourceMissingError, SourcePartlyMissingError: all of them, or some, are not there.
        :raises SourceUnreadableError: one may not be read, or is no file.
        :raises SourceEmptyError: one has not a byte: SQLite takes that for a database without tables.
        :raises DatabaseFileDamagedError: one is no SQLite database.
        """
        programs = programs_of(reach)
        gone = [path for path in self.paths if not _begins_well(programs, path)]
        if len(gone) == len(self.paths):
            raise SourceMissingError(path=", ".join(gone))
        if gone:
            raise SourcePartlyMissingError(missing=", ".join(gone))

    def items(self, reach: Reach) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(dict.fromkeys(self.paths))

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> Saved:
        """Copy one database, check the copy, and save that as one file (see `file_of`).

        :raises SourceError: what `probe` raises, and what SQLite finds when it reads all of it.
        :raises TemporarySpaceError, HostFullError: the copy has no room where the database is.
        """
        programs = programs_of(reach)
        if not _begins_well(programs, item):
            raise SourceMissingError(path=item)
        with _scratch(repository, reach, programs) as scratch, _full_of(reach):
            copied = f"{scratch}/copy"
            _require_room(programs, item, scratch)
            looked = running.copy(programs, item, copied)
            if looked.objects == 0:
                raise SourceEmptyError(source=item)
            with reach.bridge(repository) as there:
                saved = there.save_output(
                    item,
                    # Not as a path: that of the copy is another one each time, and not the database's.
                    ("cat", copied),
                    file_of(item),
                    marks,
                    environment={},
                    on_progress=on_progress,
                )
            size_bytes = programs.files("room", path=copied, folder=scratch)["needed"]
        if saved.copy.size_bytes != size_bytes:
            repository.discard(saved.copy.snapshot_id)
            raise _unreadable(saved.copy, f"{saved.copy.size_bytes} != {size_bytes}")
        orphans = tuple(f"{item}: foreign_key_check: {each}" for each in looked.orphans)
        return replace(saved, notes=(*saved.notes, *orphans))

    def taken_over(self, item: str, reach: Reach) -> None:
        """Nothing: which rows refer to none is not in the snapshot."""

    def verify(
        self,
        copy: Copy,
        repository: Repository,
        wanted: Verification,  # noqa: ARG002  (a database is read as a whole, not by sample)
        reach: Reach,  # noqa: ARG002  (what is live is not looked at)
        scratch: str,
    ) -> tuple[Evidence, ...]:
        """Read the copy back to disk, check it as a database, and count its rows.

        :raises DumpUnreadableError: it is not whole, or not of the size that was saved.
        """
        looked, sha256 = self._read(copy, repository, scratch)
        facts = {"size_bytes": copy.size_bytes, "sha256": sha256, **looked.facts}
        return (Evidence(method="dump", item=copy.item, facts=facts, rows=looked.rows),)

    def find(
        self,
        wanted: Wanted,
        copies: Sequence[Copy],
        repository: Repository,  # noqa: ARG002  (a copy is one file, and the request knows which)
        recorded: Sequence[Evidence],
    ) -> tuple[Part, ...]:
        """Find databases by their paths, by a folder above, or by their names; nothing named means all."""
        return requests.find(wanted, copies, recorded)

    def touches(
        self,
        parts: Sequence[Part],
        delivery: Delivery,
        reach: Reach,
    ) -> tuple[str, ...]:
        return restoring.touches(parts, delivery, self.paths, reach)

    def read(self, part: Part, repository: Repository, scratch: str) -> Evidence:
        copy = Copy(item=part.item, snapshot_id=part.snapshot_id, files=1, size_bytes=part.size_bytes)
        looked, sha256 = self._read(copy, repository, scratch)
        if part.sha256 not in (None, sha256):
            raise _unreadable(copy, f"sha256 {sha256} != {part.sha256}")
        facts = {"size_bytes": part.size_bytes, "sha256": sha256, **looked.facts}
        return Evidence(method="read_data", item=part.item, facts=facts)

    def restore(
        self,
        part: Part,
        repository: Repository,
        delivery: Delivery,
        reach: Reach,
        scratch: str,  # noqa: ARG002  (it is written beside its place)
        on_progress: OnProgress,
    ) -> Restored:
        file = f"/{file_of(part.item)}"
        return restoring.restore(part, repository, delivery, self.paths, file, reach, on_progress)

    def _read(self, copy: Copy, repository: Repository, scratch: str) -> tuple[Looked, str]:
        if shutil.disk_usage(scratch).free < copy.size_bytes + _SPARE_BYTES:
            raise TemporarySpaceError(target=scratch, said="")
        path = Path(scratch, "copy")
        path.touch(mode=0o600)
        try:
            with path.open("wb") as file:

                def keep(block: bytes) -> None:
                    file.write(block)

                repository.stream(copy.snapshot_id, f"/{file_of(copy.item)}", keep)
            size_bytes, sha256 = sum_file(path)
        except OSError as error:
            raise TemporarySpaceError(target=scratch, said=error.strerror) from error
        if size_bytes != copy.size_bytes:
            raise _unreadable(copy, f"{size_bytes} != {copy.size_bytes}")
        try:
            return running.look(WorkerPrograms(), str(path)), sha256
        except SqliteError as error:
            raise _unreadable(copy, error.said) from error
        finally:
            path.unlink(missing_ok=True)


def _unreadable(copy: Copy, reason: str) -> DumpUnreadableError:
    return DumpUnreadableError(item=copy.item, snapshot=copy.snapshot_id, reason=reason)


def _begins_well(programs: Programs, path: str) -> bool:
    """Tell whether there is a file. Raise what keeps it from being read as a database."""
    try:
        found = programs.files("begin", path=path)
    except OSError as error:
        raise SourceUnreadableError(path=path, reason=error.strerror) from error
    if not found["is_there"]:
        return False
    if not found["is_file"]:
        raise SourceUnreadableError(path=path, reason="not a file")
    if not found["beginning"]:
        raise SourceEmptyError(source=path)
    if found["beginning"] != MAGIC:
        raise DatabaseFileDamagedError(path=path, reason="not_a_database", said="")
    return True


@contextlib.contextmanager
def _scratch(repository: Repository, reach: Reach, programs: Programs) -> Iterator[str]:
    """Give an empty folder for a while, on the machine that the databases are on."""
    if reach.machine is None:
        with tempfile.TemporaryDirectory(dir=repository.place.scratch) as scratch:
            yield scratch
        return
    folder = f"{reach.machine.session.folder}/copied"
    programs.files("prepare", folder=folder, needed=0)
    try:
        yield folder
    finally:
        # A machine that is lost removes it itself, with all that is in our folder.
        with contextlib.suppress(HostError):
            programs.files("remove", folder=folder)


@contextlib.contextmanager
def _full_of(reach: Reach) -> Iterator[None]:
    """Name the machine that has no room for a copy."""
    try:
        yield
    except TemporarySpaceError as error:
        if reach.machine is None:
            raise
        session, said = reach.machine.session, error.facts.get("said", "")
        raise HostFullError(host=session.host.name, folder=session.folder, said=said) from error


def _require_room(programs: Programs, path: str, scratch: str) -> None:
    found = programs.files("room", path=path, folder=scratch)
    needed = found["needed"] + _SPARE_BYTES
    if found["free"] < needed:
        raise TemporarySpaceError(target=scratch, said=f"{needed} > {found['free']}")
