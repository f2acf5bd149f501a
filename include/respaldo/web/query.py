"""What the page's address may ask for: a period in days, a scope, a state, a page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, Field

from respaldo.report.fm007 import State
from respaldo.report.pages import Selection


def _filled(given: object) -> object:
    """A form sends its empty fields too."""
    return None if given == "" else given


blank_is_none = BeforeValidator(_filled)
# The calendar's own ends have no day before or after them.
Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(9000, 1, 1))]
# PostgreSQL has no text with a zero in it.
Choice = Annotated[Annotated[str, Field(max_length=200, pattern=r"^[^\x00]+$")] | None, blank_is_none]
ScopeChoice = Choice


class Query(BaseModel):
    """The filters, as the form sends them; both days are part of the period."""

    since: Annotated[Day | None, blank_is_none] = None
    until: Annotated[Day | None, blank_is_none] = None
    scope: ScopeChoice = None
    state: Annotated[State | None, blank_is_none] = None

    def selection(self, zone: ZoneInfo) -> Selection:
        """Give the rows that are meant; a day begins and ends where the organization is."""
        return Selection(
            since=_midnight(self.since, zone) if self.since else None,
            until=_midnight(self.until + timedelta(days=1), zone) if self.until else None,
            scope=self.scope,
            state=self.state,
        )

    def encoded(self, **more: object) -> str:
        """Write it as the query of an address again."""
        return urlencode(self.model_dump(mode="json", exclude_none=True, include=_FILTERS) | more)


class PageQuery(Query):
    """The filters and the number of the page, from 1."""

    page: Annotated[int, Field(ge=1, le=10**9)] = 1


_FILTERS = set(Query.model_fields)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
