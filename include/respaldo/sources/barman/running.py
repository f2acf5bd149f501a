"""Runs Barman and reads its JSON: one method, one command of it.

Its other messages go no further than an error's words, without the passwords that a connection string has:
`show-server` prints them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from respaldo.domain.database_errors import (
    BarmanBusyError,
    BarmanCheckFailedError,
    BarmanServerUnknownError,
    BarmanUnusableError,
    BaseBackupFailedError,
)
from respaldo.hosts.worker import Command, require, run

PROGRAM = "barman"

_DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
"""Debian puts some of PostgreSQL's programs where no PATH leads: `pg_verifybackup` is one of them."""

_SAID_LIMIT = 600
_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)|(://[^:/@\s]*:)[^@\s]+@", re.IGNORECASE)

_MENDED_BY_A_BACKUP = frozenset(
    {
        "backup_maximum_age",
        "backup_minimum_size",
        "failed_backups",
        "minimum_redundancy_requirements",
    }
)
"""Checks that a new backup makes good: they are no reason against making one."""


class BarmanError(Exception):
    """A command of Barman that did not end well, in its own words."""


@dataclass(frozen=True)
class Places:
    """The folders that Barman keeps a server in."""

    bases: str
    wals: str
    identity: str


@dataclass(frozen=True)
class Barman:
    """One server, as Barman knows it.

    :param config: Barman's configuration file, where it is not the usual one.
    """

    server: str
    config: str | None = None

    def check(self) -> None:
        """Have Barman check the server, the way to it and what it keeps of it.

        :raises BarmanCheckFailedError: something is not well; each check that failed is named.
        :raises BarmanServerUnknownError, BarmanUnusableError: see `places`.
        """
        found = self._of_server(self._asked("check"))
        failed = {
            name: str(one.get("hint") or "")
            for name, one in found.items()
            if isinstance(one, dict) and one.get("status") == "FAILED" and name not in _MENDED_BY_A_BACKUP
        }
        if failed:
            told = "; ".join(f"{name} ({hint})" if hint else name for name, hint in failed.items())
            raise BarmanCheckFailedError(server=self.server, checks=_scrubbed(told))

    def places(self) -> Places:
        """Tell where Barman keeps the server.

        :raises BarmanServerUnknownError: its configuration has no such server.
        :raises BarmanUnusableError: Barman cannot work: its configuration, or the user that asks.
        """
        shown = self._of_server(self._asked("show-server"))
        try:
            return Places(
                bases=str(shown["basebackups_directory"]),
                wals=str(shown["wals_directory"]),
                identity=str(Path(shown["backup_directory"], "identity.json")),
            )
        except KeyError as error:
            raise BarmanUnusableError(server=self.server, said=f"show-server: {error}") from error

    def statuses(self) -> dict[str, str]:
        """Give the state of every backup there is, by its id."""
        listed = self._asked("list-backups").document.get(self.server)
        return {str(one["backup_id"]): str(one["status"]) for one in listed or ()}

    def back_up(self, name: str, on_line: Callable[[str], None]) -> None:
        """Make a base backup. The WAL that it needs may come later: its state says so.

        :param on_line: gets each line that Barman prints, while it works.
        :raises BarmanBusyError: another backup of the server is under way.
        :raises BarmanCheckFailedError: Barman does not begin.
        :raises BaseBackupFailedError: it did not end well.
        """
        said: list[str] = []

        def take(line: bytes) -> None:
            text = line.decode(errors="replace").strip()
            said.append(text)
            on_line(text)

        code = self._run([*self._leading, "backup", "--name", name, self.server], take, take)
        if code == 0:
            return
        told = "; ".join([line for line in said if line.startswith(("ERROR", "EXCEPTION"))] or said[-3:])
        if "Another backup process is running" in told:
            raise BarmanBusyError(server=self.server)
        if "Impossible to start the backup" in told:
            self.check()
        raise BaseBackupFailedError(server=self.server, said=_scrubbed(told))

    def collect_wal(self) -> None:
        """Take over what has come in of WAL since Barman last looked."""
        self._done("archive-wal", self.server)

    def check_backup(self, backup_id: str) -> None:
        """Have Barman look whether a backup has the WAL that it needs, and say so in its state."""
        self._done("check-backup", self.server, backup_id)

    def verify_backup(self, backup_id: str) -> bool:
        """Read a backup and compare it with its manifest. False: this Barman or this worker cannot.

        :raises BarmanError: it is not what it was.
        """
        try:
            self._done("verify-backup", self.server, backup_id)
        except BarmanError as error:
            if "pg_verifybackup not found" in str(error) or "invalid choice" in str(error):
                return False
            raise
        return True

    def delete(self, backup_id: str) -> None:
        """Remove a backup. Barman 3.4 also removes one that is being made."""
        self._done("delete", self.server, backup_id)

    def rebuild_xlogdb(self) -> None:
        """Make Barman's list of WAL anew from the files that there are."""
        self._done("rebuild-xlogdb", self.server)

    def recover(self, backup_id: str, target: Path, options: Sequence[str]) -> dict[str, Any]:
        """Restore a backup into a folder that is not there yet, and give what Barman says of it."""
        return self._done("recover", *options, self.server, backup_id, str(target))

    # --- inner

    @property
    def _leading(self) -> list[str]:
        return [PROGRAM, *(["-c", self.config] if self.config else [])]

    def _done(self, word: str, *words: str) -> dict[str, Any]:
        answer = self._json(word, *words)
        if answer.code != 0:
            raise BarmanError(answer.said)
        return answer.document

    def _asked(self, word: str) -> _Answer:
        answer = self._json(word, self.server)
        if self.server not in answer.document:
            if f"Unknown server '{self.server}'" in answer.said:
                raise BarmanServerUnknownError(server=self.server, config=self.config or "/etc/barman.conf")
            if answer.code != 0 or word != "list-backups":
                raise BarmanUnusableError(server=self.server, said=answer.said)
        return answer

    def _of_server(self, answer: _Answer) -> dict[str, Any]:
        found = answer.document[self.server]
        return found if isinstance(found, dict) else {}

    def _json(self, word: str, *words: str) -> _Answer:
        output, errors = bytearray(), bytearray()
        argv = [*self._leading, "-f", "json", word, *words]
        code = self._run(argv, output.extend, errors.extend)
        return _Answer.read(code, bytes(output), bytes(errors))

    def _run(
        self, argv: Sequence[str], on_output: Callable[[bytes], None], on_error: Callable[[bytes], None]
    ) -> int:
        require(PROGRAM)
        folders = sorted(map(str, _DEBIAN_PROGRAMS.glob("*/bin")), reverse=True)
        # Unbuffered: which backup Barman makes must be known while it makes it.
        environment = {
            "PATH": os.pathsep.join([os.environ.get("PATH", os.defpath), *folders]),
            "PYTHONUNBUFFERED": "1",
            "LC_ALL": "C.UTF-8",
        }
        return run(Command(argv, environment), on_output=on_output, on_error=on_error)


@dataclass(frozen=True)
class _Answer:
    code: int
    document: dict[str, Any]
    said: str

    @classmethod
    def read(cls, code: int, output: bytes, errors: bytes) -> _Answer:
        """Read what Barman printed. What is no JSON is its words too: of a user that it does not serve."""
        try:
            document = json.loads(output)
        except ValueError:
            document = {}
        if not isinstance(document, dict):
            document = {}
        told = [str(one) for one in document.get("_ERROR", ())]
        if not told:
            told = [(errors or (b"" if document else output)).decode(errors="replace").strip()]
        return cls(code, document, _scrubbed("; ".join(told)))


def _scrubbed(text: str) -> str:
    """Take passwords out of a message, and keep its end: a traceback says there what it is about."""
    hidden = _PASSWORD.sub(lambda found: f"{found[1]}***" if found[1] else f"{found[3]}***@", text)
    return hidden[-_SAID_LIMIT:]
