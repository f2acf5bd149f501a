"""The operators of the DAGs of contracts: they hand over to the modules beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator

from respaldo.flows.colors import ASK, WORK

if TYPE_CHECKING:
    from airflow.sdk import Context


class ContractOperator(HITLOperator):
    """Asks for a contract's renewal. The task waits without a worker until somebody who may answers."""

    ui_color = ASK

    def execute(self, context: Context) -> None:
        from respaldo.flows.contracts import asking
        from respaldo.flows.contracts.place import ContractPlace
        from respaldo.flows.failures.telling import in_log

        with in_log():
            asked = asking.question(ContractPlace.of(context))
        if asked is None:
            return
        self.subject, self.body, self.assigned_users = asked
        super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        from respaldo.domain.errors import UnansweredError
        from respaldo.flows.contracts import asking
        from respaldo.flows.contracts.place import ContractPlace
        from respaldo.flows.failures.telling import in_log
        from respaldo.texts import contracts as texts

        place = ContractPlace.of(context)
        if event.get("error_type") == "timeout":
            with in_log():
                asking.forget(place)
                raise UnansweredError(step=self.task_display_name)
        answer = super().execute_complete(context, event)
        with in_log():
            settled = asking.answered(
                place,
                option=answer["chosen_options"][0],
                given=answer["params_input"],
                by=(answer["responded_by_user"] or {}).get("name") or texts.NOTHING,
                at=answer["responded_at"],
            )
        handed_on: dict[str, Any] = settled.model_dump(mode="json")
        return handed_on


class RecordContractOperator(BaseOperator):
    """Stores what was decided."""

    ui_color = WORK

    def execute(self, context: Context) -> None:
        from respaldo.flows.contracts import recording
        from respaldo.flows.contracts.place import ContractPlace
        from respaldo.flows.failures.telling import in_log

        with in_log():
            recording.record(ContractPlace.of(context))


class LookAtContractsOperator(BaseOperator):
    """Looks at all contracts, and gives the questions to be begun or to be ended."""

    ui_color = WORK

    def execute(self, context: Context) -> list[dict[str, Any]]:
        from respaldo.flows.contracts import watching
        from respaldo.flows.contracts.place import ContractPlace
        from respaldo.flows.failures.telling import in_log

        with in_log():
            return watching.look(ContractPlace.of(context))
