"""Tell how far a copy has come: a line in the task's log now and then, and a figure in the report."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from respaldo.report.export import clock, size
from respaldo.report.store import Report
from respaldo.restic.events import Progress
from respaldo.texts import backup as texts

log = logging.getLogger(__name__)

LOG_SECONDS = 5.0
REPORT_SECONDS = 15.0


class Teller:
    """Passes on every few seconds what restic says every second."""

    def __init__(self, report: Report, run_key: str) -> None:
        self._report = report
        self._run_key = run_key
        self._logged = self._reported = time.monotonic()

    def tell(self, progress: Progress) -> None:
        """Take one progress event; most are not passed on."""
        now = time.monotonic()
        if now - self._logged >= LOG_SECONDS:
            self._logged = now
            log.info(texts.PROGRESS, *_figures(progress))
        if now - self._reported >= REPORT_SECONDS:
            self._reported = now
            self._report.progress(self._run_key, int(progress.percent))


def _figures(progress: Progress) -> tuple[object, ...]:
    remaining = ""
    if progress.seconds_remaining is not None:
        remaining = texts.REMAINING % clock(timedelta(seconds=progress.seconds_remaining))
    return (
        progress.percent,
        size(progress.bytes_done),
        size(progress.bytes_total),
        progress.files_done,
        progress.files_total,
        remaining,
    )
