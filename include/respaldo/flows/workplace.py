"""What a step of a backup works with, put together from Airflow's context."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from respaldo import connections
from respaldo.actions.job import Job
from respaldo.actions.rows import Request
from respaldo.config.configuration import Configuration, ConfiguredScope, folder, load
from respaldo.config.home import Home
from respaldo.domain.errors import InvalidConfigurationError
from respaldo.domain.problems import ConfigurationProblemsError, Problem
from respaldo.domain.values import Run, Value
from respaldo.report.fm007 import Origin
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.restic.engine import find_engine
from respaldo.texts.configuration import tell

if TYPE_CHECKING:
    from airflow.sdk import Context

Result = TypeVar("Result", bound=Value)


class Workplace(NamedTuple):
    """One attempt at one step: the run, Airflow's context, the report, this worker's own folder."""

    run: Run
    context: Context
    report: Report
    home: Home

    @classmethod
    def of(cls, scope_id: str, context: Context) -> Workplace:
        ti, home = context["ti"], Home.find()
        return cls(
            run=Run(dag_id=ti.dag_id, run_id=ti.run_id, scope_id=scope_id, attempt=ti.try_number),
            context=context,
            report=Report(connections.endpoint(connections.REPORT), Spool(home.spool)),
            home=home,
        )

    @property
    def allowed_seconds(self) -> int:
        """How long the step may take. It takes longer: what it runs is given a while to end."""
        allowed = self.context["task"].execution_timeout
        return round(allowed.total_seconds()) if allowed else 0

    def job(self, scope: ConfiguredScope | None = None) -> Job:
        """Put the job together: configuration, engine, the way to the secrets.

        :param scope: as restic keeps it in this run; None: as its file has it.
        :raises InvalidConfigurationError: see ``configuration``.
        """
        configuration = self.configuration()
        return Job(
            run=self.run,
            scope=scope or configuration.kept[self.run.scope_id],
            configuration=configuration,
            home=self.home,
            engine=find_engine(),
            master_secret=connections.master_secret,
            endpoint_of=connections.endpoint,
            login_of=connections.repository_login,
            host_of=connections.ssh_host,
            host_settings_of=connections.host_settings,
        )

    def configuration(self) -> Configuration:
        """Read the configuration of this scope.

        :raises InvalidConfigurationError: a file was broken after the DAG was read.
        """
        try:
            found = load(folder(), self.run.scope_id)
        except ConfigurationProblemsError as error:
            raise InvalidConfigurationError(problem=_told(error.problems)) from error
        if self.run.scope_id not in found.all_scopes:
            raise InvalidConfigurationError(problem=_told(found.invalid.get(self.run.scope_id, ())))
        return found

    def request(self) -> Request:
        """Tell who asked for the run: the schedule, somebody with the trigger form, another DAG (15, 21)."""
        dag_run, params = self.context["dag_run"], self.context["params"]
        said = dag_run.conf or {}
        origin: Origin = "scheduled" if dag_run.run_type == "scheduled" else "unscheduled"
        if said.get("rerun_of"):
            origin = "rerun"
        return Request(
            origin=origin,
            programmed_for=dag_run.run_after,
            reason=params.get("reason"),
            requester=params.get("requester"),
            ticket=params.get("ticket"),
            request_key=said.get("request_key"),
            rerun_of=said.get("rerun_of"),
        )

    def result(self, step: str, model: type[Result]) -> Result:
        """Give what an earlier step handed on."""
        return model.model_validate(self.context["ti"].xcom_pull(task_ids=step))

    def states(self) -> dict[str, str]:
        """Give the states of the tasks above this one, of those that have one yet.

        Not of others: beside ``record``, the watcher may have failed already, as it should.
        """
        ti, above = self.context["ti"], self.context["task"].get_flat_relative_ids(upstream=True)
        found = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
        return {task: str(state) for task, state in found.items() if task in above and state is not None}


def _told(problems: tuple[Problem, ...]) -> str:
    return "; ".join(map(tell, problems))
