"""The databases of the embedded server: Airflow's own, and the report's."""

from __future__ import annotations

from respaldo.embedded.postgres import Server
from respaldo.preparing.databases import AIRFLOW_SETTINGS, ensure_database, ensure_role

AIRFLOW = "airflow"
REPORT = "respaldo"
"""Each database is named after its owner."""

_SETTINGS: dict[str, dict[str, str]] = {AIRFLOW: AIRFLOW_SETTINGS, REPORT: {}}


def ensure(server: Server) -> str:
    """Make what is missing of roles and databases; give the identifier of the server's data folder."""
    from psycopg import sql

    with server.connect("postgres") as connection:
        for database, settings in _SETTINGS.items():
            ensure_role(connection, database)
            # The report's migrations make the role of the analysts.
            connection.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(sql.Identifier(database)))
            ensure_database(connection, database, database, settings)
        row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    return str(row[0]) if row else ""
