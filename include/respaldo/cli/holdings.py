"""What repositories really hold of a scope, as restic lists it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from respaldo.actions.job import Job
from respaldo.actions.owner import explained
from respaldo.domain.errors import RespaldoError, WrongPasswordError
from respaldo.domain.values import Copy, scope_tag
from respaldo.restic.snapshots import Snapshot


@dataclass(frozen=True)
class Holding:
    """The snapshots of a scope in one repository, or why they cannot be listed."""

    repository: str
    snapshots: tuple[Snapshot, ...] = ()
    problem: RespaldoError | None = None

    def has(self, snapshot_id: str) -> bool | None:
        """Whether a snapshot is there; None: nobody can tell."""
        if self.problem is not None:
            return None
        return any(snapshot.id == snapshot_id for snapshot in self.snapshots)


@dataclass(frozen=True)
class HeldRun:
    """The snapshots of one run in one repository, the newest of each item."""

    key: str
    snapshots: tuple[Snapshot, ...]

    @property
    def taken_at(self) -> datetime:
        return min(snapshot.time for snapshot in self.snapshots)

    @property
    def copies(self) -> tuple[Copy, ...]:
        return tuple(snapshot.as_copy() for snapshot in self.snapshots)


def holding(job: Job, repository: str) -> Holding:
    """List what a repository holds of the job's scope."""
    try:
        try:
            return Holding(repository, snapshots(job, repository))
        except WrongPasswordError as error:
            raise explained(error, job, repository) from error
    except RespaldoError as error:
        return Holding(repository, problem=error)


def snapshots(job: Job, repository: str) -> tuple[Snapshot, ...]:
    """List the scope's snapshots in a repository, oldest first.

    :raises RepositoryError: it cannot be opened.
    """
    return job.repository(repository).snapshots((scope_tag(job.scope.id),))


def runs(listed: tuple[Snapshot, ...]) -> tuple[HeldRun, ...]:
    """Put snapshots together by the run that made them, newest first."""
    found: dict[str, dict[str, Snapshot]] = {}
    for snapshot in listed:
        found.setdefault(snapshot.run_key, {})[snapshot.item] = snapshot
    held = (HeldRun(key, tuple(items.values())) for key, items in found.items())
    return tuple(sorted(held, key=lambda run: run.taken_at, reverse=True))
