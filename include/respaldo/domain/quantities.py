"""Durations, percentages and sizes as people write them in YAML: ``26h``, ``30d``, ``50%``, ``1GB``."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
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
_SIZE = re.compile(r"(\d{1,15})(?:[.,](\d{1,6}))?\s*([kmgt]i?)?b?", re.IGNORECASE)
_PREFIXES = "kmgt"
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


def parse_size(text: str) -> int:
    """Read a number of bytes, also with a unit: ``1500``, ``12,5 GB``, ``700 MiB``.

    Raise a validation error for anything else. A point or a comma stands before a fraction, and a number
    without a unit has none: nobody knows whether 1.500 is one and a half or one thousand five hundred.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or (found[2] and not found[3]):
        raise PydanticCustomError("size", "not a size: write a number of bytes, or a number and a unit")
    unit = (found[3] or "").lower()
    factor = (1024 if unit.endswith("i") else 1000) ** (_PREFIXES.index(unit[0]) + 1) if unit else 1
    return int(Decimal(f"{found[1]}.{found[2] or 0}") * factor)


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
Size = Annotated[
    int,
    BeforeValidator(lambda given: parse_size(given) if isinstance(given, str) else given),
    Field(ge=0, json_schema_extra={"examples": ["500MB"]}),
]
