"""Where people are told, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from respaldo.config.organization import Organization

State = Literal["sent", "failed", "not_configured"]


class Outcome(NamedTuple):
    """What became of a notice at one place, and what kept it from arriving."""

    state: State
    detail: str | None = None


class Told(NamedTuple):
    """What became of a notice to one place of a role."""

    role: str
    where: str
    """An e-mail address, or the id of a connection."""
    state: State
    detail: str | None


def places(organization: Organization, roles: Iterable[str]) -> dict[str, str]:
    """Give each place once, with the first of the roles that has it. A role that there is not has none."""
    found: dict[str, str] = {}
    for role in roles:
        if role in organization.roles:
            for where in organization.roles[role].notify:
                found.setdefault(where, role)
    return found
