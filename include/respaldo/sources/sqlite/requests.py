"""Which of a run's databases answer a request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from respaldo.domain.errors import InvalidRequestError, NotInCopyError
from respaldo.domain.restoring import Part, Wanted
from respaldo.domain.values import Copy, Evidence
from respaldo.restic.argv import plain_path
from respaldo.sources.nearness import nearest


def file_of(item: str) -> str:
    """Name the one file of an item's snapshot: by its whole path, as all may be restored into one folder.

    Flat, as restic 0.18.0 wants it.
    """
    return quote(item.lstrip("/"), safe=" ")


def find(wanted: Wanted, copies: Sequence[Copy], recorded: Sequence[Evidence]) -> tuple[Part, ...]:
    """Give a part for each database that is asked for. See `Source.find`."""
    if wanted.databases or wanted.schemas or wanted.tables:
        raise InvalidRequestError(problem="files_only")
    found: dict[str, Copy] = {}
    missing = []
    for path in wanted.paths or ("/",):
        matched = [copy for copy in copies if _is_meant(path, copy.item)]
        found |= {copy.item: copy for copy in matched}
        if not matched:
            missing.append(path)
    if missing:
        raise NotInCopyError(
            snapshot=", ".join(copy.snapshot_id[:8] for copy in copies),
            missing=", ".join(missing),
            nearest=", ".join(nearest(missing, (copy.item for copy in copies), least=0.3)),
        )
    of_item = {one.item: one for one in recorded if "sha256" in one.facts}
    return tuple(_part(copy, of_item.get(copy.item)) for copy in found.values())


def _is_meant(path: str, item: str) -> bool:
    plain = plain_path(path if path.startswith("/") else f"/{path}")
    # Its own path, a folder above it, its name, or what the file in the copy is called.
    return plain is not None and (
        PurePosixPath(item).is_relative_to(plain)
        or plain in (f"/{PurePosixPath(item).name}", f"/{file_of(item)}")
    )


def _part(copy: Copy, recorded: Evidence | None) -> Part:
    return Part(
        item=copy.item,
        snapshot_id=copy.snapshot_id,
        files=1,
        size_bytes=copy.size_bytes,
        rows=recorded.rows if recorded else {},
        sha256=str(recorded.facts["sha256"]) if recorded else None,
    )
