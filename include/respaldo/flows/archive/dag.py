"""The DAG of the archive: each month the form of the month before, by hand that of any period (26)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, BaseOperator, Param

from respaldo.config.organization import Organization
from respaldo.flows.archive.names import ARCHIVE
from respaldo.flows.caretaking import organization_for
from respaldo.flows.colors import RESULT, WORK
from respaldo.flows.policy import CauseRetryPolicy
from respaldo.flows.scope_dag import FIRST_DAY
from respaldo.texts import archive as texts
from respaldo.texts import backup as backup_texts

if TYPE_CHECKING:
    from airflow.sdk import Context

_FIRST_OF_THE_MONTH_AT_THREE = "0 3 1 * *"
_LONGEST_STEP = timedelta(hours=1)
_LONGEST_REASON = 500
_RETRIES = 6
_RETRY_SECONDS = 15
"""Before the first retry; each later wait doubles. The report may be away for a quarter of an hour."""


class CollectOperator(BaseOperator):
    """Verifies the history, and puts the period's documents into the archive."""

    ui_color = WORK

    def execute(self, context: Context) -> dict[str, Any]:
        from respaldo.flows.archive import steps

        return steps.collect(context)


class RecordArchiveOperator(BaseOperator):
    """Writes down what is in the archive, and tells it."""

    ui_color = RESULT

    def execute(self, context: Context) -> None:
        from respaldo.flows.archive import steps

        steps.record(context)


def airflow_archive_dag() -> DAG | None:
    """Build the DAG; None where ``organization_for`` gives none."""
    organization = organization_for(ARCHIVE)
    if organization is None:
        return None
    with DAG(
        dag_id=ARCHIVE,
        dag_display_name=texts.DAG_TITLE,
        description=texts.DAG_DESCRIPTION,
        doc_md=_document(organization),
        schedule=_FIRST_OF_THE_MONTH_AT_THREE,
        start_date=FIRST_DAY.replace(tzinfo=ZoneInfo(organization.timezone)),
        catchup=False,
        # A month that nobody archives is missed only when an auditor asks for it.
        is_paused_upon_creation=False,
        max_active_runs=1,
        params={
            "since": _field("since", format="date"),
            "until": _field("until", format="date"),
            "reason": _field("reason", format="multiline", maxLength=_LONGEST_REASON),
        },
        tags={backup_texts.TAG, texts.TAG},
        default_args={
            "owner": organization.titles_with("archive") or organization.name,
            "retries": _RETRIES,
            "retry_delay": timedelta(seconds=_RETRY_SECONDS),
            "retry_policy": CauseRetryPolicy(_RETRY_SECONDS),
            "execution_timeout": _LONGEST_STEP,
        },
    ) as dag:
        collect = CollectOperator(task_id="collect", task_display_name=texts.TASK_TITLES["collect"])
        record = RecordArchiveOperator(task_id="record", task_display_name=texts.TASK_TITLES["record"])
        collect >> record
    return dag


def _document(organization: Organization) -> str:
    return texts.DAG_DOC.format(
        keepers=organization.titles_with("archive"),
        informed=organization.titles_of(*organization.archive.informed),
        folder=organization.archive.folder,
    )


def _field(name: str, **schema: Any) -> Param:  # noqa: ANN401
    title, description = texts.PARAMS[name]
    return Param(None, title=title, description=description, type=["null", "string"], **schema)
