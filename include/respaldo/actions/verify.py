"""Activities 12 and 13: read the copy back, and compare it with what it is a copy of."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from respaldo.actions.job import Job
from respaldo.actions.reaching import reached
from respaldo.domain.errors import (
    CancelledRunError,
    CopyIncompleteError,
    CopyShrunkError,
    RepositoryLockedError,
    RespaldoError,
)
from respaldo.domain.values import Copy, Evidence, Executed, Planned, Verified
from respaldo.domain.verification import has_shrunk
from respaldo.restic.argv import FIRST_LOCK_PATIENCE, LOCK_PATIENCE
from respaldo.restic.repository import Repository
from respaldo.sources.reach import Reach

log = logging.getLogger(__name__)

_Done = TypeVar("_Done")


def verify(
    job: Job, planned: Planned, executed: Executed, *, accept_shrink: bool, read_all_data: bool = False
) -> Verified:
    """Verify every copy of the run. The result names each copy and each way in which it was looked at.

    After a repair every block of this run's own snapshots is read instead of a share of the repository:
    older ones can be harmed for good.

    :param accept_shrink: somebody said that the copy may be much smaller than the last one.
    :param read_all_data: read all of the repository, not the share that the scope asks for.
    :raises CheckError: the first thing that is not as it should be.
    """
    _see_that_little_is_missed(executed, job)
    evidence = [*_size_against(planned, executed, job, accept_shrink=accept_shrink)]
    repository = job.first
    with reached(job) as reach:
        for copy in executed.copies:
            evidence += _unlocking(repository, partial(_verified, job, reach, copy))
    if any(one.remedy == "repair" for one in executed.applied):
        evidence += _read_whole(executed, repository.without_cache())
        _forget_superseded(executed, repository)
        return Verified(evidence=tuple(evidence))
    percent = 100.0 if read_all_data else job.settings.verify.read_data
    if percent is not None:
        _unlocking(repository, lambda it: it.read_data(percent))
        evidence.append(Evidence(method="read_data", item="", facts={"percent": str(percent)}))
    _forget_superseded(executed, repository)
    return Verified(evidence=tuple(evidence))


def _verified(job: Job, reach: Reach, copy: Copy, repository: Repository) -> tuple[Evidence, ...]:
    with tempfile.TemporaryDirectory(dir=job.home.scratch) as scratch:
        return tuple(job.settings.source.verify(copy, repository, job.settings.verify, reach, scratch))


def _unlocking(repository: Repository, work: Callable[[Repository], _Done]) -> _Done:
    """Do what needs a lock. Where a killed container left one in the way, that goes."""
    try:
        return work(repository.waiting(FIRST_LOCK_PATIENCE))
    except RepositoryLockedError:
        if removed := repository.unlock():
            log.warning("locks of dead processes removed from %s: %s", repository.name, removed)
        return work(repository.waiting(LOCK_PATIENCE))


def _read_whole(executed: Executed, repository: Repository) -> list[Evidence]:
    evidence = []
    for copy in executed.copies:
        facts: dict[str, int | str] = {
            "snapshot": copy.snapshot_id[:8],
            "streamed_bytes": _streamed_bytes(repository, copy.snapshot_id),
        }
        evidence.append(Evidence(method="read_data", item=copy.item, facts=facts))
    return evidence


def _streamed_bytes(repository: Repository, snapshot_id: str) -> int:
    count = 0

    def take(block: bytes) -> None:
        nonlocal count
        count += len(block)

    repository.stream(snapshot_id, "/", take)
    return count


def _forget_superseded(executed: Executed, repository: Repository) -> None:
    """Let one snapshot of each item of the run stay, now that it is known to be good.

    One more harms nothing: no reason to fail.
    """
    for snapshot_id in executed.superseded:
        try:
            repository.discard(snapshot_id)
        except CancelledRunError:
            raise
        except RespaldoError as error:
            log.warning("%s", error)


def _see_that_little_is_missed(executed: Executed, job: Job) -> None:
    """Partial is not good: some files more than the scope admits make the copy none."""
    limit = job.settings.verify.max_missed
    if executed.missed > limit:
        raise CopyIncompleteError(missed=executed.missed, limit=limit, first=executed.warnings[0])


def _size_against(
    planned: Planned, executed: Executed, job: Job, *, accept_shrink: bool
) -> tuple[Evidence, ...]:
    """Compare the size with the last good copy's: an emptied source makes a perfect copy of nothing."""
    previous, limit = planned.previous, job.settings.verify.max_shrink
    if previous is None:
        return ()
    facts: dict[str, int | str] = {"before_bytes": previous.size_bytes, "now_bytes": executed.size_bytes}
    if has_shrunk(previous.size_bytes, executed.size_bytes, limit) and not accept_shrink:
        raise CopyShrunkError(**facts, limit_percent=f"{limit:g}", previous=previous.run_id)
    return (Evidence(method="shrink", item="", facts=facts),)
