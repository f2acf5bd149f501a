"""What a step of contracting works with: the configuration, and how the contracts stand today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from respaldo.actions.agreements import Agreement, agreements
from respaldo.config.configuration import Configuration, folder, load
from respaldo.config.organization import Organization
from respaldo.domain.contracts import Term
from respaldo.domain.errors import InvalidConfigurationError
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.flows.workplace import Workplace
from respaldo.report.contracts import KnownContract
from respaldo.report.store import Report
from respaldo.texts.configuration import tell

if TYPE_CHECKING:
    from airflow.sdk import Context


@dataclass(frozen=True)
class ContractPlace:
    """One attempt at one step."""

    work: Workplace

    @classmethod
    def of(cls, context: Context) -> ContractPlace:
        return cls(Workplace.of("", context))

    @property
    def ti(self) -> Any:  # noqa: ANN401  (Airflow's)
        return self.work.context["ti"]

    @property
    def report(self) -> Report:
        return self.work.report

    @cached_property
    def configuration(self) -> Configuration:
        """Read every scope.

        :raises InvalidConfigurationError: organization or repositories cannot be used.
        """
        try:
            return load(folder())
        except ConfigurationProblemsError as error:
            problem = "; ".join(map(tell, error.problems))
            raise InvalidConfigurationError(problem=problem) from error

    @property
    def organization(self) -> Organization:
        return self.configuration.organization

    @property
    def decider(self) -> str:
        """The role that decides on contracts."""
        return self.organization.contracts.decider

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.organization.timezone)

    @cached_property
    def today(self) -> date:
        return datetime.now(self.zone).date()

    @cached_property
    def known(self) -> tuple[KnownContract, ...]:
        """Give the contracts of the report.

        :raises ReportUnavailableError, ReportSchemaError: it cannot be asked.
        """
        return self.report.contracts()

    @cached_property
    def agreed(self) -> dict[str, Agreement]:
        """Give the terms that count today, by key."""
        return agreements(self.configuration, self.known, self.today)

    def is_declined(self, term: Term) -> bool:
        """Whether somebody said that a term will not be renewed."""
        return any(one.declined_at and one.term == term for one in self.known)

    @property
    def number(self) -> str:
        """The contract that the run is about."""
        return str(self.work.context["params"]["number"]).strip()

    @property
    def lapsed(self) -> Term | None:
        """The term whose lapse opened the run, None where somebody registers a renewal by hand."""
        said = (self.work.context["dag_run"].conf or {}).get("valid_until")
        return Term(number=self.number, valid_until=said) if said else None

    def agreement(self) -> Agreement | None:
        """Give the term that counts today of the run's contract, None when no scope leads to it any more."""
        if self.lapsed is not None and self.lapsed.key in self.agreed:
            return self.agreed[self.lapsed.key]
        found = (one for one in self.agreed.values() if self.number in one.standing.numbers)
        return next(found, None)
