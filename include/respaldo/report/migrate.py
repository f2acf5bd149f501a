"""Builds and upgrades the report's tables: plain numbered SQL, forward only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from respaldo.domain.errors import ReportSchemaError
from respaldo.domain.values import Endpoint
from respaldo.report import causes
from respaldo.report.database import connected

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_SECONDS = 60


@dataclass(frozen=True)
class Migration:
    """One numbered SQL file."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrate(endpoint: Endpoint, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that the database has not seen, and return their names.

    Each file is one transaction. Two at once wait for each other. The catalogue of causes is written every
    time: it is the program's, and a new version of that may bring no migration.

    :raises ReportSchemaError: with ``problem`` and ``migration``: an applied file ``changed``, is
        ``unknown`` to this program (which is older than the database) or was left out (``out_of_order``);
        the user is ``denied`` what the file needs.
    :raises ReportUnavailableError: the database cannot be reached, or another migration holds it.
    """
    with connected(endpoint, statement_seconds=0) as connection:
        connection.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
        connection.execute("SELECT pg_advisory_lock(hashtext('respaldo.schema_migration'))")
        pending = _pending(_read(folder), _applied(connection))
        for migration in pending:
            _apply(connection, migration)
        if _has(connection, "respaldo.cause"):
            causes.write(connection)
    return [migration.name for migration in pending]


def unapplied(endpoint: Endpoint, folder: Path = MIGRATIONS) -> list[str]:
    """Name the migrations that ``migrate`` would apply, and apply none.

    :raises ReportSchemaError: with ``problem`` and ``migration``: ``migrate`` would refuse for it.
    :raises ReportUnavailableError: the database cannot be reached.
    """
    with connected(endpoint) as connection:
        return [migration.name for migration in _pending(_read(folder), _applied(connection))]


def _read(folder: Path) -> list[Migration]:
    return [Migration(path.name, path.read_text("utf-8")) for path in sorted(folder.glob("*.sql"))]


def _applied(connection: Connection[DictRow]) -> dict[str, str]:
    """Return the sha256 of each applied migration by its name, in order."""
    if not _has(connection, "respaldo.schema_migration"):
        return {}
    rows = connection.execute("SELECT name, sha256 FROM respaldo.schema_migration ORDER BY name")
    return {row["name"]: row["sha256"] for row in rows}


def _has(connection: Connection[DictRow], table: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s) AS name", (table,)).fetchone()
    return found is not None and found["name"] is not None


def _pending(files: list[Migration], applied: dict[str, str]) -> list[Migration]:
    for name in applied.keys() - {file.name for file in files}:
        raise ReportSchemaError(problem="unknown", migration=name)
    last = max(applied, default="")
    for file in files:
        if file.name not in applied and file.name < last:
            raise ReportSchemaError(problem="out_of_order", migration=file.name)
        if applied.get(file.name, file.sha256) != file.sha256:
            raise ReportSchemaError(problem="changed", migration=file.name)
    return files[len(applied) :]


def _apply(connection: Connection[DictRow], migration: Migration) -> None:
    import psycopg

    try:
        with connection.transaction():
            connection.execute(migration.sql.encode())
            connection.execute(
                "INSERT INTO respaldo.schema_migration (name, sha256) VALUES (%s, %s)",
                (migration.name, migration.sha256),
            )
    except psycopg.errors.InsufficientPrivilege as error:
        reason = error.diag.message_primary
        raise ReportSchemaError(problem="denied", migration=migration.name, reason=reason) from error
