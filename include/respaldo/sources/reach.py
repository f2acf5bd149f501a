"""How a step gets to a scope's data while it works on them: on this worker, or on a machine over SSH."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property

from respaldo.domain.values import Endpoint
from respaldo.hosts.session import Session
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.restic.engine import Engine
from respaldo.restic.locks import lives_on
from respaldo.restic.on_host import programs, provide, repository_on
from respaldo.restic.repository import Repository


class Machine:
    """A machine over SSH. It is entered when something is first done there: a restoration elsewhere must not
    wait for one that is gone.

    :param engine: the restic of this worker, which is brought there if need be.
    """

    def __init__(self, host: Host, settings: HostSettings, engine: Engine) -> None:
        self.host, self._settings, self._here = host, settings, engine

    @cached_property
    def session(self) -> Session:
        """Enter it.

        :raises HostError: what keeps us out.
        """
        session = Session(self.host, self._settings.folder, self._settings.limits, self._settings.dialect)
        try:
            session.open()
        except BaseException:
            session.close()
            raise
        return session

    @contextmanager
    def bridge(self, repository: Repository) -> Iterator[Repository]:
        """Give a repository as restic uses it there.

        A lock that was left when the machine was lost goes: nowhere else can be told that it is of the dead.
        """
        settings = self._settings
        with repository_on(
            self.session, repository, self._engine, settings.upload_kib_per_second, settings.forwarding
        ) as there:
            if repository.listed("locks"):
                there.unlock(lives_on(self.session))
            yield there

    @property
    def is_entered(self) -> bool:
        return "session" in self.__dict__

    def close(self) -> None:
        """Leave it, if it was entered."""
        if self.is_entered:
            self.session.close()

    @cached_property
    def _engine(self) -> Engine:
        return provide(self.session, programs(self._here), keep=self._settings.keep_restic)


@dataclass(frozen=True)
class Reach:
    """The data are on this worker, where nothing else is said.

    :ivar endpoint: the server that the scope's connection leads to.
    :ivar machine: the machine that the data, or the server, are on.
    """

    endpoint: Endpoint | None = None
    machine: Machine | None = None

    def bridge(self, repository: Repository) -> AbstractContextManager[Repository]:
        """Give a repository as restic uses it where the data are."""
        return nullcontext(repository) if self.machine is None else self.machine.bridge(repository)
