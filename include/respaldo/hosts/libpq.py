"""How a program of PostgreSQL (pg_dump, psql) is led to a server."""

from __future__ import annotations

from pydantic import SecretStr

from respaldo.domain.values import Endpoint
from respaldo.hosts.worker import Argument

CONNECT_SECONDS = 15


def entering(server: Endpoint, database: str) -> dict[str, Argument]:
    """Give the environment of a libpq program. The password is in a file, and nothing of it in the arguments.

    The database is named here too: an argument with ``=`` in it would be read as a connection string.
    """
    env: dict[str, Argument] = {"PGDATABASE": database, "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS)}
    if server.host:
        env["PGHOST"] = server.host
    if server.port:
        env["PGPORT"] = str(server.port)
    if server.user:
        env["PGUSER"] = server.user
    if server.password:
        escaped = server.password.get_secret_value().replace("\\", "\\\\").replace(":", "\\:")
        env["PGPASSFILE"] = SecretStr(f"*:*:*:*:{escaped}\n")
    return env


def conninfo(database: str) -> str:
    """Name a database so that ``=`` in it is not read as a setting."""
    escaped = database.replace("\\", "\\\\").replace("'", "\\'")
    return f"dbname='{escaped}'"
