"""The DAG of restore requests, as the procedure draws it: activities 17 to 26."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, TaskGroup, get_parsing_context
from airflow.sdk.bases.operator import chain

from respaldo.config.configuration import Configuration, folder, load
from respaldo.config.organization import Organization
from respaldo.domain.problems import ConfigurationProblemsError, Problem
from respaldo.domain.quantities import format_duration
from respaldo.flows.caretaking import asked_again
from respaldo.flows.operators import InvalidScopeOperator
from respaldo.flows.policy import CauseRetryPolicy
from respaldo.flows.requests.decisions import OPTIONS
from respaldo.flows.requests.form import answer, form
from respaldo.flows.requests.names import RESTORE_REQUEST
from respaldo.flows.requests.operators import (
    BackupResultSensor,
    BackupRunOperator,
    DecisionOperator,
    RequestStepOperator,
    RequestWatcherOperator,
)
from respaldo.flows.scope_dag import FIRST_DAY
from respaldo.texts import backup as backup_texts
from respaldo.texts import requests as texts
from respaldo.texts.configuration import tell

_ON_ANY_WAY = "none_failed_min_one_success"
_LOOK_SECONDS = 10
_LONGEST_STEP = timedelta(hours=24)
_RETRIES = 6
_RETRY_SECONDS = 15
"""Before the first retry; each later wait doubles. The report may be away for a quarter of an hour."""


def airflow_restore_request_dag() -> DAG | None:
    """Build the DAG from the configuration's folder; None while a task of another DAG runs."""
    wanted = get_parsing_context().dag_id
    if wanted not in (None, RESTORE_REQUEST):
        return None
    try:
        configuration = load(folder(), "" if wanted else None)
    except ConfigurationProblemsError as error:
        return _invalid_dag(error.problems)
    scopes = {scope.id: scope.settings.name for scope in configuration.kept.values()}
    return restore_request_dag(configuration, None if wanted else scopes)


def restore_request_dag(configuration: Configuration, scopes: Mapping[str, str] | None) -> DAG:
    """Build the DAG.

    :param scopes: id to name of those that the form offers; None: any (a task runs).
    """
    organization = configuration.organization
    with DAG(
        dag_id=RESTORE_REQUEST,
        dag_display_name=texts.DAG_TITLE,
        description=texts.DESCRIPTION,
        doc_md=_document(organization),
        schedule=None,
        start_date=FIRST_DAY.replace(tzinfo=ZoneInfo(organization.timezone)),
        catchup=False,
        max_active_runs=50,
        params=form(scopes),
        tags={texts.TAG, texts.REQUEST_TAG},
        default_args={
            "owner": organization.name,
            "retries": _RETRIES,
            "retry_delay": timedelta(seconds=_RETRY_SECONDS),
            "retry_policy": CauseRetryPolicy(_RETRY_SECONDS),
            "trigger_rule": _ON_ANY_WAY,
        },
    ) as dag:
        _build(organization.requests.answer_within)
    return dag


def _invalid_dag(problems: tuple[Problem, ...]) -> DAG:
    """Stand in for the DAG while organization.yaml or repositories.yaml cannot be used: red, not missing."""
    problem = "\n".join(map(tell, problems))
    with DAG(
        dag_id=RESTORE_REQUEST,
        dag_display_name=texts.DAG_TITLE,
        doc_md=f"```\n{problem}\n```",
        schedule=None,
        tags={texts.TAG, backup_texts.INVALID_TAG},
    ) as dag:
        InvalidScopeOperator(
            task_id="configuration", task_display_name=backup_texts.INVALID_TASK, problem=problem, retries=0
        )
    return dag


def _build(answer_within: timedelta) -> None:
    """Put the tasks together. Which way a request takes, each task decides when it is done."""
    register, analyse = _step("register"), _question("analyse", answer_within, "note", "snapshot")
    inform, record = _step("inform", trigger_rule="all_done"), _step("record", trigger_rule="all_done")
    watcher = RequestWatcherOperator(
        task_id="watcher", trigger_rule="all_done", retries=0, **_title("watcher")
    )
    with TaskGroup("backup", group_display_name=texts.GROUPS["backup"], prefix_group_id=False):
        unscheduled = _backup("unscheduled_backup")
    with TaskGroup("first_copy", group_display_name=texts.GROUPS["first_copy"], prefix_group_id=False):
        first = _copy("", answer_within, inform)
    with TaskGroup("second_copy", group_display_name=texts.GROUPS["second_copy"], prefix_group_id=False):
        second = _copy("second_", answer_within, inform)
    chain(register, analyse, [first["identify"], unscheduled[0], inform])
    chain(unscheduled[-1], inform)
    for step in ("identify", "restore", "accept"):
        first[step] >> second["identify"]
    chain(inform, record, watcher)


def _copy(prefix: str, answer_within: timedelta, inform: Any) -> dict[str, Any]:  # noqa: ANN401  (an operator)
    """Build activities 19, 20, 22 and 23 for one copy, and 15 when it is not good."""
    identify, restore = _step(f"{prefix}identify"), _step(f"{prefix}restore")
    authorize = _question(f"{prefix}authorize", answer_within, "note")
    safety = _backup(f"{prefix}safety_backup")
    accept, rerun = _question(f"{prefix}accept", answer_within, "note"), _run_of_scope(f"{prefix}rerun")
    identify >> [authorize, restore, rerun, inform]
    authorize >> [safety[0], inform]
    safety[-1] >> restore
    restore >> [accept, rerun, inform]
    accept >> inform
    rerun >> inform
    return {"identify": identify, "restore": restore, "accept": accept}


def _backup(name: str) -> tuple[BackupRunOperator, BackupResultSensor]:
    begin = _run_of_scope(name)
    result = BackupResultSensor(
        task_id=f"{name}_result",
        of=name,
        poke_interval=_LOOK_SECONDS,
        **_title(f"{name}_result"),
    )
    begin >> result
    return begin, result


def _run_of_scope(name: str) -> BackupRunOperator:
    return BackupRunOperator(task_id=name, **_title(name))


def _step(name: str, **special: Any) -> RequestStepOperator:  # noqa: ANN401
    return RequestStepOperator(task_id=name, execution_timeout=_LONGEST_STEP, **_title(name), **special)


def _question(name: str, answer_within: timedelta, *fields: str) -> DecisionOperator:
    return DecisionOperator(
        task_id=name,
        subject=texts.TASK_TITLES[name],
        params=answer(*fields),
        options=list(OPTIONS[name].values()),
        response_timeout=answer_within,
        **asked_again(),
        **_title(name),
    )


def _title(name: str) -> dict[str, Any]:
    return {"task_display_name": texts.TASK_TITLES[name]}


def _document(organization: Organization) -> str:
    requests = organization.requests
    return texts.DOC.format(
        analyst=organization.titles_of(requests.analyst),
        authorizers=organization.titles_of(*requests.authorizers),
        acceptance=organization.titles_of(requests.acceptance),
        answer_within=format_duration(requests.answer_within),
    )
