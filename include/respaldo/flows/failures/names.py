"""Names that the DAG of a backup and those of its failures share."""

from __future__ import annotations

from typing import Any, NamedTuple

from respaldo.domain.values import Run

ANALYSIS = "failure_analysis"
WATCH = "failure_watch"


class Trigger(NamedTuple):
    """A DAG run to begin."""

    dag_id: str
    run_id: str
    conf: dict[str, Any]


def analysis_of(failed: Run) -> Trigger:
    """Name the analysis of a failed run: one a run, whoever begins it."""
    conf = {"dag": failed.dag_id, "run": failed.run_id, "scope": failed.scope_id}
    return Trigger(ANALYSIS, f"failure__{failed.key}", conf)


def watch_after(good: Run) -> Trigger:
    """Name the watch that a good run asks for."""
    return Trigger(WATCH, f"after__{good.key}__{good.attempt}", {})
