"""Runs pg_restore on a database, and tells what its complaint means."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from respaldo.domain.errors import (
    DatabaseUnreachableError,
    DumpUnreadableError,
    RespaldoError,
    TargetDeniedError,
    TargetFullError,
    TargetRefusedError,
)
from respaldo.domain.values import Endpoint
from respaldo.hosts.libpq import conninfo, entering
from respaldo.hosts.worker import Command, Receiver, run
from respaldo.sources.databases.feeding import feed
from respaldo.sources.databases.tally import Tally
from respaldo.sources.postgresql.contents import Entry
from respaldo.sources.postgresql.dump_input import DumpInput
from respaldo.sources.postgresql.server import PostgresServer
from respaldo.sources.postgresql.tools import restorer_for

MOST_JOBS = 4

_UNREADABLE = re.compile(
    r"could not read from input file|unexpected end of file|valid archive|corrupt|could not uncompress"
    r"|unexpected block ID|unrecognized data block|input file is too short"
)
_FULL = re.compile(r"No space left on device|Disk quota exceeded|could not extend file")
_UNREACHABLE = re.compile(
    r"connection to server .* failed|could not connect|server closed the connection|terminating connection"
)
_DENIED = re.compile(r"ERROR: +(permission denied|must be)")
_SAID_CHARACTERS = 500


def jobs_for(dump: DumpInput) -> int:
    """Tell with how many jobs a new database is filled."""
    return 1 if dump.path is None else min(MOST_JOBS, os.cpu_count() or 1)


def pg_restore(
    dump: DumpInput,
    server: PostgresServer,
    database: str,
    options: Sequence[str],
    entries: Sequence[Entry] | None,
    scratch: str,
    tally: Tally,
) -> None:
    """Restore a dump, or these entries of it, into a database that is there.

    :raises RepositoryError: the dump could not be read to its end; this wins over what pg_restore says then.
    :raises ToolUnfitError: no pg_restore of this worker will do for the dump and the server.
    :raises TargetRefusedError, TargetFullError, TargetDeniedError, DumpUnreadableError: what it says.
    """
    program = restorer_for(server, dump.contents.written_by)
    arguments = [program, "--exit-on-error", "--no-password", f"--dbname={conninfo(database)}", *options]
    if entries is not None:
        chosen = Path(scratch, "entries")
        chosen.write_text("".join(f"{entry.number};\n" for entry in entries))
        arguments.append(f"--use-list={chosen}")
    # In English: what it says decides what is told.
    environment = entering(server.entry, database) | {"LC_ALL": "C"}
    said: list[bytes] = []
    if dump.path is not None:
        command = Command((*arguments, str(dump.path)), environment)
        code = run(command, on_output=lambda _: None, on_error=said.append)
    else:

        def stream(receive: Receiver) -> None:
            dump.stream(tally.counted(receive))

        code = feed(stream, Command(arguments, environment), said)
    if code != 0:
        raise cause(b"".join(said).decode(errors="replace"), dump, server.endpoint, database)


def cause(text: str, dump: DumpInput, server: Endpoint, database: str) -> RespaldoError:
    """Tell which error a complaint of pg_restore is."""
    said = telling(text)
    target = f"{server.name}/{database}"
    if _UNREADABLE.search(text):
        return DumpUnreadableError(item=dump.part.item, snapshot=dump.part.snapshot_id, reason=said)
    if _FULL.search(text):
        return TargetFullError(target=target, needed=dump.part.size_bytes, free="?", said=said)
    if _UNREACHABLE.search(text):
        return DatabaseUnreachableError(connection=server.name, host=server.host, port=server.port, said=said)
    if _DENIED.search(text):
        return TargetDeniedError(target=target, said=said)
    return TargetRefusedError(target=target, said=said)


def telling(text: str) -> str:
    """Give the first error and its detail. The context is left out: it quotes rows."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((at for at, line in enumerate(lines) if "error:" in line.lower()), 0)
    told = lines[first : first + 1]
    told += [line for line in lines[first + 1 : first + 2] if line.startswith("DETAIL:")]
    said = " ".join(" ".join(told).split())
    return re.sub(r"^pg_restore: error: (could not execute query: )?", "", said)[:_SAID_CHARACTERS]
