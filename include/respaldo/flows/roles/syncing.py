"""What organization.yaml asks of FAB's roles, put there or compared with what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from respaldo.config.configuration import Configuration
from respaldo.flows.people import users_are_fabs
from respaldo.flows.roles.dags import dags_of
from respaldo.flows.roles.permissions import permissions_of

if TYPE_CHECKING:
    from respaldo.flows.roles.fab import Change, WantedRole


def sync_roles(configuration: Configuration, *, create: bool = False) -> list[Change] | None:
    """Make FAB's roles as the configuration says, and tell the changes; None where users are not FAB's."""
    if not users_are_fabs():
        return None
    from respaldo.flows.roles import fab

    return fab.sync(_wanted(configuration), create=create)


def pending_changes(configuration: Configuration) -> list[Change]:
    """Tell what `sync_roles` would change; nothing where users are not FAB's."""
    if not users_are_fabs():
        return []
    from respaldo.flows.roles import fab

    return fab.pending(_wanted(configuration))


def _wanted(configuration: Configuration) -> dict[str, WantedRole]:
    """Give the roles that have any duty; one that has none is no role of Airflow."""
    from respaldo.flows.roles.fab import WantedRole

    dags, organization = dags_of(configuration), configuration.organization
    return {
        name: WantedRole(permissions_of(duties, dags), role.users)
        for name, role in organization.roles.items()
        if (duties := organization.duties_of(name))
    }
