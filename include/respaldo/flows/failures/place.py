"""What a step of an analysis works with: its workplace, and the run that failed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from respaldo.config.configuration import AnyScope, folder, load, load_organization
from respaldo.config.organization import Organization
from respaldo.domain.errors import ReportUnavailableError
from respaldo.domain.failures import Judgement
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.domain.values import Run
from respaldo.flows.workplace import Workplace
from respaldo.report.store import Report

if TYPE_CHECKING:
    from airflow.sdk import Context

JUDGED_BY = ("decide", "classify")
"""The tasks that hand on a judgement: people's, or Respaldo's own."""


def scope_of(scope_id: str) -> AnyScope | None:
    """Give a scope, None when its file, or what it needs, cannot be used."""
    try:
        return load(folder(), scope_id).all_scopes.get(scope_id)
    except ConfigurationProblemsError:
        return None


@dataclass(frozen=True)
class FailurePlace:
    """One attempt at one step of the analysis of one failed run."""

    work: Workplace
    failed: Run

    @classmethod
    def of(cls, context: Context) -> FailurePlace:
        params = context["params"]
        failed = Run(dag_id=params["dag"], run_id=params["run"], scope_id=params["scope"])
        return cls(Workplace.of(failed.scope_id, context), failed)

    @property
    def ti(self) -> Any:  # noqa: ANN401  (Airflow's)
        return self.work.context["ti"]

    @property
    def report(self) -> Report:
        return self.work.report

    @cached_property
    def organization(self) -> Organization:
        """Give the organization, also while repositories and scopes cannot be used.

        :raises ConfigurationProblemsError: its file cannot be used.
        """
        return load_organization(folder())

    @cached_property
    def scope(self) -> AnyScope | None:
        """Give the scope, None when its file, or what it needs, cannot be used."""
        return scope_of(self.failed.scope_id)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.organization.timezone)

    def row(self) -> dict[str, Any]:
        """Give the failed run's row.

        :raises ReportUnavailableError: it is not there, or not closed, yet: that may wait in a spool.
        """
        self.report.drain()
        found = self.report.row(self.failed.key)
        if found is None or found["ended_at"] is None:
            raise ReportUnavailableError(reason=f"the row {self.failed.key} is not closed")
        return found

    def judgement(self) -> Judgement | None:
        """Give what was decided last, None when nothing was.

        An analysis that began again may be decided by another than before: what that one said is still there.
        """
        given = filter(None, (self.ti.xcom_pull(task_ids=step) for step in JUDGED_BY))
        return max(map(Judgement.model_validate, given), key=lambda one: one.at, default=None)
