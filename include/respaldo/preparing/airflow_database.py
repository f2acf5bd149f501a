"""Prepare Airflow's own database: its tables, the pools, the connections.

Where Airflow's configuration was only just written, this is a process of its own
(``python -m respaldo.preparing.airflow_database ANSWER < request``): Airflow reads it when imported. It is
one process because importing takes seconds.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from respaldo.domain.values import Value
from respaldo.preparing.secret_files import write_private

if TYPE_CHECKING:
    from airflow.models.connection import Connection


class WantedConnection(Value):
    """An Airflow connection as it should be. It holds a secret: it travels by pipe only."""

    conn_type: str
    description: str
    host: str | None = None
    login: str | None = None
    password: str | None = None
    schema_name: str | None = None
    port: int | None = None
    extra: str | None = None
    """JSON."""

    def fields(self) -> dict[str, Any]:
        """Give the fields by the names that Airflow has for them."""
        return {
            "schema" if name == "schema_name" else name: value for name, value in self.model_dump().items()
        }


class Written(Value):
    """What was last put into Airflow's database, by which a user's own change is recognised."""

    connections: dict[str, str] = Field(default_factory=dict)
    """Connection -> digest of its fields."""

    pools: dict[str, int] = Field(default_factory=dict)


class Request(Value):
    """What the database should hold, and what was last written to it."""

    connections: dict[str, WantedConnection]
    pools: dict[str, int]
    written: Written
    administrator: tuple[str, str] | None = None
    """Name and password of the administrator, where Airflow keeps its users in its database (FAB)."""


def main() -> None:
    """Read the request from standard input, do it, and leave what was written in the file of the answer."""
    request = Request.model_validate_json(sys.stdin.read())
    write_private(Path(sys.argv[1]), prepare(request).model_dump_json())


def prepare(request: Request) -> Written:
    """Make the tables or bring them to this version, and put into them what is asked."""
    from airflow.utils.db import initdb

    initdb()
    if request.administrator is not None:
        _put_administrator(*request.administrator)
    return apply(request)


def apply(request: Request) -> Written:
    """Make what is missing, bring what we wrote up to date, and leave alone what a user has changed."""
    from airflow.utils.session import create_session

    with create_session() as session:
        return Written(
            connections={
                name: _put_connection(session, name, wanted, request.written.connections)
                for name, wanted in request.connections.items()
            },
            pools={
                name: _put_pool(session, name, slots, request.written.pools)
                for name, slots in request.pools.items()
            },
        )


def _put_administrator(name: str, password: str) -> None:
    """Make FAB's own roles and the administrator; a password that somebody has changed stays."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        builder.sm.sync_roles()
        if builder.sm.find_user(name) is None:
            role = builder.sm.find_role("Admin")
            builder.sm.add_user(name, name, "Airflow", f"{name}@respaldo.invalid", role, password)


def _put_connection(
    session: Any,  # noqa: ANN401  (SQLAlchemy's, which this module does not import)
    name: str,
    wanted: WantedConnection,
    written: Mapping[str, str],
) -> str:
    from airflow.models.connection import Connection
    from sqlalchemy import select

    found = session.scalar(select(Connection).where(Connection.conn_id == name))
    if found is None:
        found = Connection(conn_id=name, **wanted.fields())
        session.add(found)
    elif digest(found) in (written.get(name), digest(Connection(conn_id=name, **wanted.fields()))):
        # One that is as wanted is ours again, where what was written last is forgotten.
        for field, value in wanted.fields().items():
            setattr(found, field, value)
    else:
        return written.get(name, "")
    return digest(found)


def digest(connection: Connection) -> str:
    """Give a short sum of all that a user can change in a connection."""
    fields = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")
    values = [str(getattr(connection, field) or "") for field in fields]
    return hashlib.sha256("\0".join(values).encode()).hexdigest()


def _put_pool(session: Any, name: str, slots: int, written: Mapping[str, int]) -> int:  # noqa: ANN401  (as above)
    from airflow.models.pool import Pool
    from sqlalchemy import select

    found = session.scalar(select(Pool).where(Pool.pool == name))
    if found is None:
        session.add(Pool(pool=name, slots=slots, description="", include_deferred=False))
    elif found.slots == written.get(name):
        found.slots = slots
    else:
        return written.get(name, found.slots)
    return slots


if __name__ == "__main__":
    main()
