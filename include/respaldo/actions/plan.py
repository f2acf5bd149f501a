"""Activities 1, 4 and 6: look whether the run can succeed, and what it will be measured by."""

from __future__ import annotations

import logging

from respaldo.actions.job import Job
from respaldo.domain.errors import ReportError
from respaldo.domain.values import Planned
from respaldo.report.store import Report

log = logging.getLogger(__name__)


def plan(job: Job, report: Report) -> Planned:
    """Probe the source, and ask the report for the last good copy and for the repositories in use.

    No repository is opened: that costs half a second of computing each time, and ``execute`` does it anyway.

    :raises SourceError: what cannot be read, before anything is written.
    """
    job.settings.source.probe(job.endpoint)
    try:
        return Planned(
            previous=report.last_good(job.scope.id),
            new_repositories=tuple(
                name
                for name in (job.settings.repository, job.settings.second_copy)
                if name is not None and not report.has_copies(job.scope.id, name)
            ),
        )
    except ReportError as error:
        log.warning("%s", error)
        return Planned()
