"""The watch over all runs: what died without a word, what is over, what nobody analyses yet."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowRuntimeError

from respaldo.actions import request_rows, rows
from respaldo.domain.errors import CancelledRunError, LostRunError, RespaldoError
from respaldo.domain.values import Run
from respaldo.flows.failures import telling
from respaldo.flows.failures.names import ANALYSIS, Trigger, analysis_of
from respaldo.flows.workplace import Workplace
from respaldo.report.incidents import IncidentUpdate, OpenIncident, UnfinishedRun
from respaldo.texts import causes
from respaldo.texts import failures as texts
from respaldo.texts.report import TERMS

log = logging.getLogger(__name__)

_OPENS_LATE = timedelta(days=7)
"""How far back a failure without an analysis is looked for."""

_WAITING = ("open", "waiting")
_OVER = ("success", "failed")


def look(place: Workplace) -> list[dict[str, Any]]:
    """Close what died, resolve what is over, and give the analyses to trigger.

    :raises ReportUnavailableError, ReportSchemaError: the report cannot be asked.
    """
    lost = [run for run in place.report.unfinished() if _close_if_lost(place, run)]
    resolved = [one for one in place.report.unresolved() if one.good_run_key is not None]
    _resolve(place, resolved)
    # Beginning again ends a question that waits: it finds that nothing is left to decide.
    pointless = [one for one in resolved if one.state in _WAITING and _runs(place, one.analysis_run_id)]
    since = datetime.now(UTC) - _OPENS_LATE
    # The very last ones are about to be opened by their own run.
    missing = [run for run in place.report.unopened(since) if not _runs(place, analysis_of(run).run_id)]
    for run in missing:
        log.info(texts.OPENED, run.run_id, run.dag_id)
    wanted = [analysis_of(run) for run in (*missing, *(_failed(one) for one in pointless))]
    log.info(texts.WATCHED, len(lost), len(resolved), len(wanted))
    return [_arguments(trigger) for trigger in wanted]


def _arguments(trigger: Trigger) -> dict[str, Any]:
    return {"trigger_run_id": trigger.run_id, "conf": trigger.conf}


def _failed(incident: OpenIncident) -> Run:
    return Run(dag_id=incident.dag_id, run_id=incident.run_id, scope_id=incident.scope_id)


# --- what died without a word


def _close_if_lost(place: Workplace, run: UnfinishedRun) -> bool:
    """Close the row of a run that is over in Airflow, and whose last step never closed it.

    Where that step did its work, the row was closed: that fact waits in another worker's spool.
    """
    state = _state(place, run.dag_id, run.run_id)
    if state not in (*_OVER, None):
        return False
    ti = place.context["ti"]
    states = ti.get_task_states(dag_id=run.dag_id, run_ids=[run.run_id]).get(run.run_id, {}) if state else {}
    recorded = states.get("record")
    if recorded == "success":
        return False
    row = place.report.row(run.key) or {}
    step = _last_step(states, row.get("attempts") or {})
    error = _why(state, recorded, step)
    if row.get("cause") is None:
        told, corrective = causes.explain(error), causes.corrective(error)
        place.report.write(rows.failed(run, error, step, told, corrective, None))
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


def _state(place: Workplace, dag_id: str, run_id: str) -> str | None:
    """Give the state of a DAG run, None when there is none (any more)."""
    ti: Any = place.context["ti"]
    if not ti.get_dr_count(dag_id, run_ids=[run_id]):
        return None
    try:
        return str(ti.get_dagrun_state(dag_id, run_id).value)
    except AirflowRuntimeError:
        return None


def _runs(place: Workplace, run_id: str | None) -> bool:
    return run_id is not None and _state(place, ANALYSIS, run_id) not in (*_OVER, None)


# --- what is over


def _resolve(place: Workplace, resolved: list[OpenIncident]) -> None:
    by_good_run: defaultdict[tuple[str, str | None], list[OpenIncident]] = defaultdict(list)
    for incident in resolved:
        by_good_run[(incident.scope_id, incident.good_run_key)].append(incident)
        place.report.write(
            IncidentUpdate.of(
                _failed(incident),
                state="resolved",
                resolution="rerun" if incident.is_rerun else "next_good",
                resolved_by=incident.good_run_key,
                resolved_at=incident.good_at,
            )
        )
    for incidents in by_good_run.values():
        runs = ", ".join(one.run_id for one in incidents)
        log.info(texts.RESOLVED, incidents[0].scope_name, runs, incidents[0].good_run_id)
        telling.resolved(place, incidents)
