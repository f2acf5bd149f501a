"""The contract that a scope's copies are made under (activities 4 and 5)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from respaldo.domain.quantities import Duration
from respaldo.domain.values import Value


class Contract(Value):
    """As the scope's file has it. A renewal is stored in the report, and counts from then on."""

    number: Annotated[str, Field(min_length=1, max_length=100, description="As the entity numbers it.")]
    valid_until: Annotated[date, Field(description="Its last day.")]
    on_lapse: Annotated[
        Literal["continue", "block"],
        Field(description="continue: copies go on, and say so; block: none is made until it is renewed."),
    ] = "continue"
    warn_before: Annotated[
        Duration, Field(description="How long before its last day the director is warned.")
    ] = timedelta(days=30)
