"""Airflow's cluster policy: on which worker the tasks of a request run that need its scope's disk.

A task's queue is fixed when its DAG is read, and the DAG of requests is of all scopes. So its task
instances get their queue when they are made, and again when they are cleared: by the scope that the run's
form names. Airflow loads this by an entry point, also where there is nothing of ours but the package.
"""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import TYPE_CHECKING

import pluggy

from respaldo.flows.requests.names import RESTORE_REQUEST

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

log = logging.getLogger(__name__)

AT_THE_SCOPE = frozenset({"identify", "restore", "second_identify", "second_restore"})
"""What looks at a scope's disk or writes there. All else must go on while a site is cut off."""

_KNOWN_SECONDS = 5
"""The tasks of one run are made at once: the configuration is read once for them."""

_policy = pluggy.HookimplMarker("airflow.policy")


@_policy
def task_instance_mutation_hook(task_instance: TaskInstance, dag_run: DagRun | None) -> None:
    """Set the queue. It raises nothing: neither the scheduler nor whoever sends a form survives that."""
    try:
        _name(task_instance)
        if (
            dag_run is None
            or task_instance.dag_id != RESTORE_REQUEST
            or task_instance.task_id not in AT_THE_SCOPE
        ):
            return
        scope = (dag_run.conf or {}).get("scope")
        queue = _queue_of(str(scope), int(time.monotonic()) // _KNOWN_SECONDS) if scope else None
        if queue is not None:
            task_instance.queue = queue
    except Exception:
        # Left on any worker, the task refuses to work there (`respaldo.flows.requests.steps`).
        log.exception("the queue of %s of a request was not set", task_instance.task_id)


def _name(task_instance: TaskInstance) -> None:
    """Give a task instance its title: where there is a policy, Airflow forgets it."""
    task = getattr(task_instance, "task", None)
    if task is not None and task_instance._task_display_property_value is None:
        task_instance._task_display_property_value = task.task_display_name


@lru_cache(maxsize=64)
def _queue_of(scope_id: str, moment: int) -> str | None:  # noqa: ARG001  (what was known before is forgotten)
    from respaldo.config.configuration import folder, load

    scope = load(folder(), scope_id).all_scopes.get(scope_id)
    return scope.settings.queue if scope else None


# Airflow asks a policy about new task instances only where this says that there is one, and says so itself
# for policies from a file only. It comes last: importing Airflow loads what is above.
from airflow import settings  # noqa: E402

settings.task_instance_mutation_hook.is_noop = False  # type: ignore[attr-defined]
