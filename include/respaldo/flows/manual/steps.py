"""The steps of a manual backup that a worker does: open the row, measure the copy, bring it into restic."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Any

from respaldo.actions import manual_rows, rows
from respaldo.actions.execute import execute
from respaldo.actions.job import Job
from respaldo.actions.measure import measure
from respaldo.actions.plan import known_before
from respaldo.actions.verify import verify
from respaldo.config.configuration import Configured
from respaldo.domain.manual import Measured
from respaldo.domain.values import Applied, Planned
from respaldo.flows.contracts.checking import check
from respaldo.flows.doing import Outcome, do, log_applied
from respaldo.flows.manual import told
from respaldo.flows.manual.place import ManualPlace
from respaldo.flows.mending import applied_before, harmed, is_asked
from respaldo.flows.progress import Teller
from respaldo.flows.workplace import Workplace
from respaldo.report.export import size
from respaldo.texts import manual as texts

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


def run(step: str, scope_id: str, context: Context) -> dict[str, Any]:
    """Run one step and write what it knows into the run's row.

    :raises RespaldoError: the step's cause of failure, after it is in the row and in the log.
    """
    return do(step, Workplace.of(scope_id, context), _WORK[step])


def _plan(work: Workplace, applied: list[Applied]) -> Outcome:  # noqa: ARG001  (the steps' signature)
    place = ManualPlace(work)
    work.report.write(rows.programmed(work.run, place.scope, work.request()))
    warnings = check(work, place.scope, place.organization)
    known = known_before(work.report, work.run.scope_id, place.settings.repository)
    planned = known.model_copy(update={"warnings": warnings})
    return planned, lambda effort: rows.planned(work.run, planned, effort)


def _execute(work: Workplace, applied: list[Applied]) -> Outcome:
    place = ManualPlace(work)
    stated = place.performed
    found = measure(stated)
    kept = place.settings.kept(stated.path) if stated.path else None
    if kept is not None:
        found = _saved(
            work.job(Configured(work.run.scope_id, kept, place.scope.digest)), place, found, applied
        )
    warnings = (*place.planned.warnings, *found.warnings, *told.warnings(stated, found))
    found = found.model_copy(update={"warnings": warnings})
    log.info(texts.MEASURED, found.files or texts.NOTHING, size(found.size_bytes), found.checksum)
    for warning in found.warnings:
        log.warning("%s", warning)
    return found, lambda effort: manual_rows.measured(work.run, found, socket.gethostname(), effort)


def _saved(job: Job, place: ManualPlace, found: Measured, applied: list[Applied]) -> Measured:
    """Have restic keep the copy, and verify that as any copy of files. People judge its size themselves."""
    teller, repair = Teller(place.work.report, job.run.key), is_asked(place.work, "repair")
    applied += applied_before(place.work)
    saved = execute(job, place.planned, teller.tell, repair=repair, applied=applied)
    log_applied(applied)
    read_all_data = is_asked(place.work, "read_all_data")
    verified = verify(job, Planned(), saved, accept_shrink=True, read_all_data=read_all_data)
    log.info(texts.KEPT, job.settings.repository, ", ".join(copy.snapshot_id for copy in saved.copies))
    return found.model_copy(
        update={
            "saved": saved,
            "evidence": (*found.evidence, *verified.evidence),
            "warnings": (*saved.warnings, *harmed(applied)),
        }
    )


_WORK = {"plan": _plan, "execute": _execute}
