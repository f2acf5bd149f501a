"""Databases that come back: beside what is there or in its place, and the proof that they are whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from respaldo.domain.errors import RestoreMismatchError, TargetOccupiedError
from respaldo.domain.restoring import Delivery, Part, Restored
from respaldo.domain.values import Evidence
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.sources.one_file import Beside, folder_of, is_same, put, written_beside
from respaldo.sources.sqlite import replacing, running
from respaldo.sources.sqlite.running import Looked, SqliteError


def touches(parts: Sequence[Part], delivery: Delivery, source_paths: Sequence[str]) -> tuple[str, ...]:
    """Name the databases that a delivery would replace.

    :raises InvalidRequestError: see `one_file.folder_of`.
    :raises TargetOccupiedError: one is there that nobody asked to be replaced, or that the scope does not
        save: the safety backup before an overwriting would not hold it.
    """
    folder_of(delivery)
    if delivery.destination.kind == "staging":
        return ()
    sources = {os.path.realpath(path) for path in source_paths}
    occupied = [place for place in (_place(part, delivery) for part in parts) if os.path.lexists(place)]
    for place in occupied:
        if delivery.destination.overwrite != "always" or str(place) not in sources:
            raise TargetOccupiedError(target=place)
    return tuple(map(str, occupied))


def restore(
    part: Part,
    repository: Repository,
    delivery: Delivery,
    source_paths: Sequence[str],
    file: str,
    on_progress: OnProgress,
) -> Restored:
    """Restore one database, compare it, and only then give it its place.

    :param file: its path in the snapshot.
    """
    place = _place(part, delivery)
    kept: Path | None = None
    with written_beside(part, repository, file, place, delivery.key, on_progress) as beside:
        looked = _compared(part, beside, place)
        if is_same(beside, place):
            # An attempt that was killed when all was done.
            kept = _kept_before(place, delivery)
        elif os.path.lexists(place):
            touches([part], delivery, source_paths)
            kept = replacing.replace(beside, place, delivery.key)
        else:
            replacing.clear_beside(place, delivery.key)
            put(beside, place, replace=False)
    facts: dict[str, int | str] = {
        "size_bytes": beside.size_bytes, "sha256": beside.sha256, **looked.facts,
    }  # fmt: skip
    return Restored(
        where=(str(place),),
        files=1,
        size_bytes=beside.size_bytes,
        evidence=(Evidence(method="compared", item=part.item, facts=facts),),
        kept=(str(kept),) if kept is not None else (),
    )


def _place(part: Part, delivery: Delivery) -> Path:
    """Give where a database goes: below a folder it keeps its whole path; where it came from, links lead."""
    if delivery.destination.kind == "original":
        return Path(os.path.realpath(part.item))
    return folder_of(delivery) / part.item.lstrip("/")


def _kept_before(place: Path, delivery: Delivery) -> Path | None:
    kept = replacing.kept_name(place, delivery.key)
    return kept if kept.exists() else None


def _compared(part: Part, beside: Beside, place: Path) -> Looked:
    """Compare what was written with what was counted in the copy when it was verified."""
    try:
        looked = running.look(str(beside.path))
    except SqliteError as error:
        raise RestoreMismatchError(
            target=place, what="integrity_check", expected="ok", actual=error.said
        ) from error
    for table in sorted(part.rows.keys() | looked.rows.keys()) if part.rows else ():
        expected, actual = part.rows.get(table), looked.rows.get(table)
        if expected != actual:
            raise RestoreMismatchError(target=place, what=table, expected=expected, actual=actual)
    return looked
