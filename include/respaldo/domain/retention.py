"""How long copies are kept: by age within each grade, never by count."""

from __future__ import annotations

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

    def __str__(self) -> str:
        return ", ".join(f"{grade} {age}" for grade, age in self.model_dump(exclude_none=True).items())
