"""What each step of a backup knows of its row of the form TIC-FM007: pure mappings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from respaldo import __version__
from respaldo.actions.job import Job
from respaldo.config.configuration import AnyScope
from respaldo.domain.errors import CheckError, RespaldoError
from respaldo.domain.hooks import HookRun
from respaldo.domain.values import Applied, Copied, Executed, Planned, Run, Value, Verified
from respaldo.report.fm007 import GOOD, Origin, RowUpdate, State


class Request(Value):
    """Who asked for a run, and why: empty for one that the schedule began."""

    origin: Origin
    programmed_for: datetime
    reason: str | None = None
    requester: str | None = None
    ticket: str | None = None
    request_key: str | None = None
    rerun_of: str | None = None


class Effort(Value):
    """Which attempt at a step this was, and how long it took."""

    step: str
    attempt: int
    seconds: float

    def columns(self) -> dict[str, object]:
        return {
            "attempts": {self.step: self.attempt},
            "step_seconds": {self.step: round(self.seconds, 1)},
        }


def of_scope(scope: AnyScope) -> dict[str, object]:
    """What every row of a scope begins with, a backup's and a restoration's."""
    settings = scope.settings
    return {
        "scope_name": settings.name,
        "department": settings.department,
        "criticality": settings.criticality,
        "mode": settings.mode,
        "responsible": settings.responsible,
        "state": "programmed",
        "source_kind": settings.source_kind,
        "source": settings.saved,
        "verification_result": "not_done",
        "rto_seconds": round(settings.rto.total_seconds()),
        "respaldo_version": __version__,
        "scope_digest": scope.digest,
    }


def programmed(run: Run, scope: AnyScope, request: Request) -> RowUpdate:
    """The row as soon as the run is programmed (activity 6)."""
    settings = scope.settings
    return RowUpdate.of(
        run,
        kind="backup",
        **of_scope(scope),
        repository=settings.repositories.get("repository"),
        second_repository=settings.repositories.get("second_copy"),
        retention=str(settings.retention),
        rpo_seconds=round(settings.rpo.total_seconds()),
        **request.model_dump(),
    )


def running(job: Job, worker: str, started_at: datetime) -> RowUpdate:
    """The row when the work begins: which engine, which worker, and where the copies will be."""
    repositories, settings = job.configuration.repositories, job.settings
    first = repositories[settings.repository]
    second = repositories[settings.second_copy] if settings.second_copy else None
    return RowUpdate.of(
        job.run,
        state="running",
        started_at=started_at,
        worker=worker,
        source_host=worker,
        engine_version=job.engine.version,
        site=first.site,
        medium=first.medium,
        second_site=second.site if second else None,
        second_medium=second.medium if second else None,
    )


def planned(run: Run, result: Planned, effort: Effort) -> RowUpdate:
    warned = {"warnings": result.warnings} if result.warnings else {}
    return RowUpdate.of(run, **NO_FAILURE, **warned, **effort.columns())


def executed(run: Run, result: Executed, effort: Effort) -> RowUpdate:
    return RowUpdate.of(
        run,
        **NO_FAILURE,
        size_bytes=result.size_bytes,
        files=result.files,
        added_bytes=sum(copy.added_bytes for copy in result.copies),
        stored_bytes=sum(copy.stored_bytes for copy in result.copies),
        copies=result.copies,
        warnings=result.warnings,
        progress_percent=100,
        console={"execute": list(result.console)},
        **_applied(result.applied),
        **effort.columns(),
    )


def hooked(run: Run, step: str, ran: Sequence[HookRun], warnings: tuple[str, ...]) -> RowUpdate:
    """The scope's own commands that an attempt at a step ran. Each attempt has a key of its own.

    :param warnings: the whole run's; none: the row keeps those that it has.
    """
    said = [one.model_dump(mode="json", exclude_none=True) for one in ran]
    warned = {"warnings": warnings} if warnings else {}
    return RowUpdate.of(run, console={f"hooks {step} {run.attempt}": said}, **warned)


def verified(run: Run, result: Verified, at: datetime, effort: Effort) -> RowUpdate:
    return RowUpdate.of(
        run,
        **NO_FAILURE,
        verification_methods=tuple(dict.fromkeys(evidence.method for evidence in result.evidence)),
        verification_result="good",
        verification=result.evidence,
        verified_at=at,
        **effort.columns(),
    )


def copied(run: Run, executed: Executed, result: Copied, at: datetime, effort: Effort) -> RowUpdate:
    """The row with its second copies. It keeps one list of correctives and of warnings of the whole run."""
    more = {"warnings": (*executed.warnings, *result.warnings)} if result.warnings else {}
    return RowUpdate.of(
        run,
        **NO_FAILURE,
        second_copies=result.copies,
        second_copied_at=at,
        **more,
        **_applied(executed.applied, result.applied),
        **effort.columns(),
    )


def failed(
    run: Run,
    error: RespaldoError,
    step: str,
    told: str,
    corrective: str,
    effort: Effort | None,
    applied: tuple[Applied, ...] = (),
) -> RowUpdate:
    """A step failed: why, in words for its readers. A later attempt may still succeed.

    :param effort: none for a step that was killed: nobody counted.
    :param applied: every corrective of the run so far, earlier steps' too.
    """
    bad: dict[str, object] = {}
    if isinstance(error, CheckError) and step == "verify":
        bad["verification_result"] = "bad"
    return RowUpdate.of(
        run,
        cause=error.code,
        cause_detail=told,
        failed_step=step,
        corrective=corrective,
        **bad,
        **_applied(applied),
        **(effort.columns() if effort else {}),
    )


def _applied(*parts: tuple[Applied, ...]) -> dict[str, object]:
    """Give the column only if there is something: a later attempt does not wipe out what an earlier did."""
    all_of_them = tuple(one for part in parts for one in part)
    return {"applied": all_of_them} if all_of_them else {}


def refused(run: Run, request: Request, at: datetime) -> RowUpdate:
    """The row of a run that could not even begin: its scope's file cannot be used."""
    return RowUpdate.of(
        run,
        kind="backup",
        state="failed",
        verification_result="not_done",
        ended_at=at,
        respaldo_version=__version__,
        **request.model_dump(),
    )


def lost(run: Run, state: State, at: datetime) -> RowUpdate:
    """The row of a run that ended without a word, closed by somebody else."""
    return RowUpdate.of(run, state=state, ended_at=at)


def closed(run: Run, state: State, at: datetime, effort: Effort) -> RowUpdate:
    """The row when the run is over (activity 8). A good end has no cause, whatever an earlier one had."""
    cleared = NO_FAILURE if state in GOOD else {}
    return RowUpdate.of(run, state=state, ended_at=at, **cleared, **effort.columns())


NO_FAILURE: dict[str, object] = {
    "cause": None,
    "cause_detail": None,
    "failed_step": None,
    "corrective": None,
}
"""A step that succeeded clears what a failed attempt at it had left; the history keeps that."""
