"""The agenda in words and rows, for a terminal, for the page and for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from respaldo.actions.agreements import standing
from respaldo.config.agenda import Agenda, mode_of
from respaldo.config.configuration import AnyScope
from respaldo.config.organization import Organization
from respaldo.domain.contracts import Standing
from respaldo.report.contracts import KnownContract
from respaldo.texts import programming as texts
from respaldo.texts.report import TERMS


@dataclass(frozen=True)
class Words:
    """Writes whose scopes they are, and under which contract.

    :ivar known: the contracts that the report knows: renewals count. None of them: the files alone decide.
    """

    organization: Organization
    known: tuple[KnownContract, ...] = ()

    def who(self, scope: AnyScope) -> str:
        """Name who makes a scope's copies, and who verifies them where that is another."""
        return texts.AND_THEN.join(
            texts.PERSON.format(title=self.organization.titles_of(role), users=self._users(role))
            for role in dict.fromkeys(scope.settings.roles.values())
        )

    def contract(self, scope: AnyScope, on: date) -> str:
        """Name a scope's contract and its state on a day, if one is needed."""
        found = self._standing(scope, on)
        if found is None:
            return texts.NOTHING
        state = TERMS["contract_state"][found.state]
        return texts.CONTRACT.format(number=found.term.number, until=found.term.valid_until, state=state)

    def rows(self, agenda: Agenda) -> list[dict[str, Any]]:
        """Give one row a run to come, and one for each scope that has none."""
        found = [
            self._row(turn.scope, "programmed", day.date, moment)
            for day in agenda.days
            for turn in day.turns
            for moment in turn.moments
        ]
        for turn in agenda.later:
            found.append(self._row(turn.scope, "later", turn.moments[0].date(), turn.moments[0]))
        found += [self._row(scope, "by_hand", agenda.days[0].date) for scope in agenda.by_hand]
        nothing = dict.fromkeys(texts.COLUMNS)
        return found + [
            nothing | {"alcance_id": scope_id, "estado": texts.STATES["invalid"]}
            for scope_id in agenda.invalid
        ]

    def _row(self, scope: AnyScope, state: str, on: date, moment: datetime | None = None) -> dict[str, Any]:
        settings = scope.settings
        verifier = settings.roles.get("verifier")
        terms = self._standing(scope, on)
        return {
            "momento": moment,
            "dia": moment.date().isoformat() if moment else None,
            "hora": f"{moment:%H:%M}" if moment else None,
            "alcance_id": scope.id,
            "alcance": settings.name,
            "activo": settings.asset,
            "dependencia": settings.department,
            "criticidad": settings.criticality,
            "modalidad": mode(scope),
            "estado": texts.STATES[state],
            "programacion": settings.schedule,
            "responsable": self.organization.titles_of(settings.responsible),
            "usuarios": self._users(settings.responsible),
            "verifica": self.organization.titles_of(verifier) if verifier else None,
            "contrato": terms.term.number if terms else None,
            "contrato_hasta": terms.term.valid_until.isoformat() if terms else None,
            "contrato_estado": TERMS["contract_state"][terms.state] if terms else None,
        }

    def _standing(self, scope: AnyScope, on: date) -> Standing | None:
        contract = scope.settings.contract
        return standing(contract, self.known, on) if contract else None

    def _users(self, role: str) -> str:
        return ", ".join(self.organization.users_of((role,))) or texts.NOBODY


def mode(scope: AnyScope) -> str:
    """Say how a scope's copies are made."""
    return texts.MODES[mode_of(scope.settings)]


def day(of: date) -> str:
    """Write a day as people do."""
    return texts.DAY.format(
        weekday=texts.WEEKDAYS[of.weekday()], day=of.day, month=texts.MONTHS[of.month - 1], year=of.year
    )


def times(moments: tuple[datetime, ...]) -> str:
    """Write the times of a day's runs."""
    return texts.times(tuple(f"{moment:%H:%M}" for moment in moments))
