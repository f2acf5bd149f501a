"""What people's stories work with: the installation, the report, and steps that wait without blocking others.

A story is a generator: it yields while it waits, and returns what did not come out as it must. So it goes on
beside the backups and costs the demonstration no time of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from respaldo.demo import answering
from respaldo.demo.answering import Answer
from respaldo.demo.runs import Triggered
from respaldo.domain.values import Run
from respaldo.embedded.api import Api
from respaldo.embedded.errors import ApiError
from respaldo.embedded.installation import Installation
from respaldo.flows.names import dag_id_of
from respaldo.report.store import Report
from respaldo.texts import demo as texts

Story = Generator[None, None, list[str]]
Waiting = Generator[None, None, None]

_THINK_SECONDS = 10.0
"""Airflow's scheduler notices a waiting task after some seconds: an answer before that is lost."""


@dataclass(frozen=True)
class Stage:
    """Where the stories are played."""

    installation: Installation
    report: Report
    say: Callable[[str], None]
    _apis: dict[str, Api] = field(default_factory=dict)

    def api(self, person: str) -> Api:
        """Airflow's REST API as one of its people uses it."""
        if person not in self._apis:
            self._apis[person] = self.installation.api_of(person)
        return self._apis[person]

    def known(self, dag_id: str) -> Waiting:
        """Wait until Airflow knows a DAG, and switch it on."""
        while True:
            try:
                self.installation.api.patch(f"dags/{dag_id}", {"is_paused": False})
            except ApiError:
                yield
            else:
                return

    def begin(self, person: str, dag_id: str, conf: Mapping[str, Any], scope_id: str = "") -> Triggered:
        """Begin a run, as a person does with the form."""
        body = {"logical_date": None, "conf": dict(conf)}
        made = self.api(person).post(f"dags/{dag_id}/dagRuns", body)
        return Triggered(Run(dag_id=dag_id, run_id=made["dag_run_id"], scope_id=scope_id))

    def begin_scope(self, person: str, scope_id: str) -> Triggered:
        """Begin a backup that is not scheduled (21)."""
        asked = {
            "reason": texts.REASON.format(what=scope_id),
            "requester": texts.REQUESTER,
            "ticket": texts.TICKET.format(number=scope_id),
        }
        return self.begin(person, dag_id_of(scope_id), asked, scope_id)

    def over(self, run: Triggered, answers: Mapping[str, tuple[str, Answer]] | None = None) -> Waiting:
        """Wait until a run is over, and answer its questions as the person that each is for.

        :param answers: by task.
        """
        asked: dict[str, float] = {}
        while not run.is_over:
            for task, (person, answer) in (answers or {}).items():
                if not answering.waits(self.api(person), run.run, task):
                    asked.pop(task, None)
                elif time.monotonic() - asked.setdefault(task, time.monotonic()) > _THINK_SECONDS:
                    answering.give(self.api(person), run.run, task, answer)
                    del asked[task]
            yield
            run.state = self.state(run.run)

    def state(self, run: Run) -> str:
        """Give the state of a run; of one that is not there yet, ``queued``."""
        try:
            return str(self.installation.api.get(f"dags/{run.dag_id}/dagRuns/{run.run_id}")["state"])
        except ApiError:
            return "queued"

    def wrong(self, run: Triggered, **expected: object) -> list[str]:
        """Compare a run and its row with what they must be, and name what differs."""
        found = [texts.NOT_GOOD.format(run=run.run.run_id, state=run.state)] if run.state != "success" else []
        row = self.report.row(run.run.key) if expected else {}
        if row is None:
            return [*found, texts.NO_ROW.format(run=run.run.run_id)]
        return found + [
            texts.WRONG.format(run=run.run.run_id, column=column, actual=row[column], expected=wanted)
            for column, wanted in expected.items()
            if row[column] != wanted
        ]
