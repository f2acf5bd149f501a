"""The steps of a backup as Airflow runs them: act, write the row, hand on the result."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from respaldo.actions import rows
from respaldo.actions.copy import copy
from respaldo.actions.execute import execute
from respaldo.actions.plan import plan
from respaldo.actions.verify import verify
from respaldo.domain.errors import InvalidConfigurationError
from respaldo.domain.values import Applied, Executed, Planned
from respaldo.flows.contracts.checking import check
from respaldo.flows.doing import Outcome, Work, do, log_applied
from respaldo.flows.hooks import told, unfinished
from respaldo.flows.mending import applied_before, harmed, is_asked
from respaldo.flows.progress import Teller
from respaldo.flows.workplace import Workplace
from respaldo.report.export import size
from respaldo.texts import backup as texts

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

_WARNINGS_HANDED_ON = 50
"""XCom and the row keep this many warnings; the task's log has them all."""


def run(step: str, scope_id: str, context: Context) -> dict[str, Any]:
    """Run one step and write what it knows into the run's row.

    :raises RespaldoError: the step's cause of failure, after it is in the row and in the log.
    """
    return do(step, Workplace.of(scope_id, context), _WORK[step])


def _plan(place: Workplace, applied: list[Applied]) -> Outcome:  # noqa: ARG001  (the steps' signature)
    started_at = datetime.now(UTC)
    configuration = place.configuration()
    scope = configuration.all_scopes[place.run.scope_id]
    place.report.write(rows.programmed(place.run, scope, place.request()))
    warnings = check(place, scope, configuration.organization)
    job = place.job()
    place.report.write(rows.running(job, socket.gethostname(), started_at))
    planned = plan(job, place.report).model_copy(update={"warnings": warnings})
    return planned, lambda effort: rows.planned(place.run, planned, effort)


def _execute(place: Workplace, applied: list[Applied]) -> Outcome:
    teller = Teller(place.report, place.run.key)
    job, planned = place.job(), place.result("plan", Planned)
    applied += applied_before(place)
    with told(place, "execute", planned.warnings) as ran:
        result = execute(
            job, planned, teller.tell, repair=is_asked(place, "repair"), applied=applied, ran=ran
        )
    log_applied(applied)
    for warning in result.warnings:
        log.warning(texts.WARNINGS, warning)
    added = sum(made.added_bytes for made in result.copies)
    ids = ", ".join(made.snapshot_id for made in result.copies)
    log.info(texts.EXECUTED, result.files, size(result.size_bytes), size(added), ids)
    result = _shortened(result)
    warnings = (*planned.warnings, *result.warnings, *harmed(applied), *unfinished(ran))
    result = result.model_copy(update={"warnings": warnings})
    return result, lambda effort: rows.executed(place.run, result, effort)


def _verify(place: Workplace, applied: list[Applied]) -> Outcome:  # noqa: ARG001
    result = verify(
        place.job(),
        place.result("plan", Planned),
        place.result("execute", Executed),
        accept_shrink=is_asked(place, "accept_shrink"),
        read_all_data=is_asked(place, "read_all_data"),
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
    executed, repair = place.result("execute", Executed), is_asked(place, "repair")
    result = copy(job, second, place.result("plan", Planned), executed, repair=repair, applied=applied)
    log_applied(applied)
    log.info(texts.COPIED, result.repository, ", ".join(made.snapshot_id for made in result.copies))
    result = result.model_copy(update={"warnings": tuple(harmed(applied))})
    at = datetime.now(UTC)
    return result, lambda effort: rows.copied(place.run, executed, result, at, effort)


def _shortened(result: Executed) -> Executed:
    more = len(result.warnings) - _WARNINGS_HANDED_ON
    if more <= 0:
        return result
    kept = (*result.warnings[:_WARNINGS_HANDED_ON], texts.MORE_WARNINGS.format(count=more))
    return result.model_copy(update={"warnings": kept})


def _perform(place: Workplace, applied: list[Applied]) -> Outcome:  # noqa: ARG001
    """Tell why nobody's answer is taken: only a scope that cannot be read has this step here."""
    place.configuration()
    raise InvalidConfigurationError(problem="mode")


_WORK: dict[str, Work] = {
    "plan": _plan,
    "perform": _perform,
    "execute": _execute,
    "verify": _verify,
    "copy": _copy,
}
