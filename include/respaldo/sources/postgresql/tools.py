"""Which of the versions of PostgreSQL's programs on this worker does for a server.

A program must not be older than the server: what it does not know it would leave out. Nor should it be
newer than it need be: from version 17 on, what it writes begins with a setting that older servers do not
know, so a dump would not go back to where it came from. So the nearest is chosen, not the newest.

Debian's and PGDG's packages have one folder a version, and on PATH something that chooses the newest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from respaldo.domain.database_errors import ToolUnfitError
from respaldo.hosts.worker import Command, require, run
from respaldo.sources.postgresql.server import PostgresServer

_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
_PACKAGE = "postgresql-client-{}"
_VERSION = re.compile(r"^pg_\w+ \(PostgreSQL\) (\d+)")
_SAYS_WHAT_OLDER_SERVERS_DO_NOT_KNOW = 17


@dataclass(frozen=True)
class _Tool:
    path: str
    major: int | None
    """None: it does not say."""
    said: str


def newest(program: str) -> str:
    """Give the newest of a program's versions: it reads the dumps of all before it.

    :raises ToolMissingError: there is none.
    """
    first, *others = _installed(program)
    if first.major is None:
        return first.path
    return max((first, *others), key=lambda one: one.major or 0).path


def fit_for(server: PostgresServer, program: str) -> str:
    """Give the version of a program that is the nearest to a server's, and not older.

    One on PATH that does not say its version is taken: somebody put it there.

    :raises ToolMissingError: there is none.
    :raises ToolUnfitError: all are older; the error names the package of one that will do.
    """
    return _nearest(server, program).path


def restorer_for(server: PostgresServer, written_by: int) -> str:
    """Give the pg_restore by which a dump goes into a server.

    :param written_by: major version of the pg_dump that wrote it; 0 if it is not known.
    :raises ToolMissingError: there is none.
    :raises ToolUnfitError: none can read the dump, or the server would not take what it says.
    """
    tool = _nearest(server, "pg_restore", written_by)
    named, major = server.version()
    if major < _SAYS_WHAT_OLDER_SERVERS_DO_NOT_KNOW <= (tool.major or 0):
        # What such a one wrote only such a one reads.
        is_readable = written_by < _SAYS_WHAT_OLDER_SERVERS_DO_NOT_KNOW
        needed = _PACKAGE.format(major) if is_readable else f"PostgreSQL {written_by}"
        raise _unfit(server, "pg_restore", tool.said, named, needed)
    return tool.path


def _nearest(server: PostgresServer, program: str, least: int = 0) -> _Tool:
    first, *others = _installed(program)
    if first.major is None:
        return first
    named, major = server.version()
    needed, every = max(major, least), [one for one in (first, *others) if one.major is not None]
    found = min(
        (one for one in every if (one.major or 0) >= needed), key=lambda one: one.major or 0, default=None
    )
    if found is None:
        best = max(every, key=lambda one: one.major or 0)
        raise _unfit(server, program, best.said, named, _PACKAGE.format(needed))
    return found


def _unfit(server: PostgresServer, tool: str, version: str, named: str, needed: str) -> ToolUnfitError:
    return ToolUnfitError(
        connection=server.endpoint.name,
        tool=tool,
        version=version,
        server=f"PostgreSQL {named}",
        needed=needed,
    )


def _installed(program: str) -> list[_Tool]:
    """Give the versions of a program that there are, the one on PATH first."""
    paths = [require(program)]
    for pattern in _FOLDERS:
        paths += map(str, sorted(Path("/").glob(f"{pattern[1:]}/{program}")))
    return [_told(path) for path in dict.fromkeys(paths)]


def _told(path: str) -> _Tool:
    said = bytearray()
    run(Command((path, "--version")), on_output=said.extend, on_error=lambda _: None)
    text = said.decode(errors="replace").strip()
    found = _VERSION.search(text)
    return _Tool(path, int(found[1]) if found else None, text)
