"""Which scope runs when, in the days to come (activities 1, 6, 10): the schedules, read as Airflow does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from respaldo.config.configuration import AnyScope, Configuration
from respaldo.config.external import ExternalScope
from respaldo.config.manual import ManualScope
from respaldo.config.scope_settings import ScopeSettings
from respaldo.domain.problems import Problem

_EVERY_HOUR = ["*"]


def mode_of(settings: ScopeSettings) -> Literal["software", "manual", "external"]:
    """Say who makes a scope's copies: Respaldo, people, or another product."""
    if isinstance(settings, ManualScope):
        return "manual"
    return "external" if isinstance(settings, ExternalScope) else "software"


@dataclass(frozen=True)
class Turn:
    """A scope's runs of one day, in the organization's time."""

    scope: AnyScope
    moments: tuple[datetime, ...]


@dataclass(frozen=True)
class Day:
    """One day of the calendar, perhaps an empty one."""

    date: date
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Agenda:
    """Every scope there is, in one of four places."""

    days: tuple[Day, ...]
    later: tuple[Turn, ...]
    """Those that do not come in these days, with their next moment."""
    by_hand: tuple[AnyScope, ...]
    invalid: Mapping[str, tuple[Problem, ...]]
    """Those whose file cannot be used: they run by their schedule no more."""

    @property
    def turns(self) -> Iterator[Turn]:
        """Give all turns of these days."""
        return (turn for day in self.days for turn in day.turns)


def agenda(configuration: Configuration, since: datetime, days: int, only: str | None = None) -> Agenda:
    """Lay out the runs after ``since`` of that day and those that follow it.

    :param days: how many days of the calendar, the first counted.
    :param only: the id of the one scope that is wanted.
    """
    zone = ZoneInfo(configuration.organization.timezone)
    dates = [since.astimezone(zone).date() + timedelta(days=number) for number in range(days)]
    scopes = [scope for scope in configuration.all_scopes.values() if only in (None, scope.id)]
    # Many scopes share a schedule, and reading one costs.
    coming = {
        schedule: _coming(schedule, zone, since, dates[-1])
        for schedule in {scope.settings.schedule for scope in scopes}
        if schedule is not None
    }
    by_date: dict[date, list[Turn]] = {day: [] for day in dates}
    later = []
    by_hand = []
    for scope in scopes:
        if scope.settings.schedule is None:
            by_hand.append(scope)
            continue
        found = coming[scope.settings.schedule]
        for day, moments in found.by_date.items():
            by_date[day].append(Turn(scope, moments))
        if not found.by_date:
            later.append(Turn(scope, (found.beyond,)))
    return Agenda(
        days=tuple(Day(day, _in_order(turns)) for day, turns in by_date.items()),
        later=_in_order(later),
        by_hand=tuple(by_hand),
        invalid={name: found for name, found in configuration.invalid.items() if only in (None, name)},
    )


def moments(schedule: str, zone: ZoneInfo, since: datetime) -> Iterator[datetime]:
    """Give the moments after ``since`` at which Airflow runs a schedule, without end, in ``zone``.

    As its CronTriggerTimetable has them: a time that the clock skips comes as much later as it skipped, one
    that the clock shows twice comes the second time; what comes every hour comes in each real hour.
    """
    from croniter import croniter  # type: ignore[import-untyped]

    cron = croniter(schedule)
    is_hourly = cron.expanded[1] == _EVERY_HOUR
    # Begun a day before: within the hour that comes twice, what is to come depends on what was.
    current = since.astimezone(UTC) - timedelta(days=1)
    while True:
        naive = current.astimezone(zone).replace(tzinfo=None, fold=0)
        following: datetime = cron.get_next(datetime, start_time=naive)
        current = current + (following - naive) if is_hourly else _placed(following, zone)
        if current > since:
            yield current.astimezone(zone)


def _placed(naive: datetime, zone: ZoneInfo) -> datetime:
    """Take the later of the two readings: the other is before the clock was changed, or was skipped."""
    return max(naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


@dataclass(frozen=True)
class _Coming:
    """The moments of a schedule by day, and the first one beyond these days."""

    by_date: dict[date, tuple[datetime, ...]]
    beyond: datetime


def _coming(schedule: str, zone: ZoneInfo, since: datetime, last: date) -> _Coming:
    by_date: dict[date, tuple[datetime, ...]] = {}
    for day, within in groupby(moments(schedule, zone, since), datetime.date):
        if day > last:
            return _Coming(by_date, next(within))
        by_date[day] = tuple(within)
    raise AssertionError(schedule)


def _in_order(turns: list[Turn]) -> tuple[Turn, ...]:
    return tuple(sorted(turns, key=lambda turn: (turn.moments[0], turn.scope.id)))
