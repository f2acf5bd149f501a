"""``respaldo labels``: what a medium holds, by its label, and labels for printing (activity 16)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from respaldo import connections
from respaldo.cli import workplace
from respaldo.cli.console import console, say, stop, told, warn
from respaldo.domain.labels import as_label
from respaldo.domain.values import Endpoint
from respaldo.flows.wording import moment
from respaldo.hosts import durable
from respaldo.report import label_sheets, media_pages
from respaldo.report.export import size
from respaldo.report.media_pages import MediaSelection, MediumInFull
from respaldo.texts import media as texts
from respaldo.texts.cli import NO_NUMBER

_MOST_NEW = 2400
"""A hundred sheets of the usual size: more than one runs through a printer at once."""


def labels(
    wanted: Annotated[list[str] | None, typer.Argument(metavar="ETIQUETA", help=texts.CLI_LABELS)] = None,
    new: Annotated[bool, typer.Option("--new", help=texts.CLI_NEW)] = False,  # noqa: FBT002  (an option)
    kind: Annotated[str | None, typer.Option(help=texts.CLI_KIND)] = None,
    to: Annotated[Path | None, typer.Option(help=texts.CLI_TO)] = None,
    skip: Annotated[int, typer.Option(min=0, max=299, help=texts.CLI_SKIP)] = 0,
) -> None:
    """Exit with 1 when one of the labels is unknown: then nothing is printed."""
    names = [str(as_label(name)) for name in wanted or ()]
    if not names and not new:
        stop(texts.CLI_NOTHING)
    if new and to is None:
        stop(texts.CLI_NEW_NEEDS_FILE)
    with told():
        endpoint = connections.endpoint(connections.REPORT)
        if to is None:
            _show(endpoint, names)
        else:
            unprinted = MediaSelection(kind=kind, unprinted=True) if new else None
            _print(endpoint, names, unprinted, to, skip)


def _show(endpoint: Endpoint, names: list[str]) -> None:
    zone = ZoneInfo(workplace.configuration().organization.timezone)
    found = {name: media_pages.in_full(endpoint, name) for name in names}
    for name, medium in found.items():
        if medium is None:
            warn(texts.CLI_UNKNOWN.format(label=name))
        else:
            _show_medium(medium, zone)
    if None in found.values():
        raise typer.Exit(1)


def _show_medium(medium: MediumInFull, zone: ZoneInfo) -> None:
    row = medium.row
    known = (row["clase"], row["descripcion"], row["lugar"], row["custodia"], row["estado"])
    say(f"{row['etiqueta']}: {' · '.join(filter(None, known))}")
    if not medium.copies:
        say(texts.HOLDS_NOTHING)
        return
    table = Table(*texts.COPY_COLUMNS.values())
    for copy in medium.copies:
        # Text, because a string would be read as markup.
        table.add_row(*(Text(_written(name, copy[name], zone)) for name in texts.COPY_COLUMNS))
    console().print(table)
    if len(medium.copies) < row["copias"]:
        say(texts.HOLDS_NEWEST.format(shown=len(medium.copies), all=row["copias"]))


def _written(name: str, value: Any, zone: ZoneInfo) -> str:  # noqa: ANN401  (a column's)
    if value is None:
        return NO_NUMBER
    if isinstance(value, datetime):
        return moment(value, zone)
    return size(value) if name == "tamano_bytes" else str(value)


def _print(
    endpoint: Endpoint, names: list[str], unprinted: MediaSelection | None, to: Path, skip: int
) -> None:
    """Write the sheets, and remember what was printed when they are safe."""
    organization = workplace.configuration().organization
    rows = _named(endpoint, names)
    if unprinted is not None:
        rows += [row for row in media_pages.selected(endpoint, unprinted, _MOST_NEW) if row not in rows]
        if not rows:
            stop(texts.CLI_NONE_NEW)
    zone = ZoneInfo(organization.timezone)
    now = datetime.now(zone)
    sheet = organization.media.sheet
    if skip >= sheet.columns * sheet.rows:
        stop(texts.CLI_SKIPS_ALL.format(places=sheet.columns * sheet.rows))
    document = label_sheets.as_pdf(
        rows, entity=organization.name, sheet=sheet.model_dump(), zone=zone, made_at=now, skipped=skip
    )
    try:
        durable.replace(to, document, 0o640)
    except OSError as error:
        stop(texts.CLI_NOT_WRITTEN.format(file=to, reason=error.strerror))
    media_pages.mark_printed(endpoint, [row["etiqueta"] for row in rows], now)
    say(texts.CLI_WRITTEN.format(count=len(rows), file=to))
    if unprinted is not None and len(rows) >= _MOST_NEW:
        say(texts.CLI_MORE_NEW)


def _named(endpoint: Endpoint, names: list[str]) -> list[dict[str, Any]]:
    """Give the media with these labels, or tell which there are not, and end with 1."""
    rows = media_pages.labelled(endpoint, names)
    unknown = set(names) - {row["etiqueta"] for row in rows}
    for name in sorted(unknown):
        warn(texts.CLI_UNKNOWN.format(label=name))
    if unknown:
        raise typer.Exit(1)
    return rows
