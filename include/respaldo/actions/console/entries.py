"""What the parsers of all formats give: the entries of a console record, not understood yet."""

from __future__ import annotations

from typing import Any, NamedTuple

from respaldo.domain.console import Part, Scalar, written

MOST_ENTRIES = 100_000
LONGEST_RAW = 2000
_QUOTED = 200


class Entry(NamedTuple):
    """One entry: where it is in the record (its line, or its place in the list), its parts, its text."""

    number: int
    parts: dict[str, Scalar]
    raw: str

    def text(self, part: Part) -> str:
        """Give a part as text, empty where there is none."""
        return written(self.parts.get(part))


class UnreadableError(Exception):
    """Why a record cannot be understood: a code, and the facts of its words."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason, facts)
        self.reason = reason
        self.facts: dict[str, Any] = {name: quoted(value) for name, value in facts.items()}


def quoted(value: object) -> str:
    """Cut what is quoted from a record: it can be anything."""
    text = " ".join(str(value).split())
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
