"""Begin a DAG run that is known only when the task runs: which DAG, which run, and whether any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

from respaldo.flows.colors import WORK
from respaldo.flows.trigger import Trigger

if TYPE_CHECKING:
    from airflow.sdk import Context


class BeginRunOperator(TriggerDagRunOperator):
    """Does what ``following`` does, and begins the run that it gives.

    :param likely: the DAG that is usually meant, for those who look at the graph.
    """

    ui_color = WORK

    def __init__(self, *, likely: str, **kwargs: Any) -> None:  # noqa: ANN401  (Airflow's own arguments)
        super().__init__(trigger_dag_id=likely, logical_date=None, **kwargs)

    def following(self, context: Context) -> Trigger | None:
        """Give the run to begin; none: there is none, or it has begun already."""
        raise NotImplementedError

    def execute(self, context: Context) -> None:
        following = self.following(context)
        if following is not None:
            self.trigger_dag_id, self.trigger_run_id, self.conf = following
            super().execute(context)
