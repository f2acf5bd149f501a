"""People of the tests who are asked to copy by hand and to verify: runs begun at once, answered over REST."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from respaldo.domain.values import Run
from respaldo.embedded.errors import ApiError
from respaldo.texts.manual import FIELDS, RESULTS, VERDICT_FIELDS, VERDICTS

PATIENCE_SECONDS = 400
THINK_SECONDS = 10
"""Before a question is answered: see ``Live.dropped_answers``."""

FORMS = {"perform": FIELDS, "verify": VERDICT_FIELDS}
OPTIONS = RESULTS | VERDICTS


@dataclass(frozen=True)
class Answer:
    """What somebody answers, and who tries to before."""

    task: str
    user: str
    option: str
    given: dict[str, Any] = field(default_factory=dict)
    not_by: tuple[str, ...] = ()
    waits_for: Callable[[], bool] | None = None
    """Nobody answers before this is so."""


@dataclass
class Waiting:
    """A run, and the answers that each of its questions gets in turn."""

    run: Run
    answers: dict[str, list[Answer]]
    given: Counter[str] = field(default_factory=Counter)
    seen: dict[str, float] = field(default_factory=dict)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    """(task, user) to what the user was answered."""


class People:
    """The people of the live installation, as they use Airflow."""

    def __init__(self, live: Any) -> None:
        self.live = live
        self._apis: dict[str, Any] = {}

    def begin(self, scope: str, *answers: Answer) -> Waiting:
        """Begin a run as somebody would with the form."""
        by_task: dict[str, list[Answer]] = defaultdict(list)
        for answer in answers:
            by_task[answer.task].append(answer)
        return Waiting(self.live.trigger(scope, reason="Cierre del mes"), by_task)

    def serve(self, everybody: Sequence[Waiting]) -> None:
        """Answer what is asked until every run is over."""
        left, deadline = list(everybody), time.monotonic() + PATIENCE_SECONDS
        while left:
            assert time.monotonic() < deadline, {one.run.scope_id: self.asked(one.run) for one in left}
            for one in left:
                self._consider(one)
            left = [one for one in left if self.live.state(one.run) not in ("success", "failed")]
            time.sleep(0.5)

    def asked(self, run: Run) -> set[str]:
        """Give the questions of a run that nobody answered yet."""
        found = self.live.installation.api.get(
            f"dags/{run.dag_id}/dagRuns/{run.run_id}/hitlDetails",
            state="awaiting_input",
            response_received=False,
        )
        return {detail["task_instance"]["task_id"] for detail in found["hitl_details"]}

    def question(self, run: Run, task: str) -> dict[str, Any]:
        """Give a question as its people read it."""
        found: dict[str, Any] = self.live.installation.api.get(_path(run, task))
        return found

    def answer(self, run: Run, answer: Answer, user: str | None = None) -> None:
        """Answer a question as the page does: with all its fields.

        :raises ApiError: Airflow does not take it.
        """
        empty = dict.fromkeys(FORMS.get(answer.task, ()))
        option = OPTIONS.get(answer.option, answer.option)
        content = {"chosen_options": [option], "params_input": empty | answer.given}
        self._api(user or answer.user).patch(_path(run, answer.task), content)

    def refusal(self, run: Run, answer: Answer, user: str | None = None) -> str:
        """Try to answer, and give what Airflow says to that."""
        try:
            self.answer(run, answer, user)
        except ApiError as error:
            return str(error.facts["answer"])
        return "taken"

    def _consider(self, one: Waiting) -> None:
        """Answer the questions of a run that have been there for some time."""
        for task in self.asked(one.run):
            seen, planned = one.seen.setdefault(task, time.monotonic()), one.answers.get(task)
            if not planned or time.monotonic() - seen < THINK_SECONDS:
                continue
            turn = one.given[task] - self.live.dropped_answers(one.run.run_id, task)
            answer = planned[min(turn, len(planned) - 1)]
            if answer.waits_for is not None and not answer.waits_for():
                continue
            for user in answer.not_by:
                one.refused[(task, user)] = self.refusal(one.run, answer, user)
            self.answer(one.run, answer)
            one.given[task] += 1
            del one.seen[task]

    def _api(self, user: str) -> Any:
        if user not in self._apis:
            self._apis[user] = self.live.installation.api_of(user)
        return self._apis[user]


def _path(run: Run, task: str) -> str:
    return f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task}/-1/hitlDetails"
