"""What a report of a thousand scopes and two years makes people, tasks and the archive wait for.

    .venv/bin/python tests/bench/growing.py [SCOPES [DAYS]]

A run a day and scope, each with its entry of the real, chained history, written by its trigger; a failure in
twenty, with its incident; the labels of both copies. The server is the tests' own, as PostgreSQL comes
(128 MB of buffers), but without syncing to the disk. Keep what it prints in docs/performance.md.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from documents import LABELS

from archive_kit import BOGOTA, fill
from conftest import throw_away_server
from respaldo.domain.values import Endpoint, Run
from respaldo.report import copies, export, incidents, media_pages, pages
from respaldo.report.fm007 import RowUpdate
from respaldo.report.history import verify_log
from respaldo.report.media_pages import MediaSelection
from respaldo.report.migrate import migrate
from respaldo.report.pages import Selection
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.web.routes import MOST_ROWS

# Not a multiple of twenty: each scope then fails now and then, and not always the same ones.
SCOPES, DAYS = 1001, 730
END = datetime(2026, 11, 1, 5, tzinfo=UTC)
MONTH = Selection(since=END - timedelta(days=31), until=END)
ROUNDS = 3

# Of two years, only runs of the last day are still under way.
_CLOSED = """
UPDATE respaldo.fm007 SET state = 'succeeded', ended_at = started_at + interval '752 s'
WHERE state = 'running' AND started_at < %s
"""
# The next run of the scope was good, and ended the failure; those of the last day are open.
_INCIDENTS = """
INSERT INTO respaldo.incident (
    incident_key, dag_id, run_id, scope_id, scope_name, department, opened_at, failed_at, failed_step, cause,
    cause_detail, advised, state, resolution, resolved_by, resolved_at, updated_at
)
SELECT f.run_key, f.dag_id, f.run_id, f.scope_id, f.scope_name, f.department, f.ended_at, f.ended_at,
    f.failed_step, f.cause, f.cause_detail, f.corrective, CASE WHEN good.number IS NULL THEN 'open' ELSE
    'resolved' END, CASE WHEN good.number IS NOT NULL THEN 'next_good' END, good.run_key, good.ended_at,
    f.ended_at
FROM respaldo.fm007 f LEFT JOIN respaldo.fm007 good ON good.number = f.number + %(scopes)s
WHERE f.state = 'failed'
"""


class Wait(NamedTuple):
    """Something that somebody waits for, and how long it may take, in seconds; None: a job of the night."""

    what: str
    work: Callable[[], object]
    limit: float | None


def main() -> None:
    scopes, days = (*map(int, sys.argv[1:3]), *(SCOPES, DAYS)[len(sys.argv[1:3]) :])
    growing(Console(width=120), scopes, days)


def growing(console: Console, scopes: int = SCOPES, days: int = DAYS) -> None:
    """Fill a report on a server of its own, and measure."""
    with throw_away_server() as server:
        endpoint = server.fresh()
        console.print(filled(server.connect, endpoint, scopes, days))
        console.print(measured(endpoint, scopes))


def filled(connect: Callable[[Endpoint], Any], endpoint: Endpoint, scopes: int, days: int) -> str:
    """Fill an empty database, and say what that took.

    :param connect: gives a connection of somebody who may do everything, each statement its own transaction.
    """
    migrate(endpoint)
    count = scopes * days
    with connect(endpoint) as connection:
        began = time.monotonic()
        fill(
            connection,
            count,
            scopes=scopes,
            since=END - timedelta(days=days),
            every=timedelta(days=1) / scopes,
        )
        rows = time.monotonic() - began
        connection.execute(_CLOSED, (END - timedelta(days=1),))
        connection.execute(_INCIDENTS, {"scopes": scopes})
        connection.execute(LABELS)
        # What autovacuum has done of a table that grew over two years.
        connection.execute("VACUUM ANALYZE")
        [size, history] = connection.execute(
            "SELECT pg_database_size(current_database()), pg_total_relation_size('respaldo.fm007_history')"
        ).fetchone()
    return (
        f"{count:,} rows in {rows:.0f} s, {rows / count * 1e3:.2f} ms a row with its history; "
        f"{size / 1e9:.1f} GB, {history / 1e9:.1f} GB of them history"
    )


def measured(endpoint: Endpoint, scopes: int) -> Table:
    """Measure what is waited for, the median of some rounds each; what is longer than it may be is marked."""
    table = Table("", "s", "may be", "")
    with tempfile.TemporaryDirectory() as folder:
        for wait in waits(endpoint, Report(endpoint, Spool(Path(folder))), scopes):
            took = statistics.median(_seconds(wait.work) for _ in range(ROUNDS if wait.limit else 1))
            limit = "" if wait.limit is None else f"{wait.limit:g}"
            slow = "SLOW" if wait.limit is not None and took > wait.limit else ""
            table.add_row(wait.what, f"{took:.3f}" if took < 1 else f"{took:.1f}", limit, slow)
    return table


def waits(endpoint: Endpoint, report: Report, scopes: int) -> Iterator[Wait]:
    """Give everything that is measured: what people wait for, what tasks do, what the night has time for."""
    scope, key = f"s{scopes // 2}", f"{scopes:016x}"
    snapshot = report.copies(scope, limit=1)[0].copies[0].snapshot_id[:8]

    def shown(selection: Selection, number: int = 1) -> Callable[[], object]:
        return lambda: pages.page(endpoint, selection, number, 50)

    def file(selection: Selection) -> Callable[[], object]:
        return lambda: export.as_csv(pages.selected(endpoint, selection, MOST_ROWS) or (), BOGOTA)

    for what, work in {
        "page of the form: all": shown(Selection()),
        "page of the form: the last of all": shown(Selection(), 10**9),
        "page of the form: a month": shown(MONTH),
        "page of the form: a scope": shown(Selection(scope=scope)),
        "page of the form: all that failed": shown(Selection(state="failed")),
        "a row with its history": lambda: pages.form(endpoint, key),
        "CSV: all, refused": file(Selection()),
        "CSV: a scope": file(Selection(scope=scope)),
        "page of media": lambda: media_pages.page(endpoint, MediaSelection(), 1, 50),
        "page of media: a scope": lambda: media_pages.page(endpoint, MediaSelection(scope=scope), 1, 50),
        "copies of a scope": lambda: report.copies(scope),
        "the copy with a snapshot": lambda: report.copy_with(scope, snapshot),
    }.items():
        yield Wait(what, work, 1)

    since = END - timedelta(days=8)
    for what, work in {
        "plan: the last good copy": lambda: report.last_good(scope),
        "plan: were there copies": lambda: report.has_copies(scope, "principal"),
        "plan: were there copies, in another repository": lambda: report.has_copies(scope, "ninguno"),
        "analysis: how often": lambda: report.recurrence(scope, "repository_full", END),
        "record: open failures of the scope": lambda: report.unresolved(scope),
        "watch: open failures": report.unresolved,
        "watch: ended failures": lambda: report.ended(since),
        "watch: failures without analysis": lambda: report.unopened(since, END),
        "watch: unfinished runs": report.unfinished,
        "the copies of a run": lambda: copies.of_run(endpoint, scope, key),
        "an incident": lambda: incidents.incident(endpoint, key),
        "a fact into a new row": _facts(report, scope, "programmed"),
        "a fact into a row that is there": _facts(report, scope, "running"),
    }.items():
        yield Wait(what, work, 0.05)

    def view(name: str, *, where: str = "true") -> Callable[[], object]:
        return lambda: read(endpoint, f"SELECT * FROM reportes.{name} WHERE {where}")  # noqa: S608

    month = f"'{MONTH.since}' AND '{MONTH.until}'"
    for what, work in {
        "CSV: a month": file(MONTH),
        "tic_fm007: a month": view("tic_fm007", where=f"greatest(inicio, programada) BETWEEN {month}"),
        "fallas: a month": view("fallas", where=f"fecha BETWEEN {month}"),
        "fallas: all": view("fallas"),
        "fallas_por_causa": view("fallas_por_causa"),
        "verify-log": lambda: verify_log(endpoint),
    }.items():
        yield Wait(what, work, None)


def read(endpoint: Endpoint, statement: str) -> list[dict[str, Any]]:
    """Read as analysts do: no time is too long."""
    from respaldo.report.database import connected

    with connected(endpoint, statement_seconds=0) as connection:
        return connection.execute(statement).fetchall()


def _facts(report: Report, scope: str, state: Any) -> Callable[[], object]:
    """Give what writes a fact of another run each time, or of one run again and again."""
    rounds = iter(range(10**6))

    def write() -> object:
        name = f"grown__{next(rounds) if state == 'programmed' else 0}"
        run = Run(dag_id=f"backup__{scope}", run_id=name, scope_id=scope)
        step_seconds = {"execute": time.monotonic()}
        return report.write(RowUpdate.of(run, state=state, step_seconds=step_seconds))

    return write


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
