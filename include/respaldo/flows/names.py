"""What the DAGs of scopes are called."""

from __future__ import annotations

import re


def dag_id_of(scope_id: str) -> str:
    """Name the DAG of a scope, also of one whose file has a name that Airflow would not take."""
    return f"backup__{re.sub(r'[^A-Za-z0-9_.-]', '_', scope_id)[:200]}"
