"""Databases that come back: beside what is there or in its place, and the proof that they are whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from respaldo.domain.errors import (
    DumpUnreadableError,
    RestoreMismatchError,
    TargetFullError,
    TargetOccupiedError,
)
from respaldo.domain.host_errors import HostError
from respaldo.domain.restoring import Delivery, Part, Restored
from respaldo.domain.values import Evidence
from respaldo.restic.argv import literal
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.sources.disk import Disk
from respaldo.sources.one_file import Beside, folder_of, told, written_beside
from respaldo.sources.places import disk_of, reach_to, told_of
from respaldo.sources.reach import Reach
from respaldo.sources.sqlite import replacing, running
from respaldo.sources.sqlite.programs import Programs, programs_of
from respaldo.sources.sqlite.running import Looked, SqliteError


def touches(
    parts: Sequence[Part], delivery: Delivery, source_paths: Sequence[str], reach: Reach
) -> tuple[str, ...]:
    """Name the databases that a delivery would replace.

    :raises InvalidRequestError: see `one_file.folder_of`.
    :raises TargetOccupiedError: one is there that nobody asked to be replaced, or that the scope does not
        save: the safety backup before an overwriting would not hold it.
    """
    folder_of(delivery)
    if delivery.destination.kind == "staging":
        return ()
    return _occupied(parts, delivery, source_paths, disk_of(reach))


def _occupied(
    parts: Sequence[Part], delivery: Delivery, source_paths: Sequence[str], disk: Disk
) -> tuple[str, ...]:
    sources = set(disk.real(source_paths))
    places = [str(_place(part, delivery, disk)) for part in parts]
    found = disk.look(places)
    occupied = [place for place in places if place in found]
    for place in occupied:
        if delivery.destination.overwrite != "always" or place not in sources:
            raise TargetOccupiedError(target=place)
    return tuple(occupied)


def restore(
    part: Part,
    repository: Repository,
    delivery: Delivery,
    source_paths: Sequence[str],
    file: str,
    reach: Reach,
    on_progress: OnProgress,
) -> Restored:
    """Restore one database where its data are, compare it, and only then give it its place.

    :param file: its path in the snapshot.
    """
    reach = reach_to(delivery, reach)
    disk, programs = disk_of(reach), programs_of(reach)
    place = _place(part, delivery, disk)
    kept = replacing.kept_name(place, delivery.key)
    if reach.machine is None:
        written = written_beside(part, repository, file, place, delivery.key, on_progress)
    else:
        written = _written_there(part, repository, file, place, delivery.key, reach, programs, on_progress)
    with written as beside:
        looked = _compared(programs, part, beside, place)
        with told(place):
            before = programs.files("compare", path=str(beside.path), place=str(place), kept=str(kept))
        is_kept = before["is_kept"] if before["is_same"] else before["is_there"]
        # The same is what an attempt left that was killed when all was done.
        if not before["is_same"] and before["is_there"]:
            _occupied([part], delivery, source_paths, disk)
            replacing.replace(programs, beside, place, delivery.key)
        elif not before["is_same"]:
            replacing.put(programs, beside, place, delivery.key)
    facts: dict[str, int | str] = {
        "size_bytes": beside.size_bytes, "sha256": beside.sha256, **looked.facts,
    }  # fmt: skip
    return Restored(
        where=(told_of(str(place), reach),),
        files=1,
        size_bytes=beside.size_bytes,
        evidence=(Evidence(method="compared", item=part.item, facts=facts),),
        kept=(told_of(str(kept), reach),) if is_kept else (),
    )


@contextlib.contextmanager
def _written_there(
    part: Part,
    repository: Repository,
    file: str,
    place: Path,
    key: str,
    reach: Reach,
    programs: Programs,
    on_progress: OnProgress,
) -> Iterator[Beside]:
    """Have restic write a file beside its place on a machine, and read it from there again: what
    `one_file.written_beside` does on this worker."""
    folder = place.parent / f".respaldo-{key}.partial"
    with told(place):
        room = programs.files("prepare", folder=str(folder), needed=part.size_bytes)
    if not room["is_made"]:
        raise TargetFullError(target=place.parent, needed=part.size_bytes, free=room["free"], said="")
    try:
        with reach.bridge(repository) as there:
            include = ["/" + literal(file.lstrip("/"))]
            there.deliver(part.snapshot_id, str(folder), include, overwrite="always", on_progress=on_progress)
        path = folder / PurePosixPath(file).name
        with told(place):
            found = programs.files("settle", path=str(path))
        beside = Beside(path, found["size_bytes"], found["sha256"])
        if (beside.size_bytes, beside.sha256) != (part.size_bytes, part.sha256 or beside.sha256):
            raise DumpUnreadableError(
                item=part.item,
                snapshot=part.snapshot_id,
                reason=f"{beside.size_bytes} != {part.size_bytes}, sha256 {beside.sha256} != {part.sha256}",
            )
        yield beside
    finally:
        # A machine that is lost is told of already; the next attempt begins the folder anew.
        with contextlib.suppress(HostError):
            programs.files("remove", folder=str(folder))


def _place(part: Part, delivery: Delivery, disk: Disk) -> Path:
    """Give where a database goes: below a folder it keeps its whole path; where it came from, links lead."""
    if delivery.destination.kind == "original":
        return Path(disk.real([part.item])[0])
    return folder_of(delivery) / part.item.lstrip("/")


def _compared(programs: Programs, part: Part, beside: Beside, place: Path) -> Looked:
    """Compare what was written with what was counted in the copy when it was verified."""
    try:
        looked = running.look(programs, str(beside.path))
    except SqliteError as error:
        raise RestoreMismatchError(
            target=place, what="integrity_check", expected="ok", actual=error.said
        ) from error
    for table in sorted(part.rows.keys() | looked.rows.keys()) if part.rows else ():
        expected, actual = part.rows.get(table), looked.rows.get(table)
        if expected != actual:
            raise RestoreMismatchError(target=place, what=table, expected=expected, actual=actual)
    return looked
