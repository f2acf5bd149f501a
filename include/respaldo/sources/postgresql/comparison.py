"""Compares a restored database with what the dump contains and with the rows that were counted in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from respaldo.domain.errors import RestoreMismatchError, TargetRefusedError
from respaldo.hosts.libpq import conninfo, entering
from respaldo.hosts.worker import Command, run
from respaldo.sources.postgresql.contents import Identity, objects_in
from respaldo.sources.postgresql.dump_text import encoding_of
from respaldo.sources.postgresql.rows import LARGE_OBJECTS
from respaldo.sources.postgresql.server import PostgresServer
from respaldo.sources.postgresql.tools import fit_for

if TYPE_CHECKING:
    import psycopg

_QUOTED = """
SELECT schemas.nspname || '.' || relname, format('%I.%I', schemas.nspname, relname)
FROM pg_class JOIN pg_namespace AS schemas ON schemas.oid = relnamespace WHERE relkind IN ('r', 'p')
"""
_CONDITIONS = """
SELECT schemas.nspname || '.' || relname, condition
FROM pg_extension CROSS JOIN unnest(extconfig, extcondition) AS configured (relation, condition)
JOIN pg_class ON pg_class.oid = relation JOIN pg_namespace AS schemas ON schemas.oid = relnamespace
"""
"""An extension brings rows of its own into its tables: of them a dump has only those that meet this."""


def compare(
    server: PostgresServer,
    database: str,
    expected: frozenset[Identity],
    rows: Mapping[str, int],
    *,
    whole: bool,
) -> dict[str, int | str]:
    """Compare a database's objects and rows; give how many of each were compared.

    :param whole: nothing else may be there.
    :raises RestoreMismatchError: something is missing, or too much.
    """
    target = f"{server.endpoint.name}/{database}"
    actual = _objects(server, database)
    for identity in sorted(expected - actual):
        raise RestoreMismatchError(target=target, what=" ".join(identity), expected=1, actual=0)
    for identity in sorted(actual - expected) if whole else ():
        raise RestoreMismatchError(target=target, what=" ".join(identity), expected=0, actual=1)
    for table, actual_rows in _counted(server, database, rows).items():
        if actual_rows != rows[table]:
            raise RestoreMismatchError(target=target, what=table, expected=rows[table], actual=actual_rows)
    tables = {table: count for table, count in rows.items() if table != LARGE_OBJECTS}
    return {
        "database": database,
        "objects": len(expected),
        "tables": len(tables),
        "rows": sum(tables.values()),
        "large_objects": rows.get(LARGE_OBJECTS, 0),
    }


def _objects(server: PostgresServer, database: str) -> frozenset[Identity]:
    text, said = bytearray(), bytearray()
    program = fit_for(server, "pg_dump")
    arguments = (program, "--schema-only", "--no-password", f"--dbname={conninfo(database)}")
    code = run(
        Command(arguments, entering(server.entry, database) | {"LC_ALL": "C"}),
        on_output=text.extend,
        on_error=said.extend,
        by_line=False,
    )
    if code != 0:
        raise TargetRefusedError(
            target=f"{server.endpoint.name}/{database}", said=said.decode(errors="replace").strip()[:500]
        )
    return objects_in(text.decode(encoding_of(bytes(text)), errors="replace"))


def _counted(server: PostgresServer, database: str, rows: Mapping[str, int]) -> dict[str, int]:
    with server.connected(database) as connection:
        connection.execute("SET row_security = off")
        quoted = dict(connection.execute(_QUOTED).fetchall())
        conditions = dict(connection.execute(_CONDITIONS).fetchall())
        return {
            table: _count(connection, quoted[table], conditions.get(table) or "") if table in quoted else 0
            for table in rows
        }


def _count(connection: psycopg.Connection[Any], quoted: str, condition: str) -> int:
    # ONLY: the rows of tables that inherit from it are counted there.
    asked = f"SELECT count(*) FROM ONLY {quoted} {condition}"  # noqa: S608  (the server quoted it)
    row = connection.execute(asked.encode()).fetchone()
    return int(row[0]) if row else 0
