"""Close a run's row, whatever happened (activity 8)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from respaldo.actions import rows
from respaldo.domain.errors import InterruptedRunError
from respaldo.domain.values import Executed
from respaldo.flows.workplace import Workplace
from respaldo.report.fm007 import State
from respaldo.texts import backup as texts
from respaldo.texts import causes
from respaldo.texts.report import TERMS

log = logging.getLogger(__name__)

CAUSE_TOLD = "cause"
"""XCom by which a step that failed says that its cause is in the row. One that was killed could not."""


def close(place: Workplace, effort: Callable[[], rows.Effort]) -> None:
    """Write the run's final state. A step that ended without a word gets its cause here."""
    ti = place.context["ti"]
    failed = [step for step, state in place.states().items() if state == "failed"]
    silent = [step for step in failed if ti.xcom_pull(task_ids=step, key=CAUSE_TOLD) is None]
    if silent:
        error = InterruptedRunError(step=silent[0])
        told, corrective = causes.explain(error), causes.corrective(error)
        place.report.write(rows.failed(place.run, error, silent[0], told, corrective, None))
    state = _state(place, failed, silent)
    place.report.write(rows.closed(place.run, state, datetime.now(UTC), effort()))
    log.info(texts.RECORDED, TERMS["state"][state])


def _state(place: Workplace, failed: list[str], silent: list[str]) -> State:
    if silent:
        return "interrupted"
    if failed:
        return "failed"
    warned = place.result("execute", Executed).warnings
    return "succeeded_with_warnings" if warned else "succeeded"
