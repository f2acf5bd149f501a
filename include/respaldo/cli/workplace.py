"""What commands work with: the configuration, the report, a job."""

from __future__ import annotations

import os
import pwd
from datetime import UTC, date, datetime, time, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

import typer

from respaldo import connections
from respaldo.actions.job import Job
from respaldo.cli.console import say, stop
from respaldo.config.configuration import Configuration, folder, load
from respaldo.config.home import Home
from respaldo.domain.problems import ConfigurationProblemsError, Problem
from respaldo.domain.values import Run
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.restic.engine import find_engine
from respaldo.texts import cli as texts
from respaldo.texts.configuration import tell


def configuration() -> Configuration:
    """Read the configuration, or tell its mistakes and end with 1."""
    try:
        return load(folder())
    except ConfigurationProblemsError as error:
        _stop_for(error.problems)


def report() -> Report:
    """Give the report, and this machine's spool.

    :raises ConnectionMissingError: Airflow does not know where it is.
    """
    return Report(connections.endpoint(connections.REPORT), Spool(Home.find().spool))


def job(command: str, scope_id: str, repository: str | None = None) -> Job:
    """Put together what a command does for one scope, or tell why there is no such scope, and end with 1.

    :param repository: a name that must be configured too.
    :raises ToolMissingError, ToolVersionError: there is no restic to work with.
    """
    found = configuration()
    if scope_id in found.invalid:
        _stop_for(found.invalid[scope_id])
    if scope_id in found.all_scopes and scope_id not in found.kept:
        stop(texts.NOT_KEPT.format(name=scope_id))
    if scope_id not in found.kept:
        stop(texts.NOT_A_SCOPE.format(name=scope_id, known=", ".join(found.kept)))
    if repository is not None and repository not in found.repositories:
        stop(texts.NOT_A_REPOSITORY.format(name=repository, known=", ".join(found.repositories)))
    run_id = f"terminal__{datetime.now(UTC).isoformat()}"
    return Job(
        run=Run(dag_id=f"respaldo_{command}", run_id=run_id, scope_id=scope_id),
        scope=found.kept[scope_id],
        configuration=found,
        home=Home.find(),
        engine=find_engine(),
        master_secret=connections.master_secret,
        endpoint_of=connections.endpoint,
        login_of=connections.repository_login,
        host_of=connections.ssh_host,
        host_settings_of=connections.host_settings,
    )


def zone(of: Job) -> ZoneInfo:
    return ZoneInfo(of.configuration.organization.timezone)


def moment(text: str | None, local: ZoneInfo) -> datetime | None:
    """Read a date, which means its end, or a date and time; tell what is neither, and end with 1."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _date_and_time(text, local)
    return datetime.combine(day + timedelta(days=1), time(), local) - timedelta(microseconds=1)


def operator() -> str:
    """Name who sits at the terminal. Behind sudo it is who called it that matters; the other is named too."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    caller = os.environ.get("SUDO_USER")
    return f"{caller} ({user})" if caller and caller != user else user


def _date_and_time(text: str, local: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        stop(texts.NOT_A_MOMENT.format(text=text))
    return found if found.tzinfo else found.replace(tzinfo=local)


def _stop_for(problems: tuple[Problem, ...]) -> NoReturn:
    for problem in problems:
        say(tell(problem))
    raise typer.Exit(1)
