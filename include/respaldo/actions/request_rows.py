"""What each step of a restore request knows of its row and of its form TIC-FM007: pure mappings."""

from __future__ import annotations

from datetime import datetime

from respaldo import __version__
from respaldo.actions.rows import NO_FAILURE, Effort, of_scope
from respaldo.config.configuration import ConfiguredScope
from respaldo.domain.requests import (
    BESIDE,
    GOOD_OUTCOMES,
    LONGEST_LINE,
    Decision,
    Failure,
    Finding,
    Outcome,
    RestoreRequest,
    State,
    Story,
)
from respaldo.domain.restoring import Identified, Restored
from respaldo.domain.values import Copy, Evidence, Run
from respaldo.report.fm007 import RowUpdate
from respaldo.report.fm007 import State as RowState
from respaldo.report.requests import RequestUpdate

Rows = tuple[RequestUpdate, RowUpdate]


def registered(
    run: Run, scope: ConfiguredScope, request: RestoreRequest, asked_by: str, at: datetime
) -> Rows:
    """The rows as soon as a requirement is registered."""
    settings, destination = scope.settings, request.destination
    asked = RequestUpdate.of(
        run,
        scope_name=settings.name,
        requested_at=at,
        requester=request.requester,
        email=request.email,
        department=request.department,
        ticket=request.ticket,
        what_happened=request.what_happened,
        asked_by=asked_by,
        wanted=request.wanted,
        as_of=request.as_of,
        snapshot=request.snapshot,
        destination_kind=destination.kind,
        destination=destination.target,
        overwrite=destination.overwrite,
        state="registered",
        rto_seconds=round(settings.rto.total_seconds()),
        respaldo_version=__version__,
    )
    form = _row(
        run,
        **of_scope(scope),
        origin="requested",
        reason=request.what_happened[:LONGEST_LINE],
        requester=request.requester,
        ticket=request.ticket,
        programmed_for=at,
        request_key=run.key,
    )
    return asked, form


def waiting(run: Run, state: State) -> RequestUpdate:
    return RequestUpdate.of(run, state=state)


def decided(run: Run, step: str, decision: Decision) -> RequestUpdate:
    analysis = {"analysis": decision.option} if step == "analyse" else {}
    return RequestUpdate.of(run, decisions={step: decision}, **analysis)


def working(run: Run, worker: str, engine_version: str, at: datetime) -> Rows:
    """The rows when the work on a restoration begins."""
    asked = RequestUpdate.of(run, state="restoring", started_at=at, worker=worker)
    return asked, _row(run, state="running", started_at=at, worker=worker, engine_version=engine_version)


def looked(run: Run, finding: Finding, identified: Identified | None, effort: Effort) -> Rows:
    """The rows when a copy was looked at (activities 19 and 20)."""
    if identified is None:
        asked = RequestUpdate.of(run, findings={finding.which: finding}, **effort.columns())
        bad = {"verification_result": "bad"} if finding.state == "bad" else {}
        return asked, _row(run, repository=finding.repository, **bad, **effort.columns())
    asked = RequestUpdate.of(
        run,
        findings={finding.which: finding},
        identified={identified.which: identified},
        **effort.columns(),
    )
    form = _row(
        run,
        repository=identified.repository,
        files=identified.files,
        size_bytes=identified.size_bytes,
        copies=tuple(
            Copy(item=part.item, snapshot_id=part.snapshot_id, files=part.files, size_bytes=part.size_bytes)
            for part in identified.parts
        ),
        **effort.columns(),
    )
    return asked, form


def restored(run: Run, result: Restored, identified: Identified, effort: Effort) -> Rows:
    """The rows when the data are where they were asked for, and verified (activity 22)."""
    asked = RequestUpdate.of(
        run,
        restored={identified.which: result},
        delivered_at=result.ended_at,
        **NO_FAILURE,
        **effort.columns(),
    )
    evidence: tuple[Evidence, ...] = (*identified.evidence, *result.evidence)
    form = _row(
        run,
        files=result.files,
        size_bytes=result.size_bytes,
        verification_result="good",
        verification_methods=tuple(dict.fromkeys(one.method for one in evidence)),
        verification=evidence,
        verified_at=result.ended_at,
        **NO_FAILURE,
        **effort.columns(),
    )
    return asked, form


def caused(run: Run, step: str, backup: Run) -> RequestUpdate:
    """A run of the scope that the request began."""
    column = step.removeprefix("second_")
    state = {"state": "backing_up"} if column == "unscheduled_backup" else {}
    return RequestUpdate.of(run, **{column: backup.key}, **state)


def failed(run: Run, failure: Failure, effort: Effort) -> Rows:
    columns = _columns(failure, failure.step)
    return RequestUpdate.of(run, **columns, **effort.columns()), _row(run, **columns, **effort.columns())


def _columns(trouble: Failure | Finding, step: str) -> dict[str, object]:
    return {
        "cause": trouble.cause,
        "cause_detail": trouble.told,
        "corrective": trouble.corrective,
        "failed_step": step,
    }


def informed(run: Run, message: str, by: str, detail: str | None, at: datetime) -> RequestUpdate:
    return RequestUpdate.of(run, message=message, informed_by=by, informed_detail=detail, informed_at=at)


def closed(run: Run, story: Story, outcome: Outcome, told: str, at: datetime) -> Rows:
    """The rows when all is over (activity 26). The form keeps the whole story: its history is chained."""
    cause = _cause(story, outcome)
    asked = RequestUpdate.of(run, state="closed", outcome=outcome, ended_at=at, **cause)
    form = _row(
        run,
        state=_state(outcome),
        ended_at=at,
        observations=told,
        # Again: a fact that waited in a spool never replaces what is there.
        **({"verification_result": "good"} if story.used else {}),
        **cause,
        console={"request": story.model_dump(mode="json") | {"outcome": outcome}},
    )
    return asked, form


def lost(run: Run, at: datetime) -> RequestUpdate:
    """The request's row when its run ended without a word, closed by somebody else."""
    return RequestUpdate.of(run, state="closed", outcome="failed", ended_at=at)


def _cause(story: Story, outcome: Outcome) -> dict[str, object]:
    """Give the failure that ended a request as its cause, or the last copy's trouble.

    A step that was killed could not write its own.
    """
    ended_by = [failure for failure in story.failures if failure.step not in BESIDE]
    if ended_by:
        return _columns(ended_by[-1], ended_by[-1].step)
    last = story.findings.get("second") or story.findings.get("first")
    if outcome in GOOD_OUTCOMES or last is None or last.state == "good":
        # What failed beside is written already. What was tried again with success is no cause of anything.
        return {} if story.failures else NO_FAILURE
    return _columns(last, "identify" if last.which == "first" else "second_identify")


def _state(outcome: Outcome) -> RowState:
    if outcome == "satisfied":
        return "succeeded"
    return "not_executed" if outcome in GOOD_OUTCOMES else "failed"


def _row(run: Run, **columns: object) -> RowUpdate:
    return RowUpdate.of(run, kind="restore", **columns)
