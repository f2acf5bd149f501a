"""Where a run, or a question on it, is seen in Airflow's UI."""

from __future__ import annotations

from urllib.parse import quote

from airflow.sdk.configuration import conf


def to_run(dag_id: str, run_id: str) -> str | None:
    """Give the page of a run; None: Airflow does not know its own address ([api] base_url)."""
    base = conf.get("api", "base_url", fallback=None)
    if not base:
        return None
    # Airflow's own function for such links forgets the path below which a proxy serves the UI.
    return f"{base.rstrip('/')}/dags/{_part(dag_id)}/runs/{_part(run_id)}"


def to_question(dag_id: str, run_id: str, task_id: str) -> str | None:
    """Give the page where people answer a task's question; None as in `to_run`."""
    run = to_run(dag_id, run_id)
    return run and f"{run}/tasks/{_part(task_id)}/required_actions?map_index=-1"


def _part(name: str) -> str:
    return quote(name, safe=":+")
