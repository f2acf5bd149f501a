"""Bring what an archive holds to a folder. Nothing in it can lead out of there, whoever wrote it.

Links are made last, when every file has its place: until then none stands in the way of a path. Names with
``..`` are refused. What is a device stays in the archive.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from decimal import Decimal
from pathlib import Path

from respaldo.domain.errors import RestoreMismatchError, TargetOccupiedError
from respaldo.hosts.checksums import sum_file
from respaldo.sources.tar.selection import Selection, path_of

_BLOCK_BYTES = 1 << 20
_FURTHEST = (1 << 63) - 1


class Extraction:
    """Takes the members of an archive, and puts those that are asked for below an empty folder.

    :ivar waiting: hard links whose file was not asked for, by that file's path: it is needed once more.
    """

    def __init__(self, root: Path, selection: Selection) -> None:
        self.files = 0
        self.size_bytes = 0
        self.waiting: dict[str, list[str]] = {}
        self._root, self._selection = root, selection
        self._folders: dict[str, tarfile.TarInfo] = {}
        self._links: dict[str, tarfile.TarInfo] = {}

    def take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = path_of(member.name)
        if path not in self._selection:
            return
        if member.isdir():
            self._place(path).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folders[path] = member
        elif member.issym():
            self._links[path] = member
        elif member.isreg():
            self._write(archive, member, path)
            self.size_bytes += member.size
            self.files += 1
        elif member.islnk():
            self._link(path, path_of(member.linkname))
            self.files += 1
        elif member.isfifo():
            place = self._cleared(path)
            os.mkfifo(place, 0o600)
            _set(place, member)

    def take_waiting(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """Take the members once more: for the links that wait, and to compare what was written."""
        path = path_of(member.name)
        if not member.isreg():
            return
        names = self.waiting.pop(path, [])
        if names:
            self._write(archive, member, names[0])
            for name in names[1:]:
                os.link(self._place(names[0]), self._cleared(name))
            self.size_bytes += member.size
        elif path in self._selection and not _is_same(archive, member, self._place(path)):
            raise RestoreMismatchError(target=path, what="content", expected=member.size, actual=path)

    def finish(self) -> None:
        """Make the links, and give the folders their modes and times."""
        for path, member in self._links.items():
            place = self._cleared(path)
            place.symlink_to(member.linkname)
            _set(place, member)
        for path, member in sorted(self._folders.items(), reverse=True):
            _set(self._place(path), member)

    def _place(self, path: str) -> Path:
        return Path(f"{self._root}{path}")

    def _cleared(self, path: str) -> Path:
        """Give a place that is free: of two members of one name the later one counts."""
        place = self._place(path)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        return place

    def _write(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        place = self._cleared(path)
        content = archive.extractfile(member)
        assert content is not None  # noqa: S101  (it is a regular file)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with content, os.fdopen(os.open(place, flags, 0o600), "wb") as file:
            shutil.copyfileobj(content, file, _BLOCK_BYTES)
            file.flush()
            os.fsync(file.fileno())
        _set(place, member)

    def _link(self, path: str, to: str) -> None:
        if path == to:
            return
        if self._place(to).is_file():
            os.link(self._place(to), self._cleared(path))
        else:
            self.waiting.setdefault(to, []).append(path)


def merge(source: Path, target: Path) -> None:
    """Give all that is in one folder its place in another. What is there with the same content stays.

    :raises TargetOccupiedError: something else is there; nothing was moved then.
    """
    _look(source, target)
    _move(source, target)


def _look(source: Path, target: Path) -> None:
    for entry in os.scandir(source):
        place = target / entry.name
        if not os.path.lexists(place):
            continue
        if entry.is_dir(follow_symlinks=False):
            if place.is_symlink() or not place.is_dir():
                raise TargetOccupiedError(target=place)
            _look(Path(entry.path), place)
        elif not _is_alike(Path(entry.path), place):
            raise TargetOccupiedError(target=place)


def _move(source: Path, target: Path) -> None:
    for entry in list(os.scandir(source)):
        place = target / entry.name
        if not os.path.lexists(place):
            os.rename(entry.path, place)  # noqa: PTH104  (names that are no UTF-8 too)
        elif entry.is_dir(follow_symlinks=False):
            _move(Path(entry.path), place)


def _is_alike(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    if not one.is_file() or not other.is_file():
        return one.is_fifo() and other.is_fifo()
    return one.stat().st_size == other.stat().st_size and sum_file(one) == sum_file(other)


def _is_same(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> bool:
    content = archive.extractfile(member)
    assert content is not None  # noqa: S101  (it is a regular file)
    with content, place.open("rb") as file:
        while block := content.read(_BLOCK_BYTES):
            if file.read(len(block)) != block:
                return False
        return not file.read(1)


def _set(place: Path, member: tarfile.TarInfo) -> None:
    """Give owner (as root only), mode and time. Owners are numbers: names are another machine's."""
    if os.geteuid() == 0:
        os.chown(place, member.uid, member.gid, follow_symlinks=False)
    if not member.issym():
        place.chmod(member.mode & 0o7777)
    nanoseconds = _modified(member)
    os.utime(place, ns=(nanoseconds, nanoseconds), follow_symlinks=False)


def _modified(member: tarfile.TarInfo) -> int:
    """Give its time in nanoseconds since 1970. A float of so many seconds has none."""
    try:
        seconds = Decimal(member.pax_headers.get("mtime", member.mtime))
        return min(max(int(seconds * 10**9), -_FURTHEST), _FURTHEST)
    except (ArithmeticError, ValueError):
        return 0
