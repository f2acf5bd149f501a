"""What the project's configuration asks of an installation."""

from __future__ import annotations

from respaldo.config.configuration import load
from respaldo.config.organization import Organization
from respaldo.config.pools import pools_of
from respaldo.domain.duties import acts
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.embedded.environment import adopt
from respaldo.embedded.errors import ConfigurationError
from respaldo.embedded.layout import Layout
from respaldo.embedded.settings import Settings
from respaldo.texts.configuration import tell

_ADMINISTRATOR = "admin"
_ACTING = "user"
"""Airflow's simple manager of users knows nothing finer: who may answer one question may start runs too.

Not ``op``, which would let people change connections, and with them where copies go.
"""
_LOOKING = "viewer"


def settings_of(layout: Layout) -> Settings:
    """Read the configuration: the entity's name and time zone, its people, a pool for each repository.

    :raises ConfigurationError: it cannot be used; a broken scope is no reason, its DAG will be red.
    """
    adopt(layout)
    try:
        configuration = load(layout.config)
    except ConfigurationProblemsError as error:
        raise ConfigurationError(problems="\n".join(map(tell, error.problems))) from error
    organization, repositories = configuration.organization, configuration.repositories
    return Settings(
        title=f"Respaldo · {organization.name}",
        timezone=organization.timezone,
        users=_users(organization) | {_ADMINISTRATOR: "admin"},
        pools=pools_of(configuration),
        repositories={name: settings.connection for name, settings in repositories.items()},
        archive=organization.archive.root,
    )


def _users(organization: Organization) -> dict[str, str]:
    """Give the people of all roles, and what each is to Airflow; who has no duty at all is no user."""
    people = {user for role in organization.roles.values() for user in role.users}
    duties = {user: organization.duties_of_user(user) for user in sorted(people)}
    return {user: _ACTING if acts(mine) else _LOOKING for user, mine in duties.items() if mine}
