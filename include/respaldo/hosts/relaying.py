"""Have one line run on another machine where a program of this worker expects a command of its own.

For machines where nothing of ours may run, a shell included: one channel of the SSH connection, and the
line as it stands. What it prints is held nowhere: who reads it slowly makes it wait there. It is told apart
whether the line ended, was killed, or was lost with its machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from respaldo.domain.host_errors import HostError
from respaldo.hosts import relay_program, ssh
from respaldo.hosts.refusals import as_cause
from respaldo.hosts.relay_program import ENDED, LOST, OUTPUT, SAID
from respaldo.hosts.socket_folder import socket_folder
from respaldo.hosts.ssh import Host, SshError

if TYPE_CHECKING:
    import asyncssh

_PREFIX = "respaldo-relay-"
_BLOCK_BYTES = 1 << 18
_UNSENT_BYTES = 1 << 20
_END_SECONDS = 10
_ENTER_SECONDS = 60.0
_NO_STATUS = b"the machine does not say how the command ended\n"


class Relay:
    """One line on one machine.

    :ivar command: what stands for it on this worker. It can run once.
    :ivar failure: what kept the machine from running it to its end.
    """

    failure: HostError | None = None

    def __init__(
        self,
        host: Host,
        line: str,
        path: Path,
        given: SecretStr | None,
        env: Mapping[str, str],
        *,
        status: bool,
    ) -> None:
        self.command = (sys.executable, "-I", "-S", relay_program.__file__, str(path))
        self._host, self._line, self._path = host, line, path
        self._given, self._env, self._status = given, env, status
        self._opened: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._keep, name=f"relay-{host.name}", daemon=True)

    def open(self) -> None:
        self._thread.start()
        failure = self._opened.get()
        if failure is not None:
            raise failure

    def close(self) -> None:
        with contextlib.suppress(RuntimeError, AttributeError):  # It ended already, or was never begun.
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_END_SECONDS)

    def _keep(self) -> None:
        try:
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._served())
        except BaseException as failure:  # noqa: BLE001  (handed to who waits for it)
            self._opened.put(failure)

    async def _served(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_unix_server(self._answered, self._path)
        self._opened.put(None)
        await self._over.wait()
        server.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(_UNSENT_BYTES)
        running = asyncio.ensure_future(ssh.translated(lambda: self._run(writer)))
        # Nothing is ever said to us: this ends when who reads is gone, and what runs there is of no use then.
        gone = asyncio.ensure_future(reader.read())
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        running.cancel()
        try:
            await _sent(writer, ENDED, b"%d" % await running)
        except SshError as error:
            self.failure = as_cause(self._host, error)
            await _sent(writer, ENDED, b"%d" % LOST)
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            writer.close()

    async def _run(self, writer: asyncio.StreamWriter) -> int:
        async with ssh.connected(self._host) as connection:
            given: dict[str, Any] = {"stdin": ssh.nothing()}
            if self._given:
                given = {"input": self._given.get_secret_value().encode()}
            process = await connection.create_process(self._line, encoding=None, env=self._env, **given)
            await asyncio.gather(
                _forwarded(process.stdout, writer, OUTPUT), _forwarded(process.stderr, writer, SAID)
            )
            await process.wait_closed()
            return await self._ending(process, connection, writer)

    async def _ending(
        self,
        process: asyncssh.SSHClientProcess[bytes],
        connection: asyncssh.SSHClientConnection,
        writer: asyncio.StreamWriter,
    ) -> int:
        if process.exit_signal:
            number = getattr(signal, f"SIG{process.exit_signal[0]}", None)
            return -int(number) if number else LOST
        if process.exit_status is not None:
            return int(process.exit_status)
        if connection.is_closed():
            # Some appliances hang up as soon as they have said all.
            self.failure = as_cause(self._host, SshError("host_unreachable", is_passing=True))
        if self._status:
            await _sent(writer, SAID, _NO_STATUS)
            return LOST
        return 0


@contextlib.contextmanager
def relayed(
    host: Host,
    line: str,
    given: SecretStr | None = None,
    env: Mapping[str, str] | None = None,
    *,
    status: bool = True,
) -> Iterator[Relay]:
    """Stand ready to run a line on a machine; it is run when the relay's command is.

    :param given: what it reads from standard input; without it, nothing.
    :param env: variables that the machine is asked to set; it may pass them over.
    :param status: it must say how it ended. Some appliances do not; then the end of its output must tell.
    """
    with socket_folder(_PREFIX) as folder:
        relay = Relay(host, line, folder / "line.sock", given, env or {}, status=status)
        relay.open()
        try:
            yield relay
        finally:
            relay.close()


def enter(host: Host) -> None:
    """Enter a machine and leave it again, without running anything.

    :raises HostError: what keeps us out.
    """

    async def entered() -> None:
        async with asyncio.timeout(_ENTER_SECONDS), ssh.connected(host):
            pass

    try:
        asyncio.run(ssh.translated(entered))
    except SshError as error:
        raise as_cause(host, error) from error


def run(
    host: Host, line: str, limit: int, seconds: float, env: Mapping[str, str] | None = None
) -> ssh.Output:
    """Run a line that ends soon, as `respaldo.hosts.ssh.run` does.

    :raises HostError: what kept the machine from running it.
    """
    try:
        return ssh.run(host, line, limit, seconds, env=env)
    except SshError as error:
        raise as_cause(host, error) from error


async def _forwarded(stream: Any, writer: asyncio.StreamWriter, kind: bytes) -> None:  # noqa: ANN401
    while block := await stream.read(_BLOCK_BYTES):
        await _sent(writer, kind, block)


async def _sent(writer: asyncio.StreamWriter, kind: bytes, body: bytes) -> None:
    # In one piece: output and what is said beside it are sent by two who take turns.
    writer.write(kind + len(body).to_bytes(4, "big") + body)
    await writer.drain()
