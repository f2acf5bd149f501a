"""``respaldo find``: in which copies of a scope something is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from respaldo.cli import workplace
from respaldo.cli.console import console, say, stop, told
from respaldo.cli.copies import SHORT_ID
from respaldo.cli.holdings import snapshots
from respaldo.flows.wording import moment
from respaldo.report.export import size
from respaldo.restic.snapshots import Match, Snapshot
from respaldo.texts import cli as texts


def find(
    scope: Annotated[str, typer.Argument(help=texts.SCOPE_ID)],
    pattern: Annotated[str, typer.Argument(help=texts.FIND_PATTERN)],
    at: Annotated[str | None, typer.Option(help=texts.FIND_AT)] = None,
    repository: Annotated[str | None, typer.Option(help=texts.FIND_REPOSITORY)] = None,
) -> None:
    """Exit with 1 when it is in none."""
    with told():
        job = workplace.job("find", scope, repository)
        zone = workplace.zone(job)
        as_of = workplace.moment(at, zone)
        name = repository or job.settings.repository
        there = {one.id: one for one in snapshots(job, name) if as_of is None or one.time <= as_of}
        if not there:
            stop(texts.NO_SNAPSHOTS.format(scope=scope, repository=name))
        if job.settings.source.holds == "databases":
            _show_dumps(list(there.values()), zone, scope)
            return
        found = job.repository(name).find(pattern, tuple(there))
    if not found:
        stop(texts.FOUND_NOWHERE.format(pattern=pattern, repository=name, count=len(there)))
    _show_found(found, there, zone)


def _show_found(found: tuple[Match, ...], there: dict[str, Snapshot], zone: ZoneInfo) -> None:
    table = Table(*texts.FOUND_HEADINGS)
    newest_first = sorted(found, key=lambda match: match.node.path)
    newest_first.sort(key=lambda match: there[match.snapshot_id].time, reverse=True)
    for match in newest_first:
        node = match.node
        table.add_row(
            moment(there[match.snapshot_id].time, zone),
            match.snapshot_id[:SHORT_ID],
            Text(node.path),
            size(node.size_bytes) if node.type == "file" else texts.NODE_TYPES.get(node.type, node.type),
            moment(datetime.fromtimestamp(node.mtime_ns // 10**9, zone), zone),
        )
    console().print(table)


def _show_dumps(there: list[Snapshot], zone: ZoneInfo, scope_id: str) -> None:
    table = Table(*texts.DUMPS_HEADINGS)
    for snapshot in reversed(there):
        size_bytes = snapshot.as_copy().size_bytes
        table.add_row(
            moment(snapshot.time, zone), snapshot.id[:SHORT_ID], Text(snapshot.item), size(size_bytes)
        )
    console().print(table)
    say(texts.NO_SEARCH_IN_DUMPS.format(scope=scope_id))
