"""A help desk: requests sent over REST, answered by the people who may, and what came of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from respaldo.domain.values import Run
from respaldo.embedded.errors import ApiError
from respaldo.texts.requests import ACCEPTANCES, ANALYSES

DAG = "restore_request"
PATIENCE_SECONDS = 600

THINK = 10
"""Seconds before a question is answered: see ``Live.dropped_answers``. People are slower."""


@dataclass(frozen=True)
class Answer:
    """What somebody answers, and who tries to before."""

    user: str
    option: str
    note: str = ""
    not_by: tuple[str, ...] = ()


RESTORE = Answer("profesional", ANALYSES["restoration"], "Corresponde")
SATISFIES = Answer("soporte", ACCEPTANCES["satisfies"], "Está completo")


@dataclass(frozen=True)
class Plan:
    """A request: what the form says, who sends it, and the answers that each question gets in turn."""

    scope: str
    form: dict[str, Any] = field(default_factory=dict)
    by: str = "soporte"
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    """By question; none: nobody answers it. A question that is not here should not be asked."""


@dataclass(frozen=True)
class Told:
    """What Airflow, the report and the people at the door say of a request that is over."""

    run: Run
    state: str
    tasks: dict[str, str | None]
    tries: dict[str, int]
    row: dict[str, Any] | None
    form: dict[str, Any] | None
    refused: dict[tuple[str, str], str]
    """(task, user) to what the user was answered who may not decide it."""

    @property
    def letter(self) -> str:
        return str(self.row["message"])

    @property
    def ran(self) -> set[str]:
        return {task for task, state in self.tasks.items() if state not in ("skipped", "upstream_failed")}


class Desk:
    """The people of the organization, as they use Airflow."""

    def __init__(self, live) -> None:
        self.live = live
        self.runs: dict[str, Run] = {}
        self.refused: dict[str, dict[tuple[str, str], str]] = {}
        self.unplanned: dict[str, str] = {}
        self._apis: dict[str, Any] = {}
        self._seen: dict[tuple[str, str], float] = {}
        self._given: dict[tuple[str, str], int] = {}

    def api(self, user: str) -> Any:
        if user not in self._apis:
            self._apis[user] = self.live.installation.api_of(user)
        return self._apis[user]

    def ask(self, name: str, plan: Plan) -> Run:
        """Send a form. Its case number is the name that the test gave it."""
        form = {
            "requester": "Ana Ruiz",
            "email": "ana@example.org",
            "ticket": name,
            "what_happened": "Se borró una carpeta <compartida>.",
            "scope": plan.scope,
        }
        body = {"logical_date": None, "conf": form | plan.form}
        made = self.api(plan.by).post(f"dags/{DAG}/dagRuns", body)
        self.runs[name] = Run(dag_id=DAG, run_id=made["dag_run_id"], scope_id=plan.scope)
        self.refused[name] = {}
        return self.runs[name]

    def waiting(self) -> list[tuple[str, str]]:
        """Give the questions that nobody answered yet: run id and task."""
        found = self.live.installation.api.get(
            f"dags/{DAG}/dagRuns/~/hitlDetails", state="awaiting_input", response_received=False, limit=100
        )
        tasks = [detail["task_instance"] for detail in found["hitl_details"]]
        return [(task["dag_run_id"], task["task_id"]) for task in tasks]

    def answer(self, name: str, task: str, answer: Answer) -> None:
        for user in answer.not_by:
            self.refused[name][(task, user)] = self._try_to_answer(name, task, user, answer)
        self._answer(name, task, answer.user, answer)

    def serve(self, plans: dict[str, Plan], until: set[str] | None = None) -> None:
        """Answer what is asked of some requests until they, or only some of them, are over."""
        open_, left = ({self.runs[name].run_id: name for name in some} for some in (plans, until or plans))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while left:
            assert time.monotonic() < deadline, f"not over: {sorted(left.values())}"
            for run_id, task in self.waiting():
                self._seen.setdefault((run_id, task), time.monotonic())
                name = open_.get(run_id)
                if name is not None and name not in self.unplanned:
                    self._consider(name, task, plans[name].answers.get(task))
            for run_id in self._over() & left.keys():
                del left[run_id]
            time.sleep(0.5)

    def _consider(self, name: str, task: str, planned: list[Answer] | None) -> None:
        """Answer a question that has been there for some time."""
        if planned is None:
            self._give_up(name, task)
            return
        question = (self.runs[name].run_id, task)
        if planned and time.monotonic() - self._seen[question] > THINK:
            turn = self._given.get(question, 0)
            # Airflow may not have told yet that it dropped the last answer: it is given again.
            at = min(turn - self.live.dropped_answers(*question), len(planned) - 1)
            self.answer(name, task, planned[at])
            self._given[question] = turn + 1
            del self._seen[question]

    def told(self, name: str) -> Told:
        run = self.runs[name]
        path = f"dags/{DAG}/dagRuns/{run.run_id}"
        tasks = self.live.installation.api.get(f"{path}/taskInstances")["task_instances"]
        return Told(
            run=run,
            state=str(self.live.installation.api.get(path)["state"]),
            tasks={task["task_id"]: task["state"] for task in tasks},
            tries={task["task_id"]: task["try_number"] for task in tasks},
            row=self.live.report.request(run.key),
            form=self.live.report.row(run.key),
            refused=self.refused[name],
        )

    def refusal(self, **form: Any) -> str:
        """Send a form that is refused, and give what the sender is answered."""
        try:
            made = self.api("soporte").post(f"dags/{DAG}/dagRuns", {"logical_date": None, "conf": form})
        except ApiError as error:
            return str(error.facts["answer"])
        return f"taken: {made['dag_run_id']}"

    def _answer(self, name: str, task: str, user: str, answer: Answer) -> None:
        given = {"note": answer.note} | ({"snapshot": ""} if task == "analyse" else {})
        self.api(user).patch(
            f"dags/{DAG}/dagRuns/{self.runs[name].run_id}/taskInstances/{task}/-1/hitlDetails",
            {"chosen_options": [answer.option], "params_input": given},
        )

    def _try_to_answer(self, name: str, task: str, user: str, answer: Answer) -> str:
        try:
            self._answer(name, task, user, answer)
        except ApiError as error:
            return str(error.facts["answer"])
        return "taken"

    def _give_up(self, name: str, task: str) -> None:
        """End a request that asks what it should not: the others go on, and its test says what was asked."""
        self.unplanned[name] = task
        self.live.give_up(self.runs[name])

    def _over(self) -> set[str]:
        runs = self.live.installation.api.get(f"dags/{DAG}/dagRuns", limit=100)["dag_runs"]
        return {run["dag_run_id"] for run in runs if run["state"] in ("success", "failed")}
