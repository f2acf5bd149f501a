"""The operators of the restore request's DAG: they hand over to the modules beside, and choose the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator, BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException

from respaldo.flows.beginning import BeginRunOperator
from respaldo.flows.colors import ASK, RESULT, WORK
from respaldo.flows.trigger import Trigger
from respaldo.flows.way import Way
from respaldo.texts import requests as texts

if TYPE_CHECKING:
    from airflow.sdk import Context


class RequestStepOperator(BaseOperator, Way):
    """One step that a worker does."""

    ui_color = WORK

    def execute(self, context: Context) -> None:
        from respaldo.flows.requests import steps

        done = steps.run(self.task_id, context)
        if done.result is not None:
            # Skipping ends the task by an exception: what it would return is lost.
            context["ti"].xcom_push(key="return_value", value=done.result.model_dump(mode="json"))
        self.go_on(context, done.following)


class DecisionOperator(HITLOperator, Way):
    """One question to people. The task waits without a worker until somebody who may answers it."""

    ui_color = ASK

    def execute(self, context: Context) -> None:
        from respaldo.actions import request_rows
        from respaldo.domain.requests import Decision
        from respaldo.flows.requests import decisions
        from respaldo.flows.requests.place import RequestPlace
        from respaldo.flows.requests.steps import telling

        place = RequestPlace.of(context)
        with telling(place, self.task_id):
            asked = decisions.question(self.task_id, place)
        if isinstance(asked, Decision):
            self._take(context, asked)
            return
        self.subject, self.body, self.assigned_users = asked.subject, asked.body, asked.who
        place.work.report.write(request_rows.waiting(place.work.run, asked.state))
        decisions.announce(self.task_id, asked, place)
        super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> None:
        from respaldo.domain.errors import UnansweredError
        from respaldo.domain.requests import Decision
        from respaldo.flows.requests.decisions import OPTIONS
        from respaldo.flows.requests.place import RequestPlace
        from respaldo.flows.requests.steps import telling

        if event.get("error_type") == "timeout":
            with telling(RequestPlace.of(context), self.task_id):
                raise UnansweredError(step=self.task_display_name)
        answer = super().execute_complete(context, event)
        given = {name: value for name, value in answer["params_input"].items() if value}
        codes = {words: code for code, words in OPTIONS[self.task_id].items()}
        decision = Decision(
            option=codes[answer["chosen_options"][0]],
            by=(answer["responded_by_user"] or {}).get("name") or texts.NOBODY,
            at=answer["responded_at"],
            note=given.pop("note", None),
            extra=given,
        )
        self._take(context, decision)

    def _take(self, context: Context, decision: Any) -> None:  # noqa: ANN401  (a Decision)
        from respaldo.flows.requests import decisions
        from respaldo.flows.requests.place import RequestPlace
        from respaldo.flows.requests.steps import telling

        place = RequestPlace.of(context)
        with telling(place, self.task_id):
            following = decisions.answered(self.task_id, decision, place)
        context["ti"].xcom_push(key="return_value", value=decision.model_dump(mode="json"))
        self.go_on(context, following)


class BackupRunOperator(BeginRunOperator):
    """Begins a run of the request's scope, once, however often it is tried."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(likely="backup__", **kwargs)

    def following(self, context: Context) -> Trigger | None:
        from respaldo.flows.requests import backups
        from respaldo.flows.requests.place import RequestPlace
        from respaldo.flows.requests.steps import telling

        place = RequestPlace.of(context)
        with telling(place, self.task_id):
            return backups.wanted(self.task_id, place)


class BackupResultSensor(BaseSensorOperator):
    """Waits for the run that the task ``of`` began; between its looks it holds no worker."""

    ui_color = WORK

    def __init__(self, *, of: str, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(mode="reschedule", **kwargs)
        self.of = of

    def poke(self, context: Context) -> Any:  # noqa: ANN401  (PokeReturnValue or bool)
        from airflow.sdk.bases.sensor import PokeReturnValue

        from respaldo.flows.requests import backups
        from respaldo.flows.requests.place import RequestPlace
        from respaldo.flows.requests.steps import telling

        place = RequestPlace.of(context)
        with telling(place, self.of):
            state = backups.result(self.of, place)
        # Airflow looks at it after each poke. How long is long enough only the scope tells.
        self.timeout = backups.longest(place).total_seconds()
        return PokeReturnValue(is_done=True, xcom_value=state) if state else False


class RequestWatcherOperator(BaseOperator):
    """Makes the run red unless the request ended as somebody wanted it and nothing failed."""

    ui_color = RESULT

    def execute(self, context: Context) -> None:
        from respaldo.domain.requests import GOOD_OUTCOMES
        from respaldo.flows.requests.place import Closed, RequestPlace
        from respaldo.texts.letter import OUTCOMES

        place = RequestPlace.of(context)
        failed = [step for step, state in place.work.states().items() if state == "failed"]
        given = place.ti.xcom_pull(task_ids="record")
        outcome = Closed.model_validate(given).outcome if given else "failed"
        if failed or outcome not in GOOD_OUTCOMES:
            steps = ", ".join(texts.TASK_TITLES[step] for step in failed) or texts.NOTHING
            raise AirflowFailException(texts.WATCHED.format(outcome=OUTCOMES[outcome], steps=steps))
