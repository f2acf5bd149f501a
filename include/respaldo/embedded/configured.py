"""What the project's configuration asks of an installation."""

from __future__ import annotations

from respaldo.config.configuration import load
from respaldo.config.repositories import pool_of
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.embedded.environment import adopt
from respaldo.embedded.errors import ConfigurationError
from respaldo.embedded.layout import Layout
from respaldo.embedded.settings import Settings
from respaldo.texts.configuration import tell

_ADMINISTRATOR = "admin"
_PERSON = "user"


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
    people = (user for role in organization.roles.values() for user in role.users)
    return Settings(
        title=f"Respaldo · {organization.name}",
        timezone=organization.timezone,
        users=dict.fromkeys(people, _PERSON) | {_ADMINISTRATOR: "admin"},
        pools={pool_of(name): settings.slots for name, settings in repositories.items()},
        repositories={name: settings.connection for name, settings in repositories.items()},
    )
