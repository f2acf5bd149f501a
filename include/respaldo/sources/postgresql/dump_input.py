"""A dump on its way out of the repository: what it contains, and where pg_restore gets it from."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from respaldo.domain.errors import DumpUnreadableError, TemporarySpaceError
from respaldo.domain.restoring import Part
from respaldo.hosts.worker import Receiver
from respaldo.restic.repository import Repository
from respaldo.sources.databases.tally import Tally
from respaldo.sources.postgresql.contents import Contents, ContentsReader

LARGE_BYTES = 256 << 20
"""A dump of this size is put on disk first: pg_restore works with several jobs only on a file."""

_SPARE_BYTES = 256 << 20


@dataclass(frozen=True)
class DumpInput:
    """A dump that was read to its end once. ``path``: where it lies, when it is large."""

    part: Part
    repository: Repository
    contents: Contents
    path: Path | None = None

    def stream(self, receive: Receiver) -> None:
        """Hand the dump on once more, block by block."""
        self.repository.stream(self.part.snapshot_id, f"/{self.part.item}", receive)


def read_dump(part: Part, repository: Repository, scratch: str, tally: Tally) -> DumpInput:
    """Read a dump to its end, and keep it if it is large and ``scratch`` has the room.

    :raises RepositoryError: a block of it cannot be read.
    :raises DumpUnreadableError: it is not of its size, or not a dump.
    """
    room = shutil.disk_usage(scratch).free - _SPARE_BYTES
    path = Path(scratch, "dump") if LARGE_BYTES <= part.size_bytes < room else None
    reader = ContentsReader(scratch)
    seen = 0

    def take(block: bytes) -> None:
        nonlocal seen
        seen += len(block)
        reader.take(block)
        tally.add(len(block))

    try:
        if path is None:
            repository.stream(part.snapshot_id, f"/{part.item}", take)
        else:
            _keep(part, repository, path, take)
        if seen != part.size_bytes:
            raise DumpUnreadableError(
                item=part.item, snapshot=part.snapshot_id, reason=f"{seen} != {part.size_bytes}"
            )
        return DumpInput(part, repository, reader.finish(part.item, part.snapshot_id), path)
    finally:
        reader.close()


def read_contents(item: str, snapshot_id: str, repository: Repository, scratch: str) -> Contents:
    """Read what a dump contains, and nothing more of it."""
    reader = ContentsReader(scratch)
    try:
        repository.stream(snapshot_id, f"/{item}", reader.take)
        return reader.finish(item, snapshot_id)
    finally:
        reader.close()


def _keep(part: Part, repository: Repository, path: Path, take: Receiver) -> None:
    path.touch(mode=0o600)
    with path.open("wb") as file:

        def keep(block: bytes) -> None:
            take(block)
            file.write(block)

        try:
            repository.stream(part.snapshot_id, f"/{part.item}", keep)
            file.flush()
        except OSError as error:
            raise TemporarySpaceError(target=path.parent, said=error.strerror) from error
