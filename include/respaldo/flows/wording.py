"""How moments and cells of tables are written wherever people read them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from respaldo.texts.requests import NOTHING


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """Write a moment in the organization's time."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if at else NOTHING


def cell(text: str | None) -> str:
    """Keep a text in its cell of a table of Markdown."""
    return " ".join((text or NOTHING).split()).replace("|", "\\|")
