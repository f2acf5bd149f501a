"""The steps of an external scope: open the row, read the product's console, judge what it says."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from respaldo import connections
from respaldo.actions import rows
from respaldo.actions.console import rows as console_rows
from respaldo.actions.console.judging import judge
from respaldo.actions.console.reading import read
from respaldo.actions.plan import known_before
from respaldo.config.configuration import Configuration, Configured
from respaldo.config.external import ExternalScope
from respaldo.domain.console import ConsoleRecord
from respaldo.domain.values import Applied, Planned
from respaldo.flows.contracts.checking import check
from respaldo.flows.doing import Outcome, Work, do
from respaldo.flows.wording import moment
from respaldo.flows.workplace import Workplace
from respaldo.report.export import size
from respaldo.texts import backup as backup_texts
from respaldo.texts import console as texts
from respaldo.texts.requests import NOTHING

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


def run(step: str, scope_id: str, context: Context) -> dict[str, Any]:
    """Run one step and write what it knows into the run's row.

    :raises RespaldoError: the step's cause of failure, after it is in the row and in the log.
    """
    return do(step, Workplace.of(scope_id, context), _WORK[step])


def _plan(place: Workplace, applied: list[Applied]) -> Outcome:  # noqa: ARG001  (the steps' signature)
    started_at, configuration = datetime.now(UTC), place.configuration()
    scope = _scope(configuration, place)
    place.report.write(rows.programmed(place.run, scope, place.request()))
    warnings = check(place, scope, configuration.organization)
    source = scope.settings.source
    place.report.write(console_rows.running(place.run, source, socket.gethostname(), started_at))
    planned = known_before(place.report, scope.id).model_copy(update={"warnings": warnings})
    return planned, lambda effort: rows.planned(place.run, planned, effort)


def _inspect(place: Workplace, applied: list[Applied]) -> Outcome:  # noqa: ARG001
    configuration = place.configuration()
    source, zone = _scope(configuration, place).settings.source, _zone(configuration)
    record = read(source, connections.ssh_host, connections.password, zone, datetime.now(UTC))
    log.info(texts.READ, record.where, record.entries, _told(record, zone))
    observations = [texts.TAKEN_FROM.format(product=record.product, result=record.newest.result)]
    if record.running is not None:
        observations.append(texts.UNDER_WAY.format(started_at=moment(record.running.started_at, zone)))
        log.info("%s", observations[-1])
    told = " ".join(observations)
    return record, lambda effort: console_rows.inspected(place.run, record, told, effort)


def _verify(place: Workplace, applied: list[Applied]) -> Outcome:  # noqa: ARG001
    configuration, now = place.configuration(), datetime.now(UTC)
    settings, record = _scope(configuration, place).settings, place.result("inspect", ConsoleRecord)
    planned = place.result("plan", Planned)
    result = judge(
        record,
        settings.source,
        settings.rpo,
        planned.previous,
        now,
        _zone(configuration),
        accept_shrink=bool(place.context["params"].get("accept_shrink")),
    )
    result = result.model_copy(update={"warnings": (*planned.warnings, *result.warnings)})
    for evidence in result.evidence:
        facts = ", ".join(f"{name}={value}" for name, value in evidence.facts.items())
        log.info(backup_texts.VERIFIED, evidence.item, evidence.method, facts)
    return result, lambda effort: console_rows.judged(place.run, record, result, now, effort)


def _scope(configuration: Configuration, place: Workplace) -> Configured[ExternalScope]:
    return configuration.external[place.run.scope_id]


def _zone(configuration: Configuration) -> ZoneInfo:
    return ZoneInfo(configuration.organization.timezone)


def _told(record: ConsoleRecord, zone: ZoneInfo) -> str:
    newest = record.newest
    return texts.ENTRY.format(
        result=newest.result,
        started_at=moment(newest.started_at, zone),
        ended_at=moment(newest.ended_at, zone),
        size=NOTHING if newest.size_bytes is None else size(newest.size_bytes),
    )


_WORK: dict[str, Work] = {"plan": _plan, "inspect": _inspect, "verify": _verify}
