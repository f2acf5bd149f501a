"""The commands that dump a database, and the users of the whole server."""

from __future__ import annotations

from respaldo.hosts.worker import Argument, Command, Receiver, run
from respaldo.sources.mariadb.causes import cause
from respaldo.sources.mariadb.client import DUMP, calling, entering
from respaldo.sources.mariadb.contents import Contents, ContentsReader, Lines
from respaldo.sources.mariadb.server import MariadbServer

_OPTIONS = (
    "--single-transaction", "--quick", "--routines", "--triggers", "--events", "--hex-blob",
    "--skip-dump-date", "--max-allowed-packet=1G",
)  # fmt: skip
_USERS = ("--system=users", "--skip-dump-date")


def dump_of(server: MariadbServer, database: str) -> tuple[tuple[str, ...], dict[str, Argument]]:
    """Give the command, and its environment, that prints a database.

    Its default character set comes first: mariadb-dump tells it only where it makes the database too, and
    then under the one name.
    """
    first = server.charset_of(database)
    return calling(DUMP, *_OPTIONS, "--", database), entering(server.entry, first)


def dump_of_users(server: MariadbServer) -> tuple[tuple[str, ...], dict[str, Argument]]:
    """Give the command, and its environment, that prints users, roles and what they may do."""
    return calling(DUMP, *_USERS), entering(server.entry)


def contents_of(server: MariadbServer, database: str, receive: Receiver | None = None) -> Contents:
    """Read what a database contains now, in a transaction.

    :param receive: gets the dump that tells it.
    """
    reader, lines, said = ContentsReader(), Lines(), bytearray()

    def take(block: bytes) -> None:
        reader.take(lines.take(block))
        if receive is not None:
            receive(block)

    command, environment = dump_of(server, database)
    code = run(Command(command, environment), on_output=take, on_error=said.extend, by_line=False)
    contents = reader.finish()
    if code != 0 or not contents.is_complete:
        raise cause(said.decode(errors="replace"), server.endpoint, database)
    return contents
