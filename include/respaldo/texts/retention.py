"""How long copies are kept, in words; the view ``reportes.tic_fm007`` has the same rule and the same words."""

from __future__ import annotations

import re

from respaldo.texts.report import TERMS

_PART = re.compile(r"(\d*)([a-z]+)(,?)")


def retention_in_words(retention: object) -> str:
    """Write a retention, or what the report holds of one: ``monthly 12m`` is «mensual 12 meses»."""
    return " ".join(_told(*found.groups()) for found in _PART.finditer(str(retention)))


def _told(count: str, word: str, comma: str) -> str:
    code = f"1{word}" if count == "1" else word
    return f"{count} {TERMS['retention'].get(code, word)}{comma}".lstrip()
