"""Activities 7 and 11: make the copy, once, however often it is tried."""

from __future__ import annotations

from datetime import UTC, datetime

from respaldo.actions.heal import Healer
from respaldo.actions.hooks import hooked
from respaldo.actions.job import Job
from respaldo.actions.mutex import only_writer
from respaldo.actions.owner import explained
from respaldo.actions.reaching import reached
from respaldo.domain.errors import RepositoryMissingError, WrongPasswordError
from respaldo.domain.hooks import HookRun
from respaldo.domain.values import Applied, Executed, Planned
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Saved
from respaldo.sources.reach import Reach

Done = dict[str, Saved]


def execute(
    job: Job,
    planned: Planned,
    on_progress: OnProgress,
    *,
    repair: bool = False,
    applied: list[Applied] | None = None,
    ran: list[HookRun] | None = None,
) -> Executed:
    """Save every item of the scope as one snapshot of this run.

    A later attempt first looks for what an earlier one saved: a task that is killed after the upload does
    not make a second copy. What Respaldo can mend itself is mended on the way (`respaldo.actions.heal`).

    :param repair: look for damage first, repair what is found, and read the whole source again.
    :param applied: has the correctives of the run's earlier attempts, and gets those that are applied now,
        also when the step fails in the end.
    :param ran: gets the scope's own commands as they end, also when the step fails in the end.
    :raises RespaldoError: the cause, of which `respaldo.domain.errors` tells whether it can pass.
    """
    started_at = datetime.now(UTC)
    applied = [] if applied is None else applied
    ran = [] if ran is None else ran
    with only_writer(job.home, job.scope.id) as lock, hooked(job, ran), reached(job) as reach:
        healer = Healer(job.first.holding(lock), job.home.scratch, "execute", applied)
        try:
            saved = _save_healing(job, healer, planned, reach, on_progress, repair=repair)
            superseded = _superseded(job, healer.repository, saved) if job.run.attempt > 1 else ()
        except WrongPasswordError as error:
            raise explained(error, job, healer.repository.name) from error
    return Executed(
        copies=tuple(one.copy for one in saved),
        # What is missing comes first: it may be too much.
        warnings=(
            *(warning for one in saved for warning in one.warnings),
            *(note for one in saved for note in one.notes),
        ),
        missed=sum(len(one.warnings) for one in saved),
        console=tuple(one.console for one in saved),
        applied=tuple(applied),
        superseded=superseded,
        started_at=started_at,
        ended_at=datetime.now(UTC),
    )


def _save_healing(
    job: Job, healer: Healer, planned: Planned, reach: Reach, on_progress: OnProgress, *, repair: bool
) -> list[Saved]:
    if repair:
        healer.repair()
    done: Done = {}
    if any(one.remedy == "repair" for one in healer.applied):
        # An earlier attempt repaired, and could not save all anew.
        healer.repository = healer.repository.forcing()
    if job.run.attempt > 1:
        done |= healer.doing(lambda repository: _saved_before(job, repository, reach))

    def save(repository: Repository) -> list[Saved]:
        if repository.force:
            # What was saved before the repair may lean on pieces that were lost.
            done.clear()
        return _save_all(job, repository, planned, reach, on_progress, done)

    saved = healer.doing(save)
    if healer.repository.force:
        healer.tell_harmed()
    return saved


def _save_all(
    job: Job, repository: Repository, planned: Planned, reach: Reach, on_progress: OnProgress, done: Done
) -> list[Saved]:
    source = job.settings.source
    if job.settings.pre:
        # Its plan could not look: what they prepare was not there yet.
        source.probe(reach)
    items = source.items(reach)
    for item in items:
        if item not in done:
            try:
                done[item] = source.save(item, repository, job.marks, reach, on_progress)
            except RepositoryMissingError:
                if repository.name not in planned.new_repositories:
                    raise
                repository.create()
                done[item] = source.save(item, repository, job.marks, reach, on_progress)
    return [done[item] for item in items]


def _saved_before(job: Job, repository: Repository, reach: Reach) -> Done:
    """Find what earlier attempts of this run saved, after removing the locks that they may have left.

    Only a kind of source knows whether that will do, and what there is to be said of it. An output without a
    byte is what an attempt left that was killed before it could remove it.
    """
    try:
        repository.unlock()
        snapshots = repository.snapshots(job.run.tags)
    except RepositoryMissingError:
        return {}
    found: Done = {}
    for snapshot in snapshots:
        copy = snapshot.as_copy()
        notes = job.settings.source.taken_over(snapshot.item, reach) if copy.size_bytes > 0 else None
        if notes is not None:
            found[snapshot.item] = Saved(copy, (), snapshot.summary, notes)
    return found


def _superseded(job: Job, repository: Repository, saved: list[Saved]) -> tuple[str, ...]:
    """Name what earlier attempts left beside. It stays until the new snapshot is verified."""
    kept = {one.copy.snapshot_id for one in saved}
    return tuple(one.id for one in repository.snapshots(job.run.tags) if one.id not in kept)
