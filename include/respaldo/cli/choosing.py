"""Which copy a restoration at a terminal is made from: by the report, or without it."""

from __future__ import annotations

from typing import NamedTuple

from respaldo.actions.choose import choose
from respaldo.actions.job import Job
from respaldo.cli import workplace
from respaldo.cli.console import warn
from respaldo.cli.holdings import HeldRun, runs, snapshots
from respaldo.domain.errors import NoCopyError, ReportError, SecondCopyMissingError
from respaldo.domain.requests import RestoreRequest
from respaldo.domain.restoring import KnownCopy, Which
from respaldo.flows.wording import moment
from respaldo.report.store import Report
from respaldo.texts import cli as texts
from respaldo.texts.telling import in_words


class Source(NamedTuple):
    """Where to take the copy from: a repository by its name, the second one, or what the scope says."""

    repository: str | None = None
    second: bool = False


class Chosen(NamedTuple):
    """A run's copies, and which of them is used."""

    known: KnownCopy
    which: Which


def choose_copy(job: Job, report: Report, request: RestoreRequest, source: Source) -> Chosen:
    """Choose by the report. When it cannot be asked, or lacks a named snapshot, by what is in a repository.

    :raises NoCopyError: there is none.
    :raises RepositoryError: without the report, the repository cannot be opened.
    """
    try:
        known = choose(report, request)
    except ReportError as error:
        warn(texts.REPORT_DOWN.format(told=in_words(error)))
    except NoCopyError:
        # The report can be new: then only who names a snapshot knows what is wanted.
        if request.snapshot is None:
            raise
        warn(texts.NOT_IN_REPORT.format(snapshot=request.snapshot))
    else:
        return Chosen(known, _which(known, request, source))
    return _in_repository(job, request, source)


def _which(known: KnownCopy, request: RestoreRequest, source: Source) -> Which:
    if source.repository is not None:
        for which in ("first", "second"):
            if known.place(which)[0] == source.repository:
                return which
        raise NoCopyError(scope=request.scope_id, wanted=source.repository)
    named = request.snapshot
    if source.second or (named and any(one.snapshot_id.startswith(named) for one in known.second_copies)):
        return "second"
    return "first"


def _in_repository(job: Job, request: RestoreRequest, source: Source) -> Chosen:
    name = source.repository or (job.settings.second_copy if source.second else job.settings.repository)
    if name is None:
        raise SecondCopyMissingError(repository="", snapshot="", item=job.scope.id)
    run = _held(runs(snapshots(job, name)), request)
    if run is None:
        raise NoCopyError(scope=job.scope.id, wanted=request.snapshot or request.as_of or name)
    taken_at = moment(run.taken_at, workplace.zone(job))
    items = ", ".join(copy.item for copy in run.copies)
    warn(texts.FROM_REPOSITORY.format(repository=name, taken_at=taken_at, items=items))
    is_second = source.second or name == job.settings.second_copy
    return Chosen(_as_known(run, name, second=is_second), "second" if is_second else "first")


def _held(found: tuple[HeldRun, ...], request: RestoreRequest) -> HeldRun | None:
    """Give the newest run that is not after the moment asked for, or the one with the named snapshot."""
    if request.snapshot is not None:
        named = request.snapshot
        return next((run for run in found if any(one.id.startswith(named) for one in run.snapshots)), None)
    return next((run for run in found if request.as_of is None or run.taken_at <= request.as_of), None)


def _as_known(run: HeldRun, repository: str, *, second: bool) -> KnownCopy:
    """Describe a run by its snapshots alone. It has no number: numbers are the report's."""
    copies = run.copies
    return KnownCopy(
        run_key=run.key,
        run_id="",
        number=0,
        taken_at=run.taken_at,
        state="",
        files=sum(copy.files for copy in copies),
        size_bytes=sum(copy.size_bytes for copy in copies),
        repository=repository,
        copies=() if second else copies,
        second_repository=repository if second else None,
        second_copies=copies if second else (),
    )
