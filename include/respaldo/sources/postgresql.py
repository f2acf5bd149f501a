"""PostgreSQL over a connection: one item a database, and one for what all of them share (roles, tablespaces).

Each database is dumped in the custom format, uncompressed, straight into restic: it deduplicates and
compresses better than pg_dump does, and nothing is staged on disk (facts: half the time of the default
format, and the smallest growth from day to day).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote, unquote

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from respaldo.domain.errors import (
    ConnectionMissingError,
    DatabaseDeniedError,
    DatabaseMissingError,
    DatabaseUnreachableError,
    DumpUnreadableError,
    SourceEmptyError,
    SourceError,
)
from respaldo.domain.values import Copy, Endpoint, Evidence, Value
from respaldo.domain.verification import Verification
from respaldo.hosts.libpq import CONNECT_SECONDS, entering
from respaldo.hosts.worker import require
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Marks, Repository, Saved
from respaldo.sources.dumps import DumpCheck, GlobalsCheck

if TYPE_CHECKING:
    import psycopg

GLOBALS = "globals.sql"
"""The item of what belongs to no database; the others are ``<database>.dump``."""

_ALL = "all"
_DUMP = ".dump"
_MAINTENANCE = "postgres"
_REFUSALS = (
    "authentication failed", "no password supplied", "pg_hba.conf", "permission denied for database",
    "is not permitted to log in", "does not exist",
)  # fmt: skip
"""What the server says when it will say the same again; the last one of a role."""


def _named(databases: object) -> object:
    """Read ``all`` as no name at all. An empty list says nothing, and is refused."""
    if databases == _ALL:
        return ()
    if databases in ([], ()):
        raise PydanticCustomError("databases_empty", "name the databases, or write all")
    return databases


class PostgresqlSource(Value):
    """``kind: postgresql``: databases of the server that an Airflow connection leads to."""

    kind: Literal["postgresql"]
    connection: Annotated[str, Field(description="Airflow connection of type postgres.")]
    databases: Annotated[
        tuple[str, ...],
        BeforeValidator(_named, json_schema_input_type=Literal["all"] | list[str]),
        Field(description="Names of databases, or all: every one that accepts connections (kept as none)."),
    ]
    globals: Annotated[bool, Field(description="Save roles and tablespaces too (needs a superuser).")] = True

    def describe(self) -> str:
        names = ", ".join(self.databases) or "*"
        return f"{self.connection}: {names}"

    def probe(self, endpoint: Endpoint | None) -> None:
        """Look whether the tools are installed, the server answers and each database is there."""
        for tool in ("pg_dump", "pg_restore", *(("pg_dumpall",) if self.globals else ())):
            require(tool)
        there = _databases(_reachable(endpoint))
        if not there:
            raise SourceEmptyError(source=self.describe())
        for name in self.databases:
            if name not in there:
                raise DatabaseMissingError(database=name, connection=self.connection)

    def items(self, endpoint: Endpoint | None) -> tuple[str, ...]:
        names = self.databases or _databases(_reachable(endpoint))
        dumps = (f"{quote(name, safe=' ')}{_DUMP}" for name in names)
        return (*((GLOBALS,) if self.globals else ()), *dumps)

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        endpoint: Endpoint | None,
        on_progress: OnProgress,
    ) -> Saved:
        server = _reachable(endpoint)
        if item == GLOBALS:
            command: tuple[str, ...] = ("pg_dumpall", "--globals-only", "--no-password")
            database = server.database or _MAINTENANCE
        else:
            command = ("pg_dump", "--format=custom", "--compress=0", "--no-password")
            database = unquote(item.removesuffix(_DUMP))
        return repository.save_output(
            item, command, item, marks, environment=entering(server, database), on_progress=on_progress
        )

    def verify(
        self,
        copy: Copy,
        repository: Repository,
        wanted: Verification,  # noqa: ARG002  (a dump is read as a whole, not by sample)
        scratch: str,
    ) -> tuple[Evidence, ...]:
        """Read the dump to its end: its list of objects, its size, and every block through pg_restore.

        :raises DumpUnreadableError: it is cut, damaged, or not of the size that was saved.
        """
        check: DumpCheck | GlobalsCheck = GlobalsCheck() if copy.item == GLOBALS else DumpCheck(scratch)
        with check:
            repository.stream(copy.snapshot_id, f"/{copy.item}", check.take)
            facts = check.finish()
        if check.size_bytes != copy.size_bytes:
            facts["reason"] = f"{check.size_bytes} != {copy.size_bytes}"
        if "reason" in facts:
            raise DumpUnreadableError(item=copy.item, snapshot=copy.snapshot_id, **facts)
        return (Evidence(method="dump", item=copy.item, facts=facts),)


def _reachable(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise ConnectionMissingError(connection="postgresql")
    return endpoint


def _databases(server: Endpoint) -> tuple[str, ...]:
    """Name the databases that accept connections, templates left out.

    :raises DatabaseUnreachableError, DatabaseDeniedError: the server cannot be asked.
    """
    import psycopg

    asked = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
    try:
        with psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password.get_secret_value() if server.password else None,
            dbname=server.database or _MAINTENANCE,
            connect_timeout=CONNECT_SECONDS,
        ) as connection:
            return tuple(name for (name,) in connection.execute(asked))
    except psycopg.Error as error:
        raise _cause(error, server) from error


def _cause(error: psycopg.Error, server: Endpoint) -> SourceError:
    """libpq tells a refused login from a dead server only in words and, once connected, in a code."""
    said = " ".join(str(error).split())
    facts = {"connection": server.name, "host": server.host, "port": server.port, "said": said}
    if "does not exist" in said and 'database "' in said:
        return DatabaseMissingError(database=server.database, **facts)
    if any(words in said for words in _REFUSALS):
        return DatabaseDeniedError(**facts)
    return DatabaseUnreachableError(**facts)
