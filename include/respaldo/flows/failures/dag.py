"""The DAGs behind a failed backup: the analysis of one failure, and the watch over all runs."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param

from respaldo.config.organization import Organization
from respaldo.domain.quantities import format_duration
from respaldo.flows.caretaking import LONGEST_STEP, MOST_QUESTIONS, asked_again, caretaking, organization_for
from respaldo.flows.failures.form import form
from respaldo.flows.failures.names import ANALYSIS, WATCH
from respaldo.flows.failures.operators import (
    ClassifyOperator,
    CloseOperator,
    JudgeOperator,
    LookOperator,
    RerunOperator,
)
from respaldo.texts import failures as texts

_EVERY_TEN_MINUTES = "*/10 * * * *"


def airflow_failure_dags() -> dict[str, DAG]:
    """Build both DAGs, by DAG id; none where ``organization_for`` gives none."""
    organization = organization_for(ANALYSIS, WATCH)
    if organization is None:
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
        max_active_runs=MOST_QUESTIONS,
        params={name: _param(name) for name in texts.PARAMS},
        **caretaking(organization, texts.TAG),
    ) as dag:
        classify = ClassifyOperator(task_id="classify", execution_timeout=LONGEST_STEP, **_title("classify"))
        decide = JudgeOperator(
            task_id="decide",
            subject=texts.TASK_TITLES["decide"],
            params=form(),
            options=list(texts.CHOICES.values()),
            response_timeout=failures.answer_within,
            **asked_again(),
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
        **caretaking(organization, texts.TAG),
    ) as dag:
        look = LookOperator(task_id="look", execution_timeout=LONGEST_STEP, **_title("look"))
        TriggerDagRunOperator.partial(
            task_id="analyse",
            trigger_dag_id=ANALYSIS,
            logical_date=None,
            # One that waits for an answer nobody needs any more begins again, and ends.
            reset_dag_run=True,
            **_title("analyse"),
        ).expand_kwargs(look.output)
    return dag


def _param(name: str) -> Param:
    title, description = texts.PARAMS[name]
    return Param(title=title, description=description, type="string", minLength=1)


def _title(name: str) -> dict[str, Any]:
    return {"task_display_name": texts.TASK_TITLES[name]}
