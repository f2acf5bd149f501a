"""What the DAG of requests is called, and the runs that its steps begin."""

from __future__ import annotations

RESTORE_REQUEST = "restore_request"


def run_id_of(request_key: str, step: str) -> str:
    """Name the run that a step of a request begins; a safety backup's name says its authorization besides."""
    return f"request__{request_key}__{step}"
