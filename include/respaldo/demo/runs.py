"""Trigger the scopes' DAGs over Airflow's REST API, and wait for them, telling how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from respaldo.domain.values import Run
from respaldo.embedded.api import Api
from respaldo.embedded.errors import ApiError
from respaldo.flows.names import dag_id_of
from respaldo.texts import demo as texts

_FINAL = ("success", "failed")
_POLL_SECONDS = 1.0
_TELL_SECONDS = 5.0
_LONGEST_SECONDS = 240


@dataclass
class Triggered:
    """One run of one scope, and what Airflow says of it."""

    run: Run
    state: str = "queued"

    @property
    def is_over(self) -> bool:
        return self.state in _FINAL


def trigger(api: Api, scope_id: str, what: str, number: int) -> Triggered:
    """Start an unscheduled backup, as somebody would with the form (activity 21)."""
    dag_id = dag_id_of(scope_id)
    wait_for_dag(api, dag_id)
    api.patch(f"dags/{dag_id}", {"is_paused": False})
    conf = {
        "reason": texts.REASON.format(what=what),
        "requester": texts.REQUESTER,
        "ticket": texts.TICKET.format(number=number),
    }
    made = api.post(f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
    return Triggered(Run(dag_id=dag_id, run_id=made["dag_run_id"], scope_id=scope_id))


def wait(
    api: Api,
    runs: Sequence[Triggered],
    say: Callable[[str], None],
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Wait until all runs are over or the time is up, telling every few seconds which step each is at.

    :param meanwhile: what is done before each look at them.
    """
    began = told = time.monotonic()
    while not all(run.is_over for run in runs) and time.monotonic() - began < _LONGEST_SECONDS:
        time.sleep(_POLL_SECONDS)
        meanwhile()
        for run in runs:
            run.state = api.get(_path(run))["state"]
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            steps = ", ".join(_at(api, run) for run in runs)
            say(texts.PROGRESS.format(seconds=round(told - began), steps=steps))


def _at(api: Api, run: Triggered) -> str:
    if run.is_over:
        step = texts.DONE.format(state=run.state)
    else:
        tasks: list[dict[str, Any]] = api.get(f"{_path(run)}/taskInstances")["task_instances"]
        step = next((task["task_id"] for task in tasks if task["state"] == "running"), "…")
    return texts.STEP.format(scope=run.run.scope_id, step=step)


def _path(run: Triggered) -> str:
    return f"dags/{run.run.dag_id}/dagRuns/{run.run.run_id}"


def wait_for_dag(api: Api, dag_id: str) -> None:
    """Wait until Airflow knows a DAG: its processor reads new files a moment after it starts."""
    deadline = time.monotonic() + 60
    while True:
        try:
            api.get(f"dags/{dag_id}")
        except ApiError:
            if time.monotonic() > deadline:
                _raise_import_error(api)
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def _raise_import_error(api: Api) -> None:
    """Name what keeps a DAG file from loading, if anything does."""
    for found in api.get("importErrors")["import_errors"]:
        raise ApiError(request=found["filename"], answer=found["stack_trace"])
