"""Activity 22: restore what was identified, and verify it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from respaldo.actions.job import Job
from respaldo.actions.mutex import only_writer
from respaldo.actions.reaching import reached
from respaldo.domain.errors import NotAuthorizedError, RespaldoError
from respaldo.domain.restoring import Delivery, Identified, Restored
from respaldo.restic.call import OnProgress
from respaldo.sources.reach import Reach


def restore(
    job: Job, identified: Identified, delivery: Delivery, on_progress: OnProgress, *, authorized: bool
) -> Restored:
    """Restore every part, and give where it is and how it was verified.

    :param authorized: a second person allowed the overwriting, and a safety backup was made.
    :raises NotAuthorizedError: live data would be touched without that.
    :raises RepositoryError, CheckError, RestoreMismatchError: the copy is not good.
    :raises RequestError: the destination does not take it.
    """
    with reached(job) as reach:
        return _restore(job, identified, delivery, reach, on_progress, authorized=authorized)


def _restore(
    job: Job,
    identified: Identified,
    delivery: Delivery,
    reach: Reach,
    on_progress: OnProgress,
    *,
    authorized: bool,
) -> Restored:
    repository, source = job.repository(identified.repository), job.settings.source
    begun = Path(f"{delivery.staging}.begun")
    touches = set(identified.touches)
    if not begun.exists():
        # Somebody may have begun to use the place since it was looked at.
        touches |= set(source.touches(identified.parts, delivery, reach))
    if touches and not authorized:
        raise NotAuthorizedError(touches=", ".join(sorted(touches)))
    # What a killed attempt leaves there is this request's own: the next one must not take it for somebody's.
    begun.touch(mode=0o600)
    if job.run.attempt > 1:
        # A check that was killed with its container keeps the repository to itself.
        repository.unlock()
    started_at = datetime.now(UTC)
    done: list[Restored] = []
    try:
        with _alone(job, live=bool(touches)):
            for part in identified.parts:
                with tempfile.TemporaryDirectory(dir=job.home.scratch) as scratch:
                    done.append(source.restore(part, repository, delivery, reach, scratch, on_progress))
    except RespaldoError:
        if _looks_as_before(job, identified, delivery, reach, touches):
            begun.unlink()
        raise
    begun.unlink()
    return Restored(
        where=tuple(dict.fromkeys(place for one in done for place in one.where)),
        files=sum(one.files for one in done),
        size_bytes=sum(one.size_bytes for one in done),
        evidence=tuple(evidence for one in done for evidence in one.evidence),
        kept=tuple(name for one in done for name in one.kept),
        started_at=started_at,
        ended_at=datetime.now(UTC),
    )


def _looks_as_before(
    job: Job, identified: Identified, delivery: Delivery, reach: Reach, touches: set[str]
) -> bool:
    """Tell whether a failed attempt left nothing that the next one's look would take for somebody's.

    Then the next one looks again: it may come days later, when its task is cleared.
    """
    try:
        found = job.settings.source.touches(identified.parts, delivery, reach)
    except RespaldoError:
        # What was delivered is in the way now, or nobody can look.
        return False
    return touches.issuperset(found)


@contextlib.contextmanager
def _alone(job: Job, *, live: bool) -> Iterator[None]:
    """Keep a backup from saving data that are half restored."""
    if not live:
        yield
        return
    with only_writer(job.home, job.scope.id):
        yield
