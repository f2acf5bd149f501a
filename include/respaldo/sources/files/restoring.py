"""Files that come back: where they go, and the proof that they are there."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from respaldo.domain.errors import (
    InvalidRequestError,
    RespaldoError,
    RestoreMismatchError,
    TargetDeniedError,
    TargetFullError,
    TargetOccupiedError,
)
from respaldo.domain.restoring import Delivery, Overwrite, Part, Restored
from respaldo.domain.values import Evidence
from respaldo.restic.argv import plain_path
from respaldo.restic.call import OnProgress
from respaldo.restic.delivering import Delivered, Preview
from respaldo.restic.repository import Repository
from respaldo.sources.disk import Disk, Found, Room
from respaldo.sources.files.finding import NOT_UTF8
from respaldo.sources.files.placed import Piece, folders_above, pieces_of
from respaldo.sources.files.touching import as_asked, folder_of
from respaldo.sources.places import disk_of, reach_to, told_of
from respaldo.sources.reach import Reach

_BEGUN = ".respaldo-begun-{snapshot}.json"


@dataclass(frozen=True)
class _Plan:
    """All pieces, and what each would do at its target as it is now."""

    pieces: tuple[tuple[Piece, Preview], ...]
    overwrite: Overwrite

    def places(self, *actions: str) -> list[str]:
        return [
            piece.place(entry.path)
            for piece, preview in self.pieces
            for entry in preview.entries
            if entry.action in actions
        ]


def restore(
    part: Part,
    repository: Repository,
    delivery: Delivery,
    source_paths: Sequence[str],
    reach: Reach,
    on_progress: OnProgress,
) -> Restored:
    """Restore a part where its data are, verify it by reading it again, and count it.

    Below a folder everything keeps its full path. At the original place only what is asked for is written:
    the folders above keep the metadata that they have now. What an attempt begins is noted on this worker.
    """
    reach = reach_to(delivery, reach)
    with reach.bridge(repository) as there:
        done = _restored(part, (repository, there), delivery, source_paths, disk_of(reach), on_progress)
    return done.model_copy(update={"where": tuple(told_of(place, reach) for place in done.where)})


def _restored(
    part: Part,
    repositories: tuple[Repository, Repository],
    delivery: Delivery,
    source_paths: Sequence[str],
    disk: Disk,
    on_progress: OnProgress,
) -> Restored:
    repository, there = repositories
    folder = folder_of(delivery)
    overwrite: Overwrite = (
        "always" if delivery.destination.kind == "staging" else delivery.destination.overwrite
    )
    begun = Path(delivery.staging, _BEGUN.format(snapshot=part.snapshot_id[:8]))
    if delivery.destination.kind == "staging" or overwrite != "always":
        _make_private(delivery.staging)
    pieces = pieces_of(part, folder, repository, disk)
    if begun.exists():
        _clear_what_was_begun(begun, disk)
    plan = _plan(part, pieces, overwrite, repositories, disk)
    _require_room(plan, disk)
    if overwrite != "always":
        _note_what_begins(begun, plan, disk)
    skipped = _count_files(disk.look(plan.places("unchanged"))) if overwrite != "always" else 0
    try:
        delivered = [
            _deliver(part, piece, preview, overwrite, there, disk, on_progress)
            for piece, preview in plan.pieces
        ]
        _require_presence(part, plan, disk)
    except RespaldoError:
        # The second copy may come next, and would take half a file for somebody's own.
        if begun.exists():
            _clear_what_was_begun(begun, disk)
        raise
    # What was there and equal counts as restored when everything is to be the copy's.
    size_bytes = sum(done.size_bytes if overwrite == "always" else done.restored_bytes for done in delivered)
    begun.unlink(missing_ok=True)
    facts: dict[str, int | str] = {
        "files": part.files - skipped,
        "size_bytes": size_bytes,
        "skipped": skipped,
        "overwrite": overwrite,
        # Nobody but root may give a file away: restic leaves it to the one who restores, and says nothing.
        "owners": "restored" if disk.is_roots else "not_restored",
    }
    return Restored(
        where=as_asked([part], source_paths) if folder == "/" else (folder,),
        files=part.files - skipped,
        size_bytes=size_bytes,
        evidence=(Evidence(method="restored", item=part.item, facts=facts),),
    )


# --- before anything is written


def _plan(
    part: Part,
    pieces: Sequence[Piece],
    overwrite: Overwrite,
    repositories: tuple[Repository, Repository],
    disk: Disk,
) -> _Plan:
    """Tell what restoring would do.

    :param repositories: as this worker has it, with its cache, and as it is where the data go.
    """
    repository, there = repositories
    listed = [
        (piece, repository.preview(part.snapshot_id, piece.includes, folder=piece.folder)) for piece in pieces
    ]
    if any(piece.folder != "/" for piece in pieces) and not all(map(plain_path, part.includes)):
        _require_all_of(part, listed, repository)
    places = [piece.place(entry.path) for piece, preview in listed for entry in preview.entries]
    found = disk.look({*_folders_needed(listed), *places})
    in_the_way = sorted(
        place for place in _folders_needed(listed) if place in found and found[place].kind != "folder"
    )
    if in_the_way and overwrite != "always":
        raise TargetOccupiedError(target=in_the_way[0])
    is_anything_there = any(NOT_UTF8 in place or place in found for place in places)
    if in_the_way or not is_anything_there:
        # Nothing to compare with; and restic cannot compare with what it replaces by a folder.
        return _Plan(tuple(listed), overwrite)
    compared = tuple((piece, _compared(part, piece, overwrite, there)) for piece in pieces)
    return _Plan(compared, overwrite)


def _compared(part: Part, piece: Piece, overwrite: Overwrite, repository: Repository) -> Preview:
    return repository.preview(
        part.snapshot_id,
        piece.includes,
        target=piece.target,
        overwrite=_as_restic_says(overwrite),
        folder=piece.folder,
    )


def _folders_needed(listed: Sequence[tuple[Piece, Preview]]) -> set[str]:
    """Name the folders above all entries. restic replaces what else is there, whatever it may overwrite."""
    return {
        piece.place(above)
        for piece, preview in listed
        for above in {parent for entry in preview.entries for parent in folders_above(entry.path)} - {"/"}
    }


def _as_restic_says(overwrite: Overwrite) -> str:
    return overwrite.replace("_", "-")


def _require_all_of(part: Part, listed: Sequence[tuple[Piece, Preview]], repository: Repository) -> None:
    """Refuse patterns that match another way when they begin in a folder: those that name what is above."""
    planned = {piece.origin(entry.path) for piece, preview in listed for entry in preview.entries}
    wanted = {entry.path for entry in repository.preview(part.snapshot_id, part.includes).entries}
    above = {parent for path in wanted for parent in folders_above(path)}
    if wanted - above - planned:
        raise InvalidRequestError(problem="pattern_in_place")


def _require_room(plan: _Plan, disk: Disk) -> None:
    """Compare what is written with what is free, on each file system.

    What is there of a file counts as room for it. A sparse file counts as a whole: a copy does not say how
    much of it is holes.
    """
    needed: dict[str, int] = defaultdict(int)
    targets: dict[str, tuple[str, Room]] = {}
    replaced = disk.look(plan.places("updated"))
    for piece, preview in plan.pieces:
        room = disk.room(piece.target)
        targets.setdefault(room.system, (piece.target, room))
        needed[room.system] += preview.count.restored_bytes - sum(
            replaced[place].stored_bytes
            for entry in preview.entries
            if entry.action == "updated" and (place := piece.place(entry.path)) in replaced
        )
    for system, (target, room) in targets.items():
        if room.free is not None and needed[system] > room.free:
            raise TargetFullError(target=target, needed=needed[system], free=room.free, said="")


def _make_private(folder: str) -> None:
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise TargetDeniedError(target=folder, said=f"{error.strerror}: {folder}") from error


# --- an attempt that did not end


def _note_what_begins(begun: Path, plan: _Plan, disk: Disk) -> None:
    """Write down which files this restoration makes: half of one would pass for somebody's own later.

    With the time of those that are there: what an attempt did not come to is not its to remove.
    """
    half = begun.with_suffix(".new")
    places = plan.places("restored", "updated")
    found = disk.look(places)
    with half.open("w") as file:
        json.dump({place: _modified_at(place, found) for place in places}, file)
        file.flush()
        os.fsync(file.fileno())
    half.rename(begun)


def _clear_what_was_begun(begun: Path, disk: Disk) -> None:
    """Remove the files that an attempt which came to no good end may have left half done."""
    noted: dict[str, int | None] = json.loads(begun.read_text())
    found = disk.look(noted)
    left = []
    for place, modified_at in noted.items():
        if NOT_UTF8 in place:
            # Such a name cannot be told from others: a person has to look.
            raise TargetOccupiedError(target=place)
        is_file = place in found and found[place].kind in ("file", "link")
        if is_file and _modified_at(place, found) != modified_at:
            left.append(place)
    disk.remove(left)
    begun.unlink()


def _modified_at(place: str, found: Mapping[str, Found]) -> int | None:
    return found[place].modified_ns if place in found else None


# --- writing, and looking at what was written


def _deliver(
    part: Part,
    piece: Piece,
    preview: Preview,
    overwrite: Overwrite,
    repository: Repository,
    disk: Disk,
    on_progress: OnProgress,
) -> Delivered:
    try:
        done = repository.deliver(
            part.snapshot_id,
            piece.target,
            piece.includes,
            overwrite=_as_restic_says(overwrite),
            folder=piece.folder,
            on_progress=on_progress,
        )
    except TargetFullError as error:
        free = disk.room(piece.target).free or 0
        raise TargetFullError(**(error.facts | {"free": str(free)})) from error
    expected, actual = preview.count.entries, done.entries
    if expected != actual:
        raise RestoreMismatchError(target=piece.target, what="entries", expected=expected, actual=actual)
    return done


def _require_presence(part: Part, plan: _Plan, disk: Disk) -> None:
    """Look for each entry at its place, and count the files when every one of them is the copy's."""
    places = set(plan.places("restored", "updated", "unchanged"))
    named = [place for place in places if NOT_UTF8 not in place]
    found = disk.look(named)
    for place in named:
        if place not in found:
            raise RestoreMismatchError(target=place, what=place, expected=1, actual=0)
    files = _count_files(found)
    if plan.overwrite == "always" and not files <= part.files <= files + len(places) - len(named):
        target = plan.pieces[0][0].target
        raise RestoreMismatchError(target=target, what="files", expected=part.files, actual=files)


def _count_files(found: Mapping[str, Found]) -> int:
    return sum(one.kind == "file" for one in found.values())
