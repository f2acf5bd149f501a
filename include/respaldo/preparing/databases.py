"""Roles and databases of a PostgreSQL server: made when missing, with the settings that they must have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

AIRFLOW_SETTINGS = {"idle_in_transaction_session_timeout": "60s"}
"""Of Airflow's database. A scheduler that was killed can leave its connection open, and with it the lock
under which tasks are queued: the next scheduler would wait for ever.
"""


def ensure_role(connection: psycopg.Connection[Any], name: str, password: str | None = None) -> None:
    """Make a role that can enter; set its password anew where one is given.

    The server gets the password's hash only: what it is told may be in its log.
    """
    from psycopg import sql

    role = sql.Identifier(name)
    if not _exists(connection, "pg_roles", "rolname", name):
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    if password is not None:
        hashed = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, hashed.decode()))


def ensure_database(
    connection: psycopg.Connection[Any], name: str, owner: str, settings: Mapping[str, str]
) -> None:
    """Make a database, and give it its settings: they count for connections from now on."""
    from psycopg import sql

    database = sql.Identifier(name)
    if not _exists(connection, "pg_database", "datname", name):
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, sql.Identifier(owner)))
    for setting, value in settings.items():
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET {} = {}").format(database, sql.Identifier(setting), value)
        )


def _exists(connection: psycopg.Connection[Any], catalog: str, column: str, name: str) -> bool:
    from psycopg import sql

    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(catalog), sql.Identifier(column))
    return connection.execute(query, (name,)).fetchone() is not None
