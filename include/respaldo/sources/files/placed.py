"""Where a restoration begins in a copy, and where at its target: what each call of restic is to restore."""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from respaldo.domain.restoring import Part
from respaldo.restic.argv import literal, plain_path
from respaldo.restic.repository import Repository


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


def pieces_of(part: Part, folder: str, repository: Repository) -> tuple[Piece, ...]:
    """Cut a part into calls. Below a folder it is one; ``/`` is the original place."""
    if folder != "/":
        return (Piece("/", os.path.realpath(folder), part.includes),)
    roots = repository.saved_paths(part.snapshot_id)
    grouped: dict[str, list[str]] = defaultdict(list)
    for pattern in part.includes or [literal(root) for root in roots]:
        for base, include in _in_place(pattern, roots):
            grouped[base].append(include)
    # restic would make a folder of a link that it is to restore into.
    return tuple(
        Piece(base, os.path.realpath(base), tuple(dict.fromkeys(found))) for base, found in grouped.items()
    )


def _in_place(pattern: str, roots: Sequence[str]) -> list[tuple[str, str]]:
    """Cut a pattern into a folder that is there now, and what it asks for below that.

    restic sets owner, mode and times of each folder from where it begins, and makes folders of links: it
    begins as near to what is asked for as can be.
    """
    if not pattern.startswith("/"):
        return [_from_what_is_there(posixpath.dirname(root), pattern) for root in roots]
    plain = plain_path(pattern)
    if plain is not None:
        # What is above the saved paths is not the scope's: all that is saved below it is meant.
        tops = [root for root in roots if Path(root).is_relative_to(plain)] or [plain]
        return [
            _from_what_is_there(posixpath.dirname(top), "/" + literal(posixpath.basename(top)))
            for top in tops
        ]
    base, rest = "/", posixpath.normpath(pattern).lstrip("/").split("/")
    while len(rest) > 1 and (name := plain_path("/" + rest[0])) is not None:
        base, rest = base.rstrip("/") + name, rest[1:]
    return [_from_what_is_there(base, "/" + "/".join(rest))]


def _from_what_is_there(base: str, include: str) -> tuple[str, str]:
    """Begin higher when a folder is gone: restic then makes it as it was."""
    # Not Path.is_dir: it raises where a folder is closed.
    while not os.path.isdir(base):  # noqa: PTH112
        base, name = posixpath.split(base)
        if include.startswith("/"):
            include = f"/{literal(name)}{include}"
    return base, include


def folders_above(path: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(path).parents]
