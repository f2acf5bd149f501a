"""An embedded installation: Airflow and PostgreSQL in one folder, started, asked and stopped."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from respaldo.domain.values import Endpoint
from respaldo.embedded import health, ports, postgres, preparation, processes, starting, stopping
from respaldo.embedded.api import Api
from respaldo.embedded.layout import Layout
from respaldo.embedded.settings import Settings
from respaldo.embedded.supervisor import Supervisor
from respaldo.texts import embedded as texts

ADMINISTRATOR = "admin"

Say = Callable[[str], None]


def _say_nothing(_: str) -> None:
    return


@dataclass(frozen=True)
class Status:
    """What runs of an installation."""

    programs: dict[str, str]
    """Program -> the supervisor's word for its state; empty when nothing runs."""

    health: health.Health
    orphans: tuple[str, ...]
    """Processes of the installation that the supervisor no longer knows."""


@dataclass(frozen=True)
class Installation:
    """The installation of one project. What it does is told through ``say``, in Spanish."""

    layout: Layout
    say: Say = field(default=_say_nothing, compare=False)

    @classmethod
    def open(cls, project: Path, say: Say = _say_nothing) -> Installation:
        """Give the installation of the project at ``project``; RESPALDO_HOME moves what it writes."""
        return cls(Layout.of(project), say)

    @property
    def port(self) -> int:
        return starting.memory_file(self.layout).port or ports.FIRST

    @property
    def address(self) -> str:
        """Where people and programs find the web server."""
        return f"http://localhost:{self.port}"

    @cached_property
    def api(self) -> Api:
        """Airflow's REST API, as the administrator."""
        return self.api_of(ADMINISTRATOR)

    def api_of(self, user: str) -> Api:
        """Airflow's REST API, as one of the installation's users."""
        return Api(f"http://{ports.HOST}:{self.port}", user, self.password_of(user))

    def password_of(self, user: str) -> str:
        known: dict[str, str] = json.loads(self.layout.passwords.read_text())
        return known[user]

    def endpoint(self, database: str, user: str = postgres.SUPERUSER) -> Endpoint:
        """Say how to enter a database of the embedded server."""
        return postgres.endpoint(self.layout.server_sockets, database, user)

    def master_secret(self, repository: str) -> str:
        """Give the master secret of a repository, made when it is first asked for."""
        return preparation.master_secret(self.layout, repository)

    def start(self, settings: Settings) -> None:
        """Start what does not run, and wait until all is healthy. What runs already is left alone.

        :raises EmbeddedError: why it cannot be.
        """
        with self._alone():
            starting.start(self.layout, settings, self.say)
        # Its port may be another one now.
        vars(self).pop("api", None)

    def stop(self) -> None:
        """Stop everything, and see that nothing is left, whatever was killed before.

        :raises ProcessesLeftError: some process survived even SIGKILL.
        """
        if not self.layout.run.is_dir():
            self.say(texts.NOT_RUNNING)
            return
        with self._alone():
            stopping.stop(self.layout, self.say)

    def status(self) -> Status:
        """Tell what runs."""
        supervisor = Supervisor(self.layout)
        running = supervisor.answers()
        return Status(
            programs=supervisor.states() if running else {},
            health=health.ask(self.port),
            orphans=stopping.names(processes.orphans(self.layout)),
        )

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let only one command at a time start or stop; the others wait for it."""
        self.layout.make_folders()
        with (self.layout.run / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
