"""Writes the report's values as people read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from respaldo.domain.values import Value
from respaldo.report.export import by_lines, clock, size
from respaldo.texts import web as texts
from respaldo.texts.report import TERMS
from respaldo.texts.retention import retention_in_words

_STATE_CODES = {name: code for code, name in TERMS["state"].items()}
_FAILED = ("failed", "interrupted", "not_executed")
_MOMENTS = {"programmed_for", "started_at", "ended_at", "second_copied_at", "verified_at"}
_LISTED = {"attempts": "step", "step_seconds": "step", "verification_methods": "method"}
"""Vocabulary of the codes within a list, or before the values of a dict."""
_VOCABULARIES = {
    "mode": "mode",
    "kind": "kind",
    "origin": "origin",
    "state": "state",
    "source_kind": "source_kind",
    "verification_result": "verification_result",
    "failed_step": "step",
    "contract_state": "contract_state",
}
"""Vocabulary of each column of the base table that holds a code."""


class Change(Value):
    """A column that got another value."""

    name: str
    before: str | None
    after: str


class Entry(Value):
    """One entry of a row's history."""

    seq: int
    at: datetime
    by: str
    operation: str
    changes: tuple[Change, ...]


def told(value: object, zone: ZoneInfo) -> str:
    """Write a value of the view: times in ``zone``, lists and dicts by lines."""
    if value is None or value in ("", [], {}):
        return texts.NOTHING
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, timedelta):
        return clock(value)
    if isinstance(value, list | Mapping):
        return by_lines(value)
    if isinstance(value, int):
        return f"{value:,}".replace(",", ".")
    return str(value)


def sized(count: int | None) -> str:
    """Write a number of bytes, if there is one."""
    return texts.NOTHING if count is None else size(count)


def state_code(name: str) -> str:
    """Give the code of a state from its Spanish name: the style sheet knows the codes."""
    return _STATE_CODES[name]


def counts(runs: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Sum runs by state up into (code for the style sheet, heading, count), the good ones first."""
    by_code = {state_code(name): count for name, count in runs.items()}
    good, warned = by_code.pop("succeeded", 0), by_code.pop("succeeded_with_warnings", 0)
    failed = sum(by_code.pop(code, 0) for code in _FAILED)
    others = sum(by_code.values())
    summed = [
        ("succeeded", texts.GOOD, good),
        ("succeeded_with_warnings", texts.WITH_WARNINGS, warned),
        ("failed", texts.FAILED, failed),
    ]
    return [*summed, ("running", texts.OTHERS, others)] if others else summed


def entries(history: list[dict[str, Any]], zone: ZoneInfo) -> tuple[Entry, ...]:
    """Tell what each entry of a row's history changed, compared with the one before."""
    told_entries: list[Entry] = []
    before: dict[str, Any] = {}
    for entry in history:
        told_entries.append(
            Entry(
                seq=entry["seq"],
                at=entry["changed_at"],
                by=entry["changed_by"],
                operation=entry["operation"],
                changes=_changes(before, entry["row"], zone),
            )
        )
        before = entry["row"]
    return tuple(told_entries)


def _changes(before: dict[str, Any], after: dict[str, Any], zone: ZoneInfo) -> tuple[Change, ...]:
    # In the form's order: jsonb keeps none.
    order = [*texts.FIELDS, *sorted(after.keys() - texts.FIELDS.keys())]
    return tuple(
        Change(
            name=texts.FIELDS.get(name, name),
            before=None if _is_empty(before.get(name)) else _past(name, before[name], zone),
            after=_past(name, after.get(name), zone),
        )
        for name in order
        if before.get(name) != after.get(name)
        and not (_is_empty(before.get(name)) and _is_empty(after.get(name)))
    )


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def _past(name: str, value: object, zone: ZoneInfo) -> str:
    """Write a value of the base table as the history keeps it: JSON."""
    if isinstance(value, str) and name in _VOCABULARIES:
        return TERMS[_VOCABULARIES[name]].get(value, value)
    if isinstance(value, str) and name == "retention":
        return retention_in_words(value)
    if isinstance(value, str) and name in _MOMENTS:
        return told(datetime.fromisoformat(value), zone)
    if isinstance(value, dict | list):
        return _listed(_LISTED.get(name, ""), value, zone)
    return told(value, zone)


def _listed(vocabulary: str, values: dict[str, Any] | list[Any], zone: ZoneInfo) -> str:
    """Write a list or dict by lines, or as the JSON that it is when there is more within its items."""
    names = TERMS.get(vocabulary, {})
    if any(
        isinstance(item, dict | list) for item in (values.values() if isinstance(values, dict) else values)
    ):
        return json.dumps(values, ensure_ascii=False, indent=1)
    if isinstance(values, dict):
        return told({names.get(key, key): item for key, item in values.items()}, zone)
    return told([names.get(item, item) for item in values], zone)
