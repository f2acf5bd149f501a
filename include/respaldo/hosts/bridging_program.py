"""Stand between a machine and a repository, as a program of its own: it takes a core, and holds a lock.

    python -m respaldo.hosts.bridging_program FILE DESCRIPTOR

Reads from the file what to enter and with what (`Task`), and serves on the socket of the descriptor.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import Annotated

from pydantic import Field

from respaldo.domain.values import Value
from respaldo.hosts.bridging_gate import Gate, Login, Store
from respaldo.hosts.bridging_http import HttpPlace, HttpStore
from respaldo.hosts.bridging_s3 import ObjectStore
from respaldo.hosts.bridging_sftp import SftpPlace, SftpStore
from respaldo.hosts.objects import StorePlace

_END_SECONDS = 5
_IDLE_SECONDS = 3600


class Task(Value):
    """Where the repository is, and what must be said to reach it."""

    place: Annotated[HttpPlace | SftpPlace | StorePlace, Field(discriminator="kind")]
    login: Login | None = None


def main() -> None:
    import uvicorn
    import uvloop

    task = Task.model_validate_json(Path(sys.argv[1]).read_text())

    async def serve() -> None:
        config = uvicorn.Config(
            Gate(_store_of(task.place), task.login),
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_END_SECONDS,
        )
        await uvicorn.Server(config).serve([socket.socket(fileno=int(sys.argv[2]))])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())


def _store_of(place: HttpPlace | SftpPlace | StorePlace) -> Store:
    match place:
        case HttpPlace():
            return HttpStore(place)
        case SftpPlace():
            return SftpStore(place)
        case StorePlace():
            return ObjectStore(place)


if __name__ == "__main__":
    main()
