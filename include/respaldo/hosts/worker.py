"""Run one command on this worker, whatever happens to the process that asked for it.

The command gets its own session and only the environment that it is given. It ends when its parent dies:
a task killed with SIGKILL must not leave a restic behind that goes on writing beside the retry. Secrets
reach it through file descriptors: a `SecretStr` among the arguments becomes a pipe that can be read once
(what the command starts itself finds it empty), a `SecretStr` in the environment becomes the path of an
unlinked file of mode 0600 in memory (libpq reads a password file only when it is a regular one).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Protocol

from pydantic import SecretStr

from respaldo.domain.errors import TimedOutError, ToolMissingError

GRACE_SECONDS = 60.0
"""How long a command may take to end by itself after SIGTERM: restic removes its lock meanwhile."""

_DRAIN_SECONDS = 60.0
"""How long a receiver may take over what is left in the pipes when the command has ended."""

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_CHUNK_BYTES = 1 << 20

Argument = str | SecretStr
Receiver = Callable[[bytes], None]


@dataclass(frozen=True)
class Command:
    """What to run: a secret argument or variable is replaced by a path that leads to it."""

    argv: Sequence[Argument]
    env: Mapping[str, Argument] = field(default_factory=dict)

    @property
    def program(self) -> str:
        return str(self.argv[0])


class Runner(Protocol):
    """What runs a command to its end, on this worker (`run`) or on another machine."""

    def __call__(
        self,
        command: Command,
        *,
        on_output: Receiver,
        on_error: Receiver,
        by_line: bool = True,
        timeout_seconds: float | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        keep_open: Sequence[int] = (),
        stdin: int | SecretStr = subprocess.DEVNULL,
    ) -> int: ...


def run(
    command: Command,
    *,
    on_output: Receiver,
    on_error: Receiver,
    by_line: bool = True,
    timeout_seconds: float | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    keep_open: Sequence[int] = (),
    stdin: int | SecretStr = subprocess.DEVNULL,
) -> int:
    """Run a command to its end and return its exit code, negative for the signal that killed it.

    :param on_output: gets each line of standard output (each block of up to 1 MiB if not ``by_line``).
    :param on_error: gets each line of standard error. Both are called from threads of their own.
    :param should_stop: asked twice a second; true ends the command early.
    :param keep_open: file descriptors that the command inherits (a lock held as long as it lives).
    :param stdin: the file descriptor that it reads from, or a secret that it reads; without it, nothing.
    :raises TimedOutError: it did not end in time, and was stopped; or its output did not.
    :raises ToolMissingError: there is no such program.
    """
    require(command.program)
    with _handed_over(command) as (argv, env, descriptors), _to_read(stdin) as source:
        process = subprocess.Popen(
            argv,
            env=env,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(*descriptors, *keep_open),
            start_new_session=True,
        )
    readers = (
        _Reader(process.stdout, on_output, by_line=by_line),
        _Reader(process.stderr, on_error, by_line=True),
    )
    try:
        _wait(process, readers, timeout_seconds, should_stop, command.program)
    finally:
        stop(process)
        for reader in readers:
            reader.join(_DRAIN_SECONDS)
    for reader in readers:
        reader.raise_failure()
        if reader.is_alive():
            raise TimedOutError(program=command.program, seconds=round(_DRAIN_SECONDS))
    return process.returncode


@contextlib.contextmanager
def started(
    command: Command, keep_open: Sequence[int], output: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Have a command run beside what is done meanwhile, and end it then.

    :param output: the file that takes all that it writes.
    :raises ToolMissingError: there is no such program.
    """
    require(command.program)
    with _handed_over(command) as (argv, env, descriptors):
        process = subprocess.Popen(
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(*descriptors, *keep_open),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a command that still runs, and all that it started: SIGTERM, a while to clean up, SIGKILL."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    # Also when it ended by itself: a restic that was killed leaves the dump that it started behind.
    _signal_group(process, signal.SIGKILL)
    process.wait()


def require(program: str) -> str:
    """Give the path of a program, or raise `ToolMissingError`."""
    path = shutil.which(program)
    if path is None:
        raise ToolMissingError(tool=program)
    return path


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Give the few variables of this process that a command may see, and ``extra``.

    Airflow's own environment can hold connections: nothing of it is passed on.
    """
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | dict(extra)


def dies_with_parent() -> tuple[str, ...]:
    """Give what a command line begins with so that the command ends when its parent dies."""
    return (require("setpriv"), "--pdeathsig", "TERM", "--")


class _Reader(threading.Thread):
    """Drains one pipe to its end, even when the receiver fails: a full pipe would stop the command."""

    def __init__(self, stream: IO[bytes] | None, receive: Receiver, *, by_line: bool) -> None:
        super().__init__(daemon=True)
        assert stream is not None  # noqa: S101  (opened as a pipe)
        self._stream = stream
        self._receive = receive
        self._by_line = by_line
        self._failure: Exception | None = None
        self.start()

    def run(self) -> None:
        with self._stream as stream:
            for block in (
                stream if self._by_line else iter(lambda: os.read(stream.fileno(), _CHUNK_BYTES), b"")
            ):
                self._hand_on(block)

    def raise_failure(self) -> None:
        """Raise what the receiver raised, if it did."""
        if self._failure is not None:
            raise self._failure

    def _hand_on(self, block: bytes) -> None:
        if self._failure is None:
            try:
                self._receive(block)
            except Exception as failure:  # noqa: BLE001  (raised again in the caller's thread)
                self._failure = failure


def _wait(
    process: subprocess.Popen[bytes],
    readers: Sequence[_Reader],
    timeout_seconds: float | None,
    should_stop: Callable[[], bool],
    program: str,
) -> None:
    deadline = time.monotonic() + timeout_seconds if timeout_seconds else None
    while process.poll() is None:
        # The pipes close when the command ends: joining a reader wakes sooner than waiting for the process.
        alive = [reader for reader in readers if reader.is_alive()]
        if alive:
            alive[0].join(0.5)
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
        if should_stop():
            return
        if deadline and time.monotonic() > deadline:
            raise TimedOutError(program=program, seconds=round(timeout_seconds or 0))


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextlib.contextmanager
def _handed_over(command: Command) -> Iterator[tuple[list[str], dict[str, str], list[int]]]:
    """Open the descriptors that carry the secrets; they are closed here once the command has its own."""
    descriptors: list[int] = []

    def opened(descriptor: int) -> str:
        descriptors.append(descriptor)
        return f"/dev/fd/{descriptor}"

    try:
        argv = [opened(_pipe_with(part)) if isinstance(part, SecretStr) else part for part in command.argv]
        env = {
            name: opened(_memory_file_with(value)) if isinstance(value, SecretStr) else value
            for name, value in command.env.items()
        }
        yield [*dies_with_parent(), *argv], environment(env), descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


@contextlib.contextmanager
def _to_read(stdin: int | SecretStr) -> Iterator[int]:
    if not isinstance(stdin, SecretStr):
        yield stdin
        return
    reading = _pipe_with(stdin)
    try:
        yield reading
    finally:
        os.close(reading)


def _pipe_with(secret: SecretStr) -> int:
    reading, writing = os.pipe()
    os.write(writing, secret.get_secret_value().encode())
    os.close(writing)
    return reading


def _memory_file_with(secret: SecretStr) -> int:
    descriptor = os.memfd_create("secret")
    os.fchmod(descriptor, 0o600)
    os.write(descriptor, secret.get_secret_value().encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
