"""MariaDB over a connection: one item a database, and one for the users of all of them.

Each database is dumped in one transaction straight into restic; nothing is staged on disk. What a dump holds
is read in its text: MariaDB has no program that lists it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from respaldo.domain.database_errors import SourceNotConsistentError
from respaldo.domain.errors import (
    ConnectionMissingError,
    DatabaseMissingError,
    DumpUnreadableError,
    InvalidRequestError,
    SourceEmptyError,
)
from respaldo.domain.restoring import Delivery, Part, Restored, Wanted
from respaldo.domain.values import Copy, Evidence
from respaldo.domain.verification import Verification
from respaldo.hosts.worker import require
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources.databases.requests import database_of, dumps, require_snapshots, touched
from respaldo.sources.databases.settings import DatabaseNames, DatabasesSettings
from respaldo.sources.databases.through import by_way_of
from respaldo.sources.mariadb.client import CLIENT, DUMP
from respaldo.sources.mariadb.contents import ContentsReader, Lines
from respaldo.sources.mariadb.dumping import dump_of, dump_of_users
from respaldo.sources.mariadb.restoring import ENDING, restore_database
from respaldo.sources.mariadb.server import MariadbServer
from respaldo.sources.reach import Reach

USERS = "@users.sql"
"""The item of what belongs to no database. No database's item begins like this: its name is quoted."""


class MariadbSource(DatabasesSettings):
    """``kind: mariadb``: databases of the server that an Airflow connection leads to."""

    kind: Literal["mariadb"]
    connection: Annotated[str, Field(description="Airflow connection of type mysql.")]
    databases: Annotated[
        DatabaseNames,
        Field(description="Names of databases, or all: every one that is not the server's (kept as none)."),
    ]
    users: Annotated[bool, Field(description="Save users, roles and their rights too.")] = True
    not_transactional: Annotated[
        Literal["warn", "refuse"],
        Field(description="Tables of engines without transactions: a dump of them is not of one moment."),
    ] = "warn"

    def probe(self, reach: Reach) -> None:
        """Look whether the tools fit, the server answers, and each database is there and wholly shown.

        :raises SourceNotConsistentError: there are tables without transactions, and the scope refuses them.
        """
        for tool in (DUMP, CLIENT):
            require(tool)
        with by_way_of(reach):
            self._look_at(_reachable(reach))

    def _look_at(self, server: MariadbServer) -> None:
        server.require_fit_tool()
        there = server.databases()
        for name in self.databases:
            if name not in there:
                raise DatabaseMissingError(database=name, connection=self.connection)
        chosen = self.chosen(there)
        if not chosen:
            raise SourceEmptyError(source=self.describe())
        for asked in self.databases or (None,):
            server.require_sight(asked)
        for name in chosen if self.not_transactional == "refuse" else ():
            if found := _not_of_one_moment(server, name):
                raise SourceNotConsistentError(source=self.describe(), tables=", ".join(found))

    def items(self, reach: Reach) -> tuple[str, ...]:
        with by_way_of(reach):
            chosen = self.chosen(self.databases or _reachable(reach).databases())
        saved = (f"{quote(name, safe=' ')}{ENDING}" for name in chosen)
        return (*((USERS,) if self.users else ()), *saved)

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> Saved:
        server = _reachable(reach)
        with by_way_of(reach):
            if item == USERS:
                command, environment = dump_of_users(server)
            else:
                command, environment = dump_of(server, database_of(item, ENDING))
            notes = self._notes(item, server)
            saved = repository.save_output(
                item, command, item, marks, environment=environment, on_progress=on_progress
            )
        return replace(saved, notes=notes)

    def taken_over(self, item: str, reach: Reach) -> tuple[str, ...]:
        """The tables without transactions, as they are now: which there were is not in the snapshot."""
        with by_way_of(reach):
            return self._notes(item, _reachable(reach))

    def verify(
        self,
        copy: Copy,
        repository: Repository,
        wanted: Verification,  # noqa: ARG002  (a dump is read as a whole, not by sample)
        reach: Reach,  # noqa: ARG002  (what is live is not looked at)
        scratch: str,  # noqa: ARG002  (nothing of it is kept)
    ) -> tuple[Evidence, ...]:
        """Read the dump to its end: its objects, its rows, its size, and that it says it is complete.

        :raises DumpUnreadableError: it is cut, damaged, or not of the size that was saved.
        """
        return (_read(copy.item, copy.snapshot_id, copy.size_bytes, repository),)

    def find(
        self,
        wanted: Wanted,
        copies: Sequence[Copy],
        repository: Repository,
        recorded: Sequence[Evidence],
    ) -> tuple[Part, ...]:
        """Find the dumps of the databases asked for.

        Users and their rights are not restored by a request: they are the whole server's.
        """
        if wanted.paths:
            raise InvalidRequestError(problem="databases_only")
        if wanted.schemas or wanted.tables:
            raise InvalidRequestError(problem="whole_databases")
        chosen = dumps(wanted.databases, [copy for copy in copies if copy.item != USERS], ENDING)
        require_snapshots(chosen, repository)
        rows = {evidence.item: evidence.rows for evidence in recorded if evidence.rows}
        return tuple(
            Part(
                item=copy.item,
                snapshot_id=copy.snapshot_id,
                size_bytes=copy.size_bytes,
                rows=rows.get(copy.item, {}),
            )
            for copy in chosen
        )

    def touches(self, parts: Sequence[Part], delivery: Delivery, reach: Reach) -> tuple[str, ...]:
        with by_way_of(reach):
            return touched(parts, delivery, _reachable(reach), ENDING)

    def read(self, part: Part, repository: Repository, scratch: str) -> Evidence:  # noqa: ARG002
        return _read(part.item, part.snapshot_id, part.size_bytes, repository)

    def restore(
        self,
        part: Part,
        repository: Repository,
        delivery: Delivery,
        reach: Reach,
        scratch: str,  # noqa: ARG002  (nothing is staged)
        on_progress: OnProgress,
    ) -> Restored:
        for tool in (DUMP, CLIENT):
            require(tool)
        with by_way_of(reach):
            return restore_database(part, repository, delivery, _reachable(reach), on_progress)

    def _notes(self, item: str, server: MariadbServer) -> tuple[str, ...]:
        return () if item == USERS else _not_of_one_moment(server, database_of(item, ENDING))


def _read(item: str, snapshot_id: str, size_bytes: int, repository: Repository) -> Evidence:
    reader, lines, digest = ContentsReader(), Lines(), hashlib.sha256()
    seen = 0

    def take(block: bytes) -> None:
        nonlocal seen
        seen += len(block)
        digest.update(block)
        reader.take(lines.take(block))

    repository.stream(snapshot_id, f"/{item}", take)
    contents = reader.finish()
    facts: dict[str, int | str] = {"size_bytes": seen, "sha256": digest.hexdigest()}
    facts |= {"users": contents.users} if item == USERS else contents.counted()
    if not contents.is_complete:
        facts["reason"] = "no completion marker"
    elif item == USERS and contents.users == 0:
        facts["reason"] = "no user"
    if seen != size_bytes:
        facts["reason"] = f"{seen} != {size_bytes}"
    if "reason" in facts:
        raise DumpUnreadableError(item=item, snapshot=snapshot_id, **facts)
    return Evidence(method="dump", item=item, facts=facts, rows=contents.rows)


def _not_of_one_moment(server: MariadbServer, database: str) -> tuple[str, ...]:
    """Name the tables of a database that others may change while they are dumped, with their engine."""
    found = server.not_of_one_moment(database)
    return tuple(f"{database}.{table}: ENGINE={engine}" for table, engine in found.items())


def _reachable(reach: Reach) -> MariadbServer:
    if reach.endpoint is None:
        raise ConnectionMissingError(connection="mariadb")
    return MariadbServer(reach.endpoint, reach.machine)
