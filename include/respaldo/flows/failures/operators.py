"""The operators of the DAGs behind a failure: they hand over to the modules beside, and choose the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from respaldo.flows.beginning import BeginRunOperator
from respaldo.flows.colors import ASK, RESULT, WORK
from respaldo.flows.trigger import Trigger
from respaldo.flows.way import Way

if TYPE_CHECKING:
    from airflow.sdk import Context


class ClassifyOperator(BaseOperator, Way):
    """Writes down what failed, and goes on with whoever decides."""

    ui_color = WORK

    def execute(self, context: Context) -> None:
        from respaldo.flows.failures.analysis import classify
        from respaldo.flows.failures.place import FailurePlace
        from respaldo.flows.failures.telling import in_log

        with in_log():
            done = classify(FailurePlace.of(context))
        if done.judgement is not None:
            # Skipping ends the task by an exception: what it would return is lost.
            context["ti"].xcom_push(key="return_value", value=done.judgement.model_dump(mode="json"))
        self.go_on(context, done.following)


class JudgeOperator(HITLOperator, Way):
    """Asks what becomes of the failure. The task waits without a worker until somebody who may answers."""

    ui_color = ASK

    def execute(self, context: Context) -> None:
        from respaldo.flows.failures import analysis, telling
        from respaldo.flows.failures.place import FailurePlace
        from respaldo.report.incidents import IncidentUpdate

        place = FailurePlace.of(context)
        with telling.in_log():
            self.subject, self.body = analysis.question(place)
            self.assigned_users = telling.analysts(place)
        place.report.write(IncidentUpdate.of(place.failed, state="waiting"))
        super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> None:
        from respaldo.domain.errors import UnansweredError
        from respaldo.flows.failures import judging
        from respaldo.flows.failures.place import FailurePlace
        from respaldo.flows.failures.telling import in_log
        from respaldo.texts import failures as texts

        if event.get("error_type") == "timeout":
            with in_log():
                raise UnansweredError(step=self.task_display_name)
        answer = super().execute_complete(context, event)
        with in_log():
            judgement = judging.answered(
                FailurePlace.of(context),
                option=answer["chosen_options"][0],
                given=answer["params_input"],
                by=(answer["responded_by_user"] or {}).get("name") or texts.NOTHING,
                at=answer["responded_at"],
            )
        context["ti"].xcom_push(key="return_value", value=judgement.model_dump(mode="json"))
        self.go_on(context, ("rerun",) if judgement.choice == "rerun" else ("record",))


class RerunOperator(BeginRunOperator):
    """Runs the scope again (activity 15), once, however often it is tried."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(likely="backup__", **kwargs)

    def following(self, context: Context) -> Trigger | None:
        from respaldo.flows.failures import rerun
        from respaldo.flows.failures.place import FailurePlace
        from respaldo.flows.failures.telling import in_log

        with in_log():
            return rerun.wanted(FailurePlace.of(context))


class CloseOperator(BaseOperator):
    """Closes the analysis. It is red when the analysis came to no end."""

    ui_color = RESULT

    def execute(self, context: Context) -> None:
        from respaldo.flows.failures import judging, telling
        from respaldo.flows.failures.place import FailurePlace
        from respaldo.texts import failures as texts

        place = FailurePlace.of(context)
        failed = [step for step, state in place.work.states().items() if state == "failed"]
        if failed:
            steps = ", ".join(texts.TASK_TITLES[step] for step in failed)
            raise AirflowFailException(texts.UNFINISHED.format(steps=steps))
        judgement = judging.close(place)
        if judgement is not None:
            telling.closed(place, judgement)


class LookOperator(BaseOperator):
    """Looks at all runs and all failures, and gives the analyses to be begun or to be ended."""

    ui_color = WORK

    def execute(self, context: Context) -> list[dict[str, Any]]:
        from respaldo.flows.failures import watching
        from respaldo.flows.workplace import Workplace

        return watching.look(Workplace.of("", context))
