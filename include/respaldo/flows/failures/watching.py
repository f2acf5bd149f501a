"""The watch over all runs: what died without a word, what is over, what nobody analyses yet."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from respaldo.actions import request_rows, rows
from respaldo.domain.errors import CancelledRunError, LostRunError, RespaldoError
from respaldo.domain.values import Run
from respaldo.flows.dag_runs import OVER, is_under_way, state_of
from respaldo.flows.failures import telling
from respaldo.flows.failures.names import ANALYSIS, analysis_of
from respaldo.flows.hooks import settle, settle_later
from respaldo.flows.noting import note
from respaldo.flows.trigger import Trigger
from respaldo.flows.workplace import Workplace
from respaldo.report.incidents import IncidentUpdate, OpenIncident, UnfinishedRun
from respaldo.texts import failures as texts
from respaldo.texts.report import TERMS

log = logging.getLogger(__name__)

_LOOKS_BACK = timedelta(days=8)
"""How far back failures without an analysis, and ends that nobody was told of, are looked for."""

_OPENS_ITSELF = timedelta(minutes=2)
"""A run that just failed opens its analysis itself."""

_MOST_AT_ONCE = 500
"""Airflow makes no more than 1,024 tasks of one: the others are for the next look."""


def look(place: Workplace) -> list[dict[str, Any]]:
    """Close what died, resolve what is over, and give the analyses to trigger.

    Each part asks the report anew what is still to be done: the next look makes up for one that was killed.

    :raises ReportUnavailableError, ReportSchemaError: the report cannot be asked.
    """
    now = datetime.now(UTC)
    settle_later(place)
    lost = [run for run in place.report.unfinished() if _close_if_lost(place, run)]
    resolved = [one for one in place.report.unresolved() if one.good_run_key is not None]
    for incident in resolved:
        _resolve(place, incident)
    ended = place.report.ended(now - _LOOKS_BACK)
    _tell(place, [one for one in ended if one.state == "resolved" and not one.is_told])
    # Beginning again ends a question that waits: it finds that nothing is left to decide.
    pointless = [_failed(one) for one in ended if _runs(place, one.analysis_run_id)]
    late = place.report.unopened(now - _LOOKS_BACK, now - _OPENS_ITSELF)
    missing = [run for run in (*lost, *late) if _is_to_open(place, run)]
    for run in missing:
        log.info(texts.OPENED, run.run_id, run.dag_id)
    log.info(texts.WATCHED, len(lost), len(resolved), len(missing) + len(pointless))
    wanted = {trigger.run_id: trigger for trigger in map(analysis_of, (*missing, *pointless))}
    return [_arguments(trigger) for trigger in list(wanted.values())[:_MOST_AT_ONCE]]


def _is_to_open(place: Workplace, run: Run) -> bool:
    is_backup = not isinstance(run, UnfinishedRun) or run.kind == "backup"
    return is_backup and not _runs(place, analysis_of(run).run_id)


def _arguments(trigger: Trigger) -> dict[str, Any]:
    return {"trigger_run_id": trigger.run_id, "conf": trigger.conf}


def _failed(incident: OpenIncident) -> Run:
    return Run(dag_id=incident.dag_id, run_id=incident.run_id, scope_id=incident.scope_id)


# --- what died without a word


def _close_if_lost(place: Workplace, run: UnfinishedRun) -> bool:
    """Close the row of a run that is over in Airflow, and whose last step never closed it.

    Where that step did its work, the row was closed: that fact waits in another worker's spool.
    """
    ti = place.context["ti"]
    state = state_of(ti, run.dag_id, run.run_id)
    if state not in (*OVER, None):
        return False
    states = ti.get_task_states(dag_id=run.dag_id, run_ids=[run.run_id]).get(run.run_id, {}) if state else {}
    recorded = states.get("record")
    if recorded == "success":
        return False
    row = place.report.row(run.key) or {}
    settle(place._replace(run=run), "record", tuple(row.get("warnings") or ()))
    step = _last_step(states, row.get("attempts") or {})
    error = _why(state, recorded, step)
    if row.get("cause") is None:
        note(place.report, run, error, step)
    now = datetime.now(UTC)
    place.report.write(rows.lost(run, "interrupted", now))
    if run.kind == "restore":
        place.report.write(request_rows.lost(run, now))
    log.warning(texts.LOST, run.run_id, run.dag_id, state or texts.NO_DAG_RUN)
    return True


def _last_step(states: Mapping[str, object], attempts: Mapping[str, int]) -> str:
    """Give the last step that had begun, as far as Airflow or the row still knows."""
    begun = [
        step
        for step in TERMS["step"]
        if step in attempts or states.get(step) in ("success", "failed", "running")
    ]
    return begun[-1] if begun else "plan"


def _why(state: str | None, recorded: str | None, step: str) -> RespaldoError:
    """Tell a run that somebody ended from one that was lost.

    The step that closes the row runs whatever failed before it: it is left undone only when a person ends the
    whole run.
    """
    if state is not None and recorded != "failed":
        return CancelledRunError(step=TERMS["step"][step])
    return LostRunError(state=state or texts.NO_DAG_RUN)


def _runs(place: Workplace, run_id: str | None) -> bool:
    return run_id is not None and is_under_way(place.context["ti"], ANALYSIS, run_id)


# --- what is over


def _resolve(place: Workplace, incident: OpenIncident) -> None:
    place.report.write(
        IncidentUpdate.of(
            _failed(incident),
            state="resolved",
            resolution="rerun" if incident.is_rerun else "next_good",
            resolved_by=incident.good_run_key,
            resolved_at=incident.good_at,
        )
    )


def _tell(place: Workplace, resolved: list[OpenIncident]) -> None:
    """Tell what is over: once for all that one run of a scope ended."""
    by_good_run: defaultdict[tuple[str, str | None], list[OpenIncident]] = defaultdict(list)
    for incident in resolved:
        by_good_run[(incident.scope_id, incident.good_run_key)].append(incident)
    for incidents in by_good_run.values():
        runs = ", ".join(one.run_id for one in incidents)
        log.info(texts.RESOLVED, incidents[0].scope_name, runs, incidents[0].good_run_id)
        telling.resolved(place, incidents)
