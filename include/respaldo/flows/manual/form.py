"""The fields of both questions of a manual backup."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from respaldo.texts import manual as texts

_LONGEST_TEXT = 4000
_LONG = {"format": "multiline"}


def perform_fields() -> dict[str, Param]:
    """Give what whoever makes the copy fills in."""
    # No picker of moments: it thinks in the zone that the page shows, which need not be the entity's.
    return {
        name: _field(*words, **(_LONG if name == "observations" else {}))
        for name, words in texts.FIELDS.items()
    }


def verify_fields() -> dict[str, Param]:
    """Give what whoever verifies the copy fills in."""
    return {name: _field(*words, **_LONG) for name, words in texts.VERDICT_FIELDS.items()}


def _field(title: str, description: str, **schema: Any) -> Param:  # noqa: ANN401
    # Without the null, Airflow's page takes the field for one that must be filled in.
    kinds = ["null", "string"]
    return Param(None, title=title, description=description, type=kinds, maxLength=_LONGEST_TEXT, **schema)
