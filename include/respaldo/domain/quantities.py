"""Durations and percentages as people write them in YAML: ``26h``, ``30d``, ``50%``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer
from pydantic_core import PydanticCustomError

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_DURATION = re.compile(r"(\d{1,5})\s*([smhdw])")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def parse_duration(text: object) -> timedelta:
    """Read ``90s``, ``15m``, ``26h``, ``30d`` or ``2w``. Raise a validation error for anything else."""
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or int(found[1]) == 0:
        raise PydanticCustomError("duration", "not a duration: write a number and one of s, m, h, d, w")
    return int(found[1]) * _UNITS[found[2]]


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that divides it: the inverse of `parse_duration`."""
    for unit in ("w", "d", "h", "m"):
        if duration % _UNITS[unit] == timedelta():
            return f"{duration // _UNITS[unit]}{unit}"
    return f"{duration // _UNITS['s']}s"


def parse_percent(text: object) -> float:
    """Read ``5%`` as 5.0. Raise a validation error for what is not between 0 and 100."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    found = _PERCENT.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise PydanticCustomError("percent", "not a percentage: write a number and the sign %")
    return float(found[1])


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration, json_schema_input_type=str),
    PlainSerializer(format_duration, return_type=str),
    Field(json_schema_extra={"pattern": r"^\d{1,5}\s*[smhdw]$", "examples": ["26h"]}),
]
Percent = Annotated[
    float,
    BeforeValidator(parse_percent, json_schema_input_type=str),
    Field(ge=0, le=100, json_schema_extra={"pattern": r"^\d+(\.\d+)?\s*%$", "examples": ["50%"]}),
]
