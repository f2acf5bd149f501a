"""The DAG of a scope whose copies another product makes: plan → inspect → verify → record, and a watcher."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset
from airflow.sdk.bases.operator import chain

from respaldo.config.configuration import Configuration, Configured
from respaldo.config.external import ExternalScope
from respaldo.domain.quantities import format_duration
from respaldo.flows.external.operators import ExternalStepOperator
from respaldo.flows.operators import RecordOperator, WatcherOperator
from respaldo.flows.scope_dag import asked_for, scope_dag
from respaldo.texts import console as texts
from respaldo.texts.retention import retention_in_words


def external_dag(scope: Configured[ExternalScope], configuration: Configuration) -> DAG:
    """Build the DAG of a scope. The work itself is looked up when a task runs."""
    # Others' DAGs can be scheduled on good copies.
    good = Asset(name=f"respaldo_{scope.id}", uri=f"respaldo://{scope.id}")
    with scope_dag(scope, configuration, asked_for(), _document(scope, configuration)) as dag:
        steps = [
            ExternalStepOperator(task_id="plan", **_named("plan", scope)),
            ExternalStepOperator(task_id="inspect", **_named("inspect", scope)),
            ExternalStepOperator(task_id="verify", outlets=[good], **_named("verify", scope)),
            RecordOperator(task_id="record", trigger_rule="all_done", **_named("record", scope)),
        ]
        watcher = WatcherOperator(
            task_id="watcher", trigger_rule="one_failed", retries=0, **_named("watcher", scope)
        )
        chain(*steps)
        steps >> watcher
    return dag


def _named(name: str, scope: Configured[ExternalScope]) -> dict[str, Any]:
    return {"scope_id": scope.id, "task_display_name": texts.TASK_TITLES[name]}


def _document(scope: Configured[ExternalScope], configuration: Configuration) -> str:
    settings = scope.settings
    source = settings.source
    return texts.DOC.format(
        name=settings.name,
        department=settings.department,
        criticality=settings.criticality,
        responsible=configuration.organization.titles_of(settings.responsible),
        product=source.product,
        where=source.record.where,
        host=source.record.host or texts.THIS_WORKER,
        job=source.job or texts.ALL_JOBS,
        retention=retention_in_words(settings.retention),
        rpo=format_duration(settings.rpo),
        rto=format_duration(settings.rto),
    )
