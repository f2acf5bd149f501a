"""One call of restic: run it, gather what it says, and tell a failure from a success."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from respaldo.domain.errors import (
    EngineKilledError,
    KeyFilesMissingError,
    RepositoryDamagedError,
    RepositoryDeniedError,
    RepositoryUnreachableError,
    RespaldoError,
    TimedOutError,
    UnknownEngineError,
    WrongPasswordError,
)
from respaldo.domain.repository_errors import RepositoryUntrustedError
from respaldo.hosts.reach import unreachable
from respaldo.hosts.worker import Argument, Command, Receiver, Runner, run
from respaldo.restic.argv import Place
from respaldo.restic.classify import OK, PARTIAL, cause_of, is_vain, summary_line
from respaldo.restic.engine import Engine
from respaldo.restic.events import Progress, Report

BACKEND_PATIENCE_SECONDS = 60.0
"""restic retries a backend that refuses for a quarter of an hour and more, on a disk that is read-only too.
After this long without a success the call is ended and its cause told."""

VAIN_PATIENCE_SECONDS = 3.0
"""After this long where the answer will stay the same: a store of objects does not know the key."""

_TRIAL_SECONDS = 45.0

OnProgress = Callable[[Progress], None]
Explain = Callable[[int, Report], RespaldoError | None]


@dataclass
class _Patience:
    """Watches for retries that do not end, and for a restic that does not end after a pack was refused.

    When a disk is full, restic 0.18.0 now and then says so and waits for itself for ever.
    """

    since: float | None = None
    in_vain_since: float | None = None

    def notice(self, line: bytes) -> None:
        now = time.monotonic()
        if b"retrying after" in line or (b"Save(<data/" in line and b" failed:" in line):
            self.since = self.since or now
            in_vain = is_vain(line.decode(errors="replace"))
            self.in_vain_since = (self.in_vain_since or now) if in_vain else None
        elif b"operation successful after" in line:
            self.since = self.in_vain_since = None

    def is_over(self) -> bool:
        now = time.monotonic()
        return any(
            since is not None and now - since > patience
            for since, patience in (
                (self.since, BACKEND_PATIENCE_SECONDS),
                (self.in_vain_since, VAIN_PATIENCE_SECONDS),
            )
        )


@dataclass(frozen=True)
class Caller:
    """Calls restic for the repository at a place; ``facts`` name it in every error."""

    engine: Engine
    place: Place
    facts: Mapping[str, str]
    keep_open: Sequence[int] = ()
    run: Runner = run

    def __call__(
        self,
        arguments: Sequence[Argument],
        *,
        environment: Mapping[str, Argument] | None = None,
        on_progress: OnProgress | None = None,
        on_output: Receiver | None = None,
        by_line: bool = True,
        accept: tuple[int, ...] = (OK,),
        explain: Explain | None = None,
        folder: str | None = None,
    ) -> tuple[int, Report]:
        """Run restic to its end and give its exit code, one of ``accept``, and what it said.

        :param on_output: takes standard output instead of the report: a file's content, a listing.
        :param folder: where restic runs, for what it leaves there.
        :param explain: asked first for the cause of a failure: what only this kind of call can tell.
        :raises RepositoryUnreachableError: nobody answers, which restic would take minutes to tell.
        :raises RespaldoError: any other exit code, as the cause that code and text tell.
        """
        self.knock()
        report = Report(on_progress)
        patience = _Patience()

        def on_error(line: bytes) -> None:
            patience.notice(line)
            report.take(line)

        within = () if folder is None else ("env", f"--chdir={folder}")
        entering = self.place.entered.environment
        code = self.run(
            Command(
                (*within, self.engine.binary, *arguments),
                {"RESTIC_PROGRESS_FPS": "1", **entering, **(environment or {})},
            ),
            on_output=on_output or report.take,
            on_error=on_error,
            by_line=by_line,
            should_stop=patience.is_over,
            keep_open=self.keep_open,
        )
        if patience.is_over():
            # That restic was ended is our doing, with a signal if need be: what it met before is the cause.
            raise self.failure(max(code, 1), report, otherwise=RepositoryUnreachableError)
        if code not in accept:
            raise (explain and explain(code, report)) or self.failure(code, report)
        return code, report

    def knock(self) -> None:
        """See that the repository's server answers, if it has one.

        :raises RepositoryUnreachableError: it does not.
        """
        door = self.place.entered.door
        if door and (said := unreachable(door.host, door.port)):
            raise RepositoryUnreachableError(**self.facts, said=said)

    def failure(
        self, code: int, report: Report, otherwise: type[RespaldoError] | None = None
    ) -> RespaldoError:
        """Make the error that an exit code and a report tell, or ``otherwise`` when they tell none."""
        cause = cause_of(code if code not in (OK, PARTIAL) else 1, report.text)
        # What it retried for so long did not arrive whole: that says nothing of what is there.
        if otherwise is not None and cause in (EngineKilledError, UnknownEngineError, RepositoryDamagedError):
            cause = otherwise
        if cause is RepositoryUnreachableError and (refused := self._refused()):
            return refused
        if cause is WrongPasswordError and self._has_no_keys():
            cause = KeyFilesMissingError
        return cause(**self.facts, exit_code=code, said=summary_line(report.text))

    def _refused(self) -> RespaldoError | None:
        """Ask OpenSSH itself why it was not let in: restic loses its words now and then."""
        ssh, said = self.place.entered.ssh, list[str]()
        if ssh is None:
            return None
        with contextlib.suppress(TimedOutError):
            run(
                Command(ssh.trial),
                on_output=lambda _: None,
                on_error=lambda line: said.append(line.decode(errors="replace")),
                timeout_seconds=_TRIAL_SECONDS,
            )
        cause = cause_of(1, "".join(said))
        if cause not in (RepositoryDeniedError, RepositoryUntrustedError):
            return None
        return cause(**self.facts, said=summary_line("".join(said)))

    def _has_no_keys(self) -> bool:
        """Whether a repository on this worker's disk lost its key files, which restic does not tell apart.

        A machine that it is carried to calls its place something else.
        """
        keys = Path(self.facts["location"], "keys")
        return keys.is_dir() and not any(keys.iterdir())
