"""Which files of a copy are asked for, whether they are there, and whether every block of them reads well."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from respaldo.domain.errors import CountMismatchError, InvalidRequestError, NotInCopyError
from respaldo.domain.restoring import Part, Wanted
from respaldo.domain.values import Copy, Evidence
from respaldo.restic.argv import plain_path
from respaldo.restic.delivering import Entry
from respaldo.restic.repository import Repository
from respaldo.restic.snapshots import Node
from respaldo.sources.nearness import Nearness, best_of

PATTERNS_LIMIT_BYTES = 100_000
"""All patterns together: restic takes them as arguments, and Linux takes 128 KiB in one."""

READ_ONE_BY_ONE = 32
"""Up to so many files that a pattern found are read one by one; of more, their whole folder is."""

NOT_UTF8 = "\ufffd"
"""JSON has this in place of bytes that are no UTF-8: the name cannot be asked for."""


def find(wanted: Wanted, copies: Sequence[Copy], repository: Repository) -> tuple[Part, ...]:
    """Find paths and patterns in copies. A name with ``*``, ``?``, ``[`` or ``\\`` has ``\\`` before them.

    :raises NotInCopyError: one of them matches nothing; the error offers the nearest names, so escaped.
    :raises InvalidRequestError: it is no pattern, or it is not files that are asked for.
    """
    if wanted.databases or wanted.schemas or wanted.tables:
        raise InvalidRequestError(problem="files_only")
    paths = tuple(dict.fromkeys(wanted.paths))
    if any(not path or "\0" in path for path in paths):
        raise InvalidRequestError(problem="pattern_invalid")
    if sum(len(path.encode()) for path in paths) > PATTERNS_LIMIT_BYTES:
        raise InvalidRequestError(problem="too_many_paths")
    includes = () if any(plain_path(path) == "/" for path in paths) else paths
    return tuple(_find_in(copy, includes, repository) for copy in copies)


def _find_in(copy: Copy, includes: tuple[str, ...], repository: Repository) -> Part:
    preview = repository.preview(copy.snapshot_id, includes)
    matched = {entry.path for entry in preview.entries}
    missing = [path for path in includes if not _matches(path, includes, matched, copy, repository)]
    if missing:
        raise NotInCopyError(
            snapshot=copy.snapshot_id,
            missing=", ".join(missing),
            nearest=", ".join(_nearest(missing, copy, repository)),
        )
    files = _Counter(matched)
    repository.walk(copy.snapshot_id, files.take)
    if not includes and files.count == 0:
        raise NotInCopyError(snapshot=copy.snapshot_id, missing="/", nearest="")
    return Part(
        item=copy.item,
        snapshot_id=copy.snapshot_id,
        includes=includes,
        roots=repository.saved_paths(copy.snapshot_id),
        files=files.count,
        size_bytes=preview.count.size_bytes,
    )


def _matches(
    path: str, includes: tuple[str, ...], matched: set[str], copy: Copy, repository: Repository
) -> bool:
    plain = plain_path(path)
    if plain is not None:
        return plain in matched
    if len(includes) == 1:
        return bool(matched)
    # What one of several patterns found is not told apart: it is asked for by itself.
    return bool(repository.preview(copy.snapshot_id, [path]).entries)


class _Counter:
    """Counts regular files: restic's preview counts folders and links with them."""

    def __init__(self, matched: set[str]) -> None:
        self.count = 0
        self._matched = matched

    def take(self, node: Node) -> None:
        self.count += node.path in self._matched


def _nearest(missing: Sequence[str], copy: Copy, repository: Repository) -> list[str]:
    """Give the names in a copy that look most like those that are not there, best first."""
    searches = [Nearness(path) for path in missing]

    def take(node: Node) -> None:
        if NOT_UTF8 not in node.path:
            for search in searches:
                search.take(node.path)

    repository.walk(copy.snapshot_id, take, types=("file", "dir", "symlink"))
    return best_of(searches)


def read(part: Part, repository: Repository) -> Evidence:
    """Read every block of a part, to nowhere.

    :raises CountMismatchError: less came than the copy holds.
    """
    seen = 0

    def count(block: bytes) -> None:
        nonlocal seen
        seen += len(block)

    for path in _to_read(part, repository):
        repository.stream(part.snapshot_id, path, count)
    if seen < part.size_bytes:
        raise CountMismatchError(
            snapshot=part.snapshot_id,
            files=part.files,
            expected_files=part.files,
            size_bytes=seen,
            expected_bytes=part.size_bytes,
        )
    return Evidence(method="read_data", item=part.item, facts={"size_bytes": seen})


def _to_read(part: Part, repository: Repository) -> list[str]:
    """Name the files and folders of the snapshot that hold all of a part, and little else."""
    if not part.includes:
        return ["/"]
    entries = repository.preview(part.snapshot_id, part.includes).entries
    named = {path for path in map(plain_path, part.includes) if path is not None}
    tops = [path for path in sorted(named) if not any(_is_below(path, other) for other in named)]
    covered = [path for path in tops if _has_content(path, entries)]
    rest = [entry.path for entry in entries if entry.size_bytes and not _is_in(entry.path, covered)]
    if len(rest) <= READ_ONE_BY_ONE and not any(NOT_UTF8 in path for path in rest):
        return covered + rest
    return [*covered, _common_folder(rest)]


def _has_content(path: str, entries: Sequence[Entry]) -> bool:
    """Tell whether there is anything to read: a link or an empty folder has no block."""
    return any(
        _is_below(entry.path, path) or (entry.path == path and entry.size_bytes > 0) for entry in entries
    )


def _is_in(path: str, tops: Sequence[str]) -> bool:
    return any(path == top or _is_below(path, top) for top in tops)


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/") and path != folder


def _common_folder(paths: Sequence[str]) -> str:
    folder = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    while NOT_UTF8 in folder:
        folder = posixpath.dirname(folder)
    return folder
