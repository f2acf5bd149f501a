"""``respaldo db ...``, ``respaldo fm007`` and ``respaldo verify-log``: the report."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from respaldo import connections
from respaldo.cli import document, workplace
from respaldo.cli.console import console, say, stop, told
from respaldo.report import export
from respaldo.report.history import verify_log as verified_log
from respaldo.report.migrate import migrate as migrated
from respaldo.texts import cli as texts
from respaldo.texts import report as report_texts


class Format(StrEnum):
    """How the form is shown."""

    table = "table"
    csv = "csv"
    json = "json"
    xlsx = "xlsx"
    pdf = "pdf"


def migrate() -> None:
    """Apply what is missing."""
    with told():
        applied = migrated(connections.endpoint(connections.REPORT))
    for name in applied:
        say(texts.MIGRATED.format(name=name))
    if not applied:
        say(texts.MIGRATED_NONE)


def flush() -> None:
    """Write what waits in this machine's spool."""
    with told():
        report = workplace.report()
        before = len(report.spool.waiting())
        report.drain()
        waiting, rejected = len(report.spool.waiting()), len(report.spool.rejected())
    say(texts.FLUSHED.format(written=before - waiting, waiting=waiting, rejected=rejected))


def fm007(
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=texts.SINCE)] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=texts.UNTIL)] = None,
    scope: Annotated[str | None, typer.Option(help=texts.SCOPE)] = None,
    shape: Annotated[Format, typer.Option("--format", help=texts.FORMAT)] = Format.table,
    to: Annotated[Path | None, typer.Option(help=texts.TO)] = None,
) -> None:
    """Show the form's rows of a period; days are the organization's. A document goes into a file."""
    if shape in (Format.xlsx, Format.pdf):
        with told():
            document.write(shape, since, until, scope, to)
        return
    if to is not None:
        stop(texts.TO_NOT_NEEDED)
    zone = ZoneInfo(workplace.configuration().organization.timezone)
    with told():
        rows = workplace.report().rows(
            since.replace(tzinfo=zone) if since else None,
            (until + timedelta(days=1)).replace(tzinfo=zone) if until else None,
            scope,
        )
    match shape:
        case Format.table:
            console().print(export.as_table(rows, zone))
        case Format.csv:
            sys.stdout.write(export.as_csv(rows, zone))
        case Format.json:
            say(export.as_json(rows, zone))


def verify_log() -> None:
    """Exit with 1 when the history was altered, naming the first place."""
    with told():
        verdict = verified_log(connections.endpoint(connections.REPORT))
    say(report_texts.LOG_INTACT.format(count=verdict.count, head=verdict.head))
