"""What each step of a manual backup knows of its row of the form TIC-FM007: pure mappings."""

from __future__ import annotations

from respaldo.actions.rows import NO_FAILURE, Effort, executed, verified
from respaldo.domain.manual import Inspected, Measured, Performed
from respaldo.domain.values import Evidence, Run, Verified
from respaldo.report.fm007 import RowUpdate


def performed(run: Run, stated: Performed, effort: Effort) -> RowUpdate:
    """The row with what the copy's maker stated (activity 11)."""
    return RowUpdate.of(
        run,
        **NO_FAILURE,
        state="running",
        performed_by=stated.by,
        medium=stated.medium,
        site=stated.place,
        started_at=stated.started_at,
        size_bytes=stated.size_bytes,
        files=stated.files,
        checksum=stated.checksum,
        observations=stated.observations,
        console={"perform": stated.model_dump(mode="json")},
        **effort.columns(),
    )


def not_made(run: Run, by: str, note: str) -> RowUpdate:
    """The row when whoever had to make the copy says that it failed."""
    return RowUpdate.of(
        run, performed_by=by, observations=note, console={"perform": {"by": by, "note": note}}
    )


def measured(run: Run, found: Measured, worker: str, effort: Effort) -> RowUpdate:
    """The row with the figures that count from here on, and with what restic keeps of the copy."""
    figures: dict[str, object] = {
        "size_bytes": found.size_bytes,
        "files": found.files,
        "checksum": found.checksum,
        "verification": found.evidence,
        "warnings": found.warnings,
        "worker": worker,
    }
    if found.saved is not None:
        figures = executed(run, found.saved, effort).columns() | figures
    return RowUpdate.of(run, **(NO_FAILURE | effort.columns() | figures))


def inspected(run: Run, said: Inspected, stated: Performed, found: Measured, effort: Effort) -> RowUpdate:
    """The row when somebody else found the copy good (activities 12 and 13)."""
    seen = Evidence(method="inspected", item=stated.label or stated.medium or "", facts={"by": said.by})
    row = verified(run, Verified(evidence=(*found.evidence, seen)), said.at, effort)
    return RowUpdate.of(run, **(row.columns() | _said(said, stated)))


def rejected(run: Run, said: Inspected, stated: Performed) -> RowUpdate:
    """The row when somebody else found that the copy is not good. The failure itself adds the result."""
    return RowUpdate.of(run, verified_at=said.at, **_said(said, stated))


def _said(said: Inspected, stated: Performed) -> dict[str, object]:
    observations = "\n".join(filter(None, (stated.observations, said.observations)))
    return {
        "verified_by": said.by,
        "observations": observations or None,
        "console": {"verify": said.model_dump(mode="json")},
    }
