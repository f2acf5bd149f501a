"""Run a scope's own commands around its copy, and never owe one that is to run after it.

A killed process runs nothing any more, and a machine that is lost has nothing run on it. So what is to run
after the copy is written down before the first command runs, and struck out when it has run: the next
attempt, the step that closes the row, or the watch, whichever comes first, finds what is still owed.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from respaldo.actions.job import Job
from respaldo.actions.mutex import only_writer
from respaldo.actions.reaching import Enter, entering
from respaldo.config.home import Home
from respaldo.domain.errors import ConnectionMissingError, RespaldoError
from respaldo.domain.hooks import Hook, HookRun, When
from respaldo.domain.source_errors import PreCommandFailedError
from respaldo.domain.values import Run, Value
from respaldo.hosts import durable
from respaldo.hosts.hook import Ended, run_hook
from respaldo.hosts.hook_there import run_hook_there
from respaldo.hosts.session import Session

log = logging.getLogger(__name__)

_NOT_REACHED = 255


class _Owed(Value):
    """What is to run after a copy, as the scope said when the first of its commands ran."""

    run_key: str
    scope_id: str
    post: tuple[Hook, ...]
    host: str | None = None
    """Connection of the machine that it is to run on; None: this worker."""
    dag_id: str = ""
    run_id: str = ""
    is_told: bool = False
    """That the machine could not be reached was told."""


class _Places:
    """Where a scope's commands run: on this worker, or on the machine that its data are on.

    That one is entered when the first of them needs it. When it cannot be, the next does not try again.
    """

    def __init__(self, host: str | None, enter: Enter) -> None:
        self._host, self._enter = host, enter
        self._left = contextlib.ExitStack()
        self._lost: RespaldoError | None = None

    def __enter__(self) -> _Places:
        return self

    def __exit__(self, *_: object) -> None:
        self._left.close()

    def host_of(self, hook: Hook) -> str | None:
        return None if hook.at == "worker" else self._host

    def run(self, hook: Hook, extra: dict[str, str]) -> Ended:
        """Run a command where it belongs.

        :raises RespaldoError: the machine cannot be reached.
        """
        seconds = hook.timeout.total_seconds()
        if self.host_of(hook) is None:
            return run_hook(hook.run, extra, seconds)
        if self._lost is not None:
            raise self._lost
        try:
            return run_hook_there(self._session, hook.run, extra, seconds)
        except RespaldoError as error:
            self._lost = error
            raise

    def require(self, hooks: tuple[Hook, ...]) -> None:
        """Enter the machine, if any of these is to run there."""
        if any(self.host_of(hook) for hook in hooks):
            assert self._session.folder  # noqa: S101  (a session that was entered has one)

    @cached_property
    def _session(self) -> Session:
        assert self._host is not None  # noqa: S101  (asked for by what is to run there)
        return self._left.enter_context(self._enter(self._host))


@contextmanager
def hooked(job: Job, ran: list[HookRun]) -> Iterator[None]:
    """Run a scope's commands before and after what is done inside. The scope's lock is held.

    What an earlier attempt or run owes is run first. One that fails after the copy, or cannot be run, raises
    nothing: the copy is as good as it was.

    :param ran: gets each command as it ends, also when the step fails.
    :raises PreCommandFailedError: one before the copy failed: nothing is done inside.
    :raises HostError: the machine on which they are to run cannot be reached: nothing is done inside.
    """
    enter = entering(job.host_of, job.host_settings_of)
    settings = job.settings
    failure = _settle(
        job.home,
        job.scope.id,
        ran,
        enter,
        is_late=True,
        # A machine that the data left may never answer again: what it is owed must not stop the copies.
        is_over=lambda host: host != settings.source.host,
    )
    if failure is not None:
        # Nothing is stopped again that could not be started again.
        raise failure
    if not settings.pre and not settings.post:
        yield
        return
    owed = _Owed(
        run_key=job.run.key,
        scope_id=job.scope.id,
        post=settings.post,
        host=settings.source.host,
        dag_id=job.run.dag_id,
        run_id=job.run.run_id,
    )
    try:
        with _Places(owed.host, enter) as places:
            places.require((*settings.pre, *settings.post))
            _write(job.home, owed)
            for hook in settings.pre:
                one = _run("pre", hook, owed, places)
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
        _settle(job.home, job.scope.id, ran, enter)


def settle(home: Home, run: Run, ran: list[HookRun], enter: Enter) -> None:
    """Run what a run that is over still owes.

    :param ran: gets each command as it ends.
    :raises AlreadyRunningError: the run is not over: something of it still works, and will run them itself.
    :raises RespaldoError: what keeps from the machine on which they are to run: they are still owed.
    """
    try:
        owed = _owed(home, run.scope_id)
    except ValidationError:
        return  # The scope's next run tells of it.
    if owed is None or owed.run_key != run.key:
        return
    with only_writer(home, run.scope_id):
        failure = _settle(home, run.scope_id, ran, enter, is_late=True)
    if failure is not None:
        raise failure


def owing(home: Home) -> tuple[Run, ...]:
    """Name the runs that owe something on this worker, over or not."""
    found = []
    for path in sorted(home.owed.glob("*.json")):
        with contextlib.suppress(OSError, ValidationError):
            owed = _Owed.model_validate_json(path.read_bytes())
            if owed.dag_id and owed.run_id:
                found.append(Run(dag_id=owed.dag_id, run_id=owed.run_id, scope_id=owed.scope_id))
    return tuple(found)


def _settle(
    home: Home,
    scope_id: str,
    ran: list[HookRun],
    enter: Enter,
    *,
    is_late: bool = False,
    is_over: Callable[[str], bool] = lambda _: False,
) -> RespaldoError | None:
    """Run all that is owed, whichever of it fails. What cannot be run, as its machine is lost, stays owed.

    What cannot be read, or was to run on a machine that is there no more, is told as failed, and given up.

    :param is_late: another process should have run it.
    :param is_over: tells of a machine that cannot be reached whether the scope has done with it.
    :return: what kept from the machine.
    """
    try:
        owed = _owed(home, scope_id)
    except ValidationError as error:
        path = _path(home, scope_id)
        aside = path.replace(path.with_suffix(".unreadable"))
        log.error("%s: %s", aside, error)
        ran.append(_not_run(str(aside)))
        return None
    if owed is None:
        return None
    left, failure = list[Hook](), None
    with _Places(owed.host, enter) as places:
        for hook in owed.post:
            try:
                one = _run("post", hook, owed, places)
            except RespaldoError as error:
                log.warning("%s", error)
                one = _not_run(hook.name, owed.host)
                if not (_is_of_none(error, owed.host) or (owed.host and is_over(owed.host))):
                    left, failure = [*left, hook], failure or error
                    if owed.is_told:
                        continue
                    one = one.model_copy(update={"is_owed": True})
            else:
                if owed.is_told:
                    one = one.model_copy(update={"is_owed": False})
            ran.append(one.model_copy(update={"owed_by": owed.run_key}) if is_late else one)
    if left:
        _write(home, owed.model_copy(update={"post": tuple(left), "is_told": True}))
    else:
        # One that is interrupted leaves it there: it is owed until all of it has run.
        _path(home, scope_id).unlink(missing_ok=True)
    return failure


def _is_of_none(error: RespaldoError, host: str | None) -> bool:
    """Tell whether the machine's connection was removed."""
    return isinstance(error, ConnectionMissingError) and error.facts.get("connection") == host


def _not_run(name: str, host: str | None = None) -> HookRun:
    return HookRun(when="post", name=name, exit_code=_NOT_REACHED, seconds=0, at=datetime.now(UTC), host=host)


def _run(when: When, hook: Hook, owed: _Owed, places: _Places) -> HookRun:
    began, at = time.monotonic(), datetime.now(UTC)
    extra = {"RESPALDO_SCOPE": owed.scope_id, "RESPALDO_RUN": owed.run_key, "RESPALDO_WHEN": when}
    ended = places.run(hook, extra)
    if ended.said:
        log.info("%s", ended.said)
    return HookRun(
        when=when,
        name=hook.name,
        exit_code=ended.exit_code,
        timed_out=ended.timed_out,
        seconds=round(time.monotonic() - began, 1),
        at=at,
        host=places.host_of(hook),
    )


def _write(home: Home, owed: _Owed) -> None:
    durable.replace(_path(home, owed.scope_id), owed.model_dump_json().encode())


def _owed(home: Home, scope_id: str) -> _Owed | None:
    try:
        return _Owed.model_validate_json(_path(home, scope_id).read_bytes())
    except FileNotFoundError:
        return None


def _path(home: Home, scope_id: str) -> Path:
    return home.owed / f"{scope_id}.json"
