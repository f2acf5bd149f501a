"""The folder of archived forms: a folder a year, in it a folder a version of a period, which never changes.

    archivo/LEAME.txt
    archivo/2026/TIC-FM007_2026-10_v1/TIC-FM007_2026-10_v1.xlsx, .pdf, .json (its record), SHA256SUMS

A set of documents is complete or absent: it is written into a hidden folder beside, synced, and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from respaldo.domain.archive_errors import (
    ArchiveBusyError,
    ArchiveDamagedError,
    ArchiveFolderError,
    ArchiveFullError,
)
from respaldo.domain.periods import Period
from respaldo.hosts import durable
from respaldo.hosts.checksums import ManifestError, manifest_line, read_manifest, sum_files
from respaldo.report.archives import ArchiveUpdate
from respaldo.texts.archive import READ_ME, READ_ME_NAME

SUMS = "SHA256SUMS"

_FULL = (errno.ENOSPC, errno.EDQUOT)
_RECORD = ".json"
_PARTIAL = ".partial"
_SET = re.compile(r"[^.].*_v[1-9][0-9]*")
_READABLE, _CLOSED, _OPEN = 0o440, 0o550, 0o750


class ArchiveFolder:
    """The folder, and the sets of documents in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the folder, and say in it what it is: a backup of it finds a file from the first day.

        :raises ArchiveFullError, ArchiveFolderError: it cannot be made.
        """
        # Who holds the turn has made it.
        with contextlib.suppress(ArchiveBusyError), self.turn():
            pass

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the right to archive, in a folder without what a killed run left half-written.

        :raises ArchiveBusyError: another holds it.
        :raises ArchiveFullError, ArchiveFolderError: the folder cannot be used.
        """
        with self._told():
            self.root.mkdir(mode=_OPEN, parents=True, exist_ok=True)
            # In the folder itself: workers that share it share its lock.
            lock = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ArchiveBusyError(folder=self.root) from error
            with self._told():
                self._tidy()
            yield
        finally:
            os.close(lock)

    def records(self) -> list[ArchiveUpdate]:
        """Give the records of all sets.

        :raises ArchiveDamagedError: one is not there, or cannot be read.
        :raises ArchiveFolderError: the folder cannot be read.
        """
        with self._told():
            sets = sorted(path for path in self.root.glob("[0-9]*/*") if _SET.fullmatch(path.name))
        return [self._record(path) for path in sets]

    def verify(self, record: ArchiveUpdate) -> None:
        """See that a set's files are what their sums say.

        :raises ArchiveDamagedError: names the first that is not.
        """
        folder = self.root / record.folder
        try:
            stated = read_manifest((folder / SUMS).read_bytes())
            found = {one.name: one.sha256 for one in sum_files(folder) if one.name != SUMS}
        except (OSError, ManifestError) as error:
            raise ArchiveDamagedError(path=folder / SUMS, reason=error) from error
        for name in sorted(stated.keys() | found.keys()):
            if stated.get(name) != found.get(name):
                raise ArchiveDamagedError(path=folder / name, reason=SUMS)

    def put(self, record: ArchiveUpdate, documents: Mapping[str, bytes]) -> None:
        """Put a set into its folder: its documents, its record, their sums. Whatever fails leaves nothing.

        :raises ArchiveFullError, ArchiveFolderError: it could not be written.
        """
        whole = self.root / record.folder
        partial = whole.with_name(f".{whole.name}.{record.archive_key}{_PARTIAL}")
        with self._told():
            try:
                whole.parent.mkdir(mode=_OPEN, exist_ok=True)
                partial.mkdir(mode=0o700)
                _write(
                    partial,
                    {**documents, f"{whole.name}{_RECORD}": record.model_dump_json(indent=1).encode()},
                )
                # A folder that is there is no empty one: nothing of it is ever replaced.
                partial.rename(whole)
            except BaseException:
                _remove(partial)
                raise
            for folder in (whole.parent, self.root):
                durable.sync(folder)

    def _tidy(self) -> None:
        for rests in self.root.glob(f"*/.*{_PARTIAL}"):
            _remove(rests)
        read_me = self.root / READ_ME_NAME
        if not read_me.exists():
            durable.replace(read_me, READ_ME.encode(), 0o640)

    def _record(self, folder: Path) -> ArchiveUpdate:
        path = folder / f"{folder.name}{_RECORD}"
        try:
            return ArchiveUpdate.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise ArchiveDamagedError(path=path, reason=type(error).__name__) from error

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise ArchiveFullError(folder=self.root) from error
            reason = f"{error.strerror or error}: {error.filename or self.root}"
            raise ArchiveFolderError(folder=self.root, reason=reason) from error


def set_folder(code: str, period: Period, version: int) -> str:
    """Name the folder of a set, below the archive's."""
    form = re.sub(r"[^A-Za-z0-9-]", "_", code)
    return f"{period.first.year:04}/{form}_{period.name}_v{version}"


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        durable.write(folder / name, content, _READABLE)
    sums = b"".join(manifest_line(one.name, one.sha256) for one in sum_files(folder))
    durable.write(folder / SUMS, sums, _READABLE)
    folder.chmod(_CLOSED)
    durable.sync(folder)


def _remove(folder: Path) -> None:
    """Remove a set that is not whole, if any of it is there."""
    if folder.is_dir():
        folder.chmod(0o700)
        shutil.rmtree(folder)
