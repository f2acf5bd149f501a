"""The DAG of media, by hand with a form: registered, taken out, brought back, destroyed (activity 16)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, BaseOperator

from respaldo.flows.caretaking import organization_for
from respaldo.flows.colors import WORK
from respaldo.flows.media.form import form
from respaldo.flows.media.names import MEDIA
from respaldo.flows.policy import CauseRetryPolicy
from respaldo.flows.scope_dag import FIRST_DAY
from respaldo.texts import backup as backup_texts
from respaldo.texts import media as texts

if TYPE_CHECKING:
    from airflow.sdk import Context

_LONGEST_STEP = timedelta(minutes=15)
_RETRIES = 6
_RETRY_SECONDS = 15
"""Before the first retry; each later wait doubles. The report may be away for a quarter of an hour."""


class RecordMovementOperator(BaseOperator):
    """Checks what the form says of a medium, and writes it."""

    ui_color = WORK

    def execute(self, context: Context) -> str:
        from respaldo.flows.failures.telling import in_log
        from respaldo.flows.media.recording import record

        with in_log():
            return record(context)


def airflow_media_dag() -> DAG | None:
    """Build the DAG; None where ``organization_for`` gives none."""
    organization = organization_for(MEDIA)
    if organization is None:
        return None
    keepers = organization.titles_with("media")
    with DAG(
        dag_id=MEDIA,
        dag_display_name=texts.DAG_TITLE,
        description=texts.DAG_DESCRIPTION,
        doc_md=texts.DAG_DOC.format(keepers=keepers),
        schedule=None,
        start_date=FIRST_DAY.replace(tzinfo=ZoneInfo(organization.timezone)),
        catchup=False,
        # Nobody should have to switch it on.
        is_paused_upon_creation=False,
        max_active_runs=16,
        params=form(),
        tags={backup_texts.TAG, texts.TAG},
        default_args={
            "owner": keepers or organization.name,
            "retries": _RETRIES,
            "retry_delay": timedelta(seconds=_RETRY_SECONDS),
            "retry_policy": CauseRetryPolicy(_RETRY_SECONDS),
        },
    ) as dag:
        RecordMovementOperator(
            task_id="record", task_display_name=texts.TASK_TITLE, execution_timeout=_LONGEST_STEP
        )
    return dag
