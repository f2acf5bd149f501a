"""Entries of a text, by a pattern."""

from __future__ import annotations

from respaldo.actions.console.entries import LONGEST_RAW, MOST_ENTRIES, Entry, UnreadableError
from respaldo.config.console_record import TextEntries
from respaldo.domain.errors import TimedOutError
from respaldo.hosts.pattern import find_all

SECONDS = 20.0


def parse(text: str, settings: TextEntries, seconds: float = SECONDS) -> list[Entry]:
    """Find the pattern, each match an entry.

    :raises UnreadableError: it is nowhere, or takes too long to find.
    """
    text = text.replace("\r\n", "\n")
    try:
        found = find_all(settings.pattern, text, limit=MOST_ENTRIES + 1, longest=LONGEST_RAW, seconds=seconds)
    except TimedOutError as error:
        raise UnreadableError("pattern_slow", seconds=round(seconds)) from error
    if not found:
        raise UnreadableError("pattern_nothing", pattern=settings.pattern)
    if len(found) > MOST_ENTRIES:
        raise UnreadableError("too_many", limit=MOST_ENTRIES)
    return [
        Entry(match.line, {part: match.groups[group] for part, group in settings.named.items()}, match.text)
        for match in found
    ]
