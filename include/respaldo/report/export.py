"""Shows the report's rows: a table for a terminal, CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from respaldo.texts import report as texts

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.table import Table

Rows = Sequence[Mapping[str, Any]]
"""What ``Report.rows`` and ``Report.requests`` give: dicts of the columns of their views."""

TABLE_COLUMNS = (
    "numero", "alcance", "origen", "estado", "inicio", "duracion", "tamano_bytes", "archivos", "copia",
    "segunda_copia", "verificacion_resultado", "intentos", "causa",
)  # fmt: skip
_NUMBERS = {"numero", "duracion", "tamano_bytes", "archivos", "intentos"}
_SHORT_ID = 8
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_json(rows: Rows, zone: ZoneInfo) -> str:
    """Render the rows as JSON: numbers, lists and nulls as such, times in ``zone``, durations in seconds."""
    return json.dumps(
        [{name: _plain(value, zone) for name, value in row.items()} for row in rows],
        ensure_ascii=False,
        indent=2,
    )


def as_csv(rows: Rows, zone: ZoneInfo, headings: Mapping[str, str] = texts.COLUMNS) -> str:
    """Render the rows as CSV under Spanish headings: times in ``zone``, durations as h:mm:ss.

    Lines end as RFC 4180 says: write it to a file with ``newline=""``.

    :param headings: of the view's columns: the form's, or ``RESTORATION_COLUMNS``.
    """
    frame = as_frame(rows, zone, headings)
    for name in frame.columns:
        frame[name] = frame[name].map(_cell, na_action="ignore")
    return frame.rename(columns=headings).to_csv(index=False, lineterminator="\r\n")


def as_frame(rows: Rows, zone: ZoneInfo, headings: Mapping[str, str] = texts.COLUMNS) -> DataFrame:
    """Give the rows to pandas: times in ``zone``, whole numbers whole even where some are missing."""
    from pandas import DataFrame

    frame = DataFrame(
        [{name: _local(value, zone) for name, value in row.items()} for row in rows],
        columns=list(rows[0]) if rows else list(headings),
    )
    return frame.convert_dtypes()


def as_table(rows: Rows, zone: ZoneInfo) -> Table:
    """Render the form's columns that fit a terminal."""
    from rich.table import Table
    from rich.text import Text

    caption = texts.FORM_COUNT.format(count=len(rows)) if rows else texts.FORM_EMPTY
    table = Table(title=texts.FORM_TITLE, caption=caption)
    for name in TABLE_COLUMNS:
        heading = texts.SIZE_HEADING if name == "tamano_bytes" else texts.COLUMNS[name]
        table.add_column(heading, justify="right" if name in _NUMBERS else "left")
    for row in rows:
        # Text, because a string would be read as markup.
        table.add_row(*(Text(_shown(name, _local(row[name], zone))) for name in TABLE_COLUMNS))
    return table


def _local(value: object, zone: ZoneInfo) -> object:
    return value.astimezone(zone) if isinstance(value, datetime) else value


def _plain(value: object, zone: ZoneInfo) -> object:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value


def _cell(value: object) -> object:
    """Write one value as a spreadsheet reads it.

    A text that a person wrote must not run as a formula when the file is opened: an apostrophe stops it.
    """
    if isinstance(value, bool | datetime | timedelta | list | dict):
        value = text_of(value)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def text_of(value: object) -> str:
    """Write one value of a view as text, local times as they are, several lines for several things."""
    match value:
        case bool():
            return texts.YES if value else texts.NO
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case timedelta():
            return clock(value)
        case list() | dict():
            return by_lines(value)
    return str(value)


def by_lines(values: Sequence[object] | Mapping[str, object]) -> str:
    """Write several things, each on a line of its own."""
    if isinstance(values, Mapping):
        return "\n".join(f"{key}: {_item(item)}" for key, item in values.items())
    return "\n".join(map(_item, values))


def _item(value: object) -> str:
    return str(value).replace(".", ",") if isinstance(value, float) else str(value)


def _shown(name: str, value: object) -> str:
    if value is None:
        return ""
    if name == "tamano_bytes" and isinstance(value, int):
        return size(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, timedelta):
        return clock(value)
    if isinstance(value, list):
        return "\n".join(item[:_SHORT_ID] for item in value)
    return str(value)


def clock(duration: timedelta) -> str:
    """Write a duration as hours, minutes and seconds: 26:03:09."""
    minutes, seconds = divmod(round(duration.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def size(count: int) -> str:
    """Write a number of bytes as people read it in Spanish: 2,5 GB (decimal units)."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 999.95 or unit == "TB":
            break
        amount /= 1000
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}".replace(".", ",")
