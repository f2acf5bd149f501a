"""What each step of an external scope knows of its row of the form TIC-FM007: pure mappings."""

from __future__ import annotations

from datetime import datetime

from respaldo.actions.rows import NO_FAILURE, Effort, verified
from respaldo.config.external import ExternalSource
from respaldo.domain.console import ConsoleRecord, ConsoleVerified
from respaldo.domain.values import Run
from respaldo.report.fm007 import RowUpdate


def running(run: Run, source: ExternalSource, worker: str, started_at: datetime) -> RowUpdate:
    """The row when the reading begins: who reads, and where the product keeps its copies."""
    return RowUpdate.of(
        run,
        state="running",
        started_at=started_at,
        worker=worker,
        source_host=source.record.host or worker,
        site=source.site,
        medium=source.medium,
    )


def inspected(run: Run, record: ConsoleRecord, observations: str, effort: Effort) -> RowUpdate:
    """The row with what the console tells, as it tells it (activity 8)."""
    return RowUpdate.of(
        run,
        **NO_FAILURE,
        observations=observations,
        console={"inspect": record.model_dump(mode="json")},
        **effort.columns(),
    )


def judged(
    run: Run, record: ConsoleRecord, result: ConsoleVerified, at: datetime, effort: Effort
) -> RowUpdate:
    """The row of a copy that is good: from here on its times are the copy's, and not the reading's."""
    row = verified(run, result, at, effort)
    return RowUpdate.of(
        run,
        **row.columns()
        | {
            "started_at": result.copy_started_at,
            "size_bytes": record.newest.size_bytes,
            "files": record.newest.files,
            "warnings": result.warnings,
        },
    )
