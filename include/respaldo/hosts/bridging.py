"""Give a repository of a server out on a UNIX socket of this worker, to be read and added to.

A program of its own stands between (`respaldo.hosts.bridging_program`): who comes in by the socket needs
no login of that server, and gets none.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, SecretStr

import respaldo
from respaldo.domain.errors import (
    RepositoryDeniedError,
    RepositoryError,
    RepositoryMissingError,
    RepositoryUnreachableError,
)
from respaldo.domain.repository_errors import RepositoryUntrustedError
from respaldo.hosts import worker
from respaldo.hosts.bridging_gate import UNTRUSTED, Login
from respaldo.hosts.bridging_http import HttpPlace
from respaldo.hosts.bridging_program import Task
from respaldo.hosts.bridging_sftp import SftpPlace
from respaldo.hosts.objects import StorePlace

_PACKAGE = str(Path(respaldo.__file__).parents[1])
_ANSWER_SECONDS = 60.0
_SAID_CHARACTERS = 500
_CAUSES: dict[int, type[RepositoryError]] = {
    401: RepositoryDeniedError,
    403: RepositoryDeniedError,
    404: RepositoryMissingError,
    UNTRUSTED: RepositoryUntrustedError,
}


@contextlib.contextmanager
def bridged(
    place: HttpPlace | SftpPlace | StorePlace,
    listening: Path,
    *,
    location: str,
    login: Login | None = None,
    keep_open: Sequence[int] = (),
) -> Iterator[None]:
    """Give a repository out on a socket that is made for it.

    :param location: what errors call it.
    :param login: what must be said there; None: nothing.
    :param keep_open: file descriptors that stay open as long as it can be written to (a lock).
    :raises RepositoryError: it is not there, its server does not let us in, or does not answer.
    """
    task = SecretStr(json.dumps(_plain(Task(place=place, login=login))))
    said = listening.with_suffix(".said")
    with socket.socket(socket.AF_UNIX) as door, said.open("wb") as output:
        door.bind(str(listening))
        door.listen()
        command = worker.Command(
            (sys.executable, "-m", "respaldo.hosts.bridging_program", task, str(door.fileno())),
            {"PYTHONPATH": _PACKAGE},
        )
        with worker.started(command, (door.fileno(), *keep_open), output):
            # Who knocks when the program is dead must not wait.
            door.close()
            status = _asked(listening, login)
            if not 200 <= status < 300:
                cause = _CAUSES.get(status, RepositoryUnreachableError)
                text = said.read_text(errors="replace").strip()[-_SAID_CHARACTERS:]
                raise cause(location=location, said=text or f"HTTP {status}")
            yield


def _plain(value: object) -> object:
    """Write secrets out, for the one program that is to read them."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case BaseModel():
            return {name: _plain(one) for name, one in value}
        case _:
            return value


def _asked(listening: Path, login: Login | None) -> int:
    """Ask for the repository's configuration, and give the HTTP status; 0: nobody answers."""
    connection = http.client.HTTPConnection("localhost", timeout=_ANSWER_SECONDS)
    headers = {"Authorization": login.expected.decode()} if login else {}
    with contextlib.closing(connection), socket.socket(socket.AF_UNIX) as asking:
        connection.sock = asking
        asking.settimeout(_ANSWER_SECONDS)
        try:
            asking.connect(str(listening))
            connection.request("HEAD", "/config", headers=headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
