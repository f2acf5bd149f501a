"""A DAG run that is to begin. Known without Airflow, as all names are: who asks for a run needs no more."""

from __future__ import annotations

from typing import Any, NamedTuple


class Trigger(NamedTuple):
    """A DAG run to begin."""

    dag_id: str
    run_id: str
    conf: dict[str, Any]
