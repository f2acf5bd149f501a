"""A period of whole days, as the organization's calendar has them: what a form is made and archived for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Self

from pydantic import model_validator

from respaldo.domain.archive_errors import InvalidPeriodError
from respaldo.domain.values import Value

_DAY = timedelta(days=1)


class Period(Value):
    """From the first day to the last, both of them in it."""

    first: date
    last: date

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.last < self.first:
            raise InvalidPeriodError(problem="reversed", first=self.first, last=self.last)
        if self.last == date.max:
            # No moment comes after it.
            raise InvalidPeriodError(problem="endless", last=self.last)
        return self

    @classmethod
    def month_before(cls, day: date) -> Period:
        """Give the whole month before the one that a day is in."""
        last = day.replace(day=1) - _DAY
        return cls(first=last.replace(day=1), last=last)

    @property
    def name(self) -> str:
        """A name for files: 2026-10 for a whole month, else both days: 2026-10-01_2026-10-15."""
        is_month = self.first.day == 1 and self == Period.month_before(self.last + _DAY)
        return f"{self.first:%Y-%m}" if is_month else f"{self.first}_{self.last}"

    def since(self, zone: tzinfo) -> datetime:
        """Give the first moment of the period."""
        return datetime.combine(self.first, time(), zone)

    def until(self, zone: tzinfo) -> datetime:
        """Give the first moment after the period."""
        return datetime.combine(self.last + _DAY, time(), zone)
