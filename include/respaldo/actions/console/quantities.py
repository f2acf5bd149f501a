"""Sizes and counts as consoles write them."""

from __future__ import annotations

import re
from decimal import Decimal

from respaldo.config.console_record import Numbers
from respaldo.domain.console import Scalar

_NOTHING = ("", "-", "--", "n/a", "null")
_NUMBER = re.compile(r"(\d{1,25}(?:\.\d{1,25})?)\s*(?:([KMGTP]?)i?B?|bytes)", re.IGNORECASE)
_THOUSANDS = ("", "K", "M", "G", "T", "P")
_MOST = 2**63


def size(value: Scalar, numbers: Numbers) -> int | None:
    """Read a size in bytes; None where the console tells none. A unit that it has counts before the scope's.

    Each unit is 1024 of the one before, as consoles count.

    :raises ValueError: it is no size.
    """
    return _read(value, numbers, numbers.unit)


def count(value: Scalar, numbers: Numbers) -> int | None:
    """Read a number of files; None where the console tells none.

    :raises ValueError: it is no count.
    """
    return _read(value, numbers, "B")


def _read(value: Scalar, numbers: Numbers, unit: str) -> int | None:
    if value is None or isinstance(value, bool):
        return None
    text = str(value).strip()
    if text.casefold() in _NOTHING:
        return None
    # What is no text is written as Python does, whatever the console's own signs are.
    found = _NUMBER.fullmatch(_plain(text, numbers.decimal) if isinstance(value, str) else text)
    if found is None:
        raise ValueError(text)
    letter = found[2] or (unit[0] if text[-1].isdigit() and unit != "B" else "")
    read = int(Decimal(found[1]) * 1024 ** _THOUSANDS.index(letter.upper()))
    if read >= _MOST:
        raise ValueError(text)
    return read


def _plain(text: str, decimal: str) -> str:
    """Take away what parts thousands, and write the sign before a fraction as a point.

    :raises ValueError: it parts something else: 1,5 GB are not 15 GB.
    """
    thousands = re.escape("," if decimal == "." else ".")
    text = re.sub(rf"(?<=\d)(?:{thousands}|[\s'’])(?=\d{{3}}(?!\d))", "", text)
    if re.search(thousands, text):
        raise ValueError(text)
    return text.replace(decimal, ".")
