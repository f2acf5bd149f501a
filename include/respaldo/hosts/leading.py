"""UNIX sockets of this worker that lead on to servers as a machine sees them, over its SSH connection.

So a server that listens to its own machine only is reached, and no port of it is opened to anybody else: the
sockets are in a folder that only this worker's user can enter.
"""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from respaldo.domain.host_errors import ServerForwardingForbiddenError
from respaldo.hosts.socket_folder import socket_folder
from respaldo.hosts.ssh import Host, is_gone

if TYPE_CHECKING:
    import asyncssh

_PREFIX = "respaldo-led-"
_ANSWER_SECONDS = 20.0

_LISTENS = '[ -w "$1" ] && grep " 00010000 " /proc/net/unix | grep -qF -- "/$2"'

Server = tuple[str, int] | str
"""A name or address with a port, or the path of a UNIX socket there."""


class NoAnswerError(Exception):
    """Nobody answers a machine at a server's port or socket."""


class Leading:
    """The sockets of one connection. They go with it."""

    def __init__(self, host: Host, connection: asyncssh.SSHClientConnection) -> None:
        self._host, self._connection = host, connection
        self._sockets: dict[Server, Path] = {}
        self._one_by_one = asyncio.Lock()
        self._left = contextlib.ExitStack()
        self._folder: Path | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.close()

    async def to(self, server: Server, name: str) -> Path:
        """Give the socket that leads to a server. See `Session.lead`."""
        async with self._one_by_one:
            if server not in self._sockets:
                await self._look(server)
                self._sockets[server] = await self._listen(server, name)
            return self._sockets[server]

    def told(self, text: str) -> str:
        """Name the servers in a text that a program wrote which knows them by these sockets only."""
        for server, path in self._sockets.items():
            for known in (str(path), str(path.parent)):
                text = text.replace(known, named(server))
        return text

    async def _look(self, server: Server) -> None:
        """Look whether the server answers. A program that is led there would hear nothing of why not."""
        import asyncssh

        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                if isinstance(server, str):
                    _, writer = await self._connection.open_unix_connection(server)
                else:
                    _, writer = await self._connection.open_connection(*server)
                writer.close()
        except TimeoutError as error:
            raise NoAnswerError(f"{_ANSWER_SECONDS:.0f} s") from error
        except asyncssh.ChannelOpenError as error:
            if is_gone(error):
                raise
            if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED or await self._listens(server):
                raise ServerForwardingForbiddenError(
                    host=self._host.name, server=named(server), said=error
                ) from error
            raise NoAnswerError(str(error)) from error

    async def _listens(self, server: Server) -> bool:
        """Tell whether somebody listens at a socket that we may use: then the SSH server forbids it.

        That one says the same of a socket that it forbids and of one that is not there.
        """
        if not isinstance(server, str):
            return False
        done = await self._connection.run(shlex.join(["sh", "-c", _LISTENS, "sh", server, Path(server).name]))
        return done.exit_status == 0

    async def _listen(self, server: Server, name: str) -> Path:
        if self._folder is None:
            self._folder = self._left.enter_context(socket_folder(_PREFIX))
        path = self._folder / str(len(self._sockets)) / name
        path.parent.mkdir(mode=0o700)
        if isinstance(server, str):
            await self._connection.forward_local_path(str(path), server)
        else:
            await self._connection.forward_local_path_to_port(str(path), *server)
        return path


def named(server: Server) -> str:
    """Name a server as people do."""
    return server if isinstance(server, str) else f"{server[0]}:{server[1]}"
