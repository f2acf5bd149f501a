"""One file of a snapshot on its way back: written beside its place, read again, and only then put there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from respaldo.domain.errors import (
    DumpUnreadableError,
    InvalidRequestError,
    RestoreMismatchError,
    TargetDeniedError,
    TargetFullError,
    TargetOccupiedError,
)
from respaldo.domain.restoring import Delivery, Part
from respaldo.hosts import durable
from respaldo.hosts.checksums import sum_file
from respaldo.restic.call import OnProgress
from respaldo.restic.delivering import free_bytes
from respaldo.restic.events import Progress
from respaldo.restic.repository import Repository


@dataclass(frozen=True)
class Beside:
    """A file that was written and read again, and is not at its place yet."""

    path: Path
    size_bytes: int
    sha256: str


def folder_of(delivery: Delivery) -> Path:
    """Give the folder that a delivery goes below.

    :raises InvalidRequestError: it goes into a database, or may only replace what is older: a file that was
        printed or dumped has no time of its own.
    """
    destination = delivery.destination
    if destination.kind == "database":
        raise InvalidRequestError(problem="files_to_database")
    if destination.overwrite == "if_newer":
        raise InvalidRequestError(problem="overwrite_whole")
    target = destination.target if destination.kind == "path" else None
    return Path(os.path.normpath("/" + (target or delivery.staging).lstrip("/")))


@contextlib.contextmanager
def written_beside(
    part: Part, repository: Repository, file: str, place: Path, key: str, on_progress: OnProgress
) -> Iterator[Beside]:
    """Write a file of a copy beside the place that it is for, and read it from there again.

    It goes when the block is left without having put it elsewhere.

    :param file: its path in the snapshot.
    :param key: the request's: what a killed attempt of it left is written over.
    :raises DumpUnreadableError: it is not what it was when the copy was verified.
    :raises TargetFullError, TargetDeniedError: the disk does not take it.
    :raises RestoreMismatchError: what was written reads back as something else.
    """
    partial = place.parent / f".respaldo-{key}.partial"
    with told(place, part.size_bytes):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = free_bytes(str(place.parent))
        if free is not None and free < part.size_bytes:
            raise TargetFullError(target=place.parent, needed=part.size_bytes, free=free, said="")
    try:
        with told(place, part.size_bytes):
            _stream(part, repository, file, partial, on_progress)
            size_bytes, sha256 = sum_file(partial)
        if (size_bytes, sha256) != (part.size_bytes, part.sha256 or sha256):
            raise RestoreMismatchError(
                target=place, what="sha256", expected=part.sha256 or part.size_bytes, actual=sha256
            )
        yield Beside(partial, size_bytes, sha256)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def put(beside: Beside, place: Path) -> None:
    """Give a file its place, in one step. The same content there already is what an attempt left: it stays.

    :raises TargetOccupiedError: something else is there.
    """
    with told(place, beside.size_bytes):
        if is_same(beside, place):
            return
        try:
            os.link(beside.path, place)
        except FileExistsError as error:
            raise TargetOccupiedError(target=place) from error
        durable.sync(place.parent)


def is_same(beside: Beside, place: Path) -> bool:
    """Tell whether a place has the content already."""
    return place.is_file() and sum_file(place) == (beside.size_bytes, beside.sha256)


def _stream(part: Part, repository: Repository, file: str, partial: Path, on_progress: OnProgress) -> None:
    digest, seen = hashlib.sha256(), 0
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as output:

        def take(block: bytes) -> None:
            nonlocal seen
            seen += len(block)
            digest.update(block)
            output.write(block)

        repository.stream(part.snapshot_id, file, take)
        output.flush()
        os.fsync(output.fileno())
    if seen != part.size_bytes or digest.hexdigest() != (part.sha256 or digest.hexdigest()):
        raise DumpUnreadableError(
            item=part.item,
            snapshot=part.snapshot_id,
            reason=f"{seen} != {part.size_bytes}, sha256 {digest.hexdigest()} != {part.sha256}",
        )
    on_progress(all_done(files=1, size_bytes=seen))


def all_done(*, files: int, size_bytes: int) -> Progress:
    """Give the progress of what is written to its end."""
    return Progress(
        percent=100.0,
        bytes_done=size_bytes,
        bytes_total=size_bytes,
        files_done=files,
        files_total=files,
        seconds_elapsed=0,
        seconds_remaining=None,
    )


@contextlib.contextmanager
def told(place: Path, needed: int | None = None) -> Iterator[None]:
    """Tell what a disk refuses in the terms of requests.

    :param place: what is being written there.
    :param needed: bytes on a disk of this worker; None: the disk may be another machine's, which told.
    """
    try:
        yield
    except OSError as error:
        said = f"{error.strerror}: {error.filename or place}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            room: dict[str, int | str] = {"needed": "?", "free": "?"}
            if needed is not None:
                room = {"needed": needed, "free": free_bytes(str(place.parent)) or 0}
            raise TargetFullError(target=place.parent, said=said, **room) from error
        raise TargetDeniedError(target=place, said=said) from error
