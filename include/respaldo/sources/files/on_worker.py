"""What can be seen of a scope's paths on this worker."""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from respaldo.domain.errors import SourceUnreadableError
from respaldo.hosts.checksums import sum_file
from respaldo.restic.snapshots import Node
from respaldo.sources.files import census


class WorkerGround:
    """This worker: see `respaldo.sources.files.ground.Ground`."""

    def gone(self, paths: Sequence[str]) -> list[str]:
        return [path for path in paths if not _is_there(path)]

    def matches(self, path: str) -> list[str]:
        if os.path.lexists(path):
            return [path]
        return sorted(glob.glob(path, include_hidden=True))  # noqa: PTH207  (a path is taken as it is written)

    def holds_a_file(self, paths: Sequence[str]) -> bool:
        return any(not Path(path).is_dir() or any(files for _, _, files in os.walk(path)) for path in paths)

    def own(self) -> tuple[str, ...]:
        return ()

    def census(self, paths: Sequence[str], *, one_file_system: bool) -> census.Census:
        return census.take(paths, one_file_system=one_file_system)

    def hashes(self, nodes: Sequence[Node]) -> list[str | None]:
        return [_hash_if_unchanged(node) for node in nodes]


def _is_there(path: str) -> bool:
    """Look at a path. Raise `SourceUnreadableError` when it is there and nobody can read it."""
    try:
        found = os.lstat(path)
        if stat.S_ISDIR(found.st_mode):
            os.scandir(path).close()
        elif stat.S_ISREG(found.st_mode):
            Path(path).open("rb").close()
        elif stat.S_ISLNK(found.st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SourceUnreadableError(path=path, reason=error.strerror) from error
    return True


def _hash_if_unchanged(node: Node) -> str | None:
    try:
        if not _is_unchanged(node):
            return None
        live = sum_file(Path(node.path))[1]
        return live if _is_unchanged(node) else None
    except OSError:
        return None


def _is_unchanged(node: Node) -> bool:
    live = os.lstat(node.path)
    return (
        stat.S_ISREG(live.st_mode) and live.st_size == node.size_bytes and live.st_mtime_ns == node.mtime_ns
    )
