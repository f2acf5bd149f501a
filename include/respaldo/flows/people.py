"""Who may answer: from a role of organization.yaml to the users that Airflow's manager of users knows.

SimpleAuthManager knows people by their names, FAB by the numbers of its table. A task has no access to that
table: ``respaldo sync`` leaves the numbers in an Airflow variable.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from airflow.sdk import Variable
from airflow.sdk.configuration import conf

from respaldo.config.organization import Organization
from respaldo.domain.errors import NobodyToAskError

if TYPE_CHECKING:
    from airflow.sdk.execution_time.hitl import HITLUser

USER_IDS = "respaldo_user_ids"
"""Airflow variable: user name to id, as JSON. Only where the users are FAB's."""


def asked(
    organization: Organization,
    decision: str,
    roles: tuple[str, ...],
    asked_by: str | None,
    *,
    barred: Collection[str] = (),
) -> list[HITLUser]:
    """Give the people of some roles, as Airflow wants them.

    :param decision: what they decide, in words.
    :param asked_by: who may not answer, nor anybody of the same roles; None: there is no such rule.
    :param barred: user names of who may not answer, though their colleagues may: who made a copy does not
        verify it (activity 12).
    :raises NobodyToAskError: nobody is left.
    """
    kept_out = frozenset(barred)
    if asked_by:
        kept_out |= _colleagues_of(organization, asked_by)
    names = [name for name in organization.users_of(roles) if name not in kept_out]
    ids = _ids(names)
    if not ids:
        raise NobodyToAskError(step=decision, roles=organization.titles_of(*roles))
    return [{"id": ids[name], "name": name} for name in names if name in ids]


def _colleagues_of(organization: Organization, user: str) -> frozenset[str]:
    roles = tuple(name for name, role in organization.roles.items() if user in role.users)
    return frozenset((user, *organization.users_of(roles)))


def users_are_fabs() -> bool:
    """Whether Airflow's manager of users is FAB."""
    return bool(conf.get("core", "auth_manager").endswith("FabAuthManager"))


def _ids(names: list[str]) -> dict[str, str]:
    """Give the id of each person that Airflow knows."""
    if not users_are_fabs():
        return {name: name for name in names}
    known: dict[str, str] = Variable.get(USER_IDS, default={}, deserialize_json=True)
    return {name: known[name] for name in names if name in known}
