"""``respaldo restore``: restore from a copy, at a terminal."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer

from respaldo.actions.job import Job
from respaldo.cli import progress, workplace
from respaldo.cli.choosing import Source, choose_copy
from respaldo.cli.console import say, stop, told, warn
from respaldo.cli.restoration import Restoration
from respaldo.domain.requests import RestoreRequest
from respaldo.domain.restoring import Identified, Restored, Which
from respaldo.flows import wording
from respaldo.flows.requests.told import evidence
from respaldo.report import store
from respaldo.report.export import size
from respaldo.texts import cli as texts
from respaldo.texts.requests import WHICH

_INTERRUPTIONS = (signal.SIGTERM, signal.SIGHUP)
_DATABASE = "database:"


class Overwriting(StrEnum):
    """What becomes of what is there already."""

    never = "never"
    if_newer = "if-newer"
    always = "always"


def restore(
    scope: Annotated[str, typer.Argument(help=texts.SCOPE_ID)],
    path: Annotated[list[str] | None, typer.Option(help=texts.RESTORE_PATH)] = None,
    database: Annotated[list[str] | None, typer.Option(help=texts.RESTORE_DATABASE)] = None,
    schema: Annotated[list[str] | None, typer.Option(help=texts.RESTORE_SCHEMA)] = None,
    table: Annotated[list[str] | None, typer.Option(help=texts.RESTORE_TABLE)] = None,
    at: Annotated[str | None, typer.Option(help=texts.AT)] = None,
    moment: Annotated[str | None, typer.Option(help=texts.RESTORE_MOMENT)] = None,
    snapshot: Annotated[str | None, typer.Option(help=texts.RESTORE_SNAPSHOT)] = None,
    repository: Annotated[str | None, typer.Option(help=texts.RESTORE_REPOSITORY)] = None,
    second: Annotated[bool, typer.Option("--second", help=texts.RESTORE_SECOND)] = False,  # noqa: FBT002
    to: Annotated[str, typer.Option(help=texts.RESTORE_TO)] = "staging",
    overwrite: Annotated[Overwriting, typer.Option(help=texts.RESTORE_OVERWRITE)] = Overwriting.never,
    yes: Annotated[bool, typer.Option("--yes", help=texts.RESTORE_YES)] = False,  # noqa: FBT002
    requester: Annotated[str | None, typer.Option(help=texts.RESTORE_REQUESTER)] = None,
    ticket: Annotated[str | None, typer.Option(help=texts.RESTORE_TICKET)] = None,
    reason: Annotated[str, typer.Option(help=texts.RESTORE_REASON)] = texts.RESTORE_REASON_DEFAULT,
) -> None:
    """Exit with 1 when what was asked for is not there and verified."""
    if repository is not None and second:
        stop(texts.REPOSITORY_AND_SECOND)
    with told():
        job = workplace.job("restore", scope, repository)
        kind, target = _destination(to)
        asked = {
            "scope": scope,
            "paths": path,
            "databases": database,
            "schemas": schema,
            "tables": table,
            "moment": workplace.moment(moment, workplace.zone(job)),
            "as_of": workplace.moment(at, workplace.zone(job)),
            "snapshot": snapshot,
            "destination": kind,
            "target": target,
            "overwrite": overwrite.name,
            "requester": requester or workplace.operator(),
            "ticket": ticket,
            "what_happened": reason,
        }
        which: Which = "second" if second else "first"
        request = _request(job, asked)
        restoration = Restoration(job, workplace.report(), request, which)
        with _interruptible(), _quietly_waiting():
            is_done = _answer(restoration, Source(repository, second), may_overwrite=yes)
    if not is_done:
        raise typer.Exit(1)


def _request(job: Job, asked: dict[str, Any]) -> RestoreRequest:
    """Read the options as the DAG reads its form.

    :raises InvalidRequestError: they contradict each other, or ask what the scope cannot give.
    """
    # Airflow takes seconds to import, and only its form needs it.
    from respaldo.flows.requests.form import filled_in

    return filled_in(asked, job.configuration.kept)


def _destination(to: str) -> tuple[str, str | None]:
    if to in ("staging", "original"):
        return to, None
    if to.startswith(_DATABASE):
        return "database", to.removeprefix(_DATABASE)
    return "path", to


def _answer(restoration: Restoration, source: Source, *, may_overwrite: bool) -> bool:
    """Take the request to its end. Its rows are closed however that comes."""
    restoration.register()
    try:
        return _deliver(restoration, source, may_overwrite=may_overwrite)
    finally:
        restoration.close()
        say(texts.RECORDED.format(key=restoration.job.run.key))
        if restoration.waits:
            warn(texts.ROWS_WAIT)


def _deliver(restoration: Restoration, source: Source, *, may_overwrite: bool) -> bool:
    job = restoration.job
    identified = restoration.identify(
        lambda: choose_copy(job, restoration.report, restoration.request, source)
    )
    if identified is None:
        return False
    _tell_identified(identified, job)
    if identified.touches and not _may_overwrite(restoration, identified, is_told_so=may_overwrite):
        return False
    with progress.shown() as on_progress:
        restored = restoration.restore(identified, on_progress)
    if restored is None:
        return False
    _tell_restored(restored)
    return True


def _may_overwrite(restoration: Restoration, identified: Identified, *, is_told_so: bool) -> bool:
    """Ask before live data are overwritten: the scope's id must be typed, which no finger does by itself."""
    scope_id = restoration.job.scope.id
    warn(texts.OVERWRITES.format(touches=", ".join(identified.touches)))
    if is_told_so:
        restoration.authorize("authorized", texts.AUTHORIZED_BY_OPTION)
        return True
    with restoration.asking():
        sys.stderr.write(texts.TYPE_THE_SCOPE.format(scope=scope_id))
        sys.stderr.flush()
        typed = sys.stdin.readline().strip()
    if typed == scope_id:
        restoration.authorize("authorized", texts.AUTHORIZED_BY_TYPING)
        return True
    restoration.authorize("refused", texts.NOT_TYPED)
    warn(texts.NOTHING_TOUCHED)
    return False


def _tell_identified(identified: Identified, job: Job) -> None:
    say(
        texts.IDENTIFIED.format(
            which=WHICH[identified.which],
            number=identified.number or texts.NO_NUMBER,
            taken_at=wording.moment(identified.taken_at, workplace.zone(job)),
            repository=identified.repository,
            files=identified.files,
            size=size(identified.size_bytes),
        )
    )
    if identified.evidence:
        say(texts.READ_ALL.format(evidence=evidence(identified.evidence)))


def _tell_restored(restored: Restored) -> None:
    say(texts.RESTORED.format(files=restored.files, size=size(restored.size_bytes)))
    for place in restored.where:
        say(texts.RESTORED_IN.format(place=place))
    say(texts.VERIFIED.format(evidence=evidence(restored.evidence)))
    if restored.kept:
        say(texts.KEPT.format(names=", ".join(restored.kept)))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a lost terminal and a polite kill end a restoration as Ctrl-C does: with its rows closed."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in _INTERRUPTIONS}
    try:
        yield
    except KeyboardInterrupt:
        stop(texts.INTERRUPTED)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _quietly_waiting() -> Iterator[None]:
    """Tell once, at the end, that rows wait in the spool, and not in the log for each of them."""
    log = logging.getLogger(store.__name__)
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
