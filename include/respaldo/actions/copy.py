"""The second copy, at the secondary site: made from the first, and proven by listing it there."""

from __future__ import annotations

from respaldo.actions.job import Job
from respaldo.actions.mutex import only_writer
from respaldo.actions.owner import explained
from respaldo.domain.errors import RepositoryMissingError, SecondCopyMissingError, WrongPasswordError
from respaldo.domain.values import Copied, Copy, Executed, Planned
from respaldo.restic.repository import Repository


def copy(job: Job, second: Repository, planned: Planned, executed: Executed) -> Copied:
    """Copy the run's snapshots to the second repository and give them as they are there.

    restic passes over what is there already, so a retry makes no second one.

    :raises SecondCopyMissingError: restic said that all went well, and a snapshot is not there.
    """
    wanted = {made.snapshot_id: made for made in executed.copies}
    with only_writer(job.home, job.scope.id) as lock:
        first, second = job.first.holding(lock), second.holding(lock)
        try:
            _copy(first, second, tuple(wanted), planned)
        except WrongPasswordError as error:
            raise explained(error, job, second.name) from error
    there = {snapshot.original: snapshot.as_copy() for snapshot in second.snapshots(job.run.tags)}
    copies: list[Copy] = []
    for snapshot_id, made in wanted.items():
        if snapshot_id not in there:
            raise SecondCopyMissingError(repository=second.name, snapshot=snapshot_id, item=made.item)
        copies.append(there[snapshot_id])
    return Copied(repository=second.name, copies=tuple(copies))


def _copy(first: Repository, second: Repository, snapshot_ids: tuple[str, ...], planned: Planned) -> None:
    try:
        first.copy_to(second, snapshot_ids)
    except RepositoryMissingError:
        first.open()  # raises if it is the first that is not there: restic does not tell which
        if second.name not in planned.new_repositories:
            raise
        second.create(like=first)
        first.copy_to(second, snapshot_ids)
