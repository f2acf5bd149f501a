"""What the DAGs of all scopes have in common, however their copies are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Param
from airflow.sdk.definitions.param import ParamsDict

from respaldo.config.configuration import AnyScope, Configuration
from respaldo.flows.names import dag_id_of
from respaldo.flows.policy import CauseRetryPolicy
from respaldo.texts import backup as texts
from respaldo.texts.report import TERMS

FIRST_DAY = datetime(2022, 2, 3)  # noqa: DTZ001  (the procedure's date; the zone is the organization's)


@contextmanager
def scope_dag(
    scope: AnyScope,
    configuration: Configuration,
    params: Mapping[str, Param],
    document: str,
    *,
    runs: int = 1,
) -> Iterator[DAG]:
    """Make a scope's DAG, to put its tasks into.

    :param params: the fields of its trigger form.
    :param runs: how many of its runs may be under way at once.
    """
    settings = scope.settings
    kind = TERMS["source_kind"].get(settings.source_kind, settings.source_kind)
    with DAG(
        dag_id=dag_id_of(scope.id),
        dag_display_name=texts.DAG_TITLE.format(name=settings.name),
        description=settings.name,
        doc_md=document,
        schedule=settings.schedule,
        start_date=FIRST_DAY.replace(tzinfo=ZoneInfo(configuration.organization.timezone)),
        catchup=False,
        max_active_runs=runs,
        tags={texts.TAG, settings.department, settings.criticality, kind.lower()},
        default_args=_defaults(scope, configuration),
    ) as dag:
        yield dag
    # After its tasks: each would take a copy of the form, and Airflow checks the schema of each field of each
    # copy, again and again. A task's context has what somebody filled in all the same.
    dag.params = ParamsDict(params)


def asked_for() -> dict[str, Param]:
    """Give the fields that every trigger form of a backup has: who asks for it, and why (activity 21)."""
    text = {"type": ["null", "string"], "maxLength": 500}
    return {name: field(name, default=None, **text) for name in ("reason", "requester", "ticket")}


def field(name: str, *, default: object, **schema: Any) -> Param:  # noqa: ANN401
    """Make a field of a trigger form.

    What only other DAGs say (`Workplace.request`) is none.
    """
    title, description = texts.PARAMS[name]
    return Param(default, title=title, description=description, **schema)


def _defaults(scope: AnyScope, configuration: Configuration) -> dict[str, Any]:
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
