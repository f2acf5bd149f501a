"""The fields that go with the decision on a failure."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from respaldo.domain.causes import every_cause
from respaldo.domain.errors import RequestError
from respaldo.texts import causes
from respaldo.texts import failures as texts

AS_FOUND = "as_found"
"""The cause is the one that was found."""

_LONGEST_TEXT = 4000


def form() -> dict[str, Param]:
    """Give the fields that go with the decision."""
    of_backups = (code for code, cause in every_cause().items() if not issubclass(cause, RequestError))
    titles = {AS_FOUND: texts.AS_FOUND} | {code: causes.CAUSES[code].title for code in of_backups}
    return {
        "corrective": _field("corrective", None, type=["null", "string"], maxLength=_LONGEST_TEXT),
        "cause": _field("cause", AS_FOUND, type="string", enum=list(titles), values_display=titles),
        "repair": _field("repair", default=False, type="boolean"),
        "accept_shrink": _field("accept_shrink", default=False, type="boolean"),
    }


def _field(name: str, default: object, **schema: Any) -> Param:  # noqa: ANN401
    title, description = texts.ANSWERS[name]
    return Param(default, title=title, description=description, **schema)
