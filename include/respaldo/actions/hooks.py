"""Run a scope's own commands around its copy, and never owe one that is to run after it.

A killed process runs nothing any more. So what is to run after the copy is written down before the first
command runs, and struck out when all of it has run: the next attempt, the step that closes the row, or the
watch, whichever comes first, finds what is still owed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from respaldo.actions.job import Job
from respaldo.actions.mutex import only_writer
from respaldo.config.home import Home
from respaldo.domain.hooks import Hook, HookRun, When
from respaldo.domain.source_errors import PreCommandFailedError
from respaldo.domain.values import Run, Value
from respaldo.hosts import durable
from respaldo.hosts.hook import run_hook

log = logging.getLogger(__name__)


class _Owed(Value):
    """What is to run after a copy, as the scope said when the first of its commands ran."""

    run_key: str
    scope_id: str
    post: tuple[Hook, ...]


@contextmanager
def hooked(job: Job, ran: list[HookRun]) -> Iterator[None]:
    """Run a scope's commands before and after what is done inside. The scope's lock is held.

    What an earlier attempt or run owes is run first. One that fails after the copy raises nothing: the copy
    is as good as it was.

    :param ran: gets each command as it ends, also when the step fails.
    :raises PreCommandFailedError: one before the copy failed: nothing is done inside.
    """
    _settle(job.home, job.scope.id, ran, is_late=True)
    settings = job.settings
    if not settings.pre and not settings.post:
        yield
        return
    owed = _Owed(run_key=job.run.key, scope_id=job.scope.id, post=settings.post)
    durable.replace(_path(job.home, job.scope.id), owed.model_dump_json().encode())
    try:
        for hook in settings.pre:
            one = _run("pre", hook, owed)
            ran.append(one)
            if not one.is_good:
                raise PreCommandFailedError(
                    hook=hook.name,
                    exit_code=one.exit_code,
                    seconds=one.seconds,
                    timeout=round(hook.timeout.total_seconds()),
                )
        yield
    finally:
        _settle(job.home, job.scope.id, ran)


def settle(home: Home, run: Run, ran: list[HookRun]) -> None:
    """Run what a run that is over still owes.

    :param ran: gets each command as it ends.
    :raises AlreadyRunningError: the run is not over: something of it still works, and will run them itself.
    """
    owed = _owed(home, run.scope_id)
    if owed is None or owed.run_key != run.key:
        return
    with only_writer(home, run.scope_id):
        _settle(home, run.scope_id, ran, is_late=True)


def _settle(home: Home, scope_id: str, ran: list[HookRun], *, is_late: bool = False) -> None:
    """Run all that is owed, whichever of it fails.

    :param is_late: another process should have run it.
    """
    owed = _owed(home, scope_id)
    if owed is None:
        return
    for hook in owed.post:
        one = _run("post", hook, owed)
        ran.append(one.model_copy(update={"owed_by": owed.run_key}) if is_late else one)
    # One that is interrupted leaves it there: it is owed until all of it has run.
    _path(home, scope_id).unlink(missing_ok=True)


def _run(when: When, hook: Hook, owed: _Owed) -> HookRun:
    began, at = time.monotonic(), datetime.now(UTC)
    extra = {"RESPALDO_SCOPE": owed.scope_id, "RESPALDO_RUN": owed.run_key, "RESPALDO_WHEN": when}
    ended = run_hook(hook.run, extra, hook.timeout.total_seconds())
    if ended.said:
        log.info("%s", ended.said)
    return HookRun(
        when=when,
        name=hook.name,
        exit_code=ended.exit_code,
        timed_out=ended.timed_out,
        seconds=round(time.monotonic() - began, 1),
        at=at,
    )


def _owed(home: Home, scope_id: str) -> _Owed | None:
    try:
        return _Owed.model_validate_json(_path(home, scope_id).read_bytes())
    except FileNotFoundError:
        return None


def _path(home: Home, scope_id: str) -> Path:
    return home.owed / f"{scope_id}.json"
