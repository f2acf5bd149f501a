"""Puts a database in the place of another one, with nobody in it and nothing of the old one beside it.

A write-ahead log or a journal that is left beside a database is taken for its own and read into it: the old
one's would destroy the new one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from respaldo.domain.errors import TargetDeniedError, TargetFullError
from respaldo.domain.source_errors import TargetBusyError
from respaldo.hosts import durable
from respaldo.sources.one_file import Beside
from respaldo.sources.sqlite import running
from respaldo.sources.sqlite.running import MAGIC, SqliteError

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by what is added to its name."""


def kept_name(place: Path, key: str) -> Path:
    """Name what was at a place before a request replaced it."""
    return place.with_name(f"{place.name}.before-{key}")


def replace(beside: Beside, place: Path, key: str) -> Path:
    """Put a database in the place of the one there, which is kept under the name that is given back.

    :raises TargetBusyError: a program has the old one open.
    :raises TargetDeniedError, TargetFullError: the disk does not take it.
    """
    kept = kept_name(place, key)
    with _told(place):
        _see_that_nobody_is_in(place)
        _close(place)
        _take_over(place.stat(), beside.path)
        if not kept.exists():
            os.link(place, kept)
        for end in BESIDE:
            # Only what a damaged database could not take in: it stays with what it belongs to.
            with contextlib.suppress(FileNotFoundError):
                Path(f"{place}{end}").replace(f"{kept}{end}")
        beside.path.replace(place)
        durable.sync(place.parent)
    return kept


def clear_beside(place: Path, key: str) -> None:
    """Put aside what lies beside a place without a database: the new one would take it for its own."""
    with _told(place):
        for end in BESIDE:
            with contextlib.suppress(FileNotFoundError):
                Path(f"{place}{end}").replace(f"{kept_name(place, key)}{end}")


def _close(place: Path) -> None:
    with place.open("rb") as file:
        if not file.read(len(MAGIC)).startswith(MAGIC):
            # SQLite would throw away what is beside something that is no database.
            return
    try:
        running.close(str(place))
    except SqliteError as error:
        if error.reason == "busy":
            raise TargetBusyError(target=place, said=error.said) from error
        # It is damaged, which may be why it is replaced: what is beside it goes with it as it is.


def _see_that_nobody_is_in(place: Path) -> None:
    """Refuse while a process has the database open, as far as this user can see what others have open."""
    wanted = {
        (found.st_dev, found.st_ino) for end in ("", *BESIDE) if (found := _stat(f"{place}{end}")) is not None
    }
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                found = _stat(str(descriptor))
                if found is not None and (found.st_dev, found.st_ino) in wanted:
                    name = (process / "comm").read_text().strip()
                    raise TargetBusyError(target=place, said=f"{name} ({process.name})")


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116
    except OSError:
        return None


def _take_over(before: os.stat_result, path: Path) -> None:
    """Give a file the mode, and where it may be done the owner, of the one that it replaces."""
    path.chmod(stat.S_IMODE(before.st_mode))
    if os.geteuid() == 0:
        shutil.chown(path, before.st_uid, before.st_gid)


@contextlib.contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        said = f"{error.strerror}: {error.filename or place}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TargetFullError(target=place.parent, needed="?", free="?", said=said) from error
        raise TargetDeniedError(target=place, said=said) from error
