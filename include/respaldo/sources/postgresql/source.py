"""PostgreSQL over a connection: one item a database, and one for what all of them share (roles, tablespaces).

Each database is dumped in the custom format, uncompressed, straight into restic: it deduplicates and
compresses better than pg_dump does, and nothing is staged on disk (facts: half the time of the default
format, and the smallest growth from day to day).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from respaldo.domain.errors import (
    ConnectionMissingError,
    DatabaseMissingError,
    DumpUnreadableError,
    SourceEmptyError,
)
from respaldo.domain.restoring import Delivery, Part, Restored, Wanted
from respaldo.domain.values import Copy, Evidence
from respaldo.domain.verification import Verification
from respaldo.hosts.libpq import entering
from respaldo.hosts.worker import require
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources.databases.requests import database_of, touched
from respaldo.sources.databases.settings import DatabaseNames, DatabasesSettings
from respaldo.sources.databases.through import by_way_of
from respaldo.sources.postgresql.checks import DumpCheck, GlobalsCheck
from respaldo.sources.postgresql.contents import Contents
from respaldo.sources.postgresql.dump_input import read_contents
from respaldo.sources.postgresql.requests import DUMP, find_parts
from respaldo.sources.postgresql.restoring import restore_database
from respaldo.sources.postgresql.server import MAINTENANCE, PostgresServer
from respaldo.sources.postgresql.tools import fit_for
from respaldo.sources.reach import Reach

GLOBALS = "globals.sql"
"""The item of what belongs to no database; the others are ``<database>.dump``."""


class PostgresqlSource(DatabasesSettings):
    """``kind: postgresql``: databases of the server that an Airflow connection leads to."""

    kind: Literal["postgresql"]
    connection: Annotated[str, Field(description="Airflow connection of type postgres.")]
    databases: Annotated[
        DatabaseNames,
        Field(description="Names of databases, or all: every one that accepts connections (kept as none)."),
    ]
    globals: Annotated[bool, Field(description="Save roles and tablespaces too (needs a superuser).")] = True

    def probe(self, reach: Reach) -> None:
        """Look whether the tools will do, the server answers and each database is there.

        :raises ToolUnfitError: they are older than the server.
        """
        tools = ("pg_dump", "pg_restore", *(("pg_dumpall",) if self.globals else ()))
        for tool in tools:
            require(tool)
        with by_way_of(reach):
            server = _reachable(reach)
            there = server.databases()
            for tool in tools:
                fit_for(server, tool)
        for name in self.databases:
            if name not in there:
                raise DatabaseMissingError(database=name, connection=self.connection)
        if not self.chosen(there):
            raise SourceEmptyError(source=self.describe())

    def items(self, reach: Reach) -> tuple[str, ...]:
        with by_way_of(reach):
            chosen = self.chosen(self.databases or _reachable(reach).databases())
        dumps = (f"{quote(name, safe=' ')}{DUMP}" for name in chosen)
        return (*((GLOBALS,) if self.globals else ()), *dumps)

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> Saved:
        server = _reachable(reach)
        if item == GLOBALS:
            program, *options = "pg_dumpall", "--globals-only", "--no-password"
            database = server.endpoint.database or MAINTENANCE
        else:
            program, *options = "pg_dump", "--format=custom", "--compress=0", "--no-password"
            database = database_of(item, DUMP)
        with by_way_of(reach):
            command, environment = (fit_for(server, program), *options), entering(server.entry, database)
            return repository.save_output(
                item, command, item, marks, environment=environment, on_progress=on_progress
            )

    def taken_over(self, item: str, reach: Reach) -> tuple[str, ...]:  # noqa: ARG002  (the protocol's signature)
        """No note: it is whole, or there is none."""
        return ()

    def verify(
        self,
        copy: Copy,
        repository: Repository,
        wanted: Verification,  # noqa: ARG002  (a dump is read as a whole, not by sample)
        reach: Reach,  # noqa: ARG002  (what is live is not looked at)
        scratch: str,
    ) -> tuple[Evidence, ...]:
        """Read the dump to its end: its list of objects, its size, and every block through pg_restore.

        :raises DumpUnreadableError: it is cut, damaged, or not of the size that was saved.
        """
        return (self._read(copy.item, copy.snapshot_id, copy.size_bytes, repository, scratch),)

    def find(
        self, wanted: Wanted, copies: Sequence[Copy], repository: Repository, recorded: Sequence[Evidence]
    ) -> tuple[Part, ...]:
        """Find the dumps of the databases asked for, and in one of them schemas and tables.

        Roles and tablespaces are not restored by a request: they are the whole server's.
        """

        def contents(copy: Copy) -> Contents:
            with tempfile.TemporaryDirectory() as scratch:
                return read_contents(copy.item, copy.snapshot_id, repository, scratch)

        return find_parts(wanted, copies, repository, recorded, contents)

    def touches(self, parts: Sequence[Part], delivery: Delivery, reach: Reach) -> tuple[str, ...]:
        with by_way_of(reach):
            return touched(parts, delivery, _reachable(reach), DUMP)

    def read(self, part: Part, repository: Repository, scratch: str) -> Evidence:
        return self._read(part.item, part.snapshot_id, part.size_bytes, repository, scratch)

    def restore(
        self,
        part: Part,
        repository: Repository,
        delivery: Delivery,
        reach: Reach,
        scratch: str,
        on_progress: OnProgress,
    ) -> Restored:
        for tool in ("pg_dump", "pg_restore"):
            require(tool)
        with by_way_of(reach):
            return restore_database(part, repository, delivery, _reachable(reach), scratch, on_progress)

    def _read(
        self, item: str, snapshot_id: str, size_bytes: int, repository: Repository, scratch: str
    ) -> Evidence:
        check: DumpCheck | GlobalsCheck = GlobalsCheck() if item == GLOBALS else DumpCheck(scratch)
        with check:
            repository.stream(snapshot_id, f"/{item}", check.take)
            facts = check.finish()
        if check.size_bytes != size_bytes:
            facts["reason"] = f"{check.size_bytes} != {size_bytes}"
        if "reason" in facts:
            raise DumpUnreadableError(item=item, snapshot=snapshot_id, **facts)
        return Evidence(method="dump", item=item, facts=facts, rows=dict(check.rows))


def _reachable(reach: Reach) -> PostgresServer:
    if reach.endpoint is None:
        raise ConnectionMissingError(connection="postgresql")
    return PostgresServer(reach.endpoint, reach.machine)
