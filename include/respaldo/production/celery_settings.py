"""Celery's settings, for Airflow's ``celery_config_options``."""

from __future__ import annotations

from typing import Any

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG

SETTINGS: dict[str, Any] = DEFAULT_CELERY_CONFIG | {
    # A worker imports these as it starts. The process of a task is forked from it: a task that had to import
    # them by itself would take a third longer to compute.
    "imports": (
        "airflow.sdk.execution_time.task_runner",
        "psycopg",
        "respaldo.flows.closing",
        "respaldo.flows.scopes",
        "respaldo.flows.steps",
        "respaldo.flows.workplace",
    ),
}
"""Airflow's own, and what workers import."""
