"""Get a console record: a file or a command's output, here or on another machine (activity 8)."""

from __future__ import annotations

import glob
import os
import shlex
import stat
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from respaldo.actions.console.entries import UnreadableError
from respaldo.actions.console.understanding import decoded, understood
from respaldo.config.console_record import ConsoleCommand, ConsoleFile
from respaldo.config.external import ExternalSource
from respaldo.domain.console import ConsoleRecord
from respaldo.domain.errors import TimedOutError, ToolMissingError
from respaldo.domain.people_errors import (
    ConsoleHostKeyError,
    ConsoleHostUnreachableError,
    ConsoleUnreadableError,
)
from respaldo.hosts import ssh, worker

MOST_BYTES = 16 << 20
_SAID_BYTES = 2000

HostOf = Callable[[str], ssh.Host]
"""Gives the machine that a connection leads to."""

SecretOf = Callable[[str], SecretStr]
"""Gives the password that a connection holds."""

_HIDDEN = "***"


def read(
    source: ExternalSource, host_of: HostOf, secret_of: SecretOf, zone: ZoneInfo, now: datetime
) -> ConsoleRecord:
    """Read and understand what the console says of this scope's copies.

    :param zone: of moments that tell none.
    :raises ConsoleUnreadableError: it cannot be had, or does not make sense.
    :raises ConsoleHostUnreachableError: its machine does not answer.
    :raises ConsoleHostKeyError: it may be another machine.
    """
    host = host_of(source.record.host) if source.record.host else None
    try:
        where, content = _content(source.record, host, secret_of)
        if len(content) > MOST_BYTES:
            raise UnreadableError("too_large", limit=MOST_BYTES >> 20, path=where)
        return understood(decoded(content, source.record.encoding), source, where, zone, now)
    except UnreadableError as error:
        raise ConsoleUnreadableError(
            product=source.product, reason=error.reason, **{"path": source.record.where, **error.facts}
        ) from error
    except ssh.SshError as error:
        raise _cause_of(error)(
            product=source.product,
            reason=error.reason,
            host=error.host or source.record.host,
            path=source.record.where,
            said=error.said,
        ) from error


def _cause_of(error: ssh.SshError) -> type[ConsoleUnreadableError]:
    if error.is_passing:
        return ConsoleHostUnreachableError
    return ConsoleHostKeyError if error.reason == "host_key" else ConsoleUnreadableError


def _content(
    record: ConsoleFile | ConsoleCommand, host: ssh.Host | None, secret_of: SecretOf
) -> tuple[str, bytes]:
    """Give where the record was found, and its bytes, no more than one too many."""
    if isinstance(record, ConsoleFile):
        if host is not None:
            return ssh.read_file(host, record.path, MOST_BYTES, record.within.total_seconds())
        return _newest(record.path)
    secret = secret_of(record.secret) if record.secret else None
    ended = _hidden(_ran(record, host, secret), secret)
    if ended.exit_code != 0:
        raise UnreadableError("command_failed", exit_code=ended.exit_code, said=ended.said)
    return record.where, ended.output


def _newest(pattern: str) -> tuple[str, bytes]:
    try:
        found = {path: os.stat(path) for path in glob.glob(pattern)}  # noqa: PTH116, PTH207  (may be absolute)
        files = {path: one.st_mtime for path, one in found.items() if stat.S_ISREG(one.st_mode)}
        if not files:
            raise UnreadableError("not_a_file" if found else "no_file")
        path = max(files, key=lambda name: files[name])
        with Path(path).open("rb") as file:
            return path, file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise UnreadableError("no_file", path=error.filename) from error
    except PermissionError as error:
        raise UnreadableError("no_permission", path=error.filename) from error
    except OSError as error:
        raise UnreadableError("read_failed", said=error) from error


def _hidden(ended: ssh.Output, secret: SecretStr | None) -> ssh.Output:
    """Take a secret out of what a command wrote: all of that may come into the report."""
    if secret is None:
        return ended
    word = secret.get_secret_value()
    return ended.model_copy(
        update={
            "output": ended.output.replace(word.encode(), _HIDDEN.encode()),
            "said": ended.said.replace(word, _HIDDEN),
        }
    )


def _ran(record: ConsoleCommand, host: ssh.Host | None, secret: SecretStr | None) -> ssh.Output:
    # As a line: a shell's own read takes it so, and to curl it is a header or an option.
    line = SecretStr(f"{secret.get_secret_value()}\n") if secret else None
    seconds = record.within.total_seconds()
    return _ran_here(record, seconds, line) if host is None else _ran_there(record, host, seconds, line)


def _ran_here(record: ConsoleCommand, seconds: float, stdin: SecretStr | None) -> ssh.Output:
    output, said = bytearray(), bytearray()

    def take(block: bytes) -> None:
        output.extend(block[: MOST_BYTES + 1 - len(output)])

    def hear(block: bytes) -> None:
        said.extend(block[: _SAID_BYTES - len(said)])

    try:
        code = worker.run(
            worker.Command(record.command),
            on_output=take,
            on_error=hear,
            by_line=False,
            timeout_seconds=seconds,
            stdin=stdin or subprocess.DEVNULL,
        )
    except ToolMissingError as error:
        raise UnreadableError("command_missing", tool=record.command[0]) from error
    except TimedOutError as error:
        raise UnreadableError("command_slow", seconds=round(seconds)) from error
    return ssh.Output(exit_code=code, output=bytes(output), said=said.decode(errors="replace"))


def _ran_there(record: ConsoleCommand, host: ssh.Host, seconds: float, stdin: SecretStr | None) -> ssh.Output:
    # A shell that is not POSIX's (Windows) has its own quotes: there the whole line is written as one word.
    line = record.command[0] if len(record.command) == 1 else shlex.join(record.command)
    return ssh.run(host, line, MOST_BYTES, seconds, stdin)
