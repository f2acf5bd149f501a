"""Activities 14 and 15: what soporte decides on a failure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from respaldo.domain.errors import IncompleteAnswerError, UnknownEngineError
from respaldo.domain.failures import Judgement
from respaldo.flows.failures.analysis import judged
from respaldo.flows.failures.form import AS_FOUND
from respaldo.flows.failures.place import FailurePlace
from respaldo.report.incidents import IncidentUpdate
from respaldo.texts import failures as texts

log = logging.getLogger(__name__)


def answered(place: FailurePlace, option: str, given: Mapping[str, Any], by: str, at: datetime) -> Judgement:
    """Write a decision into the failure's row, and give it.

    :raises IncompleteAnswerError: it does not say what was done: it is asked for again.
    """
    cause = given.get("cause", AS_FOUND)
    choice = next(code for code, words in texts.CHOICES.items() if words == option)
    corrective = str(given.get("corrective") or "").strip()
    if not corrective:
        raise IncompleteAnswerError(option=option)
    judgement = Judgement(
        choice=choice,
        cause=(place.row()["cause"] or UnknownEngineError.code) if cause == AS_FOUND else cause,
        corrective=corrective,
        by=by,
        at=at,
        repair=bool(given.get("repair")),
        accept_shrink=bool(given.get("accept_shrink")),
    )
    place.report.write(judged(place, judgement))
    log.info(texts.DECIDED, option, by, corrective)
    return judgement


def close(place: FailurePlace) -> Judgement | None:
    """Close the failure if that was decided, and give the decision; None: it waits for a good run."""
    judgement = place.judgement()
    if judgement is None or judgement.choice != "close":
        return None
    place.report.write(
        IncidentUpdate.of(place.failed, state="closed", resolution="closed", resolved_at=judgement.at)
    )
    return judgement
