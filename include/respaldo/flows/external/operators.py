"""The operator of the steps: it hands over to `respaldo.flows.external.steps`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from respaldo.flows.operators import StepOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class ExternalStepOperator(StepOperator):
    """One step of a scope whose copies another product makes."""

    def execute(self, context: Context) -> dict[str, Any]:
        from respaldo.flows.external import steps

        return steps.run(self.task_id, self.scope_id, context)
