"""Where a restoration begins in a copy, and where at its target: what each call of restic is to restore."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from respaldo.domain.restoring import Part
from respaldo.restic.argv import literal, plain_path
from respaldo.restic.repository import Repository
from respaldo.sources.disk import Disk


@dataclass(frozen=True)
class Piece:
    """What one call of restic restores: patterns that begin in a folder of the snapshot, and to where."""

    folder: str
    target: str
    includes: tuple[str, ...]

    def place(self, path: str) -> str:
        """Give where an entry of this piece comes to be."""
        return self.target.rstrip("/") + path

    def origin(self, path: str) -> str:
        """Give the path that an entry of this piece has in the snapshot."""
        return self.folder.rstrip("/") + path


def pieces_of(part: Part, folder: str, repository: Repository, disk: Disk) -> tuple[Piece, ...]:
    """Cut a part into calls. Below a folder it is one; ``/`` is the original place."""
    if folder != "/":
        return (Piece("/", disk.real([folder])[0], part.includes),)
    roots = repository.saved_paths(part.snapshot_id)
    patterns = part.includes or [literal(root) for root in roots]
    cut = [one for pattern in patterns for one in _in_place(pattern, roots)]
    there = disk.folders({above for base, _ in cut for above in (base, *folders_above(base))})
    grouped: dict[str, list[str]] = defaultdict(list)
    for base, include in (_from_what_is_there(base, include, there) for base, include in cut):
        grouped[base].append(include)
    # restic would make a folder of a link that it is to restore into.
    real = disk.real(list(grouped))
    return tuple(
        Piece(base, target, tuple(dict.fromkeys(found)))
        for (base, found), target in zip(grouped.items(), real, strict=True)
    )


def _in_place(pattern: str, roots: Sequence[str]) -> list[tuple[str, str]]:
    """Cut a pattern into a folder, and what it asks for below that.

    restic sets owner, mode and times of each folder from where it begins, and makes folders of links: it
    begins as near to what is asked for as can be.
    """
    if not pattern.startswith("/"):
        return [(posixpath.dirname(root), pattern) for root in roots]
    plain = plain_path(pattern)
    if plain is not None:
        # What is above the saved paths is not the scope's: all that is saved below it is meant.
        tops = [root for root in roots if Path(root).is_relative_to(plain)] or [plain]
        return [(posixpath.dirname(top), "/" + literal(posixpath.basename(top))) for top in tops]
    base, rest = "/", posixpath.normpath(pattern).lstrip("/").split("/")
    while len(rest) > 1 and (name := plain_path("/" + rest[0])) is not None:
        base, rest = base.rstrip("/") + name, rest[1:]
    return [(base, "/" + "/".join(rest))]


def _from_what_is_there(base: str, include: str, there: Collection[str]) -> tuple[str, str]:
    """Begin higher when a folder is gone: restic then makes it as it was."""
    while base not in there and base != "/":
        base, name = posixpath.split(base)
        if include.startswith("/"):
            include = f"/{literal(name)}{include}"
    return base, include


def folders_above(path: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(path).parents]
