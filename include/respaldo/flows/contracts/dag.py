"""The DAGs of contracts: the question of one contract's renewal, and the watch over all of them."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG

from respaldo.config.organization import Organization
from respaldo.domain.quantities import format_duration
from respaldo.flows.caretaking import LONGEST_STEP, MOST_QUESTIONS, asked_again, caretaking, organization_for
from respaldo.flows.contracts.form import asked_number, fields
from respaldo.flows.contracts.names import CONTRACTING, WATCH
from respaldo.flows.contracts.operators import (
    ContractOperator,
    LookAtContractsOperator,
    RecordContractOperator,
)
from respaldo.texts import contracts as texts

_EVERY_HALF_HOUR = "5,35 * * * *"
"""Soon after the midnight that ends a contract, and before the copies of the night."""


def airflow_contract_dags() -> dict[str, DAG]:
    """Build both DAGs, by DAG id; none where ``organization_for`` gives none."""
    organization = organization_for(CONTRACTING, WATCH)
    if organization is None:
        return {}
    return {CONTRACTING: _contracting(organization), WATCH: _watch(organization)}


def _contracting(organization: Organization) -> DAG:
    settings = organization.contracts
    with DAG(
        dag_id=CONTRACTING,
        dag_display_name=texts.CONTRACTING_TITLE,
        description=texts.CONTRACTING_DESCRIPTION,
        doc_md=texts.CONTRACTING_DOC.format(
            decider=organization.titles_of(settings.decider),
            answer_within=format_duration(settings.answer_within),
        ),
        schedule=None,
        max_active_runs=MOST_QUESTIONS,
        params=asked_number(),
        **caretaking(organization, texts.TAG),
    ) as dag:
        contract = ContractOperator(
            task_id="contract",
            subject=texts.TASK_TITLES["contract"],
            params=fields(),
            options=list(texts.CHOICES.values()),
            response_timeout=settings.answer_within,
            **asked_again(),
            **_title("contract"),
        )
        record = RecordContractOperator(
            task_id="record",
            execution_timeout=LONGEST_STEP,
            # Of two answers that come at once, the second finds what the first left.
            max_active_tis_per_dag=1,
            **_title("record"),
        )
        contract >> record
    return dag


def _watch(organization: Organization) -> DAG:
    with DAG(
        dag_id=WATCH,
        dag_display_name=texts.WATCH_TITLE,
        description=texts.WATCH_DESCRIPTION,
        doc_md=texts.WATCH_DOC,
        schedule=_EVERY_HALF_HOUR,
        max_active_runs=1,
        **caretaking(organization, texts.TAG),
    ) as dag:
        look = LookAtContractsOperator(task_id="look", execution_timeout=LONGEST_STEP, **_title("look"))
        TriggerDagRunOperator.partial(
            task_id="open",
            trigger_dag_id=CONTRACTING,
            logical_date=None,
            # One that waits for an answer nobody needs any more begins again, and ends.
            reset_dag_run=True,
            **_title("open"),
        ).expand_kwargs(look.output)
    return dag


def _title(name: str) -> dict[str, Any]:
    return {"task_display_name": texts.TASK_TITLES[name]}
