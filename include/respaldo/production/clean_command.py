"""``python -m respaldo.production clean``: once a day, for the stack's own container of that."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from respaldo.cli.console import say, stop, warn
from respaldo.config.home import Home
from respaldo.production import old_files, old_runs
from respaldo.texts import cleaning as texts

DAYS = "RESPALDO_KEEP_DAYS"
USUAL_DAYS = 180
FEWEST_DAYS = 30
"""Who looks into a failure looks this far back; Respaldo itself makes up for what is eight days old."""


def clean(
    only_files: Annotated[bool, typer.Option("--only-files", help=texts.ONLY_FILES)] = False,  # noqa: FBT002  (an option)
) -> None:
    """Remove old runs from Airflow, and old logs; exit with 1 when not all of it went.

    The report, the archive, the copies and what was restored for somebody are not looked at.
    """
    before = datetime.now(UTC) - timedelta(days=_days())
    if only_files:
        _files(before, lambda _: frozenset())
        return
    import psycopg

    try:
        with old_runs.enter() as connection:
            say(texts.RUNS.format(count=old_runs.remove(connection, before), day=f"{before:%Y-%m-%d}"))
            _files(before, lambda dag_id: old_runs.runs_of(connection, dag_id))
    except psycopg.Error as error:
        stop(texts.NO_DATABASE.format(reason=str(error).strip()))


def _days() -> int:
    given = os.environ.get(DAYS) or str(USUAL_DAYS)
    if not given.isdecimal() or int(given) < FEWEST_DAYS:
        stop(texts.WRONG_DAYS.format(name=DAYS, given=given, fewest=FEWEST_DAYS))
    return int(given)


def _files(before: datetime, runs_of: Callable[[str], frozenset[str]]) -> None:
    logs, home, at = Path(os.environ["AIRFLOW_HOME"]) / "logs", Home.find(), before.timestamp()
    parts = {
        texts.LOGS: (
            *old_files.logs_of_runs(logs, at, runs_of),
            *old_files.logs_of_programs(logs, at),
        ),
        texts.LEFT_BEHIND: (*old_files.unused(home.cache, at), *old_files.unused(home.scratch, at)),
    }
    refused: list[str] = []
    for told, folders in parts.items():
        removed = old_files.remove(folders)
        say(told.format(count=removed.folders))
        refused += removed.refused
    for reason in refused:
        warn(texts.REFUSED.format(reason=reason))
    if refused:
        raise typer.Exit(1)
