"""What Airflow knows of other DAG runs."""

from __future__ import annotations

from typing import Any

OVER = ("success", "failed")


def state_of(ti: Any, dag_id: str, run_id: str) -> str | None:  # noqa: ANN401  (Airflow's task instance)
    """Give the state of a DAG run, None when there is none (any more)."""
    if not ti.get_dr_count(dag_id, run_ids=[run_id]):
        return None
    return str(ti.get_dagrun_state(dag_id, run_id).value)


def is_under_way(ti: Any, dag_id: str, run_id: str) -> bool:  # noqa: ANN401
    return state_of(ti, dag_id, run_id) not in (*OVER, None)
