"""From the entries of a console record to what they say of this scope's copies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from respaldo.actions.console import csv_entries, json_entries, text_entries
from respaldo.actions.console.entries import Entry, UnreadableError, quoted
from respaldo.actions.console.moments import moment
from respaldo.actions.console.quantities import count, size
from respaldo.config.console_record import CsvEntries, JsonEntries
from respaldo.config.external import ExternalSource
from respaldo.domain.console import ANY_OTHER, ConsoleEntry, ConsoleRecord, Part, word

CLOCKS_DIFFER = timedelta(minutes=15)
"""How far ahead the console's clock may be of ours."""

_LONGEST_MESSAGE = 1000

Outcome = Literal["good", "warning", "failed", "running"]
Result = TypeVar("Result")


def understood(text: str, source: ExternalSource, where: str, zone: ZoneInfo, now: datetime) -> ConsoleRecord:
    """Find the newest copy that is over, and the one under way, if there is one.

    Every entry of the scope's job must make sense: one that does not could be the newest.

    :param zone: of moments that tell none.
    :raises UnreadableError: they do not, or there is none.
    """
    entries = _of_job(_parsed(text, source), source)
    copies = [_copy(entry, source, zone, now) for entry in entries]
    over = [one for one in copies if one.outcome != "running"]
    running = [one for one in copies if one.outcome == "running"]
    if not over:
        raise UnreadableError("none_over", job=source.job or source.product)
    # Of several that ended at once, one that failed says more.
    newest = max(over, key=lambda one: (_when(one), one.outcome == "failed"))
    under_way = max(running, key=_when, default=None)
    return ConsoleRecord(
        product=source.product,
        where=where,
        entries=len(copies),
        newest=newest,
        # One before the newest was broken off: it has no end, and is not under way.
        running=under_way if under_way and _when(under_way) > _when(newest) else None,
    )


def decoded(content: bytes, encoding: str) -> str:
    """Give the text of a record.

    :raises UnreadableError: it is none in this encoding, or is empty.
    """
    for mark, marked in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            encoding = marked
    try:
        text = content.decode(encoding)
    except (UnicodeError, LookupError, AttributeError) as error:
        raise UnreadableError("not_text", encoding=encoding) from error
    if not text.strip("\0 \t\r\n"):
        raise UnreadableError("empty")
    return text


def _parsed(text: str, source: ExternalSource) -> list[Entry]:
    settings = source.entries
    if isinstance(settings, CsvEntries):
        return csv_entries.parse(text, settings)
    if isinstance(settings, JsonEntries):
        return json_entries.parse(text, settings)
    return text_entries.parse(text, settings)


def _of_job(entries: list[Entry], source: ExternalSource) -> list[Entry]:
    found = [entry for entry in entries if not source.job or word(entry.text("job")) == word(source.job)]
    if not found:
        jobs = sorted({entry.text("job") for entry in entries if "job" in entry.parts})
        raise UnreadableError("no_entry", job=source.job or source.product, found=", ".join(jobs))
    return found


def _copy(entry: Entry, source: ExternalSource, zone: ZoneInfo, now: datetime) -> ConsoleEntry:
    def told(part: Part) -> datetime | None:
        return _tried(entry, part, "bad_time", lambda: moment(entry.text(part), source.times, zone))

    started_at, ended_at = told("start"), told("end")
    outcome = _outcome(entry, source, has_ended=ended_at is not None)
    _see_that_it_can_be(entry, started_at, ended_at, outcome, now)
    return ConsoleEntry(
        job=quoted(entry.text("job")) or None,
        result=quoted(entry.text("result")),
        outcome=outcome,
        started_at=started_at,
        ended_at=ended_at,
        size_bytes=_tried(entry, "size", "bad_number", lambda: size(entry.parts.get("size"), source.numbers)),
        files=_tried(entry, "files", "bad_number", lambda: count(entry.parts.get("files"), source.numbers)),
        message=entry.text("message")[:_LONGEST_MESSAGE] or None,
        raw=entry.raw,
    )


def _tried(entry: Entry, part: Part, reason: str, read: Callable[[], Result]) -> Result:
    try:
        return read()
    except ValueError as error:
        raise UnreadableError(reason, entry=entry.number, part=part, value=entry.text(part)) from error


def _outcome(entry: Entry, source: ExternalSource, *, has_ended: bool) -> Outcome:
    """Say what an entry's result means. One that should have ended and has not is under way."""
    said = word(entry.text("result"))
    named: dict[Outcome, tuple[str, ...]] = {
        "good": source.good,
        "warning": source.warning,
        "failed": source.failed,
        "running": source.running,
    }
    known = next((outcome for outcome, words in named.items() if said in words), None)
    if known in ("failed", "running"):
        return known
    if "end" in source.entries.named and not has_ended:
        return "running"
    if known is None and ANY_OTHER in source.failed and said:
        return "failed"
    if known is None:
        raise UnreadableError("result_unknown", entry=entry.number, value=entry.text("result"))
    return known


def _see_that_it_can_be(
    entry: Entry, started_at: datetime | None, ended_at: datetime | None, outcome: Outcome, now: datetime
) -> None:
    last = ended_at or started_at
    if last is None and outcome != "running":
        raise UnreadableError("no_time", entry=entry.number)
    if started_at and ended_at and ended_at < started_at:
        raise UnreadableError("end_before_start", entry=entry.number)
    if last and last > now + CLOCKS_DIFFER:
        raise UnreadableError("in_future", entry=entry.number, value=last.isoformat(" ", "minutes"))


def _when(one: ConsoleEntry) -> float:
    return one.at.timestamp() if one.at else 0.0
