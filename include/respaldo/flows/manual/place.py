"""What a step of a manual backup works with: its workplace, its scope, and what was stated before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from respaldo.config.configuration import Configuration, Configured
from respaldo.config.manual import ManualScope
from respaldo.config.organization import Organization
from respaldo.domain.errors import InvalidConfigurationError
from respaldo.domain.manual import Measured, Performed
from respaldo.domain.values import Planned
from respaldo.flows.workplace import Workplace


@dataclass(frozen=True)
class ManualPlace:
    """One attempt at one step of one manual backup."""

    work: Workplace

    @cached_property
    def configuration(self) -> Configuration:
        """Read the configuration of the scope.

        :raises InvalidConfigurationError: see `Workplace.configuration`; or the scope has another mode now.
        """
        found = self.work.configuration()
        if self.work.run.scope_id not in found.manual:
            raise InvalidConfigurationError(problem="mode")
        return found

    @property
    def scope(self) -> Configured[ManualScope]:
        return self.configuration.manual[self.work.run.scope_id]

    @property
    def settings(self) -> ManualScope:
        return self.scope.settings

    @property
    def organization(self) -> Organization:
        return self.configuration.organization

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.organization.timezone)

    @property
    def planned(self) -> Planned:
        return self.work.result("plan", Planned)

    @property
    def performed(self) -> Performed:
        return self.work.result("perform", Performed)

    @property
    def measured(self) -> Measured:
        return self.work.result("execute", Measured)
