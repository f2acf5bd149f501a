"""A PostgreSQL server, and the databases on it as a restoration makes, marks and renames them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from respaldo.domain.errors import (
    DatabaseDeniedError,
    DatabaseMissingError,
    DatabaseUnreachableError,
    RespaldoError,
    SourceError,
    TargetDeniedError,
    TargetFullError,
    TargetRefusedError,
)
from respaldo.domain.values import Endpoint
from respaldo.hosts.libpq import CONNECT_SECONDS
from respaldo.sources.databases.marks import Mark
from respaldo.sources.databases.through import LOCALHOST, led
from respaldo.sources.reach import Machine

if TYPE_CHECKING:
    import psycopg

DEFAULT_PORT = 5432
MAINTENANCE = "postgres"
_OTHER_MAINTENANCE = "template1"

_REFUSALS = (
    "authentication failed", "no password supplied", "pg_hba.conf", "permission denied for database",
    "is not permitted to log in", "does not exist",
)  # fmt: skip
"""What the server says when it will say the same again; the last one of a role."""

_USER_OBJECTS = """
SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = ANY(ours)) OR EXISTS (SELECT FROM pg_proc
  WHERE pronamespace = ANY(ours)) OR EXISTS (SELECT FROM pg_type WHERE typnamespace = ANY(ours))
  OR EXISTS (SELECT FROM pg_largeobject_metadata) OR array_length(ours, 1) > 1
  OR EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datistemplate)
FROM (SELECT array_agg(oid) AS ours FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') AS namespaces
"""
"""A template is never empty: every database made after would hold what it gets."""
_COMMENT = "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = %s"

_TERMINATE_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class PostgresServer:
    """The server that an endpoint leads to. Everything may raise what `causes` makes of an error."""

    endpoint: Endpoint
    machine: Machine | None = None
    """The machine that it is entered through; None: this worker goes there itself."""

    @property
    def entry(self) -> Endpoint:
        """Where programs of this worker enter it; what people are told of is the endpoint.

        :raises HostError: the machine does not let us on.
        """
        if self.machine is None:
            return self.endpoint
        host, port = self.endpoint.host or LOCALHOST, self.endpoint.port or DEFAULT_PORT
        # The names that libpq gives to sockets.
        name = f".s.PGSQL.{port}"
        way = led(
            self.machine, self.endpoint, f"{host}/{name}" if host.startswith("/") else (host, port), name
        )
        return way.model_copy(update={"host": str(Path(way.host or "").parent), "port": port})

    def version(self) -> tuple[str, int]:
        """Give the server's version as it names itself, and the number that its programs share."""
        try:
            return self._version(self.endpoint.database or MAINTENANCE)
        except DatabaseMissingError:
            # It may be the one that is to be restored.
            return self._version(MAINTENANCE)

    def databases(self) -> tuple[str, ...]:
        """Name the databases that accept connections, templates left out."""
        asked = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
        with self.connected(self.endpoint.database or MAINTENANCE) as connection:
            return tuple(name for (name,) in connection.execute(asked))

    def comment(self, database: str) -> str | None:
        """Give a database's comment, empty without one; None when there is no such database."""
        with self.beside(database) as connection:
            row = connection.execute(_COMMENT, (database,)).fetchone()
        return row[0] if row else None

    def holds_data(self, database: str) -> bool:
        """Tell whether a database has anything in it that somebody made."""
        with self.connected(database) as connection:
            row = connection.execute(_USER_OBJECTS).fetchone()
        return bool(row and row[0])

    def schemas(self, database: str) -> frozenset[str]:
        with self.connected(database) as connection:
            return frozenset(name for (name,) in connection.execute("SELECT nspname FROM pg_namespace"))

    def create(self, database: str, options: str, mark: Mark) -> None:
        """Make a database and mark it. ``options`` follow ``WITH`` and come from a dump."""
        with self.beside(database) as connection:
            connection.execute(f"CREATE DATABASE {self.quoted(database)} WITH {options}".encode())
        self.publish({}, (), {database: mark})

    def drop(self, database: str) -> None:
        """Remove a database, if it is there, whoever is connected to it."""
        from psycopg import sql

        with self.beside(database) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )

    def publish(self, names: Mapping[str, str], then: Sequence[str], marks: Mapping[str, Mark]) -> None:
        """Give databases their new names, execute what follows and mark them: all at once, or nothing of it.

        Who is connected to one of them is put out. Who comes while this lasts waits, and is then told that
        the database was just renamed: a second attempt enters the new one.
        """
        from psycopg import sql

        done = threading.Event()
        emptier = threading.Thread(target=self._keep_empty, args=(tuple(names), done), daemon=True)
        with self.beside(*names, *names.values(), *marks) as connection:
            emptier.start()
            try:
                with connection.transaction():
                    for old, new in names.items():
                        connection.execute(
                            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                                sql.Identifier(old), sql.Identifier(new)
                            )
                        )
                    for statement in then:
                        connection.execute(statement.encode())
                    for database, mark in marks.items():
                        (before,) = connection.execute(_COMMENT, (database,)).fetchone() or ("",)
                        connection.execute(_commenting(database, mark.added_to(before)))
            finally:
                done.set()
                emptier.join()

    def quoted(self, database: str) -> str:
        """Write a database's name as SQL has it."""
        from psycopg import sql

        return sql.Identifier(database).as_string(None)

    @contextlib.contextmanager
    def connected(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        """Connect to a database; every statement is a transaction of its own."""
        import psycopg

        server, entry = self.endpoint, self.entry
        try:
            connection = psycopg.connect(
                host=entry.host,
                port=entry.port,
                user=entry.user,
                password=entry.password.get_secret_value() if entry.password else None,
                dbname=database,
                connect_timeout=CONNECT_SECONDS,
                client_encoding="utf8",
                autocommit=True,
            )
        except psycopg.Error as error:
            raise _refusal(error, server, database) from error
        try:
            with connection:
                # A database's own path may lead to functions that others made: nobody runs them as this user.
                connection.execute("SET search_path = pg_catalog")
                yield connection
        except psycopg.Error as error:
            raise _cause(error, server, database) from error

    @contextlib.contextmanager
    def beside(self, *databases: str) -> Iterator[psycopg.Connection[Any]]:
        """Connect to a database that is none of these: none can be renamed or dropped from within."""
        with self.connected(_OTHER_MAINTENANCE if MAINTENANCE in databases else MAINTENANCE) as connection:
            yield connection

    def _version(self, database: str) -> tuple[str, int]:
        with self.connected(database) as connection:
            row = connection.execute("SELECT current_setting('server_version')").fetchone()
            return str(row[0]) if row else "", connection.info.server_version // 10_000

    def _keep_empty(self, databases: tuple[str, ...], done: threading.Event) -> None:
        """End what is connected to databases until they have their new names.

        That it cannot be ended is told by the renaming.
        """
        if not databases:
            return
        with contextlib.suppress(RespaldoError), self.beside(*databases) as connection:
            while not done.wait(_TERMINATE_EVERY_SECONDS):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)",
                    (list(databases),),
                )


def _commenting(database: str, comment: str) -> Any:  # noqa: ANN401  (psycopg is imported where it is used)
    from psycopg import sql

    return sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(comment))


def _refusal(error: psycopg.Error, server: Endpoint, database: str) -> SourceError:
    """libpq tells a refused login from a dead server only in words and, once connected, in a code."""
    said = " ".join(str(error).split())
    facts = {"connection": server.name, "host": server.host, "port": server.port, "said": said}
    if "does not exist" in said and 'database "' in said:
        return DatabaseMissingError(database=database, **facts)
    if any(words in said for words in _REFUSALS):
        return DatabaseDeniedError(**facts)
    return DatabaseUnreachableError(**facts)


def _cause(error: psycopg.Error, server: Endpoint, database: str) -> RespaldoError:
    """Tell what a server means that was entered and did not do what it was told."""
    said = " ".join(str(error).split())
    target = f"{server.name}/{database}"
    match error.sqlstate:
        case None | "57P01" | "57P02" | "57P03":
            return DatabaseUnreachableError(
                connection=server.name, host=server.host, port=server.port, said=said
            )
        case "42501":
            return TargetDeniedError(target=target, said=said)
        case "53100":
            return TargetFullError(target=target, needed="?", free="?", said=said)
        case _:
            return TargetRefusedError(target=target, said=said)
