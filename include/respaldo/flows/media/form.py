"""The trigger form of media: its fields, and what was filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param
from pydantic import ValidationError

from respaldo.report.movements import Movement, refused
from respaldo.texts import media as texts

_LONGEST_TEXT = 500
_MULTILINE = ("description", "reason")


def form() -> dict[str, Param]:
    """Give the fields."""
    return {
        "move": _field(
            "move", "registered", type="string", enum=list(texts.MOVES), values_display=texts.MOVES
        ),
        **{name: _text(name) for name in texts.PARAMS if name not in ("move", "confirmed")},
        "confirmed": _field("confirmed", default=False, type="boolean"),
    }


def movement(given: Mapping[str, Any], user: str) -> Movement:
    """Read what was filled in.

    :raises MediumRefusedError: something of it cannot be so.
    """
    filled = {name: str(given.get(name) or "").strip() or None for name in texts.PARAMS}
    content = filled | {"moved_by": user, "is_confirmed": bool(given.get("confirmed"))}
    del content["confirmed"]
    try:
        return Movement.model_validate(content)
    except ValidationError as error:
        wrong = [str(found["loc"][0]) for found in error.errors(include_url=False)]
    if "label" in wrong:
        raise refused(filled["label"], "label_form")
    raise refused(filled["label"], "too_long", fields=", ".join(texts.PARAMS[name][0] for name in wrong))


def _text(name: str) -> Param:
    multiline = {"format": "multiline"} if name in _MULTILINE else {}
    # Without the null, Airflow's page takes the field for one that must be filled in.
    return _field(name, None, type=["null", "string"], maxLength=_LONGEST_TEXT, **multiline)


def _field(name: str, default: object, **schema: Any) -> Param:  # noqa: ANN401
    title, description = texts.PARAMS[name]
    return Param(default, title=title, description=description, **schema)
