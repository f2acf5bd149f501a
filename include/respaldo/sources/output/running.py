"""What restic runs for a command: the checker, which runs it; and what the checker's verdict means."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from respaldo.domain.errors import (
    RespaldoError,
    SourceCommandEmptyError,
    SourceCommandError,
    SourceEmptyError,
    TimedOutError,
    ToolMissingError,
)
from respaldo.domain.host_errors import HostError
from respaldo.domain.source_errors import OutputRejectedError
from respaldo.hosts.relaying import relayed
from respaldo.hosts.worker import Argument
from respaldo.sources.output import checker_program
from respaldo.sources.output.checker_program import ASKED, SECRET, VERDICT
from respaldo.sources.reach import Reach

Verdict = Mapping[str, Any]


class Led(Protocol):
    """What runs a command where it is to run."""

    @property
    def command(self) -> Sequence[str]:
        """The command line for this worker."""
        ...

    @property
    def failure(self) -> HostError | None:
        """What kept another machine from running it to its end."""
        ...


@dataclass(frozen=True)
class _Here:
    command: Sequence[str]
    failure: None = None


def leading_to(
    command: Sequence[str],
    reach: Reach,
    secret: SecretStr | None,
    env: Mapping[str, str],
    *,
    status: bool,
) -> AbstractContextManager[Led]:
    """Give what runs a command where it is to run: on this worker, the command itself.

    :param secret: becomes a line of its standard input.
    :param env: variables that another machine is asked to set; on this worker `prepare` gives them.
    :param status: another machine must say how it ended; otherwise it is enough that its output ends well.
    """
    if reach.machine is None:
        return nullcontext(_Here(command))
    return relayed(reach.machine.host, shlex.join(command), secret and _line(secret), env, status=status)


def _line(secret: SecretStr) -> SecretStr:
    return SecretStr(f"{secret.get_secret_value()}\n")


def prepare(
    folder: Path,
    command: Sequence[str],
    expected: Mapping[str, Any],
    seconds: float,
    secret: SecretStr | None,
    env: Mapping[str, str],
) -> tuple[tuple[str, ...], dict[str, Argument]]:
    """Write down what the checker is asked, and give its command line and environment.

    :param command: what `leading_to` gave.
    :param secret: becomes a line of the command's standard input.
    :param env: variables that the command gets.
    """
    asked = {"command": list(command), "seconds": seconds, **expected}
    (folder / ASKED).write_text(json.dumps(asked))
    environment: dict[str, Argument] = {**env, **({SECRET: _line(secret)} if secret else {})}
    return (sys.executable, "-I", "-S", checker_program.__file__, str(folder)), environment


def verdict_in(folder: Path) -> Verdict:
    """Read what the checker left; nothing, when it was ended before it came to a verdict."""
    try:
        return dict(json.loads((folder / VERDICT).read_text()))
    except (OSError, ValueError):
        return {}


def refusal(verdict: Verdict, command: Sequence[str], item: str, seconds: float) -> RespaldoError | None:
    """Give the error that a verdict means. None: the output was as it must be, or something else ended it."""
    said = verdict.get("said", "")
    match verdict.get("reason"):
        case None | "not_taken":
            return None
        case "not_found":
            return ToolMissingError(tool=command[0], said=said)
        case "slow":
            return TimedOutError(program=command[0], seconds=round(seconds), said=said)
        case "failed":
            code = verdict["exit_code"]
            return SourceCommandError(
                command=shlex.join(command), exit_code=code, said=f"{said} (exit status {code})".strip()
            )
        case "empty":
            return SourceCommandEmptyError(command=command[0], item=item, said=said)
        case "archive_empty":
            return SourceEmptyError(source=item)
        case _:
            facts = {name: value for name, value in verdict.items() if name != "sha256"}
            return OutputRejectedError(command=shlex.join(command), item=item, **facts)
