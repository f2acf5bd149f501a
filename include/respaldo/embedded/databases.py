"""The databases of the embedded server: Airflow's own, and the report's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from respaldo.embedded.postgres import Server

if TYPE_CHECKING:
    import psycopg

AIRFLOW = "airflow"
REPORT = "respaldo"
"""Each database is named after its owner."""

_SETTINGS: dict[str, dict[str, str]] = {
    # A scheduler that was killed leaves forked children that hold its connection open, and with it the
    # lock under which tasks are queued: the next scheduler would wait for ever.
    AIRFLOW: {"idle_in_transaction_session_timeout": "60s"},
    REPORT: {},
}


def ensure(server: Server) -> str:
    """Make what is missing of roles and databases; give the identifier of the server's data folder."""
    from psycopg import sql

    with server.connect("postgres") as connection:
        for database, settings in _SETTINGS.items():
            name = sql.Identifier(database)
            if not _exists(connection, "pg_roles", "rolname", database):
                # The report's migrations make the role of the analysts.
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(name))
            if not _exists(connection, "pg_database", "datname", database):
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
            for setting, value in settings.items():
                connection.execute(
                    sql.SQL("ALTER DATABASE {} SET {} = {}").format(name, sql.Identifier(setting), value)
                )
        row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    return str(row[0]) if row else ""


def _exists(connection: psycopg.Connection[Any], catalog: str, column: str, name: str) -> bool:
    from psycopg import sql

    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(catalog), sql.Identifier(column))
    return connection.execute(query, (name,)).fetchone() is not None
