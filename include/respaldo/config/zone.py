"""A time zone, by its name in the tz database."""

from __future__ import annotations

import zoneinfo
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _known_zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise PydanticCustomError("timezone_unknown", "not a time zone")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
