"""One connection to a machine, kept while several things are done there.

A thread of its own keeps it: what is carried over it goes on while the caller waits for something else. On
the machine a keeper (``keeper.sh``) has a private folder for as long. When the connection ends, however it
does, the keeper ends what still runs there and removes the folder. What a machine must be told for all that
is its dialect's to say.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import queue
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, TypeVar

from pydantic import SecretStr

from respaldo.domain.errors import TimedOutError
from respaldo.domain.host_errors import (
    ForwardingForbiddenError,
    HostError,
    HostFailedError,
    HostFullError,
    HostUnreachableError,
)
from respaldo.hosts import ssh
from respaldo.hosts.dialects import Dialect, Spoken
from respaldo.hosts.hearing import Heard
from respaldo.hosts.keeping import folder_of
from respaldo.hosts.leading import Leading, Server
from respaldo.hosts.limits import Limits
from respaldo.hosts.long_lines import fit
from respaldo.hosts.posix import Posix
from respaldo.hosts.refusals import as_cause
from respaldo.hosts.ssh import Host, SshError
from respaldo.hosts.worker import GRACE_SECONDS, Command, Receiver

if TYPE_CHECKING:
    import asyncssh

BEAT_SECONDS = 20.0
SILENT_SECONDS = 90
"""After so long without a sign of life the keeper takes the connection for lost. The machine's SSH server may
not notice for a quarter of an hour, and all that time restic would wait there."""

_STEP_SECONDS = 60.0
_END_SECONDS = 30.0
_SAID_BYTES = 2000
_OUTPUT_BYTES = 32 << 20

Result = TypeVar("Result")


class Session:
    """What can be done on a machine that was entered (`entered`). All methods wait until it is done.

    :ivar folder: the private folder there, which goes with the session.
    """

    def __init__(self, host: Host, base: str, limits: Limits, dialect: Dialect) -> None:
        self.host, self.dialect = host, dialect
        self.folder = ""
        self._base, self._limits = base, limits
        self._is_kept = True
        self._opened: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._keep, name=f"ssh-{host.name}", daemon=True)

    # --- what is done there

    def run(
        self,
        command: Command,
        *,
        on_output: Receiver,
        on_error: Receiver,
        by_line: bool = True,
        timeout_seconds: float | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        keep_open: Sequence[int] = (),  # noqa: ARG002  (of this worker: nothing there can inherit it)
        stdin: int | SecretStr = subprocess.DEVNULL,
    ) -> int:
        """Run a command there as `respaldo.hosts.worker.run` does here, with the same arguments.

        Two secrets can be handed over, as arguments or one to be read: they go in by standard input.
        Receivers are called in the caller's thread.

        :raises HostError: the machine was lost meanwhile.
        :raises TimedOutError: it did not end in time, and was ended.
        """
        name = token_hex(8)
        spoken = self._spoken(name, command, stdin)
        spoken = spoken._replace(line=fit(spoken.line, f"{self.folder}/line.{name}", self.upload))
        said = Heard()
        done = self._start(lambda: self._execute(spoken, on_output, on_error, said, by_line=by_line))
        done.add_done_callback(lambda _: said.end())
        deadline = time.monotonic() + timeout_seconds if timeout_seconds else None
        try:
            while not should_stop():
                if not self._is_kept:
                    # Nobody would end it there if we were lost.
                    raise HostUnreachableError(host=self.host.name, reason="host_unreachable", said="keeper")
                with contextlib.suppress(queue.Empty):
                    heard = said.get(timeout=0.5)
                    if heard is None:
                        return self._of(done)
                    heard[0](heard[1])
                self._give_up(done)
                if deadline and time.monotonic() > deadline:
                    raise TimedOutError(program=command.program, seconds=round(timeout_seconds or 0))
        finally:
            if not done.done():
                said.is_ending = True
                self._end(name, done)
        # What it said while it was ended tells the cause.
        while (heard := said.get()) is not None:
            heard[0](heard[1])
        return self._of(done)

    def output(self, *argv: str) -> ssh.Output:
        """Run a short command, and give all that it wrote: no more than 32 MB, else it failed."""
        return self.ask(self.dialect.words(argv))

    def ask(self, spoken: Spoken, seconds: float = _STEP_SECONDS) -> ssh.Output:
        """Have a short thing done, and give all that was written."""
        return self._wait(lambda: self._output(spoken), seconds)

    def upload(self, local: Path, path: str) -> None:
        """Bring a file there, over SFTP, that only its owner may use. A full disk is told as such."""
        folder, there = str(Path(path).parent), self.dialect.uploaded(path)
        size = local.stat().st_size
        free = self.free_bytes(folder)
        if free is not None and free < size:
            raise HostFullError(host=self.host.name, folder=folder, said=f"{free} < {size} bytes")

        async def put() -> None:
            import asyncssh

            async with self._connection.start_sftp_client() as sftp:
                try:
                    await sftp.put(str(local), there, follow_symlinks=True)
                    await sftp.chmod(there, 0o700)
                except asyncssh.SFTPFailure as error:
                    # Its protocol has no word for a full disk.
                    raise SshError("ssh_failed", error) from error

        try:
            self._wait(put, seconds=600)
        except HostFailedError as error:
            left = self.free_bytes(folder)
            if left is not None and left < size:
                said = error.facts["said"]
                raise HostFullError(host=self.host.name, folder=folder, said=said) from error
            raise

    def free_bytes(self, folder: str) -> int | None:
        """Tell how much room a folder has; None: the machine does not say."""
        said = self.ask(self.dialect.free(folder)).output.strip()
        return int(said) if said.isdigit() else None

    def forward(self, path: str, to: Path) -> None:
        """Lead who connects to a UNIX socket there to one of this worker, until the session ends.

        :raises ForwardingForbiddenError: its SSH server does not admit it.
        """
        self._listen(lambda: self._connection.forward_remote_path(path, str(to)))

    def forward_port(self, to: Path) -> int:
        """Lead who connects to a port there to a UNIX socket of this worker, until the session ends.

        Only from the machine itself can it be reached, but by each of its users.

        :return: the port, of 127.0.0.1.
        :raises ForwardingForbiddenError: its SSH server does not admit it.
        """
        return self._listen(
            lambda: self._connection.forward_remote_port_to_path("127.0.0.1", 0, str(to))
        ).get_port()

    def lead(self, server: Server, name: str) -> Path:
        """Give a UNIX socket of this worker that leads on to a server as the machine sees it.

        It is there until the session ends, one for each server. Its folder is its own, and it has this name.

        :raises ServerForwardingForbiddenError: the machine's SSH server does not admit it.
        :raises NoAnswerError: nobody answers the machine there.
        """
        return self._wait(lambda: self._leading.to(server, name))

    def told(self, text: str) -> str:
        """Give a text with the names of the servers that `lead` leads to."""
        return self._leading.told(text)

    # --- its life

    def open(self) -> None:
        """Enter the machine.

        :raises HostError: what keeps us out.
        """
        self._thread.start()
        failure = self._opened.get()
        if isinstance(failure, SshError):
            raise as_cause(self.host, failure) from failure
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Leave the machine, and nothing behind. What is lost already is left to the keeper."""
        with contextlib.suppress(RuntimeError, AttributeError):  # It ended already, or was never begun.
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(2 * _END_SECONDS)

    def _keep(self) -> None:
        try:
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(ssh.translated(self._kept))
        except BaseException as failure:  # noqa: BLE001  (handed to who waits for it)
            self._opened.put(failure)

    async def _kept(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with (
            ssh.connected(self.host) as self._connection,
            Leading(self.host, self._connection) as self._leading,
        ):
            line, first = self.dialect.keeper(self._base, SILENT_SECONDS)
            async with asyncio.timeout(_STEP_SECONDS):
                keeper = await self._connection.create_process(line, encoding="utf-8", errors="replace")
                keeper.stdin.write(first.decode())
                self.folder = await folder_of(keeper, self.host, self._base)
            self._opened.put(None)
            await self._beat(keeper)

    async def _beat(self, keeper: asyncssh.SSHClientProcess[str]) -> None:
        number = 0
        ends = [asyncio.ensure_future(one) for one in (self._over.wait(), self._connection.wait_closed())]
        kept = asyncio.ensure_future(keeper.wait_closed())
        with contextlib.suppress(OSError):
            while not any(one.done() for one in (*ends, kept)):
                number += 1
                keeper.stdin.write(f"{number}\n")
                await asyncio.wait((*ends, kept), timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if kept.done() and not self._connection.is_closed():
            self._is_kept = False
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        with contextlib.suppress(OSError):
            keeper.stdin.write_eof()
            async with asyncio.timeout(_END_SECONDS):
                await kept

    # --- inner

    def _listen(self, ask: Callable[[], Awaitable[asyncssh.SSHListener]]) -> asyncssh.SSHListener:
        import asyncssh

        async def listen() -> asyncssh.SSHListener:
            try:
                return await ask()
            except asyncssh.ChannelListenError as error:
                if self._connection.is_closed():
                    # All that was asked is refused then.
                    raise SshError("host_unreachable", error, is_passing=True) from error
                raise ForwardingForbiddenError(host=self.host.name, said=error) from error

        return self._wait(listen)

    def _spoken(self, name: str, command: Command, stdin: int | SecretStr) -> Spoken:
        read = stdin if isinstance(stdin, SecretStr) else None
        env = {key: value for key, value in command.env.items() if isinstance(value, str)}
        if len(env) != len(command.env):
            raise ValueError("a machine is handed no secret in its environment")
        return self.dialect.run(self.folder, name, command.argv, env, self._limits, read)

    async def _execute(
        self,
        spoken: Spoken,
        on_output: Receiver,
        on_error: Receiver,
        said: Heard,
        *,
        by_line: bool,
    ) -> int:
        process = await self._connection.create_process(spoken.line, encoding=None)

        with contextlib.suppress(OSError):  # It ended before it read.
            process.stdin.write(spoken.first)
            process.stdin.write_eof()
        await asyncio.gather(
            said.take(process.stdout, on_output, by_line=by_line),
            said.take(process.stderr, on_error, by_line=True),
        )
        await process.wait_closed()
        if process.exit_status is None:
            raise SshError("host_unreachable", is_passing=True)
        return process.exit_status

    async def _output(self, spoken: Spoken) -> ssh.Output:
        given = {"input": spoken.first} if spoken.first else {"stdin": ssh.nothing()}
        process = await self._connection.create_process(spoken.line, encoding=None, **given)
        output, said = await asyncio.gather(
            ssh.taken(process.stdout, _OUTPUT_BYTES + 1), ssh.taken(process.stderr, _SAID_BYTES)
        )
        await process.wait_closed()
        if process.exit_status is None:
            raise SshError("host_unreachable", is_passing=True)
        if len(output) > _OUTPUT_BYTES:
            raise SshError("ssh_failed", f"> {_OUTPUT_BYTES} bytes")
        return ssh.Output(exit_code=process.exit_status, output=output, said=said.decode(errors="replace"))

    def _end(self, name: str, done: concurrent.futures.Future[int]) -> None:
        """End a command that still runs, and all that it started: SIGTERM, a while to clean up, SIGKILL."""
        for signal, seconds in (("TERM", GRACE_SECONDS), ("KILL", _END_SECONDS)):
            try:
                self.ask(self.dialect.end(self.folder, name, signal))
            except HostError:
                break  # The keeper there does it, when we leave.
            with contextlib.suppress(TimeoutError, concurrent.futures.CancelledError):
                done.exception(seconds)
                return
        done.cancel()

    def _start(self, work: Callable[[], Awaitable[Result]]) -> concurrent.futures.Future[Result]:
        translated = ssh.translated(work)
        # Its thread may end, and its loop be closed, at any moment.
        with contextlib.suppress(RuntimeError):
            if self._thread.is_alive():
                return asyncio.run_coroutine_threadsafe(translated, self._loop)
        translated.close()
        raise HostUnreachableError(host=self.host.name, reason="host_unreachable")

    def _wait(self, work: Callable[[], Awaitable[Result]], seconds: float = _STEP_SECONDS) -> Result:
        async def limited() -> Result:
            async with asyncio.timeout(seconds):
                return await work()

        return self._of(self._start(limited))

    def _of(self, done: concurrent.futures.Future[Result]) -> Result:
        try:
            while not done.done():
                concurrent.futures.wait((done,), 1)
                self._give_up(done)
            return done.result()
        except concurrent.futures.CancelledError as failure:
            # The connection's thread ended meanwhile.
            raise HostUnreachableError(host=self.host.name, reason="host_unreachable") from failure
        except SshError as failure:
            raise as_cause(self.host, failure) from failure

    def _give_up(self, done: concurrent.futures.Future[Result]) -> None:
        """Forget what was begun as the connection's thread ended: nothing would ever be heard of it."""
        if not self._thread.is_alive():
            done.cancel()


@contextlib.contextmanager
def entered(
    host: Host,
    *,
    base: str = "/tmp",  # noqa: S108
    limits: Limits = Limits(),  # noqa: B008
    dialect: Dialect = Posix(),  # noqa: B008
) -> Iterator[Session]:
    """Enter a machine for a while.

    :param base: the folder there that the private one is made in.
    :raises HostError: what keeps us out.
    """
    session = Session(host, base, limits, dialect)
    try:
        session.open()
        yield session
    finally:
        session.close()
