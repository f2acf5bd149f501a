"""What a run that may mend its repository knows: what was asked of it, what was applied, what is lost."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from respaldo.domain.errors import ReportError
from respaldo.domain.values import Applied
from respaldo.flows.workplace import Workplace
from respaldo.texts import backup as texts

log = logging.getLogger(__name__)


def is_asked(place: Workplace, what: str) -> bool:
    """Whether a run was begun with something switched on: by its form, or by the analysis of a failure."""
    return bool(place.context["params"].get(what))


def applied_before(place: Workplace) -> list[Applied]:
    """Give what earlier attempts at the run applied: a repair is not over before all was saved anew."""
    if place.run.attempt == 1:
        return []
    try:
        row = place.report.row(place.run.key) or {}
    except ReportError as error:
        log.warning("%s", error)
        return []
    return [Applied.model_validate(one) for one in row.get("applied") or ()]


def harmed(applied: Sequence[Applied]) -> list[str]:
    """Tell which former copies a repair could not make whole: the source no longer has what they lost."""
    found = [str(snapshot) for one in applied for snapshot in _listed(one.facts.get("harmed"))]
    return [texts.HARMED.format(snapshots=", ".join(found))] if found else []


def _listed(fact: object) -> Sequence[object]:
    return fact if isinstance(fact, tuple) else ()
