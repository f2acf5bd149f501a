"""The two programs that work where the databases are: on this worker, or on a machine over SSH."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from respaldo.domain.host_errors import HostFailedError, HostToolsError
from respaldo.hosts.session import Session
from respaldo.hosts.worker import Argument, Command, Runner, run
from respaldo.sources.reach import Reach
from respaldo.sources.sqlite import files_program, sqlite_program

_SAID_BYTES = 2000

_FIT = "import sys, sqlite3; sys.exit(sys.version_info < (3, 7))"
_NEEDED = "python3 (3.7+, sqlite3)"

Asked = Mapping[str, object]
Facts = dict[str, Any]


class Programs(Protocol):
    """Both programs, by their words and what they are asked."""

    def sqlite(self, word: str, asked: Asked) -> tuple[bytes, str]:
        """Ask `sqlite_program`. Give what it printed, and what it said when it broke down."""
        ...

    def files(self, word: str, **asked: object) -> Facts:
        """Ask `files_program`.

        :raises OSError: what the disk there refuses.
        """
        ...


class WorkerPrograms:
    """On this worker: see `Programs`."""

    def sqlite(self, word: str, asked: Asked) -> tuple[bytes, str]:
        return _run(run, (sys.executable, "-I", "-S", sqlite_program.__file__), word, asked)

    def files(self, word: str, **asked: object) -> Facts:
        return files_program.WORDS[word](**asked)


class HostPrograms:
    """On a machine over SSH, by its own Python: see `Programs`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def sqlite(self, word: str, asked: Asked) -> tuple[bytes, str]:
        return _run(self._session.run, (*self._python, self._there[0]), word, asked)

    def files(self, word: str, **asked: object) -> Facts:
        output, said = _run(self._session.run, (*self._python, self._there[1]), word, asked)
        try:
            told = dict(json.loads(output))
        except ValueError as error:
            raise HostFailedError(host=self._session.host.name, reason="ssh_failed", said=said) from error
        if "errno" in told:
            raise OSError(told["errno"], told["strerror"], told["filename"])
        return told

    @cached_property
    def _python(self) -> Sequence[str]:
        """Give what runs a program there.

        :raises HostToolsError: it has no Python that will do.
        """
        if self._session.output("python3", "-I", "-S", "-c", _FIT).exit_code != 0:
            raise HostToolsError(host=self._session.host.name, missing=_NEEDED)
        return ("python3", "-I", "-S")

    @cached_property
    def _there(self) -> Sequence[str]:
        brought = []
        for program in (sqlite_program.__file__, files_program.__file__):
            path = f"{self._session.folder}/{Path(program).name}"
            self._session.upload(Path(program), path)
            brought.append(path)
        return brought


def programs_of(reach: Reach | None) -> Programs:
    """Give the programs where the databases are.

    :raises HostError: what keeps us out there.
    """
    machine = reach.machine if reach is not None else None
    return WorkerPrograms() if machine is None else HostPrograms(machine.session)


def _run(runner: Runner, program: Sequence[Argument], word: str, asked: Asked) -> tuple[bytes, str]:
    output, said = bytearray(), bytearray()
    code = runner(
        Command((*program, word, json.dumps(asked))),
        on_output=output.extend,
        on_error=lambda line: said.extend(line[: _SAID_BYTES - len(said)]),
        by_line=False,
    )
    return bytes(output), f"{said.decode(errors='replace')} ({code})"
