"""The agenda in words and rows, for a terminal, for the page and for other programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from respaldo.config.agenda import Agenda, mode_of
from respaldo.config.configuration import AnyScope
from respaldo.config.contract import Contract
from respaldo.config.organization import Organization
from respaldo.texts import programming as texts


def rows(agenda: Agenda, organization: Organization) -> list[dict[str, Any]]:
    """Give one row a run to come, and one for each scope that has none."""
    found = [
        _row(turn.scope, organization, "programmed", moment)
        for turn in agenda.turns
        for moment in turn.moments
    ]
    found += [_row(turn.scope, organization, "later", turn.moments[0]) for turn in agenda.later]
    found += [_row(scope, organization, "by_hand") for scope in agenda.by_hand]
    nothing = dict.fromkeys(texts.COLUMNS)
    return found + [
        nothing | {"alcance_id": scope_id, "estado": texts.STATES["invalid"]} for scope_id in agenda.invalid
    ]


def who(scope: AnyScope, organization: Organization) -> str:
    """Name who makes a scope's copies, and who verifies them where that is another."""
    return texts.AND_THEN.join(
        texts.PERSON.format(title=organization.titles_of(role), users=_users(role, organization))
        for role in dict.fromkeys(scope.settings.roles.values())
    )


def contract(terms: Contract | None) -> str:
    """Name a scope's contract as its file has it, if one is needed."""
    if terms is None:
        return texts.NOTHING
    return texts.CONTRACT.format(number=terms.number, until=terms.valid_until)


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


def _row(
    scope: AnyScope, organization: Organization, state: str, moment: datetime | None = None
) -> dict[str, Any]:
    settings = scope.settings
    verifier = settings.roles.get("verifier")
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
        "responsable": organization.titles_of(settings.responsible),
        "usuarios": _users(settings.responsible, organization),
        "verifica": organization.titles_of(verifier) if verifier else None,
        "contrato": settings.contract.number if settings.contract else None,
        "contrato_hasta": settings.contract.valid_until.isoformat() if settings.contract else None,
    }


def _users(role: str, organization: Organization) -> str:
    return ", ".join(organization.users_of((role,))) or texts.NOBODY
