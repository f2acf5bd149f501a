"""How long copies are kept: by age within each grade, never by count."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from respaldo.domain.values import Value

Period = Annotated[str, Field(pattern=r"^(\d+[ymwdh])+$", examples=["7d", "5w", "12m", "1y6m"])]
"""A period of years, months, weeks, days, hours (``1y6m``)."""


class Retention(Value):
    """Ages for ``restic forget --keep-within-*``, one grade each.

    By age and not by count: a copied or forged snapshot too many must not push a good one out.
    """

    last: Annotated[Period | None, Field(description="Keep every copy younger than this.")] = None
    daily: Period | None = None
    weekly: Period | None = None
    monthly: Period | None = None
    yearly: Period | None = None

    @model_validator(mode="after")
    def _keeps_something(self) -> Self:
        if not any(self.model_dump().values()):
            raise PydanticCustomError("retention_empty", "a retention must keep something")
        return self

    def until(self, moment: datetime) -> datetime:
        """Give the latest moment until which a copy of some moment may have to be kept: its longest grade.

        What is kept beyond the calendar's end is kept until then.
        """
        return max(_after(moment, age) for age in self.model_dump(exclude_none=True).values())

    def __str__(self) -> str:
        return ", ".join(f"{grade} {age}" for grade, age in self.model_dump(exclude_none=True).items())


def _after(moment: datetime, age: str) -> datetime:
    counted = {"y": 0, "m": 0, "w": 0, "d": 0, "h": 0}
    for count, unit in re.findall(r"(\d+)([ymwdh])", age):
        counted[unit] += int(count)
    try:
        years, month = divmod(moment.month - 1 + counted["m"], 12)
        year = moment.year + counted["y"] + years
        # A month later than the 31st is the end of a shorter month.
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        rest = timedelta(weeks=counted["w"], days=counted["d"], hours=counted["h"])
        return moment.replace(year=year, month=month + 1, day=day) + rest
    except (ValueError, OverflowError):
        return datetime.max.replace(microsecond=0, tzinfo=moment.tzinfo) - timedelta(days=1)
