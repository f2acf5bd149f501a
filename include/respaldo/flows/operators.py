"""The operators of a backup's DAG: they hand over to `respaldo.flows.steps` and give back what it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from respaldo.flows.beginning import BeginRunOperator
from respaldo.flows.colors import RESULT, WORK
from respaldo.flows.trigger import Trigger

if TYPE_CHECKING:
    from airflow.sdk import Context


class StepOperator(BaseOperator):
    """One step of one scope's backup. The task knows its scope's id and nothing else of it."""

    ui_color = WORK

    def __init__(self, *, scope_id: str, **kwargs: Any) -> None:  # noqa: ANN401  (Airflow's own arguments)
        super().__init__(**kwargs)
        self.scope_id = scope_id

    def execute(self, context: Context) -> dict[str, Any] | None:
        from respaldo.flows import steps

        return steps.run(self.task_id, self.scope_id, context)

    def on_kill(self) -> None:
        """End the step: Airflow sends SIGTERM when somebody marks the task, or the worker shuts down."""
        from respaldo.domain.errors import CancelledRunError

        raise CancelledRunError(step=self.task_display_name)


class WokenStepOperator(StepOperator):
    """What may be a question of a scope whose file was broken while it waited: woken, it says so."""

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ARG002
        return self.execute(context)


class RecordOperator(BeginRunOperator):
    """Closes the run's row, and begins what follows from how it ended.

    A failure is analysed; after a good run the watch resolves the failures before it. Most runs need neither,
    and none pays for a task of its own.
    """

    def __init__(self, *, scope_id: str, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(likely="failure_analysis", reset_dag_run=True, **kwargs)
        self.scope_id = scope_id

    def following(self, context: Context) -> Trigger | None:
        from respaldo.flows import closing
        from respaldo.flows.workplace import Workplace

        following = closing.close(Workplace.of(self.scope_id, context))
        return following if following and closing.can_begin(following, context) else None


class WatcherOperator(BaseOperator):
    """Fails when anything above failed: a run's state is its leaves' state, and ``record`` runs always."""

    ui_color = RESULT

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
    """Stands for what cannot be used because its file is broken: red every night until it is mended.

    :param scope_id: the scope that it stands for: then its failure is reported like any other.
    """

    def __init__(self, *, problem: str, scope_id: str | None = None, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.problem = problem
        self.scope_id = scope_id

    def execute(self, context: Context) -> None:
        from respaldo.flows import closing

        if self.scope_id is not None:
            closing.refuse(self.scope_id, context, self.problem)
        raise AirflowFailException(self.problem)
