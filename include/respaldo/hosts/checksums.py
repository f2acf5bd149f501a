"""SHA-256 of files and of folders, as ``sha256sum`` prints and reads them."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_LINE = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_UNESCAPED = {escaped: plain for plain, escaped in _ESCAPES.items()}


class Summed(NamedTuple):
    """One file of a copy: its path below the copy's folder, its bytes, its SHA-256."""

    name: str
    size_bytes: int
    sha256: str


class ManifestError(ValueError):
    """A line is none of ``sha256sum``. Its number is the argument."""


def sum_files(folder: Path) -> Iterator[Summed]:
    """Sum every file below a folder, by name. Links and devices are no files.

    :raises OSError: something cannot be read.
    """
    for name in sorted(_names(folder), key=os.fsencode):
        yield Summed(name, *sum_file(folder / name))


def sum_file(path: Path) -> tuple[int, str]:
    """Give a file's size and its SHA-256.

    :raises OSError: it cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def manifest_line(name: str, sha256: str) -> bytes:
    """Give the line that ``sha256sum`` prints. A name with a line break is escaped, as it does."""
    escaped = re.sub(r"[\\\n\r]", lambda found: _ESCAPES[found[0]], name)
    mark = "\\" if escaped != name else ""
    return os.fsencode(f"{mark}{sha256}  {escaped}\n")


def read_manifest(content: bytes) -> dict[str, str]:
    """Read what ``sha256sum`` printed: name to SHA-256. A leading ``./`` of a name says nothing.

    :raises ManifestError: a line is none of its lines.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n"), start=1):
        matched = _LINE.fullmatch(os.fsdecode(line.removesuffix(b"\r")))
        if matched is None:
            raise ManifestError(number)
        mark, sha256, name = matched.groups()
        if mark:
            name = re.sub(r"\\[\\nr]", lambda one: _UNESCAPED[one[0]], name)
        found[name.removeprefix("./")] = sha256.lower()
    return found


def _names(folder: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise error

    for parent, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            path = Path(parent, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield str(path.relative_to(folder))
