"""Activities 12 and 13: is the newest copy of another product good, young and large enough?"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from respaldo.actions.console.entries import quoted
from respaldo.config.external import ExternalSource
from respaldo.domain.console import ConsoleEntry, ConsoleRecord, ConsoleVerified
from respaldo.domain.people_errors import ConsoleFailedError, ConsoleStaleError, ConsoleUnreadableError
from respaldo.domain.quantities import format_duration
from respaldo.domain.values import Evidence, PreviousCopy
from respaldo.domain.verification import has_shrunk


def judge(
    record: ConsoleRecord,
    source: ExternalSource,
    rpo: timedelta,
    previous: PreviousCopy | None,
    now: datetime,
    zone: ZoneInfo,
    *,
    accept_shrink: bool = False,
) -> ConsoleVerified:
    """Judge by the newest copy that is over: one under way says nothing yet.

    :param accept_shrink: somebody said that the copy may be much smaller than the last one.
    :raises ConsoleFailedError, ConsoleStaleError: it is not as it should be.
    """
    copy = record.newest
    ended_at = copy.at
    if ended_at is None:
        # Only one that is under way may lack its times.
        raise ConsoleUnreadableError(product=record.product, reason="no_time", entry=copy.raw)
    _see_that_it_is_good(record, ended_at, zone)
    age = now - ended_at
    if age > rpo:
        raise ConsoleStaleError(
            product=record.product,
            ended_at=_told(ended_at, zone),
            age=in_words(age),
            rpo=format_duration(rpo),
        )
    facts: dict[str, int | str] = {
        "result": copy.result,
        "age_minutes": max(0, round(age.total_seconds() / 60)),
    }
    evidence = [Evidence(method="console", item=copy.job or "", facts=facts | _sizes(copy))]
    evidence += _size(record, source, previous, ended_at, zone, accept_shrink=accept_shrink)
    return ConsoleVerified(
        evidence=tuple(evidence),
        copy_started_at=copy.started_at,
        copy_ended_at=ended_at,
        warnings=(copy.message or copy.result,) if copy.outcome == "warning" else (),
    )


def in_words(age: timedelta) -> str:
    """Write an age with its two greatest units: 3d 4h, 27h 12m."""
    minutes = max(0, int(age.total_seconds() // 60))
    hours, days = minutes // 60, minutes // 1440
    return f"{days}d {hours % 24}h" if days >= 3 else f"{hours}h {minutes % 60}m"


def _see_that_it_is_good(record: ConsoleRecord, ended_at: datetime, zone: ZoneInfo) -> None:
    copy = record.newest
    if copy.outcome == "failed":
        said = ": ".join(filter(None, (copy.result, quoted(copy.message or ""))))
        raise ConsoleFailedError(
            product=record.product, ended_at=_told(ended_at, zone), reason="said_so", said=said
        )


def _sizes(copy: ConsoleEntry) -> dict[str, int | str]:
    sizes = {"size_bytes": copy.size_bytes, "files": copy.files}
    return {name: value for name, value in sizes.items() if value is not None}


def _size(
    record: ConsoleRecord,
    source: ExternalSource,
    previous: PreviousCopy | None,
    ended_at: datetime,
    zone: ZoneInfo,
    *,
    accept_shrink: bool,
) -> list[Evidence]:
    found, least = record.newest.size_bytes, source.min_size
    told = {"product": record.product, "ended_at": _told(ended_at, zone)}
    if least is not None and (found is None or found < least):
        reason = "size_untold" if found is None else "too_small"
        raise ConsoleFailedError(**told, reason=reason, found=found, least=least)
    if found == 0:
        raise ConsoleFailedError(**told, reason="too_small", found=0, least=1)
    if found is None or previous is None:
        return []
    facts: dict[str, int | str] = {"before_bytes": previous.size_bytes, "now_bytes": found}
    if has_shrunk(previous.size_bytes, found, source.max_shrink) and not accept_shrink:
        raise ConsoleFailedError(
            **told, reason="shrunken", found=found, before=previous.size_bytes, limit=f"{source.max_shrink:g}"
        )
    return [Evidence(method="shrink", item="", facts=facts)]


def _told(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
