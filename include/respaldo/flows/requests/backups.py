"""Runs of the scope that a request needs: the safety backup, the unscheduled one (21), the re-run (15)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from respaldo.actions import request_rows
from respaldo.config.manual import ManualScope
from respaldo.domain.errors import BackupFailedError, InvalidConfigurationError, ScopePausedError
from respaldo.domain.values import Run
from respaldo.flows.names import dag_id_of
from respaldo.flows.requests.names import run_id_of
from respaldo.flows.requests.place import BACKUP_RUN, RequestPlace
from respaldo.flows.trigger import Trigger
from respaldo.texts import requests as texts

log = logging.getLogger(__name__)

_STEPS = 4
"""That work long: plan, execute, verify, copy."""

_IN_LINE = timedelta(days=2)
"""For the run before it, the waits between attempts, and a free worker."""

AUTHORIZED_BY = {"safety_backup": "authorize", "second_safety_backup": "second_authorize"}
"""The decision that each safety backup follows."""


def wanted(step: str, place: RequestPlace) -> Trigger | None:
    """Say which run a step needs, and write it into the request; None when it has begun already.

    :raises ScopePausedError: the DAG is switched off: the run would wait for ever.
    """
    dag_id, run_id = _name(step, place)
    if place.ti.get_dag(dag_id).is_paused:
        raise ScopePausedError(dag=dag_id)
    backup = Run(dag_id=dag_id, run_id=run_id, scope_id=place.work.run.scope_id)
    place.ti.xcom_push(key=BACKUP_RUN, value=run_id)
    place.work.report.write(request_rows.caused(place.work.run, step, backup))
    log.info(texts.BACKUP_BEGUN, dag_id, run_id)
    if place.ti.get_dr_count(dag_id, run_ids=[run_id]):
        return None
    return Trigger(dag_id, run_id, _conf(step, place))


def result(step: str, place: RequestPlace) -> str | None:
    """Give the state of the run that a step began, None while it is not over.

    :raises BackupFailedError: it did not end well.
    """
    dag_id, run_id = _name(step, place)
    state = place.ti.get_dagrun_state(dag_id, run_id).value
    if state not in ("success", "failed"):
        return None
    log.info(texts.BACKUP_DONE, run_id, dag_id, state)
    if state == "failed":
        raise BackupFailedError(dag=dag_id, run=run_id, state=state)
    return str(state)


def longest(place: RequestPlace) -> timedelta:
    """Give how long the scope's run may take at the most: each step's every attempt, people's answers."""
    try:
        configuration = place.configuration
    except InvalidConfigurationError as error:
        # Broken while the run is under way: nobody knows, and that is no reason to give up.
        log.warning("%s", error)
        return timedelta.max
    settings = configuration.all_scopes[place.work.run.scope_id].settings
    work = settings.timeout * settings.retries.attempts * _STEPS
    if isinstance(settings, ManualScope):
        work += settings.perform_within + settings.verify_within
    return _IN_LINE + work


def _name(step: str, place: RequestPlace) -> tuple[str, str]:
    run_id = run_id_of(place.work.run.key, step)
    if step in AUTHORIZED_BY:
        # An authorization that is given again is of other data: it needs a backup of its own.
        decision = place.decision(AUTHORIZED_BY[step])
        run_id += f"__{decision.at:%Y%m%dT%H%M%S}" if decision else ""
    return dag_id_of(place.work.run.scope_id), run_id


def _conf(step: str, place: RequestPlace) -> dict[str, Any]:
    request, purpose = place.request, step.removeprefix("second_")
    bad = place.looked("second" if step.startswith("second_") else "first")
    conf: dict[str, Any] = {
        "reason": texts.BACKUP_REASONS[purpose].format(number=bad.number if bad else texts.NOTHING),
        "requester": request.requester,
        "ticket": request.ticket,
        "request_key": place.work.run.key,
    }
    if purpose == "safety_backup":
        # What is to be mended has often lost much: that is no reason not to keep what is left.
        conf |= {"accept_shrink": True}
    if purpose == "rerun":
        # A run on a damaged repository could look good: what is stored already is not read otherwise.
        conf |= {"read_all_data": True, "repair": True, "rerun_of": bad.run_key if bad else None}
    return conf
