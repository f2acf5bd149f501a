"""Run a PostgreSQL program against the server of an `Endpoint`. The password never is an argument."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from respaldo.domain.errors import ConnectionIncompleteError, SourceCommandError
from respaldo.domain.values import Endpoint
from respaldo.hosts.libpq import entering
from respaldo.hosts.worker import Command, Receiver, run

_SAID_LINES = 5


def database_of(endpoint: Endpoint) -> str:
    """Give the name of the endpoint's database, or raise `ConnectionIncompleteError`."""
    if not endpoint.database:
        raise ConnectionIncompleteError(connection=endpoint.name, field="database")
    return endpoint.database


def run_program(
    argv: Sequence[str], endpoint: Endpoint, database: str, on_line: Receiver = lambda _: None
) -> None:
    """Run a libpq program to its end; ``on_line`` gets each line of its output.

    :raises SourceCommandError: it failed; the error holds the last lines of what it complained of.
    :raises ToolMissingError: it is not installed.
    """
    said: deque[bytes] = deque(maxlen=_SAID_LINES)
    command = Command(argv, entering(endpoint, database))
    code = run(command, on_output=on_line, on_error=said.append)
    if code != 0:
        raise SourceCommandError(
            command=argv[0], exit_code=code, said=b"".join(said).decode(errors="replace").strip()
        )
