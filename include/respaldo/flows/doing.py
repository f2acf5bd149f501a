"""Do one step of a run as Airflow runs it: its work, its part of the row, and what it hands on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from airflow.sdk.exceptions import AirflowTaskTimeout

from respaldo.actions import rows
from respaldo.domain.errors import RespaldoError, TimedOutError, UnknownEngineError
from respaldo.domain.values import Applied, Executed, Value
from respaldo.flows.closing import CAUSE_TOLD
from respaldo.flows.noting import note
from respaldo.flows.workplace import Workplace
from respaldo.report.fm007 import RowUpdate
from respaldo.texts import backup as texts
from respaldo.texts.report import TERMS

log = logging.getLogger(__name__)

Outcome = tuple[Value, Callable[[rows.Effort], RowUpdate]]
"""What a step hands on, and its part of the row."""

Work = Callable[[Workplace, list[Applied]], Outcome]
"""A step's work. The list gets the correctives that it applies."""


def do(step: str, place: Workplace, work: Work) -> dict[str, Any]:
    """Do a step's work and write what it knows into the run's row.

    :raises RespaldoError: the step's cause of failure, after it is in the row and in the log.
    """
    applied: list[Applied] = []
    with telling(step, place, applied) as effort:
        result, row = work(place, applied)
    place.report.write(row(effort()))
    handed_on: dict[str, Any] = result.model_dump(mode="json")
    return handed_on


@contextmanager
def telling(step: str, place: Workplace, applied: list[Applied]) -> Iterator[Callable[[], rows.Effort]]:
    """Tell why a step fails where people look for it: in the row, and in the task's log.

    It gives what counts the step's effort so far.
    """
    began = time.monotonic()

    def effort() -> rows.Effort:
        return rows.Effort(step=step, attempt=place.run.attempt, seconds=time.monotonic() - began)

    try:
        yield effort
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


def log_applied(applied: Sequence[Applied]) -> None:
    """Tell in the task's log what Respaldo mended itself."""
    for one in applied:
        facts = ", ".join(f"{name}={value}" for name, value in one.facts.items())
        log.warning(texts.APPLIED, TERMS["remedy"][one.remedy], facts)


def _tell(place: Workplace, error: RespaldoError, effort: rows.Effort, applied: list[Applied]) -> None:
    """Tell a failure where people look for it: in the row, and in the task's log."""
    log_applied(applied)
    if applied and effort.step == "copy":
        # The row keeps one list: what the steps before applied stays in it.
        applied = [*place.result("execute", Executed).applied, *applied]
    words = note(place.report, place.run, error, effort.step, effort, tuple(applied))
    place.context["ti"].xcom_push(key=CAUSE_TOLD, value=error.code)
    log.error("%s", words.told)
    log.error(texts.CORRECTIVE, words.corrective)
