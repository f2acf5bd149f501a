"""Activity 11, where a worker can read the copy: measure what somebody copied by hand, and check its sums."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from respaldo.domain.errors import SourceEmptyError, SourceUnreadableError
from respaldo.domain.manual import Measured, Performed
from respaldo.domain.people_errors import ChecksumMismatchError
from respaldo.domain.values import Evidence
from respaldo.hosts.checksums import (
    ManifestError,
    Summed,
    manifest_line,
    read_manifest,
    sum_file,
    sum_files,
)
from respaldo.report.row import storable

_NOT_THERE = "–"
_MOST_NAMES = 20


def measure(performed: Performed) -> Measured:
    """Give size, number of files and SHA-256 of a copy: of its one file, or of the list of a folder's files.

    What no worker can read counts as its maker stated it.

    :raises ChecksumMismatchError: a file, or all of them, is not what its sum says.
    :raises SourceUnreadableError: something of the copy, or its maker's list, cannot be read.
    :raises SourceEmptyError: there is nothing in it.
    """
    if performed.path is None:
        return Measured(
            size_bytes=performed.size_bytes or 0, files=performed.files, checksum=performed.checksum
        )
    try:
        return _measured(performed, Path(performed.path))
    except OSError as error:
        raise SourceUnreadableError(
            path=_told(str(error.filename or performed.path)), reason=error.strerror or str(error)
        ) from error


def _measured(performed: Performed, path: Path) -> Measured:
    for stated in filter(None, (performed.path, performed.manifest)):
        # Links were followed when it was stated. One that is there now came since, and may lead anywhere.
        if os.path.realpath(stated) != stated:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), stated)
    listed = _Listed(performed.manifest)
    whole, one, size_bytes, files = hashlib.sha256(), "", 0, 0
    for summed in _summed(path):
        listed.compare(summed, path)
        whole.update(manifest_line(summed.name, summed.sha256))
        one, size_bytes, files = summed.sha256, size_bytes + summed.size_bytes, files + 1
    if size_bytes == 0:
        raise SourceEmptyError(source=path)
    listed.see_that_all_were_there()
    checksum = whole.hexdigest() if path.is_dir() else one
    if performed.checksum not in (None, checksum):
        raise ChecksumMismatchError(path=path, found=checksum, expected=performed.checksum)
    facts: dict[str, int | str] = {"files": files, "size_bytes": size_bytes, "sha256": checksum}
    if performed.checksum or performed.manifest:
        facts["stated"] = "equal"
    return Measured(
        size_bytes=size_bytes,
        files=files,
        checksum=checksum,
        evidence=(Evidence(method="checksum", item=str(path), facts=facts),),
        unlisted=tuple(listed.unlisted[:_MOST_NAMES]),
    )


def _summed(path: Path) -> Iterator[Summed]:
    if path.is_dir():
        yield from sum_files(path)
    else:
        yield Summed(path.name, *sum_file(path))


def _told(name: str) -> str:
    """Write a name that need not be Unicode so that logs and reports can hold it."""
    return str(storable(name))


class _Listed:
    """The list that the copy's maker left, if one was, against what is there."""

    def __init__(self, manifest: str | None) -> None:
        self.unlisted: list[str] = []
        self._manifest = Path(manifest) if manifest else None
        self._left: dict[str, str] = {}
        if self._manifest is not None:
            try:
                self._left = read_manifest(self._manifest.read_bytes())
            except ManifestError as error:
                raise SourceUnreadableError(path=manifest, reason=f"line {error}") from error

    def compare(self, summed: Summed, path: Path) -> None:
        if self._manifest is None:
            return
        expected = self._left.pop(summed.name, None)
        if expected is None:
            if path / summed.name != self._manifest:
                self.unlisted.append(_told(summed.name))
        elif expected != summed.sha256:
            raise ChecksumMismatchError(path=_told(summed.name), found=summed.sha256, expected=expected)

    def see_that_all_were_there(self) -> None:
        for name, expected in self._left.items():
            raise ChecksumMismatchError(path=_told(name), found=_NOT_THERE, expected=expected)
