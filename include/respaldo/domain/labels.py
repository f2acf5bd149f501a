"""Labels of media (activity 16): their patterns, such as ``PRI-{year}-{number:06}``, and what one may be."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

_SHORTEST, _LONGEST = 3, 48
LABEL = rf"^[A-Z0-9][A-Z0-9.-]{{{_SHORTEST - 1},{_LONGEST - 1}}}$"
"""Capitals, digits, ``-`` and ``.``: what people can spell, addresses and QR codes hold as it is."""


def as_label(text: object) -> object:
    """Read a label as somebody types it or a scanner reads it: capitals or not, a space too many.

    A scanner types as an American keyboard does: where the computer takes it for a Spanish one, its ``-``
    arrives as ``'``.
    """
    return text.strip().upper().replace("'", "-") if isinstance(text, str) else text


Label = Annotated[str, Field(pattern=LABEL), BeforeValidator(as_label)]

NUMBER = "#"
"""Stands in a series for one digit of the number: no label holds it."""

_FIELDS = frozenset({"year", "number", "site"})
_WIDTH = re.compile(r"0?[1-9]|")
_SAFE = re.compile(r"[A-Z0-9.-]*")
_LONGEST_SITE = 12


def _usable(pattern: str) -> str:
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise PydanticCustomError("label_malformed", "a brace without its other") from error
    fields = [(name, width or "") for _, name, width, _ in parts if name is not None]
    if any(name not in _FIELDS or conversion for _, name, _, conversion in parts if name is not None):
        raise PydanticCustomError("label_field", "only year, number and site")
    if [name for name, _ in fields].count("number") != 1:
        raise PydanticCustomError("label_number", "a number is needed, once")
    if any(not (_WIDTH if name == "number" else re.compile("")).fullmatch(width) for name, width in fields):
        raise PydanticCustomError("label_width", "only the number has a width, of 1 to 9 digits")
    if not all(_SAFE.fullmatch(literal) for literal, *_ in parts) or pattern.startswith((".", "-")):
        raise PydanticCustomError("label_letters", "capitals, digits, - and . only")
    shortest, longest = (len(series(pattern, year=2000, site=site)) for site in ("X", "X" * _LONGEST_SITE))
    if not _SHORTEST <= shortest <= longest <= _LONGEST:
        raise PydanticCustomError("label_length", "labels have 3 to 48 letters")
    return pattern


LabelPattern = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_usable)]
"""A pattern of labels. Its year is the year of the copy, its site the repository's in capitals."""


def series(pattern: str, *, year: int, site: str) -> str:
    """Fill a pattern, but for the number, whose digits become ``#``: labels of a series differ only there."""
    [width] = [width for _, name, width, _ in string.Formatter().parse(pattern) if name == "number"]
    digits = NUMBER * int(width or 1)
    plain = re.sub(r"\{number(:\w*)?\}", "{number}", pattern)
    return plain.format(year=year, site=_code(site), number=digits)


def _code(site: str) -> str:
    """Write a site with the letters of labels: its accents are left out, other signs become ``-``."""
    plain = unicodedata.normalize("NFKD", site).encode("ascii", "ignore").decode().upper()
    return re.sub(r"[^A-Z0-9]+", "-", plain).strip("-")[:_LONGEST_SITE].strip("-") or "X"
