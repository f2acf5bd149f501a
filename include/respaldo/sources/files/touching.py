"""What of the live data a restoration of files may change."""

from __future__ import annotations

import os
from collections.abc import Sequence

from respaldo.domain.errors import InvalidRequestError, TargetOccupiedError
from respaldo.domain.restoring import Delivery, Overwrite, Part
from respaldo.restic.argv import plain_path
from respaldo.sources.disk import Disk, are_near, is_amid, is_in
from respaldo.sources.places import disk_of
from respaldo.sources.reach import Reach


def touches(
    parts: Sequence[Part], delivery: Delivery, source_paths: Sequence[str], reach: Reach
) -> tuple[str, ...]:
    """Name what of the live data a delivery may change.

    What the scope saved and what it saves now both count: a file may list its paths, and may have changed.

    :raises InvalidRequestError: files do not go into a database.
    :raises TargetOccupiedError: what no copy of the scope holds would be overwritten, nor would one that is
        made now.
    :raises HostError: the machine that it would go to keeps us out.
    """
    match delivery.destination.kind:
        case "database":
            raise InvalidRequestError(problem="files_to_database")
        case "staging":
            return ()
        case "original":
            return _of_the_original(parts, delivery.destination.overwrite, source_paths, disk_of(reach))
        case "path":
            overwrite = delivery.destination.overwrite
            return _of_a_folder(folder_of(delivery), parts, overwrite, source_paths, disk_of(reach))


def as_asked(parts: Sequence[Part], source_paths: Sequence[str]) -> tuple[str, ...]:
    asked = (path for part in parts for path in (part.includes or part.roots or source_paths))
    return tuple(dict.fromkeys(asked))


def folder_of(delivery: Delivery) -> str:
    destination = delivery.destination
    if destination.kind == "original":
        return "/"
    return os.path.normpath(
        "/" + str(destination.target).lstrip("/") if destination.target else delivery.staging
    )


def _of_the_original(
    parts: Sequence[Part], overwrite: Overwrite, source_paths: Sequence[str], disk: Disk
) -> tuple[str, ...]:
    """Name what is asked for. Where all is gone there is nothing to keep, and no safety backup could be made.

    The safety backup before an overwriting saves the scope as it is now, and nothing beside it.
    """
    if all(map(disk.is_free, {*source_paths, *_roots(parts)})):
        return ()
    if overwrite != "never":
        for part in parts:
            for root in _left_since(part, source_paths, disk):
                if not disk.is_free(root):
                    raise TargetOccupiedError(target=root)
    return as_asked(parts, source_paths)


def _left_since(part: Part, source_paths: Sequence[str], disk: Disk) -> list[str]:
    """Give what a part may write to of a copy's paths that the scope does not save any more."""
    asked = [plain_path(pattern) for pattern in part.includes]
    # What a pattern may match is not told apart.
    is_all = not asked or None in asked
    written = list(part.roots) if is_all else [path for path in asked if path]
    sources = disk.real(source_paths)

    def left(paths: Sequence[str]) -> list[str]:
        """Leave out what a safety backup holds."""
        places = zip(paths, disk.real(paths), strict=True)
        return [path for path, place in places if not any(is_in(place, source) for source in sources)]

    outside = left(written)
    return [root for root in left(part.roots) if any(are_near(root, path) for path in outside)]


def _of_a_folder(
    folder: str, parts: Sequence[Part], overwrite: Overwrite, source_paths: Sequence[str], disk: Disk
) -> tuple[str, ...]:
    """Name a folder that holds, or is in, what the scope saves or saved. In others nothing may be replaced.

    The safety backup before an overwriting saves the scope as it is now, and nothing beside it.
    """
    if is_amid(folder, source_paths, disk):
        return (folder,)
    if overwrite != "never" and not disk.is_free(folder):
        raise TargetOccupiedError(target=folder)
    return (folder,) if is_amid(folder, _roots(parts), disk) else ()


def _roots(parts: Sequence[Part]) -> list[str]:
    return [root for part in parts for root in part.roots]
