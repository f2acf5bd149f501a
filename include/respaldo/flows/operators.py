"""The operators of a backup's DAG: they hand over to `respaldo.flows.steps` and give back what it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context


class StepOperator(BaseOperator):
    """One step of one scope's backup. The task knows its scope's id and nothing else of it."""

    ui_color = "#e8f0fe"

    def __init__(self, *, scope_id: str, **kwargs: Any) -> None:  # noqa: ANN401  (Airflow's own arguments)
        super().__init__(**kwargs)
        self.scope_id = scope_id

    def execute(self, context: Context) -> dict[str, Any] | None:
        from respaldo.flows import steps

        return steps.run(self.task_id, self.scope_id, context)


class WatcherOperator(BaseOperator):
    """Fails when anything above failed: a run's state is its leaves' state, and ``record`` runs always."""

    ui_color = "#fce8e6"

    def __init__(self, *, scope_id: str, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.scope_id = scope_id

    def execute(self, context: Context) -> None:
        from respaldo.flows.workplace import Workplace
        from respaldo.texts import backup as texts

        states = Workplace.of(self.scope_id, context).states()
        failed = (step for step, state in states.items() if state == "failed")
        raise AirflowFailException(texts.WATCHED.format(steps=", ".join(failed)))


class InvalidScopeOperator(BaseOperator):
    """Stands for a scope whose file cannot be used: red every night until it is mended."""

    def __init__(self, *, problem: str, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.problem = problem

    def execute(self, context: Context) -> None:  # noqa: ARG002
        raise AirflowFailException(self.problem)
