"""Put a failure in words and into its run's row."""

from __future__ import annotations

from typing import NamedTuple

from respaldo.actions import rows
from respaldo.domain.errors import RespaldoError
from respaldo.domain.values import Applied, Run
from respaldo.report.store import Report
from respaldo.texts import causes


class Words(NamedTuple):
    """What happened, and what usually mends it."""

    told: str
    corrective: str


def note(
    report: Report,
    run: Run,
    error: RespaldoError,
    step: str,
    effort: rows.Effort | None = None,
    applied: tuple[Applied, ...] = (),
) -> Words:
    """Write why a step failed, and give the words.

    :param effort: none for a step that could not count it itself.
    """
    words = Words(causes.explain(error), causes.corrective(error))
    report.write(rows.failed(run, error, step, *words, effort, applied))
    return words
