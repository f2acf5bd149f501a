"""Activities 7 and 11: make the copy, once, however often it is tried."""

from __future__ import annotations

from datetime import UTC, datetime

from respaldo.actions.job import Job
from respaldo.actions.mutex import only_writer
from respaldo.actions.owner import explained
from respaldo.domain.errors import RepositoryMissingError, WrongPasswordError
from respaldo.domain.values import Executed, Planned
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository, Saved


def execute(job: Job, planned: Planned, on_progress: OnProgress) -> Executed:
    """Save every item of the scope as one snapshot of this run.

    A later attempt first looks for what an earlier one saved: a task that is killed after the upload does
    not make a second copy.

    :raises RespaldoError: the cause, of which `respaldo.domain.errors` tells whether it can pass.
    """
    started_at = datetime.now(UTC)
    with only_writer(job.home, job.scope.id) as lock:
        repository = job.first.holding(lock)
        try:
            saved = _save_all(job, repository, planned, on_progress)
        except WrongPasswordError as error:
            raise explained(error, job, repository.name) from error
    return Executed(
        copies=tuple(one.copy for one in saved),
        warnings=tuple(warning for one in saved for warning in one.warnings),
        missed=sum(len(one.warnings) for one in saved),
        console=tuple(one.console for one in saved),
        started_at=started_at,
        ended_at=datetime.now(UTC),
    )


def _save_all(job: Job, repository: Repository, planned: Planned, on_progress: OnProgress) -> list[Saved]:
    source, endpoint = job.settings.source, job.endpoint
    done = _saved_before(job, repository) if job.run.attempt > 1 else {}
    saved: list[Saved] = []
    for item in source.items(endpoint):
        if item not in done:
            try:
                done[item] = source.save(item, repository, job.marks, endpoint, on_progress)
            except RepositoryMissingError:
                if repository.name not in planned.new_repositories:
                    raise
                repository.create()
                done[item] = source.save(item, repository, job.marks, endpoint, on_progress)
        saved.append(done[item])
    return saved


def _saved_before(job: Job, repository: Repository) -> dict[str, Saved]:
    """Find what earlier attempts of this run saved, after removing the locks that they may have left."""
    try:
        repository.unlock()
        snapshots = repository.snapshots(job.run.tags)
    except RepositoryMissingError:
        return {}
    return {snapshot.item: Saved(snapshot.as_copy(), (), snapshot.summary) for snapshot in snapshots}
