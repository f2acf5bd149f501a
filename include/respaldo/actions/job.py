"""All that the steps of one run work with, put together from configuration and secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from respaldo.config.configuration import Configuration, ConfiguredScope
from respaldo.config.home import Home
from respaldo.config.scopes import Scope
from respaldo.domain.errors import ConnectionMissingError
from respaldo.domain.values import Endpoint, Run
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place
from respaldo.restic.engine import Engine
from respaldo.restic.locations import kind_of
from respaldo.restic.passwords import derive_password
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks
from respaldo.restic.users import Users

MasterSecret = Callable[[str], SecretStr]
"""Gives the master secret that a connection holds."""

LoginOf = Callable[[str], Login]
"""Gives how a repository's server is entered, by the connection that holds its master secret."""

EndpointOf = Callable[[str], Endpoint]
"""Gives the server that a connection leads to."""

HostOf = Callable[[str], Host]
"""Gives the machine that a connection leads to."""


def _no_host(name: str) -> Host:
    raise ConnectionMissingError(connection=name)


@dataclass(frozen=True)
class Job:
    """One run of one scope."""

    run: Run
    scope: ConfiguredScope
    configuration: Configuration
    home: Home
    engine: Engine
    master_secret: MasterSecret
    endpoint_of: EndpointOf
    login_of: LoginOf = lambda _: Login()
    host_of: HostOf = _no_host
    host_settings_of: Callable[[str], HostSettings] = lambda _: HostSettings()

    @property
    def settings(self) -> Scope:
        return self.scope.settings

    @property
    def marks(self) -> Marks:
        """The scope's id stands for the host: restic finds a parent by it, whichever worker runs."""
        return Marks(host=self.scope.id, tags=self.run.tags)

    @property
    def first(self) -> Repository:
        return self.repository(self.settings.repository)

    @property
    def second(self) -> Repository | None:
        name = self.settings.second_copy
        return self.repository(name) if name is not None else None

    @property
    def endpoint(self) -> Endpoint | None:
        name = self.settings.source.connection
        return self.endpoint_of(name) if name is not None else None

    def repository(self, name: str, password_of: str | None = None) -> Repository:
        """Give this scope's repository by its configured name, or try another scope's password on it."""
        settings = self.configuration.repositories[name]
        password = derive_password(
            self.master_secret(settings.connection), name, password_of or self.scope.id
        )
        location = settings.location_of(self.scope.id)
        access = None
        if kind_of(location) != "local":
            access = Access.to(
                location,
                self.login_of(settings.connection),
                name=name,
                options=settings.options,
                authority=settings.ca,
            )
        place = Place(location, password, str(self.home.cache), access=access, scratch=str(self.home.scratch))
        users = Users.of(self.home.locks / f"{self.scope.id}.users")
        return Repository(
            name, self.scope.id, place, self.engine, append_only=settings.append_only, users=users
        )
