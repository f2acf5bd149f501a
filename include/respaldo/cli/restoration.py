"""A restore request that one person answers at a terminal: the same actions and rows as the DAG's."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

from respaldo.actions import request_rows
from respaldo.actions.delivery import delivery
from respaldo.actions.identify import identify
from respaldo.actions.job import Job
from respaldo.actions.restore import restore
from respaldo.actions.rows import Effort
from respaldo.cli import workplace
from respaldo.cli.choosing import Chosen
from respaldo.cli.console import warn
from respaldo.domain.errors import (
    ReportUnavailableError,
    RespaldoError,
)
from respaldo.domain.requests import (
    Decision,
    Failure,
    Finding,
    Outcome,
    RestoreRequest,
    Story,
    outcome_of,
)
from respaldo.domain.restoring import Identified, Restored, Which
from respaldo.flows.requests.findings import ABSENT, BAD, failure_of, finding_of, interrupted, worded
from respaldo.report.facts import Update
from respaldo.report.store import Report
from respaldo.restic.call import OnProgress
from respaldo.texts import cli as texts
from respaldo.texts.letter import OUTCOMES
from respaldo.texts.telling import in_words


class Restoration:
    """One request, and all that has happened to it so far."""

    def __init__(self, job: Job, report: Report, request: RestoreRequest, which: Which) -> None:
        self.job = job
        self.report = report
        self.request = request
        self.story = Story(request=request)
        self.which = which
        self.waits = False
        """Whether something of its rows waits in the spool."""
        self._operator = workplace.operator()

    def register(self) -> None:
        """Write the request's rows. That it is a restoration, its asker has decided (activity 18)."""
        run, now = self.job.run, datetime.now(UTC)
        self._write(*request_rows.registered(run, self.job.scope, self.request, self._operator, now))
        self._decide("analyse", "restoration", texts.AT_A_TERMINAL)
        host = socket.gethostname()
        self._write(*request_rows.working(run, host, self.job.engine.version, datetime.now(UTC)))

    def identify(self, choose: Callable[[], Chosen]) -> Identified | None:
        """Choose a copy, find what is asked for in it and see that it is good; None when it is not."""
        with self._step("identify") as effort:
            try:
                known, self.which = choose()
                where = delivery(self.job.home, self.request, self.job.run.key, self.which)
                found = identify(self.job, known, self.which, self.request.wanted, where)
            except (*ABSENT, *BAD) as error:
                self._found(error, effort())
                return None
            self._know(findings={self.which: self._good(found)}, identified={self.which: found})
            self._write(*request_rows.looked(self.job.run, self._good(found), found, effort()))
            return found

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Wait for an answer: who interrupts the question interrupts the request."""
        with self._step("authorize"):
            yield

    def authorize(self, option: Literal["authorized", "refused"], note: str) -> None:
        """Keep whether live data may be overwritten."""
        self._decide("authorize", option, note)

    def restore(self, identified: Identified, on_progress: OnProgress) -> Restored | None:
        """Restore and verify; None when the copy shows now that it is not good.

        Who sees the result at the terminal takes it: a verified restoration is accepted (activity 23).
        """
        authorization = self.story.authorization
        may_overwrite = authorization is not None and authorization.option == "authorized"
        with self._step("restore") as effort:
            where = delivery(self.job.home, self.request, self.job.run.key, self.which)
            try:
                result = restore(self.job, identified, where, on_progress, authorized=may_overwrite)
            except BAD as error:
                self._found(error, effort())
                return None
            self._know(restored={self.which: result})
            self._write(*request_rows.restored(self.job.run, result, identified, effort()))
        self._decide("accept", "satisfies", texts.AT_A_TERMINAL)
        return result

    def close(self) -> Outcome:
        """Close the rows."""
        outcome = outcome_of(self.story)
        told = f"{OUTCOMES[outcome]} {texts.AT_A_TERMINAL}"
        self._write(*request_rows.closed(self.job.run, self.story, outcome, told, datetime.now(UTC)))
        return outcome

    # --- inner

    @contextmanager
    def _step(self, name: str) -> Iterator[Callable[[], Effort]]:
        """Do a step. What ends it too early is kept as its failure."""
        step, began = self._named(name), time.monotonic()

        def effort() -> Effort:
            return Effort(step=step, attempt=1, seconds=time.monotonic() - began)

        try:
            yield effort
        except RespaldoError as error:
            told = worded(error, self.job.scope.id)
            self._fail(failure_of(told, step), effort())
            if told is error:
                raise
            raise told from error
        except BaseException:
            self._fail(interrupted(step), effort())
            raise

    def _fail(self, failure: Failure, effort: Effort) -> None:
        self._know(failures=(*self.story.failures, failure))
        self._write(*request_rows.failed(self.job.run, failure, effort))

    def _found(self, error: RespaldoError, effort: Effort) -> None:
        """Keep and tell why a copy is of no use."""
        settings = self.job.settings
        repository = settings.repository if self.which == "first" else settings.second_copy
        finding = finding_of(error, self.which, error.facts.get("repository") or repository)
        self._know(findings={self.which: finding})
        self._write(*request_rows.looked(self.job.run, finding, None, effort))
        warn(in_words(error))
        if finding.state == "bad" and self.which == "first" and settings.second_copy is not None:
            warn(texts.TRY_SECOND.format(repository=settings.second_copy))

    def _good(self, found: Identified) -> Finding:
        return Finding(which=self.which, state="good", repository=found.repository)

    def _decide(self, step: str, option: str, note: str) -> None:
        decision = Decision(option=option, by=self._operator, at=datetime.now(UTC), note=note)
        step = step if step == "analyse" else self._named(step)
        self._know(decisions=self.story.decisions | {step: decision})
        self._write(request_rows.decided(self.job.run, step, decision))

    def _named(self, step: str) -> str:
        return step if self.which == "first" else f"second_{step}"

    def _know(self, **more: object) -> None:
        self.story = self.story.model_copy(update=more)

    def _write(self, *rows: Update) -> None:
        """Write rows. That nobody can keep them is told, and keeps nobody from getting the data."""
        for row in rows:
            try:
                self.waits |= not self.report.write(row)
            except ReportUnavailableError as error:
                warn(in_words(error))
