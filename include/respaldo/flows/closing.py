"""Close a run's row, whatever happened (activity 8), and say what follows from how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowRuntimeError

from respaldo.actions import rows
from respaldo.actions.labels import labelled
from respaldo.domain.causes import cause_of_code
from respaldo.domain.errors import (
    CancelledRunError,
    InterruptedRunError,
    InvalidConfigurationError,
    NobodyToAskError,
    ReportError,
    RespaldoError,
)
from respaldo.flows.failures.names import analysis_of, watch_after
from respaldo.flows.hooks import settle
from respaldo.flows.noting import note
from respaldo.flows.trigger import Trigger
from respaldo.flows.workplace import Workplace
from respaldo.report.fm007 import GOOD, State
from respaldo.report.media import LabelsUpdate
from respaldo.texts import backup as texts
from respaldo.texts.report import TERMS

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

CAUSE_TOLD = "cause"
"""XCom by which a step that failed says that its cause is in the row. One that was killed could not."""

_STATED_ENDS = {"perform": "ended_at", "verify": "copy_ended_at"}
"""Steps that know when a copy ended which Respaldo did not make, and what they call it."""


def close(place: Workplace) -> Trigger | None:
    """Write the run's final state, and give the DAG run that follows from it, if one does.

    A step that ended without a word gets its cause here. One that somebody marked as done, or as one to leave
    out, gave no result: nothing is known to be good of it. No step of a backup is left out otherwise.
    """
    began = time.monotonic()
    states = place.states()
    failed = [step for step, state in states.items() if state == "failed"]
    results = {step: _result(place, step) for step, state in states.items() if state == "success"}
    settle(place, "record", _warned(results))
    marked = [step for step, state in states.items() if state == "skipped" or results.get(step, 0) is None]
    silent = [step for step in failed if not _has_told(place, step)]
    for step, error in (
        *((step, CancelledRunError(step=texts.TASK_TITLES[step])) for step in marked[:1]),
        *((step, InterruptedRunError(step=texts.TASK_TITLES[step])) for step in silent[:1]),
    ):
        note(place.report, place.run, error, step)
    causes = {step: _cause(place, step) for step in failed}
    state = _state([*silent, *marked], causes, results)
    effort = rows.Effort(step="record", attempt=place.run.attempt, seconds=time.monotonic() - began)
    ended_at = _ended_at(state, results)
    place.report.write(rows.closed(place.run, state, ended_at, effort))
    log.info(texts.RECORDED, TERMS["state"][state])
    if state in GOOD:
        _label(place, results, ended_at)
    if failed or marked:
        return analysis_of(place.run)
    return watch_after(place.run) if _had_failed(place) else None


def _label(place: Workplace, results: Mapping[str, Any], at: datetime) -> None:
    """State the copies that are to be labelled (16). A good run stays one where that cannot be told."""
    try:
        configuration = place.configuration()
    except InvalidConfigurationError as error:
        log.warning("%s", error)
        return
    scope = configuration.all_scopes[place.run.scope_id]
    copies = labelled(scope, configuration, results, at)
    place.report.write(LabelsUpdate.of_copies(place.run, *copies))


def _result(place: Workplace, step: str) -> Any:  # noqa: ANN401  (what the step handed on)
    return place.context["ti"].xcom_pull(task_ids=step)


def _cause(place: Workplace, step: str) -> type[RespaldoError]:
    return cause_of_code(place.context["ti"].xcom_pull(task_ids=step, key=CAUSE_TOLD))


def _has_told(place: Workplace, step: str) -> bool:
    """Whether a failed step's cause is in the row.

    A step that was asked to stop wrote it, and Airflow took no word from it any more.
    """
    if place.context["ti"].xcom_pull(task_ids=step, key=CAUSE_TOLD) is not None:
        return True
    try:
        row = place.report.row(place.run.key) or {}
    except ReportError as error:
        log.warning("%s", error)
        return False
    return (row.get("failed_step"), row.get("cause")) == (step, CancelledRunError.code)


def can_begin(following: Trigger, context: Context) -> bool:
    """Whether there is such a DAG. The row is closed already: its want must not make a good run red.

    The watch opens later what could not be opened now.
    """
    try:
        context["ti"].get_dag(following.dag_id)
    except AirflowRuntimeError as error:
        log.warning(texts.NOT_BEGUN, following.dag_id, error)
        return False
    return True


def refuse(scope_id: str, context: Context, problem: str) -> None:
    """Write the row of a run that could not begin because its scope's file is broken."""
    try:
        place = Workplace.of(scope_id, context)
        place.report.write(rows.refused(place.run, place.request(), datetime.now(UTC)))
        note(place.report, place.run, InvalidConfigurationError(problem=problem), "plan")
    except RespaldoError as trouble:
        # What is wrong with the file must be told in any case.
        log.warning("%s", trouble)


def _had_failed(place: Workplace) -> bool:
    """Whether failures of the scope wait for this good run. If the report is away, the watch asks later."""
    try:
        return bool(place.report.unresolved(place.run.scope_id))
    except ReportError as error:
        log.warning("%s", error)
        return False


def _ended_at(state: State, results: Mapping[str, Any]) -> datetime:
    """Give when a run ended: a good copy that others made ended when its maker, or a console, says so."""
    stated = [(results.get(step) or {}).get(key) for step, key in _STATED_ENDS.items()]
    ended_at = next(filter(None, stated), None)
    return datetime.fromisoformat(ended_at) if ended_at and state in GOOD else datetime.now(UTC)


def _is_executed(step: str, cause: type[RespaldoError]) -> bool:
    """Whether anything was done before a step failed: nothing, where nobody can make the copy."""
    return cause.is_executed and not (step == "perform" and cause is NobodyToAskError)


def _warned(results: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(warning for result in results.values() for warning in (result or {}).get("warnings") or ())


def _state(silent: list[str], causes: Mapping[str, type[RespaldoError]], results: Mapping[str, Any]) -> State:
    if silent:
        return "interrupted"
    if causes:
        return "failed" if any(map(_is_executed, causes, causes.values())) else "not_executed"
    return "succeeded_with_warnings" if _warned(results) else "succeeded"
