"""Files that come back: where they go, what that would change, and the proof that they are there."""

from __future__ import annotations

import json
import os
import stat
from collections import defaultdict
from collections.abc import Sequence
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
from respaldo.restic.delivering import Delivered, Preview, free_bytes, nearest_folder
from respaldo.restic.repository import Repository
from respaldo.sources.files.finding import NOT_UTF8
from respaldo.sources.files.placed import Piece, folders_above, pieces_of

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


def touches(parts: Sequence[Part], delivery: Delivery, source_paths: Sequence[str]) -> tuple[str, ...]:
    """Name what of the live data a delivery may change.

    :raises InvalidRequestError: files do not go into a database.
    :raises TargetOccupiedError: a folder that no copy of the scope holds would be overwritten.
    """
    match delivery.destination.kind:
        case "database":
            raise InvalidRequestError(problem="files_to_database")
        case "staging":
            return ()
        case "original":
            # Where all is gone there is nothing to keep, and no safety backup could be made.
            is_lost = all(map(_is_free, source_paths))
            return () if is_lost else _as_asked(parts, source_paths)
        case "path":
            return _of_a_folder(_folder(delivery), delivery.destination.overwrite, source_paths)


def _of_a_folder(folder: str, overwrite: Overwrite, source_paths: Sequence[str]) -> tuple[str, ...]:
    """Name a folder that holds, or is in, what the scope saves; in any other nothing may be replaced.

    The safety backup before an overwriting saves the scope, and nothing beside it.
    """
    if _is_amid(folder, source_paths):
        return (folder,)
    if overwrite != "never" and not _is_free(folder):
        raise TargetOccupiedError(target=folder)
    return ()


def _as_asked(parts: Sequence[Part], source_paths: Sequence[str]) -> tuple[str, ...]:
    asked = (path for part in parts for path in (part.includes or source_paths))
    return tuple(dict.fromkeys(asked))


def _folder(delivery: Delivery) -> str:
    destination = delivery.destination
    if destination.kind == "original":
        return "/"
    return os.path.normpath(
        "/" + str(destination.target).lstrip("/") if destination.target else delivery.staging
    )


def _is_free(folder: str) -> bool:
    try:
        return not os.listdir(folder)  # noqa: PTH208  (all that is asked is whether there is anything)
    except FileNotFoundError:
        return True
    except OSError:
        # A file, or a folder that shows nobody what it holds.
        return False


def _is_amid(folder: str, source_paths: Sequence[str]) -> bool:
    """Tell whether a folder is in, or holds, what the scope saves: the next backup would save it too."""
    real = Path(folder).resolve()
    sources = [Path(path).resolve() for path in source_paths]
    return any(real.is_relative_to(source) or source.is_relative_to(real) for source in sources)


def restore(
    part: Part,
    repository: Repository,
    delivery: Delivery,
    source_paths: Sequence[str],
    on_progress: OnProgress,
) -> Restored:
    """Restore a part, verify it by reading it again, and count it.

    Below a folder everything keeps its full path. At the original place only what is asked for is written:
    the folders above keep the metadata that they have now.
    """
    folder = _folder(delivery)
    overwrite: Overwrite = (
        "always" if delivery.destination.kind == "staging" else delivery.destination.overwrite
    )
    begun = Path(delivery.staging, _BEGUN.format(snapshot=part.snapshot_id[:8]))
    if delivery.destination.kind == "staging" or overwrite != "always":
        _make_private(delivery.staging)
    pieces = pieces_of(part, folder, repository)
    if begun.exists():
        _clear_what_was_begun(begun)
    plan = _plan(part, pieces, overwrite, repository)
    _require_room(plan)
    if overwrite != "always":
        _note_what_begins(begun, plan)
    skipped = sum(_is_file(place) for place in plan.places("unchanged")) if overwrite != "always" else 0
    try:
        delivered = [
            _deliver(part, piece, preview, overwrite, repository, on_progress)
            for piece, preview in plan.pieces
        ]
        _require_presence(part, plan)
    except RespaldoError:
        # The second copy may come next, and would take half a file for somebody's own.
        if begun.exists():
            _clear_what_was_begun(begun)
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
        "owners": "restored" if os.geteuid() == 0 else "not_restored",
    }
    return Restored(
        where=_as_asked([part], source_paths) if folder == "/" else (folder,),
        files=part.files - skipped,
        size_bytes=size_bytes,
        evidence=(Evidence(method="restored", item=part.item, facts=facts),),
    )


# --- before anything is written


def _plan(part: Part, pieces: Sequence[Piece], overwrite: Overwrite, repository: Repository) -> _Plan:
    listed = [
        (piece, repository.preview(part.snapshot_id, piece.includes, folder=piece.folder)) for piece in pieces
    ]
    if any(piece.folder != "/" for piece in pieces) and not all(map(plain_path, part.includes)):
        _require_all_of(part, listed, repository)
    in_the_way = [place for piece, preview in listed for place in _in_the_way(piece, preview)]
    if in_the_way and overwrite != "always":
        raise TargetOccupiedError(target=in_the_way[0])
    if in_the_way or not _is_anything_there(listed):
        # Nothing to compare with; and restic cannot compare with what it replaces by a folder.
        return _Plan(tuple(listed), overwrite)
    compared = tuple((piece, _compared(part, piece, overwrite, repository)) for piece in pieces)
    return _Plan(compared, overwrite)


def _is_anything_there(listed: Sequence[tuple[Piece, Preview]]) -> bool:
    return any(
        NOT_UTF8 in entry.path or os.path.lexists(piece.place(entry.path))
        for piece, preview in listed
        for entry in preview.entries
    )


def _compared(part: Part, piece: Piece, overwrite: Overwrite, repository: Repository) -> Preview:
    return repository.preview(
        part.snapshot_id,
        piece.includes,
        target=piece.target,
        overwrite=_as_restic_says(overwrite),
        folder=piece.folder,
    )


def _in_the_way(piece: Piece, preview: Preview) -> list[str]:
    """Find files and links where a folder must be: restic replaces them, whatever it may overwrite."""
    folders = {parent for entry in preview.entries for parent in folders_above(entry.path)} - {"/"}
    return sorted(place for place in map(piece.place, folders) if _is_no_folder(place))


def _is_no_folder(place: str) -> bool:
    try:
        return not stat.S_ISDIR(os.lstat(place).st_mode)
    except OSError:
        return False


def _as_restic_says(overwrite: Overwrite) -> str:
    return overwrite.replace("_", "-")


def _require_all_of(part: Part, listed: Sequence[tuple[Piece, Preview]], repository: Repository) -> None:
    """Refuse patterns that match another way when they begin in a folder: those that name what is above."""
    planned = {piece.origin(entry.path) for piece, preview in listed for entry in preview.entries}
    wanted = {entry.path for entry in repository.preview(part.snapshot_id, part.includes).entries}
    above = {parent for path in wanted for parent in folders_above(path)}
    if wanted - above - planned:
        raise InvalidRequestError(problem="pattern_in_place")


def _require_room(plan: _Plan) -> None:
    """Compare what is written with what is free, on each file system.

    What is there of a file counts as room for it. A sparse file counts as a whole: a copy does not say how
    much of it is holes.
    """
    needed: dict[int, int] = defaultdict(int)
    targets: dict[int, str] = {}
    for piece, preview in plan.pieces:
        device = _device(piece.target)
        targets.setdefault(device, piece.target)
        needed[device] += preview.count.restored_bytes - sum(
            _stored_bytes(piece.place(entry.path)) for entry in preview.entries if entry.action == "updated"
        )
    for device, target in targets.items():
        free = free_bytes(target)
        if free is not None and needed[device] > free:
            raise TargetFullError(target=target, needed=needed[device], free=free, said="")


def _device(folder: str) -> int:
    return Path(nearest_folder(folder)).stat().st_dev


def _stored_bytes(place: str) -> int:
    try:
        return os.lstat(place).st_blocks * 512
    except OSError:
        return 0


def _make_private(folder: str) -> None:
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise TargetDeniedError(target=folder, said=f"{error.strerror}: {folder}") from error


# --- an attempt that did not end


def _note_what_begins(begun: Path, plan: _Plan) -> None:
    """Write down which files this restoration makes: half of one would pass for somebody's own later.

    With the time of those that are there: what an attempt did not come to is not its to remove.
    """
    half = begun.with_suffix(".new")
    with half.open("w") as file:
        json.dump({place: _modified_at(place) for place in plan.places("restored", "updated")}, file)
        file.flush()
        os.fsync(file.fileno())
    half.rename(begun)


def _clear_what_was_begun(begun: Path) -> None:
    """Remove the files that an attempt which came to no good end may have left half done."""
    for place, modified_at in json.loads(begun.read_text()).items():
        if NOT_UTF8 in place:
            # Such a name cannot be told from others: a person has to look.
            raise TargetOccupiedError(target=place)
        is_file = Path(place).is_symlink() or Path(place).is_file()
        if is_file and _modified_at(place) != modified_at:
            Path(place).unlink()
    begun.unlink()


def _modified_at(place: str) -> int | None:
    try:
        return os.lstat(place).st_mtime_ns
    except OSError:
        return None


# --- writing, and looking at what was written


def _deliver(
    part: Part,
    piece: Piece,
    preview: Preview,
    overwrite: Overwrite,
    repository: Repository,
    on_progress: OnProgress,
) -> Delivered:
    done = repository.deliver(
        part.snapshot_id,
        piece.target,
        piece.includes,
        overwrite=_as_restic_says(overwrite),
        folder=piece.folder,
        on_progress=on_progress,
    )
    expected, actual = preview.count.entries, done.entries
    if expected != actual:
        raise RestoreMismatchError(target=piece.target, what="entries", expected=expected, actual=actual)
    return done


def _require_presence(part: Part, plan: _Plan) -> None:
    """Look for each entry at its place, and count the files when every one of them is the copy's."""
    places = set(plan.places("restored", "updated", "unchanged"))
    named = [place for place in places if NOT_UTF8 not in place]
    for place in named:
        if not os.path.lexists(place):
            raise RestoreMismatchError(target=place, what=place, expected=1, actual=0)
    files = sum(map(_is_file, named))
    if plan.overwrite == "always" and not files <= part.files <= files + len(places) - len(named):
        target = plan.pieces[0][0].target
        raise RestoreMismatchError(target=target, what="files", expected=part.files, actual=files)


def _is_file(place: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(place).st_mode)
    except OSError:
        return False
