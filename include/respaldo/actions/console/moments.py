"""Moments as consoles write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from respaldo.config.console_record import Times

_NOTHING = ("", "-", "--", "n/a", "null", "never")
_HALF_OF_DAY = re.compile(r"\b([ap])\.?\s?m\b\.?", re.IGNORECASE)
# Windows PowerShell writes moments of JSON so: /Date(1700000000000)/
_MILLISECONDS = re.compile(r"(?:/Date\()?(-?\d{1,15})(?:[+-]\d{4})?(?:\)/)?")
_FIRST_YEAR = 1971
"""What is before stands for no moment at all: consoles fill in where their calendars begin."""


def moment(text: str, times: Times, zone: ZoneInfo) -> datetime | None:
    """Read a moment; None where the console tells none.

    :param zone: the one that counts where neither the moment nor the scope tells another.
    :raises ValueError: it is no moment, or not written like that.
    """
    if text.strip().casefold() in _NOTHING:
        return None
    try:
        read = _read(text.strip(), times.format)
        if read.year < _FIRST_YEAR:
            return None
        return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(times.zone) if times.zone else zone)
    except OverflowError as error:
        raise ValueError(text) from error


def _read(text: str, form: str) -> datetime:
    if form == "iso":
        return datetime.fromisoformat(text)
    if form in ("epoch", "epoch_ms"):
        found = _MILLISECONDS.fullmatch(text) if form == "epoch_ms" else None
        seconds = int(found[1]) / 1000 if found else float(text)
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except OSError as error:
            raise ValueError(text) from error
    if "%p" in form:
        # Spanish Windows writes a. m. and p. m., with a space that does not break.
        text = _HALF_OF_DAY.sub(lambda half: f"{half[1].upper()}M", text)
    return datetime.strptime(" ".join(text.split()), " ".join(form.split()))  # noqa: DTZ007  (see moment)
