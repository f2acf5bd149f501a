"""What a snapshot is marked with, and what making one gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from respaldo.domain.errors import UnknownEngineError
from respaldo.domain.values import Copy
from respaldo.restic.classify import damage_in, summary_line
from respaldo.restic.events import Report
from respaldo.restic.snapshots import copy_of, item_tag

_ID = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Marks:
    """What a snapshot is marked with: the host that its data is of, and the tags of its run."""

    host: str
    tags: tuple[str, ...]

    def for_item(self, item: str) -> tuple[str, ...]:
        return (*self.tags, item_tag(item))


@dataclass(frozen=True)
class Saved:
    """One new snapshot, what could not be read on the way, and restic's own summary."""

    copy: Copy
    warnings: tuple[str, ...]
    """What of the source could not be read."""
    console: dict[str, Any]
    notes: tuple[str, ...] = ()
    """What else is to be known of it; nothing is missing."""


def read_saved(item: str, code: int, report: Report, facts: Mapping[str, str]) -> Saved:
    """Read a backup's report. Success without a snapshot's whole id is no success.

    :param facts: what names the repository in an error.
    """
    snapshot_id = report.summary.get("snapshot_id")
    if not isinstance(snapshot_id, str) or not _ID.fullmatch(snapshot_id):
        said = f"no snapshot in the summary: {str(snapshot_id)[:80]!r}"
        raise UnknownEngineError(**facts, exit_code=code, said=said)
    try:
        copy = copy_of(item, snapshot_id, report.summary)
    except ValueError as error:
        raise UnknownEngineError(**facts, exit_code=code, said="no numbers in the summary") from error
    if damage := damage_in(error.message for error in report.item_errors):
        raise damage(**facts, exit_code=code, said=summary_line(report.text))
    warnings = [f"{error.item}: {error.message}" for error in report.item_errors]
    warnings += [line for line in report.plain if line.endswith("does not exist, skipping")]
    return Saved(copy, tuple(warnings), report.summary)
