"""What a machine must be told so that it does a thing: POSIX machines and Windows have it said differently.

Answers are alike: whoever asks need not know which machine it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from respaldo.hosts.limits import Limits
from respaldo.hosts.worker import Argument


class Spoken(NamedTuple):
    """A line for the machine's shell, and what is written to its standard input at once."""

    line: str
    first: bytes = b""


class Dialect(Protocol):
    """How a machine is spoken to.

    :cvar restic: what the program is called there.
    """

    restic: str

    def keeper(self, base: str, seconds: int) -> Spoken:
        """Make a private folder below ``base`` and print its path. Any further line is a sign of life: after
        ``seconds`` without one, or at the end, what still runs is ended and the folder removed.

        Where there is no room for the folder the exit status is `NO_ROOM`.
        """
        ...

    def run(
        self,
        folder: str,
        name: str,
        argv: Sequence[Argument],
        env: Mapping[str, str],
        limits: Limits,
        stdin: SecretStr | None,
    ) -> Spoken:
        """Run a command, noted in a keeper's folder by a name. The exit status is the command's.

        :raises ValueError: there are more secrets than can be handed over.
        """
        ...

    def end(self, folder: str, name: str, signal: str) -> Spoken:
        """End a command that runs, and all that it started."""
        ...

    def words(self, argv: Sequence[str]) -> Spoken:
        """Run a short command."""
        ...

    def free(self, folder: str) -> Spoken:
        """Print how many bytes of room a folder has."""
        ...

    def look(self) -> Spoken:
        """Print three lines: the kind of machine, the path of its restic, the user's home. The latter two can
        be empty: it has none, or nothing may be kept there."""
        ...

    def sum_of(self, path: str) -> Spoken:
        """Print a file's SHA-256."""
        ...

    def user(self) -> Spoken:
        """Print who we are there."""
        ...

    def clock(self) -> Spoken:
        """Print the seconds since 1970."""
        ...

    def wanted(self, limits: Limits) -> tuple[str, ...]:
        """Name what must be there."""
        ...

    def lacking(self, limits: Limits) -> Spoken:
        """Print what of that is not, a line each."""
        ...

    def lacking_for_some(self) -> Spoken:
        """Print what is not there of what only files, SQLite and their restoring need, a line each."""
        ...

    def saving(self, words: Sequence[Argument]) -> tuple[Argument, ...]:
        """Give the arguments of restic as it needs them there to save files."""
        ...

    def uploaded(self, path: str) -> str:
        """Give a path as SFTP has it."""
        ...


NO_ROOM = 73
