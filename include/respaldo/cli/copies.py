"""``respaldo copies``: which copies of a scope there must be, and whether they are there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from respaldo.actions.job import Job
from respaldo.cli import workplace
from respaldo.cli.console import console, say, told, warn
from respaldo.cli.holdings import Holding, holding
from respaldo.domain.errors import ReportError
from respaldo.domain.restoring import KnownCopy, Which
from respaldo.domain.values import Copy
from respaldo.flows.wording import moment
from respaldo.report.export import size
from respaldo.restic.snapshots import Snapshot
from respaldo.texts import cli as texts
from respaldo.texts.report import TERMS
from respaldo.texts.telling import in_words

SHORT_ID = 8
ALL = 100_000
"""More copies than a scope has: what is left out here would look as if the report did not know it."""

_PLACES: tuple[Which, ...] = ("first", "second")
_STYLES = {True: "green", False: "bold red", None: "yellow"}


def copies(
    scope: Annotated[str, typer.Argument(help=texts.SCOPE_ID)],
    at: Annotated[str | None, typer.Option(help=texts.AT)] = None,
    repository: Annotated[str | None, typer.Option(help=texts.COPIES_REPOSITORY)] = None,
    limit: Annotated[int, typer.Option(help=texts.COPIES_LIMIT, min=1)] = 20,
) -> None:
    """Exit with 1 when a copy that the report knows is not there, or nobody can tell."""
    with told():
        job = workplace.job("copies", scope, repository)
        zone = workplace.zone(job)
        as_of = workplace.moment(at, zone)
        known = _known(job)
        holdings = {name: holding(job, name) for name in _names(job, known or (), repository)}
    for held in holdings.values():
        if held.problem is not None:
            warn(texts.CANNOT_LIST.format(repository=held.repository, told=in_words(held.problem)))
    shown = [copy for copy in known or () if as_of is None or copy.taken_at <= as_of][:limit]
    if known is not None:
        _show_known(shown, holdings, zone)
    _show_unknown(_unknown(known or (), holdings.values(), as_of), zone, is_report_down=known is None)
    missing = _tell_missing(shown, holdings, zone, scope)
    if missing or known is None:
        raise typer.Exit(1)


def _known(job: Job) -> tuple[KnownCopy, ...] | None:
    """Give every copy that the report knows, or None when it cannot be asked."""
    try:
        return workplace.report().copies(job.scope.id, limit=ALL)
    except ReportError as error:
        warn(texts.REPORT_DOWN.format(told=in_words(error)))
        return None


def _names(job: Job, known: Iterable[KnownCopy], only: str | None) -> list[str]:
    """Name the repositories to look into: the scope's own, and those that its copies were once left in."""
    if only is not None:
        return [only]
    named = [job.settings.repository, job.settings.second_copy]
    named += [copy.place(which)[0] for copy in known for which in _PLACES]
    named = [name for name in dict.fromkeys(named) if name is not None]
    for name in named:
        if name not in job.configuration.repositories:
            warn(texts.NOT_CONFIGURED.format(name=name))
    return [name for name in named if name in job.configuration.repositories]


def _show_known(shown: list[KnownCopy], holdings: dict[str, Holding], zone: ZoneInfo) -> None:
    if not shown:
        say(texts.NO_COPIES)
        return
    table = Table(*texts.COPIES_HEADINGS, *holdings, title=texts.COPIES_TITLE)
    for copy in shown:
        table.add_row(
            str(copy.number),
            moment(copy.taken_at, zone),
            TERMS["state"][copy.state],
            size(copy.size_bytes),
            str(copy.files),
            *(_cell(_in(copy, name), held) for name, held in holdings.items()),
        )
    console().print(table)


def _cell(copies: tuple[Copy, ...], held: Holding) -> Text:
    lines = []
    for copy in copies:
        is_there = held.has(copy.snapshot_id)
        item = f"{copy.item} " if len(copies) > 1 else ""
        told_so = f"{item}{copy.snapshot_id[:SHORT_ID]} {texts.IS_THERE[is_there]}"
        lines.append(Text(told_so, style=_STYLES[is_there]))
    return Text("\n").join(lines) if lines else Text(texts.NO_COPY_HERE)


def _in(copy: KnownCopy, repository: str) -> tuple[Copy, ...]:
    places = map(copy.place, _PLACES)
    return tuple(one for name, copies in places if name == repository for one in copies)


def _unknown(
    known: tuple[KnownCopy, ...], holdings: Iterable[Holding], as_of: datetime | None
) -> list[tuple[str, Snapshot]]:
    """Give the snapshots that the report does not know, newest first, and the repository of each."""
    listed = {one.snapshot_id for copy in known for which in _PLACES for one in copy.place(which)[1]}
    found = [
        (held.repository, snapshot)
        for held in holdings
        for snapshot in held.snapshots
        if snapshot.id not in listed and (as_of is None or snapshot.time <= as_of)
    ]
    return sorted(found, key=lambda pair: pair[1].time, reverse=True)


def _show_unknown(unknown: list[tuple[str, Snapshot]], zone: ZoneInfo, *, is_report_down: bool) -> None:
    if not unknown:
        return
    title = texts.HELD_TITLE if is_report_down else texts.UNKNOWN_TITLE
    table = Table(*texts.UNKNOWN_HEADINGS, title=title)
    for repository, snapshot in unknown:
        copy = snapshot.as_copy()
        table.add_row(
            moment(snapshot.time, zone),
            repository,
            Text(copy.item),
            size(copy.size_bytes),
            str(copy.files),
            snapshot.id[:SHORT_ID],
            snapshot.run_key,
        )
    console().print(table)


def _tell_missing(
    shown: list[KnownCopy], holdings: dict[str, Holding], zone: ZoneInfo, scope_id: str
) -> bool:
    """Tell every copy that is not where it must be. True also when nobody can tell."""
    unseen = False
    for copy in shown:
        for name, held in holdings.items():
            for one in _in(copy, name):
                is_there = held.has(one.snapshot_id)
                unseen = unseen or not is_there
                if is_there is False:
                    warn(
                        texts.MISSING.format(
                            snapshot=one.snapshot_id[:SHORT_ID],
                            item=one.item,
                            number=copy.number,
                            taken_at=moment(copy.taken_at, zone),
                            repository=name,
                            scope=scope_id,
                        )
                    )
    return unseen
