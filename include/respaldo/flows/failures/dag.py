"""The DAGs behind a failed backup: the analysis of one failure, and the watch over all runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, get_parsing_context

from respaldo.config.configuration import folder, load_organization
from respaldo.config.organization import Organization
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.domain.quantities import format_duration
from respaldo.flows.failures.form import form
from respaldo.flows.failures.names import ANALYSIS, WATCH
from respaldo.flows.failures.operators import (
    ClassifyOperator,
    CloseOperator,
    JudgeOperator,
    LookOperator,
    RerunOperator,
)
from respaldo.flows.policy import CauseRetryPolicy, QuestionRetryPolicy
from respaldo.flows.scope_dag import FIRST_DAY
from respaldo.texts import backup as backup_texts
from respaldo.texts import failures as texts

_EVERY_TEN_MINUTES = "*/10 * * * *"
_LONGEST_STEP = timedelta(minutes=15)
_RETRIES = 6
_RETRY_SECONDS = 15
"""Before the first retry; each later wait doubles. The report may be away for a quarter of an hour."""

_QUESTIONS_AGAIN = 20
"""How often a question whose answer says no corrective is asked again."""

_MOST_ANALYSES = 1000
"""Each waits for people, and holds no worker: none may keep another from opening."""


def airflow_failure_dags() -> dict[str, DAG]:
    """Build both DAGs, by DAG id; none while a task of another DAG runs.

    Nothing while ``organization.yaml`` cannot be used: the scopes' own DAGs are red then, and say why.
    """
    if get_parsing_context().dag_id not in (None, ANALYSIS, WATCH):
        return {}
    try:
        organization = load_organization(folder())
    except ConfigurationProblemsError:
        return {}
    return {ANALYSIS: _analysis(organization), WATCH: _watch(organization)}


def _analysis(organization: Organization) -> DAG:
    failures = organization.failures
    with DAG(
        dag_id=ANALYSIS,
        dag_display_name=texts.ANALYSIS_TITLE,
        description=texts.ANALYSIS_DESCRIPTION,
        doc_md=texts.ANALYSIS_DOC.format(
            analyst=organization.titles_of(failures.analyst),
            answer_within=format_duration(failures.answer_within),
        ),
        schedule=None,
        max_active_runs=_MOST_ANALYSES,
        params={name: _param(name) for name in texts.PARAMS},
        **_common(organization),
    ) as dag:
        classify = ClassifyOperator(task_id="classify", execution_timeout=_LONGEST_STEP, **_title("classify"))
        decide = JudgeOperator(
            task_id="decide",
            subject=texts.TASK_TITLES["decide"],
            params=form(),
            options=list(texts.CHOICES.values()),
            response_timeout=failures.answer_within,
            retries=_QUESTIONS_AGAIN,
            # An answer that is lost, or says no corrective, is asked for again at once.
            retry_delay=timedelta(seconds=1),
            retry_policy=QuestionRetryPolicy(_RETRY_SECONDS),
            **_title("decide"),
        )
        rerun = RerunOperator(task_id="rerun", **_title("rerun"))
        record = CloseOperator(task_id="record", trigger_rule="all_done", **_title("record"))
        classify >> [decide, rerun, record]
        decide >> [rerun, record]
        rerun >> record
    return dag


def _watch(organization: Organization) -> DAG:
    with DAG(
        dag_id=WATCH,
        dag_display_name=texts.WATCH_TITLE,
        description=texts.WATCH_DESCRIPTION,
        doc_md=texts.WATCH_DOC,
        schedule=_EVERY_TEN_MINUTES,
        max_active_runs=1,
        **_common(organization),
    ) as dag:
        look = LookOperator(task_id="look", execution_timeout=_LONGEST_STEP, **_title("look"))
        TriggerDagRunOperator.partial(
            task_id="analyse",
            trigger_dag_id=ANALYSIS,
            logical_date=None,
            # One that waits for an answer nobody needs any more begins again, and ends.
            reset_dag_run=True,
            **_title("analyse"),
        ).expand_kwargs(look.output)
    return dag


def _common(organization: Organization) -> dict[str, Any]:
    return {
        "start_date": FIRST_DAY.replace(tzinfo=ZoneInfo(organization.timezone)),
        "catchup": False,
        # They look after the others: nobody should have to switch them on.
        "is_paused_upon_creation": False,
        "tags": {backup_texts.TAG, texts.TAG},
        "default_args": {
            "owner": organization.name,
            "retries": _RETRIES,
            "retry_delay": timedelta(seconds=_RETRY_SECONDS),
            "retry_policy": CauseRetryPolicy(_RETRY_SECONDS),
            "trigger_rule": "none_failed_min_one_success",
        },
    }


def _param(name: str) -> Param:
    title, description = texts.PARAMS[name]
    return Param(title=title, description=description, type="string", minLength=1)


def _title(name: str) -> dict[str, Any]:
    return {"task_display_name": texts.TASK_TITLES[name]}
