"""The operators of a manual backup's DAG: they hand over to the modules beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator

from respaldo.flows.colors import ASK
from respaldo.flows.operators import StepOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from respaldo.flows.manual.place import ManualPlace


class ManualStepOperator(StepOperator):
    """One step of a manual backup that a worker does."""

    def execute(self, context: Context) -> dict[str, Any]:
        from respaldo.flows.manual import steps

        return steps.run(self.task_id, self.scope_id, context)


class ManualQuestionOperator(HITLOperator):
    """One question to people. The task waits without a worker until somebody who may answers it."""

    ui_color = ASK

    def __init__(self, *, scope_id: str, **kwargs: Any) -> None:  # noqa: ANN401  (Airflow's own arguments)
        super().__init__(**kwargs)
        self.scope_id = scope_id

    def execute(self, context: Context) -> None:
        from respaldo.flows.manual import questions

        asked = questions.ask(self.task_id, self._place(context))
        self.subject, self.body, self.assigned_users = asked.subject, asked.body, asked.who
        self.response_timeout = asked.left
        super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        from respaldo.flows.manual import questions
        from respaldo.flows.manual.answers import Answer
        from respaldo.texts import manual as texts

        if event.get("error_type") == "timeout":
            questions.unanswered(self.task_id, self._place(context))
        answer = super().execute_complete(context, event)
        codes = {words: code for code, words in questions.OPTIONS[self.task_id].items()}
        given = Answer(
            option=codes[answer["chosen_options"][0]],
            given=answer["params_input"],
            by=(answer["responded_by_user"] or {}).get("name") or texts.NOTHING,
            at=answer["responded_at"],
        )
        return questions.answered(self.task_id, self._place(context), given)

    def _place(self, context: Context) -> ManualPlace:
        from respaldo.flows.manual.place import ManualPlace
        from respaldo.flows.workplace import Workplace

        return ManualPlace(Workplace.of(self.scope_id, context))
