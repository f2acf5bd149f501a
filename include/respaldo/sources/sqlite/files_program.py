"""Looks at the files of a database, and puts one in the place of another.

On this worker its functions are called; on a machine over SSH it is run, with a word (one of them) and a JSON
object, and prints one. What the disk refuses is an `OSError` in both. Needs nothing but Python, 3.7 or later.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Facts = dict[str, Any]

MAGIC = "SQLite format 3\0"
"""What every database begins with."""

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by what is added to its name. A log or a journal that is left there is
taken for its own and read into it: the old one's would destroy the new one."""

_BLOCK_BYTES = 1 << 20


def begin(path: str) -> Facts:
    """Tell whether there is a file, and how it begins."""
    # A pipe would keep whoever opens it waiting.
    if not Path(path).is_file():
        try:
            os.stat(path)  # noqa: PTH116  (raises when there is nothing, or a link that leads nowhere)
        except FileNotFoundError:
            return {"is_there": False}
        return {"is_there": True, "is_file": False}
    try:
        with Path(path).open("rb") as file:
            beginning = file.read(len(MAGIC))
    except FileNotFoundError:
        return {"is_there": False}
    return {"is_there": True, "is_file": True, "beginning": beginning.decode("latin-1")}


def room(path: str, folder: str) -> Facts:
    """Tell what a copy of a database needs, with what is in its log, and what a folder has free."""
    log = Path(f"{path}-wal")
    needed = Path(path).stat().st_size + (log.stat().st_size if log.is_file() else 0)
    return {"needed": needed, "free": shutil.disk_usage(folder).free}


def prepare(folder: str, needed: int) -> Facts:
    """Make a private folder anew, where there is room for what is needed, and those above it."""
    above = Path(folder).parent
    above.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    free = shutil.disk_usage(above).free
    if free >= needed:
        Path(folder).mkdir(mode=0o700)
    return {"free": free, "is_made": free >= needed}


def settle(path: str) -> Facts:
    """Have a file on the disk, for its owner only, and read it from there again."""
    Path(path).chmod(0o600)
    with Path(path).open("rb+") as file:
        os.fsync(file.fileno())
    return _summed(path)


def compare(path: str, place: str, kept: str) -> Facts:
    """Tell whether a place has a file's content already, and what else is there."""
    is_same = Path(place).is_file() and _summed(path) == _summed(place)
    return {"is_same": is_same, "is_there": os.path.lexists(place), "is_kept": os.path.lexists(kept)}


def users(place: str) -> Facts:
    """Name a process that has a database open, as far as this user can see what others have open."""
    wanted = {
        (found.st_dev, found.st_ino)
        for found in (_stat(f"{place}{end}") for end in ("", *BESIDE))
        if found is not None
    }
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                found = _stat(str(descriptor))
                if found is not None and (found.st_dev, found.st_ino) in wanted:
                    return {"process": f"{(process / 'comm').read_text().strip()} ({process.name})"}
    return {"process": None}


def replace(path: str, place: str, kept: str) -> Facts:
    """Put a file in the place of another, which is kept."""
    before = Path(place).stat()
    # Its mode, and where it may be done its owner.
    Path(path).chmod(stat.S_IMODE(before.st_mode))
    if os.geteuid() == 0:
        shutil.chown(path, before.st_uid, before.st_gid)
    if not Path(kept).exists():
        os.link(place, kept)
    # Only what a damaged database could not take in: it stays with what it belongs to.
    clear(place, kept)
    Path(path).replace(place)
    return _synced(place)


def clear(place: str, kept: str) -> Facts:
    """Put aside what lies beside a place: another database would take it for its own."""
    for end in BESIDE:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{place}{end}").replace(f"{kept}{end}")
    return {}


def put(path: str, place: str) -> Facts:
    """Give a file its place, where nothing is."""
    os.link(path, place)
    return _synced(place)


def remove(folder: str) -> Facts:
    shutil.rmtree(folder, ignore_errors=True)
    return {}


def _summed(path: str) -> Facts:
    digest, size = hashlib.sha256(), 0
    with Path(path).open("rb") as file:
        while True:
            block = file.read(_BLOCK_BYTES)
            if not block:
                return {"size_bytes": size, "sha256": digest.hexdigest()}
            digest.update(block)
            size += len(block)


def _synced(place: str) -> Facts:
    descriptor = os.open(Path(place).parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return {}


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116
    except OSError:
        return None


WORDS: dict[str, Callable[..., Facts]] = {
    one.__name__: one for one in (begin, room, prepare, settle, compare, users, replace, clear, put, remove)
}


def main() -> None:
    try:
        told = WORDS[sys.argv[1]](**json.loads(sys.argv[2]))
    except OSError as error:
        told = {"errno": error.errno or errno.EIO, "strerror": error.strerror, "filename": error.filename}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
