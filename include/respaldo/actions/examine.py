"""Look at one scope's repository as it is now: can it be used, and is it what was promised."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace

from respaldo.domain.errors import RepositoryMissingError, RespaldoError
from respaldo.restic.locations import kind_of
from respaldo.restic.promise import can_remove
from respaldo.restic.repository import Repository


@dataclass(frozen=True)
class Examined:
    """What was found; None: it could not be known."""

    repository: Repository
    exists: bool | None = None
    format: int | None = None
    """Of the repository: restic writes 2."""
    opened_seconds: float | None = None
    is_writable: bool | None = None
    is_removable: bool | None = None
    """Whether its server lets anything be removed."""
    free_bytes: int | None = None
    problem: RespaldoError | None = None

    @property
    def breaks_promise(self) -> bool:
        """It is said to be append-only, and is not."""
        return self.repository.append_only and self.is_removable is True

    @property
    def is_good(self) -> bool:
        return self.problem is None and not self.breaks_promise


def examine(repository: Repository) -> Examined:
    """Open a repository, write a lock and remove it, and ask what else there is to know.

    Nothing stays there. One that was not made yet is no problem: the scope's first run makes it.
    """
    found = Examined(
        repository, is_removable=can_remove(repository.place.entered), free_bytes=_free(repository)
    )
    began = time.monotonic()
    try:
        version = int(repository.config()["version"])
        found = replace(found, exists=True, format=version, opened_seconds=time.monotonic() - began)
        repository.touch()
    except RepositoryMissingError:
        return replace(found, exists=False)
    except RespaldoError as error:
        return replace(found, is_writable=False if found.exists else None, problem=error)
    return replace(found, is_writable=True)


def _free(repository: Repository) -> int | None:
    """Give the room that a folder's disk has. A server tells its own to nobody."""
    location = repository.place.location
    if kind_of(location) != "local":
        return None
    folder = location.rpartition("/")[0]
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
