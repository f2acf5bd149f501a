"""The steps of a backup as Airflow runs them: act, write the row, hand on the result."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowTaskTimeout

from respaldo.actions import rows
from respaldo.actions.copy import copy
from respaldo.actions.execute import execute
from respaldo.actions.plan import plan
from respaldo.actions.verify import verify
from respaldo.domain.errors import (
    InvalidConfigurationError,
    ReportError,
    RespaldoError,
    TimedOutError,
    UnknownEngineError,
)
from respaldo.domain.values import Applied, Executed, Planned, Value
from respaldo.flows.closing import CAUSE_TOLD
from respaldo.flows.noting import note
from respaldo.flows.progress import Teller
from respaldo.flows.workplace import Workplace
from respaldo.report.export import size
from respaldo.report.fm007 import RowUpdate
from respaldo.texts import backup as texts
from respaldo.texts.report import TERMS

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

_WARNINGS_HANDED_ON = 50
"""XCom and the row keep this many warnings; the task's log has them all."""

Outcome = tuple[Value, Callable[[rows.Effort], RowUpdate]]
"""What a step hands on, and its part of the row."""


def run(step: str, scope_id: str, context: Context) -> dict[str, Any]:
    """Run one step and write what it knows into the run's row.

    :raises RespaldoError: the step's cause of failure, after it is in the row and in the log.
    """
    place, began = Workplace.of(scope_id, context), time.monotonic()

    def effort() -> rows.Effort:
        return rows.Effort(step=step, attempt=place.run.attempt, seconds=time.monotonic() - began)

    applied: list[Applied] = []
    try:
        result, row = _WORK[step](place, applied)
    except RespaldoError as error:
        _tell(place, error, effort(), applied)
        raise
    except AirflowTaskTimeout as timeout:
        timed_out = TimedOutError(seconds=place.allowed_seconds)
        _tell(place, timed_out, effort(), applied)
        # Airflow would try again what it takes for a failure of its own: this one fails for good.
        raise timed_out from timeout
    except Exception as bug:
        # A mistake of the program is no lost worker: to run it again would meet it again.
        said = type(bug).__name__
        _tell(place, UnknownEngineError(said=said, exit_code=texts.NO_CODE), effort(), applied)
        raise
    place.report.write(row(effort()))
    handed_on: dict[str, Any] = result.model_dump(mode="json")
    return handed_on


def _plan(place: Workplace, applied: list[Applied]) -> Outcome:  # noqa: ARG001  (the steps' signature)
    started_at = datetime.now(UTC)
    scope = place.configuration().scopes[place.run.scope_id]
    place.report.write(rows.programmed(place.run, scope, place.request()))
    job = place.job()
    place.report.write(rows.running(job, socket.gethostname(), started_at))
    return plan(job, place.report), lambda effort: rows.planned(place.run, effort)


def _execute(place: Workplace, applied: list[Applied]) -> Outcome:
    teller = Teller(place.report, place.run.key)
    job, planned = place.job(), place.result("plan", Planned)
    applied += _applied_before(place)
    result = execute(job, planned, teller.tell, repair=_is_to_repair(place), applied=applied)
    _log_applied(applied)
    for warning in result.warnings:
        log.warning(texts.WARNINGS, warning)
    added = sum(made.added_bytes for made in result.copies)
    ids = ", ".join(made.snapshot_id for made in result.copies)
    log.info(texts.EXECUTED, result.files, size(result.size_bytes), size(added), ids)
    result = _shortened(result)
    result = result.model_copy(update={"warnings": (*result.warnings, *_harmed(applied))})
    return result, lambda effort: rows.executed(place.run, result, effort)


def _verify(place: Workplace, applied: list[Applied]) -> Outcome:  # noqa: ARG001
    result = verify(
        place.job(),
        place.result("plan", Planned),
        place.result("execute", Executed),
        accept_shrink=bool(place.context["params"].get("accept_shrink")),
        read_all_data=bool(place.context["params"].get("read_all_data")),
    )
    for evidence in result.evidence:
        facts = ", ".join(f"{name}={value}" for name, value in evidence.facts.items())
        log.info(texts.VERIFIED, evidence.item, evidence.method, facts)
    at = datetime.now(UTC)
    return result, lambda effort: rows.verified(place.run, result, at, effort)


def _copy(place: Workplace, applied: list[Applied]) -> Outcome:
    job = place.job()
    second = job.second
    if second is None:
        raise InvalidConfigurationError(problem="second_copy")
    executed, repair = place.result("execute", Executed), _is_to_repair(place)
    result = copy(job, second, place.result("plan", Planned), executed, repair=repair, applied=applied)
    _log_applied(applied)
    log.info(texts.COPIED, result.repository, ", ".join(made.snapshot_id for made in result.copies))
    result = result.model_copy(update={"warnings": tuple(_harmed(applied))})
    at = datetime.now(UTC)
    return result, lambda effort: rows.copied(place.run, executed, result, at, effort)


def _applied_before(place: Workplace) -> list[Applied]:
    """Give what earlier attempts at the run applied: a repair is not over before all was saved anew."""
    if place.run.attempt == 1:
        return []
    try:
        row = place.report.row(place.run.key) or {}
    except ReportError as error:
        log.warning("%s", error)
        return []
    return [Applied.model_validate(one) for one in row.get("applied") or ()]


def _is_to_repair(place: Workplace) -> bool:
    return bool(place.context["params"].get("repair"))


def _shortened(result: Executed) -> Executed:
    more = len(result.warnings) - _WARNINGS_HANDED_ON
    if more <= 0:
        return result
    kept = (*result.warnings[:_WARNINGS_HANDED_ON], texts.MORE_WARNINGS.format(count=more))
    return result.model_copy(update={"warnings": kept})


def _harmed(applied: Sequence[Applied]) -> list[str]:
    """Tell which former copies a repair could not make whole: the source no longer has what they lost."""
    harmed = [str(snapshot) for one in applied for snapshot in _listed(one.facts.get("harmed"))]
    return [texts.HARMED.format(snapshots=", ".join(harmed))] if harmed else []


def _listed(fact: object) -> Sequence[object]:
    return fact if isinstance(fact, tuple) else ()


def _log_applied(applied: Sequence[Applied]) -> None:
    for one in applied:
        facts = ", ".join(f"{name}={value}" for name, value in one.facts.items())
        log.warning(texts.APPLIED, TERMS["remedy"][one.remedy], facts)


def _tell(place: Workplace, error: RespaldoError, effort: rows.Effort, applied: list[Applied]) -> None:
    """Tell a failure where people look for it: in the row, and in the task's log."""
    _log_applied(applied)
    if applied and effort.step == "copy":
        # The row keeps one list: what the steps before applied stays in it.
        applied = [*place.result("execute", Executed).applied, *applied]
    words = note(place.report, place.run, error, effort.step, effort, tuple(applied))
    place.context["ti"].xcom_push(key=CAUSE_TOLD, value=error.code)
    log.error("%s", words.told)
    log.error(texts.CORRECTIVE, words.corrective)


_WORK: dict[str, Callable[[Workplace, list[Applied]], Outcome]] = {
    "plan": _plan,
    "execute": _execute,
    "verify": _verify,
    "copy": _copy,
}
