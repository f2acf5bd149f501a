"""Carry one repository to a machine, for as long as something there writes to it.

`respaldo.hosts.bridging` gives it out here, on a UNIX socket, and lets nothing that is there be altered or
removed: what a server has, or a folder of this worker, with restic-rest-server between. The SSH connection
leads to it from a UNIX socket in the private folder there. No port is opened on either side, and whoever has
the machine reaches this repository and no other.

Where the SSH server admits no sockets, a port of the machine leads here. All its users reach that, so a login
must be said that holds for this time only, which restic is handed there like the password.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Literal

from pydantic import SecretStr

from respaldo.domain.errors import RepositoryDeniedError, RepositoryUnreachableError
from respaldo.domain.host_errors import ForwardingForbiddenError
from respaldo.hosts import worker
from respaldo.hosts.bridging import bridged
from respaldo.hosts.bridging_gate import Login
from respaldo.hosts.bridging_http import HttpPlace
from respaldo.hosts.bridging_sftp import SftpPlace
from respaldo.hosts.objects import StorePlace
from respaldo.hosts.session import Session
from respaldo.hosts.socket_folder import socket_folder

_PREFIX = "respaldo-carried-"
_START_SECONDS = 15.0
_USER = "respaldo"

Place = Path | HttpPlace | SftpPlace | StorePlace
"""Where a repository is: a folder of this worker, or what a server has."""

Forwarding = Literal["socket", "tcp"]


@contextlib.contextmanager
def carried(
    session: Session,
    place: Place,
    keep_open: Sequence[int] = (),
    *,
    location: str = "",
    forwarding: Forwarding = "socket",
) -> Iterator[worker.Argument]:
    """Carry a repository to a machine, and give its location as restic takes it there: a secret where a login
    is in it.

    :param place: where it is; it must be there.
    :param keep_open: file descriptors that stay open as long as it can be written to (a lock).
    :param location: what errors call it.
    :param forwarding: what is tried first; a port is tried where sockets are forbidden.
    :raises ForwardingForbiddenError: the machine's SSH server admits neither.
    :raises RepositoryError: the repository is not there, or its server does not let us in.
    :raises ToolMissingError: this worker has no restic-rest-server.
    """
    with socket_folder(_PREFIX) as folder:
        here = folder / "repository.sock"
        there, login = _led(session, here, forwarding)
        with _given_out(place, here, location or str(place), login, keep_open):
            yield there


def _led(session: Session, here: Path, forwarding: Forwarding) -> tuple[worker.Argument, Login | None]:
    """Lead a socket or a port of the machine here, and tell what must be said at it."""
    if forwarding == "socket":
        # Not twice the same: a machine's SSH server keeps a socket's file when it is listened at no more.
        there = f"{session.folder}/{token_hex(4)}.sock"
        with contextlib.suppress(ForwardingForbiddenError):
            session.forward(there, here)
            return f"rest:http+unix://{there}:/", None
    login = Login(user=_USER, secret=SecretStr(token_urlsafe(32)))
    port = session.forward_port(here)
    return SecretStr(f"rest:http://{_USER}:{login.secret.get_secret_value()}@127.0.0.1:{port}/"), login


@contextlib.contextmanager
def _given_out(
    place: Place, here: Path, location: str, login: Login | None, keep_open: Sequence[int]
) -> Iterator[None]:
    if not isinstance(place, Path):
        with bridged(place, here, location=location, login=login, keep_open=keep_open):
            yield
    else:
        # What serves a folder takes new keys too, and makes folders: too many keys shut everybody out.
        behind = HttpPlace(url="http://localhost", socket=str(here.with_name("behind.sock")))
        with (
            served(place, here.with_name("behind.sock"), keep_open),
            bridged(behind, here, location=location, login=login, keep_open=keep_open),
        ):
            yield


@contextlib.contextmanager
def served(repository: Path, listening: Path, keep_open: Sequence[int] = ()) -> Iterator[None]:
    """Give a folder's repository out on a UNIX socket of this worker, append-only."""
    if not repository.is_absolute():
        raise ValueError(f"not a folder of this worker: {repository}")
    command = worker.Command(
        ("restic-rest-server", "--path", str(repository), "--listen", f"unix:{listening}",
         "--append-only", "--no-auth")
    )  # fmt: skip
    path = listening.with_suffix(".said")
    with path.open("wb") as said, worker.started(command, keep_open, said) as server:
        _wait_for(server, listening, path, repository)
        yield


def _wait_for(server: subprocess.Popen[bytes], path: Path, said: Path, repository: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(path))
            return
        time.sleep(0.02)
    told = said.read_text(errors="replace").strip()[-500:]
    if server.poll() is None:
        # A worker that has much to do: later it may have less.
        raise RepositoryUnreachableError(location=repository, said=told or f"{_START_SECONDS:.0f} s")
    raise RepositoryDeniedError(location=repository, exit_code=server.returncode, said=told)
