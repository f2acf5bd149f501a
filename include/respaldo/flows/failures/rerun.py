"""Activity 15: run the scope again, linked to the run that failed."""

from __future__ import annotations

import logging

from respaldo.domain.causes import cause_of_code
from respaldo.domain.errors import ScopePausedError
from respaldo.domain.values import Run
from respaldo.flows.failures.place import FailurePlace
from respaldo.flows.trigger import Trigger
from respaldo.report.incidents import IncidentUpdate
from respaldo.texts import causes
from respaldo.texts import failures as texts

log = logging.getLogger(__name__)

_LONGEST_REASON = 500


def wanted(place: FailurePlace) -> Trigger | None:
    """Say which run it is, and write it into the failure; None when it has begun already.

    :raises ScopePausedError: the scope's DAG is switched off: the run would wait for ever.
    """
    judgement, row, dag_id = place.judgement(), place.row(), place.failed.dag_id
    assert judgement is not None  # noqa: S101  (only a judgement leads here)
    if place.ti.get_dag(dag_id).is_paused:
        raise ScopePausedError(dag=dag_id)
    # A run that was cleared and failed again is judged again: that is another re-run.
    again = Run(
        dag_id=dag_id,
        run_id=f"rerun__{place.failed.key}__{judgement.at:%Y%m%dT%H%M%S}",
        scope_id=place.failed.scope_id,
    )
    place.report.write(IncidentUpdate.of(place.failed, rerun_key=again.key))
    log.info(texts.RERUN, dag_id, again.run_id)
    if place.ti.get_dr_count(dag_id, run_ids=[again.run_id]):
        return None
    reason = texts.RERUN_REASON.format(
        number=row["number"],
        cause=causes.title(cause_of_code(judgement.cause)()),
        corrective=judgement.corrective,
    )
    conf = {
        "reason": reason[:_LONGEST_REASON],
        "rerun_of": place.failed.key,
        "repair": judgement.repair,
        # What was damaged is over only when all was read.
        "read_all_data": judgement.repair,
        "accept_shrink": judgement.accept_shrink,
        # One that answers a restore request goes on answering it.
        "request_key": row["request_key"],
    }
    return Trigger(dag_id, again.run_id, conf)
