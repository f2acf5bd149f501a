"""The DAG of a scope that people copy by hand: plan → perform → execute → verify → record, and a watcher."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, Param
from airflow.sdk.bases.operator import chain

from respaldo.config.configuration import Configuration, Configured
from respaldo.config.manual import ManualScope
from respaldo.config.pools import pool_of
from respaldo.domain.quantities import format_duration
from respaldo.flows.caretaking import asked_again
from respaldo.flows.manual.form import perform_fields, verify_fields
from respaldo.flows.manual.operators import ManualQuestionOperator, ManualStepOperator
from respaldo.flows.operators import RecordOperator, WatcherOperator
from respaldo.flows.scope_dag import asked_for, scope_dag
from respaldo.texts import manual as texts
from respaldo.texts.backup import NONE
from respaldo.texts.retention import retention_in_words

_MOST_RUNS = 16
"""Runs that wait for people at once: none may keep the next schedule from asking for its copy."""


def manual_dag(scope: Configured[ManualScope], configuration: Configuration) -> DAG:
    """Build the DAG of a scope. The work itself is looked up when a task runs."""
    settings = scope.settings
    pool = {"pool": pool_of(settings.repository, settings.queue)} if settings.repository else {}
    # Others' DAGs can be scheduled on good copies.
    good = Asset(name=f"respaldo_{scope.id}", uri=f"respaldo://{scope.id}")
    with scope_dag(
        scope, configuration, asked_for(), _document(scope, configuration), runs=_MOST_RUNS
    ) as dag:
        steps = [
            ManualStepOperator(task_id="plan", **_named("plan", scope)),
            _question("perform", scope, settings.perform_within, perform_fields(), texts.RESULTS),
            ManualStepOperator(task_id="execute", **_named("execute", scope), **pool),
            _question(
                "verify", scope, settings.verify_within, verify_fields(), texts.VERDICTS, outlets=[good]
            ),
            RecordOperator(task_id="record", trigger_rule="all_done", **_named("record", scope)),
        ]
        watcher = WatcherOperator(
            task_id="watcher", trigger_rule="one_failed", retries=0, **_named("watcher", scope)
        )
        chain(*steps)
        steps >> watcher
    return dag


def _question(
    name: str,
    scope: Configured[ManualScope],
    within: timedelta,
    fields: dict[str, Param],
    options: dict[str, str],
    **special: Any,  # noqa: ANN401  (an operator's own arguments)
) -> ManualQuestionOperator:
    return ManualQuestionOperator(
        task_id=name,
        subject=texts.TASK_TITLES[name],
        params=fields,
        options=list(options.values()),
        response_timeout=within,
        **asked_again(),
        **_named(name, scope),
        **special,
    )


def _named(name: str, scope: Configured[ManualScope]) -> dict[str, Any]:
    return {"scope_id": scope.id, "task_display_name": texts.TASK_TITLES[name]}


def _document(scope: Configured[ManualScope], configuration: Configuration) -> str:
    settings, organization = scope.settings, configuration.organization
    return texts.DOC.format(
        name=settings.name,
        department=settings.department,
        criticality=settings.criticality,
        responsible=organization.titles_of(settings.responsible),
        verifier=organization.titles_of(settings.verifier),
        what=settings.what,
        perform_within=format_duration(settings.perform_within),
        verify_within=format_duration(settings.verify_within),
        repository=settings.repository or NONE,
        retention=retention_in_words(settings.retention),
        rpo=format_duration(settings.rpo),
        rto=format_duration(settings.rto),
        instructions=settings.instructions,
    )
