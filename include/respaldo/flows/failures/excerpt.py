"""The last words of a task in its log: Airflow writes one JSON object a line, a file an attempt."""

from __future__ import annotations

import json
from pathlib import Path

from airflow.sdk.configuration import conf

from respaldo.domain.values import Run

_LINES = 12
_LONGEST_LINE = 300
_TELLING = ("warning", "error", "critical")


def excerpt(run: Run, step: str | None) -> tuple[str, ...]:
    """Give the last warnings and errors of a step's last attempt.

    Nothing when the log is not on this worker: then it can be read in the UI.
    """
    folder = Path(conf.get("logging", "base_log_folder"))
    attempts = folder.glob(f"dag_id={run.dag_id}/run_id={run.run_id}/task_id={step}/attempt=*.log")
    newest = max(attempts, key=lambda file: file.stat().st_mtime, default=None)
    if newest is None:
        return ()
    with newest.open(errors="replace") as lines:
        told = [event for event in map(_event, lines) if event]
    return tuple(told[-_LINES:])


def _event(line: str) -> str | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("level") not in _TELLING:
        return None
    # The kind of an exception tells what is none of our own causes; its words can be anything.
    kinds = (one.get("exc_type") for one in said.get("error_detail") or ())
    return ": ".join(filter(None, (str(said.get("event", "")), *kinds)))[:_LONGEST_LINE]
