"""Carry one repository of this worker to a machine, for as long as something there writes to it.

restic-rest-server gives it out here, on a UNIX socket, and lets nothing that is there be altered or removed.
The SSH connection leads to it from a UNIX socket in the private folder there. No port is opened on either
side, and whoever has the machine reaches this repository and no other.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from respaldo.domain.errors import RepositoryDeniedError, ToolMissingError
from respaldo.hosts import worker
from respaldo.hosts.session import Session

_PREFIX = "respaldo-carried-"
_START_SECONDS = 15.0


@contextlib.contextmanager
def carried(session: Session, repository: Path, keep_open: Sequence[int] = ()) -> Iterator[str]:
    """Carry a repository to a machine, and give its location as restic takes it there.

    :param repository: its folder on this worker; it must be there.
    :param keep_open: file descriptors that stay open as long as it can be written to (a lock).
    :raises ForwardingForbiddenError: the machine's SSH server does not admit it.
    :raises ToolMissingError: this worker has no restic-rest-server.
    """
    with served(repository, keep_open) as here:
        there = f"{session.folder}/{here.name}"
        session.forward(there, here)
        yield f"rest:http+unix://{there}:/"


@contextlib.contextmanager
def served(repository: Path, keep_open: Sequence[int] = ()) -> Iterator[Path]:
    """Give a repository out on a UNIX socket of this worker, append-only."""
    if not repository.is_absolute():
        raise ValueError(f"not a folder of this worker: {repository}")
    with _folder() as folder:
        listening = folder / "repository.sock"
        command = worker.Command(
            ("restic-rest-server", "--path", str(repository), "--listen", f"unix:{listening}",
             "--append-only", "--no-auth")
        )  # fmt: skip
        with (folder / "said").open("wb") as said, worker.started(command, keep_open, said) as server:
            _wait_for(server, listening, folder / "said", repository)
            yield listening


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder for a socket: its path must be short, and a killed worker leaves it behind."""
    base = Path(tempfile.gettempdir())
    for old in base.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            owner = int(old.name.removeprefix(_PREFIX).partition("-")[0])
            if old.lstat().st_uid == os.geteuid() and not psutil.pid_exists(owner):
                shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _wait_for(server: subprocess.Popen[bytes], path: Path, said: Path, repository: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(path))
            return
        time.sleep(0.02)
    told = said.read_text(errors="replace").strip()[-500:]
    if server.poll() is None:
        raise ToolMissingError(tool="restic-rest-server", said=told)
    raise RepositoryDeniedError(location=repository, exit_code=server.returncode, said=told)
