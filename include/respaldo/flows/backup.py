"""The DAG of one scope: plan → execute → verify → copy → record, and the watcher below everything."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, Param
from airflow.sdk.bases.operator import chain

from respaldo.config.configuration import Configuration, ConfiguredScope
from respaldo.config.repositories import RepositorySettings, pool_of
from respaldo.domain.problems import Problem
from respaldo.domain.quantities import format_duration
from respaldo.flows.operators import InvalidScopeOperator, RecordOperator, StepOperator, WatcherOperator
from respaldo.flows.policy import CauseRetryPolicy
from respaldo.texts import backup as texts
from respaldo.texts.configuration import tell

STEPS = ("plan", "execute", "verify", "copy", "record")

FIRST_DAY = datetime(2022, 2, 3)  # noqa: DTZ001  (the procedure's date; the zone is the organization's)
_INVALID_SCHEDULE = "0 1 * * *"
"""When a scope whose schedule cannot be read shows its red run."""


def dag_id_of(scope_id: str) -> str:
    """Name the DAG of a scope, also of one whose file has a name that Airflow would not take."""
    return f"backup__{re.sub(r'[^A-Za-z0-9_.-]', '_', scope_id)[:200]}"


def backup_dag(scope: ConfiguredScope, configuration: Configuration) -> DAG:
    """Build the DAG of a scope. The work itself is looked up when a task runs."""
    settings = scope.settings
    dag = DAG(
        dag_id=dag_id_of(scope.id),
        dag_display_name=texts.DAG_TITLE.format(name=settings.name),
        description=settings.name,
        doc_md=_document(scope, configuration),
        schedule=settings.schedule,
        start_date=FIRST_DAY.replace(tzinfo=ZoneInfo(configuration.organization.timezone)),
        catchup=False,
        max_active_runs=1,
        params=_form(),
        tags={texts.TAG, settings.department, settings.criticality, settings.source.kind},
        default_args=_defaults(scope, configuration),
    )
    with dag:
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
        the steps are there too, to tell the cause and to close the row.
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
            steps = [_operator(name)(task_id=name, scope_id=scope_id, retry_policy=policy) for name in STEPS]
            chain(*steps)
            steps >> WatcherOperator(task_id="watcher", scope_id=scope_id)
    return dag


def _operator(step: str) -> type[StepOperator] | type[RecordOperator]:
    return RecordOperator if step == "record" else StepOperator


def _step(name: str, scope: ConfiguredScope) -> StepOperator | RecordOperator:
    settings = scope.settings
    special: dict[str, Any] = {}
    if name in ("execute", "verify"):
        special["pool"] = pool_of(settings.repository)
    if name == "copy" and settings.second_copy:
        special["pool"] = pool_of(settings.second_copy)
    if name == "record":
        special["trigger_rule"] = "all_done"
    if name == "verify":
        # Others' DAGs can be scheduled on good copies.
        special["outlets"] = [Asset(name=f"respaldo_{scope.id}", uri=f"respaldo://{scope.id}")]
    title = texts.TASK_TITLES[name]
    return _operator(name)(task_id=name, task_display_name=title, scope_id=scope.id, **special)


def _defaults(scope: ConfiguredScope, configuration: Configuration) -> dict[str, Any]:
    settings = scope.settings
    defaults: dict[str, Any] = {
        "owner": configuration.organization.roles[settings.responsible].title,
        "retries": settings.retries.attempts - 1,
        "retry_delay": settings.retries.delay,
        "retry_policy": CauseRetryPolicy(settings.retries.delay.total_seconds()),
        "execution_timeout": settings.timeout,
    }
    if settings.queue is not None:
        defaults["queue"] = settings.queue
    return defaults


def _form() -> dict[str, Param]:
    """The trigger form of an unscheduled backup (activity 21).

    Each field costs: Airflow checks its schema a dozen times for each DAG that it reads. What only other DAGs
    say (`Workplace.request`) is none.
    """

    def field(name: str, *, default: object, **schema: Any) -> Param:  # noqa: ANN401
        title, description = texts.PARAMS[name]
        return Param(default, title=title, description=description, **schema)

    text = {"type": ["null", "string"], "maxLength": 500}
    return {
        "reason": field("reason", default=None, **text),
        "requester": field("requester", default=None, **text),
        "ticket": field("ticket", default=None, **text),
        "accept_shrink": field("accept_shrink", default=False, type="boolean"),
        "read_all_data": field("read_all_data", default=False, type="boolean"),
        "repair": field("repair", default=False, type="boolean"),
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
        source=settings.source.describe(),
        first=_place(settings.repository, repositories[settings.repository]),
        second=_place(second, repositories[second]) if second else texts.NONE,
        retention=settings.retention,
        rpo=format_duration(settings.rpo),
        rto=format_duration(settings.rto),
    )


def _place(name: str, settings: RepositorySettings) -> str:
    return texts.PLACE.format(repository=name, site=settings.site, medium=settings.medium)
