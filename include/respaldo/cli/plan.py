"""``respaldo plan``: which scope runs when, in the days to come (activity 1)."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from respaldo.cli import workplace
from respaldo.cli.console import console, say, stop, warn
from respaldo.config.agenda import Agenda, agenda
from respaldo.config.configuration import AnyScope, Configuration
from respaldo.domain.errors import ConnectionMissingError, ReportError
from respaldo.flows import programming
from respaldo.report import export
from respaldo.report.contracts import KnownContract
from respaldo.texts import cli as texts
from respaldo.texts import programming as words


class Format(StrEnum):
    """How the programming is shown."""

    table = "table"
    csv = "csv"
    json = "json"


def plan(
    days: Annotated[int, typer.Option(min=1, max=366, help=texts.PLAN_DAYS)] = 7,
    scope: Annotated[str | None, typer.Option(help=texts.SCOPE)] = None,
    shape: Annotated[Format, typer.Option("--format", help=texts.PLAN_FORMAT)] = Format.table,
) -> None:
    """Show the runs to come, and the scopes that have none."""
    configuration = workplace.configuration()
    _check(configuration, scope)
    told = programming.Words(configuration.organization, _contracts(configuration))
    zone = ZoneInfo(configuration.organization.timezone)
    found = agenda(configuration, datetime.now(UTC), days, scope)
    match shape:
        case Format.table:
            console().print(_table(found, told))
        case Format.csv:
            sys.stdout.write(export.as_csv(told.rows(found), zone, words.COLUMNS))
        case Format.json:
            say(export.as_json(told.rows(found), zone))


def _check(configuration: Configuration, scope: str | None) -> None:
    known = [*configuration.all_scopes, *configuration.invalid]
    if scope is not None and scope not in known:
        stop(texts.NOT_A_SCOPE.format(name=scope, known=", ".join(known)))


def _contracts(configuration: Configuration) -> tuple[KnownContract, ...]:
    """Ask the report for renewals, if there is a contract at all; without it the files alone decide."""
    if not any(scope.settings.contract for scope in configuration.all_scopes.values()):
        return ()
    try:
        return workplace.report().contracts()
    except (ReportError, ConnectionMissingError):
        warn(words.NO_RENEWALS)
        return ()


def _table(found: Agenda, told: programming.Words) -> Table:
    """Lay the agenda out by day; what has no day comes last."""
    table = Table(
        *words.HEADINGS, title=words.TITLE, caption=words.ZONE.format(zone=told.organization.timezone)
    )
    for day in found.days:
        table.add_section()
        weekday = words.WEEKDAYS[day.date.weekday()]
        table.add_row(Text(f"{day.date} {weekday}", style="bold"), "" if day.turns else words.NO_TURNS)
        for turn in day.turns:
            _add(table, programming.times(turn.moments), turn.scope, day.date, told)
    if found.later:
        table.add_section()
        table.add_row(Text(words.LATER, style="bold"))
    for turn in found.later:
        next_time = turn.moments[0]
        _add(table, f"{next_time:%Y-%m-%d %H:%M}", turn.scope, next_time.date(), told)
    table.add_section()
    for scope in found.by_hand:
        _add(table, words.STATES["by_hand"], scope, found.days[0].date, told)
    for scope_id, problems in found.invalid.items():
        mistakes = texts.SCOPES_INVALID.format(count=len(problems))
        table.add_row(Text(words.STATES["invalid"]), Text(scope_id), Text(mistakes))
    return table


def _add(table: Table, when: str, scope: AnyScope, on: date, told: programming.Words) -> None:
    settings = scope.settings
    # Text, because a string would be read as markup.
    cells = (
        when,
        settings.name,
        settings.department,
        settings.criticality,
        programming.mode(scope),
        told.who(scope),
        told.contract(scope, on),
    )
    table.add_row(*map(Text, cells))
