"""Activities 14 and 15: what soporte decides on a failure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow.sdk import Param

from respaldo.domain.causes import every_cause
from respaldo.domain.errors import IncompleteAnswerError
from respaldo.domain.failures import Judgement
from respaldo.flows.failures.analysis import judged
from respaldo.flows.failures.place import FailurePlace
from respaldo.texts import causes
from respaldo.texts import failures as texts

log = logging.getLogger(__name__)

_LONGEST_TEXT = 4000


def form() -> dict[str, Param]:
    """Give the fields that go with the decision."""
    titles = {code: causes.CAUSES[code].title for code in every_cause()}
    return {
        "corrective": _field("corrective", None, type=["null", "string"], maxLength=_LONGEST_TEXT),
        "cause": _field("cause", None, type=["null", "string"], enum=[None, *titles], values_display=titles),
        "repair": _field("repair", default=False, type="boolean"),
        "accept_shrink": _field("accept_shrink", default=False, type="boolean"),
    }


def answered(place: FailurePlace, option: str, given: Mapping[str, Any], by: str, at: datetime) -> Judgement:
    """Write a decision into the failure's row, and give it.

    :raises IncompleteAnswerError: it does not say what was done: it is asked for again.
    """
    choice = next(code for code, words in texts.CHOICES.items() if words == option)
    corrective = str(given.get("corrective") or "").strip()
    if not corrective:
        raise IncompleteAnswerError(option=option)
    judgement = Judgement(
        choice=choice,
        cause=given.get("cause") or place.row()["cause"] or "unknown",
        corrective=corrective,
        by=by,
        at=at,
        repair=bool(given.get("repair")),
        accept_shrink=bool(given.get("accept_shrink")),
    )
    place.report.write(judged(place, judgement))
    log.info(texts.DECIDED, option, by, corrective)
    return judgement


def _field(name: str, default: object, **schema: Any) -> Param:  # noqa: ANN401
    title, description = texts.ANSWERS[name]
    return Param(default, title=title, description=description, **schema)
