"""What a restoration asks of the file systems that it goes to, and those of this worker."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from respaldo.restic.delivering import free_bytes, nearest_folder

Kind = Literal["file", "folder", "link", "other"]


@dataclass(frozen=True)
class Found:
    """Something at a place. A link is not followed.

    :ivar modified_ns: in nanoseconds since 1970.
    :ivar stored_bytes: what it takes on the disk: less than its size, where it has holes.
    """

    kind: Kind
    modified_ns: int
    stored_bytes: int


@dataclass(frozen=True)
class Room:
    """The file system of a folder: what tells it from others, and its free bytes (None: it does not say)."""

    system: str
    free: int | None


class Disk(Protocol):
    """The file systems of this worker, or of a machine over SSH. All paths are absolute."""

    @property
    def is_roots(self) -> bool:
        """Whether who restores may give files to others."""
        ...

    def look(self, places: Iterable[str]) -> dict[str, Found]:
        """Look at places. What is not there, or cannot be looked at, is not among what is given."""
        ...

    def folders(self, paths: Iterable[str]) -> set[str]:
        """Give those of the paths that are folders, or links to one."""
        ...

    def real(self, paths: Sequence[str]) -> list[str]:
        """Give each path without links, as far as it is there."""
        ...

    def is_free(self, folder: str) -> bool:
        """Whether there is nothing, or a folder with nothing in it."""
        ...

    def room(self, folder: str) -> Room:
        """Look at the room of a folder, or of the first above it that is there."""
        ...

    def remove(self, places: Sequence[str]) -> None:
        """Remove files and links; those that are gone already are passed over.

        :raises OSError, TargetDeniedError: one cannot be removed.
        """
        ...


class WorkerDisk:
    """This worker: see `Disk`."""

    @property
    def is_roots(self) -> bool:
        return os.geteuid() == 0

    def look(self, places: Iterable[str]) -> dict[str, Found]:
        found = {}
        for place in places:
            try:
                seen = os.lstat(place)
            except OSError:
                continue
            found[place] = Found(kind_of(seen.st_mode), seen.st_mtime_ns, seen.st_blocks * 512)
        return found

    def folders(self, paths: Iterable[str]) -> set[str]:
        # Not Path.is_dir: it raises where a folder is closed.
        return {path for path in paths if os.path.isdir(path)}  # noqa: PTH112

    def real(self, paths: Sequence[str]) -> list[str]:
        return [os.path.realpath(path) for path in paths]

    def is_free(self, folder: str) -> bool:
        try:
            return not os.listdir(folder)  # noqa: PTH208  (all that is asked is whether there is anything)
        except FileNotFoundError:
            return True
        except OSError:
            # A file, or a folder that shows nobody what it holds.
            return False

    def room(self, folder: str) -> Room:
        return Room(str(Path(nearest_folder(folder)).stat().st_dev), free_bytes(folder))

    def remove(self, places: Sequence[str]) -> None:
        for place in places:
            Path(place).unlink(missing_ok=True)


def kind_of(mode: int) -> Kind:
    """Tell what something is from its mode."""
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISLNK(mode):
        return "link"
    return "file" if stat.S_ISREG(mode) else "other"


def is_amid(folder: str, source_paths: Sequence[str], disk: Disk) -> bool:
    """Tell whether a folder is in, or holds, what the scope saves: the next backup would save it too."""
    real, *sources = disk.real([folder, *source_paths])
    return any(are_near(real, source) for source in sources)


def are_near(one: str, other: str) -> bool:
    """Tell whether one of two paths is in the other."""
    return is_in(one, other) or is_in(other, one)


def is_in(path: str, folder: str) -> bool:
    """Tell whether a path is a folder, or below it."""
    return PurePosixPath(path).is_relative_to(folder)
