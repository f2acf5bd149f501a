"""Entries of a document of JSON."""

from __future__ import annotations

import json
from typing import Any

from respaldo.actions.console.entries import LONGEST_RAW, MOST_ENTRIES, Entry, UnreadableError
from respaldo.config.console_record import JsonEntries
from respaldo.domain.console import Scalar


def parse(text: str, settings: JsonEntries) -> list[Entry]:
    """Read a list of objects; an object in its place is a list of one.

    :raises UnreadableError: it is no JSON, or holds no such list.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableError("not_json", line=error.lineno, said=error.msg) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError("not_json", line=1, said=error) from error
    found = document if settings.list_ is None else _at(document, settings.list_)
    items = [found] if isinstance(found, dict) else found
    if not isinstance(items, list):
        raise UnreadableError("no_list", key=settings.list_ or "")
    if len(items) > MOST_ENTRIES:
        raise UnreadableError("too_many", limit=MOST_ENTRIES)
    return [_entry(number, item, settings) for number, item in enumerate(items, 1)]


def _entry(number: int, item: object, settings: JsonEntries) -> Entry:
    if not isinstance(item, dict):
        raise UnreadableError("not_an_object", entry=number)
    parts = {part: _scalar(_at(item, key)) for part, key in settings.named.items()}
    return Entry(number, parts, json.dumps(item, ensure_ascii=False)[:LONGEST_RAW])


def _at(item: object, dotted: str) -> Any:  # noqa: ANN401  (whatever the document has there)
    """Follow a dotted key. A key that holds dots itself is found too."""
    if isinstance(item, dict) and dotted in item:
        return item[dotted]
    key, _, rest = dotted.partition(".")
    inner = item.get(key) if isinstance(item, dict) else None
    return _at(inner, rest) if rest and inner is not None else (None if rest else inner)


def _scalar(value: object) -> Scalar:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value, ensure_ascii=False)
