"""The DAG of one scope: plan → execute → verify → copy → record, and the watcher below everything."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, Param
from airflow.sdk.bases.operator import chain

from respaldo.config.configuration import Configuration, ConfiguredScope
from respaldo.config.pools import pool_of
from respaldo.config.repositories import RepositorySettings
from respaldo.domain.problems import Problem
from respaldo.domain.quantities import format_duration
from respaldo.flows.external.operators import ExternalStepOperator
from respaldo.flows.names import dag_id_of
from respaldo.flows.operators import (
    InvalidScopeOperator,
    RecordOperator,
    StepOperator,
    WatcherOperator,
    WokenStepOperator,
)
from respaldo.flows.policy import CauseRetryPolicy
from respaldo.flows.scope_dag import FIRST_DAY, asked_for, field, scope_dag
from respaldo.texts import backup as texts
from respaldo.texts.configuration import tell
from respaldo.texts.retention import retention_in_words

STEPS = ("plan", "execute", "verify", "copy", "record")

_INVALID_SCHEDULE = "0 1 * * *"
"""When a scope whose schedule cannot be read shows its red run."""


def backup_dag(scope: ConfiguredScope, configuration: Configuration) -> DAG:
    """Build the DAG of a scope. The work itself is looked up when a task runs."""
    settings = scope.settings
    with scope_dag(scope, configuration, _form(), _document(scope, configuration)) as dag:
        steps = [_step(name, scope) for name in STEPS if name != "copy" or settings.second_copy]
        watcher = WatcherOperator(
            task_id="watcher",
            scope_id=scope.id,
            task_display_name=texts.TASK_TITLES["watcher"],
            trigger_rule="one_failed",
            retries=0,
        )
        chain(*steps)
        steps >> watcher
    return dag


def invalid_dag(
    scope_id: str, problems: tuple[Problem, ...], timezone: str, *, is_for_a_task: bool = False
) -> DAG:
    """Build the DAG that stands for a scope whose configuration cannot be used: red, not missing.

    :param is_for_a_task: a task of it is about to run. Its run may have begun before the file was broken:
        the steps are there too, of whatever mode it was, to tell the cause and to close the row.
    """
    told = "\n".join(map(tell, problems))
    with DAG(
        dag_id=dag_id_of(scope_id),
        dag_display_name=texts.INVALID_TITLE.format(scope=scope_id),
        doc_md=f"```\n{told}\n```",
        schedule=_INVALID_SCHEDULE,
        start_date=FIRST_DAY.replace(tzinfo=ZoneInfo(timezone)),
        catchup=False,
        max_active_runs=1,
        tags={texts.TAG, texts.INVALID_TAG},
    ) as dag:
        InvalidScopeOperator(
            task_id="configuration",
            task_display_name=texts.INVALID_TASK,
            scope_id=scope_id,
            problem=told,
            retries=0,
        )
        if is_for_a_task:
            policy = CauseRetryPolicy(0)
            steps = [
                operator(task_id=name, scope_id=scope_id, retry_policy=policy)
                for name, operator in _OF_ANY_MODE.items()
            ]
            chain(*steps)
            steps >> WatcherOperator(task_id="watcher", scope_id=scope_id)
    return dag


_OF_ANY_MODE: dict[str, type[StepOperator] | type[RecordOperator]] = {
    "plan": StepOperator,
    "inspect": ExternalStepOperator,
    "perform": WokenStepOperator,
    "execute": StepOperator,
    "verify": WokenStepOperator,
    "copy": StepOperator,
    "record": RecordOperator,
}
"""The steps of a scope that cannot be read: nobody knows of which mode it was."""


def _step(name: str, scope: ConfiguredScope) -> StepOperator | RecordOperator:
    settings = scope.settings
    special: dict[str, Any] = {}
    if name in ("execute", "verify"):
        special["pool"] = pool_of(settings.repository, settings.queue)
    if name == "copy" and settings.second_copy:
        special["pool"] = pool_of(settings.second_copy, settings.queue)
    if name == "record":
        special["trigger_rule"] = "all_done"
    if name == "verify":
        # Others' DAGs can be scheduled on good copies.
        special["outlets"] = [Asset(name=f"respaldo_{scope.id}", uri=f"respaldo://{scope.id}")]
    title, operator = texts.TASK_TITLES[name], RecordOperator if name == "record" else StepOperator
    return operator(task_id=name, task_display_name=title, scope_id=scope.id, **special)


def _form() -> dict[str, Param]:
    return asked_for() | {
        name: field(name, default=False, type="boolean")
        for name in ("accept_shrink", "read_all_data", "repair")
    }


def _document(scope: ConfiguredScope, configuration: Configuration) -> str:
    settings = scope.settings
    repositories = configuration.repositories
    second = settings.second_copy
    return texts.DOC.format(
        name=settings.name,
        department=settings.department,
        criticality=settings.criticality,
        responsible=configuration.organization.roles[settings.responsible].title,
        source=settings.saved,
        first=_place(settings.repository, repositories[settings.repository]),
        second=_place(second, repositories[second]) if second else texts.NONE,
        retention=retention_in_words(settings.retention),
        rpo=format_duration(settings.rpo),
        rto=format_duration(settings.rto),
    )


def _place(name: str, settings: RepositorySettings) -> str:
    return texts.PLACE.format(repository=name, site=settings.site, medium=settings.medium)
