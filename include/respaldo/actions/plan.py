"""Activities 1, 4 and 6: look whether the run can succeed, and what it will be measured by."""

from __future__ import annotations

import logging

from respaldo.actions.job import Job
from respaldo.actions.reaching import reached
from respaldo.domain.errors import ReportError
from respaldo.domain.values import Planned
from respaldo.report.store import Report

log = logging.getLogger(__name__)


def plan(job: Job, report: Report) -> Planned:
    """Probe the source, and ask the report for the last good copy and for the repositories in use.

    No repository is opened: that costs half a second of computing each time, and ``execute`` does it anyway.

    Where commands of the scope prepare the source, as a snapshot that is mounted, it is probed after them.

    :raises SourceError: what cannot be read, before anything is written.
    """
    if not job.settings.pre:
        with reached(job) as reach:
            job.settings.source.probe(reach)
    return known_before(report, job.scope.id, job.settings.repository, job.settings.second_copy)


def known_before(report: Report, scope_id: str, *repositories: str | None) -> Planned:
    """Ask the report what there was before the run. Nothing is known while it is away."""
    try:
        return Planned(
            previous=report.last_good(scope_id),
            new_repositories=tuple(
                name for name in repositories if name is not None and not report.has_copies(scope_id, name)
            ),
        )
    except ReportError as error:
        log.warning("%s", error)
        return Planned()
