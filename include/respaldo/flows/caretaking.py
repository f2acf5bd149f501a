"""What the DAGs have in common that look after the backups: failures, contracts, media, the archive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import get_parsing_context

from respaldo.config.configuration import folder, load_organization
from respaldo.config.organization import Organization
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.flows.policy import CauseRetryPolicy, QuestionRetryPolicy
from respaldo.flows.scope_dag import FIRST_DAY
from respaldo.texts import backup as texts

LONGEST_STEP = timedelta(minutes=15)

MOST_QUESTIONS = 1000
"""Each waits for people, and holds no worker: none may keep another from opening."""

_RETRIES = 6
_RETRY_SECONDS = 15
"""Before the first retry; each later wait doubles. The report may be away for a quarter of an hour."""

_QUESTIONS_AGAIN = 20
"""How often a question whose answer cannot be is asked again."""


def organization_for(*dag_ids: str) -> Organization | None:
    """Give the organization that these DAGs are built for; None while a task of another DAG runs.

    None while ``organization.yaml`` cannot be used, too: the scopes' own DAGs are red then, and say why.
    """
    if get_parsing_context().dag_id not in (None, *dag_ids):
        return None
    try:
        return load_organization(folder())
    except ConfigurationProblemsError:
        return None


def caretaking(organization: Organization, tag: str) -> dict[str, Any]:
    """Give the arguments of a DAG that looks after others."""
    return {
        "start_date": FIRST_DAY.replace(tzinfo=ZoneInfo(organization.timezone)),
        "catchup": False,
        # They look after the others: nobody should have to switch them on.
        "is_paused_upon_creation": False,
        "tags": {texts.TAG, tag},
        "default_args": {
            "owner": organization.name,
            "retries": _RETRIES,
            "retry_delay": timedelta(seconds=_RETRY_SECONDS),
            "retry_policy": CauseRetryPolicy(_RETRY_SECONDS),
            "trigger_rule": "none_failed_min_one_success",
        },
    }


def asked_again() -> dict[str, Any]:
    """Give the arguments of a question: an answer that is lost, or cannot be, is asked for again at once."""
    return {
        "retries": _QUESTIONS_AGAIN,
        "retry_delay": timedelta(seconds=1),
        "retry_policy": QuestionRetryPolicy(_RETRY_SECONDS),
    }
