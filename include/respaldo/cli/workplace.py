"""What commands work with: the configuration, the report."""

from __future__ import annotations

import typer

from respaldo import connections
from respaldo.cli.console import say
from respaldo.config.configuration import Configuration, folder, load
from respaldo.config.home import Home
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.texts.configuration import tell


def configuration() -> Configuration:
    """Read the configuration, or tell its mistakes and end with 1."""
    try:
        return load(folder())
    except ConfigurationProblemsError as error:
        for problem in error.problems:
            say(tell(problem))
        raise typer.Exit(1) from error


def report() -> Report:
    """Give the report, and this machine's spool.

    :raises ConnectionMissingError: Airflow does not know where it is.
    """
    return Report(connections.endpoint(connections.REPORT), Spool(Home.find().spool))
