"""Which files a copy misses because they vanished before restic came to them: it says nothing of those.

A file that came and went while restic read was never there to be copied: it is not missed.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

from respaldo.domain.errors import RepositoryError, UnknownEngineError
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Saved
from respaldo.sources.files.census import Counted

_MESSAGE = "lstat: no such file or directory"
"""What restic would say, were it to say it."""

_SKIPPED = " does not exist, skipping"

_NO_UTF8 = re.compile("[\ud800-\udfff]")


def missed(before: Counted, saved: Saved, repository: Repository, exclude: Sequence[str]) -> tuple[str, ...]:
    """Give a line like restic's own warnings for each file that was there before and is in no copy.

    :param before: what was there before restic began.
    :param exclude: restic's patterns for what was left out.
    """
    told = {warning.removesuffix(_SKIPPED).partition(": ")[0] for warning in saved.warnings}
    # restic leaves its cache out by itself.
    left_out = _LeftOut((*exclude, *filter(None, (repository.place.cache,))))
    gone = {path for path in map(_as_listed, before.gone()) if path not in told and not left_out(path)}
    if gone:
        _remove_what_is_in(saved.copy.snapshot_id, repository, gone)
    return tuple(f"{path}: {_MESSAGE}" for path in sorted(gone))


def _remove_what_is_in(snapshot_id: str, repository: Repository, gone: set[str]) -> None:
    """Leave only what the snapshot does not hold. One that cannot be read holds nothing.

    Were that an error here, the next attempt would find the snapshot and nothing of what it misses.
    Verification reads it again, and tells what keeps it from being read.
    """
    left = set(gone)
    try:
        repository.walk(snapshot_id, lambda node: left.discard(node.path), types=("file", "dir", "symlink"))
    except (RepositoryError, UnknownEngineError):
        return
    gone &= left


def _as_listed(path: bytes) -> str:
    """Write a path as restic's JSON has it: each byte that is no UTF-8 replaced."""
    return _NO_UTF8.sub("\ufffd", path.decode(errors="surrogateescape"))


class _LeftOut:
    """Tells what patterns leave out, a little more than restic does: here ``*`` matches slashes too.

    A wrong answer shows or hides a warning about a file that is gone. It changes no copy.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._rules = [
            (pattern.startswith("!"), _expression(pattern.removeprefix("!"))) for pattern in patterns
        ]

    def __call__(self, path: str) -> bool:
        out = False
        for brings_back, expression in self._rules:
            if expression.match(path):
                out = not brings_back
        return out


def _expression(pattern: str) -> re.Pattern[str]:
    """Match the pattern and all that is below; one that is not absolute begins in any folder."""
    anywhere = pattern if pattern.startswith("/") else f"*/{pattern}"
    plain = anywhere.rstrip("/")
    return re.compile(f"{fnmatch.translate(plain)}|{fnmatch.translate(plain + '/*')}")
