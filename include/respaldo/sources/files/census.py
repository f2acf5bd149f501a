"""Which files there are below some paths at one moment, kept small, and which of them are gone later.

Ten million files are some 200 MB: the names of a folder are one value, not one each.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

_SEPARATOR = b"/"

_COARSEST_CLOCK_NS = 2 * 10**9
"""FAT counts time in steps of two seconds, and nothing that files are kept on in longer ones."""


class Counted(Protocol):
    """Which files there were at one moment, wherever that was."""

    def gone(self) -> Iterator[bytes]:
        """Give the files and links that are not there any more."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Tell what is to be known of a copy where they could not be listed."""
        ...


class _Folder(NamedTuple):
    """The files and links in one folder, and what its times were before they were listed.

    Both times: tools that copy folders set the modification time as they like, and not the other. None when
    it changed so short before that one more change may not show in them.
    """

    names: bytes
    times_ns: tuple[int, int] | None


@dataclass(frozen=True)
class Census:
    """The paths that are files themselves, and the folders with what was in them."""

    files: Sequence[bytes]
    folders: Mapping[bytes, _Folder]

    def gone(self) -> Iterator[bytes]:
        """Give the files and links that are not there any more, those of a folder that is gone too.

        One that another was put in place of is there. What cannot be looked at now is passed over.
        """
        for path in self.files:
            if not os.path.lexists(path):
                yield path
        for path, folder in self.folders.items():
            for name in _gone_from(path, folder):
                yield os.path.join(path, name)  # noqa: PTH118  (pathlib knows no names in bytes)

    def notes(self) -> tuple[str, ...]:
        return ()


def take(paths: Sequence[str], *, one_file_system: bool) -> Census:
    """List all files and links below the paths, following no link and looking at nothing but folders.

    What cannot be listed is passed over: restic tells of it itself.
    """
    files: list[bytes] = []
    folders: dict[bytes, _Folder] = {}
    settled_before_ns = time.time_ns() - _COARSEST_CLOCK_NS
    for path in map(os.fsencode, paths):
        try:
            root = os.lstat(path)
        except OSError:
            continue
        if not stat.S_ISDIR(root.st_mode):
            files.append(path)
            continue
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            if folder in folders:
                # One of the paths can be below another.
                continue
            try:
                # Looked at before it is listed: what changes in between shows afterwards.
                found = os.lstat(folder)
                if one_file_system and found.st_dev != root.st_dev:
                    continue
                names, below = _list(folder)
            except OSError:
                continue
            times_ns = _times_ns(found)
            folders[folder] = _Folder(names, times_ns if max(times_ns) < settled_before_ns else None)
            waiting += below
    return Census(files, folders)


def _list(folder: bytes) -> tuple[bytes, list[bytes]]:
    """Give the joined names of the files and links in a folder, and the paths of the folders in it."""
    names: list[bytes] = []
    below: list[bytes] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.path)
            elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                names.append(entry.name)
    return _SEPARATOR.join(names), below


def _times_ns(found: os.stat_result) -> tuple[int, int]:
    return found.st_mtime_ns, found.st_ctime_ns


def _gone_from(path: bytes, folder: _Folder) -> list[bytes]:
    if not folder.names:
        return []
    try:
        found = os.lstat(path)
        if _times_ns(found) == folder.times_ns:
            return []
        there = set(os.listdir(path)) if stat.S_ISDIR(found.st_mode) else set()  # noqa: PTH208  (bytes)
    except (FileNotFoundError, NotADirectoryError):
        there = set()
    except OSError:
        return []
    return [name for name in folder.names.split(_SEPARATOR) if name not in there]
