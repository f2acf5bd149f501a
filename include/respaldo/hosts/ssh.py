"""Another machine over SSH: read a file of it, or run a command on it.

Only a machine whose key is known is spoken to: the one that its connection says, or that this worker's user
has in ``known_hosts``. So is each machine on the way to it. Secrets stay in this process, but for
the one that a command is given to read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from pydantic import SecretStr

from respaldo.domain.values import Value

if TYPE_CHECKING:
    import asyncssh

CONNECT_SECONDS = 15
_KEEPALIVE_SECONDS = 15
_BLOCK_BYTES = 1 << 16
_CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
"""First what costs the least: asyncssh's own choice, ChaCha20, takes half as much time again."""
_SAID_BYTES = 2000

# It tells each step of each connection: a task's log is for people.
logging.getLogger("asyncssh").setLevel(logging.WARNING)

_GONE = "SSH connection closed"

Reason = Literal[
    "host_unreachable",
    "host_key",
    "known_hosts",
    "login_refused",
    "private_key",
    "host_slow",
    "jump_forbidden",
    "ssh_failed",
    "no_file",
    "no_permission",
    "not_a_file",
]
Result = TypeVar("Result")


class Host(Value):
    """A machine, and how to enter it."""

    name: str
    """The connection's."""
    address: str
    port: int = 22
    user: str | None = None
    password: SecretStr | None = None
    private_key: SecretStr | None = None
    passphrase: SecretStr | None = None
    host_key: str | None = None
    """Its public key, as ``known_hosts`` has it after the name; None: what ``known_hosts`` has."""
    jump: Host | None = None
    """The machine from which it is reached; None: this worker."""


class SshError(Exception):
    """What kept a machine from giving what was asked for.

    :ivar host: name of the machine on the way that it was; None: the one that was asked.
    """

    def __init__(
        self, reason: Reason, said: object = "", *, is_passing: bool = False, host: str | None = None
    ) -> None:
        super().__init__(reason, said)
        self.reason = reason
        self.host = host
        self.said = " ".join(str(said).split())
        self.is_passing = is_passing


class Output(Value):
    """What a command wrote, cut where it is too long, and how it ended (None: by a signal)."""

    exit_code: int | None
    output: bytes
    said: str


def read_file(host: Host, pattern: str, limit: int, seconds: float) -> tuple[str, bytes]:
    """Read the newest file that a pattern names, over SFTP, and give its path too.

    :param limit: no more than so many bytes, and one: who gets that one knows that there is more.
    :raises SshError: it cannot be had.
    """

    async def read(connection: asyncssh.SSHClientConnection) -> tuple[str, bytes]:
        import asyncssh

        sftp = await connection.start_sftp_client()
        found = [
            one
            for one in await sftp.glob_sftpname(pattern)
            if one.attrs.type in (asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN)
        ]
        newest = max(found, key=lambda one: one.attrs.mtime or 0, default=None)
        if newest is None:
            raise SshError("not_a_file")
        path = str(newest.filename)
        file = await sftp.open(path, "rb", encoding=None)
        return path, cast("bytes", await file.read(limit + 1))

    return _on(host, seconds, read)


def run(
    host: Host,
    line: str,
    limit: int,
    seconds: float,
    stdin: SecretStr | None = None,
    env: Mapping[str, str] | None = None,
) -> Output:
    """Run a line in the shell of the machine's user.

    :param stdin: what it reads; without it, nothing.
    :param limit: its output is taken no further than so many bytes, and one.
    :param env: variables that the machine is asked to set; it may pass them over.
    :raises SshError: it could not be run, or has not ended in time.
    """

    async def execute(connection: asyncssh.SSHClientConnection) -> Output:
        given = {"input": stdin.get_secret_value().encode()} if stdin else {"stdin": nothing()}
        process = await connection.create_process(line, encoding=None, env=env or {}, **given)
        output, said = await asyncio.gather(
            taken(process.stdout, limit + 1), taken(process.stderr, _SAID_BYTES)
        )
        await process.wait_closed()
        code = process.exit_status
        return Output(exit_code=code, output=output, said=said.decode(errors="replace"))

    return _on(host, seconds, execute)


class HostKey(Value):
    """A machine's public key, as ``known_hosts`` has it after the name, and its fingerprint."""

    text: str
    fingerprint: str


def shown_key(host: Host) -> HostKey:
    """Ask a machine for its key, whatever is known of it. Nothing else is told to it.

    One that has several shows the one of the kind that is known of it.

    :raises SshError: it does not answer.
    """

    async def ask() -> HostKey:
        import asyncssh

        async with _way(host) as jump, asyncio.timeout(CONNECT_SECONDS):
            with _jumping(host):
                key = await asyncssh.get_server_host_key(
                    host.address,
                    host.port,
                    tunnel=jump,
                    config=None,
                    server_host_key_algs=_first_asked(host),
                )
        if key is None:
            raise SshError("ssh_failed")
        text = " ".join(key.export_public_key("openssh").decode().split()[:2])
        return HostKey(text=text, fingerprint=key.get_fingerprint())

    return asyncio.run(translated(ask))


def nothing() -> Any:  # noqa: ANN401  (asyncssh's own mark)
    import asyncssh

    return asyncssh.DEVNULL


async def taken(stream: Any, limit: int) -> bytes:  # noqa: ANN401  (asyncssh's reader)
    """Read to the end, and keep the beginning: who stops reading stops the command too."""
    kept = bytearray()
    while block := await stream.read(_BLOCK_BYTES):
        kept += block[: max(0, limit - len(kept))]
    return bytes(kept)


def _on(
    host: Host, seconds: float, work: Callable[[asyncssh.SSHClientConnection], Awaitable[Result]]
) -> Result:
    async def entered() -> Result:
        async with asyncio.timeout(seconds), connected(host) as connection:
            return await work(connection)

    return asyncio.run(translated(entered))


@contextlib.asynccontextmanager
async def connected(host: Host) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Enter a machine for a while, by way of those before it.

    :raises asyncssh.Error, OSError, SshError: it does not let us in; see `translated`.
    """
    import asyncssh

    async with _way(host) as jump:
        with _jumping(host):
            connection = await asyncssh.connect(
                host.address,
                host.port,
                tunnel=jump,
                username=host.user or (),
                password=host.password.get_secret_value() if host.password else None,
                client_keys=_client_keys(host),
                known_hosts=_known_hosts(host),
                # Neither an agent nor somebody's settings: all that leads there is in the connection.
                config=None,
                agent_path=None,
                encryption_algs=_CIPHERS,
                connect_timeout=CONNECT_SECONDS,
                keepalive_interval=_KEEPALIVE_SECONDS,
            )
        try:
            yield connection
        finally:
            # Whatever is left open there goes with it: to close each would wait for what does not end.
            connection.abort()
            await connection.wait_closed()


@contextlib.asynccontextmanager
async def _way(host: Host) -> AsyncIterator[asyncssh.SSHClientConnection | None]:
    """Enter the machine from which one is reached. What fails until then is told as that one's."""
    jump = host.jump
    if jump is None:
        yield None
        return
    async with contextlib.AsyncExitStack() as entered:

        async def enter() -> asyncssh.SSHClientConnection:
            return await entered.enter_async_context(connected(jump))

        try:
            connection = await translated(enter)
        except SshError as error:
            error.host = error.host or jump.name
            raise
        yield connection


@contextlib.contextmanager
def _jumping(host: Host) -> Iterator[None]:
    """Say in our terms why one machine could not be reached from the one before it."""
    import asyncssh

    try:
        yield
    except asyncssh.ChannelOpenError as error:
        if host.jump is not None and error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
            raise SshError("jump_forbidden", error, host=host.jump.name) from error
        raise SshError("host_unreachable", error, is_passing=True) from error


async def translated(work: Callable[[], Awaitable[Result]]) -> Result:
    """Say in our terms why something over SSH failed."""
    import asyncssh

    try:
        return await work()
    except asyncssh.HostKeyNotVerifiable as error:
        raise SshError("host_key", error) from error
    except asyncssh.PermissionDenied as error:
        raise SshError("login_refused", error) from error
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
        raise SshError("no_file", error) from error
    except asyncssh.SFTPPermissionDenied as error:
        raise SshError("no_permission", error) from error
    except TimeoutError as error:
        raise SshError("host_slow", error, is_passing=True) from error
    except (
        asyncssh.ConnectionLost,
        asyncssh.SFTPConnectionLost,
        asyncssh.SFTPNoConnection,
        OSError,
        UnicodeError,
    ) as error:
        # No name of a machine can be written so, nobody answers to it, or it was there and is gone.
        raise SshError("host_unreachable", error, is_passing=True) from error
    except asyncssh.Error as error:
        if is_gone(error):
            raise SshError("host_unreachable", error, is_passing=True) from error
        raise SshError("ssh_failed", error) from error


def is_gone(error: asyncssh.Error) -> bool:
    """Tell whether an error is of a connection that is gone; a machine that refuses has other words."""
    return error.reason == _GONE


def _client_keys(host: Host) -> list[Any] | None:
    import asyncssh

    if host.private_key is None:
        return None
    passphrase = host.passphrase.get_secret_value() if host.passphrase else None
    try:
        return [asyncssh.import_private_key(host.private_key.get_secret_value(), passphrase)]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise SshError("private_key", error) from error


def _first_asked(host: Host) -> str | tuple[()]:
    """Give asyncssh the kinds of the key that is known, to ask for them before all others."""
    if host.host_key is None:
        return ()
    try:
        keys, *_ = _known_hosts(host)
    except SshError:
        return ()
    return "^" + ",".join(kind.decode() for kind in keys[0].sig_algorithms)


def _known_hosts(host: Host) -> Any:  # noqa: ANN401  (what asyncssh takes)
    import asyncssh

    if host.host_key is None:
        known = Path("~/.ssh/known_hosts").expanduser()
        try:
            return asyncssh.read_known_hosts(str(known)) if known.is_file() else ([], [], [])
        except (OSError, ValueError) as error:
            raise SshError("known_hosts", error) from error
    try:
        # As Airflow's own form takes it: a key without its kind is RSA's.
        text = host.host_key if " " in host.host_key.strip() else f"ssh-rsa {host.host_key}"
        return ([asyncssh.import_public_key(text)], [], [])
    except asyncssh.KeyImportError as error:
        raise SshError("host_key", error) from error
