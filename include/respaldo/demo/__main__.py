"""``make demo``: real backups by a real scheduler, verified, copied, reported, and restored by hand.

The exit code is 0 only if every row of the report is as it must be and every restored copy equals its source.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from respaldo.config.configuration import load
from respaldo.demo import archiving, contracted, expectations, manual, requests, restored, runs, sources
from respaldo.demo.stage import Stage
from respaldo.demo.stories import Stories
from respaldo.domain.errors import RespaldoError
from respaldo.embedded.__main__ import explained, say
from respaldo.embedded.configured import settings_of
from respaldo.embedded.installation import Installation
from respaldo.report import export
from respaldo.report.history import verify_log
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.texts import demo as texts

_WIDTH = 160


def main() -> int:
    """Run the demonstration."""
    began = time.monotonic()
    say(texts.TITLE)
    installation = Installation.open(Path.cwd(), say)
    try:
        installation.start(settings_of(installation.layout))
        try:
            problems = _demonstrate(installation)
        finally:
            installation.stop()
    except RespaldoError as error:
        sys.stderr.write(explained(error) + "\n")
        return 1
    if problems:
        say(texts.PROBLEMS.format(count=len(problems)))
        for problem in problems:
            say(texts.PROBLEM.format(problem=problem))
        return 1
    say(texts.GOOD.format(seconds=time.monotonic() - began))
    return 0


def _demonstrate(installation: Installation) -> list[str]:
    began = datetime.now(UTC)
    sources.make(installation)
    folder = sources.documents(installation)
    files = sum(1 for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    say(texts.SOURCES.format(files=files, folder=folder, database=sources.DATABASE))

    report = Report(installation.endpoint("respaldo"), Spool(installation.layout.home / "spool"))
    stage = Stage(installation, report, say)
    say(texts.STORIES)
    stories = Stories(
        {texts.MANUAL_STORY: manual.story(stage), texts.CONTRACT_STORY: contracted.story(stage)}
    )
    done = _round(installation, texts.FIRST, 1, stories)
    changes = sources.change(installation)
    say(
        texts.CHANGING.format(
            added=len(changes.added),
            modified=len(changes.modified),
            deleted=len(changes.deleted),
            renamed=len(changes.renamed),
        )
    )
    done += _round(installation, texts.SECOND, 3, stories)

    problems = [*_unfinished(done), *_wrong(report, done, report.rows(since=began))]
    problems += requests.problems(installation, report, say, stories.go_on)
    problems += stories.finish()
    # Its documents are made while copies are restored by hand.
    archive = Stories({texts.ARCHIVE_STORY: archiving.story(stage)})
    archive.go_on()
    _show(installation, report, report.rows(since=began))
    return [*problems, *_restored(installation), *archive.finish()]


def _round(
    installation: Installation, title: str, first_number: int, stories: Stories
) -> list[runs.Triggered]:
    say(title)
    api = installation.api
    triggered = [
        runs.trigger(api, scope, title, number) for number, scope in enumerate(sources.SCOPES, first_number)
    ]
    runs.wait(api, triggered, say, meanwhile=stories.go_on)
    return triggered


def _show(installation: Installation, report: Report, rows: list[dict[str, Any]]) -> None:
    zone = ZoneInfo(load(installation.layout.config).organization.timezone)
    say(texts.REPORT)
    console = Console()
    # A file or a pipe has no width: the form needs one that its words fit in.
    console.width = max(console.width, _WIDTH)
    console.print(export.as_table(rows, zone))
    say(texts.LOG.format(count=verify_log(report.endpoint).count))


def _unfinished(done: list[runs.Triggered]) -> Iterator[str]:
    for run in done:
        if run.state != "success":
            yield texts.NOT_GOOD.format(run=run.run.run_id, state=run.state)


def _wrong(report: Report, done: list[runs.Triggered], rows: list[dict[str, Any]]) -> Iterator[str]:
    """Look at every row of this time. Unpausing a DAG makes the schedule begin a run too: it counts."""
    there = {row["clave"] for row in rows if row["alcance_id"] in sources.SCOPES}
    yield from (texts.NO_ROW.format(run=run.run.run_id) for run in done if run.run.key not in there)
    for key in there:
        row = report.row(key)
        yield from expectations.problems(row) if row else ()


def _restored(installation: Installation) -> list[str]:
    problems: list[str] = []
    for repository, settings in load(installation.layout.config).repositories.items():
        for scope in sources.SCOPES:
            began = time.monotonic()
            say(texts.BY_HAND.format(repository=repository, scope=scope))
            found = restored.problems(installation, repository, scope, settings.location)
            problems += found
            if not found:
                say(texts.EQUAL.format(seconds=time.monotonic() - began))
    return problems


if __name__ == "__main__":
    sys.exit(main())
