"""``respaldo ...``: the configuration, the passwords and the report, from a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic import BaseModel, SecretStr
from rich.console import Console
from rich.table import Table

from respaldo import connections
from respaldo.config.configuration import Configuration, folder, load, problems_of
from respaldo.config.home import Home
from respaldo.config.organization import Organization
from respaldo.config.repositories import Repositories
from respaldo.config.scopes import Scope
from respaldo.domain.errors import ReportSchemaError, ReportTamperedError, RespaldoError
from respaldo.domain.problems import ConfigurationProblemsError, Problem
from respaldo.domain.quantities import format_duration
from respaldo.report import export
from respaldo.report.history import verify_log as verified_log
from respaldo.report.migrate import migrate as migrated
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.restic.passwords import derive_password
from respaldo.texts import causes
from respaldo.texts import cli as texts
from respaldo.texts import configuration as problem_texts
from respaldo.texts import report as report_texts

app = typer.Typer(help=texts.PROGRAM, no_args_is_help=True, add_completion=False)
db = typer.Typer(help=texts.DB, no_args_is_help=True)
app.add_typer(db, name="db")

_WIDTH = 160

SCHEMAS: dict[str, type[BaseModel]] = {
    "organization": Organization,
    "repositories": Repositories,
    "scope": Scope,
}


class Format(StrEnum):
    """How the form is shown."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command(help=texts.LINT)
def lint(
    offline: Annotated[bool, typer.Option("--offline", help=texts.LINT_OFFLINE)] = False,  # noqa: FBT002
) -> None:
    """Exit with 1 when there is any mistake."""
    problems = list(problems_of(folder()))
    if not problems and not offline:
        problems += _missing_connections(load(folder()))
    for problem in problems:
        _say(problem_texts.tell(problem))
    if problems:
        _say(problem_texts.COUNT.format(count=len(problems)))
        raise typer.Exit(1)
    good = load(folder())
    _say(problem_texts.ALL_GOOD.format(scopes=len(good.scopes), repositories=len(good.repositories)))


@app.command(help=texts.SCHEMA)
def schema(
    target: Annotated[Path | None, typer.Argument(help=texts.SCHEMA_FOLDER)] = None,
) -> None:
    """Write one JSON Schema for each kind of file."""
    written = target or folder() / "schema"
    written.mkdir(parents=True, exist_ok=True)
    for name, model in SCHEMAS.items():
        text = json.dumps(model.model_json_schema(), ensure_ascii=False, indent=2)
        (written / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
    _say(texts.SCHEMAS_WRITTEN.format(folder=written))


@app.command(help=texts.SCOPES)
def scopes() -> None:
    """Show what is configured, broken scopes too."""
    configuration = _configuration()
    table = Table(*texts.SCOPES_HEADINGS)
    for scope in configuration.scopes.values():
        settings = scope.settings
        places = filter(None, (settings.repository, settings.second_copy))
        table.add_row(
            scope.id,
            settings.name,
            f"{settings.source.kind}: {settings.source.describe()}",
            settings.schedule or texts.BY_HAND,
            format_duration(settings.rpo),
            ", ".join(places),
            settings.responsible,
        )
    for scope_id, problems in configuration.invalid.items():
        table.add_row(scope_id, texts.SCOPES_INVALID.format(count=len(problems)))
    _console().print(table)


@app.command(help=texts.PASSWORD)
def password(
    repository: Annotated[str, typer.Argument(help=texts.PASSWORD_REPOSITORY)],
    scope: Annotated[str, typer.Argument(help=texts.PASSWORD_SCOPE)],
    from_stdin: Annotated[bool, typer.Option("--stdin", help=texts.PASSWORD_STDIN)] = False,  # noqa: FBT002
) -> None:
    """Print a password, from the master secret that Airflow holds or that is typed in."""
    if from_stdin:
        master = SecretStr(sys.stdin.readline())
        if not master.get_secret_value().strip("\r\n"):
            _stop(texts.PASSWORD_EMPTY)
    else:
        with _told():
            settings = _configuration().repositories
            if repository not in settings:
                _stop(texts.NOT_A_REPOSITORY.format(name=repository, known=", ".join(settings)))
            master = connections.master_secret(settings[repository].connection)
    _say(derive_password(master, repository, scope).get_secret_value())


@db.command(help=texts.MIGRATE)
def migrate() -> None:
    """Apply what is missing."""
    with _told():
        applied = migrated(connections.endpoint(connections.REPORT))
    for name in applied:
        _say(texts.MIGRATED.format(name=name))
    if not applied:
        _say(texts.MIGRATED_NONE)


@db.command(help=texts.FLUSH)
def flush() -> None:
    """Write what waits in this machine's spool."""
    with _told():
        report = _report()
        before = len(report.spool.waiting())
        report.drain()
        waiting, rejected = len(report.spool.waiting()), len(report.spool.rejected())
    _say(texts.FLUSHED.format(written=before - waiting, waiting=waiting, rejected=rejected))


@app.command(help=texts.FM007)
def fm007(
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=texts.SINCE)] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=texts.UNTIL)] = None,
    scope: Annotated[str | None, typer.Option(help=texts.SCOPE)] = None,
    shape: Annotated[Format, typer.Option("--format", help=texts.FORMAT)] = Format.table,
) -> None:
    """Show the form's rows of a period; days are the organization's."""
    zone = ZoneInfo(_configuration().organization.timezone)
    with _told():
        rows = _report().rows(
            since.replace(tzinfo=zone) if since else None,
            (until + timedelta(days=1)).replace(tzinfo=zone) if until else None,
            scope,
        )
    match shape:
        case Format.table:
            _console().print(export.as_table(rows, zone))
        case Format.csv:
            sys.stdout.write(export.as_csv(rows, zone))
        case Format.json:
            _say(export.as_json(rows, zone))


@app.command("verify-log", help=texts.VERIFY_LOG)
def verify_log() -> None:
    """Exit with 1 when the history was altered, naming the first place."""
    with _told():
        verdict = verified_log(connections.endpoint(connections.REPORT))
    _say(report_texts.LOG_INTACT.format(count=verdict.count, head=verdict.head))


@app.command(help=texts.SYNC)
def sync() -> None:
    """Create or change Airflow's pools, one for each repository."""
    from respaldo.flows.pools import put_pools

    for pool, slots in put_pools(_configuration().repositories).items():
        _say(texts.SYNCED.format(pool=pool, slots=slots))


def _missing_connections(configuration: Configuration) -> list[Problem]:
    """Ask Airflow for every connection that the configuration names."""
    root = folder()
    named = [
        (str(root / "repositories.yaml"), f"{name}.connection", settings.connection)
        for name, settings in configuration.repositories.items()
    ] + [
        (str(root / "scopes" / f"{scope.id}.yaml"), "source.connection", scope.settings.source.connection)
        for scope in configuration.scopes.values()
        if scope.settings.source.connection
    ]
    return [
        Problem(file=file, line=1, key=key, code="connection_unknown", facts={"value": connection})
        for file, key, connection in named
        if not connections.exists(connection)
    ]


def _configuration() -> Configuration:
    try:
        return load(folder())
    except ConfigurationProblemsError as error:
        for problem in error.problems:
            _say(problem_texts.tell(problem))
        raise typer.Exit(1) from error


def _report() -> Report:
    return Report(connections.endpoint(connections.REPORT), Spool(Home.find().spool))


@contextmanager
def _told() -> Iterator[None]:
    """Tell an error in its words, and end with 1."""
    try:
        yield
    except ReportTamperedError as error:
        _stop(report_texts.TAMPERED[error.facts["check"]].format(**error.facts))
    except ReportSchemaError as error:
        _stop(report_texts.SCHEMA_PROBLEMS[error.facts["problem"]].format(**error.facts))
    except RespaldoError as error:
        _stop(f"{causes.explain(error)} {causes.corrective(error)}")


def _console() -> Console:
    """A file or a pipe has no width of its own: the tables' words need one."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH)


def _stop(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    raise typer.Exit(1)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
