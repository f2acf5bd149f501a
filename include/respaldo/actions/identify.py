"""Activities 19 and 20: find what is asked for in a copy, and see that it is in good state."""

from __future__ import annotations

import tempfile

from respaldo.actions.job import Job
from respaldo.actions.owner import explained
from respaldo.actions.reaching import reached
from respaldo.domain.errors import (
    NoCopyError,
    SecondCopyMissingError,
    SnapshotMissingError,
    WrongPasswordError,
)
from respaldo.domain.restoring import Delivery, Identified, KnownCopy, Wanted, Which
from respaldo.domain.values import Copy, Evidence, scope_tag
from respaldo.restic.repository import Repository


def identify(job: Job, known: KnownCopy, which: Which, wanted: Wanted, delivery: Delivery) -> Identified:
    """Look for what is asked for in one of a run's copies.

    Where live data would be overwritten, every block that the restoration needs is read now: the copy must
    be good before anything is touched. Anywhere else the restoration itself reads them all, once, and what
    it cannot read harms nobody.

    :raises RepositoryError, CheckError: the copy is not good.
    :raises NotInCopyError: it does not hold what is asked for.
    """
    name, copies = known.place(which)
    if name is None or not copies:
        raise _nothing_there(job, known, which, name)
    repository, source = job.repository(name), job.settings.source
    try:
        _see_that_all_are_there(repository, job.scope.id, copies)
    except WrongPasswordError as error:
        raise explained(error, job, name) from error
    parts = source.find(wanted, copies, repository, known.verification)
    with reached(job) as reach:
        touches = source.touches(parts, delivery, reach)
    evidence: list[Evidence] = []
    if touches:
        for part in parts:
            with tempfile.TemporaryDirectory(dir=job.home.scratch) as scratch:
                evidence.append(source.read(part, repository, scratch))
    return Identified(
        which=which,
        repository=name,
        run_key=known.run_key,
        number=known.number,
        taken_at=known.taken_at,
        parts=parts,
        touches=touches,
        evidence=tuple(evidence),
    )


def _nothing_there(
    job: Job, known: KnownCopy, which: Which, name: str | None
) -> SecondCopyMissingError | NoCopyError:
    if which == "second":
        return SecondCopyMissingError(repository=name or "", snapshot=known.run_key, item=job.scope.id)
    return NoCopyError(scope=job.scope.id, wanted=known.run_id)


def _see_that_all_are_there(repository: Repository, scope_id: str, copies: tuple[Copy, ...]) -> None:
    there = {snapshot.id for snapshot in repository.snapshots((scope_tag(scope_id),))}
    for copy in copies:
        if copy.snapshot_id not in there:
            raise SnapshotMissingError(
                repository=repository.name, snapshot=copy.snapshot_id, scope=scope_id, item=copy.item
            )
