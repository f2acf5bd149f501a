"""Entries of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from respaldo.actions.console.entries import LONGEST_RAW, MOST_ENTRIES, Entry, UnreadableError
from respaldo.config.console_record import CsvEntries


def parse(text: str, settings: CsvEntries) -> list[Entry]:
    """Read a table, whose first line names its columns.

    :raises UnreadableError: it is none, lacks a column, or has one twice.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=settings.delimiter, strict=True)
    try:
        _see_columns(reader.fieldnames or (), settings)
        found: list[Entry] = []
        for row in reader:
            if len(found) == MOST_ENTRIES:
                raise UnreadableError("too_many", limit=MOST_ENTRIES)
            found.append(_entry(reader.line_num, row, settings))
    except csv.Error as error:
        raise UnreadableError("not_csv", line=reader.line_num, said=error) from error
    return found


def _see_columns(columns: Sequence[str], settings: CsvEntries) -> None:
    for column in settings.named.values():
        if column not in columns:
            raise UnreadableError("column_missing", column=column, found=", ".join(columns))
        if columns.count(column) > 1:
            raise UnreadableError("column_twice", column=column)


def _entry(line: int, row: dict[str, str | None], settings: CsvEntries) -> Entry:
    if None in row or None in row.values():
        # More or fewer values than columns: nothing of the line can be trusted.
        raise UnreadableError("row_ragged", line=line)
    raw = settings.delimiter.join(value or "" for value in row.values())
    return Entry(line, {part: row[column] for part, column in settings.named.items()}, raw[:LONGEST_RAW])
