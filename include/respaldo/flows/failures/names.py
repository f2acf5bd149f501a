"""Names that the DAG of a backup and those of its failures share."""

from __future__ import annotations

from respaldo.domain.values import Run
from respaldo.flows.trigger import Trigger

ANALYSIS = "failure_analysis"
WATCH = "failure_watch"


def analysis_of(failed: Run) -> Trigger:
    """Name the analysis of a failed run: one a run, whoever begins it."""
    conf = {"dag": failed.dag_id, "run": failed.run_id, "scope": failed.scope_id}
    return Trigger(ANALYSIS, f"failure__{failed.key}", conf)


def watch_after(good: Run) -> Trigger:
    """Name the watch that a good run asks for."""
    return Trigger(WATCH, f"after__{good.key}__{good.attempt}", {})
