"""Close a run's row, whatever happened (activity 8), and say what follows from how it ended."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from respaldo.actions import rows
from respaldo.domain.errors import InterruptedRunError, InvalidConfigurationError, ReportError, RespaldoError
from respaldo.domain.values import Copied, Executed
from respaldo.flows.failures.names import Trigger, analysis_of, watch_after
from respaldo.flows.workplace import Workplace
from respaldo.report.fm007 import State
from respaldo.texts import backup as texts
from respaldo.texts import causes
from respaldo.texts.report import TERMS

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

CAUSE_TOLD = "cause"
"""XCom by which a step that failed says that its cause is in the row. One that was killed could not."""


def close(place: Workplace) -> Trigger | None:
    """Write the run's final state, and give the DAG run that follows from it, if one does.

    A step that ended without a word gets its cause here.
    """
    ti, began = place.context["ti"], time.monotonic()
    failed = [step for step, state in place.states().items() if state == "failed"]
    silent = [step for step in failed if ti.xcom_pull(task_ids=step, key=CAUSE_TOLD) is None]
    if silent:
        error = InterruptedRunError(step=texts.TASK_TITLES[silent[0]])
        told, corrective = causes.explain(error), causes.corrective(error)
        place.report.write(rows.failed(place.run, error, silent[0], told, corrective, None))
    state = _state(place, failed, silent)
    effort = rows.Effort(step="record", attempt=place.run.attempt, seconds=time.monotonic() - began)
    place.report.write(rows.closed(place.run, state, datetime.now(UTC), effort))
    log.info(texts.RECORDED, TERMS["state"][state])
    if failed:
        return analysis_of(place.run)
    return watch_after(place.run) if _had_failed(place) else None


def refuse(scope_id: str, context: Context, problem: str) -> None:
    """Write the row of a run that could not begin because its scope's file is broken."""
    error, now = InvalidConfigurationError(problem=problem), datetime.now(UTC)
    told, corrective = causes.explain(error), causes.corrective(error)
    try:
        place = Workplace.of(scope_id, context)
        place.report.write(rows.refused(place.run, place.request(), now))
        place.report.write(rows.failed(place.run, error, "plan", told, corrective, None))
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


def _state(place: Workplace, failed: list[str], silent: list[str]) -> State:
    if silent:
        return "interrupted"
    if failed:
        return "failed"
    warned = place.result("execute", Executed).warnings
    if "copy" in place.states():
        warned += place.result("copy", Copied).warnings
    return "succeeded_with_warnings" if warned else "succeeded"
