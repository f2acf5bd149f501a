"""Read what a file lists, a line each: paths to save, or patterns to leave out.

restic reads such files itself (``--files-from``, ``--exclude-file``). It is not let: it passes over a path
that is not there, and nobody else would know what was to be saved.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from respaldo.domain.errors import SourceUnreadableError
from respaldo.domain.source_errors import PathListInvalidError

MOST_BYTES = 1 << 20
"""Linux takes 2 MiB of arguments."""

_LONGEST_LINE = 4096


def paths_in(file: str, matches: Callable[[str], list[str]]) -> tuple[str, ...]:
    """Give the absolute paths that a file lists.

    One with ``*``, ``?`` or ``[`` stands for those that it matches, unless there is one of that very name.
    What matches nothing is given as it is written: it is not there, and whoever probes it tells so.

    :param matches: finds what a path stands for where the data are (`Ground.matches`).

    :raises SourceUnreadableError: the file cannot be read.
    :raises PathListInvalidError: it is too long, or one of its lines is no absolute path.
    """
    found: dict[str, None] = {}
    for number, line in _lines(file):
        if not line.startswith("/"):
            raise PathListInvalidError(file=file, line=number, value=line[:200], reason="relative")
        path = os.path.normpath(line)
        found |= dict.fromkeys(matches(path) or [path])
    if sum(map(len, found)) > MOST_BYTES:
        raise PathListInvalidError(file=file, line=len(found), value="*", reason="too_long")
    return tuple(found)


def patterns_in(file: str) -> tuple[str, ...]:
    """Give the patterns of restic that a file lists.

    :raises SourceUnreadableError, PathListInvalidError: see `paths_in`.
    """
    return tuple(line for _, line in _lines(file))


def _lines(file: str) -> Iterator[tuple[int, str]]:
    """Give a file's lines with their numbers, without empty ones and those that begin with #."""
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise SourceUnreadableError(path=file, reason=error.strerror) from error
    if len(content) > MOST_BYTES:
        raise PathListInvalidError(file=file, line=content.count(b"\n") + 1, value="", reason="too_long")
    for number, raw in enumerate(content.splitlines(), 1):
        try:
            line = raw.decode().strip()
        except UnicodeDecodeError as error:
            told = raw.decode(errors="replace")[:200]
            raise PathListInvalidError(file=file, line=number, value=told, reason="no_text") from error
        if "\0" in line or len(line) > _LONGEST_LINE:
            told = line.replace("\0", "")[:200]
            raise PathListInvalidError(file=file, line=number, value=told, reason="no_path")
        if line and not line.startswith("#"):
            yield number, line
