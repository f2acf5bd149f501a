"""The second copy, at the secondary site: made from the first, and proven by listing it there."""

from __future__ import annotations

from respaldo.actions.heal import Healer
from respaldo.actions.job import Job
from respaldo.actions.mutex import only_writer
from respaldo.actions.owner import explained
from respaldo.domain.errors import RepositoryMissingError, SecondCopyMissingError, WrongPasswordError
from respaldo.domain.values import Applied, Copied, Copy, Executed, Planned
from respaldo.restic.repository import Repository


def copy(
    job: Job,
    second: Repository,
    planned: Planned,
    executed: Executed,
    *,
    repair: bool = False,
    applied: list[Applied] | None = None,
) -> Copied:
    """Copy the run's snapshots to the second repository and give them as they are there.

    restic passes over what is there already, so a retry makes no second one. What Respaldo can mend of the
    second repository is mended on the way; damage of the first one is not: it is the scope's next run that
    can store again what was lost.

    :param repair: look for damage of the second repository first, and repair what is found.
    :param applied: gets the correctives that were applied, also when the step fails in the end.
    :raises SecondCopyMissingError: restic said that all went well, and a snapshot is not there.
    """
    applied = [] if applied is None else applied
    wanted = {made.snapshot_id: made for made in executed.copies}
    with only_writer(job.home, job.scope.id) as lock:
        first = job.first.holding(lock)
        healer = Healer(second.holding(lock), job.home.scratch, "copy", applied, beside=(first,))
        try:
            if repair:
                healer.repair()
            _copy_healing(healer, first, tuple(wanted), planned)
            if _forget_own_harmed(job, healer):
                _copy_healing(healer, first, tuple(wanted), planned)
        except WrongPasswordError as error:
            raise explained(error, job, error.facts["repository"]) from error
    there = {snapshot.original: snapshot.as_copy() for snapshot in second.snapshots(job.run.tags)}
    copies: list[Copy] = []
    for snapshot_id, made in wanted.items():
        if snapshot_id not in there:
            raise SecondCopyMissingError(repository=second.name, snapshot=snapshot_id, item=made.item)
        copies.append(there[snapshot_id])
    return Copied(repository=second.name, copies=tuple(copies), applied=tuple(applied))


def _copy_healing(healer: Healer, first: Repository, snapshot_ids: tuple[str, ...], planned: Planned) -> None:
    healer.doing(lambda repository: _copy(first, repository, snapshot_ids, planned))
    healer.tell_harmed()


def _forget_own_harmed(job: Job, healer: Healer) -> bool:
    """Remove this run's own copies that a repair could not make whole: restic would pass over them."""
    harmed = {
        str(short)
        for one in healer.applied
        if one.step == healer.step and isinstance(found := one.facts.get("harmed"), tuple)
        for short in found
    }
    own = (
        [one.id for one in healer.repository.snapshots(job.run.tags) if one.id[:8] in harmed]
        if harmed
        else []
    )
    for snapshot_id in own:
        healer.repository.forget(snapshot_id)
    return bool(own)


def _copy(first: Repository, second: Repository, snapshot_ids: tuple[str, ...], planned: Planned) -> None:
    try:
        first.copy_to(second, snapshot_ids)
    except RepositoryMissingError:
        if second.name not in planned.new_repositories:
            raise
        second.create(like=first)
        first.copy_to(second, snapshot_ids)
