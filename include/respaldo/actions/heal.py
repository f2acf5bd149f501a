"""Activity 15, as far as nobody is needed for it: apply the corrective of a cause, and do the work once more.

Only under the scope's lock (`respaldo.actions.mutex`): no other run of it works beside a repair.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from respaldo.domain.errors import (
    CancelledRunError,
    RepositoryDamagedError,
    RepositoryLockedError,
    RepositoryMissingError,
    RespaldoError,
)
from respaldo.domain.values import Applied, Remedy
from respaldo.restic.argv import FIRST_LOCK_PATIENCE, LOCK_PATIENCE
from respaldo.restic.repository import Repository

log = logging.getLogger(__name__)

_MOST_HARMED = 50
"""So many harmed snapshots are named; of the others only the number is kept."""

_ROUNDS = 3
"""An index made anew can name packs that are broken too: so often is all read again."""

_Done = TypeVar("_Done")
Facts = dict[str, int | str | tuple[str, ...]]


@dataclass
class Healer:
    """Does one step's work on a repository, and what mends that repository in between.

    ``repository`` is the one that is written to, as the work should use it next: patient with locks once
    dead ones are gone, its saves reading every file again once it was repaired.
    """

    repository: Repository
    scratch: Path
    step: str
    applied: list[Applied]
    beside: tuple[Repository, ...] = ()
    """Others that the work only reads: a lock or a cache of theirs can be in its way too."""

    def __post_init__(self) -> None:
        self.repository = self.repository.waiting(FIRST_LOCK_PATIENCE)

    def doing(self, work: Callable[[Repository], _Done]) -> _Done:
        """Do the work; on a cause with a remedy apply that, each once, and do it once more.

        :raises RespaldoError: the cause, when it has no remedy here, or comes back, or its remedy fails.
        """
        tried: set[Remedy] = set()
        while True:
            try:
                return work(self.repository)
            except RespaldoError as error:
                if error.remedy is None or error.remedy in tried:
                    raise
                tried.add(error.remedy)
                if not self._heal(error):
                    raise

    def repair(self) -> None:
        """Look for damage because somebody asked for it, repair what is found, and save all anew.

        One that is not there yet has nothing to repair; one that is lost is told by what follows.

        :raises RespaldoError: why it cannot be looked for; the damage itself where nothing can be removed.
        """
        with contextlib.suppress(RepositoryMissingError):
            self.doing(lambda _: self._repair(None))

    def tell_harmed(self) -> None:
        """After a repair and a save: tell which old snapshots the source could give nothing back for."""
        for place, one in enumerate(self.applied):
            if one.remedy == "repair" and one.step == self.step:
                try:
                    harmed = self.repository.harmed_snapshots()
                except CancelledRunError:
                    raise
                except RespaldoError as error:
                    log.warning("which snapshots are harmed is not known: %s", error)
                    return
                self.applied[place] = one.model_copy(
                    update={
                        "facts": {**one.facts, "harmed": harmed[:_MOST_HARMED], "harmed_in_all": len(harmed)}
                    }
                )

    # --- the correctives: each tells whether the work is to be done once more

    def _heal(self, error: RespaldoError) -> bool:
        try:
            match error.remedy:
                case "unlock":
                    return self._unlock(error)
                case "new_cache":
                    return self._begin_new_cache(error)
                case "prune" | "repair" if self.repository.append_only:
                    return False
                case "prune":
                    return self._prune(error)
                case "repair" if error.facts.get("repository") == self.repository.name:
                    return self._repair(error)
                case _:
                    return False
        except CancelledRunError:
            raise
        except (RespaldoError, OSError) as failed:
            # What the work failed of is what people have to know.
            log.warning("the corrective %s failed: %s", error.remedy, failed)
            return False

    def _unlock(self, error: RespaldoError) -> bool:
        self._remove_locks(error.code)
        return True

    def _remove_locks(self, cause: str) -> None:
        """Remove what dead processes left. A living one is waited for as long as maintenance takes."""
        for repository in (self.repository, *self.beside):
            if removed := repository.unlock():
                self._tell("unlock", cause, {"repository": repository.name, "locks": removed})
        self.repository = self.repository.waiting(LOCK_PATIENCE)

    def _begin_new_cache(self, error: RespaldoError) -> bool:
        if self.repository.place.cache is None:
            return False
        cache = Path(self.repository.place.cache)
        if cache.is_dir():
            for repository in (self.repository, *self.beside):
                _remove(cache / repository.open())
        elif cache.exists() or cache.is_symlink():
            cache.rename(cache.with_name(f"{cache.name}.unusable-{time.time_ns()}"))
        self._tell("new_cache", error.code, {"repository": self.repository.name})
        return True

    def _prune(self, error: RespaldoError) -> bool:
        """Remove what the aborted upload left. There is no more room than before: the cause remains."""
        self._remove_locks(RepositoryLockedError.code)
        if removed := self.repository.prune():
            self._tell("prune", error.code, {"repository": self.repository.name, "removed": removed})
        return False

    def _repair(self, error: RespaldoError | None) -> bool:
        """Repair packs before the index: one that is cut short would be left out of it, and be lost whole."""
        self._remove_locks(RepositoryLockedError.code)
        errors, cause, packs = 0, error.code if error else RepositoryDamagedError.code, set[str]()
        for turn in range(_ROUNDS):
            found = self.repository.check()
            if self.repository.append_only and not found.is_good:
                raise found.cause(**self.repository.facts)
            if found.is_good or (turn and not found.broken_packs):
                break
            if not turn:
                errors, cause = found.errors, error.code if error else found.cause.code
            if found.broken_packs:
                with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
                    self.repository.repair_packs(found.broken_packs, folder)
                packs.update(found.broken_packs)
            self.repository.repair_index()
        self.repository = self.repository.forcing()
        if errors:
            self._tell(
                "repair",
                cause,
                {"repository": self.repository.name, "errors": errors, "packs": len(packs)},
            )
        return True

    def _tell(self, remedy: Remedy, cause: str, facts: Facts) -> None:
        log.warning("%s applied to %s: %s", remedy, cause, facts)
        self.applied.append(
            Applied(remedy=remedy, cause=cause, step=self.step, at=datetime.now(UTC), facts=facts)
        )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
